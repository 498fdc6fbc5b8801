"""The Wave adapter against the Wave sandbox: the contract, and what is Wave's own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
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
    WebhookCall,
    WebhookUnreadableError,
)
from adapters.powers import AccountCheck, Balance, ChecksAccounts, TellsBalance
from adapters.sandbox.faults import Faults
from adapters.sandbox.payer import PayerSaw, cancel_as_customer, look_as_customer
from adapters.sandbox.wave_bodies import signature
from adapters.sandbox.wave_trial import FURTHER
from ledger.commands import RecordEvidence, RequestInquiry
from ledger.evidence import Evidence, Source, Word
from ledger.money import Money
from tests.contracts.provider import ProviderContract, World
from tests.contracts.rail import PAYOUT_ID, REFUND_ID, PayoutContract, RefundContract
from tests.contracts.webhook import WebhookContract
from tests.replay import PAYMENT_ID, a_charge
from tests.wave_world import NUMBER, WaveWorld, a_world

NOT_WITHIN = AccountCheck(is_active=False, detail="not within its limits", code="PAYEE_OVER_LIMITS")
REFERENCE = f"{PAYMENT_ID}-1"


class TestWave(PayoutContract, RefundContract, WebhookContract, ProviderContract):
    """The contract."""

    agrees_by_empty_200: ClassVar[bool] = True

    @asynccontextmanager
    async def open_world(self, folder: Path) -> AsyncIterator[World]:
        async with a_world(folder) as world:
            yield world

    def refused_at_once(self, world: World) -> Charge:
        return replace(world.charge("paid"), money=Money(1500, "XAF"))


async def accepted_by(world: WaveWorld, charge: Charge | None = None) -> Accepted:
    """Submit once."""
    accepted = await world.adapter.submit(charge or world.charge("paid"), REFERENCE)
    assert isinstance(accepted, Accepted)
    return accepted


def the_session(world: WaveWorld) -> dict[str, Any]:
    """The one session in the books, as Wave would show it."""
    (movement,) = world.movements("collection")
    return world.sandbox.session(movement)


async def test_the_handle_holds_the_session_and_its_page(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        accepted = await accepted_by(world)
        session = the_session(world)
        home = world.receiver.url("/")
        assert accepted.handle == {"id": session["id"], "redirect_url": session["wave_launch_url"]}
        assert (session["client_reference"], session["amount"]) == (REFERENCE, "1500")
        assert (session["success_url"], session["error_url"]) == (home, home)


@pytest.mark.parametrize("absent", ["omitted", "null"])
async def test_what_was_paid_is_told_with_its_amount_and_transaction(
    tmp_path: Path, absent: str
) -> None:
    async with a_world(tmp_path, absent=absent) as world:
        accepted = await accepted_by(world)
        assert await world.adapter.inquire(REFERENCE, accepted.handle) == Pending(
            "open, processing"
        )
        await world.end(REFERENCE, accepted, "paid")
        final = await world.adapter.inquire(REFERENCE, accepted.handle)
        session = the_session(world)
    assert final == Final(
        word=Word.SUCCEEDED,
        amount="1500",
        currency="XOF",
        provider_transaction_id=session["transaction_id"],
        occurred_at=datetime.fromisoformat(session["when_completed"]),
    )


@pytest.mark.parametrize(
    ("digits", "code"),
    [
        ("50", "payment-failure"),
        ("51", "insufficient-funds"),
        ("53", "blocked-account"),
        ("55", "kyb-limits-exceeded"),
    ],
)
@pytest.mark.parametrize("failed_attempt", ["cancels", "fails"])
async def test_a_failure_is_wave_s_own_code(
    tmp_path: Path, digits: str, code: str, failed_attempt: str
) -> None:
    async with a_world(tmp_path, failed_attempt=failed_attempt) as world:
        accepted = await accepted_by(world)
        saw = await world.visit(accepted, NUMBER + digits)
        call = await world.told()
        final = await world.adapter.inquire(REFERENCE, accepted.handle)
        now = world.now()
        (command,) = world.adapter.translate(call, "authenticated", now)
        assert saw == PayerSaw(status=303, sent_to=world.receiver.url("/"))
    assert isinstance(final, Final)
    assert (final.word, final.code) == (Word.FAILED, code)
    if failed_attempt == "fails":
        # Wave calls a session so in this event alone, which is about one attempt to pay.
        reason = f"a proved checkout.session.payment_failed says failed, cancelled, {code}"
        assert command == RequestInquiry(payment_id=PAYMENT_ID, reason=reason, inquire_at=now)
        return
    assert isinstance(command, RecordEvidence)
    assert (command.evidence.word, command.evidence.code) == (Word.FAILED, code)


async def test_a_failed_attempt_that_leaves_the_session_open_decides_nothing(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path, failed_attempt="stays_open") as world:
        accepted = await accepted_by(world)
        await world.visit(accepted, NUMBER + "51")
        call = await world.told()
        now = world.now()
        verdict = world.adapter.authenticate(call, None, now)
        commands = world.adapter.translate(call, verdict, now)
        asked = await world.adapter.inquire(REFERENCE, accepted.handle)
        await cancel_as_customer(world.browser, accepted.handle["redirect_url"])
        await world.end(REFERENCE, accepted, "paid")
        final = await world.adapter.inquire(REFERENCE, accepted.handle)
    said = "open, processing, insufficient-funds"
    reason = f"a proved checkout.session.payment_failed says {said}"
    assert commands == [RequestInquiry(payment_id=PAYMENT_ID, reason=reason, inquire_at=now)]
    assert asked == Pending(said)
    assert isinstance(final, Final)
    assert final.word is Word.SUCCEEDED


async def test_a_payer_who_calls_it_off_has_cancelled(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        accepted = await accepted_by(world)
        saw = await cancel_as_customer(world.browser, accepted.handle["redirect_url"])
        final = await world.adapter.inquire(REFERENCE, accepted.handle)
        assert saw.sent_to == world.receiver.url("/")
    assert isinstance(final, Final)
    assert (final.word, final.code) == (Word.FAILED, "cancelled")


async def test_a_slow_payer_waits_on_the_page_and_a_restart_forgets_nothing(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world:
        accepted = await accepted_by(world)
        world.timer.advance(20)
        waiting = await world.visit(accepted, "221 55 500 00 54")
        await world.weather(Faults.none())
        # What is slow counts from the confirmation, before a restart and after it.
        world.timer.advance(20)
        still = await look_as_customer(world.browser, accepted.handle["redirect_url"])
        world.timer.advance(6)
        saw = await look_as_customer(world.browser, accepted.handle["redirect_url"])
        assert saw.sent_to == world.receiver.url("/")
    assert (waiting.title, still.title) == ("Paiement en cours", "Paiement en cours")


async def test_that_nobody_paid_in_time_is_told_to_nobody(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        await world.end(REFERENCE, await accepted_by(world), "expired")
        world.timer.advance(60)
        await world.sandbox.sender.settled()
        assert list(world.sandbox.sender.attempts) == []
        assert the_session(world)["checkout_status"] == "expired"


async def test_what_moves_money_is_sent_once_within_one_call(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        await world.weather(Faults(connection_reset_after=1))
        charge = world.charge("paid")
        assert isinstance(await world.adapter.submit(charge, REFERENCE), NotSent)
        reference = world.adapter.reference_for(PAYOUT_ID, 1)
        assert isinstance(await world.adapter.pay_out(world.transfer("paid"), reference), Unknown)
        (session,), (payout,) = world.movements("collection"), world.movements("payout")
    assert (session.times_asked, payout.times_asked) == (1, 1)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "api-key-revoked"),
        (403, "disabled-wallet"),
        (429, "too-many-requests"),
        (500, "checkout-refund-failed"),
    ],
)
async def test_once_an_answer_was_lost_no_refusal_of_a_repeat_is_the_end(
    tmp_path: Path, status: int, code: str
) -> None:
    async with a_world(tmp_path) as world:
        original = await world.paid_original()
        await world.refuse_after_lost_answers(status, {"code": code, "message": "no"})
        paid = await world.adapter.pay_out(
            world.transfer("paid"), world.adapter.reference_for(PAYOUT_ID, 1)
        )
        back = await world.adapter.refund(
            world.giving_back(original), world.adapter.reference_for(REFUND_ID, 1)
        )
        moved = [len(world.movements(power)) for power in ("payout", "refund")]
    assert (type(paid), type(back), moved) == (Unknown, Unknown, [1, 1])


async def test_the_page_says_what_is_wrong_and_what_is_over(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        accepted = await accepted_by(world)
        page = accepted.handle["redirect_url"]
        wrong = await world.visit(accepted, "my number")
        english = await look_as_customer(world.browser, f"{page}?lang=en")
        await world.end(REFERENCE, accepted, "expired")
        over = await look_as_customer(world.browser, page)
        nobody = await look_as_customer(world.browser, f"{world.sandbox.url}/c/cos-nobody")
    assert wrong == PayerSaw(
        status=422, title="Payer", mistakes=("Ce n'est pas un numéro de téléphone.",)
    )
    assert (english.status, english.title) == (200, "Pay")
    assert (over.status, over.title) == (410, "Paiement expiré")
    assert (nobody.status, nobody.title) == (404, "Page inconnue")


async def test_only_the_number_a_payment_names_may_pay_where_that_is_wanted(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path, changes={"is_payer_fixed": True}) as world:
        accepted = await accepted_by(world)
        await world.visit(accepted, NUMBER + "02")
        await world.told()
        asked = await world.adapter.inquire(REFERENCE, accepted.handle)
        await world.end(REFERENCE, accepted, "paid")
        final = await world.adapter.inquire(REFERENCE, accepted.handle)
    assert asked == Pending("open, processing, payer-mobile-mismatch")
    assert isinstance(final, Final)
    assert final.word is Word.SUCCEEDED


async def test_a_session_whose_page_was_never_read_is_found_only_if_it_was_paid(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world:
        unread = NotSent("the answer with the page's address was never read, so nobody can pay")
        assert await world.adapter.inquire(REFERENCE, None) == unread
        accepted = await accepted_by(world)
        assert await world.adapter.inquire(REFERENCE, None) == unread
        await world.end(REFERENCE, accepted, "paid")
        final = await world.adapter.inquire(REFERENCE, None)
    assert isinstance(final, Final)
    assert final.word is Word.SUCCEEDED


async def a_told(world: WaveWorld) -> WebhookCall:
    """A webhook about a payment that was paid."""
    await world.end(REFERENCE, await accepted_by(world), "paid")
    return world.notified[-1]


async def test_a_signed_webhook_is_evidence_whatever_its_address_says(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        call = await a_told(world)
        verdict = world.adapter.authenticate(call, None, world.now())
        commands = world.adapter.translate(call, verdict, world.now())
        session = the_session(world)
    evidence = Evidence(
        source=Source.WEBHOOK,
        provider="wave",
        reference=REFERENCE,
        word=Word.SUCCEEDED,
        amount="1500",
        currency="XOF",
        provider_transaction_id=session["transaction_id"],
        occurred_at=datetime.fromisoformat(session["when_completed"]),
    )
    assert call.path == ("portal",)
    assert commands == [RecordEvidence(payment_id=PAYMENT_ID, evidence=evidence)]


def signed(call: WebhookCall, header: str) -> WebhookCall:
    """The same call under another signature."""
    return replace(call, headers={"WAVE-SIGNATURE": header})


async def test_a_signature_proves_only_its_own_time_body_and_secret(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        call = await a_told(world)
        adapter, now, secret = world.adapter, world.now(), world.sandbox.settings.webhook_secret
        at, body = int(now.timestamp()), call.body
        right = signature(body, at, secret)
        headers = {
            "right": right,
            "upper case": right.replace(right.rpartition("=")[2], right.rpartition("=")[2].upper()),
            "rotated": signature(body, at, "another-secret", secret),
            "spaced": right.replace(",", ", "),
            "other body": signature(body + b" ", at, secret),
            "other secret": signature(body, at, "another-secret"),
            "other time": right.replace(f"t={at}", f"t={at + 1}"),
            "two times": f"t={at},{right}",
            "no time": right.partition(",")[2],
            "no signature": f"t={at}",
            "time that is none": right.replace(f"t={at}", "t=now"),
            "with a separator": signature(b"." + body, at, secret),
            "other version": right.replace("v1=", "v0="),
            "empty": "",
        }
        verdicts = {
            name: adapter.authenticate(signed(call, header), None, now)
            for name, header in headers.items()
        }
        absent = adapter.authenticate(replace(call, headers={}), None, now)
    good = {name for name, verdict in verdicts.items() if verdict == "authenticated"}
    assert good == {"right", "upper case", "rotated", "spaced"}
    assert {*verdicts.values(), absent} == {"authenticated", "refused"}


@pytest.mark.parametrize(
    ("age_seconds", "verdict"),
    [(0, "authenticated"), (300, "authenticated"), (301, "unsigned"), (-301, "unsigned")],
)
async def test_an_old_signature_only_makes_us_ask(
    tmp_path: Path, age_seconds: int, verdict: str
) -> None:
    async with a_world(tmp_path) as world:
        call = await a_told(world)
        at = int(world.now().timestamp()) - age_seconds
        old = signed(call, signature(call.body, at, world.sandbox.settings.webhook_secret))
        # The clock has fractions of a second, of which a signature tells nothing.
        now = world.now().replace(microsecond=0)
        found = world.adapter.authenticate(old, None, now)
        (command,) = world.adapter.translate(old, found, now)
    assert found == verdict
    assert isinstance(command, RecordEvidence if verdict == "authenticated" else RequestInquiry)


async def test_while_a_secret_is_replaced_either_one_is_proof(tmp_path: Path) -> None:
    for own in ("wave_sn_WHS_synthetic_secret", "wave_sn_WHS_retired_secret"):
        changes = {"webhook_secret": own}
        retired = "wave_sn_WHS_retired_secret"
        folder = tmp_path / own
        folder.mkdir()
        async with a_world(folder, changes=changes, retired_webhook_secret=retired) as world:
            call = await a_told(world)
            assert world.adapter.authenticate(call, None, world.now()) == "authenticated"


async def test_without_a_secret_no_webhook_proves_anything(tmp_path: Path) -> None:
    async with a_world(tmp_path, changes={"webhook_secret": None}) as world:
        call = await a_told(world)
        assert world.adapter.authenticate(call, None, world.now()) == "refused"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("[]", "the body is no JSON object"),
        ("{", "the body is no JSON object"),
        ({"type": "test.test_event", "data": {}}, "the event is test.test_event, not one of"),
        ({"type": "merchant.payment_received", "data": {"id": "T_1"}}, "merchant.payment_received"),
        ({"type": "checkout.session.completed", "data": "cos-1"}, "not one of a checkout session"),
        ({"data": {"client_reference": REFERENCE}}, "the event is nothing"),
        ({"type": "checkout.session.completed", "data": {}}, "names no payment"),
        *(
            (
                {"type": "checkout.session.completed", "data": {"client_reference": reference}},
                "its client_reference names no payment",
            )
            for reference in ("order-1", PAYMENT_ID, f"{PAYMENT_ID}-0", f"{PAYMENT_ID}-x", 7, None)
        ),
    ],
)
async def test_an_event_that_is_about_none_of_our_sessions_is_an_orphan(
    tmp_path: Path, content: Any, reason: str
) -> None:
    body = content.encode() if isinstance(content, str) else orjson.dumps(content)
    call = WebhookCall(method="POST", path=(), headers={}, body=body)
    async with a_world(tmp_path) as world:
        with pytest.raises(WebhookUnreadableError, match=reason):
            world.adapter.translate(call, "authenticated", world.now())


async def test_a_payout_under_way_is_followed_by_its_id_and_by_its_reference(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path, decide_after_seconds=30) as world:
        reference = world.adapter.reference_for(PAYOUT_ID, 1)
        assert await world.adapter.inquire_payout(reference, None) == NotFound(
            "Wave has no payout under this reference"
        )
        accepted = await world.adapter.pay_out(world.transfer("paid"), reference)
        assert isinstance(accepted, Accepted)
        seen = [
            await world.adapter.inquire_payout(reference, handle)
            for handle in (None, accepted.handle)
        ]
        world.timer.advance(31)
        ended = [
            await world.adapter.inquire_payout(reference, handle)
            for handle in (None, accepted.handle)
        ]
        (movement,) = world.movements("payout")
    final = Final(
        word=Word.SUCCEEDED, amount="1500", currency="XOF", provider_transaction_id=movement.id
    )
    assert seen == [Pending("processing")] * 2
    assert ended == [final] * 2
    assert movement.details["payment_reason"] == "Wages of May, and something more than fo"
    assert movement.details["key"] == reference == movement.reference


@pytest.mark.parametrize("payout_errors", ["in_payout", "at_once"])
@pytest.mark.parametrize(
    ("ending", "code", "is_technical"),
    [
        ("refused", "recipient-account-blocked", False),
        ("poor", "recipient-limit-exceeded", False),
        ("no account", "recipient-account-inactive", False),
        ("short", "insufficient-funds", True),
    ],
)
async def test_a_payout_that_cannot_be_made_says_why_in_either_shape(
    tmp_path: Path, payout_errors: str, ending: str, code: str, is_technical: bool
) -> None:
    async with a_world(tmp_path, payout_errors=payout_errors) as world:
        reference = world.adapter.reference_for(PAYOUT_ID, 1)
        outcome = await world.adapter.pay_out(world.transfer(ending), reference)
    if payout_errors == "in_payout":
        assert isinstance(outcome, Final)
        assert (outcome.word, outcome.code) == (Word.FAILED, code)
    else:
        assert isinstance(outcome, Declined)
        assert (outcome.code, outcome.is_technical) == (code, is_technical)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"money": Money(1500, "XAF")}, "currency-mismatch"),
        ({"phone": "+225070000001"}, "country-mismatch"),
        ({"money": Money(10**11, "XOF")}, "insufficient-funds"),
        ({"money": Money(0, "XOF")}, "request-validation-error"),
        ({"phone": "221555000001"}, "request-validation-error"),
        ({"money": Money(1550, "GMD")}, "AMOUNT_NOT_WHOLE"),
    ],
)
async def test_a_payout_wave_does_not_take_is_declined_and_never_booked(
    tmp_path: Path, changes: dict[str, Any], code: str
) -> None:
    async with a_world(tmp_path) as world:
        reference = world.adapter.reference_for(PAYOUT_ID, 1)
        outcome = await world.adapter.pay_out(world.transfer("paid", **changes), reference)
        assert isinstance(outcome, Declined)
        assert (outcome.code, world.movements("payout")) == (code, [])


@pytest.mark.parametrize(
    ("further", "is_taken"), [((), False), (("CI",), True), (("GM",), False), (FURTHER, True)]
)
async def test_a_trial_pays_out_where_its_wallets_are_said_to_be(
    tmp_path: Path, further: tuple[str, ...], is_taken: bool
) -> None:
    async with a_world(tmp_path, further_countries=further) as world:
        abidjan = world.transfer("paid", phone="+2250700000001")
        outcome = await world.adapter.pay_out(abidjan, world.adapter.reference_for(PAYOUT_ID, 1))
    assert isinstance(outcome, Declined) is not is_taken


async def test_another_payout_under_the_same_key_is_never_taken_for_a_refusal(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world:
        reference = world.adapter.reference_for(PAYOUT_ID, 1)
        await world.adapter.pay_out(world.transfer("paid"), reference)
        changed = world.transfer("paid", money=Money(1600, "XOF"))
        outcome = await world.adapter.pay_out(changed, reference)
        await world.weather(Faults.none())
        again = await world.adapter.pay_out(world.transfer("paid"), reference)
        (movement,) = world.movements("payout")
    told = "status 409: idempotency-mismatch The key was used for another request."
    assert outcome == Unknown(told)
    assert isinstance(again, Final)
    assert (again.word, movement.times_asked) == (Word.SUCCEEDED, 2)


async def test_a_refund_is_named_by_its_session_or_else_by_its_transaction(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        original = await world.paid_original()
        reference = world.adapter.reference_for(REFUND_ID, 1)
        nameless = replace(original, handle={}, provider_transaction_id=None)
        lost = await world.adapter.refund(world.giving_back(nameless), reference)
        by_transaction = world.giving_back(replace(original, handle={}))
        first = await world.adapter.refund(by_transaction, reference)
        again = await world.adapter.refund(world.giving_back(original), reference)
        (moved,) = world.movements("refund")
    assert isinstance(lost, Declined)
    assert lost.code == "SESSION_UNKNOWN"
    assert (first, again) == (Final(word=Word.SUCCEEDED), Final(word=Word.SUCCEEDED))
    assert (moved.ending, moved.amount_minor) == ("succeeded", 1500)


@pytest.mark.parametrize("status", [400, 409, 500])
async def test_what_was_never_paid_is_not_refunded_whatever_the_status_says(
    tmp_path: Path, status: int
) -> None:
    async with a_world(tmp_path, refund_failed_status=status) as world:
        original = await world.paid_original()
        unpaid = await world.adapter.submit(world.charge("paid"), f"{PAYMENT_ID}-2")
        assert isinstance(unpaid, Accepted)
        wanted = world.giving_back(replace(original, handle=unpaid.handle))
        outcome = await world.adapter.refund(wanted, world.adapter.reference_for(REFUND_ID, 1))
        assert isinstance(outcome, Declined)
        assert (outcome.code, world.movements("refund")) == ("checkout-refund-failed", [])


async def test_the_balance_is_what_came_in_less_what_went_out_and_its_fees(tmp_path: Path) -> None:
    async with a_world(tmp_path, opening_balance_minor=0) as world:
        assert isinstance(world.adapter, TellsBalance)
        told = [await world.adapter.balances()]
        original = await world.paid_original()
        told.append(await world.adapter.balances())
        reference = world.adapter.reference_for(PAYOUT_ID, 1)
        await world.adapter.pay_out(world.transfer("paid", money=Money(500, "XOF")), reference)
        told.append(await world.adapter.balances())
        refund = await world.adapter.refund(
            world.giving_back(original), world.adapter.reference_for(REFUND_ID, 1)
        )
    assert told == [[Balance(amount, "XOF")] for amount in ("0", "1500", "995")]
    assert isinstance(refund, Declined)


async def test_an_account_is_active_if_it_may_receive(tmp_path: Path) -> None:
    for unknown, of_none in (
        ("not_within_limits", NOT_WITHIN),
        ("error", Unknown("status 404: not-found There is no such recipient.")),
    ):
        async with a_world(tmp_path, unknown_recipient=unknown) as world:
            assert isinstance(world.adapter, ChecksAccounts)
            check = world.adapter.check_account
            assert await check(NUMBER + "01", "SN") == AccountCheck(is_active=True)
            assert await check(NUMBER + "53", "SN") == of_none
            assert await check("+254700000001", "KE") == Unknown("Wave is not in KE")


@pytest.mark.parametrize(
    ("country", "money", "amount"),
    [
        ("GM", Money(1250, "GMD"), "12.50"),
        ("GM", Money(1200, "GMD"), "12"),
        ("CI", Money(1200, "XOF"), "1200"),
    ],
)
async def test_amounts_have_decimals_only_where_there_are_some(
    tmp_path: Path, country: str, money: Money, amount: str
) -> None:
    async with a_world(tmp_path, country=country) as world:
        accepted = await accepted_by(world, replace(world.charge("paid"), money=money))
        await world.end(REFERENCE, accepted, "paid")
        final = await world.adapter.inquire(REFERENCE, accepted.handle)
        sent = world.exchanges[0].transcript
    assert f'"amount":"{amount}"' in sent
    assert isinstance(final, Final)
    evidence = Evidence(
        source=Source.POLL,
        provider="wave",
        reference=REFERENCE,
        word=final.word,
        amount=final.amount,
        currency=final.currency,
    )
    assert evidence.is_about(money)


async def test_a_wrong_key_moves_nothing_and_says_so(tmp_path: Path) -> None:
    async with a_world(tmp_path, changes={"api_key": "wrong-key"}) as world:
        told = "status 401: no-matching-api-key There is no such key."
        reference = world.adapter.reference_for(PAYOUT_ID, 1)
        assert await world.adapter.submit(world.charge("paid"), REFERENCE) == NotSent(told)
        assert await world.adapter.pay_out(world.transfer("paid"), reference) == NotSent(told)
        assert await world.adapter.inquire(REFERENCE, None) == Unknown(told)
        assert await world.adapter.balances() == Unknown(told)
        assert world.sandbox.books.movements == {}


async def test_without_an_address_to_return_to_wave_is_not_asked(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        charge = a_charge(money=Money(1500, "XOF"), callback_url=None)
        outcome = await world.adapter.submit(charge, REFERENCE)
        assert isinstance(outcome, Declined)
        assert (outcome.code, world.exchanges) == ("RETURN_URL_MISSING", [])


async def test_a_payout_s_transcript_shows_no_number_and_no_reason(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        transfer = world.transfer("paid")
        await world.adapter.pay_out(transfer, world.adapter.reference_for(PAYOUT_ID, 1))
        (exchange,) = world.exchanges
    shown = exchange.transcript
    hidden = (transfer.phone, transfer.phone[1:], "Wages", *world.secrets)
    assert [one for one in hidden if one in shown] == []
    assert '"receive_amount":"1500"' in shown
