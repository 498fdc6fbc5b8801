"""Grouped reads of the log: nobody who asks is forgotten, whatever happens at the same moment."""

import asyncio
from contextlib import AbstractContextManager, nullcontext
from typing import cast

from ledger.sql_database import Database
from ledger.sql_port import LogConnection
from ledger.sql_reads import GROUPS_MAX, LogReads


class _GatedConnection:
    """An empty log that answers when the gate opens."""

    def __init__(self, arrived: asyncio.Semaphore, gate: asyncio.Event) -> None:
        self._arrived, self._gate = arrived, gate

    async def read_size(self) -> int:
        self._arrived.release()
        await self._gate.wait()
        return 0

    async def read_streams(self, streams: object) -> list[bytes]:
        return []

    async def close(self) -> None:
        pass


class _GatedDatabase:
    """A database whose answers all arrive in the same step of the loop."""

    def __init__(self) -> None:
        self.arrived, self.gate = asyncio.Semaphore(0), asyncio.Event()

    def translating(self) -> AbstractContextManager[None]:
        return nullcontext()

    async def connect_log(self, *, is_writer: bool) -> LogConnection:
        return cast("LogConnection", _GatedConnection(self.arrived, self.gate))


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
