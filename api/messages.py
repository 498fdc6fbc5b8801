"""Messages: a payment as its merchant's endpoints are told of it, as of the event it is about.

The same object as `GET /v1/payments/{id}?as_of=...` gives the merchant, so one parser reads both.
Texts for people are in the language the payment was asked in, by default French.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import orjson

from adapters.base import Adapter
from adapters.recording import handle_context
from api import views
from api.erased import is_erased
from api.kept_reasons import with_route_reasons
from api.problems import language_of
from api.refusal_views import code_of, refusal_of
from ledger.entry import RecordedEvent
from ledger.errors import ErasedError
from ledger.identity import Mode
from ledger.particulars import open_particulars
from ledger.payment import Payment, Status
from ledger.store import EventStore
from ledger.vault import Vault

LANGUAGE: Final = "fr"


def composer(
    vault: Vault, store: EventStore, adapters: Mapping[str, Adapter], default_mode: Mode
) -> Callable[[Payment, Sequence[RecordedEvent]], Awaitable[dict[str, object]]]:
    """Make what writes a payment for its merchant."""

    async def compose(state: Payment, recorded: Sequence[RecordedEvent]) -> dict[str, object]:
        request, attempt = state.requested, state.attempt
        opened: Mapping[str, Any] = {}
        with suppress(ErasedError):
            opened = await open_particulars(vault, request.sealed, request.payment_id)
        redirect_url = None
        if state.status is Status.PENDING and attempt is not None and attempt.sealed_handle:
            context = handle_context(request.payment_id, attempt.reference)
            handle = await _opened(vault, attempt.sealed_handle, context)
            redirect_url = handle.get("redirect_url")
        accepted = opened.get("language") or LANGUAGE
        content = views.payment_of(
            state,
            recorded,
            mode=request.mode or default_mode,
            redirect_url=redirect_url,
            description=opened.get("description"),
            metadata=opened.get("metadata"),
            is_erased=not opened and await is_erased(vault, store, recorded[0]),
            code=code_of(state),
            refusal=refusal_of(state, recorded, adapters=adapters, accepted=accepted),
        )
        return with_route_reasons(content, language_of(accepted))

    return compose


async def _opened(vault: Vault, sealed: str, context: str) -> Mapping[str, Any]:
    """Open what was sealed; nothing where the person was erased."""
    try:
        opened = orjson.loads(await vault.open(sealed, context=context))
    except ErasedError:
        return {}
    return opened if isinstance(opened, dict) else {}
