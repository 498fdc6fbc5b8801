"""What a deed changed, by plain sqlite3: every row read again and compared with the honest one.

It shares nothing with the verifier but the tables' names. Tables are read row by row as they lie
in the file, and once more through their indexes, because the ledger reads streams through one: an
entry that the index hides or misplaces is a change although every row is as it was.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from ledger.merkle import TILE_WIDTH

HASH_BYTES: Final = 32
LEVEL_MAX: Final = 8
"""Above it a tile is beyond every log."""

_ROWS: Final = (
    "SELECT position, stream, version, type, entry, leaf FROM log NOT INDEXED ORDER BY position"
)
_AT: Final = "SELECT position, stream, version, type, entry, leaf FROM log WHERE position = ?"
_NEXT: Final = (
    "SELECT position, stream, version, type, entry, leaf FROM log NOT INDEXED "
    "WHERE position > ? ORDER BY position LIMIT 1"
)
_TILES: Final = 'SELECT level, "index", hashes FROM tiles NOT INDEXED ORDER BY level, "index"'
_HEAD: Final = "SELECT id, size, root FROM head"
_INDEXES: Final = (
    """SELECT stream, version, position FROM log INDEXED BY sqlite_autoindex_log_1
    ORDER BY stream, version""",
    """SELECT level, "index", hashes FROM tiles INDEXED BY sqlite_autoindex_tiles_1
    ORDER BY level, "index" """,
)
Row = tuple[object, ...]


class Changed(NamedTuple):
    """What is not as it was; None and False for what is."""

    row: int | None
    """The first position whose row is another one, or cannot be read, or should not be there."""
    until: int
    """How far a reader from the start may come before it is stopped."""
    claimed: frozenset[int]
    """The earlier positions that rows claim which stand after the first bad one."""
    tile: int | None
    """The first position that a stored tile denies."""
    is_head: bool
    is_index: bool
    """Whether the rows read through an index are others than those of the table."""

    @property
    def is_nothing(self) -> bool:
        """Whether everything that anybody reads is as it was."""
        return self == NOTHING


NOTHING: Final = Changed(None, 0, frozenset(), None, is_head=False, is_index=False)


class Truth:
    """The honest file's rows, with which others are compared."""

    def __init__(self, honest: sqlite3.Connection) -> None:
        self._rows = list(_read(honest, _ROWS))
        self._tiles = list(_read(honest, _TILES))
        self._head = list(_read(honest, _HEAD))
        self._indexes = [list(_read(honest, sql)) for sql in _INDEXES]

    def of(self, connection: sqlite3.Connection) -> Changed:
        """Compare a file."""
        row, until, claimed = self._first_row(connection)
        indexes = [list(_read(connection, sql)) for sql in _INDEXES]
        return Changed(
            row,
            until,
            frozenset(claimed),
            self._first_tile(list(_read(connection, _TILES)), indexes[-1]),
            is_head=not _are_same(list(_read(connection, _HEAD)), self._head),
            is_index=any(not _are_same(*pair) for pair in zip(indexes, self._indexes, strict=True)),
        )

    def torn(self, connection: sqlite3.Connection, changed: Changed) -> set[int]:
        """Where else than at the first bad row a reader may be stopped first.

        If the table's own order is damaged, what is found on the way from the start is not always
        found from the root, and a position may stand twice.
        """
        if changed.row is None:
            return set()
        sought = self._first_sought(connection) or changed.row
        ends = range(min(changed.row, sought), max(changed.until, sought) + 1)
        return {*changed.claimed, *ends}

    def _first_row(self, connection: sqlite3.Connection) -> tuple[int | None, int, set[int]]:
        """The first bad row, how far a reader from the start may come, places claimed twice."""
        first, until, count = None, 0, 0
        claimed: set[int] = set()
        for count, row in enumerate(_read(connection, _ROWS), 1):
            if first is not None:
                claimed |= {row[0]} if isinstance(row[0], int) and 0 < row[0] < first else set()
            elif count > len(self._rows) or not _is_same(row, self._rows[count - 1]):
                # The driver steps ahead: an error of the next row takes the place of this one.
                is_error = row[0] is None
                first = count + 1 if is_error and self._is_honest(connection, count) else count
                until = count + is_error
                claimed |= {row[0]} if isinstance(row[0], int) and 0 < row[0] < first else set()
        if first is None and count < len(self._rows):
            first = until = count + 1
        return first, until, claimed

    def _first_sought(self, connection: sqlite3.Connection) -> int | None:
        for position in range(1, len(self._rows) + 1):
            if not self._is_honest(connection, position):
                return position
        return None

    def _is_honest(self, connection: sqlite3.Connection, position: int) -> bool:
        if position > len(self._rows):
            return False
        honest = [self._rows[position - 1]]
        return all(
            _are_same(list(_read(connection, sql, (at,))), honest)
            for sql, at in ((_NEXT, position - 1), (_AT, position))
        )

    def _first_tile(self, *readings: list[Row]) -> int | None:
        """The first position denied by tiles as they lie in the table, or as the index finds them.

        The ledger reads a tile through the index: one that this hides is as good as gone.
        """
        firsts = [self._first_denied(stored) for stored in readings]
        return min((first for first in firsts if first is not None), default=None)

    def _first_denied(self, stored: list[Row]) -> int | None:
        honest = self._tiles
        if _are_same(stored, honest):
            return None
        firsts = [
            _denied(row, honest) for row in stored if not any(_is_same(row, o) for o in honest)
        ]
        places = [row[:2] for row in stored]
        firsts += [_start(row) for row in honest if row[:2] not in places]
        return min(*firsts, len(self._rows) + 1)


def _denied(row: Row, honest: Sequence[Row]) -> int:
    """The first position below the first hash that is not the honest tile's."""
    for other in honest:
        if row[:2] == other[:2] and isinstance(row[2], bytes) and isinstance(other[2], bytes):
            pairs = zip(_parts(row[2]), _parts(other[2]), strict=False)
            least = min(len(_parts(row[2])), len(_parts(other[2])))
            at = next((n for n, pair in enumerate(pairs) if pair[0] != pair[1]), least)
            return _start(row) + at * _width(row[0])
    return _start(row)


def _width(level: object) -> int:
    """How many leaves are below one hash of a tile."""
    return int(TILE_WIDTH ** int(str(level)))


def _parts(hashes: bytes) -> list[bytes]:
    return [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]


def _start(row: Row) -> int:
    level, index = row[:2]
    if not isinstance(level, int) or not isinstance(index, int):
        return 1
    if not 0 <= level <= LEVEL_MAX or index < 0:
        return 1
    return index * TILE_WIDTH * _width(level) + 1


def _read(
    connection: sqlite3.Connection, sql: str, parameters: Sequence[object] = ()
) -> Iterator[Row]:
    """The rows up to the first one that cannot be read, and in its place None."""
    cursor = connection.cursor()
    try:
        yield from cursor.execute(sql, parameters)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        yield (None, type(error).__name__)
    finally:
        cursor.close()


def _are_same(rows: Sequence[Row], others: Sequence[Row]) -> bool:
    return len(rows) == len(others) and all(map(_is_same, rows, others))


def _is_same(row: Row, other: Row) -> bool:
    """Whether two rows hold the same values of the same kinds: 1 is not 1.0."""
    return row == other and [type(one) for one in row] == [type(one) for one in other]
