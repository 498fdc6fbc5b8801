"""What MTN's recorded answers mean: replayed from files, one row each, compared whole."""

from collections.abc import AsyncIterator

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
    WebhookCall,
    WebhookUnreadableError,
)
from adapters.powers import AccountCheck, Balance, Original, Return, Transfer
from adapters.providers._mtn_answers import (
    PAYOUT_REFUSALS,
    REFUND_REFUSALS,
    REFUSALS,
    parse_inquiry,
    parse_submission,
)
from adapters.providers._mtn_bodies import build_refund, build_request, build_transfer, plain
from adapters.providers.mtn import MtnAdapter, Settings
from ledger.commands import RequestInquiry
from ledger.evidence import Word
from ledger.money import Money
from tests.mtn_specification import MtnSpecification, requires_specifications
from tests.replay import NOW, PAYMENT_ID, a_charge, fixture, opening, replaying

BASE = "http://127.0.0.1:1"
ROOT = f"{BASE}/collection"
PAYING = f"{BASE}/disbursement"
SETTINGS = Settings.model_validate(
    {
        "base_url": BASE,
        "subscription_key": "synthetic-subscription-key",
        "api_user": "00000000-0000-4000-8000-000000000001",
        "api_key": "synthetic-api-key",
        "disbursement_subscription_key": "synthetic-disbursement-key",
        "callback_host": "localhost",
    }
)
REFERENCE = "3f1b7c52-0a4e-4a53-9c39-6f2f1f0a7d11"


@pytest.fixture
async def adapter() -> AsyncIterator[MtnAdapter]:
    made = MtnAdapter(SETTINGS, opening())
    yield made
    await made.close()


