"""The payments: one row per payment, as lists, filters and counts want it.

Shape (`PaymentRow`), fold, queries and declaration stand in this file. One payment at this very
moment is answered by folding its stream, not from here; a page from here stands at the projection's
position.

The trick: the row's number is the position of its first event. Inserts are therefore appended, a
page newest-first is a walk backwards over the table itself, and a cursor is a position.

What it does not keep: the evidence, the hints, anything sealed. `reason` and `code` are those of
the last event that gave one, in the words recorded at that time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, Index, UniqueConstraint, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import events
from ledger.entry import RecordedEvent
from ledger.identity import Kind, Mode
from ledger.payment import Status, stream_of
from ledger.sql_database import Database
from projections.projector import Projector, bounded
from projections.rows import Rows
from projections.standing import FINAL, step
from projections.tables import (
    columns_of,
    number,
    one_of,
    read_stamp,
    read_stamp_or_none,
    stamp,
    text,
)

PAGE_MAX: Final = 1000
"""The most rows one page has."""

_PREFIX: Final = len(stream_of(""))


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRow:
    """One payment as the list shows it.

    `provider` and `reference` are those of the verdict where there is one, else of the last
    submission, else the asked route and None. Times are aware UTC; `final_at` is when the present
    final status was recorded, None while the payment is open. `position` is that of its first
    event (the cursor), `updated_position` that of its last.
    """

    position: int
    payment_id: str
    kind: Kind
    merchant_id: str
    payer: str
    """The person at the other end, as a keyed hash."""
    country: str
    operator: str | None
    currency: str
    amount_minor: int
    status: Status
    reason: str | None
    code: str | None
    provider: str
    reference: str | None
    provider_transaction_id: str | None
    attempts: int
    inquiries: int
    requested_at: datetime
    updated_at: datetime
    final_at: datetime | None
    updated_position: int
    refund_of: str | None
    """Of a refund: the collection that is given back."""
    refunded_minor: int
    """Of a collection: how much of it was given back."""
    mode: Mode | None
    """None: the deployment's own."""


@dataclass(slots=True)
class _Row:
    """A row while a batch is folded into it: the table's columns, in its order."""

    position: int
    payment_id: str
    kind: str
    merchant_id: str
    payer: str
    country: str
    operator: str | None
    currency: str
    amount_minor: int
    requested_at: str
    status: str
    progress: str
    verdict: str | None
    provider: str
    reference: str | None
    last_provider: str
    last_reference: str | None
    updated_at: str
    updated_position: int
    final_at: str | None = None
    reason: str | None = None
    code: str | None = None
    provider_transaction_id: str | None = None
    attempts: int = 0
    inquiries: int = 0
    refund_of: str | None = None
    refunded_minor: int = 0
    mode: str | None = None


_FIXED: Final = (
    "payment_id",
    "kind",
    "merchant_id",
    "payer",
    "country",
    "operator",
    "currency",
    "amount_minor",
    "requested_at",
    "refund_of",
    "mode",
)
_as_tuple: Final = attrgetter(*(field.name for field in fields(_Row)))


def _requested(recorded: RecordedEvent, event: events.PaymentRequested, at: str) -> _Row:
    return _Row(
        position=recorded.position,
        payment_id=event.payment_id,
        kind=event.kind,
        merchant_id=event.merchant_id,
        payer=event.payer,
        country=event.country,
        operator=event.operator,
        currency=event.currency,
        amount_minor=event.amount_minor,
        requested_at=at,
        status=Status.REQUESTED.value,
        progress=Status.REQUESTED.value,
        verdict=None,
        provider=event.provider,
        reference=None,
        last_provider=event.provider,
        last_reference=None,
        updated_at=at,
        updated_position=recorded.position,
        refund_of=event.refund_of,
        mode=event.mode,
    )


def _started(row: _Row, event: events.PaymentSubmissionStarted) -> None:
    row.reference = row.last_reference = event.reference
    row.reason = row.code = None


def _declined(row: _Row, event: events.PaymentSubmissionDeclined) -> None:
    row.reason, row.code = event.reason, event.code


def _reasoned(
    row: _Row,
    event: events.PaymentSubmissionWithdrawn
    | events.PaymentSubmissionDoubted
    | events.PaymentConflicted,
) -> None:
    row.reason, row.code = event.reason, None


def _inquired(row: _Row, event: events.PaymentInquired) -> None:
    row.reason = event.detail
    row.inquiries += 1


def _succeeded(row: _Row, event: events.PaymentSucceeded) -> None:
    row.reference, row.reason, row.code = event.reference, None, None
    row.provider_transaction_id = event.provider_transaction_id


def _failed(row: _Row, event: events.PaymentFailed) -> None:
    row.reference, row.reason, row.code = event.reference, event.reason, event.code


