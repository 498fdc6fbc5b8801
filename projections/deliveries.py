"""Deliveries: what merchants' endpoints are to be told, and what became of it; a queue too.

One row per message and endpoint. A message is due when every earlier one about the same payment was
delivered or parked, so an endpoint is told in order; other payments never wait for it. A message
that is replayed comes first again: later ones about its payment wait for it anew. A test of an
endpoint is about no payment: it waits for no other message, and is sent before what waits.

An endpoint on this machine is called only by a process that may do so; for others its messages are
not there. They wait, and no attempt is spent on them.

No endpoint delays another: see `projections.deliveries_turns`, which chooses what is leased.

Which merchant a payment belongs to and which endpoints it has stands in tables of this projection's
own, so an endpoint that is added later is told of what happens from then on. For an endpoint that
is disabled messages are parked, for a while; who enables it again asks for those by a replay. One
that is deleted has no row any more, and is told nothing; what it was told stays listed.

A declined submission that another provider takes over is no news: the message is taken back with
the event that says so, which is in the same append.

What it does not do: decide when to try again (that was recorded with the attempt), or know any
address or secret.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from typing import Final, cast

from sqlalchemy import (
    ColumnElement,
    Index,
    and_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import events
from ledger.entry import RecordedEvent
from ledger.sql_database import Database
from projections.deliveries_rows import (
    CONCERNING,
    Board,
    Endpoint,
    Message,
    Owner,
    State,
    Switched,
    concerns,
    endpoint_of,
    owner_told_of,
    payment_of,
    why_parked,
)
from projections.deliveries_turns import LANES, Turns
from projections.message_ids import mark_of
from projections.projector import bounded
from projections.queues import Due, Queue, Whose
from projections.rows import Counters, Rows
from projections.tables import (
    columns_of,
    number,
    read_stamp_or_none,
    stamp,
    text,
)

PAGE_MAX: Final = 1000


_message_values: Final = attrgetter(*(field.name for field in fields(Message)))
_endpoint_values: Final = attrgetter(*(field.name for field in fields(Endpoint)))


class DeliveriesProjection(Queue):
    """Every message to every endpoint, the queue of those that wait, and its listing."""

    name = "deliveries"
    version = 4
    reads = frozenset({events.PaymentRequested, *CONCERNING})
    whose = "endpoint_id"

    def __init__(self, database: Database, copy: str = "") -> None:
        super().__init__(database, copy)
        _, self._payment_rows = self.make_rows(
            "delivery_payments",
            text("payment_id", key=True),
            text("merchant_id"),
            text("kind"),
            text("mode", null=True),
            fetch_by="payment_id",
            fixed=("merchant_id", "kind", "mode"),
        )
        self._endpoints = self.make_table("endpoints", *columns_of(Endpoint, key=["endpoint_id"]))
        self._messages = self.make_table("deliveries", *columns_of(Message, key=["stream_id"]))
        self._counts = self.make_table(
            "delivery_counts",
            text("endpoint_id", key=True),
            text("state", key=True),
            number("messages"),
        )
        self._endpoint_rows = Rows(self._endpoints, fetch_by="merchant_id", fixed=["merchant_id"])
        self._rows = Rows(self._messages, fetch_by="payment_id", fixed=["created_at", "about"])
        self._counters = Counters(self._counts)
        self.make_queue(self._messages, "delivery_leases")
        self._turns = Turns(self._messages, self._endpoints, self._leases)

    def indexes(self, name: Callable[[str], str]) -> list[Index]:
        """Of what is due by endpoint, of one payment's messages, and of one endpoint's."""
        row = self._messages.c
        waiting = row.due_at.is_not(None)
        due = (row.endpoint_id, row.due_at, row.position)
        return [
            Index(name("due"), *due, sqlite_where=waiting, postgresql_where=waiting),
            Index(name("payment"), row.payment_id),
            Index(name("endpoint"), row.endpoint_id, row.about),
            Index(name("state"), row.endpoint_id, row.state, row.about),
            Index(name("owner"), self._endpoints.c.merchant_id),
        ]

    async def apply(self, conn: AsyncConnection, batch: Sequence[RecordedEvent]) -> None:
        """Fold a run of events: whose payments they are, then what is to be told."""
        owners: dict[str, Owner] = dict(filter(None, map(owner_told_of, batch)))
        await self._payment_rows.put(conn, [(key, *owner) for key, owner in owners.items()])
        told = [one for one in batch if concerns(one)]
        if not told or not await self._is_anybody_told(conn, told):
            return
        board = await self._board(conn, owners, told)
        # What was sent frees a place for others, and may have changed its endpoint's lane.
        for lane in LANES:
            self.news.tell(lane, "")
        for recorded in told:
            if isinstance(recorded.event, Switched):
                await self._put(conn, board)
                await self._switch(conn, recorded, board)
            elif isinstance(recorded.event, events.LogRestored):
                await self._put(conn, board)
                life = mark_of(recorded)
                await conn.execute(self._endpoints.update().values(life=life))
                board.restore(life)
            else:
                board.fold(recorded)
        await self._put(conn, board)

    async def _is_anybody_told(self, conn: AsyncConnection, told: Iterable[RecordedEvent]) -> bool:
        """Whether there are endpoints at all: without any, events are not looked at further."""
        if any(isinstance(one.event, events.EndpointAdded) for one in told):
            return True
        return await conn.scalar(select(self._endpoints.c.endpoint_id).limit(1)) is not None

    async def _board(
        self,
        conn: AsyncConnection,
        owners: dict[str, Owner],
        told: Iterable[RecordedEvent],
    ) -> Board:
        """Fetch whatever these events may touch."""
        touched = {payment_of(one) for one in told} - {None}
        keys = sorted(cast("set[str]", touched))
        missing = [key for key in keys if key not in owners]
        for payment_id, *owner in await self._payment_rows.fetch(conn, missing):
            owners[payment_id] = (owner[0], owner[1], owner[2])
        merchants = sorted({owners[key][0] for key in keys})
        endpoints = [Endpoint(*one) for one in await self._endpoint_rows.fetch(conn, merchants)]
        told_merchants = {one.merchant_id for one in endpoints}
        found = await self._rows.fetch(
            conn, [key for key in keys if owners[key][0] in told_merchants]
        )
        return Board(owners, endpoints, [Message(*one) for one in found])

    async def _put(self, conn: AsyncConnection, board: Board) -> None:
        await self._endpoint_rows.put(
            conn, [_endpoint_values(one) for one in board.endpoints.values()]
        )
        await self._rows.put(conn, [_message_values(one) for one in board.changed_messages()])
        await self._count(conn, board.count_changes())

    async def _count(self, conn: AsyncConnection, changes: Mapping[tuple[str, str], int]) -> None:
        await self._counters.add(conn, [(*key, amount) for key, amount in changes.items()])

    async def _switch(self, conn: AsyncConnection, recorded: RecordedEvent, board: Board) -> None:
        """Switch an endpoint off or delete it, which parks whatever waits for it, or on again."""
        endpoint_id, row = endpoint_of(recorded), self._messages.c
        endpoint = board.endpoints.get(endpoint_id)
        if endpoint is None:
            asked = select(self._endpoints).where(self._endpoints.c.endpoint_id == endpoint_id)
            endpoint = Endpoint(*(await conn.execute(asked)).one())
        board.switch(recorded, endpoint)
        is_deleted = isinstance(recorded.event, events.EndpointDeleted)
        if is_deleted:
            gone = self._endpoints.c.endpoint_id == endpoint_id
            await conn.execute(self._endpoints.delete().where(gone))
        if not is_deleted and not isinstance(recorded.event, events.EndpointDisabled):
            return
        parking = (
            self._messages.update()
            .where(row.endpoint_id == endpoint_id, row.state == "waiting")
            .values(
                state="parked",
                due_at=None,
                reason=why_parked(recorded),
                updated_at=stamp(recorded.recorded_at),
                position=recorded.position,
            )
        )
        parked = (await conn.execute(parking)).rowcount
        changes = Counter({(endpoint_id, "waiting"): -parked, (endpoint_id, "parked"): parked})
        await self._count(conn, changes)
        board.count_changes()

    async def lease(
        self,
        kind: str,
        provider: Whose,
        *,
        holder: str,
        limit: int,
        now: datetime,
        seconds: float,
        is_local_called: bool = True,
    ) -> list[Due]:
        """Take up to `limit` due messages nobody holds, of the endpoints in turn.

        See `projections.queues.Queue.lease`; `kind` is the lane. Of endpoints on
        this machine nothing is taken, unless they are called.
        """
        at, row = stamp(now), self._messages.c
        async with self.read() as conn:
            chosen = await self._turns.choose(
                conn, kind, at, bounded(limit, PAGE_MAX), is_local_called=is_local_called
            )
        if not chosen:
            return []
        # Asked again: what was due a moment ago may have been delivered by another process since.
        wanted = select(self._messages).where(row.stream_id.in_(chosen), row.due_at <= at)
        wanted = wanted.order_by(row.due_at, row.position)
        return await self._take(kind, wanted, holder=holder, now=now, seconds=seconds)

    async def next_due_at(
        self,
        kind: str | None = None,
        provider: Whose = None,
        *,
        is_local_called: bool = True,
    ) -> datetime | None:
        """When a message of a lane that nobody holds is or becomes due, or a lease ends.

        Endpoints that have all the places they may have are passed over: something will happen
        to one of their messages first. None if nothing is to come.
        """
        async with self.read() as conn:
            found = await self._turns.next_due_at(
                conn, kind or "deliver", is_local_called=is_local_called
            )
        return read_stamp_or_none(found)

    async def message(self, message_id: str) -> Message | None:
        """One message by its id."""
        found = await self._select(self._messages.c.stream_id == message_id)
        return found[0] if found else None

    async def messages(
        self,
        *,
        endpoint_id: str,
        state: State | None = None,
        payment_id: str | None = None,
        after: int | None = None,
        limit: int = 100,
    ) -> list[Message]:
        """An endpoint's messages, the newest first; `after` is the `about` of the page before."""
        row = self._messages.c
        wanted = [row.endpoint_id == endpoint_id]
        wanted += [row.state == state] if state else []
        wanted += [row.payment_id == payment_id] if payment_id else []
        wanted += [row.about < after] if after is not None else []
        return await self._select(*wanted, limit=limit)

    async def about(self, payment_id: str) -> list[str]:
        """The endpoints that were, or are to be, told something about a payment."""
        row = self._messages.c
        asked = select(row.endpoint_id).where(row.payment_id == payment_id).distinct()
        async with self.read() as conn:
            return sorted((await conn.execute(asked)).scalars())

    async def parked(self, endpoint_id: str, *, limit: int = 100) -> list[Message]:
        """An endpoint's parked messages, the oldest first."""
        row = self._messages.c
        wanted = (row.endpoint_id == endpoint_id, row.state == "parked")
        return await self._select(*wanted, limit=limit, is_oldest_first=True)

    async def waiting_for_later(
        self, endpoint_id: str, now: datetime, *, limit: int = 100
    ) -> list[Message]:
        """An endpoint's messages that wait for their next try, the oldest first."""
        row = self._messages.c
        wanted = (row.endpoint_id == endpoint_id, row.due_at > stamp(now))
        return await self._select(*wanted, limit=limit, is_oldest_first=True)

    async def in_the_way(self, message: Message, now: datetime) -> list[Message]:
        """What waits for a later try and must be taken before a message can be sent; one or none.

        Only the first one about a payment that waits has a time at all.
        """
        row = self._messages.c
        told = (row.payment_id == message.payment_id, row.endpoint_id == message.endpoint_id)
        earlier = (row.about < message.about, row.due_at > stamp(now))
        return await self._select(*told, *earlier, limit=1)

    async def patience(self, endpoint_id: str) -> tuple[datetime | None, datetime | None]:
        """Since when an endpoint's oldest waiting message waits, and when one is next tried."""
        row = self._messages.c
        oldest = select(row.created_at).where(
            row.endpoint_id == endpoint_id, row.state == "waiting"
        )
        soonest = select(self._messages).where(
            row.endpoint_id == endpoint_id, row.due_at.is_not(None)
        )
        async with self.read() as conn:
            since = await conn.scalar(oldest.order_by(row.about).limit(1))
            first = (await conn.execute(soonest.order_by(row.due_at).limit(1))).first()
        until = None if first is None else Message(*first).next_attempt_at
        return read_stamp_or_none(since), read_stamp_or_none(until)

    async def counts(self, endpoint_id: str) -> dict[str, int]:
        """How many messages of an endpoint there are, by state."""
        row = self._counts.c
        asked = select(row.state, row.messages).where(row.endpoint_id == endpoint_id)
        async with self.read() as conn:
            return {one.state: one.messages for one in await conn.execute(asked)}

    async def endpoints(self, merchant_id: str | None, *, limit: int = PAGE_MAX) -> list[Endpoint]:
        """A merchant's endpoints, or everybody's, in the order they were added."""
        row = self._endpoints.c
        asked = select(self._endpoints).order_by(row.position)
        if merchant_id is not None:
            asked = asked.where(row.merchant_id == merchant_id)
        async with self.read() as conn:
            found = await conn.execute(asked.limit(bounded(limit, PAGE_MAX)))
            return [Endpoint(*one) for one in found]

    async def _select(
        self, *wanted: ColumnElement[bool], limit: int = 1, is_oldest_first: bool = False
    ) -> list[Message]:
        about = self._messages.c.about
        asked = select(self._messages).where(and_(*wanted))
        asked = asked.order_by(about if is_oldest_first else about.desc())
        async with self.read() as conn:
            found = await conn.execute(asked.limit(bounded(limit, PAGE_MAX)))
            return [Message(*one) for one in found]
