"""Digesting: at a slow rhythm all rows of projections are hashed, for a checkpoint to record.

With the digest in the log, and the log under a signed and cosigned root, a number on a report is
provable: an auditor rebuilds the projection to that position from the entries alone and has to get
the same digest (`cauri rebuild --check --at checkpoint`).

Why all rows are read, and no running hash is kept beside them that every batch adds to (an
order-independent sum of row hashes): such a hash says what the fold meant to write. It stays right
whatever somebody does to the tables afterwards, so it proves nothing about the rows that reports
are made from; and it would have to fetch every row before each change, in the transaction that
payments wait for. The price of reading is the rhythm: a digest is as old as `CAURI_DIGEST_SECONDS`
at most, not as the checkpoint. Which position it speaks of is said, and is never beyond the
checkpoint's size.

Each projection is read in one snapshot, a thousand rows at a time, with a pause as long as each
step took, so that requests come in between. A snapshot is held for as long as that takes: on
SQLite the write-ahead log cannot be emptied meanwhile, on PostgreSQL a rebuild's swap waits.

One process of a deployment does it (`projections.duties`); any of them records the result.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from ledger.commands_log import Digested
from ledger.store import Clock
from projections.base import Projections
from projections.commitments import CommitmentsProjection
from projections.duties import LOOK_SECONDS, Duties, Place, Rests, run_turns
from projections.tables import read_stamp, stamp

DUTY: Final = "digests"

REST_PER_WORK: Final = 1.0


class Digester:
    """Hashes projections' rows; see the module.

    Args:
        projections: whose rows.
        duties: where it is written that we do it, and what came out.
        clock: the present time.
        every_seconds: the rhythm.
    """

    def __init__(
        self, projections: Projections, duties: Duties, *, clock: Clock, every_seconds: float
    ) -> None:
        self._projections, self._duties, self._clock = projections, duties, clock
        self._every_seconds = every_seconds

    async def run(self) -> None:
        """Digest until cancelled; what goes wrong is told, and tried again."""
        await run_turns(DUTY, self.turn)

    async def turn(self) -> float:
        """Digest everything if that is due and ours to do.

        Returns:
            After how many seconds to look again.
        """
        async with self._duties.turn(DUTY, self._due_in, clock=self._clock) as place:
            if place is not None:
                await self._digest(place)
        return LOOK_SECONDS

    def _due_in(self, place: Place) -> float:
        last = taken_at(place)
        if last is None:
            return 0.0
        return self._every_seconds - (self._clock() - last).total_seconds()

    async def _digest(self, place: Place) -> None:
        found: dict[str, Digested] = {}
        rests = Rests(self._duties, DUTY, place, clock=self._clock, rest_per_work=REST_PER_WORK)
        for name in self._projections.names:
            found[name] = await self._projections.digested(name, pause=rests)
            # A sign of life between two, or another process would begin as well.
            if not await self._duties.keep(DUTY, place, now=self._clock()):
                return
        # All at once: what a checkpoint records are whole rounds.
        digests = {name: tuple(one) for name, one in found.items()}
        done = {"taken_at": stamp(self._clock()), "digests": digests}
        await self._duties.keep(DUTY, done, now=self._clock())

    async def taken_at(self) -> datetime | None:
        """When the last round ended, whichever process did it."""
        return taken_at(await self._duties.place(DUTY))

    async def up_to(self, size: int) -> Mapping[str, Digested]:
        """The digests that no checkpoint has recorded, at positions up to a size."""
        found = digests_in(await self._duties.place(DUTY))
        if not found:
            return {}
        last = await self._projections.of(CommitmentsProjection).digested()
        after = max((one.position for one in last.digests.values()), default=0) if last else 0
        return {name: one for name, one in found.items() if after < one.position <= size}


def taken_at(place: Place) -> datetime | None:
    """When the last round ended."""
    return read_stamp(place["taken_at"]) if "taken_at" in place else None


def digests_in(place: Place) -> dict[str, Digested]:
    """What came out of the last round."""
    return {name: Digested(*found) for name, found in place.get("digests", {}).items()}
