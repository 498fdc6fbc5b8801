"""A test of an endpoint: one signed message about no payment, sent, read and replayed like any."""

from pathlib import Path
from typing import Any

from api.rates import ENDPOINT_TESTS_PER_MINUTE_MAX
from ledger import events
from tests.conftest import FakeClock
from tests.raw_server import answer, answering
from tests.shop import verifies
from tests.street import Street, a_street


async def messages(street: Street, endpoint_id: str) -> list[Any]:
    """What an endpoint was told, as its merchant lists it, the newest first."""
    await street.world.caught_up()
    listed = await street.world.get(f"/v1/webhook-endpoints/{endpoint_id}/messages", who="mer_1")
    return list(listed.json["messages"])


async def test_a_test_is_heard_by_its_endpoint_alone_signed_and_is_about_no_payment(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_street(tmp_path, clock) as street:
        shop, other = await street.open(), await street.open()
        await street.post(f"/{shop.id}", {"types": ["payment.failed"]})
        sent = await street.post(f"/{shop.id}/test", None)
        assert (sent.status, sent.json["type"]) == (202, "endpoint.test")
        name = sent.json["id"]
        path = f"/v1/webhook-endpoints/{shop.id}/messages/{name}"
        assert sent.headers["Location"] == path
        await street.deliver()
        shown = await street.world.get(path, who="mer_1")

        assert [(one.id, one.type) for one in shop.heard] == [(name, "endpoint.test")]
        assert verifies(shop.requests[0], shop.secret, shop.public_key, clock())
        assert shop.heard[0].content == {
            "type": "endpoint.test",
            "timestamp": "2026-03-01T12:00:00Z",
            "position": sent.json["position"],
            "data": {
                "id": shop.id,
                "mode": "test",
                "types": ["payment.failed"],
                "description": None,
            },
        }
        assert other.heard == []
        assert (shown.json["payment_id"], shown.json["state"]) == (None, "delivered")
        (attempt,) = shown.json["attempts_made"]
        assert (attempt["is_delivered"], attempt["answer"]) == (True, "thank you")
        assert await street.log(events.PaymentRequested) == []

        again = await street.post(f"/{shop.id}/replay", {"message_id": name})
        await street.deliver()
        assert (again.status, again.json["replayed"]) == (202, 1)
        assert [one.id for one in shop.heard] == [name, name]


async def test_a_test_waits_for_no_payment_and_none_for_it(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_street(tmp_path, clock) as street:
        shop = await street.open(mood=answering(answer(500)))
        await street.pay("order-1")
        await street.deliver()
        await street.post(f"/{shop.id}/test", None)
        await street.deliver()
        # The payment's first message waits for its next attempt, and the test did not.
        assert shop.told[-1] == ("endpoint.test", shop.id)
        test, succeeded, pending = await messages(street, shop.id)
        assert [one["attempts"] for one in (test, succeeded, pending)] == [1, 0, 1]
        shop.mood = answering(answer(204))
        await street.post(f"/{shop.id}/replay", {"message_id": pending["id"]})
        await street.deliver()
        assert [one["state"] for one in await messages(street, shop.id)] == [
            "waiting",
            "delivered",
            "delivered",
        ]


async def test_a_test_that_nobody_takes_is_parked_and_listed_as_one_about_no_payment(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_street(tmp_path, clock) as street:
        shop = await street.open(mood=answering(answer(410)))
        await street.post(f"/{shop.id}/test", None)
        await street.deliver()
        (test,) = await messages(street, shop.id)
        assert (test["state"], test["status"], test["payment_id"]) == ("parked", 410, None)
        listed = await street.world.get("/v1/notices?limit=50", who="mer_1")
        notices = listed.json.get("notices", [])
        parked = [one["data"] for one in notices if one["type"] == "delivery.parked"]
        assert [(one["id"], one["payment_id"]) for one in parked] == [(test["id"], None)]

        refused = await street.post(f"/{shop.id}/test", None)
        assert (refused.status, refused.code) == (409, "command_refused")
        assert "the endpoint is disabled" in refused.json["detail"]
        assert (await street.post(f"/{shop.id}/test", None, "mer_2")).status == 404
        assert (await street.post(f"/{shop.id}/test", None, "operator")).status == 403
        await street.post(f"/{shop.id}/delete", None)
        refused = await street.post(f"/{shop.id}/test", None)
        assert "the endpoint was deleted" in refused.json["detail"]


async def test_an_endpoint_is_tested_so_often_within_a_minute_and_the_headers_say_so(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_street(tmp_path, clock) as street:
        shop, other = await street.open(), await street.open()
        most = ENDPOINT_TESTS_PER_MINUTE_MAX
        for left in reversed(range(most)):
            sent = await street.post(f"/{shop.id}/test", None)
            assert sent.status == 202
            assert f'"test";q={most};w=60' in sent.headers["RateLimit-Policy"]
            assert f'"test";r={left};' in sent.headers["RateLimit"]
        refused = await street.post(f"/{shop.id}/test", None)
        assert (refused.status, refused.code) == (429, "too_many_requests")
        assert refused.headers["Retry-After"] == "60"
        assert refused.json["errors"][0]["parameter"] == "endpoint_id"
        assert (await street.post(f"/{other.id}/test", None)).status == 202
        await street.deliver()
        assert len(shop.heard) == most
