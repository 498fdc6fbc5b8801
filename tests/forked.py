"""`cauri` in processes of their own that need not load it: they are forked from one that has.

Loading is most of what a short command costs. What runs is what runs from a terminal, over files
and locks of its own; that a command also starts from nothing is tried wherever a server is started.
"""

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from api.cli import main

ROOT: Final = Path(__file__).resolve().parent.parent
SECONDS_MAX: Final = 60
LOADED: Final = ("tests.forked", "api.wiring", "api.commands.verify", "api.commands.webhooks")

Prepare = Callable[[], None]


class Said(NamedTuple):
    """How a command ended, and what it wrote."""

    status: int
    out: str
    err: str


def environment(**changes: str) -> dict[str, str]:
    """This process's environment, without its own settings of the product, and wide tables."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CAURI_")}
    return {**kept, "PYTHONPATH": str(ROOT), "COLUMNS": "160", **changes}


class _Told(NamedTuple):
    """What a process is to do, and where it is to write."""

    arguments: tuple[str, ...]
    environment: dict[str, str]
    out: Path
    err: Path
    prepare: Sequence[Prepare]


def forked(
    *arguments: str, settings: Mapping[str, str] | None = None, prepare: Sequence[Prepare] = ()
) -> Said:
    """Run a command in a process of its own.

    Args:
        arguments: the command's.
        settings: what its environment says beyond that of the tests.
        prepare: what the process does first; functions of modules.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(LOADED))
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        told = _Told(arguments, environment(**(settings or {})), out, err, prepare)
        process = context.Process(target=_run, args=(told,))
        process.start()
        process.join(SECONDS_MAX)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise AssertionError(f"{arguments} did not end: {err.read_text()}")
        return Said(process.exitcode, out.read_text(), err.read_text())


def _run(told: _Told) -> None:
    for number, path in ((1, told.out), (2, told.err)):
        file = os.open(path, os.O_WRONLY | os.O_CREAT)
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(told.environment)
    sys.argv = ["cauri", *told.arguments]
    for step in told.prepare:
        step()
    main()
