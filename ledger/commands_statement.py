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
    by: str
    """The key by which it is handed in; no part of the content."""
    at: datetime
    """The present time: what is still to come is on no statement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveStatement:
    """Agree to a statement as a second person: from then on its lines are words that settle."""

    statement_id: str
    by: str
    same: frozenset[str]
    """The keys that are the same person's, `by` among them or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawStatement:
    """Take back a statement that nobody approved: it counts nowhere, and nobody approves it."""

    statement_id: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseStatementLine:
    """Say that the payment a line speaks of could not take it as a word."""

    statement_id: str
    line: int
    payment_id: str
    reason: str


StatementCommand = (
    NameStatement | HandInStatement | ApproveStatement | WithdrawStatement | RefuseStatementLine
)
