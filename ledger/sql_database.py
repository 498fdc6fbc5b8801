"""A database: opened once, shared by the log and the projections.

`Database.open` checks that the schema is the one this code was written for; `migrate` creates it or
brings it up. `read()` lends a connection with one unchanging view, `write()` one transaction. Every
driver error that is nobody's fault in the code leaves as an error of the ledger, with a remedy.

On SQLite only one transaction can write at a time. `write()` and the log's appender therefore queue
in order for one lock in this process (`writing`) instead of polling for the file's lock; only other
processes are waited for by SQLite itself, `LOCK_TIMEOUT_SECONDS` long. On PostgreSQL writers of
different tables do not hinder one another, and only appenders and migrations take a lock.

What it deliberately does not do: hold any SQL of the log (`ledger.sql`) or of a projection.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ledger.errors import InvalidInputError, SchemaVersionError
from ledger.leftover import Leftover
from ledger.sentences import Sentence
from ledger.sql_dialects import DIALECTS
from ledger.sql_port import Dialect, LogConnection
from ledger.sql_schema import SCHEMA_VERSION, VERSION_TABLE

MIGRATIONS: Final = Path(__file__).parent / "migrations"


class Database:
    """An open database; belongs to the event loop it was opened in. Made by `open`."""

    def __init__(self, engine: AsyncEngine, kind: Dialect) -> None:
        self.engine = engine
        self.kind = kind
        self.is_new = False
        """Whether its tables were made when it was opened."""
        self.dialect = kind.name
        self.writing: AbstractAsyncContextManager[object] = (
            asyncio.Lock() if kind.name == "sqlite" else nullcontext()
        )

    @classmethod
    async def open(
        cls, url: str, *, create: bool = False, is_writing: bool = True, is_kept: bool = True
    ) -> "Database":
        """Open a database by URL: `sqlite:///cauri.db`, `postgresql://user@host/name`.

        Args:
            url: which database; a driver after `+` is accepted and ignored.
            create: make the tables if there are none yet (and the file, on SQLite).
            is_writing: whether anything will be written; if not, a copy that cannot be will do.
            is_kept: whether any of it has to survive; else a crash, or a transaction that fails,
                leaves a file that only can be thrown away, and it has no log.

        Raises:
            InvalidInputError: no URL, or of a kind that is not served.
            SchemaVersionError: the database is older or newer than this code, or has no tables.
            StoreUnavailableError: it does not exist, cannot be reached, read or written.
        """
        where, kind = _parse(url)
        missing = kind.missing(where, create=create)
        if missing is not None:
            raise missing
        if not is_writing:
            where = kind.for_reading(where)
        database = cls(kind.engine(where, is_kept=is_kept), kind)
        if not is_kept:
            return database
        try:
            found = await database._schema_found()
            if found is None and create:
                await database.migrate()
                database.is_new = True
            else:
                _check_schema(found)
        except BaseException:
            await database.close()
            raise
        return database

    @property
    def place(self) -> str:
        """Where it is, for people: a file's whole path, or a URL without its password."""
        where = self.engine.url
        if self.dialect == "sqlite" and where.database and "uri" not in where.query:
            return str(Path(where.database).resolve())
        return where.render_as_string(hide_password=True)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Lend a connection that sees one state of the database until it is given back."""
        with self.translating():
            async with self.engine.connect() as connection:
                if self.dialect == "postgresql":
                    await connection.execution_options(
                        isolation_level="REPEATABLE READ", postgresql_readonly=True
                    )
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Lend a connection in one transaction: committed at the end, undone if the body raises."""
        with self.translating():
            async with self.writing, self.engine.connect() as connection:
                await connection.execution_options(is_write=True)
                async with connection.begin():
                    yield connection

    async def connect_log(self, *, is_writer: bool) -> LogConnection:
        """Open a connection to the driver itself, outside the pool; the caller closes it."""
        with self.translating():
            return await self.kind.connect(self.engine, is_writer=is_writer)

    async def scrub(self, *, is_whole: bool = False) -> Leftover | None:
        """See that deleted rows leave no bytes behind; `ledger.sql_scrubbing` does it in time.

        Args:
            is_whole: see `ledger.sql_clearing`.

        Returns:
            None, or what is left although nothing failed.

        Raises:
            StoreUnavailableError: somebody or something kept them; they are still there.
        """
        connection = await self.connect_log(is_writer=True)
        try:
            with self.translating():
                async with self.writing:
                    return await connection.scrub(is_whole=is_whole)
        finally:
            await connection.close()

    async def insert_or_replace(
        self,
        connection: AsyncConnection,
        table: sa.Table,
        rows: Sequence[dict[str, Any]],
        *,
        key: Sequence[str],
    ) -> None:
        """Insert rows; where one with the same key stands, replace the columns that are given.

        Every row must give the same columns.
        """
        if rows:
            await connection.execute(self.upsert(table, key=key, columns=list(rows[0])), rows)

    def upsert(
        self, table: sa.Table, *, key: Sequence[str], columns: Sequence[str] | None = None
    ) -> sa.Executable:
        """Make the statement behind `insert_or_replace`, to be kept and executed many times."""
        given = columns or [column.name for column in table.columns]
        insert = self._insert(table).values({name: sa.bindparam(name) for name in given})
        replaced = {name: insert.excluded[name] for name in given if name not in key}
        if not replaced:
            return insert.on_conflict_do_nothing(index_elements=list(key))  # type: ignore[no-any-return]
        return insert.on_conflict_do_update(index_elements=list(key), set_=replaced)  # type: ignore[no-any-return]

    def _insert(self, table: sa.Table) -> Any:
        if self.dialect == "sqlite":
            from sqlalchemy.dialects.sqlite import insert as insert_sqlite  # noqa: PLC0415

            return insert_sqlite(table)
        from sqlalchemy.dialects.postgresql import insert as insert_postgresql  # noqa: PLC0415

        return insert_postgresql(table)

    @contextmanager
    def translating(self) -> Iterator[None]:
        """Turn what the driver raises into the ledger's errors; let everything else pass."""
        try:
            yield
        except Exception as error:
            meaning = self.kind.translate(error)
            if meaning is None or meaning is error:
                raise
            raise meaning from error

    async def migrate(self) -> None:
        """Create the log's tables, or bring them up to this code; nothing happens if they are.

        Raises:
            SchemaVersionError: the database is newer than this code.
            StoreUnavailableError: it cannot be written.
        """
        async with self.write() as connection:
            await connection.run_sync(self._migrate)

    def _migrate(self, connection: sa.Connection) -> None:
        # Alembic costs a quarter of a second to import and is needed on one start in a hundred.
        from alembic import command  # noqa: PLC0415
        from alembic.config import Config  # noqa: PLC0415

        self.kind.lock(connection)
        found = _schema_version(connection)
        if found is not None and found > SCHEMA_VERSION:
            _check_schema(found)
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        command.upgrade(config, "head")

    async def _schema_found(self) -> str | None:
        async with self.read() as connection:
            return await connection.run_sync(_schema_version)

    async def close(self) -> None:
        """Close every pooled connection."""
        await self.engine.dispose()