def declined(code: str, reason: str, *, is_technical: bool = True) -> Declined:
    """Write a refusal in one line."""
    return Declined(code=code, reason=reason, is_technical=is_technical)


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (202, "empty", Accepted()),
        (202, "request_rejected.txt", Accepted()),
        (409, "resource_already_exist.json", Accepted()),
        (500, "resource_already_exist.json", Accepted()),
        (400, "empty", Unknown("status 400: empty")),
        (
            500,
            "not_allowed_target_environment.json",
            declined(
                "NOT_ALLOWED_TARGET_ENVIRONMENT",
                "status 500: NOT_ALLOWED_TARGET_ENVIRONMENT "
                "Access to target environment is forbidden.",
            ),
        ),
        (
            500,
            "invalid_callback_url_host.json",
            declined(
                "INVALID_CALLBACK_URL_HOST",
                "status 500: INVALID_CALLBACK_URL_HOST "
                "Callback URL does not match the configured value.",
            ),
        ),
        (
            500,
            "invalid_currency.json",
            declined("INVALID_CURRENCY", "status 500: INVALID_CURRENCY Currency not supported."),
        ),
        (
            400,
            "invalid_currency.json",
            declined("INVALID_CURRENCY", "status 400: INVALID_CURRENCY Currency not supported."),
        ),
        (
            500,
            "payer_not_found.json",
            declined(
                "PAYER_NOT_FOUND",
                "status 500: PAYER_NOT_FOUND Payer not found.",
                is_technical=False,
            ),
        ),
        (
            500,
            "not_enough_funds.json",
            declined(
                "NOT_ENOUGH_FUNDS",
                "status 500: NOT_ENOUGH_FUNDS The payer *** has not enough funds.",
                is_technical=False,
            ),
        ),
        (
            401,
            "gateway_invalid_subscription_key.json",
            NotSent(
                "status 401: Access denied due to invalid subscription key. "
                "Make sure to provide a valid key for an active subscription."
            ),
        ),
        (401, "bearer_expired.json", NotSent("status 401: invalid_token")),
        (401, "empty", NotSent("status 401: empty")),
        (403, "gateway_forbidden.json", NotSent("status 403: Forbidden")),
        (404, "gateway_not_found.json", NotSent("status 404: Resource not found")),
        (
            429,
            "gateway_rate_limit.json",
            NotSent("status 429: Rate limit is exceeded. Try again in 1 seconds."),
        ),
        (429, "request_rejected.txt", NotSent("status 429: not in a shape of MTN")),
        (200, "request_rejected.txt", Unknown("status 200: not in a shape of MTN")),
        (200, "empty", Unknown("status 200: empty")),
        (201, "empty", Unknown("status 201: empty")),
        (302, "empty", Unknown("status 302: empty")),
        (400, "request_rejected.txt", Unknown("status 400: not in a shape of MTN")),
        (403, "request_rejected.txt", Unknown("status 403: not in a shape of MTN")),
        (408, "empty", Unknown("status 408: empty")),
        (409, "empty", Unknown("status 409: empty")),
        (
            404,
            "resource_not_found.json",
            Unknown("status 404: RESOURCE_NOT_FOUND Requested resource was not found."),
        ),
        (
            500,
            "internal_processing_error.json",
            Unknown(
                "status 500: INTERNAL_PROCESSING_ERROR An internal error occurred while processing."
            ),
        ),
        (
            500,
            "code_of_tomorrow.json",
            Unknown("status 500: CODE_OF_TOMORROW Something new."),
        ),
        (500, "token_login_failed.json", Unknown("status 500: login_failed")),
        (500, "empty", Unknown("status 500: empty")),
        (
            503,
            "service_unavailable.json",
            Unknown("status 503: SERVICE_UNAVAILABLE Service unavailable."),
        ),
        (
            503,
            "not_allowed_target_environment.json",
            Unknown(
                "status 503: NOT_ALLOWED_TARGET_ENVIRONMENT "
                "Access to target environment is forbidden."
            ),
        ),
        (502, "request_rejected.txt", Unknown("status 502: not in a shape of MTN")),
    ],
)
async def test_what_an_answer_to_requesttopay_means(
    adapter: MtnAdapter, status: int, name: str, meaning: Submission
) -> None:
    with replaying() as replayed:
        replayed.post(f"{ROOT}/token/", body=fixture("mtn", "token.json"), repeat=True)
        replayed.post(
            f"{ROOT}/v1_0/requesttopay", status=status, body=fixture("mtn", name), repeat=True
        )
        assert await adapter.submit(a_charge(), REFERENCE) == meaning


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (404, "resource_not_found.json", declined("BAD_REQUEST", "status 400: empty")),
        (200, "status_pending.json", Accepted()),
        (
            200,
            "status_successful.json",
            Final(
                word=Word.SUCCEEDED,
                amount="12.5",
                currency="EUR",
                provider_transaction_id="1000000001",
            ),
        ),
        (404, "gateway_not_found.json", Unknown("status 400: empty")),
        (500, "empty", Unknown("status 400: empty")),
    ],
)
async def test_a_refusal_without_a_word_is_believed_once_nothing_is_found(
    adapter: MtnAdapter, status: int, name: str, meaning: Submission
) -> None:
    with replaying() as replayed:
        url = f"{ROOT}/v1_0/requesttopay"
        replayed.post(f"{ROOT}/token/", body=fixture("mtn", "token.json"), repeat=True)
        replayed.post(url, status=400, body=b"", repeat=True)
        replayed.get(f"{url}/{REFERENCE}", status=status, body=fixture("mtn", name), repeat=True)
        assert await adapter.submit(a_charge(), REFERENCE) == meaning


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (
            200,
            "status_successful.json",
            Final(
                word=Word.SUCCEEDED,
                amount="12.5",
                currency="EUR",
                provider_transaction_id="1000000001",
            ),
        ),
        (
            200,
            "status_successful_in_numbers.json",
            Final(
                word=Word.SUCCEEDED,
                amount="100",
                currency="EUR",
                provider_transaction_id="1000000001",
            ),
        ),
        (200, "status_pending.json", Pending("PENDING")),
        (200, "status_created.json", Pending("CREATED")),
        (200, "status_of_tomorrow.json", Pending("AWAITING_AGENT")),
        (
            200,
            "status_failed_string.json",
            Final(
                word=Word.FAILED,
                amount="12.5",
                currency="EUR",
                code="NOT_ENOUGH_FUNDS",
                reason="NOT_ENOUGH_FUNDS",
            ),
        ),
        (
            200,
            "status_failed_object.json",
            Final(
                word=Word.FAILED,
                amount="12.5",
                currency="EUR",
                code="PAYER_NOT_FOUND",
                reason="Payee does not exist",
            ),
        ),
        (
            200,
            "status_failed_unlisted.json",
            Final(
                word=Word.FAILED,
                amount="12.5",
                currency="EUR",
                code="LOW_BALANCE_OR_PAYEE_LIMIT_REACHED_OR_NOT_ALLOWED",
                reason="LOW_BALANCE_OR_PAYEE_LIMIT_REACHED_OR_NOT_ALLOWED",
            ),
        ),
        (
            200,
            "status_failed_silently.json",
            Final(word=Word.FAILED, amount="12.5", currency="EUR"),
        ),
        (
            200,
            "status_expired_string.json",
            Final(
                word=Word.EXPIRED, amount="12.5", currency="EUR", code="EXPIRED", reason="EXPIRED"
            ),
        ),
        (
            200,
            "status_expired_object.json",
            Final(
                word=Word.EXPIRED,
                amount="12.5",
                currency="EUR",
                code="EXPIRED",
                reason="The request has expired",
            ),
        ),
        (200, "status_missing.json", Unknown("status 200 without a status of the payment")),
        (200, "status_truncated.txt", Unknown("status 200 with 77 bytes that are not JSON")),
        (200, "request_rejected.txt", Unknown("status 200 with 161 bytes that are not JSON")),
        (200, "empty", Unknown("status 200 with 0 bytes that are not JSON")),
        (
            404,
            "resource_not_found.json",
            NotFound("status 404: RESOURCE_NOT_FOUND Requested resource was not found."),
        ),
        (404, "gateway_not_found.json", Unknown("status 404: Resource not found")),
        (404, "request_rejected.txt", Unknown("status 404: not in a shape of MTN")),
        (404, "empty", Unknown("status 404: empty")),
        (400, "empty", Unknown("status 400: empty")),
        (401, "bearer_expired.json", Unknown("status 401: invalid_token")),
        (
            429,
            "gateway_rate_limit.json",
            Unknown("status 429: Rate limit is exceeded. Try again in 1 seconds."),
        ),
        (
            500,
            "not_allowed_target_environment.json",
            Unknown(
                "status 500: NOT_ALLOWED_TARGET_ENVIRONMENT "
                "Access to target environment is forbidden."
            ),
        ),
        (
            503,
            "service_unavailable.json",
            Unknown("status 503: SERVICE_UNAVAILABLE Service unavailable."),
        ),
    ],
)
async def test_what_a_status_answer_means(
    adapter: MtnAdapter, status: int, name: str, meaning: Inquiry
) -> None:
    with replaying() as replayed:
        replayed.post(f"{ROOT}/token/", body=fixture("mtn", "token.json"), repeat=True)
        replayed.get(
            f"{ROOT}/v1_0/requesttopay/{REFERENCE}",
            status=status,
            body=fixture("mtn", name),
            repeat=True,
        )
        assert await adapter.inquire(REFERENCE, None) == meaning


