"""The checkout sessions: one row each, as a merchant's list wants them.

One session at this very moment is answered by folding its stream, not from here. What was sealed
with it is not here, nor what became of its payments: `payments` has them. Whom a merchant named is
here as a keyed hash, so that a page on which nobody paid is found when that person is forgotten.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Final, cast

from sqlalchemy import ColumnElement, Index, UniqueConstraint, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import events
from ledger.checkout import CheckoutStatus, stream_of
from ledger.entry import RecordedEvent
from ledger.identity import Mode
from ledger.sql_database import Database
from projections.projector import Projector, bounded
from projections.rows import Rows
from projections.tables import columns_of, read_stamp, stamp

PAGE_MAX: Final = 1000
"""The most rows one page has."""

_STREAM: Final = stream_of("")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutRow:
    """One session as the list shows it. `position` is that of its first event: the cursor."""

    position: int
    session_id: str
    merchant_id: str
    amount_minor: int
    currency: str
    status: CheckoutStatus
    attempts: int
    payment_id: str | None
    """The payment that paid it, else that of the last attempt."""
    created_at: datetime
    expires_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class _Row:
    """A row while a batch is folded into it: the table's columns, in its order."""

    position: int
    session_id: str
    merchant_id: str
    amount_minor: int
    currency: str
    created_at: str
    expires_at: str
    mode: str
    status: str
    attempts: int
    payment_id: str | None
    updated_at: str
    payer: str | None
    """Whom the merchant named, as a keyed hash: they are found by it although they never paid."""


_FIXED: Final = (
    *("session_id", "merchant_id", "amount_minor", "currency", "created_at", "expires_at", "mode"),
    "payer",
)
_as_tuple: Final = attrgetter(*_Row.__slots__)


class CheckoutsProjection(Projector):
    """One row per session."""

    name = "checkouts"
    version = 2
    reads = frozenset(kind for name, kind in events.EVENTS.items() if name.startswith("checkout."))

    def __init__(self, database: Database, copy: str = "") -> None:
        super().__init__(database, copy)
        self._sessions = self.make_table(
            "checkouts", *columns_of(_Row, key=["position"]), UniqueConstraint("session_id")
        )
        self._rows = Rows(self._sessions, fetch_by="session_id", fixed=_FIXED)

    def indexes(self, name: Callable[[str], str]) -> list[Index]:
        """For every filter, in the order of a page."""
        row = self._sessions.c
        is_named = row.payer.is_not(None)
        return [
            Index(name("merchant"), row.merchant_id, row.position),
            Index(name("status"), row.status, row.position),
            Index(
                name("payer"),
                *(row.payer, row.position),
                sqlite_where=is_named,
                postgresql_where=is_named,
            ),
        ]

    async def apply(self, conn: AsyncConnection, batch: Sequence[RecordedEvent]) -> None:
        """Fold a run of events into the rows of the sessions it touches."""
        touched = [one for one in batch if one.stream.startswith(_STREAM)]
        known = list({one.stream[len(_STREAM) :] for one in touched})
        found = await self._rows.fetch(conn, known)
        rows = {values[1]: _Row(*values) for values in found}
        for recorded in touched:
            at = stamp(recorded.recorded_at)
            match recorded.event:
                case events.CheckoutCreated() as event:
                    rows[event.session_id] = _created(recorded, event, at)
                case event:
                    row = rows[recorded.stream[len(_STREAM) :]]
                    row.updated_at = at
                    _change(row, event)
        await self._rows.put(conn, [_as_tuple(row) for row in rows.values()])

    async def page(
        self,
        *,
        merchant_id: str | None = None,
        payer: str | None = None,
        mode: Mode | None = None,
        status: CheckoutStatus | None = None,
        after: int | None = None,
        limit: int = 50,
    ) -> list[CheckoutRow]:
        """Sessions, newest first, at most `PAGE_MAX`.

        Args:
            merchant_id: only this merchant's.
            payer: only those that name this person, as a keyed hash.
            mode: only those of this mode.
            status: only those that stand there.
            after: the `position` of the last row of the page before this one.
            limit: how many.
        """
        row = self._sessions.c
        wanted: list[ColumnElement[bool]] = []
        if merchant_id is not None:
            wanted.append(row.merchant_id == merchant_id)
        if payer is not None:
            wanted.append(row.payer == payer)
        if mode is not None:
            wanted.append(row.mode == mode)
        if status is not None:
            wanted.append(row.status == status)
        if after is not None:
            wanted.append(row.position < after)
        asked = select(self._sessions).where(*wanted).order_by(row.position.desc())
        async with self.read() as conn:
            found = await conn.execute(asked.limit(bounded(limit, PAGE_MAX)))
            return [_shown(_Row(*values)) for values in found]


def _created(recorded: RecordedEvent, event: events.CheckoutCreated, at: str) -> _Row:
    return _Row(
        position=recorded.position,
        session_id=event.session_id,
        merchant_id=event.merchant_id,
        amount_minor=event.amount_minor,
        currency=event.currency,
        created_at=at,
        expires_at=stamp(event.expires_at),
        mode=event.mode,
        status="open",
        attempts=0,
        payment_id=None,
        updated_at=at,
        payer=event.payer,
    )


def _change(row: _Row, event: events.Event) -> None:
    match event:
        case events.CheckoutAttemptStarted():
            row.attempts, row.payment_id = event.attempt, event.payment_id
        case events.CheckoutCompleted():
            row.status, row.payment_id = "completed", event.payment_id
        case events.CheckoutExpired():
            row.status = "expired"
        case events.CheckoutCancelled():
            row.status = "cancelled"
        case _:
            pass


def _shown(row: _Row) -> CheckoutRow:
    return CheckoutRow(
        position=row.position,
        session_id=row.session_id,
        merchant_id=row.merchant_id,
        amount_minor=row.amount_minor,
        currency=row.currency,
        status=cast("CheckoutStatus", row.status),
        attempts=row.attempts,
        payment_id=row.payment_id,
        created_at=read_stamp(row.created_at),
        expires_at=read_stamp(row.expires_at),
        updated_at=read_stamp(row.updated_at),
    )
