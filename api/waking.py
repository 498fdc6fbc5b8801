"""Waking: a worker rests until there may be work for it, and no event wakes one that it is not for.

Each worker has a bed of its own, which is told what the projections' batches made due
(`projections.news`): of its kind, and of its provider where it has one. It remembers the earliest
time it was told, and wakes its worker then, or at the end of the rest if that is sooner.

Nothing is slept through: what is told while the worker is awake stays until it rests, and then it
does not. Told is only what is committed, so who is woken finds it.

Why not the position of the log, which moves with every event: there are two workers or three for
each provider, and each look asks the database twice.
"""

import asyncio
from datetime import UTC, datetime

from ledger.store import Clock
from projections.base import Projections
from projections.news import AT_ONCE, Told
from projections.tables import read_stamp

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Bed:
    """Where one worker rests; called by it as `wait_for_news`."""

    def __init__(self, kind: str, provider: str | None, clock: Clock) -> None:
        self._kind, self._provider, self._clock = kind, provider, clock
        self._soonest: datetime | None = None
        """When the earliest piece is due of which it was told since the last rest."""
        self._stirred = asyncio.Event()

    def hear(self, told: Told) -> None:
        """Be told what a batch made due."""
        if told is None:
            self._wake_at(_LONG_AGO)
            return
        for (kind, provider), due_at in told.items():
            if kind == self._kind and self._provider in {None, provider}:
                self._wake_at(_LONG_AGO if due_at == AT_ONCE else read_stamp(due_at))

    def _wake_at(self, due_at: datetime) -> None:
        if self._soonest is None or due_at < self._soonest:
            self._soonest = due_at
            self._stirred.set()

    async def __call__(self, seconds: float) -> None:
        """Rest for so long, or until something is due of which it was told."""
        now_seconds = asyncio.get_running_loop().time
        ends_at = now_seconds() + seconds
        while True:
            left_seconds = ends_at - now_seconds()
            if self._soonest is not None:
                ahead_seconds = (self._soonest - self._clock()).total_seconds()
                left_seconds = min(left_seconds, ahead_seconds)
            if left_seconds <= 0:
                break
            self._stirred.clear()
            try:
                async with asyncio.timeout(left_seconds):
                    await self._stirred.wait()
            except TimeoutError:
                break
        # The worker looks now, and sees all that is committed.
        self._soonest = None


class Beds:
    """Where the workers of one process rest."""

    def __init__(self, projections: Projections, clock: Clock) -> None:
        self._clock = clock
        self._beds: list[Bed] = []
        projections.listen(self.hear)

    def bed(self, kind: str, provider: str | None) -> Bed:
        """Make one for a worker."""
        made = Bed(kind, provider, self._clock)
        self._beds.append(made)
        return made

    def hear(self, told: Told) -> None:
        """Tell all of them."""
        for bed in self._beds:
            bed.hear(told)
