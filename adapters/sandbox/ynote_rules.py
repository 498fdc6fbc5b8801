"""What the Y-Note sandbox knows and says: its account, its switches and its bodies.

Y-Note has no reference, so most of what a server must decide is a switch here: under which name the
code of success comes, where the MessageId stands, in which of its shapes a status is told, whether
a repeated order_id is refused, when callbacks come, and whether answers echo the keys.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import orjson
from aiohttp import web
from pydantic import Field, PositiveFloat, PositiveInt

from adapters.sandbox.movements import Ending, Movement, Scenario
from adapters.sandbox.rail import RailSettings
from adapters.sandbox.server import RefusedError

STAGE: Final = "/prod"
CURRENCY: Final = "XAF"
METHODS: Final = ("MTN_CMR", "OM_CMR")
MSISDN: Final = re.compile(r"(237)?6[0-9]{8}", re.ASCII)
PAYEE: Final = re.compile(r"6[0-9]{8}", re.ASCII)
AMOUNT: Final = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
TEXT_LENGTH_MAX: Final = 200
FAILED_PAYOUT: Final = "5019"

STATUSES: Final[Mapping[Ending | None, str]] = {
    None: "PENDING",
    "succeeded": "SUCCESSFUL",
    "failed": "FAILED",
    "cancelled": "CANCELLED",
    "expired": "EXPIRED",
}
"""Ending -> what the status of a payment says; a payout says SUCCESSFULL."""

FAILURES: Final[Mapping[Scenario, str]] = {
    Scenario.REFUSED: "FAILED",
    Scenario.POOR: "FAILED",
    Scenario.EXPIRES: "EXPIRED",
    Scenario.NO_ACCOUNT: "FAILED",
}
PAYOUT_FAILURES: Final[Mapping[Scenario, str]] = {
    Scenario.REFUSED: FAILED_PAYOUT,
    Scenario.EXPIRES: "EXPIRED",
    Scenario.NO_ACCOUNT: FAILED_PAYOUT,
    Scenario.FLOAT_SHORT: FAILED_PAYOUT,
}


class YnoteSandboxSettings(RailSettings):
    """The sandbox's account and its switches."""

    client_id: str = "synthetic-ynote-client"
    client_secret: str = "synthetic-ynote-client-secret"  # noqa: S105 - of a server on this machine
    customer_key: str = "synthetic-customer-key"
    customer_secret: str = "synthetic-customer-secret"  # noqa: S105 - likewise
    channel_msisdn: str = Field(default="690000000", pattern=r"^6[0-9]{8}$")
    pin: str = Field(default="2580", pattern=r"^[0-9]{4}$")
    token_calls_max: PositiveInt = 10
    """How many tokens are given within a window; whoever asks for more gets 429."""
    token_window_seconds: PositiveFloat = 60.0
    code_key: Literal["ErrorCode", "StatusCode"] = "ErrorCode"
    message_id_in: Literal["top", "parameters", "both"] = "both"
    status_in: Literal["top", "parameters"] = "top"
    queue: Literal["works", "error", "503"] = "works"
    """Whether payouts are queued; where not, that too comes with status 200."""
    payout_waits: Literal["message", "text", "step_one"] = "message"
    """What is said of a payout under way: a message, a bare text, or success of the first step."""
    payout_result: Literal["nested", "flat"] = "nested"
    payout_failure: Literal["code", "status"] = "code"
    """Whether a failed payout is told by 5019 or by a status."""
    repeated_order: Literal["accepted", "refused"] = "accepted"
    callbacks: Literal["queued", "ended", "both"] = "both"
    echoes_keys: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a payment or a payout asks for."""

    reference: str
    msisdn: str
    method: str
    amount_minor: int
    description: str
    callback_url: str


def json_answer(status: int, document: object) -> web.Response:
    """Answer with JSON."""
    return web.Response(status=status, body=orjson.dumps(document), content_type="application/json")


def refuse(settings: YnoteSandboxSettings, code: int, message: str) -> RefusedError:
    """Make the end of a request that is not accepted; HTTP says the same as the code."""
    body = {settings.code_key: code, "body": "Pay Request Refused", "ErrorMessage": message}
    return RefusedError(json_answer(code, body))


def read_payment(body: Mapping[str, object], settings: YnoteSandboxSettings) -> Order:
    """Read a payment as it must be; raises RefusedError."""
    inner = body.get("API_MUT")
    given = inner if isinstance(inner, dict) else {}
    check_keys(given, settings)
    method = given.get("PaiementMethod")
    if method not in METHODS:
        raise refuse(settings, 400, "PaiementMethod is not valid")
    return Order(
        reference=_text(given, "order_id", settings),
        msisdn=_matching(given, "subscriberMsisdn", MSISDN, settings),
        method=str(method),
        amount_minor=int(_matching(given, "amount", AMOUNT, settings)),
        description=_text(given, "description", settings),
        callback_url=_text(given, "notifUrl", settings),
    )


def read_payout(body: Mapping[str, object], settings: YnoteSandboxSettings) -> Order:
    """Read a payout as it must be; raises RefusedError."""
    check_keys(body, settings)
    if (body.get("channelUserMsisdn"), body.get("pin")) != (settings.channel_msisdn, settings.pin):
        raise refuse(settings, 403, "The channel is not the customer's")
    if body.get("refund_method") != "OrangeMoney" or body.get("fees_included") not in ("Yes", "No"):
        raise refuse(settings, 400, "refund_method or fees_included is not valid")
    return Order(
        reference=_text(body, "transaction_code", settings),
        msisdn=_matching(body, "final_customer_phone", PAYEE, settings),
        method="OM_CMR",
        amount_minor=int(_matching(body, "amount", AMOUNT, settings)),
        description=_text(body, "final_customer_name", settings),
        callback_url=_text(body, "webhook", settings),
    )


def check_keys(given: Mapping[str, object], settings: YnoteSandboxSettings) -> None:
    """Let in who knows the customer's keys; raises RefusedError."""
    keys = (given.get("customerkey"), given.get("customersecret"))
    if keys != (settings.customer_key, settings.customer_secret):
        raise refuse(settings, 403, "customerkey or customersecret is not valid")


