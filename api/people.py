"""People: what is held about a person is found, and, once two operators have agreed, destroyed.

Why an erasure is refused while money is under way, and does not wait for it: without the number no
payment can be sent, asked about or given back, so its end would never be known. A request that
waited would destroy keys at a moment that nobody chose; one that is refused names what stands
against it, and the operator asks again.

The order of destruction is the trick: the person's own keys go first, and only if nothing about
the person was recorded since they were looked at, which is one act with the destruction, in line
with all appends. So whoever pays in that moment either stands against it, and nothing is destroyed,
or comes after it, with keys of his own. The key of the request's number goes last, for by it the
rest is found. After it the calls of providers are looked for once more: one that was read in the
meantime was read as that of somebody who is there. What follows from an approval may break off
anywhere; `finish` takes it up again from the log alone, by whichever process comes next.

It decides nothing about who may: that is `ledger.people`. What there is to be found: see
`api.people_finding`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from api.four_eyes import keys_of_same_operator
from api.people_finding import Finding, Held
from ledger import people
from ledger.commands_people import (
    ApproveErasure,
    CompleteErasure,
    RecordExport,
    RecordScrubbing,
    RequestErasure,
)
from ledger.entry import Context
from ledger.errors import ErasedError, StoreUnavailableError
from ledger.handling import Handler
from ledger.leftover import Leftover
from ledger.people import Erasure, OpenPaymentsError, UnknownErasureError
from ledger.sentences import Sentence
from ledger.store import Clock, replay
from ledger.vault import Vault
from projections.keys import KeysProjection

LOOKS_MAX: Final = 5
"""How often one erasure looks at what is held of a person while that goes on changing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasing:
    """What an approval has come to."""

    erasure: Erasure
    position: int
    bytes_left: Leftover | None
    """Why bytes of destroyed keys may still lie in the database's files; None: none do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """What there is to do about people; put together by `api.wiring_people`."""

    handler: Handler
    vault: Vault
    finding: Finding
    keys: KeysProjection
    clock: Clock

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
        held = await self.finding.find(person, None)
        _refuse_open(people.ASKING, held)
        now = self.clock()
        ends_at = people.ends_at(now)
        subject = people.number_subject(person, ends_at)
        sealed = self.vault.seal(subject, number.encode(), context=people.stream_of(person))
        command = RequestErasure(
            person=person,
            by=by,
            reason=reason,
            sealed=sealed.text,
            at=now,
            ends_at=ends_at,
        )
        keys = (sealed.new_key,) if sealed.new_key else ()
        handled = await self.handler.handle(command, context=context, keys=keys)
        state: people.Person = handled.state
        return state.erasures[-1]

    async def approve(self, erasure_id: str, *, by: str, context: Context) -> Erasing:
        """Agree to an erasure as a second operator, and carry it out.

        One that is carried out already is scrubbed once more, and told how it stands.

        Raises:
            UnknownErasureError: there is no such request.
            OpenPaymentsError: money is under way, and nothing was destroyed. It was agreed to only
                if that began in this very moment, and is then finished by itself.
            CommandRefusedError: the same operator, or too late.
        """
        person, erasure = await self.erasure(erasure_id)
        if erasure.erased is None:
            # One who may not agree is told so before anything is looked for.
            approving = await self._approving(person, erasure_id, by)
            held = await self._held(person, erasure)
            _refuse_open(people.AGREEING, held)
            await self.handler.handle(approving, context=context)
            await self._destroy(erasure, held, context)
        left = await self._scrub(person, erasure_id, context)
        _, erasure = await self.erasure(erasure_id)
        return Erasing(
            erasure=erasure, position=await self.handler.store.position(), bytes_left=left
        )

    async def foresee(self, erasure_id: str, *, by: str | None = None) -> Held | None:
        """Find what carrying out a request would destroy; None where it was carried out already.

        Args:
            erasure_id: the request.
            by: the key of whoever is to agree, where somebody is; who may not is told so first.

        Raises:
            UnknownErasureError: there is no such request.
            CommandRefusedError: the same operator, or too late.
        """
        person, erasure = await self.erasure(erasure_id)
        if erasure.erased is not None:
            return None
        if by is not None:
            await self._approving(person, erasure_id, by)
        return await self._held(person, erasure)

    async def _approving(self, person: str, erasure_id: str, by: str) -> ApproveErasure:
        approving = ApproveErasure(
            person=person,
            erasure_id=erasure_id,
            by=by,
            same=await keys_of_same_operator(self.keys, self.handler.store, by),
            at=self.clock(),
        )
        people.decide(approving, await self.handler.person(person))
        return approving

    async def finish(self, erasure_id: str, *, context: Context) -> Erasure:
        """Carry out what follows from an approval, as far as it was not; a repeat changes nothing.

        Raises:
            UnknownErasureError: there is no such request.
            OpenPaymentsError: the person has come back, and money is under way.
        """
        person, erasure = await self.erasure(erasure_id)
        if not erasure.is_unfinished:
            return erasure
        if erasure.erased is None:
            held = await self._held(person, erasure)
            _refuse_open(people.FINISHING, held)
            await self._destroy(erasure, held, context)
        await self._scrub(person, erasure_id, context)
        return (await self.erasure(erasure_id))[1]

    async def scrub_again(self, erasures: Sequence[tuple[str, Context]]) -> Leftover | None:
        """Try once more to remove what is left of destroyed keys, and note what became of it.

        Args:
            erasures: the id of each request after which something was left, and the note's context.
        """
        left = await self.handler.store.scrub()
        for erasure_id, context in erasures:
            person, _ = await self.erasure(erasure_id)
            noted = RecordScrubbing(person=person, erasure_id=erasure_id, bytes_left=left)
            await self.handler.handle(noted, context=context)
        return left

    async def let_go(self, lapsed: Sequence[tuple[str, datetime]]) -> int:
        """Destroy the numbers of requests that nobody agreed to; how many there still were.

        Args:
            lapsed: of each request the person, and when it ended.
        """
        return await self.vault.erase_all([people.number_subject(*one) for one in lapsed])

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
            sessions=len(held.pages),
            webhooks=len(held.webhooks),
        )
        handled = await self.handler.handle(command, context=context)
        return handled.events[-1].position

    async def _held(self, person: str, erasure: Erasure) -> Held:
        return await self.finding.find(person, await self._number_of(erasure))

    async def _destroy(self, erasure: Erasure, held: Held, context: Context) -> None:
        keys, held = await self._destroy_own(erasure, held)
        state = await self.handler.person(held.person)
        numbers = [
            people.number_subject(held.person, one.requested.ends_at) for one in state.erasures
        ]
        keys += await self.vault.erase_all(held.subjects)
        keys += await self.vault.erase_all(numbers)
        late = await self.finding.late_calls(held)
        keys += await self.vault.erase_all(late)
        done = CompleteErasure(
            person=held.person,
            erasure_id=erasure.requested.erasure_id,
            keys=keys,
            payments=len(held.payments),
            sessions=len(held.pages),
            webhooks=len(held.webhooks) + len(late),
            orphans_unread=held.orphans_unread,
        )
        await self.handler.handle(done, context=context)

    async def _destroy_own(self, erasure: Erasure, held: Held) -> tuple[int, Held]:
        """Destroy the person's own keys, as what is held has just been looked at.

        Raises:
            OpenPaymentsError: money has got under way since; nothing was destroyed.
        """
        for _ in range(LOOKS_MAX):
            destroyed = await self._destroy_unless_moved(held)
            if destroyed is not None:
                return destroyed, held
            held = await self._held(held.person, erasure)
            _refuse_open(people.FINISHING, held)
        raise StoreUnavailableError(
            Sentence("This person's payments kept changing while they were looked at."),
            Sentence("Try again shortly."),
        )

    async def _destroy_unless_moved(self, held: Held) -> int | None:
        speaks, after = held.watching(), held.position
        # Most of what came since is read before: every append waits for the rest.
        async for recorded in replay(self.handler.store, after):
            if speaks(recorded):
                return None
            after = recorded.position
        return await self.vault.erase_unless(held.person, after, speaks)

    async def _scrub(self, person: str, erasure_id: str, context: Context) -> Leftover | None:
        left = await self.handler.store.scrub()
        noted = RecordScrubbing(person=person, erasure_id=erasure_id, bytes_left=left)
        await self.handler.handle(noted, context=context)
        return left

    async def _number_of(self, erasure: Erasure) -> str | None:
        """The number that a request is about; None where an interrupted try has destroyed it."""
        requested = erasure.requested
        try:
            context = people.stream_of(requested.person)
            return (await self.vault.open(requested.sealed, context=context)).decode()
        except ErasedError:
            return None


def _refuse_open(command: str, held: Held) -> None:
    if held.open:
        raise OpenPaymentsError(command, held.open)
