"""The master key as the log knows it: which is current, and which may go; a pure decider.

It knows ids and no keys. A key is rotated, all data keys are wrapped anew under the new one, and
only then may a former one be retired, a while later: a server that had not yet read of the rotation
may have wrapped something under the former key a moment ago.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from ledger import events
from ledger.commands_master_key import (
    MasterKeyCommand,
    RecordRewrapping,
    RetireMasterKey,
    RotateMasterKey,
)
from ledger.errors import CommandRefusedError
from ledger.events import Event
from ledger.sentences import Sentence

STREAM: Final = "master-key"

SETTLED_SECONDS_MIN: Final = 60
"""From the end of a re-wrapping to the retirement of a former key: by then every server has read of
the rotation."""


@dataclass(frozen=True, slots=True)
class Ring:
    """The folded state of the master key's stream."""

    current: str | None = None
    rewrapped_at: datetime | None = None
    """When all data keys were last found to be wrapped under the current one."""
    retired: frozenset[str] = frozenset()


INITIAL: Final = Ring()


def decide(command: MasterKeyCommand, state: Ring) -> list[Event]:
    """Decide about the master key; what is so already changes nothing.

    Raises:
        CommandRefusedError: a key that is to go is still needed, or may be.
    """
    match command:
        case RotateMasterKey():
            if state.current == command.key_id:
                return []
            return [events.MasterKeyRotated(key_id=command.key_id, former=command.former)]
        case RecordRewrapping():
            if state.rewrapped_at is not None and not command.rows:
                return []
            return [
                events.MasterKeyRewrapped(key_id=command.key_id, rows=command.rows, at=command.at)
            ]
        case RetireMasterKey():
            return _retire(command, state)


def _retire(command: RetireMasterKey, state: Ring) -> list[Event]:
    name = "RetireMasterKey"
    if command.key_id == command.current:
        raise CommandRefusedError(name, Sentence("it is the current master key."))
    if command.rows:
        reason = Sentence(
            "{rows} data keys are still wrapped under it: run `cauri master-key rotate` first.",
            rows=command.rows,
        )
        raise CommandRefusedError(name, reason)
    settled = timedelta(seconds=SETTLED_SECONDS_MIN)
    if state.rewrapped_at is None or command.at < state.rewrapped_at + settled:
        reason = Sentence(
            "a server may still use it until {seconds} seconds after everything was wrapped anew.",
            seconds=SETTLED_SECONDS_MIN,
        )
        raise CommandRefusedError(name, reason)
    if command.key_id in state.retired:
        return []
    return [events.MasterKeyRetired(key_id=command.key_id)]


def evolve(state: Ring, event: Event) -> Ring:
    """Fold one event into what is known of the ring."""
    match event:
        case events.MasterKeyRotated():
            return replace(state, current=event.key_id, rewrapped_at=None)
        case events.MasterKeyRewrapped():
            return replace(state, rewrapped_at=event.at)
        case events.MasterKeyRetired():
            return replace(state, retired=state.retired | {event.key_id})
        case _:
            raise TypeError(f"the master key's stream has no {event.type}")
