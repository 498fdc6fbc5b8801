"""Commitments: the log's checkpoints with all their signatures, and the keys that signed them.

A checkpoint's note as it is handed out is the recorded one and below it every cosignature that was
recorded since. Nothing here is believed by whoever verifies: a note proves itself, and the keys
prove themselves one by the one before (`ledger.introduction`).

What it deliberately does not do: choose among checkpoints by a policy of witnesses. It says who
cosigned; what that is worth is for whoever asks.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Index, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import events
from ledger.commands_log import Digested
from ledger.entry import RecordedEvent
from ledger.sql_database import Database
from projections.projector import Projector, bounded
from projections.rows import Rows
from projections.tables import number, read_stamp, stamp, text

PAGE_MAX: Final = 1000

PUBLISHED_AMONG: Final = 5
"""How many checkpoints back one that is cosigned is preferred to a newer one that is not yet."""

_NO_DIGESTS: Final = "{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointRow:
    """One checkpoint with everybody who signed it."""

    size: int
    root: str
    """Base64."""
    origin: str
    note: str
    """The signed note, with the cosignatures."""
    cosigned_by: tuple[str, ...]
    """The names of the witnesses, in the order their words were recorded."""
    digests: Mapping[str, Digested]
    """Projection -> what its rows hash to."""
    made_at: datetime
    position: int
    """Where it is recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogKeyRow:
    """One key of the log, and which checkpoints are its to sign: those of these sizes."""

    key: str
    note: str
    introduced_at: datetime
    position: int
    """Where it was introduced."""
    since: int
    """The smallest size it signs: where it was introduced; 0 for the first one."""
    until: int | None
    """The largest size it signs; None while it is the one that does."""


