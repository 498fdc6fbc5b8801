"""What Y-Note's recorded answers mean: replayed from files, one row each, compared whole."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.answer import Answer, AnswerUnreadableError
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
from adapters.powers import Transfer
from adapters.providers._ynote_answers import (
    hushed,
    parse_callback,
    parse_payout_status,
    parse_status,
    parse_submission,
    payment_of,
    reference_of,
)
from adapters.providers._ynote_requests import build_payment, build_payout, plain
from adapters.providers.ynote import Settings, YnoteAdapter
from adapters.refusals import Refusal
from adapters.transcript import Exchange
from ledger.evidence import Word
from ledger.money import Money
from tests.contracts.rail import PAYOUT_ID
from tests.replay import NOW, PAYMENT_ID, a_charge, fixture, opening, recorded, replaying

REFERENCE, PAYOUT = reference_of(PAYMENT_ID, 1), reference_of(PAYOUT_ID, 1)
MESSAGE = "7d1f0c52-0a4e-4a53-9c39-6f2f1f0a7d11"
BASE = "http://127.0.0.1:1"
KEYS = {"customerkey": "synthetic-customer-key", "customersecret": "synthetic-customer-secret"}
SETTINGS = Settings.model_validate(
    {
        "base_url": BASE,
        "token_url": f"{BASE}/token-host",
        "client_id": "synthetic-client",
        "client_secret": "synthetic-client-secret",
        "customer_key": KEYS["customerkey"],
        "customer_secret": KEYS["customersecret"],
        "channel_msisdn": "690000000",
        "channel_pin": "2580",
    }
)
CHARGE = a_charge(money=Money(1500, "XAF"), phone="+237670000001")
TRANSFER = Transfer(
    payment_id=PAYOUT_ID,
    money=Money(2000, "XAF"),
    phone="+237690000001",
    country="CM",
    description="Salaire",
    callback_url="https://shop.example/hook",
)
ANOTHER = Unknown("the answer is about another message")
PAID = Final(
    word=Word.SUCCEEDED, amount="1500", currency="XAF", provider_transaction_id="9100000001"
)
TRANSACTION = "MP260301.1200.A00001"
PAID_OUT = Final(word=Word.SUCCEEDED, amount="2000", provider_transaction_id=TRANSACTION)
ONLY = frozenset({"SUCCESSFUL"})


def failed(code: str, word: Word = Word.FAILED, transaction: str = "9100000001") -> Final:
    """Write the final word about what failed in one line."""
    return Final(word=word, provider_transaction_id=transaction, code=code, reason=code)


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (200, "queued.json", Accepted(handle={"mtn": MESSAGE})),
        (200, "queued_with_status_code.json", Accepted(handle={"mtn": MESSAGE})),
        (200, "sent_to_queue.json", Accepted(handle={"mtn": MESSAGE})),
        (
            200,
            "queued_without_message.json",
            Unknown("status 200: 200 Pay Request Accepted without a MessageId"),
        ),
        (
            200,
            "queued_with_a_path.json",
            Unknown("status 200: 200 Pay Request Accepted without a MessageId"),
        ),
        (
            200,
            "queued_with_a_number.json",
            Unknown("status 200: 200 Pay Request Accepted without a MessageId"),
        ),
        (202, "queued.json", Unknown("status 202: 200 Pay Request Accepted")),
        (
            200,
            "refused_400.json",
            Declined(code="400", reason="status 200: 400 amount is not valid", is_technical=True),
        ),
        (
            400,
            "refused_400.json",
            Declined(code="400", reason="status 400: 400 amount is not valid", is_technical=True),
        ),
        (
            422,
            "refused_422.json",
            Declined(code="422", reason="status 422: Unprocessable", is_technical=True),
        ),
        (200, "doubtful_409.json", Unknown("status 200: 409 order exists ***")),
        (200, "doubtful_408.json", Unknown("status 200: 408 Request Timeout")),
        (502, "refused_400.json", Unknown("status 502: 400 amount is not valid")),
        (400, "page.html", Unknown("status 400: no JSON object")),
        (200, "failed_5019.json", Unknown("status 200: 5019 Failed Transaction failed")),
        (200, "failed_500.json", Unknown("status 200: 500 Internal")),
        (200, "unavailable.json", Unknown("status 200: 503")),
        (200, "error.json", Unknown("status 200: Bad channel ***")),
        (200, "error_as_object.json", Unknown("status 200:")),
        (200, "page.html", Unknown("status 200: no JSON object")),
        (200, "truncated.json", Unknown("status 200: no JSON object")),
        (200, "text.json", Unknown("status 200: no JSON object")),
        (200, "empty", Unknown("status 200: empty")),
        (504, "gateway_timeout.json", Unknown("status 504: Endpoint request timed out")),
        (500, "queued.json", Unknown("status 500: 200 Pay Request Accepted")),
        (401, "gateway_unauthorized.json", NotSent("status 401: Unauthorized")),
        (403, "gateway_forbidden.json", NotSent("status 403: Forbidden")),
        (429, "gateway_too_many.json", NotSent("status 429: Too Many Requests")),
        (403, "page.html", NotSent("status 403: no JSON object")),
    ],
)
def test_what_an_answer_to_a_payment_or_payout_means(
    status: int, name: str, meaning: Submission
) -> None:
    answer = hushed(recorded("ynote", name, status), KEYS.values())
    assert parse_submission(answer, "mtn") == meaning


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (200, "status_SUCCESSFUL.json", PAID),
        (200, "status_in_parameters.json", PAID),
        (200, "status_in_data.json", PAID),
        (200, "status_in_result.json", PAID),
        (
            200,
            "status_paid_wrong_types.json",
            Final(word=Word.SUCCEEDED, provider_transaction_id=MESSAGE),
        ),
        (200, "status_SUCCESSFULL.json", Pending("SUCCESSFULL")),
        (200, "status_SUCCESS.json", Pending("SUCCESS")),
        (200, "status_lower_case.json", Pending("successful")),
        (200, "status_PENDING.json", Pending("PENDING")),
        (200, "status_INITIATED.json", Pending("INITIATED")),
        (200, "status_TIMEOUT.json", Pending("TIMEOUT")),
        (200, "status_FAILED.json", failed("FAILED")),
        (200, "status_CANCELLED.json", failed("CANCELLED")),
        (200, "status_EXPIRED.json", failed("EXPIRED", Word.EXPIRED)),
        (200, "status_of_another_order.json", ANOTHER),
        (200, "status_of_another_message.json", ANOTHER),
        (
            200,
            "status_missing.json",
            Unknown("status 200: 404 No such message without a status"),
        ),
        (
            200,
            "status_accepted_again.json",
            Unknown("status 200: 200 Pay Request Accepted without a status"),
        ),
        (200, "status_wrong_types.json", Unknown("status 200: without a status")),
        (200, "text.json", Unknown("status 200: Message not yet processed for ***")),
        (200, "empty_text.json", Unknown("status 200: an empty text")),
        (200, "array.json", Unknown("status 200 with JSON that is no object")),
        (200, "null.json", Unknown("status 200 with JSON that is no object")),
        (404, "status_missing.json", Unknown("status 404: 404 No such message")),
        (500, "status_SUCCESSFUL.json", Unknown("status 500:")),
        (401, "gateway_unauthorized.json", Unknown("status 401: Unauthorized")),
    ],
)
def test_what_the_status_of_a_payment_means(status: int, name: str, meaning: Inquiry) -> None:
    assert parse_status(recorded("ynote", name, status), REFERENCE, MESSAGE, ONLY) == meaning


def test_another_word_may_be_taken_for_paid_where_the_settings_say_so() -> None:
    answer = recorded("ynote", "status_SUCCESS.json", 200)
    assert parse_status(answer, REFERENCE, MESSAGE, ONLY | {"SUCCESS"}) == PAID


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (200, "payout_nested_step_2.json", PAID_OUT),
        (200, "payout_step_2_as_number.json", PAID_OUT),
        (200, "payout_flat_step_2.json", PAID_OUT),
        (200, "payout_nested_step_1.json", Pending("SUCCESSFULL at step 1")),
        (200, "payout_flat_step_1.json", Pending("SUCCESSFULL at step 1")),
        (200, "payout_without_step.json", Pending("SUCCESSFULL at step unknown")),
        (200, "payout_of_tomorrows_step.json", Pending("SUCCESSFULL at step 3")),
        (200, "payout_PENDING.json", Pending("PENDING")),
        (200, "payout_INITIATED.json", Pending("INITIATED")),
        (200, "payout_REVERSED.json", Pending("REVERSED")),
        (200, "payout_FAILED.json", failed("FAILED", transaction=TRANSACTION)),
        (200, "payout_CANCELLED.json", failed("CANCELLED", transaction=TRANSACTION)),
        (200, "payout_EXPIRED.json", failed("EXPIRED", Word.EXPIRED, TRANSACTION)),
        (200, "payout_failed_at_step_1.json", failed("FAILED", transaction=TRANSACTION)),
        (
            200,
            "payout_5019.json",
            Final(
                word=Word.FAILED,
                code="5019",
                reason="status 200: 5019 Failed Refused for *** ***",
            ),
        ),
        (
            200,
            "payout_5019_as_text.json",
            Final(word=Word.FAILED, code="5019", reason="status 200: 5019"),
        ),
        (200, "payout_other_code.json", Unknown("status 200: 5020 Odd Odd")),
        (200, "payout_message_step_1.json", Pending("Initializing transfer")),
        (200, "payout_message_step_2.json", Unknown("status 200: Sending")),
        (200, "payout_message_alone.json", Unknown("status 200: Internal server error")),
        (200, "text.json", Unknown("status 200: Message not yet processed for ***")),
        (200, "payout_of_another.json", ANOTHER),
        (200, "payout_result_wrong_types.json", Unknown("status 200:")),
        (200, "payout_data_wrong_types.json", Unknown("status 200:")),
        (200, "payout_status_wrong_types.json", Unknown("status 200: without a status")),
        (200, "array.json", Unknown("status 200 with JSON that is no object")),
        (500, "payout_nested_step_2.json", Unknown("status 500:")),
        (404, "status_missing.json", Unknown("status 404: 404 No such message")),
    ],
)
def test_what_the_status_of_a_payout_means(status: int, name: str, meaning: Inquiry) -> None:
    answer = hushed(recorded("ynote", name, status), KEYS.values())
    assert parse_payout_status(answer, PAYOUT, MESSAGE) == meaning


@pytest.mark.parametrize("name", ["page.html", "truncated.json", "empty"])
def test_a_status_that_is_no_json_is_a_failure_of_the_transport(name: str) -> None:
    answer = recorded("ynote", name, 200)
    with pytest.raises(AnswerUnreadableError):
        parse_status(answer, REFERENCE, MESSAGE, ONLY)
    with pytest.raises(AnswerUnreadableError):
        parse_payout_status(answer, PAYOUT, MESSAGE)


@pytest.mark.parametrize(
    ("name", "path", "payment_id", "said"),
    [
        ("callback_queued.json", (), PAYMENT_ID, "SUCCESSFULL"),
        ("callback_without_status.json", ("portal",), PAYMENT_ID, "200"),
        ("callback_payout.json", (PAYOUT_ID, PAYOUT), PAYOUT_ID, "SUCCESS"),
        ("callback_of_a_stranger.json", (PAYMENT_ID, REFERENCE), PAYMENT_ID, "FAILED"),
        ("callback_wrong_types.json", (PAYMENT_ID,), PAYMENT_ID, "nothing"),
    ],
)
def test_a_callback_is_a_reason_to_ask(
    name: str, path: tuple[str, ...], payment_id: str, said: str
) -> None:
    call = WebhookCall(method="POST", path=path, headers={}, body=fixture("ynote", name))
    command = parse_callback(call, NOW)
    assert (command.payment_id, command.inquire_at) == (payment_id, NOW)
    assert command.reason == f"an unproved callback says {said}"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("array.json", "no JSON object"),
        ("text.json", "no JSON object"),
        ("truncated.json", "no JSON object"),
        ("callback_of_a_stranger.json", "names a payment"),
        ("callback_wrong_types.json", "names a payment"),
    ],
)
def test_a_callback_that_names_nothing_is_an_orphan(name: str, reason: str) -> None:
    call = WebhookCall(method="POST", path=(), headers={}, body=fixture("ynote", name))
    with pytest.raises(WebhookUnreadableError, match=reason):
        parse_callback(call, NOW)


@given(st.binary(max_size=300), st.sampled_from([200, 400, 403, 404, 500]))
def test_no_answer_is_more_than_the_tables_say(body: bytes, status: int) -> None:
    outcome = parse_submission(Answer(status, {}, body), "mtn")
    assert isinstance(outcome, (Declined, NotSent, Unknown))


def test_a_reference_gives_its_payment_back_and_nothing_else_does() -> None:
    for payment_id in (PAYMENT_ID, PAYOUT_ID):
        assert payment_of(reference_of(payment_id, 42)) == payment_id
    strange = ("", "order-1", REFERENCE + "\n", REFERENCE[:-1], 7, None)
    assert [payment_of(one) for one in strange] == [None] * 6


def test_what_is_sent_is_what_the_articles_show() -> None:
    assert build_payment(CHARGE, REFERENCE, "orange", KEYS, "national") == {
        "API_MUT": {
            "notifUrl": CHARGE.callback_url,
            "subscriberMsisdn": "670000001",
            "description": "Order n 1 l ete co",
            "amount": "1500",
            "order_id": REFERENCE,
            **KEYS,
            "PaiementMethod": "OM_CMR",
        }
    }
    assert build_payout(TRANSFER, PAYOUT, KEYS, ("690000000", "2580"), "Beneficiaire") == {
        **KEYS,
        "channelUserMsisdn": "690000000",
        "pin": "2580",
        "webhook": "https://shop.example/hook",
        "amount": "2000",
        "final_customer_phone": "690000001",
        "final_customer_name": "Beneficiaire",
        "refund_method": "OrangeMoney",
        "fees_included": "No",
        "transaction_code": PAYOUT,
    }


@given(st.text(max_size=300))
def test_texts_are_plain_short_and_never_empty(text: str) -> None:
    assert re.fullmatch(
        r"[A-Za-z0-9](?:[A-Za-z0-9 ]{0,98}[A-Za-z0-9])?", plain(text, otherwise="x")
    )


def test_every_code_that_is_told_has_a_meaning() -> None:
    codes = {"400", "503", "5019", "FAILED", "CANCELLED", "EXPIRED"}
    assert {one for one in codes if YnoteAdapter.refusals[one] is Refusal.UNKNOWN} == set()


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (400, b'{"error":"invalid_client synthetic-client-secret"}', "invalid_client ***"),
        (200, b'{"token_type":"Bearer"}', "status 200:"),
        (200, b'{"access_token":"a\\nb"}', "status 200:"),
        (200, b"<html>", "not JSON"),
        (503, b"", "status 503: empty"),
    ],
)
async def test_without_a_token_nothing_was_sent_and_no_secret_is_told(
    status: int, body: bytes, reason: str
) -> None:
    exchanges: list[Exchange] = []
    adapter = YnoteAdapter(SETTINGS, opening(observe=exchanges))
    with replaying() as replayed:
        replayed.post(f"{BASE}/token-host/oauth2/token", status=status, body=body)
        outcome = await adapter.submit(CHARGE, REFERENCE)
    await adapter.close()
    assert isinstance(outcome, NotSent)
    assert reason in outcome.reason
    assert "synthetic-client-secret" not in outcome.reason + exchanges[0].transcript


async def test_an_answer_that_echoes_everything_shows_nothing() -> None:
    exchanges: list[Exchange] = []
    adapter = YnoteAdapter(SETTINGS, opening(observe=exchanges))
    with replaying() as replayed:
        token = b'{"access_token":"synthetic-token","expires_in":3600}'
        replayed.post(f"{BASE}/token-host/oauth2/token", status=200, body=token)
        body = fixture("ynote", "payout_5019.json")
        replayed.get(f"{BASE}/refund/status/{MESSAGE}", status=200, body=body)
        asked = await adapter.inquire_payout(PAYOUT, {"payout": MESSAGE})
    await adapter.close()
    assert isinstance(asked, Final)
    shown = "\n".join(f"{one.path} {one.transcript}" for one in exchanges) + f"{asked}"
    hidden = (
        *KEYS.values(),
        *("synthetic-token", "synthetic-client", "c3ludGhldGljOnhhdXRo", MESSAGE),
        *("690000000", "690000001", "Beneficiaire"),
    )
    assert [one for one in hidden if one in shown] == []
