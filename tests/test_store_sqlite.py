"""The store on SQLite keeps the law of stores; and what only a file can do to it."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import make_url

from ledger.errors import (
    InvalidInputError,
    SchemaVersionError,
    StoreUnavailableError,
)
from ledger.sql import Database, SqlEventStore
from ledger.store import Clock
from ledger.verify import verify_log
from tests.builders import CONTEXT
from tests.contracts.sql_store import OpenSqlStore, SqlStoreContract, Unlock, fill_more, tell_writer
from tests.contracts.store import a_key, an_event, everything, fill, places
from tests.contracts.upgrade import UpgradeContract


class TestSqliteStore(SqlStoreContract):
    rewriting = (
        "UPDATE {table} SET {column} = {column}",
        "DELETE FROM {table}",
        "INSERT OR REPLACE INTO {table} SELECT * FROM {table}",
    )
    hurry = "PRAGMA busy_timeout = 20"
    commits_in_one_visit = True

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "cauri.db"

    @pytest.fixture
    def database_url(self, path: Path) -> str:
        return f"sqlite:///{path}"

    async def lock_out(self, database_url: str) -> Unlock:
        other = sqlite3.connect(make_url(database_url).database or "", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        async def unlock() -> None:
            other.execute("ROLLBACK")
            other.close()

        return unlock

    async def test_a_full_disk_loses_nothing_and_passes(self, store: SqlEventStore) -> None:
        await fill(store, 20)
        await tell_writer(store, "PRAGMA max_page_count = 1")  # the file may not grow any more
        outcomes = [
            await asyncio.gather(
                store.append(f"big-{at}", 0, [an_event("x" * 8000)], context=CONTEXT),
                return_exceptions=True,
            )
            for at in range(40)
        ]
        kept = [outcome[0].stream for (outcome,) in outcomes if isinstance(outcome, list)]
        refused = [outcome for (outcome,) in outcomes if not isinstance(outcome, list)]
        [told] = {str(error) for error in refused}
        assert told == (
            "The disk is full. Free some space, then repeat the command or the request; "
            "nothing was lost."
        )
        assert [event.stream for event in await everything(store)][20:] == kept
        await tell_writer(store, "PRAGMA max_page_count = 1000000")
        await fill_more(store, 3)
        assert (await verify_log(store)).size == 20 + len(kept) + 3

    async def test_a_database_that_cannot_be_written_says_so(
        self, path: Path, clock: Clock, open_store: OpenSqlStore
    ) -> None:
        await fill(await open_store(), 3)
        database = await Database.open(f"sqlite:///file:{path}?mode=ro&uri=true", create=True)
        store = SqlEventStore(database, clock=clock)
        await store.start()
        with pytest.raises(StoreUnavailableError, match="cannot be written to"):
            await store.append("b", 0, [an_event()], context=CONTEXT)
        assert len(await everything(store)) == 3
        await store.close()
        await database.close()

    async def test_a_destroyed_key_leaves_no_bytes_behind(
        self, path: Path, store: SqlEventStore
    ) -> None:
        def traces(of: bytes) -> int:
            return sum(file.read_bytes().count(of) for file in path.parent.glob("cauri.db*"))

        keys = [a_key(1)._replace(wrapped=b"to be forgotten"), a_key(2, "other")]
        await store.append("a", 0, [an_event()], context=CONTEXT, keys=keys)
        assert traces(b"to be forgotten") > 0
        assert await store.destroy_subject("person") == 1
        assert (traces(b"to be forgotten"), traces(keys[1].wrapped)) == (0, 1)

    @pytest.mark.parametrize(
        ("content", "error", "words"),
        [
            (None, StoreUnavailableError, "run `cauri migrate`"),
            (b"", StoreUnavailableError, "run `cauri migrate`"),
            (b"no database, but as long as one" * 200, StoreUnavailableError, "Name another file"),
        ],
    )
    def test_a_file_that_is_no_log_is_refused_and_left_as_it_is(
        self, path: Path, content: bytes | None, error: type[Exception], words: str
    ) -> None:
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(error, match=words):
            asyncio.run(Database.open(f"sqlite:///{path}"))
        assert (path.read_bytes() if path.exists() else None) == content

    async def test_a_folder_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(StoreUnavailableError, match="There is no folder"):
            await Database.open(f"sqlite:///{tmp_path}/no/such/cauri.db", create=True)

    def test_a_database_of_something_else_is_not_taken_for_an_empty_log(self, path: Path) -> None:
        other = sqlite3.connect(path)
        other.execute("CREATE TABLE log (line TEXT)")
        other.close()
        with pytest.raises(SchemaVersionError, match="at schema none"):
            asyncio.run(Database.open(f"sqlite:///{path}"))

    @pytest.mark.parametrize(
        "url", ["sqlite://", "sqlite:///:memory:", "mysql://here/x", "cauri.db", ""]
    )
    async def test_what_is_no_database_url_is_refused(self, url: str) -> None:
        with pytest.raises(InvalidInputError) as refused:
            await Database.open(url)
        assert refused.value.field == "database"

    async def test_a_committed_entry_is_on_the_disk(self, path: Path, store: SqlEventStore) -> None:
        await store.append("a", 0, [an_event()], context=CONTEXT)
        driver = cast("Any", store._appender._connection)._driver
        settings = [
            (await driver.execute_fetchall(f"PRAGMA {name}"))[0][0]
            for name in ("journal_mode", "synchronous", "secure_delete")
        ]
        assert settings == ["wal", 2, 1]
        other = sqlite3.connect(path)
        assert other.execute("SELECT position, stream, version FROM log").fetchall() == places(
            await everything(store)
        )
        other.close()


class TestSqliteUpgrade(UpgradeContract):
    rewriting = TestSqliteStore.rewriting

    @pytest.fixture
    def database_url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path}/cauri.db"
