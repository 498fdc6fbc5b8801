"""What Orange Cameroon's answers mean: replayed from files, one row each, compared whole.

The bodies are synthetic, in the shapes a published client recorded.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from adapters.answer import Answer
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
    WebhookCall,
    WebhookUnreadableError,
)
from adapters.powers import AccountCheck, Prepared, Transfer
from adapters.providers._orange_cm_answers import (
    MEANINGS,
    parse_account,
    parse_inquiry,
    parse_preparation,
    parse_submission,
)
from adapters.providers.orange_cm import OrangeCmAdapter, Settings, build_payment
from adapters.refusals import Refusal
from ledger.commands import RequestInquiry
from ledger.evidence import Word
from ledger.money import Money
from tests.replay import NOW, PAYMENT_ID, a_charge, fixture, opening, recorded, replaying

BASE = "http://127.0.0.1:1"
ROOT = f"{BASE}/omcoreapis/1.0.2"
VALUES = {
    "base_url": BASE,
    "client_id": "synthetic-client",
    "client_secret": "synthetic-secret",
    "api_user": "synthetic-user",
    "api_password": "synthetic-password",
    "channel_number": "690000000",
    "pin": "2580",
}
SETTINGS = Settings.model_validate(VALUES)
ORDER = "ORDERAAAAAAAAAAAAAAA"
PAY_TOKEN = "MP26030169A3B100C0FFEE5A7E01"
HANDLE = {"pay_token": PAY_TOKEN, "order_id": ORDER}
CHARGE = a_charge(money=Money(1500, "XAF"), phone="+237690000001", handle=HANDLE)
TRANSFER = Transfer(
    payment_id="po_" + "c" * 26,
    money=Money(1500, "XAF"),
    phone="+237690000001",
    country="CM",
    description="Salaire",
    callback_url="http://localhost/webhooks",
    handle=HANDLE,
)
TXNID = "MP260301.1200.B00001"
SUCCESS = Final(word=Word.SUCCEEDED, amount="1500", provider_transaction_id=TXNID)
EXPIRED = Final(word=Word.EXPIRED, code="EXPIRED", reason="EXPIRED")


def failed(code: str, reason: str, **changes: Any) -> Final:
    """Write a failure in one line."""
    said = Final(
        word=Word.FAILED, amount="1500", provider_transaction_id=TXNID, code=code, reason=reason
    )
    return replace(said, **changes)


@pytest.fixture
async def adapter() -> AsyncIterator[OrangeCmAdapter]:
    made = OrangeCmAdapter(SETTINGS, opening())
    yield made
    await made.close()


SUBMISSIONS: list[tuple[int, str, Submission]] = [
    (200, "pending.json", Accepted(handle=HANDLE)),
    (200, "web_initiated.json", Accepted(handle=HANDLE)),
    (200, "single_l.json", Accepted(handle=HANDLE)),
    (200, "succeeded.json", SUCCESS),
    (200, "failed.json", failed("FAILED", "FAILED")),
    (200, "expired.json", EXPIRED),
    (200, "another_transaction.json", Unknown("the answer is about another transaction")),
    (200, "data_null.json", Unknown("status 200: Transaction retrieved successfully")),
    (200, "data_text.json", Unknown("status 200: SUCCESSFULL")),
    (200, "truncated.txt", Unknown("status 200: no JSON")),
    (200, "request_rejected.txt", Unknown("status 200: no JSON")),
    (200, "empty", Unknown("status 200: empty")),
    (201, "pending.json", Unknown("status 201: Merchant payment successfully initiated")),
    (
        417,
        "refused_poor.json",
        Declined(
            code="60019", reason="status 417: 60019 :: Le solde du compte du payeur est insuffisant"
        ),
    ),
    (
        417,
        "refused_nobody.json",
        Declined(
            code="Beneficiaire introuvable",
            reason="status 417: 60404 :: Beneficiaire introuvable",
        ),
    ),
    (
        417,
        "refused_blocked.json",
        Declined(code="Utilisateur bloque", reason="status 417: 60405 :: Utilisateur bloque"),
    ),
    (
        417,
        "refused_too_much.json",
        Declined(
            code="Vous avez saisi un montant superieur au montant maximum autorise",
            reason=(
                "status 417: 60406 :: "
                "Vous avez saisi un montant superieur au montant maximum autorise"
            ),
        ),
    ),
    (
        417,
        "refused_tomorrow.json",
        Declined(code="70001", reason="status 417: 70001 :: Une raison nouvelle"),
    ),
    (417, "refused_after_all.json", failed("70002", "70002 Refuse apres coup")),
    (
        417,
        "refused_without_transaction.json",
        Unknown("status 417: This payToken is not expected here"),
    ),
    (417, "refused_but_paid.json", Unknown("status 417: This payToken was used before")),
    (417, "refused_expired.json", Unknown("status 417: This payToken is not expected here")),
    (417, "pending.json", Unknown("status 417: Merchant payment successfully initiated")),
    (417, "request_rejected.txt", Unknown("status 417: no JSON")),
    (401, "fault_credentials.json", NotSent("status 401: 900901 Invalid Credentials")),
    (401, "empty", NotSent("status 401: empty")),
    (429, "fault_throttled.json", NotSent("status 429: 900800 Message throttled out")),
    (403, "fault_credentials.json", NotSent("status 403: 900901 Invalid Credentials")),
    (429, "empty", Unknown("status 429: empty")),
    (400, "request_rejected.txt", Unknown("status 400: no JSON")),
    (404, "empty", Unknown("status 404: empty")),
    (500, "send_timeout.xml", Unknown("status 500: no JSON")),
    (500, "fault_of_an_endpoint.json", Unknown("status 500: 101504 Runtime Error")),
    (500, "fault_credentials.json", Unknown("status 500: 900901 Invalid Credentials")),
    (503, "empty", Unknown("status 503: empty")),
]


@pytest.mark.parametrize(("status", "name", "meaning"), SUBMISSIONS)
async def test_what_an_answer_to_pay_means(
    adapter: OrangeCmAdapter, status: int, name: str, meaning: Submission
) -> None:
    with replaying() as replayed:
        replayed.post(f"{BASE}/token", body=fixture("orange_cm", "token.json"), repeat=True)
        replayed.post(f"{ROOT}/mp/pay", status=status, body=fixture("orange_cm", name), repeat=True)
        assert await adapter.submit(CHARGE, ORDER) == meaning


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (
            200,
            "cashin_succeeded.json",
            Final(
                word=Word.SUCCEEDED, amount="1500", provider_transaction_id="CI260301.1200.B00002"
            ),
        ),
        (200, "pending.json", Accepted(handle=HANDLE)),
        (
            417,
            "refused_poor.json",
            Declined(
                code="60019",
                reason="status 417: 60019 :: Le solde du compte du payeur est insuffisant",
                is_technical=True,
            ),
        ),
        (
            417,
            "refused_nobody.json",
            Declined(
                code="Beneficiaire introuvable",
                reason="status 417: 60404 :: Beneficiaire introuvable",
            ),
        ),
        (500, "send_timeout.xml", Unknown("status 500: no JSON")),
    ],
)
async def test_what_an_answer_to_a_cash_in_means(
    adapter: OrangeCmAdapter, status: int, name: str, meaning: Submission
) -> None:
    with replaying() as replayed:
        token = fixture("orange_cm", "token_with_text.json")
        replayed.post(f"{BASE}/token", body=token, repeat=True)
        replayed.post(f"{ROOT}/cashin/pay", status=status, body=fixture("orange_cm", name))
        assert await adapter.pay_out(TRANSFER, ORDER) == meaning


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (200, "pending.json", Pending("PENDING")),
        (200, "web_initiated.json", Pending("INITIATED")),
        (200, "single_l.json", Pending("SUCCESSFUL")),
        (200, "succeeded.json", SUCCESS),
        (200, "succeeded_on_the_web.json", SUCCESS),
        (200, "succeeded_by_order.json", SUCCESS),
        (200, "succeeded_otherwise.json", replace(SUCCESS, amount="100")),
        (200, "failed.json", failed("FAILED", "FAILED")),
        (
            200,
            "failed_at_confirmation.json",
            failed("Utilisateur bloque", "60404 Utilisateur bloque"),
        ),
        (
            200,
            "failed_by_a_code_of_tomorrow.json",
            failed("70001", "70001 Une raison nouvelle", provider_transaction_id=None),
        ),
        (
            417,
            "refused_poor.json",
            failed(
                "60019",
                "60019 Le solde du compte du payeur est insuffisant",
                provider_transaction_id=None,
            ),
        ),
        (200, "cancelled.json", failed("CANCELLED", "CANCELLED")),
        (200, "expired.json", EXPIRED),
        (200, "another_transaction.json", Unknown("the answer is about another transaction")),
        (200, "another_order.json", Unknown("the answer is about another transaction")),
        (
            200,
            "status_missing.json",
            Unknown(
                "status 200: Transaction retrieved successfully without a status of the transaction"
            ),
        ),
        (
            200,
            "status_null.json",
            Unknown(
                "status 200: Transaction retrieved successfully without a status of the transaction"
            ),
        ),
        (
            200,
            "status_of_a_wrong_type.json",
            Unknown(
                "status 200: Transaction retrieved successfully without a status of the transaction"
            ),
        ),
        (200, "data_null.json", Unknown("status 200: Transaction retrieved successfully")),
        (200, "data_text.json", Unknown("status 200: SUCCESSFULL")),
        (200, "truncated.txt", Unknown("status 200: no JSON")),
        (200, "request_rejected.txt", Unknown("status 200: no JSON")),
        (404, "succeeded.json", Unknown("status 404: Transaction retrieved successfully")),
        (401, "fault_credentials.json", Unknown("status 401: 900901 Invalid Credentials")),
        (500, "send_timeout.xml", Unknown("status 500: no JSON")),
    ],
)
async def test_what_an_answer_about_a_pay_token_means(
    adapter: OrangeCmAdapter, status: int, name: str, meaning: Inquiry
) -> None:
    with replaying() as replayed:
        replayed.post(f"{BASE}/token", body=fixture("orange_cm", "token.json"), repeat=True)
        for product in ("mp", "cashin"):
            url = f"{ROOT}/{product}/paymentstatus/{PAY_TOKEN}"
            replayed.get(url, status=status, body=fixture("orange_cm", name), repeat=True)
        asked = await adapter.inquire(ORDER, HANDLE), await adapter.inquire_payout(ORDER, HANDLE)
    assert asked == (meaning, meaning)


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (200, "initiated.json", Prepared(handle=HANDLE)),
        (
            200,
            "initiated_without_token.json",
            NotSent("status 200: Payment request successfully initiated without a payToken"),
        ),
        (
            200,
            "initiated_with_a_path.json",
            NotSent("status 200: Payment request successfully initiated without a payToken"),
        ),
        (
            200,
            "initiated_as_text.json",
            NotSent("status 200: Payment request successfully initiated without a payToken"),
        ),
        (200, "request_rejected.txt", NotSent("status 200: no JSON without a payToken")),
        (
            417,
            "initiated.json",
            NotSent("status 417: Payment request successfully initiated without a payToken"),
        ),
        (
            429,
            "fault_throttled.json",
            NotSent("status 429: 900800 Message throttled out without a payToken"),
        ),
        (500, "send_timeout.xml", NotSent("status 500: no JSON without a payToken")),
    ],
)
async def test_what_an_answer_to_init_means(
    adapter: OrangeCmAdapter, status: int, name: str, meaning: Prepared | NotSent
) -> None:
    with replaying() as replayed:
        replayed.post(f"{BASE}/token", body=fixture("orange_cm", "token.json"), repeat=True)
        replayed.post(f"{ROOT}/mp/init", status=status, body=fixture("orange_cm", name))
        assert await adapter.prepare(CHARGE, ORDER) == meaning


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (200, "holder.json", AccountCheck(is_active=True)),
        (200, "holder_with_one_name.json", AccountCheck(is_active=True)),
        (200, "holder_without_name.json", Unknown("status 200 without a holder")),
        (200, "data_null.json", Unknown("status 200 without a holder")),
        (
            417,
            "holder_unknown.json",
            AccountCheck(is_active=False, detail="Beneficiaire introuvable"),
        ),
        (417, "holder_blocked.json", AccountCheck(is_active=False, detail="Utilisateur bloque")),
        (
            417,
            "refused_without_transaction.json",
            Unknown("status 417: This payToken is not expected here"),
        ),
        (500, "send_timeout.xml", Unknown("status 500: no JSON")),
        (404, "empty", Unknown("status 404: empty")),
    ],
)
def test_what_an_answer_about_a_holder_means(
    status: int, name: str, meaning: AccountCheck | Unknown
) -> None:
    assert parse_account(recorded("orange_cm", name, status)) == meaning


def test_what_is_sent_is_what_orange_takes() -> None:
    charge = replace(CHARGE, description=" ", callback_url="https://pay.example/webhooks/x")
    assert build_payment(SETTINGS, charge, ORDER) == {
        "notifUrl": "https://pay.example/webhooks/x",
        "channelUserMsisdn": "690000000",
        "amount": "1500",
        "subscriberMsisdn": "690000001",
        "pin": "2580",
        "orderId": ORDER,
        "description": "Paiement",
        "payToken": PAY_TOKEN,
    }
    assert build_payment(SETTINGS, TRANSFER, ORDER)["notifUrl"] == ""


BODIES = st.one_of(
    st.binary(max_size=40),
    st.dictionaries(
        st.sampled_from(["message", "data", "fault", "code"]),
        st.one_of(
            st.none(),
            st.integers(-9, 9),
            st.text(max_size=9),
            st.dictionaries(
                st.sampled_from(
                    [
                        *("status", "payToken", "txnid", "txnmode", "amount", "code"),
                        *("inittxnstatus", "inittxnmessage", "confirmtxnstatus", "firstName"),
                    ]
                ),
                st.one_of(
                    st.none(),
                    st.integers(-9, 9),
                    st.lists(st.integers(-9, 9), max_size=1),
                    st.sampled_from(["SUCCESSFULL", "FAILED", "EXPIRED", PAY_TOKEN, ORDER, ""]),
                ),
            ),
        ),
    ).map(orjson.dumps),
)


@given(st.builds(Answer, st.sampled_from([200, 401, 404, 417, 429, 500]), st.just({}), BODIES))
def test_no_answer_makes_us_stumble_and_money_is_certain_only_where_orange_says_so(
    answer: Answer,
) -> None:
    outcome = parse_submission(answer, HANDLE)
    asked = parse_inquiry(answer, HANDLE)
    assert not isinstance(asked, (NotFound, NotSent))
    if isinstance(outcome, NotSent):
        assert answer.status in {401, 404, 429}
    if isinstance(outcome, (Final, Declined)):
        assert isinstance(asked, Final)
    if isinstance(asked, Final):
        assert answer.status in {200, 417}
        assert (PAY_TOKEN in answer.body.decode()) or (ORDER in answer.body.decode())
    assert isinstance(parse_preparation(answer, ORDER), (Prepared, NotSent))
    assert isinstance(parse_account(answer), (AccountCheck, Unknown))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("notification.json", "an unsigned notification says SUCCESSFULL"),
        ("notification_without_status.json", "an unsigned notification says nothing"),
    ],
)
def test_a_notification_is_a_reason_to_ask(name: str, reason: str) -> None:
    call = a_call(fixture("orange_cm", name), PAYMENT_ID, ORDER)
    adapter = OrangeCmAdapter(SETTINGS, opening())
    assert adapter.authenticate(call, None, NOW) == "unsigned"
    assert adapter.translate(call, "unsigned", NOW) == [
        RequestInquiry(payment_id=PAYMENT_ID, reason=reason, inquire_at=NOW)
    ]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b"", (PAYMENT_ID, ORDER)),
        (b'["SUCCESSFULL"]', (PAYMENT_ID, ORDER)),
        (b'{"status":"SUCC', (PAYMENT_ID, ORDER)),
        (fixture("orange_cm", "notification.json"), ()),
    ],
)
def test_a_notification_that_cannot_be_matched_is_unreadable(
    body: bytes, path: tuple[str, ...]
) -> None:
    with pytest.raises(WebhookUnreadableError):
        OrangeCmAdapter(SETTINGS, opening()).translate(a_call(body, *path), "unsigned", NOW)


def a_call(body: bytes, *path: str) -> WebhookCall:
    """Make a stored notification."""
    return WebhookCall(method="POST", path=path, headers={}, body=body)


def test_every_sentence_and_code_that_was_published_has_a_meaning() -> None:
    assert MEANINGS["60019"] is Refusal.INSUFFICIENT_FUNDS
    assert MEANINGS["Utilisateur bloque"] is Refusal.ACCOUNT_BLOCKED
    assert MEANINGS["Beneficiaire introuvable"] is Refusal.PAYEE_NOT_FOUND
    assert MEANINGS["EXPIRED"] is Refusal.TIMED_OUT


def test_a_transcript_shows_neither_pin_nor_pay_token_nor_people() -> None:
    adapter = OrangeCmAdapter(SETTINGS, opening())
    said = (
        f"POST /omcoreapis/1.0.2/mp/paymentstatus/{PAY_TOKEN}\n"
        "X-AUTH-TOKEN: c3ludGhldGljLXVzZXI6c3ludGhldGljLXBhc3N3b3Jk\n\n"
        '{"pin":"2580","amount":"25800","subscriberMsisdn":"690000001"}\n'
        '{"firstName":"AWA","confirmtxnmessage":"from 690000001 AWA","txnid":null}'
    )
    shown = adapter.scrub(said)
    assert shown == adapter.scrub(shown)
    assert shown.splitlines() == [
        "POST /omcoreapis/1.0.2/mp/paymentstatus/***",
        "X-AUTH-TOKEN: ***",
        "",
        '{"pin":"***","amount":"25800","subscriberMsisdn":"***"}',
        '{"firstName":"***","confirmtxnmessage":"***","txnid":null}',
    ]


def test_settings_and_adapters_show_no_secret() -> None:
    shown = repr(SETTINGS) + repr(OrangeCmAdapter(SETTINGS, opening())) + str(SETTINGS.model_dump())
    hidden = ("synthetic-secret", "synthetic-password", "2580")
    assert [one for one in hidden if one in shown] == []


@pytest.mark.parametrize(
    "changes",
    [{"pin": "25800"}, {"pin": "258"}, {"pin": "abcd"}, {"channel_number": "237690000000"}],
)
def test_a_pin_is_four_digits_and_a_number_is_national(changes: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings.model_validate(VALUES | changes)
    assert [one for one in changes.values() if one in str(refused.value)] == []
