"""Subscriptions: in order, at least once, never silently behind."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ledger.entry import RecordedEvent
from ledger.errors import StoreUnavailableError, SubscriptionStalledError
from ledger.memory import MemoryEventStore
from ledger.sentences import Sentence
from ledger.sql import Database, SqlEventStore
from ledger.store import Clock
from ledger.subscriptions import ATTEMPTS_MAX, CROWD, REST_SECONDS_MAX, Subscription
from tests.builders import CONTEXT
from tests.contracts.store import an_event, fill

OUTAGE = StoreUnavailableError(Sentence("The disk is full."), Sentence("Free some space."))


class Collector:
    """A subscriber that notes positions, and fails when `trouble` says so."""

    name = "collector"

    def __init__(self, trouble: Callable[[Sequence[RecordedEvent]], None] | None = None) -> None:
        self.taken: list[int] = []
        self.offered: list[tuple[int, int]] = []
        """First and last position of every batch that came."""
        self.at = 0
        self.trouble = trouble or (lambda batch: None)

    async def position(self) -> int:
        return self.at

    async def handle(self, batch: Sequence[RecordedEvent]) -> None:
        self.offered.append((batch[0].position, batch[-1].position))
        self.trouble(batch)
        self.taken += [one.position for one in batch]
        self.at = batch[-1].position


def fails_at(position: int, times: int, error: Exception) -> Callable[..., None]:
    """Trouble with every batch that has this position, so many times."""
    left = [times]

    def trouble(batch: Sequence[RecordedEvent]) -> None:
        if left[0] and any(one.position == position for one in batch):
            left[0] -= 1
            raise error

    return trouble


class Slept:
    """A sleep that takes no time and remembers how long it would have been."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@asynccontextmanager
async def running(subscription: Subscription) -> AsyncIterator[asyncio.Task[None]]:
    """Run a subscription for the time of a block."""
    task = asyncio.create_task(subscription.run())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, SubscriptionStalledError):
            await task


@pytest.fixture
async def store(clock: Clock) -> MemoryEventStore:
    """A log of 40 events."""
    store = MemoryEventStore(clock=clock)
    await fill(store, 40)
    return store


async def test_it_catches_up_in_bounded_batches_and_then_follows(store: MemoryEventStore) -> None:
    collector = Collector()
    subscription = Subscription(store, collector, batch_max=15)
    assert (subscription.state, subscription.position) == ("catching_up", 0)
    async with running(subscription):
        assert await subscription.wait_for(40, 5.0)
        await store.append("late", 0, [an_event(), an_event()], context=CONTEXT)
        assert await subscription.wait_for(42, 5.0)
    assert (collector.offered, collector.taken, subscription.state, subscription.handled_total) == (
        [(1, 15), (16, 30), (31, 40), (41, 42)],
        list(range(1, 43)),
        "live",
        42,
    )


async def test_it_goes_on_where_the_subscriber_stands(store: MemoryEventStore) -> None:
    collector = Collector()
    collector.at = 33
    async with running(subscription := Subscription(store, collector)):
        assert await subscription.wait_for(40, 5.0)
    assert collector.taken == list(range(34, 41))


async def test_it_rests_after_a_crowd_and_neither_alone_nor_while_it_is_behind(
    store: MemoryEventStore,
) -> None:
    slept = Slept()
    crowd = Subscription(store, Collector(), sleep=slept)
    async with running(crowd):
        assert await crowd.wait_for(40, 5.0)
        await store.append("alone", 0, [an_event()], context=CONTEXT)
        assert await crowd.wait_for(41, 5.0)
    assert [0 < seconds <= REST_SECONDS_MAX for seconds in slept.seconds] == [True]
    behind = Subscription(store, Collector(), batch_max=CROWD, sleep=slept)
    async with running(behind):
        assert await behind.wait_for(41, 5.0)
    assert len(slept.seconds) == 1


async def test_it_says_that_it_is_trying_again_while_it_is(store: MemoryEventStore) -> None:
    states: list[str] = []

    async def look(_seconds: float) -> None:
        states.append(subscription.state)

    collector = Collector(
        fails_at(23, 2, StoreUnavailableError(Sentence("The disk is full."), Sentence("")))
    )
    subscription = Subscription(store, collector, batch_max=20, sleep=look)
    async with running(subscription):
        assert await subscription.wait_for(40, 5.0)
    assert (states[:2], subscription.state) == (["retrying", "retrying"], "live")


async def test_trouble_that_passes_costs_time_and_nothing_else(store: MemoryEventStore) -> None:
    collector = Collector(fails_at(23, 4, ValueError("not today")))
    slept = Slept()
    async with running(subscription := Subscription(store, collector, batch_max=20, sleep=slept)):
        assert await subscription.wait_for(40, 5.0)
    assert (collector.taken, slept.seconds, subscription.failures_total) == (
        list(range(1, 41)),
        [0.1, 0.1, 0.2, 0.4],
        4,
    )
    # Whole, refused, then one by one to the end of what was refused; there was nothing more.
    assert collector.offered == [
        (1, 20),
        (21, 40),
        *[(at, at) for at in (21, 22, 23, 23, 23)],
        *[(at, at) for at in range(23, 41)],
    ]


