"""What operators' notes are refused with; a part of `ledger.operator_notes`."""

from typing import ClassVar, Final, NoReturn

from ledger.errors import CommandRefusedError, LedgerError
from ledger.sentences import Sentence, explained

PROPOSING: Final = Sentence("Proposing this note")
AGREEING: Final = Sentence("Agreeing to this note")
WITHDRAWING: Final = Sentence("Taking this note back")
"""What was asked for, as it is told to whoever is refused it."""

SUBMITTING: Final = (
    Sentence("the payment is being submitted at this moment."),
    Sentence("Wait until its provider has answered, or is being asked about it."),
)
"""Why, and what to do, while nobody can know what comes of a call that is under way."""


class UnknownOperatorNoteError(CommandRefusedError):
    """No operator's note of this payment has this id."""

    code: ClassVar[str] = "unknown_note"

    def __init__(self) -> None:
        super().__init__(
            Sentence("Looking for this note"), Sentence("the payment has no such note.")
        )


class OperatorNoteRefusedError(CommandRefusedError):
    """An operator's note cannot be proposed, approved or taken back as things stand."""

    code: ClassVar[str] = "note_refused"

    def __init__(
        self, command: Sentence, reason: Sentence, remedy: Sentence, *, field: str | None = None
    ) -> None:
        LedgerError.__init__(self, explained(reason, remedy))
        self.command, self.reason, self.status = command, explained(reason, remedy), None
        self.why, self.remedy = reason, remedy
        self.field = field
        """The member that is to blame; None: the payment or the note itself is."""


def refuse(
    command: Sentence, reason: Sentence, remedy: Sentence, *, field: str | None = None
) -> NoReturn:
    """Refuse what was asked for, with what to do instead."""
    raise OperatorNoteRefusedError(command, reason, remedy, field=field)
