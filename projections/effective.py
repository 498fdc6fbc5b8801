"""Effective time: when money moved, beside when we came to know of it.

A question about the past has two times: what the log had recorded by then (known at: a position),
and which movements are meant (effective: a span of time). "What did we know on 31 March at 18:00
of March's payments" is known at the position the log had then, effective in March.
"""

from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Column, ColumnElement

from projections.tables import stamp


class Effective(NamedTuple):
    """A span of time in which money moved; None: without that end."""

    since: datetime | None = None
    """Then or later."""
    before: datetime | None = None
    """Earlier than that."""

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
