"""Orange Money in Senegal, by Sonatel's own API: a page, or a code given beforehand; cash-ins.

Sources: Sonatel's published Spring Boot client (paths, headers, the shape of errors); its portal's
page on cash-ins; a published client in production that follows the official "Orange Money API
v1.1.0", for the signature, the error codes and what the live API does; other published clients
where they agree. The official text itself could not be read. Where the sources are silent or
differ, nothing is assumed here, and the sandbox has a switch.

What the answers mean for the money is in `adapters.providers._orange_sonatel_answers`; what a
payer's one-time code changes, in `_orange_sonatel_onestep`; how the retailer's PIN is sealed, in
`_orange_sonatel_pin`; what callbacks prove, in `_orange_sonatel_webhooks`. Here is what we ask.

A reference is `<payment id>-<number>`. It is sent as `reference`, by which transactions are
searched, and in the `metadata`, for older contracts put an id of Orange's own into the `reference`
of a callback. Sonatel takes the same reference any number of times: nothing is idempotent here.

Traps of the live API: a token is good for 299 seconds; a GET without `Content-Type` is refused with
415; a search filtered by `type` finds nothing; `shortLink` may be empty; numbers have nine digits,
without 221; a PIN sealed under a revoked key is refused with 4003 and may be sealed anew. No call
with a PIN is ever repeated for another reason: wrong ones lock an account.

Why an unanswered code is *not sent*: money can only move through the code, and it was in the answer
nobody read. Asked about without one, we search all the same.

Why a code that nobody paid stays *pending* unless `unpaid_expires_after_seconds` says otherwise:
Sonatel has no word for it; only a search that finds nothing, after the code's end, is as good as
one, and only where the account's search is known to find payments by our reference.

Why an unanswered cash-in, or payment by one-time code, stays open: it may have paid, the same again
would pay twice, and a search that finds nothing proves nothing. It is asked about ever more slowly,
and listed for a person.

Payouts that come together may share one call (`_orange_sonatel_bulk`). It is off unless set: all
that is known of its answer is a bulk id, so only a search tells what became of each. Not here:
refunds, which Sonatel has not.
"""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Final
from urllib.parse import quote

from adapters.answer import (
    NO_HEADERS,
    Answer,
    AnswerUnknownError,
    NotSentError,
    TransportError,
)
from adapters.base import (
    Capability,
    Charge,
    Declined,
    Inquiry,
    NotSent,
    Pace,
    Power,
    Submission,
    Unknown,
    Verdict,
    WebhookCall,
    WebhookProof,
)
from adapters.contract import Contract
from adapters.one_time_codes import without_any_code
from adapters.powers import Balance, Prepared, Return, Transfer
from adapters.providers._orange_sonatel_answers import (
    TRANSACTION_ID,
    parse_balance,
    parse_code,
    parse_payment,
    parse_sent,
    parse_state,
    told,
)
from adapters.providers._orange_sonatel_bulk import CashIn, CashIns, Wait
from adapters.providers._orange_sonatel_codes import OUTGOING_REFUSALS, REFUSALS
from adapters.providers._orange_sonatel_onestep import (
    ONE_STEP,
    build_one_step,
    is_one_step,
    parse_one_step,
)
from adapters.providers._orange_sonatel_pin import PinSeal
from adapters.providers._orange_sonatel_requests import build_code, build_party
from adapters.providers._orange_sonatel_settings import Settings
from adapters.providers._orange_sonatel_webhooks import NAME, parse_webhook, verdict_of
from adapters.refusals import Refusal
from adapters.tokens import Token, TokenCache, call_with_token, token_in
from adapters.transcript import Scrubber
from adapters.transport import OpenTransport
from ledger.commands import PaymentCommand
from ledger.money import Money

__all__ = ["ADAPTER", "OrangeSonatelAdapter", "Settings"]

TOKEN_SECONDS: Final = 299.0
"""How long a token is good if the answer does not say."""

JSON_HEADERS: Final[Mapping[str, str]] = {"Content-Type": "application/json"}
"""Demanded even of a call without a body."""

NUMBER: Final = re.compile(r"\+221([0-9]{9})", re.ASCII)
CURRENCY: Final = "XOF"

NO_NUMBER: Final = "Sonatel moves money of numbers of Senegal only: +221 and nine digits"
NO_RETAILER: Final = "payouts need CAURI_ORANGE_SONATEL_RETAILER_MSISDN and ..._RETAILER_PIN"


