"""The log verified page by page, through the store: slow, and exact about what is wrong where.

Every page is read, its entries are checked, the store is asked about the order of versions, the
tiles that became complete are compared, and what the log says of itself is held to its entries. The
first thing that is wrong is named: where reading ends at an entry, everything stored of those
before it is compared too, the tiles that are not complete by then as far as they go.

What the log says of itself is judged by hashes computed here from entries, and by stored tiles only
after they were found to be the same. A note would else be blamed for a tile that is not yet read.

Pages begin at fixed positions, wherever reading begins: so the same log is judged in the same steps
by whoever reads all of it and by whoever reads only the span in which something is wrong.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Final

from ledger.entry import check_entry
from ledger.errors import CorruptLogError
from ledger.merkle import TILE_WIDTH, Tile, TreeBuilder, leaf_hash, root_at
from ledger.proving import first_denied, from_tiles, root_of
from ledger.store import PAGE_MAX, EventStore, RawEntry, TreeHead, first_misplaced
from ledger.verify_keys import Lacking, needed
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
        lacking: told where a data key is not there; without it none is looked for.
    """

    def __init__(
        self,
        store: EventStore,
        notes: Notes,
        checkpoint: TreeHead | None,
        lacking: Lacking | None = None,
    ) -> None:
        self.tree = TreeBuilder()
        self._lacking = lacking
        self.notes = notes
        self._store, self._checkpoint = store, checkpoint
        self._completed: list[Tile] = []
        """The tiles that became complete at last, as they were computed."""
        self._vouched = 0
        """The largest size at which the root is one that the log or the checkpoint states."""
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
            try:
                await self._verify(until - tree.size)
                if tree.size == self.stop:
                    self._compare_checkpoint(tree.root())
                    self._vouched = max(self._vouched, tree.size)
            except CorruptLogError as error:
                raise await self._with_doubt(await self._first(error)) from error
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
        self._completed = [*tree.graft(1, seen.tile_roots), *tree.extend(seen.rest)]
        wrong = await self._wrong_tiles(self._completed)
        if wrong:
            raise await self._first(*wrong)
        self._vouched = max([self._vouched, *roots])
        if self._lacking is not None:
            await self._lacking(seen.lacking)
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
            misplaced = await first_misplaced(self._store, start, until)
        except (CorruptLogError, TypeError, ValueError) as error:
            if limit > 1:  # the database cannot even read its file here: find where
                await self._verify(limit // 2)
                await self._verify(limit - limit // 2)
                return
            reason = error.reason if isinstance(error, CorruptLogError) else str(error)
            raise CorruptLogError(start + 1, f"it cannot be read: {reason}") from error
        if misplaced is not None:
            version = page[misplaced - start - 1].version
            bad = CorruptLogError(
                misplaced, f"version {version} does not follow its stream's version before it"
            )
        # What stands before it may be wrong in another way, and earlier.
        await self._add(page if bad is None else page[: bad.position - 1 - start])
        if bad is not None:
            raise bad

    async def _add(self, page: Sequence[RawEntry]) -> None:
        tree, start = self.tree, self.tree.size
        leaves = [row.leaf for row in page]
        claims, wrong = self._claims(page)
        roots = {start: tree.root()}
        self._completed = []
        done = 0
        sizes = sorted({one.size for one in claims if start < one.size <= start + len(page)})
        for size in [*sizes, start + len(page)]:
            self._completed += tree.extend(leaves[done : size - start])
            done = size - start
            roots[size] = tree.root()
        wrong += await self._wrong_tiles(self._completed)
        for claim in claims:
            if claim.root != (roots.get(claim.size) or await self._root_of(claim.size)):
                wrong.append(refuted(claim))
        if wrong:
            raise _earliest(wrong)
        self._vouched = max([self._vouched, *(claim.size for claim in claims)])
        if self._lacking is not None:
            keys = needed((row.position, row.type, row.entry) for row in page)
            ids, there = [*keys], set[str]()
            for first in range(0, len(ids), PAGE_MAX):
                there |= {*await self._store.data_keys(ids[first : first + PAGE_MAX])}
            await self._lacking(sorted({at for one, at in keys.items() if one not in there}))

    def _claims(self, page: Sequence[RawEntry]) -> tuple[list[Claim], list[CorruptLogError]]:
        """The roots that a page's entries claim, up to the first one that is not proved."""
        claims: list[Claim] = []
        for row in page:
            if row.type not in NOTED:
                continue
            try:
                claim = self.notes.see(row.stream, row.position, row.entry)
            except CorruptLogError as error:
                return claims, [error]
            if claim is not None:
                claims.append(claim)
        return claims, []

    async def _root_of(self, size: int) -> bytes:
        """The root at a size that was passed, as the entries make it."""
        computed = {(tile.level, tile.index): tile.hashes for tile in self._computed()}

        async def fetch(level: int, index: int) -> Sequence[bytes]:
            # All other tiles that were passed are stored as they were computed.
            return computed.get((level, index)) or await self._store.tile(level, index)

        return await from_tiles(lambda tile: root_at(size, tile), fetch)

    async def _wrong_tiles(self, tiles: Sequence[Tile]) -> list[CorruptLogError]:
        """What complete tiles are not stored as they were computed."""
        wrong: list[CorruptLogError] = []
        for tile in tiles:
            wrong += _denied(tile, await self._store.tile(tile.level, tile.index), wrong)
        return wrong

    async def _first(self, *found: CorruptLogError) -> CorruptLogError:
        """Of what was found and of what is stored of the entries before it, the earliest."""
        wrong: list[CorruptLogError] = []
        for tile in sorted(self._computed(), key=lambda one: one.level):
            with suppress(CorruptLogError, TypeError, ValueError):
                # For what was found it may be that this cannot be read either.
                stored = await self._store.tile(tile.level, tile.index)
                wrong += _denied(tile, stored[: len(tile.hashes)], wrong)
        return _earliest([*found, *wrong])

    async def _with_doubt(self, found: CorruptLogError) -> CorruptLogError:
        """Say so where an entry before what was found may be wrong, and nothing can tell which.

        In the tile that is still filling, an entry that was rewritten with the hash beside it is
        denied by the head's root alone, which says that something is wrong and not where.
        """
        head = await self._store.head()
        since = max(head.size - head.size % TILE_WIDTH, self._vouched) + 1
        if not since < found.position <= head.size:
            return found
        with suppress(CorruptLogError, LookupError, TypeError, ValueError):
            root = await root_of(self._store, head.size)
            if root == head.root or await self._store.head() != head:
                return found
        return CorruptLogError(
            found.position,
            f"{found.reason}; from position {since} on another may be wrong too: the hashes "
            "stored there do not make the root that the head states",
        )

    def _computed(self) -> list[Tile]:
        """What is known here of tiles: those that became complete at last, those that fill."""
        return [*self._completed, *self._filling()]

    def _filling(self) -> Iterator[Tile]:
        """The tiles that are not complete, as far as they go."""
        level, count = 0, self.tree.size
        while count:
            yield Tile(level, count // TILE_WIDTH, tuple(self.tree.filling(level)))
            level, count = level + 1, count // TILE_WIDTH

    async def verify_end(self, head: TreeHead) -> None:
        """Compare what is still filling, the root, and that nothing stands beyond the end."""
        store, tree = self._store, self.tree
        wrong: list[CorruptLogError] = []
        for tile in self._filling():
            stored = await store.tile(tile.level, tile.index)
            # A server that writes beside us may have added to the tile, but not changed it.
            if len(stored) > len(tile.hashes) and (await store.head()).size > head.size:
                stored = stored[: len(tile.hashes)]
            wrong += _denied(tile, stored, wrong)
        if wrong:
            raise _earliest(wrong)
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


def _earliest(found: Sequence[CorruptLogError]) -> CorruptLogError:
    """The first position; of several things wrong there, what was found first."""
    return min(found, key=lambda error: error.position)


def _denied(
    tile: Tile, stored: Sequence[bytes], wrong: Sequence[CorruptLogError]
) -> list[CorruptLogError]:
    """What a stored tile denies first, if it denies anything that others do not deny already."""
    position = first_denied(tile, stored, [one.position for one in wrong])
    if position is None:
        return []
    reason = f"tile {tile.level}/{tile.index} is not the one that the entries make"
    return [CorruptLogError(position, reason)]
