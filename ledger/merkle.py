"""The Merkle tree over the log: RFC 6962 with SHA-256, leaf = entry bytes, tiles of 256.

The trick: the appender never sees the whole tree. `TreeBuilder` carries, per level of tiles, only
the hashes of the tile that is still filling (at most 255 each); a full tile is handed out to be
stored, and its root moves one level up. From stored tiles any root, inclusion proof and
consistency proof is read back without touching an entry.

A tile at level L, index N holds the roots of 256 consecutive perfect subtrees of 256^L leaves,
numbered as in C2SP tlog-tiles. Proofs are lists of hashes as RFC 6962 section 2.1 defines them.

Why every level also carries a `Frontier` (the roots of the perfect subtrees among its hashes): the
root is wanted after every commit, and from the filling tiles alone it would cost up to 255 hashes a
level each time; from the frontiers it costs a few hashes in all.

It reads and writes nothing: `reader(level, index)` is whatever can give the hashes of a tile.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

TILE_WIDTH: Final = 256
TILE_HEIGHT: Final = 8
HASH_BYTES: Final = 32

_sha256 = hashlib.sha256


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile: 256 hashes, or fewer of one that is not complete."""

    level: int
    index: int
    hashes: tuple[bytes, ...]


TileReader = Callable[[int, int], Sequence[bytes]]
"""Gives the hashes of a tile; fewer than 256 for the last one of its level."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of a leaf: SHA-256(0x00 || entry)."""
    return _sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node: SHA-256(0x01 || left || right)."""
    return _sha256(b"\x01" + left + right).digest()


EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
"""The root of the tree without leaves."""


def _perfect_root(hashes: Sequence[bytes]) -> bytes:
    """The root over a power of two of subtree roots."""
    row = hashes
    while len(row) > 1:
        row = [_sha256(b"\x01" + row[at] + row[at + 1]).digest() for at in range(0, len(row), 2)]
    return row[0]


def _fold(peaks: Sequence[bytes], root: bytes | None) -> bytes | None:
    """The root over adjoining perfect subtrees, largest first, and what stands right of them."""
    for peak in reversed(peaks):
        root = peak if root is None else _sha256(b"\x01" + peak + root).digest()
    return root


def _are_hashes(hashes: Iterable[bytes]) -> bool:
    return all(len(one) == HASH_BYTES for one in hashes)


def _below_or_at(count: int) -> int:
    """The largest power of two that is not above `count`."""
    return 1 << count.bit_length() - 1


def _bits(count: int) -> list[int]:
    """The powers of two that make up a number, largest first."""
    return [1 << bit for bit in range(count.bit_length() - 1, -1, -1) if count >> bit & 1]


class Frontier:
    """A tree of which only the roots of its perfect subtrees are kept.

    Enough to add leaves and to know the root, in any order of the two; too little for proofs.
    """

    __slots__ = ("_peaks", "size")

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        """Start at a size.

        Args:
            size: how many leaves there are.
            peaks: the roots of the perfect subtrees, the largest (leftmost) first.

        Raises:
            ValueError: the peaks do not fit the size.
        """
        if len(peaks) != size.bit_count() or not _are_hashes(peaks):
            raise ValueError(f"a tree of {size} has {size.bit_count()} perfect subtrees")
        self.size = size
        self._peaks = list(peaks)

    @property
    def peaks(self) -> list[bytes]:
        """The roots of the perfect subtrees, the largest first."""
        return list(self._peaks)

    def copy(self) -> "Frontier":
        """The same tree, apart."""
        return Frontier(self.size, self._peaks)

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Add leaf hashes."""
        size, peaks = self.size, self._peaks
        done, end = 0, len(leaves)
        while done < end:
            # The widest perfect subtree that may start here: as wide as what stands to its left
            # allows, and no wider than what is left to add.
            width = _below_or_at(end - done)
            if size:
                width = min(width, size & -size)
            peak = _perfect_root(leaves[done : done + width])
            done += width
            full = width
            while size & full:
                peak = _sha256(b"\x01" + peaks.pop() + peak).digest()
                full <<= 1
            peaks.append(peak)
            size += width
        self.size = size

    def root(self) -> bytes:
        """The root of the tree as it stands."""
        return _fold(self._peaks, None) or EMPTY_ROOT


