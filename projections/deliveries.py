"""Deliveries: what merchants' endpoints are to be told, and what became of it; a queue too.

One row per message and endpoint. A message is due when every earlier one about the same payment was
delivered or parked, so an endpoint is told in order; other payments and other endpoints never wait
for it. Workers lease what is due as they lease the worklist, but never more than a few messages of
one endpoint at once: one that answers slowly keeps its own messages waiting and nobody else's.

Which merchant a payment belongs to and which endpoints it has stands in tables of this projection's
own, so an endpoint that is added later is told of what happens from then on.

A declined submission that another provider takes over is no news: the message is taken back with
the event that says so, which is in the same append.

What it does not do: decide when to try again (that was recorded with the attempt), or know any
address or secret.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Final, Literal, cast

import orjson
from sqlalchemy import ColumnElement, Index, and_, case, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import events
from ledger.entry import RecordedEvent
from ledger.sql_database import Database
from projections.deliveries_rows import DISABLED, Message, State, concerns, fold, payment_of
from projections.leases import Leases
from projections.projector import Projector, bounded
from projections.rows import Rows
from projections.tables import columns_of, read_stamp, read_stamp_or_none, stamp, text

PAGE_MAX: Final = 1000
PER_ENDPOINT_MAX: Final = 4
"""How many messages of one endpoint are on their way at once."""

_ENDPOINT_PREFIX: Final = len("endpoint-")


@dataclass(frozen=True, slots=True)
class DueMessage:
    """One leased message, in the words of `adapters.base.Due`."""

    kind: Literal["deliver"]
    stream_id: str
    provider: str
    """The endpoint."""
    due_at: datetime
    position: int


_as_tuple: Final = attrgetter(*(field.name for field in fields(Message)))


class DeliveriesProjection(Projector):
    """Every message to every endpoint, the queue of those that wait, and its listing."""

    name = "deliveries"
    version = 1

    def __init__(self, database: Database, copy: str = "") -> None:
        super().__init__(database, copy)
        self._payments = self.make_table(
            "delivery_payments", text("payment_id", key=True), text("merchant_id"), text("kind")
        )
        self._endpoints = self.make_table(
            "endpoints",
            text("endpoint_id", key=True),
            text("merchant_id"),
            text("types"),
            text("state"),
            text("added_at"),
        )
        self._messages = self.make_table("deliveries", *columns_of(Message, key=["stream_id"]))
        self._payment_rows = Rows(self._payments, fetch_by="payment_id", fixed=["kind"])
        self._endpoint_rows = Rows(self._endpoints, fetch_by="merchant_id")
        self._rows = Rows(self._messages, fetch_by="payment_id", fixed=["created_at"])
        self._leases = Leases(self._messages, "delivery_leases")

    def indexes(self, name: Callable[[str], str]) -> list[Index]:
        """Of what is due, of one payment's messages, and of one endpoint's."""
        row = self._messages.c
        waiting = row.due_at.is_not(None)
        due = (row.due_at, row.endpoint_id)
        return [
            Index(name("due"), *due, sqlite_where=waiting, postgresql_where=waiting),
            Index(name("payment"), row.payment_id),
            Index(name("endpoint"), row.endpoint_id, row.about),
            Index(name("owner"), self._endpoints.c.merchant_id),
        ]

    async def prepare(self, conn: AsyncConnection) -> None:
        """Make the table of leases, which no rebuild touches."""
        await conn.run_sync(self._leases.table.metadata.create_all)

    async def apply(self, conn: AsyncConnection, batch: Sequence[RecordedEvent]) -> None:
        """Fold a run of events: payments and endpoints first, then what is to be told."""
        owners: dict[str, tuple[str, str]] = {
            one.event.payment_id: (one.event.merchant_id, one.event.kind)
            for one in batch
            if isinstance(one.event, events.PaymentRequested)
        }
        await self._payment_rows.put(conn, [(key, *owner) for key, owner in owners.items()])
        told = [one for one in batch if concerns(one)]
        if not told:
            return
        touched = {payment_of(one) for one in told} - {None}
        keys = sorted(cast("set[str]", touched))
        missing = [key for key in keys if key not in owners]
        for payment_id, merchant_id, kind in await self._payment_rows.fetch(conn, missing):
            owners[payment_id] = (merchant_id, kind)
        merchants = {owner for owner, _ in (owners[key] for key in keys if key in owners)}
        endpoints = {
            one[0]: list(one) for one in await self._endpoint_rows.fetch(conn, sorted(merchants))
        }
        found = await self._rows.fetch(conn, keys)
        rows = {values[0]: Message(*values) for values in found}
        for recorded in told:
            match recorded.event:
                case events.EndpointAdded() as event:
                    types = orjson.dumps(event.types).decode()
                    at = stamp(recorded.recorded_at)
                    row = [event.endpoint_id, event.merchant_id, types, "enabled", at]
                    endpoints[event.endpoint_id] = row
                    await self._endpoint_rows.put(conn, [row])
                case events.EndpointDisabled() | events.EndpointEnabled():
                    await self._rows.put(conn, [_as_tuple(one) for one in rows.values()])
                    await self._switch(conn, recorded, endpoints, rows)
                case _:
                    fold(recorded, owners, endpoints, rows)
        await self._rows.put(conn, [_as_tuple(one) for one in rows.values()])

    async def _switch(
        self,
        conn: AsyncConnection,
        recorded: RecordedEvent,
        endpoints: dict[str, list[str]],
        rows: dict[str, Message],
    ) -> None:
        """Switch an endpoint off, which parks what waits for it, or on again."""
        endpoint_id = recorded.stream[_ENDPOINT_PREFIX:]
        is_off = isinstance(recorded.event, events.EndpointDisabled)
        state = "disabled" if is_off else "enabled"
        table, row = self._endpoints, self._messages.c
        await conn.execute(
            table.update().where(table.c.endpoint_id == endpoint_id).values(state=state)
        )
        if endpoint_id in endpoints:
            endpoints[endpoint_id][3] = state
        if not is_off:
            return
        parked = {
            "state": "parked",
            "due_at": None,
            "reason": DISABLED,
            "updated_at": stamp(recorded.recorded_at),
            "position": recorded.position,
        }
        waiting = (row.endpoint_id == endpoint_id, row.state == "waiting")
        await conn.execute(self._messages.update().where(*waiting).values(**parked))
        for one in rows.values():
            if one.endpoint_id == endpoint_id and one.state == "waiting":
                for name, value in parked.items():
                    setattr(one, name, value)

    async def lease(
        self,
        kind: str,
        provider: str | None,
        *,
        holder: str,
        limit: int,
        now: datetime,
        seconds: float,
    ) -> list[DueMessage]:
        """Take up to `limit` due messages nobody holds, few of any one endpoint.

        See `projections.worklist.WorklistProjection.lease`; `kind` is `deliver`.
        """
        at, row = stamp(now), self._messages.c
        held = exists().where(self._leases.of_same_piece(), self._leases.table.c.expires_at > at)
        ranked = (
            select(
                row.stream_id,
                func.row_number()
                .over(
                    partition_by=row.endpoint_id,
                    order_by=(case((held, 0), else_=1), row.due_at, row.position),
                )
                .label("rank"),
            )
            .where(row.due_at <= at)
            .subquery()
        )
        first = select(ranked.c.stream_id).where(ranked.c.rank <= PER_ENDPOINT_MAX)
        wanted = (
            select(self._messages)
            .where(row.stream_id.in_(first))
            .order_by(row.due_at, row.position)
            .limit(bounded(limit, PAGE_MAX))
        )
        async with self.read() as conn:
            if not await self._leases.is_any_free(conn, wanted, at):
                return []
        until = stamp(now + timedelta(seconds=seconds))
        async with self.database.write() as conn:
            taken = await self._leases.take(conn, wanted, holder=holder, at=at, until=until)
        return [
            DueMessage(
                "deliver", one.stream_id, one.endpoint_id, read_stamp(one.due_at), one.position
            )
            for one in taken
        ]

    async def release(self, due: DueMessage, *, holder: str) -> None:
        """Give a lease back: nothing was done, and anybody may do it at once."""
        async with self.database.write() as conn:
            await self._leases.give_back(conn, due.stream_id, due.position, holder)

    async def hold(self, due: DueMessage, *, holder: str, until: datetime) -> None:
        """Keep a lease until then: nothing was done, and nothing can be before."""
        async with self.database.write() as conn:
            await self._leases.hold(conn, due.stream_id, due.position, holder, stamp(until))

    async def next_due_at(
        self, kind: str | None = None, provider: str | None = None
    ) -> datetime | None:
        """When the earliest message nobody holds is or becomes due; None if there is none."""
        row, lease = self._messages.c, self._leases.table.c
        later = case((lease.expires_at > row.due_at, lease.expires_at), else_=row.due_at)
        asked = (
            select(func.min(case((lease.stream_id.is_(None), row.due_at), else_=later)))
            .select_from(self._messages.outerjoin(self._leases.table, self._leases.of_same_piece()))
            .where(row.due_at.is_not(None))
        )
        async with self.read() as conn:
            return read_stamp_or_none(await conn.scalar(asked))

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

    async def counts(self, endpoint_id: str) -> dict[str, int]:
        """How many messages of an endpoint there are, by state."""
        row = self._messages.c
        asked = select(row.state, func.count()).where(row.endpoint_id == endpoint_id)
        async with self.read() as conn:
            found = await conn.execute(asked.group_by(row.state))
            return dict(found.tuples().all())

    async def endpoint_ids(self, merchant_id: str) -> list[str]:
        """A merchant's endpoints, in the order they were added."""
        row = self._endpoints.c
        asked = select(row.endpoint_id).where(row.merchant_id == merchant_id)
        async with self.read() as conn:
            return list(await conn.scalars(asked.order_by(row.added_at, row.endpoint_id)))

    async def _select(self, *wanted: ColumnElement[bool], limit: int = 1) -> list[Message]:
        row = self._messages.c
        asked = select(self._messages).where(and_(*wanted)).order_by(row.about.desc())
        async with self.read() as conn:
            found = await conn.execute(asked.limit(bounded(limit, PAGE_MAX)))
            return [Message(*one) for one in found]
