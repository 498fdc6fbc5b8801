"""A payment in Burkina Faso from end to end: the server, the sandbox, the payer's code, a doubt."""

from pathlib import Path

from adapters.sandbox.faults import Faults
from adapters.sandbox.orange_bf import OrangeBfSandbox
from tests.api_world import World, a_payment
from tests.test_api_route import WAIT_SECONDS, a_living_world, settled

PAYER = {"phone": "+22674123401", "one_time_code": "123456"}


async def asked_about(world: World, payment_id: str) -> None:
    """Wait until it was asked about, without an answer."""
    store = world.services.store
    while not (await world.services.handler.payment(payment_id))[0].inquiries:
        assert await store.wait_for(await store.position() + 1, WAIT_SECONDS)


async def test_the_answer_to_the_one_call_is_the_evidence(tmp_path: Path) -> None:
    asked = a_payment(provider="orange_bf", currency="XOF", amount="1500", payer=PAYER)
    async with a_living_world(tmp_path, Faults.none()) as (world, _):
        payment_id = (await world.pay(asked)).json["id"]
        outcome = await settled(world, payment_id, "succeeded", "failed", "declined")
        state, _ = await world.services.handler.payment(payment_id)
        without = asked | {"payer": {"phone": PAYER["phone"]}}
        other_id = (await world.pay(without, key="without a code")).json["id"]
        declined = await settled(world, other_id, "succeeded", "failed", "declined")
        shown = (await world.get(f"/v1/payments/{other_id}")).json
    assert (outcome, declined) == ("succeeded", "declined")
    assert {word.source.value for word in state.evidence} == {"poll"}
    assert "ONE_TIME_CODE_MISSING" in repr(shown)


async def test_a_lost_answer_is_listed_and_never_sent_again_whoever_calls(tmp_path: Path) -> None:
    asked = a_payment(provider="orange_bf", currency="XOF", amount="1500", payer=PAYER)
    async with a_living_world(tmp_path, Faults(server_error_after=1)) as (world, running):
        payment_id = (await world.pay(asked)).json["id"]
        await asked_about(world, payment_id)
        (server,) = [one.server for one in running if isinstance(one.server, OrangeBfSandbox)]
        (taken,) = server.books.succeeded("collection")
        path = f"/webhooks/orange_bf/{payment_id}/{taken.reference}"
        forged = await world.ask("POST", path, json={"status": "SUCCESSFUL"})
        state, _ = await world.services.handler.payment(payment_id)
        lent = world.services
        listed = await lent.worklist.listing(now=lent.clock(), provider="orange_bf")
    assert forged.status == 401
    assert (len(state.attempts), state.status.is_final) == (1, False)
    assert [one.stream_id for one in listed] == [payment_id]
