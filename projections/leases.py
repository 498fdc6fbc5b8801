"""Leases: who is at work on a piece of the worklist, and until when.

A lease is no fact: it stands in a table of its own, outside the events, the digest and the rebuild.
It names the position of the event that made the piece due, so a piece that moved on is free again,
whoever held it before; an expired lease is as good as none.

Two workers never hold the same piece. Searching and taking are two statements, and between them
another transaction may commit its lease; so the lease is taken by an `INSERT ... ON CONFLICT ...
WHERE`, which sees the last committed lease even where the search did not, and only what it returns
is ours. `SKIP LOCKED` merely keeps searchers on PostgreSQL out of one another's way.
"""

from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    MetaData,
    Row,
    Select,
    Table,
    and_,
    exists,
    literal,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.tables import insert_into, number, text

_TAKEN: Final = ("position", "holder", "expires_at")


class Leases:
    """The leases of one table of work, which has a `stream_id` and a `position`."""

    def __init__(self, work: Table, name: str) -> None:
        self._work = work
        self.table = Table(
            name,
            MetaData(),
            text("stream_id", key=True),
            number("position"),
            text("holder"),
            text("expires_at"),
        )

    def of_same_piece(self) -> ColumnElement[bool]:
        """Whether a lease is of a row as it stands."""
        lease, row = self.table.c, self._work.c
        return and_(lease.stream_id == row.stream_id, lease.position == row.position)

    def _is_free(self, at: str) -> ColumnElement[bool]:
        return ~exists().where(self.of_same_piece(), self.table.c.expires_at > at)

    async def is_any_free(self, conn: AsyncConnection, wanted: Select[Any], at: str) -> bool:
        """Whether `take` would find anything: asked first, for it needs no write lock."""
        found = await conn.execute(wanted.where(self._is_free(at)).limit(1))
        return found.first() is not None

    async def take(
        self, conn: AsyncConnection, wanted: Select[Any], *, holder: str, at: str, until: str
    ) -> list[Row[Any]]:
        """Lease the wanted rows that are free, in their order.

        Args:
            conn: a connection in a write transaction.
            wanted: a select of the work table, ordered and limited.
            holder: who takes them.
            at: the present time.
            until: when the leases expire.
        """
        lease = self.table.c
        expired = select(lease.stream_id).where(lease.expires_at <= at)
        expired = expired.with_for_update(skip_locked=True)
        await conn.execute(self.table.delete().where(lease.stream_id.in_(expired)))
        free = wanted.where(self._is_free(at))
        found = await conn.execute(free.with_for_update(skip_locked=True, of=self._work))
        rows = list(found)
        if not rows:
            return []
        row = self._work.c
        insert = insert_into(self.table, conn).from_select(
            ["stream_id", *_TAKEN],
            select(row.stream_id, row.position, literal(holder), literal(until)).where(
                row.stream_id.in_([one.stream_id for one in rows])
            ),
        )
        taking = insert.on_conflict_do_update(
            index_elements=["stream_id"],
            set_={name: insert.excluded[name] for name in _TAKEN},
            where=or_(
                lease.expires_at <= at,
                lease.position != insert.excluded["position"],
            ),
        ).returning(lease.stream_id)
        ours = set(await conn.scalars(taking))
        return [one for one in rows if one.stream_id in ours]

    async def hold(
        self, conn: AsyncConnection, stream_id: str, position: int, holder: str, until: str
    ) -> None:
        """Let a lease end at another time, if it is still the holder's."""
        lease = self.table.c
        await conn.execute(
            self.table.update()
            .where(lease.stream_id == stream_id, lease.position == position)
            .where(lease.holder == holder)
            .values(expires_at=until)
        )

    async def give_back(
        self, conn: AsyncConnection, stream_id: str, position: int, holder: str
    ) -> None:
        """End a lease, if it is still the holder's."""
        lease = self.table.c
        await conn.execute(
            self.table.delete().where(
                lease.stream_id == stream_id, lease.position == position, lease.holder == holder
            )
        )
