"""Commands about providers' statements; a part of `ledger.commands`."""

from dataclasses import dataclass
from datetime import datetime

from ledger.identity import Mode
from ledger.statement_line import StatementLine


@dataclass(frozen=True, slots=True, kw_only=True)
class NameStatement:
    """Let an Idempotency-Key stand for a statement; refused if it stands for another one."""

    key_digest: str
    statement_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandInStatement:
    """Keep a provider's statement with all its lines. A repeat adds what is not there yet.

    Its id is `ledger.statement.statement_id_of` its content: two ways to hand in the same words
    lead to the same statement.
    """

    provider: str
    covers_from: datetime
    covers_to: datetime
    """Not included."""
    currency: str
    mode: Mode
    is_default_mode: bool
    lines: tuple[StatementLine, ...]
    at: datetime
    """The present time: what is still to come is on no statement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseStatementLine:
    """Say that the payment a line speaks of could not take it as a word."""

    statement_id: str
    line: int
    payment_id: str
    reason: str


StatementCommand = NameStatement | HandInStatement | RefuseStatementLine
