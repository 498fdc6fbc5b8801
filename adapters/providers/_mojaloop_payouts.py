"""Outgoing transfers through the SDK: prepared first, paid once their id is kept.

`prepare` goes as far as the quote; `ask` accepts it, asks about it, and refuses it when its time is
long over. Why it is cut there is said in `adapters.providers.mojaloop`.

    now < the quote's end          PUT acceptQuote true; if that brings no COMMITTED, GET
    until `settle_seconds` later   GET only: a transfer may be under way
    after that                     PUT acceptQuote false, then GET: 3208 is now the end

The last line is certain because the refusal is what the SDK remembers from then on, and because no
server takes a transfer whose own expiry has passed.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Final

import structlog

from adapters.answer import Answer, NotSentError, TransportError, object_in
from adapters.base import Accepted, Declined, Inquiry, NotSent, Submission, Unknown
from adapters.base import Final as FinalWord
from adapters.providers._mojaloop_answers import (
    COMMITTED,
    WAITS_FOR_PARTY,
    fulfilment_of,
    id_at,
    member,
    moment,
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
        self,
        transport: Transport,
        base_url: str,
        *,
        sdk_waits: bool,
        excess_minor_max: int,
        settle_seconds: float,
    ) -> None:
        self._transport, self._root = transport, f"{base_url}/transfers"
        self._sdk_waits, self._excess_minor_max = sdk_waits, excess_minor_max
        self._settle = timedelta(seconds=settle_seconds)

    async def prepare(self, request: Mapping[str, object], asked: Money, payee: str) -> Submission:
        """Look the payee up and get a quote; the handle of what can then be accepted."""
        transfer_id = None
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
        except NotSentError as error:
            return NotSent(error.reason)
        except TransportError as error:
            return self._in_doubt(error.reason, transfer_id)
        if transfer_id is not None and (text_at(state, "currentState") or "").startswith(_WAITS):
            return await self._quoted(transfer_id, state, asked)
        return self._unquoted(answer, state, transfer_id)

    async def _quoted(self, transfer_id: str, state: object, asked: Money) -> Submission:
        quote = parse_quote(state, asked, excess_minor_max=self._excess_minor_max)
        if not isinstance(quote, Declined):
            handle = {
                "transfer_id": transfer_id,
                "ends_at": quote.expires_at.isoformat(),
                "condition": quote.condition,
            }
            if quote.received is not None:
                handle |= {"amount": quote.received, "currency": asked.currency}
            return Accepted(handle=handle)
        try:
            await self._continue(transfer_id, {"acceptQuote": False})
        except TransportError:
            # A courtesy: what nobody accepts is never paid.
            log.info("mojaloop.quote_left_open", code=quote.code)
        return quote

    def _unquoted(self, answer: Answer, state: object, transfer_id: str | None) -> Submission:
        """Say what it means that the SDK stopped somewhere else than where we accept."""
        is_beyond = (
            member(state, "quoteResponse") is not None or member(state, "fulfil") is not None
        )
        if transfer_id is not None and is_beyond:
            log.error("mojaloop.sdk_does_not_wait", remedy="AUTO_ACCEPT_QUOTES=false")
            if state_of(answer) == COMMITTED:
                return FinalWord(word=Word.SUCCEEDED, provider_transaction_id=transfer_id)
            return self._accepted_blindly(transfer_id)
        outcome = refusal_in(answer)
        if isinstance(outcome, NotSent):
            return self._in_doubt(outcome.reason, transfer_id)
        return outcome

    def _in_doubt(self, reason: str, transfer_id: str | None) -> Submission:
        """No usable word before acceptance: harmless where the SDK waits for us, else not."""
        if self._sdk_waits:
            return NotSent(reason)
        return Unknown(reason) if transfer_id is None else self._accepted_blindly(transfer_id)

    def _accepted_blindly(self, transfer_id: str) -> Accepted:
        """A transfer that may have gone its way without us: to be asked about only."""
        ends_at = self._transport.now().isoformat()
        return Accepted(handle={"transfer_id": transfer_id, "ends_at": ends_at})

    async def ask(self, handle: Mapping[str, str] | None) -> Inquiry:
        """Accept the quote if it still holds, and find out what became of the transfer."""
        if handle is None:
            reason = "the transfer's id was never read, so nobody can have accepted its quote"
            return NotSent(reason) if self._sdk_waits else Unknown(f"{reason}, but the SDK might")
        transfer_id, ends_at = id_at(handle, "transfer_id"), moment(handle.get("ends_at"))
        if transfer_id is None or ends_at is None:
            return Unknown("the kept handle is of something else")
        try:
            return await self._asked(handle, transfer_id, ends_at)
        except TransportError as error:
            return Unknown(error.reason)

    async def _asked(
        self, handle: Mapping[str, str], transfer_id: str, ends_at: datetime
    ) -> Inquiry:
        now = self._transport.now()
        code, is_over = None, now >= ends_at + self._settle
        if is_over or now < ends_at - timedelta(seconds=ACCEPT_MARGIN_SECONDS):
            answer = await self._continue(transfer_id, {"acceptQuote": not is_over})
            state = _state_in(answer)
            if state_of(answer) == COMMITTED:
                return self._fate(answer, handle, transfer_id)
            is_the_sdk_s = text_at(state, "currentState") is not None or not answer.body
            if not is_the_sdk_s or (is_over and answer.status not in {200, 204}):
                # Somebody before the SDK answered, and it may still have its transfer to itself.
                return Unknown(told(answer))
            code = refused_code(answer)
            if text_at(state, "currentState") == "WAITING_FOR_CONVERSION_ACCEPTANCE":
                code = NEEDS_CONVERSION
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
