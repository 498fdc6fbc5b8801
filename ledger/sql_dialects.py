"""Everything in which SQLite and PostgreSQL differ: the one file to read before adding a third.

(Beside it stand: how deleted keys are cleared, in `ledger.sql_clearing`; how a file is opened that
can only be read, in `ledger.sql_readonly`; how the whole log is scanned, in `ledger.sql_scan`.)

The few statements that every request runs (lock, insert a batch, read a stream, read a page) are
written here per database, for `LogConnection`s to the driver itself, below SQLAlchemy. All other
SQL of the product goes through SQLAlchemy.

Why below SQLAlchemy: a compiled insert costs a third of the write speed, and aiosqlite does every
call in a thread of its own, so that five awaited statements are ten thread switches. A
`LogConnection` runs a whole half of an append in one visit to that thread. `Connection._execute`
is the only door aiosqlite has for that; SQLAlchemy's own dialect leans on the same internals, and
both are pinned.

Why one row per answer: between two steps of a statement sqlite3 lets go of the interpreter and
queues up to get it back, behind everything the event loop wants to do. A page of 1000 entries
comes as one value, an insert takes sixteen rows per step. An entry never contains a raw newline,
because JSON escapes it, so newlines can part the entries of one answer.

What it deliberately does not do: retry a statement, cache, or know what an event is.
"""

import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import aiosqlite
import asyncpg
import orjson
from sqlalchemy import Connection, event
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from ledger import sql_visits
from ledger.errors import LedgerError, StoreUnavailableError
from ledger.leftover import Leftover
from ledger.sentences import Sentence
from ledger.sql_clearing import clear_postgresql, clear_postgresql_wholly, clear_sqlite
from ledger.sql_errors import of_postgresql, of_sqlite
from ledger.sql_port import (
    LOCK_TIMEOUT_SECONDS,
    Batch,
    Dialect,
    LogConnection,
    Standing,
    is_as_expected,
    stated,
)
from ledger.sql_readonly import for_reading, is_for_reading

STANDSTILL_TIMEOUT_SECONDS: Final = 10.0
"""How long a transaction may stand still. Whoever is stopped in the middle of one (a debugger, a
frozen container) holds a lock that everybody else waits for, and must lose it."""

CONNECT_TIMEOUT_SECONDS: Final = 10.0
STATEMENT_TIMEOUT_SECONDS: Final = 120.0
POOL_SIZE_MAX: Final = 10

# Any number nobody else uses as an advisory lock in the same database: "cauri" in ASCII.
ADVISORY_LOCK: Final = 0x6361757269

T = TypeVar("T")

# --- SQLite -----------------------------------------------------------------------------------

_SQLITE_STANDING: Final = """
    SELECT max(size), (
      SELECT json_group_object(name, version) FROM (
        SELECT value AS name, (SELECT max(version) FROM log WHERE stream = value) AS version
        FROM json_each(?)
      ) WHERE version IS NOT NULL
    ) FROM head"""
_SQLITE_STREAMS: Final = """
    SELECT CAST(group_concat(entry, char(10)) AS BLOB) FROM log
    WHERE stream IN (SELECT value FROM json_each(?))"""
_SQLITE_PAGE: Final = """
    SELECT CAST(group_concat(entry, char(10)) AS BLOB) FROM (
      SELECT entry FROM log WHERE position > ? ORDER BY position LIMIT ?
    )"""
_SQLITE_CHANGED: Final = """
    SELECT json_group_array(DISTINCT stream) FROM log WHERE position > ? AND position <= ?"""
_SQLITE_ROWS: Final = "INSERT INTO log VALUES (?, ?, ?, ?, ?, ?)"
_SQLITE_HEAD: Final = "UPDATE head SET size = ?, root = ?"
_SQLITE_KEYS: Final = "INSERT INTO data_keys VALUES (?, ?, ?, ?) ON CONFLICT (key_id) DO NOTHING"
_SQLITE_TILES: Final = "INSERT INTO tiles VALUES (?, ?, ?)"


