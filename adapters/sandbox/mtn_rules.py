"""The rules of the MTN MoMo sandbox: switches, the table of collections, error bodies.

Sources: MTN's OpenAPI exports (collection, disbursement, remittance,
sandbox-provisioning-api), the pages of
momodeveloper.mtn.com and its community (testing, callback, common errors, best practices), and
published measurements of the live sandbox of 2026. Where they contradict each other or say nothing
there is a switch in `MtnSandboxSettings`; its default is what was measured last, or MTN's own
newest text.

Tables and values only; nothing here reads a request or remembers a payment.
"""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final, Literal

import orjson
from aiohttp import web
from iso4217 import Currency
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    field_validator,
)

from adapters.sandbox.mtn_books import ReferenceScope
from adapters.sandbox.mtn_products import Product

JSON_TYPE: Final = "application/json"


class MtnUser(BaseModel):
    """An API user that exists from the start, as the Partner Portal gives them in production."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user_id: str
    api_key: str = Field(repr=False)
    callback_host: str
    product: Product | None = None
    """The only one it opens; None for all, as in the production account that was measured."""


class MtnSandboxSettings(BaseModel):
    """Every switch of the sandbox. Durations in seconds; `None` where a limit is off.

    With its defaults it plays MTN's own sandbox (EUR only). `target_environment="mtncameroon",
    currencies=("XAF",)` plays a production environment with its real currency.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65_535)
    target_environment: str = "sandbox"
    currencies: tuple[str, ...] = Field(default=("EUR",), min_length=1)
    opening_balance: str = "1000"

    subscription_keys: tuple[str, ...] = (
        "c0113c7100ca4d5b8a6e0f1d2b3c4d5e",
        "c0113c7100ca4d5b8a6e0f1d2b3c4d5f",
    )
    """Primary and secondary key of the Collection product; both are valid."""
    disbursement_keys: tuple[str, ...] = (
        "d15b0000aa1e4f6c9b2d3e4f50617283",
        "d15b0000aa1e4f6c9b2d3e4f50617284",
    )
    remittance_keys: tuple[str, ...] = (
        "4e3177a0ce0d4b5f8a1c2d3e4f506172",
        "4e3177a0ce0d4b5f8a1c2d3e4f506173",
    )
    disbursement_addresses: tuple[str, ...] | None = None
    """Whence Disbursements may be called, as production demands; None for anywhere. The gateway
    turns all others away with 403 before anything is read; whether for the token too is
    unpublished, and here it does not."""
    users_cross_products: bool = False
    """Whether a user made with the key of one product may use another: MTN's notebook says so, a
    measurement says not (it gets a token there, and no further)."""
    users: tuple[MtnUser, ...] = ()

    provisioning_reads_single_quotes: bool = False
    """Whether `{'providerCallbackHost': 'x'}` passes as JSON: one published client sends that."""

    token_lifetime_seconds: PositiveInt = 3600
    token_needs_length: bool = True
    """A token request without Content-Length is answered 411."""
    token_rejects_form: bool = True
    """A form body on the token request is answered by the gateway's HTML page with status 200."""
    bearer_error_shape: Literal["error", "gateway", "empty"] = "error"
    """The body of a 401 for a bad bearer: unpublished; the specification's only 401 is `error`."""

    reason_shape: Literal["string", "object"] = "string"
    """`reason` of a failed payment: an object by the specification, a string in reality."""
    currency_error: Literal["code_500", "empty_400"] = "code_500"
    empty_callback_url_is_refused: bool = True
    callback_host_may_be_address: bool = False
    """MTN wants a host name: `localhost` passes, `127.0.0.1` does not."""
    empty_text_is_refused: bool = False
    """Production answers 500 to an empty payerMessage or payeeNote."""

    reference_scope: ReferenceScope = "product"
    """Within what a reference can be used but once: unpublished."""
    balance_is_checked: bool = True
    """Whether what goes out fails for want of funds."""
    uncovered_refund: Literal["failed", "refused", "paid"] = "failed"
    """A refund of more than is left of a payment, or of none: unpublished. It is accepted and
    fails, it is refused at once, or what is too much is paid all the same."""

    decide_after_seconds: NonNegativeFloat = 0.0
    """From acceptance to the final word, for every scenario that has one; 0 is at once."""
    delayed_seconds: NonNegativeFloat = 25.0
    """From CREATED to SUCCESSFUL in the scenario Delayed."""
    approval_window_seconds: PositiveFloat | None = None
    """When Ongoing ends as COULD_NOT_PERFORM_TRANSACTION: None in MTN's own, 300 in production."""
    scenario_by_last_digits: bool = False
    """Whether the last two digits of every number choose a scenario, not of 467331234xx alone."""
    scenarios_at_post: bool = False
    """Whether 55 to 63 already fail at the POST and leave no payment behind."""

    notification_window_seconds: PositiveFloat = 86_400.0
    """How long after its success a payer can be notified of a payment: unpublished."""
    invoice_cancel_status: Literal[200, 202] = 202
    """What the cancellation of an invoice is answered: 202 in reality, 200 by the specification."""
    expiration_shape: Literal["integer", "text"] = "integer"
    """`expirationDateTime` of a pre-approval: the specification's type is a number, its words say
    that it is a text."""
    consent_scopes: tuple[str, ...] = ("all_info",)
    consent_seconds: PositiveInt = 7_776_000
    """How long a consent holds that does not say."""

    callback_method: Literal["PUT", "POST"] = "PUT"
    """Where the specification says nothing: for requests to pay, transfers, cash transfers."""
    callback_mode: Literal["once", "retry_schedule"] = "once"
    callback_after_seconds: NonNegativeFloat = 0.05
    """From the final word to its callback."""
    callback_names_reference: bool = False
    """Whether the callback carries the header X-Reference-Id; unpublished."""
    callback_any_host: bool = False
    """Whether callbacks may leave this machine."""

    status_calls_per_second_max: PositiveInt | None = 10
    body_bytes_max: PositiveInt = 64 * 1024
    users_max: PositiveInt = 1_000
    payments_max: PositiveInt = 200_000
    books_path: Path | None = None
    """A file in which users and payments outlive a restart; see `journal`."""
    secret: str = Field(default="cauri-mtn-sandbox", repr=False)
    """Keys and tokens are derived from it; they prove nothing outside a test."""

    @field_validator("currencies")
    @classmethod
    def _are_iso_4217(cls, currencies: tuple[str, ...]) -> tuple[str, ...]:
        for currency in currencies:
            Currency(currency)
        return currencies

    def keys_of(self, product: Product) -> tuple[str, ...]:
        """Return the subscription keys of a product; each is good."""
        match product:
            case "collection":
                return self.subscription_keys
            case "disbursement":
                return self.disbursement_keys
            case "remittance":
                return self.remittance_keys


class Code(StrEnum):
    """The codes and reasons this sandbox speaks; the last block is not in the specification."""

    PAYEE_NOT_FOUND = "PAYEE_NOT_FOUND"
    PAYER_NOT_FOUND = "PAYER_NOT_FOUND"
    NOT_ALLOWED = "NOT_ALLOWED"
    NOT_ALLOWED_TARGET_ENVIRONMENT = "NOT_ALLOWED_TARGET_ENVIRONMENT"
    INVALID_CALLBACK_URL_HOST = "INVALID_CALLBACK_URL_HOST"
    INVALID_CURRENCY = "INVALID_CURRENCY"
    SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"
    INTERNAL_PROCESSING_ERROR = "INTERNAL_PROCESSING_ERROR"
    NOT_ENOUGH_FUNDS = "NOT_ENOUGH_FUNDS"
    PAYER_LIMIT_REACHED = "PAYER_LIMIT_REACHED"
    PAYEE_NOT_ALLOWED_TO_RECEIVE = "PAYEE_NOT_ALLOWED_TO_RECEIVE"
    RESOURCE_NOT_FOUND = "RESOURCE_NOT_FOUND"
    APPROVAL_REJECTED = "APPROVAL_REJECTED"
    EXPIRED = "EXPIRED"
    TRANSACTION_CANCELED = "TRANSACTION_CANCELED"
    RESOURCE_ALREADY_EXIST = "RESOURCE_ALREADY_EXIST"

    COULD_NOT_PERFORM_TRANSACTION = "COULD_NOT_PERFORM_TRANSACTION"
    PAYEE_LIMIT_REACHED = "PAYEE_LIMIT_REACHED"
    SENDER_ACCOUNT_NOT_ACTIVE = "SENDER_ACCOUNT_NOT_ACTIVE"
    TRANSFER_TYPE_UNKNOWN = "TRANSFER_TYPE_UNKNOWN"
    LOW_BALANCE = "LOW_BALANCE_OR_PAYEE_LIMIT_REACHED_OR_NOT_ALLOWED"


MESSAGES: Final[Mapping[Code, str]] = {
    Code.NOT_ALLOWED_TARGET_ENVIRONMENT: "Access to target environment is forbidden.",
    Code.INVALID_CALLBACK_URL_HOST: "Callback URL does not match the configured value.",
    Code.INVALID_CURRENCY: "Currency not supported.",
    Code.INTERNAL_PROCESSING_ERROR: "An internal error occurred while processing.",
    Code.RESOURCE_NOT_FOUND: "Requested resource was not found.",
    Code.RESOURCE_ALREADY_EXIST: "Duplicated reference id. Creation of resource failed.",
}
"""The messages that are published; for the others the code is said again in words."""

OFFICIAL_NUMBERS_PREFIX: Final = "467331234"
ONGOING: Final = "53"
DELAYED: Final = "54"

FAILURES: Final[Mapping[str, Code]] = {
    "50": Code.INTERNAL_PROCESSING_ERROR,
    "51": Code.APPROVAL_REJECTED,
    "52": Code.EXPIRED,
    "55": Code.PAYER_NOT_FOUND,
    "56": Code.PAYEE_NOT_ALLOWED_TO_RECEIVE,
    "57": Code.NOT_ALLOWED,
    "58": Code.NOT_ALLOWED_TARGET_ENVIRONMENT,
    "59": Code.INVALID_CALLBACK_URL_HOST,
    "60": Code.INVALID_CURRENCY,
    "61": Code.INTERNAL_PROCESSING_ERROR,
    "62": Code.SERVICE_UNAVAILABLE,
    "63": Code.COULD_NOT_PERFORM_TRANSACTION,
    "64": Code.TRANSFER_TYPE_UNKNOWN,
}
"""MTN's table for RequestToPay, RequestToWithdraw and Deposit by the last two digits, with the
reasons integrators saw for 50 to 52; the reason of 64 is our guess, its table names only the
scenario. The tables of the others are in `mtn_scenarios`."""

OWN_FAILURES: Final[Mapping[str, Code]] = {
    "65": Code.NOT_ENOUGH_FUNDS,
    "66": Code.PAYER_LIMIT_REACHED,
    "67": Code.SENDER_ACCOUNT_NOT_ACTIVE,
    "68": Code.LOW_BALANCE,
}
"""Ours: reasons production gives and MTN's table lacks; only by `scenario_by_last_digits`."""

ACCOUNT_CHECKS: Final[Mapping[str, bool | Code]] = {
    "46733123450": False,
    "46733123451": False,
    "46733123452": Code.NOT_ALLOWED,
    "46733123453": Code.NOT_ALLOWED_TARGET_ENVIRONMENT,
    "46733123454": Code.INTERNAL_PROCESSING_ERROR,
    "46733123455": Code.SERVICE_UNAVAILABLE,
    "notfound@email.com": False,
    "notactive@email.com": False,
    "notallowed@email.com": Code.NOT_ALLOWED,
    "notallowedtargetenvironment@email.com": Code.NOT_ALLOWED_TARGET_ENVIRONMENT,
    "internalprocessingerror@email.com": Code.INTERNAL_PROCESSING_ERROR,
    "serviceunavailable@email.com": Code.SERVICE_UNAVAILABLE,
}
"""The account holders for whom `active` does not answer true."""

BASIC_USER_INFO: Final[Mapping[str, str]] = {
    "given_name": "Sand",
    "family_name": "Box",
    "birthdate": "1976-08-13",
    "locale": "sv_SE",
    "gender": "MALE",
    "status": "ACTIVE",
}


def error(status: int, code: Code) -> web.Response:
    """Answer in the platform's own error shape: code and message."""
    return json_answer(status, {"code": code.value, "message": message_of(code)})


def gateway_error(status: int, message: str) -> web.Response:
    """Answer in the shape of the gateway in front of the platform."""
    return json_answer(status, {"statusCode": status, "message": message})


def token_error(status: int, name: str) -> web.Response:
    """Answer in the third shape, that of the token endpoint."""
    answer = json_answer(status, {"error": name})
    answer.headers.update({"Cache-Control": "no-store", "Pragma": "no-cache"})
    return answer


def json_answer(status: int, body: Mapping[str, object]) -> web.Response:
    """Answer with a JSON object."""
    return web.Response(status=status, body=orjson.dumps(body), content_type=JSON_TYPE)


def message_of(code: Code) -> str:
    """Return the published message of a code, else the code in words."""
    return MESSAGES.get(code, code.value.replace("_", " ").capitalize() + ".")
