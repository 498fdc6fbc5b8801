"""The ring of master keys: what wraps data keys, and the secret of the keyed hashes.

A ring is a short text, from a file or the environment, one item a line (or separated by commas):

    # comment
    lookup 3q2+7w...=        the secret of the keyed hashes; never rotated
    f0VMRg...=               the current master key: 32 random bytes in base64 (or 64 hex digits)
    AAECAw...=               an older one, which still unwraps

A single key on a line of its own, as `openssl rand -base64 32` prints it, is a whole ring: the
lookup secret is then derived from it. A ring of two keys has to name the lookup secret.

Why the lookup secret is apart from the keys: a person's keyed hash stands in the log for ever and
must be found again after any rotation. Deriving it from the current key would lose every person at
the first rotation, and deriving it from the oldest would lose them when that key is dropped.

What this deliberately does not do: take passphrases. A key that people can remember can be guessed
by whoever has a copy of the database, so what does not look random is refused.
"""

import base64
import binascii
import hashlib
import hmac
import os
import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final, NoReturn, Self

from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap,
    aes_key_wrap,
)

from ledger.errors import MasterKeyError, SealBrokenError
from ledger.sentences import Sentence

KEY_BYTES: Final = 32
MASTER_KEYS_MAX: Final = 16
RING_BYTES_MAX: Final = 16_384
DISTINCT_BYTES_MIN: Final = 16
"""Of 32 random bytes about 30 are distinct; below 16 is no accident (p < 1e-12)."""

MAKE_ONE: Final = Sentence("Make one with `openssl rand -base64 32`.")
_A_KEY: Final = Sentence("A master key")
_THE_LOOKUP: Final = Sentence("The lookup secret")

_HEX: Final = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_LOOKUP: Final = "lookup"

RandomBytes = Callable[[int], bytes]
"""Gives that many unpredictable bytes."""


