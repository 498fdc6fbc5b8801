"""The KKiaPay adapter against the KKiaPay sandbox: the contract, and what is KKiaPay's own."""

import base64
import json
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
    Unknown,
    WebhookCall,
    WebhookUnreadableError,
)
from adapters.powers import Prepared, Return
from adapters.sandbox.faults import Faults
from adapters.sandbox.kkiapay_rules import FAILURES
from adapters.sandbox.movements import SCENARIOS
from adapters.sandbox.payer import cancel_as_customer, look_as_customer
from ledger.commands import RecordEvidence, RequestInquiry
from ledger.evidence import Evidence, Source, Word
from ledger.money import Money
from tests.contracts.provider import Ending, ProviderContract, World, ready
from tests.contracts.rail import REFUND_ID, RefundContract
from tests.contracts.webhook import WebhookContract
from tests.kkiapay_world import NUMBER, KkiapayWorld, a_world
from tests.replay import PAYMENT_ID, a_charge

REFERENCE = f"{PAYMENT_ID}-1"
REFUND = f"{REFUND_ID}-1"


class TestKkiapay(RefundContract, WebhookContract, ProviderContract):
    """The contract."""

    makes_its_page: ClassVar[bool] = True
    ending_words: ClassVar[Mapping[Ending, Word | None]] = {"refused": Word.FAILED, "expired": None}

    @asynccontextmanager
    async def open_world(self, folder: Path) -> AsyncIterator[World]:
        async with a_world(folder) as world:
            yield world

    def refused_at_once(self, world: World) -> Charge:
        return replace(world.charge("paid"), money=Money(2500, "XAF"))


async def accepted_by(world: KkiapayWorld, charge: Charge | None = None) -> Accepted:
    """Submit once."""
    accepted = await world.adapter.submit(charge or world.charge("paid"), REFERENCE)
    assert isinstance(accepted, Accepted)
    return accepted


async def a_told(world: KkiapayWorld, ending: Any = "paid") -> WebhookCall:
    """A webhook about a payment that was made, or failed."""
    await world.end(REFERENCE, await accepted_by(world), ending)
    return world.notified[-1]


async def to_give_back(world: KkiapayWorld) -> Return:
    """A refund of a payment that was made, prepared."""
    wanted, forbidden = await ready(
        world.adapter, world.giving_back(await world.paid_original()), REFUND
    )
    assert forbidden is None
    return wanted


def page_of(accepted: Accepted) -> dict[str, Any]:
    """What the page's address asks for, read as a browser would."""
    _, _, packed = accepted.handle["redirect_url"].partition("/?")
    asked: dict[str, Any] = json.loads(base64.b64decode(packed, validate=True).decode("ascii"))
    return asked


