"""Checkpoints: what the log commits to, as a short text that anybody can check and keep.

A checkpoint is a C2SP tlog-checkpoint: origin (the log's own name), size and root of the tree. It
travels inside a C2SP signed note:

    ledger.example/log
    1234
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    — ledger.example/log Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGz...

The text up to and with the newline before the empty line is what is signed. A signature line names
its key and begins with the four bytes of the key's id. Only type 0x01, Ed25519, is signed and
verified here; `ledger.cosignature` has the type of witnesses. Keys are written as the Go checksum
database writes them:

    <name>+<id, 8 hex digits>+<base64 of 0x01 and the public key>
    PRIVATE+KEY+<name>+<id>+<base64 of 0x01 and the seed>

Why a text so strict (one spelling for each number, one for each base64, no control characters): a
note is compared, hashed and kept by others as bytes; two spellings of one checkpoint would look
like two checkpoints of a log that forked.

What it deliberately does not do: trust a text it has not verified. `open_note` gives the text only
together with the keys that signed it; signatures of unknown keys (a witness's, a later key's) are
kept as they came, and prove nothing.

Sources: C2SP signed-note and tlog-checkpoint; golang.org/x/mod/sumdb/note for the keys' spelling.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final, NamedTuple, NoReturn, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ledger.errors import NoteError, NoteKeyError, NoteUnverifiedError
from ledger.sentences import Sentence

ROOT_BYTES: Final = 32
KEY_BYTES: Final = 32
KEY_ID_BYTES: Final = 4
ED25519: Final = b"\x01"
SIZE_MAX: Final = 2**63 - 1
NOTE_BYTES_MAX: Final = 1_000_000
SIGNATURES_MAX: Final = 100
"""C2SP asks for at least 16."""

_EM_DASH: Final = "\u2014"
PRIVATE: Final = "PRIVATE+KEY+"
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_KEY: Final = re.compile(r"([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log commits to: that its first `size` entries have this `root`."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()
    """Further lines; opaque, and better left out."""

    def __post_init__(self) -> None:
        """Refuse what has no one spelling as a text."""
        for line in (self.origin, *self.extensions):
            if not line or "\n" in line or not _is_text(line):
                raise NoteError("a line of a checkpoint is empty or has control characters")
        if not 0 <= self.size <= SIZE_MAX:
            raise NoteError(f"the size of a checkpoint is not between 0 and {SIZE_MAX}")
        if len(self.root) != ROOT_BYTES:
            raise NoteError(
                f"the root of a checkpoint has {len(self.root)} bytes, not {ROOT_BYTES}"
            )

    def text(self) -> str:
        """The note text: what is signed."""
        lines = (self.origin, str(self.size), encoded(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read a note text.

        Raises:
            NoteError: it is not the one spelling of a checkpoint.
        """
        if not text.endswith("\n"):
            raise NoteError("a checkpoint does not end in a newline")
        origin, *rest = text[:-1].split("\n")
        if len(rest) < 2:
            raise NoteError("a checkpoint needs the lines origin, size and root")
        size, root, *extensions = rest
        if _SIZE.fullmatch(size) is None:
            raise NoteError("the size of a checkpoint is not a plain decimal number")
        return cls(origin, int(size), decoded(root, "the root"), tuple(extensions))


class Signature(NamedTuple):
    """A signature line: the key's name and id, and the bytes it made."""

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        """The line as it stands in a note."""
        return f"{_EM_DASH} {self.name} {encoded(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key one has reason to trust, under a name."""

    kind: ClassVar[bytes] = ED25519
    """The type of its signatures, as it stands in its id and its text."""

    name: str
    public_key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse what is no name or no Ed25519 key."""
        _check_name(self.name)
        if len(self.public_key) != KEY_BYTES:
            reason = Sentence("the key of {name} has not {n} bytes", name=self.name, n=KEY_BYTES)
            raise NoteKeyError(reason)

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256(name, newline, type, public key)."""
        named = self.name.encode() + b"\n" + self.kind + self.public_key
        return hashlib.sha256(named).digest()[:KEY_ID_BYTES]

    def is_signed(self, text: str, signature: bytes) -> bool:
        """Whether this key made the signature of this text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True

    def text(self) -> str:
        """The key as it is handed to those who verify."""
        return f"{self.name}+{self.key_id.hex()}+{encoded(self.kind + self.public_key)}"

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read a key as `text` writes it.

        Raises:
            NoteKeyError: it is not one, or its id is not that of name and key.
        """
        name, key_id, key = read_key(text, cls.kind)
        verifier = cls(name, key)
        if verifier.key_id != key_id:
            raise NoteKeyError(Sentence("the id of {name}'s key does not belong to it", name=name))
        return verifier


