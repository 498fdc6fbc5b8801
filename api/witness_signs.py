"""Signs: what a witness was shown that proves nothing by itself, and that somebody should look at.

Two things are counted for each log, with when, which sizes and, for one of them, the log's word:

    smaller      a checkpoint that the log signed, of fewer entries than were cosigned already: an
                 older copy of the database put back, or a late repeat by a process of the same log
    unknown_key  a checkpoint that no key known here has signed: the log's key was rotated, or
                 anybody made it up

Why they are no evidence (`api.witness_files`): a smaller log contradicts nothing, until it grows
otherwise; then it has forked, and that is kept with both signatures. And anybody can send what
nobody has signed.

The trick: a sign is a count and the latest of its kind, in one small file for each log that is
replaced whole. So a flood of them fills neither the disk nor the page, and pushes out no evidence.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple, Self, TypeVar

import orjson

from api.witness_files import replace_whole
from ledger.checkpoint import Checkpoint, split_note
from ledger.entry import rfc3339
from ledger.witness import AddCheckpoint, Seen, SignKind, Verdict

T = TypeVar("T")

KEYS_SHOWN_MAX: Final = 8
"""How many names of keys that are not known here are remembered of a log."""

SIZES_SHOWN_MAX: Final = 16
"""How many sizes that were smaller are remembered of a log, the latest last."""


class Sign(NamedTuple):
    """How often something was shown, and the latest of it."""

    kind: SignKind
    origin: str
    times: int
    first_at: str
    at: str
    """When it was shown last."""
    size: int
    """How many entries the latest checkpoint was of."""
    cosigned_size: int
    """How many had been cosigned then."""
    sizes: tuple[int, ...]
    keys: tuple[str, ...]
    """`<name>+<id>` of whoever was said to have signed; of `unknown_key` alone."""
    note: str
    """The latest smaller checkpoint, as the log signed it; empty where no known key has."""

    @property
    def is_worth_a_line(self) -> bool:
        """Whether to say it in the logs: the first time, and ever less often."""
        return self.times & (self.times - 1) == 0

    def again(self, note: str, at: str, cosigned_size: int) -> Self:
        """The same, shown once more."""
        text, signatures = split_note(note)
        size = Checkpoint.from_text(text).size
        is_unknown = self.kind == "unknown_key"
        named = [f"{one.name}+{one.key_id.hex()}" for one in signatures if one.name == self.origin]
        return self._replace(
            times=self.times + 1,
            first_at=self.first_at or at,
            at=at,
            size=size,
            cosigned_size=cosigned_size,
            sizes=_with(self.sizes, [size], SIZES_SHOWN_MAX),
            keys=_with(self.keys, named, KEYS_SHOWN_MAX) if is_unknown else (),
            note="" if is_unknown else note,
        )


class WitnessSigns:
    """The signs in the folder of one witness."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "signs"

    def add(self, origin: str, request: AddCheckpoint, verdict: Verdict, at: datetime) -> Sign:
        """Count what a verdict is a sign of."""
        assert verdict.sign is not None
        known = {one.kind: one for one in self.of(origin)}
        sign = known.get(verdict.sign) or Sign(verdict.sign, origin, 0, "", "", 0, 0, (), (), "")
        cosigned = (verdict.seen or Seen()).size
        known[verdict.sign] = sign.again(request.note, rfc3339(at), cosigned)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        kept = orjson.dumps([one._asdict() for one in known.values()])
        replace_whole(self._path(origin), kept.decode())
        return known[verdict.sign]

    def of(self, origin: str) -> list[Sign]:
        """The signs about one log; what cannot be read was none."""
        try:
            kept: list[dict[str, Any]] = orjson.loads(self._path(origin).read_bytes())
            lists = ("sizes", "keys")
            return [Sign(**{**one, **{name: tuple(one[name]) for name in lists}}) for one in kept]
        except (FileNotFoundError, ValueError, TypeError, KeyError):
            return []

    def all(self, origins: Iterable[str]) -> list[Sign]:
        """The signs about all of these logs."""
        return [sign for origin in sorted(origins) for sign in self.of(origin)]

    def _path(self, origin: str) -> Path:
        return self._folder / f"{hashlib.sha256(origin.encode()).hexdigest()[:32]}.json"


def _with(known: tuple[T, ...], more: Iterable[T], most: int) -> tuple[T, ...]:
    """What was known and more of it, each once, the latest last."""
    return tuple(dict.fromkeys(reversed([*known, *more])))[:most][::-1]
