"""Proofs from a store: what the log commits to, shown from its stored tiles.

The trick: which tiles a proof needs depends on sizes alone, never on a hash. So a proof is made
twice: once of nothing, which tells the tiles; then, with those fetched, of the hashes. The pure
functions of `ledger.merkle` stay as they are, and no store is asked one hash at a time.

The tiles of a growing log may be read while it grows: whatever was appended meanwhile only adds to
the right of what is looked at.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from itertools import zip_longest
from typing import Final, TypeVar

from ledger.merkle import (
    HASH_BYTES,
    TILE_WIDTH,
    Tile,
    TileReader,
    consistency_proof,
    inclusion_proof,
    root_at,
)
from ledger.store import EventStore, RawEntry

LEVELS_MAX: Final = 64
"""Tiles have levels 0 to 63 (C2SP tlog-tiles)."""

T = TypeVar("T")

Fetch = Callable[[int, int], Awaitable[Sequence[bytes]]]
"""Gives the hashes of a tile by level and index, as far as there are any."""

_NOTHING: Final = (bytes(HASH_BYTES),) * TILE_WIDTH


async def from_tiles(work: Callable[[TileReader], T], fetch: Fetch) -> T:
    """Do pure work that reads tiles, with tiles that have to be fetched.

    Args:
        work: reads the same tiles whatever their hashes are.
        fetch: gives a tile.
    """
    wanted: dict[tuple[int, int], Sequence[bytes]] = {}

    def note(level: int, index: int) -> Sequence[bytes]:
        wanted[level, index] = ()
        return _NOTHING

    work(note)
    for level, index in wanted:
        wanted[level, index] = await fetch(level, index)
    return work(lambda level, index: wanted[level, index])


def first_denied(tile: Tile, stored: Sequence[bytes], known: Collection[int] = ()) -> int | None:
    """The first position, from 1, that a stored tile denies; None if it denies none.

    Args:
        tile: what was computed.
        stored: what is stored.
        known: positions that tiles below it deny already. Of a tile that is not complete the store
            makes the hashes anew, from those tiles: they say nothing more.
    """
    width: int = TILE_WIDTH**tile.level
    for number, (ours, theirs) in enumerate(zip_longest(tile.hashes, stored)):
        start = (tile.index * TILE_WIDTH + number) * width
        if ours != theirs and not any(start < one <= start + width for one in known):
            return start + 1
    return None


async def prove_inclusion(store: EventStore, position: int, size: int) -> list[bytes]:
    """Show that the entry at a position is in the tree of a size; the leaf's sibling first.

    Raises:
        ValueError: not 1 <= position <= size.
        LookupError: the log is shorter than that.
    """
    return await from_tiles(lambda tile: inclusion_proof(position - 1, size, tile), store.tile)


async def prove_consistency(store: EventStore, old: int, new: int) -> list[bytes]:
    """Show that the tree of one size only added to that of another.

    Raises:
        ValueError: not 0 <= old <= new.
        LookupError: the log is shorter than that.
    """
    return await from_tiles(lambda tile: consistency_proof(old, new, tile), store.tile)


async def root_of(store: EventStore, size: int) -> bytes:
    """The root of the log's first `size` entries.

    Raises:
        LookupError: the log is shorter than that.
    """
    return await from_tiles(lambda tile: root_at(size, tile), store.tile)


async def tile_of(store: EventStore, level: int, index: int, width: int) -> list[bytes] | None:
    """The first `width` hashes of a tile; None if the tree has not so many there."""
    if not 0 <= level < LEVELS_MAX:
        return None
    # Asked of the size first: what lies far beyond it is no number a database could compare.
    size = await store.position()
    if size // TILE_WIDTH**level < index * TILE_WIDTH + width:
        return None
    return (await store.tile(level, index))[:width]


async def entries_of(store: EventStore, index: int, width: int) -> list[RawEntry] | None:
    """The first `width` entries below a tile of level 0; None if there are not so many."""
    start = index * TILE_WIDTH
    if await store.position() < start + width:
        return None
    return await store.read_raw(start, width)
