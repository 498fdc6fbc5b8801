"""What Y-Note says, and what it means for money: the reading part of `adapters.providers.ynote`.

What an answer to a payment or a payout means for the money:

    200, its code 200 (or none: payouts), a MessageId    accepted: it is queued, and no more
    400 to 499 as code in it, but 408 and 409;
    400, 422 in JSON                                     declined
    401, 403, 429, not connected                         not sent: turned away at the door
    all else: 503 or `error` in a 200, no MessageId,
    HTML, 5xx, silence                                   unknown, and cannot be asked about

What the status of a payment means: those the settings name are paid; FAILED and CANCELLED failed;
EXPIRED expired; every other one is pending. SUCCESSFULL, with two L, is the word of the queue.

What the status of a payout means, in any of its five shapes:

    result, flat or in its data    SUCCESS, SUCCESSFUL, SUCCESSFULL: succeeded at RefundStep 2,
                                   pending before; FAILED, CANCELLED, EXPIRED: as of a payment
    ErrorCode 5019                 failed
    message at RefundStep 1        pending
    a text, and all else           unknown

Why success at RefundStep 1 is pending: the money has come as far as the merchant's own channel. At
step 2 it is sent from there to the person.

Why a 4xx is read as a refusal, which nobody has recorded: the code is written as HTTP writes it,
and a request that is the sender's mistake is queued by nobody.

When money moved is not taken: `updateDate` has no zone that is written anywhere, and `createtime`
and `CreateAt` are when it was asked for.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from adapters.answer import Answer, object_in
from adapters.base import (
    Accepted,
    Declined,
    Inquiry,
    NotSent,
    Pending,
    Submission,
    Unknown,
    WebhookCall,
    WebhookUnreadableError,
)
from adapters.base import Final as FinalWord
from adapters.refusals import Refusal
from adapters.transcript import MASK, figure, said
from ledger.commands import RequestInquiry
from ledger.evidence import Word

ACCEPTING: Final = "200"
FAILED_PAYOUT: Final = "5019"
SENT_STEP: Final = "2"

REFUSALS: Final[Mapping[str, Refusal]] = {
    "400": Refusal.INVALID_REQUEST,
    "5019": Refusal.PROVIDER_ERROR,
    "503": Refusal.PROVIDER_UNAVAILABLE,
    "CALLBACK_URL_MISSING": Refusal.MERCHANT_NOT_ALLOWED,
    "CANCELLED": Refusal.CANCELLED,
    "CHANNEL_MISSING": Refusal.MERCHANT_NOT_ALLOWED,
    "CURRENCY_NOT_SERVED": Refusal.INVALID_CURRENCY,
    "EXPIRED": Refusal.TIMED_OUT,
    "FAILED": Refusal.PROVIDER_ERROR,
    "OPERATOR_NOT_SERVED": Refusal.WRONG_OPERATOR,
}

FAILING: Final[Mapping[str, Word]] = {
    "CANCELLED": Word.FAILED,
    "EXPIRED": Word.EXPIRED,
    "FAILED": Word.FAILED,
}
PAYING: Final = frozenset({"SUCCESS", "SUCCESSFUL", "SUCCESSFULL"})
"""The words of success in the status of a payout, where its step tells what succeeded."""

REFUSING: Final = frozenset({400, 422})
TURNING_AWAY: Final = frozenset({401, 403, 429})
DOUBTFUL: Final = frozenset({"408", "409"})
"""Of the codes that HTTP gives to a caller's mistake: who says that it took too long, or that there
is such a thing already, may have it."""

MESSAGE_ID: Final = re.compile(r"[A-Za-z0-9-]{8,100}", re.ASCII)
REFERENCE: Final = re.compile(r"(pay|po|re)([a-z2-7]{26})([1-9][0-9]{0,3})", re.ASCII)

Record = Mapping[str, object]


def reference_of(payment_id: str, number: int) -> str:
    """Write an order_id or transaction_code: letters and digits that tell the payment."""
    return f"{payment_id.replace('_', '')}{number}"


def payment_of(reference: object) -> str | None:
    """Read the payment off a reference; None where it is none of ours."""
    named = REFERENCE.fullmatch(reference) if isinstance(reference, str) else None
    return None if named is None else f"{named[1]}_{named[2]}"


def hushed(answer: Answer, secrets: Iterable[str]) -> Answer:
    """Take our own secrets out of an answer before it is read: Y-Note echoes them."""
    body = answer.body
    for one in secrets:
        body = body.replace(one.encode(), MASK.encode())
    return replace(answer, body=body)


def parse_submission(answer: Answer, operator: str) -> Submission:
    """Say what an answer to a payment or a payout means; the handle's key is the operator's."""
    told = told_by(answer)
    body = object_in(answer.body)
    if answer.status in TURNING_AWAY:
        return NotSent(told)
    code = None if body is None else code_of(body)
    if answer.status >= 500 or code in DOUBTFUL:
        return Unknown(told)
    if body is not None and code is not None and re.fullmatch("4[0-9]{2}", code):
        return Declined(code=code, reason=told, is_technical=True)
    if body is not None and answer.status in REFUSING:
        return Declined(code=code or str(answer.status), reason=told, is_technical=True)
    if body is None or answer.status != 200 or code not in {None, ACCEPTING} or body.get("error"):
        return Unknown(told)
    message_id = message_id_of(body)
    if message_id is None:
        return Unknown(f"{told} without a MessageId")
    return Accepted(handle={operator: message_id})


def parse_status(
    answer: Answer, reference: str, message_id: str, paid_statuses: frozenset[str]
) -> Inquiry:
    """Read the status of a payment; raises AnswerUnreadableError for a 200 without JSON."""
    body = _asked(answer, reference, message_id)
    if not isinstance(body, dict):
        return body
    places = [
        body,
        *(inner for key in ("parameters", "data", "result") for inner in _in(body, key)),
    ]
    record = next((one for one in places if isinstance(one.get("status"), str)), None)
    if record is None:
        return Unknown(f"{told_by(answer)} without a status")
    status = str(record["status"])
    if status in paid_statuses:
        return FinalWord(
            word=Word.SUCCEEDED,
            amount=figure(record.get("amount")),
            currency=said(record.get("currency"), length_max=8),
            provider_transaction_id=_transaction_of(record) or message_id,
        )
    if status in FAILING:
        return _failed(status, record, message_id)
    return Pending(said(status, length_max=40) or "")


def parse_payout_status(answer: Answer, reference: str, message_id: str) -> Inquiry:
    """Read the status of a payout in any of its shapes; raises like `parse_status`."""
    body = _asked(answer, reference, message_id)
    if not isinstance(body, dict):
        return body
    told, step = told_by(answer), said(body.get("RefundStep"), length_max=8)
    if code_of(body) == FAILED_PAYOUT:
        return FinalWord(word=Word.FAILED, code=FAILED_PAYOUT, reason=told)
    # The innermost record is the operator's own; what stands around it is Y-Note's.
    record = next((one for one in reversed(_in(body, "result")) if "status" in one), None)
    if record is None:
        is_waiting = step == "1" and "result" not in body and code_of(body) is None
        return Pending(said(body.get("message")) or "step 1") if is_waiting else Unknown(told)
    status = record.get("status")
    if not isinstance(status, str):
        return Unknown(f"{told} without a status")
    if status in PAYING and step == SENT_STEP:
        return FinalWord(
            word=Word.SUCCEEDED,
            amount=figure(record.get("amount")),
            provider_transaction_id=_transaction_of(record) or message_id,
        )
    if status in FAILING:
        return _failed(status, record, message_id)
    shown = said(status, length_max=40) or ""
    return Pending(f"{shown} at step {step or 'unknown'}" if status in PAYING else shown)


def parse_callback(call: WebhookCall, now: datetime) -> RequestInquiry:
    """Read a callback, which proves nothing: whatever it says, we ask.

    Raises:
        WebhookUnreadableError: no JSON object, or neither it nor its address names a payment.
    """
    body = object_in(call.body)
    if body is None:
        raise WebhookUnreadableError("the body is no JSON object")
    places = [body, *_in(body, "parameters")]
    named = (one.get(key) for one in places for key in ("order_id", "transaction_code"))
    payment_id = next(filter(None, map(payment_of, named)), None) or call.payment_id
    if payment_id is None:
        raise WebhookUnreadableError("neither the body nor the address names a payment")
    status = said(body.get("status"), length_max=40) or code_of(body) or "nothing"
    reason = f"an unproved callback says {status}"
    return RequestInquiry(payment_id=payment_id, reason=reason, inquire_at=now)


def code_of(body: Record) -> str | None:
    """The code of an answer, under either of its two names."""
    return said(body.get("ErrorCode", body.get("StatusCode")), length_max=20)


def message_id_of(body: Record) -> str | None:
    """What an answer can be asked about by; it stood beside the parameters and inside them."""
    for one in (body, *_in(body, "parameters")):
        found = one.get("MessageId")
        if isinstance(found, str) and MESSAGE_ID.fullmatch(found):
            return found
    return None


def told_by(answer: Answer) -> str:
    """What an answer says, in one line; nothing of what it echoes."""
    body = object_in(answer.body)
    if body is None:
        return f"status {answer.status}: " + ("no JSON object" if answer.body else "empty")
    keys = ("ErrorCode", "StatusCode", "body", "ErrorMessage", "message", "error")
    words = [said(body.get(key)) for key in keys]
    return " ".join([f"status {answer.status}:", *(one for one in words if one)])


def _asked(answer: Answer, reference: str, message_id: str) -> dict[str, object] | Inquiry:
    """Return the body of an answer to a question, if it is about what was asked."""
    if answer.status != 200:
        return Unknown(told_by(answer))
    body = answer.json()
    if isinstance(body, str):
        return Unknown(f"status 200: {said(body) or 'an empty text'}")
    if not isinstance(body, dict):
        return Unknown("status 200 with JSON that is no object")
    names = [one.get("order_id") for one in (body, *_in(body, "parameters"))]
    is_ours = body.get("MessageId") in (None, message_id) and set(names) <= {None, reference}
    return body if is_ours else Unknown("the answer is about another message")


def _failed(status: str, record: Record, message_id: str) -> FinalWord:
    return FinalWord(
        word=FAILING[status],
        provider_transaction_id=_transaction_of(record) or message_id,
        code=status,
        reason=status,
    )


def _transaction_of(record: Record) -> str | None:
    return figure(record.get("paymentRef")) or figure(record.get("txnid"))


def _in(body: Record, key: str) -> list[dict[str, object]]:
    """The object under a key and, below it, the one that its own `data` is."""
    found = body.get(key)
    if not isinstance(found, dict):
        return []
    inner = found.get("data")
    return [found, inner] if isinstance(inner, dict) else [found]
