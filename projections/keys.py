"""Merchants and API keys: who may come in, and as what.

What people look at: which keys there are, of what mode, which of them ended, and when each was last
used. The door does not look here (`api.authentication`): this may lag behind the log. A revoked key
keeps its row, so that an auditor can ask when.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import events
from ledger.entry import RecordedEvent
from ledger.identity import Mode
from ledger.sql_database import Database
from projections.key_uses import key_uses, note_uses
from projections.projector import Projector, bounded
from projections.rows import Rows
from projections.tables import number, one_of, read_stamp, read_stamp_or_none, stamp, text

PAGE_MAX: Final = 1000
"""The most keys one page has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantRow:
    """One merchant; `country` is the default for its payers' national numbers."""

    merchant_id: str
    name: str
    country: str
    added_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """One API key. `secret_digest` is the SHA-256 of its secret, in hexadecimal."""

    key_id: str
    role: str
    merchant_id: str | None
    secret_digest: str
    issued_at: datetime
    revoked_at: datetime | None
    revoked_reason: str | None
    mode: Mode | None
    """None: the deployment's own, or of a role that moves no money."""
    ends_at: datetime | None
    """When it ends by itself, because another has taken its place."""
    replaced_by: str | None
    last_used_at: datetime | None
    """Late by as long as a process may take to write it (`api.last_uses`)."""
    position: int
    """That of `key.issued`: the cursor."""
    label: str | None = None
    """What people call its holder."""

    @property
    def is_revoked(self) -> bool:
        """Whether the key is worth nothing any more."""
        return self.revoked_at is not None


class KeysProjection(Projector):
    """All merchants and all keys."""

    name = "keys"
    version = 3
    reads = frozenset(
        {events.MerchantAdded, events.KeyIssued, events.KeyRotated, events.KeyRevoked}
    )

    def __init__(self, database: Database, copy: str = "") -> None:
        super().__init__(database, copy)
        self._merchants = self.make_table(
            "merchants",
            text("merchant_id", key=True),
            text("name"),
            text("country"),
            text("added_at"),
        )
        self._keys = self.make_table(
            "api_keys",
            text("key_id", key=True),
            text("role"),
            text("merchant_id", null=True),
            text("secret_digest"),
            text("issued_at"),
            text("revoked_at", null=True),
            text("revoked_reason", null=True),
            text("mode", null=True),
            text("ends_at", null=True),
            text("replaced_by", null=True),
            number("position"),
            text("label", null=True),
        )
        self._merchant_rows = Rows(self._merchants, fetch_by="merchant_id")
        self._key_rows = Rows(self._keys, fetch_by="key_id")

    async def prepare(self, conn: AsyncConnection) -> None:
        """Make the table of last uses, which no rebuild touches."""
        await conn.run_sync(key_uses.metadata.create_all)

    async def apply(self, conn: AsyncConnection, batch: Sequence[RecordedEvent]) -> None:
        """Fold a run of events; most have nothing for us."""
        for recorded in batch:
            event, at = recorded.event, recorded.recorded_at
            match event:
                case events.MerchantAdded():
                    row = (event.merchant_id, event.name, event.country, stamp(at))
                    await self._merchant_rows.put(conn, [row])
                case events.KeyIssued():
                    key = (event.key_id, event.role, event.merchant_id, event.secret_digest)
                    rest = (None, None, event.mode, None, None, recorded.position, event.label)
                    await self._key_rows.put(conn, [(*key, stamp(at), *rest)])
                case events.KeyRotated():
                    await conn.execute(
                        self._keys.update()
                        .where(self._keys.c.key_id == event.key_id)
                        .values(ends_at=stamp(event.ends_at), replaced_by=event.successor_id)
                    )
                case events.KeyRevoked():
                    await conn.execute(
                        self._keys.update()
                        .where(self._keys.c.key_id == event.key_id)
                        .values(revoked_at=stamp(at), revoked_reason=event.reason)
                    )
                case _:
                    pass

    async def find(self, key_id: str) -> KeyRow | None:
        """One key, revoked or not."""
        found = await self._select_keys(self._keys.c.key_id == key_id)
        return found[0] if found else None

    async def labels(self, key_ids: Iterable[str | None]) -> dict[str, str]:
        """What people call the holders of some keys; those without a label are left out."""
        rows = await self._select_keys(one_of(self._keys.c.key_id, sorted(set(key_ids) - {None})))
        return {row.key_id: row.label for row in rows if row.label is not None}

    async def keys(self) -> list[KeyRow]:
        """All keys, in the order they were issued."""
        return await self._select_keys()

    async def page(
        self,
        *,
        merchant_id: str | None = None,
        modes: Sequence[Mode | None] | None = None,
        after: int | None = None,
        limit: int = 50,
    ) -> list[KeyRow]:
        """Keys, newest first, at most `PAGE_MAX`.

        Args:
            merchant_id: only this merchant's.
            modes: only keys of these modes; None among them stands for keys that have none.
            after: the `position` of the last key of the page before this one.
            limit: how many.
        """
        row = self._keys.c
        wanted: list[ColumnElement[bool]] = []
        if merchant_id is not None:
            wanted.append(row.merchant_id == merchant_id)
        if modes is not None:
            wanted.append(one_of(row.mode, modes))
        if after is not None:
            wanted.append(row.position < after)
        asked = self._asked(*wanted).order_by(row.position.desc())
        return await self._rows_of(asked.limit(bounded(limit, PAGE_MAX)))

    async def note_uses(self, uses: Mapping[str, datetime]) -> None:
        """Write when keys were used; see `projections.key_uses`."""
        async with self.database.write() as conn:
            await note_uses(conn, uses)

    async def _select_keys(self, *wanted: ColumnElement[bool]) -> list[KeyRow]:
        return await self._rows_of(self._asked(*wanted).order_by(self._keys.c.position))

    def _asked(self, *wanted: ColumnElement[bool]) -> Select[Any]:
        used = self._keys.c.key_id == key_uses.c.key_id
        both = self._keys.outerjoin(key_uses, used)
        return select(self._keys, key_uses.c.used_at).select_from(both).where(*wanted)

    async def _rows_of(self, asked: Select[Any]) -> list[KeyRow]:
        async with self.read() as conn:
            rows = (await conn.execute(asked)).all()
        return [
            KeyRow(
                key_id=row.key_id,
                role=row.role,
                merchant_id=row.merchant_id,
                secret_digest=row.secret_digest,
                issued_at=read_stamp(row.issued_at),
                revoked_at=read_stamp_or_none(row.revoked_at),
                revoked_reason=row.revoked_reason,
                mode=row.mode,
                ends_at=read_stamp_or_none(row.ends_at),
                replaced_by=row.replaced_by,
                last_used_at=read_stamp_or_none(row.used_at),
                position=row.position,
                label=row.label,
            )
            for row in rows
        ]

    async def merchant(self, merchant_id: str) -> MerchantRow | None:
        """One merchant."""
        found = await self._select_merchants(self._merchants.c.merchant_id == merchant_id)
        return found[0] if found else None

    async def merchants(self) -> list[MerchantRow]:
        """All merchants, by name."""
        return await self._select_merchants()

    async def _select_merchants(self, *wanted: ColumnElement[bool]) -> list[MerchantRow]:
        order = (self._merchants.c.name, self._merchants.c.merchant_id)
        asked = select(self._merchants).where(*wanted).order_by(*order)
        async with self.read() as conn:
            return [
                MerchantRow(
                    merchant_id=row.merchant_id,
                    name=row.name,
                    country=row.country,
                    added_at=read_stamp(row.added_at),
                )
                for row in await conn.execute(asked)
            ]
