"""Duties: work that one process of a deployment does for all of them, and how far it has come.

A duty's row says who holds it, until when, and a place: what its holder wrote down to go on from,
as JSON. Whoever takes a duty over begins at the last place that was kept, after a crash too.

Like leases, a duty is no fact: it stands outside of the events, the digests and every rebuild. Who
loses the table begins anew.

Two processes never hold one: it is taken by an `INSERT ... ON CONFLICT ... WHERE`, which sees the
last committed holder.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
import structlog
from sqlalchemy import MetaData, Table, or_, select

from ledger.errors import LedgerError, reason_of
from ledger.sql_database import Database
from ledger.store import Clock
from projections.tables import insert_into, read_stamp, stamp, text

duties: Final = Table(
    "duties", MetaData(), text("name", key=True), text("holder"), text("expires_at"), text("place")
)

log = structlog.get_logger()

LOOK_SECONDS: Final = 2.0
"""How often a process looks whether a duty is due."""

KEEP_SECONDS: Final = 10.0
"""How often the holder writes its place down: as much is done again after a crash."""

SECONDS_MIN: Final = 0.05
"""The shortest wait between two looks."""

Place = dict[str, Any]
"""What the holder of a duty goes on from: whatever JSON can hold."""


class Duties:
    """The duties of a deployment, as one process sees them.

    Args:
        database: where the table is.
        holder: a name that no other process has.
        seconds: how long a duty is ours without a sign from us.
    """

    def __init__(self, database: Database, *, holder: str, seconds: float) -> None:
        self._database, self._holder = database, holder
        self._lease = timedelta(seconds=seconds)

    async def prepare(self) -> None:
        """Make the table, if it is not there."""
        async with self._database.write() as conn:
            await conn.run_sync(self._database.kind.lock)
            await conn.run_sync(duties.metadata.create_all)

    async def take(self, name: str, *, now: datetime) -> Place | None:
        """Take a duty, or go on holding it; its place, and None if somebody else has it."""
        row, until = duties.c, stamp(now + self._lease)
        values = {"name": name, "holder": self._holder, "expires_at": until, "place": "{}"}
        async with self._database.read() as conn:
            asked = select(row.holder, row.expires_at).where(row.name == name)
            found = (await conn.execute(asked)).one_or_none()
        # Looked at first, so that those who have to wait never ask for the one write lock.
        if found and found.holder != self._holder and found.expires_at > stamp(now):
            return None
        async with self._database.write() as conn:
            insert = insert_into(duties, conn).values(values)
            taking = insert.on_conflict_do_update(
                index_elements=["name"],
                set_={"holder": self._holder, "expires_at": until},
                where=or_(row.expires_at <= stamp(now), row.holder == self._holder),
            ).returning(row.place)
            place = await conn.scalar(taking)
        return None if place is None else dict(orjson.loads(place))

    async def keep(self, name: str, place: Place, *, now: datetime) -> bool:
        """Write down how far we have come, and hold on; False if it is not ours any more."""
        row = duties.c
        written = orjson.dumps(place).decode()
        async with self._database.write() as conn:
            kept = await conn.execute(
                duties.update()
                .where(row.name == name, row.holder == self._holder)
                .values(place=written, expires_at=stamp(now + self._lease))
            )
        return kept.rowcount == 1

    async def give_back(self, name: str, *, now: datetime) -> None:
        """Let others have a duty at once, if it is ours."""
        row = duties.c
        async with self._database.write() as conn:
            ours = duties.update().where(row.name == name, row.holder == self._holder)
            await conn.execute(ours.values(expires_at=stamp(now)))

    async def is_silent(self, name: str, seconds: float, *, now: datetime) -> bool:
        """Whether somebody else holds a duty and has given no sign of it for so long.

        Every process of a deployment has one length of a lease; so its end tells the last sign.
        """
        row = duties.c
        async with self._database.read() as conn:
            asked = select(row.holder, row.expires_at).where(row.name == name)
            found = (await conn.execute(asked)).one_or_none()
        if found is None or found.holder == self._holder or found.expires_at <= stamp(now):
            return False
        return bool(read_stamp(found.expires_at) - self._lease < now - timedelta(seconds=seconds))

    async def place(self, name: str) -> Place:
        """How far a duty has come, whoever holds it; empty if nobody ever did."""
        async with self._database.read() as conn:
            found = await conn.scalar(select(duties.c.place).where(duties.c.name == name))
        return {} if found is None else dict(orjson.loads(found))

    @asynccontextmanager
    async def turn(
        self, name: str, due_in: Callable[[Place], float], *, clock: Clock
    ) -> AsyncIterator[Place | None]:
        """Lend a duty if it is due and free, and give it back; None otherwise.

        Args:
            name: which one.
            due_in: says of a place in how many seconds there is work again.
            clock: the present time.
        """
        # Whoever only looks writes nothing.
        place = await self.place(name)
        if due_in(place) > 0:
            yield None
            return
        taken = await self.take(name, now=clock())
        if taken is None:
            yield None
            return
        try:
            # Another process may have done it between our look and our taking it.
            yield None if due_in(taken) > 0 else taken
        finally:
            await self.give_back(name, now=clock())


async def run_turns(name: str, turn: Callable[[], Awaitable[float]]) -> None:
    """Let a duty have its turns until cancelled; what goes wrong is told, and tried again.

    Args:
        name: which duty.
        turn: does what is due; after how many seconds to look again.
    """
    while True:
        try:
            wait = await turn()
        except LedgerError as error:
            log.warning("duty.postponed", duty=name, reason=reason_of(error))
            wait = LOOK_SECONDS
        await asyncio.sleep(max(wait, SECONDS_MIN))


class Rests:
    """Rests after every step of a long piece of work, and now and then gives a sign of life.

    Args:
        duties: this process's.
        name: the duty.
        place: where a process that takes over begins.
        clock: the present time.
        rest_per_work: how much longer than the work the rest is.
    """

    def __init__(
        self, duties: Duties, name: str, place: Place, *, clock: Clock, rest_per_work: float
    ) -> None:
        self._duties, self._name, self._place, self._clock = duties, name, place, clock
        self._rest_per_work = rest_per_work
        self._kept_at = asyncio.get_running_loop().time()

    async def __call__(self, worked_seconds: float) -> None:
        """Rest after a step that took so long."""
        loop = asyncio.get_running_loop()
        if loop.time() - self._kept_at >= KEEP_SECONDS:
            await self._duties.keep(self._name, self._place, now=self._clock())
            self._kept_at = loop.time()
        await asyncio.sleep(worked_seconds * self._rest_per_work)
