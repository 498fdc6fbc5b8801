"""The log in a database: SQLite or PostgreSQL, one `EventStore`.

    database = await Database.open("sqlite:///cauri.db", create=True)
    store = SqlEventStore(database, clock=clock)
    await store.start()
    ...
    await store.close()
    await database.close()

This file is the front: it puts together the appender (`ledger.sql_appender`: group commit), the
grouped reads (`ledger.sql_reads`, and `ledger.sql_keys` of data keys), the stored tree
(`ledger.sql_tree`), the end of destroyed keys (`ledger.sql_scrubbing`), and asks for the rest with
plain SQLAlchemy. The differences between the two databases are all in `ledger.sql_dialects`.

Whoever waits for a position is woken by our own commits at once, and sees those of other processes
by asking the database every `POLL_SECONDS` while somebody waits; a notification of the database
(LISTEN) would be faster by a part of that, and would have to be backed by asking anyway.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import sqlalchemy as sa

from ledger.entry import Context, RecordedEvent, decode_entry
from ledger.errors import StoreError
from ledger.events import Event
from ledger.leftover import Leftover
from ledger.scan import LogScan
from ledger.sql_appender import Appender
from ledger.sql_database import Database, migrate
from ledger.sql_keys import KeyReads
from ledger.sql_reads import LogReads
from ledger.sql_scan import scan_of
from ledger.sql_schema import data_keys, log
from ledger.sql_scrubbing import Scrubber
from ledger.sql_strays import find_stray, read_head
from ledger.sql_tree import read_tile
from ledger.store import PAGE_MAX, QUEUED_MAX, Clock, DataKey, RawEntry, Speaks, TreeHead

__all__ = ["Database", "SqlEventStore", "migrate"]

POLL_SECONDS: Final = 0.1
"""How often the database is asked for other processes' appends while somebody waits for one."""


def _misplaced(where: sa.ColumnElement[bool]) -> sa.Select[int | None]:
    """The first of these positions that its stream does not have where it stands."""
    same, previous = log.alias("same"), log.alias("previous")
    # On SQLite the position comes out of the index itself, and may be another row's.
    only = (
        sa.select(sa.case((sa.func.count() == 1, sa.func.max(same.c.position))))
        .where(same.c.stream == log.c.stream, same.c.version == log.c.version)
        .scalar_subquery()
    )
    follows = sa.exists().where(
        previous.c.stream == log.c.stream,
        previous.c.version == log.c.version - 1,
        previous.c.position < log.c.position,
    )
    return sa.select(sa.func.min(log.c.position)).where(
        where,
        sa.or_(only.is_distinct_from(log.c.position), sa.and_(log.c.version != 1, ~follows)),
    )


_UNTIL: Final = sa.bindparam("until", type_=sa.BigInteger)
_MISPLACED: Final = _misplaced(
    sa.and_(log.c.position > sa.bindparam("after", type_=sa.BigInteger), log.c.position <= _UNTIL)
)
_MISPLACED_AT: Final = _misplaced(log.c.position == _UNTIL)


