"""What Hubtel says, and what it means for money: the reading part of `adapters.providers.hubtel`.

What an answer to a payment or a payout means for the money:

    ResponseCode 0001 or 0000            accepted; 0001 says that the final state comes by callback
    2001, 3050, 4000, 4070, 4075,
    4101, 4103, below status 500         declined
    401, 403, 429, not connected         not sent: turned away at the door
    5000, other codes, no JSON, silence  unknown; ask

What a status means, asked by our reference:

    of a payment   Paid                  succeeded
                   Unpaid                pending: it is said of what waits and of what failed alike
                   Refunded              unknown: it was paid and given back, and not by us
    of a payout,   success, failed       succeeded, failed
    or at its host pending               pending
    all else                             unknown; 404 with a code of Hubtel's is not found

Why a 404 without a code is not believed: a gateway that does not know the path says 404 in JSON
too, and after a restoration what is not found is sent.

Why 0000 decides nothing: every status that could be looked up has it, Unpaid too.

Why `AmountAfterCharges` is compared and not `Amount`: where payers bear the fee, `Amount` was seen
with the fee and without it. Where the merchant bears it, a setting compares `Amount`.

When money moved is not taken. Of a payment's `date` nobody writes whether it is that of the request
or of the payment; a payout's `CreatedAt` is that of the request, and without a zone.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

from adapters.answer import Answer, AnswerUnreadableError, object_in
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
from adapters.base import Final as FinalWord
from adapters.refusals import Refusal
from adapters.transcript import figure, said
from ledger.commands import RequestInquiry
from ledger.evidence import Word

Compared = Literal["amount_after_charges", "amount"]

ACCEPTING: Final = frozenset({"0000", "0001"})

REFUSALS: Final[Mapping[str, Refusal]] = {
    "2001": Refusal.PROVIDER_ERROR,
    "3050": Refusal.PAYER_NOT_FOUND,
    "4000": Refusal.INVALID_REQUEST,
    "4070": Refusal.AMOUNT_TOO_LOW,
    "4075": Refusal.MERCHANT_FUNDS_SHORT,
    "4101": Refusal.MERCHANT_NOT_ALLOWED,
    "4103": Refusal.MERCHANT_NOT_ALLOWED,
    "5000": Refusal.PROVIDER_ERROR,
    "CALLBACK_URL_MISSING": Refusal.MERCHANT_NOT_ALLOWED,
    "CURRENCY_NOT_SERVED": Refusal.INVALID_CURRENCY,
    "DEPOSIT_ID_MISSING": Refusal.MERCHANT_NOT_ALLOWED,
    "OPERATOR_NOT_SERVED": Refusal.WRONG_OPERATOR,
    "failed": Refusal.PROVIDER_ERROR,
}
"""2001 stands for a wrong PIN, a limit, too little money and a prompt nobody answered alike."""

DECLINING: Final[Mapping[str, bool]] = {
    "2001": False,
    "3050": False,
    "4000": True,
    "4070": True,
    "4075": True,
    "4101": True,
    "4103": True,
}
"""What refuses a request -> whether another provider might still take it."""

TURNING_AWAY: Final = frozenset({401, 403, 429})
"""403 comes as a page of HTML where our address is not among the four that Hubtel was told."""

REFERENCE: Final = re.compile(r"(pay|po|re)([a-z2-7]{26})([1-9][0-9]{0,3})", re.ASCII)


def reference_of(payment_id: str, number: int) -> str:
    """Write a ClientReference: at most 36 letters and digits, and the payment can be read off."""
    return f"{payment_id.replace('_', '')}{number}"


def payment_of(reference: object) -> str | None:
    """Read the payment off a ClientReference; None where it is none of ours."""
    named = REFERENCE.fullmatch(reference) if isinstance(reference, str) else None
    return None if named is None else f"{named[1]}_{named[2]}"


def parse_submission(answer: Answer, reference: str) -> Submission:
    """Say what an answer to a payment or a payout means; see the module's table."""
    told = told_by(answer)
    body = object_in(answer.body) or {}
    code = said(body.get("ResponseCode"), length_max=20) or ""
    if code in ACCEPTING and answer.status in {200, 201, 202}:
        named = _member(body, "Data").get("ClientReference")
        is_ours = named in (None, reference)
        return Accepted() if is_ours else Unknown("the answer is about another reference")
    if code in DECLINING and answer.status < 500:
        return Declined(code=code, reason=told, is_technical=DECLINING[code])
    is_turned_away = answer.status in TURNING_AWAY and code not in ACCEPTING
    return NotSent(told) if is_turned_away else Unknown(told)


