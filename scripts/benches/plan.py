"""The plan: how much is measured, where the files go, and what the rows of all works share.

`Plan.quick()` fits into 45 seconds on two cores, `Plan.full()` takes several minutes and is what a
note should quote. A test makes a tiny one, to see that the table is well formed.
"""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from scripts import environment
from scripts.benches.story import EVENTS_PER_PAYMENT
from scripts.benches.subject import Answer, Subject, SubjectError

WRITERS: Final = 256
RIVALS: Final = ("bench", ".venv-bench")
"""The requirements and the folder of the environment that the libraries we compare with live in."""

Answers = list[Answer] | str
"""What a contestant answered, repeat by repeat; or the reason why it could not."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is measured. Times are seconds of one repeat; counts are of events or requests."""

    folder: Path
    is_quick: bool
    repeats: int
    seconds: float
    events: int
    """How long the log is that is replayed, projected and verified."""
    events_many: int
    """How long the log is whose replay must not need more memory than that of `events_few`."""
    events_few: int
    payments_seeded: int
    """How many payments stand in the server's log when it is asked for some."""
    connections: int
    events_verified: int = 10_000
    """How long the log is that is verified with every core."""
    events_audited: int = 10_000
    """How long the log is that is verified with every projection."""
    wants_rivals: bool = True
    notes: list[str] = field(default_factory=list)
    """What must be known to read the table; the works add to it."""
    running: dict[str, Subject] = field(default_factory=dict)
    """The subjects that several works ask, by module; they sleep in between."""

    @classmethod
    def full(cls, folder: Path) -> "Plan":
        """Measure for a note."""
        return cls(
            folder=folder,
            is_quick=False,
            repeats=5,
            seconds=3.0,
            events=200_000,
            events_many=1_000_000,
            events_few=10_000,
            events_verified=1_000_000,
            events_audited=1_000_000,
            payments_seeded=6_000,
            connections=128,
        )

    @classmethod
    def quick(cls, folder: Path) -> "Plan":
        """Measure while somebody waits."""
        return cls(
            folder=folder,
            is_quick=True,
            repeats=3,
            seconds=0.5,
            events=40_000,
            events_many=40_000,
            events_few=10_000,
            events_verified=200_000,
            events_audited=20_000,
            payments_seeded=600,
            connections=128,
        )

    def sqlite_url(self, name: str) -> str:
        """The URL of a database file in the folder."""
        return f"sqlite:///{self.folder / name}"

    def subject(self, module: str) -> Subject:
        """A subject in this environment that may have been asked things before."""
        if module not in self.running:
            self.running[module] = self.new_subject(module)
        return self.running[module]

    def new_subject(self, module: str) -> Subject:
        """A subject of its own, which the caller closes; its stderr is kept in the folder."""
        return Subject(module, folder=self.folder)

    def rival(self, module: str) -> Subject:
        """A subject in the environment of the libraries we compare with."""
        if module not in self.running:
            self.running[module] = self._new_rival(module)
        return self.running[module]

    def _new_rival(self, module: str) -> Subject:
        if not self.wants_rivals:
            return Missing(module, "its environment was not asked for")
        try:
            python = environment.ensure(*RIVALS)
        except environment.EnvironmentNotReadyError as error:
            return Missing(module, error.reason)
        return Subject(module, folder=self.folder, python=python)

    def close(self) -> None:
        """End the subjects."""
        while self.running:
            self.running.popitem()[1].close()

    def fresh(self, template: str, name: str) -> Path:
        """Copy an empty database, so that every repeat begins with the same one."""
        path = self.folder / name
        shutil.copyfile(self.folder / template, path)
        return path

    def filled(self, events: int) -> Path:
        """A log of this length; it is made once, and kept until the end."""
        subject = self.subject("ours_store")
        path = self.folder / f"log-{events}.db"
        if not path.exists():
            url = self.sqlite_url(path.name)
            subject.ask("create", url=url)
            subject.ask("fill", url=url, payments=events // EVENTS_PER_PAYMENT)
        return path

    def note(self, sentence: str) -> None:
        """Say something beneath the table, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)


class Missing(Subject):
    """A subject that could not be started, and says so whenever it is asked."""

    def __init__(self, module: str, reason: str) -> None:
        self.module, self.reason = module, reason

    def ask(self, verb: str, **arguments: Any) -> Answer:
        """Refuse."""
        raise SubjectError(self.module, self.reason)

    def close(self) -> None:
        """There is nothing to end."""


def in_turns(
    repeats: int, contestants: Mapping[str, Callable[[int], Answer]]
) -> dict[str, Answers]:
    """Let every contestant do its work once, then all of them again, `repeats` times.

    Returns:
        What each answered, repeat by repeat; or why it could not, and then it is not asked again.
    """
    answers: dict[str, Answers] = {name: [] for name in contestants}
    for repeat in range(repeats):
        for name, ask in contestants.items():
            given = answers[name]
            if isinstance(given, str):
                continue
            try:
                given.append(ask(repeat))
            except SubjectError as error:
                answers[name] = error.reason
    return answers


def remove(path: Path) -> None:
    """Remove a database file and what SQLite keeps beside it."""
    for one in path.parent.glob(f"{path.name}*"):
        one.unlink()
