"""What Sonatel's recorded answers mean: replayed from files, one row each, compared whole."""

import base64
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest
from aioresponses import CallbackResult
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from adapters.answer import Answer, AnswerUnreadableError, TransportError
from adapters.base import (
    Accepted,
    Declined,
    Final,
    Inquiry,
    NotSent,
    Pending,
    Submission,
    Unknown,
    Verdict,
    WebhookCall,
    WebhookUnreadableError,
)
from adapters.pages import is_page
from adapters.powers import Balance, Transfer
from adapters.providers._orange_sonatel_answers import (
    UNREAD,
    parse_code,
    parse_moved,
    parse_payment,
    parse_sent,
    parse_state,
)
from adapters.providers._orange_sonatel_codes import (
    OF_THE_PAYEE,
    OF_THE_PAYER,
    OUTGOING_REFUSALS,
    REFUSALS,
)
from adapters.providers._orange_sonatel_onestep import ONE_STEP
from adapters.providers._orange_sonatel_pin import parse_key
from adapters.providers._orange_sonatel_requests import build_code
from adapters.providers.orange_sonatel import OrangeSonatelAdapter, Settings
from adapters.sandbox.orange_sonatel_bodies import first_key, key_body, opened
from adapters.sandbox.orange_sonatel_rules import TITLES
from ledger.commands import RecordEvidence, RequestInquiry
from ledger.evidence import Evidence, Source, Word
from ledger.money import Money
from tests.contracts.rail import PAYOUT_ID
from tests.replay import NOW, PAYMENT_ID, a_charge, fixture, opening, recorded, replaying

BASE = "http://127.0.0.1:1"
WALLET = f"{BASE}/api/eWallet/v1"
SETTINGS = Settings.model_validate(
    {
        "base_url": BASE,
        "client_id": "synthetic-client",
        "client_secret": "synthetic-secret",
        "merchant_code": "123456",
        "retailer_msisdn": "780000000",
        "retailer_pin": "2486",
        "webhook_secret": "synthetic-webhook-secret",
        "unpaid_expires_after_seconds": 600.0,
    }
)
REFERENCE, PAYOUT = f"{PAYMENT_ID}-1", f"{PAYOUT_ID}-1"
CHARGE = a_charge(money=Money(1500, "XOF"), phone="+221770000001", country="SN")
TRANSFER = Transfer(
    payment_id=PAYOUT_ID,
    money=Money(1500, "XOF"),
    phone="+221770000001",
    country="SN",
    description="Wages of May",
    callback_url=None,
)
KEY = orjson.dumps(key_body(first_key()))
ACCEPTED = Accepted(
    handle={
        "qr_id": "synthetic-code",
        "redirect_url": "https://app.sonatel.example/mp/synthetic-code",
        "valid_until": "2026-03-01T12:20:00+00:00",
    }
)
OPEN = {"valid_until": "2026-03-01T12:15:00+00:00"}
JUST_OVER = {"valid_until": "2026-03-01T11:58:59+00:00"}
LONG_OVER = {"valid_until": "2026-03-01T11:50:00+00:00"}
MP, CI = "MP260301.1200.C00001", "CI260301.1200.C00001"


@pytest.fixture
async def adapter() -> AsyncIterator[OrangeSonatelAdapter]:
    made = OrangeSonatelAdapter(SETTINGS, opening())
    yield made
    await made.close()


def read(name: str, status: int) -> Answer:
    """Make an answer of a recorded body."""
    return recorded("orange_sonatel", name, status)


