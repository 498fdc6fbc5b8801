"""Commands about the master key; a part of `ledger.commands`."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RotateMasterKey:
    """Say that another master key is the current one. A repeat changes nothing."""

    key_id: str
    former: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRewrapping:
    """Say that every data key is wrapped under it."""

    key_id: str
    rows: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RetireMasterKey:
    """Ask whether a former master key may go, and say that it does."""

    key_id: str
    current: str
    rows: int
    """How many data keys are still wrapped under it."""
    at: datetime


MasterKeyCommand = RotateMasterKey | RecordRewrapping | RetireMasterKey
