"""A payment that awaits a one-time code, from end to end; and that nobody finds the code."""

import base64
from pathlib import Path
from typing import Any

from adapters.sandbox.faults import Faults
from ledger.errors import ErasedError
from ledger.payment_codes import CONFIRMATIONS_MAX, code_context
from tests.api_world import Answer, World, a_payment, captured_logs
from tests.test_api_route import WAIT_SECONDS, a_living_world, bytes_of, settled

PHONE = "+2250700000001"
RIGHT, WRONG = "123456", "9182736450"
AWAITED = "one_time_code"


def asked(**changes: Any) -> dict[str, Any]:
    """What a merchant of Côte d'Ivoire sends for a payer of Orange."""
    return a_payment(provider="hub2", currency="XOF", payer={"phone": PHONE, **changes})


async def awaiting(world: World, payment_id: str) -> dict[str, Any]:
    """Wait until a payment awaits a code; how it is shown then."""
    store = world.services.store
    while True:
        position = await store.position()
        shown = (await world.get(f"/v1/payments/{payment_id}")).json
        if shown["awaits"] == AWAITED:
            return dict(shown)
        assert await store.wait_for(position + 1, WAIT_SECONDS), shown


async def hand_in(world: World, payment_id: str, code: str, key: str, who: str = "mer_1") -> Answer:
    """Hand a code in."""
    return await world.ask(
        "POST",
        f"/v1/payments/{payment_id}/confirmation",
        who=who,
        headers={"Idempotency-Key": key},
        json={"one_time_code": code},
    )


async def test_a_wrong_code_then_the_right_one_and_neither_is_ever_found(tmp_path: Path) -> None:
    with captured_logs() as logs:
        async with a_living_world(tmp_path, Faults.none()) as (world, _):
            payment_id = (await world.pay(asked())).json["id"]
            first = await awaiting(world, payment_id)
            wrong = await hand_in(world, payment_id, WRONG, "code-1")
            again = await awaiting(world, payment_id)
            right = await hand_in(world, payment_id, RIGHT, "code-2")
            outcome = await settled(world, payment_id, "succeeded", "failed", "expired")
            repeated = await hand_in(world, payment_id, WRONG, "code-1")
            other = await hand_in(world, payment_id, RIGHT, "code-1")
            late = await hand_in(world, payment_id, RIGHT, "code-3")
            shown = (await world.get(f"/v1/payments/{payment_id}")).json
            trail = (await world.get(f"/v1/payments/{payment_id}/events")).json["events"]
            given = [one["data"] for one in trail if one["type"] == "payment.code_given"]
            opened = []
            for one in given:
                try:
                    context = code_context(payment_id)
                    await world.services.vault.open(one["sealed_code"], context=context)
                except ErasedError:
                    opened.append("destroyed")
            written = logs.getvalue() + bytes_of(tmp_path)
    assert (first["status"], again["reason"]) == ("pending", "HUB2 asks for a code again")
    assert (wrong.status, right.status, outcome) == (202, 202, "succeeded")
    assert (wrong.json["number"], right.json["number"]) == (1, 2)
    assert (repeated.status, repeated.body) == (202, wrong.body)
    assert repeated.headers["Idempotent-Replayed"] == "true"
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    assert (late.status, late.code) == (409, "code_not_awaited")
    assert (shown["awaits"], opened) == (None, ["destroyed"] * 2)
    kinds = [one["type"] for one in trail]
    assert kinds.count("payment.confirmation_started") == 2
    assert not [form for form in _forms(WRONG) if form in written]


async def test_a_code_sent_along_goes_with_the_payment_and_is_never_found(tmp_path: Path) -> None:
    with captured_logs() as logs:
        async with a_living_world(tmp_path, Faults.none()) as (world, _):
            right = (await world.pay(asked(one_time_code=RIGHT), key="a")).json["id"]
            wrong = (await world.pay(asked(one_time_code=WRONG), key="b")).json["id"]
            outcomes = [await settled(world, one, "succeeded", "failed") for one in (right, wrong)]
            state, _ = await world.services.handler.payment(wrong)
            sealed = str(state.requested.sealed_code)
            try:
                await world.services.vault.open(sealed, context=code_context(wrong))
                is_destroyed = False
            except ErasedError:
                is_destroyed = True
            written = logs.getvalue() + bytes_of(tmp_path)
    assert outcomes == ["succeeded", "failed"]
    assert is_destroyed
    assert not [form for form in _forms(WRONG) if form in written]


async def test_who_may_hand_in_what_is_checked_before_anything_is_kept(tmp_path: Path) -> None:
    async with a_living_world(tmp_path, Faults.none()) as (world, _):
        await world.add_merchant("mer_2")
        payment_id = (await world.pay(asked())).json["id"]
        await awaiting(world, payment_id)
        before = await world.services.store.position()
        stranger = await hand_in(world, payment_id, RIGHT, "x", who="mer_2")
        reader = await hand_in(world, payment_id, RIGHT, "x", who="auditor")
        words = await hand_in(world, payment_id, "12 34", "x")
        none = await world.ask(
            "POST",
            f"/v1/payments/{payment_id}/confirmation",
            who="mer_1",
            headers={"Idempotency-Key": "x"},
            json={},
        )
        after = await world.services.store.position()
        tries = []
        for number in range(CONFIRMATIONS_MAX + 1):
            tries.append((await hand_in(world, payment_id, WRONG, f"try-{number}")).status)
            if number < CONFIRMATIONS_MAX:
                await awaiting(world, payment_id)
    assert (stranger.status, reader.status) == (404, 403)
    assert (words.status, words.json["errors"][0]["pointer"]) == (422, "/one_time_code")
    assert WRONG not in words.body.decode()
    assert (none.status, none.json["errors"][0]["pointer"]) == (422, "/one_time_code")
    assert after == before
    assert tries == [202] * CONFIRMATIONS_MAX + [409]


async def test_a_provider_that_takes_no_code_is_not_sent_one(tmp_path: Path) -> None:
    async with a_living_world(tmp_path, Faults.none()) as (world, _):
        payer = {"phone": "+237650000001", AWAITED: RIGHT}
        refused = await world.pay(a_payment(provider="mtn", payer=payer))
    assert (refused.status, refused.json["errors"]) == (
        422,
        [
            {
                "pointer": "/payer/one_time_code",
                "reason": "MTN MoMo takes no one-time code.",
                "remedy": "Leave it out: the payer confirms on their own handset.",
            }
        ],
    )


def _forms(code: str) -> list[bytes]:
    plain = code.encode()
    return [plain, plain.hex().encode(), base64.b64encode(plain).rstrip(b"=")]