def declined(code: str, reason: str, *, is_technical: bool = True) -> Declined:
    """Write a refusal in one line."""
    return Declined(code=code, reason=reason, is_technical=is_technical)


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (200, "code.json", ACCEPTED),
        (201, "code.json", ACCEPTED),
        (200, "code_without_zone.json", ACCEPTED),
        (
            200,
            "code_of_app_links.json",
            Accepted(
                handle={
                    "qr_id": "7",
                    "redirect_url": "https://s.sonatel.example/c",
                    "valid_until": "2026-03-01T12:15:00+00:00",
                }
            ),
        ),
        (200, "code_without_links.json", NotSent("status 200: without a page")),
        (200, "request_rejected.txt", NotSent("status 200: no JSON without a page")),
        (200, "truncated.txt", NotSent("status 200: no JSON without a page")),
        (201, "empty", NotSent("status 201: empty without a page")),
        (202, "code.json", NotSent("status 202:")),
        (
            400,
            "bad_request.json",
            declined("4099", "status 400: 4099 Bad request amount is missing"),
        ),
        (
            400,
            "bad_request_with_number.json",
            declined("4099", "status 400: 4099 Bad request amount is missing"),
        ),
        (400, "unlisted.json", declined("7777", "status 400: 7777 Something new")),
        (403, "not_allowed.json", declined("2042", "status 403: 2042 Not allowed")),
        (400, "internal_with_400.json", NotSent("status 400: 50 Internal error")),
        (400, "request_rejected.txt", NotSent("status 400: no JSON")),
        (400, "found_none.json", NotSent("status 400: no JSON")),
        (401, "credentials.json", NotSent("status 401: 10 Invalid credentials")),
        (403, "empty", NotSent("status 403: empty")),
        (404, "bad_request.json", NotSent("status 404: 4099 Bad request amount is missing")),
        (429, "empty", NotSent("status 429: empty")),
        (500, "internal.json", NotSent("status 500: 50 Internal error")),
        (500, "bad_request.json", NotSent("status 500: 4099 Bad request amount is missing")),
        (503, "unavailable.json", NotSent("status 503: 51 Service unavailable")),
    ],
)
async def test_what_an_answer_to_a_new_code_means(
    adapter: OrangeSonatelAdapter, status: int, name: str, meaning: Submission
) -> None:
    token, body = fixture("orange_sonatel", "token.json"), fixture("orange_sonatel", name)
    with replaying() as replayed:
        replayed.post(f"{BASE}/oauth/v1/token", body=token, repeat=True)
        replayed.post(f"{BASE}/api/eWallet/v4/qrcode", status=status, body=body, repeat=True)
        assert await adapter.submit(CHARGE, REFERENCE) == meaning


def paid(amount: str | None = "1500", transaction_id: str | None = MP) -> Final:
    """Write what a success says."""
    currency = None if amount is None else "XOF"
    return Final(
        word=Word.SUCCEEDED,
        amount=amount,
        currency=currency,
        provider_transaction_id=transaction_id,
    )


def failed(status: str) -> Final:
    """Write what a failure says."""
    return Final(
        word=Word.FAILED,
        amount="1500",
        currency="XOF",
        provider_transaction_id=MP,
        code=status,
        reason=status,
    )


EXPIRED = Final(
    word=Word.EXPIRED,
    code="CODE_EXPIRED",
    reason="the code is over, and no transaction stands under its reference",
)
WAITING = Pending("no transaction yet")


@pytest.mark.parametrize(
    ("name", "handle", "meaning"),
    [
        ("found_success.json", OPEN, paid()),
        ("found_success.json", None, paid()),
        ("found_by_metadata.json", OPEN, paid()),
        ("found_bare.json", OPEN, paid(None, None)),
        ("found_failed_and_success.json", LONG_OVER, paid("1500", "MP260301.1200.C00002")),
        ("found_success_twice.json", OPEN, paid("3000")),
        ("found_success_twice_with_odd_amounts.json", OPEN, paid("2 payments")),
        ("found_failed.json", OPEN, Pending("FAILED; the code can still be paid")),
        ("found_failed.json", {}, Pending("FAILED; the code can still be paid")),
        ("found_failed.json", JUST_OVER, failed("FAILED")),
        ("found_rejected.json", LONG_OVER, failed("REJECTED")),
        ("found_cancelled.json", LONG_OVER, failed("CANCELLED")),
        ("found_failed.json", None, NotSent(UNREAD)),
        ("found_failed_and_pending.json", LONG_OVER, Pending("FAILED, PENDING")),
        ("found_initiated.json", LONG_OVER, Pending("INITIATED")),
        ("found_initiated.json", None, Pending("INITIATED")),
        ("found_pending.json", LONG_OVER, Pending("PENDING")),
        ("found_accepted.json", LONG_OVER, Pending("ACCEPTED")),
        ("found_pre_initiated.json", LONG_OVER, Pending("PRE_INITIATED")),
        ("found_tomorrow.json", LONG_OVER, Pending("TOMORROW")),
        ("found_without_status.json", LONG_OVER, Pending("no status")),
        ("found_none.json", OPEN, WAITING),
        ("found_none.json", JUST_OVER, WAITING),
        ("found_none.json", {}, WAITING),
        ("found_none.json", {"valid_until": "some day"}, WAITING),
        ("found_none.json", LONG_OVER, EXPIRED),
        ("found_none.json", None, NotSent(UNREAD)),
        ("found_of_others.json", OPEN, WAITING),
        ("found_of_others.json", None, NotSent(UNREAD)),
    ],
)
async def test_what_a_search_for_a_payment_means(
    adapter: OrangeSonatelAdapter, name: str, handle: dict[str, str] | None, meaning: Inquiry
) -> None:
    token, body = fixture("orange_sonatel", "token.json"), fixture("orange_sonatel", name)
    with replaying() as replayed:
        replayed.post(f"{BASE}/oauth/v1/token", body=token, repeat=True)
        replayed.get(f"{WALLET}/transactions?reference={REFERENCE}", body=body)
        assert await adapter.inquire(REFERENCE, handle) == meaning


