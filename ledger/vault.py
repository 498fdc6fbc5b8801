"""The vault: what must not stand in the log in clear is sealed here, and nowhere else.

Envelope encryption. Every sealed text is AES-256-GCM under a *data key* that belongs to one subject
(a person, or one raw webhook); data keys are wrapped (RFC 3394) by a master key that is held
outside the database, and kept as rows beside the log. Destroying a subject's rows makes all its
sealed texts unreadable for ever, in every copy of the log, while the log itself, and every proof
over it, stays as it is.

    text = <key id> "." base64url(nonce of 12 bytes, ciphertext, tag of 16 bytes), without padding

The key id, the subject and a context (the payment, the webhook) are bound to the text as additional
data: a text moved to another place does not open, nor does one whose key was given to another.

The trick: `seal` never reads the store. It makes a new data key and returns it, to be inserted *in
the same transaction* as the events that carry the text. So a subject may own many keys, and all are
destroyed together.

Why every text of a person has a key of its own, and none that is remembered: between sealing and
the append the person may be forgotten, by this process or another one. Under an earlier key the
text would be in the log and its key nowhere, and a payment would be born that nobody can carry out.
A new key comes with its event: whoever pays after an erasure has come back. Looking in front of
every write whether an earlier key is still there would cost more than the row, and leave a gap.

What is no person's (`is_shared`: the calls of a provider that are about nobody) may go under one
key for a while: after `remember`, for the append that should have made it durable may fail; and for
`REMEMBERED_SECONDS_MAX`, which keeps the number of texts under one key far below the 2^32 at which
random nonces of AES-GCM stop being safe (NIST SP 800-38D, section 8.3). What is remembered in order
to open is forgotten as soon, because another process may have erased the subject.

People are found by a keyed hash, `person`, which is the same for ever. Whoever holds the ring and
guesses a number can confirm the guess, even after the person was erased; nobody else can.

What this deliberately does not do: write anything, log anything, or put any part of a key or of a
plaintext into an error or a `repr`.
"""

import binascii
import hashlib
import hmac
import os
import time
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Final, NamedTuple, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.errors import ErasedError, SealBrokenError
from ledger.store import PAGE_MAX, DataKey, Speaks
from ledger.vault_master import KEY_BYTES, MasterKeys, RandomBytes
from ledger.vault_remembered import Remembered, Remembering

__all__ = ["DataKey", "KeyStore", "MasterKeys", "Sealed", "Vault"]

NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
KEY_ID_BYTES: Final = 12
KEY_ID_CHARACTERS: Final = 16

PLAINTEXT_BYTES_MAX: Final = 1_048_576
"""A bound on one plaintext; what goes into the log is bounded far below, by the entry."""

REMEMBERED_MAX: Final = 4096
"""How many data keys each cache holds; the longest unused goes first."""

REMEMBERED_SECONDS_MAX: Final = 60.0
"""How long a process may go on with a key that another process has destroyed."""

BESIDE_MAX: Final = 4
"""How many things lie beside one remembered key."""

PERSON_DIGITS: Final = 32
"""Hexadecimal digits of a person's hash: 128 bits."""


def key_id_of(text: str) -> str:
    """Which data key a sealed text needs."""
    return text.partition(".")[0]


class KeyStore(Protocol):
    """Where data keys are kept; every `ledger.store.EventStore` is one."""

    async def data_keys(self, key_ids: Sequence[str]) -> dict[str, DataKey]:
        """Give the data keys that exist, by id."""

    async def destroy_subject(self, subject: str) -> int:
        """Destroy every data key of a subject; how many there were."""

    async def destroy_subjects(self, subjects: Sequence[str]) -> int:
        """Destroy every data key of some subjects; how many there were."""

    async def destroy_subject_unless(self, subject: str, after: int, speaks: Speaks) -> int | None:
        """Destroy every data key of a subject, unless something came; None where it did."""


class Sealed(NamedTuple):
    """A sealed text; `new_key`, if there is one, has to be appended together with it."""

    text: str
    new_key: DataKey | None


