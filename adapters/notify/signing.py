"""Signing messages as Standard Webhooks has it: `v1` by a shared secret, `v1a` by Ed25519.

Source: the Standard Webhooks specification (standard-webhooks/standard-webhooks, spec v1): what is
signed is `<id>.<seconds since 1970>.<body>`; secrets are `whsec_` and the base64 of 24 to 64 bytes,
private and public keys `whsk_` and `whpk_` and the base64 of 32; the header `webhook-signature`
holds signatures separated by spaces, so that a former secret may sign along for a while.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SECRET_BYTES: Final = 32
SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - what every secret begins with
PRIVATE_PREFIX: Final = "whsk_"
PUBLIC_PREFIX: Final = "whpk_"


class SigningPair(NamedTuple):
    """What an endpoint's messages are signed with, as text. Never log."""

    secret: str
    private_key: str

    @property
    def public_key(self) -> str:
        """What the merchant checks `v1a` with."""
        return PUBLIC_PREFIX + _encode(_key(self.private_key).public_key().public_bytes_raw())


def new_pair(random_bytes: Callable[[int], bytes]) -> SigningPair:
    """Make a secret and a key from fresh random bytes."""
    return SigningPair(
        SECRET_PREFIX + _encode(random_bytes(SECRET_BYTES)),
        PRIVATE_PREFIX + _encode(random_bytes(SECRET_BYTES)),
    )


def signed_headers(
    message_id: str, at: datetime, body: bytes, pairs: Sequence[SigningPair]
) -> dict[str, str]:
    """Write the three headers of a message; the newest pair signs first."""
    seconds = str(int(at.timestamp()))
    content = b".".join((message_id.encode(), seconds.encode(), body))
    signatures = []
    for pair in pairs:
        secret = base64.b64decode(pair.secret.removeprefix(SECRET_PREFIX))
        shared = hmac.digest(secret, content, hashlib.sha256)
        signatures.append(f"v1,{_encode(shared)}")
        signatures.append(f"v1a,{_encode(_key(pair.private_key).sign(content))}")
    return {
        "webhook-id": message_id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(signatures),
    }


def _key(text: str) -> Ed25519PrivateKey:
    raw = base64.b64decode(text.removeprefix(PRIVATE_PREFIX))
    return Ed25519PrivateKey.from_private_bytes(raw)


def _encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
