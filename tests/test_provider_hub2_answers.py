"""What HUB2's recorded answers mean: replayed from files, one row each, compared whole."""

import hashlib
import hmac
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.answer import Answer, AnswerUnreadableError
from adapters.base import (
    Accepted,
    Declined,
    Final,
    Inquiry,
    NotFound,
    NotSent,
    Pending,
    Submission,
    Unknown,
    Verdict,
    WebhookCall,
    WebhookUnreadableError,
)
from adapters.powers import Balance, CodeRefused, Taken, Transfer
from adapters.providers._hub2_answers import (
    Opened,
    answered_at,
    is_signed,
    parse_attempt,
    parse_balances,
    parse_intent,
    parse_list,
    parse_one,
    parse_transfer,
)
from adapters.providers._hub2_records import Asked, read_intent, read_transfer
from adapters.providers._hub2_requests import build_attempt, build_intent, build_transfer, plain
from adapters.providers.hub2 import LISTED_FROM, Hub2Adapter, Settings
from ledger.commands import RecordEvidence, RequestInquiry
from ledger.evidence import Evidence, Source, Word
from ledger.money import Money
from tests.contracts.rail import PAYOUT_ID
from tests.replay import NOW, PAYMENT_ID, a_charge, fixture, opening, recorded, replaying

BASE = "http://127.0.0.1:1"
SECRET = "synthetic-webhook-secret"
SETTINGS = Settings.model_validate(
    {
        "base_url": BASE,
        "merchant_id": "synthetic-merchant",
        "api_key": "synthetic-api-key",
        "webhook_secret": SECRET,
        "calls_per_second_max": 1000,
        "list_seconds": 0,
    }
)
REFERENCE, PAYOUT = f"{PAYMENT_ID}-1", f"{PAYOUT_ID}-1"
INTENT, PAYMENT, TRANSFER = (
    "pi_synthetic0000000000001",
    "pay_synthetic000000000001",
    "tr_synthetic0000000000001",
)
CHARGE = a_charge(money=Money(1500, "XOF"), phone="+2250500000001", country="CI")
A_TRANSFER = Transfer(
    payment_id=PAYOUT_ID,
    money=Money(2000, "XOF"),
    phone="+2250500000001",
    country="CI",
    description="Salaire d'août n° 3",
    callback_url=None,
)
ENDED_AT = datetime(2026, 3, 1, 12, 0, 2, tzinfo=UTC)
PAID = Final(
    word=Word.SUCCEEDED,
    amount="1500",
    currency="XOF",
    provider_transaction_id=PAYMENT,
    occurred_at=ENDED_AT,
)
PAID_OUT = Final(
    word=Word.SUCCEEDED,
    amount="2000",
    currency="XOF",
    provider_transaction_id=TRANSFER,
    occurred_at=ENDED_AT,
)


def failed(code: str, reason: str = "Payment failed.", word: Word = Word.FAILED) -> Final:
    """Write the final word about a payment that failed in one line."""
    return Final(
        word=word,
        amount="1500",
        currency="XOF",
        provider_transaction_id=PAYMENT,
        code=code,
        reason=reason,
    )


NOT_PAID_OUT = Final(
    word=Word.FAILED,
    amount="2000",
    currency="XOF",
    provider_transaction_id=TRANSFER,
    code="invalid_destination",
    reason="Transfer failed. Destination is not valid.",
)


USED_BEFORE = "duplicate_reference The reference was used before. req_synthetic"


