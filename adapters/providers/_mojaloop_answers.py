"""What the SDK Scheme Adapter's answers say: states, quotes, errors, and the fate of a transfer.

Sources: the SDK's outbound API 2.1 (OpenAPI); its own source (`OutboundTransfersModel`,
`OutboundRequestToPayModel`, `handlers`, version 24) for what the document leaves out:

- `currentState` is where the SDK's own work stands, never where the money is: a question about an
  aborted or unknown transfer is COMPLETED, because the asking is.
- An error of a transfer has its code in `statusCode` and again in `transferState.lastError`. One of
  a request to pay has `statusCode` 500 and its code only inside the text of `message`.
- The validator's `statusCode` is a number, everybody else's is a text.
- A PUT that finds its transfer in an error answers 204, or 200 and nothing.
- `completedTimestamp` is when the scheme completed a transfer; the scheme's times have their zone.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from adapters.answer import Answer, object_in
from adapters.base import Declined, Inquiry, NotSent, Pending, Unknown
from adapters.base import Final as FinalWord
from adapters.moments import moment
from adapters.providers._mojaloop_codes import (
    ABORTED,
    NEEDS_CONVERSION,
    QUOTE_SHORT,
    QUOTE_TOO_DEAR,
    QUOTE_UNREADABLE,
    UNKNOWN_TRANSFER,
    refuses,
)
from adapters.transcript import figure, said
from ledger.errors import LedgerError
from ledger.evidence import Word
from ledger.money import Money, parse_money

COMMITTED: Final = "COMMITTED"
WAITS_FOR_PARTY: Final = "WAITING_FOR_PARTY_ACCEPTANCE"

UNKNOWN_THERE: Final = "the scheme does not know the transfer"

ID: Final = re.compile(r"[0-9A-Za-z-]{1,64}", re.ASCII)
_CODE_IN_TEXT: Final = re.compile(r'"errorCode"\s*:\s*"?([1-9][0-9]{3})\b')


def member(value: object, *path: str) -> object:
    """Go down a path of objects; None where there is no such way."""
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def text_at(value: object, *path: str) -> str | None:
    """A text at the end of a path; None for everything else, and for an empty one."""
    found = member(value, *path)
    return found if isinstance(found, str) and found else None


def id_at(value: object, *path: str) -> str | None:
    """An id that may stand in an address: a UUID, a ULID."""
    found = text_at(value, *path)
    return found if found is not None and ID.fullmatch(found) else None


def code_in(body: object) -> str | None:
    """The scheme's error code (four digits) in an error of any of its shapes."""
    for path in (
        ("transferState", "lastError", "mojaloopError", "errorInformation", "errorCode"),
        ("lastError", "mojaloopError", "errorInformation", "errorCode"),
        ("errorInformation", "errorCode"),
        ("statusCode",),
    ):
        found = figure(member(body, *path))
        if found is not None and re.fullmatch(r"[1-9][0-9]{3}", found, re.ASCII):
            return found
    match = _CODE_IN_TEXT.search(text_at(body, "message") or "")
    return match[1] if match else None


def told(answer: Answer) -> str:
    """Say in one line what came back, for a reason that is kept."""
    body = object_in(answer.body)
    if body is None:
        return f"status {answer.status}: " + ("no JSON" if answer.body else "empty")
    state = text_at(body, "currentState") or text_at(body, "transferState", "currentState")
    words = (code_in(body), said(state, length_max=40), said(body.get("message"), length_max=120))
    return " ".join([f"status {answer.status}:", *(one for one in words if one)])


def refusal_in(answer: Answer) -> Declined | NotSent:
    """Say what an error means that came before anything could be paid or asked for."""
    code = code_in(object_in(answer.body))
    if code is None and answer.status == 400 and object_in(answer.body) is not None:
        code = "400"
    if code == "400" or refuses(code):
        return Declined(code=str(code), reason=told(answer), is_technical=True)
    return NotSent(told(answer))