def payment_answer(movement: Movement, settings: YnoteSandboxSettings) -> dict[str, object]:
    """What is said of a payment that was queued, by the answer and by the callback."""
    parameters: dict[str, object] = {
        "operation": "Web Payment",
        "currency": CURRENCY,
        "amount": str(movement.amount_minor),
        "subscriberMsisdn": movement.phone,
        "order_id": movement.reference,
        "notifUrl": movement.callback_url,
    }
    if settings.echoes_keys:
        parameters |= _keys(settings)
    answer: dict[str, object] = {
        settings.code_key: 200,
        "body": "Pay Request Accepted",
        "ErrorMessage": "",
        "parameters": parameters,
        "CreateAt": _stamp(movement.accepted_at),
    }
    if settings.message_id_in != "top":
        parameters["MessageId"] = movement.id
    if settings.message_id_in != "parameters":
        answer["MessageId"] = movement.id
    return answer


def payment_status(movement: Movement, settings: YnoteSandboxSettings) -> dict[str, object]:
    """What the status of a payment says."""
    record: dict[str, object] = {
        "updateDate": _stamp(movement.ended_at or movement.accepted_at),
        "currency": CURRENCY,
        "operation": "Web Payment",
        "status": STATUSES[movement.ending],
        "paymentRef": movement.transaction_id,
        "amount": str(movement.amount_minor),
        "subscriberMsisdn": movement.phone,
    }
    if settings.status_in == "top":
        return record
    return {settings.code_key: 200, "parameters": record}


def queue_answer(movement: Movement) -> dict[str, object]:
    """What is said of a payout that was queued: the answer of the queue itself."""
    digest = hashlib.sha256(movement.id.encode()).hexdigest()[:32]
    request_id = made_id("request", movement.id)
    return {
        "MD5OfMessageBody": digest,
        "MD5OfMessageAttributes": digest[::-1],
        "MessageId": movement.id,
        "ResponseMetadata": {
            "RequestId": request_id,
            "HTTPStatusCode": 200,
            "HTTPHeaders": {"x-amzn-requestid": request_id, "content-type": "text/xml"},
            "RetryAttempts": 0,
        },
    }


def payout_status(movement: Movement, settings: YnoteSandboxSettings) -> object:
    """What the status of a payout says, in the shape that the switches choose."""
    around: dict[str, object] = {
        "CreateAt": _stamp(movement.accepted_at),
        "MessageId": movement.id,
        "RefundStep": "1" if movement.ending is None else "2",
    }
    if settings.echoes_keys:
        pair = f"{settings.channel_msisdn}:{settings.pin}".encode()
        around["parameters"] = {
            "amount": str(movement.amount_minor),
            "xauth": base64.b64encode(pair).decode(),
            "channel_user_msisdn": settings.channel_msisdn,
            "customer_key": settings.customer_key,
            "customer_secret": settings.customer_secret,
            "final_customer_phone": movement.phone,
            "final_customer_name": movement.details["description"],
        }
    if movement.ending is None and settings.payout_waits != "step_one":
        message = "The transfer is being initialised"
        return message if settings.payout_waits == "text" else around | {"message": message}
    if movement.reason == FAILED_PAYOUT and settings.payout_failure == "code":
        error = {"ErrorCode": int(FAILED_PAYOUT), "body": "Failed", "ErrorMessage": "Not paid"}
        return around | error
    is_paid = movement.ending in {None, "succeeded"}
    record = {
        "createtime": str(int(movement.accepted_at.timestamp())),
        "amount": movement.amount_minor,
        "payToken": made_id("token", movement.id),
        "txnid": movement.transaction_id or made_id("txn", movement.id)[:20],
        "orderId": movement.reference,
        "status": "SUCCESSFULL" if is_paid else STATUSES[movement.ending],
        "description": movement.details["description"],
    }
    if settings.payout_result == "flat":
        channels = {"fromChannelMsisdn": settings.channel_msisdn, "toChannelMsisdn": movement.phone}
        return around | {"result": record | channels | {"txnmessage": "Transfer done"}}
    named = {"subscriberMsisdn": movement.phone, "channelUserMsisdn": settings.channel_msisdn}
    return around | {"result": {"message": "Transaction found", "data": record | named}}


def made_id(*parts: object) -> str:
    """Make an id in the form of a UUID that is always the same for the same parts."""
    text = hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:32]))


def _keys(settings: YnoteSandboxSettings) -> dict[str, object]:
    return {"customerkey": settings.customer_key, "customersecret": settings.customer_secret}


def _text(given: Mapping[str, object], key: str, settings: YnoteSandboxSettings) -> str:
    value = given.get(key)
    if not isinstance(value, str) or not 0 < len(value) <= TEXT_LENGTH_MAX:
        raise refuse(settings, 400, f"{key} is not valid")
    return value


def _matching(
    given: Mapping[str, object], key: str, form: re.Pattern[str], settings: YnoteSandboxSettings
) -> str:
    value = _text(given, key, settings)
    if not form.fullmatch(value):
        raise refuse(settings, 400, f"{key} is not valid")
    return value


def _stamp(at: datetime) -> str:
    return f"{at:%m-%d-%Y %H:%M:%S}"
