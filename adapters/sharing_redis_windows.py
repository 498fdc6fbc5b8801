"""Windows by Redis: all processes of a deployment count together (`adapters.windows`).

A window is a sorted set: one member for each place, its time the score, by Redis's own clock. One
script drops what has left the window, counts, and adds, in one step. A set goes by itself when its
last place has left the window, so what lies there is bounded by what was admitted lately.

While Redis is away each process counts for itself, and asks again after a while: requests are never
refused, and never wait, because a counter is missing.

Names are keyed hashes, so what lies there tells neither keys nor payers.
"""

import asyncio
import secrets
from typing import Final

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

from adapters.windows import Admission, Limit, OwnWindows
from ledger.store import Clock
from ledger.vault_strongbox import Strongbox

log = structlog.get_logger()

ANSWER_SECONDS_MAX: Final = 0.5
"""How long Redis may take: it is asked before requests are answered."""

CONNECTIONS_MAX: Final = 32
"""How many requests ask Redis at once; the others take turns."""

RETRY_SECONDS: Final = 5.0
"""How long a Redis that was away is not asked: nobody waits for it every time."""

_ADMIT: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local window, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
local function text(number) return string.format('%.0f', number) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', text(now - window))
local taken = redis.call('ZCARD', KEYS[1])
local is_admitted = 0
if taken < limit then
  redis.call('ZADD', KEYS[1], text(now), ARGV[3])
  redis.call('PEXPIRE', KEYS[1], text(window / 1000 + 1000))
  is_admitted = 1
  taken = taken + 1
end
local gates = redis.call('ZRANGE', KEYS[1], math.max(0, taken - limit), math.max(0, taken - limit),
  'WITHSCORES')
return {is_admitted, limit - taken, text(gates[2] + window - now)}
"""
"""KEYS: the window. ARGV: its length in microseconds, the limit, a name for the place."""


class RedisWindows:
    """Windows that every process with the same Redis keeps; see `adapters.windows.Windows`."""

    def __init__(self, client: Redis, strongbox: Strongbox, limit: Limit, clock: Clock) -> None:
        self._client, self._names, self._limit = client, strongbox, limit
        self._own = OwnWindows(limit, clock)
        self._window = str(limit.seconds * 1_000_000)
        self._script = client.register_script(_ADMIT)
        self._away_until = 0.0

    async def admit(self, name: str) -> Admission:
        """See `Windows`."""
        now = asyncio.get_running_loop().time()
        if now < self._away_until:
            return await self._own.admit(name)
        place = secrets.token_hex(8)
        try:
            found = await self._script(
                keys=[self._key(name)], args=[self._window, str(self._limit.count), place]
            )
        except (RedisError, OSError) as error:
            self._note_away(now, error)
            return await self._own.admit(name)
        is_admitted, left, microseconds = found
        return Admission(bool(is_admitted), max(0, int(left)), int(microseconds) / 1e6, place)

    async def give_back(self, name: str, place: str | float) -> None:
        """See `Windows`."""
        if isinstance(place, float):
            await self._own.give_back(name, place)
            return
        try:
            await self._client.zrem(self._key(name), place)
        except (RedisError, OSError) as error:
            self._note_away(asyncio.get_running_loop().time(), error)

    def _key(self, name: str) -> str:
        return f"cauri:window:{self._names.name_of('window', self._limit.name, name)}"

    def _note_away(self, now: float, error: Exception) -> None:
        # Its text may hold the address, and that the password.
        self._away_until = now + RETRY_SECONDS
        log.warning("sharing.away", error=type(error).__name__)


def windows_client(url: str) -> Redis:
    """A client for windows alone, so that a crowd of requests keeps no token waiting."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS_MAX,
        timeout=ANSWER_SECONDS_MAX,
        socket_timeout=ANSWER_SECONDS_MAX,
        socket_connect_timeout=ANSWER_SECONDS_MAX,
    )
    return Redis.from_pool(pool)
