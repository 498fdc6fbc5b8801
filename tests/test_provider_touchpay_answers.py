"""What TouchPay's recorded answers mean: replayed from files, one row each, compared whole."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
)
from adapters.directory import BY_CODE
from adapters.providers._touchpay_answers import REFUSALS, parse_status, parse_submission
from adapters.providers._touchpay_services import COLLECTIONS, PAYOUTS, route_of
from adapters.providers.touchpay import Settings, TouchpayAdapter, build_collection, whole
from ledger.evidence import Word
from ledger.money import Money
from tests.replay import PAYMENT_ID, a_charge, opening, recorded, replaying

SETTINGS = Settings.model_validate(
    {"base_url": "http://127.0.0.1:1", "agency_code": "ABCDE0000", "partner_id": "CI000000"}
    | dict.fromkeys(("username", "password", "login_agent", "agent_password"), "synthetic")
)
REFERENCE = f"{PAYMENT_ID}-1"
SENTENCE = "[22] Invalid transaction. Please try again."
GU = "1700000000001"
SAID = "Said by TouchPay."


def failed(reason: str) -> Final:
    return Final(
        word=Word.FAILED, amount="1500", provider_transaction_id=GU, code="FAILED", reason=reason
    )


def declined(number: int, *, http: int) -> Declined:
    reason = f"status {http}: {number} {SAID}"
    return Declined(code=str(number), reason=reason, is_technical=True)


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (200, "collection_initiated.json", Accepted()),
        (201, "collection_initiated.json", Accepted()),
        (200, "collection_of_tomorrow.json", Accepted()),
        (200, "checked_successful.json", Accepted()),
        (
            200,
            "collection_with_a_page.json",
            Accepted(handle={"redirect_url": "https://pay.example/c/0000?a=1500"}),
        ),
        (
            200,
            "collection_with_a_deep_link.json",
            Accepted(handle={"redirect_url": "https://link.example/0000"}),
        ),
        (200, "collection_with_a_script.json", Accepted()),
        (200, "collection_failed.json", failed(SENTENCE)),
        (200, "collection_of_another.json", Unknown("status 200: INITIATED")),
        (200, "collection_without_status.json", Unknown("status 200:")),
        (302, "collection_initiated.json", Unknown("status 302: INITIATED")),
        (500, "collection_initiated.json", Unknown("status 500: INITIATED")),
        (400, "error_400.json", declined(400, http=400)),
        (200, "error_400.json", declined(400, http=200)),
        (404, "error_404.json", declined(404, http=404)),
        (502, "error_400.json", Unknown(f"status 502: 400 {SAID}")),
        (504, "error_404.json", Unknown(f"status 504: 404 {SAID}")),
        (200, "error_of_a_transaction.json", Unknown(f"status 200: 400 {SAID}")),
        (200, "error_409.json", Unknown(f"status 200: 409 {SAID}")),
        (200, "error_500.json", Unknown(f"status 200: 500 {SAID}")),
        (200, "error_detail.json", Unknown(f"status 200: {SAID}")),
        (200, "error_detail_with_a_status.json", Unknown(f"status 200: SUCCESSFUL {SAID}")),
        (401, "empty", NotSent("status 401: empty")),
        (403, "page.html", NotSent("status 403: no JSON")),
        (429, "error_detail.json", NotSent(f"status 429: {SAID}")),
        (400, "page.html", Unknown("status 400: no JSON")),
        (408, "error_detail.json", Unknown(f"status 408: {SAID}")),
        (200, "truncated.json", Unknown("status 200: no JSON")),
        (200, "page.html", Unknown("status 200: no JSON")),
        (200, "list.json", Unknown("status 200: no JSON")),
        (200, "empty", Unknown("status 200: empty")),
        (503, "empty", Unknown("status 503: empty")),
    ],
)
def test_a_submission_is_accepted_declined_not_sent_failed_or_unknown(
    status: int, name: str, meaning: Submission
) -> None:
    assert parse_submission(recorded("touchpay", name, status), REFERENCE) == meaning


PAID = Final(word=Word.SUCCEEDED, amount="1500", provider_transaction_id=GU)
NO_ROUTE = "no Route matched with those values"


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (200, "checked_successful.json", PAID),
        (200, "checked_named.json", PAID),
        (200, "checked_failed.json", failed(SENTENCE)),
        (200, "checked_failed_without_a_message.json", failed("FAILED")),
        (200, "checked_pending.json", Pending("PENDING")),
        (200, "checked_timeout.json", Pending("TIMEOUT")),
        (200, "collection_of_tomorrow.json", Pending("QUEUED")),
        (200, "checked_of_another.json", Unknown("the answer is about another reference")),
        (200, "checked_wrong_types.json", Unknown("status 200:")),
        (404, "error_404.json", NotFound(f"status 404: 404 {SAID}")),
        (200, "error_404.json", NotFound(f"status 200: 404 {SAID}")),
        (404, "gateway_404.json", Unknown(f"status 404: {NO_ROUTE}")),
        (404, "route_404.json", Unknown("status 404: 404 No message available Not Found")),
        (502, "error_404.json", Unknown(f"status 502: 404 {SAID}")),
        (404, "page.html", Unknown("status 404: no JSON")),
        (200, "error_400.json", Unknown(f"status 200: 400 {SAID}")),
        (200, "error_detail.json", Unknown(f"status 200: {SAID}")),
        (200, "error_detail_with_a_status.json", Unknown(f"status 200: SUCCESSFUL {SAID}")),
        (500, "checked_successful.json", Unknown("status 500: SUCCESSFUL")),
        (401, "empty", Unknown("status 401: empty")),
        (200, "truncated.json", Unknown("status 200: no JSON")),
        (200, "list.json", Unknown("status 200: no JSON")),
        (200, "empty", Unknown("status 200: empty")),
    ],
)
def test_only_successful_and_failed_are_final(status: int, name: str, meaning: Inquiry) -> None:
    assert parse_status(recorded("touchpay", name, status), REFERENCE) == meaning


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
KEYS = ("status", "idFromClient", "partner_transaction_id", "amount", "payment_url", "idFromGU")


@given(st.dictionaries(st.sampled_from((*KEYS, "message", "detailMessage")), VALUES))
def test_whatever_comes_is_read(body: Mapping[str, Any]) -> None:
    answer = Answer(200, {}, json.dumps(body).encode())
    told = parse_submission(answer, REFERENCE)
    asked = parse_status(answer, REFERENCE)
    is_final = isinstance(told, Final) or isinstance(asked, Final)
    assert not is_final or body["status"] in {"SUCCESSFUL", "FAILED"}


def test_every_service_is_of_an_operator_we_know_and_every_code_has_a_meaning() -> None:
    assert set(PAYOUTS) | set(COLLECTIONS) <= set(BY_CODE)
    assert {"400", "404", "422", "FAILED"} <= set(REFUSALS)


@pytest.mark.parametrize(
    ("phone", "route"),
    [
        ("+2250500000001", ("PAIEMENTMARCHAND_MTN_CI", "0500000001")),
        ("+2250700000001", ("PAIEMENTMARCHANDOMPAYCIDIRECT", "0700000001")),
        ("+237650000001", ("PAIEMENTMARCHAND_MTN_CM", "650000001")),
        ("+237690000001", ("CM_PAIEMENTMARCHAND_OM_TP", "690000001")),
        ("+221770000001", ("PAIEMENTMARCHANDOM", "770000001")),
        ("+221780000001", ("PAIEMENTMARCHANDOM", "780000001")),
        ("+22990000001", None),
        ("+46733123450", None),
        ("no number", None),
    ],
)
def test_a_number_goes_to_its_operator_s_service_as_it_is_written_at_home(
    phone: str, route: tuple[str, str] | None
) -> None:
    assert route_of(phone, COLLECTIONS) == route


def test_amounts_are_whole_or_none() -> None:
    assert [whole(Money(*one)) for one in ((1500, "XOF"), (1500, "GHS"), (1550, "GHS"))] == [
        1500,
        15,
        None,
    ]


def test_the_body_of_a_collection_is_as_published_clients_write_it() -> None:
    charge = a_charge(
        money=Money(1500, "XOF"), return_url="https://shop.example/a", description="x"
    )
    body = build_collection(SETTINGS, charge, REFERENCE, 1500, ("SERVICE", "0500000001"))
    assert body == {
        "idFromClient": REFERENCE,
        "additionnalInfos": {
            "recipientEmail": "client@example.com",
            "recipientFirstName": "Client",
            "recipientLastName": "Client",
            "destinataire": "0500000001",
            "return_url": "https://shop.example/a",
            "cancel_url": "https://shop.example/a",
        },
        "amount": 1500,
        "callback": charge.callback_url,
        "recipientNumber": "0500000001",
        "serviceCode": "SERVICE",
    }
    by_code = build_collection(SETTINGS, charge, REFERENCE, 1500, ("S", "0500000001"), "482913")
    infos = by_code["additionnalInfos"]
    assert isinstance(infos, dict)
    assert infos.pop("otp") == "482913"
    assert infos == body["additionnalInfos"]


async def test_a_server_that_asks_for_no_proof_is_sent_nothing() -> None:
    adapter = TouchpayAdapter(SETTINGS, opening())
    charge = a_charge(money=Money(1500, "XOF"), phone="+2250500000001")
    url = (
        "http://127.0.0.1:1/touchpayapi/ABCDE0000/transaction"
        "?loginAgent=synthetic&passwordAgent=synthetic"
    )
    with replaying() as replayed:
        replayed.put(url, status=200, body=b"{}")
        outcome = await adapter.submit(charge, REFERENCE)
    await adapter.close()
    assert outcome == NotSent("no challenge that can be met: status 200")
