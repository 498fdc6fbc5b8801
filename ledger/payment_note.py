"""An operator's note as a payment's state keeps it; a part of `ledger.payment`."""

from dataclasses import dataclass

from ledger import events


@dataclass(frozen=True, slots=True)
class Note:
    """A word that an operator proposed; it is evidence once another one has approved it."""

    proposed: events.PaymentNoteProposed
    approved_by: str | None = None
    withdrawn_by: str | None = None

    @property
    def note_id(self) -> str:
        """Its name within the payment."""
        return self.proposed.note_id
