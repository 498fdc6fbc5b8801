"""Verification finds what was done to a log behind its back; the tool of the crime is sqlite3."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ledger.errors import CorruptLogError, LedgerError, StoreUnavailableError
from ledger.memory import MemoryEventStore
from ledger.merkle import TreeBuilder, leaf_hash
from ledger.sql import Database, SqlEventStore
from ledger.sql_errors import of_sqlite
from ledger.store import Clock, RawEntry, TreeHead
from ledger.verify import Verified, verify_log
from tests.builders import CONTEXT, NOW
from tests.contracts.store import an_event, fill
from tests.disordered_store import DisorderedStore

SIZE = 600
CHECKPOINT = 570
TRIGGERS = ("update", "delete", "replace")

Tamper = Callable[[sqlite3.Connection], object]
positions = st.integers(1, SIZE)
copies = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An honest log of 600 entries in 7 streams; its triggers already dropped."""
    path = tmp_path_factory.mktemp("log") / "honest.db"

    async def write() -> None:
        database = await Database.open(f"sqlite:///{path}", create=True)
        store = SqlEventStore(database, clock=lambda: NOW)
        await store.start()
        await fill(store, SIZE)
        await store.close()
        await database.close()

    asyncio.run(write())
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for table in ("log", "tiles"):
            for verb in TRIGGERS:
                connection.execute(f"DROP TRIGGER {table}_refuses_{verb}")
    return path


@pytest.fixture(scope="module")
def honest(original: Path) -> list[RawEntry]:
    """The honest rows."""
    with closing(sqlite3.connect(original)) as connection:
        return [RawEntry(*row) for row in connection.execute("SELECT * FROM log ORDER BY 1")]


def root_of(rows: list[RawEntry]) -> TreeHead:
    """The head that these rows make."""
    tree = TreeBuilder()
    tree.extend([row.leaf for row in rows])
    return TreeHead(tree.size, tree.root())


class Alone(SqlEventStore):
    """A store that only its own process can read: verified page by page."""

    def scan(self) -> None:  # type: ignore[override]
        return None


class Way(NamedTuple):
    """A way to verify a log: by which store, in spans of how many entries."""

    store: type[SqlEventStore]
    span: int


WAYS = (Way(SqlEventStore, 65_536), Way(SqlEventStore, 256), Way(Alone, 65_536))


def judged(path: Path, checkpoint: TreeHead | None, way: Way) -> Verified:
    """Verify a file in one way."""

    async def verify() -> Verified:
        database = await Database.open(f"sqlite:///{path}")
        store = way.store(database, clock=lambda: datetime.now(UTC))
        try:
            return await verify_log(store, checkpoint=checkpoint)
        finally:
            await store.close()
            await database.close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ledger.verify.SPAN", way.span)
        patch.setattr("ledger.verify_pages.SPAN", way.span)
        patch.setattr("ledger.verify.ORDER_PART", way.span)
        return asyncio.run(verify())


def verified(path: Path, checkpoint: TreeHead | None = None) -> Verified:
    """Verify a file in every way; all of them find the same."""
    found: list[Verified | tuple[int, str]] = []
    for way in WAYS:
        try:
            found.append(judged(path, checkpoint, way))
        except CorruptLogError as error:
            found.append((error.position, error.reason))
    assert found == found[:1] * len(WAYS)
    if isinstance(found[0], Verified):
        return found[0]
    raise CorruptLogError(*found[0])


