"""Grouped reads of the log: nobody who asks is forgotten, whatever happens at the same moment."""

import asyncio
from contextlib import AbstractContextManager, nullcontext
from typing import cast

import pytest

from ledger.errors import StoreClosedError
from ledger.memory import MemoryEventStore
from ledger.sql_database import Database
from ledger.sql_port import LogConnection
from ledger.sql_reads import CONNECTIONS_MAX, GROUPS_MAX, LogReads
from ledger.store import PAGE_MAX, Clock
from tests.contracts.store import a_turn, fill


class _GatedConnection:
    """A log that answers when the gate opens; empty, unless it is given entries."""

    def __init__(
        self, arrived: asyncio.Semaphore, gate: asyncio.Event, entries: list[bytes]
    ) -> None:
        self._arrived, self._gate, self._entries = arrived, gate, entries

    async def read_size(self) -> int:
        self._arrived.release()
        await self._gate.wait()
        return 0

    async def read_streams(self, streams: object) -> list[bytes]:
        return []

    async def read_page(self, after: int, limit: int) -> list[bytes]:
        if after:  # the first page comes at once: behind it, the next one is read ahead
            await self._gate.wait()
        return self._entries[after : after + limit]

    async def close(self) -> None:
        pass


class _GatedDatabase:
    """A database whose answers all arrive in the same step of the loop."""

    def __init__(self) -> None:
        self.arrived, self.gate = asyncio.Semaphore(0), asyncio.Event()
        self.entries: list[bytes] = []

    def translating(self) -> AbstractContextManager[None]:
        return nullcontext()

    async def connect_log(self, *, is_writer: bool) -> LogConnection:
        return cast("LogConnection", _GatedConnection(self.arrived, self.gate, self.entries))


async def test_a_read_asked_in_the_moment_in_which_all_groups_end_is_served() -> None:
    database = _GatedDatabase()
    reads = LogReads(cast("Database", database))

    async def read(number: int) -> int:
        """Only the first one asks again: another who did would come to its rescue."""
        times = 2 if number == 0 else 1
        for _ in range(times):
            await reads.stream(f"payment-{number}")
        return times

    readers = []
    for number in range(GROUPS_MAX):
        readers.append(asyncio.create_task(read(number)))
        await database.arrived.acquire()
    database.gate.set()
    found = await asyncio.wait_for(asyncio.gather(*readers), 5)
    await reads.close()

    assert found == [2] + [1] * (GROUPS_MAX - 1)


async def test_a_reader_of_a_page_that_comes_ahead_while_the_reads_close_is_told(
    clock: Clock,
) -> None:
    memory = MemoryEventStore(clock=clock)
    await memory.start()
    await fill(memory, PAGE_MAX)
    database = _GatedDatabase()
    database.entries = [row.entry for row in await memory.read_raw(0)]
    reads = LogReads(cast("Database", database))
    await reads.page(0, PAGE_MAX)
    waiting = asyncio.create_task(reads.page(PAGE_MAX, PAGE_MAX))
    await a_turn()
    closing = asyncio.create_task(reads.close())
    await a_turn()
    database.gate.set()
    with pytest.raises(StoreClosedError):
        await asyncio.wait_for(waiting, 5)
    await closing


async def test_reads_that_wait_for_their_turn_when_the_reads_close_are_served() -> None:
    database = _GatedDatabase()
    reads = LogReads(cast("Database", database))
    asked = [asyncio.create_task(reads.size()) for _ in range(2 * CONNECTIONS_MAX)]
    await a_turn()
    closing = asyncio.create_task(reads.close())
    await a_turn()
    database.gate.set()
    assert await asyncio.wait_for(asyncio.gather(*asked), 5) == [0] * 2 * CONNECTIONS_MAX
    await closing
