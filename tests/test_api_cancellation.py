"""Cancelling over HTTP: what it ends, what it refuses, and that nobody told so is charged."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from ledger import commands
from ledger.commands_log import RecordRestoration
from ledger.errors import CommandRefusedError
from tests.api_world import CONTEXT, Answer, World, a_world, settings_in
from tests.checkout_world import look, move, pay, session_of
from tests.conftest import FakeClock
from tests.stage import a_stage
from tests.test_api_refunds import a_paid_one, moved

FRENCH = {"Accept-Language": "fr"}
PAYOUT = {"amount": "700", "currency": "XAF", "payee": {"phone": "+237670000002"}}


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with a_world(settings_in(tmp_path), clock=clock, is_in_memory=True) as made:
        yield made


async def cancel(
    world: World, thing_id: str, where: str = "payments", who: str = "mer_1", **headers: str
) -> Answer:
    """Ask for a cancellation."""
    path = f"/v1/{where}/{thing_id}/cancellation"
    return await world.ask("POST", path, who=who, headers=headers)


async def one_of_each(world: World) -> dict[str, str]:
    """A payment, a payout and a refund that no provider has: where they are, and their ids."""
    paid = await a_paid_one(world)
    made = {
        "payments": await world.pay(key="order-2"),
        "payouts": await moved(world, "/v1/payouts", PAYOUT),
        "refunds": await moved(world, f"/v1/payments/{paid}/refunds", {"amount": "500"}),
    }
    return {where: str(one.json["id"]) for where, one in made.items()}


async def test_what_no_provider_has_is_ended_and_a_repeat_is_answered_alike(world: World) -> None:
    for where, thing_id in (await one_of_each(world)).items():
        first = await cancel(world, thing_id, where)
        again = await cancel(world, thing_id, where)
        shown = (await world.get(f"/v1/{where}/{thing_id}")).json

        assert (first.status, again.body) == (200, first.body)
        assert first.json["code"] == "CANCELLED_BY_MERCHANT"
        assert first.headers["Cauri-Position"] == str(first.json["position"])
        assert (shown["status"], shown["is_final"], shown["moved_at"]) == ("expired", True, None)
        assert shown["code"] == "CANCELLED_BY_MERCHANT"
        assert shown["refusal"]["refusal"] == "cancelled"
        late = commands.StartSubmission(
            payment_id=thing_id, provider="mtn", reference="late", inquire_at=world.services.clock()
        )
        with pytest.raises(CommandRefusedError):
            await world.services.handler.handle(late, context=CONTEXT)


async def test_a_refund_that_is_cancelled_leaves_its_amount_to_give_back(world: World) -> None:
    paid = await a_paid_one(world)
    refund = (await moved(world, f"/v1/payments/{paid}/refunds", {"amount": "1500"})).json["id"]
    held = (await world.get(f"/v1/payments/{paid}")).json["refundable"]
    await cancel(world, refund, "refunds")
    free = (await world.get(f"/v1/payments/{paid}")).json["refundable"]
    anew = await moved(world, f"/v1/payments/{paid}/refunds", {}, key="k-2")

    assert (held, free) == ("0", "1500")
    assert (anew.status, anew.json["amount"]) == (202, "1500")


@pytest.mark.parametrize(
    ("steps", "remedy"),
    [
        (["start"], "Wait for its end, and give it back by a refund if it succeeds."),
        (["start", "confirm"], "Wait for its end, and give it back by a refund if it succeeds."),
        (["start", "doubt"], "Wait for its end, and give it back by a refund if it succeeds."),
        (["start", "confirm", "success"], "Give it back by a refund."),
        (["start", "confirm", "failure"], "Look at it: nothing more happens to it."),
    ],
)
async def test_what_a_provider_may_have_is_not_cancelled_and_the_remedy_is_named(
    world: World, steps: list[str], remedy: str
) -> None:
    payment_id = (await world.pay()).json["id"]
    await move(world, payment_id, *steps)
    before = await world.services.store.position()
    refused = await cancel(world, payment_id)

    assert (refused.status, refused.code) == (409, "not_cancellable")
    assert [one["remedy"] for one in refused.json["errors"]] == [remedy]
    assert await world.services.store.position() == before


async def test_only_ones_own_is_cancelled_and_by_its_own_name(world: World) -> None:
    things = await one_of_each(world)
    for where, thing_id in things.items():
        for other in things.keys() - {where}:
            assert (await cancel(world, thing_id, other)).code == "unknown_payment"
        assert (await cancel(world, thing_id, where, "mer_2")).code == "unknown_payment"
        assert (await cancel(world, thing_id, where, "admin")).status == 403
        assert (await world.get(f"/v1/{where}/{thing_id}")).json["status"] == "requested"


async def test_what_a_lost_log_may_have_sent_is_not_cancelled(
    world: World, clock: FakeClock
) -> None:
    kept = (await world.pay(key="kept")).json["id"]
    until = clock() + timedelta(days=7)
    restored = RecordRestoration(since=clock(), until=until, unasked=(), at=clock())
    await world.services.handler.handle(restored, context=CONTEXT)
    repeated = (await world.pay(key="repeated")).json["id"]
    clock.advance(8 * 86_400)
    fresh = (await world.pay(key="fresh")).json["id"]

    for payment_id in (kept, repeated):
        refused = await cancel(world, payment_id)
        assert (refused.status, refused.code) == (409, "not_cancellable")
        assert "restored from a backup" in refused.json["detail"]
        french = await cancel(world, payment_id, **FRENCH)
        assert "restauré depuis une sauvegarde" in french.json["detail"]
    assert (await cancel(world, fresh)).status == 200


async def test_people_are_told_who_cancelled_it_and_that_no_money_moved(world: World) -> None:
    payment_id = (await world.pay()).json["id"]
    await cancel(world, payment_id)
    told = {}
    for language in ("en", "fr"):
        headers = {"Accept-Language": language}
        path = f"/v1/payments/{payment_id}/support"
        told[language] = (await world.get(path, headers=headers)).json

    english, french = told["en"], told["fr"]
    assert (english["situation"], english["money"]) == ("refused", "not_moved")
    assert english["what_happened"]["for_payer"] == "This payment was cancelled."
    assert french["what_happened"]["for_payer"] == "Ce paiement a été annulé."
    assert (
        english["history"]["sentences"][-1]["text"]
        == "A shop cancelled the payment: no money moved."
    )
    assert french["history"]["sentences"][-1]["text"] == (
        "A shop a annulé le paiement\xa0; l'argent n'a pas bougé."
    )


async def test_a_session_whose_payment_was_cancelled_can_be_paid_again_or_closed(
    world: World,
) -> None:
    session_id = await session_of(world)
    first = await pay(world, session_id)
    assert (await cancel(world, first)).status == 200
    page = await look(world, session_id, "?lang=fr")
    second = await pay(world, session_id)
    assert "Ce paiement a été annulé." in page.text
    assert second != first
    assert (await cancel(world, second)).status == 200
    path = f"/v1/checkout-sessions/{session_id}"
    closed = await world.ask("POST", f"{path}/expire", who="mer_1")
    assert (closed.status, closed.json["status"]) == (200, "expired")
    assert [one["outcome"] for one in closed.json["attempts"]] == ["expired", "expired"]


async def test_whoever_was_told_that_it_is_cancelled_is_never_charged(tmp_path: Path) -> None:
    async with a_stage(tmp_path) as stage:
        asked = [await stage.request(number) for number in range(6)]
        late = asyncio.gather(*[stage.request(number) for number in range(6, 12)])
        answers = [await cancel(stage, payment_id) for payment_id in asked]
        asked += await late
        answers += [await cancel(stage, payment_id) for payment_id in asked[6:]]
        await stage.until_final(asked)
        told = await stage.told(asked)

    for payment_id, answer in zip(asked, answers, strict=True):
        if answer.status == 200:
            assert told[payment_id] == ("expired", [])
        else:
            assert answer.code == "not_cancellable"
            assert told[payment_id] == ("succeeded", ["succeeded"])


async def test_a_made_up_callback_about_what_was_cancelled_charges_nobody(tmp_path: Path) -> None:
    async with a_stage(tmp_path) as stage:
        await stage.providers.leave("mtn")
        payment_id = await stage.request(1)

        async def was_not_sent() -> bool:
            return "submission_withdrawn" in await stage.types(payment_id)

        await stage.until(was_not_sent)
        # Between two attempts to reach the provider it is nowhere; during one it may be.
        while (cancelled := await cancel(stage, payment_id)).status != 200:
            assert cancelled.code == "not_cancellable"
        await stage.providers.weather("mtn")
        news = {"externalId": payment_id, "status": "SUCCESSFUL", "financialTransactionId": "1"}
        called = await stage.call_back(f"mtn/{payment_id}/{payment_id}", news)
        assert called.status == 200

        async def is_read() -> bool:
            recorded = await stage.services.store.read(0, 1000)
            return any(one.type.startswith("webhook.understood") for one in recorded)

        await stage.until(is_read)
        await stage.until_final([payment_id])
        told = await stage.told([payment_id])
        answer = await stage.get(f"/v1/payments/{payment_id}")

    assert told == {payment_id: ("expired", [])}
    assert answer.json["code"] == "CANCELLED_BY_MERCHANT"