def found(original: Path, tamper: Tamper, checkpoint: TreeHead | None = None) -> CorruptLogError:
    """What verification finds in a copy of the honest log after somebody was at it."""
    path = original.with_name("tampered.db")
    for rest in path.parent.glob("tampered.db*"):
        rest.unlink()
    shutil.copy(original, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        tamper(connection)
    with pytest.raises(CorruptLogError) as error:
        verified(path, checkpoint)
    return error.value


def flipped(content: bytes, at: int, mask: int) -> bytes:
    """The same bytes but one."""
    at %= len(content)
    return content[:at] + bytes([content[at] ^ mask]) + content[at + 1 :]


def test_an_honest_log_passes_with_and_without_a_checkpoint(
    original: Path, honest: list[RawEntry]
) -> None:
    head = Verified(*root_of(honest))
    for size in (None, 0, 1, 255, 256, CHECKPOINT, SIZE):
        checkpoint = None if size is None else root_of(honest[:size])
        assert verified(original, checkpoint) == head


@copies
@given(positions, st.sampled_from(["entry", "leaf"]), st.integers(0, 10_000), st.integers(1, 255))
def test_one_changed_byte_is_found_at_its_position(
    original: Path, honest: list[RawEntry], position: int, column: str, at: int, mask: int
) -> None:
    changed = flipped(getattr(honest[position - 1], column), at, mask)
    error = found(
        original,
        lambda log: log.execute(
            f"UPDATE log SET {column} = ? WHERE position = ?", (changed, position)
        ),
    )
    assert error.position == position


@pytest.mark.parametrize(
    "change",
    [
        "stream = stream || 'x'",
        "stream = CAST(x'ff' AS TEXT)",
        "stream = CAST(stream AS BLOB)",
        "version = version + 1000",
        "version = -version",
        "version = 'one'",
        "type = 'key.issued'",
        "entry = CAST(entry AS TEXT)",
        "entry = CAST(replace(entry, '\"CM\"', '\"CI\"') AS BLOB)",
        "entry = CAST(replace(entry, ':', ': ') AS BLOB)",
        "entry = x''",
        "leaf = CAST('no hash' AS TEXT)",
    ],
)
@pytest.mark.parametrize("position", [1, 300, SIZE])
def test_a_changed_column_is_found_at_its_position(
    original: Path, change: str, position: int
) -> None:
    error = found(
        original,
        lambda log: log.execute(f"UPDATE log SET {change} WHERE position = ?", (position,)),
    )
    assert error.position == position


@copies
@given(st.sets(positions, min_size=1, max_size=3))
@example({SIZE})
def test_deleted_entries_are_missed_at_the_first(original: Path, gone: set[int]) -> None:
    error = found(
        original,
        lambda log: log.executemany("DELETE FROM log WHERE position = ?", [(at,) for at in gone]),
    )
    assert (error.position, "missing" in error.reason) == (min(gone), True)


@copies
@given(st.lists(positions, min_size=2, max_size=2, unique=True))
def test_swapped_entries_are_found_at_the_first(original: Path, pair: list[int]) -> None:
    def swap(log: sqlite3.Connection) -> None:
        one, other = pair
        for old, new in ((one, -1), (other, one), (-1, other)):
            log.execute("UPDATE log SET position = ? WHERE position = ?", (new, old))

    assert found(original, swap).position == min(pair)


@copies
@given(st.integers(0, 511), st.integers(0, 31), st.integers(1, 255))
def test_a_changed_tile_is_found_at_the_leaf_it_denies(
    original: Path, honest: list[RawEntry], leaf: int, at: int, mask: int
) -> None:
    index, number = divmod(leaf, 256)
    tile = b"".join(row.leaf for row in honest[index * 256 : index * 256 + 256])
    changed = flipped(tile, number * 32 + at, mask)
    error = found(
        original,
        lambda log: log.execute('UPDATE tiles SET hashes = ? WHERE "index" = ?', (changed, index)),
    )
    assert (error.position, "tile 0/" in error.reason) == (leaf + 1, True)


@pytest.mark.parametrize(
    ("statement", "position"),
    [
        ('DELETE FROM tiles WHERE "index" = 1', 257),
        ('INSERT INTO tiles SELECT 0, 2, hashes FROM tiles WHERE "index" = 1', 513),
        ("UPDATE tiles SET hashes = substr(hashes, 1, 320)", 11),
        ("UPDATE head SET size = size + 100", SIZE + 1),
        ("UPDATE head SET size = size - 50", 513),
        ("UPDATE head SET root = zeroblob(32)", 513),
        ("INSERT INTO log SELECT 601, 'x', 1, type, entry, leaf FROM log WHERE position = 9", 601),
        ("INSERT INTO log SELECT 0, 'x', 1, type, entry, leaf FROM log WHERE position = 9", 1),
        ("INSERT INTO log SELECT -7, 'x', 1, type, entry, leaf FROM log WHERE position = 9", 1),
        ('INSERT INTO tiles SELECT 0, 700, hashes FROM tiles WHERE "index" = 1', 601),
        ("INSERT INTO tiles VALUES (1, 3, x'')", 601),
        ("INSERT INTO tiles VALUES (-1, 0, x'')", 1),
        ("INSERT INTO tiles VALUES (9, 0, x'')", 1),
        ("INSERT INTO tiles VALUES (0, -1, x'')", 1),
        ("INSERT INTO tiles VALUES (0, 'none', x'')", 1),
        ('UPDATE tiles SET hashes = 17 WHERE "index" = 1', 257),
        ("DELETE FROM head", 1),
        ("UPDATE head SET size = 'many'", 1),
        ("UPDATE head SET size = size + 0.5", 1),
        ("UPDATE head SET root = 17", 1),
        ("PRAGMA ignore_check_constraints = 1; UPDATE head SET id = 2", 1),
        ("PRAGMA ignore_check_constraints = 1; INSERT INTO head SELECT 2, size, root FROM head", 1),
        ("DELETE FROM log", 1),
        ("DELETE FROM log; DELETE FROM tiles; UPDATE head SET size = 0", 1),
    ],
)
def test_meddling_beside_the_entries_is_found(
    original: Path, statement: str, position: int
) -> None:
    assert found(original, lambda log: log.executescript(statement)).position == position


def test_an_index_that_leads_to_another_entry_is_found_at_the_one_it_hides(original: Path) -> None:
    place = b"thing-5" + bytes([43])  # the stream and version of 300, then its position
    content = original.read_bytes()
    assert content.count(place + (300).to_bytes(2)) == 1
    path = original.with_name("misled.db")
    path.write_bytes(content.replace(place + (300).to_bytes(2), place + (301).to_bytes(2)))
    with closing(sqlite3.connect(path)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM log NOT INDEXED").fetchone()
        read = "SELECT position FROM log WHERE stream = 'thing-5' AND version = 43"
        assert (count, connection.execute(read).fetchone()) == (SIZE, (301,))
    for way in WAYS:
        with pytest.raises(CorruptLogError) as error:
            judged(path, None, way)
        assert error.value.position == 300


def test_an_index_with_an_entry_too_many_is_found(original: Path) -> None:
    def graft(log: sqlite3.Connection) -> None:
        (table,) = log.execute("SELECT sql FROM sqlite_schema WHERE name = 'log'").fetchone()
        log.execute(table.replace("TABLE log", "TABLE twin"))
        log.execute("INSERT INTO twin SELECT * FROM log")
        log.execute("INSERT INTO twin SELECT 601, stream, 99, type, entry, leaf FROM twin LIMIT 1")
        log.execute("PRAGMA writable_schema = 1")
        log.execute(
            "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema "
            "WHERE name = 'sqlite_autoindex_twin_1') WHERE name = 'sqlite_autoindex_log_1'"
        )

    error = found(original, graft)
    assert (error.position, "601 entries in an index" in error.reason) == (SIZE + 1, True)


def test_a_schema_whose_names_are_no_text_is_refused_in_our_words(original: Path) -> None:
    content = original.read_bytes()
    path = original.with_name("nameless.db")
    content = content.replace(b"tabledata_keysdata_keys", b"tabledata\xffkeysdata_keys")
    path.write_bytes(content.replace(b"CREATE TABLE data_keys", b"CREATX TABLE data_keys"))
    with pytest.raises(CorruptLogError, match="no UTF-8"):
        verified(path)


def test_a_file_of_a_format_that_is_none_is_refused_in_our_words(original: Path) -> None:
    path = original.with_name("formatless.db")
    path.write_bytes(flipped(original.read_bytes(), 47, 1))
    with pytest.raises(StoreUnavailableError, match="no SQLite database"):
        verified(path)


@pytest.mark.parametrize(
    "statement",
    ["DROP TABLE tiles", "ALTER TABLE head RENAME TO top", "ALTER TABLE log RENAME entry TO said"],
)
def test_a_log_without_one_of_its_tables_or_columns_is_found(
    original: Path, statement: str
) -> None:
    error = found(original, lambda log: log.execute(statement), None)
    assert "lacks what every log has" in error.reason or "cannot be read" in error.reason


def test_of_a_log_cut_short_and_moved_up_the_first_bad_position_is_named(
    original: Path, honest: list[RawEntry]
) -> None:
    def close_the_gap(log: sqlite3.Connection) -> None:
        log.execute("DELETE FROM log WHERE position = 40")
        log.execute("UPDATE log SET position = position + 100000 WHERE position > 40")
        log.execute("UPDATE log SET position = position - 100001 WHERE position > 40")
        log.execute("UPDATE head SET size = size - 1")

    assert found(original, close_the_gap, root_of(honest)).position == 40


def forge(log: sqlite3.Connection, rows: list[RawEntry]) -> None:
    """Put another history in place of the log, with every hash as it must be."""
    tree = TreeBuilder()
    log.execute("BEGIN")
    log.execute("DELETE FROM log")
    log.execute("DELETE FROM tiles")
    log.executemany("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?)", rows)
    for tile in tree.extend([row.leaf for row in rows]):
        content = (tile.level, tile.index, b"".join(tile.hashes))
        log.execute("INSERT INTO tiles VALUES (?, ?, ?)", content)
    log.execute("UPDATE head SET size = ?, root = ?", (tree.size, tree.root()))
    log.execute("COMMIT")


@copies
@given(st.integers(0, CHECKPOINT - 1))
@example(CHECKPOINT - 1)
@example(0)
def test_a_log_cut_short_is_found_by_a_checkpoint_seen_earlier(
    original: Path, honest: list[RawEntry], kept: int
) -> None:
    checkpoint = root_of(honest[:CHECKPOINT])
    error = found(original, lambda log: forge(log, honest[:kept]), checkpoint)
    assert (error.position, "570 entries when" in error.reason) == (kept + 1, True)


@copies
@given(st.integers(1, CHECKPOINT))
def test_a_history_rewritten_with_all_its_hashes_is_found_by_a_checkpoint(
    original: Path, honest: list[RawEntry], position: int
) -> None:
    checkpoint = root_of(honest[:CHECKPOINT])
    row = honest[position - 1]
    entry = row.entry.replace(b'"country":"CM"', b'"country":"CI"')
    forged = row._replace(entry=entry, leaf=leaf_hash(entry))
    history = [*honest[: position - 1], forged, *honest[position:]]
    error = found(original, lambda log: forge(log, history), checkpoint)
    assert (error.position, "rewritten" in error.reason) == (CHECKPOINT, True)


DOUBT = "from position {since} on another may be wrong too"


@pytest.mark.parametrize(
    ("forged", "kept", "since"),
    [(None, None, None), (520, None, 513), (595, None, 513), (595, 570, 571), (590, None, 513)],
)
def test_where_only_the_head_denies_an_entry_before_a_bad_one_the_doubt_is_said(
    original: Path, honest: list[RawEntry], forged: int | None, kept: int | None, since: int | None
) -> None:
    """A root says that something is wrong, and not where: before the bad row, or behind it."""

    def tamper(log: sqlite3.Connection) -> None:
        if forged is not None:
            entry = honest[forged - 1].entry.replace(b'"country":"CM"', b'"country":"CI"')
            change = "UPDATE log SET entry = ?, leaf = ? WHERE position = ?"
            log.execute(change, (entry, leaf_hash(entry), forged))
        log.execute("UPDATE log SET type = CAST(x'ff' AS TEXT) WHERE position = 590")

    checkpoint = None if kept is None else root_of(honest[:kept])
    error = found(original, tamper, checkpoint)
    assert error.position == 590
    assert ("may be wrong too" in error.reason) is (since is not None)
    assert DOUBT.format(since=since) in error.reason or since is None


def test_what_came_after_the_checkpoint_is_not_held_to_it(
    original: Path, honest: list[RawEntry]
) -> None:
    path = original.with_name("shorter.db")
    shutil.copy(original, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        forge(connection, honest[:590])
    checkpoint = root_of(honest[:CHECKPOINT])
    assert verified(path, checkpoint) == Verified(*root_of(honest[:590]))


@settings(copies, max_examples=40)
@given(st.data(), st.integers(1, 255))
def test_a_changed_byte_of_the_file_is_found_or_changed_nothing_that_is_read(
    original: Path, honest: list[RawEntry], data: st.DataObject, mask: int
) -> None:
    content = original.read_bytes()
    path = original.with_name("bitten.db")
    for rest in path.parent.glob("bitten.db*"):
        rest.unlink()
    path.write_bytes(flipped(content, data.draw(st.integers(0, len(content) - 1)), mask))
    try:
        judged(path, None, data.draw(st.sampled_from(WAYS)))
    except LedgerError:
        return
    with closing(sqlite3.connect(path)) as connection:
        assert [RawEntry(*row) for row in connection.execute("SELECT * FROM log ORDER BY 1")] == (
            honest
        )


class _Reordered(MemoryEventStore):
    """A store that keeps everything but the order of versions."""

    async def misplaced(self, after: int, until: int) -> int | None:
        return 300 if after < 300 <= until else None


async def test_a_version_out_of_order_is_found_before_later_damage(clock: Clock) -> None:
    store = _Reordered(clock=clock)
    await fill(store, SIZE)
    store._rows[400] = store._rows[400]._replace(leaf=bytes(32))
    with pytest.raises(CorruptLogError, match="does not follow its stream's version") as error:
        await verify_log(store)
    assert error.value.position == 300


@pytest.mark.parametrize("claimed", [8, 1100])
async def test_an_entry_that_claims_an_earlier_place_is_found_where_it_stands(
    clock: Clock, claimed: int
) -> None:
    store = DisorderedStore(clock=clock, place=1300, claimed=claimed)
    await fill(store, 1600)
    with pytest.raises(CorruptLogError) as error:
        await verify_log(store)
    assert error.value.position == 1300


async def test_progress_is_told_from_nothing_to_the_end(clock: Clock) -> None:
    store = MemoryEventStore(clock=clock)
    await fill(store, 2300)
    told: list[tuple[int, int]] = []
    await verify_log(store, progress=lambda done, size: told.append((done, size)))
    assert told == [(0, 2300), (1000, 2300), (2000, 2300), (2300, 2300)]


async def test_a_log_that_grows_meanwhile_passes_as_it_stood(clock: Clock) -> None:
    store = MemoryEventStore(clock=clock)
    await fill(store, 300)
    before = await store.head()

    class Busy(MemoryEventStore):
        """Somebody appends whenever the verifier reads."""

        async def read_raw(self, after: int, limit: int = 1000) -> list[RawEntry]:
            rows = await super().read_raw(after, limit)
            await self.append(f"new-{len(self._rows)}", 0, [an_event()], context=CONTEXT)
            return rows

    busy = Busy(clock=clock)
    busy._rows, busy._streams = list(store._rows), dict(store._streams)
    assert await verify_log(busy) == Verified(*before)


def test_a_page_that_claims_more_than_sqlite_can_hold_is_damage_and_no_mistake_of_ours() -> None:
    with (
        closing(sqlite3.connect(":memory:")) as connection,
        pytest.raises(sqlite3.DataError) as refused,
    ):
        connection.execute("SELECT zeroblob(2000000000)")

    assert isinstance(of_sqlite(refused.value), CorruptLogError)