@pytest.fixture
async def adapter() -> AsyncIterator[Hub2Adapter]:
    made = Hub2Adapter(SETTINGS, opening())
    yield made
    await made.close()


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (
            201,
            "intent_without_token.json",
            NotSent("status 201: without an intent and its token"),
        ),
        (201, "intent_with_a_path.json", NotSent("status 201: without an intent and its token")),
        (201, "empty", NotSent("status 201: empty without an intent and its token")),
        (
            200,
            "request_rejected.txt",
            NotSent("status 200: no JSON object without an intent and its token"),
        ),
        (
            400,
            "error_bad_request.json",
            Declined(
                code="Bad Request",
                reason="status 400: Bad Request purchaseReference must match a pattern "
                "req_synthetic",
                is_technical=True,
            ),
        ),
        (
            400,
            "error_invalid_currency.json",
            Declined(
                code="invalid-currency",
                reason="status 400: invalid-currency Invalid currency (EUR). req_synthetic",
                is_technical=True,
            ),
        ),
        (400, "error_duplicate.json", Unknown(f"status 400: {USED_BEFORE}")),
        (400, "error_older.json", NotSent("status 400:")),
        (400, "request_rejected.txt", NotSent("status 400: no JSON object")),
        (
            401,
            "error_unauthorized.json",
            NotSent("status 401: Unauthorized No valid API key provided. req_synthetic"),
        ),
        (
            402,
            "error_request_failed.json",
            Declined(
                code="Request Failed",
                reason="status 402: Request Failed The request failed. req_synthetic",
                is_technical=True,
            ),
        ),
        (
            409,
            "error_conflict.json",
            Unknown("status 409: Conflict An action is in progress. req_synthetic"),
        ),
        (
            429,
            "error_too_many.json",
            NotSent("status 429: Too Many Requests Too many requests. req_synthetic"),
        ),
        (
            500,
            "error_server.json",
            NotSent("status 500: Internal Server Error Something went wrong. req_synthetic"),
        ),
    ],
)
async def test_what_an_answer_to_the_opening_of_an_intent_means(
    adapter: Hub2Adapter, status: int, name: str, meaning: Submission
) -> None:
    with replaying() as replayed:
        replayed.post(
            f"{BASE}/payment-intents", status=status, body=fixture("hub2", name), repeat=True
        )
        assert await adapter.submit(CHARGE, REFERENCE) == meaning


