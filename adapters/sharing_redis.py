"""Sharing by Redis: tokens with a lease, and limits that all processes keep together.

Nothing here must survive: tokens end, leases lapse, and limits are of the last second. Redis may be
emptied at any time. What is in it besides sealed tokens are names that tell nothing.

The limit is one number per name, the time at which the next call is due ("virtual scheduling", the
generic cell rate algorithm), by Redis's own clock, so that the clocks of the processes do not
matter. A script reads and moves it in one step and says how long to wait; whoever would wait too
long takes no place in the row. A process that is cancelled while it waits leaves its place empty.

A name is bound to the deployment by the strongbox, so two deployments may use one Redis.
"""

import asyncio
import math
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from adapters.limits import BURST_SECONDS, Limiter, OwnLimiter
from adapters.sharing import SharedTokens, SharingError
from adapters.sharing_redis_windows import RedisWindows, windows_client
from adapters.windows import Limit, Windows
from ledger.store import Clock
from ledger.vault_strongbox import Strongbox

log = structlog.get_logger()

ANSWER_SECONDS_MAX: Final = 1.0
"""How long Redis may take: it is asked before every call, and answers within a millisecond."""

RETRY_SECONDS: Final = 5.0
"""How long a Redis that was away is not asked about limits: nobody waits for it every time."""

_TAKE_TURN: Final = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local due = tonumber(redis.call('GET', KEYS[1]) or '0')
if due < now then due = now end
local wait = math.max(0, due - now - tonumber(ARGV[2]))
if wait > tonumber(ARGV[3]) then return '-1' end
due = due + tonumber(ARGV[1])
redis.call('SET', KEYS[1], string.format('%.6f', due), 'PX', math.ceil((due - now) * 1000) + 1000)
return string.format('%.6f', wait)
"""
"""KEYS: the limit. ARGV: seconds from call to call, how far a burst is ahead, the longest wait."""

_DELETE_IF: Final = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


@asynccontextmanager
async def _asking() -> AsyncIterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        # Its text may hold the address, and that the password.
        raise SharingError(type(error).__name__) from None


class RedisTokens:
    """The place of tokens; a `TokenPlace`."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._holder = secrets.token_hex(16)

    async def kept(self, name: str) -> str | None:
        """See `TokenPlace`."""
        async with _asking():
            found = await self._client.get(_token(name))
            return found if found is None or isinstance(found, str) else found.decode("ascii")

    async def keep(self, name: str, sealed: str, *, seconds: float) -> None:
        """See `TokenPlace`."""
        async with _asking():
            await self._client.set(_token(name), sealed, px=max(1, math.floor(seconds * 1000)))

    async def drop(self, name: str, sealed: str) -> None:
        """See `TokenPlace`."""
        await self._delete_if(_token(name), sealed)

    async def lease(self, name: str, *, seconds: float) -> bool:
        """See `TokenPlace`."""
        async with _asking():
            milliseconds = math.ceil(seconds * 1000)
            taken = await self._client.set(_lease(name), self._holder, px=milliseconds, nx=True)
            return bool(taken)

    async def release(self, name: str) -> None:
        """See `TokenPlace`."""
        await self._delete_if(_lease(name), self._holder)

    async def _delete_if(self, key: str, value: str) -> None:
        async with _asking():
            await self._client.eval(_DELETE_IF, 1, key, value)


def _token(name: str) -> str:
    return f"cauri:token:{name}"


def _lease(name: str) -> str:
    return f"cauri:token-lease:{name}"


class RedisLimiter:
    """A limit that every process with the same name keeps; alone while Redis is away."""

    def __init__(
        self,
        client: Redis,
        key: str,
        calls_per_second_max: float,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._client, self._key, self._sleep = client, key, sleep
        self._every_seconds = 1 / calls_per_second_max
        self._ahead_seconds = max(0.0, BURST_SECONDS - self._every_seconds)
        self._own = OwnLimiter(calls_per_second_max)
        self._away_until = 0.0

    async def acquire(self, seconds_max: float) -> None:
        """See `Limiter`."""
        wait = await self._wait_seconds(seconds_max)
        if wait is None:
            await self._own.acquire(seconds_max)
        elif wait < 0:
            raise TimeoutError
        elif wait > 0:
            await self._sleep(wait)

    async def _wait_seconds(self, seconds_max: float) -> float | None:
        """How long until one more call fits in; negative if too long; None if nobody knows."""
        now = asyncio.get_running_loop().time()
        if now < self._away_until:
            return None
        arguments = [str(self._every_seconds), str(self._ahead_seconds), str(seconds_max)]
        try:
            async with _asking():
                answer = await self._client.eval(_TAKE_TURN, 1, self._key, *arguments)
        except SharingError as error:
            self._away_until = now + RETRY_SECONDS
            log.warning("sharing.away", error=str(error))
            return None
        return float(answer)


class RedisSharing(SharedTokens):
    """Tokens and limits are shared by Redis; see `adapters.sharing.Sharing`."""

    def __init__(self, url: str, strongbox: Strongbox, *, clock: Callable[[], datetime]) -> None:
        self._client = Redis.from_url(
            url,
            socket_timeout=ANSWER_SECONDS_MAX,
            socket_connect_timeout=ANSWER_SECONDS_MAX,
        )
        self._windows_client = windows_client(url)
        self._names = strongbox
        super().__init__(RedisTokens(self._client), strongbox, clock=clock)

    def limiter(self, name: str, calls_per_second_max: float) -> Limiter:
        """See `Sharing`."""
        key = f"cauri:limit:{self._names.name_of('limit', name)}"
        return RedisLimiter(self._client, key, calls_per_second_max)

    def windows(self, limit: Limit, clock: Clock) -> Windows:
        """See `Sharing`."""
        return RedisWindows(self._windows_client, self._names, limit, clock)

    async def close(self) -> None:
        """See `Sharing`."""
        await self._client.aclose()
        await self._windows_client.aclose()
