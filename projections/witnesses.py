"""Witnesses: how far each has followed the log, and what it would not sign.

One row for each witness that ever spoke: the largest checkpoint that it cosigned, and its latest
refusal. Which witnesses there should be, and how many are enough, is the policy's to say.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import events
from ledger.entry import RecordedEvent
from ledger.sql_database import Database
from projections.projector import Projector
from projections.rows import Rows
from projections.tables import number, read_stamp_or_none, stamp, text


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessRow:
    """What one witness said last; None where it never said such a thing."""

    witness: str
    """The name of its key."""
    cosigned_size: int | None
    cosigned_at: datetime | None
    refused_size: int | None
    refused_status: int | None
    refused_reason: str | None
    refused_at: datetime | None

    @property
    def is_refusing(self) -> bool:
        """Whether its last word was a refusal."""
        if self.refused_at is None:
            return False
        return self.cosigned_at is None or self.cosigned_at <= self.refused_at


class WitnessesProjection(Projector):
    """Every witness that ever spoke."""

    name = "witnesses"
    version = 1
    reads = frozenset({events.LogCheckpointCosigned, events.LogWitnessRefused})

    def __init__(self, database: Database, copy: str = "") -> None:
        super().__init__(database, copy)
        self._witnesses = self.make_table(
            "log_witnesses",
            text("witness", key=True),
            number("cosigned_size", null=True),
            text("cosigned_at", null=True),
            number("refused_size", null=True),
            number("refused_status", null=True),
            text("refused_reason", null=True),
            text("refused_at", null=True),
        )
        self._rows = Rows(self._witnesses, fetch_by="witness")

    async def apply(self, conn: AsyncConnection, batch: Sequence[RecordedEvent]) -> None:
        """Fold a run of events; most have nothing for us."""
        kinds = (events.LogCheckpointCosigned, events.LogWitnessRefused)
        words = [(one.event, one) for one in batch if isinstance(one.event, kinds)]
        if not words:
            return
        names = sorted({event.witness for event, _ in words})
        rows = {str(row[0]): list(row) for row in await self._rows.fetch(conn, names)}
        for event, recorded in words:
            row = rows.setdefault(event.witness, [event.witness, *[None] * 6])
            at = stamp(recorded.recorded_at)
            if isinstance(event, events.LogWitnessRefused):
                row[3:] = [event.size, event.status, event.reason, at]
            elif row[1] is None or event.size >= row[1]:
                row[1:3] = [event.size, at]
        await self._rows.put(conn, [rows[name] for name in names])

    async def all(self) -> list[WitnessRow]:
        """Every witness, by name."""
        asked = select(self._witnesses).order_by(self._witnesses.c.witness)
        async with self.read() as conn:
            return [
                WitnessRow(
                    witness=row.witness,
                    cosigned_size=row.cosigned_size,
                    cosigned_at=read_stamp_or_none(row.cosigned_at),
                    refused_size=row.refused_size,
                    refused_status=row.refused_status,
                    refused_reason=row.refused_reason,
                    refused_at=read_stamp_or_none(row.refused_at),
                )
                for row in await conn.execute(asked)
            ]
