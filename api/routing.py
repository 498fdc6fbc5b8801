"""Routing: which provider takes a payment, and why.

In this order: the provider the caller names; the providers of the operator the caller names; those
of the operator whose range the number is in: the operator's own rails, then the integrators that
reach it, as they are enabled. All of them are the route plan; the next one takes over only what
certainly did not get to the one before (`ledger.payment`).

Numbers are portable, so a guess is only a default, and its reason is kept in the log.
They are portable within their country: an operator of another one is refused.

Whose contract does not cover the currency or the country drops out of the plan, and where that is
everybody, the payment is refused at once (`api.contracts`).

Who is known to refuse the amount drops out of the plan, and where that is everybody, the payment is
refused at once (`api.limits`).

A wallet holds its country's money: a number of Cameroon cannot be asked for cedis, whatever the
provider's software takes elsewhere. In development a caller may name a provider for a number of a
country it does not serve, or in another currency: that is how MTN's own sandbox, whose numbers are
Swedish and whose money is the euro, is tried.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from typing import Final, NamedTuple, NoReturn

from adapters.base import Adapter
from adapters.contract import DOLLAR, DOLLAR_WALLETS
from adapters.directory import BY_CODE, Operator, Phone, is_own_rail, parse_phone
from adapters.directory_names import full_name
from api.contracts import Outside, outside_of
from api.errors import INVALID_REQUEST, UNSERVED, Place, ProblemError
from api.limits import limit_place, refuse_amount
from api.schemas import MoneyRequest, Payer
from ledger.identity import Candidate, Kind
from ledger.money import Money
from ledger.sentences import Sentence, explained

PARTED_MAX: Final = 256
"""For how many operators, currencies and kinds it is remembered who carries there."""


class PaymentRoute(NamedTuple):
    """Where a payment goes."""

    provider: str
    operator: str | None
    phone: Phone
    reason: str
    plan: tuple[Candidate, ...] = ()
    """Every provider that may take it, best first; empty where there is no choice."""


def choose_route(
    adapters: Mapping[str, Adapter],
    wanted: MoneyRequest,
    *,
    money: Money,
    default_country: str | None,
    is_production: bool,
) -> PaymentRoute:
    """Choose the provider for a payment; `money` is what `wanted` asks for, as it was read.

    Raises:
        InvalidPhoneError: the number can not exist.
        ProblemError: no enabled provider serves it; says which there are. Or every one that does
            would refuse the amount; says the limit.
    """
    pointer = f"/{wanted.side}/phone"
    # Only a refusal tells who could, and most payments are none.
    able = partial(_able, adapters, wanted.currency, wanted.kind)
    phone = parse_phone(wanted.person.phone, wanted.person.country or default_country)
    operator = phone.operator
    reason = f"the number is in a range of {phone.carrier or 'no known operator'}"
    if wanted.operator is not None:
        operator = _named_operator(wanted.operator)
        if operator.country != phone.country and (is_production or wanted.provider is None):
            reason = Sentence(
                "{operator} is of another country than the number.", operator=full_name(operator)
            )
            _refuse_operator(reason)
        reason = "the caller named the operator"
    if wanted.provider is not None:
        adapter = _named_provider(adapters, wanted.provider, wanted.currency, wanted.kind)
        if wanted.operator is None:
            operator = _behind(adapter, operator, phone.country)
        if is_production and phone.country not in adapter.countries:
            reason = Sentence(
                "{provider} does not serve {country}.",
                provider=adapter.display_name,
                country=phone.country,
            )
            _refuse(pointer, reason, able())
        if is_production and operator is not None:
            _check_currency(operator, wanted.currency)
        country = phone.country if is_production else None
        outside = outside_of(adapter, country, wanted.currency)
        if outside is not None:
            _refuse_outside(pointer, outside, able(country))
        reason = "the caller named the provider"
        chosen = _taking_code(adapters, (Choice(adapter.name, reason),), wanted)
        within_limits(chosen, operator, money, wanted.kind)
        return PaymentRoute(adapter.name, operator.code if operator else None, phone, reason)
    if operator is None:
        reason = Sentence("The number is of no operator that we know.")
        _refuse(pointer, reason, able())
    plan, left_out = _parted(adapters, operator, wanted.currency, wanted.kind)
    if not plan and not left_out:
        reason = Sentence(
            "No enabled provider reaches {operator} in {currency}.",
            operator=full_name(operator),
            currency=wanted.currency,
        )
        _refuse(pointer, reason, able())
    _check_currency(operator, wanted.currency)
    if not plan:
        _refuse_outside(pointer, left_out[0], able(operator.country))
    plan = _taking_code(adapters, plan, wanted)
    plan = within_limits(plan, operator, money, wanted.kind)
    plan = (plan[0]._replace(reason=reason), *plan[1:])
    several = tuple(Candidate(*one) for one in plan) if len(plan) > 1 else ()
    return PaymentRoute(plan[0].provider, operator.code, phone, reason, several)


class Choice(NamedTuple):
    """A provider that would do, and why it stands where it stands."""

    provider: str
    reason: str


def plan_of(
    adapters: Mapping[str, Adapter], operator: Operator, currency: str | None, kind: Kind
) -> tuple[Choice, ...]:
    """Every enabled provider that may carry to an operator: its own rails, then the integrators.

    Integrators come in the order in which they are enabled; that is the deployment's own choice.
    """
    return _parted(adapters, operator, currency, kind)[0]


def left_out_of(
    adapters: Mapping[str, Adapter], operator: Operator, currency: str | None, kind: Kind
) -> tuple[Outside, ...]:
    """Every enabled provider that reaches an operator, but is not set up for it, and why."""
    return _parted(adapters, operator, currency, kind)[1]


def _parted(
    adapters: Mapping[str, Adapter], operator: Operator, currency: str | None, kind: Kind
) -> tuple[tuple[Choice, ...], tuple[Outside, ...]]:
    """Both: who may carry, and who is left out."""
    return _parted_among((*adapters.items(),), operator, currency, kind)


@lru_cache(maxsize=PARTED_MAX)
def _parted_among(
    named: tuple[tuple[str, Adapter], ...], operator: Operator, currency: str | None, kind: Kind
) -> tuple[tuple[Choice, ...], tuple[Outside, ...]]:
    """The same; remembered, for what a provider serves is fixed once it is set up."""
    adapters, plan, left_out = dict(named), [], []
    for one in _reaching(adapters, operator, currency, kind):
        outside = outside_of(adapters[one.provider], operator.country, currency)
        if outside is None:
            plan.append(one)
        else:
            left_out.append(outside)
    return tuple(plan), tuple(left_out)


def _reaching(
    adapters: Mapping[str, Adapter], operator: Operator, currency: str | None, kind: Kind
) -> tuple[Choice, ...]:
    direct = [
        Choice(name, f"it is {full_name(operator)}'s own rail")
        for name in dict.fromkeys((*operator.providers, *adapters))
        if name in adapters
        and is_own_rail(adapters[name], operator)
        and _takes(adapters[name], currency, kind)
    ]
    behind = [
        Choice(name, f"it is an integrator that reaches {full_name(operator)}")
        for name, adapter in adapters.items()
        if operator.code in adapter.reaches and _takes(adapter, currency, kind)
    ]
    return (*direct, *behind)


def within_limits(
    plan: tuple[Choice, ...], operator: Operator | None, money: Money, kind: Kind
) -> tuple[Choice, ...]:
    """Leave out of a plan whoever would refuse the amount; of an unknown operator nobody knows.

    Raises:
        ProblemError: nobody would be left; says the first one's limit.
    """
    if operator is None:
        return plan
    broken = [limit_place(operator, one.provider, money, kind) for one in plan]
    kept = tuple(one for one, place in zip(plan, broken, strict=True) if place is None)
    if not kept and broken and broken[0] is not None:
        raise refuse_amount(broken[0])
    return kept


def one_time_code_of(wanted: MoneyRequest) -> str | None:
    """Give the code that the payer was given beforehand, where one was sent along."""
    return wanted.person.one_time_code if isinstance(wanted.person, Payer) else None


def _taking_code(
    adapters: Mapping[str, Adapter], plan: tuple[Choice, ...], wanted: MoneyRequest
) -> tuple[Choice, ...]:
    """Leave out of a plan whoever cannot be given the payer's code, where there is one.

    Raises:
        ProblemError: nobody would be left.
    """
    if one_time_code_of(wanted) is None:
        return plan
    kept = tuple(one for one in plan if "one_time_code" in adapters[one.provider].capabilities)
    if plan and not kept:
        name = adapters[plan[0].provider].display_name
        reason = Sentence("{provider} takes no one-time code.", provider=name)
        remedy = Sentence("Leave it out: the payer confirms on their own handset.")
        place = Place("pointer", "/payer/one_time_code", reason, remedy)
        raise ProblemError(INVALID_REQUEST, explained(reason, remedy), [place])
    return kept


def _takes(adapter: Adapter, currency: str | None, kind: Kind) -> bool:
    return kind in adapter.capabilities and (currency is None or currency in adapter.currencies)


def _named_provider(
    adapters: Mapping[str, Adapter], name: str, currency: str, kind: Kind
) -> Adapter:
    adapter = adapters.get(name)
    able = partial(_able, adapters, currency, kind)
    if adapter is None:
        _refuse("/provider", Sentence("This provider is not enabled here."), able())
    if kind not in adapter.capabilities:
        reason = Sentence(
            "{provider} cannot do this: it has no {kind}.",
            provider=adapter.display_name,
            kind=kind,
        )
        _refuse("/provider", reason, able())
    if not _takes(adapter, currency, kind):
        reason = Sentence(
            "{provider} takes no {currency}.", provider=adapter.display_name, currency=currency
        )
        _refuse("/currency", reason, able())
    return adapter


def _behind(adapter: Adapter, guessed: Operator | None, country: str) -> Operator | None:
    """Whose customer pays through a provider that the caller named, where a range guesses another.

    Whoever names an operator's own rail, as Wave, which has no ranges, means that operator, though
    the number is in another's range: whom a payer is sent to for help, and whose limits hold,
    follows from it. Where the rail has no operator in the country, the guess stays.
    """
    if guessed is not None and (is_own_rail(adapter, guessed) or guessed.code in adapter.reaches):
        return guessed
    own = (one for one in BY_CODE.values() if one.country == country and is_own_rail(adapter, one))
    return next(own, guessed)


def _check_currency(operator: Operator, currency: str) -> None:
    held = operator.currency
    holds_dollars = operator.country in DOLLAR_WALLETS
    if currency == held or (holds_dollars and currency == DOLLAR):
        return
    both = Sentence("{currency} and {other}", currency=held, other=DOLLAR)
    either = Sentence("{currency} or {other}", currency=held, other=DOLLAR)
    reason = Sentence(
        "Wallets of {operator} hold {held}, not {currency}.",
        operator=full_name(operator),
        held=both if holds_dollars else held,
        currency=currency,
    )
    remedy = Sentence("Send the amount in {held}.", held=either if holds_dollars else held)
    place = Place("pointer", "/currency", reason, remedy)
    raise ProblemError(UNSERVED, explained(reason, remedy), [place])


def _named_operator(code: str) -> Operator:
    operator = BY_CODE.get(code)
    if operator is None:
        _refuse_operator(Sentence("There is no such operator."))
    return operator


def _refuse_operator(reason: Sentence) -> NoReturn:
    remedy = Sentence("Ask GET /v1/operators?phone=... for the code, or leave it out.")
    place = Place("pointer", "/operator", reason, remedy)
    raise ProblemError(INVALID_REQUEST, explained(reason, remedy), [place])


def _able(
    adapters: Mapping[str, Adapter], currency: str, kind: Kind, country: str | None = None
) -> list[str]:
    return sorted(
        name
        for name, one in adapters.items()
        if _takes(one, currency, kind) and outside_of(one, country, currency) is None
    )


def _refuse_outside(pointer: str, outside: Outside, able: Sequence[str]) -> NoReturn:
    """Refuse what nobody is set up for; a currency is to blame before a country is."""
    if outside.is_currency:
        pointer = "/currency"
    if able:
        _refuse(pointer, outside.reason, able)
    remedy = Sentence(
        "Take a number whose wallet is in {held}, or have a provider set up for this one.",
        held=outside.held,
    )
    place = Place("pointer", pointer, outside.reason, remedy)
    raise ProblemError(UNSERVED, explained(outside.reason, remedy), [place])


def _refuse(pointer: str, reason: Sentence, able: Sequence[str]) -> NoReturn:
    remedy = Sentence(
        "Enabled providers that could: {able}; name one as `provider` if the number is theirs.",
        able=", ".join(able) or Sentence("none"),
    )
    place = Place("pointer", pointer, reason, remedy)
    raise ProblemError(UNSERVED, explained(reason, remedy), [place])
