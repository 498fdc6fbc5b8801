"""Rebuilding: a new copy beside the old one, filled from position 1, then swapped for it.

Live events go on being applied to the old copy all the while, and readers see it until the swap.
The swap is one transaction: it stops the live copy by locking its checkpoint, applies what the new
copy still lacks, drops the old tables and gives their names to the new ones. A rebuild that dies
leaves only its own half-filled copy behind, which the next one throws away.

`check` fills a copy up to where the live one stood and compares their digests.

Why indexes are made after the fill: each of them would cost as much per row as the row itself.
Why the new copy does not go on from a dead rebuild's: a rebuild is how one gets rid of wrong rows.
"""

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

from sqlalchemy import Connection, Table
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.entry import RecordedEvent
from ledger.errors import StoreUnavailableError
from ledger.store import PAGE_MAX, EventStore
from projections.checkpoints import (
    Checkpoint,
    ProjectionReplacedError,
    advance,
    load,
    lock,
    put,
    remove,
)
from projections.digest import Digest, Pause, digest_of
from projections.projector import Projector
from projections.tables import CHECK, NEW

BATCH_MAX: Final = 10 * PAGE_MAX
"""Events folded per transaction: a payment whose events lie close together is written once."""

SWAP_ATTEMPTS_MAX: Final = 5
"""How often a swap is tried that long readers keep from getting the tables."""

Progress = Callable[[int, int], None]
"""Told after every batch: the position reached, and the end of the log as last seen."""


class Checked(NamedTuple):
    """A live copy and its rebuild, at the same position."""

    name: str
    live: Digest
    rebuilt: Digest

    @property
    def is_equal(self) -> bool:
        """Whether the live rows are what the log says they must be."""
        return self.live == self.rebuilt


async def fill(
    projector: Projector,
    store: EventStore,
    *,
    owner: str = "",
    until: int | None = None,
    progress: Progress | None = None,
    batch_max: int = BATCH_MAX,
    pause: Pause | None = None,
) -> int:
    """Bring a copy from where it stands to the end of the log (or to `until`).

    Args:
        projector: the copy.
        store: the log.
        owner: whose copy it is.
        until: how far.
        progress: told after every batch.
        batch_max: how many events are folded per transaction.
        pause: rests after every batch, where others wait for the processor.

    Returns:
        The position it has reached.
    """
    async with projector.database.read() as conn:
        found = await load(conn, [projector.checkpoint])
    position = found[projector.checkpoint].position if found else 0
    end = await store.position() if until is None else until
    while True:
        folded = await fold_next([projector], store, position, until, batch_max, owner)
        if folded is None:
            return position
        position, seconds = folded
        end = max(end, position)
        if progress is not None:
            progress(position, end)
        if pause is not None:
            await pause(seconds)


async def fold_next(
    projectors: Sequence[Projector],
    store: EventStore,
    after: int,
    until: int | None,
    batch_max: int = BATCH_MAX,
    owner: str = "",
) -> tuple[int, float] | None:
    """Read one batch and fold it, in one transaction.

    Args:
        projectors: the copies, in one database, that stand there.
        store: the log.
        after: where they stand.
        until: how far to go at most; None for as far as there is anything.
        batch_max: how many events.
        owner: whose copies they are.

    Returns:
        The position reached, and the seconds that folding and writing took; None if there was
        nothing to fold.
    """
    with uncollected():  # of the batch nothing is left when it ends
        return await _fold_next(projectors, store, after, until, batch_max, owner)


async def _fold_next(
    projectors: Sequence[Projector],
    store: EventStore,
    after: int,
    until: int | None,
    batch_max: int,
    owner: str,
) -> tuple[int, float] | None:
    # Reading and writing take turns. Read ahead, and on SQLite the one write lock would be taken
    # again as soon as it is given up: another process, which looks for it ever more seldom, would
    # never find it free.
    batch = await _read(store, after, until, batch_max)
    if not batch:
        return None
    began = time.monotonic()
    async with projectors[0].database.write() as conn:
        await advance(conn, projectors, batch, owner=owner)
    return batch[-1].position, time.monotonic() - began


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep the garbage collector away for the length of a batch.

    Nothing that a batch is made of has cycles, all of it dies with the batch, and a collector that
    looks through ten thousand events again and again takes a fifth of the time of a fill.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        # Of several at once the first one to begin finds it at work, and sets it to work again.
        if was_enabled:
            gc.enable()


async def _read(
    store: EventStore, after: int, until: int | None, batch_max: int = BATCH_MAX
) -> list[RecordedEvent]:
    batch: list[RecordedEvent] = []
    page_max = min(batch_max, PAGE_MAX)
    while len(batch) < batch_max:
        page = await store.read(after, page_max)
        batch += page
        if len(page) < page_max:
            break
        after = page[-1].position
    if until is not None:
        batch = [one for one in batch if one.position <= until]
    return batch


