"""Erased keys: their bytes go too, as soon as nobody's older view of the database needs them."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import make_url, text
from structlog.testing import capture_logs

from ledger import sql_scrubbing
from ledger.sql import Database, SqlEventStore
from ledger.store import Clock
from tests.builders import CONTEXT
from tests.contracts.store import a_key, an_event

KEY = b"to be forgotten"


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the next try come soon."""
    monkeypatch.setattr(sql_scrubbing, "RETRY_SECONDS_FIRST", 0.01)
    monkeypatch.setattr(sql_scrubbing, "RETRY_SECONDS_MAX", 0.02)


@pytest.fixture
async def store(tmp_path: Path, clock: Clock) -> AsyncIterator[SqlEventStore]:
    async for store in _opened(f"sqlite:///{tmp_path}/cauri.db", clock):
        yield store


@pytest.fixture
async def served(postgres_database: str, clock: Clock) -> AsyncIterator[SqlEventStore]:
    async for store in _opened(postgres_database, clock):
        yield store


async def _opened(url: str, clock: Clock) -> AsyncIterator[SqlEventStore]:
    database = await Database.open(url, create=True)
    store = SqlEventStore(database, clock=clock)
    await store.start()
    keys = [a_key(1)._replace(wrapped=KEY), a_key(2, "other")]
    await store.append("a", 0, [an_event()], context=CONTEXT, keys=keys)
    yield store
    await store.close()
    await database.close()


def traces(folder: Path) -> int:
    """How often the key's bytes stand in the files of the database."""
    return sum(file.read_bytes().count(KEY) for file in folder.glob("cauri.db*"))


@contextmanager
def a_reader(folder: Path) -> Iterator[sqlite3.Connection]:
    """Another program in the middle of reading."""
    connection = sqlite3.connect(folder / "cauri.db", isolation_level=None)
    connection.execute("BEGIN")
    connection.execute("SELECT count(*) FROM log").fetchall()
    try:
        yield connection
    finally:
        connection.close()


def told(logs: list[Any]) -> list[tuple[str, str]]:
    return [(line["log_level"], line["event"]) for line in logs]


@pytest.mark.usefixtures("hurry")
async def test_a_reader_delays_the_bytes_and_it_is_said_and_they_go_after_it(
    store: SqlEventStore, tmp_path: Path
) -> None:
    with capture_logs() as logs:
        with a_reader(tmp_path):
            assert await store.destroy_subject("person") == 1
            assert await store.data_keys(["key-1"]) == {}
            assert traces(tmp_path) > 0
        assert store._scrubber._retrying is not None
        await asyncio.wait_for(store._scrubber._retrying, 10)
    assert traces(tmp_path) == 0
    assert told(logs)[0] == ("warning", "keys.scrub_failed")
    assert "in the middle of reading" in logs[0]["reason"]
    assert told(logs)[-1] == ("info", "keys.scrubbed")


@pytest.mark.usefixtures("hurry")
async def test_tries_end_loudly_and_begin_again_at_the_next_erase(
    store: SqlEventStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql_scrubbing, "TRIES_MAX", 3)
    with capture_logs() as logs, a_reader(tmp_path):
        await store.destroy_subject("person")
        assert store._scrubber._retrying is not None
        await asyncio.wait_for(store._scrubber._retrying, 10)
    assert told(logs) == [("warning", "keys.scrub_failed")] * 2 + [("error", "keys.scrub_given_up")]
    assert traces(tmp_path) > 0
    assert await store.destroy_subject("nobody") == 0
    assert traces(tmp_path) == 0


async def test_what_was_left_is_tried_once_more_when_the_store_closes(
    store: SqlEventStore, tmp_path: Path
) -> None:
    with a_reader(tmp_path):
        await store.destroy_subject("person")
    assert traces(tmp_path) > 0
    await store.close()
    assert traces(tmp_path) == 0


async def test_closing_does_not_wait_for_a_reader_and_says_what_is_left(
    store: SqlEventStore, tmp_path: Path
) -> None:
    with capture_logs() as logs, a_reader(tmp_path):
        await store.destroy_subject("person")
        await asyncio.wait_for(store.close(), 10)
    assert told(logs) == [("warning", "keys.scrub_failed"), ("error", "keys.scrub_given_up")]


async def test_where_nothing_was_left_nothing_is_tried(
    store: SqlEventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.destroy_subject("person")
    assert await store.destroy_subject("person") == 0
    monkeypatch.delattr(Database, "scrub")
    assert await store.destroy_subject("person") == 0
    await store.close()


@contextmanager
def as_a_stranger(store: SqlEventStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the store work in a role that may delete keys and does not own their table."""
    connect = Database.connect_log

    async def connect_as_stranger(database: Database, *, is_writer: bool) -> Any:
        connection = await connect(database, is_writer=is_writer)
        await connection._driver.execute("SET ROLE stranger")  # type: ignore[attr-defined]
        return connection

    with monkeypatch.context() as patched:
        patched.setattr(Database, "connect_log", connect_as_stranger)
        yield


async def test_a_role_that_may_not_vacuum_is_told(
    served: SqlEventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served.database.write() as connection:
        await connection.execute(text("DROP ROLE IF EXISTS stranger"))
        await connection.execute(text("CREATE ROLE stranger"))
        await connection.execute(text("GRANT SELECT, DELETE ON data_keys TO stranger"))
    with capture_logs() as logs:
        with as_a_stranger(served, monkeypatch):
            assert await served.destroy_subject("person") == 1
        await served.close()
    assert told(logs) == [("warning", "keys.scrub_failed"), ("info", "keys.scrubbed")]
    assert "own" in logs[0]["reason"]
    async with served.database.write() as connection:
        await connection.execute(text("DROP OWNED BY stranger"))
        await connection.execute(text("DROP ROLE stranger"))


async def test_an_older_view_on_the_server_delays_the_bytes_and_it_is_said(
    served: SqlEventStore, postgres_database: str
) -> None:
    url = make_url(postgres_database).set(drivername="postgresql")
    reader = await asyncpg.connect(url.render_as_string(hide_password=False))
    await reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM data_keys")
    with capture_logs() as logs:
        assert await served.destroy_subject("person") == 1
        assert await served.data_keys(["key-1"]) == {}
        await reader.close()
        await served.close()
    assert told(logs) == [("warning", "keys.scrub_failed"), ("info", "keys.scrubbed")]
    assert "older view" in logs[0]["reason"]
