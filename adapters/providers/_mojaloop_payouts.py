"""Outgoing transfers through the SDK: prepared up to a quote, paid by accepting it, asked about.

    prepare   POST, PUT acceptParty       a quote, and with it the transfer's id; nothing has moved
    pay       PUT acceptQuote true        COMMITTED is paid; whatever else it says, GET
    ask       GET                         the scheme's own word
      late    PUT acceptQuote false, GET  3208 now means that it never got it, and never will

The last line is certain because the refusal is what the SDK remembers from then on, and because no
server takes a transfer whose own expiry has passed; so it waits for `settle_seconds`.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Final

import structlog

from adapters.answer import Answer, NotSentError, TransportError, object_in
from adapters.base import Accepted, Declined, Inquiry, NotSent, Pending, Submission, Unknown
from adapters.base import Final as FinalWord
from adapters.moments import moment
from adapters.powers import Prepared
from adapters.providers._mojaloop_answers import (
    COMMITTED,
    UNKNOWN_THERE,
    WAITS_FOR_PARTY,
    fulfilment_of,
    id_at,
    member,
    parse_fate,
    parse_quote,
    refusal_in,
    refused_code,
    state_of,
    text_at,
    told,
)
from adapters.providers._mojaloop_codes import ANOTHER_PAYEE, NEEDS_CONVERSION
from adapters.transport import Transport
from ledger.evidence import Word
from ledger.money import Money

log = structlog.get_logger()

ACCEPT_MARGIN_SECONDS: Final = 2.0
"""How long before a quote's end it is still accepted."""

_WAITS: Final = "WAITING_FOR_"


class Payouts:
    """The three calls of a transfer, and the question about it."""

    def __init__(
        self, transport: Transport, base_url: str, *, excess_minor_max: int, settle_seconds: float
    ) -> None:
        self._transport, self._root = transport, f"{base_url}/transfers"
        self._excess_minor_max = excess_minor_max
        self._settle = timedelta(seconds=settle_seconds)

    async def prepare(
        self, request: Mapping[str, object], asked: Money, payee: str
    ) -> Prepared | Declined | NotSent:
        """Look the payee up and get a quote; the handle of what can then be accepted."""
        try:
            answer = await self._transport.call(
                "POST", self._root, json=dict(request), is_safe_to_repeat=False
            )
            state = _state_in(answer)
            transfer_id = id_at(state, "transferId")
            if transfer_id is not None and text_at(state, "currentState") == WAITS_FOR_PARTY:
                refusal = _wrong_payee(state, asked, payee)
                if refusal is not None:
                    return refusal
                answer = await self._continue(transfer_id, {"acceptParty": True})
                state = _state_in(answer)
        except TransportError as error:
            return NotSent(error.reason)
        if transfer_id is None:
            return refusal_in(answer)
        if (text_at(state, "currentState") or "").startswith(_WAITS):
            return await self._quoted(transfer_id, state, asked)
        if member(state, "quoteResponse") is None and member(state, "fulfil") is None:
            return refusal_in(answer)
        # It went on without us, and may have paid: whoever submits it now has to ask, not to pay.
        log.error("mojaloop.sdk_does_not_wait", remedy="AUTO_ACCEPT_QUOTES=false")
        ends_at = self._transport.now().isoformat()
        return Prepared(handle={"transfer_id": transfer_id, "ends_at": ends_at, "is_beyond": "yes"})

    async def _quoted(self, transfer_id: str, state: object, asked: Money) -> Prepared | Declined:
        quote = parse_quote(state, asked, excess_minor_max=self._excess_minor_max)
        if not isinstance(quote, Declined):
            handle = {
                "transfer_id": transfer_id,
                "ends_at": quote.expires_at.isoformat(),
                "condition": quote.condition,
            }
            if quote.received is not None:
                handle |= {"amount": quote.received, "currency": asked.currency}
            return Prepared(handle=handle)
        try:
            await self._continue(transfer_id, {"acceptQuote": False})
        except TransportError:
            # A courtesy: what nobody accepts is never paid.
            log.info("mojaloop.quote_left_open", code=quote.code)
        return quote

    async def pay(self, handle: Mapping[str, str]) -> Submission:
        """Accept the quote, and say what became of it."""
        transfer_id, ends_at = id_at(handle, "transfer_id"), moment(handle.get("ends_at"))
        if transfer_id is None or ends_at is None:
            return NotSent("nothing was prepared")
        code = None
        try:
            if "is_beyond" not in handle:
                if self._transport.now() >= ends_at - timedelta(seconds=ACCEPT_MARGIN_SECONDS):
                    return NotSent("the quote has ended before it was accepted")
                answer = await self._continue(transfer_id, {"acceptQuote": True})
                if state_of(answer) == COMMITTED:
                    return _submitted(self._fate(answer, handle, transfer_id), handle)
                if not _is_of_the_sdk(answer):
                    # Somebody before it answered: a question would take the transfer from it.
                    return Unknown(told(answer))
                code = _code_of(answer)
        except NotSentError as error:
            return NotSent(error.reason)
        except TransportError as error:
            return Unknown(error.reason)
        try:
            return _submitted(await self._asked(handle, transfer_id, code=code), handle)
        except TransportError as error:
            return Unknown(error.reason)

    async def ask(self, handle: Mapping[str, str] | None) -> Inquiry:
        """Find out what became of a transfer whose quote was accepted, or may have been."""
        if handle is None:
            return NotSent("it was never prepared, and nobody can have accepted its quote")
        transfer_id, ends_at = id_at(handle, "transfer_id"), moment(handle.get("ends_at"))
        if transfer_id is None or ends_at is None:
            return Unknown("the kept handle is of something else")
        try:
            is_over = self._transport.now() >= ends_at + self._settle
            if is_over:
                answer = await self._continue(transfer_id, {"acceptQuote": False})
                if state_of(answer) == COMMITTED:
                    return self._fate(answer, handle, transfer_id)
                if answer.status not in {200, 204} or not _is_of_the_sdk(answer):
                    return Unknown(told(answer))
            return await self._asked(handle, transfer_id, is_over=is_over)
        except TransportError as error:
            return Unknown(error.reason)

    async def _asked(
        self,
        handle: Mapping[str, str],
        transfer_id: str,
        *,
        code: str | None = None,
        is_over: bool = False,
    ) -> Inquiry:
        answer = await self._transport.call(
            "GET", f"{self._root}/{transfer_id}", is_safe_to_repeat=True, is_inquiry=True
        )
        return self._fate(answer, handle, transfer_id, code=code, is_over=is_over)

    def _fate(
        self,
        answer: Answer,
        handle: Mapping[str, str],
        transfer_id: str,
        *,
        code: str | None = None,
        is_over: bool = False,
    ) -> Inquiry:
        if state_of(answer) == COMMITTED and not opens(
            handle.get("condition"), fulfilment_of(answer)
        ):
            return Unknown("COMMITTED, but its fulfilment does not open the quote's condition")
        paid = FinalWord(
            word=Word.SUCCEEDED,
            amount=handle.get("amount"),
            currency=handle.get("currency"),
            provider_transaction_id=transfer_id,
        )
        return parse_fate(answer, transfer_id, paid=paid, code=code, is_over=is_over)

    async def _continue(self, transfer_id: str, choice: Mapping[str, bool]) -> Answer:
        return await self._transport.call(
            "PUT", f"{self._root}/{transfer_id}", json=dict(choice), is_safe_to_repeat=False
        )


