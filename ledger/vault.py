"""The vault: personal data sealed under keys that can be destroyed.

Envelope encryption: a *subject* (a person, a raw webhook) owns data keys of 256 random bits; text is
sealed with AES-256-GCM under one of them; the data key itself is wrapped (RFC 3394) by the master
key and lies in a table beside the log. Destroying a subject's rows makes everything sealed for it
unreadable for ever, while every entry, hash and proof stays as it was.

The trick: sealing never reads the database. A data key that is in the cache is used; otherwise a
new one is made and handed out as `Sealed.new_key`, which the caller gives to the event store *in the
same append* as the sealed text. So a subject may own several keys, two processes never race for
one, and no sealed text is ever durable without its key. A new key enters the cache only by
`remember`, after that append succeeded: otherwise a failed append would leave later texts without
their key.

Searching without reading: `person` and `digest` are keyed hashes, so nobody without the master key
can try out all phone numbers.

It does no SQL, and does not erase by itself: that is `EventStore.destroy_subject` plus `forget`.
"""

import base64
import hashlib
import hmac
import os
import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from ledger.errors import ErasedError, MasterKeyError, SealBrokenError
from ledger.store import DataKey

MASTER_KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
CACHE_KEYS_MAX: Final = 10_000
"""How many data keys are kept unwrapped in the process."""

SEALS_PER_KEY_MAX: Final = 1_000_000
"""Random 96-bit nonces are safe far beyond this; one person never comes near it."""

_LINE: Final = re.compile(r"([a-z0-9][a-z0-9-]{0,31}) ([A-Za-z0-9+/_=-]{40,})")
_REMEDY: Final = "Make one with `cauri keys master`, and keep it outside the database."


class KeyStore(Protocol):
    """Where wrapped data keys lie; the event store is one."""

    async def data_keys(self, key_ids: Sequence[str]) -> dict[str, DataKey]:
        """The data keys that exist, by id."""


class Sealed(NamedTuple):
    """Sealed text, and the data key that must become durable with it, if it is a new one."""

    text: str
    new_key: DataKey | None


class _Ring(NamedTuple):
    name: str
    wrapping: bytes


class MasterKeys:
    """The ring of master keys: the first seals, all of them open.

    Written as lines `<name> <base64 of 32 bytes>`. Keyed hashes use the *last* line's key, the
    oldest: a new master key is put in front, and what was hashed stays findable.
    """

    def __init__(self, keys: Sequence[tuple[str, bytes]]) -> None:
        """Take the keys, newest first.

        Raises:
            MasterKeyError: none, a short or a weak one, or a name twice.
        """
        if not keys:
            raise MasterKeyError("There is no master key.", _REMEDY)
        if len({name for name, _ in keys}) != len(keys):
            raise MasterKeyError("Two master keys have one name.", "Give every key its own name.")
        for name, key in keys:
            if len(key) != MASTER_KEY_BYTES or len(set(key)) < MASTER_KEY_BYTES // 2:
                raise MasterKeyError(
                    f"Master key {name!r} is not {MASTER_KEY_BYTES} random bytes.", _REMEDY
                )
        self._ring = {name: _Ring(name, _derive(key, b"cauri wrapping")) for name, key in keys}
        self.current = keys[0][0]
        self.search = _derive(keys[-1][1], b"cauri search")

    def __repr__(self) -> str:
        """Names only: key material never reaches a log."""
        return f"MasterKeys({', '.join(self._ring)})"

    @classmethod
    def from_text(cls, text: str) -> "MasterKeys":
        """Read a ring from its lines; a single bare base64 key is named `main`.

        Raises:
            MasterKeyError: says which line is wrong, never what it holds.
        """
        keys: list[tuple[str, bytes]] = []
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        for number, line in enumerate(lines, start=1):
            match = _LINE.fullmatch(line if " " in line else f"main {line}")
            try:
                if match is None:
                    raise ValueError
                key = base64.b64decode(match[2].replace("-", "+").replace("_", "/"), validate=True)
            except ValueError:
                raise MasterKeyError(
                    f"Line {number} of the master key is not `<name> <base64 of 32 bytes>`.",
                    _REMEDY,
                ) from None
            keys.append((match[1], key))
        return cls(keys)

    @classmethod
    def from_file(cls, path: Path) -> "MasterKeys":
        """Read a ring from a file.

        Raises:
            MasterKeyError: the file is missing, unreadable, or holds no ring.
        """
        try:
            return cls.from_text(path.read_text(encoding="ascii"))
        except (OSError, UnicodeDecodeError) as error:
            raise MasterKeyError(
                f"The master key file {path} cannot be read ({type(error).__name__}).", _REMEDY
            ) from None

    @staticmethod
    def generate(name: str = "main", random_bytes: Callable[[int], bytes] = os.urandom) -> str:
        """The text of a new ring of one key, to be kept in a file or an environment variable."""
        return f"{name} {base64.b64encode(random_bytes(MASTER_KEY_BYTES)).decode()}\n"

    def wrap(self, data_key: bytes) -> bytes:
        """Wrap a data key under the current master key (RFC 3394)."""
        return aes_key_wrap(self._ring[self.current].wrapping, data_key)

    def unwrap(self, key: DataKey) -> bytes:
        """Unwrap a data key.

        Raises:
            SealBrokenError: its master key is not in the ring, or it was changed.
        """
        ring = self._ring.get(key.master_key_id)
        if ring is None:
            raise SealBrokenError(f"master key {key.master_key_id!r} is not in the ring")
        try:
            return aes_key_unwrap(ring.wrapping, key.wrapped)
        except (InvalidUnwrap, ValueError):
            raise SealBrokenError(
                "a wrapped data key does not open: it was changed, or the master key is another"
            ) from None


