"""Verification: the whole log read again, every rule of it checked, nothing believed.

One pass from position 1 to the size that the head states, in pages, so memory stays flat however
long the log is. In order, per entry and per tile:

1. positions follow one another without a gap;
2. the entry is canonical JSON and says what the columns beside it say;
3. the leaf hash beside it is the hash of its bytes;
4. its version is unique in its stream and follows the version before it, at a lower position;
5. every stored tile is the tile computed from the entries, complete ones and no others;
6. the head is the size and root computed from the entries, and nothing stands beyond it, before
   the first position, or anywhere else where no log has anything;
7. at the size of a checkpoint saved earlier, the root is the checkpoint's.

What this proves: a change made behind the ledger's back is found unless everything above it was
recomputed too (leaf, tiles, head). Whoever can do that has rewritten history, and only a checkpoint
kept elsewhere tells, which is why `checkpoint` exists: 1-6 find accidents and clumsy hands, 7 finds
the rest, and also that the end was cut off.

Why rule 4 asks the store instead of keeping every stream's version: a dictionary of all streams
grows with the log. The unique index over (stream, version) knows; what a tampered index could hide
is found by rule 2, which reads the rows themselves.

It may run beside a writing server: what is appended after the start is left for the next time.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from ledger.entry import check_entry
from ledger.errors import CorruptLogError
from ledger.merkle import TILE_WIDTH, Tile, TreeBuilder, leaf_hash
from ledger.store import PAGE_MAX, EventStore, RawEntry, TreeHead

PAGE: Final = PAGE_MAX
"""How many entries are in memory at once."""


class Verified(NamedTuple):
    """What was verified: the size and root of the log, computed from its entries alone."""

    size: int
    root: bytes


def _silent(_done: int, _size: int) -> None:
    """The default progress: none."""


async def verify_log(
    store: EventStore,
    *,
    checkpoint: TreeHead | None = None,
    progress: Callable[[int, int], None] = _silent,
) -> Verified:
    """Read and check the whole log.

    Args:
        store: the log; nothing is written to it.
        checkpoint: a size and root that were seen earlier and kept elsewhere.
        progress: called after every page with the entries verified and their whole number.

    Raises:
        CorruptLogError: names the first bad position, and what is wrong there.
        StoreUnavailableError: the database could not be read to its end.
    """
    head = await store.head()
    tree = TreeBuilder()
    stop = min(checkpoint.size, head.size) if checkpoint is not None else 0
    _compare_checkpoint(tree, checkpoint)
    progress(0, head.size)
    while tree.size < head.size:
        # A page ends at the checkpoint, so that the root can be compared at exactly its size.
        until = stop if tree.size < stop else head.size
        await _verify_page(store, tree, min(PAGE, until - tree.size))
        _compare_checkpoint(tree, checkpoint)
        progress(tree.size, head.size)
    await _verify_end(store, tree, head, checkpoint)
    return Verified(tree.size, tree.root())


async def _verify_page(store: EventStore, tree: TreeBuilder, limit: int) -> None:
    start = tree.size
    try:
        page = await store.read_raw(start, limit)
        bad = _first_bad(page, start, limit)
        # An entry out of its stream's order may stand before the one that is bad by itself.
        until = bad.position - 1 if bad else start + limit
        misplaced = await _misplaced(store, start, until)
    except (CorruptLogError, TypeError, ValueError) as error:
        if limit > 1:  # the database cannot even read its file here: find where
            await _verify_page(store, tree, limit // 2)
            await _verify_page(store, tree, limit - limit // 2)
            return
        reason = error.reason if isinstance(error, CorruptLogError) else str(error)
        raise CorruptLogError(start + 1, f"it cannot be read: {reason}") from error
    if misplaced is not None:
        version = page[misplaced - start - 1].version
        raise CorruptLogError(
            misplaced, f"version {version} does not follow its stream's version before it"
        )
    if bad is not None:
        raise bad
    for tile in tree.extend([row.leaf for row in page]):
        await _verify_tile(store, tile)


async def _misplaced(store: EventStore, after: int, until: int) -> int | None:
    position = await store.misplaced(after, until)
    if position is not None and not after < position <= until:
        raise CorruptLogError(0, "the entries are not in the order of their positions")
    return position


def _first_bad(page: Sequence[RawEntry], start: int, limit: int) -> CorruptLogError | None:
    position = start
    try:
        for row in page:
            position += 1
            _verify_entry(row, position)
    except CorruptLogError as error:
        return error
    if position < start + limit:
        return CorruptLogError(position + 1, "the entry is missing")
    return None


def _verify_entry(row: RawEntry, position: int) -> None:
    if row.position != position:
        raise CorruptLogError(position, f"the entry is missing; the next one is {row.position}")
    check_entry(row.entry, row.position, row.stream, row.version, row.type)
    if leaf_hash(row.entry) != row.leaf:
        raise CorruptLogError(position, "the entry is not the one whose hash was stored with it")


async def _verify_tile(store: EventStore, tile: Tile) -> None:
    stored = await store.tile(tile.level, tile.index)
    if tuple(stored) != tuple(tile.hashes):
        raise _wrong_tile(tile.level, tile.index, tile.hashes, stored)


async def _verify_end(
    store: EventStore, tree: TreeBuilder, head: TreeHead, checkpoint: TreeHead | None
) -> None:
    level, count = 0, tree.size
    while count:
        index = count // TILE_WIDTH
        filling = tree.filling(level)
        stored = await store.tile(level, index)
        if stored != filling:
            # A server that writes beside us may have added to the tile, but not changed it.
            has_grown = (await store.head()).size > head.size
            if not has_grown or stored[: len(filling)] != filling:
                raise _wrong_tile(level, index, filling, stored)
        level, count = level + 1, index
    # Not before: whoever cut the end off may have changed something above it too.
    if checkpoint is not None and checkpoint.size > head.size:
        raise CorruptLogError(
            head.size + 1,
            f"the log ends here, but it had {checkpoint.size} entries when the checkpoint was made",
        )
    if tree.root() != head.root:
        raise CorruptLogError(
            tree.size - tree.size % TILE_WIDTH + 1,
            "at or after it, the entries do not make the root that the head states",
        )
    if await store.read_raw(tree.size, 1) and (await store.head()).size == head.size:
        raise CorruptLogError(tree.size + 1, "it stands beyond the end that the head states")
    stray = await store.strays()
    if stray is not None:
        raise CorruptLogError(*stray)


def _wrong_tile(
    level: int, index: int, computed: Sequence[bytes], stored: Sequence[bytes]
) -> CorruptLogError:
    pairs = enumerate(zip(computed, stored, strict=False))
    least = min(len(computed), len(stored))
    first = next((number for number, pair in pairs if pair[0] != pair[1]), least)
    return CorruptLogError(
        (index * TILE_WIDTH + first) * TILE_WIDTH**level + 1,
        f"tile {level}/{index} is not the one that the entries make",
    )


def _compare_checkpoint(tree: TreeBuilder, checkpoint: TreeHead | None) -> None:
    if checkpoint is None or checkpoint.size != tree.size:
        return
    if tree.root() != checkpoint.root:
        raise CorruptLogError(
            checkpoint.size,
            "at or before it, history was rewritten: the root is not the checkpoint's",
        )
