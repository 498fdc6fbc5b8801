"""A witness's judgement: whether a checkpoint only adds to what was cosigned before.

The request and its answers are C2SP tlog-witness, `add-checkpoint`:

    old 20852014
    PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
    jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=

    example.com/behind-the-sofa
    20852163
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5...

`judge` is a pure function of what the witness remembers, whose keys it trusts, and the request. It
holds the one promise of a witness: of one log, two checkpoints are only ever cosigned if the later
is proved to begin with the earlier.

A refusal that a log's own signature stands under may prove that it has forked or been rolled back,
and is marked as evidence; a late repeat of what was cosigned before is none. But whatever is of
fewer entries than were cosigned is marked as a sign: an older copy that was put back looks just
like a late repeat, until it grows otherwise.

What it deliberately does not do: keep anything, tell the time, sign. `api.witness_files` remembers,
and nothing is signed before that is durable.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from ledger.checkpoint import (
    ROOT_BYTES,
    SIZE_MAX,
    Checkpoint,
    Verifier,
    decoded,
    encoded,
    open_checkpoint,
    split_note,
)
from ledger.errors import NoteError, NoteUnverifiedError
from ledger.merkle import EMPTY_ROOT, verify_consistency

PROOF_HASHES_MAX: Final = 63
REQUEST_BYTES_MAX: Final = 65_536
EARLIER_MAX: Final = 256
"""How many cosigned checkpoints are remembered, to tell a late repeat from a rolled-back log."""

_OLD: Final = re.compile(r"old (0|[1-9][0-9]{0,18})", re.ASCII)

Refused = Literal["forked", "behind", "unproved"]
"""Why evidence is kept: another root at the same size; smaller than what was cosigned and never
seen before; larger, and not shown to begin with it."""

SignKind = Literal["smaller", "unknown_key"]
"""What proves nothing and is counted: signed by the log and of fewer entries than were cosigned;
signed by no key that is known."""


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A request: from which size on, the proof, and the signed checkpoint."""

    old: int
    proof: tuple[bytes, ...]
    note: str

    def body(self) -> bytes:
        """The request as it is sent."""
        hashes = "".join(f"{encoded(one)}\n" for one in self.proof)
        return f"old {self.old}\n{hashes}\n{self.note}".encode()

    @classmethod
    def from_body(cls, body: bytes) -> "AddCheckpoint":
        """Read a request.

        Raises:
            NoteError: it is not one.
        """
        try:
            head, found, note = body.decode().partition("\n\n")
        except UnicodeDecodeError:
            raise NoteError("a request is not UTF-8") from None
        first, *rest = head.split("\n")
        match = _OLD.fullmatch(first)
        if match is None or not found:
            raise NoteError("a request begins with the line: old <size>")
        if len(rest) > PROOF_HASHES_MAX:
            raise NoteError(f"a proof has at most {PROOF_HASHES_MAX} hashes")
        proof = tuple(decoded(line, "a hash of the proof") for line in rest)
        if any(len(one) != ROOT_BYTES for one in proof) or int(match[1]) > SIZE_MAX:
            raise NoteError("a hash of the proof has not 32 bytes, or the old size is too large")
        return cls(int(match[1]), proof, note)


class Seen(NamedTuple):
    """What a witness remembers of a log; at first, the empty tree."""

    size: int = 0
    root: bytes = EMPTY_ROOT
    note: str = ""
    """The signed checkpoint of that size, as it came."""
    earlier: tuple[tuple[int, str], ...] = ()
    """(size, root in hex) of what was cosigned before, the latest last."""


class Verdict(NamedTuple):
    """What is answered; `seen` is what has to be durable before anything is cosigned."""

    status: Literal[200, 400, 403, 404, 409, 422]
    reason: str
    text: str = ""
    """Of 200: the text to cosign."""
    seen: Seen | None = None
    """Of 200: what to remember from now on. Of other answers: what is remembered, if known."""
    evidence: Refused | None = None
    sign: SignKind | None = None


def origin_of(note: str) -> str:
    """The log that a note says it is of, believing nothing.

    Raises:
        NoteError: it is no signed checkpoint.
    """
    text, _ = split_note(note)
    return Checkpoint.from_text(text).origin


def judge(
    request: AddCheckpoint, seen: Mapping[str, Seen], keys: Mapping[str, Sequence[Verifier]]
) -> Verdict:
    """Judge a request.

    Args:
        request: what was sent.
        seen: origin -> what was cosigned of it last; absent if nothing ever was.
        keys: origin -> every key that it is known to sign with.
    """
    try:
        origin = origin_of(request.note)
        if not keys.get(origin):
            return Verdict(404, "this log is not known here")
        checkpoint, text = _opened(request.note, keys[origin], origin)
    except NoteUnverifiedError:
        reason = (
            "no known key of this log has signed this checkpoint; if its key was rotated, whoever "
            "runs this witness checks the introduction (/v1/log/keys) and adds the new key"
        )
        return Verdict(403, reason, seen=seen.get(origin), sign="unknown_key")
    except NoteError as error:
        return Verdict(400, str(error))
    known = seen.get(origin, Seen())
    sign: SignKind | None = "smaller" if checkpoint.size < known.size else None
    if request.old > checkpoint.size:
        reason = "the old size is larger than the checkpoint's"
        return Verdict(400, reason, seen=known, sign=sign)
    return _compared(request, checkpoint, text, known)._replace(sign=sign)


def _opened(note: str, keys: Sequence[Verifier], origin: str) -> tuple[Checkpoint, str]:
    """Open it by any of the keys: a wrong signature of one does not spoil that of another."""
    for key in keys:
        try:
            checkpoint, opened = open_checkpoint(note, [key], origin=origin)
        except NoteUnverifiedError:
            continue
        return checkpoint, opened.text
    raise NoteUnverifiedError("no known key has signed it")


def _compared(request: AddCheckpoint, checkpoint: Checkpoint, text: str, seen: Seen) -> Verdict:
    size, root = checkpoint.size, checkpoint.root
    is_other = size == seen.size and root != seen.root
    if is_other:
        evidence: Refused | None = "forked"
    elif size < seen.size and (size, root.hex()) not in seen.earlier:
        evidence = _smaller(size, seen)
    else:
        evidence = None
    if request.old != seen.size or is_other:
        return Verdict(409, f"{seen.size} entries were cosigned last", "", seen, evidence)
    if not verify_consistency(seen.size, size, request.proof, seen.root, root):
        reason = "the proof does not show that the log has only grown"
        return Verdict(422, reason, "", seen, "unproved")
    return Verdict(200, "cosigned", text, _remembered(seen, size, root, request.note))


def _smaller(size: int, seen: Seen) -> Refused:
    """Another root at a size that was cosigned is a fork; a size never seen may be a roll-back."""
    return "forked" if any(size == earlier for earlier, _ in seen.earlier) else "behind"


def _remembered(seen: Seen, size: int, root: bytes, note: str) -> Seen:
    earlier = [one for one in seen.earlier if one[0] != size]
    return Seen(size, root, note, (*earlier, (size, root.hex()))[-EARLIER_MAX:])
