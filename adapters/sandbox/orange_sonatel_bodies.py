"""What the Sonatel sandbox writes: codes, transactions, signatures; and how it opens a sealed PIN.

All but the making of the key are pure. What a movement has become is not decided here.
"""

import base64
import binascii
import hashlib
import hmac
import uuid
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Final

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from adapters.sandbox.movements import Movement, Scenario
from adapters.sandbox.orange_sonatel_rules import OrangeSonatelSandboxSettings

KEY_BITS: Final = 2048

PIXEL: Final = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)
"""A picture of one pixel: this server draws no codes, its links are what is followed."""

_STATUSES: Final = {"succeeded": "SUCCESS", "cancelled": "CANCELLED", "failed": "FAILED"}


def make_key() -> RSAPrivateKey:
    """Make a key that PINs are sealed for."""
    return generate_private_key(public_exponent=65_537, key_size=KEY_BITS)


@cache
def first_key() -> RSAPrivateKey:
    """The key a server begins with: one for all in this process, for it takes long to make."""
    return make_key()


def key_body(key: RSAPrivateKey) -> dict[str, object]:
    """Write a public key as it is handed out."""
    encoded = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return {
        "keyId": hashlib.sha256(encoded).hexdigest()[:16],
        "keyType": "RSA",
        "keySize": KEY_BITS,
        "key": base64.b64encode(encoded).decode(),
    }


def opened(key: RSAPrivateKey, sealed: str) -> str | None:
    """Open a sealed PIN; None for what was sealed under another key, or not at all."""
    try:
        pin = key.decrypt(base64.b64decode(sealed, validate=True), PKCS1v15()).decode("ascii")
    except (ValueError, binascii.Error):
        return None
    # What was sealed under another key may open to noise instead of failing.
    return pin if pin.isdecimal() and 4 <= len(pin) <= 8 else None


def code_body(
    movement: Movement, settings: OrangeSonatelSandboxSettings, url: str
) -> dict[str, object]:
    """Write a code that can be scanned, or whose links can be followed."""
    details = movement.details
    page = f"{url}/mp/{details['qr_id']}"
    links = {
        "deepLink": page,
        "OM": f"{page}?app=om",
        "MAXIT": f"{page}?app=maxit",
        "shortLink": page,
    }
    shown = {name: "" if name in settings.empty_links else one for name, one in links.items()}
    validity_seconds = int(details["validity"])
    ends_at = movement.accepted_at + timedelta(seconds=validity_seconds)
    return {
        "qrId": details["qr_id"],
        "qrCode": PIXEL,
        "deepLink": shown["deepLink"],
        "deepLinks": {"MAXIT": shown["MAXIT"], "OM": shown["OM"]},
        "shortLink": shown["shortLink"],
        "validity": validity_seconds,
        "validFor": {
            "startDateTime": f"{movement.accepted_at:%Y-%m-%dT%H:%M:%SZ}",
            "endDateTime": f"{ends_at:%Y-%m-%dT%H:%M:%SZ}",
        },
    }


def status_of(movement: Movement, settings: OrangeSonatelSandboxSettings) -> str | None:
    """A transaction's status; None where nobody has begun one by the code."""
    if movement.kind == "collection" and movement.confirmed_at is None and not _is_ended(movement):
        return None
    if movement.ending is None:
        return "INITIATED" if movement.scenario is Scenario.EXPIRES else "PENDING"
    if movement.ending == "failed" and movement.scenario is Scenario.REFUSED:
        return "REJECTED"
    return _STATUSES.get(movement.ending, settings.unconfirmed_status)


def transaction_body(
    movement: Movement, settings: OrangeSonatelSandboxSettings
) -> dict[str, object]:
    """Write a transaction as it now stands: in a list, in a callback, or where it was asked for."""
    is_payment = movement.kind == "collection"
    party = {"idType": "CODE", "id": settings.merchant_code}
    body: dict[str, object] = {
        "amount": {"value": movement.amount_minor, "unit": movement.currency},
        "partner": party if is_payment else {"idType": "MSISDN", "id": settings.retailer_msisdn},
        "customer": {"idType": "MSISDN", "id": national(movement.phone)},
        "reference": told_reference(movement, settings),
        "type": "MERCHANT_PAYMENT" if is_payment else "CASHIN",
        "channel": "API",
        "transactionId": movement.id,
        "status": status_of(movement, settings),
        "metadata": metadata_of(movement),
    }
    if is_by_page(movement):
        body["paymentMethod"] = "QRCODE"
    return body


def moved_body(movement: Movement, settings: OrangeSonatelSandboxSettings) -> dict[str, object]:
    """Write the answer to what moves money at once: a cash-in, or a payment by code."""
    return {
        "transactionId": movement.id,
        "status": status_of(movement, settings),
        "reference": told_reference(movement, settings),
        "description": "",
    }


def is_by_page(movement: Movement) -> bool:
    """Whether a movement is a payment by a code to be scanned, and not by a one-time code."""
    return "qr_id" in movement.details


def told_reference(movement: Movement, settings: OrangeSonatelSandboxSettings) -> str:
    """The reference a transaction is told and searched by."""
    if settings.reference_told == "ours":
        return movement.reference or ""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, movement.id))


def metadata_of(movement: Movement) -> Mapping[str, str]:
    """What a request said in its metadata."""
    begins = "metadata."
    pairs = movement.details.items()
    return {name.removeprefix(begins): text for name, text in pairs if name.startswith(begins)}


def national(number: str) -> str:
    """A number as Sonatel writes it: its last nine digits."""
    return number.lstrip("+")[-9:]


def signature(body: bytes, at: int, *secrets: str) -> str:
    """Sign a body as Sonatel does: over the time, a comma and the body."""
    signed = str(at).encode() + b"," + body
    made = [hmac.new(one.encode(), signed, hashlib.sha256).hexdigest() for one in secrets]
    return ",".join([f"t={at}", *(f"v1={one}" for one in made)])


def _is_ended(movement: Movement) -> bool:
    """Whether somebody's transaction has ended; a code that nobody used had none."""
    return movement.ending not in {None, "expired"}
