"""Notices: what merchants are told of, in the order in which it happened.

One row per event of a payment, payout or refund that is worth telling (`ledger.notices`), its
request among them, with the merchant whose it is. A merchant follows its own rows live, or reads
them page by page; both by the position of the event, so nothing is missed or told out of order.

A submission that was declined and goes on to another provider is no news: its row is taken away by
the event that says so, which is in the same append.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Final, cast

from sqlalchemy import Index, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import events
from ledger.entry import RecordedEvent
from ledger.identity import Kind, owner_of
from ledger.notices import notice_of, requested_notice
from ledger.payment import stream_of
from ledger.sql_database import Database
from projections.projector import Projector, bounded
from projections.rows import Rows
from projections.tables import columns_of

PAGE_MAX: Final = 1000
_PREFIX: Final = len(stream_of(""))


@dataclass(slots=True)
class Notice:
    """One event that is worth telling: the table's columns, in its order."""

    position: int
    merchant_id: str
    """With the mode, as `ledger.identity.owner_of` writes it."""
    payment_id: str
    kind: str
    type: str


_as_tuple: Final = attrgetter(*(field.name for field in fields(Notice)))


class NoticesProjection(Projector):
    """Every notice, by merchant and position."""

    name = "notices"
    version = 1

    def __init__(self, database: Database, copy: str = "") -> None:
        super().__init__(database, copy)
        self._notices = self.make_table("notices", *columns_of(Notice, key=["position"]))
        self._rows = Rows(self._notices, fetch_by="payment_id")

    def indexes(self, name: Callable[[str], str]) -> list[Index]:
        """Of a merchant's notices in their order, and of a payment's."""
        row = self._notices.c
        return [
            Index(name("merchant"), row.merchant_id, row.position),
            Index(name("payment"), row.payment_id),
        ]

    async def apply(self, conn: AsyncConnection, batch: Sequence[RecordedEvent]) -> None:
        """Fold a run of events; whose a payment is stands with its request."""
        owners: dict[str, tuple[str, str]] = {}
        made: list[Notice] = []
        untold: list[int] = []
        told = [one for one in batch if notice_of("collection", one.event) is not None]
        requested = {
            one.event.payment_id for one in batch if isinstance(one.event, events.PaymentRequested)
        }
        unknown = sorted({one.stream[_PREFIX:] for one in told} - requested)
        for values in await self._rows.fetch(conn, unknown):
            known = Notice(*values)
            owners[known.payment_id] = (known.merchant_id, known.kind)
        for recorded in batch:
            event, payment_id = recorded.event, recorded.stream[_PREFIX:]
            if isinstance(event, events.PaymentRequested):
                owners[payment_id] = (owner_of(event.merchant_id, event.mode), event.kind)
                type_: str | None = requested_notice(event.kind)
            elif isinstance(event, events.PaymentRerouted):
                untold.append(recorded.position - 1)
                continue
            elif notice_of("collection", event) is None:
                continue
            else:
                type_ = notice_of(cast("Kind", owners[payment_id][1]), event)
            if type_ is not None:
                merchant_id, kind = owners[payment_id]
                made.append(Notice(recorded.position, merchant_id, payment_id, kind, type_))
        gone = set(untold)
        kept = [one for one in made if one.position not in gone]
        await self._rows.put(conn, [_as_tuple(one) for one in kept])
        if untold:
            # The one before may be a withdrawn submission, which is no notice: then none goes.
            declined = self._notices.c.type.like("%.declined")
            await conn.execute(
                self._notices.delete().where(self._notices.c.position.in_(untold), declined)
            )

    async def page(
        self, after: int, *, owners: Sequence[str] = (), limit: int = 100
    ) -> list[Notice]:
        """The next notices after a position, of these owners or of everybody, in order."""
        row = self._notices.c
        wanted = [row.position > after]
        if owners:
            wanted.append(row.merchant_id.in_(owners))
        asked = select(self._notices).where(*wanted).order_by(row.position)
        async with self.read() as conn:
            found = await conn.execute(asked.limit(bounded(limit, PAGE_MAX)))
            return [Notice(*one) for one in found]