TOKEN = json.loads(fixture("hub2", "intent_created.json"))["token"]
ACCEPTED = Accepted(handle={"intent_id": INTENT, "token": TOKEN})
AWAITING = Accepted(handle=ACCEPTED.handle, awaits_code=True)


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (201, "intent_processing.json", ACCEPTED),
        (200, "intent_processing.json", ACCEPTED),
        (201, "intent_otp.json", AWAITING),
        (
            201,
            "intent_wave.json",
            Accepted(
                handle={
                    **ACCEPTED.handle,
                    "redirect_url": "https://pay.wave.example/c/synthetic",
                }
            ),
        ),
        (201, "intent_wave_script.json", ACCEPTED),
        (201, "intent_successful.json", PAID),
        (
            201,
            "intent_failed_as_duplicate.json",
            Unknown("duplicate_request: what was there before under the reference may count"),
        ),
        (400, "error_duplicate.json", Unknown(f"status 400: {USED_BEFORE}")),
        (201, "intent_failed_silently.json", failed("failed", "failed")),
        (201, "intent_with_a_path.json", Unknown("status 201: without the intent")),
        (201, "intent_truncated.txt", Unknown("status 201: no JSON object without the intent")),
        (201, "empty", Unknown("status 201: empty without the intent")),
        (
            200,
            "request_rejected.txt",
            Unknown("status 200: no JSON object without the intent"),
        ),
        (
            400,
            "error_bad_request.json",
            Declined(
                code="Bad Request",
                reason="status 400: Bad Request purchaseReference must match a pattern "
                "req_synthetic",
                is_technical=True,
            ),
        ),
        (400, "error_older.json", Unknown("status 400:")),
        (403, "request_rejected.txt", Unknown("status 403: no JSON object")),
        (
            401,
            "error_unauthorized.json",
            NotSent("status 401: Unauthorized No valid API key provided. req_synthetic"),
        ),
        (
            402,
            "error_request_failed.json",
            Unknown("status 402: Request Failed The request failed. req_synthetic"),
        ),
        (
            409,
            "error_conflict.json",
            Unknown("status 409: Conflict An action is in progress. req_synthetic"),
        ),
        (
            429,
            "error_too_many.json",
            NotSent("status 429: Too Many Requests Too many requests. req_synthetic"),
        ),
        (
            500,
            "error_server.json",
            Unknown("status 500: Internal Server Error Something went wrong. req_synthetic"),
        ),
        (503, "empty", Unknown("status 503: empty")),
    ],
)
async def test_what_an_answer_to_an_attempt_means(
    adapter: Hub2Adapter, status: int, name: str, meaning: Submission
) -> None:
    created = fixture("hub2", "intent_created.json")
    with replaying() as replayed:
        replayed.post(f"{BASE}/payment-intents", status=201, body=created)
        replayed.post(
            f"{BASE}/payment-intents/{INTENT}/payments", status=status, body=fixture("hub2", name)
        )
        assert await adapter.submit(CHARGE, REFERENCE) == meaning


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (201, "intent_processing.json", Taken("processing")),
        (200, "intent_processing.json", Taken("processing")),
        (201, "intent_otp.json", CodeRefused("HUB2 asks for a code again")),
        (201, "intent_successful.json", PAID),
        (201, "intent_failed_silently.json", failed("failed", "failed")),
        (201, "intent_truncated.txt", Unknown("status 201: no JSON object without the intent")),
        (201, "empty", Unknown("status 201: empty without the intent")),
        (200, "request_rejected.txt", Unknown("status 200: no JSON object without the intent")),
        (
            400,
            "error_bad_request.json",
            CodeRefused(
                "status 400: Bad Request purchaseReference must match a pattern req_synthetic"
            ),
        ),
        (400, "empty", Unknown("status 400: empty")),
        (
            401,
            "error_unauthorized.json",
            NotSent("status 401: Unauthorized No valid API key provided. req_synthetic"),
        ),
        (
            409,
            "error_conflict.json",
            Unknown("status 409: Conflict An action is in progress. req_synthetic"),
        ),
        (
            429,
            "error_too_many.json",
            NotSent("status 429: Too Many Requests Too many requests. req_synthetic"),
        ),
        (
            500,
            "error_server.json",
            Unknown("status 500: Internal Server Error Something went wrong. req_synthetic"),
        ),
    ],
)
async def test_what_an_answer_to_a_code_means(
    adapter: Hub2Adapter, status: int, name: str, meaning: object
) -> None:
    with replaying() as replayed:
        url = f"{BASE}/payment-intents/{INTENT}/authentication"
        replayed.post(url, status=status, body=fixture("hub2", name))
        assert await adapter.confirm(REFERENCE, ACCEPTED.handle, "123456") == meaning


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (201, "transfer_created.json", Accepted(handle={"transfer_id": TRANSFER})),
        (200, "transfer_pending.json", Accepted(handle={"transfer_id": TRANSFER})),
        (201, "transfer_successful.json", PAID_OUT),
        (201, "transfer_failed.json", NOT_PAID_OUT),
        (
            201,
            "transfer_failed_as_duplicate.json",
            Unknown("duplicate_request: what was there before under the reference may count"),
        ),
        (400, "error_duplicate.json", Unknown(f"status 400: {USED_BEFORE}")),
        (201, "transfer_without_id.json", Unknown("status 201: without the transfer")),
        (200, "request_rejected.txt", Unknown("status 200: no JSON object without the transfer")),
        (
            402,
            "error_insufficient_funds.json",
            Declined(
                code="insufficient-funds",
                reason="status 402: insufficient-funds The account does not have enough funds to "
                "transfer 2000 XOF. req_synthetic",
                is_technical=True,
            ),
        ),
        (
            402,
            "error_request_failed.json",
            Unknown("status 402: Request Failed The request failed. req_synthetic"),
        ),
        (
            404,
            "error_not_found.json",
            Declined(
                code="Not Found",
                reason="status 404: Not Found Country not found req_synthetic",
                is_technical=True,
            ),
        ),
        (404, "request_rejected.txt", Unknown("status 404: no JSON object")),
        (
            409,
            "error_conflict.json",
            Unknown("status 409: Conflict An action is in progress. req_synthetic"),
        ),
        (
            429,
            "error_too_many.json",
            NotSent("status 429: Too Many Requests Too many requests. req_synthetic"),
        ),
        (502, "empty", Unknown("status 502: empty")),
    ],
)
async def test_what_an_answer_to_a_transfer_means(
    adapter: Hub2Adapter, status: int, name: str, meaning: Submission
) -> None:
    with replaying() as replayed:
        replayed.post(f"{BASE}/transfers", status=status, body=fixture("hub2", name))
        assert await adapter.pay_out(A_TRANSFER, PAYOUT) == meaning