class TreeBuilder:
    """The appender's state of the tree: the filling tile of every level."""

    __slots__ = ("_frontiers", "_rows", "size")

    def __init__(self, size: int = 0, levels: Iterable[Sequence[bytes]] = ()) -> None:
        """Start at a size.

        Args:
            size: how many leaves there are.
            levels: for every level from 0, the hashes of its filling tile:
                `size // 256**level % 256` of them.

        Raises:
            ValueError: the hashes do not fit the size.
        """
        self.size = size
        self._rows = [list(hashes) for hashes in levels]
        while len(self._rows) < max(_levels_of(size), 1):
            self._rows.append([])
        self._frontiers = []
        for level, hashes in enumerate(self._rows):
            if len(hashes) != size // TILE_WIDTH**level % TILE_WIDTH or not _are_hashes(hashes):
                raise ValueError(f"level {level} of a tree of {size} has {len(hashes)} hashes")
            frontier = Frontier()
            frontier.extend(hashes)
            self._frontiers.append(frontier)

    def copy(self) -> "TreeBuilder":
        """The same state, apart: for trying an append that may be rolled back."""
        twin = TreeBuilder()
        twin.size = self.size
        twin._rows = [list(row) for row in self._rows]
        twin._frontiers = [one.copy() for one in self._frontiers]
        return twin

    def extend(self, leaves: Sequence[bytes]) -> list[Tile]:
        """Add leaf hashes; the tiles that became complete, in the order to store them."""
        return self.graft(0, leaves)

    def graft(self, level: int, hashes: Sequence[bytes]) -> list[Tile]:
        """Add whole subtrees of 256^level leaves by their roots; the tiles that became complete.

        Raises:
            ValueError: a subtree of that width cannot begin where the tree ends.
        """
        width = TILE_WIDTH**level
        if self.size % width:
            raise ValueError(f"no subtree of {width} leaves begins after {self.size}")
        while len(self._rows) <= level:
            self._rows.append([])
            self._frontiers.append(Frontier())
        completed: list[Tile] = []
        count = self.size // width
        done = 0
        while done < len(hashes):
            took = hashes[done : done + TILE_WIDTH - len(self._rows[level])]
            done += len(took)
            self._add(level, count + done, took, completed)
        self.size += len(hashes) * width
        return completed

    def _add(self, level: int, count: int, hashes: Sequence[bytes], completed: list[Tile]) -> None:
        """Add hashes to a level, which then has had `count`; a full tile moves on."""
        row, frontier = self._rows[level], self._frontiers[level]
        row.extend(hashes)
        frontier.extend(hashes)
        if len(row) < TILE_WIDTH:
            return
        count //= TILE_WIDTH
        completed.append(Tile(level, count - 1, tuple(row)))
        self._rows[level], self._frontiers[level] = [], Frontier()
        if level + 1 == len(self._rows):
            self._rows.append([])
            self._frontiers.append(Frontier())
        self._add(level + 1, count, (frontier.root(),), completed)

    def filling(self, level: int) -> list[bytes]:
        """The hashes of the tile that is filling at a level."""
        return list(self._rows[level]) if level < len(self._rows) else []

    def root(self, right: bytes | None = None) -> bytes:
        """The root of the tree as it stands, or with the root of what would stand right of it.

        What is narrower than the narrowest perfect subtree here may stand there.
        """
        root = right
        for frontier in self._frontiers:
            root = _fold(frontier.peaks, root)
        return root or EMPTY_ROOT


def _levels_of(size: int) -> int:
    levels = 0
    while size:
        size //= TILE_WIDTH
        levels += 1
    return levels


