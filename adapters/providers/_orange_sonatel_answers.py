"""What Sonatel's answers mean: the part of `adapters.providers.orange_sonatel` that only reads.

What an answer means for the money:

    code for a payment (qrcode)
      200, 201 with a usable page                accepted
      400, 403, 422 with a code                  declined: the request is wrong, and stays so
      all else, even silence                     not sent: nobody has got the page
    cash-in; payment by a one-time code
      200, 201, 202 with a status                accepted, or the final word
      401, 429; 403 without a code               not sent: turned away at the door
      400, 403, 422 with a refusing code         declined
      all else                                   unknown: 5xx, HTML, a 2xx without a status, a code
                                                 that says "internal" or that nobody has listed

Errors are problem+json: `{type, title, instance, status, code, detail, violations}`; the code is
read as a number or as text.

A *transaction* has a status, a *code* that a payer scans has none, and the two are not the same:
several transactions may stand under one reference, and one that failed may leave the code open for
another. So a success is final at once, and a failure only when the code is over.

Why only listed codes decline what moves money at once: another provider may do what was declined,
and a code of tomorrow says nothing about whether this one has done it.

Why what is not found is never a word about either: the published contract searches by our
reference, older ones name transactions by an id of Orange's own, and a list that is empty for that
reason looks like one that is empty because nothing was paid.

When money moved is not taken: no time of it is among what is published of answers and callbacks,
and the day and hour inside a `transactionId` have no zone that is written anywhere.
"""

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from adapters.answer import Answer, AnswerUnreadableError, object_in
from adapters.base import Accepted, Declined, Inquiry, NotSent, Pending, Submission, Unknown
from adapters.base import Final as FinalWord
from adapters.pages import is_page
from adapters.powers import Balance
from adapters.providers._orange_sonatel_codes import INTERNAL, REFUSALS
from adapters.transcript import figure, said
from ledger.evidence import Word
from ledger.identity import is_payment_id

WORDS: Final[Mapping[str, Word]] = {
    "SUCCESS": Word.SUCCEEDED,
    "FAILED": Word.FAILED,
    "REJECTED": Word.FAILED,
    "CANCELLED": Word.FAILED,
}
"""What a transaction's status says; INITIATED, PENDING, ACCEPTED, PRE_INITIATED and whatever comes
tomorrow are no final word."""

UNREAD: Final = "the answer with the page's address was never read, so nobody can pay"
CLOCK_SECONDS: Final = 60.0
"""How long after its end a code counts as open: clocks differ, and a payer may be half way."""

REFUSING: Final = frozenset({400, 403, 422})
"""The statuses of a refusal, if it has a code."""

TURNED_AWAY: Final = frozenset({401, 403, 429})
"""The statuses of who was not let in; 403 only without a code."""

NO_HANDLE: Final[Mapping[str, str]] = MappingProxyType({})
TRANSACTION_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
"""What may stand in a path as the id of a transaction."""

_TAKEN: Final = frozenset({200, 201, 202})
_REFERENCE: Final = re.compile(r"(.+)-([1-9][0-9]{0,8})", re.ASCII)

Transaction = Mapping[str, object]


def parse_code(answer: Answer, now: datetime, validity_seconds: float) -> Submission:
    """Say what the answer to a new code means; see the module's table."""
    body, code = object_in(answer.body) or {}, code_of(answer)
    if answer.status in {200, 201}:
        page = next((str(one) for one in _links(body) if is_page(one)), None)
        if page is None:
            return NotSent(f"{told(answer)} without a page")
        until = max(now.timestamp() + validity_seconds, _end_of(body))
        return Accepted(
            handle={
                "qr_id": figure(body.get("qrId")) or "",
                "redirect_url": page,
                "valid_until": datetime.fromtimestamp(until, UTC).isoformat(),
            }
        )
    if answer.status in REFUSING and code is not None and code not in INTERNAL:
        return Declined(code=code, reason=told(answer), is_technical=True)
    return NotSent(told(answer))