class Sqlite:
    """SQLite through aiosqlite: the embedded default."""

    name = "sqlite"

    def engine(self, url: URL, *, is_kept: bool = True) -> AsyncEngine:
        """WAL and synchronous=FULL: readers never wait, and what was committed is on the disk."""
        engine = create_async_engine(
            url.set(drivername="sqlite+aiosqlite"),
            connect_args={
                "async_creator_fn": sql_visits.connect,
                # The driver's own habit of opening transactions is switched off: `begin` does.
                "isolation_level": None,
                "timeout": LOCK_TIMEOUT_SECONDS,
            },
            pool_size=POOL_SIZE_MAX,
            max_overflow=0,
            hide_parameters=True,  # an error's text must not quote somebody's number
        )
        prepare = sql_visits.preparing(is_reading=is_for_reading(url), is_kept=is_kept)
        event.listen(engine.sync_engine, "connect", partial(self._on_connect, prepare))
        event.listen(engine.sync_engine, "begin", self._on_begin)
        return engine

    @staticmethod
    def _on_connect(prepare: sql_visits.Work, connection: Any, _record: object) -> None:
        try:
            connection.run_async(lambda driver: driver.visit(prepare))
        except BaseException:
            connection.close()  # nobody else knows it yet, and its thread would live on
            raise

    @staticmethod
    def _on_begin(connection: Connection) -> None:
        is_write = connection.get_execution_options().get("is_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")

    async def connect(self, engine: AsyncEngine, *, is_writer: bool) -> LogConnection:
        """Take a connection out of the pool for good; readers can only read."""
        raw = await engine.raw_connection()
        driver = raw.driver_connection
        raw.detach()
        assert isinstance(driver, aiosqlite.Connection)
        if not is_writer:
            await driver.execute_fetchall("PRAGMA query_only = ON")
        return _SqliteConnection(driver)

    def for_reading(self, url: URL) -> URL:
        """See `ledger.sql_readonly`."""
        return for_reading(url)

    def lock(self, connection: Connection) -> None:
        """Nothing to do: BEGIN IMMEDIATE was the lock."""

    def translate(self, error: BaseException) -> LedgerError | None:
        """See `ledger.sql_errors`."""
        return of_sqlite(error)

    def missing(self, url: URL, *, create: bool) -> StoreUnavailableError | None:
        """A file that is not there is not made by looking for it."""
        if "uri" in url.query:
            return None  # SQLite's own way to name a file, with options; it looks by itself
        path = Path(url.database or "")
        if create and not path.parent.is_dir():
            return StoreUnavailableError(
                Sentence("There is no folder {folder}.", folder=path.parent),
                Sentence("Make it first."),
            )
        # An empty file is no database either: only opening it would turn it into one.
        if not create and not (path.exists() and path.stat().st_size):
            return StoreUnavailableError(
                Sentence("There is no database at {path}.", path=path),
                Sentence("Check the address; to make a new one there, run `cauri migrate`."),
            )
        return None


