"""The HUB2 sandbox's switches, and what HUB2 says: failures, documents, tokens and signatures.

Pure: everything here is a value made of values. What the facts leave open is a switch.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, NamedTuple

import orjson
from pydantic import NonNegativeFloat, NonNegativeInt, PositiveFloat

from adapters.sandbox.callbacks import RetryBlock
from adapters.sandbox.movements import Movement, Scenario
from adapters.sandbox.rail import RailSettings

RETRIES: Final = tuple(
    RetryBlock(attempts=1, pause_seconds=60.0 * 2.0**number) for number in range(1, 11)
)
"""HUB2 begins with 60 seconds, doubles, and gives up after ten attempts: some 34 hours."""

FORMER_SECRET_HOURS: Final = 24
"""How long a secret that was replaced still signs, as `s0`."""

BLACKLIST_FAILURES: Final = 5
BLACKLIST_WINDOW_SECONDS: Final = 3600.0
BLACKLIST_DAYS: Final = 7
"""So many failed transfers to a number within so long shut it out for so many days."""

FAILURES: Final[Mapping[Scenario, str]] = {
    Scenario.REFUSED: "authentication_failed",
    Scenario.POOR: "customer_insufficient_funds",
    Scenario.EXPIRES: "authentication_timeout",
    Scenario.NO_ACCOUNT: "invalid_msisdn",
}
"""Why a collection fails, by the payer's number."""

TRANSFER_FAILURES: Final[Mapping[Scenario, str]] = {
    Scenario.REFUSED: "forbidden_by_provider",
    Scenario.EXPIRES: "timeout",
    Scenario.NO_ACCOUNT: "invalid_destination",
    Scenario.FLOAT_SHORT: "insufficient_funds",
}
"""Why a transfer fails, by the payee's number."""

CURRENCY_OF: Final[Mapping[str, str]] = {
    "BF": "XOF",
    "BJ": "XOF",
    "CI": "XOF",
    "CM": "XAF",
    "GN": "GNF",
    "ML": "XOF",
    "SN": "XOF",
    "TG": "XOF",
}

PAGED: Final = frozenset({("wave", ""), ("orange", "CI"), ("orange", "SN")})
"""Who can confirm on a page: an operator, everywhere or in one country."""


class AmountPolicy(NamedTuple):
    """What amounts a transfer may have."""

    least: int
    most: int
    multiple: int = 1


TRANSFER_POLICIES: Final[Mapping[tuple[str, str], AmountPolicy]] = {
    ("CI", "orange"): AmountPolicy(200, 1_500_000, 5),
    ("CI", "mtn"): AmountPolicy(100, 2_000_000),
    ("CM", ""): AmountPolicy(500, 500_000, 5),
    ("GN", ""): AmountPolicy(10_000, 1_500_000, 1_000),
    ("SN", ""): AmountPolicy(100, 1_500_000),
}
"""(country, operator, or any) -> policy."""

Workflow = Literal["push", "redirection", "otp"]


class Hub2SandboxSettings(RailSettings):
    """HUB2's switches. Durations in seconds."""

    merchant_id: str = "synthetic-hub2-merchant"
    api_key: str = "synthetic-hub2-api-key"
    environment: Literal["sandbox", "live"] = "sandbox"
    webhook_secret: str = "synthetic-hub2-webhook-secret"  # noqa: S105 - it opens nothing but this
    one_time_code: str = "123456"
    wrong_code: Literal["asks_again", "fails", "refused"] = "asks_again"
    """What a wrong code does to a payment that awaits one; nobody has written it."""
    expire_after_seconds: PositiveFloat = 600.0
    is_synchronous: bool = False
    """Whether the synchronous circuit is open; it refuses with 401 where it is not."""
    repeated_reference: Literal["accepted", "refused"] = "accepted"
    """What becomes of a second intent or transfer under one reference; nobody has written it."""
    intent_after_failure: Literal["failed", "payment_required"] = "failed"
    """How an intent stands after an attempt failed: both were seen."""
    next_action: Literal["at_once", "later", "beside"] = "at_once"
    """Whether the answer to an attempt already says what the payer shall do; `beside` puts the
    address beside `data` instead of into it."""
    float_short: Literal["failure", "refusal"] = "failure"
    """Whether an account that is too low fails a transfer, or has it refused with 402."""
    list_filter: Literal["applied", "ignored"] = "applied"
    listed_late_seconds: NonNegativeFloat = 0.0
    """How long after its creation something appears in the lists."""
    events: Literal["payment_intent", "payment"] = "payment_intent"
    """Which family of events a collection sends; those of a payment name no reference."""
    intermediate_events: NonNegativeInt = 0
    """How often an attempt is told of before its end."""
    limits_calls: bool = True
    applies_policies: bool = True
    blacklists: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What is to be paid; a payment must be attempted on it."""

    id: str
    reference: str
    customer_reference: str
    amount_minor: int
    currency: str
    created_at: datetime


def made_id(kind: str, *parts: object) -> str:
    """Make an id in HUB2's form: the kind and 21 characters, always the same for the same parts."""
    digest = hashlib.sha256("\0".join([kind, *(str(one) for one in parts)]).encode()).digest()
    return f"{kind}_{base64.urlsafe_b64encode(digest).decode()[:21]}"


