"""A TouchPay payment and payout from end to end: the server, the sandbox, the unproved callback."""

from pathlib import Path

from adapters.sandbox.faults import Faults
from tests.api_world import a_payment
from tests.test_api_route import a_living_world, settled


async def test_a_callback_makes_us_ask_and_the_answer_is_the_evidence(tmp_path: Path) -> None:
    number = "+2250500000001"
    asked = a_payment(provider="touchpay", currency="XOF", amount="1500", payer={"phone": number})
    async with a_living_world(tmp_path, Faults.none()) as (world, _):
        payment_id = (await world.pay(asked)).json["id"]
        outcome = await settled(world, payment_id, "succeeded", "failed")
        state, _ = await world.services.handler.payment(payment_id)
    assert outcome == "succeeded"
    assert {(word.source.value, word.amount) for word in state.evidence} == {("poll", "1500")}
