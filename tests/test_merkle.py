"""The tree is the one RFC 6962 defines, and no proof of anything else is believed."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.merkle import (
    EMPTY_ROOT,
    TILE_WIDTH,
    Frontier,
    TreeBuilder,
    builder_from,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_at,
    verify_consistency,
    verify_inclusion,
)

FIXTURES: Final = Path(__file__).parent / "fixtures" / "merkle"
SPOTS: Final = (255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 65_792, 66_000)
"""Sizes around the edges of tiles of the first two levels."""

LEAVES: Final = [leaf_hash(number.to_bytes(4)) for number in range(max(SPOTS))]


@cache
def naive_root(start: int, end: int) -> bytes:
    """MTH(D[start:end]) as section 2.1 of RFC 6962 writes it down."""
    if end - start < 2:
        return LEAVES[start] if start < end else EMPTY_ROOT
    middle = start + naive_split(end - start)
    return node_hash(naive_root(start, middle), naive_root(middle, end))


def naive_split(count: int) -> int:
    """The largest power of two smaller than `count`."""
    width = 1
    while width * 2 < count:
        width *= 2
    return width


def naive_path(index: int, start: int, end: int) -> list[bytes]:
    """PATH(m, D[n]) as section 2.1.1 writes it down."""
    if end - start == 1:
        return []
    middle = start + naive_split(end - start)
    if index < middle:
        return [*naive_path(index, start, middle), naive_root(middle, end)]
    return [*naive_path(index, middle, end), naive_root(start, middle)]


def naive_proof(old: int, start: int, end: int, *, is_whole: bool = True) -> list[bytes]:
    """SUBPROOF(m, D[n], b) as section 2.1.2 writes it down; `old` counts from `start`."""
    if old == end - start:
        return [] if is_whole else [naive_root(start, end)]
    width = naive_split(end - start)
    middle = start + width
    if old <= width:
        left = naive_proof(old, start, middle, is_whole=is_whole)
        return [*left, naive_root(middle, end)]
    right = naive_proof(old - width, middle, end, is_whole=False)
    return [*right, naive_root(start, middle)]


class Tiles:
    """The tiles of a tree, full and filling, as a log's tables give them."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.builder = TreeBuilder()
        self.full = {(tile.level, tile.index): tile.hashes for tile in self.builder.extend(leaves)}

    def __call__(self, level: int, index: int) -> Sequence[bytes]:
        if (level, index) in self.full:
            return self.full[level, index]
        here = self.builder.size // TILE_WIDTH**level
        return self.builder.filling(level) if index == here // TILE_WIDTH else []


@pytest.fixture(scope="module")
def tiles() -> Tiles:
    """The tiles of all leaves there are: every smaller tree is read from them too."""
    return Tiles(LEAVES)


def reference_tree() -> Any:
    return json.loads((FIXTURES / "reference_tree.json").read_text())


def unhex(texts: list[str]) -> list[bytes]:
    return [bytes.fromhex(text) for text in texts]


def test_the_reference_tree_has_its_published_roots() -> None:
    vectors = reference_tree()
    leaves = [leaf_hash(leaf) for leaf in unhex(vectors["leaves"])]
    roots = unhex(vectors["roots"])
    built = TreeBuilder()
    frontier = Frontier()
    assert [built.root(), frontier.root()] == [roots[0]] * 2
    for leaf, root in zip(leaves, roots[1:], strict=True):
        built.extend([leaf])
        frontier.extend([leaf])
        assert [built.root(), frontier.root()] == [root] * 2
    assert [root_at(size, Tiles(leaves)) for size in range(9)] == roots


def test_the_reference_tree_has_its_published_inclusion_proofs() -> None:
    vectors = reference_tree()
    leaves = [leaf_hash(leaf) for leaf in unhex(vectors["leaves"])]
    roots, tiles = unhex(vectors["roots"]), Tiles(leaves)
    for vector in vectors["paths"]:
        index, size, path = vector["leaf"] - 1, vector["size"], unhex(vector["path"])
        assert inclusion_proof(index, size, tiles) == path
        assert verify_inclusion(leaves[index], index, size, path, roots[size])


def test_the_reference_tree_has_its_published_consistency_proofs() -> None:
    vectors = reference_tree()
    roots = unhex(vectors["roots"])
    tiles = Tiles([leaf_hash(leaf) for leaf in unhex(vectors["leaves"])])
    for vector in vectors["proofs"]:
        old, new, proof = vector["old"], vector["new"], unhex(vector["proof"])
        assert consistency_proof(old, new, tiles) == proof
        assert verify_consistency(old, new, proof, roots[old], roots[new])


