"""A fault of the settings, and the error that tells all of them; it knows no setting."""

from collections.abc import Sequence
from typing import NamedTuple


class Fault(NamedTuple):
    """One thing wrong with the settings: which variable, why, and what to set instead."""

    name: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.name}: {self.reason} {self.remedy}"


class SettingsError(Exception):
    """The settings cannot be used; `faults` names every reason, never a secret's value."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)
