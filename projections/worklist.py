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
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, Index, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import events
from ledger.entry import RecordedEvent
from ledger.sql_database import Database
from projections.leases import Leases
from projections.modes import Modes, among
from projections.projector import Projector, bounded
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

Whose = str | frozenset[str] | None
"""A provider, any of several, or of all (None): whose pieces are meant."""

LEASES_MAX: Final = 1000
"""The most pieces one call leases, and the most rows one listing has."""


@dataclass(frozen=True, slots=True)
class Due:
    """One leased piece of work. `stream_id` is a payment id or a webhook id."""

    kind: Kind
    stream_id: str
    provider: str
    due_at: datetime
    position: int
    """The log position of the event that made it due: its causation."""


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


class WorklistProjection(Projector):
    """The queue of the reactors, and its listing for people."""

    name = "worklist"
    version = 6
    reads = READ

    def __init__(self, database: Database, copy: str = "") -> None:
        super().__init__(database, copy)
        self._work, self._rows = self.make_rows(
            "worklist",
            *columns_of(Row, key=["stream_id"]),
            fetch_by="stream_id",
            fixed=["since"],
        )
        self._leases = Leases(self._work)

    def indexes(self, name: Callable[[str], str]) -> list[Index]:
        """Only of rows that are due some time: few, however many payments there were."""
        row = self._work.c
        waiting = row.kind.is_not(None)
        columns = (row.kind, row.provider, row.due_at)
        return [Index(name("due"), *columns, sqlite_where=waiting, postgresql_where=waiting)]

    async def prepare(self, conn: AsyncConnection) -> None:
        """Make the table of leases, which no rebuild touches."""
        await conn.run_sync(self._leases.table.metadata.create_all)

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
        """Take up to `limit` due pieces nobody holds, for `seconds`, the longest due first.

        Args:
            kind: what is to be done with them.
            provider: of which provider, or of which several; None for any.
            holder: who takes them.
            limit: how many, at most `LEASES_MAX`.
            now: the present time, aware.
            seconds: how long nobody else may take them, unless they move on.
            modes: of payments of which modes; None for any.
        """
        wanted = [*self._of(kind, provider, modes), self._work.c.due_at <= stamp(now)]
        return await self._lease(wanted, holder=holder, limit=limit, now=now, seconds=seconds)

    async def _lease(
        self,
        wanted: Sequence[ColumnElement[bool]],
        *,
        holder: str,
        limit: int,
        now: datetime,
        seconds: float,
    ) -> list[Due]:
        row, at = self._work.c, stamp(now)
        pieces = select(self._work).where(*wanted).order_by(row.due_at, row.position)
        pieces = pieces.limit(bounded(limit, LEASES_MAX))
        async with self.read() as conn:
            if not await self._leases.is_any_free(conn, pieces, at):
                return []
        until = stamp(now + timedelta(seconds=seconds))
        async with self.database.write() as conn:
            taken = await self._leases.take(conn, pieces, holder=holder, at=at, until=until)
        return [_due(one) for one in taken]

    async def release(self, due: Due, *, holder: str) -> None:
        """Give a lease back: nothing was done, and anybody may do it at once."""
        async with self.database.write() as conn:
            await self._leases.give_back(conn, due.stream_id, due.position, holder)

    async def hold(self, due: Due, *, holder: str, until: datetime) -> None:
        """Keep a lease until then: nothing was done, and nothing can be before."""
        async with self.database.write() as conn:
            await self._leases.hold(conn, due.stream_id, due.position, holder, stamp(until))

    async def next_due_at(
        self,
        kind: str | None = None,
        provider: Whose = None,
        *,
        modes: Modes = None,
    ) -> datetime | None:
        """When the earliest piece nobody holds is or becomes due; None if there is none.

        A leased piece becomes due again, at the earliest, when its lease expires.
        """
        row = self._work.c
        lease = self._leases.table.c
        later = case((lease.expires_at > row.due_at, lease.expires_at), else_=row.due_at)
        asked = (
            select(func.min(case((lease.stream_id.is_(None), row.due_at), else_=later)))
            .select_from(self._work.outerjoin(self._leases.table, self._leases.of_same_piece()))
            .where(*self._of(kind, provider, modes))
        )
        async with self.read() as conn:
            return read_stamp_or_none(await conn.scalar(asked))

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
        return await self._lease(wanted, holder=holder, limit=limit, now=now, seconds=seconds)

    async def listing(
        self,
        *,
        now: datetime,
        kind: str | None = None,
        provider: str | None = None,
        limit: int = 100,
    ) -> list[WorkRow]:
        """What is due or waits for its time, the oldest first, at most `LEASES_MAX`."""
        row, lease = self._work.c, self._leases.table.c
        held = and_(self._leases.of_same_piece(), lease.expires_at > stamp(now))
        asked = (
            select(self._work, lease.holder, lease.expires_at)
            .select_from(self._work.outerjoin(self._leases.table, held))
            .where(*self._of(kind, provider))
            .order_by(row.since, row.stream_id)
            .limit(bounded(limit, LEASES_MAX))
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


def _due(row: Any) -> Due:
    return Due(
        cast("Kind", row.kind), row.stream_id, row.provider, read_stamp(row.due_at), row.position
    )
