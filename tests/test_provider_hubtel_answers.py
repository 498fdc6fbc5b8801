"""What Hubtel's recorded answers mean: replayed from files, one row each, compared whole."""

import re
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
    WebhookCall,
    WebhookUnreadableError,
)
from adapters.powers import Transfer
from adapters.providers._hubtel_answers import (
    DECLINING,
    REFUSALS,
    parse_callback,
    parse_receive_status,
    parse_send_status,
    parse_submission,
    payment_of,
    reference_of,
)
from adapters.providers.hubtel import HubtelAdapter, Settings, build_receive, build_send, plain
from adapters.refusals import Refusal
from ledger.evidence import Word
from ledger.money import Money
from tests.contracts.rail import PAYOUT_ID
from tests.replay import NOW, PAYMENT_ID, a_charge, fixture, opening, recorded, replaying

REFERENCE, PAYOUT = reference_of(PAYMENT_ID, 1), reference_of(PAYOUT_ID, 1)
TRANSACTION = "0f8c5e1d7b2a4c6e9d3b1a5c7e9f0b2d"
BASE = "http://127.0.0.1:1"
SETTINGS = Settings.model_validate(
    {
        "base_url": BASE,
        "status_url": f"{BASE}/b",
        "send_url": f"{BASE}/c",
        "send_status_url": f"{BASE}/d",
        "api_id": "synthetic-id",
        "api_key": "synthetic-key",
        "pos_sales_id": "2000001",
        "prepaid_deposit_id": "2000002",
    }
)
CHARGE = a_charge(money=Money(1250, "GHS"), phone="+233240000001", country="GH")
TRANSFER = Transfer(
    payment_id=PAYOUT_ID,
    money=Money(2000, "GHS"),
    phone="+233200000001",
    country="GH",
    description="",
    callback_url="https://shop.example/hook",
)
ANOTHER = Unknown("the answer is about another reference")
NO_ROUTE = "no Route matched with those values"


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (200, "receive_accepted.json", Accepted()),
        (201, "receive_accepted.json", Accepted()),
        (200, "receive_accepted_at_once.json", Accepted()),
        (200, "receive_accepted_without_data.json", Accepted()),
        (200, "receive_of_another.json", ANOTHER),
        (500, "receive_accepted.json", Unknown),
        (403, "receive_accepted.json", Unknown),
        (200, "receive_code_of_tomorrow.json", Unknown("status 200: 2999 Something new")),
        (400, "receive_code_of_tomorrow.json", Unknown("status 400: 2999 Something new")),
        (200, "receive_code_as_number.json", Unknown("status 200: 1 pending")),
        (500, "refused_5000.json", Unknown("status 500: 5000 Internal error")),
        (200, "refused_5000.json", Unknown("status 200: 5000 Internal error")),
        (503, "refused_4000.json", Unknown("status 503: 4000 Validation Errors")),
        (200, "forbidden.html", Unknown("status 200: no JSON object")),
        (200, "truncated.json", Unknown("status 200: no JSON object")),
        (200, "empty", Unknown("status 200: empty")),
        (504, "empty", Unknown("status 504: empty")),
        (403, "forbidden.html", NotSent("status 403: no JSON object")),
        (401, "empty", NotSent("status 401: empty")),
        (429, "empty", NotSent("status 429: empty")),
    ],
)
def test_what_an_answer_to_a_payment_means(
    status: int, name: str, meaning: Submission | type[Submission]
) -> None:
    outcome = parse_submission(recorded("hubtel", name, status), REFERENCE)
    assert (type(outcome) if isinstance(meaning, type) else outcome) == meaning


