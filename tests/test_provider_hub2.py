"""The HUB2 adapter against the HUB2 sandbox: the contracts, and what is HUB2's own."""

import hashlib
import hmac
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import aiohttp
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
    WebhookCall,
    WebhookUnreadableError,
)
from adapters.powers import Balance, CodeRefused, Taken, TellsBalance
from adapters.providers.hub2 import Hub2Adapter, Settings
from adapters.sandbox.callbacks import Attempt
from adapters.sandbox.faults import Dice, Faults
from adapters.sandbox.hub2_rules import RETRIES, made_id
from adapters.sandbox.hub2_trial import adapter_fields, make_trial
from adapters.sandbox.movements import read_books
from adapters.sandbox.timer import ManualTimer
from ledger.commands import RecordEvidence, RequestInquiry
from ledger.evidence import Evidence, Source, Word
from ledger.money import Money, decimals_of
from tests.contracts.provider import WEATHERS, ProviderContract, World, waiting_in
from tests.contracts.rail import PAYOUT_ID, PayoutContract
from tests.contracts.webhook import WebhookContract
from tests.hub2_merchant import MOOV, MTN, ORANGE, Hub2World, a_world, post
from tests.replay import NOW, PAYMENT_ID, a_charge, opening

REFERENCE = f"{PAYMENT_ID}-1"
PAYOUT = f"{PAYOUT_ID}-1"
CODE, WRONG_CODE = "123456", "654321"


class TestHub2(PayoutContract, WebhookContract, ProviderContract):
    """The contracts."""

    charges_a_repeat = True

    @asynccontextmanager
    async def open_world(self, folder: Path) -> AsyncIterator[World]:
        async with a_world(folder) as world:
            yield world

    def refused_at_once(self, world: World) -> Charge:
        return replace(world.charge("paid"), money=Money(1500, "EUR"))


async def accepted_by(world: Hub2World, charge: Charge | None = None) -> Accepted:
    """Submit once; give the acceptance."""
    accepted = await world.adapter.submit(charge or world.charge("paid"), REFERENCE)
    assert isinstance(accepted, Accepted)
    return accepted


async def told_about(world: Hub2World, count: int = 1) -> list[WebhookCall]:
    """Let the time pass; give the webhooks that came."""
    world.timer.advance(3600)
    received = await world.receiver.until(count)
    return [
        WebhookCall(method=one.method, path=("portal",), headers=one.headers, body=one.body)
        for one in received
    ]


def test_the_smallest_unit_of_every_currency_is_the_currency_itself() -> None:
    """So HUB2's whole numbers are amounts as we write them."""
    assert {decimals_of(one) for one in Hub2Adapter.currencies} == {0}


