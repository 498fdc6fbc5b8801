"""What Wave's recorded answers mean: replayed from files, one row each, compared whole."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from aioresponses import CallbackResult
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
)
from adapters.powers import AccountCheck, Balance, Transfer
from adapters.providers._wave_answers import (
    REFUSALS,
    parse_balance,
    parse_checkout,
    parse_payout,
    parse_payout_state,
    parse_payouts,
    parse_recipient,
    parse_refund,
    parse_session,
    parse_sessions,
)
from adapters.providers._wave_requests import amount_of, build_checkout, build_payout
from adapters.providers.wave import Settings, WaveAdapter
from adapters.sandbox.wave_rules import MESSAGES
from ledger.evidence import Word
from ledger.money import Money
from tests.contracts.rail import PAYOUT_ID
from tests.replay import FIXTURES, PAYMENT_ID, a_charge, opening, recorded, replaying

NOT_WITHIN = AccountCheck(is_active=False, detail="not within its limits", code="PAYEE_OVER_LIMITS")
BASE = "http://127.0.0.1:1"
SETTINGS = Settings.model_validate({"base_url": BASE, "api_key": "synthetic-key"})
REFERENCE, PAYOUT = f"{PAYMENT_ID}-1", f"{PAYOUT_ID}-1"
SESSION_ID = "cos-0000000000001"
PAGE = "https://pay.wave.example/c/cos-0000000000001?a=1500&c=XOF"
CODE = "insufficient-funds"
UNREAD = NotSent("the answer with the page's address was never read, so nobody can pay")
PAID_OUT = Final(
    word=Word.SUCCEEDED,
    amount="1500",
    currency="XOF",
    provider_transaction_id="pt-0000000000001",
)
TRANSFER = Transfer(
    payment_id=PAYOUT_ID,
    money=Money(1500, "XOF"),
    phone="+221555000001",
    country="SN",
    description="  Wages \n of May ",
    callback_url=None,
)


def ended(word: Word, **changes: Any) -> Final:
    """The final word of the recorded session."""
    usual: dict[str, Any] = {"amount": "1500", "currency": "XOF"}
    return Final(word=word, **(usual | changes))


@pytest.fixture
async def adapter() -> AsyncIterator[WaveAdapter]:
    made = WaveAdapter(SETTINGS, opening())
    yield made
    await made.close()


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (
            200,
            "session_open.json",
            Accepted(handle={"id": SESSION_ID, "redirect_url": PAGE}),
        ),
        (
            201,
            "session_open.json",
            Accepted(handle={"id": SESSION_ID, "redirect_url": PAGE}),
        ),
        (200, "session_without_page.json", NotSent("status 200: without an id and a page")),
        (200, "session_with_a_script.json", NotSent("status 200: without an id and a page")),
        (200, "session_with_a_path.json", NotSent("status 200: without an id and a page")),
        (200, "truncated.json", NotSent("status 200: no JSON without an id and a page")),
        (200, "page.html", NotSent("status 200: no JSON without an id and a page")),
        (200, "empty", NotSent("status 200: empty without an id and a page")),
        (
            400,
            "error_validation_details.json",
            Declined(
                code="request-validation-error",
                reason="status 400: request-validation-error Request invalid",
                is_technical=True,
            ),
        ),
        (
            403,
            "error_wallet.json",
            Declined(
                code="disabled-wallet",
                reason="status 403: disabled-wallet Said by Wave.",
                is_technical=True,
            ),
        ),
        (
            422,
            "error_tomorrow.json",
            Declined(
                code="a-code-of-tomorrow",
                reason="status 422: a-code-of-tomorrow Said by Wave.",
                is_technical=True,
            ),
        ),
        (400, "page.html", NotSent("status 400: no JSON")),
        (401, "error_key.json", NotSent("status 401: api-key-revoked Said by Wave.")),
        (404, "error_missing.json", NotSent("status 404: not-found Said by Wave.")),
        (429, "error_many.json", NotSent("status 429: too-many-requests Said by Wave.")),
        (500, "error_server.json", NotSent("status 500: internal-server-error Said by Wave.")),
        (503, "empty", NotSent("status 503: empty")),
    ],
)
def test_a_session_is_accepted_declined_or_nobody_has_its_page(
    status: int, name: str, meaning: Submission
) -> None:
    assert parse_checkout(recorded("wave", name, status)) == meaning


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (200, "session_open.json", Pending("open, processing")),
        (
            200,
            "session_paid.json",
            ended(
                Word.SUCCEEDED,
                provider_transaction_id="TSYNTHETIC01",
                occurred_at=datetime(2026, 3, 1, 11, 5, tzinfo=UTC),
            ),
        ),
        (200, "session_open_after_a_failure.json", Pending(f"open, processing, {CODE}")),
        (
            200,
            "session_cancelled.json",
            ended(Word.FAILED, code=CODE, reason="The user did not have enough balance."),
        ),
        (200, "session_failed.json", ended(Word.FAILED, code="cancelled", reason="cancelled")),
        (200, "session_expired.json", ended(Word.EXPIRED, code="expired", reason="expired")),
        (200, "session_expired_while_paying.json", Pending("expired, processing")),
        (200, "session_complete_while_paying.json", Pending("complete, processing")),
        (200, "session_succeeded_but_open.json", Pending("open, succeeded")),
        (200, "session_of_tomorrow.json", Pending("archived, settled")),
        (200, "session_without_statuses.json", Pending("nothing")),
        (200, "session_wrong_types.json", Pending("7")),
        (200, "session_of_another.json", Unknown("the answer is about another reference")),
        (
            404,
            "error_session_missing.json",
            NotFound("status 404: checkout-session-not-found Said by Wave."),
        ),
        (404, "error_missing.json", Unknown("status 404: not-found Said by Wave.")),
        (404, "page.html", Unknown("status 404: no JSON")),
        (401, "error_key.json", Unknown("status 401: api-key-revoked Said by Wave.")),
        (429, "error_many.json", Unknown("status 429: too-many-requests Said by Wave.")),
        (503, "error_away.json", Unknown("status 503: service-unavailable Said by Wave.")),
    ],
)
def test_only_both_statuses_together_are_a_final_word(
    status: int, name: str, meaning: Inquiry
) -> None:
    assert parse_session(recorded("wave", name, status), REFERENCE) == meaning


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (200, "search_none.json", UNREAD),
        (200, "search_open.json", UNREAD),
        (
            200,
            "search_paid_twice.json",
            ended(Word.SUCCEEDED, provider_transaction_id="TSYNTHETIC02"),
        ),
        (500, "error_server.json", Unknown("status 500: internal-server-error Said by Wave.")),
    ],
)
def test_a_search_without_a_handle_finds_what_was_paid_and_nothing_else(
    status: int, name: str, meaning: Inquiry
) -> None:
    assert parse_sessions(recorded("wave", name, status), REFERENCE) == meaning


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (200, "payout_succeeded.json", PAID_OUT),
        (200, "payout_processing.json", Accepted(handle={"id": "pt-0000000000001"})),
        (200, "payout_of_tomorrow.json", Accepted(handle={"id": "pt-0000000000001"})),
        (
            200,
            "payout_failed.json",
            Final(
                word=Word.FAILED,
                amount="1500",
                currency="XOF",
                provider_transaction_id="pt-0000000000001",
                code="recipient-limit-exceeded",
                reason="The recipient has reached their limit.",
            ),
        ),
        (200, "payout_without_status.json", Unknown("status 200: without a payout")),
        (200, "payout_processing_without_id.json", Unknown("status 200: without a payout")),
        (200, "page.html", Unknown("status 200: no JSON without a payout")),
        (200, "empty", Unknown("status 200: empty without a payout")),
        (
            422,
            "error_as_error_code.json",
            Declined(
                code=CODE,
                reason=f"status 422: {CODE} Insufficient funds in wallet.",
                is_technical=True,
            ),
        ),
        (
            400,
            "error_as_error.json",
            Declined(
                code="request-validation-error",
                reason="status 400: request-validation-error Invalid phone number.",
                is_technical=True,
            ),
        ),
        (
            422,
            "error_minor.json",
            Declined(code="recipient-minor", reason="status 422: recipient-minor Said by Wave."),
        ),
        (
            422,
            "error_number.json",
            Declined(
                code="recipient-account-blocked",
                reason="status 422: recipient-account-blocked Blocked: ***",
            ),
        ),
        (422, "page.html", Unknown("status 422: no JSON")),
        (401, "error_key.json", NotSent("status 401: api-key-revoked Said by Wave.")),
        (429, "empty", NotSent("status 429: empty")),
        (404, "error_missing.json", Unknown("status 404: not-found Said by Wave.")),
        (408, "empty", Unknown("status 408: empty")),
        (409, "error_mismatch.json", Unknown("status 409: idempotency-mismatch Said by Wave.")),
        (500, "error_server.json", Unknown("status 500: internal-server-error Said by Wave.")),
        (503, "error_away.json", Unknown("status 503: service-unavailable Said by Wave.")),
        (504, "page.html", Unknown("status 504: no JSON")),
    ],
)
def test_a_payout_is_declined_only_by_wave_s_own_code(
    status: int, name: str, meaning: Submission
) -> None:
    assert parse_payout(recorded("wave", name, status)) == meaning


@pytest.mark.parametrize(
    ("read", "status", "name", "meaning"),
    [
        (parse_payout_state, 200, "payout_succeeded.json", PAID_OUT),
        (parse_payout_state, 200, "payout_processing.json", Pending("processing")),
        (parse_payout_state, 200, "payout_of_tomorrow.json", Pending("scheduled")),
        (
            parse_payout_state,
            200,
            "payout_reversed.json",
            Final(
                word=Word.FAILED,
                amount="1500",
                currency="XOF",
                provider_transaction_id="pt-0000000000001",
                code="reversed",
                reason="reversed",
            ),
        ),
        (
            parse_payout_state,
            200,
            "payout_failed_without_a_reason.json",
            Final(
                word=Word.FAILED,
                amount="1500",
                currency="XOF",
                provider_transaction_id="pt-0000000000001",
                code="failed",
                reason="failed",
            ),
        ),
        (
            parse_payout_state,
            200,
            "payout_without_status.json",
            Unknown("the answer has no status of a payout"),
        ),
        (
            parse_payout_state,
            200,
            "session_paid.json",
            Unknown("the answer is about another reference"),
        ),
        # Somebody who was given an id and now hears that there is none has not been told more.
        (
            parse_payout_state,
            404,
            "error_missing.json",
            Unknown("status 404: not-found Said by Wave."),
        ),
        (parse_payouts, 200, "payouts_one.json", PAID_OUT),
        (
            parse_payouts,
            200,
            "payouts_none.json",
            NotFound("Wave has no payout under this reference"),
        ),
        (
            parse_payouts,
            200,
            "search_open.json",
            NotFound("Wave has no payout under this reference"),
        ),
        (
            parse_payouts,
            200,
            "payouts_two.json",
            Unknown("Wave has 2 payouts under this reference"),
        ),
        (parse_payouts, 404, "error_missing.json", Unknown("status 404: not-found Said by Wave.")),
        (parse_payouts, 404, "page.html", Unknown("status 404: no JSON")),
    ],
)
def test_a_payout_is_unknown_to_wave_only_if_its_list_is_empty(
    read: Callable[[Answer, str], Inquiry], status: int, name: str, meaning: Inquiry
) -> None:
    assert read(recorded("wave", name, status), PAYOUT) == meaning


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (200, "empty", Final(word=Word.SUCCEEDED)),
        (200, "session_paid.json", Final(word=Word.SUCCEEDED)),
        (200, "page.html", Unknown("status 200: no JSON")),
        (200, "error_refund.json", Unknown("status 200: checkout-refund-failed Said by Wave.")),
        *(
            (
                status,
                "error_refund.json",
                Declined(
                    code="checkout-refund-failed",
                    reason=f"status {status}: checkout-refund-failed Said by Wave.",
                ),
            )
            for status in (400, 409, 500)
        ),
        (
            404,
            "error_session_missing.json",
            Declined(
                code="checkout-session-not-found",
                reason="status 404: checkout-session-not-found Said by Wave.",
                is_technical=True,
            ),
        ),
        (401, "error_key.json", NotSent("status 401: api-key-revoked Said by Wave.")),
        (404, "page.html", Unknown("status 404: no JSON")),
        (
            409,
            "error_nested.json",
            Declined(
                code="checkout-refund-failed", reason="status 409: checkout-refund-failed nested"
            ),
        ),
        (500, "error_server.json", Unknown("status 500: internal-server-error Said by Wave.")),
        (500, "empty", Unknown("status 500: empty")),
    ],
)
def test_a_refund_is_made_refused_or_to_be_sent_again(
    status: int, name: str, meaning: Submission
) -> None:
    assert parse_refund(recorded("wave", name, status)) == meaning


@pytest.mark.parametrize(
    ("read", "status", "name", "meaning"),
    [
        (parse_balance, 200, "balance.json", [Balance("-150", "XOF")]),
        (parse_balance, 200, "balance_without_currency.json", Unknown("status 200:")),
        (parse_balance, 200, "page.html", Unknown("status 200: no JSON")),
        (parse_balance, 401, "balance.json", Unknown("status 401:")),
        (parse_recipient, 200, "recipient_within.json", AccountCheck(is_active=True)),
        (
            parse_recipient,
            200,
            "recipient_over.json",
            NOT_WITHIN,
        ),
        (parse_recipient, 200, "recipient_unasked.json", Unknown("status 200:")),
        (parse_recipient, 200, "page.html", Unknown("status 200: no JSON")),
        (
            parse_recipient,
            429,
            "error_many.json",
            Unknown("status 429: too-many-requests Said by Wave."),
        ),
    ],
)
def test_balances_and_checks_are_told_or_unknown(
    read: Callable[[Answer], object], status: int, name: str, meaning: object
) -> None:
    assert read(recorded("wave", name, status)) == meaning


READERS: tuple[Callable[[Answer], object], ...] = (
    parse_checkout,
    parse_payout,
    parse_refund,
    parse_balance,
    parse_recipient,
    lambda answer: parse_session(answer, REFERENCE),
    lambda answer: parse_sessions(answer, REFERENCE),
    lambda answer: parse_payout_state(answer, PAYOUT),
    lambda answer: parse_payouts(answer, PAYOUT),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.text()
            | st.sampled_from(
                "id status result code error data last_payment_error payout_error "
                "checkout_status payment_status wave_launch_url".split()
            ),
            inner,
        )
    ),
    max_leaves=12,
)


@given(
    st.sampled_from((200, 201, 400, 404, 409, 429, 500)),
    st.binary() | JSON.map(orjson.dumps),
)
def test_whatever_comes_is_an_outcome_or_unreadable(status: int, body: bytes) -> None:
    for read in READERS:
        try:
            outcome = read(Answer(status, {}, body))
        except AnswerUnreadableError:
            continue
        assert not isinstance(outcome, Final) or status < 300


@pytest.mark.parametrize("name", ["truncated.json", "page.html", "empty"])
async def test_a_question_answered_by_no_json_says_nothing(adapter: WaveAdapter, name: str) -> None:
    body = b"" if name == "empty" else (FIXTURES / "wave" / name).read_bytes()
    with replaying() as replayed:
        replayed.get(f"{BASE}/v1/checkout/sessions/{SESSION_ID}", body=body)
        replayed.get(f"{BASE}/v1/payout/pt-1", body=body)
        asked = [
            await adapter.inquire(REFERENCE, {"id": SESSION_ID}),
            await adapter.inquire_payout(PAYOUT, {"id": "pt-1"}),
        ]
    assert asked == [Unknown(f"status 200 with {len(body)} bytes that are not JSON")] * 2


async def test_a_handle_that_names_no_session_is_never_made_a_path(adapter: WaveAdapter) -> None:
    for handle in ({}, {"id": ""}, {"id": "../payout"}, {"id": "a b"}):
        asked = await adapter.inquire(REFERENCE, handle)
        assert asked == Unknown("the kept handle names no session")


async def test_a_payout_is_sent_under_its_key_and_the_same_bytes_each_time(
    adapter: WaveAdapter,
) -> None:
    sent: list[tuple[Any, Any]] = []

    def answer(_url: Any, **options: Any) -> CallbackResult:
        sent.append((options["headers"], options["data"]))
        return CallbackResult(status=500 if len(sent) == 1 else 200, payload={"status": "x"})

    with replaying() as replayed:
        replayed.post(f"{BASE}/v1/payout", callback=answer, repeat=True)
        for _ in range(2):
            await adapter.pay_out(TRANSFER, PAYOUT)
    (headers, first), (other_headers, second) = sent
    assert headers == other_headers
    assert headers["Idempotency-Key"] == PAYOUT
    assert headers["Authorization"] == "Bearer synthetic-key"
    assert first == second
    assert orjson.loads(first) == {
        "currency": "XOF",
        "receive_amount": "1500",
        "mobile": "+221555000001",
        "client_reference": PAYOUT,
        "payment_reason": "Wages of May",
    }


def test_a_checkout_leads_where_the_payment_says_and_else_home() -> None:
    home = "https://merchant.example/"
    named = a_charge(money=Money(1500, "XOF"), return_url="https://shop.example/paid")
    called_off = a_charge(money=Money(1500, "XOF"), cancel_url="https://shop.example/no")
    urls = [
        (body["success_url"], body["error_url"])
        for charge in (a_charge(money=Money(1500, "XOF")), named, called_off)
        for body in [build_checkout(charge, REFERENCE, home, is_payer_fixed=False)]
    ]
    assert urls == [
        (home, home),
        ("https://shop.example/paid", "https://shop.example/paid"),
        (home, "https://shop.example/no"),
    ]


@pytest.mark.parametrize("description", ["", "   ", "\n"])
def test_a_payout_without_a_reason_has_none(description: str) -> None:
    transfer = Transfer(
        payment_id=PAYOUT_ID,
        money=Money(1500, "XOF"),
        phone="+221555000001",
        country="SN",
        description=description,
        callback_url=None,
    )
    assert "payment_reason" not in build_payout(transfer, PAYOUT, "1500")


@pytest.mark.parametrize(
    ("money", "amount"),
    [
        (Money(1500, "XOF"), "1500"),
        (Money(1250, "GMD"), "12.50"),
        (Money(1200, "GMD"), "12"),
        (Money(5, "SLE"), "0.05"),
    ],
)
def test_an_amount_is_whole_where_it_is_whole(money: Money, amount: str) -> None:
    assert amount_of(money) == amount


def test_every_code_the_sandbox_says_is_known() -> None:
    assert set(MESSAGES) - set(REFUSALS) == set()
