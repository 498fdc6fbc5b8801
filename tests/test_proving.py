"""Proofs from stored tiles are those of the tree, at every size and around the edges of tiles."""

import asyncio
from collections.abc import Sequence
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.events import MerchantAdded
from ledger.memory import MemoryEventStore
from ledger.merkle import (
    TILE_WIDTH,
    TileReader,
    TreeBuilder,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_at,
    verify_consistency,
    verify_inclusion,
)
from ledger.proving import (
    entries_of,
    from_tiles,
    prove_consistency,
    prove_inclusion,
    root_of,
    tile_of,
)
from tests.builders import CONTEXT
from tests.conftest import FakeClock
from tests.tlog_client import tree

SPOTS = (1, 2, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 65_792, 65_793, 66_100)
SIZE = max(SPOTS)


@cache
def leaves() -> list[bytes]:
    return [leaf_hash(number.to_bytes(4, "big")) for number in range(SIZE)]


@cache
def stored() -> dict[tuple[int, int], Sequence[bytes]]:
    """Every tile of the largest tree, the filling ones too: what a store of that size gives."""
    builder = TreeBuilder()
    tiles: dict[tuple[int, int], Sequence[bytes]] = {
        (one.level, one.index): one.hashes for one in builder.extend(leaves())
    }
    for level in range(3):
        tiles[level, SIZE // TILE_WIDTH ** (level + 1)] = builder.filling(level)
    return tiles


class Fetching:
    """Gives tiles as a store does, and counts them."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    async def __call__(self, level: int, index: int) -> Sequence[bytes]:
        self.asked.append((level, index))
        return stored()[level, index]


def at_once(work: object, fetching: Fetching) -> object:
    return asyncio.run(from_tiles(work, fetching))  # type: ignore[arg-type]


sizes = st.one_of(st.sampled_from(SPOTS), st.integers(1, SIZE))


@settings(max_examples=60)
@given(size=sizes, where=st.floats(0, 1, exclude_max=True))
def test_an_inclusion_proof_from_tiles_is_believed_and_needs_few_tiles(
    size: int, where: float
) -> None:
    index, fetching = int(size * where), Fetching()

    def work(reader: TileReader) -> list[bytes]:
        return inclusion_proof(index, size, reader)

    proof = at_once(work, fetching)

    root = tree(leaves()[:size])
    assert isinstance(proof, list)
    assert verify_inclusion(leaves()[index], index, size, proof, root)
    assert len(fetching.asked) == len(set(fetching.asked)) <= 6


@settings(max_examples=60)
@given(one=sizes, other=sizes)
def test_a_consistency_proof_from_tiles_is_believed_and_needs_few_tiles(
    one: int, other: int
) -> None:
    old, new, fetching = min(one, other), max(one, other), Fetching()

    def work(reader: TileReader) -> list[bytes]:
        return consistency_proof(old, new, reader)

    proof = at_once(work, fetching)

    assert isinstance(proof, list)
    roots = tree(leaves()[:old]), tree(leaves()[:new])
    assert verify_consistency(old, new, proof, *roots)
    assert len(fetching.asked) == len(set(fetching.asked)) <= 8


@pytest.mark.parametrize("size", SPOTS)
def test_a_root_from_tiles_is_that_of_the_leaves(size: int) -> None:
    assert at_once(lambda reader: root_at(size, reader), Fetching()) == tree(leaves()[:size])


@pytest.fixture
async def store(clock: FakeClock) -> MemoryEventStore:
    """A log of 600 entries."""
    store = MemoryEventStore(clock=clock)
    for stream in range(6):
        added = [
            MerchantAdded(merchant_id=f"{stream}.{number}", name="A shop", country="CM")
            for number in range(100)
        ]
        await store.append(f"merchant-{stream}", 0, added, context=CONTEXT)
    return store


async def test_a_store_proves_what_it_holds(store: MemoryEventStore) -> None:
    hashes = [row.leaf for row in await store.read_raw(0, 1000)]
    for size in (1, 255, 256, 257, 599, 600):
        root = await root_of(store, size)
        assert root == tree(hashes[:size])
        for position in {1, size // 2 + 1, size}:
            proof = await prove_inclusion(store, position, size)
            assert verify_inclusion(hashes[position - 1], position - 1, size, proof, root)
        proof = await prove_consistency(store, size, 600)
        assert verify_consistency(size, 600, proof, root, tree(hashes))


async def test_what_the_log_has_not_is_not_proved(store: MemoryEventStore) -> None:
    with pytest.raises(LookupError):
        await prove_inclusion(store, 3, 700)
    with pytest.raises(LookupError):
        await prove_consistency(store, 600, 700)
    with pytest.raises(LookupError):
        await root_of(store, 601)
    with pytest.raises(ValueError, match="no leaf"):
        await prove_inclusion(store, 0, 600)
    with pytest.raises(ValueError, match="no consistency proof"):
        await prove_consistency(store, 5, 4)


async def test_a_tile_is_given_as_wide_as_it_is_asked_for_and_never_wider_than_the_tree(
    store: MemoryEventStore,
) -> None:
    hashes = [row.leaf for row in await store.read_raw(0, 1000)]
    assert await tile_of(store, 0, 0, 256) == hashes[:256]
    assert await tile_of(store, 0, 0, 7) == hashes[:7]
    assert await tile_of(store, 0, 2, 88) == hashes[512:]
    assert await tile_of(store, 1, 0, 2) == [tree(hashes[:256]), tree(hashes[256:512])]
    for level, index, width in ((0, 2, 89), (0, 2, 256), (0, 3, 1), (1, 0, 3), (2, 0, 1)):
        assert await tile_of(store, level, index, width) is None
    for level, index in ((64, 0), (-1, 0), (63, 0), (0, 10**20), (63, 10**20)):
        assert await tile_of(store, level, index, 1) is None


async def test_a_bundle_is_given_as_wide_as_it_is_asked_for(store: MemoryEventStore) -> None:
    for index, width in ((0, 256), (0, 1), (2, 88)):
        rows = await entries_of(store, index, width)
        assert rows is not None
        start = index * 256
        assert [one.position for one in rows] == list(range(start + 1, start + width + 1))
    for index, width in ((2, 89), (2, 256), (3, 1), (10**20, 1)):
        assert await entries_of(store, index, width) is None
