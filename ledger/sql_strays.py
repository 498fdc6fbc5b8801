"""What stands in the log's tables and belongs to no log: read by nobody, and found only here.

Whoever reads the log asks for positions from 1 on, for the tiles of a tree of its size, for the one
head. Rows elsewhere change no answer today, and are the work of somebody else all the same; and an
index with an entry too many gives a stream an event that is not its own.

Why the index is only counted: `misplaced` has seen for every row that the index leads to it, so as
many entries as rows leave none over. SQLite counts a table by its smallest index, which is this.
"""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.errors import CorruptLogError
from ledger.merkle import HASH_BYTES, TILE_WIDTH
from ledger.sql_schema import head, log, tiles
from ledger.store import TreeHead

LEVELS_MAX: Final = 8
"""No log has tiles above: 2**63 entries have eight levels."""


async def read_head(connection: AsyncConnection) -> TreeHead:
    """The size and root as stored.

    Raises:
        CorruptLogError: they are none, or stated twice.
    """
    rows = (await connection.execute(sa.select(head.c.id, head.c.size, head.c.root))).all()
    match [tuple(row) for row in rows]:
        case [(1, int(size), bytes(root))] if size >= 0 and len(root) == HASH_BYTES:
            return TreeHead(size, root)
    raise CorruptLogError(1, "the head, which is one row, does not state a size and a root")


async def find_stray(connection: AsyncConnection) -> tuple[int, str] | None:
    """Find a row that no log has: the position it is about, and what it is."""
    size = (await read_head(connection)).size
    first = (await connection.execute(sa.select(sa.func.min(log.c.position)))).scalar_one()
    if first is not None and first < 1:
        return 1, f"an entry stands before it, at {first}"
    wide = [size // TILE_WIDTH ** (level + 1) for level in range(LEVELS_MAX)]
    counts = sa.case(dict(enumerate(wide)), value=tiles.c.level, else_=0)
    query = (
        sa.select(tiles.c.level, tiles.c.index)
        .where(sa.or_(tiles.c.index < 0, tiles.c.index >= counts))
        .order_by(tiles.c.level, tiles.c.index)
        .limit(1)
    )
    for level, index in await connection.execute(query):
        position = 1
        if level in range(LEVELS_MAX) and isinstance(index, int) and index >= 0:
            position = min(index * TILE_WIDTH ** (level + 1), size) + 1
        return position, f"there is a tile {level}/{index}, which a tree of {size} has not"
    count = (await connection.execute(sa.select(sa.func.count()).select_from(log))).scalar_one()
    if count != size:
        return size + 1, f"there are {count} entries in an index, and {size} in the log"
    return None
