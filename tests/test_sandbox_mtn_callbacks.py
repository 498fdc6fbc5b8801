"""The MTN sandbox calls back: once or by schedule, unsigned, saying what the status says."""

from collections.abc import AsyncIterator

import orjson
import pytest

from adapters.sandbox.faults import Faults
from tests.callback_receiver import CallbackReceiver
from tests.mtn_merchant import (
    PAYER,
    REFERENCE,
    World,
    a_world,
)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with a_world() as made:
        yield made


class TestCallbacks:
    @pytest.mark.parametrize("method", ["PUT", "POST"])
    @pytest.mark.parametrize("payer", [PAYER, "46733123451"])
    async def test_a_callback_says_what_the_status_says_once_unsigned(
        self, method: str, payer: str
    ) -> None:
        async with CallbackReceiver() as receiver, a_world(callback_method=method) as world:
            await world.merchant.pay(
                REFERENCE, payer=payer, callback_url=receiver.url("/webhooks/mtn/x")
            )
            before = list(receiver.received)
            world.timer.advance(1)
            (came,) = await receiver.until(1)
            status = (await world.merchant.status(REFERENCE)).body
            world.timer.advance(90_000)
            await world.sandbox.sender.settled()
            assert (before, came.method, came.path, orjson.loads(came.body), receiver.received) == (
                [],
                method,
                "/webhooks/mtn/x",
                status,
                [came],
            )

    async def test_without_a_callback_url_there_is_no_callback(self, world: World) -> None:
        await world.merchant.pay()
        world.timer.advance(1)
        await world.sandbox.sender.settled()
        assert list(world.sandbox.sender.attempts) == []

    @pytest.mark.parametrize("names", [True, False])
    async def test_by_a_switch_a_header_names_the_reference(self, *, names: bool) -> None:
        async with (
            CallbackReceiver() as receiver,
            a_world(callback_names_reference=names) as world,
        ):
            await world.merchant.pay(REFERENCE, callback_url=receiver.url())
            world.timer.advance(1)
            (came,) = await receiver.until(1)
            assert came.headers.get("X-Reference-Id") == (REFERENCE if names else None)

    async def test_by_the_schedule_a_callback_is_repeated_until_it_is_taken(self) -> None:
        async with (
            CallbackReceiver(500, 500) as receiver,
            a_world(callback_mode="retry_schedule") as world,
        ):
            await world.merchant.pay(callback_url=receiver.url())
            for _ in range(5):
                world.timer.advance(1)
                await world.sandbox.sender.settled()
            assert [attempt.status for attempt in world.sandbox.sender.attempts] == [500, 500, 200]

    async def test_an_early_callback_comes_before_the_202(self) -> None:
        faults = Faults(callback_early=1.0)
        async with (
            CallbackReceiver() as receiver,
            a_world(faults=faults, decide_after_seconds=60) as world,
        ):
            await world.merchant.pay(REFERENCE, callback_url=receiver.url())
            (came,) = receiver.received
            assert orjson.loads(came.body)["status"] == "SUCCESSFUL"

    async def test_a_payment_that_stays_pending_has_no_callback_not_even_an_early_one(
        self,
    ) -> None:
        async with (
            CallbackReceiver() as receiver,
            a_world(faults=Faults(callback_early=1.0)) as world,
        ):
            await world.merchant.pay(callback_url=receiver.url(), payer="46733123453")
            world.timer.advance(3_000)
            assert receiver.received == []