class _Cached:
    __slots__ = ("cipher", "key_id", "subject", "uses")

    def __init__(self, key_id: str, subject: str, cipher: AESGCM) -> None:
        self.key_id, self.subject, self.cipher, self.uses = key_id, subject, cipher, 0


class Vault:
    """Seals and opens; see the module's docstring for the law of `new_key` and `remember`."""

    def __init__(
        self,
        master: MasterKeys,
        keys: KeyStore,
        *,
        random_bytes: Callable[[int], bytes] = os.urandom,
        cached_max: int = CACHE_KEYS_MAX,
    ) -> None:
        self._master, self._keys = master, keys
        self._random_bytes, self._cached_max = random_bytes, cached_max
        self._by_id: OrderedDict[str, _Cached] = OrderedDict()
        self._by_subject: dict[str, _Cached] = {}
        self._fresh: OrderedDict[str, _Cached] = OrderedDict()

    def person(self, e164: str) -> str:
        """The keyed hash by which a person is known: `person-` and 32 hex digits."""
        return f"person-{self.digest('person', e164.encode())[:32]}"

    def digest(self, purpose: str, value: bytes) -> str:
        """A keyed hash, 64 hex digits; equal values of different purposes differ."""
        message = purpose.encode() + b"\x00" + value
        return hmac.digest(self._master.search, message, hashlib.sha256).hex()

    def seal(self, subject: str, plaintext: bytes, *, context: str) -> Sealed:
        """Seal bytes for a subject; `context` must be given again to open them.

        The text is `<key id>.<base64url of nonce and ciphertext>`.
        """
        cached = self._by_subject.get(subject)
        new_key = None
        if cached is None or cached.uses >= SEALS_PER_KEY_MAX:
            data_key = self._random_bytes(32)
            cached = _Cached(self._random_bytes(12).hex(), subject, AESGCM(data_key))
            new_key = DataKey(
                cached.key_id, subject, self._master.wrap(data_key), self._master.current
            )
            self._fresh[cached.key_id] = cached
            if len(self._fresh) > self._cached_max:
                self._fresh.popitem(last=False)
        cached.uses += 1
        nonce = self._random_bytes(NONCE_BYTES)
        ciphertext = cached.cipher.encrypt(nonce, plaintext, context.encode())
        body = base64.urlsafe_b64encode(nonce + ciphertext).decode()
        return Sealed(f"{cached.key_id}.{body}", new_key)

    def remember(self, key: DataKey) -> None:
        """Say that a new data key is durable: from now on it may seal for its subject again."""
        cached = self._fresh.pop(key.key_id, None)
        if cached is not None:
            self._cache(cached)

    async def open(self, text: str, *, context: str) -> bytes:
        """Open sealed text.

        Raises:
            ErasedError: the data key was destroyed.
            SealBrokenError: the text was changed, or was sealed in another context.
        """
        key_id, dot, body = text.partition(".")
        cached = self._by_id.get(key_id)
        if cached is None:
            found = await self._keys.data_keys([key_id])
            if key_id not in found:
                raise ErasedError("the key of this text was destroyed: the person was erased")
            key = found[key_id]
            cached = _Cached(key_id, key.subject, AESGCM(self._master.unwrap(key)))
            self._cache(cached)
        else:
            self._by_id.move_to_end(key_id)
        try:
            sealed = base64.urlsafe_b64decode(body.encode("ascii"))
            nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
            return cached.cipher.decrypt(nonce, ciphertext, context.encode())
        except (InvalidTag, ValueError):
            raise SealBrokenError(
                "the sealed text was changed, or belongs to another context"
            ) from None

    def forget(self, subject: str) -> None:
        """Drop a subject's keys from the process, after they were destroyed in the store."""
        for cached in [one for one in self._by_id.values() if one.subject == subject]:
            del self._by_id[cached.key_id]
        self._by_subject.pop(subject, None)

    def _cache(self, cached: _Cached) -> None:
        self._by_id[cached.key_id] = cached
        self._by_subject[cached.subject] = cached
        if len(self._by_id) > self._cached_max:
            _, oldest = self._by_id.popitem(last=False)
            if self._by_subject.get(oldest.subject) is oldest:
                del self._by_subject[oldest.subject]


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose).derive(key)
