"""The Hubtel adapter against the Hubtel sandbox: the contracts, and what is Hubtel's own."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import orjson
import pytest

from adapters.base import (
    Accepted,
    Charge,
    Declined,
    Final,
    NotFound,
    NotSent,
    Pending,
    Submission,
    Unknown,
    WebhookCall,
)
from adapters.providers.hubtel import HubtelAdapter, Settings
from adapters.sandbox.faults import Faults
from adapters.sandbox.hubtel_trial import adapter_fields, make_trial
from adapters.sandbox.movements import read_books
from adapters.sandbox.timer import ManualTimer
from ledger.commands import RequestInquiry
from ledger.evidence import Word
from ledger.money import Money
from tests.contracts.provider import Ending, ProviderContract, World
from tests.contracts.rail import END_SECONDS, PAYOUT_ID, PayoutContract
from tests.contracts.webhook import WebhookContract
from tests.hubtel_world import AT, MTN, PAYOUT, REFERENCE, TELECEL, HubtelWorld, a_world
from tests.replay import NOW, PAYMENT_ID, a_charge, opening

RECEIVE = "/merchantaccount/merchants/2000001/receive/mobilemoney"
SEND = "/api/merchants/2000002/send/mobilemoney"


class TestHubtel(PayoutContract, WebhookContract, ProviderContract):
    """The contracts, with the documented status: it has no word for what failed."""

    charges_a_repeat = True
    has_tokens = False
    ending_words: ClassVar[Mapping[Ending, Word | None]] = {"refused": None, "expired": None}

    @asynccontextmanager
    async def open_world(self, folder: Path) -> AsyncIterator[World]:
        async with a_world(folder) as world:
            yield world

    def refused_at_once(self, world: World) -> Charge:
        return replace(world.charge("paid"), money=Money(5, "GHS"))


class TestHubtelBySendHost(WebhookContract, ProviderContract):
    """The contract where payments are asked about at the host of payouts."""

    charges_a_repeat = True
    has_tokens = False
    ending_words: ClassVar[Mapping[Ending, Word | None]] = {
        "refused": Word.FAILED,
        "expired": Word.FAILED,
    }

    @asynccontextmanager
    async def open_world(self, folder: Path) -> AsyncIterator[World]:
        async with a_world(folder, changes={"collection_status": "send_host"}) as world:
            yield world

    def refused_at_once(self, world: World) -> Charge:
        return replace(world.charge("paid"), money=Money(5, "GHS"))


async def accepted_by(world: HubtelWorld, charge: Charge | None = None) -> Accepted:
    """Submit once; give the acceptance."""
    accepted = await world.adapter.submit(charge or world.charge("paid"), REFERENCE)
    assert isinstance(accepted, Accepted)
    return accepted


async def told_about(world: HubtelWorld, count: int = 1) -> WebhookCall:
    """Let the time pass; give the last callback that came."""
    world.timer.advance(END_SECONDS)
    one = (await world.receiver.until(count))[-1]
    path = tuple(one.path.split("/")[3:])
    return WebhookCall(method=one.method, path=path, headers=one.headers, body=one.body)


def test_a_reference_is_short_plain_and_tells_its_payment() -> None:
    adapter = HubtelAdapter(
        Settings(api_id="synthetic-id", api_key="synthetic-key", pos_sales_id="2000001"), opening()
    )
    made = adapter.reference_for(PAYMENT_ID, 9999)
    assert (made, made.isalnum(), len(made) <= 36) == ("pay" + "a" * 26 + "9999", True, True)


@pytest.mark.parametrize(
    ("beginning", "channel"), [(MTN, "mtn-gh"), (TELECEL, "vodafone-gh"), (AT, "tigo-gh")]
)
async def test_the_channel_is_that_of_the_numbers_range(
    tmp_path: Path, beginning: str, channel: str
) -> None:
    async with a_world(tmp_path) as world:
        await accepted_by(world, world.charge("paid", beginning))
        await world.adapter.pay_out(world.transfer("paid", beginning), PAYOUT)
        booked = [*world.movements("collection"), *world.movements("payout")]
    assert [one.details["channel"] for one in booked] == [channel, channel]
    assert {one.phone for one in booked} == {beginning.removeprefix("+") + "01"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"phone": "+237670000001"}, "OPERATOR_NOT_SERVED"),
        ({"phone": "+233280000001"}, "OPERATOR_NOT_SERVED"),
        ({"phone": "+1"}, "OPERATOR_NOT_SERVED"),
        ({"money": Money(1250, "XOF")}, "CURRENCY_NOT_SERVED"),
        ({"callback_url": None}, "CALLBACK_URL_MISSING"),
    ],
)
async def test_what_hubtel_cannot_be_asked_is_declined_without_a_call(
    tmp_path: Path, changes: dict[str, Any], code: str
) -> None:
    async with a_world(tmp_path) as world:
        outcomes: list[Submission] = [
            await world.adapter.submit(replace(world.charge("paid"), **changes), REFERENCE),
            await world.adapter.pay_out(replace(world.transfer("paid"), **changes), PAYOUT),
        ]
        assert world.exchanges == []
    assert [one.code for one in outcomes if isinstance(one, Declined)] == [code, code]
    assert code in HubtelAdapter.refusals


async def test_without_a_deposit_account_nothing_is_paid_out(tmp_path: Path) -> None:
    async with a_world(tmp_path, changes={"prepaid_deposit_id": None}) as world:
        outcome = await world.adapter.pay_out(world.transfer("paid"), PAYOUT)
        asked = await world.adapter.inquire_payout(PAYOUT, None)
        assert world.exchanges == []
    assert isinstance(outcome, Declined)
    assert (outcome.code, type(asked)) == ("DEPOSIT_ID_MISSING", Unknown)


async def test_texts_lose_what_would_make_the_payment_fail(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        await accepted_by(world)
        await world.adapter.pay_out(world.transfer("paid"), PAYOUT)
        texts = [one.details["description"] for one in world.sandbox.books.movements.values()]
        status, body = await world.call("POST", RECEIVE, BODY | {"Description": "Tea & milk"})
    assert texts == ["Order n 1 l ete co", "Wages May June 100"]
    assert (status, body["ResponseCode"]) == (400, "2001")


@pytest.mark.parametrize(
    ("fee", "compared", "figures"),
    [
        ("beside", "amount_after_charges", (12.5, 12.5, 12.63)),
        ("added", "amount_after_charges", (12.63, 12.5, 12.63)),
        ("deducted", "amount", (12.5, 12.37, 12.5)),
    ],
)
async def test_whoever_bears_the_fee_the_amount_is_the_one_that_was_asked_for(
    tmp_path: Path, fee: str, compared: str, figures: tuple[float, ...]
) -> None:
    async with a_world(tmp_path, changes={"compared_amount": compared}, fee=fee) as world:
        accepted = await accepted_by(world)
        call = await told_about(world)
        data = orjson.loads(call.body)["Data"]
        final = await world.adapter.inquire(REFERENCE, accepted.handle)
        (booked,) = world.movements("collection")
    assert (data["Amount"], data["AmountAfterCharges"], data["AmountCharged"]) == figures
    assert final == Final(
        word=Word.SUCCEEDED, amount="12.5", provider_transaction_id=booked.id, currency=None
    )


async def test_a_currency_that_is_told_is_told_on(tmp_path: Path) -> None:
    async with a_world(tmp_path, currency_code="GHS") as world:
        await accepted_by(world)
        world.timer.advance(END_SECONDS)
        final = await world.adapter.inquire(REFERENCE, None)
    assert isinstance(final, Final)
    assert final.currency == "GHS"


@pytest.mark.parametrize("ending", ["refused", "poor", "expired"])
async def test_unpaid_tells_nothing_though_the_callback_says_failed(
    tmp_path: Path, ending: str
) -> None:
    async with a_world(tmp_path) as world:
        await accepted_by(world, world.charge(ending))
        before = await world.adapter.inquire(REFERENCE, None)
        call = await told_about(world)
        after = await world.adapter.inquire(REFERENCE, None)
        commands = world.adapter.translate(call, "unsigned", NOW)
    assert before == after == Pending("Unpaid")
    assert orjson.loads(call.body)["ResponseCode"] == "2001"
    reason = "an unproved callback says 2001"
    assert commands == [RequestInquiry(payment_id=PAYMENT_ID, reason=reason, inquire_at=NOW)]


async def test_what_was_given_back_without_us_is_for_a_person(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        await accepted_by(world)
        world.timer.advance(END_SECONDS)
        (booked,) = world.movements("collection")
        world.sandbox.give_back(booked.id)
        asked = await world.adapter.inquire(REFERENCE, None)
    assert asked == Unknown("Refunded: it was paid, and given back without us")


async def test_a_forged_callback_only_makes_us_ask(tmp_path: Path) -> None:
    forged = orjson.dumps({"ResponseCode": "0000", "Data": {"ClientReference": REFERENCE}})
    call = WebhookCall(method="POST", path=(PAYMENT_ID, REFERENCE), headers={}, body=forged)
    async with a_world(tmp_path) as world:
        await accepted_by(world)
        assert world.adapter.authenticate(call, None, NOW) == "unsigned"
        commands = world.adapter.translate(call, "unsigned", NOW)
        asked = await world.adapter.inquire(REFERENCE, None)
    reason = "an unproved callback says 0000"
    assert commands == [RequestInquiry(payment_id=PAYMENT_ID, reason=reason, inquire_at=NOW)]
    assert asked == Pending("Unpaid")


async def test_who_is_not_on_the_list_of_addresses_was_sent_nothing(tmp_path: Path) -> None:
    async with a_world(tmp_path, allowed_addresses=("192.0.2.1",)) as world:
        outcomes = [
            await world.adapter.submit(world.charge("paid"), REFERENCE),
            await world.adapter.pay_out(world.transfer("paid"), PAYOUT),
        ]
        asked = await world.adapter.inquire(REFERENCE, None)
        assert dict(world.sandbox.books.movements) == {}
    assert outcomes == [NotSent("status 403: no JSON object")] * 2
    assert asked == Unknown("status 403: no JSON object")


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"api_key": "another-key"}, NotSent("status 401: empty")),
        (
            {"pos_sales_id": "2000009"},
            Declined(
                code="4101",
                reason="status 401: 4101 The business is not set up for this request.",
                is_technical=True,
            ),
        ),
    ],
)
async def test_wrong_keys_send_nothing_and_a_wrong_account_is_declined(
    tmp_path: Path, changes: dict[str, Any], outcome: Submission
) -> None:
    async with a_world(tmp_path, changes=changes) as world:
        assert await world.adapter.submit(world.charge("paid"), REFERENCE) == outcome
        assert world.known() == set()


@pytest.mark.parametrize("refusal_status", ["by_code", "200"])
@pytest.mark.parametrize(
    ("switches", "charged", "code", "is_technical"),
    [
        ({}, {"phone": MTN + "53"}, "3050", False),
        ({}, {"money": Money(5, "GHS")}, "4070", True),
        ({"channels": ("vodafone-gh",)}, {}, "4103", True),
        ({"demands_public_callback": True}, {}, "4000", True),
    ],
)
async def test_a_refusal_is_known_by_its_code_whatever_its_status(
    tmp_path: Path,
    refusal_status: str,
    switches: dict[str, Any],
    charged: dict[str, Any],
    code: str,
    is_technical: bool,
) -> None:
    async with a_world(tmp_path, refusal_status=refusal_status, **switches) as world:
        outcome = await world.adapter.submit(replace(world.charge("paid"), **charged), REFERENCE)
        assert world.known() == set()
    assert isinstance(outcome, Declined)
    assert (outcome.code, outcome.is_technical) == (code, is_technical)


async def test_a_repeated_reference_may_be_refused_and_is_never_sent_by_us(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path, repeated_reference="refused") as world:
        await accepted_by(world)
        again = await world.adapter.submit(world.charge("paid"), REFERENCE)
        world.timer.advance(END_SECONDS)
        assert world.times_charged() == 1
    assert isinstance(again, Declined)
    assert HubtelAdapter.idempotent_powers == frozenset()


@pytest.mark.parametrize(("unknown", "meaning"), [("404", NotFound), ("200", Unknown)])
async def test_a_reference_nobody_knows_stays_in_doubt(
    tmp_path: Path, unknown: str, meaning: type[object]
) -> None:
    async with a_world(tmp_path, unknown_reference=unknown) as world:
        asked = [
            await world.adapter.inquire(REFERENCE, None),
            await world.adapter.inquire_payout(PAYOUT, None),
        ]
    assert [type(one) for one in asked] == [meaning, meaning]


@pytest.mark.parametrize("float_short", ["callback", "refusal"])
async def test_a_short_prepaid_account_pays_nobody(tmp_path: Path, float_short: str) -> None:
    async with a_world(tmp_path, float_short=float_short, opening_balance_minor=1999) as world:
        outcome = await world.adapter.pay_out(world.transfer("paid"), PAYOUT)
        if float_short == "callback":
            call = await told_about(world)
            assert orjson.loads(call.body)["ResponseCode"] == "4075"
            (command,) = world.adapter.translate(call, "unsigned", NOW)
            assert command.payment_id == PAYOUT_ID
            asked = await world.adapter.inquire_payout(PAYOUT, None)
            assert isinstance(asked, Final)
            assert (asked.word, asked.code) == (Word.FAILED, "failed")
        else:
            assert isinstance(outcome, Declined)
            assert outcome.code == "4075"
        assert world.sandbox.balance_minor("GHS") == 1999


async def test_a_payout_that_waits_is_pending_and_then_told_with_its_amount(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world:
        await world.adapter.pay_out(world.transfer("paid"), PAYOUT)
        waiting = await world.adapter.inquire_payout(PAYOUT, None)
        world.timer.advance(END_SECONDS)
        final = await world.adapter.inquire_payout(PAYOUT, None)
        (booked,) = world.movements("payout")
    assert waiting == Pending("pending")
    assert final == Final(word=Word.SUCCEEDED, amount="20.0", provider_transaction_id=booked.id)


BODY: dict[str, Any] = {
    "CustomerMsisdn": "233240000001",
    "Channel": "mtn-gh",
    "Amount": 0.8,
    "PrimaryCallbackURL": "https://shop.example/hook",
    "Description": "Tea",
    "ClientReference": "order-1",
}


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({}, 200, "0001"),
        ({"ClientReference": "x" * 36}, 200, "0001"),
        ({"ClientReference": "x" * 37}, 400, "4000"),
        ({"ClientReference": "order_1"}, 400, "4000"),
        ({"CustomerMsisdn": "0240000001"}, 400, "4000"),
        ({"CustomerMsisdn": "+233240000001"}, 400, "4000"),
        ({"Amount": "0.8"}, 400, "4000"),
        ({"Amount": 0.805}, 400, "4000"),
        ({"Amount": True}, 400, "4000"),
        ({"Amount": -1}, 400, "4000"),
        ({"Description": ""}, 400, "4000"),
        ({"Description": "100%"}, 400, "2001"),
        ({"PrimaryCallbackURL": "shop"}, 400, "4000"),
        ({"Channel": "airtel-gh"}, 403, "4103"),
        ({"Amount": 0.01}, 400, "4070"),
    ],
)
async def test_the_sandbox_is_as_strict_as_hubtel(
    tmp_path: Path, changes: dict[str, Any], status: int, code: str
) -> None:
    async with a_world(tmp_path) as world:
        got, body = await world.call("POST", RECEIVE, BODY | changes)
        unkeyed = await world.call("POST", RECEIVE, BODY, key="another")
        unnamed, refused = await world.call("POST", SEND, {**BODY, "RecipientMsisdn": "233"})
    assert (got, body["ResponseCode"]) == (status, code)
    assert unkeyed == (401, "")
    assert (unnamed, refused["Data"][0]["Field"]) == (400, "RecipientMsisdn")


async def test_a_payment_can_be_asked_about_by_three_names(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        await accepted_by(world)
        world.timer.advance(END_SECONDS)
        (booked,) = world.movements("collection")
        names = {
            "clientReference": REFERENCE,
            "hubtelTransactionId": booked.id,
            "networkTransactionId": booked.transaction_id,
        }
        path = "/transactions/2000001/status"
        found = [await world.call("GET", f"{path}?{key}={name}") for key, name in names.items()]
        elsewhere = await world.call("GET", f"/transactions/2000002/status?x={REFERENCE}")
        example = f"/api/merchants/2000001/status?clientReference={REFERENCE}"
        _, by_example = await world.call("GET", example)
    assert [(status, body["data"]["status"]) for status, body in found] == [(200, "Paid")] * 3
    assert (elsewhere[0], elsewhere[1]["ResponseCode"]) == (401, "4101")
    assert by_example["Data"]["transactionStatus"] == "success"


async def test_full_books_are_hubtels_own_failure(tmp_path: Path) -> None:
    async with a_world(tmp_path, movements_max=1) as world:
        await accepted_by(world)
        outcome = await world.adapter.submit(world.charge("paid"), REFERENCE[:-1] + "2")
    assert outcome == Unknown("status 500: 5000 An internal error occurred.")


async def test_the_trial_reaches_its_sandbox(tmp_path: Path) -> None:
    timer = ManualTimer()
    server = make_trial(clock=timer.clock, faults=Faults.none(), port=0, folder=tmp_path)
    async with server:
        adapter = HubtelAdapter(Settings.model_validate(adapter_fields(server)), opening())
        charge = a_charge(money=Money(1250, "GHS"), phone=MTN + "01", country="GH")
        outcome = await adapter.submit(charge, REFERENCE)
        await adapter.close()
    assert isinstance(outcome, Accepted)
    kept = read_books(tmp_path / "sandbox-hubtel.jsonl")
    assert [one.reference for one in kept.movements.values()] == [REFERENCE]
