"""People: who is to be forgotten, by whose word; a pure decider over `person-erasure-<hash>`.

One operator asks, another one agrees, and only then are keys destroyed. A request that nobody
agrees to ends by itself. Keys that took one another's place are one operator's: whoever rotates a
key does not become somebody else.

    requested ─► approved ─► erased ─► scrubbed          requested ─► (its time is over)

Erased: the keys are destroyed, and nothing that they sealed will ever be read. Scrubbed: it was
seen to that the destroyed keys' bytes leave the files too, and noted what became of that.

A person may come back, and be forgotten again: every request has a number of its own. Exports are
recorded in the same stream, for both are about what is held of somebody.

It destroys nothing and knows no keys: that is `ledger.vault`. Whether payments are still open is
asked by who calls, for only he sees all payments.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar, Final, NamedTuple

from ledger import events
from ledger.commands_people import (
    ApproveErasure,
    CompleteErasure,
    PeopleCommand,
    RecordExport,
    RecordScrubbing,
    RequestErasure,
)
from ledger.errors import CommandRefusedError
from ledger.events import Event
from ledger.sentences import Sentence

ERASURE_HOURS_MAX: Final = 72
"""How long a request waits for a second operator."""

OPEN_TOLD_MAX: Final = 20
"""How many open payments are told of those that stand against an erasure."""

_PERSON: Final = "person-"
_ERASURE: Final = re.compile(r"era_([0-9a-f]{32})_([1-9][0-9]{0,3})", re.ASCII)


ASKING: Final = Sentence("Forgetting this person")
AGREEING: Final = Sentence("Agreeing to this erasure")
FINISHING: Final = Sentence("Finishing this erasure")
_LOOKING: Final = Sentence("Looking for this request")
_SCRUBBING: Final = Sentence("Noting what is left of it")
"""What was asked for, as it is told to whoever is refused it: a class's name says nothing."""


class UnknownErasureError(CommandRefusedError):
    """No request to forget somebody has this id."""

    code: ClassVar[str] = "unknown_erasure"

    def __init__(self) -> None:
        super().__init__(_LOOKING, Sentence("there is no such request to forget somebody."))


class OpenPayment(NamedTuple):
    """What stands against an erasure: a payment or a checkout session that has no end yet."""

    id: str
    status: str


class OpenPaymentsError(CommandRefusedError):
    """A person cannot be forgotten while money is under way."""

    code: ClassVar[str] = "payments_open"

    def __init__(self, command: str, payments: tuple[OpenPayment, ...]) -> None:
        told = ", ".join(f"{one.id} ({one.status})" for one in payments[:OPEN_TOLD_MAX])
        self.is_agreed = command is FINISHING
        if self.is_agreed:
            # Nobody has to think any more of what two operators have agreed to.
            reason = Sentence(
                "some payments of this person have no end yet ({payments}): {told}. Both "
                "operators' agreement stands; it is carried out by itself once they have one.",
                payments=len(payments),
                told=told,
            )
        else:
            reason = Sentence(
                "some payments of this person have no end yet ({payments}): {told}.",
                payments=len(payments),
                told=told,
            )
        super().__init__(command, reason)
        self.payments = payments


@dataclass(frozen=True, slots=True)
class Erasure:
    """One request to forget somebody, and what became of it."""

    requested: events.PersonErasureRequested
    approved_by: str | None = None
    erased: events.PersonErased | None = None
    scrubbed: events.PersonScrubbed | None = None

    @property
    def is_unfinished(self) -> bool:
        """Whether it was agreed to, and not everything was done that follows."""
        return self.approved_by is not None and (self.erased is None or self.scrubbed is None)

    def status(self, at: datetime) -> str:
        """Where it stands: requested, approved, erased, or lapsed."""
        if self.erased is not None:
            return "erased"
        if self.approved_by is not None:
            return "approved"
        return "lapsed" if at >= self.requested.ends_at else "requested"


@dataclass(frozen=True, slots=True)
class Person:
    """The folded state of a person's stream: every request, in order."""

    erasures: tuple[Erasure, ...] = ()
    exports: int = 0

    def erasure(self, erasure_id: str) -> Erasure | None:
        """One request by its id."""
        found = (one for one in self.erasures if one.requested.erasure_id == erasure_id)
        return next(found, None)


INITIAL: Final = Person()


def stream_of(person: str) -> str:
    """The name of a person's stream."""
    return f"person-erasure-{person.removeprefix(_PERSON)}"


