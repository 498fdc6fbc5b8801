"""Export: everything that is held about a person, opened, for that person (right of access).

It is gathered from the streams themselves, so nothing that a list leaves out is missing: payments,
payouts and refunds with what was sealed, their letters and requests for help, what went over the
wire about them to providers and what merchants' endpoints answered, checkout pages, the stored
calls of providers. What was erased is told as that.

Of a checkout page that names one person and on which another paid, what lies under the key of the
named one is told to nobody else.

Left out, on purpose: tokens by which a provider is asked about a payment or proves that it is the
provider, signatures, and one-time codes. They are secrets between machines and tell nothing about
anybody; where one stood in a provider's call or an exchange, there is `***`.
"""

import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, cast

import orjson

from adapters.call_secrets import without_secrets
from adapters.refusal_texts import Language
from api import schemas_people as shapes
from api.deliveries import answered
from api.exchanges import Kept, exchanges_of, read_sealed
from api.french import FRENCH
from api.people import People
from api.people_finding import Held
from api.views import decimal_text
from ledger import mail, support
from ledger.endpoint import delivery_stream
from ledger.errors import ErasedError, SealBrokenError, UnknownCheckoutError
from ledger.events import (
    DeliveryAttempted,
    MailAttempted,
    MerchantAdded,
    SupportRequested,
    WebhookReceived,
)
from ledger.exchange import Half
from ledger.leftover import Leftover, sentence_of
from ledger.merchant import merchant_stream
from ledger.particulars import OF_NAMED
from ledger.people import Erasure
from ledger.webhook import stream_of as webhook_stream

EXPORTED_MAX: Final = 10_000
"""How many payments, how many pages and how many calls one export shows."""

EXCHANGES_MAX: Final = 1_000
"""How many exchanges with providers one export shows, those of the newest payments first: each may
be a megabyte, and a payment that was long without a word was asked about hundreds of times."""

EXCHANGES_BYTES_MAX: Final = 33_554_432
"""How many bytes of exchanges one export shows: it is put together in memory."""


async def gathered(people: People, number: str, held: Held, position: int) -> shapes.ExportOut:
    """Open everything that was found about a person.

    Args:
        people: see `api.people`.
        number: in E.164.
        held: what was found.
        position: that of the event which says that it is being told.
    """
    kept = [one[:EXPORTED_MAX] for one in (held.payments, held.pages, held.webhooks)]
    found = [*held.payments, *held.pages, *held.webhooks]
    wire = _Wire()
    state = await people.handler.person(held.person)
    now = people.clock()
    return shapes.ExportOut(
        person=held.person,
        phone=number,
        made_at=now,
        position=position,
        payments=[await _payment(people, one, wire) for one in kept[0]],
        sessions=[one for name in kept[1] for one in await _session(people, held.person, name)],
        webhooks=[one for name in kept[2] for one in await _call(people, name)],
        erasures=[erasure_of(one, one.status(now)) for one in state.erasures],
        left_out=len(found) - sum(map(len, kept)) + held.orphans_unread + wire.left_out,
    )


def erasure_of(
    erasure: Erasure,
    status: str,
    language: Language = "en",
    *,
    labels: Mapping[str, str] = MappingProxyType({}),
) -> Any:
    """Write a request to forget somebody.

    Args:
        erasure: the request.
        status: where it stands.
        language: that of sentences in it.
        labels: of operators' keys; without them it names nobody, as it is told to the person.
    """
    requested, erased, scrubbed = erasure.requested, erasure.erased, erasure.scrubbed
    return shapes.ErasureOut.model_validate(
        {
            "id": requested.erasure_id,
            "person": requested.person,
            "status": status,
            "reason": requested.reason,
            "requested_by": requested.by,
            "requested_by_label": labels.get(requested.by),
            "approved_by": erasure.approved_by,
            "approved_by_label": labels.get(erasure.approved_by or ""),
            "ends_at": requested.ends_at,
            "keys_destroyed": None if erased is None else erased.keys,
            "bytes_left": None if scrubbed is None else left_in(scrubbed.bytes_left, language),
        }
    )


def left_in(left: str | None, language: Language) -> str | None:
    """Say in a language what an event or a row says by a word of `ledger.leftover`."""
    if left is None:
        return None
    sentence = sentence_of(cast("Leftover", left))
    return sentence.written(FRENCH) if language == "fr" else str(sentence)


async def _opened(people: People, sealed: str, context: str) -> Mapping[str, Any] | None:
    try:
        opened: Mapping[str, Any] = orjson.loads(await people.vault.open(sealed, context=context))
    except ErasedError:
        return None
    return opened


