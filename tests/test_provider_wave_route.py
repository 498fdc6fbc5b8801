"""A Wave payment from end to end: the server, the sandbox, a payer, and the signed webhook."""

import asyncio
from pathlib import Path

import pytest

from adapters.sandbox.faults import Faults
from adapters.sandbox.payer import pay_as_customer
from adapters.sandbox.wave import WaveSandbox
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


async def test_who_is_told_why_a_payout_failed_is_told_whose_account_it_was(
    tmp_path: Path,
) -> None:
    refused = []
    async with a_living_world(tmp_path, Faults.none()) as (world, _):
        for digits in ("50", "51", "53", "55"):
            number = f"+2217700000{digits}"
            asked = {
                "amount": "2000",
                "currency": "XOF",
                "provider": "wave",
                "payee": {"phone": number},
            }
            headers = {"Idempotency-Key": f"payout-{digits}"}
            made = await world.ask("POST", "/v1/payouts", who="mer_1", headers=headers, json=asked)
            await settled(world, made.json["id"], "failed", "declined")
            shown = (await world.get(f"/v1/payouts/{made.json['id']}")).json
            refused.append((shown["code"], shown["refusal"]["refusal"]))
    assert refused == [
        ("recipient-account-blocked", "account_blocked"),
        ("PAYEE_OVER_LIMITS", "payee_limit_reached"),
        ("PAYEE_OVER_LIMITS", "payee_limit_reached"),
        ("insufficient-funds", "merchant_funds_short"),
    ]


@pytest.mark.slow
async def test_in_a_storm_the_ledger_ends_with_what_wave_collected(tmp_path: Path) -> None:
    async with a_living_world(tmp_path, Faults.storm(11)) as (world, running):

        async def paid_by(number: int) -> str:
            phone = f"+2217700000{(1, 51)[number % 4 == 3]:02}"
            asked = a_payment(provider="wave", currency="XOF", payer={"phone": phone})
            payment_id = str((await world.pay(asked, key=f"order-{number}")).json["id"])
            page = await redirect_url(world, payment_id)
            await pay_as_customer(world.session, page, phone, "")
            return payment_id

        made = await asyncio.gather(*map(paid_by, range(8)))
        outcomes = [await settled(world, one, "succeeded", "failed") for one in made]
        (wave,) = [one.server for one in running if isinstance(one.server, WaveSandbox)]
        paid = [one.reference for one in wave.books.succeeded("collection")]
    assert outcomes == [("succeeded", "failed")[n % 4 == 3] for n in range(8)]
    assert {str(one).rpartition("-")[0] for one in paid} == {
        one for one, outcome in zip(made, outcomes, strict=True) if outcome == "succeeded"
    }
    assert len(paid) == outcomes.count("succeeded")
