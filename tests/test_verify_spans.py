"""Spans are verified by other hands, and judged exactly as page by page."""

import asyncio
import os
import shutil
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.errors import CorruptLogError, StoreUnavailableError
from ledger.merkle import TreeBuilder, leaf_hash
from ledger.sql import Database, SqlEventStore
from ledger.sql_scan import PostgresqlScan, SqliteScan
from ledger.store import Clock, RawEntry, TreeHead
from ledger.verify import Verified, verify_log
from ledger.verify_order import look_at_order, new_secret
from ledger.verify_processes import hands
from tests.contracts.store import fill
from tests.test_verify import SIZE, Alone, Way, flipped, forge, honest, judged, original, root_of

__all__ = ["honest", "original"]

Tamper = Callable[[sqlite3.Connection, list[RawEntry]], object]

positions = st.integers(1, SIZE)


def _set(column: str, position: int, value: object) -> Tamper:
    sql = f"UPDATE OR REPLACE log SET {column} = ? WHERE position = ?"
    return lambda log, _: log.execute(sql, (value, position))


def _flip(column: str, position: int, at: int, mask: int) -> Tamper:
    def tamper(log: sqlite3.Connection, rows: list[RawEntry]) -> None:
        changed = flipped(getattr(rows[position - 1], column), at, mask)
        _set(column, position, changed)(log, rows)

    return tamper


def _swap(one: int, other: int) -> Tamper:
    def tamper(log: sqlite3.Connection, _: list[RawEntry]) -> None:
        for old, new in ((one, -1), (other, one), (-1, other)):
            log.execute("UPDATE OR REPLACE log SET position = ? WHERE position = ?", (new, old))

    return tamper


def _resigned(position: int) -> Tamper:
    """Another entry with its own right leaf."""

    def tamper(log: sqlite3.Connection, rows: list[RawEntry]) -> None:
        entry = rows[position - 1].entry.replace(b'"CM"', b'"CI"')
        _set("entry", position, entry)(log, rows)
        _set("leaf", position, leaf_hash(entry))(log, rows)

    return tamper


def _tile(index: int, at: int, mask: int) -> Tamper:
    def tamper(log: sqlite3.Connection, rows: list[RawEntry]) -> None:
        tile = b"".join(row.leaf for row in rows[index * 256 : index * 256 + 256])
        content = flipped(tile, at, mask)
        log.execute('UPDATE tiles SET hashes = ? WHERE "index" = ?', (content, index))

    return tamper


tamperings: st.SearchStrategy[Tamper] = st.one_of(
    st.builds(
        _flip, st.sampled_from(["entry", "leaf"]), positions, st.integers(0, 999), st.just(1)
    ),
    st.builds(_set, st.just("version"), positions, st.integers(-1, 90)),
    st.builds(_set, st.just("stream"), positions, st.sampled_from(["thing-1", "thing-9", b"x", 7])),
    st.builds(_set, st.just("type"), positions, st.sampled_from(["key.issued", "x"])),
    st.builds(_swap, positions, positions),
    st.builds(_resigned, positions),
    st.builds(_tile, st.integers(0, 1), st.integers(0, 8191), st.integers(1, 255)),
    st.builds(
        lambda at: lambda log, _: log.execute("DELETE FROM log WHERE position = ?", (at,)),
        positions,
    ),
    st.builds(lambda: lambda log, _: log.execute("UPDATE head SET size = size - 1")),
)


