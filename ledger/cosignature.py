"""Cosignatures: a witness's word that a log has only grown since it last looked.

A cosignature (C2SP tlog-cosignature, type 0x04) stands among a note's other signature lines. What
is signed is not the note's text alone but that text and the time it was seen at:

    cosignature/v1
    time 1679315147
    example.com/behind-the-sofa
    20852163
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

The line holds the time in eight bytes, then the Ed25519 signature of 64. Keys are written as those
of a log are, with the type 0x04 in front of the key:

    <name>+<id, 8 hex digits>+<base64 of 0x04 and the public key>
    PRIVATE+KEY+<name>+<id>+<base64 of 0x04 and the seed>

A `CosignatureVerifier` opens notes like every `Verifier`: `open_note(note, [log, witness])`.

Why a key of its own type, refused where a log's is wanted: the signed message does not name the
witness, so one key under two types could be made to say what it never meant.

What it deliberately does not do: type 0x06 (ML-DSA-44), and judge how many witnesses are enough
(`ledger.policy`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Final, NoReturn, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.checkpoint import (
    KEY_BYTES,
    PRIVATE,
    Checkpoint,
    Signature,
    Verifier,
    encoded,
    read_key,
    read_signatures,
)
from ledger.errors import NoteError, NoteKeyError, NoteUnverifiedError
from ledger.sentences import Sentence

COSIGNATURE: Final = b"\x04"
TIME_BYTES: Final = 8
TIME_MAX: Final = 2**63 - 1
SIGNATURE_BYTES: Final = TIME_BYTES + 64


def cosigned_text(text: str, seconds: int) -> str:
    """What a witness signs: a checkpoint's text, and when it was seen (POSIX seconds)."""
    return f"cosignature/v1\ntime {seconds}\n{text}"


def cosigned_at(signature: Signature) -> int:
    """When a cosignature was made, by its own word: POSIX seconds.

    Raises:
        NoteError: it is no cosignature of type 0x04.
    """
    seconds = int.from_bytes(signature.signature[:TIME_BYTES])
    if len(signature.signature) != SIGNATURE_BYTES or seconds > TIME_MAX:
        raise NoteError("a signature is no cosignature: a time and 64 bytes")
    return seconds


@dataclass(frozen=True, slots=True)
class CosignatureVerifier(Verifier):
    """A witness's public key."""

    kind: ClassVar[bytes] = COSIGNATURE

    def is_signed(self, text: str, signature: bytes) -> bool:
        """Whether this witness made the cosignature of this text, at the time it holds."""
        seconds = int.from_bytes(signature[:TIME_BYTES])
        if len(signature) != SIGNATURE_BYTES or seconds > TIME_MAX:
            return False
        # Not super(): a class with slots is made twice, and super() would look in the first one.
        return Verifier.is_signed(self, cosigned_text(text, seconds), signature[TIME_BYTES:])


class Cosigner:
    """A witness's private key under its name. Shows its public half only."""

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
        self.verifier = CosignatureVerifier(name, self._key.public_key().public_bytes_raw())

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
            raise NoteKeyError(Sentence("a witness's key begins with {start}", start=PRIVATE))
        name, key_id, seed = read_key(text.removeprefix(PRIVATE), COSIGNATURE)
        cosigner = cls(name, seed)
        if cosigner.verifier.key_id != key_id:
            raise NoteKeyError(Sentence("the id of {name}'s key does not belong to it", name=name))
        return cosigner

    def private_text(self) -> str:
        """The key for its owner's file. This is the secret itself: never log it."""
        name, key_id = self.verifier.name, self.verifier.key_id.hex()
        return f"{PRIVATE}{name}+{key_id}+{encoded(COSIGNATURE + self._seed)}"

    def cosign(self, text: str, seconds: int) -> Signature:
        """Cosign the text of a checkpoint, as seen at a time in POSIX seconds.

        Raises:
            NoteError: the text is no checkpoint, or the time none.
        """
        Checkpoint.from_text(text)
        if not 0 <= seconds <= TIME_MAX:
            raise NoteError(f"the time of a cosignature is not between 0 and {TIME_MAX}")
        signature = self._key.sign(cosigned_text(text, seconds).encode())
        made = seconds.to_bytes(TIME_BYTES) + signature
        return Signature(self.verifier.name, self.verifier.key_id, made)

    def __repr__(self) -> str:
        """The public half."""
        return f"Cosigner({self.verifier.text()})"

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled: that would write the key down."""
        raise TypeError("keys of witnesses are not pickled or copied")


def read_cosignatures(
    text: str, lines: str, verifier: CosignatureVerifier
) -> tuple[Signature, ...]:
    """Read what a witness answered: its cosignatures of this text, and no others.

    Args:
        text: the text of the checkpoint that it was asked about.
        lines: the answer, signature lines.
        verifier: the witness's key.

    Raises:
        NoteError: these are no signature lines.
        NoteUnverifiedError: none is of that witness, or one in its name is wrong.
    """
    name, key_id = verifier.name, verifier.key_id
    own = [one for one in read_signatures(lines) if (one.name, one.key_id) == (name, key_id)]
    if not own:
        raise NoteUnverifiedError(f"{name} has not cosigned")
    if not all(verifier.is_signed(text, one.signature) for one in own):
        raise NoteUnverifiedError(f"the cosignature of {name} is wrong")
    return tuple(dict.fromkeys(own))
