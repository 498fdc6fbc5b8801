"""Commands about people; a part of `ledger.commands`."""

from dataclasses import dataclass
from datetime import datetime

from ledger.leftover import Leftover


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestErasure:
    """Ask that a person be forgotten. A repeat finds the request that is open."""

    person: str
    by: str
    reason: str
    sealed: str
    at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveErasure:
    """Agree to it, as a second operator. Once it is approved, anybody may have it finished."""

    person: str
    erasure_id: str
    by: str
    same: frozenset[str]
    """The ids of all keys that are this operator's: of those that took another one's place too."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteErasure:
    """Say that the keys are destroyed."""

    person: str
    erasure_id: str
    keys: int
    payments: int
    sessions: int
    webhooks: int
    orphans_unread: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordScrubbing:
    """Say what became of the destroyed keys' bytes."""

    person: str
    erasure_id: str
    bytes_left: Leftover | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordExport:
    """Say that somebody was given what is held about a person."""

    person: str
    by: str
    payments: int
    sessions: int
    webhooks: int


PeopleCommand = RequestErasure | ApproveErasure | CompleteErasure | RecordScrubbing | RecordExport
