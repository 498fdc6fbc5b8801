"""Digests: one number that two copies share only if all their rows are the same.

SHA-256 over the tables in their declared order: for each a line with its name (without the copy's
suffix) and its columns, then one line of JSON per row, ordered by primary key. Text is ordered and
compared byte by byte and times are text, so the same log gives the same digest on SQLite and on
PostgreSQL. Rows are streamed; memory stays flat. `projections.packed` keeps rows as these lines.

Why SQLite writes the lines itself: it does so in less time than it takes to hand over thirty values
one by one, and its JSON of texts, whole numbers and nulls is to the byte what orjson makes of them
(a test compares every character).

The digest stands at one position of the log, and says nothing about leases or indexes.
"""

import hashlib
import time
from collections.abc import Awaitable, Callable, Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple

import msgspec
import orjson
from sqlalchemy import LargeBinary, Row, Select, Table, Text, cast, func, select

from projections.checkpoints import load
from projections.packed import LINE, declared_of, order_of
from projections.projector import Projector

_ROWS_PER_STEP: Final = 1000

_first: Final = itemgetter(0)

_ENCODE: Final = msgspec.json.Encoder().encode_lines
"""Many lines at once take a tenth of the time that they take one by one."""

Pause = Callable[[float], Awaitable[None]]
"""Rests after a step, of which it is told how many seconds it took."""


class Digest(NamedTuple):
    """What a copy's rows amount to, as of a position."""

    position: int
    sha256: str
    """Hexadecimal."""


class Lines(NamedTuple):
    """How the rows of a table become lines of JSON."""

    asked: Select[Any]
    """What is asked of the database; in no order."""
    written: Callable[[Sequence[Row[Any]]], bytes]
    """Makes lines of some rows of the answer."""


def lines_in(table: Table, dialect: str) -> Lines:
    """The way a kind of database is best asked for them."""
    if LINE in table.columns:
        return Lines(select(table.columns[LINE]), _joined)
    if dialect == "sqlite":
        line = func.json_array(*table.columns, type_=Text())
        return Lines(select(cast(line, LargeBinary)), _joined)
    return Lines(select(table), _dumped)


def _joined(rows: Sequence[Row[Any]]) -> bytes:
    return b"\n".join([*map(_first, rows), b""])


def _dumped(rows: Sequence[Row[Any]]) -> bytes:
    return _ENCODE([tuple(row) for row in rows])


async def digest_of(projector: Projector, *, pause: Pause | None = None) -> Digest:
    """Read all rows of a copy as of one position, and hash them.

    Args:
        projector: the copy.
        pause: rests after every thousand rows, where others wait for the processor.
    """
    began = time.monotonic()
    digest = hashlib.sha256()
    async with projector.read() as conn:
        found = await load(conn, [projector.checkpoint])
        for table in projector.tables:
            name = table.name.removesuffix(projector.copy)
            declared = declared_of(table)
            columns = [column.name for column in declared.columns]
            digest.update(orjson.dumps([name, columns], option=orjson.OPT_APPEND_NEWLINE))
            lines = lines_in(table, conn.dialect.name)
            async with conn.stream(lines.asked.order_by(*order_of(table))) as rows:
                async for part in rows.partitions(_ROWS_PER_STEP):
                    digest.update(lines.written(part))
                    if pause is not None:
                        await pause(time.monotonic() - began)
                        began = time.monotonic()
    at = found.get(projector.checkpoint)
    return Digest(at.position if at else 0, digest.hexdigest())
