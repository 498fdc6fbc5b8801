"""Digesting: all rows of projections are hashed, and every checkpoint records what came out.

With the digest in the log, and the log under a signed and cosigned root, a number on a report is
provable: an auditor rebuilds the projection to that position from the entries alone and has to get
the same digest (`cauri rebuild --check --at checkpoint`).

Why all rows are read, and no running hash is kept beside them that every batch adds to (an
order-independent sum of row hashes): such a hash says what the fold meant to write. It stays right
whatever somebody does to the tables afterwards, so it proves nothing about the rows that reports
are made from; and it would have to fetch every row before each change, in the transaction that
payments wait for.

The price of reading is paid in one of two ways. Where hashing everything took little last time
(`FRESH_SHARE_MAX` of the rhythm of checkpoints), or the log is so short that it cannot take long
(`FRESH_ENTRIES_MAX`), everything is hashed for each checkpoint, one on demand too. Where it takes
longer, rounds are made at a rhythm of their own, and a checkpoint records the newest that ended:
its digests are as old as `CAURI_DIGEST_SECONDS` at most, and where a round takes so long that they
would be older, the checkpoint has none. Each digest says which position it speaks of, which is
never beyond the checkpoint's size.

Each projection is read in one snapshot, a thousand rows at a time, with a pause as long as each
step took, so that requests come in between. A snapshot is held for as long as that takes: on
SQLite the write-ahead log cannot be emptied meanwhile, on PostgreSQL a rebuild's swap waits.

One process of a deployment does it at a time (`projections.duties`); any of them records the
result. A checkpoint that finds another at it waits for it, `PATIENCE_SECONDS` at most, and records
what that one made: of processes that come at once, one hashes. It does not wait for one that has
given no sign for `SILENT_SECONDS`: that may be dead, and its lease outlives it by far. Nor does it
hash in its place, which would be done twice where it is only slow: the newest digests are good.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from ledger.commands_log import Digested
from ledger.store import Clock
from projections.base import Projections
from projections.duties import LOOK_SECONDS, Duties, Place, Rests, run_turns
from projections.tables import read_stamp, stamp

DUTY: Final = "digests"

REST_PER_WORK: Final = 1.0

FRESH_SHARE_MAX: Final = 0.02
"""How much of the time between two checkpoints hashing everything may take for each of them to
have fresh digests."""

FRESH_SECONDS_MAX: Final = 5.0
"""How long that may be at most: somebody may be waiting for a checkpoint on demand."""

PATIENCE_SECONDS: Final = 15.0
"""How long a checkpoint waits for fresh digests; then it records the newest there are."""

SILENT_SECONDS: Final = 5.0
"""How long a process at it may give no sign before no checkpoint waits for it any more. A sign
comes with every projection that is done; where hashing takes little, all are done by then."""

LOOK_AGAIN_SECONDS: Final = 0.1
"""How often it looks whether another process has made them."""

FRESH_ENTRIES_MAX: Final = 10_000
"""How long a log may be for its projections to be hashed at once where nobody knows how long that
takes: a few tenths of a second."""

ROUNDS_EARLY: Final = 2
"""How many lengths of the last round the next one begins before the last one is too old."""


class Digester:
    """Hashes projections' rows; see the module.

    Args:
        projections: whose rows.
        duties: where it is written that we do it, and what came out.
        clock: the present time.
        every_seconds: how old a digest may be; 0: none is ever made.
        checkpoint_seconds: the rhythm of checkpoints.
    """

    def __init__(
        self,
        projections: Projections,
        duties: Duties,
        *,
        clock: Clock,
        every_seconds: float,
        checkpoint_seconds: float,
    ) -> None:
        self._projections, self._duties, self._clock = projections, duties, clock
        self._every_seconds = every_seconds
        self._fresh_seconds_max = min(checkpoint_seconds * FRESH_SHARE_MAX, FRESH_SECONDS_MAX)
        # The duty keeps other processes away; this keeps away the other tasks of ours.
        self._alone = asyncio.Lock()

    async def run(self) -> None:
        """Digest until cancelled; what goes wrong is told, and tried again."""
        await run_turns(DUTY, self.turn)

    async def turn(self) -> float:
        """Digest everything if that is due and ours to do.

        Returns:
            After how many seconds to look again.
        """
        async with (
            self._alone,
            self._duties.turn(DUTY, self._due_in, clock=self._clock) as place,
        ):
            if place is not None:
                await self._digest(place)
        return LOOK_SECONDS

    def _due_in(self, place: Place) -> float:
        began, ended = began_at(place), taken_at(place)
        if began is None or ended is None:
            return 0.0
        early = ROUNDS_EARLY * (ended - began).total_seconds()
        return self._every_seconds - early - (self._clock() - began).total_seconds()

    async def _digest(self, place: Place) -> None:
        found: dict[str, Digested] = {}
        began, worked = self._clock(), 0.0
        rests = Rests(self._duties, DUTY, place, clock=self._clock, rest_per_work=REST_PER_WORK)

        async def rest(worked_seconds: float) -> None:
            nonlocal worked
            worked += worked_seconds
            await rests(worked_seconds)

        for name in self._projections.names:
            found[name] = await self._projections.digested(name, pause=rest)
            # A sign of life between two, or another process would begin as well.
            if not await self._duties.keep(DUTY, place, now=self._clock()):
                return
        # All at once: what a checkpoint records are whole rounds.
        digests = {name: tuple(one) for name, one in found.items()}
        times = {"began_at": stamp(began), "taken_at": stamp(self._clock())}
        done = {**times, "worked_seconds": worked, "digests": digests}
        await self._duties.keep(DUTY, done, now=self._clock())

    async def taken_at(self) -> datetime | None:
        """When the last round ended, whichever process did it."""
        return taken_at(await self._duties.place(DUTY))

    async def newest(self) -> Mapping[str, Digested]:
        """What a checkpoint records: fresh digests where that takes little, else the newest."""
        if not self._every_seconds:
            return {}
        if await self._is_quick(await self._duties.place(DUTY)):
            await self._refresh()
        place = await self._duties.place(DUTY)
        began = began_at(place)
        is_old = began is None or (self._clock() - began).total_seconds() > self._every_seconds
        return {} if is_old else digests_in(place)

    async def _refresh(self) -> None:
        """Hash everything anew, or wait for whoever is at it; both for so long and no longer."""
        asked_at, loop = self._clock(), asyncio.get_running_loop()
        until = loop.time() + PATIENCE_SECONDS

        def due_in(place: Place) -> float:
            ended = taken_at(place)
            return LOOK_SECONDS if ended is not None and ended > asked_at else 0.0

        try:
            async with asyncio.timeout_at(until):
                await self._alone.acquire()
        except TimeoutError:
            return
        try:
            while True:
                async with self._duties.turn(DUTY, due_in, clock=self._clock) as place:
                    if place is not None:
                        await self._digest_in_time(place)
                        return
                is_done = due_in(await self._duties.place(DUTY)) > 0
                if is_done or loop.time() >= until or await self._is_silent():
                    return
                await asyncio.sleep(LOOK_AGAIN_SECONDS)
        finally:
            self._alone.release()

    async def _is_silent(self) -> bool:
        return await self._duties.is_silent(DUTY, SILENT_SECONDS, now=self._clock())

    async def _digest_in_time(self, place: Place) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._digest(place)
        except TimeoutError:
            # It takes long by now: rounds have their own rhythm until one of them was quick.
            slow = {**place, "worked_seconds": 2 * FRESH_SECONDS_MAX}
            await self._duties.keep(DUTY, slow, now=self._clock())

    async def _is_quick(self, place: Place) -> bool:
        """Whether everything can be hashed while somebody waits for a checkpoint."""
        worked_seconds = place.get("worked_seconds")
        if not await self._projections.is_ready():
            return False
        if worked_seconds is None:
            return await self._projections.position() <= FRESH_ENTRIES_MAX
        return bool(worked_seconds <= self._fresh_seconds_max)


def began_at(place: Place) -> datetime | None:
    """When the last round began; one that does not say it was made by older code, and is over."""
    return read_stamp(place["began_at"]) if "began_at" in place else None


def taken_at(place: Place) -> datetime | None:
    """When the last round ended."""
    return read_stamp(place["taken_at"]) if "taken_at" in place else None


def digests_in(place: Place) -> dict[str, Digested]:
    """What came out of the last round."""
    return {name: Digested(*found) for name, found in place.get("digests", {}).items()}
