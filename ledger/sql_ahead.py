"""Reading ahead: whoever has read a whole page will want the next one.

The trick: while one page is decoded, the database already fetches the one after it. Positions have
no gaps, so where the next page begins is known before this one is looked at; and what is in the log
never changes, so a page that came back full is what the database would give later, too. A page that
is not full may have grown since: it is thrown away and read again when somebody asks for it.

Several readers may go through the log at once, each at its own place; what the last few of them are
expected to ask for is kept, `PAGES_MAX` pages in all.

What it deliberately does not do: decode, or read ahead for those who want less than whole pages,
such as somebody who looks at one screenful.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from ledger.errors import StoreError
from ledger.store import PAGE_MAX

PAGES_MAX: Final = 2
"""How many pages are on their way, or wait to be asked for, at once."""

_Place = tuple[int, int]
"""(after which position, how many entries)."""


class ReadAhead:
    """Reads pages by a function, and the next one before it is asked for."""

    def __init__(self, read: Callable[[int, int], Awaitable[list[bytes]]]) -> None:
        self._read = read
        self._expected: dict[_Place, asyncio.Task[list[bytes]]] = {}
        self._is_closed = False

    async def page(self, after: int, limit: int) -> list[bytes]:
        """The entries after a position, at most `limit`."""
        entries = await self._taken(after, limit)
        if entries is None:
            entries = await self._read(after, limit)
        if len(entries) == limit == PAGE_MAX and not self._is_closed:
            await self._expect(after + limit, limit)
        return entries

    async def close(self) -> None:
        """Wait for what is on its way, and forget it; nothing is read ahead from then on."""
        self._is_closed = True
        while self._expected:
            _, task = self._expected.popitem()
            await asyncio.gather(task, return_exceptions=True)

    async def _taken(self, after: int, limit: int) -> list[bytes] | None:
        task = self._expected.pop((after, limit), None)
        if task is None:
            return None
        try:
            entries = await task
        except StoreError:
            return None  # whoever reads it again will be told, if it is still so
        return entries if len(entries) == limit else None

    async def _expect(self, after: int, limit: int) -> None:
        while len(self._expected) >= PAGES_MAX:
            oldest = next(iter(self._expected))
            await asyncio.gather(self._expected.pop(oldest), return_exceptions=True)
        if (after, limit) not in self._expected:
            reading = asyncio.ensure_future(self._read(after, limit))
            self._expected[after, limit] = reading
            await asyncio.sleep(0)  # it leaves now, not after this page was decoded
