"""What Orange's recorded answers mean: replayed from files, one row each, compared whole."""

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.answer import Answer, TransportError
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
from adapters.pages import is_page
from adapters.providers._orange_answers import parse_inquiry, parse_submission
from adapters.providers.orange import OrangeAdapter, Settings, build_request
from ledger.commands import RecordEvidence, RequestInquiry
from ledger.evidence import Evidence, Source, Word
from ledger.money import Money
from tests.replay import NOW, PAYMENT_ID, a_charge, fixture, opening, replaying

BASE = "http://127.0.0.1:1"
ROOT = f"{BASE}/orange-money-webpay/cm/v1"
SETTINGS = Settings.model_validate(
    {
        "base_url": BASE,
        "country_segment": "cm",
        "client_id": "synthetic-client",
        "client_secret": "synthetic-secret",
        "merchant_key": "synthetic-merchant-key",
    }
)
ORDER = "ORDERAAAAAAAAAAAAAAA"
PAY_TOKEN, NOTIF_TOKEN = "ab" * 32, "cd" * 16
PAGE = f"https://webpayment.orange.example/payment/pay_token/{PAY_TOKEN}"
HANDLE = {"pay_token": PAY_TOKEN, "redirect_url": PAGE, "amount": "1500", "order_id": ORDER}
CHARGE = a_charge(money=Money(1500, "XAF"))


@pytest.fixture
async def adapter() -> AsyncIterator[OrangeAdapter]:
    made = OrangeAdapter(SETTINGS, opening())
    yield made
    await made.close()


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (201, "created.json", Accepted(handle=HANDLE, webhook_token=NOTIF_TOKEN)),
        (200, "created.json", Accepted(handle=HANDLE, webhook_token=NOTIF_TOKEN)),
        (
            201,
            "created_without_page.json",
            NotSent("status 201: OK without a pay_token and a page"),
        ),
        (
            201,
            "created_with_a_script.json",
            NotSent("status 201: OK without a pay_token and a page"),
        ),
        (201, "empty", NotSent("status 201: empty without a pay_token and a page")),
        (
            200,
            "request_rejected.txt",
            NotSent("status 200: no JSON without a pay_token and a page"),
        ),
        (
            400,
            "missing_body_field.json",
            Declined(
                code="23",
                reason=(
                    "status 400: 23 Missing body field Key: 'WebPaymentInfo.OrderId' "
                    "Error:Field validation for 'OrderId' failed on the 'required' tag"
                ),
                is_technical=True,
            ),
        ),
        (
            400,
            "invalid_body_field.json",
            Declined(
                code="24",
                reason=(
                    "status 400: 24 Invalid body field "
                    "currency is not the currency of this country."
                ),
                is_technical=True,
            ),
        ),
        (400, "request_rejected.txt", NotSent("status 400: no JSON")),
        (
            401,
            "expired_credentials.json",
            NotSent("status 401: 42 Expired credentials The access token has expired."),
        ),
        (
            403,
            "access_denied.json",
            NotSent("status 403: 50 Access denied This order_id was used before."),
        ),
        (404, "not_found.json", NotSent("status 404: 60 Resource not found No such transaction.")),
        (429, "empty", NotSent("status 429: empty")),
        (500, "empty", NotSent("status 500: empty")),
        (
            503,
            "service_unavailable.json",
            NotSent("status 503: 5 Service unavailable The service is temporarily unavailable."),
        ),
    ],
)
async def test_what_an_answer_to_webpayment_means(
    adapter: OrangeAdapter, status: int, name: str, meaning: Submission
) -> None:
    token = fixture("orange", "token_with_text.json")
    with replaying() as replayed:
        replayed.post(f"{BASE}/oauth/v3/token", body=token, repeat=True)
        replayed.post(
            f"{ROOT}/webpayment", status=status, body=fixture("orange", name), repeat=True
        )
        assert await adapter.submit(CHARGE, ORDER) == meaning


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (200, "status_initiated.json", Pending("INITIATED")),
        (200, "status_pending.json", Pending("PENDING")),
        (200, "status_cancelled.json", Pending("CANCELLED")),
        (
            200,
            "status_success.json",
            Final(word=Word.SUCCEEDED, provider_transaction_id="MP260301.1200.A00073"),
        ),
        (
            201,
            "status_success.json",
            Final(word=Word.SUCCEEDED, provider_transaction_id="MP260301.1200.A00073"),
        ),
        (200, "status_failed.json", Final(word=Word.FAILED, code="FAILED", reason="FAILED")),
        (200, "status_expired.json", Final(word=Word.EXPIRED, code="EXPIRED", reason="EXPIRED")),
        (200, "status_of_another_order.json", Unknown("the answer is about another order")),
        (200, "status_missing.json", Unknown("status 200: without a status of the order")),
        (200, "request_rejected.txt", Unknown("status 200: no JSON")),
        (200, "empty", Unknown("status 200: empty")),
        (404, "not_found.json", NotFound("status 404: 60 Resource not found No such transaction.")),
        (404, "request_rejected.txt", Unknown("status 404: no JSON")),
        (
            401,
            "expired_credentials.json",
            Unknown("status 401: 42 Expired credentials The access token has expired."),
        ),
        (
            503,
            "service_unavailable.json",
            Unknown("status 503: 5 Service unavailable The service is temporarily unavailable."),
        ),
    ],
)
async def test_what_an_answer_to_transactionstatus_means(
    adapter: OrangeAdapter, status: int, name: str, meaning: Inquiry
) -> None:
    token = fixture("orange", "token_with_number.json")
    with replaying() as replayed:
        replayed.post(f"{BASE}/oauth/v3/token", body=token, repeat=True)
        replayed.post(
            f"{ROOT}/transactionstatus", status=status, body=fixture("orange", name), repeat=True
        )
        assert await adapter.inquire(ORDER, HANDLE) == meaning


