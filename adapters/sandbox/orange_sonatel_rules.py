"""What the Sonatel sandbox goes by: its switches, and Sonatel's own codes, amounts and numbers.

Sources: Sonatel's published Spring Boot client; a published client in production that follows the
official "Orange Money API v1.1.0"; others where they agree. What they leave open is a switch here.
"""

import re
from collections.abc import Mapping
from typing import Final, Literal

import orjson
from aiohttp import web
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from adapters.sandbox.movements import Scenario
from adapters.sandbox.rail import RailSettings
from adapters.sandbox.server import RefusedError

CURRENCY: Final = "XOF"
AMOUNT_MAX: Final = 10**9
VALIDITY_SECONDS_MAX: Final = 86_400
METADATA_MAX: Final = 10
TEXT_LENGTH_MAX: Final = 255

TITLES: Final[Mapping[str, str]] = {
    "10": "Invalid credentials",
    "50": "Internal error",
    "51": "Service unavailable",
    "2000": "Customer account not found",
    "2001": "Invalid msisdn",
    "2010": "Invalid pin code",
    "2011": "Invalid code",
    "2020": "Insufficient balance",
    "2023": "Ceiling exceeded",
    "4003": "Public key revoked",
    "4099": "Bad request",
}
"""The codes this server says, with sentences of our own."""

REFUSED_CASHINS: Final[Mapping[Scenario, str]] = {
    Scenario.POOR: "2023",
    Scenario.NO_ACCOUNT: "2000",
    Scenario.FLOAT_SHORT: "2020",
}
"""Cash-ins that are refused at once, by the customer's number."""

REFUSED_ONE_STEPS: Final[Mapping[Scenario, str]] = {
    Scenario.POOR: "2020",
    Scenario.NO_ACCOUNT: "2000",
}
"""Payments by code that are refused at once, by the payer's number."""

API_OF: Final[Mapping[str, str]] = {
    "/api/account/v1/publicKeys": "keys",
    "/api/eWallet/v4/qrcode": "qrcode",
    "/api/eWallet/v1/payments/onestep": "onestep",
    "/api/eWallet/v1/payments/otp": "otp",
    "/api/eWallet/v1/cashins": "cashin",
    "/api/eWallet/v1/bulkcashins": "bulk",
    "/api/eWallet/v1/account/retailer/balance": "balance",
    "/api/eWallet/v1/transactions": "transactions",
    "/api/eWallet/v1/transactions/{id}/status": "transactions",
}
"""Which API a path belongs to: each is approved for an application on its own."""

_CODE: Final = re.compile(r"[0-9]{6}", re.ASCII)
_MSISDN: Final = re.compile(r"[0-9]{9}", re.ASCII)


class OrangeSonatelSandboxSettings(RailSettings):
    """The switches of the Sonatel sandbox."""

    client_id: str = "sonatel-synthetic-client"
    client_secret: str = "sonatel-synthetic-secret"  # noqa: S105 - of a sandbox
    merchant_code: str = "123456"
    retailer_msisdn: str = "780000000"
    retailer_pin: str = "2486"
    customer_pin: str = "1379"
    """The PIN of every customer, by which this server gives a one-time code."""
    webhook_secret: str = "sonatel-synthetic-webhook-secret"  # noqa: S105 - of a sandbox
    retired_webhook_secret: str | None = None
    """While a secret is being replaced, calls carry a signature by this one as well."""
    api_key: str = "sonatel-synthetic-api-key"
    """What callbacks present where a payment sent no `X-Api-Key`."""
    # Measured in production; a token is a JSON number of seconds here.
    token_lifetime_seconds: PositiveInt = 299
    code_seconds: int = Field(default=900, gt=0, le=VALIDITY_SECONDS_MAX)
    """How long a code is valid whose request does not say."""
    callback_proof: Literal["signature", "api_key"] = "signature"
    """Older contracts sign nothing and present the key alone."""
    reference_told: Literal["ours", "uuid"] = "ours"
    """Whose reference transactions are named and searched by; older contracts use Orange's own."""
    fixed_code: str | None = "123456"
    """A one-time code that is always good, for trials; None for none."""
    one_time_code_seconds: PositiveFloat = 900.0
    """How long one that was asked for is good; nobody describes it."""
    wrong_code: Literal["2010", "2011", "2012", "2013", "4099"] = "2011"
    """Which error a wrong one-time code gives; nobody describes it."""
    repeats_code: bool = False
    """Whether that error repeats the code it was given, as a careless server's might."""
    one_step_seconds: NonNegativeFloat = 0.0
    """From a payment by code to its final word; 0 is in the answer, as it is described."""
    one_step_callbacks: bool = True
    """Whether payments by code are told as those by page are; nobody describes it."""
    bulk_judging: Literal["each", "all_or_nothing"] = "each"
    """Whether of several cash-ins those that cannot be made fail alone, or all are refused."""
    bulk_answer: Literal["text", "number", "nested", "other_name", "nothing"] = "text"
    """How the answer to several cash-ins names the bulk; only that it has an id is known."""
    bulk_callbacks: bool = False
    """Whether each of several cash-ins is told to their address; nobody describes it."""
    failed_attempt: Literal["uses_up", "leaves_open"] = "uses_up"
    """What a payer's failed attempt does to a code; nobody describes it."""
    unconfirmed_status: Literal["CANCELLED", "FAILED"] = "CANCELLED"
    """How a transaction ends that a payer began and never confirmed; nobody describes it."""
    empty_links: frozenset[Literal["deepLink", "OM", "MAXIT", "shortLink"]] = frozenset(
        {"shortLink"}
    )
    """Which links of a code are empty; `shortLink` was seen so in production."""
    refusal_status: Literal[400, 403, 422] = 400
    """The status of a refusal with a code; only the code is told by the sources."""
    approved_apis: frozenset[str] = frozenset(API_OF.values())
    """What the application may use; all else is answered with 403."""


