"""MTN MoMo Collections: ask a subscriber to approve a payment on the handset.

Sources: MTN's OpenAPI export of the Collection product; the pages of momodeveloper.mtn.com
(testing, callback) and its community (common errors, failure reasons, best practices); published
measurements of the live sandbox. They disagree, so everything read here is read tolerantly:

- Errors come in three shapes: `{code, message}` from the platform, `{statusCode, message}` from
  the gateway, `{error}` from the token call; some are empty, some are HTML with status 200.
- `reason` of a failed payment is an object in the specification and a bare string in reality.
- A status that is not known is not final; amounts come back normalised ("12.50" as "12.5").
- Callbacks come by PUT or POST, once, often or never, and prove nothing: they only make us ask.

What the answers mean for the money is in `adapters.providers._mtn_answers`.
"""

import hashlib
import re
import unicodedata
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from adapters.answer import NotSentError, TransportError
from adapters.base import (
    ADDRESS_PATTERN,
    Capability,
    Charge,
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
from adapters.providers._mtn_answers import (
    MEANINGS,
    parse_callback,
    parse_inquiry,
    parse_submission,
    parse_token,
)
from adapters.refusals import Refusal
from adapters.tokens import Token, TokenCache, call_with_token
from adapters.transcript import Scrubber, basic
from adapters.transport import OpenTransport
from ledger.commands import PaymentCommand

TEXT_LENGTH_MAX: Final = 128
"""MTN says 160 in one place and 128 in another."""


class Settings(ProviderSettings):
    """What a deployment says about its MTN account; the defaults are MTN's own sandbox."""

    base_url: str = Field(
        default="https://sandbox.momodeveloper.mtn.com",
        pattern=ADDRESS_PATTERN,
        description="Where the API is: `https://proxy.momoapi.mtn.com` in production.",
    )
    target_environment: str = Field(
        default="sandbox",
        pattern=r"^[a-z]{3,40}$",
        description="The market, as MTN calls it: `mtncameroon`, `mtnuganda`, ...",
    )
    subscription_key: SecretStr = Field(
        min_length=8, description="The key of the Collection product, primary or secondary."
    )
    api_user: str = Field(min_length=8, description="The API user (a UUID).")
    api_key: SecretStr = Field(min_length=8, description="The API user's key.")
    callback_host: str | None = Field(
        default=None,
        description="The host name registered as the API user's providerCallbackHost. Callbacks "
        "are asked for only if the public address has this host: with any other, MTN refuses "
        "every payment. Without it, payments are followed by asking.",
    )
    # MTN caps status calls at 10 in a second; 9 evenly spaced never are 11 in anybody's second.
    inquiries_per_second_max: float | None = Field(
        default=9.0, gt=0, description="How many status calls may begin within a second."
    )
    # A callback is to be waited for five minutes; without one there is nothing to wait for.
    inquiry_first_seconds: float = Field(
        default=300.0,
        gt=0,
        description="When an accepted payment is asked about first; without a callback_host the "
        "default is 20.",
    )

    @model_validator(mode="before")
    @classmethod
    def _ask_sooner_without_callbacks(cls, values: Any) -> Any:
        if isinstance(values, Mapping) and not values.get("callback_host"):
            return {"inquiry_first_seconds": 20.0, **values}
        return values


class MtnAdapter:
    """MTN MoMo Collections, one market."""

    name: ClassVar[str] = "mtn"
    display_name: ClassVar[str] = "MTN MoMo"
    countries: ClassVar[frozenset[str]] = frozenset(
        {"BJ", "CG", "CI", "CM", "GH", "GN", "LR", "NG", "RW", "SS", "SZ", "UG", "ZA", "ZM"}
    )
    currencies: ClassVar[frozenset[str]] = frozenset(
        {"EUR", "GHS", "GNF", "LRD", "NGN", "RWF", "SSP", "SZL", "UGX", "USD", "XAF", "XOF"}
        | {"ZAR", "ZMW"}
    )
    capabilities: ClassVar[frozenset[Capability]] = frozenset({"collection"})
    documentation_url: ClassVar[str] = "https://momodeveloper.mtn.com/api-documentation"
    idempotent_powers: ClassVar[frozenset[Power]] = frozenset({"collection"})
    webhook_proof: ClassVar[WebhookProof] = "nothing"
    is_askable: ClassVar[bool] = True
    reaches: ClassVar[frozenset[str]] = frozenset()
    refusals: ClassVar[Mapping[str, Refusal]] = MEANINGS

    def __init__(self, settings: Settings, open_transport: OpenTransport) -> None:
        """Make the adapter; nothing is called before it is asked to."""
        self.pace: Pace = settings.pace
        self._settings = settings
        self._root = f"{settings.base_url}/collection"
        key = settings.subscription_key.get_secret_value()
        api_key = settings.api_key.get_secret_value()
        self._basic = basic(settings.api_user, api_key)
        self._key_headers = {"Ocp-Apim-Subscription-Key": key}
        self._headers = self._key_headers | {"X-Target-Environment": settings.target_environment}
        self._scrubber = Scrubber(
            secret_keys={"partyId", "payerMessage", "payeeNote", "access_token", "apiKey"},
            kept_keys={"financialTransactionId", "externalId", "amount"},
            secrets=(key, api_key, settings.api_user, self._basic.removeprefix("Basic ")),
        )
        self._transport = open_transport(self.pace, name=self.name, scrub=self.scrub)
        self._tokens = TokenCache(self._fetch_token)

    def reference_for(self, payment_id: str, number: int) -> str:
        """Derive the X-Reference-Id: a UUID of version 4 form, always the same for a submission."""
        digest = hashlib.sha256(f"mtn\0{payment_id}\0{number}".encode()).digest()
        return str(uuid.UUID(bytes=digest[:16], version=4))

    async def submit(self, charge: Charge, reference: str) -> Submission:
        """Ask the payer to approve; see the module's table for what the answers mean."""
        headers = self._headers | {"X-Reference-Id": reference}
        if charge.callback_url is not None and self._is_called_back_at(charge.callback_url):
            headers["X-Callback-Url"] = charge.callback_url
        try:
            answer = await call_with_token(
                self._transport,
                self._tokens,
                "POST",
                f"{self._root}/v1_0/requesttopay",
                headers,
                json=build_request(charge),
                is_safe_to_repeat=False,
            )
        except NotSentError as error:
            return NotSent(error.reason)
        except TransportError as error:
            return Unknown(error.reason)
        return parse_submission(answer)

    async def inquire(self, reference: str, handle: Mapping[str, str] | None) -> Inquiry:
        """Ask what became of a reference; MTN needs no handle."""
        try:
            answer = await call_with_token(
                self._transport,
                self._tokens,
                "GET",
                f"{self._root}/v1_0/requesttopay/{reference}",
                self._headers,
                is_safe_to_repeat=True,
                is_inquiry=True,
            )
            return parse_inquiry(answer)
        except TransportError as error:
            return Unknown(error.reason)

    def authenticate(
        self, call: WebhookCall, is_token: Callable[[str], bool] | None, now: datetime
    ) -> Verdict:
        """Judge a callback: MTN signs nothing, so none can prove anything."""
        return "unsigned"

    def translate(
        self, call: WebhookCall, verdict: Verdict, now: datetime
    ) -> Sequence[PaymentCommand]:
        """Turn a callback into a reason to ask; its own word decides nothing."""
        return [parse_callback(call, now)]

    def scrub(self, transcript: str) -> str:
        """Remove credentials, numbers and messages to people."""
        return self._scrubber(transcript)

    async def close(self) -> None:
        """Let go of connections."""
        await self._tokens.close()
        await self._transport.close()

    def _is_called_back_at(self, url: str) -> bool:
        registered = self._settings.callback_host
        return registered is not None and urlsplit(url).hostname == registered.lower()

    async def _fetch_token(self) -> Token:
        # The slash at the end is MTN's, and no body may be sent: a form gets a page of HTML.
        answer = await self._transport.call(
            "POST",
            f"{self._root}/token/",
            self._key_headers | {"Authorization": self._basic},
            is_safe_to_repeat=True,
        )
        return parse_token(answer)


ADAPTER = MtnAdapter


def build_request(charge: Charge) -> dict[str, object]:
    """Build the body of requesttopay. Texts are never empty: production answers 500 to that."""
    return {
        "amount": charge.money.amount,
        "currency": charge.money.currency,
        "externalId": charge.payment_id,
        "payer": {"partyIdType": "MSISDN", "partyId": charge.phone.removeprefix("+")},
        "payerMessage": plain(charge.description, otherwise="Payment"),
        "payeeNote": plain(charge.payment_id, otherwise="Payment"),
    }


def plain(text: str, *, otherwise: str) -> str:
    """Reduce a text to what MTN surely takes: ASCII letters, digits and single spaces."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = re.sub(r"[^A-Za-z0-9]+", " ", ascii_text).strip()
    return words[:TEXT_LENGTH_MAX].strip() or otherwise
