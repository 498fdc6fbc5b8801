"""Authentication: an API key's text, who it stands for, and a short memory of both.

A key is `ck_<role>_<key id>_<secret>`: the role is readable so that a person sees what he holds,
the id finds the key's stream, the secret is 32 random bytes in base64url. The ledger knows only
the secret's SHA-256; the comparison takes the same time for every wrong secret.

A key is looked up by folding its own stream, so one that was issued a moment ago by another
process is honoured at once; the answer is remembered for `keys_cached_seconds`, which is also the
longest a revoked key lives on.

Why not the keys projection: it may lag or stand still, and a merchant must be able to take
payments as long as the log can be written.

Which role may do what stands with each route (`api.routes`), not here.
"""

import hashlib
import hmac
import secrets
import time
from base64 import urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Literal, NamedTuple, get_args

from api.errors import UNAUTHENTICATED, Place, ProblemError
from ledger import merchant
from ledger.sentences import Sentence, explained
from ledger.store import EventStore

Role = Literal["merchant", "accountant", "auditor", "operator", "admin"]

ROLES: Final[frozenset[Role]] = frozenset(get_args(Role))
SECRET_BYTES: Final = 32
KEY_CHARACTERS_MAX: Final = 200
"""Longer texts are no keys and are not looked at."""

_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="cauri"'}


class Identity(NamedTuple):
    """Who is asking."""

    key_id: str
    role: Role
    merchant_id: str | None
    country: str | None
    """The merchant's country: the default for its payers' national numbers."""

    @property
    def actor(self) -> str:
        """The name under which the log says who asked."""
        return f"merchant:{self.merchant_id}" if self.merchant_id else f"key:{self.key_id}"

    def may_see(self, merchant_id: str) -> bool:
        """Whether what belongs to this merchant may be shown."""
        return self.role != "merchant" or self.merchant_id == merchant_id


class NewKey(NamedTuple):
    """A key just made: `text` is shown once, `secret_digest` is what the ledger keeps."""

    key_id: str
    text: str
    secret_digest: str


def new_key(role: Role, random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> NewKey:
    """Make a key from fresh random bytes."""
    key_id = random_bytes(8).hex()
    secret = urlsafe_b64encode(random_bytes(SECRET_BYTES)).decode().rstrip("=")
    return NewKey(key_id, f"ck_{role}_{key_id}_{secret}", digest_of(secret))


def digest_of(secret: str) -> str:
    """What the ledger keeps of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


class _Remembered(NamedTuple):
    identity: Identity
    secret_digest: str
    until_seconds: float


class Authenticator:
    """Finds who stands behind an `Authorization` header."""

    def __init__(
        self,
        store: EventStore,
        *,
        cached_max: int,
        cached_seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._cached_max, self._cached_seconds = cached_max, cached_seconds
        self._monotonic = monotonic
        self._cache: OrderedDict[str, _Remembered] = OrderedDict()

    async def identify(self, authorization: str | None) -> Identity:
        """Say who asks.

        Raises:
            ProblemError: no key, no such key, a wrong secret, or a revoked key; all alike.
        """
        scheme, _, text = (authorization or "").partition(" ")
        parts = text.strip().split("_", 3)
        if scheme.lower() != "bearer" or len(text) > KEY_CHARACTERS_MAX or len(parts) != 4:
            raise _refused(
                Sentence("The header holds no key."),
                Sentence("Send your key as `Authorization: Bearer ck_...`."),
            )
        prefix, role, key_id, secret = parts
        remembered = await self._find(key_id)
        if (
            remembered is None
            or prefix != "ck"
            or role != remembered.identity.role
            or not hmac.compare_digest(
                digest_of(secret).encode(), remembered.secret_digest.encode()
            )
        ):
            raise _refused(
                Sentence("This key is unknown or revoked."),
                Sentence("Ask the operator of the ledger for a new one."),
            )
        return remembered.identity

    async def _find(self, key_id: str) -> _Remembered | None:
        now_seconds = self._monotonic()
        remembered = self._cache.get(key_id)
        if remembered is not None and now_seconds < remembered.until_seconds:
            return remembered
        self._cache.pop(key_id, None)
        found = await self._look_up(key_id, now_seconds + self._cached_seconds)
        if found is not None:
            self._cache[key_id] = found
            while len(self._cache) > self._cached_max:
                self._cache.popitem(last=False)
        return found

    async def _look_up(self, key_id: str, until_seconds: float) -> _Remembered | None:
        if not key_id.isascii() or not key_id.isalnum():
            return None
        account = await self._fold(merchant.key_stream(key_id))
        if account.key is None or account.is_revoked:
            return None
        country = None
        if account.key.merchant_id is not None:
            owner = await self._fold(merchant.merchant_stream(account.key.merchant_id))
            country = owner.merchant.country if owner.merchant else None
        identity = Identity(key_id, account.key.role, account.key.merchant_id, country)
        return _Remembered(identity, account.key.secret_digest, until_seconds)

    async def _fold(self, stream: str) -> merchant.Account:
        account = merchant.INITIAL
        for recorded in await self._store.read_stream(stream):
            account = merchant.evolve(account, recorded.event)
        return account


def _refused(reason: Sentence, remedy: Sentence) -> ProblemError:
    place = Place("header", "Authorization", reason, remedy)
    return ProblemError(UNAUTHENTICATED, explained(reason, remedy), [place], _CHALLENGE)