async def test_the_page_s_address_holds_all_that_is_asked(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        accepted = await accepted_by(world)
        home = world.receiver.url("/")
        assert set(accepted.handle) == {"redirect_url"}
        assert page_of(accepted) == {
            "serviceId": "INTEGRATION",
            "key": world.sandbox.settings.public_key,
            "sandbox": True,
            "amount": 2500,
            "reason": "Order n° 1 : l'été & co",
            "phoneNumber": "2290161000001",
            "countries": ["BJ"],
            "paymentMethods": ["momo"],
            "callback": home,
            "data": REFERENCE,
            "partnerId": REFERENCE,
        }
        assert world.exchanges == []


async def test_a_payer_is_led_back_with_the_transaction(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        charge = replace(world.charge("paid"), return_url="https://shop.example/done?order=1")
        saw = await world.visit(await accepted_by(world, charge), NUMBER + "01")
        (movement,) = world.movements("collection")
    assert saw.sent_to == f"https://shop.example/done?order=1&transaction_id={movement.id}"


@pytest.mark.parametrize("state_data", ["as_sent", "json", "object"])
@pytest.mark.parametrize("partner_id", ["empty", "echoed"])
async def test_a_webhook_names_the_payment_by_whatever_it_brings_back(
    tmp_path: Path, state_data: str, partner_id: str
) -> None:
    async with a_world(tmp_path, state_data=state_data, partner_id=partner_id) as world:
        call = await a_told(world)
        verdict = world.adapter.authenticate(call, None, world.now())
        commands = world.adapter.translate(call, verdict, world.now())
        (movement,) = world.movements("collection")
    evidence = Evidence(
        source=Source.WEBHOOK,
        provider="kkiapay",
        reference=REFERENCE,
        word=Word.SUCCEEDED,
        amount="2500",
        provider_transaction_id=movement.id,
        occurred_at=movement.ended_at,
    )
    assert (verdict, call.path) == ("authenticated", ("portal",))
    assert commands == [RecordEvidence(payment_id=PAYMENT_ID, evidence=evidence)]


async def test_the_partner_id_alone_will_do_and_neither_of_them_is_an_orphan(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path, state_data="empty", partner_id="echoed") as world:
        call = await a_told(world)
        (command,) = world.adapter.translate(call, "authenticated", world.now())
        assert command.payment_id == PAYMENT_ID
        without = orjson.loads(call.body) | {"partnerId": ""}
        with pytest.raises(WebhookUnreadableError, match="names a payment"):
            world.adapter.translate(
                replace(call, body=orjson.dumps(without)), "authenticated", world.now()
            )


async def test_a_secret_proves_only_itself(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        call = await a_told(world)
        secret = world.sandbox.settings.webhook_secret
        headers: dict[str, dict[str, str]] = {
            "right": {"x-kkiapay-secret": secret},
            "any case of the name": {"X-Kkiapay-Secret": secret},
            "another case of the value": {"x-kkiapay-secret": secret.upper()},
            "wrong": {"x-kkiapay-secret": "wrong"},
            "longer": {"x-kkiapay-secret": secret + "x"},
            "not ASCII": {"x-kkiapay-secret": "é"},
            "empty": {"x-kkiapay-secret": ""},
            "none": {},
        }
        verdicts = {
            name: world.adapter.authenticate(replace(call, headers=one), None, world.now())
            for name, one in headers.items()
        }
    right = {"right", "any case of the name"}
    assert verdicts == {name: "authenticated" if name in right else "refused" for name in headers}


async def test_while_a_secret_is_replaced_both_are_believed(tmp_path: Path) -> None:
    changes = {"webhook_secret": "the new secret", "retired_webhook_secret": "the old secret"}
    verdicts = {}
    for secret in (*changes.values(), "an older secret"):
        folder = tmp_path / secret.replace(" ", "-")
        folder.mkdir()
        async with a_world(folder, changes=changes, webhook_secret=secret) as world:
            call = await a_told(world)
            verdicts[secret] = world.adapter.authenticate(call, None, world.now())
    assert list(verdicts.values()) == ["authenticated", "authenticated", "refused"]


@pytest.mark.parametrize("digits", [one for one, two in SCENARIOS.items() if two in FAILURES])
async def test_a_failure_is_kkiapay_s_own_code(tmp_path: Path, digits: str) -> None:
    async with a_world(tmp_path) as world:
        await world.visit(await accepted_by(world), NUMBER + digits)
        (command,) = world.adapter.translate(await world.told(), "authenticated", world.now())
    assert isinstance(command, RecordEvidence)
    code = FAILURES[SCENARIOS[digits]]
    assert (command.evidence.word, command.evidence.code) == (Word.FAILED, code)
    assert code in world.adapter.refusals


async def test_a_failure_that_is_not_final_leaves_the_page_to_another_attempt(
    tmp_path: Path,
) -> None:
    changes = {"is_failure_final": False}
    async with a_world(tmp_path, changes=changes, failed_attempt="may_be_repeated") as world:
        accepted = await accepted_by(world)
        await world.visit(accepted, NUMBER + "51")
        (first,) = world.adapter.translate(await world.told(), "authenticated", world.now())
        await world.visit(accepted, NUMBER + "01")
        (second,) = world.adapter.translate(await world.told(), "authenticated", world.now())
        endings = [one.ending for one in world.movements("collection")]
    assert isinstance(first, RequestInquiry)
    assert first.reason == "a proved webhook says transaction.failed, False"
    assert isinstance(second, RecordEvidence)
    assert (second.evidence.word, endings) == (Word.SUCCEEDED, ["failed", "succeeded"])


async def test_who_edits_the_page_and_pays_less_is_found(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        accepted = await accepted_by(world)
        cheap = base64.b64encode(json.dumps(page_of(accepted) | {"amount": 5}).encode()).decode()
        edited = Accepted(handle={"redirect_url": f"{world.sandbox.url}/?{cheap}"})
        await world.end(REFERENCE, edited, "paid")
        (command,) = world.adapter.translate(world.notified[-1], "authenticated", world.now())
    assert isinstance(command, RecordEvidence)
    assert command.evidence.amount == "5"
    assert not command.evidence.is_about(world.charge("paid").money)


async def test_a_page_that_pays_again_makes_another_transaction(tmp_path: Path) -> None:
    for pays_again, count in ((False, 1), (True, 2)):
        folder = tmp_path / str(pays_again)
        folder.mkdir()
        async with a_world(folder, pays_again=pays_again) as world:
            accepted = await accepted_by(world)
            await world.visit(accepted, NUMBER + "01")
            await world.visit(accepted, NUMBER + "02")
            assert world.times_charged() == count


async def test_a_page_left_or_forgotten_tells_nobody_and_may_be_opened_again(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world:
        accepted = await accepted_by(world)
        page = accepted.handle["redirect_url"]
        left = await cancel_as_customer(world.browser, page)
        await look_as_customer(world.browser, page)
        world.timer.advance(500)
        asked = await world.adapter.inquire(REFERENCE, accepted.handle)
        endings = [one.ending for one in world.movements("collection")]
        await world.end(REFERENCE, accepted, "paid")
        strange = await look_as_customer(world.browser, f"{world.sandbox.url}/?bm90aGluZw==")
        assert left.sent_to == world.receiver.url("/")
    assert isinstance(asked, Unknown)
    assert endings == ["cancelled", "expired"]
    assert [one.path for one in world.notified] == [("portal",)]
    assert strange.status == 404


async def test_a_webhook_that_is_not_received_comes_five_more_times(tmp_path: Path) -> None:
    async with a_world(tmp_path, callback_mode="retry_schedule") as world:
        world.receiver.answer_next(302, 500, 500, 500, 500)
        await world.visit(await accepted_by(world), NUMBER + "01")
        for pause_seconds in (1.0, 0.5, 1.0, 1.5, 2.0, 2.5, 60.0):
            await world.sandbox.sender.settled()
            world.timer.advance(pause_seconds)
        await world.sandbox.sender.settled()
        statuses = [one.status for one in world.sandbox.sender.attempts]
    assert statuses == [302, 500, 500, 500, 500, 200]


async def test_what_is_reverted_is_not_reverted_again_even_where_that_would_pay(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world:
        wanted = await to_give_back(world)
        outcomes = [await world.adapter.refund(wanted, REFUND) for _ in range(2)]
        asked = await world.adapter.inquire_refund(REFUND, wanted.handle)
        assert len(world.movements("refund")) == 1
    given_back = Final(word=Word.SUCCEEDED, amount="2500")
    assert outcomes == [Final(word=Word.SUCCEEDED), given_back]
    assert asked == given_back


async def test_a_refund_without_an_answer_is_found_by_what_was_prepared(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        wanted = await to_give_back(world)
        assert isinstance(await world.adapter.inquire_refund(REFUND, wanted.handle), NotFound)
        assert isinstance(await world.adapter.inquire_refund(REFUND, None), NotSent)
        await world.weather(Faults(server_error_after=1))
        outcome = await world.adapter.refund(wanted, REFUND)
        asked = await world.adapter.inquire_refund(REFUND, wanted.handle)
    assert outcome == Unknown("status 500: 500 Something failed.")
    assert asked == Final(word=Word.SUCCEEDED, amount="2500")


@pytest.mark.parametrize("refusal_status", [200, 400, 404, 409])
async def test_a_revert_that_is_refused_is_declined_while_the_payment_stands(
    tmp_path: Path, refusal_status: int
) -> None:
    async with a_world(tmp_path, opening_balance_minor=-1, refusal_status=refusal_status) as world:
        outcome = await world.adapter.refund(await to_give_back(world), REFUND)
    assert isinstance(outcome, Declined)
    assert (outcome.code, outcome.is_technical) == ("INSUFFICIENT_FUND", True)


@pytest.mark.parametrize("unknown_transaction", ["error", "status"])
async def test_a_transaction_kkiapay_does_not_know_is_never_reverted(
    tmp_path: Path, unknown_transaction: str
) -> None:
    async with a_world(tmp_path, unknown_transaction=unknown_transaction) as world:
        wanted = replace(await to_give_back(world), handle={"transaction_id": "nobodys01"})
        outcome = await world.adapter.refund(wanted, REFUND)
        assert world.movements("refund") == []
    is_told = unknown_transaction == "status"
    assert isinstance(outcome, Declined if is_told else NotSent)


async def test_what_cannot_be_named_to_kkiapay_is_not_begun(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        original = await world.paid_original()
        nameless = world.giving_back(replace(original, provider_transaction_id=None))
        prepared = await world.adapter.prepare(nameless, REFUND)
        outcome = await world.adapter.refund(nameless, REFUND)
        of_a_payment = await world.adapter.prepare(world.charge("paid"), REFERENCE)
        assert world.exchanges == []
    assert isinstance(prepared, Declined)
    assert isinstance(outcome, Declined)
    assert (prepared.code, outcome.code) == ("TRANSACTION_UNKNOWN", "TRANSACTION_UNKNOWN")
    assert of_a_payment == Prepared()


async def test_wrong_keys_give_nothing_back_and_say_so(tmp_path: Path) -> None:
    async with a_world(tmp_path, changes={"private_key": "wrong"}) as world:
        outcome = await world.adapter.refund(await to_give_back(world), REFUND)
    assert outcome == NotSent("nothing was reverted: status 401: UNAUTHORIZED UNAUTHORIZED")


async def test_a_refund_s_transcript_shows_the_transaction_and_no_key(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        wanted = await to_give_back(world)
        await world.adapter.refund(wanted, REFUND)
        shown = [one.transcript for one in world.exchanges]
    assert len(shown) == 2
    assert all(wanted.handle["transaction_id"] in one for one in shown)
    hidden = (*world.secrets, NUMBER[1:] + "01")
    assert [one for one in hidden if any(one in text for text in shown)] == []


async def test_without_an_address_to_return_to_or_with_too_long_a_one_there_is_no_page(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world:
        charge = a_charge(money=Money(2500, "XOF"), callback_url=None)
        long = replace(charge, return_url="https://shop.example/" + "x" * 2000)
        outcomes = [await world.adapter.submit(one, REFERENCE) for one in (charge, long)]
    codes = [one.code for one in outcomes if isinstance(one, Declined)]
    assert codes == ["RETURN_URL_MISSING", "PAGE_ADDRESS_TOO_LONG"]
