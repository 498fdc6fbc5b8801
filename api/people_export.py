"""Export: everything that is held about a person, opened, for that person (right of access).

It is gathered from the streams themselves, so nothing that a list leaves out is missing: payments,
payouts and refunds with what was sealed, their letters and requests for help, checkout pages, the
stored calls of providers. What was erased is told as that.

Of a checkout page that names one person and on which another paid, what lies under the key of the
named one is told to nobody else.

Left out, on purpose: tokens by which a provider is asked about a payment, and one-time codes. They
are secrets between machines and tell nothing about anybody.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from api import schemas_people as shapes
from api.people import Held, People
from api.views import decimal_text
from ledger import mail, support
from ledger.errors import ErasedError, UnknownCheckoutError
from ledger.events import MailAttempted, SupportRequested, WebhookReceived
from ledger.people import Erasure
from ledger.webhook import stream_of as webhook_stream

EXPORTED_MAX: Final = 10_000
"""How many payments, how many pages and how many calls one export shows."""


async def gathered(people: People, number: str, held: Held, position: int) -> shapes.ExportOut:
    """Open everything that was found about a person.

    Args:
        people: see `api.people`.
        number: in E.164.
        held: what was found.
        position: that of the event which says that it is being told.
    """
    kept = [one[:EXPORTED_MAX] for one in (held.payments, held.sessions, held.webhooks)]
    found = [*held.payments, *held.sessions, *held.webhooks]
    state = await people.handler.person(held.person)
    now = people.clock()
    return shapes.ExportOut(
        person=held.person,
        phone=number,
        made_at=now,
        position=position,
        payments=[await _payment(people, one) for one in kept[0]],
        sessions=[one for name in kept[1] for one in await _session(people, held.person, name)],
        webhooks=[one for name in kept[2] for one in await _call(people, name)],
        erasures=[erasure_of(one, one.status(now)) for one in state.erasures],
        left_out=len(found) - sum(map(len, kept)) + held.orphans_unread,
    )


def erasure_of(erasure: Erasure, status: str, *, bytes_left: str | None = None) -> Any:
    """Write a request to forget somebody."""
    requested, erased = erasure.requested, erasure.erased
    return shapes.ErasureOut.model_validate(
        {
            "id": requested.erasure_id,
            "person": requested.person,
            "status": status,
            "reason": requested.reason,
            "requested_by": requested.by,
            "approved_by": erasure.approved_by,
            "ends_at": requested.ends_at,
            "keys_destroyed": None if erased is None else erased.keys,
            "bytes_left": bytes_left,
        }
    )


async def _opened(people: People, sealed: str, context: str) -> Mapping[str, Any] | None:
    try:
        opened: Mapping[str, Any] = orjson.loads(await people.vault.open(sealed, context=context))
    except ErasedError:
        return None
    return opened


async def _payment(people: People, payment_id: str) -> shapes.ExportedPayment:
    state, recorded = await people.handler.payment(payment_id)
    request, store = state.requested, people.handler.store
    particulars = await _opened(people, request.sealed, payment_id)
    letters = await store.read_stream(mail.mail_stream(payment_id))
    asked = await store.read_stream(support.stream_of(payment_id))
    return shapes.ExportedPayment(
        id=payment_id,
        kind=request.kind,
        status=state.status.value,
        amount=decimal_text(request.amount_minor, request.currency),
        currency=request.currency,
        merchant_id=request.merchant_id,
        provider=state.provider,
        created_at=recorded[0].recorded_at,
        is_erased=particulars is None,
        particulars=None if particulars is None else dict(particulars),
        attempts=[{"provider": one.provider, "reference": one.reference} for one in state.attempts],
        evidence=[
            {
                "source": one.source,
                "provider": one.provider,
                "word": one.word,
                "provider_transaction_id": one.provider_transaction_id,
                "occurred_at": one.occurred_at,
            }
            for one in sorted(state.evidence, key=lambda one: one.order)
        ],
        letters=[
            {
                "at": one.recorded_at,
                "recipient": one.event.recipient,
                "kind": one.event.kind,
                "result": one.event.result,
            }
            for one in letters
            if isinstance(one.event, MailAttempted)
        ],
        support=[
            {"at": one.event.at, "asker": one.event.asker, "status": one.event.status}
            for one in asked
            if isinstance(one.event, SupportRequested)
        ],
    )


async def _session(people: People, person: str, session_id: str) -> list[shapes.ExportedSession]:
    try:
        state, recorded = await people.handler.checkout(session_id)
    except UnknownCheckoutError:
        return []
    session = state.session
    # Somebody else may have paid than who is named: what is the named one's is not the payer's.
    of_payer = session.sealed_payer if session.payer == person else None
    opened: dict[str, Any] = {}
    for sealed in filter(None, (session.sealed, of_payer)):
        opened |= await _opened(people, sealed, session_id) or {}
    return [
        shapes.ExportedSession(
            id=session_id,
            status=state.status,
            amount=decimal_text(session.amount_minor, session.currency),
            currency=session.currency,
            created_at=recorded[0].recorded_at,
            is_erased=not opened,
            particulars=opened or None,
        )
    ]


async def _call(people: People, webhook_id: str) -> list[shapes.ExportedCall]:
    call = await people.opened_call(webhook_id)
    return [
        shapes.ExportedCall(
            id=webhook_id,
            provider=one.event.provider,
            received_at=one.recorded_at,
            verdict=one.event.verdict,
            is_erased=call is None,
            path=None if call is None else list(call.path),
            headers=None if call is None else dict(call.headers),
            body=None if call is None else call.body.decode("utf-8", "backslashreplace"),
        )
        for one in await people.handler.store.read_stream(webhook_stream(webhook_id))
        if isinstance(one.event, WebhookReceived)
    ]
