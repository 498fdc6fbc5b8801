"""One slow endpoint delays nobody else: shown by counts and order, with the workers as they are."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

from adapters.base import Due, Worklist
from adapters.worker import Worker
from api.waking import Beds
from projections.deliveries_turns import PER_ENDPOINT_MAX
from tests.conftest import FakeClock
from tests.raw_server import silence
from tests.shop import Shop
from tests.street import LANES, Street, a_street

WAIT_SECONDS = 90.0


class Calls:
    """How often each endpoint was called in each lane."""

    def __init__(self, street: Street) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self.most: Counter[str] = Counter()
        """How many calls of each endpoint were under way at once."""
        self._running: Counter[str] = Counter()
        self._street = street

    async def perform(self, due: Due) -> None:
        """Count, and do what is to be done."""
        self.counts[due.kind, due.provider] += 1
        self._running[due.provider] += 1
        self.most[due.provider] = max(self.most[due.provider], self._running[due.provider])
        try:
            await self._street.merchants.perform(due)
        finally:
            self._running[due.provider] -= 1

    def of(self, lane: str, shops: list[Shop]) -> list[int]:
        """How often some shops were called in a lane."""
        return [self.counts[lane, shop.id] for shop in shops]


@asynccontextmanager
async def working(street: Street, places: int) -> AsyncIterator[Calls]:
    """Run a worker for each lane, as the wiring does."""
    calls, beds = Calls(street), Beds(street.world.services.projections, street.clock)
    workers = [
        Worker(
            lane,
            None,
            calls.perform,
            worklist=cast("Worklist", street.deliveries),
            clock=street.clock,
            holder="a worker",
            wait_for_news=beds.bed(lane, None),
            concurrency_max=places,
            lease_seconds=600,
        )
        for lane in LANES
    ]
    running = [asyncio.create_task(one.run()) for one in workers]
    try:
        yield calls
    finally:
        for one in running:
            one.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def pay(street: Street, prefix: str, count: int) -> list[str]:
    """Take many payments at once."""
    return await asyncio.gather(*[street.pay(f"{prefix}-{number}") for number in range(count)])


async def test_an_endpoint_that_never_answers_delays_nobody(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_street(tmp_path, clock, patience_seconds=WAIT_SECONDS) as street:
        silent = await street.open(mood=silence)
        fine = await street.open()
        payments = await pay(street, "order", 100)
        async with working(street, places=8):
            await fine.server.until(200, WAIT_SECONDS)
            # Not one call to the other one has ended yet, and no more have begun than may be.
            assert (len(silent.heard), silent.server.running_max) == (PER_ENDPOINT_MAX,) * 2
        assert await street.attempts(silent) == []
        assert len(fine.heard) == 200
        for payment_id in payments:
            assert fine.positions_of(payment_id) == await street.noticed(payment_id)
        counts = await street.deliveries.counts(silent.id)
        assert counts == {"waiting": 200}


async def test_more_silent_endpoints_than_there_are_places_are_found_out_once_and_delay_nobody(
    tmp_path: Path, clock: FakeClock
) -> None:
    places = 8
    async with a_street(tmp_path, clock, endpoints_per_merchant_max=50) as street:
        silent = [await street.open(mood=silence) for _ in range(12)]
        fine = await street.open()
        await pay(street, "first", 20)
        async with working(street, places) as calls:
            await fine.server.until(40, WAIT_SECONDS)
            await until_found_out(street, silent)
            before = calls.of("deliver", silent)
            assert 1 <= min(before) <= max(before) <= PER_ENDPOINT_MAX
            # From now on the silent ones hold no place of the first lane, whatever happens.
            await pay(street, "then", 20)
            await fine.server.until(80, WAIT_SECONDS)
            assert calls.of("deliver", silent) == before
            assert max(calls.most.values()) <= PER_ENDPOINT_MAX
        assert calls.of("deliver", [fine]) == [80]
        assert calls.of("deliver_slow", [fine]) == [0]


async def until_found_out(street: Street, silent: list[Shop]) -> None:
    """Wait until every silent endpoint is called in the slow lane alone."""
    store = street.world.services.store
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            position = await street.world.caught_up()
            slow = {
                one.endpoint_id for one in await street.deliveries.endpoints("mer_1") if one.is_slow
            }
            if slow >= {shop.id for shop in silent}:
                return
            await store.wait_for(position + 1, 1.0)