@dataclass(slots=True)
class _Wire:
    """What went over the wire, as far as one export has room for it."""

    room: int = EXCHANGES_MAX
    room_bytes: int = EXCHANGES_BYTES_MAX
    left_out: int = 0

    async def exchanges(self, people: People, payment_id: str) -> list[dict[str, Any]]:
        """Open the exchanges with providers about a payment, oldest first."""
        kept = await exchanges_of(people.handler.store, payment_id)
        shown = [one for one in kept if self._takes(one)]
        self.left_out += len(kept) - len(shown)
        return [await _exchange(people, one) for one in shown]

    def _takes(self, kept: Kept) -> bool:
        size_bytes = kept.told.request_bytes + (kept.told.answer_bytes or 0)
        if self.room < 1 or size_bytes > self.room_bytes:
            return False
        self.room, self.room_bytes = self.room - 1, self.room_bytes - size_bytes
        return True


async def _exchange(people: People, kept: Kept) -> dict[str, Any]:
    told = kept.told
    request = answer = None
    # Where persons were taken out before it was kept, there is nothing to be told of anybody.
    if told.hides == "secrets":
        with suppress(ErasedError, SealBrokenError, ValueError, LookupError, zlib.error):
            written = await read_sealed(people.vault, kept.events)
            request, answer = written.request, written.answer
    return {
        "at": told.sent_at,
        "provider": told.provider,
        "power": told.power,
        "path": told.path,
        "status": told.status,
        "request": None if request is None else _text_of(request),
        "answer": None if answer is None else _text_of(answer),
    }


def _text_of(half: Half) -> str:
    return half.wire.decode("utf-8", "backslashreplace")


async def _answers(people: People, payment_id: str) -> list[dict[str, Any]]:
    """What merchants' endpoints answered when they were told about a payment."""
    found: list[dict[str, Any]] = []
    for endpoint_id in await people.finding.deliveries.about(payment_id):
        name = delivery_stream(endpoint_id, payment_id)
        for one in await people.handler.store.read_stream(name):
            if isinstance(one.event, DeliveryAttempted) and one.event.sealed_answer is not None:
                answer = await answered(people.vault, one.event)
                found.append({"at": one.recorded_at, "endpoint": endpoint_id, "answer": answer})
    return found


async def _payment(people: People, payment_id: str, wire: _Wire) -> shapes.ExportedPayment:
    state, recorded = await people.handler.payment(payment_id)
    request, store = state.requested, people.handler.store
    particulars = await _opened(people, request.sealed, payment_id)
    if particulars is not None:
        # Of who was named on the page, and is told to them alone.
        particulars = {one: told for one, told in particulars.items() if one != OF_NAMED}
    letters = await store.read_stream(mail.mail_stream(payment_id))
    asked = await store.read_stream(support.stream_of(payment_id))
    return shapes.ExportedPayment(
        id=payment_id,
        kind=request.kind,
        status=state.status.value,
        amount=decimal_text(request.amount_minor, request.currency),
        currency=request.currency,
        merchant_id=request.merchant_id,
        merchant=await _merchant(people, request.merchant_id),
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
        exchanges=await wire.exchanges(people, payment_id),
        answers=await _answers(people, payment_id),
    )


async def _merchant(people: People, merchant_id: str) -> str | None:
    """What people call a merchant; None where the log has no such merchant."""
    recorded = await people.handler.store.read_stream(merchant_stream(merchant_id))
    named = (one.event.name for one in recorded if isinstance(one.event, MerchantAdded))
    return next(named, None)


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
            merchant_id=session.merchant_id,
            merchant=await _merchant(people, session.merchant_id),
            created_at=recorded[0].recorded_at,
            is_erased=not opened,
            particulars=opened or None,
        )
    ]


async def _call(people: People, webhook_id: str) -> list[shapes.ExportedCall]:
    opened = await people.finding.opened_call(webhook_id)
    call = None if opened is None else without_secrets(opened)
    return [
        shapes.ExportedCall(
            id=webhook_id,
            provider=one.event.provider,
            received_at=one.recorded_at,
            verdict=one.event.verdict,
            is_erased=call is None,
            path=None if call is None else list(call.path),
            headers=None if call is None else dict(call.headers),
            body=None if call is None else call.body.decode(),
        )
        for one in await people.handler.store.read_stream(webhook_stream(webhook_id))
        if isinstance(one.event, WebhookReceived)
    ]
