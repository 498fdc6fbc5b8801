"""The tree: the published vectors, and every proof of every small tree."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.merkle import (
    EMPTY_ROOT,
    Tile,
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

# The test tree of the Certificate Transparency reference code (merkletree/merkle_tree_test.cc):
# the inputs of its eight leaves, the roots of its first n leaves, and its published proofs.
INPUTS = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
A = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
B = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
C = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
D = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
E = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
F = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
INCLUSIONS = [
    (0, 1, []),
    (0, 8, [A, B, C]),
    (5, 8, [D, E, ROOTS[4]]),
    (2, 3, [ROOTS[2]]),
    (1, 5, [ROOTS[1], B, D]),
]
CONSISTENCIES = [
    (1, 1, []),
    (1, 8, [A, B, C]),
    (6, 8, [F, E, ROOTS[4]]),
    (2, 5, [B, D]),
]

PUBLISHED = [leaf_hash(bytes.fromhex(one)) for one in INPUTS]


class Tree:
    """A tree with its complete tiles kept, as a store keeps them."""

    def __init__(self, leaves: Sequence[bytes], step: int = 1) -> None:
        self.leaves = leaves
        self.tiles: dict[tuple[int, int], Tile] = {}
        self.builder = TreeBuilder()
        for start in range(0, len(leaves), step):
            for tile in self.builder.extend(leaves[start : start + step]):
                self.tiles[tile.level, tile.index] = tile

    def read(self, level: int, index: int) -> Sequence[bytes]:
        """A tile, or what there is of the last one."""
        tile = self.tiles.get((level, index))
        return tile.hashes if tile else self.builder.filling(level)


def naive_root(leaves: Sequence[bytes]) -> bytes:
    """MTH as RFC 6962 section 2.1 writes it."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(naive_root(leaves[:split]), naive_root(leaves[split:]))


LEAVES = [leaf_hash(str(number).encode()) for number in range(70_000)]


@pytest.mark.parametrize("size", range(9))
def test_the_roots_are_the_published_ones(size: int) -> None:
    tree = Tree(PUBLISHED)
    assert root_at(size, tree.read).hex() == ROOTS[size]
    assert Tree(PUBLISHED[:size]).builder.root().hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size", "proof"), INCLUSIONS)
def test_the_inclusion_proofs_are_the_published_ones(
    index: int, size: int, proof: list[str]
) -> None:
    made = inclusion_proof(index, size, Tree(PUBLISHED).read)

    assert [one.hex() for one in made] == proof
    assert verify_inclusion(PUBLISHED[index], index, size, made, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("old", "new", "proof"), CONSISTENCIES)
def test_the_consistency_proofs_are_the_published_ones(
    old: int, new: int, proof: list[str]
) -> None:
    made = consistency_proof(old, new, Tree(PUBLISHED).read)

    assert [one.hex() for one in made] == proof
    was, now = bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[new])
    assert verify_consistency(old, new, made, was, now)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 21, 34, 55, 64, 65])
def test_every_proof_of_every_small_tree_verifies_and_no_other_does(size: int) -> None:
    tree = Tree(LEAVES[:size])
    root = naive_root(LEAVES[:size])
    assert root_at(size, tree.read) == tree.builder.root() == root
    for index in range(size):
        proof = inclusion_proof(index, size, tree.read)
        assert verify_inclusion(LEAVES[index], index, size, proof, root)
        assert not verify_inclusion(LEAVES[index + 1], index, size, proof, root)
        assert not verify_inclusion(LEAVES[index], index, size, [*proof, root], root)
        assert not proof or not verify_inclusion(LEAVES[index], index, size, proof[:-1], root)
    for old in range(1, size + 1):
        proof = consistency_proof(old, size, tree.read)
        was = naive_root(LEAVES[:old])
        assert verify_consistency(old, size, proof, was, root)
        assert old == size or not verify_consistency(old, size, proof, root, was)


@pytest.mark.parametrize("size", [255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 70_000])
def test_tiles_carry_the_tree_over_their_edges(size: int) -> None:
    tree = Tree(LEAVES[:size], step=97)
    root = naive_root(LEAVES[:size])

    assert tree.builder.root() == root_at(size, tree.read) == root
    for index in (0, 1, size // 2, size - 2, size - 1):
        proof = inclusion_proof(index, size, tree.read)
        assert verify_inclusion(LEAVES[index], index, size, proof, root)
    for old in (1, 255, 256, size // 2, size - 1, size):
        if old <= size:
            proof = consistency_proof(old, size, tree.read)
            assert verify_consistency(old, size, proof, naive_root(LEAVES[:old]), root)


@given(st.integers(0, 1500), st.lists(st.integers(1, 400), max_size=6))
def test_leaves_added_in_any_portions_make_the_same_tree(size: int, portions: list[int]) -> None:
    whole = Tree(LEAVES[:size], step=1500)
    parts = Tree(LEAVES[:size], step=max(portions, default=1))

    assert parts.tiles == whole.tiles
    assert parts.builder.root() == whole.builder.root() == root_at(size, whole.read)


@given(st.integers(1, 700), st.data())
def test_a_changed_proof_proves_nothing(size: int, data: st.DataObject) -> None:
    tree = Tree(LEAVES[:size], step=700)
    root = tree.builder.root()
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(1, size))
    for proof, holds in (
        (
            inclusion_proof(index, size, tree.read),
            lambda p: verify_inclusion(LEAVES[index], index, size, p, root),
        ),
        (
            consistency_proof(old, size, tree.read),
            lambda p: verify_consistency(old, size, p, root_at(old, tree.read), root),
        ),
    ):
        assert holds(proof)
        if proof:
            at = data.draw(st.integers(0, len(proof) - 1))
            byte = data.draw(st.integers(0, 31))
            changed = bytearray(proof[at])
            changed[byte] ^= data.draw(st.integers(1, 255))
            assert not holds([*proof[:at], bytes(changed), *proof[at + 1 :]])


@given(st.integers(0, 1300))
def test_an_appender_starts_again_from_stored_tiles(size: int) -> None:
    tree = Tree(LEAVES[:size], step=1300)
    again = builder_from(size, tree.read)
    before = again.copy()

    assert again.extend(LEAVES[size : size + 300]) == tree.builder.extend(LEAVES[size : size + 300])
    assert again.root() == tree.builder.root()
    assert before.root() == naive_root(LEAVES[:size])


def test_a_builder_refuses_hashes_that_do_not_fit_its_size() -> None:
    with pytest.raises(ValueError, match="level 0 of a tree of 3 has 2 hashes"):
        TreeBuilder(3, [LEAVES[:2]])
