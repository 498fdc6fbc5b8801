"""The feed: wakes whoever follows a merchant's notices when there is something new for it.

One task asks the projection once for what came, whatever the number of followers, and wakes those
whom it concerns; each then reads its own rows. So a thousand silent followers cost nothing, and
nothing is kept in memory that the tables do not have: who is slow misses nothing, it only reads
later.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

import structlog

from ledger.errors import StoreError
from projections.notices import PAGE_MAX, NoticesProjection

log = structlog.get_logger()

WAIT_SECONDS: Final = 5.0


class Followed(Protocol):
    """What feeds the projections, as the feed sees it."""

    position: int
    """The last position they have finished."""

    async def wait_for(self, position: int, seconds: float) -> bool:
        """Wait until they have finished a position, so long at most."""


class Follower:
    """Somebody who follows one merchant's notices, by a key of the merchant's."""

    def __init__(self, key_id: str) -> None:
        self.key_id = key_id
        self._news = asyncio.Event()
        self.is_over = False
        """Whether the server stops."""

    def wake(self) -> None:
        """Tell that there may be something new."""
        self._news.set()

    async def wait(self, seconds: float) -> bool:
        """Wait for something new, so long at most; whether there is."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return False
        self._news.clear()
        return True


class Feed:
    """Follows the projection; `run` it in a task."""

    def __init__(self, followed: Followed, notices: NoticesProjection) -> None:
        self._followed, self._notices = followed, notices
        self._followers: dict[str, set[Follower]] = {}

    @property
    def count(self) -> int:
        """How many follow."""
        return sum(len(one) for one in self._followers.values())

    def count_of(self, merchant_id: str, key_id: str) -> int:
        """How many follow by one key of a merchant's."""
        return sum(one.key_id == key_id for one in self._followers.get(merchant_id, ()))

    @contextmanager
    def following(self, merchant_id: str, key_id: str) -> Iterator[Follower]:
        """Follow a merchant's notices for a while."""
        follower = Follower(key_id)
        self._followers.setdefault(merchant_id, set()).add(follower)
        try:
            yield follower
        finally:
            others = self._followers[merchant_id]
            others.discard(follower)
            if not others:
                del self._followers[merchant_id]

    def end(self) -> None:
        """Let every follower go: the server stops."""
        for followers in self._followers.values():
            for one in followers:
                one.is_over = True
        self._wake_all()

    async def run(self) -> None:
        """Wake followers as notices come, until cancelled."""
        seen = 0
        while True:
            await self._followed.wait_for(seen + 1, WAIT_SECONDS)
            reached = self._followed.position
            if reached <= seen:
                # A projection that is rebuilt goes back; what was told is not told again.
                continue
            if not seen:
                self._wake_all()
            else:
                try:
                    await self._wake(seen, reached)
                except StoreError as error:
                    # Whom it concerns nobody can say now; each asks for himself.
                    log.warning("feed.unreadable", error=type(error).__name__)
                    self._wake_all()
            seen = reached

    def _wake_all(self) -> None:
        for followers in self._followers.values():
            for one in followers:
                one.wake()

    async def _wake(self, after: int, until: int) -> None:
        while self._followers:
            page = await self._notices.page(after, limit=PAGE_MAX)
            # Whoever follows the other mode's is woken for nothing, which costs one question.
            for merchant_id in {one.merchant_id.partition("/")[0] for one in page}:
                for follower in self._followers.get(merchant_id, ()):
                    follower.wake()
            if len(page) < PAGE_MAX or page[-1].position >= until:
                return
            after = page[-1].position
