"""Limits on calls per second: who waits how long until one more call fits in.

By itself a process keeps a provider's limit alone; `adapters.sharing_redis` has one that all
processes of a deployment keep together.
"""

from typing import Final, Protocol

from aiolimiter import AsyncLimiter

BURST_SECONDS: Final = 0.1
"""Calls per second are evened out to what fits into this time."""


class Limiter(Protocol):
    """Lets calls through at a rate."""

    async def acquire(self, seconds_max: float) -> None:
        """Wait until one more call fits in.

        Args:
            seconds_max: how long the caller will wait; who knows better may refuse at once.

        Raises:
            TimeoutError: none will fit in within that time.
        """


class OwnLimiter:
    """Evens calls of this process out: bursts of what fits into `BURST_SECONDS`, at least one."""

    def __init__(self, calls_per_second_max: float) -> None:
        burst = max(1.0, calls_per_second_max * BURST_SECONDS)
        self._limiter = AsyncLimiter(burst, burst / calls_per_second_max)

    async def acquire(self, seconds_max: float) -> None:
        """See `Limiter`."""
        await self._limiter.acquire()
