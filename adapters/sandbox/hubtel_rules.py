"""What the Hubtel sandbox knows and says: its account, its switches, its codes and its bodies.

What nobody has published is a switch: what a repeated ClientReference gets, what a reference nobody
knows gets, which HTTP status refusals have. What was published in two ways is one too: who bears
the fee, and whether a short prepaid account is told at once or by the callback.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal
from urllib.parse import urlsplit

import orjson
from aiohttp import web
from pydantic import Field, NonNegativeInt

from adapters.sandbox.movements import Kind, Movement, Scenario
from adapters.sandbox.rail import RailSettings
from adapters.sandbox.server import RefusedError

CURRENCY: Final = "GHS"
REFERENCE: Final = re.compile(r"[A-Za-z0-9-]{1,36}", re.ASCII)
MSISDN: Final = re.compile(r"233[0-9]{9}", re.ASCII)
CHANNELS: Final = ("mtn-gh", "vodafone-gh", "tigo-gh")
FORBIDDEN_IN_TEXTS: Final = frozenset("&%^")
AMOUNT_MINOR_MAX: Final = 10**9
MINOR_PER_UNIT: Final = 100

PENDING: Final = "Transaction pending. Expect callback request for final state"
MESSAGES: Final[Mapping[str, str]] = {
    "0000": "success",
    "0001": PENDING,
    "2001": "failed",
    "3050": "The number is not registered.",
    "4000": "Validation Errors",
    "4070": "The amount is too small, or no fees are set for it.",
    "4075": "Insufficient prepaid balance.",
    "4101": "The business is not set up for this request.",
    "4103": "The channel is not allowed.",
    "5000": "An internal error occurred.",
}
STATUSES: Final[Mapping[str, int]] = {"4101": 401, "4103": 403, "5000": 500}
"""HTTP statuses of refusals, in that mode; all others are 400."""

FORBIDDEN_PAGE: Final = (
    "<html><head><title>403 Forbidden</title></head><body><h1>403 Forbidden</h1></body></html>"
)

FAILURES: Final[Mapping[Scenario, str]] = {
    Scenario.REFUSED: "2001",
    Scenario.POOR: "2001",
    Scenario.EXPIRES: "2001",
    Scenario.NO_ACCOUNT: "3050",
}
"""What becomes of a payment that fails; 3050 is told at once, and is never accepted."""

PAYOUT_FAILURES: Final[Mapping[Scenario, str]] = {
    Scenario.REFUSED: "2001",
    Scenario.EXPIRES: "2001",
    Scenario.NO_ACCOUNT: "3050",
    Scenario.FLOAT_SHORT: "4075",
}


class HubtelSandboxSettings(RailSettings):
    """The sandbox's account and its switches."""

    api_id: str = "synthetic-hubtel-id"
    api_key: str = "synthetic-hubtel-key"
    pos_sales_id: str = "2000001"
    prepaid_deposit_id: str = "2000002"
    allowed_addresses: tuple[str, ...] = Field(default=("127.0.0.1", "::1"), max_length=4)
    """Who may call; everybody else gets a page of HTML with 403."""
    channels: tuple[str, ...] = CHANNELS
    """The networks the account may use."""
    amount_minor_min: NonNegativeInt = 10
    fee_basis_points: NonNegativeInt = 100
    fee: Literal["beside", "added", "deducted"] = "beside"
    """beside: payers bear it, and `Amount` is without it (Hubtel's guide). added: payers bear it,
    and `Amount` is with it (recorded). deducted: the merchant bears it."""
    refusal_status: Literal["by_code", "200"] = "by_code"
    repeated_reference: Literal["accepted", "refused"] = "accepted"
    unknown_reference: Literal["404", "200"] = "404"
    float_short: Literal["callback", "refusal"] = "callback"
    currency_code: Literal["GHS"] | None = None
    """What a payment's status says of its currency; null was seen."""
    demands_public_callback: bool = False
    """Whether a callback address without https, or on the caller's own machine, is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a payment or a payout asks for."""

    reference: str
    msisdn: str
    channel: str
    amount_minor: int
    description: str
    callback_url: str
    name: str


def json_answer(status: int, document: object) -> web.Response:
    """Answer with JSON."""
    return web.Response(status=status, body=orjson.dumps(document), content_type="application/json")


def refusal(code: str, settings: HubtelSandboxSettings, field: str | None = None) -> web.Response:
    """Answer a request that is not accepted; `field` names what is wrong with it."""
    status = 200 if settings.refusal_status == "200" else STATUSES.get(code, 400)
    data = [{"Field": field, "ErrorMessage": f"{field} is not valid"}] if field else None
    return json_answer(
        status, {"Message": MESSAGES[code], "ResponseCode": code, "Data": data or {}}
    )


