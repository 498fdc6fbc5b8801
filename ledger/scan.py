"""Scans: how a process of its own reads the whole log, in order and without anybody's help.

A store is asked by its event loop; a verification of millions of entries wants every core instead.
So a store can give a `LogScan`: a small value that is handed to other processes, which open it for
themselves and read synchronously, in big steps, as the rows are found.

What is read by position is the rows themselves. What is read by stream comes from wherever the
database keeps streams in order, which may be an index that says something else than the rows:
`ledger.verify_order` compares.
"""

from collections.abc import Iterator, Sequence
from typing import Final, Protocol

ROWS_PER_STEP: Final = 1024
"""How many rows are in memory at once."""

ScannedRow = tuple[str, int, int, str, bytes, bytes]
"""(stream, version, position, type, entry, leaf)."""

ScannedPlace = tuple[str, int, int]
"""(stream, version, position)."""


class Scanner(Protocol):
    """An open scan; used by one thread. Raises the ledger's errors."""

    def rows(self, after: int, until: int) -> Iterator[Sequence[ScannedRow]]:
        """The rows after a position and up to another, by position, at most a step at a time."""

    def tiles(self, first: int, end: int) -> dict[int, bytes]:
        """The stored tiles of level 0 with an index from `first` to below `end`."""

    def places(
        self, low: str | None, high: str | None, after: int, until: int
    ) -> Iterator[Sequence[ScannedPlace]]:
        """The places after a position and up to another, by stream and version.

        Args:
            low: the first stream; None for the first there is.
            high: the stream before which to stop; None for none.
            after: the position after which they stand.
            until: the last position.
        """

    def absent(self, key_ids: Sequence[str]) -> set[str]:
        """Of the ids of data keys those that no key has; as many as a step's entries may need."""

    def close(self) -> None:
        """Let go of the connection."""


class LogScan(Protocol):
    """A way to read the log that can be handed to another process."""

    def open(self) -> Scanner:
        """Open a connection of one's own."""
