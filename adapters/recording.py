"""Recording: how a reactor tells the ledger what it learned, in the conversation it belongs to.

An outcome is the dearest thing a reactor holds: money may have moved. So recording is patient: it
tries again while the store is busy, away or contended, at most `TRIES_MAX` times; what still cannot
be recorded is found again by asking the provider.

It seals what may not stand in the log (a provider's handle, a code that was not used), and hashes
the tokens that webhooks will present. A one-time code is destroyed here as soon as a payment that
holds it has its end.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

import orjson
import structlog

from adapters.base import Accepted
from adapters.keeping import Keeper
from adapters.overhearing import About, gathering
from ledger import commands
from ledger.commands import Command
from ledger.entry import Context, RecordedEvent
from ledger.errors import ErasedError, StoreBusyError, StoreUnavailableError, WrongVersionError
from ledger.handling import Handler
from ledger.payment import Payment
from ledger.payment_codes import code_context, code_subject
from ledger.store import DataKey
from ledger.vault import Vault

log = structlog.get_logger()

TRIES_MAX: Final = 8
"""With doubling pauses from 0.1 s: about 13 seconds of patience."""

TOKEN_PURPOSE: Final = "webhook-token"  # noqa: S105 - a name, not a secret
"""The domain of the keyed hash over tokens that webhooks present."""


def handle_context(payment_id: str, reference: str) -> str:
    """What a sealed handle is bound to."""
    return f"{payment_id}/{reference}"


class Recorder:
    """Hands commands to the ledger for a reactor."""

    def __init__(
        self,
        handler: Handler,
        vault: Vault,
        *,
        context: Context | None = None,
        keeper: Keeper | None = None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.handler, self.vault = handler, vault
        self._context, self._pause = context, pause
        self._keeper = keeper

    def about(self, recorded: Sequence[RecordedEvent], *, actor: str) -> "Recorder":
        """The same, in the conversation of a stream, caused by its last event."""
        context = Context(actor, recorded[0].correlation_id, recorded[-1].id)
        return Recorder(
            self.handler, self.vault, context=context, keeper=self._keeper, pause=self._pause
        )

    @asynccontextmanager
    async def overhearing(
        self, state: Payment, reference: str, one_time_code: str | None = None
    ) -> AsyncIterator[None]:
        """Keep every exchange that is made within, before what it taught can be recorded."""
        if self._context is None:
            raise RuntimeError("a recorder is used through `about`")
        keeper = self._keeper
        if keeper is None:
            yield
            return
        about = About(
            payment_id=state.requested.payment_id,
            reference=reference,
            sealed=state.requested.sealed,
            context=self._context,
            one_time_code=one_time_code,
        )
        with gathering(about) as gathered:
            try:
                yield
            except BaseException:
                keeper.leave(gathered)
                raise
        await keeper.keep(gathered)

    async def record(
        self, command: Command, *, keys: Sequence[DataKey] = ()
    ) -> list[RecordedEvent]:
        """Hand a command over; what it made happen (empty: it was so already).

        Raises:
            CommandRefusedError: the decision was no.
            StoreError: the store stayed away; nothing was recorded.
        """
        if self._context is None:
            raise RuntimeError("a recorder is used through `about`")
        for attempt in range(1, TRIES_MAX + 1):
            try:
                handled = await self.handler.handle(command, context=self._context, keys=keys)
            except (StoreBusyError, StoreUnavailableError, WrongVersionError) as error:
                if attempt == TRIES_MAX:
                    raise
                log.warning("recording.retried", attempt=attempt, error=error.code)
                await self._pause(0.1 * 2.0 ** (attempt - 1))
            else:
                if handled.events:
                    self._context = self._context._replace(causation_id=handled.events[-1].id)
                await self._let_go_of_code(handled.state)
                return handled.events
        raise AssertionError("unreachable: the last try raises")

    async def _let_go_of_code(self, state: object) -> None:
        """Destroy a code that nobody will use any more."""
        if isinstance(state, Payment) and state.sealed_code and state.status.is_final:
            await self.spend_code(state)

    async def spend_code(self, state: Payment) -> None:
        """Destroy the keys of a payment's one-time codes: none of them can be opened any more."""
        await self.vault.erase(code_subject(state.requested.payment_id))

    def seal_code(self, state: Payment, code: str | None) -> tuple[str | None, list[DataKey]]:
        """Seal a one-time code that was not used, under a new key; None where there was none.

        Hand the key to `record`. It is not to be remembered: no two codes share one.
        """
        if code is None:
            return None, []
        payment_id = state.requested.payment_id
        sealed = self.vault.seal(
            code_subject(payment_id), code.encode(), context=code_context(payment_id)
        )
        return sealed.text, [sealed.new_key] if sealed.new_key else []

    async def seal_handle(
        self, state: Payment, reference: str, handle: Mapping[str, str]
    ) -> str | None:
        """Seal a handle beside the payment's particulars; an empty one is None.

        Why under their very key: a key of the payer's own might be a new one, made for somebody who
        was forgotten a moment ago, and what the provider gave would outlive the erasure.

        Raises:
            ErasedError: the payer was forgotten meanwhile.
        """
        if not handle:
            return None
        request = state.requested
        context = handle_context(request.payment_id, reference)
        written = orjson.dumps(dict(handle))
        return await self.vault.seal_beside(request.sealed, written, context=context)

    async def confirm(
        self, state: Payment, reference: str, outcome: Accepted, inquire_at: datetime
    ) -> None:
        """Record an acceptance with its handle; without it where the payer was forgotten meanwhile.

        The acceptance is recorded all the same: money may move, whoever is forgotten.
        """
        try:
            sealed_handle = await self.seal_handle(state, reference, outcome.handle)
        except ErasedError:
            sealed_handle = None
            log.warning("recording.handle_forgotten", payment_id=state.requested.payment_id)
        token_digest = None
        if outcome.webhook_token is not None:
            token_digest = self.vault.digest(TOKEN_PURPOSE, outcome.webhook_token.encode())
        await self.record(
            commands.ConfirmSubmission(
                payment_id=state.requested.payment_id,
                reference=reference,
                sealed_handle=sealed_handle,
                token_digest=token_digest,
                inquire_at=inquire_at,
                awaits_code=outcome.awaits_code,
            )
        )
