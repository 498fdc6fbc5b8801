"""Sharing by Redis: tokens with a lease, and limits that all processes keep together.

Nothing here must survive: tokens end, leases lapse, and limits are of the last second. Redis may be
emptied at any time. What is in it besides sealed tokens are names that tell nothing.

The limit is one number per name, the time at which the next call is due ("virtual scheduling", the
generic cell rate algorithm), by Redis's own clock, so that the clocks of the processes do not
matter. A script reads and moves it in one step and says how long to wait; whoever would wait too
long takes no place in the row. A process that is cancelled while it waits leaves its place empty.

A name is bound to the deployment by the strongbox, so two deployments may use one Redis.

A Redis that dies, is silent or refuses costs one caller a second, and then nobody anything: it is
not asked again for `RETRY_SECONDS`, and then by one caller alone. Until it answers, each process
fetches its tokens and keeps the limits by itself; how many may call at once is not Redis' to say.
"""

import asyncio
import math
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from typing import Final, TypeVar

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from adapters.limits import BURST_SECONDS, Limiter, OwnLimiter
from adapters.sharing import SharedTokens, SharingError
from ledger.vault_strongbox import Strongbox

log = structlog.get_logger()

ANSWER_SECONDS_MAX: Final = 1.0
"""How long Redis may take: it is asked before every call, and answers within a millisecond."""

PATIENCE_SECONDS_MAX: Final = 5.0
"""How long an asker waits who does not say how long."""

LATE_SECONDS: Final = 0.1
"""After which a caller who gives up has learned something about Redis."""

RETRY_SECONDS: Final = 5.0
"""How long a Redis that was away is not asked again: nobody waits for it every time."""

ASKING_MAX: Final = 32
"""How many ask at once, each on a connection of its own; one more waits."""

TRIES_MAX: Final = 2
"""How often one question is put: a connection may have died while nobody looked."""

ROW_SECONDS_MAX: Final = 3600.0
"""No row is that long: Redis' clock was set back, and the row begins anew."""

T = TypeVar("T")

