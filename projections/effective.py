"""Effective time: when money moved, beside when we came to know of it.

A question about the past has two times: what the log had recorded by then (known at: a position),
and which movements are meant (effective: a span of time). "What did we know on 31 March at 18:00
of March's payments" is known at the position the log had then, effective in March.

Money moved when the provider says that it did, by its own clock; what was paid on 31 March at 23:59
and became known on 1 April belongs to March. Where no provider says it, it moved when we learned of
it. Of several words that it did:

1. The most trusted of those that tell a time that can be says when; of operators' notes the last
   one, for it replaces those before it.
2. Of several as trusted, the earliest time.
3. Where none tells one, when the first of them was recorded.

The trick: all three are a least or a greatest of a set. So words can be heard in any order and end
at the same time, though each is heard once and forgotten (`hear`).

A time can be if it lies between when the payment was asked for and when the word was recorded, give
or take `CLOCKS_APART_MAX`. Another one is kept in the log as it was told, and says nothing here: a
provider's clock that is a year off would take a payment out of its month, and nobody would look.
"""

from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import Column, ColumnElement

from ledger.evidence import Evidence, Trust, Word, number_of
from projections.tables import read_stamp, stamp

CLOCKS_APART_MAX: Final = timedelta(minutes=5)
"""How far a provider's clock may be from ours, either way."""


class Moved(NamedTuple):
    """When a payment's money moved, as far as words told it."""

    at: str
    """As a stamp."""
    trust: int
    """Of the word that told the time, and the number of a note beside it; `Trust.NONE`: it is when
    we learned of it."""


def hear(
    moved: Moved | None, word: Evidence, *, requested_at: str, recorded_at: str
) -> Moved | None:
    """Say when money moved once another word is known.

    Args:
        moved: what was known before; None: no word that it did.
        word: what is said now.
        requested_at: when the payment was asked for, as a stamp.
        recorded_at: when the word was recorded, as a stamp.
    """
    if word.word is not Word.SUCCEEDED:
        return moved
    heard = Moved(recorded_at, Trust.NONE)
    if word.occurred_at is not None and _can_be(word.occurred_at, requested_at, recorded_at):
        heard = Moved(stamp(word.occurred_at), word.trust + number_of(word.note))
    if moved is None or heard.trust > moved.trust:
        return heard
    return min(moved, heard) if heard.trust == moved.trust else moved


def _can_be(occurred_at: datetime, requested_at: str, recorded_at: str) -> bool:
    # Differences, for at either end of the calendar there is no time five minutes away.
    return (
        read_stamp(requested_at) - occurred_at <= CLOCKS_APART_MAX
        and occurred_at - read_stamp(recorded_at) <= CLOCKS_APART_MAX
    )


class Effective(NamedTuple):
    """A span of time in which money moved; None: without that end."""

    since: datetime | None = None
    """Then or later."""
    before: datetime | None = None
    """Earlier than that."""

    @property
    def is_nothing(self) -> bool:
        """Whether no time can lie in it."""
        return self.since is not None and self.before is not None and self.since >= self.before

    def has(self, moved_at: datetime | None) -> bool:
        """Whether a movement lies in the span; what did not move does not."""
        return (
            moved_at is not None
            and (self.since is None or moved_at >= self.since)
            and (self.before is None or moved_at < self.before)
        )

    def holds(self, column: "Column[Any]") -> list[ColumnElement[bool]]:
        """The same, of a column of stamps."""
        wanted: list[ColumnElement[bool]] = [column.is_not(None)]
        if self.since is not None:
            wanted.append(column >= stamp(self.since))
        if self.before is not None:
            wanted.append(column < stamp(self.before))
        return wanted


ALWAYS: Final = Effective()
"""Whatever moved, and what did not."""