class _SqliteConnection:
    def __init__(self, driver: aiosqlite.Connection) -> None:
        self._driver = driver

    async def _visit(self, work: Callable[..., T], *arguments: object) -> T:
        """Run a function on the connection's own thread, once there and back."""
        result: T = await self._driver._execute(work, *arguments)  # type: ignore[no-untyped-call]  # noqa: SLF001 - see the module's "Why below SQLAlchemy"
        return result

    @property
    def _connection(self) -> sqlite3.Connection:
        return self._driver._conn  # noqa: SLF001 - as above

    async def begin(self, streams: Sequence[str]) -> Standing:
        return await self._visit(self._begin, streams)

    def _begin(self, streams: Sequence[str]) -> Standing:
        # BEGIN IMMEDIATE takes SQLite's one write lock now, before anything is read: what is
        # read next stays true until COMMIT, and positions are committed in their order.
        self._connection.execute("BEGIN IMMEDIATE")
        return self._standing(streams)

    async def standing(self, streams: Sequence[str]) -> Standing:
        return await self._visit(self._standing, streams)

    def _standing(self, streams: Sequence[str]) -> Standing:
        asked = (orjson.dumps(streams).decode(),)
        size, versions = self._connection.execute(_SQLITE_STANDING, asked).fetchone()
        return Standing(stated(size), orjson.loads(versions))

    async def commit(self, batch: Batch) -> None:
        await self._visit(self._commit, batch)

    async def commit_if(self, batch: Batch, expected: Standing) -> Standing | None:
        return await self._visit(self._commit_if, batch, expected)

    def _commit_if(self, batch: Batch, expected: Standing) -> Standing | None:
        found = self._begin(list(expected.versions))
        if not is_as_expected(found, expected):
            return found
        self._commit(batch)
        return None

    def _commit(self, batch: Batch) -> None:
        connection = self._connection
        connection.executemany(_SQLITE_ROWS, batch.rows)
        if batch.keys:
            connection.executemany(_SQLITE_KEYS, batch.keys)
        if batch.tiles:
            connection.executemany(_SQLITE_TILES, batch.tiles)
        connection.execute(_SQLITE_HEAD, (batch.size, batch.root))
        connection.execute("COMMIT")

    async def rollback(self) -> None:
        await self._visit(self._rollback)

    def _rollback(self) -> None:
        # A full disk makes SQLite roll back by itself.
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    async def scrub(self, *, is_whole: bool) -> Leftover | None:
        await self._visit(clear_sqlite, self._connection)
        return None

    async def read_streams(self, streams: Sequence[str]) -> list[bytes]:
        return await self._visit(self._read, _SQLITE_STREAMS, (orjson.dumps(streams).decode(),))

    async def read_page(self, after: int, limit: int) -> list[bytes]:
        return await self._visit(self._read, _SQLITE_PAGE, (after, limit))

    async def read_changed(self, after: int, until: int) -> list[str]:
        return orjson.loads(await self._visit(self._read_changed, after, until))  # type: ignore[no-any-return]

    def _read_changed(self, after: int, until: int) -> str:
        row: tuple[str] = self._connection.execute(_SQLITE_CHANGED, (after, until)).fetchone()
        return row[0]

    async def read_size(self) -> int:
        return await self._visit(self._read_size)

    def _read_size(self) -> int:
        return stated(self._connection.execute("SELECT max(size) FROM head").fetchone()[0])

    def _read(self, sql: str, parameters: tuple[object, ...]) -> list[bytes]:
        joined: bytes | None = self._connection.execute(sql, parameters).fetchone()[0]
        return [] if joined is None else joined.split(b"\n")

    async def close(self) -> None:
        await self._driver.close()


# --- PostgreSQL -------------------------------------------------------------------------------

# The advisory lock belongs to the transaction. Without it two transactions could take positions
# 7 and 8 and commit 8 first; a reader that saw 8 would go on from there and never see 7. The lock
# is released only after the commit is visible to everybody, so positions appear in their order.
_POSTGRESQL_BEGIN: Final = f"BEGIN; SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"
_POSTGRESQL_STANDING: Final = """
    SELECT NULL AS name, max(size) AS version FROM head
    UNION ALL
    SELECT name, found.version FROM unnest($1::text[]) AS name, LATERAL (
      SELECT version FROM log WHERE stream = name ORDER BY version DESC LIMIT 1
    ) AS found"""
_POSTGRESQL_ROWS: Final = """
    INSERT INTO log SELECT * FROM unnest(
      $1::bigint[], $2::text[], $3::int[], $4::text[], $5::bytea[], $6::bytea[]
    )"""
_POSTGRESQL_KEYS: Final = (
    "INSERT INTO data_keys VALUES ($1, $2, $3, $4) ON CONFLICT (key_id) DO NOTHING"
)
_POSTGRESQL_TILES: Final = "INSERT INTO tiles VALUES ($1, $2, $3)"
_POSTGRESQL_HEAD: Final = "UPDATE head SET size = $1, root = $2"
_POSTGRESQL_STREAMS: Final = "SELECT entry FROM log WHERE stream = ANY($1::text[])"
_POSTGRESQL_CHANGED: Final = (
    "SELECT DISTINCT stream FROM log WHERE position > $1 AND position <= $2"
)
_POSTGRESQL_PAGE: Final = "SELECT entry FROM log WHERE position > $1 ORDER BY position LIMIT $2"
# A server may have switched durability off; an acknowledged event must be on the disk.
_POSTGRESQL_DURABLE: Final = """
    SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') = 'off'"""


