"""Checking apart: projections made from the log in other files, by every core, and compared.

`projections.rebuild.check` makes a copy beside the live tables, one projection after the other, and
reads the log once for each. Whoever audits wants all of them at once, and may have a database that
cannot be written. So every process here makes several projections in one replay, in a SQLite file
of its own that is thrown away, and only their digests come back. A digest is the same whatever
database the rows are in.

What bounds it is folding: every event is decoded once per process, and then each projection that
reads it has Python of its own for it, and rows to write and to hash.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from ledger.sql import Database, SqlEventStore
from ledger.verify_processes import cores, hands
from projections import PROJECTIONS
from projections.base import Projections
from projections.checkpoints import Checkpoint, checkpoints, put
from projections.digest import Digest, digest_of
from projections.projector import Projector
from projections.rebuild import Checked, create, fold_next

PROCESSES_FROM: Final = 20_000
"""How long a log is that is worth other processes."""


async def check_apart(
    projections: Projections, url: str, *, processes: int | None = None
) -> AsyncIterator[Checked]:
    """Compare live projections with what the log alone gives, each at the live one's position.

    Args:
        projections: the live ones.
        url: their database, which other processes open to read.
        processes: how many work at once; as many as there are cores, if it is not said.
    """
    live = {name: await projections.digest(name) for name in projections.names}
    longest = max((one.position for one in live.values()), default=0)
    count = cores() if processes is None else processes
    with hands(count if longest >= PROCESSES_FROM else 1) as helping:
        works = [
            partial(digests_apart, url, names, position)
            for position, names in _shares(live, max(count, 1))
        ]
        async for found in helping.results(works):
            for name, digest in found.items():
                yield Checked(name, live[name], digest)


def _shares(live: Mapping[str, Digest], count: int) -> list[tuple[int, list[str]]]:
    """Who makes which projections: those at one position are dealt out like cards."""
    shares: list[tuple[int, list[str]]] = []
    for position in sorted({one.position for one in live.values()}, reverse=True):
        names = [name for name, digest in live.items() if digest.position == position]
        shares += [(position, names[at::count]) for at in range(min(count, len(names)))]
    return shares


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
            made = [one(copies) for one in PROJECTIONS if one.name in names]
            await _prepare(copies, made)
            await _fold(store, made, until)
            return {one.name: await digest_of(one) for one in made}
        finally:
            await copies.close()
            await store.close()
    finally:
        await source.close()


async def _prepare(database: Database, projectors: Sequence[Projector]) -> None:
    async with database.write() as conn:
        await conn.run_sync(checkpoints.metadata.create_all)
        for projector in projectors:
            await projector.prepare(conn)
            await create(conn, projector, 1)
            await put(conn, Checkpoint(projector.name, projector.version, 0, 1, ""))


async def _fold(store: SqlEventStore, projectors: Sequence[Projector], until: int) -> None:
    position = 0
    while position < until:
        folded = await fold_next(projectors, store, position, until)
        if folded is None:
            return  # the digests will stand at another position, and so differ
        position, _ = folded
