"""Projections are compared with what the log gives, in other files and by other hands."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ledger import commands
from ledger.handling import Handler
from ledger.sql import Database, SqlEventStore
from projections import PROJECTIONS
from projections.apart import check_apart, hands_for
from projections.base import Projections
from projections.rebuild import Checked
from tests.builders import CONTEXT


class Kept:
    """A log in a file, and projections that stand at its end."""

    def __init__(self, path: Path, database: Database, store: SqlEventStore) -> None:
        self.path, self.url = path, f"sqlite:///{path}"
        self.store = store
        self.projections = Projections(database, PROJECTIONS)

    async def happen(self, count: int) -> None:
        for number in range(count):
            await Handler(self.store).handle(
                commands.AddMerchant(merchant_id=f"mer_{number}", name="A shop", country="CM"),
                context=CONTEXT,
            )

    async def checked(self, processes: int) -> dict[str, Checked]:
        size = await self.store.position()
        with hands_for(size, processes) as helping:
            found = check_apart(self.projections, self.url, helping, shares=processes)
            return {one.name: one async for one in found}


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Kept]:
    path = tmp_path / "cauri.db"
    database = await Database.open(f"sqlite:///{path}", create=True)
    store = SqlEventStore(database, clock=lambda: datetime.now(UTC))
    await store.start()
    try:
        made = Kept(path, database, store)
        await made.happen(30)
        await made.projections.start(store)
        yield made
    finally:
        await store.close()
        await database.close()


@pytest.mark.parametrize("processes", [1, 2, 5])
async def test_every_projection_is_compared_and_says_what_a_check_in_place_says(
    kept: Kept, processes: int
) -> None:
    found = await kept.checked(processes)
    assert set(found) == set(kept.projections.names)
    assert all(one.is_equal and one.live.position == 30 for one in found.values())
    for name in ("metrics", "payments"):
        assert found[name] == await kept.projections.check(name, kept.store)


async def test_other_processes_say_the_same(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.apart.PROCESSES_FROM", 1)
    assert await kept.checked(2) == await kept.checked(1)


async def test_a_row_that_the_log_does_not_give_is_found_in_its_projection_only(
    kept: Kept,
) -> None:
    with closing(sqlite3.connect(kept.path, isolation_level=None)) as connection:
        connection.execute("UPDATE merchants SET name = 'Another' WHERE merchant_id = 'mer_7'")
    found = await kept.checked(2)
    assert [name for name, one in found.items() if not one.is_equal] == ["keys"]


async def test_a_projection_that_lags_is_compared_where_it_stands(kept: Kept) -> None:
    await kept.store.append(
        "thing-1", 0, [(await kept.store.read_stream("merchant-mer_1"))[0].event], context=CONTEXT
    )
    found = await kept.checked(2)
    assert all(one.is_equal and one.rebuilt.position == 30 for one in found.values())