_TAKE_TURN: Final = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local due = tonumber(redis.call('GET', KEYS[1]) or '0')
if due < now or due > now + tonumber(ARGV[4]) then due = now end
local wait = math.max(0, due - now - tonumber(ARGV[2]))
if wait > tonumber(ARGV[3]) then return '-1' end
due = due + tonumber(ARGV[1])
redis.call('SET', KEYS[1], string.format('%.6f', due), 'PX', math.ceil((due - now) * 1000) + 1000)
return string.format('%.6f', wait)
"""
"""KEYS: the limit. ARGV: seconds from call to call, how far a burst is ahead, the longest wait, and
the longest that any row can be."""

_DELETE_IF: Final = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


class RedisLine:
    """Redis as one process asks it: within a time, and not at all while it is away."""

    def __init__(self, client: Redis, *, now_seconds: Callable[[], float] | None = None) -> None:
        """Make a line; nothing is connected before something is asked.

        Args:
            client: what it asks by; closed with the line.
            now_seconds: monotonic seconds; by default the running loop's.
        """
        self._client = client
        self._now_seconds = now_seconds or (lambda: asyncio.get_running_loop().time())
        self._places = asyncio.Semaphore(ASKING_MAX)
        self._is_away = False
        self._away_until = 0.0

    @classmethod
    def to(cls, url: str, *, now_seconds: Callable[[], float] | None = None) -> "RedisLine":
        """Make a line to an address.

        Raises:
            ValueError: it is none; the text says nothing of it, for it may hold a password.
        """
        try:
            client = Redis.from_url(
                url,
                socket_timeout=ANSWER_SECONDS_MAX,
                socket_connect_timeout=ANSWER_SECONDS_MAX,
                # Whoever waits between two tries keeps a payment waiting, who could do without.
                retry=Retry(NoBackoff(), TRIES_MAX - 1),
            )
            # It connects nothing, and finds out what is odd in the address before a payment does.
            client.connection_pool.make_connection()  # type: ignore[no-untyped-call]
        except (ValueError, TypeError, RedisError):
            raise ValueError("no address of a Redis") from None
        return cls(client, now_seconds=now_seconds)

    async def ask(
        self,
        question: Callable[[Redis], Awaitable[T]],
        *,
        seconds_max: float = PATIENCE_SECONDS_MAX,
    ) -> T:
        """Ask something, unless Redis is away.

        Args:
            question: asks the client.
            seconds_max: how long the asker can wait, for its turn to ask and for the answer.

        Raises:
            SharingError: there is no answer; the log has been told when Redis went away.
        """
        is_probe = self._is_away
        if self._now_seconds() < self._away_until:
            raise SharingError("it is away")
        if is_probe:
            # One asks whether it is back; until it is, the others do as they did.
            self._away_until = self._now_seconds() + RETRY_SECONDS
            await self._hang_up()
        deadline = asyncio.get_running_loop().time() + seconds_max
        try:
            async with asyncio.timeout_at(deadline):
                await self._places.acquire()
        except TimeoutError:
            # That says nothing of Redis.
            raise SharingError("too many ask at once") from None
        try:
            if self._is_away and not is_probe:
                raise SharingError("it has gone away meanwhile")
            return await self._answer(question, deadline)
        finally:
            self._places.release()

    async def _answer(self, question: Callable[[Redis], Awaitable[T]], deadline: float) -> T:
        started = self._now_seconds()
        latest = asyncio.get_running_loop().time() + ANSWER_SECONDS_MAX
        try:
            async with asyncio.timeout_at(min(deadline, latest)):
                answer = await question(self._client)
        except (RedisError, OSError) as error:
            # Its text may hold the address, and that the password.
            self._leave(type(error).__name__)
            raise SharingError(type(error).__name__) from None
        except asyncio.CancelledError:
            if self._now_seconds() - started >= LATE_SECONDS:
                self._leave("Late")
            raise
        if self._is_away:
            self._is_away, self._away_until = False, 0.0
            log.info("sharing.back")
        return answer

    async def close(self) -> None:
        """Let go of connections."""
        with suppress(RedisError, OSError):
            async with asyncio.timeout(ANSWER_SECONDS_MAX):
                await self._client.aclose()

    def _leave(self, reason: str) -> None:
        """Ask no more for a while; many may have waited for the same answer."""
        self._away_until = self._now_seconds() + RETRY_SECONDS
        if not self._is_away:
            self._is_away = True
            log.warning("sharing.away", error=reason)

    async def _hang_up(self) -> None:
        """Forget connections that nobody uses: a dead machine does not say that it has died."""
        with suppress(RedisError, OSError):
            async with asyncio.timeout(ANSWER_SECONDS_MAX):
                await self._client.connection_pool.disconnect(inuse_connections=False)


class RedisTokens:
    """The place of tokens; a `TokenPlace`."""

    def __init__(self, line: RedisLine) -> None:
        self._line = line
        self._holder = secrets.token_hex(16)

    async def kept(self, name: str) -> str | None:
        """See `TokenPlace`."""
        found = await self._line.ask(lambda redis: redis.get(_token(name)))
        # What is no text of ours is found out when it is opened.
        return found.decode("ascii", "replace") if isinstance(found, bytes) else found

    async def keep(self, name: str, sealed: str, *, seconds: float) -> None:
        """See `TokenPlace`."""
        milliseconds = max(1, math.floor(seconds * 1000))
        await self._line.ask(lambda redis: redis.set(_token(name), sealed, px=milliseconds))

    async def drop(self, name: str, sealed: str) -> None:
        """See `TokenPlace`."""
        await self._delete_if(_token(name), sealed)

    async def lease(self, name: str, *, seconds: float) -> bool:
        """See `TokenPlace`."""
        milliseconds = math.ceil(seconds * 1000)
        taken = await self._line.ask(
            lambda redis: redis.set(_lease(name), self._holder, px=milliseconds, nx=True)
        )
        return bool(taken)

    async def release(self, name: str) -> None:
        """See `TokenPlace`."""
        await self._delete_if(_lease(name), self._holder)

    async def _delete_if(self, key: str, value: str) -> None:
        await self._line.ask(lambda redis: redis.eval(_DELETE_IF, 1, key, value))


def _token(name: str) -> str:
    return f"cauri:token:{name}"


def _lease(name: str) -> str:
    return f"cauri:token-lease:{name}"


class RedisLimiter:
    """A limit that every process with the same name keeps; alone while Redis is away."""

    def __init__(
        self,
        line: RedisLine,
        key: str,
        calls_per_second_max: float,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._line, self._key, self._sleep = line, key, sleep
        self._every_seconds = 1 / calls_per_second_max
        self._ahead_seconds = max(0.0, BURST_SECONDS - self._every_seconds)
        self._own = OwnLimiter(calls_per_second_max)

    async def acquire(self, seconds_max: float) -> None:
        """See `Limiter`."""
        numbers = (self._every_seconds, self._ahead_seconds, seconds_max, ROW_SECONDS_MAX)
        arguments = [str(number) for number in numbers]
        try:
            # Half of the caller's time, so that there is some left to do without.
            answer = await self._line.ask(
                lambda redis: redis.eval(_TAKE_TURN, 1, self._key, *arguments),
                seconds_max=seconds_max / 2,
            )
        except SharingError:
            await self._own.acquire(seconds_max)
            return
        wait = float(answer)
        if wait < 0:
            raise TimeoutError
        if wait > 0:
            await self._sleep(wait)


class RedisSharing(SharedTokens):
    """Tokens and limits are shared by Redis; see `adapters.sharing.Sharing`."""

    def __init__(
        self, line: RedisLine, strongbox: Strongbox, *, clock: Callable[[], datetime]
    ) -> None:
        self._line, self._names = line, strongbox
        super().__init__(RedisTokens(line), strongbox, clock=clock)

    def limiter(self, name: str, calls_per_second_max: float) -> Limiter:
        """See `Sharing`."""
        key = f"cauri:limit:{self._names.name_of('limit', name)}"
        return RedisLimiter(self._line, key, calls_per_second_max)

    async def close(self) -> None:
        """See `Sharing`."""
        await self._line.close()
