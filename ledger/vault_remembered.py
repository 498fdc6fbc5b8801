"""What a vault remembers: unwrapped data keys, for a while, and as many as it may.

It decides nothing about them: which key may be used again, and for how long, is `ledger.vault`'s.
"""

from collections import OrderedDict
from collections.abc import Hashable
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM


class Remembered(NamedTuple):
    """An unwrapped data key, inside a cipher that does not show it."""

    key_id: str
    subject: str
    cipher: AESGCM
    until: float
    beside: dict[Hashable, object]
    """What others made of what they opened with it; gone when the key is."""
    is_shared: bool = False
    """Whether it may seal again; see `ledger.vault`."""


class Remembering(OrderedDict[str, Remembered]):
    """The most recently used keys, at most `entries_max` of them."""

    def __init__(self, entries_max: int) -> None:
        super().__init__()
        self.entries_max = entries_max

    def put(self, name: str, remembered: Remembered) -> None:
        """Remember a key under a name; the longest unused goes where there are too many."""
        self[name] = remembered
        self.move_to_end(name)
        while len(self) > self.entries_max:
            self.popitem(last=False)

    def fresh(self, name: str, now: float) -> Remembered | None:
        """A key that is remembered and not too old."""
        found = self.get(name)
        if found is None:
            return None
        if found.until <= now:
            del self[name]
            return None
        self.move_to_end(name)
        return found

    def forget(self, subject: str) -> None:
        """Let go of every key of a subject."""
        for name in [name for name, one in self.items() if one.subject == subject]:
            del self[name]
