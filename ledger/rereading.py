"""Rereading: old entries read again, tile by tile, and held against all that is stored beside them.

What `ledger.verify` does in one pass, done in steps small enough to run beside a server for ever:
a round begins at position 1, computes the tree from the entries as they lie there now, and may be
put down after any step and taken up again, by another process too (`saved`, `Round.saved`).

Every step checks one tile's entries: positions, canonical form, columns, leaf hashes, the order of
versions; and every tile that became complete against the stored one, or as far as there are entries
before one that is bad: the first position that is wrong is named. On the way the root is held
against those that were seen before: of the last checkpoint, of the head as it was when the round
began, and of the round before this one. So what was rewritten between two rounds is found even
where leaf, tiles and head were all made anew.

What it does not find: what a copy shows that was rolled back before this one ever saw more. That is
for witnesses.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from ledger.entry import check_entry
from ledger.errors import CorruptLogError
from ledger.merkle import HASH_BYTES, TILE_WIDTH, Tile, TreeBuilder, leaf_hash
from ledger.proving import first_denied
from ledger.store import EventStore, RawEntry, TreeHead, first_misplaced

LEVELS_MAX: Final = 8
"""More levels has no tree that fits into 64 bits of positions."""

Saved = dict[str, Any]
"""A round that was put down, as JSON can hold it."""


class Mismatch(NamedTuple):
    """The first thing that is not as it was recorded."""

    position: int
    reason: str
    what: str
    """`entry`, `version`, `tile`, `head` or `checkpoint`."""


@dataclass(slots=True)
class Round:
    """A round under way.

    Args:
        size: how many entries it will read.
        roots: size -> (root, what it is the root of), for sizes at which the root was seen.
        tree: what was computed from the entries so far.
    """

    size: int
    roots: Mapping[int, tuple[bytes, str]]
    tree: TreeBuilder = field(default_factory=TreeBuilder)

    @property
    def is_over(self) -> bool:
        """Whether everything was read."""
        return self.tree.size >= self.size

    def saved(self) -> Saved:
        """Put it down."""
        levels = [self.tree.filling(level) for level in range(LEVELS_MAX)]
        while levels and not levels[-1]:
            levels.pop()
        return {
            "size": self.size,
            "roots": {str(size): [_text(root), of] for size, (root, of) in self.roots.items()},
            "read": self.tree.size,
            "levels": [_text(b"".join(hashes)) for hashes in levels],
        }

    @classmethod
    def taken_up(cls, saved: Saved) -> "Round":
        """Take one up that was put down."""
        levels = [_hashes(b64decode(one)) for one in saved["levels"]]
        return cls(
            saved["size"],
            {int(size): (b64decode(root), of) for size, (root, of) in saved["roots"].items()},
            TreeBuilder(saved["read"], levels),
        )


async def begin(
    store: EventStore, *, checkpoint: TreeHead | None, seen: TreeHead | None
) -> Round | Mismatch:
    """Begin a round that ends where the log ends now.

    Args:
        store: the log.
        checkpoint: the last one.
        seen: what the round before this one came to.
    """
    head = await store.head()
    roots: dict[int, tuple[bytes, str]] = {head.size: (head.root, "head")}
    for known, of in ((seen, "head"), (checkpoint, "checkpoint")):
        if known is None:
            continue
        if known.size > head.size:
            reason = f"the log ends here, but it had {known.size} entries before"
            return Mismatch(head.size + 1, reason, of)
        if known.size == head.size and known.root != head.root:
            return Mismatch(known.size, _REWRITTEN, of)
        roots.setdefault(known.size, (known.root, of))
    return Round(head.size, roots)


_REWRITTEN: Final = "at or before it, history was rewritten: the root is another than was seen"


async def step(store: EventStore, going: Round) -> Mismatch | None:
    """Read a round's next entries, at most a tile's; the first mismatch there is."""
    tree = going.tree
    start = tree.size
    stops = [size for size in going.roots if size > start]
    until = min(start + TILE_WIDTH - start % TILE_WIDTH, going.size, *stops)
    page, unread = await _read(store, start, until - start)
    limit = until - start if unread is None else len(page)
    bad = _first_bad(page, start, limit) or unread
    misplaced = None
    if bad is None or bad.position > start + 1:
        last = until if bad is None else bad.position - 1
        misplaced, unread = await _misplaced(store, start, last)
        bad = unread or bad
    if misplaced is not None:
        version = page[misplaced - start - 1].version
        reason = f"version {version} does not follow its stream's version before it"
        bad = Mismatch(misplaced, reason, "version")
    if bad is not None:
        leaves = [row.leaf for row in page[: bad.position - 1 - start]]
        # An entry that was rewritten with its leaf is denied by its tile alone, and may be earlier.
        return await _first_wrong(store, _filling(tree, leaves), is_filling=True) or bad
    tiles = tree.extend([row.leaf for row in page])
    if (wrong := await _first_wrong(store, tiles)) is not None:
        return wrong
    root, of = going.roots.get(tree.size, (None, ""))
    if root is not None and tree.root() != root:
        denied = await _first_wrong(store, _filling(tree, ()), is_filling=True)
        return denied or Mismatch(tree.size, _REWRITTEN, of)
    return None


async def _read(
    store: EventStore, start: int, limit: int
) -> tuple[list[RawEntry], Mismatch | None]:
    """The next rows; where the database cannot even read its file, those before, and where."""
    try:
        return await store.read_raw(start, limit), None
    except (CorruptLogError, TypeError, ValueError):
        rows: list[RawEntry] = []
    for position in range(start, start + limit):
        try:
            rows += await store.read_raw(position, 1)
        except (CorruptLogError, TypeError, ValueError) as error:
            reason = error.reason if isinstance(error, CorruptLogError) else type(error).__name__
            return rows, Mismatch(position + 1, f"it cannot be read: {reason}", "entry")
    return rows, None


async def _misplaced(
    store: EventStore, start: int, last: int
) -> tuple[int | None, Mismatch | None]:
    """The first entry out of its stream's order; or where the database cannot even tell."""
    try:
        return await first_misplaced(store, start, last), None
    except (CorruptLogError, TypeError, ValueError):
        pass
    for position in range(start + 1, last + 1):
        try:
            if await store.misplaced(position - 1, position) is not None:
                return position, None
        except (CorruptLogError, TypeError, ValueError) as error:
            reason = error.reason if isinstance(error, CorruptLogError) else type(error).__name__
            return None, Mismatch(position, f"its stream cannot be read: {reason}", "version")
    return None, None