def _submitted(fate: Inquiry, handle: Mapping[str, str]) -> Submission:
    """Say as the outcome of a submission what was just found out about it.

    A transfer that the scheme does not know yet may be on its way to it: that is unknown.
    """
    match fate:
        case FinalWord() | Unknown():
            return fate
        case Pending() if fate.detail != UNKNOWN_THERE:
            return Accepted(handle=handle)
    return Unknown(UNKNOWN_THERE)


def _is_of_the_sdk(answer: Answer) -> bool:
    """Whether the SDK itself answered: it shows a state, or nothing at all."""
    return text_at(_state_in(answer), "currentState") is not None or not answer.body


def _code_of(answer: Answer) -> str | None:
    """Why the SDK did not pay, where it says so."""
    if text_at(_state_in(answer), "currentState") == "WAITING_FOR_CONVERSION_ACCEPTANCE":
        return NEEDS_CONVERSION
    return refused_code(answer)


def _state_in(answer: Answer) -> object:
    """The transfer's state, which an error has one level deeper."""
    body = object_in(answer.body)
    inner = member(body, "transferState")
    return inner if isinstance(inner, Mapping) else body


def _wrong_payee(state: object, asked: Money, payee: str) -> Declined | None:
    """A reason not to accept the party that was found; None if it is the right one."""
    if text_at(state, "to", "idValue") not in (None, payee):
        reason = "the scheme found another number than the one to pay"
        return Declined(code=ANOTHER_PAYEE, reason=reason, is_technical=True)
    for path in (
        ("to", "supportedCurrencies"),
        ("getPartiesResponse", "body", "party", "supportedCurrencies"),
    ):
        currencies = member(state, *path)
        if isinstance(currencies, list) and currencies and asked.currency not in currencies:
            reason = "the payee's provider takes no " + asked.currency
            return Declined(code=NEEDS_CONVERSION, reason=reason, is_technical=True)
    return None


def opens(condition: str | None, fulfilment: str | None) -> bool:
    """Whether a fulfilment proves its condition; where either is missing there is no proof to fail.

    The SDK checks it too, but can be told not to.
    """
    if not condition or not fulfilment:
        return True
    try:
        secret = urlsafe_b64decode(fulfilment + "=" * (-len(fulfilment) % 4))
    except ValueError:
        return False
    made = urlsafe_b64encode(sha256(secret).digest()).decode().rstrip("=")
    return compare_digest(made.encode(), condition.encode(errors="replace"))
