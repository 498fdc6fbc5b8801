"""The Sonatel adapter against the Sonatel sandbox: the contract, and what is Sonatel's own."""

import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
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
    Unknown,
    WebhookCall,
    WebhookUnreadableError,
)
from adapters.powers import Balance, TellsBalance
from adapters.providers._orange_sonatel_answers import UNREAD
from adapters.providers.orange_sonatel import OrangeSonatelAdapter, Settings
from adapters.sandbox.faults import Faults
from adapters.sandbox.orange_sonatel_bodies import signature
from adapters.sandbox.payer import cancel_as_customer, look_as_customer
from adapters.transport import Transport
from ledger.commands import RecordEvidence, RequestInquiry
from ledger.evidence import Evidence, Source, Word
from ledger.money import Money
from tests.callback_receiver import CallbackReceiver
from tests.contracts.provider import ProviderContract, World
from tests.contracts.rail import END_SECONDS, PAYOUT_ID, PayoutContract
from tests.contracts.webhook import WebhookContract
from tests.orange_sonatel_world import NUMBER, SonatelWorld, a_world
from tests.replay import PAYMENT_ID

REFERENCE = f"{PAYMENT_ID}-1"
PAYOUT = f"{PAYOUT_ID}-1"


class TestOrangeSonatel(PayoutContract, WebhookContract, ProviderContract):
    """The contract."""

    @asynccontextmanager
    async def open_world(self, folder: Path) -> AsyncIterator[World]:
        async with a_world(folder) as world:
            yield world

    def refused_at_once(self, world: World) -> Charge:
        return replace(world.charge("paid"), money=Money(0, "XOF"))


async def accepted_by(world: SonatelWorld, charge: Charge | None = None) -> Accepted:
    """Submit once."""
    accepted = await world.adapter.submit(charge or world.charge("paid"), REFERENCE)
    assert isinstance(accepted, Accepted)
    return accepted


def sent_in(world: SonatelWorld, number: int = 0) -> str:
    """The transcript of the n-th call that was not for a token."""
    return [one.transcript for one in world.exchanges if "oauth" not in one.path][number]


