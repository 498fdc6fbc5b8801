"""What a witness keeps: plain files in one folder, durable before anything is answered.

    key                     its private key, for its owner alone
    logs                    the public keys of the logs it watches, one a line
    seen/<digest>.json      of each log: what was cosigned last
    evidence/refusals.jsonl what was refused and may prove that a log has forked; only added to
    signs/<digest>.json     of each log: what proves nothing and is counted (`api.witness_signs`)
    lock                    held by the one process that serves

A log's file is replaced whole: written beside, flushed, renamed, the folder flushed. It is made
when the log is added, and if it is missing later nothing is cosigned: a witness that has forgotten
what it saw would vouch for a second history. So it is never restored from a backup either.

Evidence is bounded in entries per log and in bytes, the same refusal is kept once, and the first
entries stay: a flood cannot push out what it is meant to hide.
"""

import fcntl
import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from ledger.checkpoint import Verifier
from ledger.cosignature import Cosigner
from ledger.entry import rfc3339
from ledger.errors import LedgerError, NoteError
from ledger.witness import AddCheckpoint, Refused, Seen, Verdict

LOGS_MAX: Final = 1000
LOGS_BYTES_MAX: Final = 1_000_000
EVIDENCE_BYTES_MAX: Final = 64 * 1024 * 1024
EVIDENCE_PER_LOG_MAX: Final = 1000


class WitnessError(LedgerError):
    """A witness's folder cannot be used; says why."""

    code = "witness_unusable"


class Refusal(NamedTuple):
    """Evidence as it was kept."""

    at: str
    origin: str
    kind: Refused
    status: int
    request: str
    """The whole request, with the checkpoint that the log signed."""
    cosigned_size: int
    cosigned_note: str
    """The checkpoint, signed by the same log, that was cosigned before; may be empty."""


class Watched(NamedTuple):
    """A log as the witness sees it."""

    origin: str
    seen: Seen
    at: str | None
    """When its latest checkpoint was cosigned last; None if none ever was."""


