"""A payment in Senegal from end to end: server, sandbox, payer, and the signed callback."""

from pathlib import Path

import pytest

from adapters.sandbox.faults import Faults
from adapters.sandbox.orange_sonatel import OrangeSonatelSandbox
from adapters.sandbox.payer import pay_as_customer
from ledger.events import WebhookReceived
from tests.api_world import a_payment
from tests.test_api_route import a_living_world, redirect_url, settled


async def test_a_payer_follows_the_link_and_the_signed_callback_is_the_evidence(
    tmp_path: Path,
) -> None:
    number = "+221770000001"
    asked = a_payment(provider="orange_sonatel", currency="XOF", payer={"phone": number})
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
        path = f"/webhooks/orange_sonatel/{payment_id}/{payment_id}-1"
        forged = await world.ask("POST", path, json={"type": "MERCHANT_PAYMENT"})
        sources = {word.source.value for word in state.evidence}
    assert outcome == "succeeded"
    assert [(one.provider, one.verdict) for one in received] == [
        ("orange_sonatel", "authenticated")
    ]
    assert sources == {"webhook"}
    assert forged.status == 401


@pytest.mark.slow
async def test_in_a_storm_the_ledger_ends_with_what_sonatel_collected(tmp_path: Path) -> None:
    async with a_living_world(tmp_path, Faults.storm(7)) as (world, running):
        made = []
        for number in range(6):
            phone = f"+2217700000{number + 1:02}"
            asked = a_payment(provider="orange_sonatel", currency="XOF", payer={"phone": phone})
            payment_id = (await world.pay(asked, key=f"order-{number}")).json["id"]
            page = await redirect_url(world, payment_id)
            await pay_as_customer(world.session, page, phone, "")
            made.append(payment_id)
        outcomes = [await settled(world, one, "succeeded", "failed") for one in made]
        (server,) = [one.server for one in running if isinstance(one.server, OrangeSonatelSandbox)]
        paid = [str(one.reference) for one in server.books.succeeded("collection")]
    assert outcomes == ["succeeded"] * 6
    assert sorted(one.rpartition("-")[0] for one in paid) == sorted(made)
