"""Windows by Redis: all processes of a deployment count together (`adapters.windows`).

A window is a sorted set: one member for each place, its time the score, by Redis's own clock. One
script drops what has left the window, counts, and adds, in one step. A set goes by itself when its
last place has left the window, so what lies there is bounded by what was admitted lately.

While Redis is away (`adapters.sharing_redis.RedisLine`) each process counts for itself: no request
is refused, or waits longer than `ANSWER_SECONDS_MAX`, because a counter is missing. The line is not
that of tokens and of calls to providers, so a crowd of requests keeps no payment waiting.

Names are keyed hashes, so what lies there tells neither keys nor payers.
"""

import secrets
from contextlib import suppress
from typing import Any, Final

from redis.asyncio import Redis

from adapters.sharing import SharingError
from adapters.sharing_redis import RedisLine
from adapters.windows import Admission, Limit, OwnWindows
from ledger.store import Clock
from ledger.vault_strongbox import Strongbox

ANSWER_SECONDS_MAX: Final = 0.5
"""How long a request waits for its turn to ask Redis and for the answer."""

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

    def __init__(self, line: RedisLine, strongbox: Strongbox, limit: Limit, clock: Clock) -> None:
        self._line, self._names, self._limit = line, strongbox, limit
        self._own = OwnWindows(limit, clock)
        self._window, self._count = str(limit.seconds * 1_000_000), str(limit.count)

    async def admit(self, name: str) -> Admission:
        """See `Windows`."""
        key, place = self._key(name), secrets.token_hex(8)

        async def question(client: Redis) -> Any:
            return await client.eval(_ADMIT, 1, key, self._window, self._count, place)

        try:
            found = await self._line.ask(question, seconds_max=ANSWER_SECONDS_MAX)
        except SharingError:
            return await self._own.admit(name)
        is_admitted, left, microseconds = found
        return Admission(bool(is_admitted), max(0, int(left)), int(microseconds) / 1e6, place)

    async def give_back(self, name: str, place: str | float) -> None:
        """See `Windows`."""
        if isinstance(place, float):
            await self._own.give_back(name, place)
            return
        key = self._key(name)

        async def question(client: Redis) -> Any:
            return await client.zrem(key, place)

        with suppress(SharingError):
            # A place too many that was counted costs somebody a minute.
            await self._line.ask(question, seconds_max=ANSWER_SECONDS_MAX)

    def _key(self, name: str) -> str:
        return f"cauri:window:{self._names.name_of('window', self._limit.name, name)}"
