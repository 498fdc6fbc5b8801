"""A filled database is brought up by a later step, and its history is what it was before."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import ClassVar

import pytest
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from ledger import sql_database
from ledger.errors import SchemaVersionError
from ledger.sql import Database, SqlEventStore, migrate
from ledger.sql_schema import SCHEMA_VERSION
from ledger.store import Clock, DataKey, RawEntry, TreeHead
from ledger.verify import verify_log
from tests.builders import CONTEXT
from tests.contracts.store import a_key, an_event, fill

SIZE = 600
NEXT = "0002"
STEP = f'''
"""What a later release might bring: an index over the log, a table, another column."""

import sqlalchemy as sa
from alembic import op

revision = "{NEXT}"
down_revision = "{SCHEMA_VERSION}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("labels", sa.Column("name", sa.Text, primary_key=True))
    op.create_index("ix_log_type", "log", ["type"])
    op.add_column("head", sa.Column("note", sa.Text, nullable=True))
'''
BROKEN = """    op.execute("INSERT INTO no_such_table VALUES (1)")
"""

Kept = tuple[list[RawEntry], TreeHead, list[list[bytes]], dict[str, DataKey]]


class UpgradeContract:
    """A subclass gives `database_url`: of a database that is still empty."""

    rewriting: ClassVar[tuple[str, ...]]
    """Statements that would rewrite `{table}`."""

    @pytest.fixture
    async def kept(self, database_url: str, clock: Clock) -> AsyncIterator[Kept]:
        """What is in a database of today, filled and closed."""
        database = await Database.open(database_url, create=True)
        store = SqlEventStore(database, clock=clock)
        await store.start()
        await fill(store, SIZE - 1)
        await store.append("keyed", 0, [an_event("é\n")], context=CONTEXT, keys=[a_key(1)])
        yield await everything_in(store)
        await store.close()
        await database.close()

    def release(self, folder: Path, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Be the code of a later release, which has one step more."""
        steps = folder / "migrations"
        shutil.copytree(
            sql_database.MIGRATIONS, steps, ignore=shutil.ignore_patterns("__pycache__")
        )
        (steps / "versions" / f"{NEXT}_later.py").write_text(step.lstrip())
        monkeypatch.setattr(sql_database, "MIGRATIONS", steps)
        monkeypatch.setattr(sql_database, "SCHEMA_VERSION", NEXT)

    async def test_an_upgrade_keeps_every_byte_and_every_guard(
        self,
        database_url: str,
        kept: Kept,
        clock: Clock,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        self.release(tmp_path, STEP, monkeypatch)
        for create in (False, True):
            with pytest.raises(SchemaVersionError, match=f"at schema {SCHEMA_VERSION}"):
                await Database.open(database_url, create=create)
        await migrate(database_url)
        await migrate(database_url)
        database = await Database.open(database_url)
        store = SqlEventStore(database, clock=clock)
        await store.start()
        try:
            assert await everything_in(store) == kept
            assert (await verify_log(store))[:2] == (SIZE, kept[1].root)
            async with database.read() as connection:
                assert await connection.run_sync(has_labels)
            for statement in self.rewriting:
                for table, column in (("log", "type"), ("tiles", "hashes")):
                    with pytest.raises(DBAPIError, match="is append-only"):
                        async with database.write() as connection:
                            await connection.execute(
                                text(statement.format(table=table, column=column))
                            )
            await store.append("keyed", 1, [an_event()], context=CONTEXT)
            assert (await verify_log(store, checkpoint=kept[1])).size == SIZE + 1
            assert (await store.read_raw(0))[:SIZE] == kept[0]
        finally:
            await store.close()
            await database.close()
        monkeypatch.undo()
        with pytest.raises(SchemaVersionError, match=f"at schema {NEXT}"):
            await Database.open(database_url)

    async def test_an_upgrade_that_fails_leaves_everything_as_it_was(
        self,
        database_url: str,
        kept: Kept,
        clock: Clock,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        self.release(tmp_path, STEP + BROKEN, monkeypatch)
        with pytest.raises(DBAPIError, match="no_such_table"):
            await migrate(database_url)
        monkeypatch.undo()
        database = await Database.open(database_url)
        store = SqlEventStore(database, clock=clock)
        try:
            assert await everything_in(store) == kept
            assert (await verify_log(store))[:2] == (SIZE, kept[1].root)
            async with database.read() as connection:
                assert not await connection.run_sync(has_labels)
        finally:
            await store.close()
            await database.close()


async def everything_in(store: SqlEventStore) -> Kept:
    """Every byte of the log, its tree and its keys."""
    return (
        await store.read_raw(0),
        await store.head(),
        [await store.tile(level, index) for level in (0, 1) for index in range(3)],
        await store.data_keys(["key-1"]),
    )


def has_labels(connection: Connection) -> bool:
    """Whether the later step's table is there."""
    return inspect(connection).has_table("labels")
