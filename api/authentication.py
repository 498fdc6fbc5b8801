"""Authentication: an API key's text, who it stands for, and a short memory of both.

A merchant's key is `ck_<mode>_merchant_<key id>_<secret>`, any other `ck_<role>_<key id>_<secret>`:
mode and role are readable so that a person sees what he holds, the id finds the key's stream, the
secret is 32 random bytes in base64url. The ledger knows only the secret's SHA-256; the comparison
takes the same time for every wrong secret. Keys of merchants that say no mode are of before keys
had one, and are of the deployment's own.

A key is looked up by folding its own stream, so one that was issued a moment ago by another
process is honoured at once. The answer is remembered for `keys_cached_seconds`, and forgotten when
the log says that the key was revoked or rotated: `watch` is shown every batch that the process
reads of the log, whoever appended it, and `forget` is called by who revokes here. So a revoked key
ends at once here, and in other processes as soon as they have read of it, a tenth of a second
later; only where the log cannot be read does it live as long as it is remembered.

Why not the keys projection: it may lag or stand still, and a merchant must be able to take
payments as long as the log can be written. Why not a look at the log for every request: it would
cost as much as the request's own work.

Which role may do what stands with each route (`api.routes`), not here.
"""

import hashlib
import hmac
import secrets
import time
from base64 import urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Literal, NamedTuple, get_args

from api.errors import UNAUTHENTICATED, Place, ProblemError
from ledger import events, merchant
from ledger.entry import RecordedEvent
from ledger.identity import Mode
from ledger.sentences import Sentence, explained
from ledger.store import Clock, EventStore

Role = Literal["merchant", "accountant", "auditor", "operator", "admin"]

ROLES: Final[frozenset[Role]] = frozenset(get_args(Role))
MODES: Final[frozenset[Mode]] = frozenset(get_args(Mode))
SECRET_BYTES: Final = 32
KEY_CHARACTERS_MAX: Final = 200
"""Longer texts are no keys and are not looked at."""

_MODES: Final = frozenset(f"{mode}_" for mode in MODES)
CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="cauri"'}
"""What an answer without a valid key says of how one is sent."""


class Identity(NamedTuple):
    """Who is asking."""

    key_id: str
    role: Role
    merchant_id: str | None
    country: str | None
    """The merchant's country: the default for its payers' national numbers."""
    mode: Mode | None = None
    """What a merchant's key moves money for; None: a role that moves none, and sees both."""

    @property
    def actor(self) -> str:
        """The name under which the log says who asked."""
        return f"merchant:{self.merchant_id}" if self.merchant_id else f"key:{self.key_id}"

    def may_see(self, merchant_id: str | None, mode: Mode | None = None) -> bool:
        """Whether what belongs to this merchant, and is of this mode if any, may be shown."""
        if self.role != "merchant":
            return True
        return self.merchant_id == merchant_id and mode in {None, self.mode}


class NewKey(NamedTuple):
    """A key just made: `text` is shown once, `secret_digest` is what the ledger keeps."""

    key_id: str
    text: str
    secret_digest: str


def new_key(
    role: Role,
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    *,
    mode: Mode | None = None,
) -> NewKey:
    """Make a key from fresh random bytes; `mode` is for merchants' keys."""
    key_id = random_bytes(8).hex()
    secret = urlsafe_b64encode(random_bytes(SECRET_BYTES)).decode().rstrip("=")
    return NewKey(key_id, f"ck_{_kind(role, mode)}_{key_id}_{secret}", digest_of(secret))


def _kind(role: Role, mode: Mode | None) -> str:
    return f"{mode}_{role}" if mode else role


def digest_of(secret: str) -> str:
    """What the ledger keeps of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


class _Remembered(NamedTuple):
    identity: Identity
    opening: str
    """The key's text up to its secret."""
    secret_digest: bytes
    until_seconds: float
    ends_at: datetime | None