async def rebuild(
    live: Projector, store: EventStore, *, owner: str, progress: Progress | None = None
) -> int:
    """Replace the live copy by one made from the log alone.

    Args:
        live: the projector of the live copy.
        store: the log.
        owner: a name nobody else uses, so that a second rebuild started meanwhile is noticed.
        progress: told after every batch.

    Returns:
        The position at which the new copy took over.

    Raises:
        ProjectionReplacedError: another rebuild of the same projection was started meanwhile.
        StoreUnavailableError: readers held the tables too long; the old copy is still live.
    """
    database = live.database
    copy = type(live)(database, NEW)
    generation = await _begin(copy, live, owner)
    await fill(copy, store, owner=owner, progress=progress)
    for index in copy.indexes(lambda name: f"ix_{live.name}_{name}_{generation}"):
        async with database.write() as conn:
            await conn.run_sync(index.create)
    for attempt in range(1, SWAP_ATTEMPTS_MAX + 1):
        await fill(copy, store, owner=owner, progress=progress)
        try:
            async with database.write() as conn:
                return await _swap(conn, live, copy, store, owner)
        except StoreUnavailableError:
            if attempt == SWAP_ATTEMPTS_MAX:
                raise
    raise AssertionError("unreachable: the last attempt raises")


async def check(
    live: Projector, store: EventStore, *, owner: str, progress: Progress | None = None
) -> Checked:
    """Compare the live copy with one made from the log alone, both at the live one's position.

    The live copy may move on meanwhile: its digest is taken first, as of one position, and the
    other copy is filled to exactly there.
    """
    digest = await digest_of(live)
    rebuilt = await digest_at(live, store, owner=owner, until=digest.position, progress=progress)
    return Checked(live.name, digest, rebuilt)


async def digest_at(
    live: Projector,
    store: EventStore,
    *,
    owner: str,
    until: int,
    progress: Progress | None = None,
) -> Digest:
    """Hash the rows that the log alone gives up to a position, in a copy that is thrown away."""
    copy = type(live)(live.database, CHECK)
    await _begin(copy, live, owner)
    try:
        await fill(copy, store, owner=owner, until=until, progress=progress)
        return await digest_of(copy)
    finally:
        async with live.database.write() as conn:
            found = (await lock(conn, [copy.checkpoint])).get(copy.checkpoint)
            # Another check may have taken the copy over, and is still at work on it.
            if found is not None and found.owner == owner:
                await drop(conn, copy.tables)
                await remove(conn, copy.checkpoint)


async def create(conn: AsyncConnection, projector: Projector, generation: int) -> None:
    """Make a copy's tables, empty, and its indexes if it is the live one."""
    await conn.run_sync(projector.metadata.create_all)
    if projector.copy:
        return
    for index in projector.indexes(lambda name: f"ix_{projector.name}_{name}_{generation}"):
        await conn.run_sync(index.create)


async def drop(conn: AsyncConnection, tables: Sequence[Table]) -> None:
    """Drop tables where they exist."""
    is_sqlite = conn.dialect.name == "sqlite"
    # The log's deleted keys are overwritten with zeros; rows that can be rebuilt need not be, and
    # it would hold up every append for as long as it takes.
    if is_sqlite:
        await conn.exec_driver_sql("PRAGMA secure_delete = OFF")
    try:
        for table in tables:
            await conn.exec_driver_sql(f"DROP TABLE IF EXISTS {table.name}")
    finally:
        if is_sqlite:
            await conn.exec_driver_sql("PRAGMA secure_delete = ON")


async def _begin(copy: Projector, live: Projector, owner: str) -> int:
    async with copy.database.write() as conn:
        # Two processes that make the same tables at once would trip over each other.
        await conn.run_sync(_lock(copy))
        found = await load(conn, [live.checkpoint])
        before = found.get(live.checkpoint)
        if before is not None and before.version > live.version:
            raise ProjectionReplacedError(live.name, "a newer version of the code keeps it.")
        generation = before.generation + 1 if before else 1
        await drop(conn, copy.tables)
        await create(conn, copy, generation)
        await put(conn, Checkpoint(copy.checkpoint, copy.version, 0, generation, owner))
    return generation


def _lock(projector: Projector) -> Callable[[Connection], None]:
    return projector.database.kind.lock


async def _swap(
    conn: AsyncConnection, live: Projector, copy: Projector, store: EventStore, owner: str
) -> int:
    found = await lock(conn, [live.checkpoint, copy.checkpoint])
    old, new = found.get(live.checkpoint), found.get(copy.checkpoint)
    if new is None or new.owner != owner:
        raise ProjectionReplacedError(copy.checkpoint, "another rebuild of it was started.")
    # The live copy stands still now: what it is ahead by is at most what came in since the fill.
    while old is not None and new.position < old.position:
        await advance(conn, [copy], await _read(store, new.position, old.position), owner=owner)
        new = (await load(conn, [copy.checkpoint]))[copy.checkpoint]
    await drop(conn, live.tables)
    for before, after in zip(copy.tables, live.tables, strict=True):
        await conn.exec_driver_sql(f"ALTER TABLE {before.name} RENAME TO {after.name}")
    await remove(conn, copy.checkpoint)
    await put(conn, new._replace(name=live.checkpoint, owner=""))
    return new.position
