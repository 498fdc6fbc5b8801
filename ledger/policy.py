"""Policies: whose cosignatures are enough, as an auditor writes it down (C2SP tlog-policy).

    log ledger.example/log+d3ad4bf0+AU...
    witness merchant shop.example/witness+9ea5c1c3+BN... https://witness.shop.example
    witness firm audit.example/witness+31b6a2f5+BK...
    witness operator telco.example/witness+8d66cf3f+BB...
    group two-of-three 2 merchant firm operator
    quorum two-of-three

A checkpoint is valid if one of the logs signed it and the quorum cosigned it. A name is defined
above the line that uses it and is a member of one group at most, so no witness counts twice and no
group contains itself. Names mean nothing outside of the file; they are compared byte by byte.

Why refuse so much (one spelling of a number, no unknown word, every line ended): a policy is a
statement of trust, and a line that is skipped silently is trust that nobody meant to give.

It reads no file and asks nobody; what it is given are bytes and notes.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ledger.checkpoint import Checkpoint, Signature, Verifier, split_note
from ledger.cosignature import CosignatureVerifier, cosigned_at
from ledger.errors import NoteError, NoteKeyError, NoteUnverifiedError
from ledger.sentences import Sentence

NONE: Final = "none"
BYTES_MAX: Final = 1_000_000
LOGS_MAX: Final = 256
WITNESSES_MAX: Final = 256
GROUPS_MAX: Final = 256

_BLANK: Final = re.compile(r"[ \t]+")
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
_COUNT: Final = re.compile(r"[1-9][0-9]{0,3}", re.ASCII)


class PolicyError(NoteError):
    """A policy file cannot be used; `line` is the number of the line that is wrong, from 1."""

    def __init__(self, line: int, reason: Sentence) -> None:
        super().__init__(Sentence("line {line}: {reason}", line=line, reason=reason))
        self.line = line
        self.reason = reason


class Witness(NamedTuple):
    """A witness as the policy names it."""

    name: str
    verifier: CosignatureVerifier
    url: str | None = None


class Group(NamedTuple):
    """Members of which at least `needed` have to have cosigned."""

    name: str
    needed: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a policy says of a note."""

    log: Verifier | None
    """Whose log it is; None if no log of the policy signed it."""
    cosigned: Mapping[str, int]
    """Witnesses of the policy that cosigned it -> when, in POSIX seconds."""
    is_quorum: bool
    missing: tuple[str, ...]
    """What the quorum still lacks, each as `name` or `n of [names]`; empty if it lacks nothing."""

    @property
    def is_met(self) -> bool:
        """Whether the checkpoint is valid."""
        return self.log is not None and self.is_quorum


@dataclass(frozen=True, slots=True)
class Policy:
    """Known logs, known witnesses, and how many of whom are needed. Made by `read_policy`."""

    logs: tuple[Verifier, ...] = ()
    witnesses: Mapping[str, Witness] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    quorum: str = NONE

    def judge(
        self,
        note: str | bytes,
        *,
        logs: tuple[Verifier, ...] = (),
        without: Collection[str] = (),
    ) -> Judgement:
        """Judge a signed checkpoint.

        Args:
            note: the cosigned checkpoint.
            logs: the log's keys, where the policy names none.
            without: names of witnesses whose cosignatures do not count.

        Raises:
            NoteError: it is no signed checkpoint.
            NoteUnverifiedError: a signature in the name of a known key is wrong.
        """
        text, signatures = split_note(note)
        origin = Checkpoint.from_text(text).origin
        by_key = {(one.name, one.key_id): one for one in reversed(signatures)}
        log = None
        for verifier in self.logs or logs:
            # A key signs for the log whose origin is its name; that is what it was listed as.
            if verifier.name == origin and _is_by(verifier, text, by_key):
                log = log or verifier
        cosigned = {
            one.name: cosigned_at(by_key[one.verifier.name, one.verifier.key_id])
            for one in self.witnesses.values()
            if one.name not in without and _is_by(one.verifier, text, by_key)
        }
        is_quorum = self.quorum == NONE or self._has(self.quorum, cosigned)
        missing = () if is_quorum else tuple(self._missing(self.quorum, cosigned))
        return Judgement(log, cosigned, is_quorum, missing)

    def _has(self, name: str, cosigned: Mapping[str, int]) -> bool:
        group = self.groups.get(name)
        if group is None:
            return name in cosigned
        return sum(self._has(one, cosigned) for one in group.members) >= group.needed

    def _missing(self, name: str, cosigned: Mapping[str, int]) -> Iterator[str]:
        group = self.groups.get(name)
        if group is None:
            yield name
            return
        without = [one for one in group.members if not self._has(one, cosigned)]
        lacking = group.needed - (len(group.members) - len(without))
        if lacking == len(without):
            for one in without:
                yield from self._missing(one, cosigned)
        else:
            yield f"{lacking} of [{' '.join(without)}]"


def _is_by(verifier: Verifier, text: str, by_key: Mapping[tuple[str, bytes], Signature]) -> bool:
    found = by_key.get((verifier.name, verifier.key_id))
    if found is None:
        return False
    if not verifier.is_signed(text, found.signature):
        raise NoteUnverifiedError(f"the signature of {verifier.name} is wrong")
    return True


