"""The checkpoints of a bundle, read from the log alone, so that a copy nobody may write will do.

The closing checkpoint is the first one that covers the range and that the policy holds for valid;
where there is none, the first one that covers it. Each comes with every cosignature that was
recorded by now.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final, NamedTuple

from ledger import events
from ledger.checkpoint import Verifier, split_note
from ledger.commitment import KEYS_STREAM, witnesses_stream
from ledger.entry import RecordedEvent, decode_entry
from ledger.errors import NoteError, NoteUnverifiedError
from ledger.introduction import Introduced, TrustedKey, open_with_keys, trusted_keys
from ledger.policy import Judgement, Policy
from ledger.store import PAGE_MAX, EventStore

CANDIDATES_MAX: Final = 200
"""How many checkpoints after the range are asked whether the policy holds them for valid."""


class Recorded(NamedTuple):
    """A checkpoint as the log recorded it."""

    position: int
    event: events.LogCheckpointMade


class Closing(NamedTuple):
    """The checkpoints after the range, up to the one that closes the bundle."""

    notes: dict[int, str]
    """Size -> note, for the closing one and those between the range and it."""
    size: int
    is_met: bool
    """Whether the policy holds it for valid, itself or by what its log keys introduced."""
    introduced: str
    """The log's key that signed, where the policy names only one that introduced it; or empty."""

    @property
    def is_met_by_letter(self) -> bool:
        """Whether who reads nothing but the policy holds it for valid too."""
        return self.is_met and not self.introduced


async def last_size(store: EventStore) -> int:
    """The size of the last checkpoint; 0 if there is none."""
    made = await last_made(store)
    return 0 if made is None else made.size


async def last_made(store: EventStore) -> events.LogCheckpointMade | None:
    """The last checkpoint as the log recorded it; None if there is none."""
    end = await store.position()
    while end > 0:
        start = max(0, end - PAGE_MAX)
        for row in reversed(await store.read_raw(start, end - start)):
            if row.type == events.LogCheckpointMade.type:
                event = decode_entry(row.entry).event
                assert isinstance(event, events.LogCheckpointMade)
                return event
        end = start
    return None


async def made_after(store: EventStore, position: int) -> AsyncIterator[Recorded]:
    """Every checkpoint that was recorded after a position."""
    while page := await store.read_raw(position, PAGE_MAX):
        for row in page:
            if row.type == events.LogCheckpointMade.type:
                event = decode_entry(row.entry).event
                assert isinstance(event, events.LogCheckpointMade)
                yield Recorded(row.position, event)
        position = page[-1].position


async def note_of(store: EventStore, event: events.LogCheckpointMade) -> str:
    """A checkpoint's note with every cosignature that was recorded."""
    lines = [
        line
        for recorded in await store.read_stream(witnesses_stream(event.size))
        if isinstance(recorded.event, events.LogCheckpointCosigned)
        and recorded.event.root == event.root
        for line in recorded.event.signatures
    ]
    return event.note + "".join(f"{line}\n" for line in lines)


async def keys_of(store: EventStore) -> list[RecordedEvent]:
    """The entries that introduced the log's keys."""
    return await store.read_stream(KEYS_STREAM)


def introduced_by(entries: Sequence[RecordedEvent]) -> list[Introduced]:
    """Read the keys that entries introduced."""
    return [
        Introduced(one.event.key, one.event.note, one.position)
        for one in entries
        if isinstance(one.event, events.LogKeyIntroduced)
    ]


def all_keys(introduced: Sequence[Introduced]) -> list[TrustedKey]:
    """The keys of a log as it names them itself, believed or not, each with its sizes."""
    anchors = [Verifier.from_text(one.key) for one in introduced]
    return trusted_keys(anchors[0].name if anchors else "", introduced, anchors)


def judged(policy: Policy, note: str, introduced: Sequence[Introduced], origin: str) -> Judgement:
    """What a policy says of a note, its log keys standing for all that they introduced.

    Raises:
        NoteError: it is no checkpoint of that log, or a signature in a known name is wrong.
    """
    keys = trusted_keys(origin, introduced, policy.logs)
    logs = tuple(one.verifier for one in keys)
    judgement = replace(policy, logs=logs or policy.logs).judge(note)
    if judgement.log is None:
        return judgement
    try:
        open_with_keys(note, keys or _for_ever(judgement.log), origin=origin)
    except NoteUnverifiedError:
        return replace(judgement, log=None)
    return judgement


class Said(NamedTuple):
    """What a bundle's own policy says of its closing checkpoint, for the report."""

    witnesses: tuple[tuple[str, int], ...]
    """Those of the policy that cosigned, and when, in POSIX seconds."""
    is_met: bool
    introduced: str
    """The log's key that signed, where the policy names only one that introduced it; or empty."""
    others: int
    """How many signatures the note carries of others than the log and the policy's witnesses."""


def said_by(policy: Policy, note: str, introduced: Sequence[Introduced], origin: str) -> Said:
    """Read a note by a policy; raises like `judged`."""
    judgement = judged(policy, note, introduced, origin)
    log = judgement.log
    known = {
        (one.verifier.name, one.verifier.key_id)
        for name, one in policy.witnesses.items()
        if name in judgement.cosigned
    }
    if log is not None:
        known.add((log.name, log.key_id))
    signers = {(one.name, one.key_id) for one in split_note(note)[1] if one.name != origin}
    return Said(
        tuple(judgement.cosigned.items()),
        judgement.is_met,
        log.text() if log is not None and log not in policy.logs else "",
        len(signers - known),
    )


def _for_ever(verifier: Verifier) -> list[TrustedKey]:
    return [TrustedKey(verifier, 0, None)]


async def closing(
    store: EventStore, last: int, policy: Policy, introduced: Sequence[Introduced]
) -> Closing | None:
    """Find the checkpoint that closes a bundle ending at a position; None if none does."""
    notes: dict[int, str] = {}
    first: int | None = None
    async for one in made_after(store, last):
        if one.event.size in notes:
            continue
        note = notes[one.event.size] = await note_of(store, one.event)
        if one.event.size < last:
            continue
        first = first or one.event.size
        with suppress(NoteError):
            said = said_by(policy, note, introduced, one.event.origin)
            if said.is_met:
                return Closing(notes, one.event.size, is_met=True, introduced=said.introduced)
        if len(notes) >= CANDIDATES_MAX:
            break
    if first is None:
        return None
    notes = {size: notes[size] for size in notes if size <= first}
    return Closing(notes, first, is_met=False, introduced="")


def check_signed(
    note: bytes, keys: Sequence[TrustedKey], policy: Policy, origin: str
) -> tuple[int, bytes]:
    """Check that a log's own key signed a note, and that no witness's word in it is wrong.

    Returns:
        Size and root.

    Raises:
        NoteError: it is no checkpoint of that log, or a signature is wrong.
    """
    checkpoint, _ = open_with_keys(note, keys, origin=origin)
    text, signatures = split_note(note)
    known = {(one.verifier.name, one.verifier.key_id): one for one in policy.witnesses.values()}
    for signature in signatures:
        witness = known.get((signature.name, signature.key_id))
        if witness is not None and not witness.verifier.is_signed(text, signature.signature):
            raise NoteUnverifiedError(f"the signature of {witness.name} is wrong")
    return checkpoint.size, checkpoint.root
