"""Amounts as payers read them: 1 500 FCFA in French, 1,500 FCFA in English."""

from typing import Final

from adapters.refusal_texts import Language
from ledger.money import Money

_SPOKEN: Final = {"XAF": "FCFA", "XOF": "FCFA"}
"""What people call a currency, where that is not its code."""

_SPACE: Final = "\N{NO-BREAK SPACE}"


def amount_text(money: Money, language: Language) -> str:
    """Write an amount with its currency; no line ends within it."""
    whole, _, decimals = money.amount.partition(".")
    grouped = f"{int(whole):,}"
    if language == "fr":
        grouped = grouped.replace(",", _SPACE)
    point = "," if language == "fr" else "."
    number = f"{grouped}{point}{decimals}" if decimals else grouped
    return f"{number}{_SPACE}{_SPOKEN.get(money.currency, money.currency)}"
