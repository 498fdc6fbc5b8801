"""What Orange's answers and notifications mean: the part of `adapters.providers.orange` that only
reads; the table of what an answer means for the money stands there.

When money moved Orange does not say: neither answers nor notifications have a time.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

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
    Verdict,
    WebhookCall,
    WebhookUnreadableError,
)
from adapters.base import Final as FinalWord
from adapters.pages import is_page
from adapters.transcript import figure, said
from ledger.commands import PaymentCommand, RecordEvidence, RequestInquiry
from ledger.evidence import Evidence, Source, Word

NAME: Final = "orange"

TRIAL_CURRENCY: Final = "OUV"
"""The play money of Orange's own sandbox; it stands for whatever currency we asked for."""

WORDS: Final[Mapping[str, Word]] = {
    "SUCCESS": Word.SUCCEEDED,
    "FAILED": Word.FAILED,
    "EXPIRED": Word.EXPIRED,
}
"""The final statuses. INITIATED and PENDING are not, and neither is one nobody announced."""

REFUSING: Final = frozenset({400, 413, 415, 422})


def parse_submission(answer: Answer, order_id: str, amount: int) -> Submission:
    """Say what an answer to webpayment means; see the module's table."""
    body = object_in(answer.body) or {}
    story = told(answer)
    if answer.status in {200, 201}:
        pay_token, page = body.get("pay_token"), body.get("payment_url")
        notif_token = body.get("notif_token")
        if not isinstance(pay_token, str) or not pay_token or not is_page(page):
            return NotSent(f"{story} without a pay_token and a page")
        handle = {
            "pay_token": pay_token,
            "redirect_url": str(page),
            "amount": str(amount),
            "order_id": order_id,
        }
        is_proof = isinstance(notif_token, str) and notif_token
        return Accepted(handle=handle, webhook_token=str(notif_token) if is_proof else None)
    if answer.status in REFUSING and "code" in body:
        code = said(body["code"], length_max=40) or str(answer.status)
        return Declined(code=code, reason=story, is_technical=True)
    return NotSent(story)


def parse_inquiry(answer: Answer, order_id: str) -> Inquiry:
    """Say what an answer to transactionstatus means; raises AnswerUnreadableError without JSON."""
    body = object_in(answer.body)
    if answer.status == 404 and body is not None and "code" in body:
        return NotFound(told(answer))
    if answer.status not in {200, 201}:
        return Unknown(told(answer))
    if body is None:
        raise AnswerUnreadableError(told(answer))
    if body.get("order_id") not in (None, order_id):
        return Unknown("the answer is about another order")
    status = body.get("status")
    if not isinstance(status, str):
        return Unknown(f"{told(answer)} without a status of the order")
    if status not in WORDS:
        return Pending(said(status, length_max=40) or "")
    word = WORDS[status]
    return FinalWord(
        word=word,
        provider_transaction_id=figure(body.get("txnid")),
        code=None if word is Word.SUCCEEDED else status,
        reason=None if word is Word.SUCCEEDED else status,
    )


def parse_notification(call: WebhookCall, verdict: Verdict, now: datetime) -> PaymentCommand:
    """Read a notification; only `status` and `notif_token` are always in it.

    Raises:
        WebhookUnreadableError: no JSON object, or its address names no payment.
    """
    body = object_in(call.body)
    if body is None:
        raise WebhookUnreadableError("the body is no JSON object")
    if call.payment_id is None or call.reference is None:
        raise WebhookUnreadableError("the address names no payment")
    status = body.get("status")
    word = WORDS.get(status) if isinstance(status, str) else None
    is_about_it = body.get("order_id") in (None, call.reference)
    if verdict != "authenticated" or word is None or not is_about_it:
        proof = "a proved" if verdict == "authenticated" else "an unproved"
        reason = f"{proof} notification says {said(status, length_max=40) or 'nothing'}"
        return RequestInquiry(payment_id=call.payment_id, reason=reason, inquire_at=now)
    currency = said(body.get("currency"), length_max=8)
    is_failure = word is not Word.SUCCEEDED
    evidence = Evidence(
        source=Source.WEBHOOK,
        provider=NAME,
        reference=call.reference,
        word=word,
        amount=figure(body.get("amount")),
        currency=None if currency == TRIAL_CURRENCY else currency,
        provider_transaction_id=figure(body.get("txnid")),
        code=str(status) if is_failure else None,
        reason=str(status) if is_failure else None,
    )
    return RecordEvidence(payment_id=call.payment_id, evidence=evidence)


def told(answer: Answer) -> str:
    body = object_in(answer.body)
    if body is None:
        return f"status {answer.status}: " + ("no JSON" if answer.body else "empty")
    words = [said(body.get(key)) for key in ("code", "message", "description", "error")]
    return " ".join([f"status {answer.status}:", *(one for one in words if one)])
