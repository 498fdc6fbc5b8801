"""What TouchPay's answers mean: the part of `adapters.providers.touchpay` that only reads.

What an answer means for the money:

    transaction (collection), cashin (payout)
      2xx about the reference, with a status     accepted; failed if it says FAILED
      401, 403, 429                              not sent: turned away at the door
      another 400 to 499 of TouchPay's own       declined: the request is wrong, and stays so
      all else                                   unknown: 408, 409, 5xx, HTML, no status, an
                                                 error with an id of theirs
    check_status
      200 about the reference, SUCCESSFUL        succeeded
      200 about the reference, FAILED            failed
      200 about the reference, all else          pending
      404 in the body, and not of a path         not found; it is not submitted again for that
      all else                                   unknown

TouchPay says some errors with HTTP 200, by a number in `status` or by `detailMessage`, so the
number in the body comes first. No list of its codes is public.

Why TIMEOUT, CANCELLED and REFUSED are pending: one published receiver names them, and nobody says
that a payer cannot still confirm after them. What is only waited for costs nobody anything.

When money moved is not taken: `transaction_date` has no zone, InTouch serves countries of two, and
which of request and payment it dates is not written. `dateTime` is when the request came.
"""

from collections.abc import Mapping
from typing import Final

from adapters.answer import Answer, object_in
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
from adapters.pages import is_page
from adapters.refusals import Refusal
from adapters.transcript import figure, said
from ledger.evidence import Word

REFUSALS: Final[Mapping[str, Refusal]] = {
    "400": Refusal.INVALID_REQUEST,
    "404": Refusal.MERCHANT_NOT_ALLOWED,
    "422": Refusal.INVALID_REQUEST,
    "AMOUNT_NOT_WHOLE": Refusal.INVALID_AMOUNT,
    "CALLBACK_URL_MISSING": Refusal.MERCHANT_NOT_ALLOWED,
    "FAILED": Refusal.PROVIDER_ERROR,
    "ONE_TIME_CODE_MISSING": Refusal.CODE_REQUIRED,
    "OPERATOR_NOT_SERVED": Refusal.WRONG_OPERATOR,
}
"""Our own codes, the statuses of refusals, and the one word TouchPay has for every failure."""

WORDS: Final[Mapping[str, Word]] = {"SUCCESSFUL": Word.SUCCEEDED, "FAILED": Word.FAILED}

_TURNED_AWAY: Final = frozenset({401, 403, 429})
_DOUBTFUL: Final = frozenset({408, 409})
_PAGES: Final = ("payment_url", "deepLink", "OM", "MAXIT")
"""Where a payer confirms outside of the telephone's own prompt: first come, first shown."""
_OWN_IDS: Final = ("idFromClient", "partner_transaction_id")
_THEIR_IDS: Final = ("idFromGU", "gu_transaction_id")


def parse_submission(answer: Answer, reference: str) -> Submission:
    """Say what an answer to a transaction or a cashin means; see the module's table."""
    body = object_in(answer.body)
    number, told = number_of(answer), told_of(answer)
    is_doubtful = answer.status >= 500 or number >= 500 or number in _DOUBTFUL
    if number in _TURNED_AWAY and not is_doubtful:
        return NotSent(told)
    if body is None or is_doubtful or not is_about(body, reference):
        return Unknown(told)
    if 400 <= number < 500 and _first(body, _THEIR_IDS) is None:
        return Declined(code=str(number), reason=told, is_technical=True)
    status = body.get("status")
    if not 200 <= number < 300 or not isinstance(status, str) or _is_error(body):
        return Unknown(told)
    if status == "FAILED":
        return word_of(Word.FAILED, body)
    page = next((body[key] for key in _PAGES if is_page(body.get(key))), None)
    return Accepted(handle={} if page is None else {"redirect_url": str(page)})


def parse_status(answer: Answer, reference: str) -> Inquiry:
    """Say what an answer to check_status means; see the module's table."""
    body = object_in(answer.body)
    number, told = number_of(answer), told_of(answer)
    if body is None:
        return Unknown(told)
    if not is_about(body, reference):
        return Unknown("the answer is about another reference")
    status = body.get("status")
    if number == status == 404 and answer.status < 500 and not _is_of_the_server(body):
        return NotFound(told)
    if number != 200 or not isinstance(status, str) or _is_error(body):
        return Unknown(told)
    if status not in WORDS:
        return Pending(said(status, length_max=40) or "")
    return word_of(WORDS[status], body)


def word_of(word: Word, body: Mapping[str, object]) -> FinalWord:
    """Write TouchPay's final word: its only code is its status, the reason is its message."""
    is_failure = word is not Word.SUCCEEDED
    code = said(body.get("status"), length_max=40)
    return FinalWord(
        word=word,
        amount=figure(body.get("amount")),
        provider_transaction_id=_first(body, _THEIR_IDS),
        code=code if is_failure else None,
        reason=(said(body.get("message")) or code) if is_failure else None,
    )


def is_about(body: Mapping[str, object], reference: str) -> bool:
    """Whether a body that names a reference names this one."""
    return _first(body, _OWN_IDS) in (None, reference)


def number_of(answer: Answer) -> int:
    """The status of an answer: the number in its body, which TouchPay may send with HTTP 200."""
    status = (object_in(answer.body) or {}).get("status")
    is_number = isinstance(status, int) and not isinstance(status, bool)
    return int(str(status)) if is_number else answer.status


def _is_error(body: Mapping[str, object]) -> bool:
    return "detailMessage" in body or "stackTrace" in body


def _is_of_the_server(body: Mapping[str, object]) -> bool:
    """Whether it tells, as the server below does, that nothing is served at such a path."""
    return "path" in body or "timestamp" in body


def _first(body: Mapping[str, object], keys: tuple[str, ...]) -> str | None:
    return next((one for key in keys if (one := figure(body.get(key))) is not None), None)


def told_of(answer: Answer) -> str:
    """What an answer says, in one clean line."""
    body = object_in(answer.body)
    if body is None:
        return f"status {answer.status}: " + ("no JSON" if answer.body else "empty")
    words = [said(body.get(key)) for key in ("status", "message", "detailMessage", "error")]
    return " ".join([f"status {answer.status}:", *(one for one in words if one)])
