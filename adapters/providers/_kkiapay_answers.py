"""What KKiaPay's answers and webhooks say: the reading part of `adapters.providers.kkiapay`.

What is asked for a refund is `transactions/status` first, and then `transactions/revert`:

    status
      200 about the transaction                  its status, whatever it is
      all else                                   nobody knows: nothing is reverted
    revert
      code SUCCESS, or status REVERTED,
      about the transaction                      given back
      401, 403, 429                              not sent: turned away at the door
      a code that refuses                        declined, if the status still says SUCCESS
      all else                                   unknown; ask by the status

A webhook proves itself by a fixed secret in `x-kkiapay-secret`. KKiaPay's page calls it a
signature, but the example is a text one chooses, and every published receiver compares it as it is.
It names our payment by `stateData` or `partnerId`, or by both: they are read, and must agree. Its
`performedAt` is when the payer paid. The `performed_at` of a status is that too, so it says nothing
of when a transaction was reverted, and is not read.
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import orjson

from adapters.answer import Answer, object_in
from adapters.base import (
    Declined,
    NotSent,
    Unknown,
    Verdict,
    WebhookCall,
    WebhookUnreadableError,
)
from adapters.base import Final as FinalWord
from adapters.moments import moment
from adapters.refusals import Refusal
from adapters.transcript import figure, said
from ledger.commands import PaymentCommand, RecordEvidence, RequestInquiry
from ledger.evidence import Evidence, Source, Word
from ledger.identity import is_payment_id

NAME: Final = "kkiapay"

SUCCESS: Final = "SUCCESS"
REVERTED: Final = "REVERTED"

REFUSALS: Final[Mapping[str, Refusal]] = {
    "CURRENCY_NOT_TAKEN": Refusal.INVALID_CURRENCY,
    "FAILED": Refusal.PROVIDER_ERROR,
    "INSUFFICIENT_FUND": Refusal.INSUFFICIENT_FUNDS,
    "INVALID_PAYOUT_DESTINATION_ACCOUNT": Refusal.INVALID_REQUEST,
    "INVALID_TRANSACTION": Refusal.NOT_REFUNDABLE,
    "INVALID_TRANSACTION_TYPE": Refusal.NOT_REFUNDABLE,
    "PAGE_ADDRESS_TOO_LONG": Refusal.INVALID_REQUEST,
    "PARTIAL_REFUND": Refusal.NOT_REFUNDABLE,
    "RETURN_URL_MISSING": Refusal.MERCHANT_NOT_ALLOWED,
    "TRANSACTION_NOT_ELIGIBLE": Refusal.NOT_REFUNDABLE,
    "TRANSACTION_NOT_FOUND": Refusal.NOT_REFUNDABLE,
    "TRANSACTION_UNKNOWN": Refusal.NOT_REFUNDABLE,
    "insufficent_fund": Refusal.INSUFFICIENT_FUNDS,
    "insufficient_fund": Refusal.INSUFFICIENT_FUNDS,
    "invalid_number": Refusal.INVALID_NUMBER,
    "processing_error": Refusal.PROVIDER_ERROR,
}
"""KKiaPay's codes as they come (one of them is misspelt there), and our own."""

REFUSING: Final = frozenset(
    {
        "FAILED",
        "INSUFFICIENT_FUND",
        "INVALID_TRANSACTION",
        "INVALID_TRANSACTION_TYPE",
        "TRANSACTION_NOT_ELIGIBLE",
        "TRANSACTION_NOT_FOUND",
    }
)
"""The codes that refuse to revert a transaction, and the statuses of one that cannot be."""

_TURNED_AWAY: Final = frozenset({401, 403, 429})
_EVENTS: Final[Mapping[object, Word]] = {
    "transaction.success": Word.SUCCEEDED,
    "transaction.failed": Word.FAILED,
}
_REFERENCE: Final = re.compile(r"((?:pay|po|re)_[a-z2-7]{26})-[1-9][0-9]{0,8}", re.ASCII)
_TRANSACTION_ID: Final = re.compile(r"[A-Za-z0-9_-]{4,64}", re.ASCII)


def transaction_id_in(value: object) -> str | None:
    """A transaction's id of a form that may be sent back; None for whatever has another."""
    is_one = isinstance(value, str) and _TRANSACTION_ID.fullmatch(value)
    return str(value) if is_one else None


class State(NamedTuple):
    """What KKiaPay says about a transaction: its own status, whatever it is, and the amount."""

    status: str
    amount: str | None


def state_of(answer: Answer, transaction_id: str) -> State | Unknown:
    """Read a status; `Unknown` where there is none."""
    body = object_in(answer.body) or {}
    status = said(body.get("status"), length_max=60)
    if answer.status != 200 or status is None:
        return Unknown(_told(answer))
    if body.get("transactionId") not in (None, transaction_id):
        return Unknown("the answer is about another transaction")
    return State(status, figure(body.get("amount")))


