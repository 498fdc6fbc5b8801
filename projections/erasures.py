"""The erasures: who asked that somebody be forgotten, who agreed, and what became of it.

One row per request, for the list an operator looks at. Nobody's number is here: a person is a keyed
hash. Whether a request's time is over is the reader's clock's to say.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import events
from ledger.entry import RecordedEvent
from ledger.leftover import LASTING
from ledger.sql_database import Database
from projections.projector import Projector, bounded
from projections.rows import Rows
from projections.tables import columns_of, stamp

PAGE_MAX: Final = 1000


@dataclass(slots=True)
class ErasureRow:
    """One request: the table's columns, in its order; times are written as the log writes them."""

    position: int
    """That of the request: the cursor."""
    erasure_id: str
    person: str
    requested_by: str
    reason: str
    requested_at: str
    ends_at: str
    approved_by: str | None = None
    approved_at: str | None = None
    erased_at: str | None = None
    keys_destroyed: int | None = None
    scrubbed_at: str | None = None
    bytes_left: str | None = None
    """A word of `ledger.leftover`."""

    def status(self, now: str) -> str:
        """Where it stands at a time that is written likewise."""
        if self.erased_at is not None:
            return "erased"
        if self.approved_by is not None:
            return "approved"
        return "lapsed" if now >= self.ends_at else "requested"


_as_tuple: Final = attrgetter(*(field.name for field in fields(ErasureRow)))


class ErasuresProjection(Projector):
    """Every request to forget somebody."""

    name = "erasures"
    version = 2
    reads = frozenset(
        {
            events.PersonErasureRequested,
            events.PersonErasureApproved,
            events.PersonErased,
            events.PersonScrubbed,
        }
    )

    def __init__(self, database: Database, copy: str = "") -> None:
        super().__init__(database, copy)
        self._erasures = self.make_table("erasures", *columns_of(ErasureRow, key=["position"]))
        self._rows = Rows(self._erasures, fetch_by="erasure_id")

    async def apply(self, conn: AsyncConnection, batch: Sequence[RecordedEvent]) -> None:
        """Fold a run of events; nearly all have nothing for us."""
        for recorded in batch:
            event = recorded.event
            match event:
                case events.PersonErasureRequested():
                    made = ErasureRow(
                        recorded.position,
                        event.erasure_id,
                        event.person,
                        event.by,
                        event.reason,
                        stamp(recorded.recorded_at),
                        stamp(event.ends_at),
                    )
                    await self._rows.put(conn, [_as_tuple(made)])
                    continue
                case events.PersonErasureApproved():
                    changed: dict[str, str | int | None] = {
                        "approved_by": event.by,
                        "approved_at": stamp(recorded.recorded_at),
                    }
                case events.PersonErased():
                    changed = {
                        "erased_at": stamp(recorded.recorded_at),
                        "keys_destroyed": event.keys,
                    }
                case events.PersonScrubbed():
                    changed = {
                        "scrubbed_at": stamp(recorded.recorded_at),
                        "bytes_left": event.bytes_left,
                    }
                case _:
                    continue
            is_about = self._erasures.c.erasure_id == event.erasure_id
            await conn.execute(self._erasures.update().where(is_about).values(**changed))

    async def page(self, after: int | None = None, limit: int = 100) -> list[ErasureRow]:
        """Requests, newest first, at most `PAGE_MAX`; `after` is the last row's position."""
        row = self._erasures.c
        asked = select(self._erasures).order_by(row.position.desc())
        if after is not None:
            asked = asked.where(row.position < after)
        async with self.read() as conn:
            found = await conn.execute(asked.limit(bounded(limit, PAGE_MAX)))
            return [ErasureRow(*one) for one in found]

    async def unfinished(self) -> list[ErasureRow]:
        """Those that were agreed to and are not erased and scrubbed yet, oldest first."""
        row = self._erasures.c
        is_undone = or_(row.erased_at.is_(None), row.scrubbed_at.is_(None))
        asked = select(self._erasures).where(row.approved_at.is_not(None), is_undone)
        async with self.read() as conn:
            found = await conn.execute(asked.order_by(row.position).limit(PAGE_MAX))
            return [ErasureRow(*one) for one in found]

    async def left_over(self) -> list[ErasureRow]:
        """Those after which bytes of the keys may still lie in files, oldest first.

        But for what no repetition would remove.
        """
        row = self._erasures.c
        asked = select(self._erasures).where(row.bytes_left.is_not(None), row.bytes_left != LASTING)
        async with self.read() as conn:
            found = await conn.execute(asked.order_by(row.position).limit(PAGE_MAX))
            return [ErasureRow(*one) for one in found]

    async def lapsed(self, now: str) -> list[ErasureRow]:
        """Those that nobody agreed to in time, newest first, at most `PAGE_MAX`."""
        row = self._erasures.c
        asked = select(self._erasures).where(row.approved_at.is_(None), row.ends_at <= now)
        async with self.read() as conn:
            found = await conn.execute(asked.order_by(row.position.desc()).limit(PAGE_MAX))
            return [ErasureRow(*one) for one in found]
