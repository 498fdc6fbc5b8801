"""The store on PostgreSQL keeps the law of stores; and what only a server can do to it."""

import asyncio
import os
import socket
from typing import Any, cast

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from ledger.errors import SchemaVersionError, StoreUnavailableError
from ledger.sql import Database, SqlEventStore
from ledger.sql_dialects import ADVISORY_LOCK
from ledger.sql_guards import unguarded
from ledger.verify import verify_log
from tests.builders import CONTEXT
from tests.contracts.sql_store import SqlStoreContract, Unlock, run, tell_writer
from tests.contracts.store import a_key, an_event, fill, places
from tests.contracts.upgrade import UpgradeContract

HANG_UP = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""


WAITING = """
    SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
    WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()"""


class TestPostgresStore(SqlStoreContract):
    leftover = "recycled"  # as the tests' server has its default
    rewriting = (
        "UPDATE {table} SET {column} = {column}",
        "UPDATE {table} SET {column} = {column} WHERE false",
        "DELETE FROM {table}",
        "TRUNCATE {table}",
    )
    hurry = "SET lock_timeout = 20"
    commits_in_one_visit = False

    @pytest.fixture
    def database_url(self, postgres_database: str) -> str:
        return postgres_database

    async def lock_out(self, database_url: str) -> Unlock:
        engine = create_async_engine(database_url)
        connection = await engine.connect()
        await connection.execute(text("LOCK TABLE head IN EXCLUSIVE MODE"))

        async def unlock() -> None:
            await connection.rollback()
            await connection.close()
            await engine.dispose()

        return unlock

    async def test_a_lost_connection_loses_nothing_that_was_acknowledged(
        self, store: SqlEventStore, database_url: str
    ) -> None:
        await fill(store, 30)
        before = await store.read_stream("thing-1")
        engine = create_async_engine(database_url)
        async with engine.connect() as connection:
            assert (await connection.execute(text(HANG_UP))).scalar_one() > 0
        await engine.dispose()
        outcomes = await asyncio.gather(
            store.append("a", 0, [an_event()], context=CONTEXT, keys=[a_key(1)]),
            store.read(0),
            return_exceptions=True,
        )
        assert [type(outcome) for outcome in outcomes] == [StoreUnavailableError] * 2
        await store.append("b", 0, [an_event()], context=CONTEXT)
        assert await store.read_stream("thing-1") == before
        assert (await verify_log(store)).size == 31

    async def test_a_connection_whose_end_is_read_in_part_is_a_lost_one(
        self, store: SqlEventStore, database_url: str
    ) -> None:
        async def ask_in_between() -> None:
            async with store.database.read() as connection:
                raw = await connection.get_raw_connection()
                driver = cast("Any", raw.driver_connection)
                # As for who was asleep: the server's last word is there, and its end behind it.
                driver._transport.pause_reading()
                engine = create_async_engine(database_url)
                async with engine.connect() as other:
                    await other.execute(text(HANG_UP))
                await engine.dispose()
                with socket.socket(
                    fileno=os.dup(driver._transport.get_extra_info("socket").fileno())
                ) as wire:
                    wire.setblocking(True)
                    driver._protocol.data_received(await asyncio.to_thread(wire.recv, 65_536))
                await connection.execute(text("SELECT 1"))

        await fill(store, 3)
        with pytest.raises(StoreUnavailableError, match="connection to the database was lost"):
            await ask_in_between()
        assert (await verify_log(store)).size == 3

    @pytest.mark.parametrize(
        ("statement", "finding"),
        [
            ("DROP TRIGGER log_refuses_change ON log", "log_refuses_change is gone"),
            (
                "ALTER TABLE tiles DISABLE TRIGGER tiles_refuses_change",
                "tiles_refuses_change is not the one that was made",
            ),
            (
                """CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql
                AS $$ BEGIN RETURN NULL; END $$""",
                "log_refuses_change is not the one that was made",
            ),
            (
                "CREATE RULE extra AS ON DELETE TO data_keys DO INSTEAD NOTHING",
                "there is a rule 'extra' on data_keys that is none of ours",
            ),
        ],
    )
    async def test_guards_that_are_not_as_they_were_made_are_found(
        self, store: SqlEventStore, database_url: str, statement: str, finding: str
    ) -> None:
        assert await unguarded(store.database) == []
        engine = create_async_engine(database_url, isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            await connection.execute(text(statement))
        await engine.dispose()
        assert finding in "; ".join(await unguarded(store.database))

    async def test_what_is_being_appended_is_waited_for_before_keys_are_destroyed(
        self, store: SqlEventStore
    ) -> None:
        await store.append("a", 0, [an_event()], context=CONTEXT, keys=[a_key(1)])
        writer = await store.database.connect_log(is_writer=True)
        driver = cast("Any", writer)._driver
        await writer.begin([])
        await driver.execute(
            "INSERT INTO log SELECT 2, 'b', 1, type, entry, leaf FROM log WHERE position = 1"
        )
        destroying = asyncio.create_task(store.destroy_subject_unless("person", 1, lambda _: True))
        async with asyncio.timeout(10):
            while not await driver.fetchval(WAITING):
                assert not destroying.done()
        await driver.execute("COMMIT")
        assert await destroying is None
        await writer.close()
        assert list(await store.data_keys(["key-1"])) == ["key-1"]

    async def test_durability_is_switched_on_where_the_server_has_it_off(
        self, store: SqlEventStore
    ) -> None:
        name = store.database.engine.url.database
        await run(store, f'ALTER DATABASE "{name}" SET synchronous_commit = off')
        neighbour = await Database.open(str_url(store), create=True)
        writer = await neighbour.connect_log(is_writer=True)
        assert await cast("Any", writer)._driver.fetchval("SHOW synchronous_commit") == "on"
        await writer.close()
        await neighbour.close()

    async def test_a_role_that_may_not_write_is_told_which_right_it_lacks(
        self, store: SqlEventStore
    ) -> None:
        await store.append("a", 0, [an_event()], context=CONTEXT)
        await run(store, "CREATE ROLE reader_" + str_name(store))
        await tell_writer(store, "SET ROLE reader_" + str_name(store))
        with pytest.raises(StoreUnavailableError, match="lacks a right"):
            await store.append("a", 1, [an_event()], context=CONTEXT)
        await tell_writer(store, "RESET ROLE")
        assert places(await store.append("a", 1, [an_event()], context=CONTEXT)) == [(2, "a", 2)]
        await run(store, "DROP ROLE reader_" + str_name(store))

    async def test_a_database_without_tables_is_not_taken_for_an_empty_log(
        self, database_url: str
    ) -> None:
        with pytest.raises(SchemaVersionError, match="at schema none"):
            await Database.open(database_url)

    async def test_a_server_that_is_not_there_is_named(self, database_url: str) -> None:
        with pytest.raises(StoreUnavailableError, match="connection to the database was lost"):
            await Database.open("postgresql://nobody@127.0.0.1:1/nothing")

    async def test_positions_are_given_out_under_the_lock_of_their_transaction(
        self, store: SqlEventStore, database_url: str
    ) -> None:
        await store.append("a", 0, [an_event()], context=CONTEXT)
        await tell_writer(store, "SET lock_timeout = 20")
        engine = create_async_engine(database_url)
        async with engine.connect() as other:
            await other.execute(text(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))
            with pytest.raises(StoreUnavailableError, match="locked by another program"):
                await store.append("a", 1, [an_event()], context=CONTEXT)
        await engine.dispose()
        await store.append("a", 1, [an_event()], context=CONTEXT)

    async def test_a_duplicate_that_slips_in_is_refused_by_the_table(
        self, store: SqlEventStore
    ) -> None:
        await store.append("a", 0, [an_event()], context=CONTEXT)
        with pytest.raises(DBAPIError, match="uq_log_stream_version"):
            await run(
                store, "INSERT INTO log SELECT 2, stream, version, type, entry, leaf FROM log"
            )


class TestPostgresUpgrade(UpgradeContract):
    rewriting = TestPostgresStore.rewriting

    @pytest.fixture
    def database_url(self, postgres_database: str) -> str:
        return postgres_database


def str_url(store: SqlEventStore) -> str:
    """The URL of a store's database."""
    return store.database.engine.url.render_as_string(hide_password=False)


def str_name(store: SqlEventStore) -> str:
    """The name of a store's database."""
    return str(store.database.engine.url.database)
