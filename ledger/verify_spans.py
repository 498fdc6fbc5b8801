"""A span of the log, verified by a process of its own: 65,536 entries, their hashes and tiles.

A span begins where a tile of level 1 does, so that everything below that level is inside it. What
is found is handed back as the roots of its tiles: whoever puts the spans together knows what stands
left of each, and compares the tiles above and the root.

It says only whether everything is plainly right. What is wrong, and where first, is found by
reading the span again page by page (`ledger.verify_pages`), which takes its time: so this here has
one answer for all that is not as it must be, and cannot disagree about its words.
"""

import hashlib
from collections.abc import Sequence
from contextlib import closing
from typing import Final, NamedTuple

from ledger.entry import check_entry
from ledger.errors import CorruptLogError, LedgerError
from ledger.merkle import TILE_WIDTH, Tile, TreeBuilder
from ledger.scan import LogScan, ScannedRow, Scanner
from ledger.verify_keys import needed
from ledger.verify_notes import NOTED, Claim, Notes
from ledger.verify_order import PLACE, Secret, sum_of

SPAN: Final = TILE_WIDTH**2
"""How many entries a span has."""


class Span(NamedTuple):
    """What is to be looked at."""

    start: int
    """The position before its first one: a multiple of `SPAN`."""
    end: int
    """Its last position."""
    stop: int | None
    """A size inside it (or its end) at which the root is wanted."""


class Seen(NamedTuple):
    """What was found in a span."""

    span: Span
    is_plain: bool
    """Whether all of it is plainly right; if not, nothing else here means anything."""
    tile_roots: tuple[bytes, ...] = ()
    """The roots of its complete tiles of level 0."""
    rest: tuple[bytes, ...] = ()
    """The leaves after them."""
    roots: tuple[tuple[int, bytes], ...] = ()
    """(size, root of the span's own entries up to it), for `stop` and the claims that end here."""
    claims: tuple[Claim, ...] = ()
    checkpoints: int = 0
    cosignatures: int = 0
    places_sum: int = 0
    """Of the places as the rows say them."""
    lacking: tuple[int, ...] = ()
    """The positions of entries whose data key is not there, where that was asked."""


def look_at_span(
    scan: LogScan, span: Span, notes: Notes, secret: Secret, *, with_keys: bool = False
) -> Seen:
    """Read a span and check everything about it that it can tell by itself.

    Data keys are looked for `with_keys` alone: whoever reads a log only for its hashes has no use
    for them.
    """
    try:
        with closing(scan.open()) as scanner:
            return _Look(span, notes, secret, with_keys=with_keys).at(scanner)
    except (LedgerError, TypeError, ValueError, AttributeError):
        # Values of other types than ours fail wherever they come first.
        return Seen(span, is_plain=False)


class _Look:
    def __init__(self, span: Span, notes: Notes, secret: Secret, *, with_keys: bool) -> None:
        self._with_keys = with_keys
        self._span, self._notes, self._secret = span, notes, secret
        self._tree = TreeBuilder()
        self._roots: dict[int, bytes] = {}
        self._claims: list[Claim] = []
        self._tile_roots: tuple[bytes, ...] = ()
        self._tiles: dict[int, bytes] = {}

    def at(self, scanner: Scanner) -> Seen:
        span, notes = self._span, self._notes
        self._tiles = scanner.tiles(span.start // TILE_WIDTH, span.end // TILE_WIDTH)
        total = 0
        lacking: list[int] = []
        for rows in scanner.rows(span.start, span.end):
            leaves = self._check(rows)
            self._extend(leaves)
            total += sum_of(map(PLACE, rows), self._secret)
            if self._with_keys:
                keys = needed((row[2], row[3], row[4]) for row in rows)
                lacking += sorted({keys[one] for one in scanner.absent([*keys])} if keys else ())
        if self._tree.size != span.end - span.start:
            raise CorruptLogError(span.start + self._tree.size + 1, "the entry is missing")
        return Seen(
            span,
            is_plain=True,
            tile_roots=self._tile_roots or tuple(self._tree.filling(1)),
            rest=tuple(self._tree.filling(0)),
            roots=tuple(self._roots.items()),
            claims=tuple(self._claims),
            checkpoints=notes.checkpoints,
            cosignatures=notes.cosignatures,
            places_sum=total,
            lacking=tuple(lacking),
        )

    def _check(self, rows: Sequence[ScannedRow]) -> list[bytes]:
        """Check the rows one by one; their leaves."""
        expected = self._span.start + self._tree.size
        leaves = []
        sha256 = hashlib.sha256
        for stream, version, position, kind, entry, leaf in rows:
            expected += 1
            if position != expected:
                raise CorruptLogError(expected, "the entry is missing")
            check_entry(entry, position, stream, version, kind)
            if sha256(b"\x00" + entry).digest() != leaf:
                raise CorruptLogError(position, "it has another hash")
            leaves.append(leaf)
            if kind in NOTED:
                claim = self._notes.see(stream, position, entry)
                if claim is not None:
                    self._claims.append(claim)
        return leaves

    def _extend(self, leaves: Sequence[bytes]) -> None:
        """Add leaves; on the way, take the root at the sizes where it is wanted."""
        tree, start = self._tree, self._span.start
        first, done = tree.size, 0
        wanted = {one.size - start for one in self._claims}
        if self._span.stop is not None:
            wanted.add(self._span.stop - start)
        for size in sorted(size for size in wanted if first < size <= first + len(leaves)):
            self._compare(tree.extend(leaves[done : size - first]))
            done = size - first
            self._roots[start + size] = tree.root()
        self._compare(tree.extend(leaves[done:]))

    def _compare(self, tiles: Sequence[Tile]) -> None:
        for level, index, hashes in ((one.level, one.index, one.hashes) for one in tiles):
            if level == 0:
                index += self._span.start // TILE_WIDTH
                if self._tiles.get(index) != b"".join(hashes):
                    raise CorruptLogError(index * TILE_WIDTH + 1, "the tile is another one")
            elif level == 1:
                self._tile_roots = hashes
