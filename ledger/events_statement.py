"""The events of providers' statements: what an accountant handed in; a part of `ledger.events`.

What a line does to a payment stands in the payment's own stream, as a word of source `statement`;
it does nothing before a second person has approved the statement.
"""

from typing import ClassVar

from ledger.events_base import Event, UtcTime
from ledger.identity import Mode
from ledger.statement_line import StatementLine


class StatementNamed(Event, frozen=True, kw_only=True):
    """An Idempotency-Key stands for this statement from now on."""

    type: ClassVar[str] = "statement.named"

    statement_id: str


class StatementOpened(Event, frozen=True, kw_only=True):
    """A provider's statement was handed in; its lines follow."""

    type: ClassVar[str] = "statement.opened"

    statement_id: str
    provider: str
    covers_from: UtcTime
    covers_to: UtcTime
    """Not included."""
    currency: str
    mode: Mode
    """Only payments of this mode are held against it."""
    is_default_mode: bool
    """Whether payments that say no mode of their own are of it, too."""
    lines: int
    """How many it has."""
    by: str
    """The key by which it was handed in."""


class StatementLinesAdded(Event, frozen=True, kw_only=True):
    """Some lines of a statement, in the order in which it has them."""

    type: ClassVar[str] = "statement.lines_added"

    statement_id: str
    first: int
    """The number of the first of them in the statement, from 1."""
    lines: tuple[StatementLine, ...]


class StatementApproved(Event, frozen=True, kw_only=True):
    """A second person agreed to a statement; from now on its lines are words that settle."""

    type: ClassVar[str] = "statement.approved"

    statement_id: str
    by: str
    """That person's key."""


class StatementWithdrawn(Event, frozen=True, kw_only=True):
    """A statement that nobody had approved was taken back; it stays so."""

    type: ClassVar[str] = "statement.withdrawn"

    statement_id: str
    by: str
    """The key of whoever took it back."""


class StatementLineRefused(Event, frozen=True, kw_only=True):
    """The payment that a line speaks of could not take it as a word."""

    type: ClassVar[str] = "statement.line_refused"

    statement_id: str
    line: int
    payment_id: str
    reason: str