def builder_from(size: int, reader: TileReader) -> TreeBuilder:
    """Make the appender's state from tiles; `reader` gives the partial ones too."""
    levels = []
    for level in range(_levels_of(size)):
        count = size // TILE_WIDTH**level
        width = count % TILE_WIDTH
        levels.append(reader(level, count // TILE_WIDTH)[:width] if width else ())
    return TreeBuilder(size, levels)


def subtree_hash(start: int, width: int, reader: TileReader) -> bytes:
    """The root of the perfect subtree of `width` leaves (a power of two) from leaf `start` on."""
    level = (width.bit_length() - 1) // TILE_HEIGHT
    at = start // TILE_WIDTH**level
    count = width // TILE_WIDTH**level
    hashes = reader(level, at // TILE_WIDTH)
    offset = at % TILE_WIDTH
    row = hashes[offset : offset + count]
    if len(row) != count:
        raise LookupError(f"tile {level}/{at // TILE_WIDTH} has only {len(hashes)} hashes")
    return _perfect_root(row)


def _range_hash(start: int, end: int, reader: TileReader) -> bytes:
    """The RFC 6962 hash MTH(D[start:end]); `start` is a multiple of the largest part's width."""
    root: bytes | None = None
    at = end
    for width in reversed(_bits(end - start)):
        at -= width
        part = subtree_hash(at, width, reader)
        root = part if root is None else node_hash(part, root)
    if root is None:
        raise ValueError("an empty range has no hash")
    return root


def root_at(size: int, reader: TileReader) -> bytes:
    """The root of the tree's first `size` leaves."""
    return _range_hash(0, size, reader) if size else EMPTY_ROOT


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return _below_or_at(count - 1)


def inclusion_proof(index: int, size: int, reader: TileReader) -> list[bytes]:
    """PATH(index, D[size]) of RFC 6962 section 2.1.1; the leaf's sibling first.

    Raises:
        ValueError: there is no leaf `index` in a tree of `size`.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} has no leaf {index}")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_range_hash(middle, end, reader))
            end = middle
        else:
            proof.append(_range_hash(start, middle, reader))
            start = middle
    return proof[::-1]


def consistency_proof(old: int, new: int, reader: TileReader) -> list[bytes]:
    """PROOF(old, D[new]) of RFC 6962 section 2.1.2; empty if `old` is 0, the start of every log.

    Raises:
        ValueError: not 0 <= old <= new.
    """
    if not 0 <= old <= new:
        raise ValueError(f"there is no consistency proof from {old} to {new}")
    if old == 0:
        return []
    proof: list[bytes] = []
    start, end, is_whole = 0, new, True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(_range_hash(middle, end, reader))
            end = middle
        else:
            proof.append(_range_hash(start, middle, reader))
            start, is_whole = middle, False
    if not is_whole:
        proof.append(_range_hash(start, end, reader))
    return proof[::-1]


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """Whether the proof shows that leaf hash `leaf` stands at `index` under `root`.

    RFC 9162 section 2.1.3.2.
    """
    if not 0 <= index < size or not _are_hashes((leaf, *proof)):
        return False
    node, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            found = node_hash(sibling, found)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            found = node_hash(found, sibling)
        node >>= 1
        last >>= 1
    return last == 0 and found == root


def verify_consistency(
    old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> bool:
    """Whether the proof shows that the tree of `new` only added to the tree of `old`.

    RFC 9162 section 2.1.4.2. Every tree grew out of the empty one, and no proof is needed for that.
    """
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    if not 0 < old < new or not proof or not _are_hashes((*proof, old_root)):
        return False
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    node, last = old - 1, new - 1
    while node & 1:
        node >>= 1
        last >>= 1
    was = now = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            was, now = node_hash(sibling, was), node_hash(sibling, now)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            now = node_hash(now, sibling)
        node >>= 1
        last >>= 1
    return last == 0 and was == old_root and now == new_root
