"""MTN MoMo Collections: ask a subscriber to approve a payment on the handset.

Sources: MTN's OpenAPI export of the Collection product; the pages of momodeveloper.mtn.com
(testing, callback) and its community (common errors, failure reasons, best practices); published
measurements of the live sandbox. They disagree, so everything read here is read tolerantly:

- Errors come in three shapes: `{code, message}` from the platform, `{statusCode, message}` from
  the gateway, `{error}` from the token call; some are empty, some are HTML with status 200.
- `reason` of a failed payment is an object in the specification and a bare string in reality.
- A status that is not known is not final; amounts come back normalised ("12.50" as "12.5").
- Callbacks come by PUT or POST, once, often or never, and prove nothing: they only make us ask.

What an answer to `requesttopay` means for the money:

    202                               accepted
    4xx, 500 RESOURCE_ALREADY_EXIST   accepted earlier, under the same reference
    4xx, 500 with a refusing code     declined: what is refused at once leaves nothing behind
    400, empty or in a known shape    declined, likewise
    401, 429; 4xx from the gateway    not sent: turned away before the platform
    all else                          unknown: 5xx, HTML, a status or code nobody announced; ask

Why a 500 can decline: MTN answers 500 to a caller's mistake and names it. Why the list of refusing
codes is closed: INTERNAL_PROCESSING_ERROR and SERVICE_UNAVAILABLE say nothing about the money, and
neither does a code of tomorrow; asking costs a call, guessing may cost the payer twice.

Why 404 to an inquiry is believed only with RESOURCE_NOT_FOUND: a gateway that does not know the
*path* says 404 too, and we would submit again what may have been paid.
"""

import hashlib
import re
import unicodedata
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Final, NamedTuple
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from adapters.answer import Answer, AnswerUnknownError, NotSentError, TransportError, object_in
from adapters.base import (
    ADDRESS_PATTERN,
    Accepted,
    Capability,
    Charge,
    Declined,
    Inquiry,
    NotFound,
    NotSent,
    Pace,
    Pending,
    ProviderSettings,
    Submission,
    Unknown,
    Verdict,
    WebhookCall,
    WebhookUnreadableError,
)
from adapters.base import (
    Final as FinalWord,
)
from adapters.tokens import Token, TokenCache, call_with_token, token_in
from adapters.transcript import Scrubber, basic, figure, said
from adapters.transport import OpenTransport
from ledger.commands import PaymentCommand, RequestInquiry
from ledger.evidence import Word

TEXT_LENGTH_MAX: Final = 128
"""MTN says 160 in one place and 128 in another."""

TOKEN_SECONDS: Final = 3600.0
"""How long a token is good if the answer does not say."""

PAYMENT_ID: Final = re.compile(r"pay_[a-z2-7]{26}")

REFUSALS: Final[Mapping[str, bool]] = {
    "NOT_ALLOWED": True,
    "NOT_ALLOWED_TARGET_ENVIRONMENT": True,
    "INVALID_CALLBACK_URL_HOST": True,
    "INVALID_CURRENCY": True,
    "VALIDATION_ERROR": True,
    "PAYEE_NOT_FOUND": True,
    "PAYEE_NOT_ALLOWED_TO_RECEIVE": True,
    "PAYER_NOT_FOUND": False,
    "PAYER_LIMIT_REACHED": False,
    "NOT_ENOUGH_FUNDS": False,
    "SENDER_ACCOUNT_NOT_ACTIVE": False,
}
"""Codes that refuse a request at once, and whether that is technical: the merchant's account or our
request is at fault, and another provider might take the payment; else it is the payer's account."""


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


class _Error(NamedTuple):
    """An error body in one of MTN's shapes."""

    shape: str
    code: str | None
    message: str | None


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
    is_idempotent_by_reference: ClassVar[bool] = True

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

    def authenticate(self, call: WebhookCall, is_token: Callable[[str], bool] | None) -> Verdict:
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