def parse_receive_status(answer: Answer, reference: str, compared: Compared) -> Inquiry:
    """Read the status of a payment; raises AnswerUnreadableError for a 200 without JSON."""
    found = _found(answer, reference, code_key="responseCode", code="0000", inside="data")
    if not isinstance(found, dict):
        return found
    match found.get("status"):
        case "Paid":
            key = "amount" if compared == "amount" else "amountAfterCharges"
            return FinalWord(
                word=Word.SUCCEEDED,
                amount=figure(found.get(key)),
                currency=said(found.get("currencyCode"), length_max=8),
                provider_transaction_id=figure(found.get("transactionId")),
            )
        case "Refunded":
            return Unknown("Refunded: it was paid, and given back without us")
        case str() as status:
            return Pending(said(status, length_max=40) or "")
    return Unknown(f"{told_by(answer)} without a status")


def parse_send_status(answer: Answer, reference: str) -> Inquiry:
    """Read a status of the host that knows payouts; raises like `parse_receive_status`."""
    found = _found(answer, reference, code_key="ResponseCode", code="success", inside="Data")
    if not isinstance(found, dict):
        return found
    status = found.get("transactionStatus")
    if status not in ("success", "failed"):
        told = said(status, length_max=40)
        return Unknown(f"{told_by(answer)} without a status") if told is None else Pending(told)
    is_paid = status == "success"
    return FinalWord(
        word=Word.SUCCEEDED if is_paid else Word.FAILED,
        amount=figure(found.get("Amount")),
        provider_transaction_id=figure(found.get("TransactionId")),
        code=None if is_paid else "failed",
        reason=None if is_paid else "failed",
    )


def parse_callback(call: WebhookCall, now: datetime) -> RequestInquiry:
    """Read a callback, which proves nothing: whatever it says, we ask.

    Raises:
        WebhookUnreadableError: no JSON object, or neither it nor its address names a payment.
    """
    body = object_in(call.body)
    if body is None:
        raise WebhookUnreadableError("the body is no JSON object")
    payment_id = payment_of(_member(body, "Data").get("ClientReference")) or call.payment_id
    if payment_id is None:
        raise WebhookUnreadableError("neither the body nor the address names a payment")
    code = said(body.get("ResponseCode"), length_max=20) or "nothing"
    reason = f"an unproved callback says {code}"
    return RequestInquiry(payment_id=payment_id, reason=reason, inquire_at=now)


def told_by(answer: Answer) -> str:
    """What an answer says, in one line."""
    body = object_in(answer.body)
    if body is None:
        return f"status {answer.status}: " + ("no JSON object" if answer.body else "empty")
    keys = ("ResponseCode", "responseCode", "Message", "message")
    words = [said(body.get(key)) for key in keys]
    return " ".join([f"status {answer.status}:", *(one for one in words if one)])


def _member(body: Mapping[str, object], key: str) -> dict[str, object]:
    value = body.get(key)
    return value if isinstance(value, dict) else {}


def _found(
    answer: Answer, reference: str, *, code_key: str, code: str, inside: str
) -> dict[str, object] | Inquiry:
    """Return what a status call found under our reference, or what it means that it did not."""
    body = object_in(answer.body)
    if answer.status == 404 and body is not None and said(body.get(code_key)) is not None:
        return NotFound(told_by(answer))
    if answer.status != 200:
        return Unknown(told_by(answer))
    if body is None:
        raise AnswerUnreadableError(told_by(answer))
    found = _member(body, inside)
    if said(body.get(code_key)) != code or not found:
        return Unknown(told_by(answer))
    named = found.get("clientReference", found.get("ClientReference"))
    return found if named == reference else Unknown("the answer is about another reference")
