"""Duties: work that one process of a deployment does for all of them, and how far it has come.

A duty's row says who holds it, until when, and a place: what its holder wrote down to go on from,
as JSON. Whoever takes a duty over begins at the last place that was kept, after a crash too.

Like leases, a duty is no fact: it stands outside of the events, the digests and every rebuild. Who
loses the table begins anew.

Two processes never hold one: it is taken by an `INSERT ... ON CONFLICT ... WHERE`, which sees the
last committed holder.
"""

from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import MetaData, Table, or_, select

from ledger.sql_database import Database
from projections.tables import insert_into, stamp, text

duties: Final = Table(
    "duties", MetaData(), text("name", key=True), text("holder"), text("expires_at"), text("place")
)

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

    async def place(self, name: str) -> Place:
        """How far a duty has come, whoever holds it; empty if nobody ever did."""
        async with self._database.read() as conn:
            found = await conn.scalar(select(duties.c.place).where(duties.c.name == name))
        return {} if found is None else dict(orjson.loads(found))