class Vault:
    """Seals, opens, hashes. One for each process; not for use by several threads at once.

    Args:
        master: the ring of master keys.
        keys: where data keys are read and destroyed.
        random_bytes: the source of keys, key ids and nonces.
        monotonic: seconds that never go back, for the age of what is remembered.
        remembered_max: how many keys each cache holds.
        refresh: brings the ring up to date, where somebody else may have rotated it.
    """

    def __init__(
        self,
        master: MasterKeys,
        keys: KeyStore,
        *,
        random_bytes: RandomBytes = os.urandom,
        monotonic: Callable[[], float] = time.monotonic,
        remembered_max: int = REMEMBERED_MAX,
        refresh: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._master, self._refresh = master, refresh
        self._store = keys
        self._random_bytes = random_bytes
        self._monotonic = monotonic
        # Begun once and copied for each value: to set a key up takes longer than to hash a number.
        self._person_hash = hmac.new(master.lookup_key("person"), digestmod=hashlib.sha256)
        self._digest_hash = hmac.new(master.lookup_key("digest"), digestmod=hashlib.sha256)
        self._sealing = Remembering(remembered_max)  # by subject: durable shared keys of our own
        self._opening = Remembering(remembered_max)  # by key id: durable ones, of any process
        self._unproven = Remembering(remembered_max)  # by key id: made, not yet reported durable
        self._erasures = 0

    def person(self, e164: str) -> str:
        """The name of a person in the log: a keyed hash of the number.

        Args:
            e164: the number with `+` and country code, no spaces.

        Returns:
            `person-` and 32 hexadecimal digits; the same after any rotation of the master key.
        """
        keyed = self._person_hash.copy()
        keyed.update(e164.encode())
        return f"person-{keyed.hexdigest()[:PERSON_DIGITS]}"

    def digest(self, purpose: str, value: bytes) -> str:
        """A keyed hash (HMAC-SHA256) of a value, as 64 hexadecimal digits.

        The same value has unrelated digests under two purposes. Compare digests of secrets with
        `hmac.compare_digest`.
        """
        if "\0" in purpose:
            raise ValueError("a purpose may not contain NUL")
        keyed = self._digest_hash.copy()
        keyed.update(purpose.encode() + b"\0" + value)
        return keyed.hexdigest()

    def seal(
        self, subject: str, plaintext: bytes, *, context: str, is_shared: bool = False
    ) -> Sealed:
        """Seal a plaintext so that it opens for this context, while the subject is not erased.

        Args:
            subject: whose it is: what is erased together.
            plaintext: at most `PLAINTEXT_BYTES_MAX` bytes.
            context: where it belongs; `open` has to be given the same.
            is_shared: whether one key may do for many texts of the subject; no person's.

        Returns:
            The text, and the new data key if one was made: append it in the same transaction, then
            call `remember`.
        """
        if len(plaintext) > PLAINTEXT_BYTES_MAX:
            raise ValueError(f"at most {PLAINTEXT_BYTES_MAX} bytes are sealed at once")
        known = self._sealing.fresh(subject, self._monotonic()) if is_shared else None
        if known is not None:
            nonce = self._random_bytes(NONCE_BYTES)
            return Sealed(_sealed(known, nonce, plaintext, context), None)
        drawn = self._random_bytes(KEY_BYTES + NONCE_BYTES + KEY_ID_BYTES)
        key = drawn[:KEY_BYTES]
        nonce = drawn[KEY_BYTES : KEY_BYTES + NONCE_BYTES]
        key_id = _encode(drawn[KEY_BYTES + NONCE_BYTES :])
        wrapped, master_key_id = self._master.wrap(key)
        made = Remembered(key_id, subject, AESGCM(key), 0.0, {}, is_shared)
        self._unproven.put(key_id, made)
        new_key = DataKey(key_id, subject, wrapped, master_key_id)
        return Sealed(_sealed(made, nonce, plaintext, context), new_key)

    async def seal_beside(self, text: str, plaintext: bytes, *, context: str) -> str:
        """Seal a plaintext under the data key of another sealed text, with which it is erased.

        No key is made, so nothing can be sealed in this way for somebody who was erased.

        Raises:
            ErasedError: the key of `text` does not exist any more.
            MasterKeyError: it is wrapped under a master key the ring does not hold.
        """
        if len(plaintext) > PLAINTEXT_BYTES_MAX:
            raise ValueError(f"at most {PLAINTEXT_BYTES_MAX} bytes are sealed at once")
        key_id = text.partition(".")[0]
        known = self._opening.fresh(key_id, self._monotonic()) or await self._load(key_id)
        return _sealed(known, self._random_bytes(NONCE_BYTES), plaintext, context)

    def remember(self, new_key: DataKey) -> None:
        """Take note that a key made by `seal` is durable: it opens, and a shared one seals again.

        A key this vault did not make, or made too long ago, or whose subject was erased meanwhile,
        is not taken: the next seal makes another one.
        """
        made = self._unproven.pop(new_key.key_id, None)
        if made is None or made.subject != new_key.subject:
            return
        durable = made._replace(until=self._monotonic() + REMEMBERED_SECONDS_MAX)
        if durable.is_shared:
            self._sealing.put(durable.subject, durable)
        self._opening.put(durable.key_id, durable)

    async def open(self, text: str, *, context: str) -> bytes:
        """Open a sealed text.

        Raises:
            ErasedError: its data key does not exist any more: the subject was erased.
            SealBrokenError: the text was changed, or sealed for another context.
            MasterKeyError: its data key is wrapped under a master key the ring does not hold.
        """
        key_id, _, body = text.partition(".")
        sealed = _decode(body)
        if len(key_id) != KEY_ID_CHARACTERS or len(sealed) < NONCE_BYTES + TAG_BYTES:
            raise SealBrokenError("this is not a sealed text")
        known = self._opening.fresh(key_id, self._monotonic())
        if known is None:
            known = await self._load(key_id)
        try:
            return known.cipher.decrypt(
                sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _bound(known, context)
            )
        except InvalidTag:
            raise SealBrokenError(
                "the sealed text was changed, or belongs to another context"
            ) from None

    def beside(self, text: str, name: Hashable) -> object | None:
        """What was put beside the key of a sealed text; None where that key is not remembered."""
        known = self._opening.fresh(text.partition(".")[0], self._monotonic())
        return None if known is None else known.beside.get(name)

    def put_beside(self, text: str, name: Hashable, thing: object) -> None:
        """Remember something made of a sealed text, for no longer than the text's key.

        It is gone when the subject is erased or forgotten, when the key has been remembered for
        `REMEMBERED_SECONDS_MAX`, and when there is too much; nothing is remembered where the key
        is not. So whoever needs it must be able to make it again.
        """
        known = self._opening.fresh(text.partition(".")[0], self._monotonic())
        if known is None:
            return
        if len(known.beside) >= BESIDE_MAX:
            known.beside.clear()
        known.beside[name] = thing

    async def erase(self, subject: str) -> int:
        """Destroy every data key of a subject, in the store and here; how many rows there were.

        Other processes go on opening what they remember for at most `REMEMBERED_SECONDS_MAX`,
        unless they are told to `forget`.
        """
        try:
            return await self._store.destroy_subject(subject)
        finally:
            self.forget(subject)

    async def erase_unless(self, subject: str, after: int, speaks: Speaks) -> int | None:
        """Destroy every data key of a subject, unless something came; None where it did.

        See `ledger.store.EventStore.destroy_subject_unless`.
        """
        try:
            return await self._store.destroy_subject_unless(subject, after, speaks)
        finally:
            self.forget(subject)

    async def erase_all(self, subjects: Sequence[str]) -> int:
        """Destroy every data key of many subjects, `PAGE_MAX` at a time; how many there were."""
        destroyed = 0
        for start in range(0, len(subjects), PAGE_MAX):
            part = subjects[start : start + PAGE_MAX]
            try:
                destroyed += await self._store.destroy_subjects(part)
            finally:
                for subject in part:
                    self.forget(subject)
        return destroyed

    async def is_erased(self, text: str, *, afresh: bool = False) -> bool:
        """Whether a sealed text can never be opened again, because its data key was destroyed.

        Args:
            text: what was sealed.
            afresh: whether to look into the store even where the key is remembered: another
                process may have destroyed it a moment ago.
        """
        key_id = key_id_of(text)
        if not afresh and self._opening.fresh(key_id, self._monotonic()) is not None:
            return False
        try:
            await self._load(key_id)
        except ErasedError:
            return True
        return False

    def forget(self, subject: str) -> None:
        """Let go of what is remembered of a subject; its keys are read again when needed."""
        self._erasures += 1
        for cache in (self._sealing, self._opening, self._unproven):
            cache.forget(subject)

    async def _load(self, key_id: str) -> Remembered:
        erasures = self._erasures
        row = (await self._store.data_keys([key_id])).get(key_id)
        if row is None:
            raise ErasedError("the data key was destroyed: this can never be opened again")
        if row.master_key_id not in self._master.ids and self._refresh is not None:
            await self._refresh()
        cipher = AESGCM(self._master.unwrap(row.wrapped, row.master_key_id))
        until = self._monotonic() + REMEMBERED_SECONDS_MAX
        loaded = Remembered(key_id, row.subject, cipher, until, {})
        if erasures == self._erasures:  # else it may be the erased subject's, read just before
            self._opening.put(key_id, loaded)
        return loaded

    def __repr__(self) -> str:
        """Nothing but the ids of the master keys."""
        return f"Vault({self._master!r})"


def _bound(key: Remembered, context: str) -> bytes:
    """The additional data: no two (key, subject, context) give the same bytes."""
    return f"cauri/v1/seal {key.key_id} {len(key.subject)} {key.subject} {context}".encode()


def _sealed(key: Remembered, nonce: bytes, plaintext: bytes, context: str) -> str:
    ciphertext = key.cipher.encrypt(nonce, plaintext, _bound(key, context))
    return f"{key.key_id}.{_encode(nonce + ciphertext)}"


# What `base64` does for its URL-safe alphabet, without the steps that ask what it was given.
_TO_URL: Final = bytes.maketrans(b"+/", b"-_")
_FROM_URL: Final = bytes.maketrans(b"-_+/", b"+/!!")
"""What is no URL-safe digit becomes none at all."""


def _encode(raw: bytes) -> str:
    return binascii.b2a_base64(raw, newline=False).translate(_TO_URL, b"=").decode("ascii")


def _decode(text: str) -> bytes:
    """Base64url without padding, in its one canonical spelling; empty if it is not that."""
    try:
        spelt = text.encode("ascii").translate(_FROM_URL)
        raw = binascii.a2b_base64(spelt + b"=="[: -len(spelt) % 4])
    except ValueError:
        return b""
    return raw if binascii.b2a_base64(raw, newline=False).rstrip(b"=") == spelt else b""
