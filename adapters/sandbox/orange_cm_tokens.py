"""payTokens of the Orange Cameroon sandbox: MP, a date, and twenty capitals and digits.

The trick: one that has not been paid is kept nowhere. It carries its product, its birth and a
signature, so one that was given before a restart is as good after it.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

PREFIXES: Final[Mapping[str, str]] = {"mp": "MP", "cashin": "CI"}
"""Product -> the first two letters. MP was seen; the other one is ours."""

_BIRTH: Final = slice(8, 16)
_DICE: Final = slice(16, 22)
_SIGNED: Final = slice(8, 22)
_SIGNATURE: Final = slice(22, None)


class PayTokens:
    """Gives payTokens and knows them again."""

    def __init__(self, secret: str, *, clock: Callable[[], datetime]) -> None:
        self._secret, self._clock = secret.encode(), clock

    def give(self, product: str) -> str:
        """Make one for a movement of a product, `mp` or `cashin`."""
        now = self._clock().astimezone(UTC)
        signed = f"{int(now.timestamp()):08X}{secrets.token_hex(3).upper()}"
        return f"{PREFIXES[product]}{now:%y%m%d}{signed}{self._signature(product, signed)}"

    def is_given(self, product: str, pay_token: str) -> bool:
        """Whether it was given, and for this product."""
        expected = self._signature(product, pay_token[_SIGNED])
        given = pay_token[_SIGNATURE].encode(errors="replace")
        return pay_token.startswith(PREFIXES[product]) and hmac.compare_digest(
            given, expected.encode()
        )

    def age_seconds(self, pay_token: str) -> float:
        """How long ago it was given."""
        return self._clock().timestamp() - int(pay_token[_BIRTH], 16)

    def facts_of(self, pay_token: str) -> dict[str, object]:
        """The fields of its transaction that are there whatever becomes of it."""
        return {
            "id": 48_000_000 + int(pay_token[_DICE], 16),
            "createtime": str(int(pay_token[_BIRTH], 16)),
            "payToken": pay_token,
        }

    def _signature(self, product: str, signed: str) -> str:
        text = f"{product}\0{signed}".encode(errors="replace")
        return hmac.digest(self._secret, text, hashlib.sha256).hex()[:6].upper()
