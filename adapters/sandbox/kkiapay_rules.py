"""What the KKiaPay sandbox goes by: its switches, and KKiaPay's own codes and shapes.

Sources: KKiaPay's own kits (Node, PHP, Flutter, Android) and WordPress plugin; published receivers
for the webhook. What they leave open is a switch here: which codes and HTTP statuses a refusal has,
what of our two references a webhook brings back, what a second revert does.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import unquote

import orjson
from aiohttp import web
from pydantic import PositiveInt

from adapters.sandbox.movements import Movement, Scenario
from adapters.sandbox.orange_requests import read_form
from adapters.sandbox.rail import RailSettings
from adapters.sandbox.server import RefusedError

CURRENCY: Final = "XOF"
AMOUNT_MAX: Final = 10**9
TEXT_LENGTH_MAX: Final = 500

FAILURES: Final[Mapping[Scenario, str]] = {
    Scenario.REFUSED: "processing_error",
    Scenario.POOR: "insufficent_fund",
    Scenario.NO_ACCOUNT: "invalid_number",
    Scenario.FLOAT_SHORT: "processing_error",
}
"""What becomes of a payment, by the payer's number; the second is misspelt at KKiaPay."""


class KkiapaySandboxSettings(RailSettings):
    """The switches of the KKiaPay sandbox."""

    public_key: str = "kkiapay_synthetic_public_key"
    private_key: str = "tpk_synthetic_private_key"
    secret_key: str = "tsk_synthetic_secret_key"  # noqa: S105 - of a sandbox
    webhook_secret: str = "a text that the merchant chose"  # noqa: S105 - of a sandbox
    business_name: str = "Boutique d'essai"
    partner_id: Literal["empty", "echoed"] = "empty"
    """What a webhook says in `partnerId`: in a recorded payment it was empty."""
    state_data: Literal["as_sent", "json", "object", "empty"] = "as_sent"
    """How a webhook brings back the page's `data`; receivers were seen to expect each of them."""
    reverts_by: Literal["public_key", "all_keys"] = "all_keys"
    """Which keys a revert wants: KKiaPay's kits differ in what they send."""
    refusal_status: PositiveInt = 400
    """The HTTP status of a refusal; nobody describes it."""
    unknown_transaction: Literal["error", "status"] = "error"
    """Whether an unknown transaction is an error or a status of its own with HTTP 200."""
    reverts_again: bool = True
    """Whether what is reverted may be reverted once more; nobody says that it may not be."""
    failed_attempt: Literal["ends", "may_be_repeated"] = "ends"
    """Whether the page of a failed attempt may be opened for another one."""
    pays_again: bool = False
    """Whether the page of a payment that was made may be opened to make another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the address of a page asks for."""

    amount: int
    callback: str
    data: object
    partner_id: str


def read_page(raw_query: str, public_key: str) -> Asked | None:
    """Read a page's address; None for what no page can be made of."""
    try:
        packed = base64.b64decode(unquote(raw_query), validate=True)
        asked: Any = orjson.loads(packed)
        amount, callback = asked["amount"], asked["callback"]
        key, partner_id = asked["key"], asked.get("partnerId") or ""
    except (binascii.Error, ValueError, KeyError, TypeError, AttributeError):
        return None
    texts = (callback, key, partner_id)
    if not all(isinstance(one, str) and len(one) <= TEXT_LENGTH_MAX for one in texts):
        return None
    if not hmac.compare_digest(key.encode(), public_key.encode()):
        return None
    if isinstance(amount, bool) or not isinstance(amount, int) or not 0 < amount <= AMOUNT_MAX:
        return None
    return Asked(amount=amount, callback=callback, data=asked.get("data"), partner_id=partner_id)


def answer(status: int, body: object) -> web.Response:
    """Make a JSON answer."""
    return web.Response(status=status, body=orjson.dumps(body), content_type="application/json")


def refuse(status: int, code: str) -> RefusedError:
    """Make KKiaPay's refusal."""
    return RefusedError(answer(status, {"code": code, "description": code}))


def check_keys(headers: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """Let a call in by its keys, or raise RefusedError."""
    for name, key in wanted.items():
        if not hmac.compare_digest(headers.get(name, "").encode(), key.encode()):
            raise refuse(401, "UNAUTHORIZED")


async def transaction_id_in(request: web.Request) -> str:
    """Read which transaction a call is about; JSON or a form, as KKiaPay's own kits send."""
    raw = await request.read()
    if request.content_type == "application/x-www-form-urlencoded":
        return read_form(raw).get("transactionId", "")
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise refuse(400, "INVALID_TRANSACTION") from None
    return str(body.get("transactionId") or "") if isinstance(body, dict) else ""


def status_of(movement: Movement) -> str:
    """KKiaPay's word for where a transaction stands."""
    if "reverted_at" in movement.details:
        return "REVERTED"
    if movement.ending is None:
        return "PENDING"
    if movement.ending == "succeeded":
        return "SUCCESS"
    return "INSUFFICIENT_FUND" if movement.scenario is Scenario.POOR else "FAILED"


def transaction_body(movement: Movement) -> dict[str, object]:
    """Write a transaction as a status shows it."""
    fees = fees_of(movement)
    body: dict[str, object] = {
        "performed_at": (movement.ended_at or movement.accepted_at).isoformat(),
        "received_at": movement.accepted_at.isoformat(),
        "type": "DEBIT",
        "status": status_of(movement),
        "source": "MOBILE_MONEY",
        "source_common_name": "mtn-benin",
        "amount": movement.amount_minor,
        "fees": fees,
        "net": movement.amount_minor - fees,
        "externalTransactionId": movement.transaction_id,
        "transactionId": movement.id,
    }
    return body if movement.reason is None else body | {"reason": movement.reason}


def fees_of(movement: Movement) -> int:
    """What KKiaPay keeps of a payment."""
    return movement.amount_minor * 19 // 1000


def event_body(movement: Movement, settings: KkiapaySandboxSettings) -> dict[str, object]:
    """Write a webhook about a transaction that has ended."""
    is_paid = movement.ending == "succeeded"
    sent = orjson.loads(movement.details["data"])
    shapes: Mapping[str, object] = {
        "as_sent": sent,
        "json": movement.details["data"],
        "object": {"reference": sent},
        "empty": "",
    }
    body: dict[str, object] = {
        "transactionId": movement.id,
        "isPaymentSucces": is_paid,
        "event": "transaction.success" if is_paid else "transaction.failed",
        "account": movement.phone.lstrip("+"),
        "method": "MOBILE_MONEY",
        "amount": movement.amount_minor,
        "fees": fees_of(movement),
        "partnerId": movement.reference if settings.partner_id == "echoed" else "",
        "performedAt": (movement.ended_at or movement.accepted_at).isoformat(),
        "stateData": shapes[settings.state_data],
    }
    failure = {"failureCode": movement.reason, "failureMessage": movement.reason}
    return body if is_paid else body | failure
