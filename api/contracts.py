"""What a contract with a provider leaves out: refused at the door, and said with what it covers.

A provider serves more than one account of it holds (`adapters.contract`). Who is set up for another
currency or country would take a payment in and decline it later; it drops out of the plan, and the
payment is refused only when nobody is left.

A contract that names what its provider does not serve is a mistake, and found at the start.
"""

from typing import NamedTuple

from adapters.base import Adapter
from api.settings import PREFIX, Fault
from ledger.sentences import Sentence


class Outside(NamedTuple):
    """A provider whose contract does not cover a payment, and why."""

    provider: str
    is_currency: bool
    """Whether it is the currency; if not, the country."""
    reason: Sentence
    held: str
    """What the contract covers instead, `XAF, XOF`."""


def outside_of(adapter: Adapter, country: str | None, currency: str | None) -> Outside | None:
    """Say why a contract does not cover a payment; None where it does.

    A country or a currency that is None is not judged.
    """
    contract, name = adapter.contract, adapter.display_name
    if currency is not None and currency not in contract.currencies:
        held = ", ".join(sorted(contract.currencies))
        reason = Sentence(
            "{provider} is set up here for {held}, not {currency}.",
            provider=name,
            held=held,
            currency=currency,
        )
        return Outside(adapter.name, is_currency=True, reason=reason, held=held)
    if country is not None and country not in contract.countries:
        held = ", ".join(sorted(contract.countries))
        reason = Sentence(
            "{provider} is set up here for {held}, not {country}.",
            provider=name,
            held=held,
            country=country,
        )
        return Outside(adapter.name, is_currency=False, reason=reason, held=held)
    return None


def contract_faults(adapter: Adapter) -> list[Fault]:
    """Say what a contract names that its provider does not serve; empty where it is as it must."""
    pairs = (
        ("COUNTRIES", adapter.contract.countries, adapter.countries),
        ("CURRENCIES", adapter.contract.currencies, adapter.currencies),
    )
    return [
        Fault(
            f"{PREFIX}{adapter.name.upper()}_{field}",
            Sentence(
                "{provider} does not serve {left}.",
                provider=adapter.name,
                left=", ".join(sorted(covered - served)),
            ),
            Sentence("Choose from: {known}.", known=", ".join(sorted(served))),
        )
        for field, covered, served in pairs
        if not covered <= served
    ]
