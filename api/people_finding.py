"""Finding: everything that speaks of a person, by the keyed hash of the number.

person -> payments, payouts and refunds -> the checkout pages they were asked for on, and the stored
calls of providers about them; and the pages on which a merchant named the person, whether anybody
has paid there or not. Calls that could be matched to nothing are opened and searched for the number
itself, newest first: all of them for an export, which tells each as it is found; for an erasure,
during which somebody may pay, `ORPHANS_READ_MAX` at most, and how many were not read is said.

It destroys nothing and tells nothing: `api.people` and `api.people_export` do.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import phonenumbers

from adapters import kept_call
from adapters.base import WebhookCall
from ledger import checkout, payment
from ledger.entry import RecordedEvent
from ledger.errors import ErasedError, SealBrokenError, UnknownCheckoutError
from ledger.events import CheckoutCreated, PaymentRequested, WebhookReceived
from ledger.handling import Handler
from ledger.money import Money
from ledger.payment_codes import code_subject
from ledger.people import OpenPayment
from ledger.store import Speaks
from ledger.vault import Vault
from ledger.webhook import stream_of as webhook_stream
from projections.calls import PAGE_MAX, CallRow, CallsProjection
from projections.checkouts import CheckoutsProjection
from projections.deliveries import DeliveriesProjection
from projections.payments import PaymentsProjection

ORPHANS_READ_MAX: Final = 20_000
"""How many calls that belong to no payment are opened and searched for one erasure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is held about a person, by its ids."""

    person: str
    payments: tuple[str, ...]
    """Payments, payouts and refunds, newest first."""
    sessions: tuple[str, ...]
    """Checkout pages on which the person paid or tried to."""
    named_on: tuple[str, ...]
    """Checkout pages that only name the person: what they say of them lies under their own key."""
    webhooks: tuple[str, ...]
    orphans_unread: int
    open: tuple[OpenPayment, ...]
    """What has no end yet."""
    refundable: tuple[Money, ...]
    """What may still be given back of what the person paid, by currency: it goes with the number.
    """
    position: int
    """Everything up to here in the log was looked at."""

    @property
    def pages(self) -> tuple[str, ...]:
        """All checkout pages that have to do with the person."""
        return (*self.sessions, *self.named_on)

    def watching(self) -> Speaks:
        """Say of later entries whether they change what is held of the person."""
        streams = frozenset(map(payment.stream_of, self.payments))

        def speaks(recorded: RecordedEvent) -> bool:
            event = recorded.event
            if isinstance(event, PaymentRequested | CheckoutCreated) and event.payer == self.person:
                return True
            return recorded.stream in streams

        return speaks

    @property
    def subjects(self) -> list[str]:
        """Whose data keys are to be destroyed: all but the person's own.

        A page that only names the person keeps its own key: somebody else may still pay there, and
        under that key lie the merchant's name and addresses.
        """
        return [
            *self.webhooks,
            *map(checkout.stream_of, self.sessions),
            *map(code_subject, self.payments),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Where people are looked for; put together by `api.wiring_people`."""

    handler: Handler
    vault: Vault
    payments: PaymentsProjection
    calls: CallsProjection
    checkouts: CheckoutsProjection
    deliveries: DeliveriesProjection
    catch_up: Callable[[], Awaitable[None]]
    """Waits until the projections have seen the whole log."""
    page_max: int = PAGE_MAX
    """How many rows of a list are read at once; ids are all that is held of them together."""

    async def find(self, person: str, number: str | None) -> Held:
        """Find everything that speaks of a person.

        Args:
            person: the keyed hash.
            number: in E.164; None where calls that belong to no payment need not be searched.
        """
        spoken: list[str] = []
        unread = 0
        if number is not None:
            await self.catch_up()
            # By far the longest part comes first: money that gets under way meanwhile is seen.
            spoken, unread = await self._orphans(number)
        position = await self.handler.store.position()
        await self.catch_up()
        payments = await self._payments(person)
        open_ones: list[OpenPayment] = []
        sessions: dict[str, None] = {}
        refundable: dict[str, int] = {}
        for payment_id in payments:
            state, _ = await self.handler.payment(payment_id)
            if left_minor := state.refundable_minor:
                currency = state.money.currency
                refundable[currency] = refundable.get(currency, 0) + left_minor
            if not state.status.is_final:
                open_ones.append(OpenPayment(payment_id, state.status.value))
            elif any(one.is_given_back is None for one in state.refunds):
                open_ones.append(OpenPayment(payment_id, "refunding"))
            if state.requested.checkout is not None:
                sessions[state.requested.checkout] = None
        open_ones += await self._open_sessions(sessions)
        webhooks = [*await self._webhooks(payments), *spoken]
        named_on = [one for one in await self._naming(person) if one not in sessions]
        return Held(
            person=person,
            payments=tuple(payments),
            sessions=tuple(sessions),
            named_on=tuple(named_on),
            webhooks=tuple(webhooks),
            orphans_unread=unread,
            open=tuple(open_ones),
            refundable=tuple(Money(refundable[one], one) for one in sorted(refundable)),
            position=position,
        )

    async def late_calls(self, held: Held) -> list[str]:
        """Find the calls about a person's payments that came since these were found."""
        await self.catch_up()
        return [one for one in await self._webhooks(held.payments) if one not in held.webhooks]

    async def speaking(self, number: str) -> AsyncIterator[str]:
        """The calls that belong to no payment and have a number in them, as they are found."""
        looked_for, before = pattern_of(number), None
        while page := await self.calls.of_nobody(before, self.page_max):
            before = page[-1].position
            for one in page:
                if await self._speaks(one, looked_for):
                    yield one.webhook_id

    async def opened_call(self, webhook_id: str) -> WebhookCall | None:
        """Open a stored call; None where it was erased or cannot be opened."""
        for recorded in await self.handler.store.read_stream(webhook_stream(webhook_id)):
            if isinstance(recorded.event, WebhookReceived):
                try:
                    kept = await self.vault.open(recorded.event.sealed, context=webhook_id)
                except (ErasedError, SealBrokenError):
                    return None
                return kept_call.read(kept)
        return None

    async def _open_sessions(self, sessions: Iterable[str]) -> list[OpenPayment]:
        found: list[OpenPayment] = []
        for session_id in sessions:
            try:
                session, _ = await self.handler.checkout(session_id)
            except UnknownCheckoutError:
                continue
            if session.status == "open":
                found.append(OpenPayment(session_id, session.status))
        return found

    async def _naming(self, person: str) -> list[str]:
        found: list[str] = []
        after: int | None = None
        while page := await self.checkouts.page(payer=person, after=after, limit=self.page_max):
            found += [one.session_id for one in page]
            after = page[-1].position
        return found

    async def _payments(self, person: str) -> list[str]:
        found: list[str] = []
        after: int | None = None
        while page := await self.payments.page(payer=person, after=after, limit=self.page_max):
            found += [one.payment_id for one in page]
            after = page[-1].position
        return found

    async def _webhooks(self, payments: Sequence[str]) -> list[str]:
        found: list[str] = []
        for start in range(0, len(payments), self.page_max):
            part, after = payments[start : start + self.page_max], 0
            while page := await self.calls.of_payments(part, after, self.page_max):
                found += [one.webhook_id for one in page]
                after = page[-1].position
        return found

    async def _orphans(self, number: str) -> tuple[list[str], int]:
        """The calls that belong to no payment and have the number in them; how many are unread."""
        spoken, searched, before = [], 0, None
        looked_for = pattern_of(number)
        while page := await self.calls.of_nobody(before, self.page_max):
            before = page[-1].position
            if searched >= ORPHANS_READ_MAX:
                searched += len(page)
                continue
            spoken += [one.webhook_id for one in page if await self._speaks(one, looked_for)]
            searched += len(page)
        return spoken, max(0, searched - ORPHANS_READ_MAX)

    async def _speaks(self, row: CallRow, looked_for: re.Pattern[str]) -> bool:
        call = await self.opened_call(row.webhook_id)
        if call is None:
            return False
        body = call.body.decode("utf-8", "replace")
        return any(looked_for.search(one) for one in (body, *call.path, *call.headers.values()))


def pattern_of(number: str) -> re.Pattern[str]:
    """Find a number in a text as people and programs write it, but not inside of a longer one."""
    parsed = phonenumbers.parse(number)
    national = phonenumbers.national_significant_number(parsed)
    digits = r"[\s.\-]?".join(national)
    return re.compile(rf"(?<!\d)(?:(?:\+|00|%2B)?{parsed.country_code}[\s.\-]?|0)?{digits}(?!\d)")