@pytest.mark.parametrize(
    ("status", "name", "told"),
    [
        (500, "token_login_failed.json", "status 500: login_failed"),
        (200, "request_rejected.txt", "status 200 with 161 bytes that are not JSON"),
        (200, "status_missing.json", "status 200: not in a shape of MTN"),
        (
            401,
            "gateway_invalid_subscription_key.json",
            (
                "status 401: Access denied due to invalid subscription key. "
                "Make sure to provide a valid key for an active subscription."
            ),
        ),
    ],
)
async def test_without_a_token_nothing_is_sent_and_an_inquiry_is_unknown(
    adapter: MtnAdapter, status: int, name: str, told: str
) -> None:
    with replaying() as replayed:
        replayed.post(f"{ROOT}/token/", status=status, body=fixture("mtn", name), repeat=True)
        got = [await adapter.submit(a_charge(), REFERENCE), await adapter.inquire(REFERENCE, None)]
    reason = f"no access token: {told}"
    assert got == [NotSent(reason), Unknown(reason)]


TRANSFER = Transfer(
    payment_id="po_" + "c" * 26,
    money=Money(1500, "XAF"),
    phone="+237650000001",
    country="CM",
    description="Salaires d'avril",
    callback_url=None,
)
REFUND = Return(
    payment_id="re_" + "d" * 26,
    money=Money(500, "XAF"),
    original=Original(
        payment_id=PAYMENT_ID,
        reference=REFERENCE,
        money=Money(1500, "XAF"),
        provider_transaction_id="1000000001",
    ),
    phone="+237650000001",
    country="CM",
    description="A part of it & sorry",
    callback_url=None,
)


