"""Notices: what merchants are told of, in the order in which it happened.

One row per event of a payment, payout or refund that is worth telling (`ledger.notices`), its
request among them, or of a checkout session or an endpoint, with the merchant whose it is. A
merchant follows its own rows live, or reads them page by page; both by the position of the event,
so nothing is missed or told out of order.

A submission that was declined and goes on to another provider is no news: its row is taken away by
the event that says so, which is in the same append.
"""

from collections.abc import Callable, Sequence
from typing import Final, cast, get_args

import msgspec
from sqlalchemy import Index, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import events
from ledger.entry import RecordedEvent
from ledger.identity import Kind, owner_of
from ledger.notices import LISTED, NOTICED, notice_of, requested_notice
from ledger.sql_database import Database
from projections.projector import Projector, bounded
from projections.tables import columns_of

PAGE_MAX: Final = 1000

_NOBODY: Final = ("", "")
"""Of a thing that is about to begin: no event is told of nobody's."""

_Beginning = events.PaymentRequested | events.CheckoutCreated | events.EndpointAdded
"""The first events of things, which say whose they are."""

_BEGINNINGS: Final = frozenset(get_args(_Beginning))


class Notice(msgspec.Struct, gc=False):
    """One event that is worth telling: the table's columns, in its order."""

    position: int
    merchant_id: str
    """With the mode, as `ledger.identity.owner_of` writes it."""
    about_id: str
    """The payment, checkout session, endpoint or message that it is about."""
    kind: str
    """That of the payment; else `checkout`, `endpoint` or `message`."""
    type: str


_as_tuple: Final = msgspec.structs.astuple


class NoticesProjection(Projector):
    """Every notice, by merchant and position."""

    name = "notices"
    version = 2
    reads = frozenset({*_BEGINNINGS, events.PaymentRerouted, *LISTED, *NOTICED})

    def __init__(self, database: Database, copy: str = "") -> None:
        super().__init__(database, copy)
        self._notices, self._rows = self.make_rows(
            "notices", *columns_of(Notice, key=["position"]), fetch_by="about_id"
        )

    def indexes(self, name: Callable[[str], str]) -> list[Index]:
        """Of a merchant's notices in their order, and of what they are about."""
        row = self._notices.c
        return [
            Index(name("merchant"), row.merchant_id, row.position),
            Index(name("about"), row.about_id),
        ]

    async def apply(self, conn: AsyncConnection, batch: Sequence[RecordedEvent]) -> None:
        """Fold a run of events; whose a thing is stands with its first event."""
        made: list[Notice] = []
        untold: set[int] = set()
        stored: list[Notice] = []
        things = [_thing_of(one) for one in batch]
        begun = {
            thing
            for thing, one in zip(things, batch, strict=True)
            if type(one.event) in _BEGINNINGS
        }
        unknown = sorted({*things} - begun)
        owners: dict[str, tuple[str, str]] = {}
        for values in await self._rows.fetch_some(conn, unknown):
            known = Notice(*values)
            stored.append(known)
            owners[known.about_id] = (known.merchant_id, known.kind)
        for thing, recorded in zip(things, batch, strict=True):
            event = recorded.event
            merchant_id, kind = owners.get(thing, _NOBODY)
            told = notice_of(cast("Kind", kind), event)
            if told is not None:  # as nearly all are
                made.append(Notice(recorded.position, merchant_id, thing, kind, told))
                continue
            if isinstance(event, events.PaymentRerouted):
                untold.add(recorded.position - 1)
                continue
            if isinstance(event, _Beginning):
                owners[thing] = (owner_of(event.merchant_id, event.mode), _kind_of(event))
            merchant_id, kind = owners[thing]
            about_id = thing
            if isinstance(event, events.PaymentRequested):
                type_: str = requested_notice(event.kind)
            elif isinstance(event, events.DeliveryParked):
                about_id, kind, type_ = f"{thing}.{event.position}", "message", event.type
            else:
                type_ = event.type
            made.append(Notice(recorded.position, merchant_id, about_id, kind, type_))
        # The one before may be a withdrawn submission, which is no notice: then none goes. If it is
        # one, it was put by this batch or the one before, for it is in the same append.
        await self._rows.put(conn, [_as_tuple(one) for one in made if one.position not in untold])
        gone = [_as_tuple(one) for one in stored if one.position in untold]
        await self._rows.drop(conn, gone)

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


def _thing_of(recorded: RecordedEvent) -> str:
    """What an event is about: of a message the endpoint, whose merchant is known."""
    if isinstance(recorded.event, events.DeliveryParked):
        return recorded.event.endpoint_id
    return recorded.stream.partition("-")[2]


def _kind_of(event: _Beginning) -> str:
    match event:
        case events.PaymentRequested():
            return event.kind
        case events.CheckoutCreated():
            return "checkout"
        case _:
            return "endpoint"
