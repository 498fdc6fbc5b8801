"""The TouchPay adapter against the TouchPay sandbox: the contract, and what is TouchPay's own."""

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
    Unknown,
    WebhookUnreadableError,
)
from adapters.refusals import Refusal
from adapters.retries import Retry, retry_of
from adapters.sandbox.faults import Faults
from adapters.sandbox.movements import SCENARIOS, Scenario
from adapters.sandbox.touchpay_rules import MESSAGES
from ledger.commands import RequestInquiry
from ledger.evidence import Word
from ledger.money import Money
from tests.contracts.provider import Ending, ProviderContract, World
from tests.contracts.rail import PAYOUT_ID, PayoutContract
from tests.contracts.webhook import WebhookContract
from tests.replay import PAYMENT_ID
from tests.touchpay_world import CODE, NUMBER, TouchpayWorld, a_code_world, a_world

REFERENCE, PAYOUT = f"{PAYMENT_ID}-1", f"{PAYOUT_ID}-1"


class TestTouchpay(PayoutContract, WebhookContract, ProviderContract):
    """The contract."""

    charges_a_repeat: ClassVar[bool] = True
    ending_words: ClassVar[Mapping[Ending, Word | None]] = {
        "refused": Word.FAILED,
        "expired": Word.FAILED,
    }

    @asynccontextmanager
    async def open_world(self, folder: Path) -> AsyncIterator[World]:
        async with a_world(folder) as world:
            yield world

    def refused_at_once(self, world: World) -> Charge:
        return replace(world.charge("paid"), money=Money(10**10, "XOF"))


class TestTouchpayByCode(TestTouchpay):
    """The contract for payers who bring a one-time code."""

    @asynccontextmanager
    async def open_world(self, folder: Path) -> AsyncIterator[World]:
        async with a_code_world(folder) as world:
            yield world


async def accepted_by(world: TouchpayWorld, charge: Charge | None = None) -> Accepted:
    """Submit once."""
    accepted = await world.adapter.submit(charge or world.charge("paid"), REFERENCE)
    assert isinstance(accepted, Accepted)
    return accepted


@pytest.mark.parametrize("digest_qop", ["auth", "none"])
@pytest.mark.parametrize("amount_shape", ["number", "text"])
async def test_what_was_paid_is_told_with_its_amount_and_id(
    tmp_path: Path, digest_qop: str, amount_shape: str
) -> None:
    async with a_world(tmp_path, digest_qop=digest_qop, amount_shape=amount_shape) as world:
        accepted = await accepted_by(world)
        assert await world.adapter.inquire(REFERENCE, accepted.handle) == Pending("PENDING")
        await world.end(REFERENCE, accepted, "paid")
        final = await world.adapter.inquire(REFERENCE, accepted.handle)
        (movement,) = world.movements("collection")
    assert final == Final(word=Word.SUCCEEDED, amount="1500", provider_transaction_id=movement.id)
    assert (movement.phone, movement.details) == (
        "0500000001",
        {"service": "PAIEMENTMARCHAND_MTN_CI"},
    )


