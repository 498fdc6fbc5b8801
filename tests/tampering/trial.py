"""A trial: a deed is done, the verifier and the witness judge, and what they say is compared.

What is kept outside decides with them: the verifier is given the last checkpoint that the auditor
kept, and of a history that was rewritten with all its hashes it can name only that; the checkpoints
kept before it tell between which two the first bad position lies.
"""

from collections import Counter
from collections.abc import Callable, Container, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final, Literal, NamedTuple

from ledger.checkpoint import open_checkpoint
from ledger.errors import CorruptLogError, LedgerError, NoteError
from ledger.proving import root_of
from ledger.witness import judge
from tests.tampering import crimes
from tests.tampering.crimes import WEIGHTS, Crime, Deed
from tests.tampering.honest import KEYS, LOG, ORIGIN, WITNESS, Honest, signed
from tests.tampering.lent import LentFile, verify_file
from tests.tampering.truth import Changed, Truth

Verdict = Literal[
    "exact",  # found, and the first bad position named
    "between",  # found, between two checkpoints kept outside that enclose the first bad position
    "torn",  # found: the table's own order is damaged, and one place named where reading breaks
    "damaged",  # found: the file cannot be read as a database, or states no head
    "index",  # found: the rows are as they were, but an index leads elsewhere
    "unchanged",  # not found, and every row that anybody reads is as it was
    "MISSED",
    "MISPLACED",  # found, but another position was named
    "CRASHED",  # neither found nor passed: an error that no reader is told how to take
    "UNALIKE",  # a real file, opened as the command does, was judged otherwise
    "COSIGNED",  # a witness put its name to it
]

UNTOUCHED: Final = "unchanged"
RIGHT: Final = frozenset({"exact", "between", "torn", "damaged", "index", "unchanged"})

BY_INDEX: Final = (
    "the order of its stream, as the database keeps it",
    "does not follow its stream's version",
    "entries in an index",
    "it cannot be read",
)
BY_CHECKPOINT: Final = (
    "history was rewritten",
    "when the checkpoint was made",
    "the root that it states",
    "what the log says of itself",
)


class Found(NamedTuple):
    """What the verifier said."""

    position: int | None
    """None: it names none."""
    reason: str


class Judged(NamedTuple):
    """What became of one tampering."""

    kind: str
    verdict: Verdict
    words: str
    """For a person: what was done, what was changed, what was said."""
    witness: int | None
    """How the witness answered, if it was asked."""
    said: Found | Exception | None
    """How verification ended."""


@dataclass
class Tally:
    """The figures."""

    verdicts: Counter[tuple[str, str]] = field(default_factory=Counter)
    witnesses: Counter[tuple[str, int]] = field(default_factory=Counter)
    wrong: list[tuple[int, Judged]] = field(default_factory=list)
    files: int = 0
    """How many were tried on a real file too."""

    def add(self, number: int, judged: Judged) -> None:
        """Count one."""
        self.verdicts[judged.kind, judged.verdict] += 1
        if judged.witness is not None:
            self.witnesses[judged.kind, judged.witness] += 1
        if judged.verdict not in RIGHT:
            self.wrong.append((number, judged))