class Postgresql:
    """PostgreSQL (15 or newer) through asyncpg: several processes, one log."""

    name = "postgresql"

    def engine(self, url: URL, *, is_kept: bool = True) -> AsyncEngine:
        """Every wait has a limit: for a connection, a lock, a statement, the next one."""
        return create_async_engine(
            url.set(drivername="postgresql+asyncpg"),
            connect_args={
                "timeout": CONNECT_TIMEOUT_SECONDS,
                "command_timeout": STATEMENT_TIMEOUT_SECONDS,
                "server_settings": {
                    "application_name": "cauri",
                    "lock_timeout": str(int(LOCK_TIMEOUT_SECONDS * 1000)),
                    "idle_in_transaction_session_timeout": str(
                        int(STANDSTILL_TIMEOUT_SECONDS * 1000)
                    ),
                },
            },
            pool_size=POOL_SIZE_MAX,
            max_overflow=0,
            hide_parameters=True,  # an error's text must not quote somebody's number
            pool_pre_ping=True,
        )

    async def connect(self, engine: AsyncEngine, *, is_writer: bool) -> LogConnection:
        """Take a connection out of the pool for good."""
        raw = await engine.raw_connection()
        driver = raw.driver_connection
        raw.detach()
        assert isinstance(driver, asyncpg.Connection)
        if is_writer:
            await driver.execute(_POSTGRESQL_DURABLE)
        return _PostgresqlConnection(driver)

    def for_reading(self, url: URL) -> URL:
        """The same: a server lets whoever may read, read."""
        return url

    def lock(self, connection: Connection) -> None:
        """Take the lock that every appender takes; see `_POSTGRESQL_BEGIN`."""
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")

    def translate(self, error: BaseException) -> LedgerError | None:
        """See `ledger.sql_errors`."""
        return of_postgresql(error)

    def missing(self, url: URL, *, create: bool) -> StoreUnavailableError | None:
        """Nothing can be known: databases of a server are made by its administrator."""


class _PostgresqlConnection:
    def __init__(self, driver: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._driver = driver

    async def begin(self, streams: Sequence[str]) -> Standing:
        await self._driver.execute(_POSTGRESQL_BEGIN)
        # Its own statement: its snapshot is taken after the lock was given.
        return await self.standing(streams)

    async def standing(self, streams: Sequence[str]) -> Standing:
        (_, size), *versions = await self._driver.fetch(_POSTGRESQL_STANDING, streams)
        return Standing(stated(size), {row[0]: row[1] for row in versions})

    async def commit_if(self, batch: Batch, expected: Standing) -> Standing | None:
        found = await self.begin(list(expected.versions))
        if not is_as_expected(found, expected):
            return found
        await self.commit(batch)
        return None

    async def commit(self, batch: Batch) -> None:
        await self._driver.execute(_POSTGRESQL_ROWS, *zip(*batch.rows, strict=True))
        if batch.keys:
            await self._driver.executemany(_POSTGRESQL_KEYS, batch.keys)
        if batch.tiles:
            await self._driver.executemany(_POSTGRESQL_TILES, batch.tiles)
        await self._driver.execute(_POSTGRESQL_HEAD, batch.size, batch.root)
        await self._driver.execute("COMMIT")

    async def rollback(self) -> None:
        await self._driver.execute("ROLLBACK")

    async def scrub(self, *, is_whole: bool) -> Leftover | None:
        if is_whole:
            return await clear_postgresql_wholly(self._driver)
        await clear_postgresql(self._driver)
        return None

    async def read_streams(self, streams: Sequence[str]) -> list[bytes]:
        return [row[0] for row in await self._driver.fetch(_POSTGRESQL_STREAMS, streams)]

    async def read_page(self, after: int, limit: int) -> list[bytes]:
        return [row[0] for row in await self._driver.fetch(_POSTGRESQL_PAGE, after, limit)]

    async def read_changed(self, after: int, until: int) -> list[str]:
        return [row[0] for row in await self._driver.fetch(_POSTGRESQL_CHANGED, after, until)]

    async def read_size(self) -> int:
        return stated(await self._driver.fetchval("SELECT max(size) FROM head"))

    async def close(self) -> None:
        await self._driver.close(timeout=CONNECT_TIMEOUT_SECONDS)


DIALECTS: Final[dict[str, Dialect]] = {"sqlite": Sqlite(), "postgresql": Postgresql()}
"""By the part of a database URL before `+` or `:`."""