def _expired(row: _Row, event: events.PaymentExpired) -> None:
    row.reference, row.reason, row.code = event.reference or row.reference, event.reason, None


def _reopened(row: _Row, event: events.PaymentReopened) -> None:
    row.reference, row.reason, row.code = row.last_reference, event.reason, None
    row.provider_transaction_id = None


def _rerouted(row: _Row, event: events.PaymentRerouted) -> None:
    row.reason, row.code = event.reason, None


def _refunded(row: _Row, event: events.PaymentRefunded) -> None:
    row.refunded_minor += event.amount_minor


_CHANGES: Final[dict[type[events.Event], Callable[..., None]]] = {
    events.PaymentSubmissionStarted: _started,
    events.PaymentSubmissionDeclined: _declined,
    events.PaymentSubmissionWithdrawn: _reasoned,
    events.PaymentSubmissionDoubted: _reasoned,
    events.PaymentInquired: _inquired,
    events.PaymentSucceeded: _succeeded,
    events.PaymentFailed: _failed,
    events.PaymentExpired: _expired,
    events.PaymentConflicted: _reasoned,
    events.PaymentReopened: _reopened,
    events.PaymentRerouted: _rerouted,
    events.PaymentRefunded: _refunded,
}
"""What each event writes beside the standing; `payment.requested` makes the row."""


class PaymentsProjection(Projector):
    """One row per payment, and where every reference leads."""

    name = "payments"
    version = 4

    def __init__(self, database: Database, copy: str = "") -> None:
        super().__init__(database, copy)
        self._payments = self.make_table(
            "payments", *columns_of(_Row, key=["position"]), UniqueConstraint("payment_id")
        )
        self._references = self.make_table(
            "payment_references",
            number("position", key=True),
            text("provider"),
            text("reference"),
            text("payment_id"),
        )
        self._rows = Rows(self._payments, fetch_by="payment_id", fixed=_FIXED)
        self._reference_rows = Rows(self._references, fetch_by="reference")

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
        requested = events.PaymentRequested
        touched = [one for one in batch if one.stream.startswith("payment-")]
        new = {one.stream for one in touched if one.version == 1}
        known = list({one.stream[_PREFIX:] for one in touched if one.stream not in new})
        rows = {values[1]: _Row(*values) for values in await self._rows.fetch(conn, known)}
        references: list[tuple[Any, ...]] = []
        for recorded in touched:
            event, at = recorded.event, stamp(recorded.recorded_at)
            if isinstance(event, requested):
                rows[event.payment_id] = _requested(recorded, event, at)
                continue
            row = rows[recorded.stream[_PREFIX:]]
            change = _CHANGES.get(type(event))
            if change is not None:
                change(row, event)
            if isinstance(event, events.PaymentSubmissionStarted):
                references.append(
                    (recorded.position, event.provider, event.reference, row.payment_id)
                )
            status = step(row, event)
            if status != row.status:
                row.status = status
                row.final_at = at if status in FINAL else None
            row.updated_at, row.updated_position = at, recorded.position
        await self._rows.put(conn, [_as_tuple(row) for row in rows.values()])
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
        if after is not None:
            wanted.append(row.position < after)
        asked = select(self._payments).where(*wanted).order_by(row.position.desc())
        async with self.read() as conn:
            found = await conn.execute(asked.limit(bounded(limit, PAGE_MAX)))
            return [_shown(_Row(*values)) for values in found]

    async def find(self, payment_id: str) -> PaymentRow | None:
        """One payment's row, as of the projection's position."""
        async with self.read() as conn:
            found = await conn.execute(
                select(self._payments).where(self._payments.c.payment_id == payment_id)
            )
            values = found.one_or_none()
        return None if values is None else _shown(_Row(*values))

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


def _shown(row: _Row) -> PaymentRow:
    return PaymentRow(
        position=row.position,
        payment_id=row.payment_id,
        kind=cast("Kind", row.kind),
        merchant_id=row.merchant_id,
        payer=row.payer,
        country=row.country,
        operator=row.operator,
        currency=row.currency,
        amount_minor=row.amount_minor,
        status=Status(row.status),
        reason=row.reason,
        code=row.code,
        provider=row.provider,
        reference=row.reference,
        provider_transaction_id=row.provider_transaction_id,
        attempts=row.attempts,
        inquiries=row.inquiries,
        requested_at=read_stamp(row.requested_at),
        updated_at=read_stamp(row.updated_at),
        final_at=read_stamp_or_none(row.final_at),
        updated_position=row.updated_position,
        refund_of=row.refund_of,
        refunded_minor=row.refunded_minor,
        mode=cast("Mode | None", row.mode),
    )