def parse_payment(
    answer: Answer,
    reference: str,
    handle: Mapping[str, str] | None,
    now: datetime,
    *,
    unpaid_seconds: float | None,
) -> Inquiry:
    """Say what a search for a payment means.

    Args:
        answer: Sonatel's.
        reference: ours.
        handle: what `parse_code` gave; None where its answer was never read.
        now: the present time.
        unpaid_seconds: how long after a code's end a search that finds nothing is believed; None
            for never.

    Raises:
        AnswerUnreadableError: a 200 without a list.
    """
    found = transactions_in(answer, reference)
    if isinstance(found, Unknown):
        return found
    word, state = word_of(found), state_of(found)
    if word is not None and word.word is Word.SUCCEEDED:
        return word
    if found and word is None:
        return Pending(state)
    if handle is None:
        return NotSent(UNREAD)
    over_seconds = _seconds_since(handle.get("valid_until", ""), now)
    if word is not None:
        is_over = over_seconds >= CLOCK_SECONDS
        return word if is_over else Pending(f"{state}; the code can still be paid")
    if unpaid_seconds is None or over_seconds < max(unpaid_seconds, CLOCK_SECONDS):
        return Pending("no transaction yet")
    reason = "the code is over, and no transaction stands under its reference"
    return FinalWord(word=Word.EXPIRED, code="CODE_EXPIRED", reason=reason)


def parse_moved(
    answer: Answer, *, of_the_person: AbstractSet[str], kept: Mapping[str, str] = NO_HANDLE
) -> Submission:
    """Say what the answer to what moves money at once means; see the module's table.

    Args:
        answer: Sonatel's.
        of_the_person: which codes no other provider could do anything about.
        kept: what the handle holds beside the transaction.
    """
    if answer.status in _TAKEN:
        body = object_in(answer.body) or {}
        if not isinstance(body.get("status"), str):
            return Unknown(f"{told(answer)} without a status")
        word = word_of([body])
        if word is not None:
            return word
        transaction_id = figure(body.get("transactionId"))
        named = {"transaction_id": transaction_id} if transaction_id else {}
        return Accepted(handle={**kept, **named})
    code = code_of(answer)
    if answer.status in REFUSING and code in REFUSALS.keys() - INTERNAL:
        return Declined(code=code, reason=told(answer), is_technical=code not in of_the_person)
    if answer.status in TURNED_AWAY and (answer.status != 403 or code is None):
        return NotSent(told(answer))
    return Unknown(told(answer))


def parse_state(answer: Answer) -> Inquiry:
    """Say what became of one transaction; raises AnswerUnreadableError for a 200 without JSON."""
    if answer.status != 200:
        return Unknown(told(answer))
    body = answer.json_object()
    if not isinstance(body.get("status"), str):
        return Unknown(f"{told(answer)} without a status")
    return word_of([body]) or Pending(state_of([body]))


def parse_sent(answer: Answer, reference: str) -> Inquiry:
    """Say what a search for what was sent once means; finding nothing proves nothing."""
    found = transactions_in(answer, reference)
    if isinstance(found, Unknown):
        return found
    if not found:
        return Unknown("no transaction is found under this reference, which proves nothing")
    return word_of(found) or Pending(state_of(found))


def transactions_in(answer: Answer, reference: str) -> list[Transaction] | Unknown:
    """Read a search; what is not under our reference is left out."""
    if answer.status != 200:
        return Unknown(told(answer))
    found = answer.json()
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise AnswerUnreadableError(f"status {answer.status} without a list of transactions")
    return [one for one in found if reference in (one.get("reference"), _named_in(one))]


