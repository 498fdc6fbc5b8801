"""What will happen next, as a payer is told before the number is typed: a line for each way.

Without scripts every line stands there with the names of its operators; with them only that of the
operator that was recognised or chosen. A line promises what the first provider of the route does;
the page says afterwards what really is asked.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from adapters.directory_codes import dialled_for_code
from adapters.pages import PayerWay
from api.pages.offers import Offer
from api.pages.words import Words
from ledger.money import Money

WAYS: Final[tuple[PayerWay, ...]] = ("prompt", "code", "page", "told")


class Expected(NamedTuple):
    """What the customers of some operators can expect."""

    way: PayerWay
    names: str
    """The operators; empty where it is the same for everybody."""
    text: str


def expected_of(offers: Sequence[Offer], money: Money, words: Words) -> list[Expected]:
    """Say what happens next, by way; where nobody is offered, only that the page tells."""
    if not offers:
        return [Expected("told", "", words.say("next_told"))]
    lines = []
    for way in WAYS:
        those = [one for one in offers if one.way == way]
        if not those:
            continue
        said = [
            words.say(f"next_{way}"),
            *(_dialling(those, money, words) if way == "code" else ()),
        ]
        names = ", ".join(one.name for one in those) if len(those) < len(offers) else ""
        lines.append(Expected(way, names, " ".join(said)))
    return lines


def code_hint(offers: Sequence[Offer], money: Money, words: Words) -> str:
    """Say what the field for a code is for, and how a code is got where that is known."""
    taking = [one for one in offers if one.takes_code]
    return " ".join([words.say("code_hint"), *_dialling(taking, money, words)])


def how_to_get_code(operator_code: str, name: str, money: Money, words: Words) -> str:
    """Say how the customer of one operator gets a code."""
    dialled = dialled_for_code(operator_code, money)
    if dialled is None:
        return words.say("code_menu")
    return words.say("code_dial", operator=name, dialled=dialled)


def _dialling(offers: Sequence[Offer], money: Money, words: Words) -> list[str]:
    known = [one for one in offers if dialled_for_code(one.code, money) is not None]
    return [how_to_get_code(one.code, one.name, money, words) for one in known]
