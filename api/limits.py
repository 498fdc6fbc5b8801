"""Amounts outside of a limit: refused at the door, where whoever sets the limit says so.

Only binding limits are held against an amount (`adapters.directory_rails`): it would be refused
anyway, later and with a worse word. A provider that would refuse drops out of the plan; the payment
is refused only when nobody is left.
"""

from adapters.directory_names import full_name
from adapters.directory_operators import Operator
from adapters.directory_rails import Limit, limits_of
from adapters.providers import title_of
from api.errors import AMOUNT_OUTSIDE_LIMITS, Place, ProblemError
from ledger.identity import Kind
from ledger.money import Money
from ledger.sentences import Sentence, explained


def limit_place(operator: Operator, provider: str, money: Money, kind: Kind) -> Place | None:
    """Say which limit an amount breaks that a provider would carry; None where it breaks none."""
    for limit in limits_of(operator.code, kind):
        if not limit.is_binding or limit.currency != money.currency:
            continue
        if limit.provider in {None, provider}:
            place = _broken(limit, operator, money)
            if place is not None:
                return place
    return None


def refuse_amount(place: Place) -> ProblemError:
    """Make the refusal of an amount."""
    return ProblemError(AMOUNT_OUTSIDE_LIMITS, explained(place.reason, place.remedy), [place])


def _broken(limit: Limit, operator: Operator, money: Money) -> Place | None:
    currency, amount_minor = limit.currency, money.amount_minor
    carrier = full_name(operator)
    if limit.provider is not None:
        carrier = Sentence(
            "{operator} through {provider}", operator=carrier, provider=title_of(limit.provider)
        )
    if limit.minimum_minor is not None and amount_minor < limit.minimum_minor:
        minimum = Money(limit.minimum_minor, currency).amount
        reason = Sentence(
            "{carrier} takes {minimum} {currency} or more at once.",
            carrier=carrier,
            minimum=minimum,
            currency=currency,
        )
        remedy = Sentence("Send {minimum} or more.", minimum=minimum)
    elif limit.maximum_minor is not None and amount_minor > limit.maximum_minor:
        maximum = Money(limit.maximum_minor, currency).amount
        reason = Sentence(
            "{carrier} takes {maximum} {currency} or less at once.",
            carrier=carrier,
            maximum=maximum,
            currency=currency,
        )
        remedy = Sentence("Send {maximum} or less.", maximum=maximum)
    elif limit.multiple_minor is not None and amount_minor % limit.multiple_minor:
        multiple = Money(limit.multiple_minor, currency).amount
        # Downwards: nobody shall be told to pay more than was meant, and the least is a multiple.
        nearest = Money(amount_minor - amount_minor % limit.multiple_minor, currency).amount
        reason = Sentence(
            "{carrier} takes multiples of {multiple} {currency} only.",
            carrier=carrier,
            multiple=multiple,
            currency=currency,
        )
        remedy = Sentence("Send a multiple, such as {nearest}.", nearest=nearest)
    else:
        return None
    return Place("pointer", "/amount", reason, remedy)
