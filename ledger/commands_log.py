"""Commands about the log itself: its keys, checkpoints, witnesses; a part of `ledger.commands`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple


class Digested(NamedTuple):
    """What a projection's rows hash to, as of a position."""

    position: int
    sha256: str
    """Hexadecimal."""
    version: int
    """The version of the projection's code that made the rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntroduceLogKey:
    """Let a key sign checkpoints from here on. Ignored if it is the one that does."""

    key: str
    note: str
    after: str | None
    """The key that signed until now; refused if it is another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCheckpoint:
    """Keep a checkpoint. Ignored if somebody kept one after the one that it follows."""

    day: str
    """The day it is kept under, `YYYY-MM-DD`."""
    after_size: int
    """The size of the checkpoint before it, 0 for none."""
    origin: str
    size: int
    root: str
    note: str
    digests: Mapping[str, Digested] = field(default_factory=dict)
    """Projection -> what its rows hash to, at positions the checkpoint commits to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCosignature:
    """Keep a witness's signatures of a checkpoint. Ignored if it has signed it already."""

    size: int
    root: str
    witness: str
    signatures: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordWitnessRefusal:
    """Keep that a witness would not sign a checkpoint. Ignored if it said the same already."""

    size: int
    witness: str
    status: int
    reason: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordMismatch:
    """Keep that an old entry is not what was recorded. Ignored if that position is known bad."""

    position: int
    reason: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRestoration:
    """Keep that a copy was put in the place of a log that was lost."""

    since: datetime
    """When the copy was made."""
    until: datetime
    """Until when providers are asked before anything is submitted to them."""
    unasked: tuple[str, ...] = ()
    """Providers that are sent to although they cannot be asked."""
    sends_waiting: bool = False
    """Whether what waited in the copy is sent although it may have been cancelled since."""
    at: datetime


WitnessCommand = RecordCosignature | RecordWitnessRefusal
LogCommand = (
    IntroduceLogKey | RecordCheckpoint | WitnessCommand | RecordMismatch | RecordRestoration
)