class Signer:
    """A private key under a name. Shows its public half only."""

    __slots__ = ("_key", "_seed", "verifier")

    def __init__(self, name: str, seed: bytes) -> None:
        """Take the seed (RFC 8032) of 32 bytes.

        Raises:
            NoteKeyError: the name or the seed cannot be one.
        """
        if len(seed) != KEY_BYTES:
            raise NoteKeyError(Sentence("the seed of a key has not {size} bytes", size=KEY_BYTES))
        self._seed = seed
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = Verifier(name, self._key.public_key().public_bytes_raw())

    @classmethod
    def generate(cls, name: str, random_bytes: Callable[[int], bytes]) -> Self:
        """Make a new key."""
        return cls(name, random_bytes(KEY_BYTES))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read a key as `private_text` writes it; white space around it is ignored.

        Raises:
            NoteKeyError: it is not one; the text is not repeated.
        """
        text = text.strip()
        if not text.startswith(PRIVATE):
            raise NoteKeyError(Sentence("a signing key begins with {start}", start=PRIVATE))
        name, key_id, seed = read_key(text.removeprefix(PRIVATE), ED25519)
        signer = cls(name, seed)
        if signer.verifier.key_id != key_id:
            raise NoteKeyError(Sentence("the id of {name}'s key does not belong to it", name=name))
        return signer

    def private_text(self) -> str:
        """The key for its owner's file. This is the secret itself: never log it."""
        verifier = self.verifier
        return f"{PRIVATE}{verifier.name}+{verifier.key_id.hex()}+{encoded(ED25519 + self._seed)}"

    def sign(self, text: str) -> Signature:
        """Sign a note text."""
        return Signature(self.verifier.name, self.verifier.key_id, self.sign_base(text.encode()))

    def sign_base(self, base: bytes) -> bytes:
        """Sign what is no note; it has to begin in a way that no note can."""
        return self._key.sign(base)

    def __repr__(self) -> str:
        """The public half."""
        return f"Signer({self.verifier.text()})"

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled: that would write the key down."""
        raise TypeError("signing keys are not pickled or copied")


class Note(NamedTuple):
    """An opened note: a text, who is proved to have signed it, and what else it carried."""

    text: str
    verified: tuple[Verifier, ...]
    unknown: tuple[Signature, ...]
    """Signatures of keys that were not asked for; they may be anybody's."""


def sign_note(text: str, *signers: Signer, others: Iterable[Signature] = ()) -> str:
    """Make a signed note of a text.

    Args:
        text: ends in a newline; no control characters but newlines.
        signers: who signs, in this order.
        others: signatures the note already has; one by a signer's own key is replaced.

    Raises:
        NoteError: the text cannot be a note's.
    """
    if not text.endswith("\n") or not _is_text(text):
        raise NoteError("the text of a note does not end in a newline, or has control characters")
    made = [signer.sign(text) for signer in signers]
    keys = {(one.name, one.key_id) for one in made}
    kept = [one for one in others if (one.name, one.key_id) not in keys]
    if not 0 < len(made) + len(kept) <= SIGNATURES_MAX:
        raise NoteError(f"a note has 1 to {SIGNATURES_MAX} signatures")
    return text + "\n" + "".join(one.line() for one in [*kept, *made])


def open_note(note: str | bytes, verifiers: Sequence[Verifier]) -> Note:
    """Open a signed note, believing nobody but the given keys.

    Returns:
        The note; at least one of `verifiers` has signed its text.

    Raises:
        NoteError: it is not a signed note.
        NoteUnverifiedError: no given key signed it, or a signature in a given key's name is wrong.
    """
    known = {(one.name, one.key_id): one for one in verifiers}
    if len(known) != len(set(verifiers)):
        raise NoteKeyError(Sentence("two of the trusted keys have one name and one id"))
    text, signatures = split_note(note)
    verified: dict[Verifier, None] = {}
    unknown: dict[Signature, None] = {}
    for signature in signatures:
        verifier = known.get((signature.name, signature.key_id))
        if verifier is None:
            unknown[signature] = None
        elif verifier not in verified:
            if not verifier.is_signed(text, signature.signature):
                raise NoteUnverifiedError(f"the signature of {verifier.name} is wrong")
            verified[verifier] = None
    if not verified:
        raise NoteUnverifiedError("no trusted key has signed this note")
    return Note(text, tuple(verified), tuple(unknown))


