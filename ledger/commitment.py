"""What the log commits to, as the log keeps it: keys, checkpoints, witnesses' words; pure deciders.

    log-keys                    every key that ever signed, in order; the last one signs now
    checkpoints-<YYYY-MM-DD>    the checkpoints of a day, ever larger
    witnesses-<size>            who cosigned the checkpoint of that size, and who would not
    mismatch-<position>         an old entry that was read again and found changed

Why checkpoints by the day: a stream has an end (`STREAM_EVENTS_MAX`), and a checkpoint every ten
seconds fills no day. Why the witnesses' words apart: there are as many for each checkpoint as there
are witnesses, and a checkpoint must never wait for a stream that they filled.

Of two processes that make a checkpoint at once one is kept: both say which checkpoint theirs
follows, and the second one finds that it is not the last any more. Whatever was kept already is no
event again.

It checks no signature: whoever records has (`api.checkpoints`), and whoever reads does again.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ledger import events
from ledger.commands_log import (
    IntroduceLogKey,
    RecordCheckpoint,
    RecordCosignature,
    RecordMismatch,
    RecordWitnessRefusal,
    WitnessCommand,
)
from ledger.errors import CommandRefusedError
from ledger.events import Event
from ledger.sentences import Sentence

EVIDENCE_CHARACTERS_MAX: Final = 4_000
"""How much of a witness's refusal is kept: a proof and a checkpoint fit."""

REASON_CHARACTERS_MAX: Final = 500

WITNESS_WORDS_MAX: Final = 200
"""How many words of witnesses about one checkpoint are kept."""

KEYS_STREAM: Final = "log-keys"

ROUTINE: Final = (
    events.LogCheckpointMade.type,
    events.LogCheckpointCosigned.type,
    events.LogWitnessRefused.type,
)
"""What follows from a checkpoint by itself: no reason to make the next one."""


@dataclass(frozen=True, slots=True)
class LogKeys:
    """The keys that have signed checkpoints, the present one last."""

    keys: tuple[str, ...] = ()

    @property
    def current(self) -> str | None:
        """The key that signs now."""
        return self.keys[-1] if self.keys else None


@dataclass(frozen=True, slots=True)
class Day:
    """A day's checkpoints: the size of the last one."""

    size: int = 0


@dataclass(frozen=True, slots=True)
class Witnessed:
    """What was said about one checkpoint: (witness, what)."""

    said: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Whether a position is known to be bad."""

    is_known: bool = False


NO_KEYS: Final = LogKeys()
NO_CHECKPOINT: Final = Day()
UNWITNESSED: Final = Witnessed()
NO_MISMATCH: Final = Mismatch()


def day_of(moment: datetime) -> str:
    """The day a checkpoint is kept under."""
    return moment.strftime("%Y-%m-%d")


def checkpoints_stream(day: str) -> str:
    """The name of the stream of a day's checkpoints."""
    return f"checkpoints-{day}"


def witnesses_stream(size: int) -> str:
    """The name of the stream of what witnesses said about the checkpoint of a size."""
    return f"witnesses-{size}"


def mismatch_stream(position: int) -> str:
    """The name of the stream of a position that is not what was recorded."""
    return f"mismatch-{position}"


def decide_key(command: IntroduceLogKey, state: LogKeys) -> list[Event]:
    """Decide about a new key.

    Raises:
        CommandRefusedError: another key signs than the one it would follow, or it has signed once.
    """
    if state.current == command.key:
        return []
    if state.current != command.after or command.key in state.keys:
        raise CommandRefusedError(
            "IntroduceLogKey", Sentence("the log is signed by another key by now.")
        )
    return [events.LogKeyIntroduced(key=command.key, note=command.note)]


def evolve_key(state: LogKeys, event: Event) -> LogKeys:
    """Fold one event into the log's keys."""
    match event:
        case events.LogKeyIntroduced():
            return LogKeys((*state.keys, event.key))
        case _:
            raise TypeError(f"the stream of the log's keys has no {event.type}")


def decide_checkpoint(command: RecordCheckpoint, state: Day) -> list[Event]:
    """Decide about a checkpoint; one that follows another than the last one changes nothing."""
    if state.size > command.after_size or command.size <= command.after_size:
        return []
    return [
        events.LogCheckpointMade(
            origin=command.origin,
            size=command.size,
            root=command.root,
            note=command.note,
            digests={
                name: events.ProjectionDigest(
                    position=one.position, sha256=one.sha256, version=one.version
                )
                for name, one in command.digests.items()
            },
        )
    ]


def evolve_checkpoint(state: Day, event: Event) -> Day:
    """Fold one event into a day's checkpoints."""
    match event:
        case events.LogCheckpointMade():
            return Day(max(state.size, event.size))
        case _:
            raise TypeError(f"a stream of checkpoints has no {event.type}")


def decide_witness(command: WitnessCommand, state: Witnessed) -> list[Event]:
    """Decide about a witness's word; what it has said already changes nothing."""
    if len(state.said) >= WITNESS_WORDS_MAX:
        return []
    event: Event
    match command:
        case RecordCosignature():
            event = events.LogCheckpointCosigned(
                size=command.size,
                root=command.root,
                witness=command.witness,
                signatures=list(command.signatures),
            )
        case RecordWitnessRefusal():
            event = events.LogWitnessRefused(
                size=command.size,
                witness=command.witness,
                status=command.status,
                reason=command.reason[:REASON_CHARACTERS_MAX],
                evidence=command.evidence[:EVIDENCE_CHARACTERS_MAX],
            )
    return [] if _word(event) in state.said else [event]


def evolve_witness(state: Witnessed, event: Event) -> Witnessed:
    """Fold one event into what was said about a checkpoint."""
    return Witnessed((*state.said, _word(event)))


def _word(event: Event) -> tuple[str, str]:
    match event:
        case events.LogCheckpointCosigned():
            return event.witness, "cosigned"
        case events.LogWitnessRefused():
            return event.witness, f"{event.status} {event.reason}"
        case _:
            raise TypeError(f"a stream of witnesses has no {event.type}")


def decide_mismatch(command: RecordMismatch, state: Mismatch) -> list[Event]:
    """Decide about a mismatch; one at a position that is known changes nothing."""
    if state.is_known:
        return []
    return [
        events.LogMismatchFound(
            position=command.position,
            reason=command.reason[:REASON_CHARACTERS_MAX],
            what=command.what,
        )
    ]


def evolve_mismatch(state: Mismatch, event: Event) -> Mismatch:
    """Fold one event into what is known of a position."""
    match event:
        case events.LogMismatchFound():
            return Mismatch(is_known=True)
        case _:
            raise TypeError(f"a stream of a mismatch has no {event.type}")