def refused_code(answer: Answer) -> str | None:
    """The code of an error that is a no; None where there is none, or only trouble on the way."""
    code = code_in(object_in(answer.body))
    return code if refuses(code) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What a transfer will cost, until when that holds, and what will prove it."""

    expires_at: datetime
    condition: str
    received: str | None
    """What the payee is said to get, where the quote says it or charges nothing."""


def parse_quote(body: object, asked: Money, *, excess_minor_max: int) -> Quote | Declined:
    """Read the quote in a transfer's state; a reason not to accept it, where there is one.

    An amount that the currency cannot have ("1500.5" XOF) is none: a packet that says another
    amount than the quote was seen to come with it.
    """

    def no(code: str, reason: str) -> Declined:
        return Declined(code=code, reason=reason, is_technical=True)

    if text_at(body, "currentState") == "WAITING_FOR_CONVERSION_ACCEPTANCE":
        return no(NEEDS_CONVERSION, "the payee's provider takes no " + asked.currency)
    quoted = member(body, "quoteResponse", "body")
    cost = _money_at(quoted, "transferAmount")
    expires_at = moment(member(quoted, "expiration"))
    condition = text_at(quoted, "condition")
    if cost is None or expires_at is None or condition is None:
        return no(QUOTE_UNREADABLE, "the quote has no usable amount, end or condition")
    if cost.currency != asked.currency:
        return no(NEEDS_CONVERSION, f"the quote is in {cost.currency}, not in {asked.currency}")
    if cost.amount_minor > asked.amount_minor + excess_minor_max:
        return no(QUOTE_TOO_DEAR, f"the quote wants {cost} for {asked}")
    received = None
    if member(quoted, "payeeReceiveAmount") is not None:
        receives = _money_at(quoted, "payeeReceiveAmount")
        if receives != asked:
            return no(QUOTE_SHORT, f"the payee would get {receives or 'no amount'}")
        received = asked.amount
    elif cost == asked:
        received = asked.amount
    return Quote(expires_at=expires_at, condition=condition, received=received)


def _money_at(value: object, name: str) -> Money | None:
    amount, currency = text_at(value, name, "amount"), text_at(value, name, "currency")
    if amount is None or currency is None:
        return None
    try:
        return parse_money(amount, currency)
    except LedgerError:
        return None


def state_of(answer: Answer) -> str | None:
    """The money's state in an answer about a transfer; None where it has none."""
    if answer.status != 200:
        return None
    return text_at(object_in(answer.body), "fulfil", "body", "transferState")


def fulfilment_of(answer: Answer) -> str | None:
    """What proves that the payee has it, where the answer holds it."""
    return text_at(object_in(answer.body), "fulfil", "body", "fulfilment")


def parse_fate(
    answer: Answer, transfer_id: str, *, paid: FinalWord, code: str | None, is_over: bool
) -> Inquiry:
    """Say what the scheme's own word about a transfer means.

    Args:
        answer: to a question about it.
        transfer_id: the one that was asked about.
        paid: what to say of a committed one.
        code: the code with which the SDK had failed before, if it had.
        is_over: whether the scheme will surely never get it, if it does not know it now.
    """
    body = object_in(answer.body)
    if id_at(body, "transferId") not in (None, transfer_id):
        return Unknown("the answer is about another transfer")
    state = state_of(answer)
    if state == COMMITTED:
        completed_at = moment(member(body, "fulfil", "body", "completedTimestamp"))
        return replace(paid, occurred_at=completed_at)
    if state == ABORTED:
        return failed(code or ABORTED, transfer_id)
    if state is not None:
        return Pending(said(state, length_max=40) or "")
    if answer.status != 200 and code_in(body) == UNKNOWN_TRANSFER:
        if is_over:
            return NotSent("the scheme never got the transfer, and its quote was refused")
        return Pending(UNKNOWN_THERE)
    return Unknown(told(answer))


def failed(code: str, transfer_id: str | None) -> FinalWord:
    """Say that nothing moved and nothing will."""
    return FinalWord(
        word=Word.FAILED, provider_transaction_id=transfer_id, code=code, reason=f"Mojaloop: {code}"
    )
