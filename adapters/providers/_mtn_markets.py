"""MTN's production environments: the name each call carries, its country, money and address.

A deployment names one of them in `target_environment`. A name that is misspelt, or that does not
go with the address, would be answered `NOT_ALLOWED_TARGET_ENVIRONMENT` to every payment of a whole
day; it is found here, when the settings are read.

Sources: the environments, MTN's page on common errors; the address, the constants of MTN's own
published clients, and for Rwanda a second one that integrators there use; the currencies, those of
ISO 4217 for the countries, as published clients have them (Liberia: its own and the US dollar).
MTN publishes no list of currencies. `mtncongo` is Brazzaville, not Kinshasa.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from adapters.contract import Contract
from ledger.sentences import Sentence

SANDBOX: Final = "sandbox"
SANDBOX_URL: Final = "https://sandbox.momodeveloper.mtn.com"
PRODUCTION_URL: Final = "https://proxy.momoapi.mtn.com"
RWANDA_URL: Final = "https://proxy.momoapi.mtn.co.rw"


class Market(NamedTuple):
    """One production environment; the first currency is the usual one."""

    environment: str
    country: str
    currencies: tuple[str, ...]
    base_urls: tuple[str, ...] = (PRODUCTION_URL,)


MARKETS: Final[Mapping[str, Market]] = {
    one.environment: one
    for one in (
        Market("mtnbenin", "BJ", ("XOF",)),
        Market("mtncameroon", "CM", ("XAF",)),
        Market("mtncongo", "CG", ("XAF",)),
        Market("mtnghana", "GH", ("GHS",)),
        Market("mtnguineaconakry", "GN", ("GNF",)),
        Market("mtnivorycoast", "CI", ("XOF",)),
        Market("mtnliberia", "LR", ("LRD", "USD")),
        Market("mtnnigeria", "NG", ("NGN",)),
        Market("mtnrwanda", "RW", ("RWF",), (PRODUCTION_URL, RWANDA_URL)),
        Market("mtnsouthafrica", "ZA", ("ZAR",)),
        Market("mtnsouthsudan", "SS", ("SSP",)),
        Market("mtnswaziland", "SZ", ("SZL",)),
        Market("mtnuganda", "UG", ("UGX",)),
        Market("mtnzambia", "ZM", ("ZMW",)),
    )
}
"""Every production environment by its name."""

SANDBOX_CURRENCIES: Final = ("EUR",)
COUNTRIES: Final = frozenset(one.country for one in MARKETS.values())
CURRENCIES: Final = frozenset(SANDBOX_CURRENCIES).union(
    *(one.currencies for one in MARKETS.values())
)


def currencies_of(environment: str) -> tuple[str, ...]:
    """Return the currencies of an environment, the usual one first."""
    market = MARKETS.get(environment)
    return SANDBOX_CURRENCIES if market is None else market.currencies


def told_by(environment: str) -> Contract | None:
    """Return what an account of an environment covers; None where it is no market's."""
    market = MARKETS.get(environment)
    if market is None:
        return None
    return Contract(frozenset({market.country}), frozenset(market.currencies))


def disagreement(environment: str, base_url: str) -> Sentence | None:
    """Say why an environment and an address do not go together; None where they do.

    An address that is none of MTN's (a gateway of one's own, this machine) goes with all.
    """
    if environment != SANDBOX and environment not in MARKETS:
        known = ", ".join([SANDBOX, *MARKETS])
        return Sentence("MTN has no such environment. Choose from: {known}.", known=known)
    host = urlsplit(base_url).hostname
    if environment == SANDBOX:
        usual: tuple[str, ...] = (SANDBOX_URL,)
    else:
        usual = MARKETS[environment].base_urls
    if host in {urlsplit(one).hostname for one in (SANDBOX_URL, PRODUCTION_URL, RWANDA_URL)} and (
        host not in {urlsplit(one).hostname for one in usual}
    ):
        return Sentence(
            "{environment} is not served at that address but at {usual}.",
            environment=environment,
            usual=", ".join(usual),
        )
    return None
