"""The run: every work in order, one table, one file.

Figures of one run may be compared with each other and with nothing else: machines differ, and so
do their neighbours.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from scripts.benches import appends, memories, replays, serving, table, verifying
from scripts.benches.plan import Plan
from scripts.benches.table import Row

WORKS: Final[dict[str, Callable[[Plan], list[Row]]]] = {
    "appends": appends.on_sqlite,
    "appends-postgresql": appends.on_postgresql,
    "replay": replays.on_sqlite,
    "verify": verifying.on_sqlite,
    "serving": serving.on_sqlite,
    "memory": memories.on_sqlite,
}


def run(
    *, is_quick: bool, only: str | None, json_file: Path | None, events_verified: int | None = None
) -> int:
    """Measure and print; 0 if everything that was asked for could run."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="cauri-bench-") as folder:
        plan = Plan.quick(Path(folder)) if is_quick else Plan.full(Path(folder))
        if events_verified is not None:
            plan = replace(plan, events_verified=events_verified, events_audited=events_verified)
        try:
            rows = measured(plan, [only] if only else list(WORKS))
        finally:
            plan.close()
    plan.note(f"{time.monotonic() - began:.0f} s")
    kind = "quick, so take it as a hint" if is_quick else f"median of {plan.repeats}"
    table.show(rows, plan.notes, f"ours beside the limit ({kind}); ratio >= goal is met")
    if json_file is not None:
        table.write_json(rows, json_file)
    return 0


def measured(plan: Plan, names: list[str]) -> list[Row]:
    """The rows of some works."""
    rows = []
    for name in names:
        began = time.monotonic()
        print(f"{name} ...", end=" ", file=sys.stderr, flush=True)
        rows += WORKS[name](plan)
        print(f"{time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return rows
