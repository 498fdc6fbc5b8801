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
provider's software takes elsewhere. A provider that is named must reach the number, and the
operator that is named beside it (`api.reach`, which also says what may be tried all the same).
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple, NoReturn

from adapters.base import Adapter
from adapters.directory import BY_CODE, COUNTRIES, Operator, Phone, is_own_rail, parse_phone
from adapters.directory_names import full_name
from api.contracts import Outside, outside_of
from api.errors import INVALID_REQUEST, UNSERVED, Place, ProblemError
from api.limits import limit_place, refuse_amount
from api.reach import (
    Asked,
    able,
    carried_for,
    currency_place,
    obstacle,
    refuse,
    refuse_held,
    refuse_obstacle,
)
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
    phone = parse_phone(wanted.person.phone, wanted.person.country or default_country)
    operator = phone.operator
    reason = f"the number is in a range of {phone.carrier or 'no known operator'}"
    named = _named_operator(wanted.operator) if wanted.operator is not None else None
    if named is not None:
        # A provider may be tried with a number of a country that has no operator (`api.reach`).
        is_tried = not is_production and wanted.provider is not None
        if named.country != phone.country and (phone.country in COUNTRIES or not is_tried):
            _refuse_operator(
                Sentence(
                    "{operator} is of another country than the number.", operator=full_name(named)
                )
            )
        operator = named
        reason = "the caller named the operator"
    asked = Asked(phone, pointer, named, wanted.currency, wanted.kind, is_production)
    if wanted.provider is not None:
        adapter = adapters.get(wanted.provider)
        if adapter is None:
            not_here = Sentence("This provider is not enabled here.")
            raise refuse("/provider", not_here, able(adapters, asked))
        found = obstacle(adapter, asked)
        if found is not None:
            raise refuse_obstacle(found, adapters, asked)
        operator = carried_for(adapter, asked)
        reason = "the caller named the provider"
        chosen = _taking_code(adapters, (Choice(adapter.name, reason),), wanted)
        within_limits(chosen, operator, money, wanted.kind)
        return PaymentRoute(adapter.name, operator.code if operator else None, phone, reason)
    if operator is None:
        nobody = Sentence("The number is of no operator that we know.")
        raise refuse(pointer, nobody, able(adapters, asked))
    plan, left_out = _parted(adapters, operator, wanted.currency, wanted.kind)
    if plan or left_out or _reaching(adapters, operator, None, wanted.kind):
        # Where nobody reaches the operator, other money would not help.
        other_money = currency_place(operator, operator.country, wanted.currency)
        if other_money is not None:
            detail = explained(other_money.reason, other_money.remedy)
            raise ProblemError(UNSERVED, detail, [other_money])
    if not plan and not left_out:
        unreached = Sentence(
            "No enabled provider reaches {operator} in {currency}.",
            operator=full_name(operator),
            currency=wanted.currency,
        )
        raise refuse(pointer, unreached, able(adapters, asked))
    if not plan:
        outside = left_out[0]
        where = "/currency" if outside.is_currency else pointer
        raise refuse_held(where, outside.reason, outside.held, able(adapters, asked))
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


def _named_operator(code: str) -> Operator:
    operator = BY_CODE.get(code)
    if operator is None:
        _refuse_operator(Sentence("There is no such operator."))
    return operator


def _refuse_operator(reason: Sentence) -> NoReturn:
    remedy = Sentence("Ask GET /v1/operators?phone=... for the code, or leave it out.")
    place = Place("pointer", "/operator", reason, remedy)
    raise ProblemError(INVALID_REQUEST, explained(reason, remedy), [place])