class Authenticator:
    """Finds who stands behind an `Authorization` header.

    Args:
        store: the log.
        clock: the present time, for keys that end.
        default_mode: the deployment's own; see `Settings.default_mode`.
        note_use: told the id of every key that was honoured.
        cached_max: how many keys are remembered.
        cached_seconds: for how long.
        monotonic: the time by which that is measured.
    """

    def __init__(
        self,
        store: EventStore,
        *,
        clock: Clock,
        default_mode: Mode,
        note_use: Callable[[str], None],
        cached_max: int,
        cached_seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._clock, self._default_mode = store, clock, default_mode
        self._note_use = note_use
        self._cached_max, self._cached_seconds = cached_max, cached_seconds
        self._monotonic = monotonic
        self._cache: OrderedDict[str, _Remembered] = OrderedDict()
        self._forgotten = 0
        """How often something was forgotten: what was read before that is not remembered."""

    async def identify(self, authorization: str | None) -> Identity:
        """Say who asks.

        Raises:
            ProblemError: no key, no such key, a wrong secret, or one that is revoked or has ended;
                all alike.
        """
        scheme, _, text = (authorization or "").partition(" ")
        text = text.strip()
        # The secret's own alphabet has the separator in it, so it is counted from the left.
        steps = 4 if text[3:8] in _MODES else 3
        parts = text.split("_", steps)
        if scheme.lower() != "bearer" or len(text) > KEY_CHARACTERS_MAX or len(parts) <= steps:
            if text.startswith("ck_"):
                raise _refused(
                    Sentence("The key in the header is not whole."),
                    Sentence("Send it as it was shown, to its last character."),
                )
            raise _refused(
                Sentence("The header holds no key."),
                Sentence("Send your key as `Authorization: Bearer ck_...`."),
            )
        remembered = await self._find(parts[-2])
        if (
            remembered is None
            or not text.startswith(remembered.opening)
            or not hmac.compare_digest(digest_of(parts[-1]).encode(), remembered.secret_digest)
        ):
            raise _refused(
                Sentence("This key is unknown or revoked."),
                Sentence("Ask the operator of the ledger for a new one."),
            )
        self._note_use(parts[-2])
        return remembered.identity

    def watch(self, batch: Sequence[RecordedEvent]) -> None:
        """Forget what the next events of the log say has ended."""
        for recorded in batch:
            event = recorded.event
            if isinstance(event, events.KeyRevoked | events.KeyRotated):
                self.forget(event.key_id)

    def forget(self, key_id: str) -> None:
        """Look a key up anew when it is next presented."""
        self._forgotten += 1
        self._cache.pop(key_id, None)

    def forget_all(self) -> None:
        """Look every key up anew: something in the log went by unseen."""
        self._forgotten += 1
        self._cache.clear()

    async def _find(self, key_id: str) -> _Remembered | None:
        now_seconds = self._monotonic()
        remembered = self._cache.get(key_id)
        if (
            remembered is not None
            and now_seconds < remembered.until_seconds
            and (remembered.ends_at is None or self._clock() < remembered.ends_at)
        ):
            return remembered
        self._cache.pop(key_id, None)
        forgotten = self._forgotten
        found = await self._look_up(key_id, now_seconds + self._cached_seconds)
        # Where a key was revoked while this one was read, it may be this one, read too early.
        if found is not None and forgotten == self._forgotten:
            self._cache[key_id] = found
            while len(self._cache) > self._cached_max:
                self._cache.popitem(last=False)
        return found

    async def _look_up(self, key_id: str, until_seconds: float) -> _Remembered | None:
        if not key_id.isascii() or not key_id.isalnum():
            return None
        account = await self._fold(merchant.key_stream(key_id))
        key = account.key
        if key is None or not account.is_good(self._clock()):
            return None
        country = mode = None
        if key.merchant_id is not None:
            mode = key.mode or self._default_mode
            if mode != "test" and self._default_mode == "test":
                # A log that came from production: nothing here may be taken for real money.
                return None
            owner = await self._fold(merchant.merchant_stream(key.merchant_id))
            country = owner.merchant.country if owner.merchant else None
        return _Remembered(
            Identity(key_id, key.role, key.merchant_id, country, mode),
            f"ck_{_kind(key.role, key.mode)}_{key_id}_",
            key.secret_digest.encode(),
            until_seconds,
            account.ends_at,
        )

    async def _fold(self, stream: str) -> merchant.Account:
        account = merchant.INITIAL
        for recorded in await self._store.read_stream(stream):
            account = merchant.evolve(account, recorded.event)
        return account


def _refused(reason: Sentence, remedy: Sentence) -> ProblemError:
    place = Place("header", "Authorization", reason, remedy)
    return ProblemError(UNAUTHENTICATED, explained(reason, remedy), [place], CHALLENGE)
