"""The product's store over a file that is held in memory, for a thousand files in a few seconds.

`SqlEventStore` and its SQL are the product's own, and so is the meaning of every driver's error.
What is left out is how a file is opened: no thread, no pool, no schema check. One tampering in so
many is therefore tried again on a real file, opened as `cauri verify` opens it.
"""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from ledger.errors import LedgerError
from ledger.scan import LogScan, Scanner
from ledger.sql import Database, SqlEventStore
from ledger.sql_dialects import Sqlite
from ledger.sql_scan import _SqliteScanner
from ledger.store import TreeHead
from ledger.verify import Verified, verify_log


class _Awaitable:
    """A connection whose answers are there at once, under the name that is awaited."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    async def execute(self, statement: Any, parameters: Any = None) -> Any:
        return self._connection.execute(statement, parameters)


class _Held:
    """What `SqlEventStore` asks of a `Database` to read."""

    dialect = "sqlite"
    kind = Sqlite()

    def __init__(self, connection: sqlite3.Connection) -> None:
        engine = sa.create_engine(
            "sqlite://", creator=lambda: connection, poolclass=StaticPool, hide_parameters=True
        )
        self._connection = _Awaitable(engine.connect())
        self.engine = engine

    @asynccontextmanager
    async def read(self) -> AsyncIterator[_Awaitable]:
        with self.translating():
            yield self._connection

    @contextmanager
    def translating(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            meaning: LedgerError | None = self.kind.translate(error)
            if meaning is None or meaning is error:
                raise
            raise meaning from error


class _LentScanner(_SqliteScanner):
    """The scanner over a connection that is not its own."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def close(self) -> None:
        """Leave it open."""


class _LentScan:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def open(self) -> Scanner:
        return _LentScanner(self._connection)


class _LentStore(SqlEventStore):
    def __init__(self, connection: sqlite3.Connection, held: Database) -> None:
        super().__init__(held, clock=lambda: datetime.now(UTC))
        self._connection = connection

    def scan(self) -> LogScan:
        return _LentScan(self._connection)


class LentFile:
    """A file in memory: tampered with through `connection`, read through `store`."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(
            ":memory:",
            isolation_level=None,
            check_same_thread=False,
            cached_statements=0,  # one prepared for another file would not see a changed schema
        )
        held = cast("Database", _Held(self.connection))
        self.store = _LentStore(self.connection, held)

    def load(self, image: bytes) -> None:
        """Put a file in place of the one that was there."""
        self.connection.deserialize(image)

    async def verify(self, checkpoint: TreeHead) -> Verified:
        """Verify it as it lies now."""
        return await verify_log(self.store, checkpoint=checkpoint, processes=1)


async def verify_file(path: Path, checkpoint: TreeHead) -> Verified:
    """Verify a real file, opened as the command opens it."""
    database = await Database.open(f"sqlite:///{path}", is_writing=False)
    try:
        store = SqlEventStore(database, clock=lambda: datetime.now(UTC))
        try:
            return await verify_log(store, checkpoint=checkpoint)
        finally:
            await store.close()
    finally:
        await database.close()
