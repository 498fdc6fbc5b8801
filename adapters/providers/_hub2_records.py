"""What HUB2's records say: intents, the payments attempted on them, and transfers.

The other half of `adapters.providers._hub2_answers`: there an answer is judged, here what it holds.
Records come alike in answers, in lists and in webhooks, and are read tolerantly: a status that is
not known is not final, and whatever an event is called, its record speaks.

When money moved is taken from `updatedAt`, in UTC, of the payment or transfer that succeeded. HUB2
names no time of the end; but ending changes a record, so it was then or before, and whatever
changed it later was still before it was shown to us: it is nearer than when we learned of it.

Why an intent without an attempt is believed to stay so only when it has been there for a while: the
attempt whose answer we missed may still be on its way. Both times are HUB2's own. Until then it is
unknown, not pending: nothing waits on anybody's handset, as far as HUB2 knows.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from adapters.base import Final as FinalWord
from adapters.base import Inquiry, NotSent, Pending, Unknown
from adapters.moments import moment
from adapters.pages import is_page
from adapters.refusals import Refusal
from adapters.transcript import figure, said
from ledger.evidence import Word

SETTLED_SECONDS: Final = 600.0
"""How old an intent must be for its having no attempt to be final."""

TOO_LATE: Final = frozenset(
    {"authentication_timeout", "payment_intent_expired", "wave_payment_expired"}
)
"""Failures that say that the payer was too late."""

REFUSALS: Final[Mapping[str, Refusal]] = {
    "account_blocked": Refusal.ACCOUNT_BLOCKED,
    "amount_too_high": Refusal.AMOUNT_TOO_HIGH,
    "amount_too_low": Refusal.AMOUNT_TOO_LOW,
    "authentication_failed": Refusal.REJECTED_BY_PAYER,
    "authentication_timeout": Refusal.TIMED_OUT,
    "bad_parameters": Refusal.INVALID_REQUEST,
    "bad_request": Refusal.INVALID_REQUEST,
    "blacklisted_msisdn": Refusal.ACCOUNT_BLOCKED,
    "canceled": Refusal.CANCELLED,
    "canceled_by_customer": Refusal.REJECTED_BY_PAYER,
    "customer_account_locked": Refusal.ACCOUNT_BLOCKED,
    "customer_insufficient_funds": Refusal.INSUFFICIENT_FUNDS,
    "destination_not_allowed": Refusal.NOT_ALLOWED,
    "duplicate_reference": Refusal.DUPLICATE,
    "duplicate_request": Refusal.DUPLICATE,
    "failed": Refusal.PROVIDER_ERROR,
    "forbidden_by_provider": Refusal.NOT_ALLOWED,
    "fraud_suspicion": Refusal.NOT_ALLOWED,
    "insufficient_funds": Refusal.MERCHANT_FUNDS_SHORT,
    "internal_error": Refusal.PROVIDER_ERROR,
    "invalid_amount": Refusal.INVALID_AMOUNT,
    "invalid_destination": Refusal.PAYEE_NOT_FOUND,
    "invalid_msisdn": Refusal.INVALID_NUMBER,
    "invalid_payment_processor": Refusal.MERCHANT_NOT_ALLOWED,
    "invalid_sandbox_msisdn": Refusal.INVALID_NUMBER,
    "payer_quota_exceeded": Refusal.PAYER_LIMIT_REACHED,
    "payment_intent_expired": Refusal.TIMED_OUT,
    "recipient_not_found": Refusal.PAYEE_NOT_FOUND,
    "service_unavailable": Refusal.PROVIDER_UNAVAILABLE,
    "timeout": Refusal.TIMED_OUT,
    "too_many_request": Refusal.PROVIDER_UNAVAILABLE,
    "unknown_reason": Refusal.PROVIDER_ERROR,
    "unknown_reason_orange": Refusal.PROVIDER_ERROR,
    "unsupported_currency": Refusal.INVALID_CURRENCY,
    "wave_payment_expired": Refusal.TIMED_OUT,
    "Bad Request": Refusal.INVALID_REQUEST,
    "Forbidden": Refusal.MERCHANT_NOT_ALLOWED,
    "Not Found": Refusal.INVALID_REQUEST,
    "currency-not-found": Refusal.INVALID_CURRENCY,
    "insufficient-funds": Refusal.MERCHANT_FUNDS_SHORT,
    "invalid-currency": Refusal.INVALID_CURRENCY,
    "locked-account": Refusal.MERCHANT_NOT_ALLOWED,
    "merchant-not-found": Refusal.MERCHANT_NOT_ALLOWED,
    "missing-funds-reservation": Refusal.MERCHANT_FUNDS_SHORT,
    "withdrawal-unavailable": Refusal.MERCHANT_NOT_ALLOWED,
    "OPERATOR_NOT_SERVED": Refusal.WRONG_OPERATOR,
}
"""Failure causes of payments and transfers (HUB2's two pages, and some that were only seen), codes
of errors (with hyphens, or the name of the status), and our own."""


class Asked(NamedTuple):
    """What a question is about, and when HUB2 answered it, by its own clock."""

    reference: str
    environment: str
    answered_at: datetime | None = None


Record = Mapping[str, object]


def read_intent(intent: Record, asked: Asked) -> Inquiry:
    """Say how an intent stands, or a payment on one.

    An attempt that failed is final even where the intent waits for another: we make one attempt on
    each intent, and nobody else has its token.
    """
    if (doubt := _doubt(intent, asked)) is not None:
        return doubt
    listed = intent.get("payments")
    payments: list[Record] = []
    if isinstance(listed, list):
        payments = [one for one in listed if isinstance(one, dict)]
    status = intent.get("status")
    if not isinstance(status, str):
        return Unknown("an intent without a status")
    paid = [one for one in payments if one.get("status") == "successful"]
    if paid or status == "successful":
        return _final(Word.SUCCEEDED, (paid or payments[-1:] or [intent])[0], intent)
    if any(one.get("status") != "failed" for one in payments):
        last = payments[-1]
        return Pending(_detail(status, last), awaits_code=_awaits_code(last, intent))
    if payments or status == "failed":
        failed = payments[-1] if payments else intent
        code, _ = failure_in(failed)
        word = Word.EXPIRED if code in TOO_LATE else Word.FAILED
        return _final(word, failed, intent)
    if status == "payment_required" and _is_settled(intent, asked):
        return NotSent("nobody was asked to pay: the intent has no attempt, and is old")
    if status == "payment_required":
        return Unknown("the intent has no attempt so far: nobody is known to have been asked")
    return Pending(said(status, length_max=40) or "")


def read_transfer(transfer: Record, asked: Asked) -> Inquiry:
    """Say how a transfer stands."""
    if (doubt := _doubt(transfer, asked)) is not None:
        return doubt
    match transfer.get("status"):
        case "successful":
            return _final(Word.SUCCEEDED, transfer, transfer)
        case "failed":
            return _final(Word.FAILED, transfer, transfer)
        case str(status):
            return Pending(said(status, length_max=40) or "")
    return Unknown("a transfer without a status")


def own_id(value: object, kind: str) -> str | None:
    """An id of HUB2's of that kind, fit to stand in a path; None for everything else."""
    is_id = isinstance(value, str) and re.fullmatch(rf"{kind}_[A-Za-z0-9_-]{{1,64}}", value)
    return str(value) if is_id else None


def reference_in(record: Record) -> str | None:
    """The reference we gave: a transfer's is called otherwise than an intent's."""
    found = record.get("purchaseReference", record.get("reference"))
    return found if isinstance(found, str) else None


def failure_in(record: Record) -> tuple[str | None, str | None]:
    """The code and message of a failure: payments have `failure`, transfers `failureCause`."""
    for key in ("failureCause", "failure"):
        if isinstance(cause := record.get(key), dict):
            return said(cause.get("code"), length_max=100), said(cause.get("message"))
    return None, None


def _doubt(record: Record, asked: Asked) -> Unknown | None:
    """Why a record may not be the one we asked about."""
    if reference_in(record) not in {None, asked.reference}:
        return Unknown("the answer is about another reference")
    if (record.get("mode") or asked.environment) != asked.environment:
        return Unknown("the answer is about another environment")
    return None


def _final(word: Word, moved: Record, record: Record) -> FinalWord:
    is_failure = word is not Word.SUCCEEDED
    code, reason = failure_in(moved) if is_failure else (None, None)
    moved_id = moved.get("id", record.get("id"))
    is_intent = own_id(moved_id, "pi") is not None
    return FinalWord(
        word=word,
        amount=figure(moved.get("amount", record.get("amount"))),
        currency=said(moved.get("currency", record.get("currency")), length_max=8),
        # An intent is no movement of money: its id would look like that of another one.
        provider_transaction_id=None if is_intent else figure(moved_id),
        code=code or ("failed" if is_failure else None),
        reason=reason or code or ("failed" if is_failure else None),
        occurred_at=None if is_failure else moment(moved.get("updatedAt")),
    )


def _is_settled(intent: Record, asked: Asked) -> bool:
    try:
        created_at = datetime.fromisoformat(str(intent.get("createdAt")))
        age = None if asked.answered_at is None else asked.answered_at - created_at
    except (TypeError, ValueError):
        return False
    return age is not None and age.total_seconds() >= SETTLED_SECONDS


def _next_actions(record: Record) -> list[Record]:
    """What the payer shall do next: told by the last payment, or by the intent."""
    listed = record.get("payments")
    last = listed[-1:] if isinstance(listed, list) else []
    found = [one.get("nextAction") for one in (*last, record) if isinstance(one, dict)]
    return [one for one in found if isinstance(one, dict)]


def _awaits_code(payment: Record, intent: Record) -> bool:
    """Whether the payer's code is wanted: a payment under way that says so, or its intent."""
    if "action_required" not in {payment.get("status"), intent.get("status")}:
        return False
    actions = [*_next_actions(payment), *_next_actions(intent)]
    return any(one.get("type") == "otp" for one in actions)


def page_in(intent: Record) -> str | None:
    """The page the payer must open, where there is one."""
    for action in _next_actions(intent):
        details = action.get("data")
        address = details.get("url") if isinstance(details, dict) else action.get("url")
        if is_page(address):
            return str(address)
    return None


def _detail(status: str, payment: Record) -> str:
    kinds = [said(one.get("type"), length_max=40) for one in _next_actions(payment)]
    return " ".join([said(status, length_max=40) or "", *(one for one in kinds if one)]).strip()