UNATTEMPTED = Unknown("the intent has no attempt so far: nobody is known to have been asked")


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (200, "intent_created.json", UNATTEMPTED),
        (200, "intent_processing.json", Pending("processing")),
        (200, "intent_wave.json", Pending("action_required redirection")),
        (200, "intent_otp.json", Pending("action_required otp", awaits_code=True)),
        (200, "intent_of_tomorrow.json", Pending("status_of_tomorrow")),
        (200, "intent_failed_and_open.json", Pending("failed")),
        (200, "intent_successful.json", PAID),
        (200, "intent_successful_at_last.json", PAID),
        (200, "intent_failed_though_paid.json", PAID),
        (
            200,
            "intent_failed.json",
            failed(
                "customer_insufficient_funds",
                "Payment failed. The customer doesn't have enough funds.",
            ),
        ),
        (200, "intent_failed_and_waiting.json", failed("authentication_failed")),
        (200, "intent_failed_silently.json", failed("failed", "failed")),
        (200, "intent_failed_unlisted.json", failed("reason_of_tomorrow")),
        (200, "intent_too_late.json", failed("authentication_timeout", word=Word.EXPIRED)),
        (200, "intent_live.json", Unknown("the answer is about another environment")),
        (200, "intent_other.json", Unknown("the answer is about another reference")),
        (
            200,
            "intent_wrong_types.json",
            Final(
                word=Word.SUCCEEDED,
                amount="1500",
                currency="XOF",
                provider_transaction_id=None,
                occurred_at=ENDED_AT - timedelta(seconds=1),
            ),
        ),
        (200, "intent_without_status.json", Unknown("an intent without a status")),
        (200, "intent_truncated.txt", Unknown("status 200 with 200 bytes that are not JSON")),
        (200, "list_empty.json", Unknown("status 200 with JSON that is no object")),
        (
            404,
            "error_not_found.json",
            NotFound("status 404: Not Found Country not found req_synthetic"),
        ),
        (404, "request_rejected.txt", Unknown("status 404: no JSON object")),
        (
            429,
            "error_too_many.json",
            Unknown("status 429: Too Many Requests Too many requests. req_synthetic"),
        ),
        (500, "empty", Unknown("status 500: empty")),
    ],
)
async def test_what_an_answer_about_an_intent_means(
    adapter: Hub2Adapter, status: int, name: str, meaning: Inquiry
) -> None:
    with replaying() as replayed:
        url = f"{BASE}/payment-intents/{INTENT}"
        replayed.get(url, status=status, body=fixture("hub2", name))
        assert await adapter.inquire(REFERENCE, {"intent_id": INTENT}) == meaning


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("transfer_created.json", Pending("created")),
        ("transfer_pending.json", Pending("pending")),
        ("transfer_of_tomorrow.json", Pending("reversed_of_tomorrow")),
        ("transfer_successful.json", PAID_OUT),
        ("transfer_failed.json", NOT_PAID_OUT),
        ("transfer_other.json", Unknown("the answer is about another reference")),
        ("transfer_without_status.json", Unknown("a transfer without a status")),
    ],
)
async def test_what_an_answer_about_a_transfer_means(
    adapter: Hub2Adapter, name: str, meaning: Inquiry
) -> None:
    with replaying() as replayed:
        replayed.get(f"{BASE}/transfers/{TRANSFER}", body=fixture("hub2", name))
        assert await adapter.inquire_payout(PAYOUT, {"transfer_id": TRANSFER}) == meaning


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (200, "list_one.json", PAID),
        (200, "list_empty.json", NotFound("nothing is listed under the reference")),
        (200, "list_others.json", Unknown("what is listed has other references")),
        (200, "list_of_numbers.json", Unknown("what is listed has other references")),
        (200, "list_twice.json", Pending("processing")),
        (200, "list_twice_paid.json", PAID),
        (200, "intent_created.json", Unknown("status 200 with JSON that is no list")),
        (200, "request_rejected.txt", Unknown("status 200 with 74 bytes that are not JSON")),
        (
            404,
            "error_not_found.json",
            Unknown("status 404: Not Found Country not found req_synthetic"),
        ),
        (
            429,
            "error_too_many.json",
            Unknown("status 429: Too Many Requests Too many requests. req_synthetic"),
        ),
    ],
)
async def test_what_an_answer_about_a_reference_means(
    adapter: Hub2Adapter, status: int, name: str, meaning: Inquiry
) -> None:
    with replaying() as replayed:
        replayed.get(
            f"{BASE}/payment-intents?purchaseReference={REFERENCE}&from={LISTED_FROM}",
            status=status,
            body=fixture("hub2", name),
        )
        assert await adapter.inquire(REFERENCE, None) == meaning


