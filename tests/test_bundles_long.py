"""Bundles of a long log: written and checked by processes of their own, memory flat."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from api.bundles import check as checking
from scripts.benches.story import EVENTS_PER_PAYMENT
from scripts.benches.subject import Subject
from tests.test_verify_long import LAUNCHER, Said

pytestmark = pytest.mark.slow

ROOT: Final = Path(__file__).resolve().parent.parent
SCRIPT: Final = Path(checking.__file__).with_name("verify_bundle.py")
FEW: Final = 10_000
MANY: Final = 100_000

GROWTH_MEGABYTES_MAX: Final = 50
"""How much more memory a long log's bundle may take than a short one's."""


def python(*arguments: object) -> Said:
    """Run a program to its end."""
    own = {name: text for name, text in os.environ.items() if not name.startswith("CAURI_")}
    done = subprocess.run(
        [sys.executable, "-c", LAUNCHER, sys.executable, *map(str, arguments)],
        cwd=ROOT,
        env=own,
        capture_output=True,
        text=True,
        check=False,
    )
    return Said(done.returncode, done.stdout, int(done.stderr.splitlines()[-1]) / 1024)


def test_writing_and_checking_take_no_more_memory_for_a_longer_log(tmp_path: Path) -> None:
    used: dict[int, list[float]] = {}
    with Subject("ours_store", folder=tmp_path) as writer:
        for events in (FEW, MANY):
            url = f"sqlite:///{tmp_path / f'{events}.db'}"
            writer.ask("create", url=url)
            writer.ask("fill", url=url, payments=events // EVENTS_PER_PAYMENT)
    for events in (FEW, MANY):
        database, out = tmp_path / f"{events}.db", tmp_path / f"{events}.tar"
        made = python("-m", "api", "checkpoint", "make", "--database", database)
        runs = [
            python("-m", "api", "audit", "export", "--out", out, "--database", database),
            python("-m", "api", "audit", "verify", out),
            python("-I", "-S", SCRIPT, out),
        ]
        assert [made.status, *(one.status for one in runs)] == [0, 0, 0, 0], runs
        assert f"entries 1 to {events + 1}" in runs[1].out
        assert f"entries 1 to {events + 1}" in runs[2].out
        used[events] = [one.megabytes for one in runs]
    growth = [many - few for few, many in zip(used[FEW], used[MANY], strict=True)]
    assert min(used[FEW]) > 15
    assert max(growth) <= GROWTH_MEGABYTES_MAX, used