def given_back(amount: str | None = None) -> FinalWord:
    """The word that a transaction was reverted."""
    return FinalWord(word=Word.SUCCEEDED, amount=amount)


def parse_revert(answer: Answer, transaction_id: str) -> FinalWord | Declined | NotSent | Unknown:
    """Say what an answer to revert means; see the module's table."""
    body = object_in(answer.body) or {}
    code = said(body.get("code"), length_max=60)
    is_about_it = body.get("transactionId") in (None, transaction_id)
    is_made = code == SUCCESS or body.get("status") == REVERTED
    if answer.status in {200, 201} and is_made and is_about_it:
        return given_back()
    if answer.status in _TURNED_AWAY:
        return NotSent(_told(answer))
    for refusing in (code, said(body.get("status"), length_max=60)):
        if refusing in REFUSING:
            return Declined(code=refusing, reason=_told(answer), is_technical=True)
    return Unknown(_told(answer))


def verdict_of(call: WebhookCall, secrets: Sequence[str]) -> Verdict:
    """Judge a webhook by its fixed secret, in constant time; several while it is replaced."""
    given = next((v for k, v in call.headers.items() if k.lower() == "x-kkiapay-secret"), "")
    # Every one is compared, so that the time tells nothing about which one it was.
    equal = [
        hmac.compare_digest(given.encode("utf-8", "surrogateescape"), one.encode())
        for one in secrets
    ]
    return "authenticated" if given and any(equal) else "refused"


def parse_webhook(
    call: WebhookCall, verdict: Verdict, now: datetime, *, is_failure_final: bool
) -> PaymentCommand:
    """Read an event about a transaction.

    Raises:
        WebhookUnreadableError: it is no event about a payment of ours.
    """
    body = object_in(call.body)
    if body is None:
        raise WebhookUnreadableError("the body is no JSON object")
    reference = reference_in(body)
    payment_id = reference.rpartition("-")[0]
    word, event = _word_in(body), said(body.get("event"), length_max=60) or "no event"
    is_evidence = word is Word.SUCCEEDED or (word is Word.FAILED and is_failure_final)
    if verdict != "authenticated" or word is None or not is_evidence:
        proof = "a proved" if verdict == "authenticated" else "an unproved"
        reason = f"{proof} webhook says {event}, {said(body.get('isPaymentSucces')) or 'nothing'}"
        return RequestInquiry(payment_id=payment_id, reason=reason, inquire_at=now)
    is_failure = word is Word.FAILED
    code = said(body.get("failureCode"), length_max=60) or "FAILED"
    evidence = Evidence(
        source=Source.WEBHOOK,
        provider=NAME,
        reference=reference,
        word=word,
        amount=figure(body.get("amount")),
        provider_transaction_id=transaction_id_in(body.get("transactionId")),
        code=code if is_failure else None,
        reason=(said(body.get("failureMessage")) or code) if is_failure else None,
        occurred_at=None if is_failure else moment(body.get("performedAt")),
    )
    return RecordEvidence(payment_id=payment_id, evidence=evidence)


def reference_in(body: Mapping[str, object]) -> str:
    """Find our reference in an event; raises WebhookUnreadableError."""
    named = {
        match[0]
        for value in (body.get("partnerId"), *_texts(body.get("stateData")))
        if isinstance(value, str)
        and (match := _REFERENCE.fullmatch(value))
        and is_payment_id(match[1])
    }
    if not named:
        raise WebhookUnreadableError("neither stateData nor partnerId names a payment")
    if len(named) > 1:
        raise WebhookUnreadableError("stateData and partnerId name two payments")
    return named.pop()


def _texts(state: object) -> list[object]:
    """What may be our reference in `stateData`: a text, JSON of a text, or an object's members."""
    found: list[object] = [state]
    if isinstance(state, str):
        try:
            found.append(orjson.loads(state))
        except orjson.JSONDecodeError:
            return found
    return [inner for one in found for inner in (one.values() if isinstance(one, dict) else [one])]


def _word_in(body: Mapping[str, object]) -> Word | None:
    """The word of an event and of its flag, which must not contradict each other."""
    event, flag = body.get("event"), body.get("isPaymentSucces")
    told = set()
    if event is not None:
        told.add(_EVENTS.get(event) if isinstance(event, str) else None)
    if flag is not None:
        is_flag = isinstance(flag, bool)
        told.add((Word.SUCCEEDED if flag else Word.FAILED) if is_flag else None)
    return told.pop() if len(told) == 1 else None


def _told(answer: Answer) -> str:
    body = object_in(answer.body)
    if body is None:
        return f"status {answer.status}: " + ("no JSON" if answer.body else "empty")
    words = [said(body.get(key)) for key in ("code", "status", "description", "message", "reason")]
    return " ".join([f"status {answer.status}:", *(one for one in words if one)])