async def test_the_handle_holds_the_code_its_page_and_its_end(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        accepted = await accepted_by(world)
        (code,) = world.movements("collection")
        until = (world.now() + timedelta(seconds=900)).isoformat()
        assert accepted.handle == {
            "qr_id": code.details["qr_id"],
            "redirect_url": f"{world.sandbox.url}/mp/{code.details['qr_id']}",
            "valid_until": until,
        }
        assert code.callback_url == world.charge("paid").callback_url
        home = world.receiver.url("/")
        assert code.details == {
            "merchant": "Cauri",
            "validity": "900",
            "return_url": home,
            "cancel_url": home,
            "metadata.reference": REFERENCE,
            "api_key": world.sandbox.settings.api_key,
            "qr_id": code.details["qr_id"],
        }


@pytest.mark.parametrize(
    ("empty", "app"),
    [
        ({"shortLink"}, ""),
        ({"shortLink", "deepLink"}, "?app=om"),
        ({"deepLink", "OM"}, "?app=maxit"),
        ({"deepLink", "OM", "MAXIT"}, ""),
    ],
)
async def test_a_payer_is_led_by_the_best_link_that_is_not_empty(
    tmp_path: Path, empty: set[str], app: str
) -> None:
    async with a_world(tmp_path, empty_links=empty) as world:
        accepted = await accepted_by(world)
        page = accepted.handle["redirect_url"]
        await world.end(REFERENCE, accepted, "paid")
        assert (page.partition("/mp/")[2][20:], world.times_charged()) == (app, 1)


async def test_a_code_without_any_link_is_one_that_nobody_can_pay(tmp_path: Path) -> None:
    empty = {"shortLink", "deepLink", "OM", "MAXIT"}
    async with a_world(tmp_path, empty_links=empty) as world:
        outcome = await world.adapter.submit(world.charge("paid"), REFERENCE)
    assert outcome == NotSent("status 200: without a page")


async def test_what_was_paid_is_told_with_its_amount_and_transaction(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        accepted = await accepted_by(world)
        before = await world.adapter.inquire(REFERENCE, accepted.handle)
        await world.end(REFERENCE, accepted, "paid")
        final = await world.adapter.inquire(REFERENCE, accepted.handle)
        (paid,) = world.movements("collection")
    assert before == Pending("no transaction yet")
    assert final == Final(
        word=Word.SUCCEEDED, amount="1500", currency="XOF", provider_transaction_id=paid.id
    )


@pytest.mark.parametrize(
    ("digits", "status"),
    [("50", "REJECTED"), ("51", "FAILED"), ("53", "FAILED"), ("55", "FAILED")],
)
async def test_a_failure_is_final_only_when_the_code_is_over(
    tmp_path: Path, digits: str, status: str
) -> None:
    async with a_world(tmp_path) as world:
        accepted = await accepted_by(world)
        await world.visit(accepted, NUMBER + digits)
        call = await world.told()
        early = await world.adapter.inquire(REFERENCE, accepted.handle)
        verdict = world.adapter.authenticate(call, None, world.now())
        (command,) = world.adapter.translate(call, verdict, world.now())
        world.timer.advance(900 + 60)
        final = await world.adapter.inquire(REFERENCE, accepted.handle)
        (failed,) = world.movements("collection")
    assert early == Pending(f"{status}; the code can still be paid")
    assert verdict == "authenticated"
    assert isinstance(command, RequestInquiry)
    assert command.reason == f"a proved callback about MERCHANT_PAYMENT says {status}"
    assert final == Final(
        word=Word.FAILED,
        amount="1500",
        currency="XOF",
        provider_transaction_id=failed.id,
        code=status,
        reason=status,
    )


async def test_a_payer_who_failed_may_try_the_same_code_again(tmp_path: Path) -> None:
    async with a_world(tmp_path, failed_attempt="leaves_open") as world:
        accepted = await accepted_by(world)
        await world.visit(accepted, NUMBER + "51")
        await world.told()
        await world.weather(Faults.none())
        early = await world.adapter.inquire(REFERENCE, accepted.handle)
        await world.end(REFERENCE, accepted, "paid")
        final = await world.adapter.inquire(REFERENCE, accepted.handle)
        told = [one.ending for one in world.movements("collection")]
    assert early == Pending("FAILED; the code can still be paid")
    assert isinstance(final, Final)
    assert (final.word, final.amount, told) == (Word.SUCCEEDED, "1500", ["succeeded", "failed"])


async def test_a_payer_who_calls_it_off_has_cancelled(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        accepted = await accepted_by(world)
        await cancel_as_customer(world.browser, accepted.handle["redirect_url"])
        world.timer.advance(END_SECONDS)
        final = await world.adapter.inquire(REFERENCE, accepted.handle)
    assert isinstance(final, Final)
    assert (final.word, final.code) == (Word.FAILED, "CANCELLED")


@pytest.mark.parametrize("status", ["CANCELLED", "FAILED"])
async def test_what_a_payer_began_and_never_confirmed_is_pending_until_it_is_given_up(
    tmp_path: Path, status: str
) -> None:
    async with a_world(tmp_path, unconfirmed_status=status, expire_after_seconds=3000) as world:
        accepted = await accepted_by(world)
        await world.visit(accepted, NUMBER + "52")
        world.timer.advance(2000)
        begun = await world.adapter.inquire(REFERENCE, accepted.handle)
        world.timer.advance(2000)
        final = await world.adapter.inquire(REFERENCE, accepted.handle)
    assert begun == Pending("INITIATED")
    assert isinstance(final, Final)
    assert (final.word, final.code) == (Word.FAILED, status)


async def test_who_confirms_just_before_the_code_s_end_has_paid(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        accepted = await accepted_by(world)
        world.timer.advance(890)
        await world.visit(accepted, NUMBER + "54")
        world.timer.advance(20)
        between = await world.adapter.inquire(REFERENCE, accepted.handle)
        world.timer.advance(10)
        final = await world.adapter.inquire(REFERENCE, accepted.handle)
    assert between == Pending("PENDING")
    assert isinstance(final, Final)
    assert final.word is Word.SUCCEEDED


async def test_a_code_nobody_paid_expires_only_where_the_search_is_trusted(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        accepted = await accepted_by(world)
        careful = Settings.model_validate(
            {
                "base_url": world.sandbox.url,
                "client_id": world.sandbox.settings.client_id,
                "client_secret": world.sandbox.settings.client_secret,
                "merchant_code": world.sandbox.settings.merchant_code,
            }
        )
        other = OrangeSonatelAdapter(careful, partial(Transport, clock=world.timer.clock))
        asked = []
        for seconds in (900, 599, 1, 10**7):
            world.timer.advance(seconds)
            asked.append(await world.adapter.inquire(REFERENCE, accepted.handle))
        never = await other.inquire(REFERENCE, accepted.handle)
        await other.close()
        page = await look_as_customer(world.browser, accepted.handle["redirect_url"])
    expired = Final(
        word=Word.EXPIRED,
        code="CODE_EXPIRED",
        reason="the code is over, and no transaction stands under its reference",
    )
    waiting = Pending("no transaction yet")
    assert (asked, never) == ([waiting, waiting, expired, expired], waiting)
    assert (page.status, page.title) == (410, "Paiement expiré")


async def test_where_transactions_have_orange_s_own_reference_the_metadata_names_ours(
    tmp_path: Path,
) -> None:
    changes = {"unpaid_expires_after_seconds": None}
    async with a_world(tmp_path, reference_told="uuid", changes=changes) as world:
        accepted = await accepted_by(world)
        await world.end(REFERENCE, accepted, "paid")
        call = world.notified[-1]
        world.timer.advance(1e6)
        asked = await world.adapter.inquire(REFERENCE, accepted.handle)
        (command,) = world.adapter.translate(call, "authenticated", world.now())
    assert orjson.loads(call.body)["reference"] != REFERENCE
    assert asked == Pending("no transaction yet")
    assert isinstance(command, RecordEvidence)
    assert (command.payment_id, command.evidence.reference) == (PAYMENT_ID, REFERENCE)


async def test_a_code_whose_answer_was_never_read_is_found_only_if_it_was_paid(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world:
        accepted = await accepted_by(world)
        unread = await world.adapter.inquire(REFERENCE, None)
        await world.end(REFERENCE, accepted, "paid")
        final = await world.adapter.inquire(REFERENCE, None)
    assert unread == NotSent(UNREAD)
    assert isinstance(final, Final)
    assert final.word is Word.SUCCEEDED


async def a_told(world: SonatelWorld) -> WebhookCall:
    """A callback about a payment that was paid."""
    await world.end(REFERENCE, await accepted_by(world), "paid")
    return world.notified[-1]


def signed(call: WebhookCall, header: str | None, **changes: str) -> WebhookCall:
    """The same call under another signature, or none."""
    headers = {name.upper(): value for name, value in call.headers.items()}
    headers.pop("X-SONATEL-SIGNATURE")
    if header is not None:
        headers["X-SONATEL-SIGNATURE"] = header
    return replace(call, headers=headers | changes)


async def test_a_signed_callback_is_evidence_about_what_its_body_names(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        call = await a_told(world)
        (paid,) = world.movements("collection")
        other = "pay_" + "z" * 26
        moved = replace(call, path=(other, f"{other}-1"))
        commands = [
            *world.adapter.translate(call, "authenticated", world.now()),
            *world.adapter.translate(moved, "authenticated", world.now()),
        ]
    evidence = Evidence(
        source=Source.WEBHOOK,
        provider="orange_sonatel",
        reference=REFERENCE,
        word=Word.SUCCEEDED,
        amount="1500",
        currency="XOF",
        provider_transaction_id=paid.id,
    )
    assert call.path == (PAYMENT_ID, "r")
    assert commands == [RecordEvidence(payment_id=PAYMENT_ID, evidence=evidence)] * 2


async def test_a_signature_proves_only_its_own_time_body_and_secret(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        call = await a_told(world)
        adapter, now, secret = world.adapter, world.now(), world.sandbox.settings.webhook_secret
        at, body = int(now.timestamp()), call.body
        right, digest = signature(body, at, secret), signature(body, at, secret)[-64:]
        dotted = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        bare = hmac.new(secret.encode(), str(at).encode() + body, hashlib.sha256).hexdigest()
        verdicts = {
            right: "authenticated",
            f"t={at}, v1={digest.upper()}": "authenticated",
            f"v1={'0' * 64},t={at},v1={digest}": "authenticated",
            signature(body, at, "another-secret"): "refused",
            signature(body + b" ", at, secret): "refused",
            right.replace(f"t={at}", f"t={at + 1}"): "refused",
            f"t={at},v1={dotted}": "refused",
            f"t={at},v1={bare}": "refused",
            f"t={at},t={at},v1={digest}": "refused",
            f"t={at},v2={digest}": "refused",
            f"v1={digest}": "refused",
            f"t=soon,v1={digest}": "refused",
            f"t={at},v1=\udcff": "refused",
            f"t=,v1={digest}": "refused",
            "": "refused",
            f"t={at}," + "v1=0," * 8 + f"v1={digest}": "refused",
            signature(body, at - 300, secret): "authenticated",
            signature(body, at + 300, secret): "authenticated",
            signature(body, at - 301, secret): "unsigned",
            signature(body, at + 301, secret): "unsigned",
        }
        found = {one: adapter.authenticate(signed(call, one), None, now) for one in verdicts}
        old = adapter.translate(signed(call, right), "unsigned", now)
    assert found == verdicts
    reason = "an old or unproved callback about MERCHANT_PAYMENT says SUCCESS"
    assert old == [RequestInquiry(payment_id=PAYMENT_ID, reason=reason, inquire_at=now)]


async def test_while_a_secret_is_replaced_either_one_proves(tmp_path: Path) -> None:
    async with a_world(tmp_path, retired_webhook_secret="the-secret-of-yesterday") as world:
        call = await a_told(world)
        assert call.headers["X-Sonatel-Signature"].count("v1=") == 2
        assert world.adapter.authenticate(call, None, world.now()) == "authenticated"
    changes = {"webhook_secret": "the-secret-of-yesterday"}
    folder = tmp_path / "other"
    folder.mkdir()
    retired = "the-secret-of-yesterday"
    async with a_world(folder, changes=changes, retired_webhook_secret=retired) as world:
        call = await a_told(world)
        assert world.adapter.authenticate(call, None, world.now()) == "authenticated"


async def test_the_key_must_fit_where_there_is_one_and_alone_only_makes_us_ask(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world:
        call = await a_told(world)
        right, at = call.headers["X-Sonatel-Signature"], world.now()
        cases = [
            (signed(call, right), "authenticated"),
            (signed(call, right, AUTHORIZATION="Basic another"), "refused"),
            (signed(call, right, AUTHORIZATION=""), "refused"),
            (signed(call, right, AUTHORIZATION="Basic \udcff"), "refused"),
            (signed(call, None), "unsigned"),
            (signed(call, None, AUTHORIZATION="Basic another"), "refused"),
        ]
        assert [world.adapter.authenticate(one, None, at) for one, _ in cases] == [
            verdict for _, verdict in cases
        ]


@pytest.mark.parametrize("has_secret", [True, False])
async def test_an_older_contract_s_callback_makes_us_ask(tmp_path: Path, has_secret: bool) -> None:
    changes = {} if has_secret else {"webhook_secret": None}
    async with a_world(tmp_path, callback_proof="api_key", changes=changes) as world:
        call = await a_told(world)
        verdict = world.adapter.authenticate(call, None, world.now())
        (command,) = world.adapter.translate(call, verdict, world.now())
    assert "X-Sonatel-Signature" not in call.headers
    assert verdict == "unsigned"
    assert isinstance(command, RequestInquiry)


async def test_without_a_secret_and_a_key_every_callback_is_refused(tmp_path: Path) -> None:
    async with a_world(tmp_path, changes={"webhook_secret": None, "api_key": None}) as world:
        call = await a_told(world)
        assert world.adapter.authenticate(call, None, world.now()) == "refused"
        # A payment that sent no key is answered under the account's own.
        assert call.headers["Authorization"] == f"Basic {world.sandbox.settings.api_key}"


async def test_a_callback_that_was_refused_is_over_and_one_that_failed_comes_again(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path, callback_mode="retry_schedule") as world:
        world.receiver = CallbackReceiver(503, 401)
        async with world.receiver:
            await world.visit(await accepted_by(world), NUMBER + "01")
            for _ in range(5):
                world.timer.advance(1)
                await world.sandbox.sender.settled()
            received = world.receiver.received
            statuses = [one.status for one in world.sandbox.sender.attempts]
    keys = {one.headers["X-Sonatel-Idempotency-Key"] for one in received}
    assert (statuses, len(keys)) == ([503, 401], 1)


async def test_a_callback_without_metadata_is_a_reason_to_ask_about_what_its_address_names(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world:
        call = await a_told(world)
        content = orjson.loads(call.body) | {"metadata": {}, "reference": "an-id-of-orange"}
        lost = replace(call, body=orjson.dumps(content))
        (command,) = world.adapter.translate(lost, "authenticated", world.now())
        with pytest.raises(WebhookUnreadableError):
            world.adapter.translate(replace(lost, path=("portal",)), "authenticated", world.now())
    assert isinstance(command, RequestInquiry)
    assert command.payment_id == PAYMENT_ID


@pytest.mark.parametrize(
    ("digits", "outcome"),
    [
        ("50", (Word.FAILED, "REJECTED")),
        ("51", ("2023", False)),
        ("53", ("2000", False)),
        ("55", ("2020", True)),
    ],
)
async def test_a_payout_that_fails_says_whose_fault_it_is(
    tmp_path: Path, digits: str, outcome: tuple[object, object]
) -> None:
    async with a_world(tmp_path) as world:
        said = await world.adapter.pay_out(world.transfer("paid", phone=NUMBER + digits), PAYOUT)
    if isinstance(said, Declined):
        assert (said.code, said.is_technical) == outcome
    else:
        assert isinstance(said, Final)
        assert (said.word, said.code) == outcome


@pytest.mark.parametrize("status", [400, 403, 422])
async def test_a_refusal_is_one_by_its_code_whatever_its_status(
    tmp_path: Path, status: int
) -> None:
    async with a_world(tmp_path, refusal_status=status) as world:
        said = await world.adapter.pay_out(world.transfer("no account"), PAYOUT)
        assert isinstance(said, Declined)
        assert (said.code, world.movements("payout")) == ("2000", [])


@pytest.mark.parametrize(("digits", "word"), [("54", Word.SUCCEEDED), ("52", Word.FAILED)])
async def test_a_payout_under_way_is_asked_about_by_its_transaction(
    tmp_path: Path, digits: str, word: Word
) -> None:
    # Orange's own references would hide it from a search; its transaction does not.
    async with a_world(tmp_path, reference_told="uuid") as world:
        transfer = world.transfer("paid", phone=NUMBER + digits)
        accepted = await world.adapter.pay_out(transfer, PAYOUT)
        (moved,) = world.movements("payout")
        assert accepted == Accepted(handle={"transaction_id": moved.id})
        before = await world.adapter.inquire_payout(PAYOUT, accepted.handle)
        world.timer.advance(END_SECONDS)
        final = await world.adapter.inquire_payout(PAYOUT, accepted.handle)
        lost = await world.adapter.inquire_payout(PAYOUT, None)
    assert isinstance(before, Pending)
    assert isinstance(final, Final)
    assert (final.word, final.provider_transaction_id) == (word, moved.id)
    assert lost == Unknown("no transaction is found under this reference, which proves nothing")


async def test_the_same_reference_twice_pays_twice_and_the_sum_says_so(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        for _ in range(2):
            outcome = await world.adapter.pay_out(world.transfer("paid"), PAYOUT)
            assert isinstance(outcome, Final)
        asked = await world.adapter.inquire_payout(PAYOUT, None)
    assert isinstance(asked, Final)
    word = Evidence(
        source=Source.POLL,
        provider="orange_sonatel",
        reference=PAYOUT,
        word=asked.word,
        amount=asked.amount,
    )
    assert (asked.amount, word.is_about(Money(1500, "XOF"))) == ("3000", False)


async def test_a_revoked_key_is_fetched_anew_and_the_payout_is_made_once(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        await world.adapter.balances()
        world.sandbox.rotate_key()
        outcome = await world.adapter.pay_out(world.transfer("paid"), PAYOUT)
        paths = [one.path for one in world.exchanges if "oauth" not in one.path]
        (moved,) = world.movements("payout")
    assert isinstance(outcome, Final)
    assert (outcome.word, moved.ending) == (Word.SUCCEEDED, "succeeded")
    keys, balance = "/api/account/v1/publicKeys", "/api/eWallet/v1/account/retailer/balance"
    cashins = "/api/eWallet/v1/cashins"
    assert paths == [keys, balance, cashins, keys, cashins]


async def test_a_wrong_pin_is_declined_at_once_and_never_tried_again(tmp_path: Path) -> None:
    async with a_world(tmp_path, changes={"retailer_pin": "1357"}) as world:
        outcome = await world.adapter.pay_out(world.transfer("paid"), PAYOUT)
        told = await world.adapter.balances()
        tried = [one for one in world.exchanges if one.path.endswith(("cashins", "balance"))]
    reason = "status 400: 2010 Invalid pin code Invalid pin code"
    assert outcome == Declined(code="2010", reason=reason, is_technical=True)
    assert (told, len(tried), world.movements("payout")) == (Unknown(reason), 2, [])


@pytest.mark.parametrize(
    ("changes", "code", "is_technical"),
    [
        ({"phone": "+2250700000001"}, "NUMBER_NOT_SENEGALESE", False),
        ({"phone": "+22177000000"}, "NUMBER_NOT_SENEGALESE", False),
        ({"phone": "221770000001"}, "NUMBER_NOT_SENEGALESE", False),
        ({"money": Money(1500, "XAF")}, "CURRENCY_NOT_XOF", True),
    ],
)
async def test_a_payout_sonatel_cannot_make_is_declined_unasked(
    tmp_path: Path, changes: dict[str, Any], code: str, is_technical: bool
) -> None:
    async with a_world(tmp_path) as world:
        outcome = await world.adapter.pay_out(world.transfer("paid", **changes), PAYOUT)
        assert isinstance(outcome, Declined)
        assert (outcome.code, outcome.is_technical) == (code, is_technical)
        assert world.exchanges == []


async def test_a_payment_in_another_currency_is_declined_unasked(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        charge = replace(world.charge("paid"), money=Money(1250, "EUR"))
        outcome = await world.adapter.submit(charge, REFERENCE)
        assert isinstance(outcome, Declined)
        assert (outcome.code, world.exchanges) == ("CURRENCY_NOT_XOF", [])


async def test_without_a_retailer_nothing_is_paid_out(tmp_path: Path) -> None:
    async with a_world(tmp_path, changes={"retailer_pin": None}) as world:
        outcome = await world.adapter.pay_out(world.transfer("paid"), PAYOUT)
        told = await world.adapter.balances()
        assert isinstance(outcome, Declined)
        assert (outcome.code, world.exchanges) == ("RETAILER_MISSING", [])
        assert isinstance(told, Unknown)


async def test_more_than_the_retailer_has_is_declined(tmp_path: Path) -> None:
    async with a_world(tmp_path, opening_balance_minor=2000) as world:
        assert isinstance(world.adapter, TellsBalance)
        told = [await world.adapter.balances()]
        first = await world.adapter.pay_out(world.transfer("paid"), PAYOUT)
        told.append(await world.adapter.balances())
        second = await world.adapter.pay_out(world.transfer("paid"), f"{PAYOUT_ID}-2")
    assert told == [[Balance("2000", "XOF")], [Balance("500", "XOF")]]
    assert isinstance(first, Final)
    assert isinstance(second, Declined)
    assert second.code == "2020"


async def test_wrong_credentials_move_nothing_and_say_so(tmp_path: Path) -> None:
    async with a_world(tmp_path, changes={"client_secret": "wrong-secret"}) as world:
        said = "no access token: status 401: invalid_client"
        sealed = f"no key for the PIN: {said}"
        assert await world.adapter.submit(world.charge("paid"), REFERENCE) == NotSent(said)
        assert await world.adapter.pay_out(world.transfer("paid"), PAYOUT) == NotSent(sealed)
        assert await world.adapter.inquire(REFERENCE, None) == Unknown(said)
        assert await world.adapter.balances() == Unknown(sealed)
        assert world.sandbox.books.movements == {}


async def test_an_api_that_is_not_approved_yet_was_sent_nothing(tmp_path: Path) -> None:
    async with a_world(tmp_path, approved_apis={"keys"}) as world:
        said = "status 403: empty"
        assert await world.adapter.submit(world.charge("paid"), REFERENCE) == NotSent(said)
        assert await world.adapter.pay_out(world.transfer("paid"), PAYOUT) == NotSent(said)
        assert await world.adapter.inquire(REFERENCE, None) == Unknown(said)
        assert await world.adapter.inquire_payout(PAYOUT, None) == Unknown(said)
        assert await world.adapter.balances() == Unknown(said)


async def test_a_payout_s_transcript_shows_no_number_and_no_pin(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        transfer = world.transfer("paid")
        await world.adapter.pay_out(transfer, PAYOUT)
        shown = sent_in(world, -1)
    hidden = (transfer.phone, transfer.phone[4:], *world.secrets)
    assert [one for one in hidden if one in shown] == []
    assert '"encryptedPinCode":"***"' in shown
    assert '"value":1500' in shown
    assert f'"reference":"{PAYOUT}"' in shown


async def test_a_payment_s_transcript_shows_what_a_dispute_needs(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        await accepted_by(world)
        shown = sent_in(world)
    assert '"amount":{"value":1500,"unit":"XOF"}' in shown
    assert f'"metadata":{{"reference":"{REFERENCE}"}}' in shown
    assert '"restrictions":{"isSingleUse":true}' in shown
    assert "X-Api-Key: ***" in shown
