"""The kinds of problem of providers' statements; a part of `api.errors`."""

from collections.abc import Mapping
from typing import Final

from api.problem import Problem
from ledger.errors import LedgerError
from ledger.statement import StatementRefusedError, UnknownStatementError

STATEMENT_PROBLEMS: Final[Mapping[type[LedgerError], Problem]] = {
    UnknownStatementError: Problem(
        404,
        "unknown_statement",
        "identification",
        "There is no such statement",
        "Ce relevé n'existe pas",
    ),
    StatementRefusedError: Problem(
        409,
        "statement_refused",
        "businessRule",
        "The statement does not allow it as things stand",
        "Le relevé ne le permet pas en l'état",
    ),
}
"""Error class -> problem."""