def test_a_proof_of_a_public_log_of_a_thousand_million_leaves_is_believed() -> None:
    vector = json.loads((FIXTURES / "argon2020.json").read_text())
    old_root, new_root, *proof = unhex([vector["old_root"], vector["new_root"], *vector["proof"]])
    assert verify_consistency(vector["old"], vector["new"], proof, old_root, new_root)
    assert not verify_consistency(vector["old"] + 1, vector["new"], proof, old_root, new_root)


@pytest.mark.parametrize("size", [*range(1, 40), 63, 64, 65, 128, 200, *range(254, 260), 300])
def test_every_proof_of_every_small_tree_is_the_defined_one_and_is_believed(
    size: int, tiles: Tiles
) -> None:
    root = naive_root(0, size)
    assert root_at(size, tiles) == root
    for index in range(size):
        path = inclusion_proof(index, size, tiles)
        assert path == naive_path(index, 0, size)
        assert verify_inclusion(LEAVES[index], index, size, path, root)
    for old in range(1, size + 1):
        proof = consistency_proof(old, size, tiles)
        assert proof == naive_proof(old, 0, size)
        assert verify_consistency(old, size, proof, naive_root(0, old), root)


@pytest.mark.parametrize("size", SPOTS)
def test_trees_at_the_edges_of_tiles_are_the_defined_ones(size: int, tiles: Tiles) -> None:
    root = naive_root(0, size)
    own = Tiles(LEAVES[:size])  # with only the partial tiles this very size has
    assert [own.builder.root(), root_at(size, own), root_at(size, tiles)] == [root] * 3
    for index in {0, 1, size // 2, size - 2, size - 1}:
        path = inclusion_proof(index, size, own)
        assert path == inclusion_proof(index, size, tiles) == naive_path(index, 0, size)
        assert verify_inclusion(LEAVES[index], index, size, path, root)
    for old in {1, 2, 255, 256, 257, size // 2, size - 1} & set(range(size)):
        proof = consistency_proof(old, size, own)
        assert proof == consistency_proof(old, size, tiles) == naive_proof(old, 0, size)
        assert verify_consistency(old, size, proof, naive_root(0, old), root)


@given(chunks=st.lists(st.integers(0, 300), max_size=12))
@settings(max_examples=60)
def test_in_whatever_portions_leaves_come_the_tree_and_its_tiles_are_the_same(
    chunks: list[int],
) -> None:
    built, frontier = TreeBuilder(), Frontier()
    completed = []
    for chunk in chunks:
        portion = LEAVES[built.size : built.size + chunk]
        completed += built.extend(portion)
        frontier.extend(portion)
        assert [built.root(), frontier.root()] == [naive_root(0, built.size)] * 2
    whole = TreeBuilder()
    assert completed == whole.extend(LEAVES[: sum(chunks)])
    assert [built.filling(level) for level in range(3)] == [whole.filling(n) for n in range(3)]


@given(size=st.integers(0, len(LEAVES)), more=st.integers(0, 700))
@settings(max_examples=40)
def test_the_state_is_made_again_from_what_is_stored(tiles: Tiles, size: int, more: int) -> None:
    again = builder_from(size, tiles)
    assert (again.size, again.root()) == (size, root_at(size, tiles))
    more = min(more, len(LEAVES) - size)
    completed = again.extend(LEAVES[size : size + more])
    assert again.root() == root_at(size + more, tiles)
    assert all(tiles.full[tile.level, tile.index] == tile.hashes for tile in completed)


def test_a_frontier_is_made_again_from_its_peaks() -> None:
    frontier = Frontier()
    frontier.extend(LEAVES[:300])
    again = Frontier(300, frontier.peaks)
    for each in (frontier, again):
        each.extend(LEAVES[300:321])
    assert again.root() == frontier.root() == naive_root(0, 321)


def test_full_tiles_come_in_the_order_they_are_complete() -> None:
    built = TreeBuilder()
    completed = [(tile.level, tile.index) for tile in built.extend(LEAVES[:65_536])]
    assert completed == [*((0, index) for index in range(256)), (1, 0)]
    assert [built.filling(level) for level in range(4)] == [[], [], [naive_root(0, 65_536)], []]


def test_an_append_that_is_rolled_back_leaves_nothing_behind() -> None:
    built = TreeBuilder()
    built.extend(LEAVES[:500])
    tried = built.copy()
    tried.extend(LEAVES[500:70_000])
    assert [built.size, built.root()] == [500, naive_root(0, 500)]
    assert [len(tile.hashes) for tile in built.extend(LEAVES[500:512])] == [256]
    assert built.root() == naive_root(0, 512)


@given(st.data())
@settings(max_examples=300)
def test_no_inclusion_proof_with_any_byte_changed_is_believed(
    tiles: Tiles, data: st.DataObject
) -> None:
    size = data.draw(st.integers(1, 600))
    index = data.draw(st.integers(0, size - 1))
    parts = [LEAVES[index], naive_root(0, size), *inclusion_proof(index, size, tiles)]
    leaf, root, *proof = flipped(parts, data)
    assert not verify_inclusion(leaf, index, size, proof, root)


@given(st.data())
@settings(max_examples=300)
def test_no_consistency_proof_with_any_byte_changed_is_believed(
    tiles: Tiles, data: st.DataObject
) -> None:
    size = data.draw(st.integers(2, 600))
    old = data.draw(st.integers(1, size - 1))
    parts = [naive_root(0, old), naive_root(0, size), *consistency_proof(old, size, tiles)]
    old_root, new_root, *proof = flipped(parts, data)
    assert not verify_consistency(old, size, proof, old_root, new_root)


def flipped(parts: list[bytes], data: st.DataObject) -> list[bytes]:
    """The hashes with one bit of one of them changed."""
    at = data.draw(st.integers(0, len(parts) - 1))
    byte = data.draw(st.integers(0, 31))
    changed = bytearray(parts[at])
    changed[byte] ^= 1 << data.draw(st.integers(0, 7))
    return [*parts[:at], bytes(changed), *parts[at + 1 :]]


@given(st.data())
@settings(max_examples=100)
def test_a_proof_of_another_place_or_size_or_length_is_not_believed(
    tiles: Tiles, data: st.DataObject
) -> None:
    size = data.draw(st.integers(2, 600))
    index = data.draw(st.integers(0, size - 1))
    path, root = inclusion_proof(index, size, tiles), naive_root(0, size)
    leaf = LEAVES[index]
    other = data.draw(st.integers(-2, size + 2).filter(lambda one: one != index))
    assert not verify_inclusion(leaf, other, size, path, root)
    for wrong in (path[:-1], path[1:], [*path, root], [root, *path], [b"", *path]):
        assert not verify_inclusion(leaf, index, size, wrong, root)
    old = data.draw(st.integers(1, size - 1))
    proof, old_root = consistency_proof(old, size, tiles), naive_root(0, old)
    for wrong in (proof[:-1], proof[1:], [*proof, root], [root, *proof], [b"", *proof]):
        assert not verify_consistency(old, size, wrong, old_root, root)
    assert not verify_consistency(size, old, proof, root, old_root)


def test_hashes_cut_at_another_place_are_not_believed(tiles: Tiles) -> None:
    path, root = inclusion_proof(1, 2, tiles), naive_root(0, 2)
    joined = path[0] + LEAVES[1]
    assert verify_inclusion(joined[32:], 1, 2, [joined[:32]], root)
    assert not verify_inclusion(joined[31:], 1, 2, [joined[:31]], root)


def test_every_tree_grew_out_of_the_empty_one(tiles: Tiles) -> None:
    root = naive_root(0, 5)
    assert consistency_proof(0, 5, tiles) == []
    assert verify_consistency(0, 5, [], EMPTY_ROOT, root)
    assert verify_consistency(0, 0, [], EMPTY_ROOT, EMPTY_ROOT)
    assert not verify_consistency(0, 5, [], root, root)
    assert not verify_consistency(0, 5, [root], EMPTY_ROOT, root)
    assert not verify_consistency(5, 5, [root], root, root)


def test_what_cannot_be_proved_is_refused(tiles: Tiles) -> None:
    for index, size in [(0, 0), (5, 5), (-1, 5)]:
        with pytest.raises(ValueError, match="has no leaf"):
            inclusion_proof(index, size, tiles)
    for old, new in [(6, 5), (-1, 5)]:
        with pytest.raises(ValueError, match="no consistency proof"):
            consistency_proof(old, new, tiles)
    with pytest.raises(LookupError, match="tile 3/0 has only 0 hashes"):
        root_at(256**3, tiles)


def test_a_state_that_does_not_fit_its_size_is_refused() -> None:
    states: list[tuple[int, list[list[bytes]]]] = [
        (1, []),
        (1, [[]]),
        (0, [[LEAVES[0]]]),
        (256, [[], []]),
        (1, [[b"x"]]),
    ]
    for size, levels in states:
        with pytest.raises(ValueError, match="level"):
            TreeBuilder(size, levels)
    for size, peaks in [(1, []), (2, LEAVES[:2]), (1, [b"short"])]:
        with pytest.raises(ValueError, match="perfect subtrees"):
            Frontier(size, peaks)
