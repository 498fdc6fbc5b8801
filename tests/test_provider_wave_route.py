"""A Wave payment from end to end: the server, the sandbox, a payer, and the signed webhook."""

from pathlib import Path

from adapters.sandbox.faults import Faults
from adapters.sandbox.payer import pay_as_customer
from ledger.events import WebhookReceived
from tests.api_world import a_payment
from tests.test_api_route import a_living_world, redirect_url, settled


async def test_a_payer_confirms_and_the_portal_s_webhook_is_the_evidence(tmp_path: Path) -> None:
    number = "+221770000001"
    asked = a_payment(provider="wave", currency="XOF", payer={"phone": number})
    async with a_living_world(tmp_path, Faults.none()) as (world, _):
        payment_id = (await world.pay(asked)).json["id"]
        page = await redirect_url(world, payment_id)
        await pay_as_customer(world.session, page, number, "")
        outcome = await settled(world, payment_id, "succeeded", "failed")
        state, _ = await world.services.handler.payment(payment_id)
        store = world.services.store
        received = [
            one.event for one in await store.read(0, 100) if isinstance(one.event, WebhookReceived)
        ]
        forged = await world.ask("POST", "/webhooks/wave/portal", json={"type": "x"})
        sources = {word.source.value for word in state.evidence}
    assert outcome == "succeeded"
    assert [(one.provider, one.verdict, one.payment_id) for one in received] == [
        ("wave", "authenticated", None)
    ]
    assert sources == {"webhook"}
    assert forged.status == 401