def _verdict(path: Path, checkpoint: TreeHead | None, way: Way) -> Verified | tuple[int, str]:
    try:
        return judged(path, checkpoint, way)
    except CorruptLogError as error:
        return error.position, error.reason


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(tamperings, min_size=1, max_size=4),
    st.sampled_from([256, 512, 65_536]),
    st.sampled_from([None, 0, 255, 300, 512, 570, 600]),
)
def test_whatever_was_tampered_with_spans_and_pages_say_the_same(
    original: Path, honest: list[RawEntry], tampers: list[Tamper], span: int, size: int | None
) -> None:
    path = original.with_name("random.db")
    for rest in path.parent.glob("random.db*"):
        rest.unlink()
    shutil.copy(original, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for tamper in tampers:
            tamper(connection, honest)
    checkpoint = None if size is None else root_of(honest[:size])
    exact = _verdict(path, checkpoint, Way(Alone, span))
    assert _verdict(path, checkpoint, Way(SqlEventStore, span)) == exact
    with closing(sqlite3.connect(path)) as connection:
        now = [RawEntry(*row) for row in connection.execute("SELECT * FROM log ORDER BY 1")]
    if isinstance(exact, Verified):
        assert now == honest


def test_an_index_that_says_something_else_than_the_rows_is_found(
    original: Path, honest: list[RawEntry]
) -> None:
    """Two first versions of one stream, and an index that calls the second one another's."""
    path = original.with_name("index.db")
    shutil.copy(original, path)
    twin = honest[7]._replace(version=1)
    entry = twin.entry.replace(b'"version":2', b'"version":1')
    rows = [*honest[:7], twin._replace(entry=entry, leaf=leaf_hash(entry))]
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(
            """
            DROP TABLE log;
            CREATE TABLE log (position INTEGER PRIMARY KEY, stream, version, type, entry, leaf);
            CREATE TABLE decoy (position INTEGER PRIMARY KEY, stream, version);
            CREATE INDEX places ON log (stream, version);
            CREATE INDEX lies ON decoy (stream, version);
            """
        )
        forge(connection, rows)
        told = [(row.position, row.stream, row.version) for row in honest[:8]]
        connection.executemany("INSERT INTO decoy VALUES (?, ?, ?)", told)
        roots = dict(connection.execute("SELECT name, rootpage FROM sqlite_master"))
        connection.execute("PRAGMA writable_schema = ON")
        for name, other in (("places", "lies"), ("lies", "places")):
            connection.execute(
                "UPDATE sqlite_master SET rootpage = ? WHERE name = ?", (roots[other], name)
            )
    with pytest.raises(CorruptLogError, match="the order of its stream") as error:
        judged(path, None, Way(SqlEventStore, 65_536))
    assert error.value.position == 8


def test_the_order_of_streams_is_read_from_the_index(original: Path) -> None:
    """Otherwise the rows would be compared with themselves."""
    seen: list[str] = []
    with closing(SqliteScan(str(original), is_uri=False).open()) as scanner:
        connection: sqlite3.Connection = scanner._connection  # type: ignore[attr-defined]
        connection.set_trace_callback(seen.append)
        for low, high in ((None, None), ("t", None), (None, "t"), ("a", "t")):
            list(scanner.places(low, high, 0, SIZE))
        connection.set_trace_callback(None)
        plans = [connection.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall() for sql in seen]
    assert len(plans) == 4
    for plan in plans:
        ((*_, step),) = plan
        assert "USING COVERING INDEX" in step


def test_parts_of_all_streams_leave_none_out(original: Path) -> None:
    scan, secret = SqliteScan(str(original), is_uri=False), new_secret()
    whole = look_at_order(scan, None, None, SIZE, secret)
    parts = [
        look_at_order(scan, low, high, SIZE, secret)
        for low, high in ((None, "thing-2"), ("thing-2", "thing-5"), ("thing-5", None))
    ]
    assert (whole.count_places, whole.suspect) == (SIZE, None)
    assert sum(one.count_places for one in parts) == SIZE
    assert sum(one.total for one in parts) == whole.total
    assert look_at_order(scan, None, None, SIZE, new_secret()).total != whole.total


async def test_processes_of_their_own_find_what_a_thread_finds(
    original: Path, honest: list[RawEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.verify.SPAN", 256)
    monkeypatch.setattr("ledger.verify.PROCESSES_FROM", 1)
    path = original.with_name("processes.db")
    shutil.copy(original, path)
    told: list[tuple[int, int]] = []
    database = await Database.open(f"sqlite:///{path}")
    try:
        store = SqlEventStore(database, clock=lambda: datetime.now(UTC))
        verified = await verify_log(
            store, processes=2, progress=lambda done, size: told.append((done, size))
        )
        assert verified == Verified(*root_of(honest))
        assert told == [(0, 600), (256, 600), (512, 600), (600, 600)]
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("UPDATE log SET type = 'x' WHERE position = 400")
        with pytest.raises(CorruptLogError) as error:
            await verify_log(store, processes=2)
        assert error.value.position == 400
        await store.close()
    finally:
        await database.close()


async def test_a_log_on_postgresql_is_read_by_other_hands_too(
    postgres_database: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.verify.SPAN", 256)
    monkeypatch.setattr("ledger.verify.ORDER_PART", 100)
    database = await Database.open(postgres_database, create=True)
    store = SqlEventStore(database, clock=clock)
    await store.start()
    try:
        await fill(store, SIZE)
        assert isinstance(store.scan(), PostgresqlScan)
        assert (await verify_log(store))[:2] == tuple(await store.head())
        assert Verified(*await store.head()) == await verify_log(store, processes=0)
        async with database.write() as connection:
            await connection.exec_driver_sql("ALTER TABLE log DISABLE TRIGGER USER")
            await connection.exec_driver_sql(
                "UPDATE log SET version = version + 500 WHERE position = 300"
            )
        with pytest.raises(CorruptLogError) as error:
            await verify_log(store)
        assert error.value.position == 300
    finally:
        await store.close()
        await database.close()


def test_a_password_of_a_server_is_not_shown() -> None:
    scan = PostgresqlScan({"user": "u", "password": "a-secret"})
    assert "a-secret" not in repr(scan)


def test_a_tree_goes_on_by_whole_subtrees_and_knows_its_root_with_what_stands_right_of_it() -> None:
    leaves = [leaf_hash(b"%d" % number) for number in range(1400)]
    whole = TreeBuilder()
    tiles = whole.extend(leaves)
    parts, found = TreeBuilder(), []
    for start in range(0, 1280, 256):
        part = TreeBuilder()
        found += part.extend(leaves[start : start + 256])
        found += parts.graft(1, part.filling(1))
    right = TreeBuilder()
    right.extend(leaves[1280:])
    assert parts.root(right.root()) == whole.root()
    parts.extend(leaves[1280:])
    assert (parts.size, parts.root()) == (1400, whole.root())
    assert [one.hashes for one in found] == [one.hashes for one in tiles]
    with pytest.raises(ValueError, match="no subtree of 256 leaves begins after 1400"):
        parts.graft(1, [leaves[0]])


def test_whoever_is_killed_is_not_waited_for() -> None:
    async def work() -> None:
        with hands(2) as helping:
            async for _ in helping.results([_die]):
                pass

    with pytest.raises(StoreUnavailableError, match="ended from outside"):
        asyncio.run(work())


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
