"""Orange Money Web Payment: the payer confirms on a page that Orange hosts.

Sources: Orange's own example of a notification and its statuses, as published integrations quote
them; errors recorded from the live gateway; a third party's description of one country's segment.
Orange's pages are behind a login, so everything read here is read tolerantly.

`webpayment` answers 201 with a `pay_token`, the page's address and a `notif_token`. All of it is
kept: without order_id, amount and pay_token together Orange answers no question about an order,
and the `notif_token` is the only proof a notification brings.

What an answer to `webpayment` means for the money:

    201 with pay_token and a usable payment_url    accepted
    400, 413, 415, 422 with an error of Orange     declined: the request is wrong, and stays so
    all else                                       not sent

Why an unanswered creation is *not sent*, where for MTN it is unknown: money can only move through
the page, and the page's address was in the answer nobody read. The payer never got it, so the order
at Orange, if there is one, stays without a payer until it expires. Asking about it is impossible
without the pay_token; the next attempt uses a new order_id, since a repeated one is refused.

Why a notification is believed: its token was told to us alone, over TLS, and is compared in
constant time. One that comes before we have kept a token can prove nothing, and makes us ask.
"""

import hashlib
from base64 import b32encode
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Final

from pydantic import Field, SecretStr, field_validator

from adapters.answer import (
    AnswerUnknownError,
    TransportError,
    object_in,
)
from adapters.base import (
    ADDRESS_PATTERN,
    Capability,
    Charge,
    Declined,
    Inquiry,
    NotSent,
    Pace,
    Power,
    ProviderSettings,
    Submission,
    Unknown,
    Verdict,
    WebhookCall,
    WebhookProof,
)
from adapters.contract import Contract, contract_in
from adapters.directory_countries import COUNTRIES
from adapters.pages import home_of
from adapters.providers._orange_answers import (
    NAME,
    TRIAL_CURRENCY,
    parse_inquiry,
    parse_notification,
    parse_submission,
    told,
)
from adapters.refusals import Refusal
from adapters.tokens import Token, TokenCache, call_with_token, token_in
from adapters.transcript import Scrubber, basic
from adapters.transport import OpenTransport
from ledger.commands import PaymentCommand
from ledger.money import Money, decimals_of
from ledger.sentences import Sentence

TRIAL_SEGMENT: Final = "dev"
TOKEN_SECONDS: Final = 3600.0
"""How long a token is good if the answer does not say."""

ORDER_ID_LENGTH: Final = 20
"""Orange takes 30 characters; the order stands in notif_url too, which has 120."""


class Settings(ProviderSettings):
    """What a deployment says about its Orange account; the defaults are Orange's own sandbox."""

    base_url: str = Field(
        default="https://api.orange.com",
        pattern=ADDRESS_PATTERN,
        description="Where the API is, for the trial and for every country.",
    )
    country_segment: str = Field(
        default=TRIAL_SEGMENT,
        description="The country in the API's path (`cm`, `ci`, `sn`, ...); `dev` moves no money.",
    )
    client_id: str = Field(min_length=4, description="The application's OAuth client id.")
    client_secret: SecretStr = Field(min_length=4, description="The application's OAuth secret.")
    merchant_key: SecretStr = Field(min_length=4, description="The key of the merchant's account.")
    label: str = Field(
        default="Cauri",
        min_length=1,
        max_length=30,
        pattern=r"^[A-Za-z0-9 ]+$",
        description="What the payer and Orange's statements call the merchant.",
    )
    return_url: str | None = Field(
        default=None,
        pattern=ADDRESS_PATTERN.replace(".*[^/]$", ".*$"),
        description="Where the page sends a payer back to, where a payment names no address. "
        "Defaults to the public address.",
    )

    @field_validator("country_segment")
    @classmethod
    def _is_in_a_path(cls, value: str) -> str:
        known = sorted(one.orange_segment for one in COUNTRIES.values() if one.orange_segment)
        if value not in {TRIAL_SEGMENT, *known}:
            all_known = ", ".join([TRIAL_SEGMENT, *known])
            raise ValueError(Sentence("it must be one of {known}.", known=all_known))
        return value


