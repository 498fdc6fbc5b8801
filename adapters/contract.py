"""What a deployment's contract with a provider covers: a provider is wider than one account of it.

Wave is in eleven countries, and one key is one wallet in one of them; a MTN environment is one
market. What lies outside would be taken in, sent, and declined by the provider later, so an adapter
says what its own contract covers, and routing asks there.

What counts, in this order: what the deployment says (`CAURI_<PROVIDER>_COUNTRIES` and
`..._CURRENCIES`); what its other settings tell (a target environment, a country's segment, an
account's currency); else all that the provider serves.
"""

from dataclasses import dataclass
from typing import Final

from adapters.directory_countries import COUNTRIES

DOLLAR: Final = "USD"
DOLLAR_WALLETS: Final = frozenset({"CD", "LR"})
"""Where operators keep wallets in US dollars beside those in the country's currency."""


@dataclass(frozen=True, slots=True)
class Contract:
    """The countries whose numbers, and the currencies in which, one account may move money."""

    countries: frozenset[str]
    currencies: frozenset[str]


def money_of(countries: frozenset[str]) -> frozenset[str]:
    """The currencies of wallets in some countries."""
    dollars = {DOLLAR} if countries & DOLLAR_WALLETS else set()
    return frozenset(COUNTRIES[one].currency for one in countries & COUNTRIES.keys()) | dollars


def contract_in(countries: frozenset[str], served: Contract) -> Contract:
    """The contract for some countries of what a provider serves, in whatever is money there."""
    return Contract(countries, served.currencies & money_of(countries))
