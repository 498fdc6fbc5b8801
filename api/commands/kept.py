"""What somebody kept of the log, to hold it to: a checkpoint, and whose signature is under it.

A checkpoint is given as `<size>:<root in hex>`, or as a file: a saved answer of /v1/log/checkpoint,
or a signed note. With a public key of the log, a signature has to stand behind what is kept: of
that key, or of one that it introduced, or that one, and so on. Where nothing is kept elsewhere, the
newest checkpoint in the log itself is held to the key, and so is the key that signs the log now.

Why a key is refused where nothing is signed: whoever gives one wants to know who stands behind a
size and a root. A bare `SIZE:ROOT` says nothing of that, and passing it over in silence would let
any key look as if it had been found right.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from api.bundles.commitments import introduced_by, keys_of, last_made
from ledger.checkpoint import Checkpoint, Verifier
from ledger.errors import CorruptLogError, InvalidInputError, NoteError, NoteUnverifiedError
from ledger.introduction import Introduced, TrustedKey, open_with_keys, trusted_keys
from ledger.merkle import verify_consistency
from ledger.proving import prove_consistency
from ledger.sentences import Sentence
from ledger.store import EventStore, TreeHead


class Signed(NamedTuple):
    """Whose signature was found under what was kept."""

    verifier: Verifier
    anchor: Verifier
    """The key that is trusted; the same, or the first of those that introduced one another."""


class Kept(NamedTuple):
    """What the log is held to."""

    heads: tuple[TreeHead, ...] = ()
    """Sizes and roots, the largest last."""
    signed: Signed | None = None

    @property
    def head(self) -> TreeHead | None:
        """The largest size, and its root."""
        return self.heads[-1] if self.heads else None


async def kept_for(store: EventStore, checkpoint: str | None, key: str | None) -> Kept:
    """Read what the log is to be held to.

    Args:
        store: the log.
        checkpoint: what was kept elsewhere; None for nothing.
        key: a public key of the log that is trusted; None for none.

    Raises:
        InvalidInputError: it cannot be read, or there is no signature to hold to the key.
        NoteUnverifiedError: neither the key nor one that it introduced has signed it.
    """
    if key is None:
        return Kept() if checkpoint is None else read_checkpoint(checkpoint, None)
    introduced = introduced_by(await keys_of(store))
    if checkpoint is not None:
        return read_checkpoint(checkpoint, key, introduced)
    made = await last_made(store)
    if made is None or not introduced:
        raise _unsigned(Sentence("the log has no checkpoint yet that a key could have signed."))
    anchor = Verifier.from_text(key.strip())
    believed = [one.verifier.text() for one in _believed(anchor, introduced)]
    if introduced[-1].key not in believed:
        raise NoteUnverifiedError(
            f"{introduced[-1].key} signs the log: this is not the key that you trust, nor was it "
            "introduced by that"
        )
    return _opened(made.note, anchor, introduced)


async def hold(store: EventStore, kept: Kept) -> None:
    """Hold a log, of which every entry and tile is verified, to the smaller sizes that were kept.

    Raises:
        CorruptLogError: the log did not begin like that.
    """
    largest = kept.head
    for head in kept.heads[:-1]:
        assert largest is not None
        proof = await prove_consistency(store, head.size, largest.size)
        is_so = verify_consistency(head.size, largest.size, proof, head.root, largest.root)
        if not is_so:
            reason = f"the first {head.size} entries do not make the root that was signed"
            raise CorruptLogError(head.size, reason)


def read_checkpoint(text: str, key: str | None, introduced: Sequence[Introduced] = ()) -> Kept:
    """Read a checkpoint as the command line gives it.

    Args:
        text: what was given.
        key: a public key of the log that is trusted.
        introduced: the keys the log names.

    Raises:
        InvalidInputError: it is none, or has no signature where a key is given.
        NoteUnverifiedError: neither the key nor one that it introduced has signed it.
    """
    size, colon, root = text.partition(":")
    if colon and size.isascii() and size.isdecimal():
        if key is not None:
            raise _unsigned(Sentence("SIZE:ROOT has no signature that it could be held to."))
        return Kept((_head(int(size), root),))
    try:
        content = Path(text).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise _refused(Sentence("this is neither SIZE:ROOT nor a file that can be read.")) from None
    anchor = Verifier.from_text(key.strip()) if key is not None else None
    if content.lstrip().startswith("{"):
        return _saved_answer(content, anchor, introduced)
    if anchor is not None:
        return _opened(content, anchor, introduced)
    try:
        noted = Checkpoint.from_text(content.partition("\n\n")[0].rstrip("\n") + "\n")
    except NoteError as error:
        raise _refused(
            Sentence("the file holds no checkpoint ({error}).", error=error.args[0])
        ) from None
    return Kept((TreeHead(noted.size, noted.root),))


def _saved_answer(content: str, anchor: Verifier | None, introduced: Sequence[Introduced]) -> Kept:
    try:
        saved: Any = orjson.loads(content)
        head = _head(int(saved["size"]), str(saved["root_hex"]))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        raise _refused(Sentence("the file is no answer of /v1/log/checkpoint.")) from None
    if anchor is None:
        return Kept((head,))
    note = saved.get("note")
    if not isinstance(note, str):
        raise _unsigned(Sentence("the saved answer holds no signed note."))
    opened = _opened(note, anchor, introduced)
    # The answer's own size and root stand beside the note, unsigned; the log is held to both.
    heads = sorted({head, *opened.heads})
    return Kept(tuple(heads), opened.signed)


def _opened(note: str, anchor: Verifier, introduced: Sequence[Introduced]) -> Kept:
    keys = _believed(anchor, introduced) or [TrustedKey(anchor, 0, None)]
    try:
        checkpoint, opened = open_with_keys(note, keys, origin=anchor.name)
    except NoteUnverifiedError as error:
        reason = f"{error}; it was held to {anchor.text()} and the keys that one introduced"
        raise NoteUnverifiedError(reason) from None
    head = TreeHead(checkpoint.size, checkpoint.root)
    return Kept((head,), Signed(opened.verified[0], anchor))


def _believed(anchor: Verifier, introduced: Sequence[Introduced]) -> list[TrustedKey]:
    return trusted_keys(anchor.name, introduced, [anchor])


def _head(size: int, root: str) -> TreeHead:
    try:
        raw = bytes.fromhex(root)
    except ValueError:
        raw = b""
    if len(raw) != 32:
        raise _refused(Sentence("the root is not 64 hexadecimal digits."))
    return TreeHead(size, raw)


def _refused(reason: Sentence) -> InvalidInputError:
    return InvalidInputError(
        "checkpoint",
        reason,
        Sentence("Give SIZE:ROOT, a saved answer of /v1/log/checkpoint, or a note."),
    )


def _unsigned(reason: Sentence) -> InvalidInputError:
    return InvalidInputError(
        "key",
        reason,
        Sentence("Leave --key out, or give a signed note as --checkpoint."),
    )
