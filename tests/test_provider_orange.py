"""The Orange adapter against the Orange sandbox: the contract, and what is Orange's own."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import aiohttp
import pytest

from adapters.base import Accepted, Charge, Declined, Final, NotSent, Pending, Power, WebhookCall
from adapters.providers.orange import OrangeAdapter, Settings
from adapters.sandbox.faults import Faults
from adapters.sandbox.orange import OrangeSandbox
from adapters.sandbox.orange_rules import OrangeSandboxSettings
from adapters.sandbox.payer import cancel_as_customer, pay_as_customer
from adapters.sandbox.timer import ManualTimer
from ledger.commands import RecordEvidence
from ledger.evidence import Evidence, Source, Word
from ledger.money import Money
from tests.callback_receiver import CallbackReceiver
from tests.contracts.provider import Ending, ProviderContract, World
from tests.contracts.webhook import WebhookContract
from tests.processes import free_port
from tests.replay import CALL_SECONDS, NOW, PAYMENT_ID, a_charge, opening

PAYERS: dict[Ending, str] = {
    "paid": "+237650000001",
    "refused": "+237650000050",
    "poor": "+237650000051",
    "no account": "+237650000053",
}


@dataclass(frozen=True)
class Order:
    """What the books say of an order, in the words of the contract."""

    ending: str | None
    amount_minor: int
    currency: str
    phone: str


@dataclass(kw_only=True)
class OrangeWorld(World):
    """The Orange sandbox at a fixed port, with books in a file, and a payer's browser."""

    sandbox: OrangeSandbox
    timer: ManualTimer
    receiver: CallbackReceiver
    browser: aiohttp.ClientSession
    adapter: OrangeAdapter

    def charge(self, ending: Ending) -> Charge:
        path = f"/webhooks/orange/{PAYMENT_ID}/{self.adapter.reference_for(PAYMENT_ID, 1)}"
        return a_charge(
            money=Money(1500, "XAF"),
            phone=PAYERS.get(ending, "+237650000001"),
            callback_url=self.receiver.url(path),
        )

    async def end(self, reference: str, accepted: Accepted, ending: Ending) -> None:
        before = len(self.receiver.received)
        if ending in PAYERS:
            page, code = accepted.handle["redirect_url"], self.sandbox.settings.one_time_code
            await pay_as_customer(self.browser, page, PAYERS[ending], code)
        self.timer.advance(1 if ending in {"paid", "refused", "poor"} else 1_000)
        for one in (await self.receiver.until(before + 1))[before:]:
            path = tuple(one.path.split("/")[3:])
            self.notified.append(
                WebhookCall(method=one.method, path=path, headers=one.headers, body=one.body)
            )

    async def weather(self, faults: Faults) -> None:
        await self.sandbox.stop()
        self.sandbox = OrangeSandbox(
            self.sandbox.settings, clock=self.timer.clock, faults=faults, timer=self.timer
        )
        await self.sandbox.start()

    async def leave(self) -> None:
        await self.sandbox.stop()

    def expire_tokens(self) -> None:
        self.timer.advance(2 * 3600)

    def known(self) -> set[str]:
        warmed = self.adapter.reference_for("pay_" + "b" * 26, 99)
        return set(self.sandbox.books.orders) - {warmed}

    def movements(self, power: Power) -> list[Order]:
        orders = self.sandbox.books.orders.values() if power == "collection" else ()
        endings = {"SUCCESS": "succeeded", "FAILED": "failed", "EXPIRED": "expired"}
        return [
            Order(endings.get(one.status), one.amount, one.currency, one.payer_number or "")
            for one in orders
        ]

    def times_charged(self) -> int:
        return sum(one.status == "SUCCESS" for one in self.sandbox.books.orders.values())


