"""A request to pay in the MTN sandbox, from its POST to its last word and its callback.

`admit` applies MTN's rules to a POST and books the payment or refuses it, leaving nothing behind;
`begin` sets the one timer that ends it; `answer_of` says what a status call and a callback say.

The trick: between the check for a repeated reference and its entry in the books nothing is awaited,
so two simultaneous POSTs of one reference cannot both be accepted.

It knows no HTTP but the answers it refuses with. Sources: see `mtn_rules`.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

import orjson
from aiohttp import web
from iso4217 import Currency
from yarl import URL

from adapters.sandbox.callbacks import Callback, CallbackSender
from adapters.sandbox.mtn_books import ApiUser, BookedPayment, FinalWord, MtnBooks
from adapters.sandbox.mtn_rules import (
    DELAYED,
    FAILING_AT_POST,
    FAILURES,
    JSON_TYPE,
    ONGOING,
    OWN_FAILURES,
    Code,
    MtnSandboxSettings,
    error,
    message_of,
    scenario_of,
)
from adapters.sandbox.server import RefusedError
from adapters.sandbox.timer import Timer

TEXT_LENGTH_MAX: Final = 160
AMOUNT: Final = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,3})?")
MSISDN: Final = re.compile(r"[0-9]{5,15}")
PARTY_TYPES: Final = frozenset({"MSISDN", "EMAIL", "PARTY_CODE", "ALIAS"})
TEXT_FIELDS: Final = ("externalId", "payerMessage", "payeeNote")


class MtnPayments:
    """The payments of one sandbox: admission, the passing of time, callbacks."""

    def __init__(
        self,
        settings: MtnSandboxSettings,
        books: MtnBooks,
        sender: CallbackSender,
        *,
        clock: Callable[[], datetime],
        timer: Timer,
    ) -> None:
        self._settings = settings
        self._books = books
        self._sender = sender
        self._clock = clock
        self._timer = timer
        self._is_stopped = False

    def resume(self) -> None:
        """Set the timers of the payments that a former process left unfinished.

        Callbacks that process had not sent yet are lost, as if it had been asked to lose them.
        """
        for payment in self._books.payments.values():
            delay_seconds = self._delay_seconds(payment)
            if not payment.is_final and delay_seconds is not None:
                passed_seconds = (self._clock() - payment.accepted_at).total_seconds()
                self._end_later(payment.reference, max(0.0, delay_seconds - passed_seconds))

    def stop(self) -> None:
        """Let no timer write in the books any more."""
        self._is_stopped = True

    def admit(
        self, user: ApiUser, reference: str, callback_url: str | None, body: bytes
    ) -> BookedPayment:
        """Book a payment; raises RefusedError, with nothing booked but the attempt."""
        try:
            payment = self._read(user, reference, callback_url, body)
        except RefusedError:
            self._books.refuse(reference)
            raise
        self._books.accept(payment)
        return payment

    async def begin(self, payment: BookedPayment) -> None:
        """Start the way to its final word; returns before the 202 may be answered."""
        delay_seconds = self._delay_seconds(payment)
        if delay_seconds is None:
            return
        if payment.callback_url is not None and self._sender.is_early(payment.reference):
            ended = self._end(payment)
            await self._sender.send_now(self._callback(ended, payment.callback_url))
        elif delay_seconds == 0:
            self._end_and_tell(payment.reference)
        else:
            self._end_later(payment.reference, delay_seconds)

    def answer_of(self, payment: BookedPayment) -> dict[str, object]:
        """Return the body of a status answer, which is that of a callback too."""
        reason: object = payment.reason
        if payment.reason is not None and self._settings.reason_shape == "object":
            reason = {"code": payment.reason, "message": message_of(Code(payment.reason))}
        said = {
            "financialTransactionId": payment.financial_transaction_id,
            "externalId": payment.external_id,
            "amount": payment.amount,
            "currency": payment.currency,
            "payer": {"partyIdType": payment.payer_type, "partyId": payment.payer_id},
            "payerMessage": payment.payer_message,
            "payeeNote": payment.payee_note,
            "status": payment.status,
            "reason": reason,
        }
        return {name: value for name, value in said.items() if value is not None}

    def _delay_seconds(self, payment: BookedPayment) -> float | None:
        if payment.scenario == ONGOING:
            return self._settings.approval_window_seconds
        if payment.scenario == DELAYED:
            return self._settings.delayed_seconds
        return self._settings.decide_after_seconds

    def _end_later(self, reference: str, seconds: float) -> None:
        self._timer.call_later(seconds, lambda: self._end_and_tell(reference))

    def _end_and_tell(self, reference: str) -> None:
        if self._is_stopped:
            return
        ended = self._end(self._books.payments[reference])
        if ended.callback_url is not None:
            callback = self._callback(ended, ended.callback_url)
            self._timer.call_later(
                self._settings.callback_after_seconds, lambda: self._sender.send(callback)
            )

    def _end(self, payment: BookedPayment) -> BookedPayment:
        scenario = payment.scenario or ""
        reason = FAILURES.get(scenario) or OWN_FAILURES.get(scenario)
        if scenario == ONGOING:
            reason = Code.COULD_NOT_PERFORM_TRANSACTION
        word = FinalWord(
            reference=payment.reference,
            reason=None if reason is None else reason.value,
            at=self._clock(),
        )
        return self._books.decide(word)

    def _callback(self, payment: BookedPayment, url: str) -> Callback:
        headers = {"Content-Type": JSON_TYPE}
        if self._settings.callback_names_reference:
            headers["X-Reference-Id"] = payment.reference
        return Callback(
            key=payment.reference,
            method=self._settings.callback_method,
            url=url,
            body=orjson.dumps(self.answer_of(payment)),
            headers=headers,
        )

    def _read(
        self, user: ApiUser, reference: str, callback_url: str | None, body: bytes
    ) -> BookedPayment:
        """Return the payment a POST asks for, after all of MTN's checks; raises RefusedError."""
        asked = _json_object(body)
        payer_type, payer_id = _party(asked.get("payer"))
        texts = self._texts(asked)
        currency = asked.get("currency")
        if callback_url == "" and not self._settings.empty_callback_url_is_refused:
            callback_url = None
        if callback_url == "" or not isinstance(currency, str):
            raise _bad_request()
        if currency not in self._settings.currencies:
            if self._settings.currency_error == "empty_400":
                raise _bad_request()
            raise RefusedError(error(500, Code.INVALID_CURRENCY))
        amount = _amount(asked.get("amount"), currency)
        if callback_url is not None and not self._is_host_of(user, callback_url):
            raise RefusedError(error(500, Code.INVALID_CALLBACK_URL_HOST))
        if reference in self._books.payments:
            raise RefusedError(error(409, Code.RESOURCE_ALREADY_EXIST))
        if self._books.is_full:
            raise RefusedError(error(503, Code.SERVICE_UNAVAILABLE))
        scenario = scenario_of(payer_id, self._settings)
        if self._settings.scenarios_at_post and scenario in FAILING_AT_POST:
            code = FAILURES[scenario]
            raise RefusedError(error(503 if code == Code.SERVICE_UNAVAILABLE else 500, code))
        return BookedPayment(
            reference=reference,
            user_id=user.user_id,
            amount=amount,
            currency=currency,
            payer_type=payer_type,
            payer_id=payer_id,
            external_id=texts["externalId"],
            payer_message=texts["payerMessage"],
            payee_note=texts["payeeNote"],
            callback_url=callback_url,
            scenario=scenario,
            accepted_at=self._clock(),
            status="CREATED" if scenario == DELAYED else "PENDING",
        )

    def _texts(self, asked: Mapping[str, object]) -> dict[str, str | None]:
        texts: dict[str, str | None] = dict.fromkeys(TEXT_FIELDS)
        for name in TEXT_FIELDS:
            if name not in asked:
                continue
            text = asked[name]
            if not isinstance(text, str) or len(text) > TEXT_LENGTH_MAX:
                raise _bad_request()
            if name != "externalId" and set(text) & set("'&"):
                raise _bad_request()
            if name != "externalId" and not text and self._settings.empty_text_is_refused:
                raise RefusedError(error(500, Code.INTERNAL_PROCESSING_ERROR))
            texts[name] = text
        return texts

    def _is_host_of(self, user: ApiUser, callback_url: str) -> bool:
        try:
            url = URL(callback_url)
            host = url.host or ""
        except ValueError:
            return False
        if not self._settings.callback_host_may_be_address and _is_address(host):
            return False
        return url.scheme in {"http", "https"} and host == user.callback_host.lower()


def _bad_request() -> RefusedError:
    """Return the platform's answer to a malformed request: 400 and not a word."""
    return RefusedError(web.Response(status=400))


def _json_object(body: bytes) -> Mapping[str, object]:
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError:
        asked = None
    if not isinstance(asked, dict):
        raise _bad_request()
    return asked


def _party(payer: object) -> tuple[str, str]:
    match payer:
        case {"partyIdType": str(kind), "partyId": str(party_id)} if kind in PARTY_TYPES:
            if kind != "MSISDN" or MSISDN.fullmatch(party_id):
                return kind, party_id
    raise _bad_request()


def _amount(amount: object, currency: str) -> str:
    """Return the amount as the platform repeats it: 12.50 becomes 12.5."""
    if not isinstance(amount, str) or not AMOUNT.fullmatch(amount):
        raise _bad_request()
    value = Decimal(amount)
    normal = value.normalize()
    decimals = -int(normal.as_tuple().exponent)
    if value == 0 or decimals > (Currency(currency).exponent or 0):
        raise _bad_request()
    return f"{normal:f}"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
