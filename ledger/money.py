"""Money: an integer of minor units and an ISO 4217 currency; never a float.

The number of decimals comes from the `iso4217` table, not from a locale library: CLDR gives 0 for
currencies whose ISO exponent is 2 (MGA among them). On the wire an amount is a decimal string in
major units ("1500" XAF, "12.50" GHS); inside it is `amount_minor`. Nothing here rounds: an amount
with too many decimals is refused with the reason. This module does not convert between currencies.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from ledger.errors import InvalidMoneyError
from ledger.sentences import Sentence

AMOUNT_MINOR_MAX: Final = 10**15
"""A bound on one amount: a thousand billion major units is a typing error, not a payment."""

CURRENCIES: Final = frozenset(
    "XAF XOF GNF UGX RWF GHS NGN ZMW CDF LRD SLE SZL SSP ZAR KES TZS MGA GMD BWP EUR USD".split()
)
"""The currencies the rails use; adding one is adding its ISO 4217 code."""

_CFA_FRANCS: Final = frozenset({"CFA", "FCFA", "CFAF", "FRCFA"})
"""What people call two currencies alike; which one is meant depends on where they are."""

_NO_LETTERS: Final = re.compile(r"[^A-Za-z]+")
_AMOUNT: Final = re.compile(r"(-)?(0|[1-9][0-9]*)(?:\.([0-9]+))?", re.ASCII)


@cache
def decimals_of(currency: str) -> int:
    """How many decimals the currency has by ISO 4217 (XAF 0, GHS 2).

    Raises:
        InvalidMoneyError: the currency is not one the ledger keeps.
    """
    if currency not in CURRENCIES:
        remedy = Sentence("Send one of {currencies}.", currencies=", ".join(sorted(CURRENCIES)))
        meant = currency.strip().upper()
        if meant in CURRENCIES:
            remedy = Sentence("Send {currency}, in capitals.", currency=meant)
        elif _NO_LETTERS.sub("", currency).upper() in _CFA_FRANCS:
            remedy = Sentence(
                "Send {central} for Central Africa (Cameroon, Gabon, Chad ...), or {western} for "
                "West Africa (Senegal, Ivory Coast, Mali ...).",
                central="XAF",
                western="XOF",
            )
        raise InvalidMoneyError(
            "currency",
            Sentence("{currency!r} is not a currency this ledger keeps.", currency=currency[:12]),
            remedy,
        )
    import iso4217  # noqa: PLC0415 - parses an XML table when imported; paid once, when first asked

    exponent = iso4217.Currency(currency).exponent
    return int(exponent or 0)


@dataclass(frozen=True, slots=True)
class Money:
    """An exact, non-negative amount: `amount_minor` minor units of `currency`."""

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        """Refuse what cannot be an amount; the currency is checked by `decimals_of`."""
        decimals_of(self.currency)
        if type(self.amount_minor) is not int or not 0 <= self.amount_minor <= AMOUNT_MINOR_MAX:
            raise InvalidMoneyError(
                "amount",
                Sentence("the amount is not a whole number of minor units within bounds."),
                Sentence("Send 0 to {maximum} minor units.", maximum=AMOUNT_MINOR_MAX),
            )

    @property
    def amount(self) -> str:
        """The amount in major units as a decimal string with all its decimals: "12.50"."""
        decimals = decimals_of(self.currency)
        if decimals == 0:
            return str(self.amount_minor)
        major, minor = divmod(self.amount_minor, 10**decimals)
        return f"{major}.{minor:0{decimals}d}"

    def __str__(self) -> str:
        """Render for people: `12.50 GHS`."""
        return f"{self.amount} {self.currency}"


def parse_money(amount: str, currency: str) -> Money:
    """Read a positive amount in major units, exactly.

    Args:
        amount: decimal string without sign, spaces, exponent or grouping: "1500", "12.5".
        currency: ISO 4217 code in capitals.

    Raises:
        InvalidMoneyError: not such a string, zero, negative, too many decimals, too large, or an
            unknown currency; says which and what to send.
    """
    decimals = decimals_of(currency)
    match = _AMOUNT.fullmatch(amount)
    if match is None:
        raise InvalidMoneyError(
            "amount",
            Sentence("the amount is not a plain decimal number."),
            Sentence(
                'Send a string of digits in major units such as "1500" or "12.50", without sign, '
                "spaces or separators."
            ),
        )
    sign, whole, fraction = match[1], match[2], match[3] or ""
    if not (whole + fraction).strip("0"):
        raise _not_above_zero(Sentence("the amount is zero."))
    if sign:
        raise _not_above_zero(Sentence("the amount is negative."))
    if len(fraction) > decimals:
        example = "1250" if decimals == 0 else "12." + "50".ljust(decimals, "0")[:decimals]
        raise InvalidMoneyError(
            "amount",
            Sentence(
                "{currency} has {decimals} decimals, and the amount has {given}.",
                currency=currency,
                decimals=decimals,
                given=len(fraction),
            ),
            Sentence(
                'Send at most {decimals} decimals, for example "{example}".',
                decimals=decimals,
                example=example,
            ),
        )
    # Its digits are counted first: Python does not read thousands of them as a number.
    is_short = len(whole) <= len(str(AMOUNT_MINOR_MAX))
    amount_minor = int(whole + fraction.ljust(decimals, "0")) if is_short else AMOUNT_MINOR_MAX + 1
    if amount_minor > AMOUNT_MINOR_MAX:
        largest = Money(AMOUNT_MINOR_MAX, currency)
        raise InvalidMoneyError(
            "amount",
            Sentence("the amount is too large."),
            Sentence(
                'Send at most "{largest}" {currency}.', largest=largest.amount, currency=currency
            ),
        )
    return Money(amount_minor, currency)


def _not_above_zero(reason: Sentence) -> InvalidMoneyError:
    return InvalidMoneyError("amount", reason, Sentence("Send an amount above zero."))


def same_money(amount: str, money: Money) -> bool:
    """Whether a provider's rendering of an amount is exactly this money.

    Providers normalise ("12.50" comes back as "12.5", 1500 as "1500.00"): trailing zeros are
    ignored, everything else must agree. Text that is no number is not the same money.
    """
    return _minor_of(amount, money.currency) == money.amount_minor


def reported_money(amount: str, currency: str) -> Money | None:
    """Read a provider's rendering of an amount as `same_money` does; None if it cannot be read.

    It may be zero: who says that nothing moved says how much.
    """
    amount_minor = _minor_of(amount, currency) if currency in CURRENCIES else None
    if amount_minor is None or amount_minor > AMOUNT_MINOR_MAX:
        return None
    return Money(amount_minor, currency)


def _minor_of(amount: str, currency: str) -> int | None:
    """The minor units of a provider's rendering of an amount; None if it cannot be read."""
    match = re.fullmatch(r"([0-9]{1,18})(?:\.([0-9]{1,18}))?", amount.strip(), re.ASCII)
    if match is None:
        return None
    decimals = decimals_of(currency)
    fraction = (match[2] or "").rstrip("0")
    if len(fraction) > decimals:
        return None
    minor: int = int(match[1]) * 10**decimals + int(fraction.ljust(decimals, "0") or "0")
    return minor
