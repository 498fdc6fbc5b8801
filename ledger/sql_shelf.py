"""Access tokens that several processes share, in a table beside the log, sealed.

The table is a cache and no part of the log's schema: it may be emptied or dropped at any time, so
it is made where it is missing and never migrated. One row stands for one token: what is sealed, and
which process is fetching the next one. Times are seconds since 1970 by the clocks of the processes.
These may differ by a second or two: leases are longer, and a token is renewed long before its end.

It opens nothing: whoever reads the table sees names and texts that tell nothing.
"""

import secrets
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from ledger.sql_database import Database
from ledger.store import Clock

shared_tokens: Final = sa.Table(
    "shared_tokens",
    sa.MetaData(),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("sealed", sa.Text),
    sa.Column("holder", sa.Text),
    sa.Column("leased_until", sa.Double, nullable=False, server_default="0"),
    sa.Column("ends_at", sa.Double, nullable=False, server_default="0"),
)

_row: Final = shared_tokens.c


class SqlTokens:
    """The place of tokens on PostgreSQL; an `adapters.sharing.TokenPlace`."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._holder = secrets.token_hex(16)

    async def prepare(self) -> None:
        """Make the table where it is missing, and remove what has ended."""
        async with self._database.write() as connection:
            await connection.run_sync(self._database.kind.lock)
            await connection.run_sync(shared_tokens.metadata.create_all)
            now = self._now_seconds()
            ended = sa.and_(_row.ends_at < now, _row.leased_until < now)
            await connection.execute(shared_tokens.delete().where(ended))

    async def kept(self, name: str) -> str | None:
        """The sealed token of a name, if there is one."""
        async with self._database.read() as connection:
            found: str | None = await connection.scalar(
                sa.select(_row.sealed).where(_row.name == name)
            )
            return found

    async def keep(self, name: str, sealed: str, *, seconds: float) -> None:
        """Put a sealed token there that is worth nothing after so many seconds."""
        values = {"name": name, "sealed": sealed, "ends_at": self._now_seconds() + seconds}
        making = insert(shared_tokens).values(values)
        replaced = {column: making.excluded[column] for column in ("sealed", "ends_at")}
        async with self._database.write() as connection:
            await connection.execute(
                making.on_conflict_do_update(index_elements=["name"], set_=replaced)
            )

    async def drop(self, name: str, sealed: str) -> None:
        """Remove a token, unless another has taken its place meanwhile."""
        async with self._database.write() as connection:
            await connection.execute(
                shared_tokens.update()
                .where(_row.name == name, _row.sealed == sealed)
                .values(sealed=None)
            )

    async def lease(self, name: str, *, seconds: float) -> bool:
        """Become the one process that fetches this token; False if another one is."""
        now = self._now_seconds()
        values = {"name": name, "holder": self._holder, "leased_until": now + seconds}
        making = insert(shared_tokens).values(values)
        taking = making.on_conflict_do_update(
            index_elements=["name"],
            set_={column: making.excluded[column] for column in ("holder", "leased_until")},
            where=_row.leased_until <= now,
        ).returning(_row.name)
        async with self._database.write() as connection:
            return await connection.scalar(taking) is not None

    async def release(self, name: str) -> None:
        """Let another process fetch it."""
        async with self._database.write() as connection:
            await connection.execute(
                shared_tokens.update()
                .where(_row.name == name, _row.holder == self._holder)
                .values(leased_until=0)
            )

    def _now_seconds(self) -> float:
        return self._clock().timestamp()