async def test_an_attempt_is_made_with_the_token_and_without_a_key(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        await accepted_by(world)
        opened, attempted = (one.transcript for one in world.exchanges)
        (intent,) = world.sandbox.intents
        (booked,) = world.movements("collection")
    assert ("ApiKey" in opened, "ApiKey" in attempted) == (True, False)
    assert (intent.reference, intent.customer_reference) == (REFERENCE, PAYMENT_ID)
    assert (booked.amount_minor, booked.currency, booked.phone) == (1500, "XOF", MTN + "01")
    assert (booked.details["country"], booked.details["provider"]) == ("CI", "mtn")


@pytest.mark.parametrize(
    ("phone", "operator"),
    [(MTN + "01", "mtn"), (ORANGE + "01", "orange"), (MOOV + "01", "moov")],
)
async def test_the_operator_is_that_of_the_numbers_range(
    tmp_path: Path, phone: str, operator: str
) -> None:
    async with a_world(tmp_path) as world:
        await accepted_by(world, replace(world.charge("paid"), phone=phone))
        assert world.movements("collection")[0].details["provider"] == operator


async def test_a_number_of_nobody_we_reach_is_declined_without_a_call(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        charge = replace(world.charge("paid"), phone="+22890000001", country="TG")
        outcomes = [
            await world.adapter.submit(charge, REFERENCE),
            await world.adapter.submit(replace(charge, phone="+1"), REFERENCE),
            await world.adapter.pay_out(
                replace(world.transfer("paid"), phone="+22890000001"), PAYOUT
            ),
        ]
        assert world.exchanges == []
    codes = [one.code for one in outcomes if isinstance(one, Declined)]
    assert codes == ["OPERATOR_NOT_SERVED"] * 3


@pytest.mark.parametrize(
    ("form", "sent"),
    [("plus", "+2250500000001"), ("digits", "2250500000001"), ("national", "0500000001")],
)
async def test_numbers_are_sent_in_the_form_the_account_wants(
    tmp_path: Path, form: str, sent: str
) -> None:
    async with a_world(tmp_path, changes={"msisdn_form": form}) as world:
        await accepted_by(world)
        await world.adapter.pay_out(world.transfer("paid"), PAYOUT)
        assert [one.phone for one in world.sandbox.books.movements.values()] == [sent, sent]


@pytest.mark.parametrize("next_action", ["at_once", "beside"])
async def test_a_payer_of_wave_confirms_on_the_page_in_the_handle(
    tmp_path: Path, next_action: str
) -> None:
    changes = {"operator": "wave"}
    async with a_world(tmp_path, changes=changes, next_action=next_action) as world:
        accepted = await accepted_by(world)
        (booked,) = world.movements("collection")
        page = accepted.handle["redirect_url"]
        assert page == f"{world.sandbox.url}/pay/{booked.id}"
        waiting = await world.adapter.inquire(REFERENCE, accepted.handle)
        assert waiting == Pending("action_required redirection")
        form = {"action": "confirm", "number": MTN + "01"}
        async with aiohttp.ClientSession() as browser, browser.post(page, data=form) as answer:
            assert answer.status == 200
        world.timer.advance(60)
        final = await world.adapter.inquire(REFERENCE, accepted.handle)
    assert isinstance(final, Final)
    assert (final.word, final.amount, final.currency) == (Word.SUCCEEDED, "1500", "XOF")
    assert final.provider_transaction_id == booked.id


async def test_a_payer_who_calls_off_has_rejected(tmp_path: Path) -> None:
    async with a_world(tmp_path, changes={"operator": "wave"}) as world:
        accepted = await accepted_by(world)
        page = accepted.handle["redirect_url"]
        async with (
            aiohttp.ClientSession() as browser,
            browser.post(page, data={"action": "cancel"}, allow_redirects=False) as answer,
        ):
            assert answer.headers["Location"] == world.receiver.url("/")
        final = await world.adapter.inquire(REFERENCE, accepted.handle)
    assert isinstance(final, Final)
    assert (final.word, final.code) == (Word.FAILED, "canceled_by_customer")


@pytest.mark.parametrize("is_synchronous", [False, True])
async def test_a_page_that_comes_later_is_at_hand_only_in_the_synchronous_circuit(
    tmp_path: Path, *, is_synchronous: bool
) -> None:
    changes = {"operator": "wave", "is_synchronous": is_synchronous}
    async with a_world(
        tmp_path, changes=changes, next_action="later", is_synchronous=True
    ) as world:
        accepted = await accepted_by(world)
        assert ("redirect_url" in accepted.handle) is is_synchronous


async def test_a_circuit_that_is_not_open_asked_nobody(tmp_path: Path) -> None:
    async with a_world(tmp_path, changes={"is_synchronous": True}) as world:
        outcome = await world.adapter.submit(world.charge("paid"), REFERENCE)
        assert isinstance(outcome, NotSent)
        assert world.known() == set()


@pytest.mark.parametrize(("workflow", "kind"), [(None, "otp"), ("redirection", "redirection")])
async def test_orange_asks_for_a_code_unless_its_page_is_wanted(
    tmp_path: Path, workflow: str | None, kind: str
) -> None:
    async with a_world(tmp_path, changes={"workflow": workflow}) as world:
        accepted = await accepted_by(world, world.charge("paid", ORANGE))
        asked = await world.adapter.inquire(REFERENCE, accepted.handle)
    awaits_code = kind == "otp"
    assert (asked, accepted.awaits_code) == (
        Pending(f"action_required {kind}", awaits_code=awaits_code),
        awaits_code,
    )


async def test_a_code_that_is_handed_over_settles_the_payment_once(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        accepted = await accepted_by(world, world.charge("paid", ORANGE))
        told = await world.adapter.confirm(REFERENCE, accepted.handle, CODE)
        world.timer.advance(3600)
        final = await world.adapter.inquire(REFERENCE, accepted.handle)
        again = await world.adapter.confirm(REFERENCE, accepted.handle, CODE)
        charged = world.times_charged()
    assert isinstance(told, Taken | Final)
    assert isinstance(final, Final)
    # A second code finds nobody who waits: that is no word about the payment.
    assert (final.word, type(again), charged) == (Word.SUCCEEDED, Unknown, 1)


async def test_a_code_that_is_never_handed_over_lets_the_payment_expire(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        accepted = await accepted_by(world, world.charge("paid", ORANGE))
        world.timer.advance(3600)
        final = await world.adapter.inquire(REFERENCE, accepted.handle)
    assert isinstance(final, Final)
    assert (final.word, final.code) == (Word.EXPIRED, "authentication_timeout")


@pytest.mark.parametrize("wrong", ["asks_again", "refused"])
async def test_after_a_wrong_code_another_one_may_be_handed_over(
    tmp_path: Path, wrong: Literal["asks_again", "refused"]
) -> None:
    async with a_world(tmp_path, wrong_code=wrong) as world:
        accepted = await accepted_by(world, world.charge("paid", ORANGE))
        refused = await world.adapter.confirm(REFERENCE, accepted.handle, WRONG_CODE)
        asked = await world.adapter.inquire(REFERENCE, accepted.handle)
        taken = await world.adapter.confirm(REFERENCE, accepted.handle, CODE)
        told = "\n".join(str(one) for one in world.exchanges)
    assert isinstance(refused, CodeRefused)
    assert asked == Pending("action_required otp", awaits_code=True)
    assert isinstance(taken, Taken | Final)
    assert not {CODE, WRONG_CODE} & set(re.findall("[0-9]+", told))


async def test_a_wrong_code_may_be_the_end_of_the_payment(tmp_path: Path) -> None:
    async with a_world(tmp_path, wrong_code="fails") as world:
        accepted = await accepted_by(world, world.charge("paid", ORANGE))
        told = await world.adapter.confirm(REFERENCE, accepted.handle, WRONG_CODE)
    assert isinstance(told, Final)
    assert (told.word, told.code) == (Word.FAILED, "authentication_failed")


@pytest.mark.parametrize(("weather", "charged"), [("reset before", 0), ("reset after", 1)])
async def test_a_code_whose_answer_was_lost_is_no_word_and_the_payment_is_asked_about(
    tmp_path: Path, weather: str, charged: int
) -> None:
    async with a_world(tmp_path) as world:
        accepted = await accepted_by(world, world.charge("paid", ORANGE))
        await world.weather(WEATHERS[weather])
        told = await world.adapter.confirm(REFERENCE, accepted.handle, CODE)
        await world.weather(Faults.none())
        world.timer.advance(3600)
        final = await world.adapter.inquire(REFERENCE, accepted.handle)
        found = world.times_charged()
    assert isinstance(told, Unknown)
    assert isinstance(final, Final)
    assert (final.word is Word.SUCCEEDED, found) == (bool(charged), charged)


@pytest.mark.parametrize(
    ("code", "word", "reason"),
    [(CODE, Word.SUCCEEDED, None), (WRONG_CODE, Word.FAILED, "authentication_failed")],
)
async def test_a_code_the_payer_has_beforehand_goes_with_the_attempt(
    tmp_path: Path, code: str, word: Word, reason: str | None
) -> None:
    async with a_world(tmp_path) as world:
        charge = replace(world.charge("paid", ORANGE), one_time_code=code)
        outcome = await world.adapter.submit(charge, REFERENCE)
        world.timer.advance(3600)
        final = await world.adapter.inquire(REFERENCE, None)
        told = "\n".join(str(one) for one in world.exchanges)
    assert isinstance(outcome, Accepted | Final)
    assert isinstance(final, Final)
    assert (final.word, final.code) == (word, reason)
    assert code not in re.findall("[0-9]+", told)


async def test_without_the_intents_token_no_code_is_sent(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        await accepted_by(world, world.charge("paid", ORANGE))
        calls = len(world.exchanges)
        told = await world.adapter.confirm(REFERENCE, None, CODE)
        assert (type(told), len(world.exchanges)) == (NotSent, calls)


@pytest.mark.parametrize("after", ["failed", "payment_required"])
async def test_a_failed_attempt_is_final_even_where_its_intent_waits_for_another(
    tmp_path: Path, after: str
) -> None:
    async with a_world(tmp_path, intent_after_failure=after) as world:
        accepted = await accepted_by(world, replace(world.charge("paid"), phone=MTN + "51"))
        world.timer.advance(60)
        final = await world.adapter.inquire(REFERENCE, accepted.handle)
        (booked,) = world.movements("collection")
    assert final == Final(
        word=Word.FAILED,
        amount="1500",
        currency="XOF",
        provider_transaction_id=booked.id,
        code="customer_insufficient_funds",
        reason="It failed: customer_insufficient_funds.",
    )


async def test_who_is_turned_away_by_a_limit_asked_nothing(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        accepted = await accepted_by(world)
        asked = [await world.adapter.inquire(REFERENCE, accepted.handle) for _ in range(2)]
    told = asked[1]
    assert asked[0] == Pending("processing")
    assert isinstance(told, Unknown)
    assert told.reason.startswith("status 429: Too Many Requests")


async def test_questions_by_reference_keep_their_distance_by_themselves(tmp_path: Path) -> None:
    async with a_world(tmp_path, changes={"list_seconds": 30}) as world:
        asked = [await world.adapter.inquire(f"{PAYMENT_ID}-{one}", None) for one in (1, 2)]
        paid_out = await world.adapter.inquire_payout(PAYOUT, None)
        paths = [one.path for one in world.exchanges]
    first, second = asked
    assert first == NotFound("nothing is listed under the reference")
    assert isinstance(second, Unknown)
    assert second.reason == "HUB2 was asked about another reference a moment ago"
    assert second.again_seconds is not None
    assert 0 < second.again_seconds <= 30
    assert isinstance(paid_out, NotFound)
    assert paths == ["/payment-intents", "/transfers"]


async def test_a_payment_of_last_month_is_found_by_its_reference(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        await accepted_by(world)
        await world.adapter.pay_out(world.transfer("paid"), PAYOUT)
        world.timer.advance(40 * 86_400)
        asked = [
            await world.adapter.inquire(REFERENCE, None),
            await world.adapter.inquire_payout(PAYOUT, None),
        ]
        plain = f"{world.sandbox.url}/transfers?reference={PAYOUT}"
        told = world.sandbox.settings
        headers = {"Environment": "sandbox", "ApiKey": told.api_key, "MerchantId": told.merchant_id}
        world.timer.advance(60)
        async with (
            aiohttp.ClientSession() as browser,
            browser.get(plain, headers=headers) as answer,
        ):
            assert await answer.json() == []
    assert [one.word for one in asked if isinstance(one, Final)] == [Word.SUCCEEDED] * 2


async def test_a_list_that_ignores_its_filter_proves_nothing(tmp_path: Path) -> None:
    async with a_world(tmp_path, list_filter="ignored") as world:
        await accepted_by(world)
        asked = await world.adapter.inquire(f"{PAYMENT_ID}-2", None)
        world.timer.advance(60)
        found = await world.adapter.inquire(REFERENCE, None)
    assert asked == Unknown("what is listed has other references")
    assert isinstance(found, Final)


async def test_a_list_that_is_late_never_lets_a_payment_be_made_anew(tmp_path: Path) -> None:
    async with a_world(tmp_path, listed_late_seconds=60) as world:
        await world.weather(Faults(silent_after_accept=1))
        with waiting_in("silent after"):
            outcome = await world.adapter.submit(world.charge("paid"), REFERENCE)
        assert isinstance(outcome, Unknown)
        await world.weather(Faults.none())
        early = await world.adapter.inquire(REFERENCE, None)
        world.timer.advance(120)
        late = await world.adapter.inquire(REFERENCE, None)
    assert isinstance(early, NotFound)
    assert "collection" not in world.adapter.idempotent_powers
    assert isinstance(late, Final)
    assert late.word is Word.SUCCEEDED


def weather_that_hits_the_attempt_alone() -> Faults:
    """Find dice that let the first intent through and reset its attempt before it is read."""
    path = "/payment-intents"
    attempt = f"{path}/{made_id('pi', REFERENCE, 0)}/payments"
    for seed in range(100):
        faults = Faults(connection_reset_before=0.5, seed=seed)
        throws = [
            Dice(faults).strikes("connection_reset_before", f"POST payment-intents:{one}:1")
            for one in (path, attempt)
        ]
        if throws == [False, True]:
            return faults
    raise AssertionError("there are no such dice")


async def test_an_intent_without_an_attempt_is_given_up_only_when_it_is_old(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world:
        await world.weather(weather_that_hits_the_attempt_alone())
        outcome = await world.adapter.submit(world.charge("paid"), REFERENCE)
        await world.weather(Faults.none())
        asked = [await world.adapter.inquire(REFERENCE, None)]
        for seconds in (599, 31):
            world.timer.advance(seconds)
            asked += [await world.adapter.inquire(REFERENCE, None)]
        assert [one.reference for one in world.sandbox.intents] == [REFERENCE]
        assert world.movements("collection") == []
    assert isinstance(outcome, Unknown)
    unattempted = "the intent has no attempt so far: nobody is known to have been asked"
    assert asked == [
        Unknown(unattempted),
        Unknown(unattempted),
        NotSent("nobody was asked to pay: the intent has no attempt, and is old"),
    ]


@pytest.mark.parametrize("repeated", ["accepted", "refused"])
async def test_a_repeated_reference_is_never_taken_for_something_certain(
    tmp_path: Path, repeated: str
) -> None:
    async with a_world(tmp_path, repeated_reference=repeated) as world:
        for _ in range(2):
            again = await world.adapter.submit(world.charge("paid"), REFERENCE)
            paid_again = await world.adapter.pay_out(world.transfer("paid"), PAYOUT)
        world.timer.advance(60)
        times = (world.times_charged(), len(world.movements("payout")))
    expected, count = (Accepted, 2) if repeated == "accepted" else (Unknown, 1)
    assert isinstance(again, expected)
    assert isinstance(paid_again, expected)
    assert times == (count, count)


@pytest.mark.parametrize(
    "changes",
    [{"api_key": "another-key"}, {"merchant_id": "another-one"}, {"environment": "live"}],
)
async def test_wrong_credentials_move_nothing_and_may_be_mended(
    tmp_path: Path, changes: dict[str, str]
) -> None:
    async with a_world(tmp_path, changes=changes) as world:
        outcomes = [
            await world.adapter.submit(world.charge("paid"), REFERENCE),
            await world.adapter.pay_out(world.transfer("paid"), PAYOUT),
        ]
        assert len(world.sandbox.books.movements) == len(world.sandbox.intents) == 0
    assert [type(one) for one in outcomes] == [NotSent, NotSent]


async def test_an_account_that_is_too_low_may_refuse_at_once(tmp_path: Path) -> None:
    async with a_world(tmp_path, float_short="refusal") as world:
        outcome = await world.adapter.pay_out(world.transfer("short"), PAYOUT)
        assert world.movements("payout") == []
    assert isinstance(outcome, Declined)
    assert (outcome.code, outcome.is_technical) == ("insufficient-funds", True)


async def test_a_transfer_against_the_amount_policy_fails_by_it(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        transfer = replace(world.transfer("paid"), money=Money(99, "XOF"))
        accepted = await world.adapter.pay_out(transfer, PAYOUT)
        assert isinstance(accepted, Accepted)
        world.timer.advance(60)
        final = await world.adapter.inquire_payout(PAYOUT, accepted.handle)
    assert isinstance(final, Final)
    assert (final.word, final.code) == (Word.FAILED, "invalid_amount")


async def test_a_number_whose_transfers_keep_failing_is_shut_out_for_a_week(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world:

        async def code_of(number: int) -> str | None:
            reference = f"{PAYOUT_ID}-{number}"
            accepted = await world.adapter.pay_out(world.transfer("no account"), reference)
            assert isinstance(accepted, Accepted)
            world.timer.advance(60)
            final = await world.adapter.inquire_payout(reference, accepted.handle)
            assert isinstance(final, Final)
            return final.code

        codes = [await code_of(number) for number in range(1, 7)]
        world.timer.advance(7 * 86_400)
        codes += [await code_of(7)]
    assert codes == ["invalid_destination"] * 5 + ["blacklisted_msisdn", "invalid_destination"]


async def test_both_accounts_are_told_apart_and_follow_the_money(tmp_path: Path) -> None:
    async with a_world(tmp_path, opening_balance_minor=10_000) as world:
        assert isinstance(world.adapter, TellsBalance)
        await accepted_by(world)
        await world.adapter.pay_out(world.transfer("paid"), PAYOUT)
        world.timer.advance(60)
        balances = await world.adapter.balances()
    assert balances == [
        Balance(amount="1500", currency="XOF", account="collection"),
        Balance(amount="8000", currency="XOF", account="transfer"),
    ]


async def test_a_balance_that_is_not_answered_is_unknown(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        await world.weather(Faults(server_error=1))
        spoiled = await world.adapter.balances()
        await world.leave()
        away = await world.adapter.balances()
    assert isinstance(spoiled, Unknown)
    assert isinstance(away, Unknown)


async def test_a_signed_webhook_is_evidence_with_amount_and_currency(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        await accepted_by(world)
        (call,) = await told_about(world)
        (booked,) = world.movements("collection")
        verdict = world.adapter.authenticate(call, None, NOW)
        commands = world.adapter.translate(call, verdict, NOW)
    evidence = Evidence(
        source=Source.WEBHOOK,
        provider="hub2",
        reference=REFERENCE,
        word=Word.SUCCEEDED,
        amount="1500",
        currency="XOF",
        provider_transaction_id=booked.id,
        occurred_at=booked.ended_at,
    )
    assert commands == [RecordEvidence(payment_id=PAYMENT_ID, evidence=evidence)]


async def test_a_transfers_webhook_is_evidence_about_the_payout(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        await world.adapter.pay_out(world.transfer("no account"), PAYOUT)
        (call,) = await told_about(world)
        (booked,) = world.movements("payout")
        verdict = world.adapter.authenticate(call, None, NOW)
        commands = world.adapter.translate(call, verdict, NOW)
    evidence = Evidence(
        source=Source.WEBHOOK,
        provider="hub2",
        reference=PAYOUT,
        word=Word.FAILED,
        amount="2000",
        currency="XOF",
        provider_transaction_id=booked.id,
        code="invalid_destination",
        reason="It failed: invalid_destination.",
    )
    assert commands == [RecordEvidence(payment_id=PAYOUT_ID, evidence=evidence)]


async def test_events_on_the_way_only_make_us_ask(tmp_path: Path) -> None:
    async with a_world(tmp_path, intermediate_events=2) as world:
        await accepted_by(world)
        await world.receiver.until(2)
        calls = (await told_about(world, 3))[:2]
        made = [world.adapter.translate(one, "authenticated", NOW) for one in calls]
    reason = "a proved webhook says processing"
    asking = RequestInquiry(payment_id=PAYMENT_ID, reason=reason, inquire_at=NOW)
    assert made == [[asking], [asking]]
    assert calls[0].body == calls[1].body


async def test_events_of_a_single_payment_are_orphans(tmp_path: Path) -> None:
    async with a_world(tmp_path, events="payment") as world:
        await accepted_by(world)
        (call,) = await told_about(world)
        assert world.adapter.authenticate(call, None, NOW) == "authenticated"
        assert orjson.loads(call.body)["data"]["id"].startswith("pay_")
        with pytest.raises(WebhookUnreadableError, match="no reference of ours"):
            world.adapter.translate(call, "authenticated", NOW)


@pytest.mark.parametrize(
    ("known", "hours", "verdict"),
    [
        ("synthetic-hub2-webhook-secret", 1, "authenticated"),
        ("the-next-secret", 1, "authenticated"),
        ("synthetic-hub2-webhook-secret", 25, "refused"),
        ("the-next-secret", 25, "authenticated"),
        ("the-next-secret, synthetic-hub2-webhook-secret", 25, "authenticated"),
        ("something-else", 1, "refused"),
    ],
)
async def test_a_secret_may_be_changed_within_a_day_on_either_side(
    tmp_path: Path, known: str, hours: int, verdict: str
) -> None:
    async with a_world(tmp_path, changes={"webhook_secret": known}) as world:
        world.sandbox.rotate_secret("the-next-secret")
        world.timer.advance(3600 * (hours - 1))
        await accepted_by(world)
        (call,) = await told_about(world)
        header = call.headers["Hub2-Signature"]
        assert world.adapter.authenticate(call, None, NOW) == verdict
    assert [one[:3] for one in header.split(",")] == (["s1=", "s0="] if hours == 1 else ["s1="])


async def test_an_old_webhook_sent_again_says_no_more_than_it_said(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        await accepted_by(world, world.charge("refused"))
        (call,) = await told_about(world)
        years_later = datetime(2040, 1, 1, tzinfo=UTC)
        verdicts = {world.adapter.authenticate(call, None, at) for at in (NOW, years_later)}
        said = [world.adapter.translate(call, "authenticated", at) for at in (NOW, years_later)]
    assert verdicts == {"authenticated"}
    assert said[0] == said[1]
    assert [type(one) for one in said[0]] == [RecordEvidence]


async def test_a_changed_webhook_is_refused(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        await accepted_by(world, world.charge("refused"))
        (call,) = await told_about(world)
        forged = replace(call, body=call.body.replace(b'"failed"', b'"successful"'))
        assert forged.body != call.body
        assert world.adapter.authenticate(forged, None, NOW) == "refused"


async def test_without_a_secret_webhooks_prove_nothing(tmp_path: Path) -> None:
    async with a_world(tmp_path, changes={"webhook_secret": None}) as world:
        await accepted_by(world)
        (call,) = await told_about(world)
        verdict = world.adapter.authenticate(call, None, NOW)
        commands = world.adapter.translate(call, verdict, NOW)
    assert verdict == "unsigned"
    reason = "an unproved webhook says successful"
    assert commands == [RequestInquiry(payment_id=PAYMENT_ID, reason=reason, inquire_at=NOW)]


async def test_a_webhook_is_registered_by_a_call_that_tells_its_secret_once(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path, webhook_url=None) as world:
        url = world.receiver.url("/webhooks/hub2")
        status, hook = await post(
            world, "/webhooks", {"url": url, "events": ["payment_intent.successful"]}
        )
        assert status == 201
        await accepted_by(world)
        (call,) = await told_about(world)
    made = hmac.new(hook["secret"].encode(), call.body, hashlib.sha256).hexdigest()
    assert call.headers["Hub2-Signature"] == f"s1={made}"


async def test_a_webhook_nobody_takes_is_sent_ten_times_more_over_34_hours(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path, callback_mode="retry_schedule") as world:
        world.receiver._statuses = [500] * 11
        await accepted_by(world)
        world.timer.advance(31)
        await world.receiver.until(1)
        await world.sandbox.sender.settled()
        for number, block in enumerate(RETRIES, start=2):
            world.timer.advance(block.pause_seconds)
            await world.receiver.until(number)
            await world.sandbox.sender.settled()
        world.timer.advance(1e6)
        attempts = [one.status for one in world.sandbox.sender.attempts]
        assert isinstance(world.sandbox.sender.attempts[0], Attempt)
    assert attempts == [500] * 11
    assert 34 <= sum(block.pause_seconds for block in RETRIES) / 3600 < 35


async def test_the_sandbox_forgets_no_intent_when_it_is_killed(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        accepted = await accepted_by(world)
        before = [one.id for one in world.sandbox.intents]
        await world.weather(Faults.none())
        assert [one.id for one in world.sandbox.intents] == before
        assert await world.adapter.inquire(REFERENCE, accepted.handle) == Pending("processing")


BODY: dict[str, Any] = {
    "customerReference": PAYMENT_ID,
    "purchaseReference": REFERENCE,
    "amount": 1500,
    "currency": "XOF",
}


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({}, 201, None),
        ({"purchaseReference": "order#1"}, 400, "Bad Request"),
        ({"purchaseReference": ""}, 400, "Bad Request"),
        ({"customerReference": ""}, 400, "Bad Request"),
        ({"amount": "1500"}, 400, "Bad Request"),
        ({"amount": 15.5}, 400, "Bad Request"),
        ({"amount": 0}, 400, "Bad Request"),
        ({"currency": "EUR"}, 400, "invalid-currency"),
    ],
)
async def test_the_sandbox_is_as_strict_as_hub2(
    tmp_path: Path, changes: dict[str, Any], status: int, code: str | None
) -> None:
    async with a_world(tmp_path) as world:
        got, body = await post(world, "/payment-intents", BODY | changes)
        _, without_key = await post(world, "/payment-intents", BODY, with_key=False)
    assert (got, body.get("code")) == (status, code)
    assert (without_key["status"], without_key["code"]) == (401, "Unauthorized")


async def test_the_trial_reaches_its_sandbox(tmp_path: Path) -> None:
    timer = ManualTimer()
    server = make_trial(clock=timer.clock, faults=Faults.none(), port=0, folder=tmp_path)
    async with server:
        adapter = Hub2Adapter(Settings.model_validate(adapter_fields(server)), opening())
        charge = a_charge(money=Money(1500, "XOF"), phone=MTN + "01", country="CI")
        outcome = await adapter.submit(charge, REFERENCE)
        await adapter.close()
    assert isinstance(outcome, Accepted)
    kept = read_books(tmp_path / "sandbox-hub2.jsonl")
    assert [one.reference for one in kept.movements.values()] == [REFERENCE]
