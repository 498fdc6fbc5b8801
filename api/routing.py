"""Routing: which provider takes a payment, and why.

In this order: the provider the caller names; the providers of the operator the caller names; those
of the operator whose range the number is in. Of several, the first that is enabled and takes the
currency. Numbers are portable, so a guess is only a default, and its reason is kept in the log.
They are portable within their country: an operator of another one is refused.

A wallet holds its country's money: a number of Cameroon cannot be asked for cedis, whatever the
provider's software takes elsewhere. In development a caller may name a provider for a number of a
country it does not serve, or in another currency: that is how MTN's own sandbox, whose numbers are
Swedish and whose money is the euro, is tried.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple, NoReturn

from adapters.base import Adapter
from adapters.directory import BY_CODE, Operator, Phone, parse_phone
from api.errors import INVALID_REQUEST, UNSERVED, Place, ProblemError
from api.schemas import PaymentRequest
from ledger.sentences import Sentence, explained

KIND: Final = "collection"

DOLLAR: Final = "USD"
DOLLAR_WALLETS: Final = frozenset({"CD", "LR"})
"""Where operators keep wallets in US dollars beside those in the country's currency."""


class PaymentRoute(NamedTuple):
    """Where a payment goes."""

    provider: str
    operator: str | None
    phone: Phone
    reason: str


def choose_route(
    adapters: Mapping[str, Adapter],
    wanted: PaymentRequest,
    *,
    default_country: str | None,
    is_production: bool,
) -> PaymentRoute:
    """Choose the provider for a payment.

    Raises:
        InvalidPhoneError: the number can not exist.
        ProblemError: no enabled provider serves it; says which there are.
    """
    phone = parse_phone(wanted.payer.phone, wanted.payer.country or default_country)
    operator = phone.operator
    reason = f"the number is in a range of {phone.carrier or 'no known operator'}"
    if wanted.operator is not None:
        operator = _named_operator(wanted.operator)
        if operator.country != phone.country and (is_production or wanted.provider is None):
            reason = Sentence(
                "{operator} is in {country}, the number is not.",
                operator=operator.code,
                country=operator.country,
            )
            _refuse_operator(reason)
        reason = "the caller named the operator"
    if wanted.provider is not None:
        adapter = _named_provider(adapters, wanted.provider, wanted.currency)
        if is_production and phone.country not in adapter.countries:
            reason = Sentence(
                "{provider} does not serve {country}.",
                provider=adapter.name,
                country=phone.country,
            )
            _refuse("/payer/phone", reason, adapters)
        if is_production and operator is not None:
            _check_currency(operator, wanted.currency)
        reason = "the caller named the provider"
        return PaymentRoute(adapter.name, operator.code if operator else None, phone, reason)
    if operator is None:
        reason = Sentence("The number is of no operator that we know.")
        _refuse("/payer/phone", reason, adapters)
    chosen = provider_of(adapters, operator, wanted.currency)
    if chosen is None:
        reason = Sentence(
            "No enabled provider reaches {operator} in {currency}.",
            operator=operator.code,
            currency=wanted.currency,
        )
        _refuse("/payer/phone", reason, adapters)
    _check_currency(operator, wanted.currency)
    return PaymentRoute(chosen, operator.code, phone, reason)


def provider_of(
    adapters: Mapping[str, Adapter], operator: Operator, currency: str | None
) -> str | None:
    """The first enabled provider that reaches an operator and, if given, takes the currency."""
    for name in operator.providers:
        adapter = adapters.get(name)
        if adapter is not None and _takes(adapter, currency):
            return name
    return None


def _takes(adapter: Adapter, currency: str | None) -> bool:
    return KIND in adapter.capabilities and (currency is None or currency in adapter.currencies)


def _named_provider(adapters: Mapping[str, Adapter], name: str, currency: str) -> Adapter:
    adapter = adapters.get(name)
    if adapter is None:
        _refuse("/provider", Sentence("This provider is not enabled here."), adapters)
    if not _takes(adapter, currency):
        reason = Sentence("{provider} takes no {currency}.", provider=name, currency=currency)
        _refuse("/currency", reason, adapters)
    return adapter


def _check_currency(operator: Operator, currency: str) -> None:
    held = operator.currency
    holds_dollars = operator.country in DOLLAR_WALLETS
    if currency == held or (holds_dollars and currency == DOLLAR):
        return
    both = Sentence("{currency} and {other}", currency=held, other=DOLLAR)
    either = Sentence("{currency} or {other}", currency=held, other=DOLLAR)
    reason = Sentence(
        "Wallets of {operator} hold {held}, not {currency}.",
        operator=operator.code,
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


def _refuse(pointer: str, reason: Sentence, adapters: Mapping[str, Adapter]) -> NoReturn:
    remedy = Sentence(
        "Enabled providers: {enabled}; name one as `provider` if the number was ported.",
        enabled=", ".join(sorted(adapters)) or Sentence("none"),
    )
    place = Place("pointer", pointer, reason, remedy)
    raise ProblemError(UNSERVED, explained(reason, remedy), [place])
