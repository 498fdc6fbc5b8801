"""Export: everything that is held about a person, opened, for that person (right of access).

There is no limit on the whole, for everything may be asked for; so it is never put together: each
part is read, opened and handed on by itself (`api.people_writing`, `api.people_page`), and what is
held meanwhile are ids, and one page of what is being read. It is gathered from the streams
themselves, so nothing that a list leaves out is missing: payments, payouts and refunds with what
was sealed, their letters and requests for help, what went over the wire about them to providers and
what merchants' endpoints answered, checkout pages, the stored calls of providers. What was erased
is told as that.

Of a checkout page that names one person and on which another paid, what lies under the key of the
named one is told to nobody else.

Left out, on purpose: tokens by which a provider is asked about a payment or proves that it is the
provider, signatures, and one-time codes. They are secrets between machines and tell nothing about
anybody; where one stood in a provider's call or an exchange, there is `***`.
"""

import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any, Final, cast

import orjson

from adapters.call_secrets import without_secrets
from adapters.refusal_texts import Language
from api import schemas_people as shapes
from api.deliveries import answered
from api.exchanges import Kept, one_by_one, read_sealed
from api.french import FRENCH
from api.people import People
from api.people_finding import Held
from api.views import decimal_text
from ledger import mail, support
from ledger.endpoint import delivery_stream
from ledger.entry import Context
from ledger.errors import ErasedError, SealBrokenError, UnknownCheckoutError
from ledger.events import (
    DeliveryAttempted,
    MailAttempted,
    MerchantAdded,
    SupportRequested,
    WebhookReceived,
)
from ledger.exchange import Half
from ledger.forgotten import (
    Explained,
    is_call_forgotten,
    is_named_forgotten,
    is_page_forgotten,
    is_payer_forgotten,
    is_payment_forgotten,
)
from ledger.leftover import Leftover, sentence_of
from ledger.merchant import merchant_stream
from ledger.particulars import OF_NAMED
from ledger.people import Erasure
from ledger.webhook import stream_of as webhook_stream

ENTRIES_MAX: Final = 16
"""How many entries of a payment's exchanges or answers are held at once: each is 65,535 bytes at
most, and there may be hundreds of thousands."""


