"""The Sonatel sandbox by itself, as any client would meet it: doors, rules and quirks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from adapters.answer import Answer
from adapters.providers._orange_sonatel_pin import parse_key, seal
from adapters.sandbox.one_time_codes import CODES_MAX, OneTimeCodes
from adapters.sandbox.orange_sonatel import OrangeSonatelSandbox
from adapters.sandbox.orange_sonatel_bodies import make_key, opened
from adapters.sandbox.orange_sonatel_rules import OrangeSonatelSandboxSettings
from adapters.sandbox.timer import ManualTimer

WALLET = "/api/eWallet/v1"
JSON = {"Content-Type": "application/json"}
CODE = {
    "code": "123456",
    "name": "Boutique",
    "amount": {"value": 1500, "unit": "XOF"},
    "reference": "order-1",
}


@dataclass(kw_only=True)
class Caller:
    """A client of its own making."""

    sandbox: OrangeSonatelSandbox
    timer: ManualTimer
    session: aiohttp.ClientSession
    token: str = ""

    async def log_in(self) -> dict[str, Any]:
        """Get a token as the published clients do, by a form."""
        settings = self.sandbox.settings
        form = {
            "client_id": settings.client_id,
            "client_secret": settings.client_secret,
            "grant_type": "client_credentials",
        }
        async with self.session.post(f"{self.sandbox.url}/oauth/v1/token", data=form) as answer:
            given: dict[str, Any] = await answer.json()
        self.token = given["access_token"]
        return given

    async def ask(
        self, method: str, path: str, body: object = None, *, headers: Any = None
    ) -> tuple[int, Any]:
        """Make a call; give its status and what it says."""
        sent = {"Authorization": f"Bearer {self.token}"} | (JSON if headers is None else headers)
        async with self.session.request(
            method,
            f"{self.sandbox.url}{path}",
            data=None if body is None else orjson.dumps(body),
            headers=sent,
            skip_auto_headers=("Content-Type",),
        ) as answer:
            raw = await answer.read()
            return answer.status, orjson.loads(raw) if raw else None

    async def refused(self, path: str, body: object) -> tuple[int, str, list[str]]:
        """Send what breaks a rule; give the status, the code, and the fields that are wrong."""
        status, said = await self.ask("POST", path, body)
        return status, said["code"], [one["field"] for one in said["violations"]]


@asynccontextmanager
async def a_caller(**switches: Any) -> AsyncIterator[Caller]:
    """Open a sandbox and a client that is logged in."""
    timer = ManualTimer()
    settings = OrangeSonatelSandboxSettings.model_validate(switches)
    sandbox = OrangeSonatelSandbox(settings, clock=timer.clock, timer=timer)
    async with sandbox, aiohttp.ClientSession() as session:
        caller = Caller(sandbox=sandbox, timer=timer, session=session)
        await caller.log_in()
        yield caller


async def test_a_token_is_good_for_299_seconds() -> None:
    async with a_caller() as caller:
        given = await caller.log_in()
        caller.timer.advance(298)
        good, _ = await caller.ask("GET", f"{WALLET}/transactions")
        caller.timer.advance(1)
        over, said = await caller.ask("GET", f"{WALLET}/transactions")
    assert (given["expires_in"], given["token_type"]) == (299, "Bearer")
    assert (good, over, said["code"]) == (200, 401, "10")


@pytest.mark.parametrize("path", ["/oauth/token", "/nowhere"])
async def test_an_older_token_address_and_any_other_is_not_served(path: str) -> None:
    async with a_caller() as caller:
        assert (await caller.ask("POST", path))[0] == 404


async def test_even_a_get_needs_a_content_type() -> None:
    async with a_caller() as caller:
        bare, _ = await caller.ask("GET", f"{WALLET}/transactions", headers={})
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        wrong, _ = await caller.ask("GET", f"{WALLET}/transactions", headers=form)
        charset = {"Content-Type": "application/json; charset=utf-8"}
        right, _ = await caller.ask("GET", f"{WALLET}/transactions", headers=charset)
    assert (bare, wrong, right) == (415, 415, 200)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"code": "12345"}, "code"),
        ({"code": "654321"}, "code"),
        ({"code": 123456}, "code"),
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"amount": 1500}, "amount"),
        ({"amount": {"value": "1500", "unit": "XOF"}}, "amount.value"),
        ({"amount": {"value": 0, "unit": "XOF"}}, "amount.value"),
        ({"amount": {"value": 12.5, "unit": "XOF"}}, "amount.value"),
        ({"amount": {"value": True, "unit": "XOF"}}, "amount.value"),
        ({"amount": {"value": 1500, "unit": "XAF"}}, "amount.unit"),
        ({"validity": 86_401}, "validity"),
        ({"validity": 0}, "validity"),
        ({"validity": True}, "validity"),
        ({"metadata": {str(n): "x" for n in range(11)}}, "metadata"),
        ({"metadata": {"n": 1}}, "metadata"),
        ({"metadata": []}, "metadata"),
        ({"reference": 7}, "reference"),
    ],
)
async def test_a_code_that_breaks_a_rule_is_refused_by_its_field(
    change: dict[str, Any], field: str
) -> None:
    async with a_caller() as caller:
        refused = await caller.refused("/api/eWallet/v4/qrcode", CODE | change)
        assert (refused, caller.sandbox.books.movements) == ((400, "4099", [field]), {})


async def test_what_is_no_object_is_refused() -> None:
    async with a_caller() as caller:
        assert await caller.refused("/api/eWallet/v4/qrcode", []) == (400, "4099", ["body"])


async def test_a_code_has_its_links_and_the_time_in_which_it_can_be_paid() -> None:
    async with a_caller() as caller:
        status, code = await caller.ask("POST", "/api/eWallet/v4/qrcode", CODE | {"validity": 60})
        page = f"{caller.sandbox.url}/mp/{code['qrId']}"
        async with caller.session.get(page) as shown:
            text = await shown.text()
    assert status == 200
    assert (code["deepLink"], code["shortLink"], code["validity"]) == (page, "", 60)
    assert code["deepLinks"] == {"OM": f"{page}?app=om", "MAXIT": f"{page}?app=maxit"}
    assert code["validFor"] == {
        "startDateTime": "2030-01-01T00:00:00Z",
        "endDateTime": "2030-01-01T00:01:00Z",
    }
    assert "1\u202f500\xa0FCFA" in text
    assert "Boutique" in text


async def test_a_search_finds_by_reference_and_status_and_nothing_by_type() -> None:
    async with a_caller() as caller:
        for reference in ("order-1", "order-1", "order-2"):
            await caller.ask("POST", "/api/eWallet/v4/qrcode", CODE | {"reference": reference})
        unpaid = await caller.ask("GET", f"{WALLET}/transactions")
        first, second, third = list(caller.sandbox.books.movements)
        for name, number in ((first, "770000001"), (second, "770000051"), (third, "770000001")):
            caller.sandbox.confirm(name, number)
        found = {}
        for query in (
            *("reference=order-1", "reference=order-1&status=SUCCESS", "reference=x"),
            *("status=FAILED", "size=1", "type=MERCHANT_PAYMENT"),
        ):
            _, body = await caller.ask("GET", f"{WALLET}/transactions?{query}")
            found[query] = [one["transactionId"] for one in body]
        wrong, _ = await caller.ask("GET", f"{WALLET}/transactions?size=all")
    assert unpaid == (200, [])
    assert found == {
        "reference=order-1": [first, second],
        "reference=order-1&status=SUCCESS": [first],
        "reference=x": [],
        "status=FAILED": [second],
        "size=1": [first],
        "type=MERCHANT_PAYMENT": [],
    }
    assert wrong == 400


async def test_a_transaction_is_known_once_somebody_began_it() -> None:
    async with a_caller() as caller:
        await caller.ask("POST", "/api/eWallet/v4/qrcode", CODE | {"metadata": {"cart": "7"}})
        (name,) = caller.sandbox.books.movements
        path = f"{WALLET}/transactions/{name}/status"
        before, _ = await caller.ask("GET", path)
        caller.sandbox.confirm(name, "+221770000001")
        after, told = await caller.ask("GET", path)
        nobody, _ = await caller.ask("GET", f"{WALLET}/transactions/MP1/status")
    assert (before, after, nobody) == (404, 200, 404)
    assert told == {
        "amount": {"value": 1500, "unit": "XOF"},
        "partner": {"idType": "CODE", "id": "123456"},
        "customer": {"idType": "MSISDN", "id": "770000001"},
        "reference": "order-1",
        "type": "MERCHANT_PAYMENT",
        "channel": "API",
        "transactionId": name,
        "paymentMethod": "QRCODE",
        "status": "SUCCESS",
        "metadata": {"cart": "7"},
    }


async def the_sealed(caller: Caller, pin: str) -> str:
    """Seal a PIN under the key that is handed out."""
    status, body = await caller.ask("GET", "/api/account/v1/publicKeys")
    return seal(parse_key(Answer(status, {}, orjson.dumps(body))), pin)


def a_cashin(sealed: str, **changes: Any) -> dict[str, Any]:
    """Write a cash-in, valid by default."""
    return {
        "partner": {"idType": "MSISDN", "id": "780000000", "encryptedPinCode": sealed},
        "customer": {"idType": "MSISDN", "id": "770000001"},
        "amount": {"value": 1500, "unit": "XOF"},
        "reference": "wage-1",
        "receiveNotification": True,
    } | changes


async def test_a_key_seals_a_pin_to_344_characters() -> None:
    async with a_caller() as caller:
        sealed = await the_sealed(caller, "2486")
        again = await the_sealed(caller, "2486")
        _, key = await caller.ask("GET", "/api/account/v1/publicKeys")
    assert (len(sealed), len(again), sealed == again) == (344, 344, False)
    assert (key["keyType"], key["keySize"], len(key["keyId"])) == ("RSA", 2048, 16)


@pytest.mark.parametrize("party", ["partner", "customer"])
@pytest.mark.parametrize(
    "number", ["221770000001", "+221770000001", "77000001", "", 770000001, None]
)
async def test_a_number_has_nine_digits_and_no_country(party: str, number: object) -> None:
    async with a_caller() as caller:
        sealed = await the_sealed(caller, "2486")
        wrong = {"idType": "MSISDN", "id": number, "encryptedPinCode": sealed}
        refused = await caller.refused(f"{WALLET}/cashins", a_cashin(sealed, **{party: wrong}))
    assert refused == (400, "2001", [f"{party}.id"])


async def test_a_pin_opens_only_for_its_retailer_and_under_the_present_key() -> None:
    async with a_caller() as caller:
        sealed = await the_sealed(caller, "2486")
        other = {"idType": "MSISDN", "id": "780000009", "encryptedPinCode": sealed}
        bodies = {
            "wrong pin": a_cashin(await the_sealed(caller, "1111")),
            "wrong retailer": a_cashin("", partner=other),
            "clear pin": a_cashin("2486"),
            "no pin": a_cashin(""),
        }
        codes = {
            name: (await caller.refused(f"{WALLET}/cashins", body))[1]
            for name, body in bodies.items()
        }
        caller.sandbox.rotate_key()
        codes["old key"] = (await caller.refused(f"{WALLET}/cashins", a_cashin(sealed)))[1]
        assert caller.sandbox.books.movements == {}
        status, paid = await caller.ask(
            "POST", f"{WALLET}/cashins", a_cashin(await the_sealed(caller, "2486"))
        )
    assert codes == {
        "wrong pin": "2010",
        "wrong retailer": "2010",
        "clear pin": "4003",
        "no pin": "4003",
        "old key": "4003",
    }
    assert (status, paid["status"], paid["reference"]) == (201, "SUCCESS", "wage-1")


async def test_several_cashins_break_no_rule_or_none_of_them_is_made() -> None:
    async with a_caller() as caller:
        sealed = await the_sealed(caller, "2486")
        right, path = a_cashin(sealed), f"{WALLET}/bulkcashins"
        wrong = [
            {},
            [],
            [right, 7],
            [right] * 51,
            [right, a_cashin("2486")],
            [right, a_cashin(await the_sealed(caller, "1111"))],
            [right, a_cashin(sealed, amount={"value": 0, "unit": "XOF"})],
            [right, a_cashin(sealed, reference=7)],
            [right, a_cashin(sealed, metadata=7)],
        ]
        codes = [(await caller.refused(path, body))[1] for body in wrong]
        assert caller.sandbox.books.movements == {}
        status, taken = await caller.ask("POST", path, [right, a_cashin(sealed, reference="b")])
        moved = list(caller.sandbox.books.movements.values())
    assert codes == ["4099", "4099", "4099", "4099", "4003", "2010", "4099", "4099", "4099"]
    assert (status, list(taken)) == (201, ["bulkId"])
    assert [(one.reference, one.ending, one.callback_url) for one in moved] == [
        ("wage-1", "succeeded", None),
        ("b", "succeeded", None),
    ]


@pytest.mark.parametrize(
    ("judging", "status", "endings"),
    [("each", 201, ["succeeded", "failed"]), ("all_or_nothing", 400, [])],
)
async def test_of_several_cashins_one_may_fail_alone_or_stop_all(
    judging: str, status: int, endings: list[str]
) -> None:
    async with a_caller(bulk_judging=judging) as caller:
        sealed = await the_sealed(caller, "2486")
        nobody = a_cashin(sealed, customer={"idType": "MSISDN", "id": "770000053"})
        answered, _ = await caller.ask("POST", f"{WALLET}/bulkcashins", [a_cashin(sealed), nobody])
        moved = [one.ending for one in caller.sandbox.books.movements.values()]
    assert (answered, moved) == (status, endings)


async def test_its_books_survive_and_full_ones_take_no_more(tmp_path: Path) -> None:
    books = tmp_path / "books.jsonl"
    async with a_caller(books_path=books, movements_max=1) as caller:
        _, code = await caller.ask("POST", "/api/eWallet/v4/qrcode", CODE)
        full, said = await caller.ask("POST", "/api/eWallet/v4/qrcode", CODE)
    async with a_caller(books_path=books) as caller:
        async with caller.session.get(f"{caller.sandbox.url}/mp/{code['qrId']}") as page:
            status = page.status
        caller.timer.advance(900)
        (movement,) = caller.sandbox.books.movements.values()
    assert (full, said["code"], status, movement.ending) == (503, "51", 200, "expired")


def test_noise_is_no_pin() -> None:
    key, other = make_key(), make_key()
    assert opened(key, seal(key.public_key(), "2486")) == "2486"
    assert opened(other, seal(key.public_key(), "2486")) is None
    assert opened(key, seal(key.public_key(), "pin!")) is None
    assert opened(key, "not base64!") is None


async def a_code(caller: Caller, number: str = "770000001", pin: str = "1379") -> tuple[int, Any]:
    """Ask for a one-time code as a customer does, by the PIN."""
    sealed = await the_sealed(caller, pin)
    asked = {"idType": "MSISDN", "id": number, "encryptedPinCode": sealed}
    return await caller.ask("POST", f"{WALLET}/payments/otp", asked)


def a_one_step(code: object, **changes: Any) -> dict[str, Any]:
    """Write a payment by a one-time code, valid by default."""
    return {
        "customer": {"idType": "MSISDN", "id": "770000001", "otp": code},
        "partner": {"idType": "CODE", "id": "123456"},
        "amount": {"value": 1500, "unit": "XOF"},
        "reference": "order-1",
        "metadata": {"cart": "7"},
    } | changes


async def test_a_payment_by_code_is_answered_with_its_end_and_listed() -> None:
    async with a_caller(fixed_code=None) as caller:
        status, given = await a_code(caller)
        paid, said = await caller.ask(
            "POST", f"{WALLET}/payments/onestep", a_one_step(given["otp"])
        )
        _, found = await caller.ask("GET", f"{WALLET}/transactions?reference=order-1")
        _, one = await caller.ask("GET", f"{WALLET}/transactions/{said['transactionId']}/status")
        (movement,) = caller.sandbox.books.movements.values()
    assert (status, paid, len(given["otp"])) == (200, 200, 6)
    assert said == {
        "transactionId": movement.id,
        "status": "SUCCESS",
        "reference": "order-1",
        "description": "",
    }
    told = {
        "amount": {"value": 1500, "unit": "XOF"},
        "partner": {"idType": "CODE", "id": "123456"},
        "customer": {"idType": "MSISDN", "id": "770000001"},
        "reference": "order-1",
        "type": "MERCHANT_PAYMENT",
        "channel": "API",
        "transactionId": movement.id,
        "status": "SUCCESS",
        "metadata": {"cart": "7"},
    }
    assert (found, one) == ([told], told)
    assert given["otp"] not in repr(movement)


async def test_a_code_is_good_once_for_its_number_and_for_a_while() -> None:
    async with a_caller(fixed_code=None, one_time_code_seconds=100) as caller:

        async def pay(code: str, number: str = "770000001") -> str:
            customer = {"idType": "MSISDN", "id": number, "otp": code}
            asked = a_one_step(code, customer=customer)
            status, said = await caller.ask("POST", f"{WALLET}/payments/onestep", asked)
            return str(said["status"] if status == 200 else said["code"])

        codes = [(await a_code(caller))[1]["otp"] for _ in range(4)]
        outcomes = {"replaced": await pay(codes[0]), "last": await pay(codes[3])}
        outcomes["again"] = await pay(codes[3])
        fresh = (await a_code(caller))[1]["otp"]
        outcomes["of another"] = await pay(fresh, "770000002")
        caller.timer.advance(99)
        outcomes["not too old"] = await pay(fresh)
        old = (await a_code(caller))[1]["otp"]
        caller.timer.advance(100)
        outcomes["too old"] = await pay(old)
        outcomes["fixed, where there is none"] = await pay("123456")
    assert outcomes == {
        "replaced": "2011",
        "last": "SUCCESS",
        "again": "2011",
        "of another": "2011",
        "not too old": "SUCCESS",
        "too old": "2011",
        "fixed, where there is none": "2011",
    }
    assert len(set(codes)) == 4


async def test_the_fixed_code_is_always_good() -> None:
    async with a_caller() as caller:
        for number in range(2):
            asked = a_one_step("123456", reference=f"order-{number}")
            status, said = await caller.ask("POST", f"{WALLET}/payments/onestep", asked)
            assert (status, said["status"]) == (200, "SUCCESS")


async def test_codes_are_bounded_in_number_and_the_oldest_go_first() -> None:
    timer = ManualTimer()
    codes = OneTimeCodes(clock=timer.clock, seconds=60)
    given = {f"{number:09}": codes.issue(f"{number:09}") for number in range(CODES_MAX + 1)}
    first, *others = given.items()
    assert not codes.use(*first)
    assert all(codes.use(*one) for one in others)
    assert not any(codes.use(*one) for one in others)


@pytest.mark.parametrize(("pin", "code"), [("1111", "2010"), ("2486", "2010")])
async def test_only_a_customers_own_pin_brings_a_code(pin: str, code: str) -> None:
    async with a_caller() as caller:
        status, said = await a_code(caller, pin=pin)
        clear = {"idType": "MSISDN", "id": "770000001", "encryptedPinCode": "1379"}
        refused = await caller.refused(f"{WALLET}/payments/otp", clear)
    assert (status, said["code"]) == (400, code)
    assert refused == (400, "4003", [])


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        (
            {"customer": {"idType": "MSISDN", "id": "221770000001", "otp": "1"}},
            "2001",
            "customer.id",
        ),
        ({"customer": {"idType": "MSISDN", "id": "770000001"}}, "4099", "customer.otp"),
        (
            {"customer": {"idType": "MSISDN", "id": "770000001", "otp": 123456}},
            "4099",
            "customer.otp",
        ),
        ({"customer": "770000001"}, "4099", "customer"),
        ({"partner": {"idType": "MSISDN", "id": "123456"}}, "4099", "partner"),
        ({"partner": {"idType": "CODE", "id": "654321"}}, "4099", "partner"),
        ({"amount": {"value": 0, "unit": "XOF"}}, "4099", "amount.value"),
        ({"metadata": {"n": 1}}, "4099", "metadata"),
        ({"reference": 7}, "4099", "reference"),
    ],
)
async def test_a_payment_by_code_that_breaks_a_rule_is_refused_by_its_field(
    change: dict[str, Any], code: str, field: str
) -> None:
    async with a_caller() as caller:
        asked = a_one_step("123456", **change)
        refused = await caller.refused(f"{WALLET}/payments/onestep", asked)
        assert (refused, caller.sandbox.books.movements) == ((400, code, [field]), {})


async def test_a_payment_by_code_under_way_survives_a_restart(tmp_path: Path) -> None:
    books = tmp_path / "books.jsonl"
    async with a_caller(books_path=books, one_step_seconds=30) as caller:
        _, said = await caller.ask("POST", f"{WALLET}/payments/onestep", a_one_step("123456"))
    async with a_caller(books_path=books, one_step_seconds=30) as caller:
        caller.timer.advance(30)
        (movement,) = caller.sandbox.books.movements.values()
    assert (said["status"], movement.ending) == ("PENDING", "succeeded")