async def test_nothing_is_asked_or_sent_where_the_answer_is_known(adapter: OrangeAdapter) -> None:
    with replaying() as replayed:
        got = [
            await adapter.inquire(ORDER, None),
            await adapter.inquire("ANOTHERORDER", HANDLE),
            await adapter.inquire(ORDER, {"order_id": ORDER}),
            await adapter.submit(a_charge(money=Money(1250, "CDF")), ORDER),
            await adapter.submit(a_charge(money=Money(15, "XAF"), callback_url=None), ORDER),
        ]
        assert replayed.requests == {}
    assert got == [
        NotSent("the answer with the page's address was never read, so nobody can pay"),
        Unknown("the kept handle is of another order"),
        Unknown("the kept handle is of another order"),
        Declined(
            code="AMOUNT_NOT_WHOLE",
            reason="Orange takes whole amounts only, not 12.50 CDF",
            is_technical=True,
        ),
        Declined(
            code="CALLBACK_URL_MISSING",
            reason="Orange demands an address for its notification; set CAURI_PUBLIC_URL",
            is_technical=True,
        ),
    ]


def test_the_request_names_no_payer() -> None:
    charge = a_charge(
        money=Money(250_000, "CDF"), return_url="https://shop.example/back", language="en"
    )
    assert build_request(
        SETTINGS, charge, "https://pay.example/webhooks/orange/p/r", ORDER, 2500
    ) == {
        "merchant_key": "synthetic-merchant-key",
        "currency": "CDF",
        "order_id": ORDER,
        "amount": 2500,
        "return_url": "https://shop.example/back",
        "cancel_url": "https://shop.example/back",
        "notif_url": "https://pay.example/webhooks/orange/p/r",
        "lang": "en",
        "reference": "Cauri",
    }


ANSWERS = st.builds(
    Answer,
    st.integers(200, 599),
    st.just({}),
    st.one_of(
        st.binary(max_size=40),
        st.dictionaries(
            st.sampled_from(
                ["status", "code", "message", "order_id", "pay_token", "payment_url", "txnid"]
            ),
            st.one_of(
                st.none(),
                st.integers(-9, 9),
                st.lists(st.integers(-9, 9), max_size=1),
                st.sampled_from(["SUCCESS", "FAILED", "EXPIRED", "PENDING", ORDER, PAGE, ""]),
            ),
        ).map(orjson.dumps),
    ),
)


@given(ANSWERS)
def test_no_answer_makes_us_stumble_and_none_leaves_a_creation_in_doubt(answer: Answer) -> None:
    outcome = parse_submission(answer, ORDER, 1500)
    assert isinstance(outcome, (Accepted, Declined, NotSent))
    if isinstance(outcome, Accepted):
        assert is_page(outcome.handle["redirect_url"])
    try:
        asked = parse_inquiry(answer, ORDER)
    except TransportError:
        assert answer.status in {200, 201}
    else:
        assert isinstance(asked, (Pending, Final, NotFound, Unknown))