class WitnessFiles:
    """The folder of one witness."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock: int | None = None
        self._keys: tuple[tuple[int, ...], Mapping[str, tuple[Verifier, ...]]] | None = None
        self._kept: set[str] = set()
        self._counts: Counter[str] = Counter()

    @classmethod
    def make(cls, folder: Path, cosigner: Cosigner) -> "WitnessFiles":
        """Make a folder with a key in it; refused where there is one already."""
        for each in (folder, folder / "seen", folder / "evidence"):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = os.open(folder / "key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(key, "w", encoding="utf-8") as opened:
            opened.write(cosigner.private_text() + "\n")
            opened.flush()
            os.fsync(opened.fileno())
        _flush_folder(folder)
        return cls(folder)

    def cosigner(self) -> Cosigner:
        """Read the key."""
        try:
            return Cosigner.from_text((self.folder / "key").read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise WitnessError(
                f"there is no witness in {self.folder}: make one with `cauri witness init`"
            ) from None

    def lock(self) -> None:
        """Be the one process that cosigns; two would not know what the other has seen."""
        self._lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.unlock()
            raise WitnessError(f"another process serves the witness in {self.folder}") from None
        for refusal in self.refusals():
            self._remember(refusal.origin, _digest_of(refusal))

    def unlock(self) -> None:
        """Let others serve."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def add_log(self, verifier: Verifier) -> bool:
        """Watch a log from now on, or know a further key of it; False if that is known already."""
        keys = self.keys()
        known = keys.get(verifier.name, ())
        if verifier in known:
            return False
        if sum(len(each) for each in keys.values()) >= LOGS_MAX:
            raise WitnessError(f"a witness knows at most {LOGS_MAX} keys")
        if not known and not self._path(verifier.name).exists():
            self._write(verifier.name, Seen(), None)
        lines = [one.text() for each in keys.values() for one in each]
        replace_whole(
            self.folder / "logs", "".join(f"{one}\n" for one in [*lines, verifier.text()])
        )
        return True

    def keys(self) -> Mapping[str, tuple[Verifier, ...]]:
        """Origin -> the keys of that log; read again where the file has changed."""
        path = self.folder / "logs"
        try:
            found = path.stat()
        except FileNotFoundError:
            return {}
        mark = (found.st_mtime_ns, found.st_size, found.st_ino)
        if self._keys is None or self._keys[0] != mark:
            self._keys = (mark, _read_keys(path))
        return self._keys[1]

    def seen(self, origin: str) -> Seen:
        """What was cosigned of a log last.

        Raises:
            WitnessError: it is not known any more, and nothing may be cosigned.
        """
        return self.watched(origin).seen

    def watched(self, origin: str) -> Watched:
        """A log as it is seen; raises like `seen`."""
        path = self._path(origin)
        try:
            kept = orjson.loads(path.read_bytes())
            seen = Seen(
                int(kept["size"]),
                bytes.fromhex(kept["root"]),
                str(kept["note"]),
                tuple((int(size), str(root)) for size, root in kept["earlier"]),
            )
            if kept["origin"] != origin:
                raise WitnessError(f"{path} is of another log")
            return Watched(origin, seen, kept["at"])
        except FileNotFoundError:
            raise WitnessError(f"what was seen of {origin} is gone: {path} is missing") from None
        except (ValueError, KeyError, TypeError):
            raise WitnessError(f"what was seen of {origin} cannot be read: {path}") from None

    def keep(self, origin: str, seen: Seen, at: datetime) -> None:
        """Remember what is about to be cosigned; durable when this returns."""
        self._write(origin, seen, rfc3339(at))

    def keep_evidence(
        self, origin: str, request: AddCheckpoint, verdict: Verdict, at: datetime
    ) -> bool:
        """Keep a refusal; durable when this returns. False if it was before, or is too much."""
        assert verdict.evidence is not None
        seen = verdict.seen or Seen()
        refusal = Refusal(
            *(rfc3339(at), origin, verdict.evidence, verdict.status),
            *(request.body().decode(), seen.size, seen.note),
        )
        digest = _digest_of(refusal)
        path = self.folder / "evidence" / "refusals.jsonl"
        line = orjson.dumps(refusal._asdict()) + b"\n"
        with path.open("ab") as opened:
            room = EVIDENCE_BYTES_MAX - opened.tell() - len(line)
            if digest in self._kept or self._counts[origin] >= EVIDENCE_PER_LOG_MAX or room < 0:
                return False
            # What a crash cut off stays a line of its own, which `refusals` passes over.
            opened.write(line if _ends_whole(path) else b"\n" + line)
            opened.flush()
            os.fsync(opened.fileno())
        _flush_folder(path.parent)
        self._remember(origin, digest)
        return True

    def refusals(self) -> Iterator[Refusal]:
        """Everything that was refused and kept, the oldest first."""
        try:
            with (self.folder / "evidence" / "refusals.jsonl").open("rb") as opened:
                for line in opened:
                    try:
                        yield Refusal(**orjson.loads(line))
                    except (ValueError, TypeError):
                        continue
        except FileNotFoundError:
            return

    def _remember(self, origin: str, digest: str) -> None:
        self._kept.add(digest)
        self._counts[origin] += 1

    def _path(self, origin: str) -> Path:
        return self.folder / "seen" / f"{hashlib.sha256(origin.encode()).hexdigest()[:32]}.json"

    def _write(self, origin: str, seen: Seen, at: str | None) -> None:
        kept: dict[str, Any] = {"origin": origin, "size": seen.size, "root": seen.root.hex()}
        kept |= {"note": seen.note, "at": at, "earlier": seen.earlier}
        replace_whole(self._path(origin), orjson.dumps(kept).decode() + "\n")


def _digest_of(refusal: Refusal) -> str:
    """What makes two refusals the same: the log's own word, not how it was asked about."""
    _, _, note = refusal.request.partition("\n\n")
    text = f"{refusal.kind}\n{note.rpartition(chr(10) * 2)[0]}"
    return hashlib.sha256(text.encode()).hexdigest()


def _read_keys(path: Path) -> Mapping[str, tuple[Verifier, ...]]:
    keys: dict[str, tuple[Verifier, ...]] = {}
    if path.stat().st_size > LOGS_BYTES_MAX:
        raise WitnessError(f"{path} is larger than {LOGS_BYTES_MAX} bytes")
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            verifier = Verifier.from_text(line)
        except NoteError as error:
            raise WitnessError(f"{path} cannot be read: {error}") from None
        keys[verifier.name] = (*keys.get(verifier.name, ()), verifier)
    return keys


def replace_whole(path: Path, text: str) -> None:
    """Write a file anew, durably: after a power cut it is the old one or the new one."""
    beside = path.with_name(f"{path.name}.new")
    with beside.open("w", encoding="utf-8") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())
    beside.replace(path)
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as opened:
        if opened.seek(0, os.SEEK_END) == 0:
            return True
        opened.seek(-1, os.SEEK_END)
        return opened.read(1) == b"\n"
