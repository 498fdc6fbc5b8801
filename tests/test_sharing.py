"""Sharing: one process fetches a token for all, and all keep one limit; and what if it is away.

The places are real: a PostgreSQL and a Redis. A process here is a cache of its own, with its own
connection to the place.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from sqlalchemy import make_url, select

from adapters.answer import NotSentError
from adapters.sharing import LEASE_SECONDS, SharedTokens, Sharing
from adapters.sharing_redis import RedisLimiter, RedisLine, RedisSharing
from adapters.tokens import Token, TokenCache
from ledger.errors import SealBrokenError
from ledger.sql import Database
from ledger.sql_shelf import SqlTokens, shared_tokens
from ledger.vault import MasterKeys
from ledger.vault_strongbox import Strongbox
from tests.conftest import FakeClock
from tests.stage import sandboxes, serving
from tests.test_transport import Fetcher

KEYS = MasterKeys.generate()
NOBODY_LISTENS = "redis://127.0.0.1:9"
CREDENTIALS = ("https://provider.example", "Basic c3ludGhldGlj")


def a_strongbox(keys: MasterKeys = KEYS) -> Strongbox:
    """What seals tokens."""
    return Strongbox(keys, random_bytes=os.urandom)


def a_cache(process: Sharing, fetch: Fetcher, clock: FakeClock, name: str = "mtn") -> TokenCache:
    """The cache of one process."""
    return TokenCache(
        fetch,
        shelf=process.shelf(name, *CREDENTIALS),
        now_seconds=lambda: clock().timestamp(),
    )


def a_sharing(url: str, clock: FakeClock) -> RedisSharing:
    """What one process shares with others by a Redis."""
    return RedisSharing(RedisLine.to(url), a_strongbox(), clock=clock)


class SharedPlace:
    """What holds wherever tokens are shared; a subclass gives `processes`, three with one place."""

    async def everything_in(self, process: Sharing) -> str:
        """Whatever lies there, as text."""
        raise NotImplementedError

    async def lapse(self, process: Sharing) -> None:
        """Let every lease lapse that has not done so by our clock."""

    async def test_one_process_fetches_for_all(
        self, processes: list[Sharing], clock: FakeClock
    ) -> None:
        fetch = Fetcher()
        caches = [a_cache(one, fetch, clock) for one in processes]
        got = await asyncio.gather(*(cache.get() for cache in caches * 3))
        assert (set(got), fetch.count) == ({"t1"}, 1)

    async def test_a_process_that_starts_later_finds_the_token(
        self, processes: list[Sharing], clock: FakeClock
    ) -> None:
        fetch = Fetcher()
        first, second, _ = (a_cache(one, fetch, clock) for one in processes)
        await first.get()
        clock.advance(2900)
        assert (await second.get(), fetch.count) == ("t1", 1)
        # Ten minutes before its end it is renewed, by one of them.
        clock.advance(200)
        assert [await second.get(), await first.get(), fetch.count] == ["t2", "t2", 2]

    async def test_a_refused_token_is_discarded_everywhere(
        self, processes: list[Sharing], clock: FakeClock
    ) -> None:
        fetch = Fetcher()
        caches = [a_cache(one, fetch, clock) for one in processes]
        for cache in caches:
            await cache.get()
        for cache in caches:
            cache.discard("t1")
        got = await asyncio.gather(*(cache.get() for cache in caches))
        assert (set(got), fetch.count) == ({"t2"}, 2)
        # Who hears of it late does not throw away what has been renewed.
        caches[0].discard("t1")
        late = a_cache(processes[0], fetch, clock)
        assert (await late.get(), fetch.count) == ("t2", 2)

    async def test_where_a_fetch_fails_the_next_process_may_try(
        self, processes: list[Sharing], clock: FakeClock
    ) -> None:
        fetch = Fetcher()
        first, second, _ = (a_cache(one, fetch, clock) for one in processes)
        fetch.is_failing = True
        with pytest.raises(NotSentError):
            await first.get()
        fetch.is_failing = False
        assert await second.get() == "t2"

    async def test_a_process_that_dies_while_it_fetches_is_waited_for_no_longer_than_its_lease(
        self, processes: list[Sharing], clock: FakeClock
    ) -> None:
        dead = processes[0].shelf("mtn", *CREDENTIALS)
        assert dead is not None
        assert await dead.lease()
        fetch = Fetcher()
        looked = 0

        async def look_again(_seconds: float) -> None:
            nonlocal looked
            looked += 1
            clock.advance(LEASE_SECONDS / 2)
            if looked == 2:
                await self.lapse(processes[1])

        cache = TokenCache(fetch, shelf=processes[1].shelf("mtn", *CREDENTIALS), sleep=look_again)
        assert (await cache.get(), looked) == ("t1", 2)

    async def test_other_credentials_and_other_names_meet_no_token_that_is_not_theirs(
        self, processes: list[Sharing], clock: FakeClock
    ) -> None:
        fetch = Fetcher()
        await a_cache(processes[0], fetch, clock).get()
        other = a_cache(processes[1], fetch, clock, name="orange")
        assert await other.get() == "t2"
        assert processes[0].shelf("mtn", "a", "bc") != processes[0].shelf("mtn", "ab", "c")

    async def test_no_token_lies_there_in_clear(
        self, processes: list[Sharing], clock: FakeClock
    ) -> None:
        class Secret(Fetcher):
            async def __call__(self) -> Token:
                return Token("synthetic-token-in-clear", 3600)

        await a_cache(processes[0], Secret(), clock).get()
        kept = await self.everything_in(processes[0])
        assert len(kept) > 100
        assert not [one for one in ("synthetic", *CREDENTIALS, "mtn") if one in kept]

    async def test_a_place_that_holds_nonsense_is_as_good_as_none(
        self, processes: list[Sharing], clock: FakeClock
    ) -> None:
        shelf = processes[0].shelf("mtn", *CREDENTIALS)
        assert shelf is not None
        other = a_strongbox(MasterKeys.generate()).seal(b"{}", context=shelf.name)
        of_other_code = a_strongbox().seal(b"{}", context=shelf.name)
        for nonsense in ("", "x", "no-key.AAAA", "\xe9", other, of_other_code):
            await shelf.place.keep(shelf.name, nonsense, seconds=60)
            fetch = Fetcher()
            cache = a_cache(processes[1], fetch, clock)
            assert (await cache.get(), fetch.count) == ("t1", 1)


class TestPostgres(SharedPlace):
    @pytest.fixture
    async def processes(
        self, postgres_database: str, clock: FakeClock
    ) -> AsyncIterator[list[Sharing]]:
        async with AsyncExitStack() as stack:
            made: list[Sharing] = []
            for number in range(3):
                database = await Database.open(postgres_database, create=not number)
                stack.push_async_callback(database.close)
                place = SqlTokens(database, clock=clock)
                await place.prepare()
                made.append(SharedTokens(place, a_strongbox(), clock=clock))
            yield made

    async def everything_in(self, process: Sharing) -> str:
        shelf = process.shelf("any")
        assert shelf is not None
        assert isinstance(shelf.place, SqlTokens)
        async with shelf.place._database.read() as connection:
            return str((await connection.execute(select(shared_tokens))).all())


class TestRedis(SharedPlace):
    @pytest.fixture
    async def processes(
        self, redis_database: str, clock: FakeClock
    ) -> AsyncIterator[list[Sharing]]:
        made = [a_sharing(redis_database, clock) for _ in range(3)]
        yield [*made]
        for one in made:
            await one.close()

    async def everything_in(self, process: Sharing) -> str:
        assert isinstance(process, RedisSharing)
        client = process._line._client
        return str([(key, await client.get(key)) for key in await client.keys("*")])

    async def lapse(self, process: Sharing) -> None:
        # Redis has a clock of its own.
        assert isinstance(process, RedisSharing)
        for key in await process._line._client.keys("cauri:token-lease:*"):
            await process._line._client.delete(key)


async def test_a_process_that_cannot_reach_the_place_fetches_for_itself(clock: FakeClock) -> None:
    sharing = a_sharing(NOBODY_LISTENS, clock)
    fetch = Fetcher()
    assert await a_cache(sharing, fetch, clock).get() == "t1"
    limiter = sharing.limiter("mtn", 100)
    for _ in range(3):
        await limiter.acquire(1)
    await sharing.close()


def test_a_strongbox_opens_for_the_same_use_alone_and_after_a_rotation() -> None:
    sealed = a_strongbox().seal(b"secret", context="here")
    assert a_strongbox(KEYS.rotated()).open(sealed, context="here") == b"secret"
    with pytest.raises(SealBrokenError):
        a_strongbox().open(sealed, context="there")
    with pytest.raises(SealBrokenError):
        a_strongbox().open(sealed[:-8] + "AAAAAAA=", context="here")


class Waits:
    """Remembers how long somebody was told to wait, and lets nobody wait."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


