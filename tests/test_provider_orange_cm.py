"""The Orange Cameroon adapter against its sandbox: the contract, and what is this rail's own."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import aiohttp
import orjson
import pytest

from adapters.base import (
    Accepted,
    Charge,
    Declined,
    Due,
    Final,
    NotSent,
    Pending,
    Unknown,
)
from adapters.dispatch import Dispatcher
from adapters.polling import Poller
from adapters.powers import AccountCheck, ChecksAccounts, Prepared, Prepares
from adapters.recording import Recorder
from adapters.sandbox.faults import Faults
from adapters.sandbox.orange_cm import API
from adapters.serving import Serving
from adapters.transcript import basic
from ledger.commands import RequestInquiry
from ledger.evidence import Word
from ledger.money import Money
from tests.builders import CONTEXT, a_request
from tests.contracts.provider import (
    WEATHERS,
    ProviderContract,
    World,
    submit,
    waiting_in,
    warm,
)
from tests.contracts.rail import PAYOUT_ID, PayoutContract, pay_out
from tests.contracts.webhook import WebhookContract
from tests.orange_cm_world import MONEY, OrangeCmWorld, a_world, number, with_number
from tests.replay import NOW, PAYMENT_ID, a_charge
from tests.test_submissions import World as LedgerWorld

RECORDED = "orange_cm/omcoreapis_1.0.2_response_fixtures.json"
TOKEN_LIFE_SECONDS = 420.0


class TestOrangeCm(PayoutContract, WebhookContract, ProviderContract):
    """The contract."""

    codes_are_listed: ClassVar[bool] = False

    @asynccontextmanager
    async def open_world(self, folder: Path) -> AsyncIterator[World]:
        async with a_world(folder) as world:
            yield world

    def refused_at_once(self, world: World) -> Charge:
        return a_charge(money=Money(1500, "XOF"), phone=number("paid"))


class TestOrangeCmWithPendingCashins(PayoutContract):
    """The law of payouts again, where `cashin/pay` has no final word yet."""

    @pytest.fixture
    async def world(self, tmp_path: Path) -> AsyncIterator[OrangeCmWorld]:
        async with a_world(tmp_path, cashin_ends="later") as world:
            yield world
            assert world.shown() == []


@pytest.mark.parametrize("weather", sorted(set(WEATHERS) - {"500 after", "silent after"}))
async def test_in_any_weather_a_preparation_moves_nothing_and_says_that_nothing_was_sent(
    tmp_path: Path, weather: str
) -> None:
    async with a_world(tmp_path) as world:
        await warm(world)
        await world.weather(WEATHERS[weather])
        reference = world.adapter.reference_for(PAYMENT_ID, 1)
        with waiting_in(weather):
            prepared = await world.adapter.prepare(world.charge("paid"), reference)
        known = world.known()
        asked = await world.adapter.inquire(reference, None)
    assert isinstance(world.adapter, Prepares)
    assert isinstance(prepared, NotSent)
    assert (known, asked) == (
        set(),
        NotSent("no payToken was kept with the intent, so nothing was sent by one"),
    )


async def test_a_time_out_of_the_gateway_may_have_paid_and_is_asked_by_the_pay_token(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world:
        reference, charge = await world.prepared()
        await world.weather(Faults(server_error_after=1))
        outcome = await world.adapter.submit(charge, reference)
        await world.weather(Faults.none())
        world.advance(60)
        final = await world.adapter.inquire(reference, charge.handle)
    assert outcome == Unknown("status 500: no JSON")
    assert isinstance(final, Final)
    assert (final.word, final.amount, world.times_charged()) == (Word.SUCCEEDED, "1500", 1)


@pytest.mark.parametrize("unpaid", ["INITIATED", "PENDING", "CREATED"])
async def test_a_pay_that_never_arrived_is_waited_for_until_its_pay_token_expires(
    tmp_path: Path, unpaid: str
) -> None:
    async with a_world(tmp_path, unpaid_status=unpaid) as world:
        reference, charge = await world.prepared()
        await world.weather(Faults(server_error=1))
        outcome = await world.adapter.submit(charge, reference)
        await world.weather(Faults.none())
        early = await world.adapter.inquire(reference, charge.handle)
        world.advance(TOKEN_LIFE_SECONDS)
        late = await world.adapter.inquire(reference, charge.handle)
        # Even a request that a gateway kept all the while charges nobody any more.
        repeated = await world.adapter.submit(charge, reference)
    assert (type(outcome), early) == (Unknown, Pending(unpaid))
    assert late == Final(word=Word.EXPIRED, code="EXPIRED", reason="EXPIRED")
    assert (type(repeated), world.times_charged()) == (Unknown, 0)


@pytest.mark.parametrize("repeated_pay", ["refused", "same_answer"])
async def test_a_repeated_pay_token_is_never_read_as_a_refusal_of_what_was_paid(
    tmp_path: Path, repeated_pay: str
) -> None:
    async with a_world(tmp_path, repeated_pay=repeated_pay) as world:
        reference, charge = await world.prepared()
        got = [await world.adapter.submit(charge, reference) for _ in range(2)]
        world.advance(60)
        third = await world.adapter.submit(charge, reference)
    is_same = repeated_pay == "same_answer"
    assert [type(one) for one in got] == [Accepted, Accepted if is_same else Unknown]
    assert (type(third), world.times_charged()) == (Final if is_same else Unknown, 1)


async def test_a_repeated_order_id_is_asked_about_and_not_believed_refused(tmp_path: Path) -> None:
    async with a_world(tmp_path, repeated_order_id="refused") as world:
        reference, charge = await world.prepared()
        first = await world.adapter.submit(charge, reference)
        _, other = await world.prepared()
        second = await world.adapter.submit(other, reference)
        asked = await world.adapter.inquire(reference, other.handle)
    assert (type(first), type(second), asked) == (Accepted, Unknown, Pending("INITIATED"))


async def test_the_order_that_arrives_has_national_numbers_and_whole_amounts(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world:
        reference, charge = await world.prepared()
        charge = replace(charge, description="Facture\n n° 12 " + "x" * 200)
        accepted = await world.adapter.submit(charge, reference)
        (booked,) = world.movements("collection")
    assert accepted == Accepted(handle={"pay_token": booked.id, "order_id": reference})
    assert (booked.phone, booked.amount_minor, booked.reference, len(reference)) == (
        "690000001",
        1500,
        reference,
        20,
    )
    assert booked.callback_url == charge.callback_url
    assert booked.details["description"] == ("Facture n° 12 " + "x" * 200)[:125]


@pytest.mark.parametrize(
    ("ending", "code", "reason"),
    [
        (
            "poor",
            "60019",
            "status 417: 60019 :: Le solde du compte du payeur est insuffisant",
        ),
        (
            "no account",
            "Beneficiaire introuvable",
            "status 417: 60404 :: Beneficiaire introuvable",
        ),
    ],
)
async def test_a_business_error_declines_in_orange_s_own_words(
    tmp_path: Path, ending: str, code: str, reason: str
) -> None:
    async with a_world(tmp_path) as world:
        reference, charge = await world.prepared(ending)
        outcome = await world.adapter.submit(charge, reference)
        asked = await world.adapter.inquire(reference, charge.handle)
    assert outcome == Declined(code=code, reason=reason)
    assert isinstance(asked, Final)
    assert (asked.word, asked.code, asked.provider_transaction_id) == (Word.FAILED, code, None)
    assert code in world.adapter.refusals


@pytest.mark.parametrize(("status", "code"), [("FAILED", "60404"), ("CANCELLED", "CANCELLED")])
async def test_a_payer_who_refuses_has_failed_whatever_orange_calls_it(
    tmp_path: Path, status: str, code: str
) -> None:
    async with a_world(tmp_path, refusal_status=status) as world:
        reference, charge = await world.prepared("refused")
        await world.adapter.submit(charge, reference)
        world.advance(60)
        final = await world.adapter.inquire(reference, charge.handle)
    assert isinstance(final, Final)
    assert (final.word, final.code, final.reason) == (Word.FAILED, code, code)


async def test_a_merchant_s_short_float_is_technical_and_a_poor_payer_is_not(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path, opening_balance_minor=1000) as world:
        reference = world.adapter.reference_for(PAYOUT_ID, 1)
        short = await pay_out(world, world.transfer("paid"), reference)
        poor = await submit(
            world.adapter, world.charge("poor"), world.adapter.reference_for(PAYMENT_ID, 1)
        )
    assert isinstance(short, Declined)
    assert isinstance(poor, Declined)
    assert (short.code, short.is_technical) == ("60019", True)
    assert (poor.code, poor.is_technical) == ("60019", False)


async def test_a_cash_in_that_ends_at_once_is_the_final_word(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        reference = world.adapter.reference_for(PAYOUT_ID, 1)
        outcome = await pay_out(world, world.transfer("paid"), reference)
        (booked,) = world.movements("payout")
    assert outcome == Final(
        word=Word.SUCCEEDED, amount="1500", provider_transaction_id=booked.transaction_id
    )
    assert booked.callback_url is None


async def test_the_prompt_is_shown_again_only_while_the_payer_may_confirm(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        reference, charge = await world.prepared()
        before = await world.adapter.push_again(reference, charge.handle)
        await world.adapter.submit(charge, reference)
        again = await world.adapter.push_again(reference, charge.handle)
        (booked,) = world.movements("collection")
        world.advance(60)
        after = await world.adapter.push_again(reference, charge.handle)
    assert (before, again, booked.details["pushes"]) == (
        Pending("INITIATED"),
        Pending("PENDING"),
        "1",
    )
    assert isinstance(after, Final)
    assert (after.word, world.times_charged()) == (Word.SUCCEEDED, 1)


async def test_a_number_is_looked_up_and_no_name_is_kept_or_shown(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        assert isinstance(world.adapter, ChecksAccounts)
        got = [
            await world.adapter.check_account(phone, "CM")
            for phone in (number("paid"), number("no account"), "+221770000001")
        ]
        shown = " ".join(one.transcript + one.path for one in world.exchanges)
        names = world.sandbox.settings.holder
        await world.weather(Faults(html_with_200=1))
        silent = await world.adapter.check_account(number("paid"), "CM")
    assert got == [
        AccountCheck(is_active=True),
        AccountCheck(is_active=False, detail="Beneficiaire introuvable"),
        AccountCheck(is_active=False, detail="it is no number of Cameroon"),
    ]
    assert isinstance(silent, Unknown)
    assert [one for one in (*names, "69000000", '"pin":"2580"') if one in shown] == []


async def test_a_success_names_people_and_balances_and_none_of_it_is_shown(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        reference, charge = await world.prepared()
        await world.adapter.submit(charge, reference)
        world.advance(60)
        final = await world.adapter.inquire(reference, charge.handle)
        shown = " ".join(one.transcript for one in world.exchanges)
    assert isinstance(final, Final)
    assert final.reason is None
    assert "SUCCESSFULL" in shown
    assert [one for one in (*world.sandbox.settings.holder, "Successful") if one in shown] == []


async def test_a_notification_only_makes_us_ask_whatever_it_says(tmp_path: Path) -> None:
    async with a_world(tmp_path, notifies_expiry=True) as world:
        reference, charge = await world.prepared("expired")
        accepted = await world.adapter.submit(charge, reference)
        assert isinstance(accepted, Accepted)
        await world.end(reference, accepted, "expired")
        (call,) = world.notified
        verdict = world.adapter.authenticate(call, None, NOW)
        commands = world.adapter.translate(call, verdict, NOW)
    reason = "an unsigned notification says EXPIRED"
    assert (verdict, commands) == (
        "unsigned",
        [RequestInquiry(payment_id=PAYMENT_ID, reason=reason, inquire_at=NOW)],
    )
    assert json.loads(call.body)["payToken"] == charge.handle["pay_token"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"client_secret": "wrong-secret"},
            "no access token: status 401: 900901 Invalid Credentials",
        ),
        (
            {"api_password": "wrong-password"},
            "status 401: 900901 Invalid Credentials without a payToken",
        ),
    ],
)
async def test_wrong_credentials_prepare_nothing_and_say_so(
    tmp_path: Path, changes: dict[str, str], told: str
) -> None:
    async with a_world(tmp_path, changes=changes) as world:
        reference = world.adapter.reference_for(PAYMENT_ID, 1)
        prepared = await world.adapter.prepare(world.charge("paid"), reference)
    assert prepared == NotSent(told)


@pytest.mark.parametrize("changes", [{"pin": "1111"}, {"channel_number": "690000009"}])
async def test_a_wrong_pin_is_unknown_until_the_pay_token_expires_unpaid(
    tmp_path: Path, changes: dict[str, str]
) -> None:
    async with a_world(tmp_path, changes=changes) as world:
        reference, charge = await world.prepared()
        outcome = await world.adapter.submit(charge, reference)
        world.advance(TOKEN_LIFE_SECONDS)
        final = await world.adapter.inquire(reference, charge.handle)
    assert (type(outcome), type(final), world.movements("collection")) == (Unknown, Final, [])


@pytest.mark.parametrize("phone", ["+221770000001", "+23769000001", "+2376900000011"])
async def test_a_number_of_another_country_is_declined_before_anything_is_called(
    tmp_path: Path, phone: str
) -> None:
    async with a_world(tmp_path) as world:
        charge = with_number(world.charge("paid"), phone)
        reference = world.adapter.reference_for(PAYMENT_ID, 1)
        got = [
            await world.adapter.prepare(charge, reference),
            await world.adapter.submit(charge, reference),
        ]
        assert world.exchanges == []
    assert {one.code for one in got if isinstance(one, Declined)} == {"NUMBER_NOT_CAMEROONIAN"}
    assert len(got) == 2


async def test_without_a_pay_token_of_its_own_nothing_is_paid_or_asked(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        reference, charge = await world.prepared()
        foreign = {"pay_token": charge.handle["pay_token"], "order_id": "ANOTHER"}
        crooked = {"pay_token": "../../token", "order_id": reference}
        calls = len(world.exchanges)
        got = [
            await world.adapter.submit(replace(charge, handle=handle), reference)
            for handle in ({}, foreign, crooked)
        ]
        asked = [await world.adapter.inquire(reference, one) for one in (foreign, crooked, {})]
        assert len(world.exchanges) == calls
    assert got == [NotSent("no payToken was fetched for it")] * 3
    assert asked == [Unknown("the kept handle is of another payment")] * 3


async def test_a_cash_in_takes_a_pay_token_of_its_own_product(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        reference, charge = await world.prepared()
        transfer = replace(world.transfer("paid"), handle=charge.handle)
        outcome = await world.adapter.pay_out(transfer, reference)
        assert (type(outcome), world.movements("payout")) == (Unknown, [])


async def test_who_dies_after_pay_asks_by_the_pay_token_that_was_kept_with_the_intent(
    tmp_path: Path,
) -> None:
    ledger = LedgerWorld()
    payer = ledger.vault.person(number("paid"))
    sealed = ledger.vault.seal(payer, orjson.dumps({"phone": number("paid")}), context=PAYMENT_ID)
    assert sealed.new_key is not None
    request = a_request(PAYMENT_ID, payer=payer, provider="orange_cm", money=MONEY)
    await ledger.handler.handle(
        replace(request, sealed=sealed.text), context=CONTEXT, keys=[sealed.new_key]
    )

    async def die() -> None:
        raise asyncio.CancelledError

    async def die_at_the_next_word() -> None:
        ledger.store.before = die

    async with a_world(tmp_path) as world:
        recorder = Recorder(ledger.handler, ledger.vault)
        serving = Serving.everything_as("test", {"orange_cm": world.adapter})
        dispatcher = Dispatcher(
            recorder, serving, clock=ledger.clock, public_url=world.receiver.url("")
        )
        await world.weather(Faults(server_error_after=1))
        ledger.store.after = die_at_the_next_word
        with pytest.raises(asyncio.CancelledError):
            await dispatcher.perform(Due("submit", PAYMENT_ID, "orange_cm", NOW, 1))
        (booked,) = world.movements("collection")
        died = (await ledger.handler.payment(PAYMENT_ID))[0].status
        await world.weather(Faults.none())
        world.advance(60)
        poller = Poller(recorder, serving, clock=ledger.clock)
        await poller.perform(Due("inquire", PAYMENT_ID, "orange_cm", NOW, 2))
        state, recorded = await ledger.handler.payment(PAYMENT_ID)
        await world.sandbox.sender.settled()
        (notified,) = world.receiver.received
    assert (booked.ending, died, state.status, world.times_charged()) == (
        None,
        "submitting",
        "succeeded",
        1,
    )
    assert booked.id not in str([one.event for one in recorded])
    assert notified.path.endswith(f"/webhooks/orange_cm/{PAYMENT_ID}/{booked.reference}")


async def test_the_sandbox_answers_in_the_shapes_that_were_recorded(
    tmp_path: Path, specifications: Path
) -> None:
    recorded = json.loads((specifications / RECORDED).read_text())["responses"]
    async with a_world(tmp_path) as world, a_merchant(world) as merchant:
        got = {"TokenResponse": merchant.token, "MerchantPaymentInitResponse": merchant.init}
        got["MerchantPaymentPayResponse"] = await merchant.pay("01")
        got["MerchantPaymentPushResponse"] = await merchant.ask("push")
        world.advance(60)
        got["MerchantPaymentTransactionStatusResponse"] = await merchant.ask("paymentstatus")
        got["MerchantPaymentPayResponseWithInsufficientFunds"] = await merchant.pay("51")
        await merchant.pay("52")
        world.advance(TOKEN_LIFE_SECONDS)
        expired = await merchant.ask("paymentstatus")
    got["MerchantPaymentTransactionStatusResponseWithExpired"] = expired
    assert {name: shape(body) for name, body in got.items()} == {
        name: shape(body) for name, body in recorded.items()
    }


@dataclass
class Merchant:
    """Calls the sandbox as the recording client did, without our adapter."""

    session: aiohttp.ClientSession
    token: Any = None
    init: Any = None
    pay_token: str = ""
    orders: int = 0

    async def enter(self, client: str, secret: str) -> None:
        """Have a token."""
        self.token = await self._said(
            self.session.post(
                "/token",
                headers={"Authorization": basic(client, secret)},
                data={"grant_type": "client_credentials"},
            )
        )
        bearer = f"Bearer {self.token['access_token']}"
        self.session.headers["Authorization"] = bearer

    async def pay(self, digits: str) -> Any:
        """Initiate and pay; give the answer to the latter."""
        self.init = await self._said(self.session.post(f"{API}/mp/init"))
        self.pay_token = self.init["data"]["payToken"]
        self.orders += 1
        body = {
            "notifUrl": "http://localhost:1/notified",
            "channelUserMsisdn": "690000000",
            "amount": "100",
            "subscriberMsisdn": f"6900000{digits}",
            "pin": "2580",
            "orderId": str(self.orders),
            "description": "Payment Description",
            "payToken": self.pay_token,
        }
        return await self._said(self.session.post(f"{API}/mp/pay", json=body))

    async def ask(self, verb: str) -> Any:
        """Ask about the last payToken."""
        return await self._said(self.session.get(f"{API}/mp/{verb}/{self.pay_token}"))

    async def _said(self, call: Any) -> Any:
        async with call as response:
            return await response.json()


@asynccontextmanager
async def a_merchant(world: OrangeCmWorld) -> AsyncIterator[Merchant]:
    """A merchant with a token and a first payToken."""
    told = world.sandbox.settings
    pair = f"{told.api_user}:{told.api_password}".encode()
    headers = {"X-AUTH-TOKEN": base64.b64encode(pair).decode()}
    async with aiohttp.ClientSession(world.sandbox.url, headers=headers) as session:
        merchant = Merchant(session)
        await merchant.enter(told.client_id, told.client_secret)
        await merchant.pay("01")
        yield merchant


def shape(value: object) -> object:
    """The names and types of a JSON value, and the words that are the same for everybody."""
    if isinstance(value, dict):
        return {
            name: one if name in {"status", "inittxnstatus", "confirmtxnstatus"} else shape(one)
            for name, one in value.items()
        }
    return type(value).__name__


async def test_money_is_that_of_cameroon(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        reference = world.adapter.reference_for(PAYOUT_ID, 1)
        transfer = replace(world.transfer("paid"), money=Money(1500, "EUR"))
        got = await world.adapter.prepare(transfer, reference)
        good = await world.adapter.prepare(replace(transfer, money=MONEY), reference)
    reason = "Orange Money Cameroon moves XAF, not EUR"
    assert got == Declined(code="CURRENCY_NOT_XAF", reason=reason, is_technical=True)
    assert isinstance(good, Prepared)