class MasterKeys:
    """A ring of master keys; the first is current, all of them unwrap. Shows only key ids."""

    __slots__ = ("_keys", "_lookup")

    def __init__(self, keys: Sequence[bytes], lookup: bytes) -> None:
        """Make a ring of raw keys, newest first.

        Raises:
            MasterKeyError: none, too many, twice the same, or one that is not random enough.
        """
        if not 0 < len(keys) <= MASTER_KEYS_MAX:
            raise MasterKeyError(
                Sentence(
                    "The key ring has {keys} master keys; it may have 1 to {most}.",
                    keys=len(keys),
                    most=MASTER_KEYS_MAX,
                ),
                MAKE_ONE,
            )
        for key in keys:
            _refuse_weak(_A_KEY, key)
        _refuse_weak(_THE_LOOKUP, lookup)
        if len({*keys, lookup}) != len(keys) + 1:
            reason = Sentence("The key ring holds the same secret twice.")
            raise MasterKeyError(reason, Sentence("Keep each once."))
        self._keys = {_id_of(key): key for key in keys}
        self._lookup = lookup

    @classmethod
    def generate(cls, random_bytes: RandomBytes = os.urandom) -> Self:
        """Make a new ring of one key."""
        return cls([random_bytes(KEY_BYTES)], random_bytes(KEY_BYTES))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read a ring as the module's docstring shows it.

        Raises:
            MasterKeyError: what is wrong and what to do; never repeats what was read.
        """
        keys: list[bytes] = []
        lookups: list[bytes] = []
        if len(text) > RING_BYTES_MAX:
            raise MasterKeyError(Sentence("The key ring is too long to be one."), MAKE_ONE)
        for line in text.splitlines():
            for item in line.partition("#")[0].split(","):
                match item.split():
                    case []:
                        continue
                    case [secret]:
                        keys.append(_decode(_A_KEY, secret))
                    case [label, secret] if label == _LOOKUP:
                        lookups.append(_decode(_THE_LOOKUP, secret))
                    case _:
                        raise MasterKeyError(
                            Sentence(
                                "A line of the key ring is neither a key nor `lookup` and a secret."
                            ),
                            MAKE_ONE,
                        )
        if not keys:
            raise MasterKeyError(Sentence("The key ring is empty."), MAKE_ONE)
        if not lookups and len(keys) == 1:
            _refuse_weak(_A_KEY, keys[0])
            lookups = [_derived(keys[0], "lookup")]
        if len(lookups) != 1:
            raise MasterKeyError(
                Sentence(
                    "The key ring has {keys} master keys and {lookups} lookup secrets.",
                    keys=len(keys),
                    lookups=len(lookups),
                ),
                Sentence(
                    "A ring of several keys needs exactly one line `lookup <secret>`: the one the "
                    "ring had before; without it no person would be found again."
                ),
            )
        return cls(keys, lookups[0])

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read a ring from a file.

        Raises:
            MasterKeyError: also if the file is absent or cannot be read.
        """
        try:
            with path.open("rb") as file:
                text = file.read(RING_BYTES_MAX + 1).decode("ascii")
        except FileNotFoundError:
            raise MasterKeyError(
                Sentence("There is no master key file at {path}.", path=path),
                Sentence(
                    "Make one with `openssl rand -base64 32 > {name}` and keep a copy in a safe.",
                    name=path.name,
                ),
            ) from None
        except OSError as error:
            raise MasterKeyError(
                Sentence(
                    "The master key file {path} cannot be read ({error}).",
                    path=path,
                    error=error.strerror,
                ),
                Sentence("Give it to the account Cauri runs under, and to nobody else."),
            ) from None
        except UnicodeDecodeError:
            raise MasterKeyError(
                Sentence("The master key file {path} is not text.", path=path),
                Sentence("Keep keys in base64: `openssl rand -base64 32`."),
            ) from None
        return cls.from_text(text)

    def replace(self, path: Path) -> None:
        """Put the ring in the place of the one in a file, wholly or not at all."""
        beside = path.with_name(f"{path.name}.new")
        beside.unlink(missing_ok=True)  # of somebody who was killed before the next line but one
        self.write(beside)
        beside.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def write(self, path: Path) -> None:
        """Write the ring to a new file that only its owner can read.

        Raises:
            FileExistsError: a key file is never written over.
        """
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "w", encoding="ascii") as opened:
            opened.write(self.text())
            opened.flush()
            os.fsync(opened.fileno())

    def text(self) -> str:
        """The ring as `from_text` reads it. This is the secret itself: never log it."""
        lines = [f"{_LOOKUP} {_encode(self._lookup)}", *map(_encode, self._keys.values())]
        return "\n".join(lines) + "\n"

    def rotated(self, random_bytes: RandomBytes = os.urandom) -> Self:
        """The ring with a new current key; the old ones still unwrap, the lookup secret stays."""
        return type(self)([random_bytes(KEY_BYTES), *self._keys.values()], self._lookup)

    def retired(self, key_id: str) -> Self:
        """The ring without one of its former keys.

        Raises:
            MasterKeyError: it is the current one, or none of the ring's.
        """
        if key_id not in self.ids[1:]:
            raise MasterKeyError(
                Sentence("The ring has no former master key {key_id!r}.", key_id=key_id[:32]),
                Sentence("Look for its id with `cauri master-key list`."),
            )
        return type(self)([key for name, key in self._keys.items() if name != key_id], self._lookup)

    def adopt(self, newer: Self) -> bool:
        """Become another ring of the same deployment, for all who hold this one; whether it is new.

        Raises:
            MasterKeyError: its lookup secret is another one: nobody would be found again.
        """
        if not hmac.compare_digest(self._lookup, newer._lookup):
            raise MasterKeyError(
                Sentence("The new ring has another lookup secret."),
                Sentence("Keep the line `lookup <secret>` as it was."),
            )
        is_new = self.ids != newer.ids
        self._keys = newer._keys
        return is_new

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the keys, current first; an id tells nothing about its key."""
        return tuple(self._keys)

    def wrap(self, key: bytes) -> tuple[bytes, str]:
        """Wrap a data key (RFC 3394) under the current master key; with that key's id."""
        key_id, master = next(iter(self._keys.items()))
        return aes_key_wrap(master, key), key_id

    def wrap_anew(self, wrapped: bytes, master_key_id: str) -> tuple[bytes, str]:
        """Wrap a wrapped data key under the current master key; raises as `unwrap` does."""
        return self.wrap(self.unwrap(wrapped, master_key_id))

    def unwrap(self, wrapped: bytes, master_key_id: str) -> bytes:
        """Unwrap a data key.

        Raises:
            MasterKeyError: the ring does not hold that master key.
            SealBrokenError: the wrapped key was changed.
        """
        master = self._keys.get(master_key_id)
        if master is None:
            raise MasterKeyError(
                Sentence(
                    "A data key is wrapped under master key {key_id!r}, which the key ring does "
                    "not hold.",
                    key_id=master_key_id[:32],
                ),
                Sentence("Put that key back into the ring, below the current one."),
            )
        try:
            key = aes_key_unwrap(master, wrapped)
        except (InvalidUnwrap, ValueError):
            raise SealBrokenError("a wrapped data key was changed") from None
        if len(key) != KEY_BYTES:
            raise SealBrokenError("a wrapped data key was changed")
        return key

    def lookup_key(self, domain: str) -> bytes:
        """A key for keyed hashes of one domain; the same for as long as the lookup secret is."""
        return _derived(self._lookup, f"hash/{domain}")

    def __repr__(self) -> str:
        """Ids only: a ring may end up in a log line."""
        return f"MasterKeys(ids={self.ids})"

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled: that would write the keys down."""
        raise TypeError("master keys are not pickled or copied")


def _derived(key: bytes, purpose: str) -> bytes:
    return hmac.digest(key, b"cauri/v1/" + purpose.encode(), hashlib.sha256)


def _id_of(key: bytes) -> str:
    return _derived(key, "master key id")[:8].hex()


def _encode(key: bytes) -> str:
    return base64.b64encode(key).decode("ascii")


def _decode(what: Sentence, text: str) -> bytes:
    if _HEX.fullmatch(text):
        return bytes.fromhex(text)
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        key = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise MasterKeyError(Sentence("{what} is not base64.", what=what), MAKE_ONE) from None
    return key


def _refuse_weak(what: Sentence, key: bytes) -> None:
    """Refuse what no random generator gives; an exact test of randomness does not exist."""
    steps = {(after - before) % 256 for before, after in pairwise(key)}
    fault = None
    if len(key) != KEY_BYTES:
        fault = Sentence(
            "{what} has {size} bytes; exactly {needed} are needed.",
            what=what,
            size=len(key),
            needed=KEY_BYTES,
        )
    elif len(set(key)) < DISTINCT_BYTES_MIN or len(steps) < DISTINCT_BYTES_MIN // 2:
        fault = Sentence("{what} repeats a pattern; it is not random.", what=what)
    elif all(32 <= byte < 127 for byte in key):
        fault = Sentence("{what} is readable text in disguise; it is not random.", what=what)
    if fault is not None:
        raise MasterKeyError(fault, MAKE_ONE)
