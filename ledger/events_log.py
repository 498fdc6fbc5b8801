"""The events about the log itself: its keys, checkpoints and witnesses; a part of `ledger.events`.

They stand in the log that they speak of: a checkpoint of n entries is recorded at n + 1 or later,
and the next checkpoint commits to it too. No event carries anything that a stranger could not be
shown: notes, public keys and hashes.
"""

from typing import ClassVar

import msgspec

from ledger.events_base import Event, UtcTime


class ProjectionDigest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a projection's rows hash to at a position; a part of `log.checkpoint_made`."""

    position: int
    """At most the checkpoint's size: it speaks of entries that the checkpoint commits to."""
    sha256: str
    version: int = 0
    """The version of the projection's code that made the rows; other code makes other rows."""


class LogKeyIntroduced(Event, frozen=True, kw_only=True):
    """A key signs the log's checkpoints from here on."""

    type: ClassVar[str] = "log.key_introduced"

    key: str
    """The public key: `<name>+<id>+<base64>`."""
    note: str
    """A signed note that names the key; signed by it, and by the key before it if there was one
    that could still sign."""


class LogCheckpointMade(Event, frozen=True, kw_only=True):
    """The log has committed to its first `size` entries."""

    type: ClassVar[str] = "log.checkpoint_made"

    origin: str
    size: int
    root: str
    """The root of the tree over them, base64."""
    note: str
    """The signed note of the checkpoint."""
    digests: dict[str, ProjectionDigest] = msgspec.field(default_factory=dict)
    """Projection -> what its rows hashed to, for those that were digested."""


class LogCheckpointCosigned(Event, frozen=True, kw_only=True):
    """A witness has seen a checkpoint, and that it continues the one it had seen before."""

    type: ClassVar[str] = "log.checkpoint_cosigned"

    size: int
    root: str
    witness: str
    """The name of the witness's key."""
    signatures: list[str]
    """Its lines for the note, each without the newline at its end."""


class LogWitnessRefused(Event, frozen=True, kw_only=True):
    """A witness would not sign a checkpoint; kept with what it said."""

    type: ClassVar[str] = "log.witness_refused"

    size: int
    witness: str
    status: int
    """The HTTP status of its answer."""
    reason: str
    evidence: str
    """What it answered, as text, cut where it was too long."""


class LogMismatchFound(Event, frozen=True, kw_only=True):
    """An old entry, read again, is not what was recorded."""

    type: ClassVar[str] = "log.mismatch_found"

    position: int
    reason: str
    what: str
    """What does not agree: `entry`, `version`, `tile`, `head`, `checkpoint`, or a projection's
    name."""


class LogRestored(Event, frozen=True, kw_only=True):
    """A copy was put in the place of a log that was lost; what came after the copy is lost."""

    type: ClassVar[str] = "log.restored"

    since: UtcTime
    """When the copy was made: what happened from then on, to this event, is lost."""
    until: UtcTime
    """Until when no payment is submitted before its providers were asked whether they have it."""
    unasked: list[str]
    """Providers that are sent to although they cannot be asked, by the operator's decision."""
    sends_waiting: bool = False
    """Whether what waited in the copy is sent although it may have been cancelled in what is lost,
    by the operator's decision."""
