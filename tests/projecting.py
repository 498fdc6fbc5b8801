"""A database with projections in it, for tests: told a story, asked afterwards."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from ledger.entry import RecordedEvent
from ledger.memory import MemoryEventStore
from ledger.sql_database import Database, migrate
from projections import PROJECTIONS
from projections.base import Projections
from projections.checkpoints import checkpoints
from projections.projector import Projector
from tests.builders import CONTEXT, Step, Teller, appends_of


class Projected:
    """Projections of a log in memory, fed by hand: a test says in which batches."""

    def __init__(
        self, database: Database, projectors: Iterable[type[Projector]] = PROJECTIONS
    ) -> None:
        self.database = database
        self.projections = Projections(database, projectors)
        self.teller = Teller()
        self.store = MemoryEventStore(clock=lambda: self.teller.now)

    async def start(self) -> None:
        """Make empty tables, whatever was there before."""
        await forget(self.database)
        await self.projections.start()

    async def tell(self, *steps: Step) -> list[RecordedEvent]:
        """Let things happen, without projecting them."""
        return await self.record(self.teller.tell(*steps))

    async def record(self, log: Sequence[RecordedEvent]) -> list[RecordedEvent]:
        """Put events of a story into the store, each with the time the story gives it."""
        now = self.teller.now
        for one, append in zip(log, appends_of(log), strict=True):
            self.teller.now = one.recorded_at
            await self.store.append(*append, context=CONTEXT)
        self.teller.now = now
        return list(log)

    async def project(self, batch_max: int = 100) -> None:
        """Project what has happened since."""
        while batch := await self.store.read(await self.projections.position(), batch_max):
            await self.projections.handle(batch)

    async def story(self, *steps: Step) -> None:
        """Let things happen, and project them."""
        await self.tell(*steps)
        await self.project()


class ReadModel:
    """The base of a read model's tests: `projected` on SQLite and on PostgreSQL.

    A database serves a whole class, and every test begins with empty tables: to make a database
    takes longer than most tests.
    """

    @pytest.fixture(scope="class", params=["sqlite", "postgresql"])
    @classmethod
    def database_url(
        cls, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
    ) -> Iterator[str]:
        if request.param == "postgresql":
            yield from a_postgresql_url(request.getfixturevalue("postgres_url"))
        else:
            yield a_sqlite_url(tmp_path_factory.mktemp("database"))

    @pytest.fixture
    async def projected(self, database_url: str) -> AsyncIterator[Projected]:
        async with opened(database_url) as database:
            projected = Projected(database)
            await projected.start()
            yield projected


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """An open database."""
    database = await Database.open(url, create=True)
    try:
        yield database
    finally:
        await database.close()


async def forget(database: Database) -> None:
    """Forget how far projections have come, and who has leased what."""
    async with database.write() as conn:
        await conn.run_sync(checkpoints.metadata.drop_all)
        for table in (
            "worklist_leases",
            "delivery_leases",
            "mail_leases",
            "statement_leases",
            "duties",
        ):
            await conn.exec_driver_sql(f"DROP TABLE IF EXISTS {table}")


def a_sqlite_url(folder: Path) -> str:
    """A fresh SQLite database in a folder."""
    url = f"sqlite:///{folder / 'cauri.db'}"
    asyncio.run(migrate(url))
    return url


def a_postgresql_url(server: str) -> Iterator[str]:
    """A fresh database on a PostgreSQL server; dropped when the caller goes on."""
    url, name = make_url(server), f"cauri_{secrets.token_hex(6)}"

    async def run(statement: str) -> None:
        engine = create_async_engine(
            url.set(drivername="postgresql+asyncpg"), isolation_level="AUTOCOMMIT"
        )
        async with engine.connect() as conn:
            await conn.exec_driver_sql(statement)
        await engine.dispose()

    asyncio.run(run(f"CREATE DATABASE {name}"))
    made = url.set(database=name).render_as_string(hide_password=False)
    asyncio.run(migrate(made))
    yield made
    asyncio.run(run(f"DROP DATABASE {name} WITH (FORCE)"))