class OrangeSonatelAdapter:
    """Orange Money in Senegal: one merchant who is paid, and one retailer who pays out."""

    name: ClassVar[str] = NAME
    display_name: ClassVar[str] = "Orange Money Senegal"
    countries: ClassVar[frozenset[str]] = frozenset({"SN"})
    currencies: ClassVar[frozenset[str]] = frozenset({CURRENCY})
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {"collection", "one_time_code", "payout", "balance"}
    )
    documentation_url: ClassVar[str] = "https://beta.developer.orange-sonatel.com/cash-in"
    idempotent_powers: ClassVar[frozenset[Power]] = frozenset()
    webhook_proof: ClassVar[WebhookProof] = "signature"
    is_askable: ClassVar[bool] = True
    payer_opens_page: ClassVar[bool] = True
    reaches: ClassVar[frozenset[str]] = frozenset()
    own_rail_of: ClassVar[frozenset[str]] = frozenset({"orange-sn"})
    refusals: ClassVar[Mapping[str, Refusal]] = REFUSALS
    outgoing_refusals: ClassVar[Mapping[str, Refusal]] = OUTGOING_REFUSALS

    def __init__(
        self, settings: Settings, open_transport: OpenTransport, *, wait: Wait = asyncio.sleep
    ) -> None:
        """Make the adapter; `wait` is how the first payout of a batch waits for others."""
        self.pace: Pace = settings.pace
        self.contract = settings.contract(Contract(self.countries, self.currencies))
        self._settings = settings
        secret, key, pin = settings.webhook_secret, settings.api_key, settings.retailer_pin
        self._webhook_secret = None if secret is None else secret.get_secret_value()
        self._api_key = None if key is None else key.get_secret_value()
        self._own = (self._webhook_secret, self._api_key)
        self._pin = None if pin is None else pin.get_secret_value()
        client_secret = settings.client_secret.get_secret_value()
        self._form = {
            "client_id": settings.client_id,
            "client_secret": client_secret,
            "grant_type": "client_credentials",
        }
        self._scrubber = Scrubber(
            secret_keys={"access_token", "client_id", "client_secret", "encryptedPinCode", "otp"}
            | {"qrId", "qrCode", "deepLink", "MAXIT", "OM", "shortLink", "bulkId"}
            | {"callbackSuccessUrl", "callbackCancelUrl"},
            kept_keys={"value", "reference", "transactionId"},
            secrets=[settings.client_id, client_secret, *(one for one in self._own if one)],
        )
        self._transport = open_transport(self.pace, name=self.name, scrub=self.scrub)
        shelf = self._transport.shelf(settings.base_url, settings.client_id, client_secret)
        self._tokens = TokenCache(self._fetch_token, shelf=shelf)
        self._seal = PinSeal(lambda: self._ask("/api/account/v1/publicKeys", is_inquiry=False))
        self._cashins = CashIns(self._call_with_pin, size_max=settings.bulk_cashins_max, wait=wait)

    def reference_for(self, payment_id: str, number: int) -> str:
        """Derive the reference, from which the payment can be read again."""
        return f"{payment_id}-{number}"

    async def prepare(
        self, order: Charge | Transfer | Return, reference: str
    ) -> Prepared | Declined | NotSent:
        """Say beforehand which way a payment goes, for the question about it depends on that."""
        has_code = isinstance(order, Charge) and order.one_time_code is not None
        return Prepared(handle=ONE_STEP if has_code else {})

    async def submit(self, charge: Charge, reference: str) -> Submission:
        """Pay by the payer's one-time code where there is one, or make a code to be paid."""
        if charge.money.currency != CURRENCY:
            return _wrong_currency(charge.money)
        if charge.one_time_code is not None:
            return await self._pay_by_code(charge, charge.one_time_code, reference)
        path, body = "/api/eWallet/v4/qrcode", build_code(self._settings, charge, reference)
        try:
            answer = await self._collect(charge, path, body)
        except TransportError as error:
            return NotSent(error.reason)
        return parse_code(answer, self._transport.now(), self._settings.code_seconds)

    async def inquire(self, reference: str, handle: Mapping[str, str] | None) -> Inquiry:
        """Search for what was paid under a reference."""
        if is_one_step(handle):
            return without_any_code(await self.inquire_payout(reference, handle))
        try:
            return parse_payment(
                await self._search(reference),
                reference,
                handle,
                self._transport.now(),
                unpaid_seconds=self._settings.unpaid_expires_after_seconds,
            )
        except TransportError as error:
            return Unknown(error.reason)

    async def pay_out(self, transfer: Transfer, reference: str) -> Submission:
        """Pay a person from the retailer's account, which is a cash-in for that person."""
        number, retailer = NUMBER.fullmatch(transfer.phone), self._settings.retailer_msisdn
        if number is None:
            return Declined(code="NUMBER_NOT_SENEGALESE", reason=NO_NUMBER)
        if retailer is None or self._pin is None:
            return Declined(code="RETAILER_MISSING", reason=NO_RETAILER, is_technical=True)
        if transfer.money.currency != CURRENCY:
            return _wrong_currency(transfer.money)
        return await self._cashins.make(
            CashIn(
                retailer=retailer,
                payee=number[1],
                money=transfer.money,
                reference=reference,
                callback_url=transfer.callback_url,
            )
        )

    async def inquire_payout(self, reference: str, handle: Mapping[str, str] | None) -> Inquiry:
        """Ask what became of what was sent once, by its transaction or else by its reference."""
        transaction_id = (handle or {}).get("transaction_id", "")
        try:
            if TRANSACTION_ID.fullmatch(transaction_id):
                path = f"/api/eWallet/v1/transactions/{transaction_id}/status"
                return parse_state(await self._ask(path))
            return parse_sent(await self._search(reference), reference)
        except TransportError as error:
            return Unknown(error.reason)

    async def balances(self) -> Sequence[Balance] | Unknown:
        """Ask what lies in the retailer's account."""
        retailer = self._settings.retailer_msisdn
        if retailer is None or self._pin is None:
            return Unknown(NO_RETAILER)
        try:
            answer = await self._call_with_pin(
                "/api/eWallet/v1/account/retailer/balance", lambda pin: build_party(retailer, pin)
            )
        except TransportError as error:
            return Unknown(error.reason)
        return parse_balance(answer)

    def authenticate(
        self, call: WebhookCall, is_token: Callable[[str], bool] | None, now: datetime
    ) -> Verdict:
        """Judge a callback by its `X-Sonatel-Signature`."""
        age_seconds_max = self._settings.signature_age_seconds_max
        return verdict_of(
            call, self._webhook_secret, self._api_key, now, age_seconds_max=age_seconds_max
        )

    def translate(
        self, call: WebhookCall, verdict: Verdict, now: datetime
    ) -> Sequence[PaymentCommand]:
        """Turn a callback into evidence, or into a reason to ask."""
        return [parse_webhook(call, verdict, now)]

    def scrub(self, transcript: str, *, keeps_persons: bool = False) -> str:
        """Remove credentials, sealed PINs, numbers, and what opens a payer's page."""
        return self._scrubber(transcript, keeps_persons=keeps_persons)

    async def close(self) -> None:
        """End what waits to be sent, and let go of connections."""
        await self._cashins.close()
        await self._tokens.close()
        await self._transport.close()

    async def _pay_by_code(self, charge: Charge, one_time_code: str, reference: str) -> Submission:
        number = NUMBER.fullmatch(charge.phone)
        if number is None:
            return Declined(code="NUMBER_NOT_SENEGALESE", reason=NO_NUMBER)
        body = build_one_step(self._settings, charge, number[1], one_time_code, reference)
        try:
            answer = await self._collect(charge, "/api/eWallet/v1/payments/onestep", body)
        except NotSentError as error:
            return NotSent(error.reason)
        except TransportError as error:
            return Unknown(error.reason)
        return parse_one_step(answer, one_time_code)

    async def _collect(self, charge: Charge, path: str, body: Mapping[str, object]) -> Answer:
        """Post what collects; it is told to the payment's own address, under our key."""
        headers = {"X-Callback-Url": charge.callback_url, "X-Api-Key": self._api_key}
        return await call_with_token(
            self._transport,
            self._tokens,
            "POST",
            f"{self._settings.base_url}{path}",
            {name: value for name, value in headers.items() if value is not None},
            json=body,
            is_safe_to_repeat=False,
        )

    async def _search(self, reference: str) -> Answer:
        # No other filter: one by `type` makes the live API find nothing.
        named = quote(reference, safe="")
        return await self._ask(f"/api/eWallet/v1/transactions?reference={named}")

    async def _ask(self, path: str, *, is_inquiry: bool = True) -> Answer:
        return await call_with_token(
            self._transport,
            self._tokens,
            "GET",
            f"{self._settings.base_url}{path}",
            JSON_HEADERS,
            is_safe_to_repeat=True,
            is_inquiry=is_inquiry,
        )

    async def _call_with_pin(
        self, path: str, build: Callable[[str], object], headers: Mapping[str, str] = NO_HEADERS
    ) -> Answer:
        return await self._seal.send(
            self._pin or "",
            lambda sealed_pin: call_with_token(
                self._transport,
                self._tokens,
                "POST",
                f"{self._settings.base_url}{path}",
                headers,
                json=build(sealed_pin),
                is_safe_to_repeat=False,
            ),
        )

    async def _fetch_token(self) -> Token:
        answer = await self._transport.call(
            "POST",
            f"{self._settings.base_url}/oauth/v1/token",
            form=self._form,
            is_safe_to_repeat=True,
        )
        if answer.status == 200:
            token = token_in(answer.json_object(), lifetime_seconds=TOKEN_SECONDS)
            if token is not None:
                return token
        raise AnswerUnknownError(told(answer))


ADAPTER = OrangeSonatelAdapter


def _wrong_currency(money: Money) -> Declined:
    reason = f"Sonatel moves {CURRENCY} only, not {money}"
    return Declined(code="CURRENCY_NOT_XOF", reason=reason, is_technical=True)