@pytest.mark.parametrize("status", [200, 400, 401, 403])
@pytest.mark.parametrize("code", sorted(DECLINING))
def test_a_code_that_refuses_declines(code: str, status: int) -> None:
    outcome = parse_submission(recorded("hubtel", f"refused_{code}.json", status), REFERENCE)
    assert isinstance(outcome, Declined)
    assert (outcome.code, outcome.is_technical) == (code, DECLINING[code])
    assert REFUSALS[code] is not Refusal.UNKNOWN
    assert "233240000001" not in outcome.reason


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (
            200,
            "status_paid.json",
            Final(word=Word.SUCCEEDED, amount="12.5", provider_transaction_id=TRANSACTION),
        ),
        (
            200,
            "status_paid_in_cedis.json",
            Final(
                word=Word.SUCCEEDED,
                amount="0.8",
                currency="GHS",
                provider_transaction_id=TRANSACTION,
            ),
        ),
        (
            200,
            "status_paid_without_amount.json",
            Final(word=Word.SUCCEEDED, provider_transaction_id="7"),
        ),
        (200, "status_unpaid.json", Pending("Unpaid")),
        (200, "status_of_tomorrow.json", Pending("Disputed")),
        (
            200,
            "status_refunded.json",
            Unknown("Refunded: it was paid, and given back without us"),
        ),
        (200, "status_of_another.json", ANOTHER),
        (
            200,
            "status_without_status.json",
            Unknown("status 200: 0000 Successful without a status"),
        ),
        (200, "status_wrong_types.json", Unknown("status 200: 0000 Successful without a status")),
        (200, "status_other_code.json", Unknown("status 200: 2001 Successful")),
        (200, "status_without_data.json", Unknown("status 200: 0000 Successful")),
        (200, "status_data_as_list.json", Unknown("status 200: 0000 Successful")),
        (200, "status_missing.json", Unknown("status 200: 3000 Transaction not found")),
        (404, "status_missing.json", NotFound("status 404: 3000 Transaction not found")),
        (404, "gateway_404.json", Unknown(f"status 404: {NO_ROUTE}")),
        (404, "forbidden.html", Unknown("status 404: no JSON object")),
        (403, "forbidden.html", Unknown("status 403: no JSON object")),
        (500, "status_paid.json", Unknown("status 500: 0000 Successful")),
    ],
)
def test_what_the_status_of_a_payment_means(status: int, name: str, meaning: Inquiry) -> None:
    answer = recorded("hubtel", name, status)
    assert parse_receive_status(answer, REFERENCE, "amount_after_charges") == meaning


def test_the_other_figure_is_compared_where_the_merchant_bears_the_fee() -> None:
    word = parse_receive_status(recorded("hubtel", "status_paid.json", 200), REFERENCE, "amount")
    assert isinstance(word, Final)
    assert word.amount == "12.51"


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (
            200,
            "send_status_success.json",
            Final(word=Word.SUCCEEDED, amount="20.0", provider_transaction_id=TRANSACTION),
        ),
        (
            200,
            "send_status_failed.json",
            Final(
                word=Word.FAILED,
                amount="20.0",
                provider_transaction_id=TRANSACTION,
                code="failed",
                reason="failed",
            ),
        ),
        (200, "send_status_pending.json", Pending("pending")),
        (200, "send_status_of_tomorrow.json", Pending("reversed")),
        (200, "send_status_of_another.json", ANOTHER),
        (200, "send_status_without_status.json", Unknown("status 200: success without a status")),
        (200, "send_status_wrong_types.json", Unknown("status 200: success without a status")),
        (200, "send_status_failed_call.json", Unknown("status 200: failed Transaction not found")),
        (404, "send_status_failed_call.json", NotFound("status 404: failed Transaction not found")),
        (404, "gateway_404.json", Unknown(f"status 404: {NO_ROUTE}")),
        (200, "status_paid.json", Unknown("status 200: 0000 Successful")),
    ],
)
def test_what_the_status_of_a_payout_means(status: int, name: str, meaning: Inquiry) -> None:
    assert parse_send_status(recorded("hubtel", name, status), PAYOUT) == meaning


@pytest.mark.parametrize("name", ["forbidden.html", "truncated.json", "empty", "status_array.json"])
def test_a_status_that_is_no_json_object_is_a_failure_of_the_transport(name: str) -> None:
    answer = recorded("hubtel", name, 200)
    with pytest.raises(AnswerUnreadableError):
        parse_receive_status(answer, REFERENCE, "amount")
    with pytest.raises(AnswerUnreadableError):
        parse_send_status(answer, PAYOUT)


