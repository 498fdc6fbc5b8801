"""What a store in a database does besides: guards, faults, neighbours, and other processes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, ClassVar, cast

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from ledger import sql_schema
from ledger.errors import (
    SchemaVersionError,
    StoreClosedError,
    StoreUnavailableError,
    WrongVersionError,
)
from ledger.events import MerchantAdded
from ledger.sql import Database, SqlEventStore, migrate
from ledger.sql_database import MIGRATIONS
from ledger.store import Clock, replay
from ledger.verify import verify_log
from tests.builders import CONTEXT
from tests.contracts.store import (
    StoreContract,
    a_key,
    a_turn,
    an_event,
    everything,
    fill,
    places,
)

OpenSqlStore = Callable[..., Awaitable[SqlEventStore]]
Unlock = Callable[[], Awaitable[None]]


class SqlStoreContract(StoreContract):
    """A subclass gives `database_url`: of a database that is still empty; and its own ways."""

    rewriting: ClassVar[tuple[str, ...]]
    """Statements that would rewrite `{table}`."""

    hurry: ClassVar[str]
    """What makes a driver connection give up waiting for a lock soon."""

    commits_in_one_visit: ClassVar[bool]
    """Whether an appender that is alone writes a whole commit in one step nobody can stop."""

    async def lock_out(self, database_url: str) -> Unlock:
        """Take the database away from every writer, as another program does."""
        raise NotImplementedError

    @pytest.fixture
    async def open_store(self, database_url: str, clock: Clock) -> AsyncIterator[OpenSqlStore]:
        stores: list[SqlEventStore] = []

        async def open_store(**options: int) -> SqlEventStore:
            database = await Database.open(database_url, create=True)
            store = SqlEventStore(database, clock=clock, **options)
            stores.append(store)
            await store.start()
            return store

        yield open_store
        for store in reversed(stores):
            await store.close()
            await store.database.close()

    async def test_the_database_itself_refuses_to_rewrite_history(
        self, store: SqlEventStore
    ) -> None:
        await fill(store, 256)
        before = await store.head()
        for statement in self.rewriting:
            for table, column in (("log", "type"), ("tiles", "hashes")):
                with pytest.raises(DBAPIError, match="is append-only"):
                    await run(store, statement.format(table=table, column=column))
        assert (await verify_log(store))[:2] == tuple(before)

    async def test_the_tables_are_what_the_code_believes(self, store: SqlEventStore) -> None:
        def differences(connection: Connection) -> list[object]:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            return list(compare_metadata(context, sql_schema.metadata))

        async with store.database.read() as connection:
            assert await connection.run_sync(differences) == []
        assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [sql_schema.SCHEMA_VERSION]

    async def test_migrating_twice_and_at_once_changes_nothing(self, database_url: str) -> None:
        await asyncio.gather(migrate(database_url), migrate(database_url))
        await migrate(database_url)
        database = await Database.open(database_url)
        await database.close()

    async def test_an_appender_that_ends_by_itself_says_so(self, store: SqlEventStore) -> None:
        told = [store.stopped]
        task = store._appender._task
        assert task is not None
        with capture_logs() as logs:
            task.cancel()
            await asyncio.wait([task])
        with pytest.raises(StoreClosedError):
            await store.append("a", 0, [an_event()], context=CONTEXT)
        assert [one["event"] for one in logs] == ["appender.stopped"]
        told.append(store.stopped)
        await store.close()
        told.append(store.stopped)
        assert told == [None, "its task was cancelled", None]

    async def test_a_database_of_newer_code_is_refused(self, store: SqlEventStore) -> None:
        await run(store, "UPDATE alembic_version SET version_num = '9999'")
        url = store.database.engine.url.render_as_string(hide_password=False)
        for attempt in (Database.open(url), Database.open(url, create=True), migrate(url)):
            with pytest.raises(SchemaVersionError, match="at schema 9999") as refused:
                await attempt
            assert "Upgrade the code" in refused.value.remedy

    async def test_two_neighbours_on_one_database_double_nothing(
        self, open_store: OpenSqlStore
    ) -> None:
        one, other = await open_store(), await open_store()

        async def write(store: SqlEventStore, writer: int) -> None:
            for turn in range(8):
                await store.append(f"own-{writer}", turn, [an_event(turn)], context=CONTEXT)
                while True:
                    version = len(await store.read_stream("shared"))
                    try:
                        await store.append(
                            "shared", version, [an_event(f"{writer}.{turn}")], context=CONTEXT
                        )
                        break
                    except WrongVersionError:
                        continue

        async def tail(store: SqlEventStore) -> list[int]:
            seen: list[int] = []
            while len(seen) < 128:
                page = await store.read(len(seen), 10)
                seen += [event.position for event in page]
                if not page:
                    await store.wait_for(len(seen) + 1, 5.0)
            return seen

        readers = [asyncio.create_task(tail(store)) for store in (one, other)]
        await asyncio.gather(
            *(write(store, writer) for writer, store in enumerate([one, other] * 4))
        )
        assert await asyncio.gather(*readers) == [list(range(1, 129))] * 2
        shared = await one.read_stream("shared")
        assert shared == await other.read_stream("shared")
        assert sorted(cast("MerchantAdded", event.event).name for event in shared) == sorted(
            f"{writer}.{turn}" for writer in range(8) for turn in range(8)
        )
        assert (await verify_log(one))[:2] == tuple(await other.head())

    async def test_a_neighbour_is_seen_at_the_next_read(self, open_store: OpenSqlStore) -> None:
        one, other = await open_store(), await open_store()
        for version in range(5):
            for writer, reader in ((one, other), (other, one)):
                stream = f"of-{id(writer)}"
                await writer.append(stream, version, [an_event(version)], context=CONTEXT)
                assert len(await reader.read_stream(stream)) == version + 1
                assert len(await writer.read_stream(stream)) == version + 1
        waiting = asyncio.create_task(one.wait_for(11, 5.0))
        await other.append("new", 0, [an_event()], context=CONTEXT)
        assert await waiting

    async def test_a_store_goes_on_where_another_ended(self, open_store: OpenSqlStore) -> None:
        first = await open_store()
        await fill(first, 900)
        await first.close()
        second = await open_store()
        await second.append("thing-0", 129, [an_event()], context=CONTEXT, keys=[a_key(1)])
        await fill_more(second, 600)
        assert (await verify_log(second)).size == 1501
        assert await second.head() == await first.head()

    async def test_a_database_that_is_locked_loses_nothing(
        self, store: SqlEventStore, database_url: str
    ) -> None:
        await store.append("a", 0, [an_event()], context=CONTEXT)
        await tell_writer(store, self.hurry)
        unlock = await self.lock_out(database_url)
        outcomes = await asyncio.gather(
            store.append("a", 1, [an_event()], context=CONTEXT),
            store.append("b", 0, [an_event()], context=CONTEXT, keys=[a_key(1)]),
            store.append("c", 7, [an_event()], context=CONTEXT),
            return_exceptions=True,
        )
        assert [type(outcome) for outcome in outcomes] == [StoreUnavailableError] * 3
        assert "locked by another program" in str(outcomes[0])
        await unlock()
        await store.append("a", 1, [an_event()], context=CONTEXT)
        assert places(await everything(store)) == [(1, "a", 1), (2, "a", 2)]
        assert await store.data_keys(["key-1"]) == {}
        assert (await verify_log(store)).size == 2

    async def test_a_closed_store_neither_reads_nor_leaves_connections(
        self, store: SqlEventStore
    ) -> None:
        await fill(store, 20)
        reading = asyncio.gather(store.read_stream("thing-1"), store.read(0), store.position())
        await a_turn()
        await store.close()
        stream, log, position = await reading
        assert (len(stream), len(log), position) == (3, 20, 20)
        for read in (store.read_stream("thing-1"), store.read(0), store.position()):
            with pytest.raises(StoreClosedError):
                await read

    @pytest.mark.parametrize("is_alone", [False, True])
    async def test_an_appender_that_was_stopped_leaves_nobody_waiting(
        self, store: SqlEventStore, is_alone: bool
    ) -> None:
        await fill(store, 20)
        if is_alone:  # from its second commit on it believes that nobody else writes
            await store.append("z", 0, [an_event()], context=CONTEXT)
        before = await store.position()
        waiting = [
            asyncio.create_task(store.append(f"a-{at}", 0, [an_event()], context=CONTEXT))
            for at in range(5)
        ]
        await a_turn()
        assert store._appender._task is not None
        store._appender._task.cancel()
        late = store.append("b", 0, [an_event()], context=CONTEXT)
        outcomes = await asyncio.gather(*waiting, late, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {StoreClosedError}
        with pytest.raises(StoreClosedError):
            await store.append("c", 0, [an_event()], context=CONTEXT)
        # Stopped while it begins, it gives up; what it does in one visit is done to the end.
        is_committed = is_alone and self.commits_in_one_visit
        assert (await verify_log(store)).size == before + (5 if is_committed else 0)

    async def test_a_page_of_a_long_log_is_replayed_whole(self, store: SqlEventStore) -> None:
        await fill(store, 2500)
        assert [event.position async for event in replay(store)] == list(range(1, 2501))


async def run(store: SqlEventStore, statement: str) -> None:
    """Run a statement that is no business of the store's."""
    async with store.database.write() as connection:
        await connection.execute(text(statement))


async def tell_writer(store: SqlEventStore, statement: str) -> None:
    """Run a statement on the very connection the appender writes with."""
    connection = store._appender._connection
    assert connection is not None
    is_sqlite = store.database.dialect == "sqlite"
    driver = cast("Any", connection)._driver
    tell = driver.execute_fetchall if is_sqlite else driver.execute
    await tell(statement)


async def fill_more(store: SqlEventStore, count: int) -> None:
    """Write `count` events into streams of their own, at once."""
    await asyncio.gather(
        *(store.append(f"more-{at}", 0, [an_event(at)], context=CONTEXT) for at in range(count))
    )
