"""The payments: one row per payment, as lists, filters and counts want it.

Queries and declaration stand in this file, the shape (`PaymentRow`) and the fold in
`projections.payments_rows`. One payment at this very moment is answered by folding its stream, not
from here; a page from here stands at the projection's position.

The trick: the row's number is the position of its first event. Inserts are therefore appended, a
page newest-first is a walk backwards over the table itself, and a cursor is a position.

What it does not keep: the evidence, the hints, anything sealed. `reason` and `code` are those of
the last event that gave one, in the words recorded at that time.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Index, UniqueConstraint, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import events
from ledger.entry import RecordedEvent
from ledger.identity import Kind, Mode
from ledger.payment import Status, stream_of
from ledger.sql_database import Database
from projections.effective import ALWAYS, Effective
from projections.payments_rows import FIXED, MOVED, PaymentRow, Row, as_tuple, fold, shown
from projections.projector import Projector, bounded
from projections.rows import begun_before
from projections.tables import columns_of, number, one_of, stamp, text

__all__ = ["PAGE_MAX", "PaymentRow", "PaymentsProjection"]

PAGE_MAX: Final = 1000
"""The most rows one page has."""

_PREFIX: Final = len(stream_of(""))


class MovedCount(NamedTuple):
    """How many payments that moved money stand somewhere, and the money that was asked for."""

    kind: Kind
    provider: str
    currency: str
    status: Status
    payments: int
    amount_minor: int


class PaymentsProjection(Projector):
    """One row per payment, and where every reference leads."""

    name = "payments"
    version = 7
    reads = frozenset(kind for name, kind in events.EVENTS.items() if name.startswith("payment."))

    def __init__(self, database: Database, copy: str = "") -> None:
        super().__init__(database, copy)
        self._payments, self._rows = self.make_rows(
            "payments",
            *columns_of(Row, key=["position"]),
            UniqueConstraint("payment_id"),
            fetch_by="payment_id",
            fixed=FIXED,
        )
        self._references, self._reference_rows = self.make_lines(
            "payment_references",
            number("position", key=True),
            text("provider"),
            text("reference"),
            text("payment_id"),
        )

    def indexes(self, name: Callable[[str], str]) -> list[Index]:
        """For every filter, in the order of a page."""
        row, submitted = self._payments.c, self._references.c
        return [
            Index(name("reference"), submitted.reference, submitted.provider),
            Index(name("merchant"), row.merchant_id, row.kind, row.position),
            Index(name("refund_of"), row.refund_of),
            Index(name("status"), row.status, row.position),
            Index(name("provider"), row.provider, row.position),
            Index(name("payer"), row.payer, row.position),
            Index(name("requested_at"), row.requested_at),
        ]

    async def apply(self, conn: AsyncConnection, batch: Sequence[RecordedEvent]) -> None:
        """Fold a run of events into the rows of the payments it touches."""
        known = await self._rows.fetch(conn, begun_before(batch, _PREFIX))
        rows = {values[1]: Row(*values) for values in known}
        references: list[tuple[Any, ...]] = []
        for recorded in batch:
            payment_id = recorded.stream[_PREFIX:]
            row = rows.get(payment_id)
            if row is None:
                rows[payment_id] = fold(None, recorded)
                continue
            fold(row, recorded)
            event = recorded.event
            if isinstance(event, events.PaymentSubmissionStarted):
                references.append((recorded.position, event.provider, event.reference, payment_id))
        await self._rows.put(conn, [*map(as_tuple, rows.values())])
        await self._reference_rows.put(conn, references)

    async def page(
        self,
        *,
        kind: Kind | None = None,
        refund_of: str | None = None,
        merchant_id: str | None = None,
        modes: Sequence[Mode | None] | None = None,
        status: Status | str | None = None,
        provider: str | None = None,
        created_from: datetime | None = None,
        created_to: datetime | None = None,
        effective: Effective = ALWAYS,
        payer: str | None = None,
        after: int | None = None,
        limit: int = 50,
    ) -> list[PaymentRow]:
        """Payments, newest first, at most `PAGE_MAX`.

        Args:
            kind: only collections, payouts or refunds.
            refund_of: only refunds of this collection.
            merchant_id: only this merchant's.
            modes: only those of these modes; None among them stands for those that have none.
            status: only those that stand there.
            provider: only those of this provider; see `PaymentRow.provider`.
            created_from: requested at or after this aware time.
            created_to: requested before this aware time.
            effective: only those whose money moved then.
            payer: only those of this person (the keyed hash).
            after: the `position` of the last row of the page before this one.
            limit: how many.
        """
        row = self._payments.c
        wanted: list[ColumnElement[bool]] = []
        if kind is not None:
            wanted.append(row.kind == kind)
        if refund_of is not None:
            wanted.append(row.refund_of == refund_of)
        if merchant_id is not None:
            wanted.append(row.merchant_id == merchant_id)
        if modes is not None:
            wanted.append(one_of(row.mode, modes))
        if status is not None:
            wanted.append(row.status == str(status))
        if provider is not None:
            wanted.append(row.provider == provider)
        if payer is not None:
            wanted.append(row.payer == payer)
        if created_from is not None:
            wanted.append(row.requested_at >= stamp(created_from))
        if created_to is not None:
            wanted.append(row.requested_at < stamp(created_to))
        if effective != ALWAYS:
            wanted += [row.status.in_(MOVED), *effective.holds(row.moved_at)]
        if after is not None:
            wanted.append(row.position < after)
        asked = select(self._payments).where(*wanted).order_by(row.position.desc())
        async with self.read() as conn:
            found = await conn.execute(asked.limit(bounded(limit, PAGE_MAX)))
            return [shown(Row(*values)) for values in found]

    async def find(self, payment_id: str) -> PaymentRow | None:
        """One payment's row, as of the projection's position."""
        async with self.read() as conn:
            found = await conn.execute(
                select(self._payments).where(self._payments.c.payment_id == payment_id)
            )
            values = found.one_or_none()
        return None if values is None else shown(Row(*values))

    async def moved(self, effective: Effective, modes: Sequence[Mode | None]) -> list[MovedCount]:
        """How many payments moved money then, and how much, by kind, provider, currency, status."""
        row = self._payments.c
        group = (row.kind, row.provider, row.currency, row.status)
        asked = (
            select(*group, func.count(), func.sum(row.amount_minor))
            .where(row.status.in_(MOVED), *effective.holds(row.moved_at), one_of(row.mode, modes))
            .group_by(*group)
            .order_by(*group)
        )
        async with self.read() as conn:
            found = (await conn.execute(asked)).all()
        return [
            MovedCount(kind, provider, currency, Status(status), count, int(amount))
            for kind, provider, currency, status, count, amount in found
        ]

    async def payment_of(self, provider: str, reference: str) -> str | None:
        """The payment that was ever submitted to a provider under this reference."""
        row = self._references.c
        asked = (
            select(row.payment_id)
            .where(row.provider == provider, row.reference == reference)
            .order_by(row.position)
            .limit(1)
        )
        async with self.read() as conn:
            return await conn.scalar(asked)
