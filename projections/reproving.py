"""Reproving: at a slow rhythm the projections' digests are held against rebuilds from the log.

For each digest that was taken last (`projections.digesting`), the projection is made from the
entries alone, up to the digest's position, in a database of its own that is thrown away: nothing
live is written or locked. It is made a few events at a time, and rests three times as long as it
works, so that it has at most a quarter of a processor.

One that differs is told as `log.mismatch_found`, once: it is told again only after it was right.
Its remedy is `cauri rebuild NAME`; the log itself is what `projections.verifier` watches.
"""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from ledger.handling import Handler
from ledger.rereading import Mismatch
from ledger.sql_database import Database
from ledger.store import Clock, EventStore
from projections.base import Projections
from projections.digest import Digest, Pause, digest_of
from projections.digesting import DUTY as DIGESTS
from projections.digesting import digests_in
from projections.duties import LOOK_SECONDS, Duties, Place, Rests, run_turns
from projections.projector import Projector
from projections.rebuild import fill
from projections.tables import read_stamp_or_none, stamp
from projections.verifier import tell

P = TypeVar("P", bound=Projector)

DUTY: Final = "reproving"

BATCH_MAX: Final = 250
"""Events folded at a time: some milliseconds, which no request notices."""

REST_PER_WORK: Final = 3.0

REASON: Final = "its rows are not those that the log alone gives up to here"


class Reproved(NamedTuple):
    """When projections were last held against the log, and which of them differed."""

    at: datetime | None
    """When the last round ended."""
    mismatched: tuple[str, ...]


def reproved_in(place: Place) -> Reproved:
    """Read what a place says."""
    return Reproved(read_stamp_or_none(place.get("at")), tuple(place.get("mismatched", ())))


class Reprover:
    """Holds digests against rebuilds; see the module.

    Args:
        handler: the way into the log.
        projections: whose digests.
        duties: where it is written that we do it, and what came out.
        clock: the present time.
        every_seconds: the rhythm.
    """

    def __init__(
        self,
        handler: Handler,
        projections: Projections,
        duties: Duties,
        *,
        clock: Clock,
        every_seconds: float,
    ) -> None:
        self._handler, self._projections = handler, projections
        self._duties, self._clock = duties, clock
        self._every_seconds = every_seconds

    async def run(self) -> None:
        """Check until cancelled; what goes wrong is told, and tried again."""
        await run_turns(DUTY, self.turn)

    async def reproved(self) -> Reproved:
        """What came out last, whichever process did it."""
        return reproved_in(await self._duties.place(DUTY))

    async def turn(self) -> float:
        """Check every digest, if that is due and ours to do.

        Returns:
            After how many seconds to look again.
        """
        async with self._duties.turn(DUTY, self._due_in, clock=self._clock) as place:
            if place is not None:
                await self._check(place)
        return LOOK_SECONDS

    def _due_in(self, place: Place) -> float:
        last = reproved_in(place).at
        if last is None:
            return 0.0
        return self._every_seconds - (self._clock() - last).total_seconds()

    async def _check(self, place: Place) -> None:
        known = place.get("mismatched", [])
        going = {"checked": [], "mismatched": [], **(place.get("round") or {})}
        taken = digests_in(await self._duties.place(DIGESTS))
        for name, digest in taken.items():
            if name not in self._projections.names or name in going["checked"]:
                continue
            kind = self._projections.kind_of(name)
            # What other code made cannot be made again here.
            if digest.version == kind.version:
                here: Place = {**place, "round": going}
                rests = Rests(
                    self._duties, DUTY, here, clock=self._clock, rest_per_work=REST_PER_WORK
                )
                rebuilt = await rebuilt_apart(
                    self._projections, name, self._handler.store, digest.position, rests
                )
                if rebuilt.sha256 != digest.sha256:
                    going["mismatched"].append(name)
                    if name not in known:
                        await tell(self._handler, Mismatch(digest.position, REASON, name))
            going["checked"].append(name)
            if not await self._keep({**place, "round": going}):
                return
        # Without any digest there is nothing to say yet.
        if taken:
            at = stamp(self._clock())
            await self._keep({"at": at, "mismatched": going["mismatched"], "round": None})

    async def _keep(self, place: Place) -> bool:
        return await self._duties.keep(DUTY, place, now=self._clock())


async def rebuilt_apart(
    projections: Projections, name: str, store: EventStore, until: int, pause: Pause
) -> Digest:
    """Hash the rows of a projection that is made from the log alone, in a database of its own."""
    async with made_apart(projections.kind_of(name), store, until, pause) as copy:
        return await digest_of(copy, pause=pause)


@asynccontextmanager
async def made_apart(
    kind: type[P], store: EventStore, until: int, pause: Pause | None = None
) -> AsyncIterator[P]:
    """Lend a projection that has seen the log up to a position, in a database of its own."""
    with tempfile.TemporaryDirectory(prefix="cauri-apart-") as folder:
        database = await Database.open(f"sqlite:///{Path(folder) / 'copy.db'}", create=True)
        try:
            apart = Projections(database, [kind])
            await apart.start()
            copy = apart.of(kind)
            await fill(copy, store, until=until, batch_max=BATCH_MAX, pause=pause)
            yield copy
        finally:
            await database.close()
