"""What Wave's answers mean: the part of `adapters.providers.wave` that only reads.

What an answer means for the money:

    checkout created
      200 with an id and a usable page           accepted
      400, 403, 409, 422 with a code             declined: the request is wrong, and stays so
      all else, even silence                     not sent: nobody has got the page
    payout
      200 with a payout                          its status: accepted, or the final word
      401, 429                                   not sent: turned away at the door
      400, 403, 422 with a code                  declined: Wave calls these final
      all else                                   unknown: 408, 409, 5xx, HTML; ask by reference
    refund
      200, empty or a record without a code      given back
      401, 429                                   not sent
      400, 403, 404, 409, 422 with a code,
      and checkout-refund-failed at any status   declined
      all else                                   unknown; the same again cannot give back twice

Errors come as `{code, message}`, `{error_code, error_message}` and `{error, message}`; some clients
read the first inside an `error`.

A session has two statuses, and only both together are a word: complete and succeeded is paid;
complete or failed, and cancelled, is failed; expired and cancelled is expired. Every other pair is
waited out: a failed attempt may leave the session open for another one.

When money moved is taken from a session's `when_completed`, which is in UTC. The `timestamp` of a
payout is not: whether it is that of the order or of the end is not written. Refunds tell no time.

Why 409 leaves a payout unknown: `idempotency-mismatch` says that the key was used before, so there
may be a payout, only not by this very request.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

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
)
from adapters.base import Final as FinalWord
from adapters.moments import moment
from adapters.pages import is_page
from adapters.powers import AccountCheck, Balance
from adapters.refusals import PAYEE_OVER_LIMITS, Refusal
from adapters.transcript import figure, said
from ledger.evidence import Word

REFUSALS: Final[Mapping[str, Refusal]] = {
    "AMOUNT_NOT_WHOLE": Refusal.INVALID_AMOUNT,
    "PARTIAL_REFUND": Refusal.NOT_REFUNDABLE,
    "RETURN_URL_MISSING": Refusal.MERCHANT_NOT_ALLOWED,
    "SESSION_UNKNOWN": Refusal.NOT_REFUNDABLE,
    "aggregated-merchant-required": Refusal.MERCHANT_NOT_ALLOWED,
    "api-key-not-provided": Refusal.MERCHANT_NOT_ALLOWED,
    "api-key-revoked": Refusal.MERCHANT_NOT_ALLOWED,
    "authorization-error": Refusal.MERCHANT_NOT_ALLOWED,
    "blocked-account": Refusal.ACCOUNT_BLOCKED,
    "cancelled": Refusal.CANCELLED,
    "checkout-refund-failed": Refusal.NOT_REFUNDABLE,
    "checkout-session-not-found": Refusal.NOT_REFUNDABLE,
    "country-mismatch": Refusal.NOT_ALLOWED,
    "cross-border-payment-not-allowed": Refusal.NOT_ALLOWED,
    "currency-mismatch": Refusal.INVALID_CURRENCY,
    "customer-age-restricted": Refusal.NOT_ALLOWED,
    "disabled-wallet": Refusal.MERCHANT_NOT_ALLOWED,
    "expired": Refusal.TIMED_OUT,
    "failed": Refusal.PROVIDER_ERROR,
    "idempotency-mismatch": Refusal.DUPLICATE,
    "insufficient-funds": Refusal.INSUFFICIENT_FUNDS,
    "internal-server-error": Refusal.PROVIDER_ERROR,
    "invalid-aggregated-merchant-id": Refusal.MERCHANT_NOT_ALLOWED,
    "invalid-auth": Refusal.MERCHANT_NOT_ALLOWED,
    "invalid-wallet": Refusal.MERCHANT_NOT_ALLOWED,
    "kyb-limits-exceeded": Refusal.PAYEE_LIMIT_REACHED,
    "missing-auth-header": Refusal.MERCHANT_NOT_ALLOWED,
    "no-matching-api-key": Refusal.MERCHANT_NOT_ALLOWED,
    "not-found": Refusal.INVALID_REQUEST,
    "payer-mobile-mismatch": Refusal.NOT_ALLOWED,
    "payment-failure": Refusal.PROVIDER_ERROR,
    "recipient-account-blocked": Refusal.ACCOUNT_BLOCKED,
    "recipient-account-inactive": Refusal.ACCOUNT_BLOCKED,
    "recipient-limit-exceeded": Refusal.PAYEE_LIMIT_REACHED,
    "recipient-minor": Refusal.NOT_ALLOWED,
    "request-not-json": Refusal.INVALID_REQUEST,
    "request-parsing-error": Refusal.INVALID_REQUEST,
    "request-validation-error": Refusal.INVALID_REQUEST,
    "reversed": Refusal.CANCELLED,
    "service-unavailable": Refusal.PROVIDER_UNAVAILABLE,
    "too-many-requests": Refusal.PROVIDER_UNAVAILABLE,
    "unauthorized-wallet": Refusal.MERCHANT_NOT_ALLOWED,
}
"""Wave's codes and, in capitals, ours, as they mean it of a payment. Of a payout Wave says
`insufficient-funds` too: the one who pays has too little (`adapters.refusals.meanings_of`)."""

OF_THE_PERSON: Final = frozenset(
    {
        "recipient-account-blocked",
        "recipient-account-inactive",
        "recipient-limit-exceeded",
        "recipient-minor",
    }
)
"""Codes about the person, not about our request or account: no provider would pay the same one."""

WORDS: Final[Mapping[tuple[str, str], Word]] = {
    ("complete", "succeeded"): Word.SUCCEEDED,
    ("complete", "cancelled"): Word.FAILED,
    ("failed", "cancelled"): Word.FAILED,
    ("expired", "cancelled"): Word.EXPIRED,
}
"""What a session's two statuses say together; all other pairs are no final word."""

