"""Reasons that the log keeps, in the language of whoever is shown one.

Why a provider was chosen and why a message did not arrive stands in the log as English text, for
ever. Where it is shown to a person, what is recognised as one of our own sentences is said in the
person's language; anything else, a provider's words before all, stays as it is. The audit trail and
the events show what is kept.

Why not a code beside each: what was written before would have none.
"""

import re
from typing import Any, Final, TypeVar

from adapters.directory_names import COUNTRY_NAMES, FRENCH_OF_COUNTRIES
from adapters.refusal_texts import Language
from api.french_reasons import FRENCH_OF_REASONS

JsonObject = dict[str, Any]

T = TypeVar("T", str, str | None)

_PLACE: Final = re.compile(r"\{(\w+)\}")

_LENGTH_MAX: Final = 300
"""In characters: a longer text is none of ours."""


def kept_reason(text: T, language: Language) -> T:
    """Say a reason that was kept in a language, as far as it is known to be ours; None stays."""
    if text is None or language == "en" or len(text) > _LENGTH_MAX:
        return text
    if (whole := _written(text)) is not None:
        return whole
    # A refund's is two sentences, why it is none and what is done instead.
    first, stop, second = text.partition(". ")
    said = (_written(f"{first}."), _written(second)) if stop else (None, None)
    return text if None in said else " ".join(filter(None, said))


def with_route_reasons(content: JsonObject, language: Language) -> JsonObject:
    """Write a payment with why it goes where it goes said in a language.

    Its `reason` stays: that is its provider's word.
    """
    if language == "en":
        return content
    plan = [one | {"reason": kept_reason(one["reason"], language)} for one in content["plan"]]
    why = kept_reason(content["route_reason"], language)
    return content | {"route_reason": why, "plan": plan}


def _written(text: str) -> str | None:
    for pattern, french in _PATTERNS:
        if (match := pattern.fullmatch(text)) is not None:
            return french.format_map({name: _named(one) for name, one in match.groupdict().items()})
    return None


def _named(value: str) -> str:
    """A value as it is said in French: another of these reasons, or one with a country."""
    if (reason := _written(value)) is not None:
        return reason
    for country in COUNTRY_NAMES.values():
        if value.endswith(f" {country}"):
            return f"{value.removesuffix(country)}{country.written(FRENCH_OF_COUNTRIES)}"
    return value


def _pattern(english: str) -> re.Pattern[str]:
    parts = enumerate(_PLACE.split(english))
    found = [f"(?P<{one}>.+)" if number % 2 else re.escape(one) for number, one in parts]
    return re.compile("".join(found), re.DOTALL)


_PATTERNS: Final = tuple((_pattern(one), french) for one, french in FRENCH_OF_REASONS.items())
