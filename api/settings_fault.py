"""A fault of the settings, and the error that tells all of them; it knows no setting."""

from collections.abc import Sequence
from typing import NamedTuple

from ledger.sentences import Sentence


class Fault(NamedTuple):
    """One thing wrong with the settings: which variable, why, and what to set instead."""

    name: str
    reason: Sentence
    remedy: Sentence

    @property
    def sentence(self) -> Sentence:
        """All of it in one line, which can be said in another language too."""
        return Sentence(
            "{name}: {reason} {remedy}", name=self.name, reason=self.reason, remedy=self.remedy
        )

    def __str__(self) -> str:
        """Say it in one line."""
        return str(self.sentence)


class Described(Sentence):
    """What the reference says of a setting: it stands written out in its field, and is a remedy."""

    __slots__ = ()


class SettingsError(Exception):
    """The settings cannot be used; `faults` names every reason, never a secret's value."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)