async def test_trouble_that_stays_stops_it_loudly_at_the_culprit(store: MemoryEventStore) -> None:
    collector = Collector(fails_at(7, 10**6, ValueError("never")))
    told: list[SubscriptionStalledError] = []
    subscription = Subscription(store, collector, on_stall=told.append, sleep=Slept())
    with capture_logs() as logs, pytest.raises(SubscriptionStalledError) as stalled:
        await subscription.run()
    error = stalled.value
    assert (error.name, error.position, error.attempts, error.cause) == (
        "collector",
        7,
        ATTEMPTS_MAX,
        "ValueError",
    )
    assert (subscription.state, subscription.stalls_total, subscription.position, told) == (
        "stalled",
        1,
        6,
        [error],
    )
    assert collector.taken == [1, 2, 3, 4, 5, 6]
    assert logs[-1] == {
        "event": "subscription.stalled",
        "log_level": "error",
        "subscription": "collector",
        "position": 7,
        "attempts": ATTEMPTS_MAX,
        "cause": "ValueError",
    }


async def test_a_stalled_one_goes_on_when_it_is_run_again(store: MemoryEventStore) -> None:
    collector = Collector(fails_at(7, ATTEMPTS_MAX + 1, ValueError("not yet")))
    subscription = Subscription(store, collector, sleep=Slept())
    with pytest.raises(SubscriptionStalledError):
        await subscription.run()
    collector.trouble = lambda batch: None
    async with running(subscription):
        assert await subscription.wait_for(40, 5.0)
        assert (collector.taken, subscription.state) == (list(range(1, 41)), "live")


async def test_an_outage_is_no_defect_however_long_it_lasts(store: MemoryEventStore) -> None:
    collector = Collector(fails_at(7, 50, OUTAGE))
    slept = Slept()
    async with running(subscription := Subscription(store, collector, sleep=slept)):
        assert await subscription.wait_for(40, 5.0)
    assert (collector.taken, max(slept.seconds), subscription.failures_total) == (
        list(range(1, 41)),
        10.0,
        50,
    )


async def test_an_outage_of_the_store_is_waited_out(clock: Clock) -> None:
    class Flickering(MemoryEventStore):
        """Every second read fails."""

        reads = 0

        async def read(self, after: int, limit: int = 1000) -> list[RecordedEvent]:
            self.reads += 1
            if self.reads % 2:
                raise OUTAGE
            return await super().read(after, limit)

    store = Flickering(clock=clock)
    await fill(store, 40)
    collector = Collector()
    async with running(subscription := Subscription(store, collector, sleep=Slept())):
        assert await subscription.wait_for(40, 5.0)
    assert collector.taken == list(range(1, 41))


async def test_an_effect_that_was_stored_although_it_failed_is_not_repeated(
    store: MemoryEventStore,
) -> None:
    class Interrupted(Collector):
        """Loses its answer once, after the effect."""

        async def handle(self, batch: Sequence[RecordedEvent]) -> None:
            await super().handle(batch)
            if len(self.offered) == 1:
                raise ConnectionError("the answer was lost")

    collector = Interrupted()
    subscription = Subscription(store, collector, batch_max=20, sleep=Slept())
    async with running(subscription):
        assert await subscription.wait_for(40, 5.0)
    assert collector.taken == list(range(1, 41))


async def test_a_subscriber_that_has_gone_back_is_fed_again(store: MemoryEventStore) -> None:
    collector = Collector(fails_at(31, 1, ValueError("rebuilt")))
    first = collector.trouble

    def trouble(batch: Sequence[RecordedEvent]) -> None:
        try:
            first(batch)
        except ValueError:
            collector.at, collector.taken = 0, []
            raise

    collector.trouble = trouble
    subscription = Subscription(store, collector, batch_max=15, sleep=Slept())
    async with running(subscription):
        await store.wait_for(40, 1.0)
        while len(collector.taken) < 40:
            await subscription.wait_for(40, 5.0)
    assert collector.taken == list(range(1, 41))


async def test_waiting_for_a_position_ends_in_time(store: MemoryEventStore) -> None:
    subscription = Subscription(store, Collector())
    assert not await subscription.wait_for(1, 0.01)
    async with running(subscription):
        assert await subscription.wait_for(40, 5.0)
        assert not await subscription.wait_for(41, 0.01)


@pytest.mark.parametrize("events", [1, 30])
async def test_what_another_process_appends_is_followed_too(
    tmp_path: Path, clock: Clock, events: int
) -> None:
    async def opened() -> SqlEventStore:
        database = await Database.open(f"sqlite:///{tmp_path}/cauri.db", create=True)
        store = SqlEventStore(database, clock=clock)
        await store.start()
        return store

    ours, theirs = await opened(), await opened()
    collector = Collector()
    async with running(subscription := Subscription(ours, collector)):
        assert not await subscription.wait_for(1, 0.01)
        await fill(theirs, events)
        assert await subscription.wait_for(events, 5.0)
    assert collector.taken == list(range(1, events + 1))
    for store in (ours, theirs):
        await store.close()
        await store.database.close()
