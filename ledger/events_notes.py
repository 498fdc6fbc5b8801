"""The events of operators' notes, in a payment's own stream; a part of `ledger.events`.

Both pairs of eyes are the ids of two API keys: whose they are is known here, and to nobody who
holds a receipt. The reason is sealed, for a receipt has every entry of its payment whole, and what
operators tell one another is not for the merchant.
"""

from typing import ClassVar

import msgspec

from ledger.events_base import Event, UtcTime
from ledger.evidence import Evidence


class NotePosting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the journal as it would stand; above zero for a debit, below for a credit."""

    account: str
    holder: str
    currency: str
    amount_minor: int


class NoteOutlook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a payment is, or would become: its status, what it books, what is bound by refunds."""

    status: str
    postings: tuple[NotePosting, ...]
    refunds_minor: int
    """How much of it was given back or is under way to be."""


class PaymentNoteProposed(Event, frozen=True, kw_only=True):
    """An operator proposed a word about the payment; another one has to approve it, in time."""

    type: ClassVar[str] = "payment.note_proposed"

    note_id: str
    by: str
    """The id of the operator's API key."""
    evidence: Evidence
    """The word that it would be."""
    stood: NoteOutlook
    """What the payment was when it was proposed."""
    becomes: NoteOutlook
    """What it would have become: what both operators agree to."""
    reason_digest: str
    """Keyed hash of the reason: by it and by the word a repeat is known."""
    sealed_reason: str
    """What was seen, and where, verbatim."""
    ends_at: UtcTime
    """When the proposal ends by itself, unless it was approved."""


class PaymentNoteApproved(Event, frozen=True, kw_only=True):
    """A second operator agreed: the word is evidence, by the event right after this one."""

    type: ClassVar[str] = "payment.note_approved"

    note_id: str
    by: str


class PaymentNoteWithdrawn(Event, frozen=True, kw_only=True):
    """A proposal was taken back before anybody agreed to it."""

    type: ClassVar[str] = "payment.note_withdrawn"

    note_id: str
    by: str
