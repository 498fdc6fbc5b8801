"""A worker: takes due pieces of one kind from the worklist and performs many at once.

The trick is in what it does *not* do: it never gives a lease back after performing. What it did
became an event, the event moves the row, and a lease of a row that moved is void; so between the
append and the projection's next batch nobody performs the piece again. A piece that failed keeps
its lease until it lapses, which is its back-off; one that cannot be done before some time is kept
until then, and its place is free for others meanwhile.

It knows nothing of payments: `perform` does the work, and is written so that doing it twice does
no harm (the ledger decides).
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from adapters.base import Due, Worklist
from ledger.store import Clock

log = structlog.get_logger()

IDLE_SECONDS_MAX: Final = 1.0
"""The longest a worker rests before it looks again, whatever it was told: time may be virtual,
and another process may have let a lease lapse."""


Perform = Callable[[Due], Awaitable[datetime | None]]
"""Does one piece; None, or when to look at it again because it cannot be done before."""


@dataclass(slots=True)
class WorkerCounts:
    """What a worker has done since it started; read by the metrics page."""

    performed: int = 0
    failed: int = 0
    postponed: int = 0
    running: int = 0


class Worker:
    """Performs due pieces of one kind (for one provider, or for all if None)."""

    def __init__(
        self,
        kind: str,
        provider: str | None,
        perform: Perform,
        *,
        worklist: Worklist,
        clock: Clock,
        holder: str,
        wait_for_news: Callable[[float], Awaitable[object]],
        concurrency_max: int,
        lease_seconds: float,
    ) -> None:
        """Make a worker.

        Args:
            kind: `submit`, `inquire` or `translate`.
            provider: whose pieces.
            perform: does one piece, or says when to come back; whatever it raises is logged,
                counted and tried again after the lease has lapsed.
            worklist: where leases come from.
            clock: says what is due.
            holder: names this process in the leases.
            wait_for_news: returns when there may be work for it, or after the given seconds.
            concurrency_max: how many pieces are performed at once.
            lease_seconds: how long a piece is ours; longer than performing can take.
        """
        self.kind, self.provider = kind, provider
        self.counts = WorkerCounts()
        self._perform, self._worklist, self._clock = perform, worklist, clock
        self._holder, self._wait_for_news = holder, wait_for_news
        self._concurrency_max, self._lease_seconds = concurrency_max, lease_seconds
        self._running: set[asyncio.Task[None]] = set()
        self._has_room = asyncio.Event()

    async def run(self) -> None:
        """Work until cancelled; then let what is running be cancelled too.

        A cancelled piece is found again like after a crash: by its intent, or by its lease.
        """
        try:
            while True:
                took = await self._take()
                if took == 0:
                    await self._rest()
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    async def _take(self) -> int:
        room = self._concurrency_max - len(self._running)
        if room <= 0:
            self._has_room.clear()
            await self._has_room.wait()
            return 1
        try:
            leased = await self._worklist.lease(
                self.kind,
                self.provider,
                holder=self._holder,
                limit=room,
                now=self._clock(),
                seconds=self._lease_seconds,
            )
        except Exception:
            log.exception("worker.lease_failed", kind=self.kind, provider=self.provider)
            return 0
        for due in leased:
            task = asyncio.create_task(self._one(due), name=f"{self.kind}:{due.stream_id}")
            self._running.add(task)
            task.add_done_callback(self._done)
        self.counts.running = len(self._running)
        return len(leased)

    async def _one(self, due: Due) -> None:
        try:
            until = await self._perform(due)
            if until is not None:
                await self._worklist.hold(due, holder=self._holder, until=until)
        except Exception:
            self.counts.failed += 1
            log.exception("worker.piece_failed", kind=due.kind, stream=due.stream_id)
        else:
            self.counts.performed += until is None
            self.counts.postponed += until is not None

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self.counts.running = len(self._running)
        self._has_room.set()

    async def _rest(self) -> None:
        seconds = IDLE_SECONDS_MAX
        try:
            due_at = await self._worklist.next_due_at(self.kind, self.provider)
        except Exception:
            log.exception("worker.worklist_unreadable", kind=self.kind, provider=self.provider)
        else:
            if due_at is not None:
                ahead = (due_at - self._clock()).total_seconds()
                seconds = min(max(ahead, 0.02), IDLE_SECONDS_MAX)
        await self._wait_for_news(seconds)
