"""Texts of support with names and numbers in them: what the templates of a language become; pure.

An amount is written as people write it: both francs of the CFA are `FCFA`, and thousands stand
apart. A span of time is rounded up, so that nobody is promised too little.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from adapters.refusal_texts import Language
from api.support_english import ENGLISH
from api.support_french import FRENCH
from api.support_words import Tongue
from api.views import decimal_text
from ledger.identity import Kind

TONGUES: Final[Mapping[Language, Tongue]] = {"en": ENGLISH, "fr": FRENCH}

_FRANCS: Final = frozenset({"XAF", "XOF"})
_DECIMAL_MARKS: Final[Mapping[Language, str]] = {"en": ".", "fr": ","}
_BEGINNING: Final = re.compile(r"(?:^|(?<=[.!?] ))\{merchant\}")
_MINUTES_MAX: Final = 90
"""From here on a span is told in hours."""


Write = Callable[..., str]
"""Fills a template in; a second argument, in minor units, stands in the place of the amount."""


class About(NamedTuple):
    """What a payment is about: the names and numbers of its texts."""

    kind: Kind
    amount_minor: int
    refunded_minor: int
    currency: str
    merchant: str | None
    operator: str | None
    """What the operator's wallet is called; None where it is not known."""
    is_merchant_id: bool = False
    """It stands for the name: it is written as it is, also where a sentence begins with it."""


def writer_of(about: About, language: Language) -> Write:
    """Make what writes a template about a payment, with its own amount or another one."""
    tongue = TONGUES[language]
    thing = tongue.things[about.kind]
    merchant = about.merchant or tongue.any_merchant
    values = {
        "merchant": merchant,
        "Merchant": merchant if about.is_merchant_id else _capital(merchant),
        "operator": about.operator or tongue.any_operator,
        "thing": thing,
        "Thing": _capital(thing),
        "refunded": amount_text(about.refunded_minor, about.currency, language),
    }
    own = amount_text(about.amount_minor, about.currency, language)

    def write(template: str, amount_minor: int | None = None) -> str:
        amount = (
            own if amount_minor is None else amount_text(amount_minor, about.currency, language)
        )
        return _BEGINNING.sub("{Merchant}", template).format_map({**values, "amount": amount})

    return write


def amount_text(amount_minor: int, currency: str, language: Language) -> str:
    """Write an amount as people do: `1,500 FCFA`."""
    whole, _, decimals = decimal_text(amount_minor, currency).partition(".")
    grouped = f"{int(whole):,}".replace(",", TONGUES[language].thousands)
    if decimals:
        grouped += _DECIMAL_MARKS[language] + decimals
    return f"{grouped}\N{NO-BREAK SPACE}{'FCFA' if currency in _FRANCS else currency}"


def usually_text(median_seconds: float, high_seconds: float, language: Language) -> str:
    """Say how long it usually takes."""
    tongue = TONGUES[language]
    median, high = (_span(seconds, tongue) for seconds in (median_seconds, high_seconds))
    if median == high:
        return tongue.usually_same.format(high=high)
    return tongue.usually.format(median=median, high=high)


def _span(seconds: float, tongue: Tongue) -> str:
    minutes = max(1, -int(-seconds // 60))
    if minutes == 1:
        return tongue.minute
    if minutes <= _MINUTES_MAX:
        return tongue.minutes.format(number=minutes)
    return tongue.hours.format(number=-(-minutes // 60))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
