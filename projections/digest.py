"""Digests: one number that two copies share only if all their rows are the same.

SHA-256 over the tables in their declared order: for each a line with its name (without the copy's
suffix) and its columns, then one line of JSON per row, ordered by primary key. Text is ordered and
compared byte by byte and times are text, so the same log gives the same digest on SQLite and on
PostgreSQL. Rows are streamed; memory stays flat.

The digest stands at one position of the log, and says nothing about leases or indexes.
"""

import hashlib
import time
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

import orjson
from sqlalchemy import select

from projections.checkpoints import load
from projections.projector import Projector

_ROWS_PER_STEP: Final = 1000

Pause = Callable[[float], Awaitable[None]]
"""Rests after a step, of which it is told how many seconds it took."""


class Digest(NamedTuple):
    """What a copy's rows amount to, as of a position."""

    position: int
    sha256: str
    """Hexadecimal."""


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
            columns = [column.name for column in table.columns]
            digest.update(orjson.dumps([name, columns], option=orjson.OPT_APPEND_NEWLINE))
            asked = select(table).order_by(*table.primary_key.columns)
            async with conn.stream(asked) as rows:
                async for part in rows.partitions(_ROWS_PER_STEP):
                    for row in part:
                        digest.update(orjson.dumps(tuple(row), option=orjson.OPT_APPEND_NEWLINE))
                    if pause is not None:
                        await pause(time.monotonic() - began)
                        began = time.monotonic()
    at = found.get(projector.checkpoint)
    return Digest(at.position if at else 0, digest.hexdigest())
