"""Merchants and API keys: who may come in, and as what.

Looking a key up is the first thing every request does; what is stored is the SHA-256 of its secret,
and comparing it with the presented one is the door's business. A revoked key keeps its row, so that
the door can say "revoked" and an auditor can ask when.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import events
from ledger.entry import RecordedEvent
from ledger.sql_database import Database
from projections.projector import Projector
from projections.rows import Rows
from projections.tables import number, read_stamp, read_stamp_or_none, stamp, text


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

    @property
    def is_revoked(self) -> bool:
        """Whether the key is worth nothing any more."""
        return self.revoked_at is not None


class KeysProjection(Projector):
    """All merchants and all keys."""

    name = "keys"
    version = 1

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
            number("position"),
        )
        self._merchant_rows = Rows(self._merchants, fetch_by="merchant_id")
        self._key_rows = Rows(self._keys, fetch_by="key_id")

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
                    await self._key_rows.put(
                        conn, [(*key, stamp(at), None, None, recorded.position)]
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

    async def keys(self) -> list[KeyRow]:
        """All keys, in the order they were issued."""
        return await self._select_keys()

    async def _select_keys(self, *wanted: ColumnElement[bool]) -> list[KeyRow]:
        asked = select(self._keys).where(*wanted).order_by(self._keys.c.position)
        async with self.read() as conn:
            return [
                KeyRow(
                    key_id=row.key_id,
                    role=row.role,
                    merchant_id=row.merchant_id,
                    secret_digest=row.secret_digest,
                    issued_at=read_stamp(row.issued_at),
                    revoked_at=read_stamp_or_none(row.revoked_at),
                    revoked_reason=row.revoked_reason,
                )
                for row in await conn.execute(asked)
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