def _first_bad(page: Sequence[RawEntry], start: int, limit: int) -> Mismatch | None:
    position = start
    for row in page:
        position += 1
        if row.position != position:
            reason = f"the entry is missing; the next one is {row.position}"
            return Mismatch(position, reason, "entry")
        try:
            check_entry(row.entry, row.position, row.stream, row.version, row.type)
        except CorruptLogError as error:
            return Mismatch(position, error.reason, "entry")
        if leaf_hash(row.entry) != row.leaf:
            reason = "the entry is not the one whose hash was stored with it"
            return Mismatch(position, reason, "entry")
    if position < start + limit:
        return Mismatch(position + 1, "the entry is missing", "entry")
    return None


def _filling(tree: TreeBuilder, leaves: Sequence[bytes]) -> list[Tile]:
    """The tiles that are not complete, with leaves that complete none, as far as they go."""
    level, count = 0, tree.size
    tiles = [Tile(0, count // TILE_WIDTH, (*tree.filling(0), *leaves))]
    while count := count // TILE_WIDTH:
        level += 1
        tiles.append(Tile(level, count // TILE_WIDTH, tuple(tree.filling(level))))
    return tiles


async def _first_wrong(
    store: EventStore, tiles: Sequence[Tile], *, is_filling: bool = False
) -> Mismatch | None:
    """What is first denied by stored tiles of computed ones; those stand lower levels first."""
    found: list[Mismatch] = []
    for tile in tiles:
        try:
            stored = await store.tile(tile.level, tile.index)
        except (CorruptLogError, TypeError, ValueError):
            if is_filling:
                continue  # it cannot be read for what was found already
            stored = []
        if is_filling:
            stored = stored[: len(tile.hashes)]
        position = first_denied(tile, stored, [one.position for one in found])
        if position is not None:
            reason = f"tile {tile.level}/{tile.index} is not the one that the entries make"
            found.append(Mismatch(position, reason, "tile"))
    return min(found, key=lambda one: one.position, default=None)


def _hashes(raw: bytes) -> list[bytes]:
    return [raw[at : at + HASH_BYTES] for at in range(0, len(raw), HASH_BYTES)]


def _text(raw: bytes) -> str:
    return b64encode(raw).decode()