@pytest.mark.parametrize(
    ("status", "name", "payout", "refund"),
    [
        (202, "empty", Accepted(), Accepted()),
        (409, "resource_already_exist.json", Accepted(), Accepted()),
        (
            500,
            "not_enough_funds.json",
            *(
                declined(
                    "NOT_ENOUGH_FUNDS",
                    "status 500: NOT_ENOUGH_FUNDS The payer *** has not enough funds.",
                )
                for _ in range(2)
            ),
        ),
        (
            500,
            "payee_not_found.json",
            *(
                declined(
                    "PAYEE_NOT_FOUND",
                    "status 500: PAYEE_NOT_FOUND Payee not found.",
                    is_technical=False,
                )
                for _ in range(2)
            ),
        ),
        (
            404,
            "resource_not_found.json",
            Unknown("status 404: RESOURCE_NOT_FOUND Requested resource was not found."),
            declined(
                "RESOURCE_NOT_FOUND",
                "status 404: RESOURCE_NOT_FOUND Requested resource was not found.",
                is_technical=False,
            ),
        ),
        (403, "gateway_forbidden.json", *(NotSent("status 403: Forbidden") for _ in range(2))),
        (
            500,
            "internal_processing_error.json",
            *(
                Unknown(
                    "status 500: INTERNAL_PROCESSING_ERROR "
                    "An internal error occurred while processing."
                )
                for _ in range(2)
            ),
        ),
        (200, "request_rejected.txt", *(Unknown("status 200: not in a shape of MTN"),) * 2),
    ],
)
async def test_what_an_answer_to_a_payout_or_a_refund_means(
    adapter: MtnAdapter, status: int, name: str, payout: Submission, refund: Submission
) -> None:
    with replaying() as replayed:
        replayed.post(f"{PAYING}/token/", body=fixture("mtn", "token.json"), repeat=True)
        for path in ("v1_0/transfer", "v2_0/refund"):
            replayed.post(f"{PAYING}/{path}", status=status, body=fixture("mtn", name))
        got = [await adapter.pay_out(TRANSFER, REFERENCE), await adapter.refund(REFUND, REFERENCE)]
    assert got == [payout, refund]


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (200, b'{"result":true}', AccountCheck(is_active=True)),
        (
            200,
            b'{"result":false}',
            AccountCheck(is_active=False, detail="no active account at MTN"),
        ),
        (200, b'{"result":"true"}', Unknown("status 200: not in a shape of MTN")),
        (200, b'{"result":1}', Unknown("status 200: not in a shape of MTN")),
        (200, b"{}", Unknown("status 200: not in a shape of MTN")),
        (200, b"true", Unknown("status 200 with JSON that is no object")),
        (200, b"<html>", Unknown("status 200 with 6 bytes that are not JSON")),
        (200, b"", Unknown("status 200 with 0 bytes that are not JSON")),
        (404, b"", Unknown("status 404: empty")),
        (
            404,
            b'{"code":"RESOURCE_NOT_FOUND","message":"Requested resource was not found."}',
            Unknown("status 404: RESOURCE_NOT_FOUND Requested resource was not found."),
        ),
        (500, b'{"code":"NOT_ALLOWED"}', Unknown("status 500: NOT_ALLOWED")),
    ],
)
async def test_what_an_answer_about_an_account_means(
    adapter: MtnAdapter, status: int, body: bytes, meaning: AccountCheck | Unknown
) -> None:
    with replaying() as replayed:
        replayed.post(f"{PAYING}/token/", body=fixture("mtn", "token.json"))
        path = "v1_0/accountholder/msisdn/237650000001/active"
        replayed.get(f"{PAYING}/{path}", status=status, body=body)
        assert await adapter.check_account("+237650000001", "CM") == meaning


