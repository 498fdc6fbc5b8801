"""What the log says of itself, verified: keys, checkpoints and cosignatures that stand in it.

A checkpoint that the log recorded is held to what it says: one of the log's keys, introduced before
and not yet followed by another at that size, has signed its note, and the entries make its root at
its size. A cosignature is held to the same root, and to the witness's key where that is known. Each
key has signed its own introduction.

The trick: whoever reads on from an entry does not know the root at a size before it. So what is
verified here is what an entry says; the root it names is handed back as a `Claim`, to be compared
by whoever has it.

What this deliberately does not prove: that the keys are the right ones. A log rewritten as a whole
is signed by whoever rewrote it; only a key or a checkpoint kept elsewhere tells.
"""

import base64
from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import Final, NamedTuple

from ledger import events
from ledger.checkpoint import Checkpoint, Verifier, read_signatures
from ledger.commitment import KEYS_STREAM
from ledger.cosignature import CosignatureVerifier
from ledger.entry import decode_entry
from ledger.errors import CorruptLogError, LedgerError, NoteError
from ledger.introduction import (
    Introduced,
    TrustedKey,
    has_introduced_itself,
    open_with_keys,
    trusted_keys,
)
from ledger.scan import LogScan

NOTED: Final = frozenset(
    {
        events.LogKeyIntroduced.type,
        events.LogCheckpointMade.type,
        events.LogCheckpointCosigned.type,
    }
)
"""The types of events that are looked at."""


class Claim(NamedTuple):
    """What the entry at a position says: the root of the log's first `size` entries."""

    position: int
    size: int
    root: bytes


class Notes:
    """The keys as they were introduced up to here; verifies what follows, in order.

    Args:
        introduced: the keys that are known already.
        witnesses: the keys of witnesses that are trusted; others' cosignatures prove nothing.
    """

    def __init__(
        self,
        introduced: Iterable[Introduced] = (),
        witnesses: Sequence[CosignatureVerifier] = (),
    ) -> None:
        self.introduced = list(introduced)
        self.witnesses = tuple(witnesses)
        self.checkpoints = 0
        self.cosignatures = 0
        """Those of witnesses that are trusted."""
        self._trusted: dict[str, list[TrustedKey]] = {}

    def until(self, position: int) -> "Notes":
        """The same keys as far as they are introduced up to a position; nothing counted yet."""
        known = [one for one in self.introduced if one.position <= position]
        return Notes(known, self.witnesses)

    def counting(self, other: "Notes") -> "Notes":
        """The same keys, with what another has counted."""
        self.checkpoints, self.cosignatures = other.checkpoints, other.cosignatures
        return self

    def see(self, stream: str, position: int, entry: bytes) -> Claim | None:
        """Verify what one entry of a type in `NOTED` says; the root that it claims, if any.

        Raises:
            CorruptLogError: it is not signed as it must be, or no such entry at all.
        """
        try:
            return self._see(stream, position, entry)
        except (NoteError, CorruptLogError, ValueError) as error:
            reason = f"what the log says of itself is not proved: {error}"
            raise CorruptLogError(position, reason) from error

    def _see(self, stream: str, position: int, entry: bytes) -> Claim | None:
        match decode_entry(entry).event:
            case events.LogKeyIntroduced() as told if stream == KEYS_STREAM:
                self._introduce(Introduced(told.key, told.note, position))
            case events.LogCheckpointMade() as told:
                claim = _claim(position, told.size, told.root)
                checkpoint, _ = open_with_keys(
                    told.note, self._keys(told.origin), origin=told.origin
                )
                if (checkpoint.size, checkpoint.root) != claim[1:]:
                    raise NoteError("the note of the checkpoint is of another one")
                self.checkpoints += 1
                return claim
            case events.LogCheckpointCosigned() as told:
                claim = _claim(position, told.size, told.root)
                self._cosigned(told, claim)
                return claim
        return None

    def _introduce(self, one: Introduced) -> None:
        if one in self.introduced:
            return
        before = self.introduced[-1].key if self.introduced else None
        if not has_introduced_itself(one, before):
            raise NoteError("the new key has not signed its introduction")
        self.introduced.append(one)
        self._trusted.clear()

    def _keys(self, origin: str) -> list[TrustedKey]:
        """The log's own keys, each for its sizes; there are as many origins as it has had names."""
        if origin not in self._trusted:
            if len(self._trusted) > len(self.introduced):
                self._trusted.clear()  # a log that says another name each time fills no memory
            verifiers = [Verifier.from_text(one.key) for one in self.introduced]
            self._trusted[origin] = trusted_keys(origin, self.introduced, verifiers)
        return self._trusted[origin]

    def _cosigned(self, told: events.LogCheckpointCosigned, claim: Claim) -> None:
        lines = read_signatures("".join(f"{line}\n" for line in told.signatures))
        origins = {Verifier.from_text(one.key).name for one in self.introduced}
        texts = [Checkpoint(origin, claim.size, claim.root).text() for origin in origins]
        for line in lines:
            for witness in self.witnesses:
                if (witness.name, witness.key_id) != (line.name, line.key_id):
                    continue
                if not any(witness.is_signed(text, line.signature) for text in texts):
                    raise NoteError(f"the cosignature of {witness.name} is wrong")
                self.cosignatures += 1


def keys_in(scan: LogScan, until: int) -> list[Introduced] | None:
    """The keys that the log introduced up to a position; None if that cannot be read."""
    introduced: list[Introduced] = []
    try:
        with closing(scan.open()) as scanner:
            steps = list(scanner.places(KEYS_STREAM, KEYS_STREAM + "\0", 0, until))
            for position in [place[2] for step in steps for place in step]:
                for rows in scanner.rows(position - 1, position):
                    event = decode_entry(rows[0][4]).event
                    if isinstance(event, events.LogKeyIntroduced):
                        introduced.append(Introduced(event.key, event.note, position))
    except (LedgerError, TypeError, ValueError, AttributeError):
        return None
    return introduced


def _claim(position: int, size: int, root: str) -> Claim:
    if not 0 <= size < position:
        raise NoteError("the checkpoint is of more entries than stand before it")
    return Claim(position, size, base64.b64decode(root, validate=True))


def refuted(claim: Claim) -> CorruptLogError:
    """What is wrong where the entries make another root than an entry claims."""
    return CorruptLogError(
        claim.position, f"the first {claim.size} entries do not make the root that it states"
    )
