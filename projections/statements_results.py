"""What comparing a statement gives, and when two words speak against one another.

A part of `projections.statements_compared`, which says over which rows.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from sqlalchemy import ColumnElement, and_, or_

from projections.statements_rows import Known, Line, Word

Result = Literal["matched", "differs", "unknown"]

Would = Literal["would_settle", "would_contradict"]
"""What a line would do that its payment was not told: agree where there is no success, or not."""

Asked = Literal["matched", "settled", "outside", "differs", "unknown"] | Would
"""Which lines are asked for; `settled` and `outside` are among those that match."""

Why = Literal[
    "two",
    "contradiction",
    "direction",
    "currency",
    "amount",
    "twice",
    "refused",
    "overruled",
]

WHYS: Final[tuple[Why, ...]] = get_args(Why)

Columns = Any
"""The columns of a table, or of an alias of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRow:
    """One line, what it comes to, and what the ledger has of its payment."""

    line: Line
    word: Word
    result: Result
    why: Why | None
    """Why it differs; None where it does not."""
    payment: Known | None
    is_outside: bool
    """Whether it matches, and its payment is none of the ledger's successes in the span."""
    against: str | None
    """Another statement, approved or not, a line of which speaks against it; None: none does."""


@dataclass(frozen=True, slots=True)
class Sum:
    """How many there are of a name, and their money, in one direction."""

    name: str
    direction: str
    count: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Sums:
    """What a statement comes to."""

    lines: tuple[Sum, ...]
    """By result; `settled` and `outside` are among the matched, and others what they would do."""
    successes: tuple[Sum, ...]
    """The ledger's in the span: `matched`, `differs`, `elsewhere`, `missing`."""
    waiting: int
    """How many lines have a payment that has not been told of them yet."""


def contradicts(other: Columns, word: Columns) -> ColumnElement[bool]:
    """Whether two words say of one transaction what cannot both be."""
    return and_(
        other.provider_transaction_id == word.provider_transaction_id,
        other.provider == word.provider,
        other.direction == word.direction,
        other.mode == word.mode,
        other.stream_id != word.stream_id,
        or_(
            other.amount_minor != word.amount_minor,
            other.currency != word.currency,
            other.payment_id != word.payment_id,
            other.one_of_two.is_not(None),
        ),
    )


def is_of_same_payment(other: Columns, word: Columns) -> ColumnElement[bool]:
    """Whether another transaction is said to have moved the money of the same payment."""
    return and_(
        other.payment_id == word.payment_id,
        other.fits == 1,
        other.provider_transaction_id != word.provider_transaction_id,
    )


AGAINST: Final = (contradicts, is_of_same_payment)
"""The ways in which a word of one statement speaks against a word of another."""
