"""Reach: whether a provider that a caller may name can carry a payment, and who else could.

One judgement for both: what a refusal recommends is what would be taken if it were named.

A provider carries to its own operators, in its countries, in the money of the wallets there. Who
names an operator beside it must name one that it reaches: the two of them contradict each other
otherwise, and whoever asks whom to call for help is sent to the wrong one.

One thing is let through that no wallet is: money that nobody keeps, as the euro of MTN's own
sandbox, whose numbers are Swedish. It is for trying, so never in production, and with a provider
that takes it; a number of a country whose wallets we know must be of one that it serves even then.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from adapters.base import Adapter
from adapters.contract import DOLLAR, DOLLAR_WALLETS, money_of
from adapters.directory import BY_CODE, COUNTRIES, Operator, Phone, is_own_rail
from adapters.directory_names import COUNTRY_NAMES, full_name
from api.contracts import outside_of
from api.errors import UNSERVED, Place, ProblemError
from ledger.identity import Kind
from ledger.sentences import Sentence, explained

_WALLET_MONEY: Final = money_of(frozenset(COUNTRIES))


class Asked(NamedTuple):
    """What a payment asks of whoever is to carry it."""

    phone: Phone
    pointer: str
    """Where the number stands in the request."""
    operator: Operator | None
    """Whom the caller named; None: nobody."""
    currency: str
    kind: Kind
    is_production: bool


class Obstacle(NamedTuple):
    """Why a provider cannot carry a payment."""

    pointer: str
    reason: Sentence
    remedy: Sentence | None = None
    """What helps whoever else is enabled; None: to name another provider."""
    held: str | None = None
    """What the contract that stands in the way covers."""


def obstacle(adapter: Adapter, asked: Asked) -> Obstacle | None:
    """Say why a provider cannot carry a payment; None where it can."""
    name, country, currency = adapter.display_name, asked.phone.country, asked.currency
    if asked.kind not in adapter.capabilities:
        return Obstacle("/provider", _incapable(asked.kind, name))
    is_trial = _is_trial(adapter, asked)
    is_trial_number = is_trial and country not in COUNTRIES
    if country not in adapter.countries and not is_trial_number:
        elsewhere = Sentence("{provider} does not serve {country}.", provider=name, country=country)
        return Obstacle(asked.pointer, elsewhere)
    operator = carried_for(adapter, asked)
    if operator is not None and not reaches(adapter, operator):
        beyond = Sentence(
            "{provider} does not reach {operator}.", provider=name, operator=full_name(operator)
        )
        return Obstacle("/provider", beyond)
    if not is_trial:
        other_money = currency_place(operator, country, currency)
        if other_money is not None:
            return Obstacle("/currency", other_money.reason, other_money.remedy)
    if currency not in adapter.currencies:
        no_such = Sentence("{provider} takes no {currency}.", provider=name, currency=currency)
        return Obstacle("/currency", no_such)
    outside = outside_of(adapter, None if is_trial_number else country, currency)
    if outside is None:
        return None
    pointer = "/currency" if outside.is_currency else asked.pointer
    return Obstacle(pointer, outside.reason, held=outside.held)


def _incapable(kind: Kind, provider: str) -> Sentence:
    match kind:
        case "collection":
            return Sentence("{provider} takes no payments.", provider=provider)
        case "payout":
            return Sentence("{provider} makes no payouts.", provider=provider)
        case "refund":
            return Sentence("{provider} makes no refunds.", provider=provider)


def able(adapters: Mapping[str, Adapter], asked: Asked) -> list[str]:
    """Name the enabled providers that could carry a payment if the caller named them, sorted."""
    return sorted(name for name, one in adapters.items() if obstacle(one, asked) is None)


def reaches(adapter: Adapter, operator: Operator) -> bool:
    """Whether a provider carries to an operator, as far as is known.

    Of who says that nobody has written down all whom it reaches (`reaches_more`), every operator of
    its countries may be one.
    """
    if is_own_rail(adapter, operator) or operator.code in adapter.reaches:
        return True
    return getattr(adapter, "reaches_more", False) and operator.country in adapter.countries


def carried_for(adapter: Adapter, asked: Asked) -> Operator | None:
    """Whose customer pays through a provider: whom the caller named, else whom it tells.

    Whoever names an operator's own rail, as Wave, which has no ranges, means that operator, though
    the number is in another's range: whom a payer is sent to for help, and whose limits hold,
    follows from it. Where the rail has no operator in the country, the guess stays.
    """
    if asked.operator is not None:
        return asked.operator
    guessed, country = asked.phone.operator, asked.phone.country
    if guessed is not None and reaches(adapter, guessed):
        return guessed
    own = (one for one in BY_CODE.values() if one.country == country and is_own_rail(adapter, one))
    return next(own, guessed)


def currency_place(operator: Operator | None, country: str, currency: str) -> Place | None:
    """Say that wallets hold other money, of an operator or of all in a country; None: they do not.

    Of a country that we do not know nothing is said.
    """
    of_country = COUNTRIES.get(country if operator is None else operator.country)
    if of_country is None or currency in money_of(frozenset({of_country.code})):
        return None
    held = of_country.currency
    holds_dollars = of_country.code in DOLLAR_WALLETS
    both = Sentence("{currency} and {other}", currency=held, other=DOLLAR)
    either = Sentence("{currency} or {other}", currency=held, other=DOLLAR)
    if operator is None:
        reason = Sentence(
            "Wallets in {country} hold {held}, not {currency}.",
            country=COUNTRY_NAMES[of_country.code],
            held=both if holds_dollars else held,
            currency=currency,
        )
    else:
        reason = Sentence(
            "Wallets of {operator} hold {held}, not {currency}.",
            operator=full_name(operator),
            held=both if holds_dollars else held,
            currency=currency,
        )
    remedy = Sentence("Send the amount in {held}.", held=either if holds_dollars else held)
    return Place("pointer", "/currency", reason, remedy)


def refuse(pointer: str, reason: Sentence, could: Sequence[str]) -> ProblemError:
    """Make the refusal of a payment that one cannot carry, with who could."""
    remedy = (
        Sentence(
            "Enabled providers that could: {able}; name one as `provider` if the number is theirs.",
            able=", ".join(could),
        )
        if could
        else Sentence(
            "No enabled provider could: take another number, operator or currency, or have a "
            "provider enabled that serves these."
        )
    )
    return ProblemError(UNSERVED, explained(reason, remedy), [_at(pointer, reason, remedy)])


def refuse_held(pointer: str, reason: Sentence, held: str, could: Sequence[str]) -> ProblemError:
    """Make the refusal of what a contract does not cover, which covers something else."""
    if could:
        return refuse(pointer, reason, could)
    remedy = Sentence(
        "Take a number whose wallet is in {held}, or have a provider set up for this one.",
        held=held,
    )
    return ProblemError(UNSERVED, explained(reason, remedy), [_at(pointer, reason, remedy)])


def refuse_obstacle(found: Obstacle, adapters: Mapping[str, Adapter], asked: Asked) -> ProblemError:
    """Make the refusal of a payment whose named provider cannot carry it."""
    if found.remedy is not None:
        place = _at(found.pointer, found.reason, found.remedy)
        return ProblemError(UNSERVED, explained(found.reason, found.remedy), [place])
    if found.held is not None:
        return refuse_held(found.pointer, found.reason, found.held, able(adapters, asked))
    return refuse(found.pointer, found.reason, able(adapters, asked))


def _is_trial(adapter: Adapter, asked: Asked) -> bool:
    """Whether it is tried in money that no wallet holds."""
    is_money_of_nobody = asked.currency not in _WALLET_MONEY
    return not asked.is_production and is_money_of_nobody and asked.currency in adapter.currencies


def _at(pointer: str, reason: Sentence, remedy: Sentence) -> Place:
    return Place("pointer", pointer, reason, remedy)
