"""A KKiaPay payment from end to end: the server, the sandbox, a payer, the webhook, the refund."""

from pathlib import Path

from adapters.sandbox.faults import Faults
from adapters.sandbox.kkiapay import KkiapaySandbox
from adapters.sandbox.payer import pay_as_customer
from tests.api_world import a_payment
from tests.test_api_refunds import moved
from tests.test_api_route import a_living_world, redirect_url, settled


async def test_a_payer_confirms_and_the_portal_s_webhook_is_the_evidence(tmp_path: Path) -> None:
    number = "+2290161000001"
    asked = a_payment(provider="kkiapay", currency="XOF", amount="2500", payer={"phone": number})
    async with a_living_world(tmp_path, Faults.none()) as (world, _):
        payment_id = (await world.pay(asked)).json["id"]
        page = await redirect_url(world, payment_id)
        await pay_as_customer(world.session, page, number, "")
        outcome = await settled(world, payment_id, "succeeded", "failed")
        state, _ = await world.services.handler.payment(payment_id)
        refund = await moved(world, f"/v1/payments/{payment_id}/refunds", {"amount": "2500"})
        given_back = await settled(world, refund.json["id"], "succeeded", "failed", "declined")
        intent = (await world.services.handler.payment(refund.json["id"]))[0].attempts[-1]
        forged = await world.ask("POST", "/webhooks/kkiapay/portal", json={"event": "x"})
        sources = {(word.source.value, word.amount) for word in state.evidence}
    assert (outcome, given_back) == ("succeeded", "succeeded")
    assert intent.sealed_handle is not None
    assert sources == {("webhook", "2500")}
    assert forged.status == 401


async def test_a_page_that_is_paid_twice_shows_as_a_conflict_with_all_of_the_money(
    tmp_path: Path,
) -> None:
    number = "+2290161000001"
    asked = a_payment(provider="kkiapay", currency="XOF", amount="2500", payer={"phone": number})
    async with a_living_world(tmp_path, Faults.none()) as (world, running):
        (kkiapay,) = [one.server for one in running if isinstance(one.server, KkiapaySandbox)]
        kkiapay.settings = kkiapay.settings.model_copy(update={"pays_again": True})
        payment_id = (await world.pay(asked)).json["id"]
        page = await redirect_url(world, payment_id)
        await pay_as_customer(world.session, page, number, "")
        outcome = await settled(world, payment_id, "succeeded", "failed")
        # In another window, which was open before.
        await pay_as_customer(world.session, page, number, "")
        later = await settled(world, payment_id, "conflict")
        await world.caught_up()
        books = (await world.get("/v1/accounts", who="accountant")).json
    assert (outcome, later) == ("succeeded", "conflict")
    balance = {(one["account"], one["holder"]): one["balance"] for one in books["accounts"]}
    assert balance["552", "kkiapay"] == "5000"
    assert balance["471", "kkiapay"] == "-5000"