def read_policy(content: bytes) -> Policy:
    """Read a policy file.

    Raises:
        PolicyError: it is not one; says which line and why.
    """
    if len(content) > BYTES_MAX:
        raise PolicyError(1, Sentence("a policy has at most {most} bytes", most=BYTES_MAX))
    lines = content.split(b"\n")
    reader = _Reader()
    for number, raw in enumerate(lines[:-1], 1):
        if _CONTROL.search(raw):
            raise PolicyError(
                number, Sentence("there is a control character other than tab and newline")
            )
        # Bytes above 0x7f are opaque: they are carried through and compared as they are.
        words = _BLANK.split(raw.decode("utf-8", "surrogateescape").strip(" \t"))
        if words[0] and not words[0].startswith("#"):
            reader.read(number, words)
    if lines[-1]:
        raise PolicyError(len(lines), Sentence("the line does not end in a newline"))
    return reader.policy(len(lines))


class _Reader:
    """A policy as far as it was read."""

    def __init__(self) -> None:
        self.logs: dict[bytes, Verifier] = {}
        self.witnesses: dict[str, Witness] = {}
        self.groups: dict[str, Group] = {}
        self.quorum: str | None = None
        self._members: set[str] = set()
        self._keys: set[bytes] = set()

    def read(self, number: int, words: list[str]) -> None:
        """Read one line of words."""
        kinds = {
            "log": self._read_log,
            "witness": self._read_witness,
            "group": self._read_group,
            "quorum": self._read_quorum,
        }
        if words[0] not in kinds:
            raise PolicyError(
                number,
                Sentence("{word} is not log, witness, group or quorum", word=_shown(words[0])),
            )
        kinds[words[0]](number, words[1:])

    def policy(self, number: int) -> Policy:
        """Give the whole."""
        if self.quorum is None:
            raise PolicyError(number, Sentence("there is no quorum line"))
        return Policy(tuple(self.logs.values()), self.witnesses, self.groups, self.quorum)

    def _read_log(self, number: int, words: list[str]) -> None:
        if len(words) not in {1, 2}:
            raise PolicyError(number, Sentence("a log is written: log <key> [<url>]"))
        try:
            verifier = Verifier.from_text(words[0])
        except NoteKeyError as error:
            raise PolicyError(number, error.args[0]) from None
        if verifier.public_key in self.logs:
            raise PolicyError(number, Sentence("a log with this key is there already"))
        if len(self.logs) == LOGS_MAX:
            raise PolicyError(number, Sentence("a policy has at most {most} logs", most=LOGS_MAX))
        self.logs[verifier.public_key] = verifier

    def _read_witness(self, number: int, words: list[str]) -> None:
        if len(words) not in {2, 3}:
            raise PolicyError(
                number, Sentence("a witness is written: witness <name> <key> [<url>]")
            )
        name, key, *url = words
        self._check_new(number, name)
        try:
            verifier = CosignatureVerifier.from_text(key)
        except NoteKeyError as error:
            raise PolicyError(number, error.args[0]) from None
        if verifier.public_key in self._keys:
            raise PolicyError(number, Sentence("a witness with this key is there already"))
        if len(self.witnesses) == WITNESSES_MAX:
            raise PolicyError(
                number, Sentence("a policy has at most {most} witnesses", most=WITNESSES_MAX)
            )
        self._keys.add(verifier.public_key)
        self.witnesses[name] = Witness(name, verifier, url[0] if url else None)

    def _read_group(self, number: int, words: list[str]) -> None:
        if len(words) < 3:
            raise PolicyError(
                number, Sentence("a group is written: group <name> <k, any or all> <name>...")
            )
        name, count, *members = words
        self._check_new(number, name)
        for member in members:
            self._check_known(number, member)
            if member in self._members:
                raise PolicyError(
                    number,
                    Sentence("{word} is a member already, here or above", word=_shown(member)),
                )
            self._members.add(member)
        if len(self.groups) == GROUPS_MAX:
            raise PolicyError(
                number, Sentence("a policy has at most {most} groups", most=GROUPS_MAX)
            )
        needed = {"any": 1, "all": len(members)}.get(count, 0)
        if _COUNT.fullmatch(count):
            needed = int(count)
        if not 1 <= needed <= len(members):
            reason = Sentence(
                "{word} is not any, all, or a number from 1 to {most}",
                word=_shown(count),
                most=len(members),
            )
            raise PolicyError(number, reason)
        self.groups[name] = Group(name, needed, tuple(members))

    def _read_quorum(self, number: int, words: list[str]) -> None:
        if len(words) != 1:
            raise PolicyError(number, Sentence("the quorum is written: quorum <name>"))
        if self.quorum is not None:
            raise PolicyError(number, Sentence("there is a quorum line already"))
        if words[0] != NONE:
            self._check_known(number, words[0])
        self.quorum = words[0]

    def _check_new(self, number: int, name: str) -> None:
        if name == NONE:
            raise PolicyError(number, Sentence("the name none means that no witness is needed"))
        if name in self.witnesses or name in self.groups:
            raise PolicyError(
                number, Sentence("the name {word} is taken already", word=_shown(name))
            )

    def _check_known(self, number: int, name: str) -> None:
        if name not in self.witnesses and name not in self.groups:
            raise PolicyError(number, Sentence("no line above defines {word}", word=_shown(name)))


def _shown(word: str) -> str:
    """A word of the file as a message may hold it."""
    return ascii(word[:100])
