"""Subjects: what is measured runs in a process of its own, and is told what to do line by line.

`Subject` is the asking side, `serve` the answering one. Both sides speak JSON lines over the pipes
of the process: `{"verb": ..., ...}` there, one object back. A subject is started once and asked
many times, so that two of them can take turns: the one that is not asked sleeps, and whatever the
machine suffers meanwhile, both suffer.

Why processes: neither side inherits the other's heap, garbage collector or threads; a peak of
memory belongs to one of them; and a library we compare with lives in another environment.

Standard library only, because that other environment may not have the rest.
"""

import asyncio
import contextlib
import gc
import inspect
import json
import os
import select
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent.parent
ANSWER_SECONDS_MAX = 900.0
STOP_SECONDS_MAX = 20.0
TOLD_CHARACTERS_MAX = 600

Answer = dict[str, Any]
Verb = Callable[..., Any]
"""Takes the keywords that were sent, gives an object; may be a coroutine function."""


class SubjectError(Exception):
    """A subject could not do what it was asked; `reason` is its own word."""

    def __init__(self, module: str, reason: str) -> None:
        super().__init__(f"{module}: {reason}")
        self.module, self.reason = module, reason


class Subject:
    """The asking side: a process that runs one module of this package.

    Args:
        module: its name in this package.
        folder: where what it writes to stderr is kept.
        python: of which environment; by default of this one.
    """

    def __init__(self, module: str, *, folder: Path, python: Path | None = None) -> None:
        self.module = module
        self._log = folder / f"{module}.log"
        own = {name: value for name, value in os.environ.items() if not name.startswith("CAURI_")}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(python or sys.executable), "-m", f"{__package__}.{module}"],
                cwd=ROOT,
                env=own,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self._unread = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def ask(self, verb: str, **arguments: Any) -> Answer:
        """Let it do something, and wait for the answer.

        Raises:
            SubjectError: it failed, ended, or took longer than `ANSWER_SECONDS_MAX`.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"verb": verb, **arguments}).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            raise SubjectError(self.module, self._last_words()) from None
        answer: Answer = json.loads(self._line())
        if "error" in answer:
            raise SubjectError(self.module, str(answer["error"])[:TOLD_CHARACTERS_MAX])
        return answer

    def _line(self) -> bytes:
        assert self._process.stdout is not None
        pipe = self._process.stdout.fileno()
        deadline = time.monotonic() + ANSWER_SECONDS_MAX
        while b"\n" not in self._unread:
            left = max(deadline - time.monotonic(), 0)
            if not select.select([pipe], [], [], left)[0]:
                raise SubjectError(self.module, f"no answer within {ANSWER_SECONDS_MAX:g} s")
            came = os.read(pipe, 65_536)
            if not came:
                raise SubjectError(self.module, self._last_words())
            self._unread += came
        line, _, self._unread = self._unread.partition(b"\n")
        return line

    def _last_words(self) -> str:
        self.close()
        said = self._log.read_text(errors="replace").strip().splitlines()[-1:]
        return f"it ended: {said[0][:TOLD_CHARACTERS_MAX] if said else 'without a word'}"

    def close(self) -> None:
        """Let it end, and wait for that."""
        process = self._process
        if process.stdin is not None and not process.stdin.closed:
            with contextlib.suppress(OSError):
                process.stdin.close()
        try:
            process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def serve(verbs: Mapping[str, Verb]) -> None:
    """The answering side: do what is asked until nobody asks any more.

    Whoever it is, it can be asked what it has `spent`: the processor time of its process so far, in
    seconds, of all its threads. That depends on the neighbours far less than any rate does.

    What the code under measurement prints goes to stderr: stdout belongs to the answers.
    """
    # As a server does once it has started: what there is by now is not the collector's business.
    gc.collect()
    gc.freeze()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    asyncio.run(_serve({"spent": _spent, **verbs}, answers.write))


def _spent() -> Answer:
    return {"seconds": time.process_time()}


async def _serve(verbs: Mapping[str, Verb], write: Callable[[bytes], Any]) -> None:
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        asked: Answer = json.loads(line)
        try:
            answer = verbs[asked.pop("verb")](**asked)
            if inspect.isawaitable(answer):
                answer = await answer
        except Exception as error:  # noqa: BLE001 - whoever asked decides what it means
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        write(json.dumps(answer or {}).encode() + b"\n")


def quantile(values: list[float], part: float) -> float:
    """The value below which a part of them lies; 0.0 if there are none."""
    return sorted(values)[min(int(len(values) * part), len(values) - 1)] if values else 0.0
