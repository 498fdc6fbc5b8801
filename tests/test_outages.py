"""Outages: what the log says of breakers, once, however many processes tell it and how often.

And however long: a stream has a month, and no month can fill it; what is open at the turn of a
month is open, for whoever goes on and for whoever starts anew.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from adapters.breaker import Breaker
from adapters.outages import ACTOR, Outages
from adapters.ways import AnyPower, Ways
from ledger import commands, events, provider
from ledger.entry import Context, RecordedEvent
from ledger.errors import StoreBusyError
from ledger.events import Event
from ledger.handling import Handler
from ledger.memory import MemoryEventStore
from ledger.provider import MONTHS_MAX, OPENINGS_SECONDS_MIN, month_of, months_around, stream_of
from ledger.sql import Database, SqlEventStore
from ledger.store import STREAM_EVENTS_MAX, DataKey, EventStore
from tests.builders import CONTEXT, NOW
from tests.conftest import FakeClock
from tests.specification import Specification

a_provider = Specification(provider.decide, provider.evolve, provider.INITIAL)


def open_command(seconds: float = 0, power: str = "payout") -> commands.RecordBreakerOpened:
    """A breaker has opened so many seconds after noon, for five seconds."""
    at = NOW + timedelta(seconds=seconds)
    return commands.RecordBreakerOpened(
        provider="mtn", power=power, failures=8, at=at, until=at + timedelta(seconds=5)
    )


def opened(seconds: float = 0, power: str = "payout", failures: int = 8) -> Event:
    """The event of that."""
    at = NOW + timedelta(seconds=seconds)
    return events.ProviderBreakerOpened(
        provider="mtn", power=power, failures=failures, at=at, until=at + timedelta(seconds=5)
    )


CLOSE = commands.RecordBreakerClosed(provider="mtn", power="payout", month="202603")
CLOSED = events.ProviderBreakerClosed(provider="mtn", power="payout")


def test_an_opening_is_recorded_once_whoever_tells_it() -> None:
    a_provider.given().when(open_command()).then(opened())
    a_provider.given(opened()).when(open_command(OPENINGS_SECONDS_MIN + 100)).then()


def test_a_closing_is_recorded_once_and_only_of_what_was_open() -> None:
    a_provider.given().when(CLOSE).then()
    a_provider.given(opened()).when(CLOSE).then(CLOSED)
    a_provider.given(opened(), CLOSED).when(CLOSE).then()


def test_an_outage_that_comes_and_goes_is_recorded_no_oftener_than_the_interval() -> None:
    a_provider.given(opened(), CLOSED).when(open_command(OPENINGS_SECONDS_MIN - 1)).then()
    again = OPENINGS_SECONDS_MIN
    a_provider.given(opened(), CLOSED).when(open_command(again)).then(opened(again))


def test_what_one_power_does_says_nothing_of_another() -> None:
    a_provider.given(opened()).when(open_command(1, "refund")).then(opened(1, "refund"))
    a_provider.given(opened(0, "refund")).when(CLOSE).then()


class Process:
    """One process: its ways, and what tells of them."""

    def __init__(self, store: EventStore, clock: FakeClock) -> None:
        self.seconds, self.clock = 1000.0, clock
        self.ways = Ways(lambda: self.seconds)
        self.outages = Outages(Handler(store), self.ways, clock=clock)

    def breaker(self, power: AnyPower = "payout") -> Breaker:
        """The breaker of one power of MTN."""
        return self.ways.of("mtn", power).breaker

    def calls(self, *results: bool, power: AnyPower = "payout") -> None:
        """Make calls, as soon as they may be made."""
        for is_success in results:
            self.seconds += self.breaker(power).open_for_seconds
            permit = self.breaker(power).admit()
            assert permit is not None
            self.breaker(power).settle(permit, is_success=is_success)


async def said(store: EventStore, month: str | None = "202603") -> list[Event]:
    """Everything the log says of MTN's payouts that began to fail in a month."""
    return [one.event for one in await store.read_stream(stream_of("mtn", "payout", month))]


FAIL = (False,) * 8
RECOVER = (True, True)


async def test_the_log_tells_of_an_outage_and_of_its_end(clock: FakeClock) -> None:
    store = MemoryEventStore(clock=clock)
    process = Process(store, clock)
    process.calls(*FAIL)
    await process.outages.tell()
    clock.advance(40)
    process.calls(False, False)
    await process.outages.tell()
    process.calls(*RECOVER)
    await process.outages.tell()
    recorded = await store.read(0)
    assert [one.event for one in recorded] == [opened(), CLOSED]
    stream = "provider-mtn-payout-202603"
    assert {(one.stream, one.actor, one.correlation_id) for one in recorded} == {
        (stream, ACTOR, stream)
    }