async def test_all_processes_keep_one_limit_together(redis_database: str) -> None:
    waits = Waits()
    lines = [RedisLine.to(redis_database) for _ in range(4)]
    limiters = [RedisLimiter(line, "cauri:limit:x", 10, sleep=waits) for line in lines]
    await asyncio.gather(*(limiters[number % 4].acquire(60) for number in range(40)))
    for line in lines:
        await line.close()
    # Forty calls at ten in a second: the first at once, the last after nearly four seconds.
    assert len(waits.seconds) == 39
    assert max(waits.seconds) == pytest.approx(3.9, abs=0.5)
    apart = sorted(waits.seconds)
    assert all(later - before < 0.2 for before, later in pairwise(apart))


async def test_who_would_wait_too_long_is_refused_and_takes_no_place(redis_database: str) -> None:
    waits, line = Waits(), RedisLine.to(redis_database)
    limiter = RedisLimiter(line, "cauri:limit:x", 1, sleep=waits)
    await limiter.acquire(0.5)
    for _ in range(5):
        with pytest.raises(TimeoutError):
            await limiter.acquire(0.5)
    await limiter.acquire(5)
    await line.close()
    assert waits.seconds == [pytest.approx(1, abs=0.5)]


async def test_a_fast_provider_gets_bursts_of_a_tenth_of_a_second(redis_database: str) -> None:
    waits, line = Waits(), RedisLine.to(redis_database)
    limiter = RedisLimiter(line, "cauri:limit:x", 0.1 * 1000, sleep=waits)
    await asyncio.gather(*(limiter.acquire(5) for _ in range(10)))
    await line.close()
    assert waits.seconds == []


