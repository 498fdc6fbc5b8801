"""A database with projections in it, for tests: told a story, asked afterwards."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

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
        async with self.database.write() as conn:
            await conn.run_sync(checkpoints.metadata.drop_all)
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
    """The base of a read model's tests: `projected` on SQLite and on PostgreSQL."""

    @pytest.fixture(params=["sqlite", "postgresql"])
    def database_url(
        self,
        request: pytest.FixtureRequest,
        tmp_path: Path,
        tmp_path_factory: pytest.TempPathFactory,
    ) -> str:
        if request.param == "postgresql":
            return str(request.getfixturevalue("postgres_database"))
        return a_sqlite_url(tmp_path, tmp_path_factory.getbasetemp() / "template.db")

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


def a_sqlite_url(folder: Path, template: Path) -> str:
    """A fresh SQLite database, copied from a migrated one: a migration costs more than a test."""
    path = folder / "cauri.db"
    if not template.exists():
        asyncio.run(migrate(f"sqlite:///{template}"))
    shutil.copy(template, path)
    return f"sqlite:///{path}"
