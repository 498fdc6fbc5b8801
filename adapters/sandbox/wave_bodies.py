"""What the Wave sandbox writes: sessions, payouts, and the signature over a webhook.

All are pure. What a movement has become is not decided here.
"""

import hashlib
import hmac
from datetime import datetime, timedelta

from adapters.sandbox.movements import Movement
from adapters.sandbox.wave_rules import MESSAGES, WaveSandboxSettings, amount_text

_CLOSED = {"cancels": "complete", "fails": "failed", "stays_open": "complete"}
"""How a session that was not paid is closed, by the switch `failed_attempt`."""


def session_body(movement: Movement, settings: WaveSandboxSettings, url: str) -> dict[str, object]:
    """Write a checkout session as it now stands."""
    details = movement.details
    checkout, payment = {
        None: ("open", "processing"),
        "succeeded": ("complete", "succeeded"),
        "expired": ("expired", "cancelled"),
    }.get(movement.ending, (_CLOSED[settings.failed_attempt], "cancelled"))
    error = movement.reason or details.get("error")
    has_error = error is not None and payment != "succeeded"
    expires_at = movement.accepted_at + timedelta(seconds=settings.expire_after_seconds)
    members: dict[str, object] = {
        "id": movement.id,
        "amount": amount_text(movement.amount_minor, movement.currency),
        "checkout_status": checkout,
        "client_reference": movement.reference,
        "currency": movement.currency,
        "error_url": details["cancel_url"],
        "last_payment_error": _error(str(error)) if has_error else None,
        "business_name": settings.business_name,
        "payment_status": payment,
        "transaction_id": movement.transaction_id,
        "aggregated_merchant_id": None,
        "restrict_payer_mobile": details.get("restrict_payer_mobile"),
        "success_url": details["return_url"],
        "wave_launch_url": f"{url}/c/{movement.id}",
        "when_completed": _time(movement.ended_at),
        "when_created": _time(movement.accepted_at),
        "when_expires": _time(expires_at),
    }
    return _presented(members, settings)


def payout_body(movement: Movement, settings: WaveSandboxSettings) -> dict[str, object]:
    """Write a payout as it now stands."""
    status = {None: "processing", "succeeded": "succeeded"}.get(movement.ending, "failed")
    failure = movement.reason or "internal-server-error"
    said = {"error_code": failure, "error_message": MESSAGES[failure]}
    members: dict[str, object] = {
        "id": movement.id,
        "currency": movement.currency,
        "receive_amount": amount_text(movement.amount_minor, movement.currency),
        "fee": amount_text(int(movement.details["fee"]), movement.currency),
        "mobile": movement.phone,
        "name": movement.details.get("name"),
        "client_reference": movement.reference,
        "payment_reason": movement.details.get("payment_reason"),
        "status": status,
        "payout_error": said if status == "failed" else None,
        "timestamp": _time(movement.accepted_at),
    }
    return _presented(members, settings)


def signature(body: bytes, at: int, *secrets: str) -> str:
    """Sign a body as Wave does: over the time and the body, with nothing between them."""
    signed = str(at).encode() + body
    made = [hmac.new(one.encode(), signed, hashlib.sha256).hexdigest() for one in secrets]
    return ",".join([f"t={at}", *(f"v1={one}" for one in made)])


def _presented(members: dict[str, object], settings: WaveSandboxSettings) -> dict[str, object]:
    """Leave out what has no value, or write it as null, as the switch says."""
    if settings.absent == "null":
        return members
    return {name: value for name, value in members.items() if value is not None}


def _error(code: str) -> dict[str, str]:
    return {"code": code, "message": MESSAGES[code]}


def _time(at: datetime | None) -> str | None:
    return None if at is None else f"{at:%Y-%m-%dT%H:%M:%SZ}"