@pytest.mark.parametrize(
    ("status", "name", "reason"),
    [
        (200, "request_rejected.txt", "status 200 with 102 bytes that are not JSON"),
        (200, "truncated.txt", "status 200 with 55 bytes that are not JSON"),
        (200, "empty", "status 200 with 0 bytes that are not JSON"),
        (200, "found_in_an_object.json", "status 200 without a list of transactions"),
        (200, "found_numbers.json", "status 200 without a list of transactions"),
        (401, "credentials.json", "status 401: 10 Invalid credentials"),
        (404, "found_none.json", "status 404: no JSON"),
        (415, "empty", "status 415: empty"),
        (500, "internal.json", "status 500: 50 Internal error"),
        (503, "found_success.json", "status 503: no JSON"),
    ],
)
async def test_a_search_without_an_answer_says_nothing_about_any_money(
    adapter: OrangeSonatelAdapter, status: int, name: str, reason: str
) -> None:
    token, body = fixture("orange_sonatel", "token.json"), fixture("orange_sonatel", name)
    with replaying() as replayed:
        replayed.post(f"{BASE}/oauth/v1/token", body=token, repeat=True)
        for reference in (REFERENCE, PAYOUT):
            url = f"{WALLET}/transactions?reference={reference}"
            replayed.get(url, status=status, body=body, repeat=True)
        asked = [
            await adapter.inquire(REFERENCE, LONG_OVER),
            await adapter.inquire(REFERENCE, None),
            await adapter.inquire_payout(PAYOUT, None),
        ]
    assert asked == [Unknown(reason)] * 3


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (200, "cashin_success.json", paid(None, CI)),
        (201, "cashin_success.json", paid(None, CI)),
        (202, "cashin_pending.json", Accepted(handle={"transaction_id": CI})),
        (200, "cashin_tomorrow.json", Accepted(handle={"transaction_id": CI})),
        (200, "cashin_pending_nameless.json", Accepted()),
        (
            200,
            "cashin_failed.json",
            Final(word=Word.FAILED, provider_transaction_id=CI, code="FAILED", reason="FAILED"),
        ),
        (200, "cashin_without_status.json", Unknown("status 200: without a status")),
        (200, "request_rejected.txt", Unknown("status 200: no JSON without a status")),
        (200, "truncated.txt", Unknown("status 200: no JSON without a status")),
        (201, "empty", Unknown("status 201: empty without a status")),
        (204, "empty", Unknown("status 204: empty")),
        (
            400,
            "customer_missing.json",
            declined(
                "2000",
                "status 400: 2000 Customer account not found No account for ***",
                is_technical=False,
            ),
        ),
        (
            400,
            "bad_msisdn.json",
            declined("2001", "status 400: 2001 Invalid msisdn", is_technical=False),
        ),
        (
            400,
            "wrong_pin.json",
            declined("2011", "status 400: 2011 Invalid pin code two tries left"),
        ),
        (400, "funds.json", declined("2020", "status 400: 2020 Insufficient balance")),
        (
            422,
            "ceiling.json",
            declined("2025", "status 422: 2025 Ceiling exceeded", is_technical=False),
        ),
        (
            403,
            "not_allowed.json",
            declined("2042", "status 403: 2042 Not allowed", is_technical=False),
        ),
        (400, "unlisted.json", Unknown("status 400: 7777 Something new")),
        (403, "unlisted.json", Unknown("status 403: 7777 Something new")),
        (400, "internal_with_400.json", Unknown("status 400: 50 Internal error")),
        (403, "internal.json", Unknown("status 403: 50 Internal error")),
        (400, "request_rejected.txt", Unknown("status 400: no JSON")),
        (401, "credentials.json", NotSent("status 401: 10 Invalid credentials")),
        (403, "request_rejected.txt", NotSent("status 403: no JSON")),
        (429, "empty", NotSent("status 429: empty")),
        (404, "bad_request.json", Unknown("status 404: 4099 Bad request amount is missing")),
        (409, "bad_request.json", Unknown("status 409: 4099 Bad request amount is missing")),
        (500, "funds.json", Unknown("status 500: 2020 Insufficient balance")),
        (500, "internal.json", Unknown("status 500: 50 Internal error")),
        (503, "unavailable.json", Unknown("status 503: 51 Service unavailable")),
    ],
)
async def test_what_an_answer_to_a_cashin_means(
    adapter: OrangeSonatelAdapter, status: int, name: str, meaning: Submission
) -> None:
    token, body = fixture("orange_sonatel", "token.json"), fixture("orange_sonatel", name)
    with replaying() as replayed:
        replayed.post(f"{BASE}/oauth/v1/token", body=token, repeat=True)
        replayed.get(f"{BASE}/api/account/v1/publicKeys", body=KEY)
        replayed.post(f"{WALLET}/cashins", status=status, body=body, repeat=True)
        assert await adapter.pay_out(TRANSFER, PAYOUT) == meaning


