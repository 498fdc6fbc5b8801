"""People: what is held about a person is found, and, once two operators have agreed, destroyed.

Found by the keyed hash of the number: person -> payments, payouts and refunds -> the checkout pages
they were asked for on, and the stored calls of providers about them. Calls that could be matched to
nothing are opened and searched for the number: newest first, `ORPHANS_READ_MAX` at most, and how
many were not read is said.

Why an erasure is refused while money is under way, and does not wait for it: without the number no
payment can be sent, asked about or given back, so its end would never be known. A request that
waited would destroy keys at a moment that nobody chose; one that is refused names what stands
against it, and the operator asks again.

The order of destruction is the trick: the person's own keys go last, for they seal the number by
which the rest is found. Whoever is interrupted before that is finished by the next approval.

It decides nothing about who may: that is `ledger.people`.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

import phonenumbers

from adapters import kept_call
from adapters.base import WebhookCall
from ledger import checkout, merchant, people
from ledger.commands_people import ApproveErasure, CompleteErasure, RecordExport, RequestErasure
from ledger.entry import Context
from ledger.errors import (
    ErasedError,
    SealBrokenError,
    UnknownCheckoutError,
)
from ledger.events import KeyRotated, WebhookReceived
from ledger.handling import Handler
from ledger.payment_codes import code_subject
from ledger.people import Erasure, OpenPayment, OpenPaymentsError, UnknownErasureError
from ledger.store import Clock
from ledger.vault import Vault
from ledger.webhook import stream_of as webhook_stream
from projections.calls import PAGE_MAX, CallRow, CallsProjection
from projections.keys import KeysProjection
from projections.payments import PaymentsProjection

ORPHANS_READ_MAX: Final = 20_000
"""How many calls that belong to no payment are opened and searched for one erasure or export."""

APPROVING: Final = frozenset({"operator", "admin"})
"""The roles whose keys may ask for an erasure and agree to one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is held about a person, by its ids."""

    person: str
    payments: tuple[str, ...]
    """Payments, payouts and refunds, newest first."""
    sessions: tuple[str, ...]
    webhooks: tuple[str, ...]
    orphans_unread: int
    open: tuple[OpenPayment, ...]
    """What has no end yet."""

    @property
    def subjects(self) -> list[str]:
        """Whose data keys are to be destroyed: all but the person's own."""
        return [
            *self.webhooks,
            *map(checkout.stream_of, self.sessions),
            *map(code_subject, self.payments),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasing:
    """What an approval has come to."""

    erasure: Erasure
    position: int
    bytes_left: str | None
    """Why bytes of destroyed keys may still lie in the database's files; None: none do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """What there is to do about people; put together by `api.wiring_people`."""

    handler: Handler
    vault: Vault
    payments: PaymentsProjection
    calls: CallsProjection
    keys: KeysProjection
    clock: Clock
    catch_up: Callable[[], Awaitable[None]]
    """Waits until the projections have seen the whole log."""

    async def request(self, number: str, *, by: str, reason: str, context: Context) -> Erasure:
        """Ask that a person be forgotten; a repeat finds the request that is open.

        Args:
            number: in E.164.
            by: the id of the operator's key.
            reason: kept for ever; has no number in it.
            context: see `ledger.entry`.

        Raises:
            OpenPaymentsError: money is under way.
        """
        person = self.vault.person(number)
        held = await self.find(person, None)
        _refuse_open("RequestErasure", held)
        now = self.clock()
        sealed = self.vault.seal(person, number.encode(), context=people.stream_of(person))
        command = RequestErasure(
            person=person,
            by=by,
            reason=reason,
            sealed=sealed.text,
            at=now,
            ends_at=people.ends_at(now),
        )
        keys = (sealed.new_key,) if sealed.new_key else ()
        handled = await self.handler.handle(command, context=context, keys=keys)
        if handled.events and sealed.new_key:
            self.vault.remember(sealed.new_key)
        state: people.Person = handled.state
        return state.erasures[-1]

    async def approve(self, erasure_id: str, *, by: str, context: Context) -> Erasing:
        """Agree to an erasure as a second operator, and carry it out.

        Raises:
            UnknownErasureError: there is no such request.
            OpenPaymentsError: money is under way; nothing was recorded or destroyed.
            CommandRefusedError: the same operator, or too late.
        """
        person, erasure = await self.erasure(erasure_id)
        if erasure.erased is None:
            # One who may not agree is told so before anything is looked for.
            approving = ApproveErasure(
                person=person,
                erasure_id=erasure_id,
                by=by,
                same=await self._same_operator(by),
                at=self.clock(),
            )
            people.decide(approving, await self.handler.person(person))
            held = await self.find(person, await self._number_of(erasure))
            _refuse_open("ApproveErasure", held)
            await self.handler.handle(approving, context=context)
            await self._destroy(erasure_id, held, context)
        left = await self.handler.store.scrub()
        _, erasure = await self.erasure(erasure_id)
        return Erasing(
            erasure=erasure, position=await self.handler.store.position(), bytes_left=left
        )

    async def erasure(self, erasure_id: str) -> tuple[str, Erasure]:
        """One request by its id, and whom it is about.

        Raises:
            UnknownErasureError: there is none.
        """
        person = people.person_of(erasure_id)
        found = None if person is None else (await self.handler.person(person)).erasure(erasure_id)
        if person is None or found is None:
            raise UnknownErasureError
        return person, found

    async def record_export(self, held: Held, *, by: str, context: Context) -> int:
        """Record that somebody was given what is held; the position of that."""
        command = RecordExport(
            person=held.person,
            by=by,
            payments=len(held.payments),
            sessions=len(held.sessions),
            webhooks=len(held.webhooks),
        )
        handled = await self.handler.handle(command, context=context)
        return handled.events[-1].position

    async def find(self, person: str, number: str | None) -> Held:
        """Find everything that speaks of a person.

        Args:
            person: the keyed hash.
            number: in E.164; None where calls that belong to no payment need not be searched.
        """
        await self.catch_up()
        payments = await self._payments(person)
        sessions: dict[str, None] = {}
        open_ones: list[OpenPayment] = []
        for payment_id in payments:
            state, _ = await self.handler.payment(payment_id)
            if not state.status.is_final:
                open_ones.append(OpenPayment(payment_id, state.status.value))
            elif any(one.is_given_back is None for one in state.refunds):
                open_ones.append(OpenPayment(payment_id, "refunding"))
            if state.requested.checkout is not None:
                sessions[state.requested.checkout] = None
        for session_id in sessions:
            try:
                session, _ = await self.handler.checkout(session_id)
            except UnknownCheckoutError:
                continue
            if session.status == "open":
                open_ones.append(OpenPayment(session_id, session.status))
        webhooks = await self._webhooks(payments)
        unread = 0
        if number is not None:
            spoken, unread = await self._orphans(number)
            webhooks += spoken
        return Held(
            person=person,
            payments=tuple(payments),
            sessions=tuple(sessions),
            webhooks=tuple(webhooks),
            orphans_unread=unread,
            open=tuple(open_ones),
        )

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

    async def _destroy(self, erasure_id: str, held: Held, context: Context) -> None:
        keys = await self.vault.erase_all(held.subjects)
        keys += await self.vault.erase(held.person)
        done = CompleteErasure(
            person=held.person,
            erasure_id=erasure_id,
            keys=keys,
            payments=len(held.payments),
            sessions=len(held.sessions),
            webhooks=len(held.webhooks),
            orphans_unread=held.orphans_unread,
        )
        await self.handler.handle(done, context=context)

    async def _number_of(self, erasure: Erasure) -> str | None:
        """The number that a request is about; None where an interrupted try has destroyed it."""
        requested = erasure.requested
        try:
            context = people.stream_of(requested.person)
            return (await self.vault.open(requested.sealed, context=context)).decode()
        except ErasedError:
            return None

    async def _same_operator(self, key_id: str) -> frozenset[str]:
        """All keys that are this operator's: those that took one another's place."""
        linked: dict[str, set[str]] = {}
        for row in await self.keys.keys():
            if row.role not in APPROVING:
                continue
            stream = merchant.key_stream(row.key_id)
            for recorded in await self.handler.store.read_stream(stream):
                if isinstance(recorded.event, KeyRotated):
                    linked.setdefault(row.key_id, set()).add(recorded.event.successor_id)
                    linked.setdefault(recorded.event.successor_id, set()).add(row.key_id)
        same, found = {key_id}, [key_id]
        while found:
            new = linked.get(found.pop(), set()) - same
            same |= new
            found += new
        return frozenset(same)

    async def _payments(self, person: str) -> list[str]:
        found: list[str] = []
        after: int | None = None
        while page := await self.payments.page(payer=person, after=after, limit=PAGE_MAX):
            found += [one.payment_id for one in page]
            after = page[-1].position
        return found

    async def _webhooks(self, payments: Sequence[str]) -> list[str]:
        found: list[str] = []
        for start in range(0, len(payments), PAGE_MAX):
            part, after = payments[start : start + PAGE_MAX], 0
            while page := await self.calls.of_payments(part, after):
                found += [one.webhook_id for one in page]
                after = page[-1].position
        return found

    async def _orphans(self, number: str) -> tuple[list[str], int]:
        """The calls that belong to no payment and have the number in them; how many are unread."""
        spoken, searched, before = [], 0, None
        looked_for = pattern_of(number)
        while page := await self.calls.of_nobody(before):
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


def _refuse_open(command: str, held: Held) -> None:
    if held.open:
        raise OpenPaymentsError(command, held.open)
