"""What KKiaPay's recorded answers and webhooks mean: replayed from files, compared whole."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.answer import Answer
from adapters.base import (
    Declined,
    Final,
    NotFound,
    NotSent,
    Unknown,
    WebhookCall,
    WebhookUnreadableError,
)
from adapters.powers import Original, Return
from adapters.providers._kkiapay_answers import (
    REFUSALS,
    REFUSING,
    State,
    parse_revert,
    parse_webhook,
    state_of,
    transaction_id_in,
)
from adapters.providers.kkiapay import KkiapayAdapter, Settings
from ledger.commands import PaymentCommand, RecordEvidence, RequestInquiry
from ledger.evidence import Evidence, Source, Word
from ledger.money import Money
from tests.contracts.rail import REFUND_ID
from tests.replay import NOW, PAYMENT_ID, fixture, opening, recorded, replaying

BASE = "http://127.0.0.1:1"
SETTINGS = Settings.model_validate(
    {"base_url": BASE}
    | dict.fromkeys(("public_key", "private_key", "secret_key", "webhook_secret"), "synthetic")
)
TRANSACTION = "SYNTH0001"
REFERENCE, REFUND = f"{PAYMENT_ID}-1", f"{REFUND_ID}-1"
GIVEN_BACK = Final(word=Word.SUCCEEDED)
WANTED = Return(
    payment_id=REFUND_ID,
    money=Money(2500, "XOF"),
    original=Original(
        payment_id=PAYMENT_ID,
        reference=REFERENCE,
        money=Money(2500, "XOF"),
        provider_transaction_id=TRANSACTION,
    ),
    phone="+2290161000001",
    country="BJ",
    description="A refund",
    callback_url=None,
    handle={"transaction_id": TRANSACTION},
)


@pytest.fixture
async def adapter() -> AsyncIterator[KkiapayAdapter]:
    made = KkiapayAdapter(SETTINGS, opening())
    yield made
    await made.close()


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (200, "status_success.json", State("SUCCESS", "2500")),
        (200, "status_pending.json", State("PENDING", "2500")),
        (200, "status_failed.json", State("FAILED", "2500")),
        (200, "status_reverted.json", State("REVERTED", "2500")),
        (200, "status_of_tomorrow.json", State("ON_HOLD", "2500.0")),
        (200, "status_alone.json", State("SUCCESS", None)),
        (200, "status_wrong_types.json", Unknown("status 200:")),
        (200, "status_of_another.json", Unknown("the answer is about another transaction")),
        (200, "error_code.json", Unknown("status 200: TRANSACTION_NOT_FOUND Said by KKiaPay.")),
        (404, "error_code.json", Unknown("status 404: TRANSACTION_NOT_FOUND Said by KKiaPay.")),
        (404, "status_success.json", Unknown("status 404: SUCCESS")),
        (200, "truncated.json", Unknown("status 200: no JSON")),
        (200, "page.html", Unknown("status 200: no JSON")),
        (200, "list.json", Unknown("status 200: no JSON")),
        (200, "empty", Unknown("status 200: empty")),
        (503, "page.html", Unknown("status 503: no JSON")),
    ],
)
def test_a_status_is_kkiapay_s_own_or_unknown(
    status: int, name: str, meaning: State | Unknown
) -> None:
    assert state_of(recorded("kkiapay", name, status), TRANSACTION) == meaning


NOT_FOUND = "TRANSACTION_NOT_FOUND Said by KKiaPay."


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (200, "revert_success.json", GIVEN_BACK),
        (201, "revert_success.json", GIVEN_BACK),
        (200, "revert_without_id.json", GIVEN_BACK),
        (200, "status_reverted.json", GIVEN_BACK),
        (200, "status_success.json", Unknown("status 200: SUCCESS")),
        (200, "revert_of_another.json", Unknown("status 200: SUCCESS REVERTED")),
        (500, "revert_success.json", Unknown("status 500: SUCCESS REVERTED")),
        (200, "revert_of_tomorrow.json", Unknown("status 200: QUEUED Said by KKiaPay.")),
        (
            200,
            "error_code.json",
            Declined(
                code="TRANSACTION_NOT_FOUND", reason=f"status 200: {NOT_FOUND}", is_technical=True
            ),
        ),
        (
            400,
            "error_status.json",
            Declined(
                code="TRANSACTION_NOT_ELIGIBLE",
                reason="status 400: TRANSACTION_NOT_ELIGIBLE",
                is_technical=True,
            ),
        ),
        (401, "error_code.json", NotSent(f"status 401: {NOT_FOUND}")),
        (403, "page.html", NotSent("status 403: no JSON")),
        (429, "empty", NotSent("status 429: empty")),
        (200, "status_wrong_types.json", Unknown("status 200:")),
        (200, "truncated.json", Unknown("status 200: no JSON")),
        (200, "page.html", Unknown("status 200: no JSON")),
        (500, "empty", Unknown("status 500: empty")),
    ],
)
def test_a_revert_is_made_declined_not_sent_or_unknown(
    status: int, name: str, meaning: object
) -> None:
    assert parse_revert(recorded("kkiapay", name, status), TRANSACTION) == meaning


@pytest.mark.parametrize("code", sorted(REFUSING))
def test_every_refusing_code_is_in_the_one_vocabulary(code: str) -> None:
    answer = Answer(400, {}, orjson.dumps({"code": code}))
    assert parse_revert(answer, TRANSACTION) == Declined(
        code=code, reason=f"status 400: {code}", is_technical=True
    )
    assert code in REFUSALS


def told(name: str, **changes: Any) -> WebhookCall:
    """A recorded webhook, with some members changed; those that are None are left out."""
    body: dict[str, Any] = orjson.loads(fixture("kkiapay", name)) | changes
    kept = {key: value for key, value in body.items() if value is not None}
    return WebhookCall(method="POST", path=(), headers={}, body=orjson.dumps(kept))


def word(word: Word, **changes: Any) -> RecordEvidence:
    usual: dict[str, Any] = {
        "source": Source.WEBHOOK,
        "provider": "kkiapay",
        "reference": REFERENCE,
        "word": word,
        "amount": "2500",
        "provider_transaction_id": TRANSACTION,
        "occurred_at": datetime(2026, 3, 1, 12, tzinfo=UTC) if word is Word.SUCCEEDED else None,
    }
    return RecordEvidence(payment_id=PAYMENT_ID, evidence=Evidence(**(usual | changes)))


def looking(says: str) -> RequestInquiry:
    return RequestInquiry(payment_id=PAYMENT_ID, reason=says, inquire_at=NOW)


FAILED = {"code": "processing_error", "reason": "processing_error"}


@pytest.mark.parametrize(
    ("name", "changes", "meaning"),
    [
        ("webhook_success.json", {}, word(Word.SUCCEEDED)),
        ("webhook_success.json", {"event": None}, word(Word.SUCCEEDED)),
        ("webhook_success.json", {"isPaymentSucces": None}, word(Word.SUCCEEDED)),
        ("webhook_success.json", {"amount": "2500"}, word(Word.SUCCEEDED)),
        ("webhook_success.json", {"amount": None}, word(Word.SUCCEEDED, amount=None)),
        (
            "webhook_success.json",
            {"transactionId": ["x"]},
            word(Word.SUCCEEDED, provider_transaction_id=None),
        ),
        (
            "webhook_success.json",
            {"performedAt": "2026-03-01T12:00:00"},
            word(Word.SUCCEEDED, occurred_at=None),
        ),
        ("webhook_failed.json", {}, word(Word.FAILED, **FAILED)),
        (
            "webhook_failed.json",
            {"failureMessage": 7},
            word(Word.FAILED, **FAILED | {"reason": "7"}),
        ),
        (
            "webhook_failed.json",
            {"failureCode": None, "failureMessage": None},
            word(Word.FAILED, code="FAILED", reason="FAILED"),
        ),
        (
            "webhook_failed.json",
            {"failureCode": "a_code_of_tomorrow"},
            word(Word.FAILED, **FAILED | {"code": "a_code_of_tomorrow"}),
        ),
        (
            "webhook_success.json",
            {"isPaymentSucces": False},
            looking("a proved webhook says transaction.success, False"),
        ),
        (
            "webhook_success.json",
            {"isPaymentSucces": "true"},
            looking("a proved webhook says transaction.success, true"),
        ),
        (
            "webhook_success.json",
            {"event": "transaction.pending"},
            looking("a proved webhook says transaction.pending, True"),
        ),
        (
            "webhook_success.json",
            {"event": ["transaction.success"]},
            looking("a proved webhook says no event, True"),
        ),
        (
            "webhook_success.json",
            {"event": None, "isPaymentSucces": None},
            looking("a proved webhook says no event, nothing"),
        ),
    ],
)
def test_a_webhook_is_a_word_only_where_event_and_flag_agree(
    name: str, changes: Mapping[str, Any], meaning: PaymentCommand
) -> None:
    said = parse_webhook(told(name, **changes), "authenticated", NOW, is_failure_final=True)
    assert said == meaning


def test_a_webhook_that_proved_nothing_decides_nothing() -> None:
    said = parse_webhook(told("webhook_success.json"), "unsigned", NOW, is_failure_final=True)
    assert said == looking("an unproved webhook says transaction.success, True")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"stateData": None}, "neither stateData nor partnerId names a payment"),
        ({"stateData": f"{PAYMENT_ID}-0"}, "neither stateData nor partnerId names a payment"),
        ({"stateData": PAYMENT_ID}, "neither stateData nor partnerId names a payment"),
        ({"stateData": [REFERENCE]}, "neither stateData nor partnerId names a payment"),
        ({"stateData": {"a": {"b": REFERENCE}}}, "neither stateData nor partnerId names"),
        ({"partnerId": f"{PAYMENT_ID}-2"}, "stateData and partnerId name two payments"),
        ({"stateData": {"a": REFERENCE, "b": f"{PAYMENT_ID}-2"}}, "name two payments"),
    ],
)
def test_a_webhook_that_names_no_one_payment_is_unreadable(
    changes: Mapping[str, Any], reason: str
) -> None:
    with pytest.raises(WebhookUnreadableError, match=reason):
        parse_webhook(
            told("webhook_success.json", **changes), "authenticated", NOW, is_failure_final=True
        )


@pytest.mark.parametrize("name", ["truncated.json", "page.html", "list.json", "empty"])
def test_a_webhook_that_is_no_object_is_unreadable(name: str) -> None:
    call = WebhookCall(method="POST", path=(), headers={}, body=fixture("kkiapay", name))
    with pytest.raises(WebhookUnreadableError, match="no JSON object"):
        parse_webhook(call, "authenticated", NOW, is_failure_final=True)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just(REFERENCE),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
KEYS = ("transactionId", "isPaymentSucces", "event", "amount", "partnerId", "stateData", "code")


@given(st.dictionaries(st.sampled_from((*KEYS, "status", "failureCode")), VALUES))
def test_whatever_comes_is_read_or_called_unreadable(body: Mapping[str, Any]) -> None:
    raw = json.dumps(body).encode()
    call = WebhookCall(method="POST", path=(), headers={}, body=raw)
    with suppress(WebhookUnreadableError):
        parse_webhook(call, "authenticated", NOW, is_failure_final=True)
    assert isinstance(state_of(Answer(200, {}, raw), TRANSACTION), (State, Unknown))
    parse_revert(Answer(200, {}, raw), TRANSACTION)


@pytest.mark.parametrize("value", [None, 7, "", "abc", "x" * 65, "a/b1", "abcd\n", "é" * 5])
def test_what_is_no_transaction_id_is_never_sent_back(value: object) -> None:
    assert transaction_id_in(value) is None


STATUS, REVERT = f"{BASE}/api/v1/transactions/status", f"{BASE}/api/v1/transactions/revert"


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("status_reverted.json", Final(word=Word.SUCCEEDED, amount="2500")),
        (
            "status_failed.json",
            Declined(code="FAILED", reason="the transaction's status is FAILED", is_technical=True),
        ),
        (
            "status_pending.json",
            NotSent("nothing was reverted: the transaction's status is PENDING"),
        ),
        ("page.html", NotSent("nothing was reverted: status 200: no JSON")),
    ],
)
async def test_only_what_stands_is_reverted(
    adapter: KkiapayAdapter, name: str, outcome: object
) -> None:
    with replaying() as replayed:
        replayed.post(STATUS, body=fixture("kkiapay", name))
        assert await adapter.refund(WANTED, REFUND) == outcome


@pytest.mark.parametrize(
    ("name", "is_declined"),
    [("status_success.json", True), ("status_reverted.json", False), ("page.html", False)],
)
async def test_a_refused_revert_is_believed_only_while_the_transaction_stands(
    adapter: KkiapayAdapter, name: str, is_declined: bool
) -> None:
    with replaying() as replayed:
        replayed.post(STATUS, body=fixture("kkiapay", "status_success.json"))
        replayed.post(REVERT, body=fixture("kkiapay", "error_status.json"), status=400)
        replayed.post(STATUS, body=fixture("kkiapay", name))
        outcome = await adapter.refund(WANTED, REFUND)
    assert isinstance(outcome, Declined if is_declined else Unknown)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("status_success.json", NotFound("the transaction stands, it was not reverted")),
        ("status_reverted.json", Final(word=Word.SUCCEEDED, amount="2500")),
        ("status_failed.json", Unknown("the transaction's status is FAILED")),
        ("page.html", Unknown("status 200: no JSON")),
    ],
)
async def test_a_refund_is_asked_about_by_the_transaction_s_status(
    adapter: KkiapayAdapter, name: str, answer: object
) -> None:
    with replaying() as replayed:
        replayed.post(STATUS, body=fixture("kkiapay", name))
        assert await adapter.inquire_refund(REFUND, WANTED.handle) == answer
