"""The events of the master key: ids only, which tell nothing about the keys."""

from typing import ClassVar

from ledger.events_base import Event, UtcTime


class MasterKeyRotated(Event, frozen=True, kw_only=True):
    """Another master key is the current one from now on; the former ones still unwrap."""

    type: ClassVar[str] = "master_key.rotated"

    key_id: str
    former: tuple[str, ...]


class MasterKeyRewrapped(Event, frozen=True, kw_only=True):
    """Every data key is wrapped under the current master key."""

    type: ClassVar[str] = "master_key.rewrapped"

    key_id: str
    rows: int
    """How many were wrapped anew, since the rotation or since it was taken up again."""
    at: UtcTime


class MasterKeyRetired(Event, frozen=True, kw_only=True):
    """A former master key unwraps nothing any more, and may be destroyed."""

    type: ClassVar[str] = "master_key.retired"

    key_id: str