@asynccontextmanager
async def a_world(
    folder: Path, *, changes: dict[str, Any] | None = None, **switches: Any
) -> AsyncIterator[OrangeWorld]:
    """Open a world; `switches` are the sandbox's, `changes` the adapter's settings."""
    timer = ManualTimer()
    settings = OrangeSandboxSettings.model_validate(
        {"token_lifetime_seconds": 3600, "books_path": folder / "orange.jsonl"} | switches
    )
    async with CallbackReceiver() as receiver, aiohttp.ClientSession() as browser:
        fixed = settings.model_copy(update={"port": free_port()})
        sandbox = OrangeSandbox(fixed, clock=timer.clock, timer=timer)
        await sandbox.start()
        adapter_settings = Settings.model_validate(
            {
                "base_url": sandbox.url,
                "country_segment": "cm",
                "client_id": settings.client_id,
                "client_secret": settings.client_secret,
                "merchant_key": settings.merchant_key,
                "call_timeout_seconds": CALL_SECONDS,
            }
            | (changes or {})
        )
        exchanges: list[Any] = []
        adapter = OrangeAdapter(adapter_settings, opening(observe=exchanges))
        world = OrangeWorld(
            adapter=adapter,
            exchanges=exchanges,
            secrets=(settings.client_id, settings.client_secret, settings.merchant_key),
            sandbox=sandbox,
            timer=timer,
            receiver=receiver,
            browser=browser,
        )
        try:
            yield world
        finally:
            await adapter.close()
            await world.sandbox.stop()


class TestOrange(WebhookContract, ProviderContract):
    """The contract."""

    # The page turns away whoever has no account, and waits for another number.
    ending_words: ClassVar[Mapping[Ending, Word | None]] = {
        "refused": Word.FAILED,
        "expired": Word.EXPIRED,
        "no account": Word.EXPIRED,
    }

    @asynccontextmanager
    async def open_world(self, folder: Path) -> AsyncIterator[World]:
        async with a_world(folder) as world:
            yield world

    def refused_at_once(self, world: World) -> Charge:
        return a_charge(money=Money(1500, "XOF"), callback_url="http://localhost/webhooks")


async def accepted_by(world: OrangeWorld, charge: Charge | None = None) -> tuple[str, Accepted]:
    """Submit once; give order_id and acceptance."""
    reference = world.adapter.reference_for(PAYMENT_ID, 1)
    accepted = await world.adapter.submit(charge or world.charge("paid"), reference)
    assert isinstance(accepted, Accepted)
    return reference, accepted