@pytest.mark.parametrize(
    ("body", "meaning"),
    [
        (fixture("mtn", "balance.json"), Balance("35.83", "EUR", "collection")),
        (b'{"availableBalance":35.83,"currency":"ZAR"}', Balance("35.83", "ZAR", "collection")),
        (b'{"availableBalance":null,"currency":"ZAR"}', None),
        (b'{"availableBalance":{"amount":"1"},"currency":"ZAR"}', None),
        (b'{"availableBalance":"1"}', None),
        (b"[]", None),
        (b"", None),
        (b"<html>", None),
    ],
)
async def test_what_an_answer_about_a_balance_means(
    adapter: MtnAdapter, body: bytes, meaning: Balance | None
) -> None:
    with replaying() as replayed:
        for root in (ROOT, PAYING):
            replayed.post(f"{root}/token/", body=fixture("mtn", "token.json"))
        replayed.get(f"{ROOT}/v1_0/account/balance", body=body)
        replayed.get(f"{PAYING}/v1_0/account/balance", body=fixture("mtn", "balance.json"))
        told = await adapter.balances()
    if meaning is None:
        assert isinstance(told, Unknown)
    else:
        assert told == [meaning, Balance("35.83", "EUR", "disbursement")]


def test_payouts_and_refunds_are_in_the_form_mtn_surely_takes() -> None:
    assert build_transfer(TRANSFER) == {
        "amount": "1500",
        "currency": "XAF",
        "externalId": "po_" + "c" * 26,
        "payee": {"partyIdType": "MSISDN", "partyId": "237650000001"},
        "payerMessage": "po " + "c" * 26,
        "payeeNote": "Salaires d avril",
    }
    assert build_refund(REFUND) == {
        "amount": "500",
        "currency": "XAF",
        "externalId": "re_" + "d" * 26,
        "payerMessage": "re " + "d" * 26,
        "payeeNote": "A part of it sorry",
        "referenceIdToRefund": REFERENCE,
    }


def test_every_code_that_decides_has_a_meaning_for_what_comes_in_and_what_goes_out() -> None:
    known = set(REFUSALS) | set(PAYOUT_REFUSALS) | set(REFUND_REFUSALS)
    assert known <= set(MtnAdapter.refusals)
    assert set(MtnAdapter.refusals) == set(MtnAdapter.outgoing_refusals)


@requires_specifications
@pytest.mark.parametrize("product", ["collection", "disbursement", "remittance"])
def test_every_code_of_the_specifications_has_a_meaning(product: str) -> None:
    assert MtnSpecification(f"{product}.json").codes - set(MtnAdapter.refusals) == set()


ANSWERS = st.builds(
    Answer,
    st.integers(200, 599),
    st.just({}),
    st.one_of(
        st.binary(max_size=40),
        st.recursive(
            st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=5)),
            lambda inner: (
                st.lists(inner, max_size=2)
                | st.dictionaries(
                    st.sampled_from(
                        ["code", "status", "reason", "message", "error", "statusCode", "amount"]
                    ),
                    st.one_of(
                        inner,
                        st.sampled_from(
                            ["SUCCESSFUL", "FAILED", "EXPIRED", "RESOURCE_NOT_FOUND", *REFUSALS]
                        ),
                    ),
                )
            ),
            max_leaves=8,
        ).map(orjson.dumps),
    ),
)


@given(ANSWERS)
def test_no_answer_makes_us_stumble_and_only_what_is_certain_is_certain(answer: Answer) -> None:
    outcome = parse_submission(answer)
    if isinstance(outcome, Declined):
        assert 400 <= answer.status <= 500
    if isinstance(outcome, NotSent):
        assert 400 < answer.status < 500
    if answer.status > 500 or answer.status < 400:
        assert isinstance(outcome, Accepted if answer.status == 202 else Unknown)
    try:
        asked = parse_inquiry(answer)
    except TransportError:
        assert answer.status == 200
    else:
        assert isinstance(asked, (Pending, Final, NotFound, Unknown))
        if isinstance(asked, (Pending, Final)):
            assert answer.status == 200


def test_the_request_is_in_the_form_mtn_surely_takes() -> None:
    assert build_request(a_charge(money=Money(1500, "XAF"))) == {
        "amount": "1500",
        "currency": "XAF",
        "externalId": PAYMENT_ID,
        "payer": {"partyIdType": "MSISDN", "partyId": "46733123450"},
        "payerMessage": "Order n 1 l ete co",
        "payeeNote": "pay " + "a" * 26,
    }


