"""The table: one row per comparison, judged the same way everywhere.

`ratio` is always "how good, beside the limit": ours divided by the limit where more is better
(events and requests per second), the limit divided by ours where less is (milliseconds, megabytes).
`met` is `ratio >= goal`; a row without a goal is for information and has neither.

A row that could not run has no figures, names its reason, and has not met its goal.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from scripts.benches.plan import Answers
from scripts.benches.subject import Answer

WIDTH_UNSEEN = 150


class Row(NamedTuple):
    """One comparison; the names are those of the JSON file."""

    work: str
    ours: float | None
    limit: float | None
    unit: str
    ratio: float | None
    goal: float | None
    met: bool | None


def compared(
    work: str, ours: Answers, limit: Answers, unit: str, goal: float | None, figure: str = "rate"
) -> Row:
    """Compare two rates by their medians: more is better."""
    if isinstance(ours, str) or isinstance(limit, str):
        return absent(work, unit, goal, ours if isinstance(ours, str) else str(limit))
    mine, theirs = median_of(ours, figure), median_of(limit, figure)
    return _judged(work, mine, theirs, unit, mine / theirs if theirs else 0.0, goal)


def bounded(work: str, ours: Answers, limit: float, unit: str, figure: str) -> Row:
    """Compare a cost with what it may be at most: less is better."""
    if isinstance(ours, str):
        return absent(work, unit, 1.0, ours)
    mine = median_of(ours, figure)
    return _judged(work, mine, limit, unit, limit / max(mine, limit / 1000), 1.0)


def told(work: str, ours: Answers, unit: str, figure: str = "rate") -> Row:
    """State a figure that nothing is beside."""
    if isinstance(ours, str):
        return absent(work, unit, None, ours)
    return Row(work, _short(median_of(ours, figure)), None, unit, None, None, None)


def absent(work: str, unit: str, goal: float | None, reason: str) -> Row:
    """Say that a comparison could not run, and why; a goal that was not tried is not met."""
    met = None if goal is None else False
    return Row(f"{work} [not run: {reason}]", None, None, unit, None, goal, met)


def median_of(answers: list[Answer], figure: str) -> float:
    """The middle one of a figure's values."""
    return median(float(one[figure]) for one in answers)


def _judged(
    work: str, ours: float, limit: float, unit: str, ratio: float, goal: float | None
) -> Row:
    ratio = round(ratio, 3)
    met = None if goal is None else ratio >= goal
    return Row(work, _short(ours), _short(limit), unit, ratio, goal, met)


def _short(figure: float) -> float:
    return round(figure, 2 if figure < 100 else 0)


def write_json(rows: Sequence[Row], path: Path) -> None:
    """Write the rows as a list of objects."""
    path.write_text(json.dumps([row._asdict() for row in rows], indent=2) + "\n")


def show(rows: Sequence[Row], notes: Sequence[str], title: str) -> None:
    """Print the table and what must be known to read it."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH_UNSEEN)
    shown = Table(title=title, title_justify="left", header_style="bold")
    shown.add_column("work", ratio=1)
    for column in ("ours", "limit", "unit", "ratio", "goal", "met"):
        shown.add_column(column, justify="left" if column == "unit" else "right", no_wrap=True)
    for row in rows:
        met = {None: "", True: "[green]yes[/]", False: "[red]no[/]"}[row.met]
        ours, limit = _figure(row.ours), _figure(row.limit)
        ratio, goal = _ratio(row.ratio), _ratio(row.goal)
        work = row.work.replace("[", r"\[")
        shown.add_row(work, ours, limit, row.unit, ratio, goal, met)
    console.print(shown)
    for note in notes:
        console.print(note, highlight=False, markup=False)


def _figure(figure: float | None) -> str:
    if figure is None:
        return ""
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:,.1f}"


def _ratio(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}"
