"""Data keys as they are asked for: in a crowd, together.

Whoever opens a sealed text asks for one key, and a thousand look at a thousand payments at once;
one by one, each would take a connection and a statement of its own. So while one query is on its
way, the next ones gather and leave together, as reads of streams do (`ledger.sql_reads`): alone, a
read waits for nobody. It never joins a query that has already left, so it sees every destruction
that had been committed before it was asked.

What it deliberately does not do: remember. What is destroyed has to be gone at the next question.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

import sqlalchemy as sa

from ledger.errors import LedgerError, StoreClosedError
from ledger.sentences import Sentence
from ledger.sql_database import Database
from ledger.sql_reads import again
from ledger.sql_schema import data_keys
from ledger.store import PAGE_MAX, DataKey

READS_MAX: Final = 128
"""How many questions leave together, of `PAGE_MAX` keys in all at most, or one."""


class _Asked(NamedTuple):
    key_ids: Sequence[str]
    answer: "asyncio.Future[dict[str, DataKey]]"


class KeyReads:
    """Reads data keys by their ids."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[_Asked] = deque()
        self._server: asyncio.Task[None] | None = None

    async def read(self, key_ids: Sequence[str]) -> dict[str, DataKey]:
        """Those that exist, by id.

        Args:
            key_ids: at most `PAGE_MAX`.
        """
        answer: asyncio.Future[dict[str, DataKey]] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Asked(key_ids, answer))
        if self._server is None:
            self._server = asyncio.create_task(self._serve(), name="key reads")
        return await answer

    async def close(self) -> None:
        """Let reads on their way arrive."""
        if self._server is not None:
            await asyncio.gather(self._server, return_exceptions=True)

    async def _serve(self) -> None:
        try:
            while self._waiting:
                group = self._take()
                try:
                    found = await self._find({one for asked in group for one in asked.key_ids})
                except Exception as error:  # noqa: BLE001 - it is handed to those who asked
                    _refuse(group, error)
                except BaseException:
                    stopped = Sentence("the store was stopped in the middle of a read")
                    _refuse([*group, *self._waiting], StoreClosedError(stopped))
                    self._waiting.clear()
                    raise
                else:
                    for asked in group:
                        if not asked.answer.done():
                            ids = asked.key_ids
                            asked.answer.set_result(
                                {id_: found[id_] for id_ in ids if id_ in found}
                            )
        finally:
            # In the same step in which it was seen that nobody waits.
            self._server = None

    def _take(self) -> list[_Asked]:
        group = [self._waiting.popleft()]
        size = len(group[0].key_ids)
        while self._waiting and len(group) < READS_MAX:
            size += len(self._waiting[0].key_ids)
            if size > PAGE_MAX:
                break
            group.append(self._waiting.popleft())
        return group

    async def _find(self, key_ids: set[str]) -> dict[str, DataKey]:
        query = sa.select(data_keys).where(data_keys.c.key_id.in_(sorted(key_ids)))
        async with self._database.read() as connection:
            return {row.key_id: DataKey(*row) for row in await connection.execute(query)}


def _refuse(group: Sequence[_Asked], error: Exception) -> None:
    for asked in group:
        if not asked.answer.done():
            asked.answer.set_exception(again(error) if isinstance(error, LedgerError) else error)
