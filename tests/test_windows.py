"""Windows: exactly so many within so many seconds, alone and by a real Redis."""

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from adapters.sharing_redis import RedisLine
from adapters.sharing_redis_windows import RedisWindows
from adapters.windows import Limit, OwnWindows, Windows
from ledger.vault import MasterKeys
from ledger.vault_strongbox import Strongbox
from tests.conftest import FakeClock

FIVE = Limit("payer", 5, 60)
NOBODY_LISTENS = "redis://127.0.0.1:9"


def a_strongbox() -> Strongbox:
    """What names windows."""
    return Strongbox(MasterKeys.generate(), random_bytes=os.urandom)


async def admitted(windows: Windows, name: str, times: int) -> list[bool]:
    """Ask so many times; what came of it."""
    return [(await windows.admit(name)).is_admitted for _ in range(times)]


class WindowsContract:
    """What holds for every kind; a subclass gives `windows`."""

    async def test_no_more_than_the_limit_is_admitted_for_a_name(self, windows: Windows) -> None:
        assert await admitted(windows, "a", 7) == [True] * 5 + [False] * 2
        assert await admitted(windows, "b", 1) == [True]

    async def test_it_tells_how_much_is_left_and_when_there_is_more(self, windows: Windows) -> None:
        told = [await windows.admit("a") for _ in range(6)]

        assert [one.left for one in told] == [4, 3, 2, 1, 0, 0]
        assert all(50 < one.seconds <= 60 for one in told)

    async def test_at_once_is_no_way_around(self, windows: Windows) -> None:
        told = await asyncio.gather(*(windows.admit("a") for _ in range(40)))

        assert sum(one.is_admitted for one in told) == 5

    async def test_what_is_given_back_fits_in_again(self, windows: Windows) -> None:
        told = [await windows.admit("a") for _ in range(5)]
        await windows.give_back("a", told[2].place)
        await windows.give_back("nobody", told[2].place)

        assert await admitted(windows, "a", 2) == [True, False]


class TestOwn(WindowsContract):
    @pytest.fixture
    def windows(self, clock: FakeClock) -> Windows:
        return OwnWindows(FIVE, clock)

    async def test_the_window_moves(self, windows: Windows, clock: FakeClock) -> None:
        await admitted(windows, "a", 3)
        clock.advance(59)
        assert await admitted(windows, "a", 3) == [True, True, False]
        clock.advance(0.5)
        refused = await windows.admit("a")
        assert (refused.is_admitted, refused.left, refused.seconds) == (False, 0, 0.5)
        clock.advance(0.5)
        # Three have left; the two of a second ago count for 59 more.
        assert await admitted(windows, "a", 4) == [True, True, True, False]
        clock.advance(59)
        assert await admitted(windows, "a", 3) == [True, True, False]

    async def test_what_is_refused_does_not_count(self, windows: Windows, clock: FakeClock) -> None:
        await admitted(windows, "a", 500)
        clock.advance(60)
        assert await admitted(windows, "a", 6) == [True] * 5 + [False]

    async def test_a_clock_that_goes_back_locks_nobody_out(
        self, windows: Windows, clock: FakeClock
    ) -> None:
        await admitted(windows, "a", 5)
        clock.advance(-3600)
        assert await admitted(windows, "a", 6) == [True] * 5 + [False]

    async def test_the_table_is_bounded_and_who_is_asked_about_stays(
        self, clock: FakeClock
    ) -> None:
        windows = OwnWindows(FIVE, clock, names_max=3)
        await admitted(windows, "busy", 5)
        for number in range(100):
            assert await admitted(windows, f"other-{number}", 1) == [True]
            assert await admitted(windows, "busy", 1) == [False]
        assert len(windows._taken) == 3

    async def test_names_without_anything_in_their_window_go(self, clock: FakeClock) -> None:
        windows = OwnWindows(FIVE, clock)
        for number in range(50):
            await windows.admit(f"old-{number}")
        clock.advance(60)
        for number in range(50):
            await windows.admit(f"new-{number}")
        assert len(windows._taken) == 50


class TestRedis(WindowsContract):
    @pytest.fixture
    async def windows(self, redis_database: str, clock: FakeClock) -> AsyncIterator[Windows]:
        line = RedisLine.to(redis_database)
        yield RedisWindows(line, a_strongbox(), FIVE, clock)
        await line.close()

    async def test_all_processes_count_together(
        self, redis_database: str, clock: FakeClock
    ) -> None:
        strongbox = a_strongbox()
        lines = [RedisLine.to(redis_database) for _ in range(4)]
        windows = [RedisWindows(line, strongbox, FIVE, clock) for line in lines]
        told = await asyncio.gather(*(windows[n % 4].admit("a") for n in range(40)))
        for line in lines:
            await line.close()
        assert sum(one.is_admitted for one in told) == 5

    async def test_the_window_moves(self, redis_database: str, clock: FakeClock) -> None:
        line, reader = RedisLine.to(redis_database), Redis.from_url(redis_database)
        windows = RedisWindows(line, a_strongbox(), FIVE, clock)
        assert await admitted(windows, "a", 6) == [True] * 5 + [False]
        # Redis has a clock of its own: two places are made a minute older instead.
        (key,) = await reader.keys("cauri:window:*")
        found: Any = await reader.zrange(key, 0, 1, withscores=True)
        await reader.zadd(key, {place: score - 60_000_000 for place, score in found})
        assert await admitted(windows, "a", 3) == [True, True, False]
        assert 0 < await reader.pttl(key) <= 61_000
        await line.close()
        await reader.aclose()

    async def test_what_lies_there_names_nobody(
        self, redis_database: str, clock: FakeClock
    ) -> None:
        line, reader = RedisLine.to(redis_database), Redis.from_url(redis_database)
        await RedisWindows(line, a_strongbox(), FIVE, clock).admit("mer_1/test/person-1")
        (key,) = await reader.keys("*")
        everything = f"{key!r} {await reader.zrange(key, 0, -1)!r}"
        await line.close()
        await reader.aclose()
        assert [word for word in ("mer", "person", "payer") if word in everything] == []


async def test_who_cannot_reach_redis_counts_for_itself(clock: FakeClock) -> None:
    line = RedisLine.to(NOBODY_LISTENS)
    windows = RedisWindows(line, a_strongbox(), FIVE, clock)
    told = [await windows.admit("a") for _ in range(6)]
    await windows.give_back("a", told[0].place)
    # It went away after the place was taken there.
    await windows.give_back("a", "a-place-in-redis")
    again = await admitted(windows, "a", 2)
    await line.close()

    assert [one.is_admitted for one in told] == [True] * 5 + [False]
    assert again == [True, False]
