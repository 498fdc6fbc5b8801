"""What MTN's answers and callbacks mean: the part of `adapters.providers.mtn` that only reads.

What an answer to `requesttopay`, `transfer` or `refund` means for the money:

    202                               accepted
    4xx, 500 RESOURCE_ALREADY_EXIST   accepted earlier, under the same reference
    4xx, 500 with a refusing code     declined: what is refused at once leaves nothing behind
    400 in a known shape              declined, likewise
    400, empty                        declined, if it is then not found; else what is told of it
    401, 429; 4xx from the gateway    not sent: turned away before the platform
    all else                          unknown: 5xx, HTML, a status or code nobody announced; ask

Why a 500 can decline: MTN answers 500 to a caller's mistake and names it. Why the list of refusing
codes is closed: INTERNAL_PROCESSING_ERROR and SERVICE_UNAVAILABLE say nothing about the money, and
neither does a code of tomorrow; asking costs a call, guessing may cost the payer twice.

Why 404 to an inquiry is believed only with RESOURCE_NOT_FOUND: a gateway that does not know the
*path* says 404 too, and we would submit again what may have been paid.

When money moved MTN does not say: neither answers nor callbacks have a time.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from adapters.answer import Answer, AnswerUnknownError, TurnedAwayError, object_in
from adapters.base import (
    Accepted,
    Declined,
    Inquiry,
    NotFound,
    NotSent,
    Pending,
    Submission,
    Unknown,
    WebhookCall,
    WebhookUnreadableError,
)
from adapters.base import (
    Final as FinalWord,
)
from adapters.powers import AccountCheck, Balance
from adapters.refusals import Refusal
from adapters.tokens import Token, token_in
from adapters.transcript import figure, said
from ledger.commands import RequestInquiry
from ledger.evidence import Word
from ledger.identity import is_payment_id

TOKEN_SECONDS: Final = 3600.0
"""How long a token is good if the answer does not say."""

REFUSALS: Final[Mapping[str, bool]] = {
    "NOT_ALLOWED": True,
    "NOT_ALLOWED_TARGET_ENVIRONMENT": True,
    "INVALID_CALLBACK_URL_HOST": True,
    "INVALID_CURRENCY": True,
    "VALIDATION_ERROR": True,
    "PAYEE_NOT_FOUND": True,
    "PAYEE_NOT_ALLOWED_TO_RECEIVE": True,
    "PAYER_NOT_FOUND": False,
    "PAYER_LIMIT_REACHED": False,
    "NOT_ENOUGH_FUNDS": False,
    "SENDER_ACCOUNT_NOT_ACTIVE": False,
}
"""Codes that refuse a request at once, and whether that is technical: the merchant's account or our
request is at fault, and another provider might take the payment; else it is the payer's account."""

PAYOUT_REFUSALS: Final[Mapping[str, bool]] = {
    **dict.fromkeys(REFUSALS, True),
    "PAYEE_NOT_FOUND": False,
    "PAYEE_NOT_ALLOWED_TO_RECEIVE": False,
    "PAYEE_LIMIT_REACHED": False,
}
"""Likewise for what is paid out: there the merchant is the payer, and the person the payee."""

REFUND_REFUSALS: Final[Mapping[str, bool]] = {**PAYOUT_REFUSALS, "RESOURCE_NOT_FOUND": False}
"""Likewise for a refund, whose POST names a collection that MTN may not know."""

