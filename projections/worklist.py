"""The worklist: what is due to be done outside, by whom, since when and why; it is the queue.

One row per payment says what is to be done with it next: `submit` it, `inquire` about it, or
nothing; one row per stored webhook says `translate` until it is understood or an orphan, and again
once an orphan is opened. A refund that was reserved waits to be `open`ed, as a stream of its own,
and one that has its final word to be `settle`d with the collection it gives back. A checkout
session is to be `close`d when its time is over, and is told of its payment's end: `conclude`.
Workers lease rows (`projections.leases`), act, and append what came of it; that event moves the row
on.

Why payments keep their row when nothing is due: what seemed decided may be overturned
(`payment.reopened`), and then the provider to ask must be known at once.

What it does not do: decide how long to wait. Every due time was recorded with the event.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Index, and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import events
from ledger.entry import RecordedEvent
from ledger.sql_database import Database
from projections.modes import Modes, among
from projections.projector import bounded
from projections.queues import Due, Queue, Whose
from projections.tables import columns_of, read_stamp, read_stamp_or_none, stamp
from projections.worklist_left import Left, Served, lapsed, left_by
from projections.worklist_rows import (
    CHANGES,
    CHECKOUT_PREFIX,
    PAYMENT_PREFIX,
    READ,
    WEBHOOK_PREFIX,
    Closed,
    Kind,
    Row,
    Settled,
    Told,
    as_tuple,
    created,
    fold,
    follow_checkout,
    received,
    reopened,
    requested,
    reservation_of,
    reserved,
    settle,
)

LISTED_MAX: Final = 1000
"""The most rows one listing has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkRow:
    """One piece as a person wants to see it: what waits, since when, why, and what comes next."""

    kind: Kind
    stream_id: str
    provider: str
    due_at: datetime
    """When the next submission, inquiry or translation may begin."""
    since: datetime
    """When the payment was requested, or the webhook received or opened again."""
    age_seconds: float
    reason: str | None
    """What the last event about it gave as the reason, if any."""
    attempts: int
    inquiries: int
    position: int
    holder: str | None
    """Who has leased it, None if nobody has now."""
    leased_until: datetime | None