def word_of(found: Sequence[Transaction]) -> FinalWord | None:
    """What transactions of one reference say together; None while one of them is under way.

    Where several took money, the amount is their sum: that is what happened, and the ledger will
    find it to be another amount than was asked.
    """
    paid = [one for one in found if one.get("status") == "SUCCESS"]
    if paid:
        return FinalWord(
            word=Word.SUCCEEDED,
            amount=_sum_of(paid),
            currency=said(_amount_in(paid[0]).get("unit"), length_max=8),
            provider_transaction_id=figure(paid[0].get("transactionId")),
        )
    if not found or not all(str(one.get("status")) in WORDS for one in found):
        return None
    last, status = found[-1], str(found[-1]["status"])
    return FinalWord(
        word=WORDS[status],
        amount=figure(_amount_in(last).get("value")),
        currency=said(_amount_in(last).get("unit"), length_max=8),
        provider_transaction_id=figure(last.get("transactionId")),
        code=status,
        reason=said(last.get("description")) or status,
    )


def state_of(found: Sequence[Transaction]) -> str:
    """The statuses of transactions, in a few words."""
    words = [said(one.get("status"), length_max=40) or "no status" for one in found[:8]]
    return ", ".join(words)


def parse_balance(answer: Answer) -> list[Balance] | Unknown:
    """Read the retailer's balance."""
    body = object_in(answer.body) or {}
    amount, currency = figure(body.get("value")), said(body.get("unit"), length_max=8)
    if answer.status != 200 or amount is None or currency is None:
        return Unknown(told(answer))
    return [Balance(amount, currency)]


def reference_in(body: Transaction) -> str | None:
    """Our reference in a transaction: from the metadata, which comes back as we sent it."""
    for one in (_named_in(body), body.get("reference")):
        if payment_id_in(one) is not None:
            return str(one)
    return None


def payment_id_in(reference: object) -> str | None:
    """The payment a reference of ours belongs to; None for whatever is none."""
    match = _REFERENCE.fullmatch(reference) if isinstance(reference, str) else None
    return match[1] if match is not None and is_payment_id(match[1]) else None


def amount_told(body: Transaction) -> tuple[str | None, str | None]:
    """The amount and the currency of a transaction, as Sonatel writes them."""
    amount = _amount_in(body)
    return figure(amount.get("value")), said(amount.get("unit"), length_max=8)


def code_of(answer: Answer) -> str | None:
    """The code of an error; None where there is none."""
    body = object_in(answer.body) or {}
    return said(figure(body.get("code")), length_max=40) if answer.status >= 400 else None


def told(answer: Answer) -> str:
    """An answer's status and what it says, in one line without secrets."""
    body = object_in(answer.body)
    if body is None:
        return f"status {answer.status}: " + ("no JSON" if answer.body else "empty")
    members = ("code", "title", "detail", "error", "description")
    words = [said(body.get(key)) for key in members]
    return " ".join([f"status {answer.status}:", *(one for one in words if one)])


def _links(body: Transaction) -> list[object]:
    """Every address a payer could be led to, the best first; any of them may be empty."""
    links = body.get("deepLinks")
    inner = links if isinstance(links, dict) else {}
    return [body.get("deepLink"), inner.get("OM"), inner.get("MAXIT"), body.get("shortLink")]


def _end_of(body: Transaction) -> float:
    """When a code ends by its own word; 0 where it says nothing that is a time."""
    valid = body.get("validFor")
    return _seconds_of(valid.get("endDateTime")) if isinstance(valid, dict) else 0.0


def _seconds_of(text: object) -> float:
    """Read a time; one without a zone is Senegal's, which is UTC."""
    try:
        at = datetime.fromisoformat(str(text))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def _seconds_since(text: str, now: datetime) -> float:
    """How long ago a time was; for a text that is none, it is still to come."""
    seconds = _seconds_of(text)
    return now.timestamp() - seconds if seconds else float("-inf")


def _named_in(body: Transaction) -> object:
    metadata = body.get("metadata")
    return metadata.get("reference") if isinstance(metadata, dict) else None


def _amount_in(body: Transaction) -> Mapping[str, object]:
    amount = body.get("amount")
    return amount if isinstance(amount, dict) else {}


def _sum_of(paid: Sequence[Transaction]) -> str | None:
    values = [figure(_amount_in(one).get("value")) for one in paid]
    if len(values) == 1:
        return values[0]
    if any(one is None or not one.isdecimal() for one in values):
        return f"{len(values)} payments"
    return str(sum(int(one or 0) for one in values))