async def test_nothing_but_an_empty_body_goes_before_the_challenge(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        await accepted_by(world)
        first, second = (one.transcript for one in world.exchanges)
    assert "1500" not in first
    assert "401" in first
    assert '"amount":1500' in second
    assert [one.method for one in world.exchanges] == ["PUT", "PUT"]


@pytest.mark.parametrize("partner_door", ["digest", "basic"])
async def test_payouts_and_questions_are_let_in_by_what_the_server_asks_for(
    tmp_path: Path, partner_door: str
) -> None:
    async with a_world(tmp_path, partner_door=partner_door) as world:
        outcome = await world.adapter.pay_out(world.transfer("paid"), PAYOUT)
        world.timer.advance(60)
        final = await world.adapter.inquire_payout(PAYOUT, None)
    assert outcome == Accepted()
    assert isinstance(final, Final)
    assert (final.word, final.amount) == (Word.SUCCEEDED, "1500")


@pytest.mark.parametrize(
    "digits", [one for one, two in SCENARIOS.items() if two is not Scenario.SLOW]
)
async def test_a_failure_is_the_one_word_and_its_sentence(tmp_path: Path, digits: str) -> None:
    async with a_world(tmp_path) as world:
        accepted = await accepted_by(world, replace(world.charge("paid"), phone=NUMBER + digits))
        await world.end(REFERENCE, accepted, "refused")
        final = await world.adapter.inquire(REFERENCE, accepted.handle)
    assert isinstance(final, Final)
    assert (final.word, final.code) == (Word.FAILED, "FAILED")
    assert final.reason == MESSAGES[SCENARIOS[digits]]


async def test_a_callback_names_the_payment_and_decides_nothing(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        await world.end(REFERENCE, await accepted_by(world), "paid")
        (call,) = world.notified
        now = world.now()
        reason = "an unproved callback says {}"

        def looking(said: str) -> list[Any]:
            text = reason.format(said)
            return [RequestInquiry(payment_id=PAYMENT_ID, reason=text, inquire_at=now)]

        translate = world.adapter.translate
        assert world.adapter.authenticate(call, None, now) == "unsigned"
        assert translate(call, "unsigned", now) == looking("SUCCESSFUL")
        assert translate(replace(call, body=b""), "unsigned", now) == looking("nothing")
        other = orjson.dumps(orjson.loads(call.body) | {"partner_transaction_id": "another"})
        for broken in (
            replace(call, body=other),
            replace(call, body=b"<html>"),
            replace(call, body=b"[1]"),
            replace(call, path=()),
            replace(call, path=(PAYMENT_ID,)),
        ):
            with pytest.raises(WebhookUnreadableError):
                translate(broken, "unsigned", now)


@pytest.mark.parametrize("repeated_id", ["accepted", "refused"])
async def test_a_repeated_id_is_never_taken_for_accepted_or_declined_by_mistake(
    tmp_path: Path, repeated_id: str
) -> None:
    async with a_world(tmp_path, repeated_id=repeated_id) as world:
        await accepted_by(world)
        again = await world.adapter.submit(world.charge("paid"), REFERENCE)
    is_refused = repeated_id == "refused"
    assert isinstance(again, Unknown if is_refused else Accepted)


@pytest.mark.parametrize(
    ("unknown_status", "error_shape", "kind"),
    [
        (404, "status", NotFound),
        (400, "status", Unknown),
        (500, "status", Unknown),
        (404, "detail", Unknown),
    ],
)
async def test_an_unknown_id_is_not_found_only_where_touchpay_says_so(
    tmp_path: Path, unknown_status: int, error_shape: str, kind: type
) -> None:
    switches: dict[str, Any] = {"unknown_status": unknown_status, "error_shape": error_shape}
    async with a_world(tmp_path, **switches) as world:
        assert isinstance(await world.adapter.inquire(REFERENCE, None), kind)


async def test_a_refusal_is_declined_with_its_number_or_unknown_without_one(
    tmp_path: Path,
) -> None:
    outcomes = []
    for error_shape in ("status", "detail"):
        folder = tmp_path / error_shape
        folder.mkdir()
        switches: dict[str, Any] = {"error_shape": error_shape, "opening_balance_minor": 0}
        async with a_world(folder, **switches) as world:
            outcomes.append(await world.adapter.pay_out(world.transfer("paid"), PAYOUT))
            assert world.movements("payout") == []
    told = "The partner's balance is too low."
    assert outcomes == [
        Declined(code="422", reason=f"status 422: 422 {told}", is_technical=True),
        Unknown(f"status 200: {told}"),
    ]


async def test_what_touchpay_cannot_take_is_not_sent_to_it(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        charge, transfer = world.charge("paid"), world.transfer("paid")
        outcomes = [
            await world.adapter.submit(replace(charge, phone="+22961000001"), REFERENCE),
            await world.adapter.submit(replace(charge, phone="+229"), REFERENCE),
            await world.adapter.submit(replace(charge, money=Money(150, "GHS")), REFERENCE),
            await world.adapter.submit(replace(charge, callback_url=None), REFERENCE),
            await world.adapter.pay_out(replace(transfer, phone="+237650000001"), PAYOUT),
            await world.adapter.pay_out(replace(transfer, money=Money(150, "GHS")), PAYOUT),
        ]
        assert world.exchanges == []
    assert [one.code for one in outcomes if isinstance(one, Declined)] == [
        "OPERATOR_NOT_SERVED",
        "OPERATOR_NOT_SERVED",
        "AMOUNT_NOT_WHOLE",
        "CALLBACK_URL_MISSING",
        "OPERATOR_NOT_SERVED",
        "AMOUNT_NOT_WHOLE",
    ]


async def test_a_contract_s_own_services_come_before_the_usual_ones(tmp_path: Path) -> None:
    changes = {
        "collection_services": {"mtn-ci": "OURS"},
        "payout_services": {"mtn-ci": "OURS_OUT"},
        "business_name": "Boutique d'essai",
    }
    async with a_world(tmp_path, changes=changes) as world:
        await accepted_by(world)
        await world.adapter.pay_out(world.transfer("paid"), PAYOUT)
        services = [one.details["service"] for one in world.sandbox.books.movements.values()]
    assert services == ["OURS", "OURS_OUT"]


@pytest.mark.parametrize("name", ["username", "password", "login_agent", "agent_password"])
async def test_wrong_credentials_move_nothing_and_are_not_repeated(
    tmp_path: Path, name: str
) -> None:
    async with a_world(tmp_path, changes={name: "wrong-value"}) as world:
        outcome = await world.adapter.submit(world.charge("paid"), REFERENCE)
        payout = await world.adapter.pay_out(world.transfer("paid"), PAYOUT)
        assert isinstance(outcome, NotSent)
        assert isinstance(payout, NotSent)
        assert world.sandbox.books.movements == {}
        assert len(world.exchanges) <= 6


async def test_no_transcript_of_a_payout_or_a_question_shows_a_secret_or_a_number(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world:
        await world.adapter.pay_out(world.transfer("paid"), PAYOUT)
        await world.adapter.inquire_payout(PAYOUT, None)
        shown = [one.transcript for one in world.exchanges]
    hidden = (*world.secrets, NUMBER + "01", NUMBER[1:] + "01", NUMBER[4:] + "01")
    assert [one for one in hidden if any(one in text for text in shown)] == []
    assert any(PAYOUT in text and '"amount":1500' in text for text in shown)


async def test_an_answer_that_was_lost_is_found_by_the_reference(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        await world.weather(Faults(server_error_after=1))
        outcome = await world.adapter.pay_out(world.transfer("paid"), PAYOUT)
        await world.weather(Faults.none())
        asked = await world.adapter.inquire_payout(PAYOUT, None)
    assert outcome == Unknown("status 500: 500 Something failed.")
    assert asked == Pending("PENDING")


async def test_a_service_that_wants_a_code_is_sent_it_and_shows_it_nowhere(tmp_path: Path) -> None:
    async with a_code_world(tmp_path) as world:
        accepted = await accepted_by(world)
        await world.end(REFERENCE, accepted, "paid")
        final = await world.adapter.inquire(REFERENCE, accepted.handle)
        (movement,) = world.movements("collection")
        shown = [one.transcript for one in world.exchanges]
    assert isinstance(final, Final)
    assert final.word is Word.SUCCEEDED
    assert movement.details == {"service": "PAIEMENTMARCHANDOM"}
    assert any('"otp":"***"' in text for text in shown)
    assert [text for text in shown if CODE in text] == []


async def test_without_its_code_a_payment_is_declined_before_anybody_is_called(
    tmp_path: Path,
) -> None:
    async with a_code_world(tmp_path) as world:
        charge = replace(world.charge("paid"), one_time_code=None)
        outcome = await world.adapter.submit(charge, REFERENCE)
        assert world.exchanges == []
    reason = "the service PAIEMENTMARCHANDOM wants the payer's one-time code"
    assert outcome == Declined(code="ONE_TIME_CODE_MISSING", reason=reason, is_technical=True)
    assert retry_of(world.adapter, outcome, "collection") is Retry.ELSEWHERE
    assert world.adapter.refusals[outcome.code] is Refusal.CODE_REQUIRED


async def test_a_code_is_not_sent_to_a_service_that_wants_none(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        await accepted_by(world, replace(world.charge("paid"), one_time_code=CODE))
        assert [one.transcript for one in world.exchanges if '"otp"' in one.transcript] == []
        assert [one for one in world.exchanges if CODE in one.transcript] == []


@pytest.mark.parametrize(
    ("services", "wanting", "is_sent"),
    [
        ({"orange-sn": "OURS"}, None, False),
        ({"orange-sn": "OURS"}, ("OURS",), True),
        ({}, (), False),
    ],
)
async def test_a_contract_says_itself_which_services_want_a_code(
    tmp_path: Path, services: dict[str, str], wanting: tuple[str, ...] | None, is_sent: bool
) -> None:
    changes: dict[str, Any] = {"collection_services": services}
    if wanting is not None:
        changes["code_services"] = wanting
    async with a_code_world(tmp_path, changes=changes, code_services=set(wanting or ())) as world:
        await accepted_by(world)
        sent = [one for one in world.exchanges if '"otp"' in one.transcript]
    assert len(sent) == int(is_sent)


@pytest.mark.parametrize("wrong_code", ["refused", "failed"])
async def test_a_wrong_code_takes_no_money_and_is_not_repeated_in_the_reason(
    tmp_path: Path, wrong_code: str
) -> None:
    switches: dict[str, Any] = {"wrong_code": wrong_code, "repeats_code": True}
    async with a_code_world(tmp_path, **switches) as world:
        charge = replace(world.charge("paid"), one_time_code="735192")
        outcome = await world.adapter.submit(charge, REFERENCE)
        world.timer.advance(60)
        asked = await world.adapter.inquire(REFERENCE, None)
        assert world.times_charged() == 0
    if wrong_code == "refused":
        assert isinstance(outcome, Declined)
        assert (outcome.code, outcome.reason) == ("422", "status 422: 422 Wrong code ***.")
    else:
        assert outcome == Accepted()
        assert isinstance(asked, Final)
        assert (asked.word, asked.reason) == (Word.FAILED, "Wrong code ***.")


async def test_the_test_server_refuses_a_payment_without_the_code_it_wants(tmp_path: Path) -> None:
    # A contract that forgot to say which services want one.
    async with a_code_world(tmp_path, changes={"code_services": ()}) as world:
        outcome = await world.adapter.submit(world.charge("paid"), REFERENCE)
        assert world.movements("collection") == []
    assert isinstance(outcome, Declined)
    assert outcome.reason == "status 400: 400 otp is missing or too long."


async def test_a_payment_by_code_whose_answer_was_lost_is_found_by_asking(tmp_path: Path) -> None:
    async with a_code_world(tmp_path) as world:
        await world.weather(Faults(server_error_after=1))
        outcome = await world.adapter.submit(world.charge("paid"), REFERENCE)
        await world.weather(Faults.none())
        world.timer.advance(60)
        asked = await world.adapter.inquire(REFERENCE, None)
        assert world.times_charged() == 1
    assert isinstance(outcome, Unknown)
    assert isinstance(asked, Final)
    assert asked.word is Word.SUCCEEDED