class OrangeAdapter:
    """Orange Money Web Payment, one country."""

    name: ClassVar[str] = NAME
    display_name: ClassVar[str] = "Orange Money"
    countries: ClassVar[frozenset[str]] = frozenset(
        {"BF", "CD", "CI", "CM", "GN", "MG", "ML", "SN"}
    )
    currencies: ClassVar[frozenset[str]] = frozenset({"CDF", "GNF", "MGA", "XAF", "XOF"})
    capabilities: ClassVar[frozenset[Capability]] = frozenset({"collection"})
    documentation_url: ClassVar[str] = "https://developer.orange.com/apis/om-webpay"
    idempotent_powers: ClassVar[frozenset[Power]] = frozenset()
    webhook_proof: ClassVar[WebhookProof] = "token"
    is_askable: ClassVar[bool] = True
    payer_opens_page: ClassVar[bool] = True
    reaches: ClassVar[frozenset[str]] = frozenset()
    refusals: ClassVar[Mapping[str, Refusal]] = {
        "AMOUNT_NOT_WHOLE": Refusal.INVALID_AMOUNT,
        "CALLBACK_URL_MISSING": Refusal.MERCHANT_NOT_ALLOWED,
        "CANCELLED": Refusal.CANCELLED,
        "EXPIRED": Refusal.TIMED_OUT,
        "FAILED": Refusal.PROVIDER_ERROR,
        # The gateway's numbers: the first ones complain of the request, the others of our key.
        **dict.fromkeys(map(str, range(20, 29)), Refusal.INVALID_REQUEST),
        **dict.fromkeys(("40", "41", "42"), Refusal.MERCHANT_NOT_ALLOWED),
        **dict.fromkeys(("400", "413", "415", "422"), Refusal.INVALID_REQUEST),
    }

    def __init__(self, settings: Settings, open_transport: OpenTransport) -> None:
        """Make the adapter; nothing is called before it is asked to."""
        self.pace: Pace = settings.pace
        served = Contract(self.countries, self.currencies)
        segment = settings.country_segment
        at = frozenset(code for code, one in COUNTRIES.items() if one.orange_segment == segment)
        self.contract = settings.contract(served, contract_in(at, served) if at else None)
        self._settings = settings
        self._root = f"{settings.base_url}/orange-money-webpay/{settings.country_segment}/v1"
        secret = settings.client_secret.get_secret_value()
        self._basic = basic(settings.client_id, secret)
        self._scrubber = Scrubber(
            secret_keys={"access_token", "merchant_key", "pay_token", "payment_url", "notif_token"}
            | {"return_url", "cancel_url"},
            kept_keys={"amount", "order_id", "txnid", "expires_in"},
            secrets=(
                secret,
                settings.client_id,
                settings.merchant_key.get_secret_value(),
                self._basic.removeprefix("Basic "),
            ),
        )
        self._transport = open_transport(self.pace, name=self.name, scrub=self.scrub)
        shelf = self._transport.shelf(self._root, self._basic)
        self._tokens = TokenCache(self._fetch_token, shelf=shelf)

    def reference_for(self, payment_id: str, number: int) -> str:
        """Derive the order_id: twenty capitals and digits, another one for each submission."""
        digest = hashlib.sha256(f"orange\0{payment_id}\0{number}".encode()).digest()
        return b32encode(digest).decode()[:ORDER_ID_LENGTH]

    async def submit(self, charge: Charge, reference: str) -> Submission:
        """Create the page; see the module's table for what the answers mean."""
        amount = whole(charge.money)
        if amount is None:
            reason = f"Orange takes whole amounts only, not {charge.money}"
            return Declined(code="AMOUNT_NOT_WHOLE", reason=reason, is_technical=True)
        if charge.callback_url is None:
            reason = "Orange demands an address for its notification; set CAURI_PUBLIC_URL"
            return Declined(code="CALLBACK_URL_MISSING", reason=reason, is_technical=True)
        try:
            answer = await call_with_token(
                self._transport,
                self._tokens,
                "POST",
                f"{self._root}/webpayment",
                json=build_request(self._settings, charge, charge.callback_url, reference, amount),
                is_safe_to_repeat=False,
            )
            return parse_submission(answer, reference, amount)
        except TransportError as error:
            return NotSent(error.reason)

    async def inquire(self, reference: str, handle: Mapping[str, str] | None) -> Inquiry:
        """Ask what became of an order. Without the handle nobody ever got its page: not sent."""
        if handle is None:
            return NotSent("the answer with the page's address was never read, so nobody can pay")
        amount = handle.get("amount", "")
        if handle.get("order_id") != reference or not amount.isdecimal():
            return Unknown("the kept handle is of another order")
        try:
            answer = await call_with_token(
                self._transport,
                self._tokens,
                "POST",
                f"{self._root}/transactionstatus",
                json={
                    "order_id": reference,
                    "amount": int(amount),
                    "pay_token": handle.get("pay_token"),
                },
                is_safe_to_repeat=True,
                is_inquiry=True,
            )
            return parse_inquiry(answer, reference)
        except TransportError as error:
            return Unknown(error.reason)

    def authenticate(
        self, call: WebhookCall, is_token: Callable[[str], bool] | None, now: datetime
    ) -> Verdict:
        """Judge a notification by its `notif_token`."""
        body = object_in(call.body)
        token = None if body is None else body.get("notif_token")
        if not isinstance(token, str) or not token:
            return "refused"
        if is_token is None:
            return "unsigned"
        return "authenticated" if is_token(token) else "refused"

    def translate(
        self, call: WebhookCall, verdict: Verdict, now: datetime
    ) -> Sequence[PaymentCommand]:
        """Turn a notification into evidence, or into a reason to ask."""
        return [parse_notification(call, verdict, now)]

    def scrub(self, transcript: str, *, keeps_persons: bool = False) -> str:
        """Remove credentials, tokens, and addresses that act for the payer."""
        return self._scrubber(transcript, keeps_persons=keeps_persons)

    async def close(self) -> None:
        """Let go of connections."""
        await self._tokens.close()
        await self._transport.close()

    async def _fetch_token(self) -> Token:
        answer = await self._transport.call(
            "POST",
            f"{self._settings.base_url}/oauth/v3/token",
            {"Authorization": self._basic},
            form={"grant_type": "client_credentials"},
            is_safe_to_repeat=True,
        )
        if answer.status == 200:
            token = token_in(answer.json_object(), lifetime_seconds=TOKEN_SECONDS)
            if token is not None:
                return token
        raise AnswerUnknownError(told(answer))


ADAPTER = OrangeAdapter


def whole(money: Money) -> int | None:
    """Return the amount in major units, None if it has a fraction."""
    units, fraction = divmod(money.amount_minor, 10 ** decimals_of(money.currency))
    return None if fraction else units


def build_request(
    settings: Settings, charge: Charge, callback_url: str, order_id: str, amount: int
) -> dict[str, object]:
    """Build the body of webpayment; the payer's number is no part of it."""
    is_trial = settings.country_segment == TRIAL_SEGMENT
    home = settings.return_url or home_of(callback_url)
    return {
        "merchant_key": settings.merchant_key.get_secret_value(),
        "currency": TRIAL_CURRENCY if is_trial else charge.money.currency,
        "order_id": order_id,
        "amount": amount,
        "return_url": charge.return_url or home,
        "cancel_url": charge.cancel_url or charge.return_url or home,
        "notif_url": callback_url,
        "lang": charge.language,
        "reference": settings.label,
    }
