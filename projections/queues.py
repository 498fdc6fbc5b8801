"""Queues: read models whose rows are due some time, and are leased by the workers that act.

A row of the table of work has `stream_id`, the `position` of the event that brought it where it is,
and `due_at`; what it is about, and what makes it due, is each queue's own. Whoever leased it acts,
and appends what came of it: that event moves the row on (`projections.leases`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from sqlalchemy import ColumnElement, Select, Table, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.leases import Leases
from projections.projector import Projector, bounded
from projections.tables import read_stamp, read_stamp_or_none, stamp

LEASES_MAX: Final = 1000
"""The most pieces one call leases."""

Whose = str | frozenset[str] | None
"""A provider, any of several, or of all (None): whose pieces are meant."""


@dataclass(frozen=True, slots=True)
class Due:
    """One leased piece of work, in the words of `adapters.base.Due`."""

    kind: str
    stream_id: str
    """A payment's id, a webhook's, a letter's: of whatever the queue is of."""
    provider: str
    """Whose it is: the provider's, or in its place the endpoint's or the recipient's."""
    due_at: datetime
    position: int
    """The log position of the event that made it due: its causation."""


class Queue(Projector):
    """A read model whose rows are leased; a subclass names its table of work by `make_queue`."""

    whose: ClassVar[str] = "provider"
    """The column of the table of work that says whose a piece is."""

    def make_queue(self, work: Table, leases: str) -> None:
        """Say which table of this copy is the work, and what the table of its leases is called."""
        self._queued, self._leases = work, Leases(work, leases)

    async def prepare(self, conn: AsyncConnection) -> None:
        """Make the table of leases, which no rebuild touches."""
        await conn.run_sync(self._leases.table.metadata.create_all)

    async def lease(
        self,
        kind: str,
        provider: Whose,
        *,
        holder: str,
        limit: int,
        now: datetime,
        seconds: float,
    ) -> list[Due]:
        """Take up to `limit` due pieces nobody holds, for `seconds`, the longest due first.

        Args:
            kind: what is to be done with them; a queue of one kind has no other.
            provider: of which provider, where the queue has pieces of providers; None for any.
            holder: who takes them.
            limit: how many, at most `LEASES_MAX`.
            now: the present time, aware.
            seconds: how long nobody else may take them, unless they move on.
        """
        wanted = [*self._of(kind, provider), self._queued.c.due_at <= stamp(now)]
        return await self._lease(kind, wanted, holder=holder, limit=limit, now=now, seconds=seconds)

    async def release(self, due: Due, *, holder: str) -> None:
        """Give a lease back: nothing was done, and anybody may do it at once."""
        async with self.database.write() as conn:
            await self._leases.give_back(conn, due.stream_id, due.position, holder)

    async def hold(self, due: Due, *, holder: str, until: datetime) -> None:
        """Keep a lease until then: nothing was done, and nothing can be before."""
        async with self.database.write() as conn:
            await self._leases.hold(conn, due.stream_id, due.position, holder, stamp(until))

    async def next_due_at(self, kind: str | None = None, provider: Whose = None) -> datetime | None:
        """When the earliest piece nobody holds is or becomes due; None if there is none.

        A leased piece becomes due again, at the earliest, when its lease expires.
        """
        return await self._next_due_at(self._of(kind, provider))

    def _of(self, kind: str | None, provider: Whose) -> list[ColumnElement[bool]]:
        """Which rows are pieces of a kind; by default all that are due some time."""
        return [self._queued.c.due_at.is_not(None)]

    async def _lease(
        self,
        kind: str,
        wanted: Sequence[ColumnElement[bool]],
        *,
        holder: str,
        limit: int,
        now: datetime,
        seconds: float,
    ) -> list[Due]:
        row = self._queued.c
        pieces = select(self._queued).where(*wanted)
        pieces = pieces.order_by(row.due_at, row.position, row.stream_id)
        pieces = pieces.limit(bounded(limit, LEASES_MAX))
        async with self.read() as conn:
            if not await self._leases.is_any_free(conn, pieces, stamp(now)):
                return []
        return await self._take(kind, pieces, holder=holder, now=now, seconds=seconds)

    async def _take(
        self, kind: str, pieces: Select[Any], *, holder: str, now: datetime, seconds: float
    ) -> list[Due]:
        until = stamp(now + timedelta(seconds=seconds))
        async with self.database.write() as conn:
            taken = await self._leases.take(conn, pieces, holder=holder, at=stamp(now), until=until)
        return [
            Due(
                kind,
                one.stream_id,
                getattr(one, self.whose),
                read_stamp(one.due_at),
                one.position,
            )
            for one in taken
        ]

    async def _next_due_at(self, wanted: Sequence[ColumnElement[bool]]) -> datetime | None:
        row, lease = self._queued.c, self._leases.table.c
        later = case((lease.expires_at > row.due_at, lease.expires_at), else_=row.due_at)
        asked = (
            select(func.min(case((lease.stream_id.is_(None), row.due_at), else_=later)))
            .select_from(self._queued.outerjoin(self._leases.table, self._leases.of_same_piece()))
            .where(*wanted)
        )
        async with self.read() as conn:
            return read_stamp_or_none(await conn.scalar(asked))