MEANINGS: Final[Mapping[str, Refusal]] = {
    "APPROVAL_REJECTED": Refusal.REJECTED_BY_PAYER,
    "BAD_REQUEST": Refusal.INVALID_REQUEST,
    "CONSENT_MISMATCH": Refusal.INVALID_REQUEST,
    "COULD_NOT_PERFORM_TRANSACTION": Refusal.TIMED_OUT,
    "EXPIRED": Refusal.TIMED_OUT,
    "INFORMATIONAL_SCOPE_INSTRUCTION": Refusal.INVALID_REQUEST,
    "INTERNAL_PROCESSING_ERROR": Refusal.PROVIDER_ERROR,
    "INVALID_CALLBACK_URL_HOST": Refusal.MERCHANT_NOT_ALLOWED,
    "INVALID_CURRENCY": Refusal.INVALID_CURRENCY,
    "LOW_BALANCE_OR_PAYEE_LIMIT_REACHED_OR_NOT_ALLOWED": Refusal.INSUFFICIENT_FUNDS,
    "MISSING_SCOPE_INSTRUCTION": Refusal.INVALID_REQUEST,
    "MORE_THAN_ONE_FINANCIAL_SCOPE_NOT_SUPPORTED": Refusal.INVALID_REQUEST,
    "NOT_ALLOWED": Refusal.MERCHANT_NOT_ALLOWED,
    "NOT_ALLOWED_TARGET_ENVIRONMENT": Refusal.MERCHANT_NOT_ALLOWED,
    "NOT_ENOUGH_FUNDS": Refusal.INSUFFICIENT_FUNDS,
    "NOT_FOUND": Refusal.INVALID_REQUEST,
    "PAYEE_LIMIT_REACHED": Refusal.PAYEE_LIMIT_REACHED,
    "PAYEE_NOT_ALLOWED_TO_RECEIVE": Refusal.NOT_ALLOWED,
    "PAYEE_NOT_FOUND": Refusal.PAYEE_NOT_FOUND,
    "PAYER_LIMIT_REACHED": Refusal.PAYER_LIMIT_REACHED,
    "PAYER_NOT_FOUND": Refusal.PAYER_NOT_FOUND,
    "PAYMENT_NOT_APPROVED": Refusal.REJECTED_BY_PAYER,
    "RESOURCE_ALREADY_EXIST": Refusal.DUPLICATE,
    "RESOURCE_NOT_FOUND": Refusal.INVALID_REQUEST,
    "SENDER_ACCOUNT_NOT_ACTIVE": Refusal.ACCOUNT_BLOCKED,
    "SERVICE_UNAVAILABLE": Refusal.PROVIDER_UNAVAILABLE,
    "TRANSACTION_CANCELED": Refusal.CANCELLED,
    "TRANSACTION_CANCELED.": Refusal.CANCELLED,
    "TRANSACTION_NOT_COMPLETED": Refusal.PROVIDER_ERROR,
    "TRANSACTION_NOT_FOUND": Refusal.PROVIDER_ERROR,
    "TRANSFER_TYPE_UNKNOWN": Refusal.INVALID_REQUEST,
    "UNSUPPORTED_SCOPE": Refusal.INVALID_REQUEST,
    "UNSUPPORTED_SCOPE_COMBINATION": Refusal.INVALID_REQUEST,
    "VALIDATION_ERROR": Refusal.INVALID_REQUEST,
}
"""MTN's codes, those of the specification and those only seen in reality, in the one vocabulary.
What the PIN prompt's end says (COULD_NOT_PERFORM_TRANSACTION) is MTN's own page on reasons. The
code with a full stop at its end is how the specification of remittances writes it."""

OUTGOING_MEANINGS: Final[Mapping[str, Refusal]] = {
    **MEANINGS,
    "COULD_NOT_PERFORM_TRANSACTION": Refusal.PROVIDER_ERROR,
    "LOW_BALANCE_OR_PAYEE_LIMIT_REACHED_OR_NOT_ALLOWED": Refusal.MERCHANT_FUNDS_SHORT,
    "NOT_ENOUGH_FUNDS": Refusal.MERCHANT_FUNDS_SHORT,
    "PAYER_LIMIT_REACHED": Refusal.MERCHANT_NOT_ALLOWED,
    "PAYER_NOT_FOUND": Refusal.MERCHANT_NOT_ALLOWED,
    "RESOURCE_NOT_FOUND": Refusal.NOT_REFUNDABLE,
    "SENDER_ACCOUNT_NOT_ACTIVE": Refusal.MERCHANT_NOT_ALLOWED,
    "TRANSACTION_NOT_FOUND": Refusal.NOT_REFUNDABLE,
}
"""The same codes of payouts and refunds, where the payer is the merchant. By MTN's table of reasons
a payout whose *receiver* has reached a limit has said NOT_ENOUGH_FUNDS too."""


class MtnError(NamedTuple):
    """An error body in one of MTN's shapes."""

    shape: str
    code: str | None
    message: str | None


LOGIN_FAILED: Final = "login_failed"
"""MTN's word for a wrong API user or key; it comes with status 500."""


def parse_token(answer: Answer) -> Token:
    """Read a token; raises AnswerUnknownError for whatever is none."""
    if answer.status == 200:
        token = token_in(answer.json_object(), lifetime_seconds=TOKEN_SECONDS)
        if token is not None:
            return token
    if (object_in(answer.body) or {}).get("error") == LOGIN_FAILED:
        raise TurnedAwayError(unusable(answer).reason)
    raise unusable(answer)


