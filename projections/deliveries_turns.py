"""Turns: which due messages are sent next, so that no endpoint delays another.

Of one endpoint only a few messages are on their way at once. Places go to the endpoints in turn:
each gets its first before any gets its second. And there are two lanes, each with places of its
own: an endpoint whose last call took long or brought no answer is called in the slow lane
(`deliver_slow`) until a call is quick again. So however many endpoints never answer, they hold
places of the first lane only for the one call in which that is found out.

The trick: the index of what is due has only messages that wait for a call, by endpoint, and it is
stepped through from one endpoint to the next. A question costs a few steps for every endpoint that
waits for anything, however many messages one of them has waiting.
"""

from collections import Counter
from typing import Any, Final, Literal

from sqlalchemy import CTE, ColumnElement, Select, Table, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.leases import Leases

PER_ENDPOINT_MAX: Final = 4
"""How many messages of one endpoint are on their way at once."""

SLOW_LANE: Final = "deliver_slow"
Lane = Literal["deliver", "deliver_slow"]


class Turns:
    """Chooses among the messages of one copy of the tables."""

    def __init__(self, messages: Table, endpoints: Table, leases: Leases) -> None:
        self._messages, self._endpoints, self._leases = messages, endpoints, leases

    async def choose(self, conn: AsyncConnection, kind: str, at: str, limit: int) -> list[str]:
        """Choose up to `limit` messages that are due and free; their ids."""
        row, held = self._messages.c, self._held(at)
        firsts = list(await conn.execute(self._firsts(kind, at).where(row.due_at <= at)))
        running = await self._running(conn, at) if firsts else {}
        turns = sorted(
            (turn, first.due_at, first.position, first.endpoint_id)
            for first in firsts
            for turn in range(running.get(first.endpoint_id, 0), PER_ENDPOINT_MAX)
        )
        shares = Counter(endpoint_id for _, _, _, endpoint_id in turns[:limit])
        chosen = [one.stream_id for one in firsts if one.endpoint_id in shares]
        for endpoint_id, share in shares.items():
            if share > 1:
                own = select(row.stream_id).where(row.endpoint_id == endpoint_id, ~held)
                own = own.where(row.due_at <= at).order_by(row.due_at, row.position)
                chosen += list(await conn.scalars(own.limit(share)))
        return sorted(set(chosen))

    def _firsts(self, kind: str, at: str | None) -> Select[Any]:
        """The first free message of every endpoint of a lane that has any."""
        row, endpoint, busy = self._messages.c, self._endpoints.c, self._busy()
        other = self._messages.alias()
        first = (
            select(other.c.stream_id)
            .where(other.c.endpoint_id == busy.c.endpoint_id, other.c.due_at.is_not(None))
            .where(~self._held(at, other.c))
            .order_by(other.c.due_at, other.c.position)
            .limit(1)
            .scalar_subquery()
        )
        return (
            select(row.stream_id, row.endpoint_id, row.due_at, row.position)
            .select_from(busy)
            .join(self._endpoints, endpoint.endpoint_id == busy.c.endpoint_id)
            .join(self._messages, row.stream_id == first)
            .where(endpoint.is_slow == int(kind == SLOW_LANE))
        )

    def _busy(self) -> CTE:
        """Every endpoint that has messages which are due some time: the index, step by step."""
        one, other = self._messages.alias(), self._messages.alias()
        first = select(func.min(one.c.endpoint_id).label("endpoint_id"))
        busy = first.where(one.c.due_at.is_not(None)).cte("busy", recursive=True)
        following = select(func.min(other.c.endpoint_id))
        following = following.where(other.c.due_at.is_not(None))
        following = following.where(other.c.endpoint_id > busy.c.endpoint_id)
        return busy.union_all(
            select(following.scalar_subquery()).where(busy.c.endpoint_id.is_not(None))
        )

    def _held(self, at: str | None, row: Any = None) -> ColumnElement[bool]:
        """Whether somebody holds a message; without a time, also by a lease that has lapsed."""
        lease, row = self._leases.table.c, self._messages.c if row is None else row
        held = [lease.stream_id == row.stream_id, lease.position == row.position]
        return exists().where(*held, *([] if at is None else [lease.expires_at > at]))

    async def _running(self, conn: AsyncConnection, at: str) -> dict[str, int]:
        """How many messages of an endpoint are on their way."""
        row, lease = self._messages.c, self._leases.table.c
        asked = (
            select(row.endpoint_id, func.count())
            .select_from(self._leases.table.join(self._messages, self._leases.of_same_piece()))
            .where(lease.expires_at > at)
            .group_by(row.endpoint_id)
        )
        return dict((await conn.execute(asked)).tuples().all())

    async def next_due_at(self, conn: AsyncConnection, kind: str) -> str | None:
        """When a free message of a lane is due, or a lease in it ends: the earliest of both.

        Endpoints that have all the places they may have are passed over until one is free.
        """
        row, lease, endpoint = self._messages.c, self._leases.table.c, self._endpoints.c
        leased = (
            select(row.endpoint_id, func.count(), func.min(lease.expires_at))
            .select_from(self._leases.table.join(self._messages, self._leases.of_same_piece()))
            .join(self._endpoints, endpoint.endpoint_id == row.endpoint_id)
            .where(endpoint.is_slow == int(kind == SLOW_LANE))
            .group_by(row.endpoint_id)
        )
        held = (await conn.execute(leased)).tuples().all()
        full = {endpoint_id for endpoint_id, count, _ in held if count >= PER_ENDPOINT_MAX}
        firsts = await conn.execute(self._firsts(kind, None))
        times: list[str] = [ends_at for _, _, ends_at in held]
        times += [one.due_at for one in firsts if one.endpoint_id not in full]
        return min(times, default=None)