async def test_a_breaker_that_flaps_for_an_hour_fills_no_log(clock: FakeClock) -> None:
    store = MemoryEventStore(clock=clock)
    process = Process(store, clock)
    for _ in range(360):
        process.calls(*FAIL)
        await process.outages.tell()
        clock.advance(5)
        process.calls(*RECOVER)
        await process.outages.tell()
        clock.advance(5)
    assert len(await said(store)) == 2 * 3600 // OPENINGS_SECONDS_MIN


async def test_an_opening_that_came_too_soon_is_told_when_its_time_has_come(
    clock: FakeClock,
) -> None:
    store = MemoryEventStore(clock=clock)
    process = Process(store, clock)
    process.calls(*FAIL, *RECOVER, *FAIL)
    await process.outages.tell()
    process.calls(*RECOVER)
    await process.outages.tell()
    clock.advance(10)
    process.calls(*FAIL)
    await process.outages.tell()
    assert await said(store) == [opened(), CLOSED]
    clock.advance(OPENINGS_SECONDS_MIN)
    await process.outages.tell()
    assert await said(store) == [opened(), CLOSED, opened(OPENINGS_SECONDS_MIN + 10)]


async def test_who_starts_anew_closes_in_the_log_what_another_left_open(clock: FakeClock) -> None:
    store = MemoryEventStore(clock=clock)
    gone = Process(store, clock)
    gone.calls(*FAIL)
    await gone.outages.tell()
    process = Process(store, clock)
    process.calls(True)
    process.calls(True, power="collection")
    await process.outages.tell()
    assert await said(store) == [opened(), CLOSED]


MARCH_ENDS = datetime(2026, 4, 1, tzinfo=UTC)


def test_a_month_is_that_of_utc_and_those_around_begin_with_the_next() -> None:
    before_midnight_here = datetime(2026, 4, 1, 0, 30, tzinfo=timezone(timedelta(hours=1)))
    assert month_of(before_midnight_here) == "202603"
    around = months_around(datetime(2026, 12, 31, 23, 59, tzinfo=UTC))
    assert around[:3] == ["202701", "202612", "202611"]
    assert (len(around), around[-1]) == (MONTHS_MAX + 1, "202501")
    assert months_around(datetime(2026, 1, 1, tzinfo=UTC))[:3] == ["202602", "202601", "202512"]


def test_a_power_that_comes_and_goes_all_month_does_not_fill_its_stream() -> None:
    state, recorded, at = provider.INITIAL, 0, datetime(2026, 3, 1, tzinfo=UTC)
    while at < MARCH_ENDS:
        opening = replace(open_command(), at=at)
        assert provider.stream_for(opening) == provider.stream_for(CLOSE)
        for command in (opening, CLOSE):
            for event in provider.decide(command, state):
                state, recorded = provider.evolve(state, event), recorded + 1
        at += timedelta(seconds=30)
    assert recorded == 2 * 31 * 24 * 3600 // OPENINGS_SECONDS_MIN
    assert recorded < STREAM_EVENTS_MAX - 1000
    assert provider.stream_for(replace(open_command(), at=at)) == "provider-mtn-payout-202604"


async def test_an_outage_that_lasts_into_another_month_is_told_once_and_closed_where_it_began(
    clock: FakeClock,
) -> None:
    store = MemoryEventStore(clock=clock)
    process = Process(store, clock)
    clock.now = NOW
    process.calls(*FAIL)
    await process.outages.tell()
    for month in (4, 5, 6):
        clock.now = datetime(2026, month, 1, tzinfo=UTC)
        process.calls(False)
        await process.outages.tell()
    assert [one.event for one in await store.read(0)] == [opened()]
    process.calls(*RECOVER)
    await process.outages.tell()
    assert [one.event for one in await store.read(0)] == [opened(), CLOSED]
    assert await said(store) == [opened(), CLOSED]


async def test_who_starts_anew_in_another_month_closes_what_another_left_open(
    clock: FakeClock,
) -> None:
    store = MemoryEventStore(clock=clock)
    gone = Process(store, clock)
    gone.calls(*FAIL)
    gone.calls(*FAIL, power="refund")
    await gone.outages.tell()
    clock.now = datetime(2026, 5, 2, tzinfo=UTC)
    process = Process(store, clock)
    process.calls(True)
    await process.outages.tell()
    assert await said(store) == [opened(), CLOSED]
    # What does not work yet stays open, and is not opened a second time.
    process.calls(*FAIL, power="refund")
    await process.outages.tell()
    assert len(await store.read(0)) == 3


