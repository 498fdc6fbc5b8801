"""The Y-Note adapter against the Y-Note sandbox: the contracts, and what is Y-Note's own."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from adapters.base import (
    Accepted,
    Charge,
    Declined,
    Final,
    NotSent,
    Pending,
    Submission,
    Unaskable,
    Unknown,
    WebhookCall,
)
from adapters.providers.ynote import Settings, YnoteAdapter
from adapters.sandbox.faults import Faults
from adapters.sandbox.movements import read_books
from adapters.sandbox.timer import ManualTimer
from adapters.sandbox.ynote_trial import adapter_fields, make_trial
from ledger.commands import RequestInquiry
from ledger.evidence import Word
from ledger.money import Money
from tests.contracts.provider import ProviderContract, World
from tests.contracts.rail import END_SECONDS, PAYOUT_ID, PayoutContract
from tests.contracts.webhook import WebhookContract
from tests.replay import NOW, PAYMENT_ID, a_charge, opening
from tests.ynote_world import MTN, ORANGE, PAYOUT, REFERENCE, YnoteWorld, a_world

UNSEEN = Unaskable("Y-Note is asked by the MessageId, which nobody has seen")

UNPAUSED = {"token_pause_seconds": 0.0}
"""A refused token call is tried again at once: time stands still here."""


class TestYnoteMtn(PayoutContract, WebhookContract, ProviderContract):
    """The contracts, with payments of MTN."""

    charges_a_repeat = True

    @asynccontextmanager
    async def open_world(self, folder: Path) -> AsyncIterator[World]:
        async with a_world(folder, changes=UNPAUSED) as world:
            yield world

    def refused_at_once(self, world: World) -> Charge:
        return replace(world.charge("paid"), callback_url="http://x/" + "x" * 200)


class TestYnoteOrange(WebhookContract, ProviderContract):
    """The contract with payments of Orange, and the other spelling of the code."""

    charges_a_repeat = True

    @asynccontextmanager
    async def open_world(self, folder: Path) -> AsyncIterator[World]:
        switches = {"code_key": "StatusCode", "message_id_in": "parameters"}
        async with a_world(folder, changes=UNPAUSED, beginning=ORANGE, **switches) as world:
            yield world

    def refused_at_once(self, world: World) -> Charge:
        return replace(world.charge("paid"), money=Money(1500, "XOF"))


async def accepted_by(world: YnoteWorld, charge: Charge | None = None) -> Accepted:
    """Submit once; give the acceptance."""
    accepted = await world.adapter.submit(charge or world.charge("paid"), REFERENCE)
    assert isinstance(accepted, Accepted)
    return accepted


async def paying_out(world: YnoteWorld, ending: str = "paid") -> Accepted:
    """Pay out once; give the acceptance."""
    accepted = await world.adapter.pay_out(world.transfer(ending), PAYOUT)
    assert isinstance(accepted, Accepted)
    return accepted


def heard(world: YnoteWorld) -> list[WebhookCall]:
    """The callbacks that came."""
    return [
        WebhookCall(
            method=one.method,
            path=tuple(one.path.split("/")[3:]),
            headers=one.headers,
            body=one.body,
        )
        for one in world.receiver.received
    ]


@pytest.mark.parametrize(
    ("beginning", "operator", "method", "path"),
    [
        (MTN, "mtn", "MTN_CMR", "/prod/webpaymentmtn/status"),
        (ORANGE, "orange", "OM_CMR", "/prod/webpayment/status"),
    ],
)
async def test_each_operator_has_its_method_and_its_status(
    tmp_path: Path, beginning: str, operator: str, method: str, path: str
) -> None:
    async with a_world(tmp_path, beginning=beginning) as world:
        accepted = await accepted_by(world)
        (booked,) = world.movements("collection")
        asked = await world.adapter.inquire(REFERENCE, accepted.handle)
        assert world.exchanges[-1].path == path
    assert accepted == Accepted(handle={operator: booked.id})
    assert (booked.details["method"], booked.phone) == (method, f"{beginning[4:]}01")
    assert (booked.amount_minor, booked.reference) == (1500, REFERENCE)
    assert asked == Pending("PENDING")


async def test_a_number_may_be_sent_with_its_country(tmp_path: Path) -> None:
    async with a_world(tmp_path, changes={"msisdn_form": "international"}) as world:
        await accepted_by(world)
        assert world.movements("collection")[0].phone == "237670000001"


@pytest.mark.parametrize("status_in", ["top", "parameters"])
async def test_what_was_paid_is_told_with_amount_and_currency(
    tmp_path: Path, status_in: str
) -> None:
    async with a_world(tmp_path, status_in=status_in) as world:
        accepted = await accepted_by(world)
        world.timer.advance(END_SECONDS)
        final = await world.adapter.inquire(REFERENCE, accepted.handle)
        (booked,) = world.movements("collection")
    assert final == Final(
        word=Word.SUCCEEDED,
        amount="1500",
        currency="XAF",
        provider_transaction_id=booked.transaction_id,
    )


async def test_the_callback_of_the_queue_says_successfull_and_nobody_has_paid(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path, callbacks="queued") as world:
        accepted = await accepted_by(world, world.charge("refused"))
        await world.receiver.until(1)
        (call,) = heard(world)
        said = orjson.loads(call.body)
        verdict = world.adapter.authenticate(call, None, NOW)
        commands = world.adapter.translate(call, verdict, NOW)
        asked = await world.adapter.inquire(REFERENCE, accepted.handle)
        world.timer.advance(END_SECONDS)
        final = await world.adapter.inquire(REFERENCE, accepted.handle)
    assert (said["ErrorCode"], said["status"], verdict) == (200, "SUCCESSFULL", "unsigned")
    reason = "an unproved callback says SUCCESSFULL"
    assert commands == [RequestInquiry(payment_id=PAYMENT_ID, reason=reason, inquire_at=NOW)]
    assert asked == Pending("PENDING")
    assert isinstance(final, Final)
    assert (final.word, final.code) == (Word.FAILED, "FAILED")


async def test_a_callback_about_a_payout_names_the_payout(tmp_path: Path) -> None:
    async with a_world(tmp_path, callbacks="ended") as world:
        await paying_out(world, "refused")
        world.timer.advance(END_SECONDS)
        await world.receiver.until(1)
        (call,) = heard(world)
        commands = world.adapter.translate(replace(call, path=("portal",)), "unsigned", NOW)
    reason = "an unproved callback says FAILED"
    assert commands == [RequestInquiry(payment_id=PAYOUT_ID, reason=reason, inquire_at=NOW)]


@pytest.mark.parametrize("queue", ["error", "503"])
async def test_a_queue_that_fails_with_200_leaves_the_payout_in_doubt(
    tmp_path: Path, queue: str
) -> None:
    async with a_world(tmp_path, queue=queue) as world:
        outcome = await world.adapter.pay_out(world.transfer("paid"), PAYOUT)
        asked = await world.adapter.inquire_payout(PAYOUT, None)
        assert world.movements("payout") == []
    told = {"error": "status 200: The message could not be queued", "503": "status 200: 503"}
    assert outcome == Unknown(told[queue])
    assert asked == UNSEEN


@pytest.mark.parametrize(
    ("waits", "meaning"),
    [
        ("message", Pending("The transfer is being initialised")),
        ("text", Unknown("status 200: The transfer is being initialised")),
        ("step_one", Pending("SUCCESSFULL at step 1")),
    ],
)
@pytest.mark.parametrize("result", ["nested", "flat"])
async def test_a_payout_is_paid_at_its_second_step_alone(
    tmp_path: Path, waits: str, meaning: Pending | Unknown, result: str
) -> None:
    async with a_world(tmp_path, payout_waits=waits, payout_result=result) as world:
        accepted = await paying_out(world)
        waiting = await world.adapter.inquire_payout(PAYOUT, accepted.handle)
        world.timer.advance(END_SECONDS)
        final = await world.adapter.inquire_payout(PAYOUT, accepted.handle)
        (booked,) = world.movements("payout")
    assert waiting == meaning
    assert final == Final(
        word=Word.SUCCEEDED, amount="2000", provider_transaction_id=booked.transaction_id
    )


@pytest.mark.parametrize(("failure", "code"), [("code", "5019"), ("status", "FAILED")])
@pytest.mark.parametrize("ending", ["refused", "no account", "short"])
async def test_a_failed_payout_is_told_by_a_code_or_by_a_status(
    tmp_path: Path, failure: str, code: str, ending: str
) -> None:
    async with a_world(tmp_path, payout_failure=failure) as world:
        accepted = await paying_out(world, ending)
        world.timer.advance(END_SECONDS)
        final = await world.adapter.inquire_payout(PAYOUT, accepted.handle)
    assert isinstance(final, Final)
    assert (final.word, final.code) == (Word.FAILED, code)


async def test_what_the_channel_cannot_pay_is_paid_to_nobody(tmp_path: Path) -> None:
    async with a_world(tmp_path, opening_balance_minor=1999) as world:
        accepted = await paying_out(world)
        world.timer.advance(END_SECONDS)
        final = await world.adapter.inquire_payout(PAYOUT, accepted.handle)
        assert world.sandbox.balance_minor("XAF") == 1999
    assert isinstance(final, Final)
    assert final.word is Word.FAILED


@pytest.mark.parametrize("payout_waits", ["message", "step_one"])
async def test_echoed_keys_are_in_no_transcript_and_in_no_outcome(
    tmp_path: Path, payout_waits: str
) -> None:
    async with a_world(tmp_path, payout_waits=payout_waits) as world:
        accepted = await accepted_by(world)
        paid_out = await paying_out(world)
        asked = [await world.adapter.inquire_payout(PAYOUT, paid_out.handle)]
        world.timer.advance(END_SECONDS)
        asked += [await world.adapter.inquire_payout(PAYOUT, paid_out.handle)]
        told = world.sandbox.settings
        pair = base64.b64encode(f"{told.channel_msisdn}:{told.pin}".encode()).decode()
        shown = "\n".join(f"{one.path}\n{one.transcript}" for one in world.exchanges)
    hidden = [
        *world.secrets,
        *(pair, told.pin, ORANGE[4:] + "01", MTN[4:] + "01", "Beneficiaire"),
        *accepted.handle.values(),
        *paid_out.handle.values(),
    ]
    assert [one for one in hidden if one in shown] == []
    assert [one for one in hidden if one in f"{asked}"] == []
    assert '"xauth":"***"' in shown
    assert "/prod/refund/status/***" in shown
    assert REFERENCE in shown


async def test_who_is_refused_a_token_asks_for_none_for_a_while(tmp_path: Path) -> None:
    changes = {"token_pause_seconds": 1000.0}
    async with a_world(tmp_path, changes=changes, token_calls_max=1) as world:
        accepted = await accepted_by(world)
        world.expire_tokens()
        outcomes: list[Submission] = [
            await world.adapter.submit(world.charge("paid"), f"{REFERENCE}{one}") for one in "12"
        ]
        asked = await world.adapter.inquire(REFERENCE, accepted.handle)
        tokens = [one for one in world.exchanges if one.path == "/oauth2/token"]
    refused = "the token call refused us a moment ago, and is left alone"
    assert outcomes == [
        NotSent("no access token: status 429: Too Many Requests"),
        NotSent(f"no access token: {refused}"),
    ]
    assert asked == Unknown(f"no access token: {refused}")
    assert [one.status for one in tokens] == [200, 429]


async def test_many_payments_at_once_ask_for_one_token(tmp_path: Path) -> None:
    changes = {"calls_per_second_max": 1000}
    async with a_world(tmp_path, changes=changes, token_calls_max=1) as world:
        outcomes = await asyncio.gather(
            *(
                world.adapter.submit(
                    world.charge("paid"), world.adapter.reference_for(PAYMENT_ID, number)
                )
                for number in range(1, 21)
            )
        )
        assert sum(one.path == "/oauth2/token" for one in world.exchanges) == 1
    assert {type(one) for one in outcomes} == {Accepted}


async def test_after_the_pause_a_token_is_asked_for_again(tmp_path: Path) -> None:
    changes = {"token_pause_seconds": 0.0}
    async with a_world(tmp_path, changes=changes, token_calls_max=1) as world:
        await accepted_by(world)
        world.expire_tokens()
        refused = await world.adapter.submit(world.charge("paid"), f"{REFERENCE}1")
        world.timer.advance(61)
        accepted = await world.adapter.submit(world.charge("paid"), f"{REFERENCE}2")
    assert isinstance(refused, NotSent)
    assert isinstance(accepted, Accepted)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"phone": "+237620000001"}, "OPERATOR_NOT_SERVED"),
        ({"phone": "+233240000001"}, "OPERATOR_NOT_SERVED"),
        ({"phone": "+1"}, "OPERATOR_NOT_SERVED"),
        ({"money": Money(1500, "XOF")}, "CURRENCY_NOT_SERVED"),
        ({"callback_url": None}, "CALLBACK_URL_MISSING"),
    ],
)
async def test_what_y_note_cannot_be_asked_is_declined_without_a_call(
    tmp_path: Path, changes: dict[str, Any], code: str
) -> None:
    async with a_world(tmp_path) as world:
        outcomes: list[Submission] = [
            await world.adapter.submit(replace(world.charge("paid"), **changes), REFERENCE),
            await world.adapter.pay_out(replace(world.transfer("paid"), **changes), PAYOUT),
        ]
        assert world.exchanges == []
    assert [one.code for one in outcomes if isinstance(one, Declined)] == [code, code]
    assert code in YnoteAdapter.refusals


async def test_a_payee_of_mtn_is_not_reached(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        transfer = replace(world.transfer("paid"), phone=MTN + "01")
        outcome = await world.adapter.pay_out(transfer, PAYOUT)
        assert world.exchanges == []
    assert isinstance(outcome, Declined)
    assert outcome.code == "OPERATOR_NOT_SERVED"


@pytest.mark.parametrize("absent", ["channel_msisdn", "channel_pin"])
async def test_without_a_channel_nothing_is_paid_out(tmp_path: Path, absent: str) -> None:
    async with a_world(tmp_path, changes={absent: None}) as world:
        outcome = await world.adapter.pay_out(world.transfer("paid"), PAYOUT)
        assert world.exchanges == []
    assert isinstance(outcome, Declined)
    assert outcome.code == "CHANNEL_MISSING"


@pytest.mark.parametrize(
    "changes",
    [
        {"customer_key": "another-customer-key"},
        {"customer_secret": "another-customer-secret"},
        {"client_secret": "another-client-secret"},
    ],
)
async def test_wrong_keys_send_nothing_and_are_not_told(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    async with a_world(tmp_path, changes=changes) as world:
        outcome = await world.adapter.submit(world.charge("paid"), REFERENCE)
        assert world.known() == set()
        shown = "\n".join(one.transcript for one in world.exchanges)
    assert isinstance(outcome, NotSent)
    assert [one for one in changes.values() if one in shown + outcome.reason] == []


async def test_the_wrong_operator_knows_nothing_of_a_message(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        accepted = await accepted_by(world)
        asked = await world.adapter.inquire(REFERENCE, {"orange": accepted.handle["mtn"]})
        refused = await world.adapter.inquire_payout(REFERENCE, {"payout": accepted.handle["mtn"]})
    assert asked == refused == Unknown("status 404: 404 Pay Request Refused No such message")


@pytest.mark.parametrize("handle", [None, {}, {"mtn": "../x"}, {"payout": "12345678"}])
async def test_without_a_message_id_nobody_is_asked(
    tmp_path: Path, handle: dict[str, str] | None
) -> None:
    async with a_world(tmp_path) as world:
        assert await world.adapter.inquire(REFERENCE, handle) == UNSEEN
        other = None if handle is None else {"payout": handle.get("mtn", "")}
        assert await world.adapter.inquire_payout(PAYOUT, other) == UNSEEN
        assert world.exchanges == []


async def test_a_repeated_order_may_be_refused_and_is_never_sent_by_us(tmp_path: Path) -> None:
    async with a_world(tmp_path, repeated_order="refused") as world:
        await accepted_by(world)
        again = await world.adapter.submit(world.charge("paid"), REFERENCE)
        world.timer.advance(END_SECONDS)
        assert world.times_charged() == 1
    assert isinstance(again, Declined)
    assert again.code == "400"


async def test_full_books_are_y_notes_own_failure(tmp_path: Path) -> None:
    async with a_world(tmp_path, movements_max=1) as world:
        await accepted_by(world)
        outcome = await world.adapter.submit(world.charge("paid"), f"{REFERENCE}1")
    assert outcome == Unknown("status 500: 500 Pay Request Refused Nothing more is taken")


BODY: dict[str, Any] = {
    "notifUrl": "https://shop.example/hook?token=x",
    "subscriberMsisdn": "670000001",
    "description": "Thé",
    "amount": "1000",
    "order_id": "order-1",
    "customerkey": "synthetic-customer-key",
    "customersecret": "synthetic-customer-secret",
    "PaiementMethod": "MTN_CMR",
}


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, 200),
        ({"subscriberMsisdn": "237670000001"}, 200),
        ({"subscriberMsisdn": "+237670000001"}, 400),
        ({"amount": 1000}, 400),
        ({"amount": "10.5"}, 400),
        ({"amount": "0"}, 400),
        ({"PaiementMethod": "ORANGE_CMR"}, 400),
        ({"order_id": ""}, 400),
        ({"notifUrl": None}, 400),
        ({"customersecret": "another"}, 403),
    ],
)
async def test_the_sandbox_is_as_strict_as_y_note(
    tmp_path: Path, changes: dict[str, Any], status: int
) -> None:
    async with a_world(tmp_path) as world:
        got, body = await world.post("/prod/webpayment", {"API_MUT": BODY | changes})
        bare, refused = await world.post("/prod/webpayment", BODY | changes)
        strange, forbidden = await world.post("/prod/nothing", {})
        unread, invalid = await world.post("/prod/refund", [])
    assert (got, body["ErrorCode"]) == (status, status)
    assert (bare, refused["ErrorCode"]) == (403, 403)
    assert (strange, forbidden) == (403, {"message": "Missing Authentication Token"})
    assert (unread, invalid) == (400, {"message": "Invalid request body"})


async def test_the_trial_reaches_its_sandbox(tmp_path: Path) -> None:
    timer = ManualTimer()
    server = make_trial(clock=timer.clock, faults=Faults.none(), port=0, folder=tmp_path)
    async with server:
        adapter = YnoteAdapter(Settings.model_validate(adapter_fields(server)), opening())
        charge = a_charge(money=Money(1500, "XAF"), phone=MTN + "01")
        outcome = await adapter.submit(charge, REFERENCE)
        await adapter.close()
    assert isinstance(outcome, Accepted)
    kept = read_books(tmp_path / "sandbox-ynote.jsonl")
    assert [one.reference for one in kept.movements.values()] == [REFERENCE]