def number_subject(person: str, ends_at: datetime) -> str:
    """Whose the key is under which a request's number is sealed: nobody's but the request's.

    So it can be destroyed where nobody agreed, and a request about somebody who was forgotten long
    ago leaves nothing behind that the person's next payment would keep alive.
    """
    return f"{stream_of(person)}-{int(ends_at.timestamp())}"


def person_of(erasure_id: str) -> str | None:
    """Whom a request is about; None for a text that is no request's id."""
    found = _ERASURE.fullmatch(erasure_id)
    return None if found is None else f"{_PERSON}{found[1]}"


def ends_at(now: datetime) -> datetime:
    """When a request made now ends by itself."""
    return now + timedelta(hours=ERASURE_HOURS_MAX)


def decide(command: PeopleCommand, state: Person) -> list[Event]:
    """Decide about a person; what is so already changes nothing.

    Raises:
        UnknownErasureError: there is no such request.
        CommandRefusedError: the same operator, too late, or not approved.
    """
    match command:
        case RequestErasure():
            return _request(command, state)
        case ApproveErasure():
            return _approve(command, _known(command, state))
        case CompleteErasure():
            erasure = _known(command, state)
            if erasure.erased is not None:
                return []
            if erasure.approved_by is None:
                raise CommandRefusedError(
                    FINISHING, Sentence("no second operator has agreed to it.")
                )
            return [
                events.PersonErased(
                    erasure_id=command.erasure_id,
                    person=command.person,
                    keys=command.keys,
                    payments=command.payments,
                    sessions=command.sessions,
                    webhooks=command.webhooks,
                    orphans_unread=command.orphans_unread,
                )
            ]
        case RecordScrubbing():
            return _scrubbed(command, _known(command, state))
        case RecordExport():
            return [
                events.PersonExported(
                    person=command.person,
                    by=command.by,
                    payments=command.payments,
                    sessions=command.sessions,
                    webhooks=command.webhooks,
                )
            ]


def _known(command: ApproveErasure | CompleteErasure | RecordScrubbing, state: Person) -> Erasure:
    erasure = state.erasure(command.erasure_id)
    if erasure is None:
        raise UnknownErasureError
    return erasure


def _request(command: RequestErasure, state: Person) -> list[Event]:
    last = state.erasures[-1] if state.erasures else None
    if last is not None and last.status(command.at) in {"requested", "approved"}:
        return []
    number = len(state.erasures) + 1
    return [
        events.PersonErasureRequested(
            erasure_id=f"era_{command.person.removeprefix(_PERSON)}_{number}",
            person=command.person,
            by=command.by,
            reason=command.reason,
            ends_at=command.ends_at,
            sealed=command.sealed,
        )
    ]


def _approve(command: ApproveErasure, erasure: Erasure) -> list[Event]:
    match erasure.status(command.at):
        case "lapsed":
            reason = Sentence("nobody agreed within {hours} hours.", hours=ERASURE_HOURS_MAX)
            raise CommandRefusedError(AGREEING, reason)
        case "requested":
            if erasure.requested.by in command.same | {command.by}:
                reason = Sentence("the operator who asked for it cannot be the one who agrees.")
                raise CommandRefusedError(AGREEING, reason)
            return [
                events.PersonErasureApproved(
                    erasure_id=command.erasure_id, person=command.person, by=command.by
                )
            ]
        case _:
            return []


def _scrubbed(command: RecordScrubbing, erasure: Erasure) -> list[Event]:
    if erasure.erased is None:
        raise CommandRefusedError(_SCRUBBING, Sentence("no key was destroyed yet."))
    before = erasure.scrubbed
    if before is not None and before.bytes_left == command.bytes_left:
        return []
    return [
        events.PersonScrubbed(
            erasure_id=command.erasure_id, person=command.person, bytes_left=command.bytes_left
        )
    ]


def evolve(state: Person, event: Event) -> Person:
    """Fold one event into what was asked about a person."""
    match event:
        case events.PersonErasureRequested():
            return replace(state, erasures=(*state.erasures, Erasure(event)))
        case events.PersonErasureApproved():
            return _changed(state, event.erasure_id, approved_by=event.by)
        case events.PersonErased():
            return _changed(state, event.erasure_id, erased=event)
        case events.PersonScrubbed():
            return _changed(state, event.erasure_id, scrubbed=event)
        case events.PersonExported():
            return replace(state, exports=state.exports + 1)
        case _:
            raise TypeError(f"a person's stream has no {event.type}")


def _changed(state: Person, erasure_id: str, **changes: object) -> Person:
    changed = tuple(
        replace(one, **changes) if one.requested.erasure_id == erasure_id else one  # type: ignore[arg-type]
        for one in state.erasures
    )
    return replace(state, erasures=changed)