BY_CODE = replace(CHARGE, one_time_code="902817", handle=ONE_STEP)
TAKEN = Accepted(handle={"way": "one_step", "transaction_id": MP})


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (200, "onestep_success.json", paid(None, MP)),
        (201, "onestep_success.json", paid(None, MP)),
        (200, "callback_success.json", paid("1500", MP)),
        (200, "onestep_pending.json", TAKEN),
        (202, "onestep_pending.json", TAKEN),
        (200, "cashin_pending_nameless.json", Accepted(handle=ONE_STEP)),
        (
            200,
            "onestep_failed.json",
            Final(
                word=Word.FAILED,
                provider_transaction_id=MP,
                code="FAILED",
                reason="The code *** is not known",
            ),
        ),
        (200, "cashin_without_status.json", Unknown("status 200: without a status")),
        (200, "request_rejected.txt", Unknown("status 200: no JSON without a status")),
        (200, "truncated.txt", Unknown("status 200: no JSON without a status")),
        (201, "empty", Unknown("status 201: empty without a status")),
        (204, "empty", Unknown("status 204: empty")),
        (
            400,
            "wrong_pin.json",
            declined(
                "2011", "status 400: 2011 Invalid pin code two tries left", is_technical=False
            ),
        ),
        (
            400,
            "onestep_wrong_code.json",
            declined("2011", "status 400: 2011 Invalid code ***", is_technical=False),
        ),
        (
            400,
            "customer_missing.json",
            declined(
                "2000",
                "status 400: 2000 Customer account not found No account for ***",
                is_technical=False,
            ),
        ),
        (
            400,
            "funds.json",
            declined("2020", "status 400: 2020 Insufficient balance", is_technical=False),
        ),
        (
            422,
            "ceiling.json",
            declined("2025", "status 422: 2025 Ceiling exceeded", is_technical=False),
        ),
        (
            403,
            "not_allowed.json",
            declined("2042", "status 403: 2042 Not allowed", is_technical=False),
        ),
        (
            400,
            "bad_request.json",
            declined("4099", "status 400: 4099 Bad request amount is missing"),
        ),
        (400, "unlisted.json", Unknown("status 400: 7777 Something new")),
        (400, "internal_with_400.json", Unknown("status 400: 50 Internal error")),
        (400, "request_rejected.txt", Unknown("status 400: no JSON")),
        (401, "credentials.json", NotSent("status 401: 10 Invalid credentials")),
        (403, "empty", NotSent("status 403: empty")),
        (429, "empty", NotSent("status 429: empty")),
        (404, "bad_request.json", Unknown("status 404: 4099 Bad request amount is missing")),
        (409, "bad_request.json", Unknown("status 409: 4099 Bad request amount is missing")),
        (500, "funds.json", Unknown("status 500: 2020 Insufficient balance")),
        (503, "unavailable.json", Unknown("status 503: 51 Service unavailable")),
    ],
)
async def test_what_an_answer_to_a_payment_by_code_means(
    adapter: OrangeSonatelAdapter, status: int, name: str, meaning: Submission
) -> None:
    token, body = fixture("orange_sonatel", "token.json"), fixture("orange_sonatel", name)
    with replaying() as replayed:
        replayed.post(f"{BASE}/oauth/v1/token", body=token, repeat=True)
        replayed.post(f"{WALLET}/payments/onestep", status=status, body=body, repeat=True)
        assert await adapter.submit(BY_CODE, REFERENCE) == meaning
        posted = [one for one in replayed.requests if one[1].path.endswith("onestep")]
        # A token that was refused is replaced once; nothing else makes it repeat anything.
        assert [len(replayed.requests[one]) for one in posted] == [2 if status == 401 else 1]


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("found_success.json", paid()),
        ("found_by_metadata.json", paid()),
        ("found_failed.json", failed("FAILED")),
        ("found_rejected.json", failed("REJECTED")),
        ("found_pending.json", Pending("PENDING")),
        ("found_tomorrow.json", Pending("TOMORROW")),
        ("found_failed_and_pending.json", Pending("FAILED, PENDING")),
        ("found_success_twice.json", paid("3000")),
        (
            "found_none.json",
            Unknown("no transaction is found under this reference, which proves nothing"),
        ),
        (
            "found_of_others.json",
            Unknown("no transaction is found under this reference, which proves nothing"),
        ),
    ],
)
async def test_what_a_search_for_a_payment_by_code_means(
    adapter: OrangeSonatelAdapter, name: str, meaning: Inquiry
) -> None:
    token, body = fixture("orange_sonatel", "token.json"), fixture("orange_sonatel", name)
    with replaying() as replayed:
        replayed.post(f"{BASE}/oauth/v1/token", body=token, repeat=True)
        replayed.get(f"{WALLET}/transactions?reference={REFERENCE}", body=body)
        assert await adapter.inquire(REFERENCE, ONE_STEP) == meaning


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (200, "onestep_success.json", paid(None, MP)),
        (200, "callback_success.json", paid("1500", MP)),
        (
            200,
            "onestep_failed.json",
            Final(
                word=Word.FAILED,
                provider_transaction_id=MP,
                code="FAILED",
                reason="The code *** is not known",
            ),
        ),
        (200, "onestep_pending.json", Pending("PENDING")),
        (200, "found_none.json", Unknown("status 200 with JSON that is no object")),
        (404, "onestep_wrong_code.json", Unknown("status 404: *** Invalid code ***")),
    ],
)
async def test_what_a_payment_by_code_has_become_is_asked_by_its_transaction(
    adapter: OrangeSonatelAdapter, status: int, name: str, meaning: Inquiry
) -> None:
    token, body = fixture("orange_sonatel", "token.json"), fixture("orange_sonatel", name)
    with replaying() as replayed:
        replayed.post(f"{BASE}/oauth/v1/token", body=token, repeat=True)
        replayed.get(f"{WALLET}/transactions/{MP}/status", status=status, body=body)
        assert await adapter.inquire(REFERENCE, TAKEN.handle) == meaning


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (200, "cashin_success.json", paid(None, CI)),
        (200, "callback_cashin.json", paid("1500", CI)),
        (200, "cashin_pending.json", Pending("PENDING")),
        (200, "cashin_tomorrow.json", Pending("TOMORROW")),
        (200, "cashin_without_status.json", Unknown("status 200: without a status")),
        (200, "found_none.json", Unknown("status 200 with JSON that is no object")),
        (200, "request_rejected.txt", Unknown("status 200 with 102 bytes that are not JSON")),
        (404, "bad_request.json", Unknown("status 404: 4099 Bad request amount is missing")),
        (503, "unavailable.json", Unknown("status 503: 51 Service unavailable")),
    ],
)
async def test_what_the_status_of_a_cashin_means(
    adapter: OrangeSonatelAdapter, status: int, name: str, meaning: Inquiry
) -> None:
    token, body = fixture("orange_sonatel", "token.json"), fixture("orange_sonatel", name)
    with replaying() as replayed:
        replayed.post(f"{BASE}/oauth/v1/token", body=token, repeat=True)
        replayed.get(f"{WALLET}/transactions/{CI}/status", status=status, body=body, repeat=True)
        assert await adapter.inquire_payout(PAYOUT, {"transaction_id": CI}) == meaning


