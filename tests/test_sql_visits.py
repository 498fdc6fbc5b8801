"""One visit per statement: what SQLAlchemy is answered, and how often the thread was visited."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from ledger.sql_database import Database
from ledger.sql_visits import ROWS_FIRST

ROWS = 2 * ROWS_FIRST + 500


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """A database with a table of numbers from 0."""
    opened = await Database.open(f"sqlite:///{tmp_path / 'cauri.db'}", create=True)
    async with opened.write() as conn:
        await conn.exec_driver_sql("CREATE TABLE numbers (number INTEGER PRIMARY KEY)")
        await conn.exec_driver_sql(
            "INSERT INTO numbers VALUES (?)", [(number,) for number in range(ROWS)]
        )
    yield opened
    await opened.close()


@pytest.fixture
def visits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what was done in the threads of connections."""
    done: list[str] = []
    visit: Any = aiosqlite.Connection._execute

    async def counted(self: Any, work: Any, *arguments: Any) -> Any:
        done.append(work.__name__)
        return await visit(self, work, *arguments)

    monkeypatch.setattr(aiosqlite.Connection, "_execute", counted)
    return done


async def test_a_transaction_is_one_visit_per_statement_and_two_for_itself(
    database: Database, visits: list[str]
) -> None:
    async with database.write() as conn:
        few = await conn.exec_driver_sql("SELECT number FROM numbers WHERE number < 3")
        gone = await conn.exec_driver_sql("DELETE FROM numbers WHERE number < 3")
        more = await conn.exec_driver_sql("INSERT INTO numbers VALUES (?)", [(-1,), (-2,)])
        seen = few.scalars().all(), gone.rowcount, more.rowcount
    assert seen == ([0, 1, 2], 3, 2)
    assert visits == ["_execute", "_execute", "_execute", "_execute_many", "commit"]


async def test_how_many_rows_changed_is_known_when_they_are_returned(database: Database) -> None:
    async with database.write() as conn:
        changed = await conn.exec_driver_sql(
            "UPDATE numbers SET number = -number WHERE number > 10 RETURNING number"
        )
        assert len(changed.all()) == ROWS - 11
        assert changed.rowcount == ROWS - 11


async def test_of_a_long_answer_the_rest_is_fetched_when_it_is_asked_for(
    database: Database, visits: list[str]
) -> None:
    asked = sa.text("SELECT number FROM numbers ORDER BY number")
    async with database.read() as conn:
        whole = (await conn.execute(asked)).scalars().all()
        read_whole = list(visits)
        visits.clear()
        parts: list[int] = []
        async with conn.stream(asked) as rows:
            async for part in rows.scalars().partitions(ROWS_FIRST):
                parts += part
                if len(parts) == ROWS_FIRST:
                    assert visits == ["_execute"]
    assert whole == parts == list(range(ROWS))
    assert read_whole == ["_execute", "_execute", "_fetch"]


async def test_an_answer_may_be_left_before_its_end(database: Database) -> None:
    asked = sa.text("SELECT number FROM numbers ORDER BY number")
    async with database.read() as conn:
        async with conn.stream(asked) as rows:
            first = await rows.fetchone()
        second = (await conn.execute(asked)).first()
    assert (first, second) == ((0,), (0,))
    async with database.write() as conn:
        await conn.exec_driver_sql("DROP TABLE numbers")


async def test_an_error_is_raised_by_the_statement_that_made_it(database: Database) -> None:
    async with database.write() as conn:
        with pytest.raises(IntegrityError):
            await conn.exec_driver_sql("INSERT INTO numbers VALUES (0)")
        with pytest.raises(IntegrityError):
            await conn.exec_driver_sql("INSERT INTO numbers VALUES (?)", [(-1,), (0,)])
        assert await conn.scalar(sa.text("SELECT count(*) FROM numbers")) == ROWS + 1
