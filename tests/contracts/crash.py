"""The law of crashes: kill -9 at any moment loses nothing acknowledged and halves nothing."""

import asyncio
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ledger.events import MerchantAdded
from ledger.merkle import leaf_hash
from ledger.sql import Database, SqlEventStore
from ledger.store import Clock, RawEntry
from ledger.verify import verify_log
from tests.builders import CONTEXT
from tests.contracts.sql_store import OpenSqlStore
from tests.contracts.store import an_event, everything

ROOT = Path(__file__).resolve().parent.parent.parent

Acknowledged = dict[str, dict[int, str]]
"""What was acknowledged: append -> position -> leaf hash."""


async def write_until_killed(url: str, name: str, lines: int) -> Acknowledged:
    """Let another process write, kill it after so many acknowledgements; what it had said by then.

    The moment is random in itself: the process does not stop while we read what it says.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.log_writer", url, name),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdout is not None
    said = [await process.stdout.readline() for _ in range(lines)]
    process.kill()
    said += (await process.stdout.read()).splitlines(keepends=True)
    await process.wait()
    acknowledged: Acknowledged = {}
    for line in said:
        if line.endswith(b"\n"):  # the last one may have been cut in the middle
            append, leaves = line.decode().split()
            pairs = (pair.split(":") for pair in leaves.split(","))
            acknowledged[append] = {int(position): leaf for position, leaf in pairs}
    return acknowledged


class CrashContract:
    """A subclass gives `database_url`: of a database that is still empty."""

    @pytest.fixture
    async def open_store(self, database_url: str, clock: Clock) -> AsyncIterator[OpenSqlStore]:
        stores: list[SqlEventStore] = []

        async def open_store() -> SqlEventStore:
            store = SqlEventStore(await Database.open(database_url, create=True), clock=clock)
            stores.append(store)
            await store.start()
            return store

        yield open_store
        for store in stores:
            await store.close()
            await store.database.close()

    async def test_a_killed_writer_loses_nothing_it_acknowledged(
        self, database_url: str, open_store: OpenSqlStore
    ) -> None:
        chance = random.Random(20260301)
        acknowledged: Acknowledged = {}
        for life in range(3):
            lines = chance.randrange(1, 400)
            acknowledged |= await write_until_killed(database_url, f"life-{life}", lines)
        await self.check(await open_store(), acknowledged)

    async def test_the_neighbour_of_a_killed_writer_goes_on(
        self, database_url: str, open_store: OpenSqlStore
    ) -> None:
        store = await open_store()
        life = asyncio.create_task(write_until_killed(database_url, "life", 150))
        own: Acknowledged = {}
        while not life.done():
            for turn in range(5):
                stream = f"own-{len(own)}-{turn}"
                context = CONTEXT._replace(correlation_id=stream)
                (one,) = await store.append(stream, 0, [an_event("1/1")], context=context)
                own[stream] = {one.position: leaf_hash(one.entry).hex()}
        await self.check(store, own | life.result(), keyless="own-")

    async def check(
        self, store: SqlEventStore, acknowledged: Acknowledged, keyless: str = "none"
    ) -> None:
        await verify_log(store)
        await store.append("after", 0, [an_event()], context=CONTEXT)
        verified = await verify_log(store)
        log = await everything(store)
        assert [one.position for one in log] == list(range(1, verified.size + 1))
        leaves = {row.position: row.leaf.hex() for row in [*await raw(store)]}
        for append, said in acknowledged.items():
            assert {position: leaves.get(position) for position in said} == said, append
        # Nothing half-written: every append that is there is there whole, with its key.
        there = Counter(one.correlation_id for one in log if one.stream != "after")
        for one in log:
            if isinstance(one.event, MerchantAdded) and one.stream != "after":
                assert there[one.correlation_id] == int(one.event.name.split("/")[1])
        names = [name for name in there if not name.startswith(keyless)]
        for start in range(0, len(names), 1000):
            page = names[start : start + 1000]
            assert (await store.data_keys(page)).keys() == set(page)


async def raw(store: SqlEventStore) -> list[RawEntry]:
    """Every stored row."""
    rows: list[RawEntry] = []
    while page := await store.read_raw(len(rows)):
        rows += page
    return rows
