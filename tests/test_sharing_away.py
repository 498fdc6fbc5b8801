"""A Redis that dies, is silent or refuses: payments go on, and no limit is ever lifted or shut.

What must hold, whatever becomes of it: whoever calls a provider waits a second for Redis at most,
and once; a process fetches tokens for itself, and keeps the limits for itself; nothing that is
logged or raised tells an address or a password; and when Redis is back, it is used again.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from adapters.sharing import SharingError
from adapters.sharing_redis import (
    ANSWER_SECONDS_MAX,
    ASKING_MAX,
    RETRY_SECONDS,
    ROW_SECONDS_MAX,
    RedisLimiter,
    RedisLine,
    RedisSharing,
)
from api.settings import Settings, SettingsError
from api.wiring import services
from tests.conftest import FakeClock
from tests.redis_server import RedisServer, SilentRedis
from tests.stage import sandboxes, serving
from tests.test_sharing import KEYS, a_cache, a_strongbox
from tests.test_transport import Fetcher

PASSWORD = "synthetic-password"
KEY = "cauri:limit:x"
WHILE_DOWN = 12
PATIENCE = 200
"""How many payments are made at most until a Redis that came back is used again."""


class Moments:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Read them."""
        return self.now


async def when_limited(limiter: RedisLimiter, count: int, seconds_max: float = 5) -> list[float]:
    """Take so many turns at once; when each of them came, in seconds."""

    async def one() -> float:
        await limiter.acquire(seconds_max)
        return time.monotonic()

    began = time.monotonic()
    return sorted([at - began for at in await asyncio.gather(*(one() for _ in range(count)))])


@asynccontextmanager
async def dead(_: RedisServer) -> AsyncIterator[str]:
    """Nobody listens there."""
    yield f"redis://:{PASSWORD}@127.0.0.1:9/0"


@asynccontextmanager
async def silent(_: RedisServer) -> AsyncIterator[str]:
    """It accepts and never answers."""
    async with SilentRedis() as one:
        yield one.url.replace("//", f"//:{PASSWORD}@")


@asynccontextmanager
async def full(server: RedisServer) -> AsyncIterator[str]:
    """It takes nothing more into its memory."""
    await told(server, "maxmemory-policy", "noeviction")
    await told(server, "maxmemory", "1")
    yield server.url


@asynccontextmanager
async def closed(server: RedisServer) -> AsyncIterator[str]:
    """It wants another password than we have."""
    await told(server, "requirepass", "another")
    yield server.url.replace("//", f"//:{PASSWORD}@")


async def told(server: RedisServer, name: str, value: str) -> None:
    """Change a setting of a Redis."""
    async with Redis.from_url(server.url) as client:
        await client.config_set(name, value)


TROUBLES = (dead, silent, full, closed)


@pytest.fixture(params=TROUBLES, ids=lambda trouble: trouble.__name__)
async def troubled(request: pytest.FixtureRequest, own_redis: RedisServer) -> AsyncIterator[str]:
    """The URL of a Redis that is of no use, in each way in which it can be."""
    async with request.param(own_redis) as url:
        yield url


async def test_a_redis_that_is_of_no_use_stops_nobody_lifts_no_limit_and_gives_nothing_away(
    troubled: str, clock: FakeClock
) -> None:
    sharing = RedisSharing(RedisLine.to(troubled), a_strongbox(), clock=clock)
    with capture_logs() as logs:
        fetch = Fetcher()
        began = time.monotonic()
        assert await a_cache(sharing, fetch, clock).get() == "t1"
        limiter = sharing.limiter("mtn calls", 20)
        assert isinstance(limiter, RedisLimiter)
        moments = await when_limited(limiter, 10)
        # At the silent one a second is lost, and once: not at each of five questions for a token.
        assert time.monotonic() - began < 3 * ANSWER_SECONDS_MAX
        # Two come at once, as anywhere; the others at twenty in a second.
        assert moments[-1] > (len(moments) - 2) / 20 - 0.05
        with pytest.raises(SharingError) as told_of:
            await sharing._line.ask(lambda redis: redis.get(KEY))
        await sharing.close()
    assert [one["event"] for one in logs] == ["sharing.away"]
    assert told_of.value.__cause__ is None
    assert told_of.value.__suppress_context__ or told_of.value.__context__ is None
    for text in (str(logs), str(told_of.value)):
        assert PASSWORD not in text
        assert "127.0.0.1" not in text


async def test_who_has_less_time_than_a_silent_redis_takes_goes_on_without_it() -> None:
    async with SilentRedis() as silent_one:
        line = RedisLine.to(silent_one.url)
        limiter = RedisLimiter(line, KEY, 1000)
        for _ in range(3):
            async with asyncio.timeout(ANSWER_SECONDS_MAX / 2):
                await limiter.acquire(ANSWER_SECONDS_MAX / 2)
        await line.close()


async def test_a_caller_who_gives_up_on_a_silent_redis_saves_the_next_one_the_wait() -> None:
    async with SilentRedis() as silent_one:
        line = RedisLine.to(silent_one.url)
        limiter = RedisLimiter(line, KEY, 1000)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await limiter.acquire(10)
        before = len(silent_one.heard)
        assert before > 0
        async with asyncio.timeout(0.2):
            await limiter.acquire(10)
        assert len(silent_one.heard) == before
        await line.close()