async def migrate(url: str) -> None:
    """Create a database's tables or bring them up to this code; see `Database.migrate`."""
    where, kind = _parse(url)
    database = Database(kind.engine(where), kind)
    try:
        await database.migrate()
    finally:
        await database.close()


def _parse(url: str) -> tuple[URL, Dialect]:
    try:
        where = make_url(url)
    except ArgumentError:
        where = None
    kind = DIALECTS.get(where.get_backend_name()) if where else None
    if where is None or kind is None:
        raise InvalidInputError(
            "database",
            Sentence("this is no database URL that is served."),
            Sentence("Use sqlite:///path/to/cauri.db or postgresql://user@host/name."),
        )
    if kind.name == "sqlite" and where.database in {None, "", ":memory:"}:
        raise InvalidInputError(
            "database",
            Sentence("a database in memory would be another one for every connection."),
            Sentence("Name a file: sqlite:///path/to/cauri.db."),
        )
    return where, kind


def _schema_version(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table(VERSION_TABLE):
        return None
    version = sa.table(VERSION_TABLE, sa.column("version_num"))
    return connection.execute(sa.select(version.c.version_num)).scalar_one_or_none()


def _check_schema(found: str | None) -> None:
    if found == SCHEMA_VERSION:
        return
    remedy = Sentence("Run `cauri migrate`.")
    if found is not None and found > SCHEMA_VERSION:
        remedy = Sentence("Upgrade the code: a newer version has written to this database.")
    raise SchemaVersionError(found or Sentence("none"), SCHEMA_VERSION, remedy)