def token_of(intent: Intent, settings: Hub2SandboxSettings) -> str:
    """Sign an intent's token: a JWT with HS256, which holds what HUB2's holds."""
    claims = {
        "intentId": intent.id,
        "merchantId": settings.merchant_id,
        "mode": settings.environment,
        "iat": int(intent.created_at.timestamp()),
    }
    head = _segment(orjson.dumps({"alg": "HS256", "typ": "JWT"}))
    signed = f"{head}.{_segment(orjson.dumps(claims))}"
    key = f"token\0{settings.api_key}".encode()
    return f"{signed}.{_segment(hmac.digest(key, signed.encode(), 'sha256'))}"


def signature_of(body: bytes, secret: str, former_secret: str | None) -> str:
    """Write `Hub2-Signature`: by the present secret, and for a while by the former one too."""
    pairs = [("s1", secret)] + ([("s0", former_secret)] if former_secret else [])
    return ",".join(
        f"{name}={hmac.new(one.encode(), body, hashlib.sha256).hexdigest()}" for name, one in pairs
    )


def workflow_of(operator: str, country: str, wanted: object, code: object) -> Workflow:
    """Choose how a payer confirms; `code` is one the payer has got beforehand."""
    is_paged = (operator, "") in PAGED or (operator, country) in PAGED
    if operator == "orange" and (code or not is_paged or wanted != "redirection"):
        return "push" if code else "otp"
    return "redirection" if is_paged else "push"


def payment_document(movement: Movement) -> dict[str, object]:
    """Write a payment: one attempt on an intent."""
    document: dict[str, object] = {
        "id": movement.id,
        "intentId": movement.details["intent_id"],
        "createdAt": timestamp(movement.accepted_at),
        "updatedAt": timestamp(movement.ended_at or movement.accepted_at),
        "amount": movement.amount_minor,
        "currency": movement.currency,
        "status": payment_status(movement),
        "method": "mobile_money",
        "country": movement.details["country"],
        "provider": movement.details["provider"],
        "number": movement.phone,
        "fees": [],
    }
    if movement.ending is None and movement.awaits_payer:
        document["nextAction"] = next_action(movement)
    if movement.ending not in {None, "succeeded"}:
        document["failure"] = failure_document(movement)
    return document


def unready_document(movement: Movement) -> dict[str, object]:
    """Write a payment as it stands before the operator has said what comes next."""
    document = payment_document(movement)
    document.pop("nextAction", None)
    return document | {"status": "processing"}


def payment_status(movement: Movement) -> str:
    """What HUB2 calls the state of a payment: it knows no expiry, only a failure that says so."""
    if movement.ending is None:
        return "action_required" if movement.awaits_payer else "processing"
    return "successful" if movement.ending == "succeeded" else "failed"


def next_action(movement: Movement) -> dict[str, object]:
    """Say what the payer shall do."""
    kind, operator = movement.details["workflow"], movement.details["provider"]
    action: dict[str, object] = {"type": kind, "message": f"mm_{operator}.{kind}"}
    page = movement.details.get("page", "")
    if kind != "redirection":
        return action
    if movement.details.get("next_action") == "beside":
        return action | {"url": page}
    return action | {"data": {"url": page, "method": "get", "headers": {}, "data": {}}}


def intent_document(
    intent: Intent, payments: list[Movement], settings: Hub2SandboxSettings
) -> dict[str, object]:
    """Write an intent with the payments attempted on it."""
    status = payment_status(payments[-1]) if payments else "payment_required"
    if status == "failed":
        status = settings.intent_after_failure
    changed_at = max((one.ended_at or one.accepted_at for one in payments), default=None)
    return {
        "id": intent.id,
        "createdAt": timestamp(intent.created_at),
        "updatedAt": timestamp(changed_at or intent.created_at),
        "merchantId": settings.merchant_id,
        "purchaseReference": intent.reference,
        "customerReference": intent.customer_reference,
        "amount": intent.amount_minor,
        "currency": intent.currency,
        "token": token_of(intent, settings),
        "status": status,
        "payments": [payment_document(one) for one in payments],
        "mode": settings.environment,
    }


def transfer_document(movement: Movement, settings: Hub2SandboxSettings) -> dict[str, object]:
    """Write a transfer."""
    endings = {None: "pending", "succeeded": "successful"}
    document: dict[str, object] = {
        "id": movement.id,
        "createdAt": timestamp(movement.accepted_at),
        "updatedAt": timestamp(movement.ended_at or movement.accepted_at),
        "merchantId": settings.merchant_id,
        "reference": movement.reference,
        "description": movement.details["description"],
        "amount": movement.amount_minor,
        "currency": movement.currency,
        "status": endings.get(movement.ending, "failed"),
        "fees": [],
        "destination": {
            "type": "mobile_money",
            "country": movement.details["country"],
            "recipientName": movement.details["recipient_name"],
            "msisdn": movement.phone,
            "provider": movement.details["provider"],
        },
        "mode": settings.environment,
    }
    if movement.transaction_id is not None:
        document["providerReference"] = movement.transaction_id
    if movement.ending not in {None, "succeeded"}:
        document["failureCause"] = failure_document(movement) | {"params": {}}
    return document


def failure_document(movement: Movement) -> dict[str, object]:
    """Write why it failed."""
    return {"code": movement.reason, "message": f"It failed: {movement.reason}."}


def policy_of(country: str, operator: str) -> AmountPolicy | None:
    """Find what amounts may be transferred to an operator of a country."""
    return TRANSFER_POLICIES.get((country, operator), TRANSFER_POLICIES.get((country, "")))


def timestamp(at: datetime) -> str:
    """Write a time as HUB2 does: UTC, with milliseconds and a Z."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _segment(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