async def test_while_it_is_away_one_caller_asks_whether_it_is_back_and_the_others_go_on() -> None:
    seconds = Moments()
    async with SilentRedis() as silent_one:
        line = RedisLine.to(silent_one.url, now_seconds=seconds)
        limiter = RedisLimiter(line, KEY, 1000)
        await limiter.acquire(10)
        seconds.now += RETRY_SECONDS
        del silent_one.heard[:]
        silent_one.has_heard.clear()
        asking = asyncio.create_task(limiter.acquire(10))
        await silent_one.has_heard.wait()
        async with asyncio.timeout(ANSWER_SECONDS_MAX / 2):
            await when_limited(limiter, 20)
        assert (len(silent_one.heard), asking.done()) == (1, False)
        await asking
        await line.close()


async def test_a_redis_that_was_killed_is_used_again_when_it_is_back(
    own_redis: RedisServer, clock: FakeClock
) -> None:
    seconds = Moments()
    line = RedisLine.to(own_redis.url, now_seconds=seconds)
    sharing = RedisSharing(line, a_strongbox(), clock=clock)
    limiter = sharing.limiter("mtn calls", 1000)
    assert isinstance(limiter, RedisLimiter)
    with capture_logs() as logs:
        # Connections in plenty, of which every one is dead afterwards.
        await when_limited(limiter, 50)
        own_redis.kill()
        await when_limited(limiter, 50)
        own_redis.start()
        await when_limited(limiter, 5)
        assert await keys_in(own_redis) == set()
        seconds.now += RETRY_SECONDS
        await limiter.acquire(5)
        await when_limited(limiter, 50)
        assert await a_cache(sharing, Fetcher(), clock).get() == "t1"
    assert await keys_in(own_redis) == {"cauri:limit", "cauri:token"}
    assert [one["event"] for one in logs] == ["sharing.away", "sharing.back"]
    await sharing.close()


async def keys_in(server: RedisServer) -> set[str]:
    """What lies in a Redis, without the names that tell nothing."""
    async with Redis.from_url(server.url) as client:
        found = await client.keys("*")
    return {key.decode().rpartition(":")[0] for key in found if isinstance(key, bytes)}


async def test_connections_from_before_a_silence_are_not_trusted_after_it(
    own_redis: RedisServer,
) -> None:
    seconds = Moments()
    line = RedisLine.to(own_redis.url, now_seconds=seconds)
    limiter = RedisLimiter(line, KEY, 1000)
    await when_limited(limiter, 20)
    own_redis.fall_asleep()
    await limiter.acquire(5)
    own_redis.wake_up()
    seconds.now += RETRY_SECONDS
    await limiter.acquire(5)
    async with Redis.from_url(own_redis.url) as client:
        assert len(await client.client_list()) == len(("ours", "the test's"))
    await line.close()


async def test_more_callers_at_once_than_there_are_connections_are_no_trouble(
    redis_database: str,
) -> None:
    line = RedisLine.to(redis_database)
    limiter = RedisLimiter(line, KEY, 100_000)
    with capture_logs() as logs:
        await when_limited(limiter, 20 * ASKING_MAX)
    assert logs == []
    async with Redis.from_url(redis_database) as client:
        assert len(await client.client_list()) <= ASKING_MAX + 2
    await line.close()


async def test_a_redis_whose_clock_was_set_back_does_not_stop_everybody_for_as_long(
    redis_database: str,
) -> None:
    async with Redis.from_url(redis_database) as client:
        now, _ = await client.time()
        await client.set(KEY, f"{now + 2 * ROW_SECONDS_MAX:.6f}")
        line = RedisLine.to(redis_database)
        await RedisLimiter(line, KEY, 10).acquire(0.5)
        assert float(await client.get(KEY) or 0) == pytest.approx(now, abs=5)
    await line.close()


@pytest.mark.parametrize(
    "url", [f"redis://:{PASSWORD}/x@host/0", f"redis://:{PASSWORD}@host:6a/0", "redis://h?odd=1"]
)
async def test_an_address_that_is_none_stops_the_start_and_is_not_repeated(
    tmp_path: Path, url: str
) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'cauri.db'}", redis_url=url)
    with pytest.raises(SettingsError) as stopped:
        async with services(settings):
            raise AssertionError("it must not start")
    assert "CAURI_REDIS_URL" in str(stopped.value)
    assert PASSWORD not in str(stopped.value)


async def test_payments_go_on_while_redis_is_killed_and_use_it_again_when_it_is_back(
    own_redis: RedisServer, tmp_path: Path
) -> None:
    key_file = tmp_path / "master.key"
    KEYS.write(key_file)
    async with (
        sandboxes(tmp_path) as providers,
        serving(
            tmp_path,
            providers,
            enabled=("mtn",),
            master_key_file=key_file,
            redis_url=own_redis.url,
        ) as stage,
    ):

        async def make(numbers: range) -> list[str]:
            return await asyncio.gather(*(stage.request(number) for number in numbers))

        made = await make(range(WHILE_DOWN))

        async def has_begun() -> bool:
            return "submission_started" in await stage.types(made[0])

        # Some are on their way, others wait for their turn.
        await stage.until(has_begun)
        own_redis.kill()
        made += await make(range(WHILE_DOWN, 2 * WHILE_DOWN))
        await stage.until_final(made)
        own_redis.start()
        number = 2 * WHILE_DOWN
        while not await keys_in(own_redis):
            assert number < PATIENCE
            made += await make(range(number, number + 1))
            number += 1
            await stage.until_final(made[-1:])
        assert await stage.told(made) == dict.fromkeys(made, ("succeeded", ["succeeded"]))