async def test_a_process_whose_clock_is_ahead_at_the_turn_of_a_month_is_heard(
    clock: FakeClock,
) -> None:
    store, ahead = MemoryEventStore(clock=clock), FakeClock()
    clock.now, ahead.now = MARCH_ENDS - timedelta(seconds=2), MARCH_ENDS + timedelta(seconds=2)
    one, other = Process(store, clock), Process(store, ahead)
    other.calls(*FAIL)
    await other.outages.tell()
    one.calls(*FAIL)
    await one.outages.tell()
    assert [len(await said(store, month)) for month in ("202603", "202604")] == [0, 1]
    one.calls(*RECOVER)
    await one.outages.tell()
    assert [len(await said(store, month)) for month in ("202603", "202604")] == [0, 2]


async def in_an_old_stream(store: EventStore, *told: Event) -> None:
    """Let a log have what was written before streams had months."""
    recorded = await store.read_stream("provider-mtn")
    await store.append("provider-mtn", len(recorded), told, context=CONTEXT)


async def test_what_an_older_log_left_open_is_closed_there_and_not_opened_again(
    clock: FakeClock,
) -> None:
    store = MemoryEventStore(clock=clock)
    await in_an_old_stream(store, opened(), opened(power="refund"))
    process = Process(store, clock)
    process.calls(*FAIL)
    await process.outages.tell()
    assert len(await store.read(0)) == 2
    process.calls(*RECOVER)
    await process.outages.tell()
    assert await said(store, None) == [opened(), opened(power="refund"), CLOSED]
    process.calls(*FAIL)
    await process.outages.tell()
    assert (len(await said(store, None)), await said(store)) == (3, [opened()])


async def test_an_old_stream_that_is_full_hides_no_outage_of_today(clock: FakeClock) -> None:
    store = MemoryEventStore(clock=clock)
    flaps = [opened(power="refund"), events.ProviderBreakerClosed(provider="mtn", power="refund")]
    await in_an_old_stream(store, opened(), opened(1, power="inquiry"))
    for _ in range(STREAM_EVENTS_MAX // 200 - 1):
        await in_an_old_stream(store, *flaps * 100)
    await in_an_old_stream(store, *flaps * 99)
    assert len(await said(store, None)) == STREAM_EVENTS_MAX
    process = Process(store, clock)
    process.calls(*FAIL)
    await process.outages.tell()
    process.calls(*RECOVER)
    await process.outages.tell()
    assert await said(store) == [opened(), CLOSED]


class BusyStore(MemoryEventStore):
    """A log that is busy at first."""

    busy = 1

    async def append(
        self,
        stream: str,
        expected_version: int,
        new: Sequence[Event],
        *,
        context: Context,
        keys: Sequence[DataKey] = (),
    ) -> list[RecordedEvent]:
        """See `EventStore.append`."""
        if self.busy:
            self.busy -= 1
            raise StoreBusyError(1)
        return await super().append(stream, expected_version, new, context=context, keys=keys)


async def test_what_a_busy_store_refused_is_told_again(clock: FakeClock) -> None:
    store = BusyStore(clock=clock)
    process = Process(store, clock)
    process.calls(*FAIL)
    await process.outages.tell()
    assert await said(store) == []
    await process.outages.tell()
    assert await said(store) == [opened()]


async def test_it_tells_by_itself_as_soon_as_a_breaker_turns(clock: FakeClock) -> None:
    store = MemoryEventStore(clock=clock)
    process = Process(store, clock)
    running = asyncio.create_task(process.outages.run())
    process.calls(*FAIL)
    await store.wait_for(1, 10)
    process.calls(*RECOVER)
    await store.wait_for(2, 10)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert await said(store) == [opened(), CLOSED]


async def test_of_several_processes_on_one_postgresql_one_is_heard(
    postgres_database: str, clock: FakeClock
) -> None:
    databases = [await Database.open(postgres_database, create=True)]
    databases += [await Database.open(postgres_database) for _ in range(2)]
    stores = [SqlEventStore(one, clock=clock) for one in databases]
    try:
        for store in stores:
            await store.start()
        processes = [Process(store, clock) for store in stores]
        for results in (FAIL, RECOVER):
            for process in processes:
                process.calls(*results)
            await asyncio.gather(*(process.outages.tell() for process in processes))
        assert await said(stores[0]) == [opened(), CLOSED]
    finally:
        for store in stores:
            await store.close()
        for one in databases:
            await one.close()
