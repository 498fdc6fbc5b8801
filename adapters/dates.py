"""How a time is written for people: one way for tables and reports, one for each language's prose.

In tables, commands and reports for those who compare: `2026-03-01 12:00:05 UTC`, the same in every
language; it sorts, and commands that ask for a point in time take it back. On pages and in letters
to people: `1er mars 2026 à 12:00 UTC`. What programs read is RFC 3339 and none of this.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from adapters.refusal_texts import Language

_TABLE: Final = "%Y-%m-%d %H:%M:%S UTC"

_MONTHS: Final[Mapping[Language, tuple[str, ...]]] = {
    "fr": tuple(
        "janvier février mars avril mai juin juillet août septembre octobre novembre "
        "décembre".split()
    ),
    "en": tuple(
        "January February March April May June July August September October November "
        "December".split()
    ),
}
_AT: Final[Mapping[Language, str]] = {
    "fr": "{date} à {clock} UTC",
    "en": "{date} at {clock} UTC",
}


def table_time(moment: datetime) -> str:
    """Write a time for those who compare: to the second, and it says that it is UTC."""
    return moment.astimezone(UTC).strftime(_TABLE)


def date_text(moment: datetime, language: Language) -> str:
    """Write the day of a time, by its own clock, as people say it."""
    day = "1er" if language == "fr" and moment.day == 1 else str(moment.day)
    return f"{day} {_MONTHS[language][moment.month - 1]} {moment.year}"


def utc_text(moment: datetime, language: Language, *, has_seconds: bool = False) -> str:
    """Write a time by UTC as people say it."""
    utc = moment.astimezone(UTC)
    clock = f"{utc:%H:%M:%S}" if has_seconds else f"{utc:%H:%M}"
    return _AT[language].format(date=date_text(utc, language), clock=clock)
