"""The bench judges as it says, and its works give rows that are well formed; how fast is no matter.

The works are the real ones, of minute sizes, without the libraries of the other environment.
"""

import gc
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api import collector
from scripts.benches import replays, serving_bare
from scripts.benches.plan import Plan, in_turns
from scripts.benches.run import measured
from scripts.benches.subject import Answer, SubjectError
from scripts.benches.table import Row, absent, bounded, compared, show, told, write_json

KEYS = {"work", "ours", "limit", "unit", "ratio", "goal", "met"}
UNASKED = "its environment was not asked for"


def rates(*figures: float) -> list[Answer]:
    return [{"rate": one} for one in figures]


def waits(*figures: float) -> list[Answer]:
    return [{"p99_ms": one} for one in figures]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            compared("w", rates(10, 90, 35), rates(100, 1, 100), "u", 0.35),
            ("w", 35.0, 100.0, "u", 0.35, 0.35, True),
        ),
        (
            compared("w", rates(34.9), rates(100), "u", 0.35),
            ("w", 34.9, 100.0, "u", 0.349, 0.35, False),
        ),
        (compared("w", rates(200), rates(100), "u", None), ("w", 200, 100, "u", 2.0, None, None)),
        (compared("w", rates(5), rates(0), "u", 1.0), ("w", 5, 0, "u", 0.0, 1.0, False)),
        (bounded("w", waits(10), 20, "ms", "p99_ms"), ("w", 10, 20, "ms", 2.0, 1.0, True)),
        (bounded("w", waits(20), 20, "ms", "p99_ms"), ("w", 20, 20, "ms", 1.0, 1.0, True)),
        (bounded("w", waits(40), 20, "ms", "p99_ms"), ("w", 40, 20, "ms", 0.5, 1.0, False)),
        (bounded("w", waits(-3), 20, "ms", "p99_ms"), ("w", -3, 20, "ms", 1000.0, 1.0, True)),
        (told("w", rates(1234.5), "u"), ("w", 1234, None, "u", None, None, None)),
        (absent("w", "u", 0.5, "why"), ("w [not run: why]", None, None, "u", None, 0.5, False)),
        (absent("w", "u", None, "why"), ("w [not run: why]", None, None, "u", None, None, None)),
        (
            compared("w", rates(1), "no disk", "u", 0.5),
            ("w [not run: no disk]", None, None, "u", None, 0.5, False),
        ),
        (
            compared("w", "no log", rates(1), "u", None),
            ("w [not run: no log]", None, None, "u", None, None, None),
        ),
        (
            bounded("w", "no log", 20, "ms", "p99_ms"),
            ("w [not run: no log]", None, None, "ms", None, 1.0, False),
        ),
        (told("w", "no log", "u"), ("w [not run: no log]", None, None, "u", None, None, None)),
    ],
)
def test_a_row_is_judged_by_its_ratio_and_goal_or_says_why_it_could_not_be(
    row: Row, expected: tuple[Any, ...]
) -> None:
    assert tuple(row) == expected


def test_a_row_that_was_not_run_has_not_met_its_goal_in_the_file_and_says_why_in_the_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        compared("reading", rates(50), rates(100), "events/s", 0.35),
        compared("writing", rates(1), rates(100), "events/s", 0.35),
        told("looking", rates(7), "events/s"),
        absent("guessing", "events/s", 0.35, "no library"),
    ]
    write_json(rows, tmp_path / "rows.json")
    show(rows, ["a note [with brackets]"], "the title")

    written = json.loads((tmp_path / "rows.json").read_text())
    assert [set(one) for one in written] == [KEYS] * 4
    assert [one["met"] for one in written] == [True, False, None, False]
    shown = capsys.readouterr().out
    cells = [[one.strip() for one in line.split("│")] for line in shown.splitlines()]
    assert {line[1].split()[0]: line[-2] for line in cells if len(line) > 2} == {
        "reading": "yes",
        "writing": "no",
        "looking": "",
        "guessing": "no",
    }
    assert "guessing [not run: no library]" in shown
    assert shown.startswith("the title")
    assert shown.endswith("a note [with brackets]\n")