class Court:
    """The honest log, a file that is lent out to be tampered with, and those who judge it.

    Args:
        honest: the log.
        folder: where real files are written.
        files_every: one tampering in so many is judged on a real file too.
        is_over: whether to stop before the end.
    """

    def __init__(
        self,
        honest: Honest,
        *,
        folder: Path,
        files_every: int,
        is_over: Callable[[], bool] = lambda: False,
    ) -> None:
        self.honest, self.is_over = honest, is_over
        self._path, self._files_every = folder / "tampered.db", files_every
        self.file = LentFile()
        self.file.load(honest.image)
        self._truth = Truth(self.file.connection)
        self._crimes = list(WEIGHTS)
        self._weights = list(WEIGHTS.values())

    async def run(
        self,
        seed: int,
        numbers: range,
        tell: Callable[[int, Judged], None] = lambda *_: None,
        *,
        only: Container[str] | None = None,
    ) -> Tally:
        """Try these numbers of a seed, or those of them whose deeds are of some kinds only."""
        tally = Tally()
        for number in numbers:
            if self.is_over():
                break
            if only is not None and self._deed(seed, number)[1].__name__ not in only:
                continue
            judged = await self.try_one(seed, number)
            if number % self._files_every == 0:
                tally.files += 1
                judged = await self._again_on_a_file(judged)
            tally.add(number, judged)
            tell(number, judged)
        return tally

    def commit(self, seed: int, number: int) -> tuple[Crime, Deed]:
        """Do the deed of a number: always the same one."""
        rng, crime = self._deed(seed, number)
        return crime, crime(self.file, self.honest, rng)

    def _deed(self, seed: int, number: int) -> tuple[Random, Crime]:
        rng = Random(f"{seed}:{number}")
        (crime,) = rng.choices(self._crimes, self._weights)
        return rng, crime

    async def try_one(self, seed: int, number: int) -> Judged:
        """Do the deed of a number, and judge it."""
        crime, deed = self.commit(seed, number)
        return await self.judge(crime.__name__, deed)

    async def judge(self, kind: str, deed: Deed) -> Judged:
        """Judge what was done to the file as it lies now."""
        changed = self._truth.of(self.file.connection)
        said = await self._verify()
        verdict = await self._compare(changed, said)
        witness = self.ask_witness(deed) if deed.shown is not None else None
        if witness == 200 and not changed.is_nothing:
            verdict = "COSIGNED"
        words = f"{deed.words}; {changed}; {said}"
        return Judged(kind, verdict, words, witness, said)

    async def _again_on_a_file(self, judged: Judged) -> Judged:
        """Write what was done into a file, and see that it is judged alike there."""
        for rest in self._path.parent.glob(f"{self._path.name}*"):
            rest.unlink()
        self._path.write_bytes(self.file.connection.serialize())
        said = await self._said(verify_file(self._path, self.honest.kept[-1].head))
        # A file that says it is in WAL mode is none in memory; a schema that is none of ours is
        # looked at when a file is opened only. In both cases it is found, or nothing has changed.
        is_alike = judged.said == said or (judged.verdict, said) == ("damaged", None)
        is_refused = isinstance(said, Found) and said.position is None
        if is_alike or (is_refused and judged.verdict in RIGHT):
            return judged
        return judged._replace(verdict="UNALIKE", words=f"{judged.words}; on a file: {said}")

    async def _verify(self) -> Found | Exception | None:
        return await self._said(self.file.verify(self.honest.kept[-1].head))

    @staticmethod
    async def _said(verifying: Coroutine[None, None, object]) -> Found | Exception | None:
        try:
            await verifying
        except CorruptLogError as error:
            return Found(error.position or None, error.reason)
        except LedgerError as error:
            return Found(None, str(error))
        except Exception as error:  # noqa: BLE001 - that it is no other one is what is judged
            return error
        return None

    async def _compare(self, changed: Changed, said: Found | Exception | None) -> Verdict:
        if said is None:
            return "unchanged" if changed.is_nothing else "MISSED"
        if isinstance(said, Exception):
            return "CRASHED"
        if said.position is None or "malformed database schema" in said.reason:
            return "damaged"
        if said.position in self._right(changed):
            return "exact"
        if changed.is_head and said.reason.startswith("the head,"):
            return "damaged"  # of several things, what is read before all others
        if said.position in self._truth.torn(self.file.connection, changed):
            return "torn"
        if changed.is_index and any(word in said.reason for word in BY_INDEX):
            return "index"
        if any(word in said.reason for word in BY_CHECKPOINT) and changed.row is not None:
            after, until = await self._between()
            return "between" if after < changed.row <= until else "MISPLACED"
        return "MISPLACED"

    def _right(self, changed: Changed) -> set[int]:
        """The positions that may be named: the first of what was changed."""
        firsts = [first for first in (changed.row, changed.tile) if first is not None]
        if firsts:
            return {min(firsts)}
        size = self.honest.size
        # Of a head alone: where its tree and that of the entries may part, or where one ends.
        (stated,) = self.file.connection.execute("SELECT min(size) FROM head").fetchone()
        return {1, size - size % 256 + 1, size + 1, stated + 1 if isinstance(stated, int) else 1}

    async def _between(self) -> tuple[int, int]:
        """The last kept checkpoint that the log still agrees with, and the next one."""
        after = 0
        for kept in self.honest.kept:
            size = kept.head.size
            try:
                agrees = await root_of(self.file.store, size) == kept.head.root
            except LookupError:  # it is not as long as that any more
                agrees = False
            if not agrees:
                return after, size
            after = size
        return after, after

    def ask_witness(self, deed: Deed) -> int:
        """Ask for a cosignature as the log's owner would, who has its key and every proof.

        An answer of 200 stands for any way to a note that others would take for cosigned.
        """
        assert deed.shown is not None
        note = signed(deed.shown.head, deed.signer)
        request = deed.shown.request(self.honest.seen.size, note)
        status = judge(request, {ORIGIN: self.honest.seen}, KEYS).status
        # The witness's line under an honest checkpoint, put under this one.
        for kept in self.honest.kept:
            if kept.note.partition("\n\n")[0] != note.partition("\n\n")[0]:
                line = kept.note.splitlines(keepends=True)[-1]
                try:
                    open_checkpoint(note + line, [LOG.verifier, WITNESS.verifier], origin=ORIGIN)
                except NoteError:
                    continue
                return 200
        return status


def kinds() -> list[str]:
    """The names of the deeds, in the order they are told of."""
    return [crime.__name__ for crime in crimes.WEIGHTS]
