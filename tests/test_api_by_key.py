"""By key: what was asked for under an Idempotency-Key is found by it, at once and by its owner."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api_world import Answer, World, a_payment, a_world, captured_logs, settings_in
from tests.conftest import FakeClock
from tests.test_api_refunds import a_paid_one, moved, succeed

PAYOUT = {"amount": "700", "currency": "XAF", "payee": {"phone": "+237670000002"}}


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with a_world(settings_in(tmp_path), clock=clock) as made:
        yield made


async def by_key(world: World, query: str, who: str = "mer_1", where: str = "payments") -> Answer:
    """Look for a key."""
    return await world.get(f"/v1/{where}?idempotency_key={query}", who=who)


def found(answer: Answer) -> list[str]:
    """The ids of what was found."""
    assert answer.status == 200, answer.body
    assert answer.headers["Cauri-Position"] == str(answer.json["position"])
    assert answer.json["next_after"] is None
    return [one["id"] for one in answer.json["payments"]]


async def test_each_kind_is_found_by_the_key_it_was_asked_for_under(world: World) -> None:
    paid = await a_paid_one(world)
    await world.pay(a_payment(amount="700"), key="order-2")
    payout = (await moved(world, "/v1/payouts", PAYOUT, key="order-1")).json["id"]
    refunds = f"payments/{paid}/refunds"
    refund = (await moved(world, f"/v1/{refunds}", {}, key="back-1")).json["id"]
    other = (await world.pay(who="mer_2")).json["id"]

    assert found(await by_key(world, "order-1")) == [paid]
    assert found(await by_key(world, "order-1", where="payouts")) == [payout]
    assert found(await by_key(world, "back-1", where="refunds")) == [refund]
    assert found(await by_key(world, "back-1", where=refunds)) == [refund]
    assert found(await by_key(world, "order-1", who="mer_2")) == [other]
    for where in ("payments", "payouts", "refunds"):
        assert found(await by_key(world, "order-9", where=where)) == []
    assert found(await by_key(world, "order-2", where="refunds")) == []
    # A refund of one payment is not among those of another one.
    second = found(await by_key(world, "order-2"))[0]
    assert found(await by_key(world, "back-1", where=f"payments/{second}/refunds")) == []


async def test_what_is_found_is_as_the_payment_stands_and_as_the_list_has_it_later(
    world: World,
) -> None:
    payment_id = (await world.pay()).json["id"]
    first = await by_key(world, "order-1")
    assert [one["status"] for one in first.json["payments"]] == ["requested"]
    await succeed(world, payment_id)
    now = await by_key(world, "order-1&limit=1")
    assert [one["status"] for one in now.json["payments"]] == ["succeeded"]
    assert now.json["position"] == await world.services.store.position()
    await world.caught_up()
    listed = (await world.get("/v1/payments")).json
    assert listed["payments"] == now.json["payments"]


async def test_staff_says_whose_key_it_is_and_nobody_sees_anothers(world: World) -> None:
    payment_id = (await world.pay()).json["id"]
    for who in ("accountant", "auditor", "operator", "admin"):
        refused = await by_key(world, "order-1", who=who)
        assert (refused.status, refused.code) == (422, "invalid_request")
        assert [one["parameter"] for one in refused.json["errors"]] == ["merchant_id"]
        assert refused.json["errors"][0]["remedy"] == "Send `merchant_id` with it."
        assert found(await by_key(world, "order-1&merchant_id=mer_1", who=who)) == [payment_id]
        assert found(await by_key(world, "order-1&merchant_id=mer_2", who=who)) == []
    assert found(await by_key(world, "order-1", who="mer_2")) == []
    assert (await by_key(world, "order-1&merchant_id=mer_1", who="mer_2")).status == 404


@pytest.mark.parametrize(
    "query", ["status=requested", "after=1", "phone=%2B237670000001", "known_at=1", "as_of=1"]
)
async def test_a_key_leaves_nothing_to_choose(world: World, query: str) -> None:
    await world.pay()
    refused = await by_key(world, f"order-1&{query}")
    assert (refused.status, refused.code) == (422, "invalid_request")
    (place,) = refused.json["errors"]
    name = query.partition("=")[0]
    assert place["parameter"] == "idempotency_key"
    assert place["remedy"] == f"Leave {name} out, or leave the key out."


async def test_a_key_is_what_a_header_may_hold(world: World) -> None:
    for key in ("", "%C3%A9", "x" * 256, "a%0Ab"):
        refused = await by_key(world, key)
        assert (refused.status, refused.code) == (422, "invalid_request")
        assert [one["parameter"] for one in refused.json["errors"]] == ["idempotency_key"]
    payment_id = (await world.pay(key="a b/&=~")).json["id"]
    assert found(await by_key(world, "a%20b/%26=~")) == [payment_id]


async def test_a_key_stands_in_no_log(tmp_path: Path, clock: FakeClock) -> None:
    with captured_logs() as written:
        async with a_world(settings_in(tmp_path), clock=clock, is_in_memory=True) as world:
            await world.pay(key="order-4711")
            assert len(found(await by_key(world, "order-4711"))) == 1
            assert (await by_key(world, "order-4711&after=1")).status == 422
    logged = written.getvalue()
    assert (b"http.request" in logged, b"4711" in logged) == (True, False)
