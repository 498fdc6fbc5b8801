"""Webhooks from end to end: a payment is asked for, and its merchant hears of its end."""

from pathlib import Path

from standardwebhooks import Webhook

from api.wiring import utc_now
from tests.shop import Shop
from tests.stage import WAIT_SECONDS, a_stage
from tests.test_signing import verify_v1a


async def test_a_payment_is_asked_for_and_its_merchant_hears_of_its_success(
    tmp_path: Path,
) -> None:
    async with a_stage(tmp_path, endpoint_loopback=True) as stage, Shop(utc_now) as shop:
        answer = await stage.ask(
            "POST", "/v1/webhook-endpoints", who="mer_1", json={"url": shop.url}
        )
        endpoint_id = answer.json["id"]
        secret, public_key = answer.json["secret"], answer.json["public_key"]
        paid = await stage.request(1)
        refused = await stage.request(2, ending="51")
        await shop.server.until(4, WAIT_SECONDS)

        for request in shop.requests:
            told = Webhook(secret).verify(request.body, request.headers)
            verify_v1a(public_key, request.headers, request.body)
            assert request.headers["content-type"] == "application/json"
            assert told["data"]["merchant_id"] == "mer_1"
        assert [type_ for type_, payment_id in shop.told if payment_id == paid] == [
            "payment.pending",
            "payment.succeeded",
        ]
        assert [type_ for type_, payment_id in shop.told if payment_id == refused] == [
            "payment.pending",
            "payment.failed",
        ]
        (success,) = [one for one in shop.heard if one.type == "payment.succeeded"]
        assert success.content["data"]["amount"] == "1001"
        # What it was told is what it reads, and the books of what it was told agree.
        read = await stage.get(f"/v1/payments/{paid}?as_of={success.position}")
        assert success.content["data"]["status"] == read.json["status"] == "succeeded"

        async def is_all_recorded() -> bool:
            await stage.caught_up()
            return await stage.services.deliveries.counts(endpoint_id) == {"delivered": 4}

        await stage.until(is_all_recorded)
