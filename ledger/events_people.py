"""The events of people: that somebody is to be forgotten, was, or was told what is held of them.

No number stands in them: a person is a keyed hash, and the number itself is sealed under a key that
is destroyed with all the others, or when nobody agrees in time.
"""

from typing import ClassVar

from ledger.events_base import Event, UtcTime
from ledger.leftover import Leftover


class PersonErasureRequested(Event, frozen=True, kw_only=True):
    """An operator asked that a person be forgotten; another one has to agree, in time."""

    type: ClassVar[str] = "person.erasure_requested"

    erasure_id: str
    person: str
    by: str
    """The id of the operator's API key."""
    reason: str
    ends_at: UtcTime
    """When the request ends by itself, unless it was approved."""
    sealed: str
    """The number, sealed under a key of the request's own (`ledger.people.number_subject`): by it
    the bodies of calls that nobody could match to a payment are searched."""


class PersonErasureApproved(Event, frozen=True, kw_only=True):
    """A second operator agreed: the keys are about to be destroyed. Durable before that."""

    type: ClassVar[str] = "person.erasure_approved"

    erasure_id: str
    person: str
    by: str


class PersonErased(Event, frozen=True, kw_only=True):
    """A person's data keys do not exist any more: what they sealed can never be opened again."""

    type: ClassVar[str] = "person.erased"

    erasure_id: str
    person: str
    keys: int
    """How many data keys were destroyed (fewer, where an earlier try had destroyed some)."""
    payments: int
    """How many payments, payouts and refunds spoke of the person."""
    sessions: int
    webhooks: int
    orphans_unread: int = 0
    """How many calls that belong to no payment were not searched: there were too many."""


class PersonScrubbed(Event, frozen=True, kw_only=True):
    """The files of the database were cleared of a person's destroyed keys, or could not be."""

    type: ClassVar[str] = "person.scrubbed"

    erasure_id: str
    person: str
    bytes_left: Leftover | None = None
    """Why bytes of them may still lie there; None: none do."""


class PersonExported(Event, frozen=True, kw_only=True):
    """An operator was given everything that is held about a person."""

    type: ClassVar[str] = "person.exported"

    person: str
    by: str
    payments: int
    sessions: int
    webhooks: int
    """Those about the payments; what belongs to no payment is searched while it is being told."""
