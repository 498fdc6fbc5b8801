"""Times for people: one form for tables and commands, each language's own in prose."""

import ast
from datetime import UTC, datetime, timedelta, timezone

import pytest

from adapters.dates import date_text, table_time, utc_text
from adapters.refusal_texts import Language
from api.points import time_in
from tests.conftest import ROOT

NOON = datetime(2026, 3, 1, 12, 0, 5, 999_999, tzinfo=UTC)
DOUALA = timezone(timedelta(hours=1))


def test_a_table_says_utc_whatever_the_clock_it_was_given() -> None:
    assert table_time(NOON) == "2026-03-01 12:00:05 UTC"
    assert table_time(NOON.astimezone(DOUALA)) == "2026-03-01 12:00:05 UTC"


def test_what_a_table_shows_is_understood_where_a_point_in_time_is_asked_for() -> None:
    assert time_in(table_time(NOON)) == NOON.replace(microsecond=0)


@pytest.mark.parametrize(
    ("language", "day", "minutes", "seconds"),
    [
        ("fr", "1er mars 2026", "1er mars 2026 à 12:00 UTC", "1er mars 2026 à 12:00:05 UTC"),
        ("en", "1 March 2026", "1 March 2026 at 12:00 UTC", "1 March 2026 at 12:00:05 UTC"),
    ],
)
def test_prose_says_a_time_in_its_language(
    language: Language, day: str, minutes: str, seconds: str
) -> None:
    assert date_text(NOON, language) == day
    assert utc_text(NOON.astimezone(DOUALA), language) == minutes
    assert utc_text(NOON, language, has_seconds=True) == seconds


def test_nobody_else_writes_times_for_people() -> None:
    """A fifth style would begin with a format of its own."""
    apart = {
        "adapters/dates.py",
        "api/bundles/verify_bundle.py",
        # Tries a provider's own format, and shows nobody what comes of it.
        "api/statement_forms/form.py",
    }
    shown = [*ROOT.glob("api/**/*.py"), *ROOT.glob("adapters/notify/*.py")]
    writing = {
        str(file.relative_to(ROOT))
        for file in shown
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "strftime"
    }
    assert writing - apart == set()
