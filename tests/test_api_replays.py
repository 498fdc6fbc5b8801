"""Repeats under one key: the first answer stands, whatever has become of the server since."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters import directory
from api import schemas
from tests.api_world import MTN_PHONE, ORANGE_PHONE, World, a_payment, a_world, settings_in
from tests.conftest import FakeClock


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with a_world(settings_in(tmp_path), clock=clock) as made:
        yield made


async def test_a_repeat_is_answered_alike_when_its_provider_is_no_longer_enabled(
    tmp_path: Path, clock: FakeClock
) -> None:
    wanted = a_payment(payer={"phone": ORANGE_PHONE})
    async with a_world(settings_in(tmp_path), clock=clock) as world:
        keys = world.keys
        first = await world.pay(wanted)
    async with a_world(settings_in(tmp_path, providers=("mtn",)), clock=clock) as world:
        world.keys.update(keys)

        again = await world.pay(wanted)
        other = await world.pay({**wanted, "amount": "1501"})
        new = await world.pay(wanted, key="order-2")

    assert (again.status, again.body) == (202, first.body)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Cauri-Position"] == first.headers["Cauri-Position"]
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    assert (new.status, new.code) == (422, "operator_not_served")


async def test_a_repeat_is_answered_alike_when_the_numbers_operator_is_no_longer_served(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await world.pay()
    gone = replace(directory.parse_phone(MTN_PHONE, None), carrier="", operator=None)
    monkeypatch.setattr("api.routing.parse_phone", lambda *_: gone)

    again = await world.pay()
    new = await world.pay(key="order-2")

    assert (again.status, again.body) == (202, first.body)
    assert (new.status, new.code) == (422, "operator_not_served")


async def test_a_repeat_is_answered_alike_when_what_it_names_was_not_held_together_then(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    contradictory = a_payment(operator="orange-cm", provider="mtn")
    with monkeypatch.context() as earlier:
        earlier.setattr("api.routing.obstacle", lambda *_: None)
        first = await world.pay(contradictory)

    again = await world.pay(contradictory)
    new = await world.pay(contradictory, key="order-2")

    assert (first.status, again.status, again.body) == (202, 202, first.body)
    assert (new.status, new.code) == (422, "operator_not_served")


class _StricterRequest(schemas.PaymentRequest):
    """A request as a later version may want it."""

    reason: str


async def test_a_repeat_is_answered_alike_when_the_schema_has_become_stricter(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await world.pay()
    monkeypatch.setattr(schemas, "PaymentRequest", _StricterRequest)

    again = await world.pay()
    new = await world.pay(key="order-2")

    assert (again.status, again.body) == (202, first.body)
    assert (new.status, new.code) == (422, "invalid_request")


@pytest.mark.parametrize(
    "content",
    [
        a_payment(amount="12.50"),
        a_payment(amount=1500),
        a_payment(currency="GHS"),
        a_payment(provider="wave"),
        a_payment(payer={"phone": "call me"}),
        {},
    ],
)
async def test_a_used_key_is_named_before_anything_else_that_is_wrong(
    world: World, content: Any
) -> None:
    await world.pay()

    assert (await world.pay(content)).code == "idempotency_key_reused"


async def test_another_merchants_key_is_another_key(world: World) -> None:
    await world.pay()

    assert (await world.pay(a_payment(provider="wave"), who="mer_2")).code == "operator_not_served"


async def test_a_request_that_is_taken_does_not_look_for_an_earlier_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    reading = world.services.store.read_stream

    async def noting(stream: str, *rest: Any) -> Any:
        read.append(stream)
        return await reading(stream, *rest)

    monkeypatch.setattr(world.services.store, "read_stream", noting)
    await world.pay()

    assert [stream for stream in read if stream.startswith("payment-")] == []