@given(st.text(max_size=400))
def test_every_text_becomes_short_plain_and_never_empty(text: str) -> None:
    got = plain(text, otherwise="Payment")
    assert 0 < len(got) <= 128
    assert set(got) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 ")
    assert got == got.strip()


@pytest.mark.parametrize(
    ("callback_url", "is_asked_for"),
    [
        ("http://localhost:8080/webhooks/mtn/p/r", True),
        ("https://LOCALHOST/webhooks/mtn/p/r", True),
        ("http://127.0.0.1:8080/webhooks/mtn/p/r", False),
        ("https://localhost.example/webhooks/mtn/p/r", False),
        (None, False),
    ],
)
async def test_a_callback_is_asked_for_only_at_the_registered_host(
    adapter: MtnAdapter, callback_url: str | None, is_asked_for: bool
) -> None:
    with replaying() as replayed:
        replayed.post(f"{ROOT}/token/", body=fixture("mtn", "token.json"))
        replayed.post(f"{ROOT}/v1_0/requesttopay", status=202)
        await adapter.submit(a_charge(callback_url=callback_url), REFERENCE)
        calls = [one for many in replayed.requests.values() for one in many]
    assert ("X-Callback-Url" in calls[-1].kwargs["headers"]) is is_asked_for


def a_callback(body: bytes, *path: str, method: str = "PUT") -> WebhookCall:
    """Make a stored callback."""
    return WebhookCall(method=method, path=path, headers={}, body=body)


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize("path", [(PAYMENT_ID, REFERENCE), (PAYMENT_ID,), ()])
def test_a_callback_is_unsigned_and_only_makes_us_ask(method: str, path: tuple[str, ...]) -> None:
    adapter = MtnAdapter(SETTINGS, opening())
    call = a_callback(fixture("mtn", "callback_failed.json"), *path, method=method)
    verdict = adapter.authenticate(call, lambda _token: True, NOW)
    assert verdict == "unsigned"
    assert adapter.translate(call, verdict, NOW) == [
        RequestInquiry(
            payment_id=PAYMENT_ID, reason="an unsigned callback says FAILED", inquire_at=NOW
        )
    ]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b"", (PAYMENT_ID, REFERENCE)),
        (b"<html>", (PAYMENT_ID, REFERENCE)),
        (b"[]", (PAYMENT_ID, REFERENCE)),
        (b'{"externalId":"pay_bbbbbbbbbbbbbbbbbbbbbbbbbb"}', (PAYMENT_ID, REFERENCE)),
        (b'{"externalId":["x"]}', (PAYMENT_ID, REFERENCE)),
        (b'{"status":"SUCCESSFUL"}', ()),
        (b'{"externalId":"order-1"}', ()),
        (b'{"externalId":7}', ()),
    ],
)
def test_a_callback_that_cannot_be_matched_is_unreadable(
    body: bytes, path: tuple[str, ...]
) -> None:
    with pytest.raises(WebhookUnreadableError):
        MtnAdapter(SETTINGS, opening()).translate(a_callback(body, *path), "unsigned", NOW)


def test_the_reference_is_a_version_4_uuid_and_always_the_same() -> None:
    adapter = MtnAdapter(SETTINGS, opening())
    got = [adapter.reference_for(PAYMENT_ID, number) for number in (1, 2, 1)]
    assert got == [
        "1fdf0dc5-263b-4a18-9c74-d35d1750a542",
        "c6d1c32b-8333-4cc3-9734-11ce8c23381c",
        "1fdf0dc5-263b-4a18-9c74-d35d1750a542",
    ]


def test_without_callbacks_payments_are_asked_about_sooner() -> None:
    with_callbacks = SETTINGS.pace.inquiry_first_seconds
    values = SETTINGS.model_dump(exclude={"callback_host", "inquiry_first_seconds"})
    without = Settings.model_validate(values).pace.inquiry_first_seconds
    assert (with_callbacks, without) == (300, 20)


def test_settings_and_adapters_show_no_secret() -> None:
    shown = repr(SETTINGS) + repr(MtnAdapter(SETTINGS, opening())) + str(SETTINGS.model_dump())
    assert "synthetic-subscription-key" not in shown
    assert "synthetic-api-key" not in shown
    assert "synthetic-disbursement-key" not in shown