@pytest.mark.parametrize("name", ["../cashins", "a b", "", "x/y", "é", "x" * 65])
async def test_a_handle_that_names_no_transaction_is_never_made_a_path(
    adapter: OrangeSonatelAdapter, name: str
) -> None:
    with replaying() as replayed:
        replayed.post(f"{BASE}/oauth/v1/token", body=fixture("orange_sonatel", "token.json"))
        replayed.get(f"{WALLET}/transactions?reference={PAYOUT}", body=b"[]")
        asked = await adapter.inquire_payout(PAYOUT, {"transaction_id": name})
    assert isinstance(asked, Unknown)


async def test_a_key_that_stays_revoked_is_tried_once_more_and_no_more(
    adapter: OrangeSonatelAdapter,
) -> None:
    token, body = "token.json", fixture("orange_sonatel", "key_revoked.json")
    pins: list[str | None] = []

    def refuse(_url: Any, **options: Any) -> CallbackResult:
        partner = orjson.loads(options["data"])["partner"]
        pins.append(opened(first_key(), partner["encryptedPinCode"]))
        return CallbackResult(status=400, body=body)

    with replaying() as replayed:
        replayed.post(f"{BASE}/oauth/v1/token", body=fixture("orange_sonatel", token))
        replayed.get(f"{BASE}/api/account/v1/publicKeys", body=KEY, repeat=True)
        replayed.post(f"{WALLET}/cashins", callback=refuse, repeat=True)
        outcome = await adapter.pay_out(TRANSFER, PAYOUT)
    assert outcome == declined("4003", "status 400: 4003 Public key revoked")
    assert pins == ["2486", "2486"]


