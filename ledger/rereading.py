"""Rereading: old entries read again, tile by tile, and held against all that is stored beside them.

What `ledger.verify` does in one pass, done in steps small enough to run beside a server for ever:
a round begins at position 1, computes the tree from the entries as they lie there now, and may be
put down after any step and taken up again, by another process too (`saved`, `Round.saved`).

Every step checks one tile's entries: positions, canonical form, columns, leaf hashes, the order of
versions; and every tile that became complete against the stored one. On the way the root is held
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
    page, bad = await _read(store, start, until - start)
    if bad is None:
        bad = _first_bad(page, start, until - start)
    misplaced = None
    if bad is None or bad.position > start + 1:
        last = until if bad is None else bad.position - 1
        misplaced, unread = await _misplaced(store, start, last)
        bad = unread or bad
    if misplaced is not None:
        version = page[misplaced - start - 1].version
        reason = f"version {version} does not follow its stream's version before it"
        return Mismatch(misplaced, reason, "version")
    if bad is not None:
        return bad
    for tile in tree.extend([row.leaf for row in page]):
        if (wrong := await _wrong_tile(store, tile)) is not None:
            return wrong
    root, of = going.roots.get(tree.size, (None, ""))
    if root is not None and tree.root() != root:
        return Mismatch(tree.size, _REWRITTEN, of)
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


async def _wrong_tile(store: EventStore, tile: Tile) -> Mismatch | None:
    try:
        stored = await store.tile(tile.level, tile.index)
    except (CorruptLogError, TypeError, ValueError):
        stored = []
    if tuple(stored) == tuple(tile.hashes):
        return None
    pairs = enumerate(zip(tile.hashes, stored, strict=False))
    least = min(len(tile.hashes), len(stored))
    first = next((number for number, pair in pairs if pair[0] != pair[1]), least)
    position = (tile.index * TILE_WIDTH + first) * TILE_WIDTH**tile.level + 1
    reason = f"tile {tile.level}/{tile.index} is not the one that the entries make"
    return Mismatch(position, reason, "tile")


def _hashes(raw: bytes) -> list[bytes]:
    return [raw[at : at + HASH_BYTES] for at in range(0, len(raw), HASH_BYTES)]


def _text(raw: bytes) -> str:
    return b64encode(raw).decode()