async def test_a_transfer_is_found_by_its_reference(adapter: Hub2Adapter) -> None:
    with replaying() as replayed:
        replayed.get(
            f"{BASE}/transfers?reference={PAYOUT}&from={LISTED_FROM}",
            body=fixture("hub2", "list_of_transfers.json"),
        )
        assert await adapter.inquire_payout(PAYOUT, {}) == PAID_OUT


@pytest.mark.parametrize(
    "made_up", ["pi_../x", "tr_synthetic0000000000001", "", "pi_", "pi_" + "a" * 65]
)
async def test_a_handle_that_is_none_is_not_put_into_a_path(
    adapter: Hub2Adapter, made_up: str
) -> None:
    with replaying() as replayed:
        replayed.get(re.compile(rf"{BASE}/payment-intents\?.*"), body=b"[]")
        asked = await adapter.inquire(REFERENCE, {"intent_id": made_up})
    assert isinstance(asked, NotFound)


async def test_the_accounts_are_read_one_by_one(adapter: Hub2Adapter) -> None:
    with replaying() as replayed:
        url = f"{BASE}/balance?currency=XOF"
        replayed.get(url, body=fixture("hub2", "balance.json"))
        replayed.get(url, body=fixture("hub2", "balance_wrong_types.json"))
        replayed.get(url, body=fixture("hub2", "request_rejected.txt"))
        replayed.get(url, status=401, body=fixture("hub2", "error_unauthorized.json"))
        got = [await adapter.balances() for _ in range(4)]
    assert got == [
        [
            Balance(amount="90", currency="XOF", account="collection"),
            Balance(amount="70", currency="XOF", account="transfer"),
        ],
        Unknown("status 200 without a balance"),
        Unknown("status 200 with 74 bytes that are not JSON"),
        Unknown("status 401: Unauthorized No valid API key provided. req_synthetic"),
    ]


@pytest.mark.parametrize(
    ("created_at", "date", "is_given_up"),
    [
        ("2026-03-01T12:00:00.000Z", "Sun, 01 Mar 2026 12:10:00 GMT", True),
        ("2026-03-01T12:00:00.000Z", "Sun, 01 Mar 2026 12:09:59 GMT", False),
        ("2026-03-01T12:00:00.000Z", "", False),
        ("2026-03-01T12:00:00.000Z", "yesterday", False),
        ("2026-03-01T12:00:00", "Sun, 01 Mar 2026 12:30:00 GMT", False),
        ("long ago", "Sun, 01 Mar 2026 12:30:00 GMT", False),
        (None, "Sun, 01 Mar 2026 12:30:00 GMT", False),
    ],
)
def test_how_old_an_intent_is_stands_in_hub2s_own_times(
    created_at: object, date: str, *, is_given_up: bool
) -> None:
    intent = {"status": "payment_required", "payments": [], "createdAt": created_at}
    answer = Answer(200, {"Date": date}, orjson.dumps(intent))
    asked = Asked(REFERENCE, "sandbox", answered_at(answer))
    word = parse_one(answer, read_intent, asked)
    assert isinstance(word, NotSent) if is_given_up else word == UNATTEMPTED


def test_the_requests_are_what_hub2_wants() -> None:
    charge = a_charge(
        money=Money(1500, "XOF"),
        phone="+2250500000001",
        country="CI",
        return_url="https://shop.example/back",
        cancel_url="https://shop.example/no",
    )
    assert build_intent(charge, REFERENCE, "Chez Aminatou") == {
        "customerReference": PAYMENT_ID,
        "purchaseReference": REFERENCE,
        "amount": 1500,
        "currency": "XOF",
        "overrideBusinessName": "Chez Aminatou",
    }
    assert build_attempt(charge, "t", "wave", form="digits", workflow=None) == {
        "token": "t",
        "paymentMethod": "mobile_money",
        "country": "CI",
        "provider": "wave",
        "mobileMoney": {
            "msisdn": "2250500000001",
            "onSuccessRedirectionUrl": "https://shop.example/back",
            "onFailedRedirectionUrl": "https://shop.example/no",
        },
    }
    assert build_attempt(CHARGE, "t", "mtn", form="national", workflow="otp")["mobileMoney"] == {
        "msisdn": "0500000001",
        "workflow": "otp",
    }
    assert build_transfer(
        A_TRANSFER, PAYOUT, "mtn", form="plus", recipient_name="Beneficiaire", business_name=None
    ) == {
        "reference": PAYOUT,
        "amount": 2000,
        "currency": "XOF",
        "description": "Salaire d aout n 3",
        "destination": {
            "type": "mobile_money",
            "country": "CI",
            "recipientName": "Beneficiaire",
            "msisdn": "+2250500000001",
            "provider": "mtn",
        },
    }