WAVE_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
"""What may stand in a path of Wave's as the id of a session, a payout or a transaction."""

_TURNED_AWAY: Final = frozenset({401, 429})


class WaveError(NamedTuple):
    """An error body in one of Wave's shapes."""

    code: str | None
    message: str | None


def parse_checkout(answer: Answer) -> Submission:
    """Say what the answer to a new session means; see the module's table."""
    body, error = object_in(answer.body) or {}, parse_error(answer)
    if answer.status in {200, 201}:
        session_id, page = body.get("id"), body.get("wave_launch_url")
        if isinstance(session_id, str) and WAVE_ID.fullmatch(session_id) and is_page(page):
            return Accepted(handle={"id": session_id, "redirect_url": str(page)})
        return NotSent(f"{told(answer)} without an id and a page")
    if answer.status in {400, 403, 409, 422} and error.code is not None:
        return Declined(code=error.code, reason=told(answer), is_technical=True)
    return NotSent(told(answer))


def parse_session(answer: Answer, reference: str) -> Inquiry:
    """Say what became of a session; raises AnswerUnreadableError for a 200 without JSON."""
    if answer.status == 404 and parse_error(answer).code == "checkout-session-not-found":
        return NotFound(told(answer))
    if answer.status != 200:
        return Unknown(told(answer))
    session = answer.json_object()
    if session.get("client_reference") not in (None, reference):
        return Unknown("the answer is about another reference")
    return word_of_session(session) or Pending(state_of(session))


def parse_sessions(answer: Answer, reference: str) -> Inquiry:
    """Say what a search means whose reference was never answered with a page."""
    found = _results(answer, reference)
    if isinstance(found, Unknown):
        return found
    words = [one for session in found if (one := word_of_session(session)) is not None]
    paid = [one for one in words if one.word is Word.SUCCEEDED]
    if paid:
        return paid[0]
    return NotSent("the answer with the page's address was never read, so nobody can pay")


def word_of_session(session: Mapping[str, object]) -> FinalWord | None:
    """The final word in a session; None while there is none."""
    statuses = (session.get("checkout_status"), session.get("payment_status"))
    word = WORDS.get((str(statuses[0]), str(statuses[1])))
    if word is None:
        return None
    error = _last_error(session)
    is_paid = word is Word.SUCCEEDED
    closed = "expired" if word is Word.EXPIRED else "cancelled"
    return FinalWord(
        word=word,
        amount=figure(session.get("amount")),
        currency=said(session.get("currency"), length_max=8),
        provider_transaction_id=figure(session.get("transaction_id")),
        code=None if is_paid else error.code or closed,
        reason=None if is_paid else error.message or error.code or closed,
        occurred_at=moment(session.get("when_completed")) if is_paid else None,
    )


def state_of(session: Mapping[str, object]) -> str:
    """A session's statuses and last error in a few words."""
    words = [said(session.get(one), length_max=40) for one in ("checkout_status", "payment_status")]
    words.append(_last_error(session).code)
    return ", ".join(one for one in words if one) or "nothing"


def parse_payout(answer: Answer) -> Submission:
    """Say what the answer to a payout means; see the module's table."""
    if answer.status in {200, 201}:
        body = object_in(answer.body) or {}
        asked = word_of_payout(body)
        payout_id = body.get("id")
        if (
            isinstance(asked, Pending)
            and isinstance(payout_id, str)
            and WAVE_ID.fullmatch(payout_id)
        ):
            return Accepted(handle={"id": payout_id})
        if isinstance(asked, FinalWord):
            return asked
        return Unknown(f"{told(answer)} without a payout")
    return _refused(answer, frozenset({400, 403, 422}))