class CommitmentsProjection(Projector):
    """All checkpoints, cosignatures and keys of the log."""

    name = "commitments"
    version = 2
    reads = frozenset(
        {events.LogCheckpointMade, events.LogCheckpointCosigned, events.LogKeyIntroduced}
    )

    def __init__(self, database: Database, copy: str = "") -> None:
        super().__init__(database, copy)
        self._checkpoints = self.make_table(
            "log_checkpoints",
            number("size", key=True),
            text("root"),
            text("origin"),
            text("note"),
            text("digests"),
            text("made_at"),
            number("position"),
        )
        self._cosignatures = self.make_table(
            "log_cosignatures",
            number("size", key=True),
            text("witness", key=True),
            text("root"),
            text("signatures"),
            number("position"),
        )
        self._keys = self.make_table(
            "log_keys",
            number("position", key=True),
            text("log_key"),
            text("note"),
            text("introduced_at"),
        )
        # The first one of a size stays: it is the one others have seen.
        never = ("root", "origin", "note", "digests", "made_at", "position")
        self._checkpoint_rows = Rows(self._checkpoints, fetch_by="origin", fixed=never)
        self._cosignature_rows = Rows(
            self._cosignatures, fetch_by="witness", fixed=("root", "signatures", "position")
        )
        self._key_rows = Rows(self._keys, fetch_by="log_key")

    def indexes(self, name: Callable[[str], str]) -> list[Index]:
        """Of where checkpoints are recorded."""
        return [Index(name("position"), self._checkpoints.c.position)]

    async def apply(self, conn: AsyncConnection, batch: Sequence[RecordedEvent]) -> None:
        """Fold a run of events; most have nothing for us."""
        for recorded in batch:
            event, position = recorded.event, recorded.position
            match event:
                case events.LogCheckpointMade():
                    digests = {
                        name: (one.position, one.sha256, one.version)
                        for name, one in event.digests.items()
                    }
                    written = orjson.dumps(digests, option=orjson.OPT_SORT_KEYS).decode()
                    made = event.size, event.root, event.origin, event.note, written
                    at = stamp(recorded.recorded_at)
                    await self._checkpoint_rows.put(conn, [(*made, at, position)])
                case events.LogCheckpointCosigned():
                    lines = orjson.dumps(event.signatures).decode()
                    cosigned = (event.size, event.witness, event.root, lines, position)
                    await self._cosignature_rows.put(conn, [cosigned])
                case events.LogKeyIntroduced():
                    at = stamp(recorded.recorded_at)
                    await self._key_rows.put(conn, [(position, event.key, event.note, at)])
                case _:
                    pass

    async def latest(self) -> CheckpointRow | None:
        """The newest checkpoint, cosigned or not."""
        found = await self.page(limit=1)
        return found[0] if found else None

    async def published(self) -> CheckpointRow | None:
        """The checkpoint to show: the newest cosigned one among the last few, else the newest."""
        found = await self.page(limit=PUBLISHED_AMONG)
        cosigned = [one for one in found if one.cosigned_by]
        return next(iter(cosigned or found), None)

    async def covering(self, position: int) -> CheckpointRow | None:
        """The first checkpoint that commits to a position; None if none does yet."""
        size = self._checkpoints.c.size
        asked = self._asked().where(size >= position).order_by(size).limit(1)
        return next(iter(await self._rows_of(asked)), None)

    async def of_size(self, size: int) -> CheckpointRow | None:
        """The checkpoint of exactly a size."""
        found = await self._rows_of(self._asked().where(self._checkpoints.c.size == size))
        return next(iter(found), None)

    async def digested(self) -> CheckpointRow | None:
        """The newest checkpoint that says what projections hash to."""
        asked = self._asked().where(self._checkpoints.c.digests != _NO_DIGESTS)
        asked = asked.order_by(self._checkpoints.c.size.desc()).limit(1)
        return next(iter(await self._rows_of(asked)), None)

    async def page(self, *, after: int | None = None, limit: int = 50) -> list[CheckpointRow]:
        """Checkpoints, newest first.

        Args:
            after: the size of the last one of the page before this one.
            limit: how many, at most `PAGE_MAX`.
        """
        size = self._checkpoints.c.size
        asked = self._asked().order_by(size.desc()).limit(bounded(limit, PAGE_MAX))
        return await self._rows_of(asked if after is None else asked.where(size < after))

    async def keys(self) -> list[LogKeyRow]:
        """Every key of the log in the order they were introduced; the last one signs now."""
        async with self.read() as conn:
            asked = select(self._keys).order_by(self._keys.c.position)
            rows = (await conn.execute(asked)).all()
        starts = [row.position for row in rows[1:]]
        spans = zip([0, *starts], [*(start - 1 for start in starts), None], strict=True)
        return [
            LogKeyRow(
                key=row.log_key,
                note=row.note,
                introduced_at=read_stamp(row.introduced_at),
                position=row.position,
                since=since,
                until=until,
            )
            for row, (since, until) in zip(rows, spans, strict=False)
        ]

    def _asked(self) -> Select[Any]:
        return select(self._checkpoints)

    async def _rows_of(self, asked: Select[Any]) -> list[CheckpointRow]:
        async with self.read() as conn:
            rows = (await conn.execute(asked)).all()
            cosigned = self._cosignatures.c
            words = await conn.execute(
                select(self._cosignatures)
                .where(cosigned.size.in_([row.size for row in rows]))
                .order_by(cosigned.position)
            )
            said: dict[tuple[int, str], list[Any]] = {}
            for word in words:
                said.setdefault((word.size, word.root), []).append(word)
        return [
            CheckpointRow(
                size=row.size,
                root=row.root,
                origin=row.origin,
                note=row.note
                + "".join(
                    f"{line}\n"
                    for word in said.get((row.size, row.root), ())
                    for line in orjson.loads(word.signatures)
                ),
                cosigned_by=tuple(word.witness for word in said.get((row.size, row.root), ())),
                digests={
                    name: Digested(*found) for name, found in orjson.loads(row.digests).items()
                },
                made_at=read_stamp(row.made_at),
                position=row.position,
            )
            for row in rows
        ]
