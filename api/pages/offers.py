"""Offers: the operators whose customers can pay on a session's page, as the page shows them.

They are those of the session's country whose wallets hold its currency and to which some enabled
provider carries; in the directory's order. The page guesses by prefixes, which is only a help: what
was typed is read and routed like every other payment's number.
"""

from collections.abc import Mapping
from typing import NamedTuple

from adapters.base import Adapter
from adapters.contract import DOLLAR, DOLLAR_WALLETS
from adapters.directory import BY_CODE, COUNTRIES, Operator
from adapters.directory_operators import prefixes_of
from adapters.pages import PayerWay, way_of
from api.pages.colours import class_of
from api.routing import plan_of


class Offer(NamedTuple):
    """One operator on the form."""

    code: str
    name: str
    style: str
    prefixes: str
    """How its numbers begin at home, with spaces between."""
    way: PayerWay
    """By what the payer confirms with the provider that is asked first."""
    takes_code: bool
    """Whether a one-time code can be handed in with the payment."""


class Numbers(NamedTuple):
    """How the numbers of a session's country are written."""

    calling_code: str
    trunk_prefix: str
    example: str | None


def name_of(operator: Operator) -> str:
    """What an operator's customers call their mobile money."""
    return operator.wallet or operator.brand


def offers_of(adapters: Mapping[str, Adapter], country: str, currency: str) -> tuple[Offer, ...]:
    """The operators to offer for payments in a country and a currency."""
    offers = []
    for operator in BY_CODE.values():
        if operator.country != country or not _holds(operator, currency):
            continue
        plan = plan_of(adapters, operator, currency, "collection")
        if plan:
            offers.append(
                Offer(
                    code=operator.code,
                    name=name_of(operator),
                    style=class_of(operator.brand),
                    prefixes=" ".join(prefixes_of(operator)),
                    way=way_of(adapters[plan[0].provider], operator.code),
                    takes_code=any(
                        "one_time_code" in adapters[one.provider].capabilities for one in plan
                    ),
                )
            )
    return tuple(offers)


def numbers_of(country: str, offers: tuple[Offer, ...]) -> Numbers:
    """How numbers are written there, with the example of the first operator that has one."""
    known = COUNTRIES.get(country)
    examples = (BY_CODE[one.code].example for one in offers)
    return Numbers(
        calling_code=known.calling_code if known else "",
        trunk_prefix=known.trunk_prefix if known else "",
        example=next((one for one in examples if one is not None), None),
    )


def _holds(operator: Operator, currency: str) -> bool:
    holds_dollars = operator.country in DOLLAR_WALLETS
    return currency == operator.currency or (holds_dollars and currency == DOLLAR)
