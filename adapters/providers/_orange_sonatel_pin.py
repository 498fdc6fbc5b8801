"""The retailer's PIN, sealed: a part of `adapters.providers.orange_sonatel`.

Sonatel wants a PIN as base64 of RSA (PKCS #1 v1.5) under a public key of its own, which it gives at
`/api/account/v1/publicKeys` and may revoke at any time. A key is fetched once and kept until
Sonatel says that it was revoked.

The padding is drawn at random by the cryptographic library, as it must be: equal PINs do not look
equal. The clear PIN is in no request, transcript or error.
"""

import base64
import binascii
from collections.abc import Awaitable, Callable
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from adapters.answer import Answer, AnswerUnreadableError, NotSentError, TransportError
from adapters.providers._orange_sonatel_answers import code_of
from adapters.providers._orange_sonatel_codes import KEY_REVOKED

KEY_BITS_MIN: Final = 2048


class PinSeal:
    """Seals one PIN under the provider's present key."""

    def __init__(self, fetch: Callable[[], Awaitable[Answer]]) -> None:
        """Make a seal without a key; `fetch` asks for one and raises TransportError."""
        self._fetch = fetch
        self._key: RSAPublicKey | None = None

    async def key(self) -> RSAPublicKey:
        """Return the present key.

        Raises:
            NotSentError: there is none to be had; whatever needed it was not sent.
        """
        if self._key is None:
            try:
                self._key = parse_key(await self._fetch())
            except TransportError as error:
                raise NotSentError(f"no key for the PIN: {error.reason}") from None
        return self._key

    async def send(self, pin: str, post: Callable[[str], Awaitable[Answer]]) -> Answer:
        """Post what holds the sealed PIN; once more under a fresh key if the key was revoked.

        Raises:
            NotSentError: there is no key to be had, or what `post` raises.
        """
        answer: Answer | None = None
        for _ in range(2):
            key = await self.key()
            answer = await post(seal(key, pin))
            if answer.status >= 500 or code_of(answer) != KEY_REVOKED:
                break
            self.discard(key)
        assert answer is not None
        return answer

    def discard(self, key: RSAPublicKey) -> None:
        """Forget a key that was revoked; one that was fetched meanwhile is kept."""
        if key is self._key:
            self._key = None


def seal(key: RSAPublicKey, pin: str) -> str:
    """Seal a PIN: base64, 344 characters under a key of 2048 bits."""
    return base64.b64encode(key.encrypt(pin.encode(), PKCS1v15())).decode()


def parse_key(answer: Answer) -> RSAPublicKey:
    """Read a public key; raises AnswerUnreadableError for whatever is none."""
    try:
        text = answer.json_object().get("key") if answer.status == 200 else None
        key = load_der_public_key(base64.b64decode(str(text), validate=True))
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        raise AnswerUnreadableError(f"status {answer.status} without a key") from None
    if not isinstance(key, RSAPublicKey) or key.key_size < KEY_BITS_MIN:
        raise AnswerUnreadableError(f"status {answer.status} with a key that will not do")
    return key