@given(st.text(max_size=300))
def test_a_text_is_never_empty_and_holds_what_hub2_takes(text: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9\-_. ]{1,100}", plain(text))


STATUSES = [
    "created",
    "pending",
    "processing",
    "successful",
    "failed",
    "payment_required",
    "x",
    None,
]
PAYMENTS = st.lists(
    st.fixed_dictionaries({"status": st.sampled_from(STATUSES)}) | st.none(), max_size=2
)
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from([INTENT, TRANSFER, "x", None, 7]),
        "token": st.sampled_from(["t", "", None]),
        "status": st.sampled_from([*STATUSES, 400]),
        "code": st.sampled_from(["Bad Request", "insufficient-funds", "x", None, 7]),
        "purchaseReference": st.sampled_from([REFERENCE, "x", None]),
        "reference": st.sampled_from([REFERENCE, "x", None]),
        "payments": PAYMENTS | st.sampled_from([None, "x", {}]),
        "failure": st.sampled_from([None, "x", {}, {"code": "timeout"}, {"code": ["x"]}]),
        "nextAction": st.sampled_from([None, "x", {}, {"type": 7, "data": {"url": 7}}]),
        "createdAt": st.sampled_from([None, 7, "2020-01-01T00:00:00.000Z", "2020-01-01"]),
        "amount": st.sampled_from([None, 1500, "x", [1], 1e300]),
        "mode": st.sampled_from([None, "sandbox", "live", 7]),
    },
)
ANSWERS = st.builds(
    Answer,
    st.sampled_from([200, 201, 204, 301, 400, 401, 402, 403, 404, 409, 422, 429, 500, 503]),
    st.just({}),
    st.binary(max_size=40) | (BODIES | st.lists(BODIES, max_size=2)).map(orjson.dumps),
)
ASKED = Asked(REFERENCE, "sandbox", datetime(2026, 3, 1, tzinfo=UTC))


@given(ANSWERS)
def test_no_answer_makes_us_stumble_and_none_is_taken_for_more_than_it_says(
    answer: Answer,
) -> None:
    opened = parse_intent(answer)
    assert isinstance(opened, (Opened, Declined, NotSent, Unknown))
    for outcome in (
        parse_attempt(answer, Opened(INTENT, "t"), ASKED),
        parse_transfer(answer, ASKED),
    ):
        if isinstance(outcome, NotSent):
            assert answer.status in {401, 429}
        if isinstance(outcome, Declined):
            assert answer.status in {400, 402, 403, 404, 422}
        if isinstance(outcome, (Accepted, Final)):
            assert answer.status in {200, 201}
    for parse in (parse_one, parse_list):
        for read in (read_intent, read_transfer):
            try:
                asked = parse(answer, read, ASKED)
            except AnswerUnreadableError:
                assert answer.status == 200
            else:
                assert answer.status == 200 or isinstance(asked, (Unknown, NotFound))
    try:
        told = parse_balances(answer)
    except AnswerUnreadableError:
        assert answer.status == 200
    else:
        assert isinstance(told, Unknown)


def signed(name: str, secret: str = SECRET, label: str = "s1") -> WebhookCall:
    """Make a signed call of a recorded body."""
    body = fixture("hub2", name)
    made = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"HUB2-SIGNATURE": f"{label}={made}"}
    return WebhookCall(method="POST", path=(), headers=headers, body=body)


GOOD = hmac.new(SECRET.encode(), b"{}", hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    ("header", "is_good"),
    [
        (f"s1={GOOD}", True),
        (f"s0={GOOD}", True),
        (f"s1={'0' * 64},s0={GOOD}", True),
        (f"s1={'0' * 64}, s0={GOOD}", True),
        (f"s1={'0' * 64},s0={'0' * 64}", False),
        (f"s2={GOOD}", False),
        (f"S1={GOOD}", False),
        (GOOD, False),
        (f"s1={GOOD.upper()}", False),
        (f"s1={GOOD}0", False),
        (f"s1={GOOD[:-1]}", False),
        ("s1=", False),
        ("", False),
        (",,=,==", False),
        ("s1=\udcff", False),
        ("s1=é", False),
        ("x" * 2_000 + f",s1={GOOD}", False),
    ],
)
def test_a_signature_is_over_the_bytes_and_has_a_name(header: str, *, is_good: bool) -> None:
    assert is_signed({"hub2-signature": header}, b"{}", [SECRET]) is is_good
    assert not is_signed({"hub2-signature": header}, b"{ }", [SECRET])
    assert not is_signed({"x-hub2-signature": header}, b"{}", [SECRET])