async def test_a_revoked_key_in_an_answer_that_may_have_paid_repeats_nothing(
    adapter: OrangeSonatelAdapter,
) -> None:
    body = fixture("orange_sonatel", "key_revoked.json")
    with replaying() as replayed:
        replayed.post(f"{BASE}/oauth/v1/token", body=fixture("orange_sonatel", "token.json"))
        replayed.get(f"{BASE}/api/account/v1/publicKeys", body=KEY)
        replayed.post(f"{WALLET}/cashins", status=500, body=body)
        outcome = await adapter.pay_out(TRANSFER, PAYOUT)
    assert outcome == Unknown("status 500: 4003 Public key revoked")


def given_out(key: RSAPrivateKey | EllipticCurvePrivateKey) -> bytes:
    """Write a public key as an answer."""
    encoded = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return orjson.dumps({"key": base64.b64encode(encoded).decode()})


UNUSABLE_KEYS: dict[str, Callable[[], bytes]] = {
    "no object": lambda: b"[]",
    "nothing": lambda: b"",
    "no key": lambda: b"{}",
    "null": lambda: b'{"key":null}',
    "no key in it": lambda: b'{"key":"AAAA"}',
    "no base64": lambda: b'{"key":"no base64!"}',
    "too short": lambda: given_out(generate_private_key(65_537, 1024)),
    "not of RSA": lambda: given_out(ec.generate_private_key(ec.SECP256R1())),
}


@pytest.mark.parametrize("name", UNUSABLE_KEYS)
async def test_without_a_usable_key_no_pin_is_sent(
    adapter: OrangeSonatelAdapter, name: str
) -> None:
    body = UNUSABLE_KEYS[name]()
    with pytest.raises(AnswerUnreadableError):
        parse_key(Answer(200, {}, body))
    with replaying() as replayed:
        replayed.post(f"{BASE}/oauth/v1/token", body=fixture("orange_sonatel", "token.json"))
        replayed.get(f"{BASE}/api/account/v1/publicKeys", body=body, repeat=True)
        outcome = await adapter.pay_out(TRANSFER, PAYOUT)
        told = await adapter.balances()
    assert isinstance(outcome, NotSent)
    assert outcome.reason.startswith("no key for the PIN: ")
    assert isinstance(told, Unknown)


@pytest.mark.parametrize(
    ("name", "is_token"),
    [
        ("token.json", True),
        ("token_with_text.json", True),
        ("token_missing.json", False),
        ("request_rejected.txt", False),
        ("empty", False),
    ],
)
async def test_a_token_is_one_or_nothing_is_sent(
    adapter: OrangeSonatelAdapter, name: str, is_token: bool
) -> None:
    with replaying() as replayed:
        body = fixture("orange_sonatel", name)
        replayed.post(f"{BASE}/oauth/v1/token", body=body, repeat=True)
        code = fixture("orange_sonatel", "code.json")
        replayed.post(f"{BASE}/api/eWallet/v4/qrcode", body=code)
        outcome = await adapter.submit(CHARGE, REFERENCE)
    assert isinstance(outcome, Accepted if is_token else NotSent)


