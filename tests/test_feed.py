"""The feed: who is woken, and that a database that is away for a moment ends nothing."""

import asyncio
from typing import cast

from api.feed import Feed, Follower
from ledger.errors import StoreUnavailableError
from ledger.sentences import Sentence
from projections.notices import Notice, NoticesProjection

AWAY = StoreUnavailableError(Sentence("The disk is full."), Sentence("Free some space."))
PATIENCE_SECONDS = 5.0


class Moving:
    """What is followed: it stands where a test has put it."""

    def __init__(self) -> None:
        self.position = 0
        self._moved = asyncio.Event()

    def move(self) -> None:
        self.position += 1
        self._moved.set()

    async def wait_for(self, position: int, seconds: float) -> bool:
        if self.position < position:
            self._moved.clear()
            await self._moved.wait()
        return True


class Pages:
    """Notices as the projection would give them, or an error in their place."""

    def __init__(self) -> None:
        self.next: list[Notice] | Exception = []
        self.asked = 0

    async def page(self, after: int, *, limit: int) -> list[Notice]:
        self.asked += 1
        if isinstance(self.next, Exception):
            raise self.next
        return self.next


async def is_woken(follower: Follower) -> bool:
    """Whether somebody is woken soon."""
    return await follower.wait(PATIENCE_SECONDS)


async def test_whom_it_concerns_is_woken_and_a_database_that_is_away_wakes_everybody() -> None:
    moving, pages = Moving(), Pages()
    feed = Feed(moving, cast("NoticesProjection", pages))
    with feed.following("mer_1", "a") as one, feed.following("mer_2", "b") as other:
        running = asyncio.create_task(feed.run())
        moving.move()
        first = [await is_woken(one), await is_woken(other)]
        pages.next = [Notice(2, "mer_2/test", "pay_1", "collection", "payment.pending")]
        moving.move()
        second = [await is_woken(other), one._news.is_set()]
        pages.next = AWAY
        moving.move()
        third = [await is_woken(one), await is_woken(other), running.done()]
        pages.next = [Notice(4, "mer_1", "pay_2", "collection", "payment.pending")]
        moving.move()
        fourth = [await is_woken(one), other._news.is_set()]
        counts = (feed.count, feed.count_of("mer_1", "a"), feed.count_of("mer_1", "b"))
        running.cancel()
    assert (first, second, third, fourth) == (
        [True, True],
        [True, False],
        [True, True, False],
        [True, False],
    )
    assert (counts, feed.count) == ((2, 1, 0), 0)
