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
from typing import Any, Final, Literal, get_args

from sqlalchemy import CTE, ColumnElement, Select, Table, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.leases import Leases

PER_ENDPOINT_MAX: Final = 4
"""How many messages of one endpoint are on their way at once."""

SLOW_LANE: Final = "deliver_slow"
Lane = Literal["deliver", "deliver_slow"]
LANES: Final = get_args(Lane)


class Turns:
    """Chooses among the messages of one copy of the tables."""

    def __init__(self, messages: Table, endpoints: Table, leases: Leases) -> None:
        self._messages, self._endpoints, self._leases = messages, endpoints, leases

    async def choose(
        self, conn: AsyncConnection, kind: str, at: str, limit: int, *, is_local_called: bool = True
    ) -> list[str]:
        """Choose up to `limit` messages that are due and free; their ids.

        Without `is_local_called` endpoints on this machine are passed over.
        """
        row, held = self._messages.c, self._held(at)
        asked = self._firsts(kind, at, is_local_called=is_local_called)
        firsts = list(await conn.execute(asked.where(row.due_at <= at)))
        leased = await self._leased(conn) if firsts else []
        running = Counter(endpoint_id for endpoint_id, ends_at in leased if ends_at > at)
        turns = sorted(
            (turn, first.due_at, first.position, first.endpoint_id)
            for first in firsts
            for turn in range(running[first.endpoint_id], PER_ENDPOINT_MAX)
        )
        shares = Counter(endpoint_id for _, _, _, endpoint_id in turns[:limit])
        chosen = [one.stream_id for one in firsts if one.endpoint_id in shares]
        for endpoint_id, share in shares.items():
            if share > 1:
                own = select(row.stream_id).where(row.endpoint_id == endpoint_id, ~held)
                own = own.where(row.due_at <= at).order_by(row.due_at, row.position)
                chosen += list(await conn.scalars(own.limit(share)))
        return sorted(set(chosen))

    def _firsts(self, kind: str, at: str | None, *, is_local_called: bool) -> Select[Any]:
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
        asked = (
            select(row.stream_id, row.endpoint_id, row.due_at, row.position)
            .select_from(busy)
            .join(self._endpoints, endpoint.endpoint_id == busy.c.endpoint_id)
            .join(self._messages, row.stream_id == first)
            .where(endpoint.is_slow == int(kind == SLOW_LANE))
        )
        return asked if is_local_called else asked.where(endpoint.is_local == 0)

    def _busy(self) -> CTE:
        """Every endpoint that has messages which are due some time: the index, step by step."""
        one, other = self._messages.alias(), self._messages.alias()
        first = select(one.c.endpoint_id).where(one.c.due_at.is_not(None))
        first = first.order_by(one.c.endpoint_id).limit(1)
        busy = select(first.scalar_subquery().label("endpoint_id")).cte("busy", recursive=True)
        following = select(other.c.endpoint_id).where(other.c.due_at.is_not(None))
        following = following.where(other.c.endpoint_id > busy.c.endpoint_id)
        following = following.order_by(other.c.endpoint_id).limit(1)
        return busy.union_all(
            select(following.scalar_subquery()).where(busy.c.endpoint_id.is_not(None))
        )

    def _held(self, at: str | None, row: Any = None) -> ColumnElement[bool]:
        """Whether somebody holds a message; without a time, also by a lease that has lapsed."""
        lease, row = self._leases.table.c, self._messages.c if row is None else row
        held = [lease.stream_id == row.stream_id, lease.position == row.position]
        return exists().where(*held, *([] if at is None else [lease.expires_at > at]))

    async def next_due_at(
        self, conn: AsyncConnection, kind: str, *, is_local_called: bool = True
    ) -> str | None:
        """When a free message of a lane is due, or any lease ends: the earliest of both.

        Endpoints that have all the places they may have are passed over until one is free.
        """
        leased = await self._leased(conn)
        held = Counter(endpoint_id for endpoint_id, _ in leased)
        firsts = await conn.execute(self._firsts(kind, None, is_local_called=is_local_called))
        times = [one.due_at for one in firsts if held[one.endpoint_id] < PER_ENDPOINT_MAX]
        return min([*times, *[ends_at for _, ends_at in leased]], default=None)

    async def _leased(self, conn: AsyncConnection) -> list[tuple[str, str]]:
        """The endpoint and the end of every lease of a message as it stands."""
        row, lease = self._messages.c, self._leases.table.c
        # Asked for one by one: from a join, a planner may begin with all messages.
        whose = select(row.endpoint_id).where(self._leases.of_same_piece()).scalar_subquery()
        found = await conn.execute(select(whose, lease.expires_at))
        return [(endpoint_id, ends_at) for endpoint_id, ends_at in found if endpoint_id]