@pytest.mark.parametrize(
    ("status", "name", "told"),
    [
        (200, "balance.json", [Balance("125000", "XOF")]),
        (200, "balance_with_text.json", [Balance("-5", "XOF")]),
        (200, "balance_without_unit.json", Unknown("status 200:")),
        (200, "request_rejected.txt", Unknown("status 200: no JSON")),
        (400, "wrong_pin.json", Unknown("status 400: 2011 Invalid pin code two tries left")),
    ],
)
async def test_a_balance_is_told_whole_or_not_at_all(
    adapter: OrangeSonatelAdapter, status: int, name: str, told: object
) -> None:
    with replaying() as replayed:
        replayed.post(f"{BASE}/oauth/v1/token", body=fixture("orange_sonatel", "token.json"))
        replayed.get(f"{BASE}/api/account/v1/publicKeys", body=KEY)
        url = f"{WALLET}/account/retailer/balance"
        replayed.post(url, status=status, body=fixture("orange_sonatel", name))
        assert await adapter.balances() == told


async def test_what_a_cashin_says_and_how_a_search_is_asked(adapter: OrangeSonatelAdapter) -> None:
    sent: list[tuple[Any, Any]] = []

    def answer(_url: Any, **options: Any) -> CallbackResult:
        sent.append((options["headers"], options["data"]))
        return CallbackResult(status=200, body=b"[]")

    with replaying() as replayed:
        replayed.post(f"{BASE}/oauth/v1/token", body=fixture("orange_sonatel", "token.json"))
        replayed.get(f"{BASE}/api/account/v1/publicKeys", body=KEY)
        replayed.post(f"{WALLET}/cashins", callback=answer)
        replayed.get(f"{WALLET}/transactions?reference={PAYOUT}", callback=answer)
        await adapter.pay_out(TRANSFER, PAYOUT)
        await adapter.inquire_payout(PAYOUT, None)
    (headers, body), (asking, nothing) = sent
    cashin = orjson.loads(body)
    pin = cashin["partner"].pop("encryptedPinCode")
    assert cashin == {
        "partner": {"idType": "MSISDN", "id": "780000000"},
        "customer": {"idType": "MSISDN", "id": "770000001"},
        "amount": {"value": 1500, "unit": "XOF"},
        "reference": PAYOUT,
        "receiveNotification": True,
        "metadata": {"reference": PAYOUT},
    }
    assert (len(pin), opened(first_key(), pin)) == (344, "2486")
    expected = {"Content-Type": "application/json", "Authorization": "Bearer synthetic-token"}
    expected["User-Agent"] = "cauri"
    assert (dict(headers), dict(asking), nothing) == (expected, expected, None)


def test_a_code_leads_where_the_payment_says_and_else_home() -> None:
    home, shop = "http://localhost:8080/", "https://shop.example"
    nowhere = a_charge(money=Money(1500, "XOF"), callback_url=None)
    charges = [
        a_charge(money=Money(1500, "XOF")),
        a_charge(money=Money(1500, "XOF"), return_url=f"{shop}/paid"),
        a_charge(money=Money(1500, "XOF"), cancel_url=f"{shop}/no"),
        nowhere,
    ]
    bodies = [build_code(SETTINGS, one, REFERENCE) for one in charges]
    led = [(one.get("callbackSuccessUrl"), one.get("callbackCancelUrl")) for one in bodies]
    assert led == [
        (home, home),
        (f"{shop}/paid", f"{shop}/paid"),
        (home, f"{shop}/no"),
        (None, None),
    ]
    assert bodies[3] == {
        "code": "123456",
        "name": "Cauri",
        "amount": {"value": 1500, "unit": "XOF"},
        "reference": REFERENCE,
        "validity": 900,
        "metadata": {"reference": REFERENCE},
        "restrictions": {"isSingleUse": True},
    }


def ask(reason: str, payment_id: str = PAYMENT_ID) -> RequestInquiry:
    """Write a reason to ask in one line."""
    return RequestInquiry(payment_id=payment_id, reason=reason, inquire_at=NOW)


def evidence(**changes: Any) -> RecordEvidence:
    """Write the evidence of a callback in one line."""
    said = Evidence(
        source=Source.WEBHOOK,
        provider="orange_sonatel",
        reference=REFERENCE,
        word=Word.SUCCEEDED,
        **changes,
    )
    return RecordEvidence(payment_id=PAYMENT_ID, evidence=said)


