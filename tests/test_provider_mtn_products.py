"""What MTN sells besides: each verb over real sockets, against the sandbox and MTN's own files."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

import orjson
import pytest

from adapters.answer import Answer
from adapters.base import Accepted, Declined, Final, Inquiry, NotFound, Pending, Unknown
from adapters.powers import AccountCheck, Balance, Transfer
from adapters.providers._mtn_bodies import Bill, CashTransfer, Invoice, PreApproval, Sender
from adapters.providers._mtn_consent import Asked, Consent, MtnConsents, parse_claimed
from adapters.providers._mtn_products import (
    Approval,
    CalledOff,
    MtnCollections,
    MtnDisbursements,
    MtnRemittances,
    UserInfo,
    parse_called_off,
    parse_notified,
)
from adapters.providers.mtn import MtnAdapter, Settings
from adapters.sandbox.faults import Faults
from ledger.evidence import Word
from ledger.money import Money
from tests.mtn_specification import FORM, MtnSpecification, requires_specifications
from tests.mtn_world import MtnWorld
from tests.mtn_world import a_world as an_mtn_world
from tests.raw_server import RawRequest, RawServer, answer
from tests.replay import PAYMENT_ID, a_charge, fixture, opening

REFERENCE = "3f1b7c52-0a4e-4a53-9c39-6f2f1f0a7d11"
OWN_REFERENCE = "5c0a9a58-62a5-4e0c-8d29-0d3c7e9a1b22"
PHONE = "+237650000001"
PRODUCTS = ("collection", "disbursement", "remittance")


def a_transfer(phone: str = PHONE, **changes: Any) -> Transfer:
    """Make a transfer, valid by default."""
    usual: dict[str, Any] = {
        "payment_id": "po_" + "c" * 26,
        "money": Money(1250, "EUR"),
        "phone": phone,
        "country": "CM",
        "description": "Cash & thanks",
        "callback_url": None,
    }
    return Transfer(**(usual | changes))


CASH = CashTransfer(
    transfer=a_transfer(),
    original=Money(8200, "XAF"),
    originating_country="GA",
    sender=Sender(
        first_name="Ada",
        surname="Test",
        phone="+24106000012",
        identification="PASS",
        identification_number="S7654321",
        email="ada@example.com",
    ),
)
APPROVAL = PreApproval(
    phone=PHONE, currency="EUR", message="A subscription: l'été", valid_seconds=3600
)
INVOICE = Invoice(
    payment_id=PAYMENT_ID,
    money=Money(1250, "EUR"),
    payer_phone=PHONE,
    payee_phone="+237650000099",
    valid_seconds=600,
    description="",
)
BILL = Bill(
    payment_id=PAYMENT_ID,
    money=Money(1250, "EUR"),
    customer_reference="meter-12",
    service_provider="a.biller",
    message="Light & water",
    product_id="prepaid",
    retries_max=2,
)


@dataclass
class ProductWorld:
    """The sandbox, and our verbs for it."""

    mtn: MtnWorld
    collections: MtnCollections
    disbursements: MtnDisbursements
    remittances: MtnRemittances
    consents: MtnConsents

    def advance(self, seconds: float = 60) -> None:
        """Let time pass."""
        self.mtn.timer.advance(seconds)


@asynccontextmanager
async def a_world(folder: Path, **switches: Any) -> AsyncIterator[ProductWorld]:
    """Open a world in which one user opens every product."""
    changes = {
        "remittance_subscription_key": "4e3177a0ce0d4b5f8a1c2d3e4f506172",
        "inquiries_per_second_max": None,
    }
    switches = {"users_cross_products": True, "status_calls_per_second_max": None} | switches
    async with an_mtn_world(folder, changes=changes, **switches) as mtn:
        doors = mtn.adapter.doors
        yield ProductWorld(
            mtn,
            MtnCollections(doors["collection"]),
            MtnDisbursements(doors["disbursement"]),
            MtnRemittances(doors["remittance"]),
            MtnConsents(doors["collection"]),
        )


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[ProductWorld]:
    async with a_world(tmp_path) as made:
        yield made


Verb = Callable[[ProductWorld, str], Awaitable[object]]
Ask = Callable[[ProductWorld, str], Awaitable[Inquiry]]

CREATED: dict[str, tuple[Verb, Ask]] = {
    "withdrawal": (
        lambda world, one: world.collections.request_withdrawal(a_transfer(), one),
        lambda world, one: world.collections.inquire_withdrawal(one),
    ),
    "withdrawal, first version": (
        lambda world, one: world.collections.request_withdrawal(a_transfer(), one, version="v1_0"),
        lambda world, one: world.collections.inquire_withdrawal(one),
    ),
    "pre-approval": (
        lambda world, one: world.collections.pre_approve(APPROVAL, one),
        lambda world, one: world.collections.inquire_pre_approval(one),
    ),
    "invoice": (
        lambda world, one: world.collections.invoice(INVOICE, one),
        lambda world, one: world.collections.inquire_invoice(one),
    ),
    "bill": (
        lambda world, one: world.collections.pay_bill(BILL, one),
        lambda world, one: world.collections.inquire_bill(one),
    ),
    "deposit": (
        lambda world, one: world.disbursements.deposit(a_transfer(), one),
        lambda world, one: world.disbursements.inquire_deposit(one),
    ),
    "deposit, first version": (
        lambda world, one: world.disbursements.deposit(a_transfer(), one, version="v1_0"),
        lambda world, one: world.disbursements.inquire_deposit(one),
    ),
    "remittance": (
        lambda world, one: world.remittances.remit(a_transfer(), one),
        lambda world, one: world.remittances.inquire_remittance(one),
    ),
    "cash": (
        lambda world, one: world.remittances.transfer_cash(CASH, one),
        lambda world, one: world.remittances.inquire_cash(one),
    ),
}
"""How each thing is created, and asked about."""
SILENT_ABOUT_IDS = {"pre-approval", "deposit", "deposit, first version"}
SILENT_ABOUT_MONEY = {"pre-approval", "bill"}


@pytest.mark.parametrize("name", CREATED)
async def test_what_is_created_is_accepted_then_pending_then_final_and_never_twice(
    world: ProductWorld, name: str
) -> None:
    create, ask = CREATED[name]
    assert isinstance(await ask(world, REFERENCE), NotFound)
    assert await create(world, REFERENCE) == Accepted()
    assert isinstance(await ask(world, REFERENCE), Pending)
    assert await create(world, REFERENCE) == Accepted()
    world.advance()
    final = await ask(world, REFERENCE)
    assert isinstance(final, Final)
    assert final.word is Word.SUCCEEDED
    assert (final.provider_transaction_id is None) == (name in SILENT_ABOUT_IDS)
    assert final.amount == (None if name in SILENT_ABOUT_MONEY else "12.5")
    assert len(world.mtn.sandbox.books.booked) == 1


@pytest.mark.parametrize("name", CREATED)
@pytest.mark.parametrize(
    "faults",
    [
        Faults(server_error=1),
        Faults(server_error_after=1),
        Faults(html_with_200=1, seed=1),
        Faults(connection_reset_after=1),
    ],
    ids=["500 before", "500 after", "HTML with 200", "reset after"],
)
async def test_in_bad_weather_it_is_unknown_and_the_truth_is_found_by_asking(
    world: ProductWorld, name: str, faults: Faults
) -> None:
    create, ask = CREATED[name]
    # A token and a connection are had: what goes wrong now goes wrong with the call itself.
    assert isinstance(await ask(world, OWN_REFERENCE), NotFound)
    await world.mtn.weather(faults)
    assert isinstance(await create(world, REFERENCE), Unknown)
    assert isinstance(await ask(world, REFERENCE), (Unknown, Pending))
    await world.mtn.weather(Faults.none())
    if isinstance(await ask(world, REFERENCE), NotFound):
        assert await create(world, REFERENCE) == Accepted()
    world.advance()
    final = await ask(world, REFERENCE)
    assert isinstance(final, Final)
    assert (final.word, len(world.mtn.sandbox.books.booked)) == (Word.SUCCEEDED, 1)


@pytest.mark.parametrize("shape", ["string", "object"])
async def test_failures_keep_mtns_code_whatever_the_member_is_called(
    tmp_path: Path, shape: str
) -> None:
    poor, gone = "+46733123455", "+46733123457"
    async with a_world(tmp_path, reason_shape=shape) as world:
        invoice = Invoice(
            payment_id=PAYMENT_ID,
            money=Money(100, "EUR"),
            payer_phone=poor,
            payee_phone=PHONE,
            valid_seconds=60,
            description="x",
        )
        cash = CashTransfer(
            transfer=a_transfer(gone),
            original=CASH.original,
            originating_country="GA",
            sender=CASH.sender,
        )
        await world.collections.invoice(invoice, REFERENCE)
        await world.disbursements.deposit(a_transfer(poor), REFERENCE)
        await world.remittances.transfer_cash(cash, REFERENCE)
        world.advance()
        asked = [
            await world.collections.inquire_invoice(REFERENCE),
            await world.disbursements.inquire_deposit(REFERENCE),
            await world.remittances.inquire_cash(REFERENCE),
        ]
    codes = [one.code for one in asked if isinstance(one, Final) and one.word is Word.FAILED]
    assert codes == ["PAYER_NOT_FOUND", "PAYER_NOT_FOUND", "PAYEE_NOT_FOUND"]


async def test_what_is_refused_at_once_is_declined(world: ProductWorld) -> None:
    elsewhere = a_transfer(money=Money(1500, "XAF"))
    outcomes = [
        await world.disbursements.deposit(elsewhere, REFERENCE),
        await world.remittances.remit(elsewhere, REFERENCE),
        await world.collections.request_withdrawal(elsewhere, REFERENCE),
    ]
    codes = {one.code for one in outcomes if isinstance(one, Declined) and one.is_technical}
    assert (codes, world.mtn.sandbox.books.booked) == ({"INVALID_CURRENCY"}, {})


async def test_callbacks_are_asked_for_where_the_host_is_registered(world: ProductWorld) -> None:
    url = world.mtn.receiver.url("/webhooks/mtn/x/y")
    await world.disbursements.deposit(a_transfer(callback_url=url), REFERENCE, version="v1_0")
    await world.collections.invoice(INVOICE, REFERENCE, callback_url=url)
    world.advance()
    came = await world.mtn.receiver.until(2)
    assert sorted(one.method for one in came) == ["POST", "PUT"]


async def test_a_payer_is_notified_once_of_what_succeeded(world: ProductWorld) -> None:
    assert await world.collections.notify(REFERENCE, "Merci") == "unknown_payment"
    await world.mtn.adapter.submit(a_charge(phone=PHONE, callback_url=None), REFERENCE)
    assert await world.collections.notify(REFERENCE, "Merci") == "not_successful"
    world.advance()
    assert await world.collections.notify(REFERENCE, "Merci & à bientôt", language="fr") == "sent"
    assert await world.collections.notify(REFERENCE, "Merci") == "already_sent"
    assert world.mtn.sandbox.books.payments[REFERENCE].notes == {"notified": "Merci a bientot"}


async def test_a_notification_can_come_too_late(tmp_path: Path) -> None:
    async with a_world(tmp_path, notification_window_seconds=10) as world:
        await world.mtn.adapter.submit(a_charge(phone=PHONE, callback_url=None), REFERENCE)
        world.advance(60)
        assert await world.collections.notify(REFERENCE, "Merci") == "too_late"


async def test_a_pre_approval_is_listed_and_called_off(world: ProductWorld) -> None:
    await world.collections.pre_approve(APPROVAL, REFERENCE)
    assert await world.collections.approvals(PHONE) == []
    world.advance()
    listed = await world.collections.approvals(PHONE)
    assert not isinstance(listed, Unknown)
    (found,) = listed
    assert found == Approval(
        id=found.id, currency="EUR", status="APPROVED", expires="2030-01-01T01:00:00+00:00"
    )
    assert await world.collections.cancel_pre_approval(found.id) == CalledOff(is_taken=True)
    again = await world.collections.cancel_pre_approval(found.id)
    assert again == CalledOff(is_taken=False, detail="status 404: empty")
    assert await world.collections.approvals(PHONE) == []


@pytest.mark.parametrize("status", [200, 202])
async def test_an_invoice_is_called_off_and_its_status_says_so(tmp_path: Path, status: int) -> None:
    async with a_world(tmp_path, invoice_cancel_status=status) as world:
        await world.collections.invoice(INVOICE, REFERENCE)
        taken = await world.collections.cancel_invoice(REFERENCE, PAYMENT_ID, OWN_REFERENCE)
        final = await world.collections.inquire_invoice(REFERENCE)
        unknown = await world.collections.cancel_invoice(OWN_REFERENCE, PAYMENT_ID, REFERENCE)
    assert taken == CalledOff(is_taken=True)
    assert isinstance(final, Final)
    assert (final.word, final.code) == (Word.FAILED, "TRANSACTION_CANCELED")
    assert isinstance(unknown, CalledOff)
    assert not unknown.is_taken


async def test_whom_a_number_belongs_to_is_told_and_shown_nowhere(world: ProductWorld) -> None:
    told = [
        await one.user_info(PHONE)
        for one in (world.collections, world.disbursements, world.remittances)
    ]
    assert (
        told
        == [UserInfo(given_name="Sand", family_name="Box", birthdate="1976-08-13", status="ACTIVE")]
        * 3
    )
    shown = repr(told) + "".join(one.transcript for one in world.mtn.exchanges)
    assert [one for one in ("Sand", "1976", PHONE.removeprefix("+")) if one in shown] == []


async def test_remittances_have_a_balance_and_an_account_check_of_their_own(
    world: ProductWorld,
) -> None:
    await world.remittances.remit(a_transfer(), REFERENCE)
    world.advance()
    expected = Balance("987.5", "EUR", "remittance")
    assert await world.remittances.balance() == expected
    assert await world.remittances.balance("EUR") == expected
    assert isinstance(await world.remittances.balance("XAF"), Unknown)
    assert await world.remittances.check_account(PHONE) == AccountCheck(is_active=True)


async def test_a_subscriber_consents_and_the_person_is_read(world: ProductWorld) -> None:
    asked = await world.consents.ask(PHONE)
    assert isinstance(asked, Asked)
    consent = await world.consents.claim(asked)
    assert isinstance(consent, Consent)
    person = await world.consents.read_person(consent)
    assert not isinstance(person, Unknown)
    assert (person["name"], person["phone_number"]) == ("Sand Box", PHONE.removeprefix("+"))
    assert await world.consents.claim(asked) == "ended"
    assert await world.consents.renew(consent) == "ended"
    shown = repr([asked, consent]) + "".join(one.transcript for one in world.mtn.exchanges)
    secrets = [asked.id, consent.token, PHONE.removeprefix("+"), "Sand Box", "sand.box@"]
    assert [one for one in secrets if one in shown] == []


async def test_an_offline_consent_is_renewed(world: ProductWorld) -> None:
    asked = await world.consents.ask(PHONE, valid_seconds=86_400)
    assert isinstance(asked, Asked)
    consent = await world.consents.claim(asked)
    assert isinstance(consent, Consent)
    world.advance(3600)
    assert isinstance(await world.consents.read_person(consent), Unknown)
    renewed = await world.consents.renew(consent)
    assert isinstance(renewed, Consent)
    assert not isinstance(await world.consents.read_person(renewed), Unknown)
    assert await world.consents.renew(consent) == "ended"
    shown = "".join(one.transcript for one in world.mtn.exchanges)
    assert [one for one in (consent.renewal, renewed.renewal) if one and one in shown] == []


@pytest.mark.parametrize(
    ("phone", "said"), [("+46733123451", "refused"), ("+46733123453", "waiting")]
)
async def test_who_does_not_consent_is_told_apart_from_who_has_not_yet(
    world: ProductWorld, phone: str, said: str
) -> None:
    asked = await world.consents.ask(phone)
    assert isinstance(asked, Asked)
    assert await world.consents.claim(asked) == said


async def test_what_cannot_be_asked_or_read_is_unknown(world: ProductWorld) -> None:
    assert await world.consents.ask(PHONE, scope="other") == Unknown("status 400: empty")
    await world.mtn.weather(Faults(html_with_200=1))
    token = Consent(token="t", lifetime_seconds=1, scope=None)
    got = [
        await world.consents.ask(PHONE),
        await world.consents.claim(Asked(id="x", poll_seconds=1, expires_seconds=1)),
        await world.consents.read_person(token),
        await world.collections.user_info(PHONE),
        await world.collections.approvals(PHONE),
        await world.collections.cancel_pre_approval("1"),
        await world.collections.cancel_invoice(REFERENCE, PAYMENT_ID, OWN_REFERENCE),
        await world.collections.notify(REFERENCE, "x"),
        await world.remittances.balance(),
        await world.remittances.check_account(PHONE),
    ]
    assert [type(one) for one in got] == [Unknown] * len(got)


GATEWAY = b'{"statusCode":404,"message":"Resource not found"}'


@pytest.mark.parametrize(
    ("given", "called_off", "notified"),
    [
        (Answer(200), CalledOff(is_taken=True), "sent"),
        (Answer(202), CalledOff(is_taken=True), Unknown("status 202: empty")),
        (Answer(200, {}, b"<html>"), None, None),
        (Answer(404, {}, GATEWAY), None, None),
        (
            Answer(404),
            CalledOff(is_taken=False, detail="status 404: empty"),
            "unknown_payment",
        ),
        (
            Answer(400, {}, b'{"code":"NOT_ALLOWED"}'),
            CalledOff(is_taken=False, detail="status 400: NOT_ALLOWED"),
            None,
        ),
        (Answer(429, {}, GATEWAY), None, None),
        (Answer(500), None, None),
        (Answer(503, {}, b"<html>"), None, None),
    ],
)
def test_what_has_no_body_is_read_by_its_status_and_a_gateway_is_no_platform(
    given: Answer, called_off: CalledOff | None, notified: str | Unknown | None
) -> None:
    got = parse_called_off(given), parse_notified(given)
    expected = called_off, notified
    for one, wanted in zip(got, expected, strict=True):
        assert isinstance(one, Unknown) if wanted is None else one == wanted, one


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (400, b'{"error":"authorization_pending"}', "waiting"),
        (400, b'{"error":"slow_down"}', "waiting"),
        (400, b'{"error":"access_denied"}', "refused"),
        (401, b'{"error":"invalid_grant"}', "ended"),
        (400, b'{"error":"expired_token"}', "ended"),
    ],
)
def test_what_an_error_of_a_claim_means(status: int, body: bytes, meaning: str) -> None:
    assert parse_claimed(Answer(status, {}, body)) == meaning


ANSWERS = {
    "/token/": (200, fixture("mtn", "token.json")),
    "/v1_0/bc-authorize": (200, b'{"auth_req_id":"a","interval":5,"expires_in":60}'),
    "/oauth2/token/": (200, b'{"access_token":"t","refresh_token":"r","expires_in":60}'),
    "/oauth2/v1_0/userinfo": (200, b"{}"),
}


async def mtn(request: RawRequest, writer: asyncio.StreamWriter) -> None:
    """Accept whatever is created; know nothing of what is asked about."""
    method, path, _ = request.line.split(" ")
    status, body = (202, b"") if method == "POST" else (404, b"")
    for known, given in ANSWERS.items():
        if path.endswith(known):
            status, body = given
    writer.write(answer(status, body))


async def sent() -> list[RawRequest]:
    """Use every verb once; give the requests as they came."""
    async with RawServer(mtn) as server:
        settings = Settings.model_validate(
            {
                "base_url": server.url,
                "subscription_key": "0" * 32,
                "disbursement_subscription_key": "2" * 32,
                "remittance_subscription_key": "3" * 32,
                "api_user": "00000000-0000-4000-8000-000000000001",
                "api_key": "1" * 32,
            }
        )
        adapter = MtnAdapter(settings, opening())
        doors = adapter.doors
        world: Any = SimpleNamespace(
            collections=MtnCollections(doors["collection"]),
            disbursements=MtnDisbursements(doors["disbursement"]),
            remittances=MtnRemittances(doors["remittance"]),
        )
        for create, ask in CREATED.values():
            await create(world, REFERENCE)
            await ask(world, REFERENCE)
        collections, remittances = world.collections, world.remittances
        await collections.notify(REFERENCE, "Merci", language="fr")
        await collections.approvals(PHONE)
        await collections.cancel_pre_approval("1234567890")
        await collections.cancel_invoice(REFERENCE, PAYMENT_ID, OWN_REFERENCE)
        for one in (collections, world.disbursements, remittances):
            await one.user_info(PHONE)
        await remittances.balance()
        await remittances.balance("EUR")
        await remittances.check_account(PHONE)
        for door in doors.values():
            consents = MtnConsents(door)
            asked = await consents.ask(PHONE, valid_seconds=60)
            assert isinstance(asked, Asked)
            consent = await consents.claim(asked)
            assert isinstance(consent, Consent)
            await consents.renew(consent)
            await consents.read_person(consent)
        await adapter.close()
    return server.requests


def body_of(request: RawRequest) -> object:
    """Parse a body; a form's digits are numbers, as the specification types them."""
    if request.headers.get("content-type") == FORM:
        pairs = dict(parse_qsl(request.body.decode()))
        return {name: int(text) if text.isdecimal() else text for name, text in pairs.items()}
    return orjson.loads(request.body) if request.body else None


@requires_specifications
async def test_every_request_of_every_verb_is_as_the_specifications_say() -> None:
    specifications = {one: MtnSpecification(f"{one}.json", prefix=f"/{one}") for one in PRODUCTS}
    problems, seen = [], set()
    for request in await sent():
        method, path, _ = request.line.split(" ")
        specification = specifications[path.split("/")[1]]
        problems += specification.request_problems(method, path, request.headers, body_of(request))
        seen.add((method, path.split("/")[1]))
    assert problems == []
    assert {product for _, product in seen} == set(PRODUCTS)
    assert {method for method, _ in seen} == {"GET", "POST", "DELETE"}


async def test_the_misspelt_key_is_sent_as_mtn_spells_it() -> None:
    (cash,) = [one for one in await sent() if one.line.startswith("POST /remittance/v2_0/cash")]
    body = orjson.loads(cash.body)
    assert (body["orginatingCountry"], "originatingCountry" in body) == ("GA", False)
    assert body["payerIdentity"] == "ID:24106000012/MSISDN"
