"""Checkpoints: how far each copy of each projection has come, moved only together with its rows.

`advance` is the one place where rows and checkpoints are written: it locks the checkpoints, leaves
out the events they have passed already, lets the projectors fold what they read of the rest, and
moves the checkpoints, all in the caller's transaction. So it does not matter how often a batch is
offered, or by how many processes: the second one waits for the first, then finds nothing left to
do.

Why one lock per projection and not an advisory lock: the lock must guard exactly what it is about,
and the row of a checkpoint is read and written here anyway. On SQLite the transaction itself is
the lock, and `FOR UPDATE` is left out of the statement by SQLAlchemy.
"""

from collections.abc import Iterable, Sequence
from itertools import chain
from operator import attrgetter
from typing import ClassVar, Final, NamedTuple

from sqlalchemy import MetaData, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.entry import RecordedEvent
from ledger.errors import LedgerError
from ledger.events import Event
from projections.projector import Projector
from projections.tables import number, text

checkpoints: Final = Table(
    "checkpoints",
    MetaData(),
    text("name", key=True),
    number("version"),
    number("position"),
    number("generation"),
    text("owner"),
)


FEW_SHARE: Final = 0.25
"""Of so few events it takes less to put them in order than to leave out all the others."""

_position: Final = attrgetter("position")


class Checkpoint(NamedTuple):
    """How far one copy of a projection has come."""

    name: str
    """The projection's name, followed by the copy's suffix."""
    version: int
    """The version of the projector that made the rows."""
    position: int
    generation: int
    """How often the live copy was replaced; its indexes are named after it."""
    owner: str
    """The rebuild that fills the copy; empty for the live one."""


class ProjectionReplacedError(LedgerError):
    """Somebody else has taken this copy over: a newer version of the code, or another rebuild."""

    code: ClassVar[str] = "projection_replaced"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"projection {name} is not ours to write any more: {reason}")
        self.name = name
        self.reason = reason


class ProjectionGapError(LedgerError):
    """A batch does not begin where the projection stands: applying it would skip events."""

    code: ClassVar[str] = "projection_gap"

    def __init__(self, name: str, position: int, offered: int) -> None:
        super().__init__(f"projection {name} stands at {position} and was offered {offered}")
        self.name = name
        self.position = position
        self.offered = offered


async def load(conn: AsyncConnection, names: Iterable[str]) -> dict[str, Checkpoint]:
    """The checkpoints that exist, by name."""
    found = await conn.execute(select(checkpoints).where(checkpoints.c.name.in_(list(names))))
    return {row.name: Checkpoint(*row) for row in found}


async def lock(conn: AsyncConnection, names: Iterable[str]) -> dict[str, Checkpoint]:
    """The same, and nobody else moves them until this transaction ends. Always locked by name."""
    asked = select(checkpoints).where(checkpoints.c.name.in_(list(names)))
    found = await conn.execute(asked.order_by(checkpoints.c.name).with_for_update())
    return {row.name: Checkpoint(*row) for row in found}


async def put(conn: AsyncConnection, checkpoint: Checkpoint) -> None:
    """Write a checkpoint, new or in the place of one of the same name."""
    await remove(conn, checkpoint.name)
    await conn.execute(checkpoints.insert().values(checkpoint._asdict()))


async def remove(conn: AsyncConnection, name: str) -> None:
    """Forget a copy."""
    await conn.execute(checkpoints.delete().where(checkpoints.c.name == name))


class Told:
    """Events that are told to several projectors: to each those that it reads, in their order."""

    def __init__(self, events: Sequence[RecordedEvent]) -> None:
        self.events = events
        self._of_kind: dict[type[Event], list[RecordedEvent]] = {}
        for one in events:
            kind = type(one.event)
            found = self._of_kind.get(kind)
            if found is None:
                self._of_kind[kind] = [one]
            else:
                found.append(one)

    async def tell(self, conn: AsyncConnection, projector: Projector) -> None:
        """Let a projector fold what it reads of the events."""
        read = self.read_by(projector)
        if read:
            await projector.apply(conn, read)

    def read_by(self, projector: Projector) -> Sequence[RecordedEvent]:
        """Those of the events that a projector reads."""
        kinds = self._of_kind.keys() & projector.reads
        if len(kinds) == len(self._of_kind):
            return self.events
        if len(kinds) == 1:
            return self._of_kind[kinds.pop()]
        few = sum(len(self._of_kind[kind]) for kind in kinds)
        if few < len(self.events) * FEW_SHARE:
            return sorted(chain.from_iterable(self._of_kind[kind] for kind in kinds), key=_position)
        return [one for one in self.events if type(one.event) in kinds]


async def advance(
    conn: AsyncConnection,
    projectors: Sequence[Projector],
    batch: Sequence[RecordedEvent],
    *,
    owner: str = "",
) -> None:
    """Let projectors fold what is new to them of a batch, and move their checkpoints to its end.

    Args:
        conn: a connection in a write transaction, which the caller ends.
        projectors: copies to bring forward; each skips what it has passed.
        batch: consecutive events of the log.
        owner: who fills the copies; empty for live ones.

    Raises:
        ProjectionReplacedError: a copy belongs to somebody else by now; nothing may be committed.
        ProjectionGapError: a copy stands before the batch begins.
    """
    found = await lock(conn, [projector.checkpoint for projector in projectors])
    told: dict[int, Told] = {}
    moved = []
    for projector in projectors:
        at = _ours(projector, found.get(projector.checkpoint), owner)
        if at >= batch[0].position:
            projector.news.tell_anything()
        if at not in told:  # nearly always all stand at the same position
            told[at] = Told([one for one in batch if one.position > at])
        fresh = told[at]
        if not fresh.events:
            continue
        # Positions have no gaps (law 2 of the store), so the next one is the only right one.
        if fresh.events[0].position != at + 1:
            raise ProjectionGapError(projector.checkpoint, at, fresh.events[0].position)
        await fresh.tell(conn, projector)
        moved.append(projector.checkpoint)
    if moved:
        ours = checkpoints.c.name.in_(moved)
        await conn.execute(checkpoints.update().where(ours).values(position=batch[-1].position))


def _ours(projector: Projector, found: Checkpoint | None, owner: str) -> int:
    name = projector.checkpoint
    if found is None:
        raise ProjectionReplacedError(name, "its checkpoint is gone.")
    if found.version != projector.version:
        raise ProjectionReplacedError(
            name, f"it is kept by version {found.version}, this code is {projector.version}."
        )
    if found.owner != owner:
        raise ProjectionReplacedError(name, "another rebuild of it was started.")
    return found.position