def parse_token(answer: Answer) -> Token:
    """Read a token; raises AnswerUnknownError for whatever is none."""
    if answer.status == 200:
        token = token_in(answer.json_object(), lifetime_seconds=TOKEN_SECONDS)
        if token is not None:
            return token
    raise AnswerUnknownError(_told(answer, parse_error(answer)))


def parse_submission(answer: Answer) -> Submission:
    """Say what an answer to requesttopay means; see the module's table."""
    status = answer.status
    if status == 202:
        return Accepted()
    error = parse_error(answer)
    told = _told(answer, error)
    if 400 <= status <= 500:
        if error.code == "RESOURCE_ALREADY_EXIST":
            return Accepted()
        if error.code is not None and (is_technical := REFUSALS.get(error.code)) is not None:
            return Declined(code=error.code, reason=told, is_technical=is_technical)
    if status == 400 and error.shape != "none":
        return Declined(code=error.code or "BAD_REQUEST", reason=told, is_technical=True)
    is_gateway = error.shape == "gateway" and status in {403, 404, 405, 411, 413, 415}
    if status in {401, 429} or is_gateway:
        return NotSent(told)
    return Unknown(told)


def parse_inquiry(answer: Answer) -> Inquiry:
    """Say what a status answer means; raises AnswerUnreadableError for a 200 without JSON."""
    error = parse_error(answer)
    if answer.status == 404 and error.code == "RESOURCE_NOT_FOUND":
        return NotFound(_told(answer, error))
    if answer.status != 200:
        return Unknown(_told(answer, error))
    found = answer.json_object()
    status = found.get("status")
    code, message = _reason_of(found.get("reason"))
    match status:
        case "SUCCESSFUL":
            word = Word.SUCCEEDED
        case "FAILED":
            word = Word.EXPIRED if code == "EXPIRED" else Word.FAILED
        case str():
            return Pending(said(status, length_max=40) or "")
        case _:
            return Unknown("status 200 without a status of the payment")
    return FinalWord(
        word=word,
        amount=figure(found.get("amount")),
        currency=said(found.get("currency"), length_max=8),
        provider_transaction_id=figure(found.get("financialTransactionId")),
        code=code,
        reason=message or code,
    )


def parse_callback(call: WebhookCall, now: datetime) -> RequestInquiry:
    """Read a callback's body, which is that of a status answer.

    Raises:
        WebhookUnreadableError: no JSON object, or it speaks of another payment than its address.
    """
    body = object_in(call.body)
    if body is None:
        raise WebhookUnreadableError("the body is no JSON object")
    external = body.get("externalId")
    payment_id = call.payment_id
    if payment_id is None and isinstance(external, str) and PAYMENT_ID.fullmatch(external):
        payment_id = external
    if payment_id is None:
        raise WebhookUnreadableError("neither the address nor the body names a payment")
    if external is not None and external != payment_id:
        raise WebhookUnreadableError("the body speaks of another payment than the address")
    status = said(body.get("status"), length_max=40) or "nothing"
    return RequestInquiry(
        payment_id=payment_id, reason=f"an unsigned callback says {status}", inquire_at=now
    )


def parse_error(answer: Answer) -> _Error:
    """Read an error body in any of MTN's shapes; never raises."""
    if not answer.body.strip():
        return _Error("empty", None, None)
    body = object_in(answer.body) or {}
    match body:
        case {"code": str(code)}:
            return _Error("platform", said(code, length_max=100), said(body.get("message")))
        case {"statusCode": _}:
            return _Error("gateway", None, said(body.get("message")))
        case {"error": str(error)}:
            return _Error("token", None, said(error))
        case _:
            return _Error("none", None, None)


def _reason_of(reason: object) -> tuple[str | None, str | None]:
    """Read `reason`: the specification's object, or reality's string."""
    if isinstance(reason, dict):
        return said(reason.get("code"), length_max=100), said(reason.get("message"))
    return said(reason, length_max=100), None


def _told(answer: Answer, error: _Error) -> str:
    shapes = {"none": "not in a shape of MTN", "empty": "empty"}
    words = [error.code, error.message or shapes.get(error.shape)]
    return " ".join([f"status {answer.status}:", *(one for one in words if one)])
