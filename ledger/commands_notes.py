"""Commands about operators' notes; a part of `ledger.commands`."""

from dataclasses import dataclass
from datetime import datetime

from ledger.evidence import Word


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeNote:
    """Propose a word about a payment. A repeat finds the proposal that is open."""

    payment_id: str
    word: Word
    reference: str | None
    """Which submission it is about; None: the last one."""
    amount: str | None
    """What really moved, as a decimal text in major units; None: what was asked for."""
    currency: str | None
    provider_transaction_id: str | None
    occurred_at: datetime | None
    replaces: str | None
    """The note that was wrong."""
    by: str
    reason_digest: str
    """Keyed hash of the reason, which is sealed."""
    sealed_reason: str
    asked_at: datetime
    """When the payment was asked for: no money moved before."""
    at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveNote:
    """Agree to it as a second operator: it becomes evidence."""

    payment_id: str
    note_id: str
    by: str
    same: frozenset[str]
    """The ids of all keys that are this operator's: of those that took another one's place too."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawNote:
    """Take a proposal back that nobody has agreed to; any operator may."""

    payment_id: str
    note_id: str
    by: str
    at: datetime


NoteCommand = ProposeNote | ApproveNote | WithdrawNote
