"""A receipt: all entries of a payment, the proof of each, and one checkpoint; it stands alone.

    cauri-receipt@v2
    payment pay_0123
    entries 2

    c2sp.org/tlog-proof@v1
    extra <the entry's exact bytes, base64>
    index 41
    <hash, base64>
    ...

    c2sp.org/tlog-proof@v1
    ...

    ledger.example/log
    all entries of payment pay_0123
    2 of 1234

    — ledger.example/log Az3grlbVn6c2hQkZ0nJrWc8yGdH6oZb0sB1jWmSxvT8e3q5...

    ledger.example/log
    1234
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    — ledger.example/log Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGz...

The trick: each entry's block with the checkpoint below it is a C2SP tlog-proof, which other
programs read; written together they need the checkpoint once. Blocks are apart by an empty line,
and none holds one, so a reader splits the text and counts.

A tree proves what is in it, not what is not. So between the blocks and the checkpoint the log's key
says how many entries the payment has in the log of that size: whoever cut off a refund would have
to sign that himself, and the log would convict him.

Where the log had more than one key by then, a fourth line says `keys 2`, and after the payment's
blocks stand as many of the entries that introduced the log's keys, from the first on
(`ledger.introduction`): so whoever trusts an early key need not be told the later ones. The
checkpoint commits to them, so the last of them is the one that has to have signed it. A log that
never changed its key has receipts without that line.

What it proves: see `Receipt.check` and `Receipt.check_ending`. What it does not: that nothing came
after the checkpoint.

Why the whole history of a payment and not the entry of its success alone: whoever may choose what
he shows, shows the success and leaves out the refund.

Source: C2SP tlog-proof. `scripts/verify_receipt.py` reads the same text and shares no code with
this module.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from ledger.checkpoint import SIZE_MAX, Checkpoint, Verifier, open_note
from ledger.commitment import KEYS_STREAM
from ledger.entry import RecordedEvent, decode_entry
from ledger.errors import CorruptLogError, NoteError, UnknownEventTypeError
from ledger.events import LogKeyIntroduced
from ledger.introduction import Introduced, has_introduced_itself, trusted_keys
from ledger.merkle import leaf_hash, verify_inclusion
from ledger.store import STREAM_EVENTS_MAX

RECEIPT: Final = "cauri-receipt@v2"
RECEIPT_BEFORE: Final = "cauri-receipt@v1"
"""Said nothing of the payment's end; whoever held one could cut entries off."""

PROOF: Final = "c2sp.org/tlog-proof@v1"
_HEAD: Final = re.compile(
    RECEIPT + r"\npayment (\S+)\nentries ([1-9]\d{0,5})(?:\nkeys ([1-9]\d{0,5}))?", re.ASCII
)
PATH_MAX: Final = 63
"""The most hashes a path has in a tree of `SIZE_MAX`."""


class ReceiptError(NoteError):
    """A receipt is not written as one, or an entry in it is not proved."""

    code: ClassVar[str] = "invalid_receipt"


