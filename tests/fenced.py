"""The fenced blocks of a Markdown page: which run, what they show, and whether they did so.

A comment on the line before a fence, which no reader sees, says what the block is for:

    <!-- runs: server -->   started first and left running; it has started when it says so
    <!-- runs -->           bash or python: runs after the others before it, in one folder and shell
    <!-- shows -->          what the block before it printed: json or text

Of JSON the shown fields must be there and equal; of text the shown lines must be there, in order.
The mark `…` stands for whatever varies, as the last of a list for all that follows.
"""

import json
import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

ANYTHING = "…"

_FENCE = re.compile(
    r"^(?:<!-- (?P<mark>[a-z: ]+) -->\n)?```(?P<language>[a-z]*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


class Block(NamedTuple):
    """One fenced block; `mark` is empty where nothing is asked of it."""

    mark: str
    language: str
    text: str
    line: int


class Ran(NamedTuple):
    """A block that ran, and everything it printed."""

    block: Block
    printed: str


def blocks_of(page: str) -> list[Block]:
    """Every fenced block of a page, in order."""
    return [
        Block(
            found["mark"] or "",
            found["language"],
            found["text"],
            page.count("\n", 0, found.start("language")) + 1,
        )
        for found in _FENCE.finditer(page)
    ]


@contextmanager
def started(
    block: Block, says: str, *, folder: Path, environment: Mapping[str, str], seconds_max: float
) -> Iterator[str]:
    """Start a block that goes on, and lend the line with which it said that it has started."""
    process = subprocess.Popen(
        ["bash", "-c", block.text],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    lines: list[str] = []
    is_told = threading.Event()

    def listen() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if says in line:
                is_told.set()
        is_told.set()

    listener = threading.Thread(target=listen)
    listener.start()
    try:
        is_told.wait(seconds_max)
        told = next((line for line in lines if says in line), None)
        assert told is not None, f"line {block.line} did not start:\n{''.join(lines)}"
        yield told
    finally:
        _end(process, seconds_max)
        listener.join(seconds_max)
        assert process.stdout is not None
        process.stdout.close()


def run_all(
    blocks: Sequence[Block], *, folder: Path, environment: Mapping[str, str], seconds_max: float
) -> list[Ran]:
    """Run blocks one after another in one shell; a failure ends it and is told with its words."""
    process = subprocess.Popen(
        ["bash", "-c", _script(blocks)],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        status: int | str = process.wait(seconds_max)
    except subprocess.TimeoutExpired:
        status = f"none after {seconds_max:g} seconds"
    finally:
        _end(process, seconds_max)
    files = [folder / f"{number}.printed" for number in range(len(blocks))]
    ran = [
        Ran(block, file.read_text())
        for block, file in zip(blocks, files, strict=True)
        if file.exists()
    ]
    last = f"line {ran[-1].block.line} printed:\n{ran[-1].printed}" if ran else "nothing ran"
    assert status == 0, f"exit status {status}; {last}"
    return ran


def _script(blocks: Sequence[Block]) -> str:
    """One script, so that what a block defines is there for the next; each into its own file."""
    parts = ["set -eu"]
    for number, block in enumerate(blocks):
        text = block.text
        if block.language == "python":
            text = f"python3 - <<'END_OF_PYTHON'\n{text}END_OF_PYTHON\n"
        parts.append(f"{{\n{text}}} > {number}.printed 2>&1")
    return "\n".join(parts)


def _end(process: subprocess.Popen[Any], seconds_max: float) -> None:
    """End a process and all that it started and left behind."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        try:
            process.wait(seconds_max)
        except subprocess.TimeoutExpired:
            continue
        return


def faults_of(shown: Block, printed: str) -> list[str]:
    """Where what is shown and what was printed differ."""
    if shown.language == "json":
        try:
            found = json.loads(printed)
        except json.JSONDecodeError:
            return [f"line {shown.line}: no JSON was printed:\n{printed}"]
        faults = list(_differences(json.loads(shown.text), found, "$"))
    else:
        faults = list(_missing_lines(shown.text.splitlines(), printed.splitlines()))
    return [f"line {shown.line}: {fault}" for fault in faults]


def _differences(shown: Any, found: Any, where: str) -> Iterator[str]:
    if isinstance(shown, dict) and isinstance(found, dict):
        for name, value in shown.items():
            if name not in found:
                yield f"{where}.{name} is not there"
            else:
                yield from _differences(value, found[name], f"{where}.{name}")
    elif isinstance(shown, list) and isinstance(found, list):
        is_open = shown[-1:] == [ANYTHING]
        told = shown[:-1] if is_open else shown
        if len(found) < len(told) or (len(found) > len(told) and not is_open):
            yield f"{where} shows {len(told)} elements, and has {len(found)}"
        for number, (one, other) in enumerate(zip(told, found, strict=False)):
            yield from _differences(one, other, f"{where}[{number}]")
    elif isinstance(shown, str) and isinstance(found, str):
        if not _is_like(shown, found):
            yield f"{where} shows {shown!r}, and is {found!r}"
    elif shown != found or type(shown) is not type(found):
        yield f"{where} shows {shown!r}, and is {found!r}"


def _missing_lines(shown: Sequence[str], printed: Sequence[str]) -> Iterator[str]:
    left = iter(printed)
    for line in shown:
        if not any(_is_like(line.strip(), one.strip()) for one in left):
            yield f"{line!r} was not printed, or not there; printed was:\n" + "\n".join(printed)
            return


def _is_like(shown: str, found: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, shown.split(ANYTHING))), found) is not None
