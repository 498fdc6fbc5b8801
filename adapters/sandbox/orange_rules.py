"""The rules of the Orange Money Web Payment sandbox: switches, payer scenarios, error bodies.

Sources: Orange's own example of a notification and its list of statuses, as quoted by published
integrations; the gateway error recorded from `dev/v1/transactionstatus` (code 23); a third party's
description of the Mali segment (required fields, a repeated order is 403, no second notification);
integrations that repeat the documented lengths and the ten minutes a pay_token lives. Orange's
pages are behind a login: what only one of them says, or nobody, is a switch in
`OrangeSandboxSettings`, and says so.

Tables and values only; nothing here reads a request or remembers an order.
"""

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Final, Literal

import orjson
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, PositiveFloat, PositiveInt

JSON_TYPE: Final = "application/json"

CURRENCY_BY_SEGMENT: Final[Mapping[str, str]] = {
    "dev": "OUV",
    "cm": "XAF",
    "ci": "XOF",
    "sn": "XOF",
    "ml": "XOF",
    "bf": "XOF",
    "gn": "GNF",
    "cd": "CDF",
    "mg": "MGA",
    "sl": "SLL",
}
"""What each path segment is paid in. OUV is the play money of Orange's own sandbox; of `mg` we know
the currency better than the segment."""


class OrangeSandboxSettings(BaseModel):
    """Every switch of the sandbox. Durations in seconds; `None` where a limit is off."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65_535)
    page_base_url: str | None = None
    """Where a payer's browser finds the page; None is the address under which the call came."""

    client_id: str = "cauri-sandbox-client"
    client_secret: str = Field(default="cauri-sandbox-secret", repr=False)
    merchant_key: str = Field(default="a1b2c3d4", repr=False)
    currency_by_segment: Mapping[str, str] = CURRENCY_BY_SEGMENT

    token_lifetime_seconds: PositiveInt = 7_776_000
    expires_in_is_text: bool = True
    """`"expires_in": "7776000"` as in the official text, or a number as some clients expect."""

    repeated_order: Literal["forbidden", "same_pay_token"] = "forbidden"
    """A second POST of an order_id: 403 (one source), or the first answer again (an assumption
    others build on). With other content it is always 403."""
    text_length_max: PositiveInt | None = 30
    """Of order_id and reference."""
    url_length_max: PositiveInt | None = 120
    """Of the three addresses."""
    urls_must_be_https: bool = False
    """Whether plain http is refused; notifications to such addresses are known to stay away."""

    status_answer: Literal[200, 201] = 200
    """The HTTP status of a good transactionstatus answer; unpublished."""
    txnid_when_none: Literal["absent", "empty", "null"] = "absent"
    """How an answer or a notification without a transaction says so; unpublished."""

    page_lifetime_seconds: PositiveFloat = 600.0
    """From the creation of an order until it expires unless the payer has confirmed."""
    decide_after_seconds: NonNegativeFloat = 0.0
    """From the payer's confirmation (PENDING) to the last word; 0 is at once."""
    slow_seconds: NonNegativeFloat = 25.0
    """The same for the payer who is slow, see `Scenario`."""
    one_time_code: str = Field(default="123456", pattern=r"^[0-9]{4,8}$")
    """The code that every payer gets from the operator."""
    wrong_codes_max: PositiveInt = 3
    """With this many wrong codes the order has FAILED."""
    cancelling_ends_order: bool = True
    """Whether "Annuler" makes the order FAILED (one source: "rejected by user"), or leaves it
    INITIATED until it expires, so that the payer may come back and pay."""

    notification_fields: Literal["official", "extended", "extended_text_amount"] = "official"
    """The three official fields, or with pay_token, order_id, amount, currency and reference as
    some countries are said to send; the amount then as a number or as text."""
    notification_after_seconds: NonNegativeFloat = 0.05
    """From the last word to its notification."""
    expiry_is_notified: bool = True
    """Whether EXPIRED is notified too; one source lists it among the notified statuses."""
    notification_any_host: bool = False
    """Whether notifications may leave this machine."""

    body_bytes_max: PositiveInt = 64 * 1024
    orders_max: PositiveInt = 200_000
    books_path: Path | None = None
    """A file in which orders outlive a restart; see `journal`."""
    secret: str = Field(default="cauri-orange-sandbox", repr=False)
    """All tokens are derived from it; they prove nothing outside a test."""


class Scenario(StrEnum):
    """What becomes of a payer who confirms, by the last two digits of the number; ours.

    Every other number pays. The digits follow MTN's published table where the outcome has a like.
    """

    FAILED = "50"
    INSUFFICIENT_FUNDS = "51"
    NEVER_CONFIRMED = "52"
    NO_ACCOUNT = "53"
    SLOW = "54"


def scenario_of(number: str) -> Scenario | None:
    """Return the scenario of a payer's number; None pays."""
    try:
        return Scenario(number[-2:])
    except ValueError:
        return None


class Code(IntEnum):
    """The gateway's error codes that this sandbox gives.

    23 was recorded from this very API and 20 to 42 are another Orange API's; the others complete
    the numbering as integrators know it from the gateway.
    """

    INTERNAL_ERROR = 1
    SERVICE_UNAVAILABLE = 5
    MISSING_BODY = 21
    INVALID_BODY = 22
    MISSING_BODY_FIELD = 23
    INVALID_BODY_FIELD = 24
    MISSING_HEADER = 25
    INVALID_HEADER_VALUE = 26
    INVALID_QUERY_PARAMETER = 28
    MISSING_CREDENTIALS = 40
    INVALID_CREDENTIALS = 41
    EXPIRED_CREDENTIALS = 42
    ACCESS_DENIED = 50
    RESOURCE_NOT_FOUND = 60
    METHOD_NOT_ALLOWED = 61
    BODY_TOO_LARGE = 66


STATUS_BY_CODE: Final[Mapping[Code, int]] = {
    Code.INTERNAL_ERROR: 500,
    Code.SERVICE_UNAVAILABLE: 503,
    Code.MISSING_CREDENTIALS: 401,
    Code.INVALID_CREDENTIALS: 401,
    Code.EXPIRED_CREDENTIALS: 401,
    Code.ACCESS_DENIED: 403,
    Code.RESOURCE_NOT_FOUND: 404,
    Code.METHOD_NOT_ALLOWED: 405,
    Code.BODY_TOO_LARGE: 413,
}
"""All others are 400."""


def error(code: Code, description: str) -> web.Response:
    """Answer in the gateway's error shape; the message is the code in words."""
    return json_answer(
        STATUS_BY_CODE.get(code, 400),
        {
            "code": int(code),
            "message": code.name.replace("_", " ").capitalize(),
            "description": description,
        },
    )


def json_answer(status: int, body: Mapping[str, object]) -> web.Response:
    """Answer with a JSON object."""
    return web.Response(status=status, body=orjson.dumps(body), content_type=JSON_TYPE)
