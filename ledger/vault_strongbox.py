"""The strongbox: seals what belongs to nobody's stream and lies outside the log for a while.

Access tokens that processes share are secrets of the deployment, not of a person: they have no
stream, no data key beside it, and nobody to be forgotten with. Each is sealed with AES-256-GCM
under a key of its own, which the current master key wraps (RFC 3394) and which goes with the text:

    text = <master key id> "." base64url(wrapped key of 40 bytes, nonce of 12, ciphertext and tag)

What a text is for is bound to it as additional data, so it opens nowhere else. A rotated master key
opens older texts for as long as the ring holds the old one.

It writes nothing and remembers nothing.
"""

import base64
import binascii
import hashlib
import hmac
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.errors import SealBrokenError
from ledger.vault_master import KEY_BYTES, MasterKeys, RandomBytes

NONCE_BYTES: Final = 12
WRAPPED_BYTES: Final = KEY_BYTES + 8
NAME_DIGITS: Final = 32
"""Hexadecimal digits of a name: 128 bits."""


class Strongbox:
    """Seals and opens under the master keys."""

    def __init__(self, keys: MasterKeys, *, random_bytes: RandomBytes) -> None:
        self._keys, self._random_bytes = keys, random_bytes
        self._naming = keys.lookup_key("strongbox")

    def seal(self, plaintext: bytes, *, context: str) -> str:
        """Seal a secret for one use."""
        key, nonce = self._random_bytes(KEY_BYTES), self._random_bytes(NONCE_BYTES)
        wrapped, key_id = self._keys.wrap(key)
        sealed = wrapped + nonce + AESGCM(key).encrypt(nonce, plaintext, context.encode())
        return f"{key_id}.{base64.urlsafe_b64encode(sealed).decode('ascii')}"

    def open(self, text: str, *, context: str) -> bytes:
        """Open what was sealed for the same use.

        Raises:
            SealBrokenError: it was changed, or is of another use.
            MasterKeyError: the ring does not hold its master key.
        """
        key_id, _, encoded = text.partition(".")
        try:
            sealed = base64.urlsafe_b64decode(encoded)
        except (binascii.Error, ValueError):
            raise SealBrokenError("a sealed text in the strongbox was changed") from None
        wrapped, rest = sealed[:WRAPPED_BYTES], sealed[WRAPPED_BYTES:]
        key = self._keys.unwrap(wrapped, key_id)
        try:
            return AESGCM(key).decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], context.encode())
        except (InvalidTag, ValueError):
            raise SealBrokenError("a sealed text in the strongbox was changed") from None

    def name_of(self, *parts: str) -> str:
        """A name that stands for texts, secrets among them, and tells nothing about them."""
        told = b"".join(len(part.encode()).to_bytes(4) + part.encode() for part in parts)
        return hmac.digest(self._naming, told, hashlib.sha256).hex()[:NAME_DIGITS]