def open_checkpoint(
    note: str | bytes, verifiers: Sequence[Verifier], *, origin: str
) -> tuple[Checkpoint, Note]:
    """Open a signed checkpoint of one log.

    Args:
        note: the signed note.
        verifiers: the log's keys.
        origin: the log it has to be of: a key may sign for several.

    Raises:
        NoteError: it is not a signed checkpoint of that log.
        NoteUnverifiedError: see `open_note`.
    """
    opened = open_note(note, verifiers)
    checkpoint = Checkpoint.from_text(opened.text)
    if checkpoint.origin != origin:
        raise NoteError(f"the checkpoint is of {checkpoint.origin[:200]!r}, not of {origin!r}")
    return checkpoint, opened


def split_note(note: str | bytes) -> tuple[str, list[Signature]]:
    """Take a note apart, believing nothing: its text and its signatures."""
    raw = note.encode("utf-8", "surrogatepass") if isinstance(note, str) else note
    if len(raw) > NOTE_BYTES_MAX:
        raise NoteError(f"a note has at most {NOTE_BYTES_MAX} bytes")
    try:
        whole = raw.decode()
    except UnicodeDecodeError:
        raise NoteError("a note is not UTF-8") from None
    if _CONTROL.search(whole):
        raise NoteError("a note has control characters")
    text, separator, lines = whole.rpartition("\n\n")
    if not separator or not lines.endswith("\n"):
        raise NoteError("a note needs a text, an empty line, and signature lines that end")
    return text + "\n", read_signatures(lines)


def read_signatures(lines: str) -> list[Signature]:
    """Read signature lines, each with its newline, believing nothing.

    Raises:
        NoteError: a line is none, or there are too many.
    """
    if not lines.endswith("\n"):
        raise NoteError("a signature line does not end in a newline")
    signatures = [_read_signature(line) for line in lines[:-1].split("\n")]
    if len(signatures) > SIGNATURES_MAX:
        raise NoteError(f"a note has at most {SIGNATURES_MAX} signatures")
    return signatures


def _read_signature(line: str) -> Signature:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    if dash != _EM_DASH or not _is_name(name):
        raise NoteError("a line below the empty line of a note is no signature")
    raw = decoded(encoded, "a signature")
    if len(raw) <= KEY_ID_BYTES:
        raise NoteError("a signature of a note is empty")
    return Signature(name, raw[:KEY_ID_BYTES], raw[KEY_ID_BYTES:])


def read_key(text: str, kind: bytes) -> tuple[str, bytes, bytes]:
    """Take a key's text apart: name, id and key, which is of the given type."""
    match = _KEY.fullmatch(text)
    if match is None:
        raise NoteKeyError(Sentence("a key is written <name>+<id in 8 hex digits>+<base64>"))
    try:
        raw = decoded(match[3], "a key")
    except NoteError:
        raise NoteKeyError(Sentence("the key of {name} is not base64", name=match[1])) from None
    if raw[:1] != kind:
        wanted = f"0x{kind.hex()}"
        reason = Sentence("the key of {name} is not of type {kind}", name=match[1], kind=wanted)
        raise NoteKeyError(reason)
    return match[1], bytes.fromhex(match[2]), raw[1:]


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return _CONTROL.search(text) is None


def _is_name(name: str) -> bool:
    is_plain = "+" not in name and not any(one.isspace() for one in name)
    return bool(name) and is_plain and _is_text(name)


def _check_name(name: str) -> None:
    if not _is_name(name):
        raise NoteKeyError(Sentence("the name of a key is empty, or has spaces or a plus"))


def encoded(raw: bytes) -> str:
    """Standard base64."""
    return base64.b64encode(raw).decode("ascii")


def decoded(text: str, what: str) -> bytes:
    """Standard base64 in its one canonical spelling."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not raw or encoded(raw) != text:
        raise NoteError(f"{what} is not base64")
    return raw
