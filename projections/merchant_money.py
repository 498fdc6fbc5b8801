"""A merchant's money: what the journal books of it, by currency, and what is still in flight.

A part of `projections.accounts`, which keeps the sums this module makes of each batch. The accounts
alone do not tell it: they know of money in suspense with which provider it is, not whose; and of
customers (411) what was collected less what was given back.

Because it is the very lines of the journal that are summed, over all merchants it equals the trial
balance. Pure: lines and requests, no table.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Final, cast

from ledger.events import PaymentRequested
from ledger.identity import Kind, Mode
from ledger.journal import CUSTOMERS, SUPPLIERS, SUSPENSE, WALLET
from projections.accounts_rows import Account
from projections.modes import UNSAID

IN_FLIGHT: Final = ""
"""Stands where an account would, for what is not booked: it has no end yet."""

Key = tuple[str, str, str, str, str]
"""(merchant, currency, mode, kind, account)."""

_NAMES: Final[dict[tuple[str, Kind], tuple[str, int]]] = {
    # A credit of the customers is what they paid; the rest is debited.
    (CUSTOMERS, "collection"): ("collected_minor", -1),
    (CUSTOMERS, "refund"): ("refunded_minor", 1),
    (SUPPLIERS, "payout"): ("paid_out_minor", 1),
    (SUSPENSE, "collection"): ("suspense_in_minor", -1),
    (SUSPENSE, "refund"): ("suspense_out_minor", 1),
    (SUSPENSE, "payout"): ("suspense_out_minor", 1),
    (IN_FLIGHT, "collection"): ("collecting_minor", 1),
    (IN_FLIGHT, "refund"): ("refunding_minor", 1),
    (IN_FLIGHT, "payout"): ("paying_out_minor", 1),
}
"""Account and kind -> which sum it is, and with which sign."""


@dataclass(slots=True, kw_only=True)
class MerchantMoney:
    """A merchant's money of one currency and mode, in minor units."""

    currency: str
    mode: Mode
    collected_minor: int = 0
    """What customers paid, by the last word about each payment."""
    refunded_minor: int = 0
    paid_out_minor: int = 0
    suspense_in_minor: int = 0
    """What came in by contradicting words, and waits to be settled."""
    suspense_out_minor: int = 0
    """What went out by contradicting words, and waits to be settled."""
    collecting_minor: int = 0
    """What was asked of customers, and has no end yet; so with the next two."""
    refunding_minor: int = 0
    paying_out_minor: int = 0

    @property
    def net_minor(self) -> int:
        """What is left of what was settled."""
        return self.collected_minor - self.refunded_minor - self.paid_out_minor

    @property
    def suspense_minor(self) -> int:
        """What came in by contradicting words, less what went out."""
        return self.suspense_in_minor - self.suspense_out_minor


class Sums:
    """What a batch adds to merchants' sums: number of lines or payments, and amount."""

    def __init__(self) -> None:
        self._sums: dict[Key, list[int]] = {}

    def book(self, request: PaymentRequested, account: Account, amount_minor: int) -> None:
        """Add a line of the journal; what lies in wallets follows from the other accounts.

        Its currency is that of the word that it books, which may not be the one asked for.
        """
        number, _, currency = account
        if number != WALLET:
            self._add(request, number, currency, 1, amount_minor)

    def fly(self, request: PaymentRequested, *, is_taking_off: bool) -> None:
        """Add a payment to those in flight, or take it away."""
        sign = 1 if is_taking_off else -1
        self._add(request, IN_FLIGHT, request.currency, sign, sign * request.amount_minor)

    def rows(self) -> list[tuple[object, ...]]:
        """What was added: the key's values, then the two numbers."""
        return [(*key, *numbers) for key, numbers in self._sums.items()]

    def _add(
        self,
        request: PaymentRequested,
        account: str,
        currency: str,
        entries: int,
        amount_minor: int,
    ) -> None:
        key = (request.merchant_id, currency, request.mode or UNSAID, request.kind, account)
        sums = self._sums.setdefault(key, [0, 0])
        sums[0] += entries
        sums[1] += amount_minor


def money_of(
    rows: Iterable[tuple[str, str, str, str, int]], default_mode: Mode
) -> list[MerchantMoney]:
    """Read sums (currency, mode, kind, account, amount) of one merchant, by currency and mode.

    Args:
        rows: the sums.
        default_mode: what payments are counted as that have no mode of their own.
    """
    found: dict[tuple[str, str], MerchantMoney] = {}
    for currency, mode, kind, account, amount_minor in rows:
        said = cast("Mode", mode or default_mode)
        one = found.setdefault((currency, said), MerchantMoney(currency=currency, mode=said))
        name, sign = _NAMES[account, cast("Kind", kind)]
        setattr(one, name, getattr(one, name) + sign * int(amount_minor))
    return [found[key] for key in sorted(found) if _has_any(found[key])]


def _has_any(money: MerchantMoney) -> bool:
    numbers = [one.name for one in fields(money) if one.name.endswith("_minor")]
    return any(getattr(money, name) for name in numbers)
