"""Time for the sandboxes: what happens later is asked of a `Timer`, never of the event loop.

Two implementations: `LoopTimer` is real time, `ManualTimer` stands still until `advance` is called
and is a clock too, so a test moves the whole sandbox by one call and never sleeps. Nothing here
reads the wall clock; a sandbox takes that as a parameter of its own.
"""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Cancellable(Protocol):
    """An action that was asked for and may be called off."""

    def cancel(self) -> None:
        """Call it off; nothing happens if it has run or was called off before."""


class Timer(Protocol):
    """Monotonic seconds, and actions that run later.

    Law: actions run in the order of their due times; two with the same due time run in the order
    they were asked for; an action runs at most once, never before its delay has passed, and
    never inside the `call_later` that asked for it.
    """

    def now_seconds(self) -> float:
        """Seconds since some fixed moment; never goes back."""

    def call_later(self, delay_seconds: float, action: Callable[[], object]) -> Cancellable:
        """Run `action` once, after `delay_seconds`."""


class LoopTimer:
    """Real time: the running event loop's own timers."""

    def now_seconds(self) -> float:
        """Return the monotonic clock, the one asyncio uses on every system we run on."""
        return time.monotonic()

    def call_later(self, delay_seconds: float, action: Callable[[], object]) -> Cancellable:
        """Run `action` on the running loop; raises RuntimeError if no loop runs."""
        return asyncio.get_running_loop().call_later(delay_seconds, action)


class _Due:
    __slots__ = ("action",)

    def __init__(self, action: Callable[[], object]) -> None:
        self.action: Callable[[], object] | None = action

    def cancel(self) -> None:
        self.action = None


class ManualTimer:
    """A clock that moves only when told; passes as a `Timer` and, by `clock`, as a wall clock."""

    def __init__(self, start: datetime = datetime(2030, 1, 1, tzinfo=UTC)) -> None:
        self._start = start
        self._elapsed_seconds = 0.0
        self._order = itertools.count()
        self._due: list[tuple[float, int, _Due]] = []
        self._asked = asyncio.Event()

    def now_seconds(self) -> float:
        """Return the seconds that `advance` has let pass so far."""
        return self._elapsed_seconds

    def clock(self) -> datetime:
        """Return the wall clock: the start and what has passed since (aware UTC)."""
        return self._start + timedelta(seconds=self._elapsed_seconds)

    def call_later(self, delay_seconds: float, action: Callable[[], object]) -> Cancellable:
        """Keep `action` until `advance` reaches its time."""
        due = _Due(action)
        heapq.heappush(self._due, (self._elapsed_seconds + delay_seconds, next(self._order), due))
        self._asked.set()
        return due

    async def until_waiting(self, count: int) -> None:
        """Return once at least `count` actions wait for their time."""
        while sum(due.action is not None for _, _, due in self._due) < count:
            self._asked.clear()
            await self._asked.wait()

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass; run what falls due, in order, each at its own moment."""
        until = self._elapsed_seconds + seconds
        while self._due and self._due[0][0] <= until:
            self._elapsed_seconds, _, due = heapq.heappop(self._due)
            if due.action is not None:
                due.action()
        self._elapsed_seconds = until


async def wait(timer: Timer, seconds: float) -> None:
    """Return after `seconds` of `timer`'s time; calls the timer off when cancelled."""
    done = asyncio.get_running_loop().create_future()

    def wake() -> None:
        if not done.done():
            done.set_result(None)

    due = timer.call_later(seconds, wake)
    try:
        await done
    finally:
        due.cancel()
