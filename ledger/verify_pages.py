"""The log verified page by page, through the store: slow, and exact about what is wrong where.

Every page is read, its entries are checked, the store is asked about the order of versions, the
tiles that became complete are compared, and what the log says of itself is held to its entries. The
first thing that is wrong is named.

Pages begin at fixed positions, wherever reading begins: so the same log is judged in the same steps
by whoever reads all of it and by whoever reads only the span in which something is wrong.
"""

from collections.abc import Callable, Sequence
from typing import Final

from ledger.entry import check_entry
from ledger.errors import CorruptLogError
from ledger.merkle import TILE_WIDTH, Tile, TreeBuilder, leaf_hash
from ledger.proving import root_of
from ledger.store import PAGE_MAX, EventStore, RawEntry, TreeHead
from ledger.verify_notes import NOTED, Claim, Notes, refuted
from ledger.verify_spans import SPAN, Seen

PAGE: Final = PAGE_MAX
"""How many entries are in memory at once."""

Progress = Callable[[int, int], None]
"""Told the entries verified and their whole number."""


class Pages:
    """What was verified so far: a tree, and what the log said of itself.

    Args:
        store: the log.
        notes: verifies what the log says of itself.
        checkpoint: a size and root that were seen earlier and kept elsewhere.
    """

    def __init__(self, store: EventStore, notes: Notes, checkpoint: TreeHead | None) -> None:
        self.tree = TreeBuilder()
        self.notes = notes
        self._store, self._checkpoint = store, checkpoint
        self.stop = checkpoint.size if checkpoint is not None else 0
        if self.stop == 0:
            self._compare_checkpoint(self.tree.root())

    async def read_until(self, end: int, progress: Progress, size: int) -> None:
        """Read on to a position.

        Raises:
            CorruptLogError: names the first bad position, and what is wrong there.
        """
        tree = self.tree
        while tree.size < end:
            steps = [(tree.size // width + 1) * width for width in (PAGE, SPAN)]
            # A page ends at the checkpoint, so that the root can be compared at exactly its size.
            until = min(end, *steps, *([self.stop] if tree.size < self.stop else []))
            await self._verify(until - tree.size)
            if tree.size == self.stop:
                self._compare_checkpoint(tree.root())
            progress(tree.size, size)

    async def accept(self, seen: Seen) -> bool:
        """Go on by a span that somebody else has read.

        Returns:
            Whether all that it says is so; if not, nothing has changed.

        Raises:
            CorruptLogError: a tile above the span's own is wrong.
        """
        tree = self.tree
        roots = {size: tree.root(root) for size, root in seen.roots}
        for claim in seen.claims:
            if claim.root != (roots.get(claim.size) or await self._root_of(claim.size)):
                return False
        if seen.span.stop is not None and not self._is_checkpoint(roots[seen.span.stop]):
            return False
        completed = tree.graft(1, seen.tile_roots)
        completed += tree.extend(seen.rest)
        for tile in completed:
            await self._verify_tile(tile)
        self.notes.checkpoints += seen.checkpoints
        self.notes.cosignatures += seen.cosignatures
        return True

    async def _verify(self, limit: int) -> None:
        start = self.tree.size
        try:
            page = await self._store.read_raw(start, limit)
            bad = _first_bad(page, start, limit)
            # An entry out of its stream's order may stand before the one that is bad by itself.
            until = bad.position - 1 if bad else start + limit
            misplaced = await _misplaced(self._store, start, until)
        except (CorruptLogError, TypeError, ValueError) as error:
            if limit > 1:  # the database cannot even read its file here: find where
                await self._verify(limit // 2)
                await self._verify(limit - limit // 2)
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
        await self._add(page)

    async def _add(self, page: Sequence[RawEntry]) -> None:
        tree, start = self.tree, self.tree.size
        leaves = [row.leaf for row in page]
        said = [row for row in page if row.type in NOTED]
        claims: list[Claim] = []
        wrong: CorruptLogError | None = None
        for row in said:
            try:
                claim = self.notes.see(row.stream, row.position, row.entry)
            except CorruptLogError as error:
                wrong = error
                break
            if claim is not None:
                claims.append(claim)
        roots = {start: tree.root()}
        done = 0
        sizes = sorted({one.size for one in claims if start < one.size <= start + len(page)})
        for size in [*sizes, start + len(page)]:
            for tile in tree.extend(leaves[done : size - start]):
                await self._verify_tile(tile)
            done = size - start
            roots[size] = tree.root()
        for claim in claims:
            if claim.root != (roots.get(claim.size) or await self._root_of(claim.size)):
                raise refuted(claim)
        if wrong is not None:
            raise wrong

    async def _root_of(self, size: int) -> bytes:
        """The root at a size that was passed: its tiles were all compared."""
        return self.tree.root() if size == self.tree.size else await root_of(self._store, size)

    async def _verify_tile(self, tile: Tile) -> None:
        stored = await self._store.tile(tile.level, tile.index)
        if tuple(stored) != tuple(tile.hashes):
            raise _wrong_tile(tile.level, tile.index, tile.hashes, stored)

    async def verify_end(self, head: TreeHead) -> None:
        """Compare what is still filling, the root, and that nothing stands beyond the end."""
        store, tree = self._store, self.tree
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
        if self._checkpoint is not None and self._checkpoint.size > head.size:
            raise CorruptLogError(
                head.size + 1,
                f"the log ends here, but it had {self._checkpoint.size} entries when the "
                "checkpoint was made",
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

    def _is_checkpoint(self, root: bytes) -> bool:
        return self._checkpoint is None or root == self._checkpoint.root

    def _compare_checkpoint(self, root: bytes) -> None:
        if not self._is_checkpoint(root):
            raise CorruptLogError(
                self.stop,
                "at or before it, history was rewritten: the root is not the checkpoint's",
            )


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