@pytest.mark.parametrize(
    ("name", "verdict", "command"),
    [
        (
            "callback_success.json",
            "authenticated",
            evidence(amount="1500", currency="XOF", provider_transaction_id=MP),
        ),
        ("callback_by_reference.json", "authenticated", evidence()),
        (
            "callback_success.json",
            "unsigned",
            ask("an old or unproved callback about MERCHANT_PAYMENT says SUCCESS"),
        ),
        (
            "callback_failed.json",
            "authenticated",
            ask("a proved callback about MERCHANT_PAYMENT says FAILED"),
        ),
        (
            "callback_cashin.json",
            "authenticated",
            ask("a proved callback about CASHIN says SUCCESS", PAYOUT_ID),
        ),
        (
            "callback_wrong_types.json",
            "authenticated",
            ask("a proved callback about nothing says nothing"),
        ),
    ],
)
def test_a_callback_is_evidence_only_if_it_is_proved_and_a_payment_s_success(
    name: str, verdict: Verdict, command: RecordEvidence | RequestInquiry
) -> None:
    call = WebhookCall(method="POST", path=(), headers={}, body=fixture("orange_sonatel", name))
    assert OrangeSonatelAdapter(SETTINGS, opening()).translate(call, verdict, NOW) == [command]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("callback_nameless.json", ()),
        ("callback_nameless.json", ("portal",)),
        ("request_rejected.txt", (PAYMENT_ID, REFERENCE)),
        ("found_success.json", (PAYMENT_ID, REFERENCE)),
        ("empty", (PAYMENT_ID, REFERENCE)),
    ],
)
def test_a_callback_that_cannot_be_matched_is_unreadable(name: str, path: tuple[str, ...]) -> None:
    call = WebhookCall(method="POST", path=path, headers={}, body=fixture("orange_sonatel", name))
    with pytest.raises(WebhookUnreadableError):
        OrangeSonatelAdapter(SETTINGS, opening()).translate(call, "authenticated", NOW)


VALUES = st.one_of(
    st.none(),
    st.integers(-9, 9),
    st.lists(st.integers(-9, 9), max_size=1),
    st.sampled_from(["SUCCESS", "FAILED", "PENDING", REFERENCE, "2020", "50", ""]),
    st.sampled_from(["https://om.sonatel.example/c", "2026-03-01T11:00:00", "0001-01-01T00:00"]),
)
MEMBERS = st.sampled_from(
    [
        *("status", "code", "title", "amount", "reference", "metadata", "transactionId", "qrId"),
        *("deepLink", "deepLinks", "shortLink", "validFor", "endDateTime", "value", "OM"),
    ]
)
BODIES = st.recursive(
    VALUES,
    lambda inner: st.dictionaries(MEMBERS, inner) | st.lists(inner, max_size=3),
    max_leaves=8,
)
ANSWERS = st.builds(
    Answer,
    st.integers(200, 599),
    st.just({}),
    st.one_of(st.binary(max_size=40), BODIES.map(orjson.dumps)),
)


@given(ANSWERS)
def test_no_answer_makes_us_stumble_and_none_leaves_a_code_in_doubt(answer: Answer) -> None:
    outcome = parse_code(answer, NOW, 900)
    assert isinstance(outcome, (Accepted, Declined, NotSent))
    if isinstance(outcome, Accepted):
        assert is_page(outcome.handle["redirect_url"])
    cashin = parse_moved(answer, of_the_person=OF_THE_PAYEE)
    if answer.status >= 500:
        assert isinstance(cashin, Unknown)
    if isinstance(cashin, (Accepted, Final)):
        assert answer.status in {200, 201, 202}
    readers: list[Callable[[], Inquiry]] = [
        lambda: parse_payment(answer, REFERENCE, LONG_OVER, NOW, unpaid_seconds=600),
        lambda: parse_sent(answer, REFERENCE),
        lambda: parse_state(answer),
    ]
    for reader in readers:
        try:
            asked = reader()
        except TransportError:
            assert answer.status == 200
        else:
            assert isinstance(asked, (Pending, Final, Unknown))


def test_every_code_the_sandbox_says_is_known() -> None:
    assert set(TITLES) - set(REFUSALS) == set()
    assert OUTGOING_REFUSALS.keys() == REFUSALS.keys() > OF_THE_PAYER > OF_THE_PAYEE


def test_settings_and_adapters_show_no_secret() -> None:
    adapter = OrangeSonatelAdapter(SETTINGS, opening())
    shown = repr(SETTINGS) + repr(adapter) + str(SETTINGS.model_dump())
    for secret in ("synthetic-secret", "synthetic-webhook-secret", "2486"):
        assert secret not in shown