def read_order(body: Mapping[str, object], kind: Kind, settings: HubtelSandboxSettings) -> Order:
    """Read a request as strictly as Hubtel does; raises RefusedError."""
    party = "Customer" if kind == "collection" else "Recipient"
    reference, msisdn = body.get("ClientReference"), body.get(f"{party}Msisdn")
    channel, description = body.get("Channel"), body.get("Description")
    # Hubtel's table spells its end with capitals, its example without.
    callback = body.get("PrimaryCallbackUrl", body.get("PrimaryCallbackURL"))
    amount_minor, name = _minor(body.get("Amount")), body.get(f"{party}Name")
    is_named = kind == "collection" or bool(name)
    for field, is_good in (
        ("ClientReference", isinstance(reference, str) and REFERENCE.fullmatch(reference)),
        (f"{party}Msisdn", isinstance(msisdn, str) and MSISDN.fullmatch(msisdn)),
        (f"{party}Name", is_named),
        ("Amount", amount_minor is not None),
        ("Description", isinstance(description, str) and description),
        ("PrimaryCallbackUrl", _is_callback(callback, settings)),
    ):
        if not is_good:
            raise RefusedError(refusal("4000", settings, field))
    order = Order(
        reference=str(reference),
        msisdn=str(msisdn),
        channel=str(channel),
        amount_minor=amount_minor or 0,
        description=str(description),
        callback_url=str(callback),
        name=str(name or ""),
    )
    if order.channel not in settings.channels:
        raise RefusedError(refusal("4103", settings))
    if order.amount_minor < settings.amount_minor_min:
        raise RefusedError(refusal("4070", settings))
    if FORBIDDEN_IN_TEXTS & set(order.description):
        raise RefusedError(refusal("2001", settings))
    return order


def figures_of(amount_minor: int, settings: HubtelSandboxSettings) -> dict[str, float]:
    """Hubtel's four figures of a payment; who bears the fee changes what they are."""
    fee_minor = -(-amount_minor * settings.fee_basis_points // 10_000)
    charged, after = amount_minor + fee_minor, amount_minor
    shown = charged if settings.fee == "added" else amount_minor
    if settings.fee == "deducted":
        charged, after = amount_minor, amount_minor - fee_minor
    named = {"Amount": shown, "Charges": fee_minor, "AmountAfterCharges": after}
    return {
        key: minor / MINOR_PER_UNIT for key, minor in (*named.items(), ("AmountCharged", charged))
    }


def receive_data(movement: Movement, settings: HubtelSandboxSettings) -> dict[str, object]:
    """What the acceptance of a payment, and its callback, say of it."""
    return {
        "TransactionId": movement.id,
        "Description": movement.details["description"],
        "ClientReference": movement.reference,
        **figures_of(movement.amount_minor, settings),
    }


def send_data(movement: Movement) -> dict[str, object]:
    """What the acceptance of a payout, and its callback, say of it."""
    amount = movement.amount_minor / MINOR_PER_UNIT
    is_paid = movement.ending == "succeeded"
    return {
        "AmountDebited": amount if is_paid else 0.0,
        "TransactionId": movement.id,
        "Description": movement.details["description"],
        "ClientReference": movement.reference,
        "ExternalTransactionId": movement.transaction_id or "",
        "Amount": amount,
        "Charges": 0.0,
        "Meta": None,
        "RecipientName": None,
    }


def receive_status(movement: Movement, settings: HubtelSandboxSettings) -> dict[str, object]:
    """What the documented status says of a payment: Unpaid of what waits and what failed alike."""
    is_paid = movement.ending == "succeeded"
    figures = figures_of(movement.amount_minor, settings)
    data = {
        "date": f"{movement.ended_at or movement.accepted_at:%Y-%m-%dT%H:%M:%S.%fZ}",
        "status": movement.details.get("status", "Paid") if is_paid else "Unpaid",
        "transactionId": movement.id,
        "externalTransactionId": movement.transaction_id,
        "paymentMethod": "mobilemoney",
        "clientReference": movement.reference,
        "currencyCode": settings.currency_code,
        "amount": figures["Amount"],
        "charges": figures["Charges"],
        "amountAfterCharges": figures["AmountAfterCharges"],
        "isFulfilled": None,
    }
    return {"message": "Successful", "responseCode": "0000", "data": data}


def send_status(movement: Movement) -> dict[str, object]:
    """What the host of payouts says of a movement."""
    ended = "success" if movement.ending == "succeeded" else "failed"
    data = {
        "TransactionId": movement.id,
        "networkTransactionId": movement.transaction_id,
        "Amount": movement.amount_minor / MINOR_PER_UNIT,
        "Fees": 0.0,
        "ClientReference": movement.reference,
        "Channel": movement.details["channel"],
        "CustomerNumber": movement.phone,
        "transactionStatus": "pending" if movement.ending is None else ended,
        "CreatedAt": f"{movement.accepted_at:%Y-%m-%d %H:%M:%S}",
    }
    return {"ResponseCode": "success", "Data": data}


def made_id(*parts: object) -> str:
    """Make an id that is always the same for the same parts."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:32]


def _minor(amount: object) -> int | None:
    """Read an amount of at most two decimals; None for everything else."""
    if isinstance(amount, bool) or not isinstance(amount, (int, float)):
        return None
    minor = Decimal(str(amount)) * MINOR_PER_UNIT
    return int(minor) if minor == int(minor) and 0 < minor <= AMOUNT_MINOR_MAX else None


def _is_callback(address: object, settings: HubtelSandboxSettings) -> bool:
    if not isinstance(address, str) or not address.startswith(("https://", "http://")):
        return False
    if not settings.demands_public_callback:
        return True
    host = urlsplit(address).hostname
    return address.startswith("https://") and host not in {"localhost", "127.0.0.1", "::1"}
