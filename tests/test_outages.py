"""Outages: what the log says of breakers, once, however many processes tell it and how often."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from adapters.breaker import Breaker
from adapters.outages import ACTOR, Outages
from adapters.ways import AnyPower, Ways
from ledger import commands, events, provider
from ledger.entry import Context, RecordedEvent
from ledger.errors import StoreBusyError
from ledger.events import Event
from ledger.handling import Handler
from ledger.memory import MemoryEventStore
from ledger.provider import OPENINGS_SECONDS_MIN
from ledger.sql import Database, SqlEventStore
from ledger.store import DataKey, EventStore
from tests.builders import NOW
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


CLOSE = commands.RecordBreakerClosed(provider="mtn", power="payout")
CLOSED = events.ProviderBreakerClosed(provider="mtn", power="payout")


def test_an_opening_is_recorded_once_whoever_tells_it() -> None:
    a_provider.given().when(open_command()).then(opened())
    a_provider.given(opened()).when(open_command(400)).then()


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


async def said(store: EventStore) -> list[Event]:
    """Everything the log says of MTN."""
    return [one.event for one in await store.read_stream("provider-mtn")]


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
    recorded = await store.read_stream("provider-mtn")
    assert [one.event for one in recorded] == [opened(), CLOSED]
    assert {(one.actor, one.correlation_id) for one in recorded} == {(ACTOR, "provider-mtn")}


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
