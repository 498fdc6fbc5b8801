"""Checking apart: projections made from the log in other files, by every core, and compared.

`projections.rebuild.check` makes a copy beside the live tables, one projection after the other, and
reads the log once for each. Whoever audits wants all of them at once, and may have a database that
cannot be written. So every process here makes several projections in one replay, in a SQLite file
of its own that is thrown away, and only their digests come back. A digest is the same whatever
database the rows are in, and however they are kept: here they are packed (`projections.packed`).

All that can go wrong with such a file ends it. So there is one transaction from the first event to
the last, with no checkpoint in between, and no page of it is written before there has to be room.

What bounds it is folding: every event is decoded once per process, and then each projection that
reads it has Python of its own for it. What none of a process's projections reads is not parsed.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from ledger.entry import RecordedEvent, decode_entry, decode_those
from ledger.sql import Database, SqlEventStore
from ledger.store import PAGE_MAX
from ledger.verify_processes import Hands, cores, hands
from projections import PROJECTIONS
from projections.base import Projections
from projections.checkpoints import Checkpoint, Told, checkpoints, put
from projections.digest import Digest, digest_of
from projections.packed import APART
from projections.projector import Projector
from projections.rebuild import BATCH_MAX, Checked, create, uncollected

PROCESSES_FROM: Final = 20_000
"""How long a log is that is worth other processes."""

COSTS: Final[Mapping[str, float]] = {
    "accounts": 3.5,
    "payments": 2.0,
    "notices": 1.7,
    "worklist": 1.4,
    "metrics": 1.3,
    "deliveries": 0.6,
}
"""What a projection takes of a processor beside another: microseconds an event of the bench's log.
Who makes which depends on it, and nothing else; the others take `COST_LEAST`."""

COST_LEAST: Final = 0.1

CACHE_AFTER_KILOBYTES: Final = 8_000


@contextmanager
def hands_for(size: int, processes: int | None) -> Iterator[Hands]:
    """Lend whoever verifies a log of a size with its projections.

    Args:
        size: how many events it has.
        processes: how many work at once; as many as there are cores, if it is not said.
    """
    count = cores() if processes is None else processes
    with hands(count if size >= PROCESSES_FROM else 1) as helping:
        yield helping


async def check_apart(
    projections: Projections, url: str, helping: Hands, *, shares: int | None = None
) -> AsyncIterator[Checked]:
    """Compare live projections with what the log alone gives, each at the live one's position.

    Args:
        projections: the live ones.
        url: their database, which other processes open to read.
        helping: who work.
        shares: how many make copies at once; as many as work, if it is not said.
    """
    live = {
        name: digest
        async for name, digest in helping.results(
            partial(live_digest, url, name) for name in projections.names
        )
    }
    works = [
        partial(digests_apart, url, names, position)
        for position, names in _shares(live, shares or helping.count)
    ]
    async for found in helping.results(works):
        for name, digest in found.items():
            yield Checked(name, live[name], digest)


def _shares(live: Mapping[str, Digest], count: int) -> list[tuple[int, list[str]]]:
    """Who makes which projections: of those at one position each goes to whoever does least yet."""
    shares: list[tuple[int, list[str]]] = []
    for position in sorted({one.position for one in live.values()}, reverse=True):
        names = [name for name, digest in live.items() if digest.position == position]
        heaps: list[tuple[float, int, list[str]]] = [
            (0.0, at, []) for at in range(min(count, len(names)))
        ]
        for name in sorted(names, key=_cost, reverse=True):
            cost, at, heap = min(heaps)
            heaps[at] = (cost + _cost(name), at, [*heap, name])
        shares += [(position, heap) for _, _, heap in heaps]
    return shares


def _cost(name: str) -> float:
    return COSTS.get(name, COST_LEAST)


def live_digest(url: str, name: str) -> tuple[str, Digest]:
    """Hash the rows of a live projection."""
    return name, asyncio.run(_live_digest(url, name))


async def _live_digest(url: str, name: str) -> Digest:
    database = await Database.open(url, is_writing=False)
    try:
        with uncollected():
            return await Projections(database, PROJECTIONS).digest(name)
    finally:
        await database.close()


def digests_apart(url: str, names: Sequence[str], until: int) -> dict[str, Digest]:
    """Make projections from the log up to a position, and throw them away but for their digests."""
    with tempfile.TemporaryDirectory(prefix="cauri-check-") as folder:
        return asyncio.run(_digests(url, names, until, Path(folder)))


async def _digests(url: str, names: Sequence[str], until: int, folder: Path) -> dict[str, Digest]:
    source = await Database.open(url, is_writing=False)
    try:
        store = SqlEventStore(source, clock=lambda: datetime.now(UTC))
        passing = f"sqlite:///{folder / 'copies.db'}"
        copies = await Database.open(passing, create=True, is_kept=False)
        try:
            made = [one(copies, APART) for one in PROJECTIONS if one.name in names]
            await fill_apart(copies, made, _batches(store, made, until))
            with uncollected():
                return {one.name: await digest_of(one) for one in made}
        finally:
            await copies.close()
            await store.close()
    finally:
        await source.close()


Batch = tuple[Sequence[RecordedEvent], int]
"""Events that follow one another but for those nobody reads, and the position they end at."""


async def fill_apart(
    database: Database, projectors: Sequence[Projector], batches: AsyncIterator[Batch]
) -> None:
    """Make copies in an empty database out of batches from position 1 on.

    Args:
        database: a file that is thrown away.
        projectors: copies that are not there yet.
        batches: what of the log they read.
    """
    async with database.write() as conn:
        await conn.run_sync(checkpoints.metadata.create_all)
        for projector in projectors:
            await projector.prepare(conn)
            await create(conn, projector, 1)
        position = 0
        with uncollected():
            async for events, end in batches:
                told = Told(events)
                for projector in projectors:
                    await told.tell(conn, projector)
                position = end
        for projector in projectors:
            await put(conn, Checkpoint(projector.checkpoint, projector.version, position, 1, ""))
    async with database.read() as conn:
        # Nothing is looked up any more, and to put rows in order takes room of its own.
        await conn.exec_driver_sql(f"PRAGMA cache_size = -{CACHE_AFTER_KILOBYTES}")


async def _batches(
    store: SqlEventStore, projectors: Iterable[Projector], until: int
) -> AsyncIterator[Batch]:
    types = {kind.type.encode() for one in projectors for kind in one.reads}
    position = 0
    while position < until:
        lines: list[bytes] = []
        while len(lines) < BATCH_MAX:
            page = await store.read_lines(position, PAGE_MAX)
            if not page:
                break  # the digests will stand at another position, and so differ
            lines += page
            position = decode_entry(page[-1]).position
        if not lines:
            return
        found = decode_those(lines, types)
        if position > until:
            found = [one for one in found if one.position <= until]
            position = until
        yield found, position