class SqlEventStore:
    """The event store over a `Database`, which it uses but does not own."""

    def __init__(self, database: Database, *, clock: Clock, queued_max: int = QUEUED_MAX) -> None:
        self.database = database
        self._reads = LogReads(database)
        self._keys = KeyReads(database)
        self._appender = Appender(
            database, clock=clock, queued_max=queued_max, on_commit=self._committed
        )
        self._scrubber = Scrubber(database)
        self._seen = 0
        self._grown = asyncio.Event()
        self._waiters = 0
        self._poller: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to accept appends; reading needs no start."""
        await self._appender.start()

    @property
    def queued(self) -> int:
        """How many appends wait now."""
        return self._appender.queued

    @property
    def stopped(self) -> str | None:
        """See `EventStore.stopped`."""
        return self._appender.stopped

    async def append(
        self,
        stream: str,
        expected_version: int,
        events: Sequence[Event],
        *,
        context: Context,
        keys: Sequence[DataKey] = (),
    ) -> list[RecordedEvent]:
        """See `EventStore.append`."""
        return await self._appender.append(stream, expected_version, events, context, keys)

    async def read_stream(self, stream: str) -> list[RecordedEvent]:
        """See `EventStore.read_stream`."""
        return await self._reads.stream(stream)

    async def read_stream_part(self, stream: str, after: int, limit: int) -> list[RecordedEvent]:
        """See `EventStore.read_stream_part`; what was read is not kept for others."""
        query = (
            sa.select(log.c.entry)
            .where(log.c.stream == stream, log.c.version > after)
            .order_by(log.c.version)
            .limit(min(limit, PAGE_MAX))
        )
        async with self.database.read() as connection:
            return [decode_entry(one) for one in (await connection.execute(query)).scalars()]

    async def read(self, after: int, limit: int = PAGE_MAX) -> list[RecordedEvent]:
        """See `EventStore.read`."""
        return await self._reads.page(after, min(limit, PAGE_MAX))

    async def read_lines(self, after: int, limit: int = PAGE_MAX) -> list[bytes]:
        """The same as `read`, of entries that are not decoded yet; some of them need not be."""
        return await self._reads.lines(after, min(limit, PAGE_MAX))

    async def read_typed(self, type_: str, after: int, limit: int = PAGE_MAX) -> list[bytes]:
        """The next entries of one type, not decoded yet; the database passes over all others."""
        query = (
            sa.select(log.c.entry)
            .where(log.c.position > after, log.c.type == type_)
            .order_by(log.c.position)
            .limit(min(limit, PAGE_MAX))
        )
        async with self.database.read() as connection:
            return list((await connection.execute(query)).scalars())

    async def read_raw(self, after: int, limit: int = PAGE_MAX) -> list[RawEntry]:
        """See `EventStore.read_raw`."""
        query = (
            sa.select(log)
            .where(log.c.position > after)
            .order_by(log.c.position)
            .limit(min(limit, PAGE_MAX))
        )
        async with self.database.read() as connection:
            return [RawEntry(*row) for row in await connection.execute(query)]

    async def misplaced(self, after: int, until: int) -> int | None:
        """See `EventStore.misplaced`; two looks into the index per entry."""
        # One position is looked up: to go on to the end of a range is to touch what comes next,
        # which may be damaged when this one is not.
        query = _MISPLACED_AT if until == after + 1 else _MISPLACED
        async with self.database.read() as connection:
            asked = {"after": after, "until": until} if query is _MISPLACED else {"until": until}
            first: int | None = (await connection.execute(query, asked)).scalar_one()
        return first

    async def strays(self) -> tuple[int, str] | None:
        """See `EventStore.strays`."""
        async with self.database.read() as connection:
            return await find_stray(connection)

    async def position(self) -> int:
        """See `EventStore.position`."""
        return await self._reads.size()

    async def wait_for(self, position: int, timeout_seconds: float) -> bool:
        """See `EventStore.wait_for`."""
        if self._seen >= position:
            return True
        self._waiters += 1
        if self._poller is None or self._poller.done():
            self._poller = asyncio.create_task(self._poll(), name="log poller")
        try:
            async with asyncio.timeout(timeout_seconds):
                while self._seen < position:
                    await self._grown.wait()
        except TimeoutError:
            return self._seen >= position
        finally:
            self._waiters -= 1
        return True

    async def head(self) -> TreeHead:
        """See `EventStore.head`."""
        async with self.database.read() as connection:
            return await read_head(connection)

    async def tile(self, level: int, index: int) -> list[bytes]:
        """See `EventStore.tile`."""
        async with self.database.read() as connection:
            return await read_tile(connection, level, index)

    def scan(self) -> LogScan:
        """See `EventStore.scan`."""
        return scan_of(self.database.engine)

    async def data_keys(self, key_ids: Sequence[str]) -> dict[str, DataKey]:
        """See `EventStore.data_keys`."""
        return await self._keys.read(key_ids[:PAGE_MAX]) if key_ids else {}

    async def destroy_subject(self, subject: str) -> int:
        """See `EventStore.destroy_subject`."""
        return await self.destroy_subjects([subject])

    async def destroy_subjects(self, subjects: Sequence[str]) -> int:
        """See `EventStore.destroy_subjects`."""
        statement = sa.delete(data_keys).where(data_keys.c.subject.in_(subjects[:PAGE_MAX]))
        async with self.database.write() as connection:
            destroyed = (await connection.execute(statement)).rowcount
        await self._scrubber.scrub(is_new=destroyed > 0)
        return destroyed

    async def destroy_subject_unless(self, subject: str, after: int, speaks: Speaks) -> int | None:
        """See `EventStore.destroy_subject_unless`."""
        statement = sa.delete(data_keys).where(data_keys.c.subject == subject)
        came = sa.select(log.c.entry).where(log.c.position > after).order_by(log.c.position)
        async with self.database.write() as connection:
            # The lock of all appends: what is not in the log now comes after the destruction.
            await connection.run_sync(self.database.kind.lock)
            entries = (await connection.execute(came.limit(PAGE_MAX + 1))).scalars().all()
            if len(entries) > PAGE_MAX or any(speaks(decode_entry(one)) for one in entries):
                return None
            destroyed = (await connection.execute(statement)).rowcount
        await self._scrubber.scrub(is_new=destroyed > 0)
        return destroyed

    async def scrub(self) -> Leftover | None:
        """See `EventStore.scrub`."""
        return await self._scrubber.scrub_wholly()

    async def close(self) -> None:
        """See `EventStore.close`; the database stays open."""
        await self._appender.close()
        if self._poller is not None:
            self._poller.cancel()
            await asyncio.gather(self._poller, return_exceptions=True)
        await self._scrubber.close()
        await self._keys.close()
        await self._reads.close()

    def _committed(self, before: int, size: int, appends: list[list[RecordedEvent]]) -> None:
        self._reads.cache.appended(before, size, appends)
        self._note(size)

    def _note(self, size: int) -> None:
        if size > self._seen:
            self._seen = size
            self._grown.set()
            self._grown = asyncio.Event()

    async def _poll(self) -> None:
        while self._waiters:
            # Whoever waits will read next, and be told of an error then.
            with suppress(StoreError):
                self._note(await self._reads.size())
            await asyncio.sleep(POLL_SECONDS)
