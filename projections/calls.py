"""The calls: which stored call of a provider speaks of which payment.

One row per stored call. It is how the raw bodies that speak of a person are found when that person
asks what is held, or to be forgotten: person -> payments -> calls. What a call was understood to be
about counts more than what its address named; calls that belong to no payment have None.

It keeps nothing of what a call said, which is sealed in the log; only why nobody understood it, as
the log says openly. So orphans are found, to be read once more.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Final

from sqlalchemy import ColumnElement, Index, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import events
from ledger.entry import RecordedEvent
from ledger.sql_database import Database
from ledger.webhook import stream_of
from projections.projector import Projector, bounded
from projections.rows import Rows
from projections.tables import columns_of

PAGE_MAX: Final = 1000
_PREFIX: Final = len(stream_of(""))


@dataclass(slots=True)
class CallRow:
    """One stored call: the table's columns, in its order."""

    position: int
    webhook_id: str
    provider: str
    payment_id: str | None
    orphaned: str | None = None
    """Why it is an orphan; None for whatever is none."""


_as_tuple: Final = attrgetter(*(field.name for field in fields(CallRow)))


class CallsProjection(Projector):
    """Every stored call, by payment."""

    name = "calls"
    version = 2
    reads = frozenset(
        {
            events.WebhookReceived,
            events.WebhookUnderstood,
            events.WebhookOrphaned,
            events.WebhookReopened,
        }
    )

    def __init__(self, database: Database, copy: str = "") -> None:
        super().__init__(database, copy)
        self._calls = self.make_table("provider_calls", *columns_of(CallRow, key=["position"]))
        self._rows = Rows(self._calls, fetch_by="webhook_id")

    def indexes(self, name: Callable[[str], str]) -> list[Index]:
        """By payment, by its own id, and the orphans: few, however many calls there were."""
        row = self._calls.c
        lost = row.orphaned.is_not(None)
        return [
            Index(name("payment"), row.payment_id, row.position),
            Index(name("webhook"), row.webhook_id),
            Index(name("orphans"), row.position, sqlite_where=lost, postgresql_where=lost),
        ]

    async def apply(self, conn: AsyncConnection, batch: Sequence[RecordedEvent]) -> None:
        """Fold a run of events; most have nothing for us."""
        rows: dict[str, CallRow] = {}
        closed: dict[str, tuple[str | None, str | None]] = {}
        for recorded in batch:
            event, webhook_id = recorded.event, recorded.stream[_PREFIX:]
            match event:
                case events.WebhookReceived():
                    rows[webhook_id] = CallRow(
                        recorded.position, webhook_id, event.provider, event.payment_id
                    )
                case events.WebhookUnderstood():
                    closed[webhook_id] = event.payment_id or None, None
                case events.WebhookOrphaned():
                    # Its address may have named a payment that does not exist, or is another's.
                    closed[webhook_id] = None, event.reason
                case events.WebhookReopened():
                    closed[webhook_id] = None, None
                case _:
                    pass
        for values in await self._rows.fetch(conn, sorted(set(closed) - set(rows))):
            known = CallRow(*values)
            rows[known.webhook_id] = known
        for webhook_id, (payment_id, orphaned) in closed.items():
            rows[webhook_id].payment_id, rows[webhook_id].orphaned = payment_id, orphaned
        await self._rows.put(conn, [_as_tuple(one) for one in rows.values()])

    async def of_payments(
        self, payment_ids: Sequence[str], after: int = 0, limit: int = PAGE_MAX
    ) -> list[CallRow]:
        """The next calls about some payments (at most `PAGE_MAX` of them), by position."""
        row = self._calls.c
        asked = select(self._calls).where(
            row.payment_id.in_(payment_ids[:PAGE_MAX]), row.position > after
        )
        async with self.read() as conn:
            found = await conn.execute(asked.order_by(row.position).limit(bounded(limit, PAGE_MAX)))
            return [CallRow(*one) for one in found]

    async def orphans(self, *, provider: str | None = None, limit: int = PAGE_MAX) -> list[CallRow]:
        """The calls that nobody has understood, newest first."""
        row = self._calls.c
        wanted: list[ColumnElement[bool]] = [row.orphaned.is_not(None)]
        if provider is not None:
            wanted.append(row.provider == provider)
        asked = select(self._calls).where(*wanted).order_by(row.position.desc())
        async with self.read() as conn:
            found = await conn.execute(asked.limit(bounded(limit, PAGE_MAX)))
            return [CallRow(*one) for one in found]

    async def of_nobody(self, before: int | None = None, limit: int = PAGE_MAX) -> list[CallRow]:
        """The calls that belong to no payment, or to none yet, newest first."""
        row = self._calls.c
        wanted: list[ColumnElement[bool]] = [row.payment_id.is_(None)]
        if before is not None:
            wanted.append(row.position < before)
        asked = select(self._calls).where(*wanted).order_by(row.position.desc())
        async with self.read() as conn:
            found = await conn.execute(asked.limit(bounded(limit, PAGE_MAX)))
            return [CallRow(*one) for one in found]
