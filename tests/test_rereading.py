"""Old entries, read again step by step: what was done behind the log's back is found and named."""

import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import orjson
import pytest

from ledger import rereading
from ledger.memory import MemoryEventStore
from ledger.merkle import TreeBuilder, leaf_hash
from ledger.rereading import Mismatch, Round
from ledger.sql import Database, SqlEventStore
from ledger.store import Clock, EventStore, TreeHead
from tests.builders import NOW
from tests.contracts.store import fill
from tests.disordered_store import DisorderedStore
from tests.test_verify import SIZE, original

__all__ = ["original"]

Tamper = Callable[[sqlite3.Connection], object]


async def reread(
    store: EventStore, *, checkpoint: TreeHead | None = None, seen: TreeHead | None = None
) -> Mismatch | Round:
    """A whole round, put down and taken up again after every step."""
    going = await rereading.begin(store, checkpoint=checkpoint, seen=seen)
    while isinstance(going, Round) and not going.is_over:
        if (found := await rereading.step(store, going)) is not None:
            return found
        going = Round.taken_up(orjson.loads(orjson.dumps(going.saved())))
    return going


@asynccontextmanager
async def a_copy(original: Path, tmp_path: Path, *tampers: Tamper) -> AsyncIterator[SqlEventStore]:
    path = tmp_path / "log.db"
    shutil.copy(original, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for tamper in tampers:
            tamper(connection)
    database = await Database.open(f"sqlite:///{path}")
    store = SqlEventStore(database, clock=lambda: NOW)
    try:
        yield store
    finally:
        await store.close()
        await database.close()


def run(*statements: str) -> Tamper:
    def tamper(connection: sqlite3.Connection) -> None:
        for statement in statements:
            connection.execute(statement)

    return tamper


def rewrite(position: int) -> Tamper:
    """Change an entry and the leaf hash beside it, but no tile."""

    def tamper(connection: sqlite3.Connection) -> None:
        (entry,) = connection.execute(
            "SELECT entry FROM log WHERE position = ?", (position,)
        ).fetchone()
        forged = bytes(entry).replace(b'"actor":"', b'"actor":"not-')
        connection.execute(
            "UPDATE log SET entry = ?, leaf = ? WHERE position = ?",
            (forged, leaf_hash(forged), position),
        )

    return tamper


def rewrite_all(position: int) -> Tamper:
    """Change an entry and everything that is made of it: leaf, tiles, head."""

    def tamper(connection: sqlite3.Connection) -> None:
        rewrite(position)(connection)
        tree = TreeBuilder()
        leaves = [row[0] for row in connection.execute("SELECT leaf FROM log ORDER BY position")]
        for tile in tree.extend(leaves):
            connection.execute(
                'UPDATE tiles SET hashes = ? WHERE level = ? AND "index" = ?',
                (b"".join(tile.hashes), tile.level, tile.index),
            )
        connection.execute("UPDATE head SET root = ?", (tree.root(),))

    return tamper


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 600])
async def test_an_honest_log_is_read_to_its_end_and_gives_its_root(size: int) -> None:
    store = MemoryEventStore(clock=lambda: NOW)
    await fill(store, size)
    head = await store.head()
    found = await reread(store, checkpoint=head, seen=TreeHead(0, TreeBuilder().root()))
    assert isinstance(found, Round)
    assert (found.size, found.tree.root()) == head


@pytest.mark.parametrize(
    ("tamper", "position", "what"),
    [
        (
            run("UPDATE log SET entry = replace(entry, 'actor', 'Actor') WHERE position = 300"),
            300,
            "entry",
        ),
        (run("UPDATE log SET type = 'payment.failed' WHERE position = 17"), 17, "entry"),
        (run("UPDATE log SET entry = 'x' WHERE position = 256"), 256, "entry"),
        (run("UPDATE log SET leaf = zeroblob(32) WHERE position = 600"), 600, "entry"),
        (run("DELETE FROM log WHERE position = 301"), 301, "entry"),
        (run("DELETE FROM log WHERE position = 600"), 600, "entry"),
        (rewrite(5), 5, "tile"),
        (
            run('UPDATE tiles SET hashes = zeroblob(8192) WHERE level = 0 AND "index" = 1'),
            257,
            "tile",
        ),
        (run("DELETE FROM tiles WHERE level = 0"), 1, "tile"),
        (run("UPDATE tiles SET hashes = 'text' WHERE level = 0"), 1, "tile"),
        (rewrite(599), 600, "head"),
        (run("UPDATE head SET root = zeroblob(32)"), 600, "head"),
    ],
)
async def test_what_was_tampered_with_is_found_at_its_place(
    original: Path, tmp_path: Path, tamper: Tamper, position: int, what: str
) -> None:
    async with a_copy(original, tmp_path, tamper) as store:
        found = await reread(store)
    assert isinstance(found, Mismatch)
    assert (found.position, found.what) == (position, what)
    assert found.reason