@pytest.mark.parametrize(
    ("name", "path", "payment_id", "code"),
    [
        ("callback_success.json", (), PAYMENT_ID, "0000"),
        ("callback_failed.json", (PAYMENT_ID, REFERENCE), PAYMENT_ID, "2001"),
        ("callback_payout_short.json", ("portal",), PAYOUT_ID, "4075"),
        ("callback_without_data.json", (PAYMENT_ID, REFERENCE), PAYMENT_ID, "0000"),
        ("callback_of_a_stranger.json", (PAYMENT_ID, REFERENCE), PAYMENT_ID, "0000"),
        ("callback_wrong_types.json", (PAYMENT_ID, REFERENCE), PAYMENT_ID, "nothing"),
    ],
)
def test_a_callback_is_a_reason_to_ask(
    name: str, path: tuple[str, ...], payment_id: str, code: str
) -> None:
    call = WebhookCall(method="POST", path=path, headers={}, body=fixture("hubtel", name))
    command = parse_callback(call, NOW)
    assert (command.payment_id, command.inquire_at) == (payment_id, NOW)
    assert command.reason == f"an unproved callback says {code}"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("callback_array.json", "no JSON object"),
        ("truncated.json", "no JSON object"),
        ("empty", "no JSON object"),
        ("callback_of_a_stranger.json", "names a payment"),
        ("callback_wrong_types.json", "names a payment"),
    ],
)
def test_a_callback_that_names_nothing_is_an_orphan(name: str, reason: str) -> None:
    call = WebhookCall(method="POST", path=(), headers={}, body=fixture("hubtel", name))
    with pytest.raises(WebhookUnreadableError, match=reason):
        parse_callback(call, NOW)


@given(st.binary(max_size=300), st.sampled_from([200, 400, 403, 404, 500]))
def test_no_answer_is_more_than_the_tables_say(body: bytes, status: int) -> None:
    answer = Answer(status, {}, body)
    assert isinstance(parse_submission(answer, REFERENCE), (Declined, NotSent, Unknown))


def test_a_reference_gives_its_payment_back_and_nothing_else_does() -> None:
    for payment_id in (PAYMENT_ID, PAYOUT_ID, "re_" + "z2" * 13):
        assert payment_of(reference_of(payment_id, 9999)) == payment_id
    strange = ("", "order-1", REFERENCE + "\n", REFERENCE[:-1], "xx" + "a" * 26 + "1", 7, None)
    assert [payment_of(one) for one in strange] == [None] * 7


def test_what_is_sent_is_what_the_guides_show() -> None:
    received = build_receive(CHARGE, REFERENCE)
    sent = build_send(TRANSFER, PAYOUT, "Beneficiary")
    assert orjson.loads(orjson.dumps(received)) == {
        "CustomerMsisdn": "233240000001",
        "PrimaryCallbackUrl": CHARGE.callback_url,
        "Channel": "mtn-gh",
        "Amount": 12.5,
        "Description": "Order n 1 l ete co",
        "ClientReference": REFERENCE,
    }
    assert orjson.loads(orjson.dumps(sent)) == {
        "RecipientName": "Beneficiary",
        "RecipientMsisdn": "233200000001",
        "PrimaryCallbackURL": "https://shop.example/hook",
        "Channel": "vodafone-gh",
        "Amount": 20.0,
        "Description": "Payment",
        "ClientReference": PAYOUT,
    }
    assert b'"Amount":12.50,' in orjson.dumps(received)


@given(st.text(max_size=300))
def test_texts_are_plain_short_and_never_empty(text: str) -> None:
    assert re.fullmatch(
        r"[A-Za-z0-9](?:[A-Za-z0-9 ]{0,98}[A-Za-z0-9])?", plain(text, otherwise="x")
    )


async def test_the_four_hosts_are_called_each_for_its_own() -> None:
    exchanges: list[Any] = []
    adapter = HubtelAdapter(SETTINGS, opening(observe=exchanges))
    asked = f"clientReference={REFERENCE}"
    accepted, missing = (
        fixture("hubtel", name) for name in ("receive_accepted.json", "status_missing.json")
    )
    with replaying() as replayed:
        receive = f"{BASE}/merchantaccount/merchants/2000001/receive/mobilemoney"
        replayed.post(receive, status=200, body=accepted)
        replayed.get(f"{BASE}/b/transactions/2000001/status?{asked}", status=404, body=missing)
        replayed.post(f"{BASE}/c/api/merchants/2000002/send/mobilemoney", status=403, body=b"")
        status_url = f"{BASE}/d/api/merchants/2000002/transactions/status"
        replayed.get(f"{status_url}?clientReference={PAYOUT}", status=500, body=b"")
        outcomes = [
            await adapter.submit(CHARGE, REFERENCE),
            await adapter.inquire(REFERENCE, None),
            await adapter.pay_out(TRANSFER, PAYOUT),
            await adapter.inquire_payout(PAYOUT, None),
        ]
    await adapter.close()
    assert [type(one) for one in outcomes] == [Accepted, NotFound, NotSent, Unknown]
    shown = "\n".join(one.transcript for one in exchanges)
    hidden = ("synthetic-id", "synthetic-key", "233240000001", "233200000001", "Beneficiary")
    assert [one for one in hidden if one in shown] == []
    assert REFERENCE in shown
    assert TRANSACTION in shown
