"""Payable: whether anybody can pay on a page, before a merchant sends a customer there.

A page offers the operators of its country whose wallets hold its currency and to which an enabled
provider carries. Where that is nobody, its customer finds nothing to choose; so the session is
refused, as a payment of such a number is.
"""

from collections.abc import Iterator, Mapping

from adapters.base import Adapter
from adapters.contract import money_of
from adapters.directory import BY_CODE, Operator
from api.errors import UNSERVED, Place, ProblemError
from api.reach import currency_place
from api.routing import plan_of
from ledger.sentences import Sentence, explained


def check_payable(adapters: Mapping[str, Adapter], country: str | None, currency: str) -> None:
    """Refuse a page on which no customer could ever pay; of no country, any will do.

    Raises:
        ProblemError: nobody could; says in which currencies or countries somebody can.
    """
    within = [one for one in BY_CODE.values() if country in {None, one.country}]
    if any(_is_reached(adapters, one, currency) for one in within):
        return
    countries = sorted(
        {one.country for one in BY_CODE.values() if _is_reached(adapters, one, currency)}
    )
    here = sorted({money for one in within for money in _money_at(adapters, one)})
    other_money = currency_place(None, country, currency) if country is not None else None
    if not countries:
        everywhere = {money for one in BY_CODE.values() for money in _money_at(adapters, one)}
        _refuse(
            "/currency",
            Sentence("No enabled provider takes {currency}.", currency=currency),
            Sentence(
                "Send an amount in one of these: {held}.",
                held=", ".join(here or sorted(everywhere)) or Sentence("none"),
            ),
        )
    elif here and other_money is not None:
        _refuse(
            "/currency",
            other_money.reason,
            Sentence(
                "Send the amount in {held}, or the country of the customers' numbers as `country`: "
                "{countries}.",
                held=", ".join(here),
                countries=", ".join(countries),
            ),
        )
    else:
        _refuse(
            "/country",
            Sentence("No enabled provider reaches a wallet in {country}.", country=country or ""),
            Sentence(
                "Send the country of the customers' numbers as `country`: {countries}.",
                countries=", ".join(countries),
            ),
        )


def _is_reached(adapters: Mapping[str, Adapter], operator: Operator, currency: str) -> bool:
    """Whether an operator's customers can pay in a currency."""
    is_held = currency in money_of(frozenset({operator.country}))
    return is_held and bool(plan_of(adapters, operator, currency, "collection"))


def _money_at(adapters: Mapping[str, Adapter], operator: Operator) -> Iterator[str]:
    """In what an operator's customers can pay."""
    for money in money_of(frozenset({operator.country})):
        if plan_of(adapters, operator, money, "collection"):
            yield money


def _refuse(pointer: str, reason: Sentence, remedy: Sentence) -> None:
    place = Place("pointer", pointer, reason, remedy)
    raise ProblemError(UNSERVED, explained(reason, remedy), [place])