class WorklistProjection(Queue):
    """The queue of the reactors, and its listing for people."""

    name = "worklist"
    version = 7
    reads = READ

    def __init__(self, database: Database, copy: str = "") -> None:
        super().__init__(database, copy)
        self._work, self._rows = self.make_rows(
            "worklist",
            *columns_of(Row, key=["stream_id"]),
            fetch_by="stream_id",
            fixed=["since"],
        )
        self.make_queue(self._work, "worklist_leases")

    def indexes(self, name: Callable[[str], str]) -> list[Index]:
        """Only of rows that are due some time: few, however many payments there were."""
        row = self._work.c
        waiting = row.kind.is_not(None)
        columns = (row.kind, row.provider, row.due_at)
        return [Index(name("due"), *columns, sqlite_where=waiting, postgresql_where=waiting)]

    async def apply(self, conn: AsyncConnection, batch: Sequence[RecordedEvent]) -> None:
        """Fold a run of events into the rows of what they touch."""
        found = await self._rows.fetch(conn, _stored(batch))
        rows = {values[0]: Row(*values) for values in found}
        closed: list[str] = []
        for recorded in batch:
            event = recorded.event
            if type(event) in CHANGES:  # as nearly all are
                fold(rows[recorded.stream[PAYMENT_PREFIX:]], recorded)
            elif isinstance(event, events.PaymentRequested):
                # A refund waits since it was reserved, whichever batch that was in.
                rows[event.payment_id] = row = requested(recorded, event)
                if event.refund_of is not None:
                    reservation = reservation_of(event.refund_of, event.payment_id)
                    before = rows.pop(reservation, None)
                    row.since = before.since if before else row.since
                    closed.append(reservation)
            elif isinstance(event, events.WebhookReceived):
                webhook_id = recorded.stream[WEBHOOK_PREFIX:]
                rows[webhook_id] = received(webhook_id, recorded, event)
            elif isinstance(event, events.WebhookReopened):
                webhook_id = recorded.stream[WEBHOOK_PREFIX:]
                rows[webhook_id] = reopened(webhook_id, recorded, event)
            elif isinstance(event, events.WebhookUnderstood | events.WebhookOrphaned):
                webhook_id = recorded.stream[WEBHOOK_PREFIX:]
                if rows.pop(webhook_id, None) is None:
                    closed.append(webhook_id)
            elif isinstance(event, events.CheckoutCreated):
                rows[event.session_id] = created(recorded, event)
            elif isinstance(event, Told | Closed):
                closed += follow_checkout(rows, recorded)
            elif isinstance(event, events.PaymentRefundReserved):
                row = reserved(recorded, event)
                rows[row.stream_id] = row
            elif isinstance(event, Settled):
                closed += settle(rows, recorded, event.refund_id)
        # What is closed is removed first: an orphan may be opened again within the batch.
        await self._rows.remove(conn, closed)
        await self._rows.put(conn, [*map(as_tuple, rows.values())])
        for row in rows.values():
            if row.kind is not None and row.due_at is not None:
                self.news.tell(row.kind, row.provider, row.due_at)

    async def lease(
        self,
        kind: str,
        provider: Whose,
        *,
        holder: str,
        limit: int,
        now: datetime,
        seconds: float,
        modes: Modes = None,
    ) -> list[Due]:
        """Take due pieces of payments of which modes (None: of any); see `Queue.lease`."""
        wanted = [*self._of(kind, provider, modes), self._work.c.due_at <= stamp(now)]
        return await self._lease(kind, wanted, holder=holder, limit=limit, now=now, seconds=seconds)

    async def next_due_at(
        self,
        kind: str | None = None,
        provider: Whose = None,
        *,
        modes: Modes = None,
    ) -> datetime | None:
        """When the earliest piece of payments of these modes is due; see `Queue.next_due_at`."""
        return await self._next_due_at(self._of(kind, provider, modes))

    async def left(self, served: Served) -> list[Left]:
        """What waits for a process that is set up otherwise than one that serves these.

        Refunds to be opened or settled, and sessions, wait for no provider.
        """
        asked = left_by(self._work, served)
        async with self.read() as conn:
            return [Left(*one) for one in await conn.execute(asked)]

    async def lease_lapsed(
        self, served: Served, *, holder: str, limit: int, now: datetime, seconds: float
    ) -> list[Due]:
        """Take, of what is left, payments that no provider had in time; see `lease`."""
        wanted = lapsed(self._work, served, stamp(now))
        return await self._lease(
            "submit", wanted, holder=holder, limit=limit, now=now, seconds=seconds
        )

    async def listing(
        self,
        *,
        now: datetime,
        kind: str | None = None,
        provider: str | None = None,
        limit: int = 100,
    ) -> list[WorkRow]:
        """What is due or waits for its time, the oldest first, at most `LISTED_MAX`."""
        row, lease = self._work.c, self._leases.table.c
        held = and_(self._leases.of_same_piece(), lease.expires_at > stamp(now))
        asked = (
            select(self._work, lease.holder, lease.expires_at)
            .select_from(self._work.outerjoin(self._leases.table, held))
            .where(*self._of(kind, provider))
            .order_by(row.since, row.stream_id)
            .limit(bounded(limit, LISTED_MAX))
        )
        async with self.read() as conn:
            return [
                WorkRow(
                    kind=one.kind,
                    stream_id=one.stream_id,
                    provider=one.provider,
                    due_at=read_stamp(one.due_at),
                    since=read_stamp(one.since),
                    age_seconds=(now - read_stamp(one.since)).total_seconds(),
                    reason=one.reason,
                    attempts=one.attempts,
                    inquiries=one.inquiries,
                    position=one.position,
                    holder=one.holder,
                    leased_until=read_stamp_or_none(one.expires_at),
                )
                for one in await conn.execute(asked)
            ]

    def _of(
        self, kind: str | None, provider: Whose, modes: Modes = None
    ) -> list[ColumnElement[bool]]:
        row = self._work.c
        wanted = [row.kind.is_not(None) if kind is None else row.kind == kind]
        if isinstance(provider, str):
            wanted.append(row.provider == provider)
        elif provider is not None:
            wanted.append(row.provider.in_(sorted(provider)))
        return [*wanted, *among(row.mode, modes)]


def _stored(batch: Sequence[RecordedEvent]) -> list[str]:
    """Whose rows a batch changes that it does not begin with making."""
    begun: set[str] = set()
    known: set[str] = set()
    for one in batch:
        event = one.event
        if type(event) in CHANGES:
            if one.stream not in begun:
                known.add(one.stream[PAYMENT_PREFIX:])
        elif isinstance(event, events.PaymentRequested) and event.refund_of is not None:
            begun.add(one.stream)
            known.add(reservation_of(event.refund_of, event.payment_id))  # since it was reserved
        elif one.version == 1:
            begun.add(one.stream)
        elif isinstance(event, Settled):
            known.add(event.refund_id)
        elif isinstance(event, Told):
            known |= {event.payment_id, one.stream[CHECKOUT_PREFIX:]}
    return list(known)
