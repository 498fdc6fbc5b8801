"""The tree's stored side: tiles read from tables, and the appender's state made from them.

Only complete tiles are stored. A tile that is still filling is made when it is asked for: at level
0 from the leaf hashes in the log, above from the roots of the complete tiles below it (at most
255 of them). So nothing stored ever has to be changed, and a log of any size is opened by reading
at most 255 rows per level.
"""

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.merkle import HASH_BYTES, TILE_WIDTH, TreeBuilder
from ledger.sql_database import Database
from ledger.sql_schema import log, tiles
from ledger.sql_strays import read_head

LEAVES_READ_MAX: Final = 10_000
"""How many leaves of another process's appends are read at a time."""


async def read_tile(
    connection: AsyncConnection, level: int, index: int, size: int | None = None
) -> list[bytes]:
    """The hashes of a tile in a tree of a size (as last committed, if none is given)."""
    if size is None:
        size = (await read_head(connection)).size
    width = min(max(size // TILE_WIDTH**level - index * TILE_WIDTH, 0), TILE_WIDTH)
    query = sa.select(tiles.c.hashes).where(tiles.c.level == level, tiles.c.index == index)
    stored = (await connection.execute(query)).scalar_one_or_none()
    if stored is not None or width == TILE_WIDTH:
        return _parts(stored or b"")
    if width == 0:
        return []
    start = index * TILE_WIDTH
    if level == 0:
        found = await connection.execute(
            sa.select(log.c.leaf)
            .where(log.c.position > start, log.c.position <= start + width)
            .order_by(log.c.position)
        )
        return [row[0] for row in found]
    found = await connection.execute(
        sa.select(tiles.c.hashes)
        .where(tiles.c.level == level - 1)
        .where(tiles.c.index >= start, tiles.c.index < start + width)
        .order_by(tiles.c.index)
    )
    return [_root(_parts(row[0])) for row in found]


async def catch_up(database: Database, tree: TreeBuilder | None, size: int) -> TreeBuilder:
    """Bring the appender's state to the committed size; called under the writers' lock.

    The state that is given is left as it is.
    """
    async with database.read() as connection:
        if tree is None or tree.size > size:
            levels: list[Sequence[bytes]] = []
            while size >= TILE_WIDTH ** len(levels):
                level = len(levels)
                index = size // TILE_WIDTH ** (level + 1)
                levels.append(await read_tile(connection, level, index, size))
            return TreeBuilder(size, levels)
        tree = tree.copy()
        while tree.size < size:
            end = min(tree.size + LEAVES_READ_MAX, size)
            found = await connection.execute(
                sa.select(log.c.leaf)
                .where(log.c.position > tree.size, log.c.position <= end)
                .order_by(log.c.position)
            )
            tree.extend([row[0] for row in found])
            if tree.size != end:
                raise ValueError(f"the log has fewer entries than its head says: {size}")
        return tree


def _parts(hashes: object) -> list[bytes]:
    if not isinstance(hashes, bytes):  # a file may hold anything: it is none of a tile's hashes
        return []
    return [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]


def _root(hashes: Sequence[bytes]) -> bytes:
    tree = TreeBuilder()
    tree.extend(hashes)
    return tree.root()
