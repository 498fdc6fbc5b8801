"""The kinds of problem of operators' notes; a part of `api.errors`."""

from collections.abc import Mapping
from typing import Final

from api.problem import Problem
from ledger.errors import LedgerError
from ledger.operator_notes_refused import OperatorNoteRefusedError, UnknownOperatorNoteError

NOTE_PROBLEMS: Final[Mapping[type[LedgerError], Problem]] = {
    UnknownOperatorNoteError: Problem(
        404,
        "unknown_note",
        "identification",
        "The payment has no such note",
        "Ce paiement n'a pas cette note",
    ),
    OperatorNoteRefusedError: Problem(
        409,
        "note_refused",
        "businessRule",
        "This cannot be done with the note as things stand",
        "Cela ne peut se faire de cette note en l'état",
    ),
}
"""Error class -> problem."""
