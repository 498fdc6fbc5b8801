"""One visit per statement: SQLite's driver for what goes through SQLAlchemy.

aiosqlite runs every call on a thread of its own, and to SQLAlchemy one statement is four calls:
make a cursor, execute, fetch, close. Each of them waits until the event loop comes round again,
which under load is longer than the statement itself takes; and a transaction of a projection, for
whose end every append waits, has dozens of statements.

The trick: the cursor lent here exists only in the thread. A statement is executed, its rows are
fetched and its real cursor is closed in one visit to it, and what SQLAlchemy does next is answered
from what was brought along. Of a longer answer the first `ROWS_FIRST` rows are brought along, and
the others fetched when they are asked for, so that a streamed answer is not held in memory.

`Connection._execute` is the only door aiosqlite has for that; it and SQLAlchemy's adapter, whose
calls are answered here, are pinned, and the tests of every store and projection go through them.
"""

import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Self

import aiosqlite

from ledger.sql_port import LOCK_TIMEOUT_SECONDS

ROWS_FIRST: Final = 1000
"""How many rows come back together with the statement."""

LOCK_LOOK_SECONDS: Final = 0.01
"""How often is looked whether a lock is free that SQLite itself does not wait for."""

Work = Callable[[sqlite3.Connection], None]

_PRAGMAS: Final = (
    "page_size = 8192",
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    "secure_delete = ON",  # a destroyed key is overwritten
    "cache_size = -16000",
    "trusted_schema = OFF",
)
_PRAGMAS_READING: Final = ("cache_size = -16000", "trusted_schema = OFF", "query_only = ON")
_PRAGMAS_PASSING: Final = (
    "page_size = 8192",
    "journal_mode = OFF",
    "synchronous = OFF",
    "cache_size = -32000",
    "trusted_schema = OFF",
)
_CHUNK: Final = 64


def connect(database: str, **options: Any) -> "VisitedConnection":
    """Make a connection to be awaited; options are `sqlite3.connect`'s."""

    def connector() -> sqlite3.Connection:
        made: sqlite3.Connection = sqlite3.connect(Path(database), **options)
        return made

    connection = VisitedConnection(connector, _CHUNK)
    # Nobody may be left to end it when the interpreter ends; as SQLAlchemy does with its own.
    connection._thread.daemon = True  # noqa: SLF001 - likewise
    return connection


class VisitedConnection(aiosqlite.Connection):
    """aiosqlite's connection, with cursors that visit its thread once per statement."""

    async def visit(self, work: Work) -> None:
        """Do some work on the connection's own thread, where it may wait."""
        await self._execute(work, self._conn)  # type: ignore[no-untyped-call]

    def cursor(self) -> "_Cursor":  # type: ignore[override]
        """A cursor, ready without a visit."""
        return _Cursor(self)

    async def rollback(self) -> None:
        """Undo the open transaction; where there is none, there is nothing to visit for."""
        if self.in_transaction:
            await super().rollback()


class _Cursor:
    """What SQLAlchemy takes for aiosqlite's cursor."""

    def __init__(self, connection: VisitedConnection) -> None:
        self._connection = connection
        self._open: sqlite3.Cursor | None = None
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Self:
        """Execute a statement and bring its first rows along."""
        await self._visit(self._execute, sql, parameters)
        return self

    async def executemany(self, sql: str, parameters: Sequence[Sequence[Any]]) -> Self:
        """Execute a statement once for every row of parameters."""
        await self._visit(self._execute_many, sql, parameters)
        return self

    async def fetchall(self) -> list[Any]:
        """All rows that were not fetched yet."""
        rows, self._rows = self._rows, []
        if self._open is not None:
            rows += await self._visit(self._fetch, None)
        return rows

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        """The next rows, at most so many."""
        wanted = size or self.arraysize
        if len(self._rows) < wanted and self._open is not None:
            self._rows += await self._visit(self._fetch, wanted - len(self._rows))
        rows, self._rows = self._rows[:wanted], self._rows[wanted:]
        return rows

    async def fetchone(self) -> Any:
        """The next row; None if there is none left."""
        rows = await self.fetchmany(1)
        return rows[0] if rows else None

    async def close(self) -> None:
        """Let go of the rows; most cursors are closed by then."""
        self._rows = []
        if self._open is not None:
            await self._visit(self._close)

    async def _visit(self, work: Callable[..., Any], *arguments: Any) -> Any:
        return await self._connection._execute(work, *arguments)  # type: ignore[no-untyped-call]  # noqa: SLF001 - see above

    def _execute(self, sql: str, parameters: Sequence[Any]) -> None:
        self._close()
        self._open = cursor = self._connection._conn.cursor()  # noqa: SLF001 - see above
        try:
            cursor.execute(sql, parameters)
            self.description, self.lastrowid = cursor.description, cursor.lastrowid
            self._rows = self._fetch(ROWS_FIRST)
        except BaseException:
            self._close()
            raise

    def _execute_many(self, sql: str, parameters: Sequence[Sequence[Any]]) -> None:
        self._close()
        self._open = cursor = self._connection._conn.cursor()  # noqa: SLF001 - see above
        try:
            cursor.executemany(sql, parameters)
        finally:
            self.description, self.rowcount = None, cursor.rowcount
            self._close()

    def _fetch(self, size: int | None) -> list[Any]:
        cursor = self._open
        assert cursor is not None
        rows = cursor.fetchall() if size is None else cursor.fetchmany(size)
        # Of a statement that returns rows, how many it changed is known when all were fetched.
        self.rowcount = cursor.rowcount
        if size is None or len(rows) < size:
            self._close()
        return rows

    def _close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


def preparing(*, is_reading: bool, is_kept: bool) -> Work:
    """How the connections to a file are set up: one that is only read, one that is thrown away."""
    if is_reading:
        return prepare_reading
    return prepare if is_kept else prepare_passing


def prepare(connection: sqlite3.Connection) -> None:
    """Set a new connection up as every connection of ours is; waits for the file's lock.

    Raises:
        sqlite3.Error: it is no database, cannot be written, or stayed locked.
    """
    # While another connection turns a new file into a WAL one, SQLite answers "locked" at once,
    # whatever the timeout: two servers may well start on an empty folder at the same moment.
    until = time.monotonic() + LOCK_TIMEOUT_SECONDS
    for pragma in _PRAGMAS:
        while True:
            try:
                connection.execute(f"PRAGMA {pragma}")
                break
            except sqlite3.OperationalError as error:
                is_locked = error.sqlite_errorcode == sqlite3.SQLITE_BUSY
                if not is_locked or time.monotonic() > until:
                    raise
            time.sleep(LOCK_LOOK_SECONDS)


def prepare_passing(connection: sqlite3.Connection) -> None:
    """Set up a connection to a file that is thrown away, and also if anything goes wrong with it.

    Nothing is written twice or waited for: no log ahead of the file, no journal, no disk. So a
    transaction that fails leaves the file in any state.
    """
    for pragma in _PRAGMAS_PASSING:
        connection.execute(f"PRAGMA {pragma}")


def prepare_reading(connection: sqlite3.Connection) -> None:
    """Set up a connection to a file that cannot be written, and leave the file as it is."""
    for pragma in _PRAGMAS_READING:
        connection.execute(f"PRAGMA {pragma}")
