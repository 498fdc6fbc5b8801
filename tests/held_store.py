"""A store that can be made to keep its callers waiting."""

import asyncio
from typing import Any

from ledger.memory import MemoryEventStore


class HeldStore(MemoryEventStore):
    """A store that, once it is told to hold, answers about nothing but keys until it is let go."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._free = asyncio.Event()
        self._free.set()
        self._changed = asyncio.Event()
        self._waiting = 0

    def hold(self) -> None:
        """Answer nothing from now on."""
        self._free.clear()

    def let_go(self) -> None:
        """Answer again."""
        self._free.set()

    async def has_waiting(self, count: int) -> None:
        """Wait until so many are waiting for an answer."""
        async with asyncio.timeout(20):
            while self._waiting != count:
                await self._changed.wait()

    async def append(self, stream: str, *rest: Any, **options: Any) -> Any:
        """Append, in time."""
        await self._answer(stream)
        return await super().append(stream, *rest, **options)

    async def read_stream(self, stream: str) -> Any:
        """Read, in time."""
        await self._answer(stream)
        return await super().read_stream(stream)

    async def _answer(self, stream: str) -> None:
        if self._free.is_set() or stream.startswith(("key-", "merchant-")):
            return
        self._count(1)
        try:
            await self._free.wait()
        finally:
            self._count(-1)

    def _count(self, change: int) -> None:
        self._waiting += change
        self._changed.set()
        self._changed = asyncio.Event()