@dataclass(frozen=True, slots=True)
class Proof:
    """An entry, and the way from it to the root."""

    index: int
    """Its place in the tree, from 0: the position less one."""
    entry: bytes
    path: tuple[bytes, ...]

    def text(self) -> str:
        """The block, without the checkpoint."""
        hashes = "".join(f"{_encode(one)}\n" for one in self.path)
        return f"{PROOF}\nextra {_encode(self.entry)}\nindex {self.index}\n{hashes}"

    @classmethod
    def from_text(cls, block: str) -> Self:
        """Read a block.

        Raises:
            ReceiptError: it is none.
        """
        first, extra, index, *path = [*block.split("\n"), "", ""][: max(3, block.count("\n") + 1)]
        if first != PROOF or not extra.startswith("extra ") or not index.startswith("index "):
            raise ReceiptError("a block is no proof of an entry that it holds")
        if len(path) > PATH_MAX:
            raise ReceiptError(f"a proof has more than {PATH_MAX} hashes")
        at = _number(index.removeprefix("index "))
        entry = _decode(extra.removeprefix("extra "))
        return cls(at, entry, tuple(map(_decode, path)))


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt holds; nothing of it is verified before `check` has returned."""

    payment_id: str
    proofs: tuple[Proof, ...]
    ending: str
    """What the log's key says: that these were all entries of the payment; a signed note."""
    note: str
    """The signed checkpoint, with the cosignatures of witnesses."""
    keys: tuple[Proof, ...] = ()
    """The entries that introduced the log's keys, where it had more than one."""

    def text(self) -> str:
        """The receipt as a file."""
        head = f"{RECEIPT}\npayment {self.payment_id}\nentries {len(self.proofs)}\n"
        head += f"keys {len(self.keys)}\n" if self.keys else ""
        blocks = [one.text() for one in (*self.proofs, *self.keys)]
        return "\n".join([head, *blocks, self.ending, self.note])

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read a file.

        Raises:
            ReceiptError: it is no receipt.
        """
        head, _, rest = text.partition("\n\n")
        if head.startswith(f"{RECEIPT_BEFORE}\n"):
            raise ReceiptError(
                "it is of a former kind, which does not show whether entries were cut off: ask "
                "for a new one"
            )
        if not head.startswith(f"{RECEIPT}\n"):
            raise ReceiptError(f"its first line is not {RECEIPT}")
        counted = _HEAD.fullmatch(head)
        if counted is None:
            raise ReceiptError("its first lines do not name a payment and count its entries")
        payment_id, count, keys = counted[1], int(counted[2]), int(counted[3] or 0)
        if max(count, keys) > STREAM_EVENTS_MAX:
            raise ReceiptError(f"a payment, or a log's keys, has at most {STREAM_EVENTS_MAX}")
        parts = rest.split("\n\n", count + keys + 2)
        if len(parts) != count + keys + 3:
            raise ReceiptError(
                f"it does not hold the {count + keys} entries, their end and the checkpoint"
            )
        *blocks, end, signed, note = parts
        proofs = tuple(map(Proof.from_text, blocks))
        return cls(payment_id, proofs[:count], f"{end}\n\n{signed}\n", note, proofs[count:])

    def check(self, checkpoint: Checkpoint) -> Sequence[RecordedEvent]:
        """Check the proof of every entry against a checkpoint that was opened from `note`.

        Returns:
            The entries, which are the first of the payment's stream, without a gap.

        Raises:
            ReceiptError: the first entry for which that is not so.
        """
        return _proved(self.proofs, f"payment-{self.payment_id}", checkpoint)

    def check_ending(self, checkpoint: Checkpoint, signer: Verifier) -> None:
        """Check that the checkpoint's signer says that these were all entries of the payment.

        Raises:
            ReceiptError: that is not what was signed, or it was not by that key.
        """
        try:
            said = open_note(self.ending, [signer]).text
        except NoteError as error:
            raise ReceiptError(f"{_UNSAID} ({error})") from error
        if said != ending_of(checkpoint, self.payment_id, len(self.proofs)):
            raise ReceiptError(_UNSAID)

    def signers(self, checkpoint: Checkpoint, anchors: Sequence[Verifier]) -> tuple[Verifier, ...]:
        """Find who may have signed the checkpoint, for whoever trusts some of a log's keys.

        Args:
            checkpoint: what was opened from `note`.
            anchors: the keys that are trusted already.

        Returns:
            The last key that the receipt introduces, if it is trusted or trust was handed on to
            it; the anchors, where it introduces none.

        Raises:
            ReceiptError: an introduction is not proved, or is not of the log's next key.
        """
        if not self.keys:
            return tuple(anchors)
        introduced = [
            Introduced(recorded.event.key, recorded.event.note, recorded.position)
            for recorded in _proved(self.keys, KEYS_STREAM, checkpoint)
            if isinstance(recorded.event, LogKeyIntroduced)
        ]
        befores = [None, *(one.key for one in introduced)]
        are_own = map(has_introduced_itself, introduced, befores)
        if len(introduced) != len(self.keys) or not all(are_own):
            raise ReceiptError("one of the log's keys in it is not introduced as the next one")
        found = trusted_keys(checkpoint.origin, introduced, anchors)
        return tuple(one.verifier for one in found if one.until is None)


_UNSAID: Final = "the log does not say that these are all entries of the payment"


def ending_of(checkpoint: Checkpoint, payment_id: str, entries: int) -> str:
    """What the log's key says of a payment, as a note text; no checkpoint reads like that."""
    return (
        f"{checkpoint.origin}\nall entries of payment {payment_id}\n"
        f"{entries} of {checkpoint.size}\n"
    )


def _proved(
    proofs: Sequence[Proof], stream: str, checkpoint: Checkpoint
) -> Sequence[RecordedEvent]:
    """The entries of proofs, once they are the first of a stream and the checkpoint has them."""
    entries: list[RecordedEvent] = []
    for version, proof in enumerate(proofs, 1):
        where = f"entry number {version} of {stream} (position {proof.index + 1})"
        if not verify_inclusion(
            leaf_hash(proof.entry), proof.index, checkpoint.size, proof.path, checkpoint.root
        ):
            raise ReceiptError(f"the checkpoint does not commit to {where}")
        try:
            entry = decode_entry(proof.entry)
        except (CorruptLogError, UnknownEventTypeError) as error:
            raise ReceiptError(f"{where} cannot be read ({error})") from error
        if (entry.stream, entry.version, entry.position) != (stream, version, proof.index + 1):
            raise ReceiptError(f"{where} is another entry")
        entries.append(entry)
    return entries


def _number(text: str) -> int:
    is_plain = text.isascii() and text.isdecimal() and len(text) <= len(str(SIZE_MAX))
    if not is_plain or str(int(text)) != text:
        raise ReceiptError("a number in it is not plain decimal")
    return int(text)


def _encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _decode(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not raw or _encode(raw) != text:
        raise ReceiptError("a line in it is not base64")
    return raw
