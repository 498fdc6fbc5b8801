"""Reads of the log that every request makes: grouped, on connections of their own.

Folding one stream is what every command and every GET begins with. Asked one by one, each would
cost two thread switches (SQLite) or two turns of the socket (PostgreSQL). So while one read is on
its way the next ones gather, and leave together as one query: alone, a read waits for nobody; in
a crowd, hundreds share one journey. A read never joins a query that has already left, so it sees
everything committed before it was asked.

The journey first asks for the size of the log. Streams that were decoded before, and that nobody
can have changed since (`ledger.sql_cache` says when that is certain), are answered with that alone.

What it deliberately does not do: answer without asking. Another process may have appended.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from ledger.entry import RecordedEvent, decode_entry
from ledger.errors import CorruptLogError, EntryError, LedgerError, StoreClosedError
from ledger.sentences import Sentence
from ledger.sql_ahead import ReadAhead
from ledger.sql_cache import StreamCache
from ledger.sql_database import Database
from ledger.sql_port import LogConnection

CONNECTIONS_MAX: Final = 4
"""How many reads of the log may be on their way at once."""

GROUPS_MAX: Final = 2
"""How many of them may be groups of streams."""

GROUP_STREAMS_MAX: Final = 128
"""How many streams one query asks for."""

FOLLOWED_MAX: Final = 2000
"""How many entries of others are looked at to find what they changed; above, all is forgotten."""

_Answers = list["asyncio.Future[list[RecordedEvent]]"]


class LogReads:
    """Reads entries below SQLAlchemy; connections are opened when first needed."""

    def __init__(self, database: Database) -> None:
        self.cache = StreamCache()
        self._ahead = ReadAhead(self._page)
        self._database = database
        self._idle: list[LogConnection] = []
        self._slots = asyncio.Semaphore(CONNECTIONS_MAX)
        self._waiting: dict[str, _Answers] = {}
        self._groups: set[asyncio.Task[None]] = set()
        self._is_closed = False
        """Whether nobody new may ask."""
        self._is_drained = False
        """Whether everybody who asked before has been served, and the connections are closed."""

    async def stream(self, stream: str) -> list[RecordedEvent]:
        """All events of a stream, in order."""
        self._check_open()
        answer: asyncio.Future[list[RecordedEvent]] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(stream, []).append(answer)
        if len(self._groups) < GROUPS_MAX:
            self._groups.add(asyncio.create_task(self._serve_groups(), name="log reads"))
        return await answer

    async def page(self, after: int, limit: int) -> list[RecordedEvent]:
        """The next events after a position."""
        return [decode_entry(entry) for entry in await self.lines(after, limit)]

    async def lines(self, after: int, limit: int) -> list[bytes]:
        """The same, as they are stored."""
        self._check_open()
        return await self._ahead.page(after, limit)

    async def _page(self, after: int, limit: int) -> list[bytes]:
        with self._database.translating():
            async with self._connection() as connection:
                return await connection.read_page(after, limit)

    async def size(self) -> int:
        """The size of the log as last committed."""
        self._check_open()
        with self._database.translating():
            async with self._connection() as connection:
                return await connection.read_size()

    async def close(self) -> None:
        """Let reads on their way arrive, then close the connections."""
        if self._is_closed:
            return
        self._is_closed = True
        await self._ahead.close()
        await asyncio.gather(*self._groups, return_exceptions=True)
        taken = 0
        try:
            while taken < CONNECTIONS_MAX:
                await self._slots.acquire()  # behind everybody who asked before
                taken += 1
            self._is_drained = True
            while self._idle:
                await self._idle.pop().close()
        finally:
            # Who is still on the way here (a page that came ahead was of no use) must be told.
            for _ in range(taken):
                self._slots.release()

    def _check_open(self) -> None:
        if self._is_closed:
            raise _closed()

    async def _serve_groups(self) -> None:
        ourselves = asyncio.current_task()
        assert ourselves is not None
        try:
            await self._serve_waiting()
        finally:
            # In the same step in which it was seen that nobody waits: a done callback would come
            # later, and a read asked in between would find us here and wait for us for ever.
            self._groups.discard(ourselves)

    async def _serve_waiting(self) -> None:
        while self._waiting:
            names = list(self._waiting)[:GROUP_STREAMS_MAX]
            group = {name: self._waiting.pop(name) for name in names}
            try:
                with self._database.translating():
                    await self._serve(group)
            except Exception as error:  # noqa: BLE001 - it is handed to those who asked
                _refuse(group, error)
            except BaseException:
                _refuse(
                    group,
                    StoreClosedError(Sentence("the store was stopped in the middle of a read")),
                )
                raise

    async def _serve(self, group: dict[str, _Answers]) -> None:
        cache = self.cache
        missing: list[str] = []
        async with self._connection() as connection:
            await self._bring_along(connection)
            for stream, answers in group.items():
                events = cache.get(stream)
                if events is None:
                    missing.append(stream)
                else:
                    _answer(answers, events)
            if not missing:
                return
            token = cache.expect(missing)
            entries = await connection.read_streams(missing)
        found: dict[str, list[RecordedEvent]] = {stream: [] for stream in missing}
        try:
            for entry in entries:
                recorded = decode_entry(entry)
                if recorded.stream not in found:
                    raise CorruptLogError(recorded.position, "it stands in another stream")
                found[recorded.stream].append(recorded)
        except EntryError:
            if len(group) == 1:
                raise
            # One entry that cannot be read must not fail its neighbours.
            for stream in missing:
                try:
                    await self._serve({stream: group[stream]})
                except EntryError as error:
                    _refuse({stream: group[stream]}, error)
            return
        for stream, events in found.items():
            events.sort(key=_version)
            cache.put(stream, events, token)
            _answer(group[stream], events)

    async def _bring_along(self, connection: LogConnection) -> None:
        """Make sure that what the cache keeps is what the database would say now."""
        size = await connection.read_size()
        stood = self.cache.position
        if size > stood + FOLLOWED_MAX:
            self.cache.clear(size)
        elif size > stood:
            self.cache.moved(await connection.read_changed(stood, size), size)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[LogConnection]:
        async with self._slots:
            if self._is_drained:
                raise _closed()
            connection = (
                self._idle.pop()
                if self._idle
                else await self._database.connect_log(is_writer=False)
            )
            try:
                yield connection
            except BaseException:
                # It may be lost, or (if we were cancelled) still busy with our query. Whoever
                # answers the next one may be another server, which has another past.
                self.cache.clear(0)
                await _drop(connection)
                raise
            self._idle.append(connection)


def _closed() -> StoreClosedError:
    return StoreClosedError(Sentence("the store is closed: nothing can be read"))


async def _drop(connection: LogConnection) -> None:
    # It is gone either way; the first error is the one that is reported.
    with suppress(Exception):
        await connection.close()


def _answer(answers: _Answers, events: list[RecordedEvent]) -> None:
    for number, answer in enumerate(answers):
        if not answer.done():
            answer.set_result(events if number == 0 else list(events))


def _version(recorded: RecordedEvent) -> int:
    return recorded.version


def _refuse(group: dict[str, _Answers], error: Exception) -> None:
    for answers in group.values():
        for answer in answers:
            if not answer.done():
                answer.set_exception(error if not isinstance(error, LedgerError) else again(error))


def again(error: LedgerError) -> LedgerError:
    """Make another object of the same error: each caller's will carry its own traceback."""
    copy = error.__class__.__new__(error.__class__)
    copy.__dict__.update(error.__dict__)
    copy.args = error.args
    copy.__cause__ = error.__cause__
    return copy