async def test_the_handle_holds_the_page_and_what_a_question_needs(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        reference, accepted = await accepted_by(world)
        booked = world.sandbox.books.orders[reference]
        assert accepted == Accepted(
            handle={
                "pay_token": booked.pay_token,
                "redirect_url": f"{world.sandbox.url}/payment/pay_token/{booked.pay_token}",
                "amount": "1500",
                "order_id": reference,
            },
            webhook_token=booked.notif_token,
        )
        home = world.receiver.url("/")
        assert (booked.amount, booked.currency, booked.language) == (1500, "XAF", "fr")
        assert (booked.return_url, booked.cancel_url) == (home, home)


async def test_the_trial_segment_is_paid_in_play_money(tmp_path: Path) -> None:
    trial = {"country_segment": "dev"}
    async with a_world(tmp_path, changes=trial, notification_fields="extended") as world:
        reference, accepted = await accepted_by(world)
        await world.end(reference, accepted, "paid")
        assert world.sandbox.books.orders[reference].currency == "OUV"
        final = await world.adapter.inquire(reference, accepted.handle)
        command = world.adapter.translate(world.notified[0], "authenticated", NOW)[0]
    assert isinstance(final, Final)
    assert isinstance(command, RecordEvidence)
    assert (final.word, final.currency) == (Word.SUCCEEDED, None)
    assert (command.evidence.word, command.evidence.currency) == (Word.SUCCEEDED, None)


@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize("txnid", ["absent", "empty", "null"])
async def test_an_order_nobody_paid_is_expired_in_orange_s_own_word(
    tmp_path: Path, status: int, txnid: str
) -> None:
    async with a_world(tmp_path, status_answer=status, txnid_when_none=txnid) as world:
        reference, accepted = await accepted_by(world)
        await world.end(reference, accepted, "expired")
        final = await world.adapter.inquire(reference, accepted.handle)
    assert final == Final(word=Word.EXPIRED, code="EXPIRED", reason="EXPIRED")


async def test_a_payer_who_cancels_has_failed(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        reference, accepted = await accepted_by(world)
        await cancel_as_customer(world.browser, accepted.handle["redirect_url"])
        final = await world.adapter.inquire(reference, accepted.handle)
    assert final == Final(word=Word.FAILED, code="FAILED", reason="FAILED")


async def test_between_the_payers_click_and_the_word_it_is_pending(tmp_path: Path) -> None:
    async with a_world(tmp_path, decide_after_seconds=30) as world:
        reference, accepted = await accepted_by(world)
        seen = [await world.adapter.inquire(reference, accepted.handle)]
        page, code = accepted.handle["redirect_url"], world.sandbox.settings.one_time_code
        await pay_as_customer(world.browser, page, PAYERS["paid"], code)
        seen += [await world.adapter.inquire(reference, accepted.handle)]
    assert seen == [Pending("INITIATED"), Pending("PENDING")]


@pytest.mark.parametrize(
    ("fields", "amount", "currency"),
    [
        ("official", None, None),
        ("extended", "1500", "XAF"),
        ("extended_text_amount", "1500", "XAF"),
    ],
)
async def test_a_notification_with_its_token_is_evidence(
    tmp_path: Path, fields: str, amount: str | None, currency: str | None
) -> None:
    async with a_world(tmp_path, notification_fields=fields) as world:
        reference, accepted = await accepted_by(world)
        await world.end(reference, accepted, "paid")
        transaction_id = world.sandbox.books.orders[reference].txnid
        token = accepted.webhook_token
        call = world.notified[0]
        verdict = world.adapter.authenticate(call, lambda presented: presented == token, NOW)
        commands = world.adapter.translate(call, verdict, NOW)
    evidence = Evidence(
        source=Source.WEBHOOK,
        provider="orange",
        reference=reference,
        word=Word.SUCCEEDED,
        amount=amount,
        currency=currency,
        provider_transaction_id=transaction_id,
    )
    assert commands == [RecordEvidence(payment_id=PAYMENT_ID, evidence=evidence)]


async def test_a_repeated_order_is_not_sent_and_the_next_number_is_accepted(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world:
        charge = world.charge("paid")
        got = [
            await world.adapter.submit(charge, world.adapter.reference_for(PAYMENT_ID, number))
            for number in (1, 1, 2)
        ]
    told = "status 403: 50 Access denied This order_id was used before."
    assert got[1] == NotSent(told)
    assert [type(one) for one in got] == [Accepted, NotSent, Accepted]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"client_secret": "wrong-secret"},
            (
                "no access token: status 401: 41 Invalid credentials "
                "The client is unknown or its secret is wrong."
            ),
        ),
        (
            {"merchant_key": "wrong-key"},
            "status 403: 50 Access denied Unknown merchant_key.",
        ),
    ],
)
async def test_wrong_credentials_create_nothing_and_say_so(
    tmp_path: Path, changes: dict[str, str], told: str
) -> None:
    async with a_world(tmp_path, changes=changes) as world:
        reference = world.adapter.reference_for(PAYMENT_ID, 1)
        assert await world.adapter.submit(world.charge("paid"), reference) == NotSent(told)
        assert world.known() == set()


async def test_a_country_that_is_not_served_creates_nothing_and_says_so(tmp_path: Path) -> None:
    async with a_world(tmp_path, currency_by_segment={"ml": "XOF"}) as world:
        reference = world.adapter.reference_for(PAYMENT_ID, 1)
        outcome = await world.adapter.submit(world.charge("paid"), reference)
        assert outcome == NotSent("status 404: 60 Resource not found No such country.")
        assert world.known() == set()


async def test_an_address_too_long_for_orange_is_declined_by_name(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        charge = a_charge(money=Money(1500, "XAF"), callback_url="https://x.example/" + "y" * 110)
        outcome = await world.adapter.submit(charge, world.adapter.reference_for(PAYMENT_ID, 1))
    reason = "status 400: 24 Invalid body field notif_url is longer than 120 characters."
    assert outcome == Declined(code="24", reason=reason, is_technical=True)
