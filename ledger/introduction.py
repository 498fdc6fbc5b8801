"""Introductions: how one key of the log hands over to the next, so that trust in one reaches all.

A new key is introduced by a C2SP signed note over a text that names it:

    ledger.example/log
    signing key
    ledger.example/log+7a2d3c11+AfUxQ...
    after ledger.example/log+03de09ae+Ab...

The new key signs it, which shows that whoever introduces it has it, and the key before it signs it,
which is the handing over. The first key of a log has no last line. The text can be taken for no
checkpoint: the second line of a checkpoint is a number.

Whoever trusts one key of a log trusts what it introduced, and what that introduced, and so on. Each
key signs checkpoints of the sizes from its introduction (the first: from the start) to the next
one: so a key that was given up cannot rewrite what came after it, nor a new one what came before.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from ledger.checkpoint import (
    Checkpoint,
    Note,
    Signer,
    Verifier,
    open_checkpoint,
    open_note,
    sign_note,
)
from ledger.errors import NoteError, NoteKeyError, NoteUnverifiedError

KEYS_MAX: Final = 10_000
"""How many keys of a log are looked at: as many as their stream may hold."""

ROTATED: Final = (
    "the log's key may have been rotated: "
    "check its introduction at /v1/log/keys and add the new key"
)
"""What to do where no key that is trusted has signed."""

_KIND: Final = "signing key"


class Introduced(NamedTuple):
    """A key as the log recorded it."""

    key: str
    note: str
    position: int


class TrustedKey(NamedTuple):
    """A key that is trusted, and the sizes of the checkpoints that are its to sign."""

    verifier: Verifier
    since: int
    until: int | None


def introduce(origin: str, signer: Signer, previous: Signer | None, before: str | None) -> str:
    """Make the note that introduces a key.

    Args:
        origin: the log's name.
        signer: the new key.
        previous: the key before it; None if there was none, or it is lost.
        before: the public text of the key before it; None if there was none.
    """
    text = _text(origin, signer.verifier.text(), before)
    return sign_note(text, signer, *([previous] if previous is not None else []))


def trusted_keys(
    origin: str, introduced: Sequence[Introduced], anchors: Iterable[Verifier]
) -> list[TrustedKey]:
    """Find which of a log's keys may be believed by whoever trusts some of them.

    Args:
        origin: the log's name.
        introduced: every key in the order the log recorded them.
        anchors: the keys that are trusted already.

    Returns:
        The keys of the log that are an anchor, or were introduced by one that is believed.
    """
    believed = {one.text(): one for one in anchors}
    found: list[TrustedKey] = []
    before: str | None = None
    for at, one in enumerate(introduced[:KEYS_MAX]):
        verifier = believed.get(one.key)
        if verifier is None and before in believed:
            verifier = _handed_over(origin, one, believed[before])
        if verifier is not None:
            believed[one.key] = verifier
            is_last = at + 1 == len(introduced)
            until = None if is_last else introduced[at + 1].position - 1
            found.append(TrustedKey(verifier, one.position if at else 0, until))
        before = one.key
    return found


def open_with_keys(
    note: str | bytes, keys: Sequence[TrustedKey], *, origin: str
) -> tuple[Checkpoint, Note]:
    """Open a signed checkpoint by whichever of a log's trusted keys had to sign it.

    Raises:
        NoteError: it is no signed checkpoint of that log.
        NoteUnverifiedError: none of the keys signed it, or one whose time had not come or was over.
    """
    checkpoint, opened = open_checkpoint(note, [one.verifier for one in keys], origin=origin)
    spans = {one.verifier: one for one in keys}
    for verifier in opened.verified:
        span = spans[verifier]
        if span.since <= checkpoint.size and (span.until is None or checkpoint.size <= span.until):
            return checkpoint, opened
    raise NoteUnverifiedError(
        f"the checkpoint of {checkpoint.size} is signed by a key that signs none of that size"
    )


def has_introduced_itself(one: Introduced, before: str | None) -> bool:
    """Whether a key has signed its own introduction, as the one that follows another.

    Args:
        one: the key.
        before: the public text of the key before it; None if there was none.
    """
    try:
        verifier = Verifier.from_text(one.key)
        opened = open_note(one.note, [verifier])
    except (NoteError, NoteKeyError, NoteUnverifiedError):
        return False
    return opened.text == _text(verifier.name, one.key, before)


def _handed_over(origin: str, one: Introduced, before: Verifier) -> Verifier | None:
    """The key, if the one before it has signed its introduction and it has itself."""
    try:
        verifier = Verifier.from_text(one.key)
        opened = open_note(one.note, [before, verifier])
    except (NoteError, NoteKeyError, NoteUnverifiedError):
        return None
    is_said = opened.text == _text(origin, one.key, before.text())
    return verifier if is_said and {before, verifier} == set(opened.verified) else None


def _text(origin: str, key: str, before: str | None) -> str:
    return f"{origin}\n{_KIND}\n{key}\n" + (f"after {before}\n" if before else "")