def evidence(payment_id: str, reference: str, word: Final) -> RecordEvidence:
    """Write the evidence of a webhook in one line."""
    said = Evidence(
        source=Source.WEBHOOK,
        provider="hub2",
        reference=reference,
        word=word.word,
        amount=word.amount,
        currency=word.currency,
        provider_transaction_id=word.provider_transaction_id,
        code=word.code,
        reason=word.reason,
        occurred_at=word.occurred_at,
    )
    return RecordEvidence(payment_id=payment_id, evidence=said)


def ask(reason: str, payment_id: str = PAYMENT_ID) -> RequestInquiry:
    """Write a reason to ask in one line."""
    return RequestInquiry(payment_id=payment_id, reason=reason, inquire_at=NOW)


@pytest.mark.parametrize(
    ("name", "verdict", "command"),
    [
        ("webhook_successful.json", "authenticated", evidence(PAYMENT_ID, REFERENCE, PAID)),
        (
            "webhook_failed.json",
            "authenticated",
            evidence(PAYMENT_ID, REFERENCE, failed("canceled_by_customer")),
        ),
        ("webhook_processing.json", "authenticated", ask("a proved webhook says processing")),
        ("webhook_created.json", "authenticated", ask("a proved webhook says payment_required")),
        ("webhook_transfer.json", "authenticated", evidence(PAYOUT_ID, PAYOUT, PAID_OUT)),
        ("webhook_successful.json", "unsigned", ask("an unproved webhook says successful")),
        (
            "webhook_transfer.json",
            "unsigned",
            ask("an unproved webhook says successful", PAYOUT_ID),
        ),
    ],
)
def test_a_webhook_is_evidence_only_if_it_is_proved_and_final(
    name: str, verdict: Verdict, command: RecordEvidence | RequestInquiry
) -> None:
    adapter = Hub2Adapter(SETTINGS, opening())
    assert adapter.authenticate(signed(name), None, NOW) == "authenticated"
    assert adapter.authenticate(signed(name, "another"), None, NOW) == "refused"
    assert adapter.translate(signed(name), verdict, NOW) == [command]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("webhook_payment.json", "the body has no reference of ours"),
        ("webhook_other.json", "the body has no reference of ours"),
        ("webhook_live.json", "the body is about another environment"),
        ("webhook_live_beside.json", "the body is about another environment"),
        ("webhook_without_data.json", "the body is no JSON object with data"),
        ("list_one.json", "the body is no JSON object with data"),
        ("intent_truncated.txt", "the body is no JSON object with data"),
        ("empty", "the body is no JSON object with data"),
    ],
)
def test_a_webhook_that_cannot_be_matched_is_unreadable(name: str, reason: str) -> None:
    with pytest.raises(WebhookUnreadableError, match=reason):
        Hub2Adapter(SETTINGS, opening()).translate(signed(name), "authenticated", NOW)


def test_every_code_of_a_recorded_failure_has_a_meaning_or_is_kept() -> None:
    named = recorded("hub2", "intent_failed.json", 200).json_object()
    word = read_intent(named, ASKED)
    assert isinstance(word, Final)
    assert word.code in Hub2Adapter.refusals
    assert "reason_of_tomorrow" not in Hub2Adapter.refusals


def test_settings_and_adapters_show_no_secret() -> None:
    shown = repr(SETTINGS) + repr(Hub2Adapter(SETTINGS, opening())) + str(SETTINGS.model_dump())
    assert "synthetic-api-key" not in shown
    assert SECRET not in shown


@pytest.mark.parametrize(
    "changes",
    [
        {"environment": "production"},
        {"currency": "xof"},
        {"operator": "Wave!"},
        {"workflow": "sms"},
        {"recipient_name": "É"},
        {"list_seconds": -1},
    ],
)
def test_settings_that_cannot_be_meant_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(changes))):
        Settings.model_validate(
            {"merchant_id": "synthetic-merchant", "api_key": "synthetic-api-key"} | changes
        )