@dataclass(slots=True, kw_only=True)
class Telling:
    """One export on its way: each part is read when it is asked for, and let go of afterwards.

    Whoever writes it down asks for the parts in the order of their methods, to the end of each; the
    two counts are right afterwards.
    """

    people: People
    phone: str
    """In E.164."""
    held: Held
    position: int
    """That of the event which says that it is being told."""
    made_at: datetime
    entries_max: int = ENTRIES_MAX
    exchanges_told: int = 0
    left_out: int = 0
    """How much was found and cannot be read any more, although nobody was forgotten: a seal is
    broken, or a data key is missing."""

    @property
    def person(self) -> str:
        """The person's name in the log."""
        return self.held.person

    async def payments(self) -> AsyncIterator[shapes.ExportedPayment]:
        """Payments, payouts and refunds, newest first, without their exchanges and answers."""
        for payment_id in self.held.payments:
            yield await self._payment(payment_id)

    async def exchanges(self, payment_id: str) -> AsyncIterator[dict[str, Any]]:
        """The exchanges with providers about a payment, opened, oldest first."""
        store = self.people.handler.store
        async for kept in one_by_one(store, payment_id, self.entries_max):
            if kept is None:
                self.left_out += 1
                continue
            self.exchanges_told += 1
            yield await self._exchange(kept)

    async def answers(self, payment_id: str) -> AsyncIterator[dict[str, Any]]:
        """What merchants' endpoints answered when they were told about a payment."""
        store = self.people.handler.store
        for endpoint_id in await self.people.finding.deliveries.about(payment_id):
            name, version = delivery_stream(endpoint_id, payment_id), 0
            while part := await store.read_stream_part(name, version, self.entries_max):
                version = part[-1].version
                for one in part:
                    if isinstance(one.event, DeliveryAttempted) and one.event.sealed_answer:
                        yield {
                            "at": one.recorded_at,
                            "endpoint": endpoint_id,
                            "answer": await self._answer(one.event),
                        }

    async def sessions(self) -> AsyncIterator[shapes.ExportedSession]:
        """Checkout pages on which the person paid, tried to, or was named."""
        for session_id in self.held.pages:
            told = await self._session(session_id)
            if told is None:
                self.left_out += 1
            else:
                yield told

    async def webhooks(self) -> AsyncIterator[shapes.ExportedCall]:
        """Providers' calls about the payments; then all others that have the number in them."""
        told = set(self.held.webhooks)
        for webhook_id in self.held.webhooks:
            async for one in self._calls(webhook_id):
                yield one
        async for webhook_id in self.people.finding.speaking(self.phone):
            if webhook_id not in told:
                async for one in self._calls(webhook_id):
                    yield one

    async def erasures(self) -> AsyncIterator[shapes.ErasureOut]:
        """The requests to forget this person."""
        for one in (await self.people.handler.person(self.person)).erasures:
            yield erasure_of(one, one.status(self.made_at))

    async def _opened(
        self, sealed: str, context: str, is_forgotten: Callable[[], Awaitable[bool]]
    ) -> tuple[Mapping[str, Any] | None, bool]:
        """What was sealed, and whether it was erased; neither where the key or the seal is lost.

        Whether somebody `is_forgotten` the log is asked only where the key is gone.
        """
        try:
            opened = await self.people.vault.open(sealed, context=context)
        except ErasedError:
            is_erased = await is_forgotten()
            self.left_out += not is_erased
            return None, is_erased
        except SealBrokenError:
            self.left_out += 1
            return None, False
        return orjson.loads(opened), False

    async def _answer(self, event: DeliveryAttempted) -> str | None:
        try:
            told = await answered(self.people.vault, event)
        except SealBrokenError:
            self.left_out += 1
            return None
        self.left_out += told is None and not await self._is_forgotten(event.payment_id)
        return told

    async def _is_forgotten(self, payment_id: str) -> bool:
        return await is_payment_forgotten(self.people.handler.store, payment_id)

    async def _exchange(self, kept: Kept) -> dict[str, Any]:
        told = kept.told
        request = answer = None
        # Where persons were taken out before it was kept, there is nothing to be told of anybody.
        if told.hides == "secrets":
            try:
                written = await read_sealed(self.people.vault, kept.events)
                request, answer = written.request, written.answer
            except ErasedError:
                self.left_out += not await self._is_forgotten(told.payment_id or "")
            except (SealBrokenError, ValueError, LookupError, zlib.error):
                self.left_out += 1
        return {
            "at": told.sent_at,
            "provider": told.provider,
            "power": told.power,
            "path": told.path,
            "status": told.status,
            "request": None if request is None else _text_of(request),
            "answer": None if answer is None else _text_of(answer),
        }

    async def _calls(self, webhook_id: str) -> AsyncIterator[shapes.ExportedCall]:
        opened = await self.people.finding.opened_call(webhook_id)
        call = None if opened is None else without_secrets(opened)
        for one in await self.people.handler.store.read_stream(webhook_stream(webhook_id)):
            if not isinstance(one.event, WebhookReceived):
                continue
            is_erased = (
                call is None
                and await self.people.vault.is_erased(one.event.sealed)
                and await is_call_forgotten(self.people.handler.store, one) is not Explained.NO
            )
            self.left_out += call is None and not is_erased
            yield shapes.ExportedCall(
                id=webhook_id,
                provider=one.event.provider,
                received_at=one.recorded_at,
                verdict=one.event.verdict,
                is_erased=is_erased,
                path=None if call is None else list(call.path),
                headers=None if call is None else dict(call.headers),
                body=None if call is None else call.body.decode(),
            )

    async def _payment(self, payment_id: str) -> shapes.ExportedPayment:
        handler = self.people.handler
        state, recorded = await handler.payment(payment_id)
        request, store = state.requested, handler.store
        particulars, is_erased = await self._opened(
            request.sealed, payment_id, partial(is_payer_forgotten, store, recorded[0])
        )
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
            merchant=await _merchant(self.people, request.merchant_id),
            provider=state.provider,
            created_at=recorded[0].recorded_at,
            is_erased=is_erased,
            particulars=None if particulars is None else dict(particulars),
            attempts=[
                {"provider": one.provider, "reference": one.reference} for one in state.attempts
            ],
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
            exchanges=[],
            answers=[],
        )

    async def _session(self, session_id: str) -> shapes.ExportedSession | None:
        try:
            state, recorded = await self.people.handler.checkout(session_id)
        except UnknownCheckoutError:
            return None
        session = state.session
        # Somebody else may have paid than who is named: what is the named one's is not the payer's.
        of_payer = session.sealed_payer if session.payer == self.person else None
        store, opened, was_erased = self.people.handler.store, dict[str, Any](), False
        for sealed, is_forgotten in (
            (session.sealed, partial(is_page_forgotten, store, session_id)),
            (of_payer, partial(is_named_forgotten, store, recorded[0])),
        ):
            if sealed is not None:
                told, is_erased = await self._opened(sealed, session_id, is_forgotten)
                opened |= told or {}
                was_erased |= is_erased
        return shapes.ExportedSession(
            id=session_id,
            status=state.status,
            amount=decimal_text(session.amount_minor, session.currency),
            currency=session.currency,
            merchant_id=session.merchant_id,
            merchant=await _merchant(self.people, session.merchant_id),
            created_at=recorded[0].recorded_at,
            is_erased=was_erased and not opened,
            particulars=opened or None,
        )


async def telling(people: People, number: str, *, by: str, context: Context) -> Telling:
    """Find what is held about a person and record that it is told; then it can be told.

    Args:
        people: see `api.people`.
        number: in E.164.
        by: the id of the operator's key.
        context: see `ledger.entry`.
    """
    # Calls that belong to no payment are searched while the rest is being told.
    held = await people.finding.find(people.vault.person(number), None)
    position = await people.record_export(held, by=by, context=context)
    return Telling(
        people=people, phone=number, held=held, position=position, made_at=people.clock()
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


def _text_of(half: Half) -> str:
    return half.wire.decode("utf-8", "backslashreplace")


async def _merchant(people: People, merchant_id: str) -> str | None:
    """What people call a merchant; None where the log has no such merchant."""
    recorded = await people.handler.store.read_stream(merchant_stream(merchant_id))
    named = (one.event.name for one in recorded if isinstance(one.event, MerchantAdded))
    return next(named, None)