def problem(status: int, code: str, detail: str = "", *, field: str | None = None) -> web.Response:
    """Make Sonatel's shape of an error: problem+json with a code and what breaks a rule."""
    title = TITLES.get(code, "Error")
    body = {
        "type": f"https://api.orange-sonatel.example/problems/{code}",
        "title": title,
        "instance": "/api",
        "status": status,
        "code": code,
        "detail": detail or title,
        "violations": [] if field is None else [{"field": field, "message": detail}],
    }
    return web.Response(
        status=status, body=orjson.dumps(body), content_type="application/problem+json"
    )


def answer(status: int, body: object) -> web.Response:
    """Make a JSON answer."""
    return web.Response(status=status, body=orjson.dumps(body), content_type="application/json")


def invalid(settings: OrangeSonatelSandboxSettings, field: str, detail: str) -> RefusedError:
    """Make the refusal of a request that breaks a rule."""
    return RefusedError(problem(settings.refusal_status, "4099", detail, field=field))


class Reader:
    """Reads one request's body by Sonatel's rules; every broken one is a RefusedError."""

    def __init__(self, settings: OrangeSonatelSandboxSettings, body: bytes) -> None:
        self._settings = settings
        try:
            content = orjson.loads(body)
        except orjson.JSONDecodeError:
            content = None
        if not isinstance(content, dict):
            raise self.invalid("body", "must be a JSON object")
        self.body: Mapping[str, object] = content

    def invalid(self, field: str, detail: str) -> RefusedError:
        """Make the refusal of a field."""
        return invalid(self._settings, field, detail)

    def text(self, field: str, *, is_required: bool = False) -> str:
        """Read a text; empty where it is absent."""
        value = self.body.get(field)
        if value is None and not is_required:
            return ""
        if not isinstance(value, str) or not value or len(value) > TEXT_LENGTH_MAX:
            raise self.invalid(field, f"a text of 1 to {TEXT_LENGTH_MAX} characters")
        return value

    def merchant_code(self) -> str:
        """Read the six digits of a merchant, who must be ours."""
        code = self.text("code", is_required=True)
        if not _CODE.fullmatch(code):
            raise self.invalid("code", "six digits")
        if code != self._settings.merchant_code:
            raise self.invalid("code", "no merchant of this application")
        return code

    def amount(self) -> int:
        """Read an amount, which is a whole number more than zero of XOF."""
        amount = self._object("amount")
        value, unit = amount.get("value"), amount.get("unit")
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= AMOUNT_MAX:
            raise self.invalid("amount.value", f"a whole number from 1 to {AMOUNT_MAX}")
        if unit != CURRENCY:
            raise self.invalid("amount.unit", f"must be {CURRENCY}")
        return value

    def metadata(self) -> dict[str, str]:
        """Read the metadata: at most ten pairs of texts."""
        if self.body.get("metadata") is None:
            return {}
        pairs = self._object("metadata")
        if len(pairs) > METADATA_MAX or not all(isinstance(one, str) for one in pairs.values()):
            raise self.invalid("metadata", f"at most {METADATA_MAX} pairs of texts")
        return {name: str(value) for name, value in pairs.items()}

    def remembered(self, request: web.Request | None = None) -> dict[str, str]:
        """Read what is kept beside a movement: its metadata, and the key its callback presents."""
        details = {f"metadata.{name}": text for name, text in self.metadata().items()}
        key = None if request is None else request.headers.get("X-Api-Key")
        return details if key is None else details | {"api_key": key}

    def validity_seconds(self) -> int:
        """Read how long a code shall be valid."""
        value = self.body.get("validity", self._settings.code_seconds)
        is_number = isinstance(value, int) and not isinstance(value, bool)
        if not isinstance(value, int) or not is_number or not 0 < value <= VALIDITY_SECONDS_MAX:
            raise self.invalid("validity", f"seconds, from 1 to {VALIDITY_SECONDS_MAX}")
        return value

    def msisdn(self, field: str | None = None) -> tuple[str, str]:
        """Read a party's number of nine digits, and its sealed PIN where it has one."""
        party = self.body if field is None else self._object(field)
        number, pin = party.get("id"), party.get("encryptedPinCode")
        is_number = isinstance(number, str) and _MSISDN.fullmatch(number)
        if party.get("idType") != "MSISDN" or not is_number:
            status, name = self._settings.refusal_status, "id" if field is None else f"{field}.id"
            raise RefusedError(problem(status, "2001", "nine digits, without 221", field=name))
        return str(number), pin if isinstance(pin, str) else ""

    def payer(self) -> tuple[str, str]:
        """Read a payer's number and the one-time code beside it."""
        number, _ = self.msisdn("customer")
        code = self._object("customer").get("otp")
        if not isinstance(code, str) or not code:
            raise self.invalid("customer.otp", "a one-time code")
        return number, code

    def merchant(self) -> None:
        """Read the merchant that is paid, who must be ours."""
        party = self._object("partner")
        if (party.get("idType"), party.get("id")) != ("CODE", self._settings.merchant_code):
            raise self.invalid("partner", "no merchant of this application")

    def _object(self, field: str) -> Mapping[str, object]:
        value = self.body.get(field)
        if not isinstance(value, dict):
            raise self.invalid(field, "must be an object")
        return value