def parse_submission(answer: Answer, refusals: Mapping[str, bool] = REFUSALS) -> Submission:
    """Say what an answer to a creating call means; see the module's table."""
    status = answer.status
    if status == 202:
        return Accepted()
    error = parse_error(answer)
    told = _told(answer, error)
    if 400 <= status <= 500:
        if error.code == "RESOURCE_ALREADY_EXIST":
            return Accepted()
        if error.code is not None and (is_technical := refusals.get(error.code)) is not None:
            return Declined(code=error.code, reason=told, is_technical=is_technical)
    if status == 400 and error.shape != "none":
        return Declined(code=error.code or "BAD_REQUEST", reason=told, is_technical=True)
    is_gateway = error.shape == "gateway" and status in {403, 404, 405, 411, 413, 415}
    if status in {401, 429} or is_gateway:
        return NotSent(told)
    return Unknown(told)


def parse_inquiry(
    answer: Answer,
    *,
    reason_key: str = "reason",
    transaction_key: str = "financialTransactionId",
) -> Inquiry:
    """Say what a status answer means; raises AnswerUnreadableError for a 200 without JSON.

    An invoice has other names for why it failed and for what settled it.
    """
    error = parse_error(answer)
    if answer.status == 404 and error.code == "RESOURCE_NOT_FOUND":
        return NotFound(_told(answer, error))
    if answer.status != 200:
        return Unknown(_told(answer, error))
    found = answer.json_object()
    status = found.get("status")
    code, message = _reason_of(found.get(reason_key))
    match status:
        case "SUCCESSFUL":
            word = Word.SUCCEEDED
        case "FAILED":
            word = Word.EXPIRED if code == "EXPIRED" else Word.FAILED
        case str():
            return Pending(said(status, length_max=40) or "")
        case _:
            return Unknown("status 200 without a status of the payment")
    return FinalWord(
        word=word,
        amount=figure(found.get("amount")),
        currency=said(found.get("currency"), length_max=8),
        provider_transaction_id=figure(found.get(transaction_key)),
        code=code,
        reason=message or code,
    )


def parse_balance(answer: Answer, account: str) -> Balance:
    """Read a balance; raises AnswerUnknownError for whatever is none."""
    if answer.status == 200:
        match answer.json_object():
            case {"availableBalance": amount, "currency": str(currency)}:
                shown = figure(amount)
                if shown is not None:
                    return Balance(shown, said(currency, length_max=8) or "", account)
    raise unusable(answer)


def parse_active(answer: Answer) -> AccountCheck:
    """Read whether an account is active; raises AnswerUnknownError where MTN does not say.

    A number without an account is `false` with status 200; an error says nothing about it.
    """
    if answer.status == 200:
        match answer.json_object():
            case {"result": bool(is_active)}:
                detail = "" if is_active else "no active account at MTN"
                return AccountCheck(is_active, detail)
    raise unusable(answer)


def parse_callback(call: WebhookCall, now: datetime) -> RequestInquiry:
    """Read a callback's body, which is that of a status answer.

    Raises:
        WebhookUnreadableError: no JSON object, or it speaks of another payment than its address.
    """
    body = object_in(call.body)
    if body is None:
        raise WebhookUnreadableError("the body is no JSON object")
    external = body.get("externalId")
    payment_id = call.payment_id
    if payment_id is None and isinstance(external, str) and is_payment_id(external):
        payment_id = external
    if payment_id is None:
        raise WebhookUnreadableError("neither the address nor the body names a payment")
    if external is not None and external != payment_id:
        raise WebhookUnreadableError("the body speaks of another payment than the address")
    status = said(body.get("status"), length_max=40) or "nothing"
    return RequestInquiry(
        payment_id=payment_id, reason=f"an unsigned callback says {status}", inquire_at=now
    )


def parse_error(answer: Answer) -> MtnError:
    """Read an error body in any of MTN's shapes; never raises."""
    if not answer.body.strip():
        return MtnError("empty", None, None)
    body = object_in(answer.body) or {}
    match body:
        case {"code": str(code)}:
            return MtnError("platform", said(code, length_max=100), said(body.get("message")))
        case {"statusCode": _}:
            return MtnError("gateway", None, said(body.get("message")))
        case {"error": str(error)}:
            return MtnError("token", None, said(error))
        case _:
            return MtnError("none", None, None)


def unusable(answer: Answer) -> AnswerUnknownError:
    """Return the error for an answer that does not say what was asked."""
    return AnswerUnknownError(_told(answer, parse_error(answer)))


def _reason_of(reason: object) -> tuple[str | None, str | None]:
    """Read `reason`: the specification's object, or reality's string."""
    if isinstance(reason, dict):
        return said(reason.get("code"), length_max=100), said(reason.get("message"))
    return said(reason, length_max=100), None


def _told(answer: Answer, error: MtnError) -> str:
    shapes = {"none": "not in a shape of MTN", "empty": "empty"}
    words = [error.code, error.message or shapes.get(error.shape)]
    return " ".join([f"status {answer.status}:", *(one for one in words if one)])