@pytest.mark.parametrize("where", ["postgresql", "redis"])
async def test_two_servers_use_one_token_of_mtn(
    postgres_database: str, redis_database: str, tmp_path: Path, where: str
) -> None:
    key_file = tmp_path / "master.key"
    KEYS.write(key_file)
    url = make_url(postgres_database).set(drivername="postgresql")
    changes: dict[str, Any] = {
        "enabled": ("mtn",),
        "database_url": url.render_as_string(hide_password=False),
        "master_key_file": key_file,
        "redis_url": redis_database if where == "redis" else None,
    }
    used: list[str] = []
    keys: dict[str, str] | None = None
    async with sandboxes(tmp_path) as providers:
        for number in (1, 2):
            async with serving(tmp_path, providers, keys=keys, **changes) as stage:
                payment_id = await stage.request(number)
                await stage.until_final([payment_id])
                assert await stage.told([payment_id]) == {payment_id: ("succeeded", ["succeeded"])}
                door = vars(stage.services.adapters["mtn"])["doors"]["collection"]
                used.append(door.tokens._value)
                keys = stage.keys
    assert used == [used[0]] * 2
    client = Redis.from_url(redis_database)
    names = {
        key.decode().rpartition(":")[0] for key in await client.keys("*") if isinstance(key, bytes)
    }
    await client.aclose()
    everything = {"cauri:token", "cauri:limit", "cauri:window"}
    assert names == (everything if where == "redis" else set())