@pytest.mark.parametrize(
    ("address", "is_good"),
    [
        (PAGE, True),
        ("http://127.0.0.1:8080/payment/x", True),
        ("http://pay.example/payment/x", False),
        ("javascript:alert(1)", False),
        ("https://", False),
        ("https://[broken", False),
        ("https://pay.example/a b", False),
        ("https://pay.example/\n", False),
        ("https://pay.example/" + "x" * 3000, False),
        (None, False),
        (["https://pay.example"], False),
    ],
)
def test_a_payer_is_sent_only_to_a_page(address: object, is_good: bool) -> None:
    assert is_page(address) is is_good


def a_notification(name: str, *path: str) -> WebhookCall:
    """Make a stored notification of a recorded body."""
    return WebhookCall(method="POST", path=path, headers={}, body=fixture("orange", name))


@pytest.mark.parametrize(
    ("body", "known", "verdict"),
    [
        (fixture("orange", "notification_success.json"), NOTIF_TOKEN, "authenticated"),
        (fixture("orange", "notification_success.json"), "another", "refused"),
        (fixture("orange", "notification_success.json"), None, "unsigned"),
        (b'{"status":"SUCCESS"}', NOTIF_TOKEN, "refused"),
        (b'{"status":"SUCCESS","notif_token":""}', "", "refused"),
        (b'{"status":"SUCCESS","notif_token":null}', NOTIF_TOKEN, "refused"),
        (b'{"status":"SUCCESS","notif_token":["x"]}', NOTIF_TOKEN, "refused"),
        (b'{"notif_token"', NOTIF_TOKEN, "refused"),
        (b"", None, "refused"),
        (b"[]", None, "refused"),
    ],
)
def test_a_notification_is_proved_by_its_token_alone(
    body: bytes, known: str | None, verdict: Verdict
) -> None:
    call = WebhookCall(method="POST", path=(PAYMENT_ID, ORDER), headers={}, body=body)
    is_token = None if known is None else known.__eq__
    assert OrangeAdapter(SETTINGS, opening()).authenticate(call, is_token, NOW) == verdict


def evidence(word: Word, **changes: Any) -> RecordEvidence:
    """Write the evidence of a notification in one line."""
    said = Evidence(source=Source.WEBHOOK, provider="orange", reference=ORDER, word=word, **changes)
    return RecordEvidence(payment_id=PAYMENT_ID, evidence=said)


def ask(reason: str) -> RequestInquiry:
    """Write a reason to ask in one line."""
    return RequestInquiry(payment_id=PAYMENT_ID, reason=reason, inquire_at=NOW)


TXNID = "MP260301.1200.A00073"


@pytest.mark.parametrize(
    ("name", "verdict", "command"),
    [
        (
            "notification_success.json",
            "authenticated",
            evidence(Word.SUCCEEDED, provider_transaction_id=TXNID),
        ),
        (
            "notification_extended.json",
            "authenticated",
            evidence(Word.SUCCEEDED, provider_transaction_id=TXNID, amount="1500", currency="XAF"),
        ),
        (
            "notification_failed.json",
            "authenticated",
            evidence(Word.FAILED, code="FAILED", reason="FAILED"),
        ),
        (
            "notification_pending.json",
            "authenticated",
            ask("a proved notification says PENDING"),
        ),
        ("notification_success.json", "unsigned", ask("an unproved notification says SUCCESS")),
        (
            "status_of_another_order.json",
            "authenticated",
            ask("a proved notification says SUCCESS"),
        ),
    ],
)
def test_a_notification_is_evidence_only_if_it_is_proved_final_and_about_the_order(
    name: str, verdict: Verdict, command: RecordEvidence | RequestInquiry
) -> None:
    call = a_notification(name, PAYMENT_ID, ORDER)
    assert OrangeAdapter(SETTINGS, opening()).translate(call, verdict, NOW) == [command]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("notification_success.json", ()),
        ("notification_success.json", (PAYMENT_ID,)),
        ("request_rejected.txt", (PAYMENT_ID, ORDER)),
        ("empty", (PAYMENT_ID, ORDER)),
    ],
)
def test_a_notification_that_cannot_be_matched_is_unreadable(
    name: str, path: tuple[str, ...]
) -> None:
    with pytest.raises(WebhookUnreadableError):
        OrangeAdapter(SETTINGS, opening()).translate(
            a_notification(name, *path), "authenticated", NOW
        )


def test_settings_and_adapters_show_no_secret() -> None:
    shown = repr(SETTINGS) + repr(OrangeAdapter(SETTINGS, opening())) + str(SETTINGS.model_dump())
    assert "synthetic-secret" not in shown
    assert "synthetic-merchant-key" not in shown