UNREADABLE = "UPDATE log SET type = CAST(x'ff' AS TEXT) WHERE position = %d"
DELETED = "DELETE FROM log WHERE position = %d"
OTHERWISE = "UPDATE log SET entry = 'x' WHERE position = %d"


@pytest.mark.parametrize("how", [UNREADABLE, DELETED, OTHERWISE])
@pytest.mark.parametrize(("first", "later"), [(5, 100), (1, 256), (300, 400), (300, 599)])
async def test_of_a_wrong_hash_of_a_tile_and_a_bad_row_behind_it_the_first_is_named(
    original: Path, tmp_path: Path, first: int, later: int, how: str
) -> None:
    async with a_copy(original, tmp_path, rewrite(first), run(how % later)) as store:
        found = await reread(store)
    assert isinstance(found, Mismatch)
    assert (found.position, found.what) == (first, "tile")


async def test_of_a_checkpoint_and_a_tile_that_deny_an_entry_the_one_that_knows_its_place_is_named(
    original: Path, tmp_path: Path
) -> None:
    async with a_copy(original, tmp_path) as store:
        tree = TreeBuilder()
        tree.extend([row.leaf for row in await store.read_raw(0, 300)])
    async with a_copy(original, tmp_path, rewrite(290)) as store:
        found = await reread(store, checkpoint=TreeHead(300, tree.root()))
    assert isinstance(found, Mismatch)
    assert (found.position, found.what) == (290, "tile")


@pytest.mark.parametrize(("first", "later"), [(50, 100), (100, 50), (520, 590)])
async def test_of_a_bad_row_and_one_that_cannot_be_read_the_first_is_named(
    original: Path, tmp_path: Path, first: int, later: int
) -> None:
    bad = run(OTHERWISE % first, UNREADABLE % later)
    async with a_copy(original, tmp_path, bad) as store:
        found = await reread(store)
    assert isinstance(found, Mismatch)
    assert (found.position, found.what) == (min(first, later), "entry")


async def test_a_history_made_anew_is_found_by_what_was_seen_before(
    original: Path, tmp_path: Path
) -> None:
    async with a_copy(original, tmp_path) as store:
        honest = await store.head()
        tree = TreeBuilder()
        tree.extend([row.leaf for row in await store.read_raw(0, 570)])
    checkpoint = TreeHead(570, tree.root())

    async with a_copy(original, tmp_path, rewrite_all(500)) as store:
        assert isinstance(await reread(store), Round)
        by_checkpoint = await reread(store, checkpoint=checkpoint)
        by_the_last_round = await reread(store, seen=honest)
    assert isinstance(by_checkpoint, Mismatch)
    assert isinstance(by_the_last_round, Mismatch)
    assert (by_checkpoint.position, by_checkpoint.what) == (570, "checkpoint")
    assert (by_the_last_round.position, by_the_last_round.what) == (SIZE, "head")

    cut = run(
        "DELETE FROM log WHERE position > 256",
        'DELETE FROM tiles WHERE level = 0 AND "index" = 1',
        "UPDATE head SET size = 256",
    )
    async with a_copy(original, tmp_path, cut) as store:
        shorter = await reread(store, checkpoint=checkpoint)
    assert isinstance(shorter, Mismatch)
    assert (shorter.position, shorter.what) == (257, "checkpoint")


@pytest.mark.parametrize("claimed", [8, 1290])
async def test_an_entry_that_claims_an_earlier_place_is_found_where_it_stands(
    clock: Clock, claimed: int
) -> None:
    store = DisorderedStore(clock=clock, place=1300, claimed=claimed)
    await fill(store, 1600)
    reason = "version 186 does not follow its stream's version before it"
    assert await reread(store) == Mismatch(1300, reason, "version")
