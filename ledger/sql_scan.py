"""Scans of a log in a database: one connection of the driver itself, read to its end.

SQLite is read with sqlite3 as it is, PostgreSQL with asyncpg's cursors in an event loop that lives
as long as the scan. Both see what was committed when a statement began; entries do not change, so a
scan of a part needs no view of the whole.

Why not through `Database`: its connections belong to an event loop, and every fetch is a journey to
a thread or a socket and back. Here a process does nothing else than read and check.
"""

import asyncio
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg
import orjson
from sqlalchemy.ext.asyncio import AsyncEngine

from ledger.errors import CorruptLogError, LedgerError
from ledger.scan import ROWS_PER_STEP, LogScan, ScannedPlace, ScannedRow, Scanner
from ledger.sql_errors import of_postgresql, of_sqlite

_PRAGMAS: Final = ("cache_size = -16000", "trusted_schema = OFF", "query_only = ON")

_ROWS: Final = """
    SELECT stream, version, position, type, entry, leaf FROM log
    WHERE position > {after} AND position <= {until} ORDER BY position"""
_TILES: Final = """
    SELECT "index", hashes FROM tiles
    WHERE level = 0 AND "index" >= {first} AND "index" < {end}"""
# With the plus, SQLite does not think of the positions' own order: places are to come from the
# index over streams and versions, which has to be read as it is to be compared with the rows.
_PLACES: Final = """
    SELECT stream, version, position FROM log
    WHERE {streams}+position > {after} AND +position <= {until} ORDER BY stream, version"""
# One parameter for any number of ids, so that it is one statement, prepared once.
_SQLITE_KEYS: Final = """
    SELECT key_id FROM data_keys WHERE key_id IN (SELECT value FROM json_each(?))"""
_POSTGRESQL_KEYS: Final = "SELECT key_id FROM data_keys WHERE key_id = ANY($1::text[])"


def scan_of(engine: AsyncEngine) -> LogScan:
    """The scan of the log in an engine's database."""
    names, options = engine.dialect.create_connect_args(engine.url)
    if engine.dialect.name == "sqlite":
        return SqliteScan(str(names[0]), bool(options.get("uri", False)))
    return PostgresqlScan(options)


def _streams(low: str, high: str, *, has_low: bool, has_high: bool) -> str:
    """The condition on streams; `low` and `high` are how the parameters are written."""
    return (f"stream >= {low} AND " if has_low else "") + (
        f"stream < {high} AND " if has_high else ""
    )


@dataclass(frozen=True, slots=True)
class SqliteScan:
    """A file, as sqlite3 opens it."""

    database: str
    is_uri: bool

    def open(self) -> Scanner:
        """See `LogScan.open`."""
        return _SqliteScanner(self)


class _SqliteScanner:
    def __init__(self, scan: SqliteScan) -> None:
        try:
            self._connection = sqlite3.connect(
                scan.database, uri=scan.is_uri, isolation_level=None, check_same_thread=False
            )
            for pragma in _PRAGMAS:
                self._connection.execute(f"PRAGMA {pragma}")
        except sqlite3.Error as error:
            raise _meaning(error) from error

    def rows(self, after: int, until: int) -> Iterator[Sequence[ScannedRow]]:
        sql = _ROWS.format(after="?", until="?")
        return self._read(sql, after, until)

    def tiles(self, first: int, end: int) -> dict[int, bytes]:
        sql = _TILES.format(first="?", end="?")
        return {index: hashes for rows in self._read(sql, first, end) for index, hashes in rows}

    def places(
        self, low: str | None, high: str | None, after: int, until: int
    ) -> Iterator[Sequence[ScannedPlace]]:
        streams = _streams("?", "?", has_low=low is not None, has_high=high is not None)
        sql = _PLACES.format(streams=streams, after="?", until="?")
        bounds = [one for one in (low, high) if one is not None]
        return self._read(sql, *bounds, after, until)

    def absent(self, key_ids: Sequence[str]) -> set[str]:
        asked = orjson.dumps(list(key_ids)).decode()
        there = {key_id for rows in self._read(_SQLITE_KEYS, asked) for (key_id,) in rows}
        return {*key_ids} - there

    def _read(self, sql: str, *parameters: object) -> Iterator[list[Any]]:
        try:
            cursor = self._connection.execute(sql, parameters)
            while rows := cursor.fetchmany(ROWS_PER_STEP):
                yield rows
        except sqlite3.Error as error:
            raise _meaning(error) from error

    def close(self) -> None:
        self._connection.close()


@dataclass(frozen=True, slots=True)
class PostgresqlScan:
    """A server's database, as asyncpg connects to it; a password is not shown."""

    options: Mapping[str, Any] = field(repr=False)

    def open(self) -> Scanner:
        """See `LogScan.open`."""
        return _PostgresqlScanner(self.options)


class _PostgresqlScanner:
    def __init__(self, options: Mapping[str, Any]) -> None:
        self._runner = asyncio.Runner()
        self._connection = self._run(asyncpg.connect(**options))

    def rows(self, after: int, until: int) -> Iterator[Sequence[ScannedRow]]:
        return self._read(_ROWS.format(after="$1", until="$2"), after, until)

    def tiles(self, first: int, end: int) -> dict[int, bytes]:
        sql = _TILES.format(first="$1", end="$2")
        return {index: hashes for rows in self._read(sql, first, end) for index, hashes in rows}

    def places(
        self, low: str | None, high: str | None, after: int, until: int
    ) -> Iterator[Sequence[ScannedPlace]]:
        bounds = [one for one in (low, high) if one is not None]
        count = len(bounds)
        streams = _streams("$1", f"${count}", has_low=low is not None, has_high=high is not None)
        sql = _PLACES.format(streams=streams, after=f"${count + 1}", until=f"${count + 2}")
        return self._read(sql, *bounds, after, until)

    def absent(self, key_ids: Sequence[str]) -> set[str]:
        rows = self._run(self._connection.fetch(_POSTGRESQL_KEYS, list(key_ids)))
        return {*key_ids} - {row["key_id"] for row in rows}

    def _read(self, sql: str, *parameters: object) -> Iterator[list[Any]]:
        connection = self._connection
        transaction = connection.transaction(readonly=True)
        self._run(transaction.start())
        cursor = self._run(_cursor(connection, sql, parameters))
        while rows := self._run(cursor.fetch(ROWS_PER_STEP)):
            yield rows
        self._run(transaction.commit())

    def _run(self, work: Any) -> Any:
        try:
            return self._runner.run(_awaited(work))
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            raise of_postgresql(error) or CorruptLogError(0, "it cannot be read") from error

    def close(self) -> None:
        try:
            self._connection.terminate()
        finally:
            self._runner.close()


async def _awaited(work: Any) -> Any:
    return await work


async def _cursor(connection: Any, sql: str, parameters: Sequence[object]) -> Any:
    return await connection.cursor(sql, *parameters)


def _meaning(error: sqlite3.Error) -> LedgerError:
    return of_sqlite(error) or CorruptLogError(0, "the database refuses to read it")