def test_contestants_take_turns_and_one_that_fails_is_not_asked_again() -> None:
    asked: list[str] = []

    def good(repeat: int) -> Answer:
        asked.append(f"good {repeat}")
        return {"rate": repeat}

    def bad(repeat: int) -> Answer:
        asked.append(f"bad {repeat}")
        if repeat:
            raise SubjectError("bad", "it fell over")
        return {"rate": 0}

    found = in_turns(3, {"good": good, "bad": bad})

    assert asked == ["good 0", "bad 0", "good 1", "bad 1", "good 2"]
    assert found == {"good": rates(0, 1, 2), "bad": "it fell over"}


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Plan]:
    """A plan that is over in seconds and measures nothing worth knowing."""
    plan = Plan(
        folder=tmp_path,
        is_quick=True,
        repeats=1,
        seconds=0.2,
        events=500,
        events_many=1_000,
        events_few=500,
        payments_seeded=20,
        connections=4,
        wants_rivals=False,
    )
    try:
        yield plan
    finally:
        plan.close()


@pytest.mark.slow
def test_every_work_gives_well_formed_rows_and_says_what_was_left_out(
    tiny: Plan, tmp_path: Path
) -> None:
    rows = measured(tiny, ["appends", "replay", "verify", "serving", "memory"])
    write_json(rows, tmp_path / "rows.json")

    written = json.loads((tmp_path / "rows.json").read_text())
    assert [faults for one in written if (faults := faults_of(one))] == []
    assert [one["work"].partition(" | ")[2] for one in written] == [
        "raw sqlite3",
        f"eventsourcing [not run: {UNASKED}]",
        f"eventsource-py [not run: {UNASKED}]",
        "",
        "select and orjson.loads",
        f"eventsourcing [not run: {UNASKED}]",
        f"eventsource-py [not run: {UNASKED}]",
        "the replay above",
        *["", "the goal", ""],
        *["", "the goal", "", ""],
        *["bare aiohttp"] * 3,
        "",
    ]
    said = "\n".join(tiny.notes)
    assert "The goal of GET is judged on payments looked at lately: 20 of them" in said
    assert "one webhook endpoint registered" in said
    spent = re.findall(r"the projections' included: (\d+) us, bare (\d+) us: 0\.\d\d\.", said)
    assert len(spent) == 3
    assert all(int(ours) > int(bare) > 0 for ours, bare in spent)
    assert len(re.findall(r"one event to the log first answered [\d,]+ requests/s", said)) == 2
    assert '"GET /v1/payments/{id}, long not looked at" is left out: only 20 payments' in said


def faults_of(row: dict[str, Any]) -> list[str]:
    """What is wrong with a row of the file."""
    faults = [] if set(row) == KEYS else ["keys"]
    if "[not run: " in row["work"]:
        figures = (row["ours"], row["limit"], row["ratio"])
        faults += [] if figures == (None, None, None) else ["figures of what was not run"]
        faults += [] if row["met"] is (None if row["goal"] is None else False) else ["met"]
        return faults
    faults += [] if isinstance(row["ours"], int | float) else ["ours"]
    if row["limit"] is None:
        return faults + ([] if (row["ratio"], row["met"]) == (None, None) else ["ratio"])
    faults += [] if row["ratio"] > 0 else ["ratio"]
    is_met = None if row["goal"] is None else row["ratio"] >= row["goal"]
    return faults + ([] if row["met"] is is_met else ["met"])


def test_a_log_of_another_length_is_told() -> None:
    plan = Plan.quick(Path())
    replays._note(plan, [{"events": 1_000, "rate": 1.0}])
    replays._note(plan, "it is not there")

    [note] = plan.notes
    assert note.startswith("eventsource-py was timed replaying 1,000 events, the others 40,000:")


async def test_the_limit_of_serving_has_the_collector_that_our_server_has() -> None:
    before = gc.get_threshold()
    try:
        await serving_bare.start({"post": {}, "get": {}, "webhook": {}})

        assert gc.get_threshold() == (
            collector.ALLOCATIONS,
            collector.YOUNG_PER_MIDDLE,
            collector.MIDDLE_PER_FULL,
        )
        assert gc.get_freeze_count() > 0
    finally:
        await serving_bare.stop()
        gc.unfreeze()
        gc.set_threshold(*before)