def parse_payout_state(answer: Answer, reference: str) -> Inquiry:
    """Say what became of a payout; raises AnswerUnreadableError for a 200 without JSON."""
    if answer.status != 200:
        return Unknown(told(answer))
    payout = answer.json_object()
    if payout.get("client_reference") not in (None, reference):
        return Unknown("the answer is about another reference")
    return word_of_payout(payout)


def parse_payouts(answer: Answer, reference: str) -> Inquiry:
    """Say what a search for a payout means: an empty list is Wave's word for none."""
    found = _results(answer, reference)
    if isinstance(found, Unknown):
        return found
    if not found:
        return NotFound("Wave has no payout under this reference")
    if len(found) > 1:
        return Unknown(f"Wave has {len(found)} payouts under this reference")
    return word_of_payout(found[0])


def word_of_payout(payout: Mapping[str, object]) -> FinalWord | Pending | Unknown:
    """What a payout's status says; a status nobody announced is not final."""
    status = payout.get("status")
    if not isinstance(status, str):
        return Unknown("the answer has no status of a payout")
    word = {
        "succeeded": Word.SUCCEEDED,
        "failed": Word.FAILED,
        "reversed": Word.FAILED,
    }.get(status)
    if word is None:
        return Pending(said(status, length_max=40) or "")
    error = _error_in(payout.get("payout_error"))
    is_paid = word is Word.SUCCEEDED
    return FinalWord(
        word=word,
        amount=figure(payout.get("receive_amount")),
        currency=said(payout.get("currency"), length_max=8),
        provider_transaction_id=figure(payout.get("id")),
        code=None if is_paid else error.code or status,
        reason=None if is_paid else error.message or error.code or status,
    )


def parse_refund(answer: Answer) -> Submission:
    """Say what the answer to a refund means; see the module's table."""
    error = parse_error(answer)
    body = object_in(answer.body)
    is_empty = not answer.body.strip() or body == {}
    if answer.status == 200:
        is_made = error.code is None and (is_empty or "id" in (body or {}))
        return FinalWord(word=Word.SUCCEEDED) if is_made else Unknown(told(answer))
    if error.code == "checkout-refund-failed":
        return Declined(code=error.code, reason=told(answer))
    return _refused(answer, frozenset({400, 403, 404, 409, 422}))


def parse_balance(answer: Answer) -> list[Balance] | Unknown:
    """Read the wallet's balance, which may be below zero."""
    body = object_in(answer.body) or {}
    amount, currency = figure(body.get("amount")), said(body.get("currency"), length_max=8)
    if answer.status != 200 or amount is None or currency is None:
        return Unknown(told(answer))
    return [Balance(amount, currency)]


def parse_recipient(answer: Answer) -> AccountCheck | Unknown:
    """Read whether a number may be paid the amount that was asked about."""
    is_within = (object_in(answer.body) or {}).get("within_limits")
    if answer.status != 200 or not isinstance(is_within, bool):
        return Unknown(told(answer))
    if is_within:
        return AccountCheck(is_active=True)
    # Wave gives no code here, and says no more of an account that is not active.
    return AccountCheck(is_active=False, detail="not within its limits", code=PAYEE_OVER_LIMITS)


def parse_error(answer: Answer) -> WaveError:
    """Read an error body in any of Wave's shapes; never raises."""
    return _error_in(object_in(answer.body))


def told(answer: Answer) -> str:
    """An answer's status and what it says, in one line without secrets."""
    if object_in(answer.body) is None:
        return f"status {answer.status}: " + ("no JSON" if answer.body else "empty")
    error = parse_error(answer)
    return " ".join(
        [f"status {answer.status}:", *(one for one in (error.code, error.message) if one)]
    )


def _refused(answer: Answer, declining: frozenset[int]) -> Submission:
    error = parse_error(answer)
    if answer.status in _TURNED_AWAY:
        return NotSent(told(answer))
    if answer.status in declining and error.code is not None:
        is_technical = error.code not in OF_THE_PERSON
        return Declined(code=error.code, reason=told(answer), is_technical=is_technical)
    return Unknown(told(answer))


def _results(answer: Answer, reference: str) -> list[dict[str, object]] | Unknown:
    """Read a search; what is not exactly under the reference is left out."""
    if answer.status != 200:
        return Unknown(told(answer))
    found = answer.json_object().get("result")
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise AnswerUnreadableError(f"{told(answer)} without a list of results")
    return [one for one in found if one.get("client_reference") == reference]


def _last_error(session: Mapping[str, object]) -> WaveError:
    return _error_in(session.get("last_payment_error"))


def _error_in(body: object) -> WaveError:
    if not isinstance(body, dict):
        return WaveError(None, None)
    if isinstance(body.get("error"), dict):
        return _error_in(body["error"])
    codes = [body.get(key) for key in ("code", "error_code", "error")]
    code = next((one for one in codes if isinstance(one, str) and one), None)
    message = said(body.get("message")) or said(body.get("error_message"))
    return WaveError(said(code, length_max=100), message)
