"""What the SDK's answers and calls mean: replayed from files, one row each, compared whole."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.answer import Answer
from adapters.base import (
    Accepted,
    Declined,
    Final,
    Inquiry,
    NotSent,
    Pending,
    Submission,
    Unknown,
    WebhookCall,
    WebhookUnreadableError,
)
from adapters.powers import Prepared, Reply, Transfer
from adapters.providers._mojaloop_answers import parse_quote, refusal_in
from adapters.providers._mojaloop_backend import Asked, asked_in, plain
from adapters.providers._mojaloop_payouts import opens
from adapters.providers._mojaloop_requests import parse_request_to_pay
from adapters.providers.mojaloop import MojaloopAdapter, Settings
from adapters.transport import Transport
from ledger.commands import RecordEvidence, RequestInquiry
from ledger.evidence import Evidence, Source, Word
from ledger.money import Money
from tests.replay import NOW, PAYMENT_ID, a_charge, at_once, fixture, replaying

BASE = "http://127.0.0.1:1"
SECRET = "synthetic-backend-secret"
TRANSFER_ID, REQUEST_ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV", "01BX5ZZKBKACTAV9WEVGEMMVRZ"
CONDITION = "S7Bvjk46dxXSAdVz0KpCN2LlXavWGiwCJ4-lbMbSlOA"
ENDS_AT = "2026-03-01T12:01:00+00:00"
HANDLE = {
    "transfer_id": TRANSFER_ID,
    "ends_at": ENDS_AT,
    "condition": CONDITION,
    "amount": "2500",
    "currency": "XOF",
}
LATE = HANDLE | {"ends_at": "2026-03-01T11:59:00+00:00"}
OVER = HANDLE | {"ends_at": "2026-03-01T11:00:00+00:00"}
COMPLETED_AT = NOW + timedelta(seconds=5)
PAID = Final(
    word=Word.SUCCEEDED,
    amount="2500",
    currency="XOF",
    provider_transaction_id=TRANSFER_ID,
    occurred_at=COMPLETED_AT,
)
TRANSFER = Transfer(
    payment_id="po_" + "c" * 26,
    money=Money(2500, "XOF"),
    phone="+2250700000001",
    country="CI",
    description="Wages",
    callback_url=None,
)
CHARGE = a_charge(money=Money(1500, "XOF"), phone="+2250700000001", callback_url=None)
TRANSFERS, ONE = f"{BASE}/transfers", f"{BASE}/transfers/{TRANSFER_ID}"
REQUESTS, REQUEST = f"{BASE}/requestToPay", f"{BASE}/requestToPay/{REQUEST_ID}"


def made(**changes: Any) -> MojaloopAdapter:
    """Make an adapter whose clock stands at noon."""
    settings = {
        "base_url": BASE,
        "party_id": "cauri-shop",
        "display_name": "Chez Aminatou",
        "backend_secret": SECRET,
        "sdk_waits": True,
    }
    opening = partial(Transport, clock=lambda: NOW, is_loopback_only=True, sleep=at_once)
    return MojaloopAdapter(Settings.model_validate(settings | changes), opening)


@pytest.fixture
async def adapter() -> AsyncIterator[MojaloopAdapter]:
    adapter = made()
    yield adapter
    await adapter.close()


def named(name: str) -> bytes:
    """A recorded body; `html` and `truncated` are none that can be read."""
    is_text = name in {"html", "truncated"}
    return fixture(
        "mojaloop", name if name == "empty" else f"{name}.{'txt' if is_text else 'json'}"
    )


Script = list[tuple[str, str, int, str]]
"""Method, address, status and body of each call in its order."""


def declined(code: str, reason: str) -> Declined:
    return Declined(code=code, reason=reason, is_technical=True)


def failed(code: str) -> Final:
    return Final(
        word=Word.FAILED,
        code=code,
        reason=f"Mojaloop: {code}",
        provider_transaction_id=TRANSFER_ID,
    )


PARTY: Script = [("POST", TRANSFERS, 200, "waiting_for_party")]


BEYOND = Prepared(
    handle={"transfer_id": TRANSFER_ID, "ends_at": NOW.isoformat(), "is_beyond": "yes"}
)


@pytest.mark.parametrize(
    ("script", "meaning"),
    [
        ([*PARTY, ("PUT", ONE, 200, "waiting_for_quote")], Prepared(handle=HANDLE)),
        ([("POST", TRANSFERS, 200, "waiting_for_quote")], Prepared(handle=HANDLE)),
        (
            [("POST", TRANSFERS, 500, "party_not_found")],
            declined(
                "3204",
                "status 500: 3204 ERROR_OCCURRED Got an error response: "
                '{"errorInformation": {"errorCode": "3204", '
                '"errorDescription": "Party not found"}}',
            ),
        ),
        (
            [("POST", TRANSFERS, 400, "invalid")],
            declined("400", "status 400: .requestBody should have required property 'to'"),
        ),
        ([("POST", TRANSFERS, 500, "not_cached")], NotSent),
        ([("POST", TRANSFERS, 500, "server_busy")], NotSent),
        ([("POST", TRANSFERS, 502, "html")], NotSent("status 502: no JSON")),
        ([("POST", TRANSFERS, 200, "html")], NotSent("status 200: no JSON")),
        ([("POST", TRANSFERS, 200, "empty")], NotSent("status 200: empty")),
        ([("POST", TRANSFERS, 200, "truncated")], NotSent("status 200: no JSON")),
        ([*PARTY, ("PUT", ONE, 500, "quote_refused")], Declined),
        ([*PARTY, ("PUT", ONE, 500, "server_busy")], NotSent),
        ([*PARTY, ("PUT", ONE, 504, "html")], NotSent("status 504: no JSON")),
        (
            [*PARTY, ("PUT", ONE, 200, "waiting_for_conversion"), ("PUT", ONE, 200, "aborted")],
            declined("NEEDS_CONVERSION", "the payee's provider takes no XOF"),
        ),
        # It went on without us: whatever is submitted now has to ask, and not to pay.
        ([("POST", TRANSFERS, 200, "completed")], BEYOND),
        ([("POST", TRANSFERS, 504, "timeout")], BEYOND),
        ([*PARTY, ("PUT", ONE, 500, "transfer_refused")], BEYOND),
    ],
)
async def test_what_an_answer_means_before_the_quote_is_accepted(
    adapter: MojaloopAdapter, script: Script, meaning: Prepared | Declined | NotSent | type
) -> None:
    with replaying() as replayed:
        for method, url, status, name in script:
            getattr(replayed, method.lower())(url, status=status, body=named(name))
        outcome = await adapter.prepare(TRANSFER, "po.1")
        assert len([one for calls in replayed.requests.values() for one in calls]) == len(script)
    assert (type(outcome) if isinstance(meaning, type) else outcome) == meaning


UNKNOWN_THERE = "the scheme does not know the transfer"


@pytest.mark.parametrize(
    ("handle", "script", "meaning"),
    [
        (HANDLE, [("PUT", ONE, 200, "completed")], PAID),
        (
            HANDLE,
            [("PUT", ONE, 200, "completed_unproved")],
            Unknown("COMMITTED, but its fulfilment does not open the quote's condition"),
        ),
        (
            HANDLE,
            [("PUT", ONE, 200, "completed_reserved"), ("GET", ONE, 200, "status_reserved")],
            Accepted(handle=HANDLE),
        ),
        (HANDLE, [("PUT", ONE, 504, "timeout"), ("GET", ONE, 200, "status_committed")], PAID),
        (
            HANDLE,
            [("PUT", ONE, 504, "timeout"), ("GET", ONE, 200, "status_settled")],
            Accepted(handle=HANDLE),
        ),
        (
            HANDLE,
            [("PUT", ONE, 504, "timeout"), ("GET", ONE, 500, "status_unknown")],
            Unknown(UNKNOWN_THERE),
        ),
        (HANDLE, [("PUT", ONE, 504, "timeout"), ("GET", ONE, 500, "server_busy")], Unknown),
        (
            HANDLE,
            [("PUT", ONE, 500, "transfer_refused"), ("GET", ONE, 200, "status_aborted")],
            failed("5104"),
        ),
        (
            HANDLE,
            [("PUT", ONE, 500, "server_busy"), ("GET", ONE, 200, "status_aborted")],
            failed("ABORTED"),
        ),
        (HANDLE, [("PUT", ONE, 204, "empty"), ("GET", ONE, 200, "status_committed")], PAID),
        (
            HANDLE,
            [("PUT", ONE, 204, "empty"), ("GET", ONE, 200, "status_of_another")],
            Unknown("the answer is about another transfer"),
        ),
        (
            HANDLE,
            [("PUT", ONE, 204, "empty"), ("GET", ONE, 200, "html")],
            Unknown("status 200: no JSON"),
        ),
        # Who answers there is not the SDK: a question would take the transfer from it.
        (HANDLE, [("PUT", ONE, 200, "html")], Unknown("status 200: no JSON")),
        (HANDLE, [("PUT", ONE, 200, "truncated")], Unknown("status 200: no JSON")),
        (HANDLE, [("PUT", ONE, 502, "html")], Unknown("status 502: no JSON")),
        (HANDLE, [("PUT", ONE, 500, "not_cached")], Unknown),
        (BEYOND.handle, [("GET", ONE, 200, "status_aborted")], failed("ABORTED")),
        (BEYOND.handle, [("GET", ONE, 500, "status_unknown")], Unknown(UNKNOWN_THERE)),
        (LATE, [], NotSent("the quote has ended before it was accepted")),
        ({}, [], NotSent("nothing was prepared")),
        (HANDLE | {"ends_at": "soon"}, [], NotSent("nothing was prepared")),
    ],
)
async def test_what_an_answer_to_an_accepted_quote_means(
    adapter: MojaloopAdapter, handle: dict[str, str], script: Script, meaning: Submission | type
) -> None:
    with replaying() as replayed:
        for method, url, status, name in script:
            getattr(replayed, method.lower())(url, status=status, body=named(name))
        outcome = await adapter.pay_out(replace(TRANSFER, handle=handle), "po.1")
        sent = [one for calls in replayed.requests.values() for one in calls]
    assert (type(outcome) if isinstance(meaning, type) else outcome) == meaning
    assert len(sent) == len(script)
    assert {one.kwargs["data"] for one in sent} <= {b'{"acceptQuote":true}', None}


NEVER = NotSent("the scheme never got the transfer, and its quote was refused")


@pytest.mark.parametrize(
    ("handle", "script", "meaning"),
    [
        (HANDLE, [("GET", ONE, 200, "status_committed")], PAID),
        (HANDLE, [("GET", ONE, 200, "status_received")], Pending("RECEIVED")),
        (HANDLE, [("GET", ONE, 200, "status_aborted")], failed("ABORTED")),
        (HANDLE, [("GET", ONE, 500, "status_unknown")], Pending(UNKNOWN_THERE)),
        (HANDLE, [("GET", ONE, 502, "html")], Unknown("status 502: no JSON")),
        (LATE, [("GET", ONE, 500, "status_unknown")], Pending(UNKNOWN_THERE)),
        # All is over: it is refused first, and then the scheme's word is the end.
        (OVER, [("PUT", ONE, 200, "completed")], PAID),
        (OVER, [("PUT", ONE, 200, "aborted"), ("GET", ONE, 500, "status_unknown")], NEVER),
        (OVER, [("PUT", ONE, 200, "aborted"), ("GET", ONE, 200, "status_committed")], PAID),
        (
            OVER,
            [("PUT", ONE, 204, "empty"), ("GET", ONE, 200, "status_reserved")],
            Pending("RESERVED"),
        ),
        (OVER, [("PUT", ONE, 200, "aborted"), ("GET", ONE, 500, "server_busy")], Unknown),
        (OVER, [("PUT", ONE, 504, "timeout")], Unknown),
        (OVER, [("PUT", ONE, 503, "empty")], Unknown("status 503: empty")),
        (OVER, [("PUT", ONE, 200, "html")], Unknown("status 200: no JSON")),
        (None, [], NotSent),
        ({}, [], Unknown("the kept handle is of something else")),
        (HANDLE | {"ends_at": "soon"}, [], Unknown("the kept handle is of something else")),
        (HANDLE | {"ends_at": "2026-03-01T12:01:00"}, [], Unknown),
        (HANDLE | {"transfer_id": "../parties"}, [], Unknown),
    ],
)
async def test_what_became_of_a_payout(
    adapter: MojaloopAdapter,
    handle: dict[str, str] | None,
    script: Script,
    meaning: Inquiry | type,
) -> None:
    with replaying() as replayed:
        for method, url, status, name in script:
            getattr(replayed, method.lower())(url, status=status, body=named(name))
        outcome = await adapter.inquire_payout("po.1", handle)
        sent = [one for calls in replayed.requests.values() for one in calls]
    assert (type(outcome) if isinstance(meaning, type) else outcome) == meaning
    assert len(sent) == len(script)
    assert {one.kwargs["data"] for one in sent} <= {b'{"acceptQuote":false}', None}


KNOWN = {"transaction_request_id": REQUEST_ID}


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (200, "request_waiting", Prepared(handle=KNOWN)),
        (200, "request_received", Prepared(handle=KNOWN)),
        (500, "request_party_not_found", Declined),
        (400, "invalid", Declined),
        (500, "request_timeout", NotSent),
        (200, "html", NotSent("status 200: no JSON")),
        (200, "truncated", NotSent("status 200: no JSON")),
        (503, "empty", NotSent("status 503: empty")),
    ],
)
async def test_what_an_answer_to_a_request_to_pay_means(
    adapter: MojaloopAdapter, status: int, name: str, meaning: Prepared | NotSent | type
) -> None:
    with replaying() as replayed:
        replayed.post(REQUESTS, status=status, body=named(name))
        outcome = await adapter.prepare(CHARGE, f"{PAYMENT_ID}.1")
        ((sent,),) = replayed.requests.values()
    assert (type(outcome) if isinstance(meaning, type) else outcome) == meaning
    assert orjson.loads(sent.kwargs["data"]) == {
        "homeR2PTransactionId": f"{PAYMENT_ID}.1:XOF:1500",
        "from": {
            "type": "BUSINESS",
            "idType": "BUSINESS",
            "idValue": "cauri-shop",
            "displayName": "Chez Aminatou",
        },
        "to": {"idType": "MSISDN", "idValue": "2250700000001"},
        "amountType": "RECEIVE",
        "currency": "XOF",
        "amount": "1500",
        "transactionType": "PAYMENT",
    }


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (200, "request_received", Accepted(handle=KNOWN)),
        (200, "request_received_and_named", Accepted(handle=KNOWN)),
        (200, "request_rejected", Declined),
        (500, "request_refused", Declined),
        (500, "request_resent", Unknown),
        (504, "request_timeout", Unknown),
        (200, "html", Unknown("status 200: no JSON")),
        (204, "empty", Unknown("status 204: empty")),
        (503, "empty", Unknown("status 503: empty")),
    ],
)
async def test_what_the_payers_provider_says_at_once(
    adapter: MojaloopAdapter, status: int, name: str, meaning: Submission | type
) -> None:
    with replaying() as replayed:
        replayed.put(REQUEST, status=status, body=named(name))
        outcome = await adapter.submit(replace(CHARGE, handle=KNOWN), f"{PAYMENT_ID}.1")
    assert (type(outcome) if isinstance(meaning, type) else outcome) == meaning


NAMED: Script = [("PUT", REQUEST, 200, "request_received_and_named")]


@pytest.mark.parametrize(
    ("script", "meaning"),
    [
        (
            [("PUT", REQUEST, 200, "request_received")],
            Pending("the payer's provider has the request"),
        ),
        (
            [("PUT", REQUEST, 200, "request_rejected")],
            Final(word=Word.FAILED, code="REJECTED", reason="Mojaloop: REJECTED"),
        ),
        (
            [("PUT", REQUEST, 200, "request_rejected_later")],
            Final(word=Word.FAILED, code="REJECTED", reason="Mojaloop: REJECTED"),
        ),
        (
            [("PUT", REQUEST, 500, "request_refused")],
            Final(word=Word.FAILED, code="4101", reason="Mojaloop: 4101"),
        ),
        # A resend that the payer's provider complains of says nothing about the first one.
        ([("PUT", REQUEST, 500, "request_resent")], Unknown),
        ([("PUT", REQUEST, 504, "request_timeout")], Unknown),
        ([("PUT", REQUEST, 200, "html")], Unknown("status 200: no JSON")),
        ([("PUT", REQUEST, 204, "empty")], Unknown("status 204: empty")),
        (
            [*NAMED, ("GET", ONE, 200, "status_committed")],
            replace(PAID, amount=None, currency=None),
        ),
        ([*NAMED, ("GET", ONE, 200, "status_aborted")], failed("ABORTED")),
        ([*NAMED, ("GET", ONE, 200, "status_reserved")], Pending("RESERVED")),
        (
            [*NAMED, ("GET", ONE, 500, "status_unknown")],
            Pending("the scheme does not know the transfer"),
        ),
        ([*NAMED, ("GET", ONE, 502, "html")], Pending("status 502: no JSON")),
    ],
)
async def test_what_became_of_a_request_to_pay(
    adapter: MojaloopAdapter, script: Script, meaning: Inquiry | type
) -> None:
    with replaying() as replayed:
        for method, url, status, name in script:
            getattr(replayed, method.lower())(url, status=status, body=named(name))
        outcome = await adapter.inquire("r", KNOWN)
    assert (type(outcome) if isinstance(meaning, type) else outcome) == meaning


def called(method: str, path: str, body: bytes = b"", *, secret: str = SECRET) -> WebhookCall:
    """A call to our backend."""
    return WebhookCall(method=method, path=(secret, *path.split("/")), headers={}, body=body)


def evidence(**changes: Any) -> RecordEvidence:
    usual: dict[str, Any] = {
        "source": Source.WEBHOOK,
        "provider": "mojaloop",
        "reference": f"{PAYMENT_ID}.1",
        "word": Word.SUCCEEDED,
        "amount": "1500",
        "currency": "XOF",
        "provider_transaction_id": TRANSFER_ID,
        "occurred_at": COMPLETED_AT,
    }
    return RecordEvidence(payment_id=PAYMENT_ID, evidence=Evidence(**(usual | changes)))


def failure(code: str, **changes: Any) -> RecordEvidence:
    without: dict[str, Any] = {"amount": None, "currency": None, "occurred_at": None}
    told = {"word": Word.FAILED, "code": code, "reason": f"Mojaloop: {code}"}
    return evidence(**(without | told | changes))


HOME = f"{PAYMENT_ID}.1:XOF:1500"


@pytest.mark.parametrize(
    ("path", "name", "meaning"),
    [
        (f"transfers/{TRANSFER_ID}", "notice_committed", evidence()),
        (f"transfers/{TRANSFER_ID}", "notice_bare", evidence(amount=None, currency=None)),
        (
            f"transfers/{TRANSFER_ID}",
            "notice_of_another_amount",
            evidence(amount="15", currency="XAF"),
        ),
        (f"transfers/{TRANSFER_ID}", "notice_aborted", failure("ABORTED")),
        (f"transfers/{TRANSFER_ID}", "notice_aborted_with_a_code", failure("3303")),
        (
            f"transfers/{TRANSFER_ID}",
            "notice_reserved",
            RequestInquiry(
                payment_id=PAYMENT_ID,
                reason="the scheme calls about it: transfers",
                inquire_at=NOW,
            ),
        ),
    ],
)
def test_what_a_notice_of_a_transfer_means(path: str, name: str, meaning: object) -> None:
    adapter, call = made(), called("PUT", path, named(name))
    assert adapter.translate(call, "authenticated", NOW) == [meaning]
    assert adapter.reply(call, "authenticated") == Reply(200, {})


@pytest.mark.parametrize("state", ["RECEIVED", "PENDING", "ACCEPTED", "REJECTED", "LOST", None, 7])
def test_only_a_rejected_request_is_final(state: object) -> None:
    body = {"homeR2PTransactionId": HOME, "transactionRequestState": state}
    call = called("PUT", f"requestToPay/{REQUEST_ID}", orjson.dumps(body))
    (command,) = made().translate(call, "authenticated", NOW)
    if state == "REJECTED":
        assert command == failure("REJECTED", provider_transaction_id=None)
    else:
        assert isinstance(command, RequestInquiry)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"transfers/{TRANSFER_ID}", b""),
        (f"transfers/{TRANSFER_ID}", b"[]"),
        (f"transfers/{TRANSFER_ID}", b"<html></html>"),
        (f"transfers/{TRANSFER_ID}", named("truncated")),
        (f"transfers/{TRANSFER_ID}", named("notice_of_a_stranger")),
        (f"transfers/{REQUEST_ID}", named("notice_committed")),
        ("transfers/%2e%2e", named("notice_bare").replace(TRANSFER_ID.encode(), b"%2e%2e")),
        (f"requestToPay/{REQUEST_ID}", b'{"transactionRequestState": "REJECTED"}'),
        (
            f"requestToPay/{REQUEST_ID}",
            b'{"homeR2PTransactionId": "pay_x.1:XOF:1", "transactionRequestState": "REJECTED"}',
        ),
    ],
)
def test_what_is_about_no_request_of_ours_is_an_orphan(path: str, body: bytes) -> None:
    with pytest.raises(WebhookUnreadableError):
        made().translate(called("PUT", path, body), "authenticated", NOW)


def test_a_call_that_proved_nothing_means_nothing() -> None:
    call = called("PUT", f"transfers/{TRANSFER_ID}", named("notice_committed"))
    with pytest.raises(WebhookUnreadableError):
        made().translate(call, "unsigned", NOW)


QUOTE = {
    "homeR2PTransactionId": HOME,
    "quoteId": REQUEST_ID,
    "transactionId": TRANSFER_ID,
    "to": {"idType": "BUSINESS", "idValue": "cauri-shop"},
    "amount": "1500",
    "currency": "XOF",
}
PRICE = {
    "quoteId": REQUEST_ID,
    "transactionId": TRANSFER_ID,
    "transferAmount": "1500",
    "transferAmountCurrency": "XOF",
    "payeeReceiveAmount": "1500",
    "payeeReceiveAmountCurrency": "XOF",
}
PREPARE = {
    "homeR2PTransactionId": HOME,
    "transferId": TRANSFER_ID,
    "amount": "1500",
    "currency": "XOF",
    "quote": PRICE,
}


def no(status: int, code: str, message: str) -> Reply:
    return Reply(status, {"statusCode": code, "message": message})


STRANGE = no(400, "5103", "this pays no request of ours")
OTHER = no(400, "5103", "another amount was asked for")


@pytest.mark.parametrize(
    ("method", "path", "body", "said"),
    [
        ("POST", "quoterequests", QUOTE, Reply(200, PRICE)),
        ("POST", "quoterequests", QUOTE | {"homeR2PTransactionId": None}, STRANGE),
        ("POST", "quoterequests", QUOTE | {"homeR2PTransactionId": HOME + "0x"}, STRANGE),
        ("POST", "quoterequests", QUOTE | {"quoteId": 7}, STRANGE),
        ("POST", "quoterequests", QUOTE | {"to": {"idType": "BUSINESS", "idValue": "x"}}, STRANGE),
        ("POST", "quoterequests", QUOTE | {"to": None}, STRANGE),
        ("POST", "quoterequests", QUOTE | {"amount": "1499"}, OTHER),
        ("POST", "quoterequests", QUOTE | {"amount": 1500}, OTHER),
        ("POST", "quoterequests", QUOTE | {"currency": "XAF"}, OTHER),
        ("POST", "quoterequests", None, STRANGE),
        (
            "POST",
            "transfers",
            PREPARE,
            Reply(200, {"homeTransactionId": HOME, "transferState": "RESERVED"}),
        ),
        (
            "POST",
            "transfers",
            PREPARE | {"homeR2PTransactionId": "x"},
            no(400, "5105", "this pays no request of ours"),
        ),
        (
            "POST",
            "transfers",
            PREPARE | {"amount": "15000"},
            no(400, "5105", "another amount was asked for"),
        ),
        (
            "POST",
            "transfers",
            PREPARE | {"quote": PRICE | {"transferAmount": "1"}},
            no(400, "5105", "another amount was asked for"),
        ),
        ("POST", "transfers", {}, no(400, "5105", "this pays no request of ours")),
        ("GET", "parties/MSISDN/2250700000001", None, no(404, "3204", "no such party here")),
        ("GET", "otp/1", None, no(404, "3002", "nothing is served here")),
        ("POST", "bulkQuotes", {}, no(404, "3002", "nothing is served here")),
        ("GET", "", None, no(404, "3002", "nothing is served here")),
    ],
)
def test_what_the_backend_answers(method: str, path: str, body: object, said: Reply) -> None:
    content = b"" if body is None else orjson.dumps(body)
    assert made().reply(called(method, path, content), "authenticated") == said


def test_nobody_may_ask_the_merchant_for_money() -> None:
    body = orjson.dumps({"transactionRequestId": REQUEST_ID})
    replies = [
        made().reply(called("POST", "transactionrequests", body), "authenticated") for _ in range(2)
    ]
    assert replies[0] == replies[1]
    assert replies[0].body["transactionRequestState"] == "REJECTED"


@pytest.mark.parametrize(
    ("amount_minor", "currency", "text"),
    [(1500, "XOF", "1500"), (1250, "GHS", "12.5"), (1200, "GHS", "12"), (5, "GHS", "0.05")],
)
def test_an_amount_has_no_zeros_at_its_end(amount_minor: int, currency: str, text: str) -> None:
    assert plain(Money(amount_minor, currency)) == text


@given(st.integers(1, 10**9), st.sampled_from(["XOF", "GHS", "USD"]), st.integers(1, 9999))
def test_what_we_asked_for_is_read_back_as_it_was_written(
    amount_minor: int, currency: str, number: int
) -> None:
    asked = Asked(
        payment_id=PAYMENT_ID,
        reference=f"{PAYMENT_ID}.{number}",
        currency=currency,
        amount=plain(Money(amount_minor, currency)),
    )
    assert asked_in(asked.name) == asked


@given(st.binary(max_size=300), st.sampled_from(["quoterequests", "transfers", "transfers/x"]))
def test_no_body_makes_the_backend_fall_over(body: bytes, path: str) -> None:
    adapter = made()
    for method in ("GET", "POST", "PUT"):
        assert adapter.reply(called(method, path, body), "authenticated").status in {200, 400, 404}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(JSON, st.sampled_from([200, 204, 400, 500, 504]))
def test_no_answer_about_a_quote_makes_the_adapter_fall_over(value: object, status: int) -> None:
    body = {"quoteResponse": {"body": value}, "currentState": value, "statusCode": value}
    assert isinstance(parse_quote(body, Money(1, "XOF"), excess_minor_max=0), Declined)
    answer = Answer(status, {}, orjson.dumps({**body, "transferState": value}))
    assert isinstance(refusal_in(answer), (Declined, NotSent))
    outcome = parse_request_to_pay(answer)
    assert isinstance(outcome, (Final, Pending, Unknown, str))


@pytest.mark.parametrize(
    ("condition", "fulfilment", "is_open"),
    [
        (CONDITION, "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc", True),
        (CONDITION, "A" * 43, False),
        (CONDITION, "é", False),
        (CONDITION, None, True),
        (None, "A" * 43, True),
    ],
)
def test_a_fulfilment_opens_its_condition(
    condition: str | None, fulfilment: str | None, is_open: bool
) -> None:
    assert opens(condition, fulfilment) is is_open
