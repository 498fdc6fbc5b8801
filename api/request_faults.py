"""Everything that is wrong with a request that moves money, told at once.

A body is read in steps: its fields, then the money, then the number; each step stops at its first
objection. Whoever sent it would mend one thing after the other and ask again each time. So where
one step objects, the others that do not need it are taken all the same, and their places added.

What a route depends on, which providers are enabled and for what, is told only for a request that
can be read.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from adapters.directory import parse_phone
from api.errors import INVALID_REQUEST, Place, ProblemError
from api.problems import told
from api.schemas import PaymentRequest, PayoutRequest
from ledger.errors import InvalidMoneyError, InvalidPhoneError, LedgerError
from ledger.money import parse_money


def whole_refusal(
    refusal: ProblemError | LedgerError,
    model: type[PaymentRequest | PayoutRequest],
    given: Mapping[str, Any],
    default_country: str | None,
) -> ProblemError | LedgerError:
    """Add to a refusal what else is wrong with the same body; its kind and sentence stay.

    Args:
        refusal: what the first step objected to.
        model: the body's shape.
        given: the body.
        default_country: of a number without one.
    """
    is_of_body = isinstance(refusal, InvalidMoneyError | InvalidPhoneError) or (
        isinstance(refusal, ProblemError) and refusal.problem is INVALID_REQUEST
    )
    if not is_of_body:
        return refusal
    first = told(refusal)
    places = {one.name: one for one in (*first.places, *_others(model, given, default_country))}
    places = {_at_side(name, model): one for name, one in places.items()}
    found = [one._replace(name=name) for name, one in places.items()]
    return ProblemError(first.problem, found[0].sentence if found else first.detail, found)


def _others(
    model: type[PaymentRequest | PayoutRequest],
    given: Mapping[str, Any],
    default_country: str | None,
) -> Iterator[Place]:
    amount, currency = given.get("amount"), given.get("currency")
    if isinstance(amount, str) and isinstance(currency, str):
        yield from _objections(lambda: parse_money(amount, currency))
    person = given.get(model.side)
    phone = person.get("phone") if isinstance(person, dict) else None
    country = person.get("country") if isinstance(person, dict) else None
    if isinstance(phone, str) and (country is None or isinstance(country, str)):
        yield from _objections(lambda: parse_phone(phone, country or default_country))


def _objections(step: Callable[[], object]) -> Iterator[Place]:
    try:
        step()
    except (InvalidMoneyError, InvalidPhoneError) as error:
        yield from told(error).places


def _at_side(pointer: str, model: type[PaymentRequest | PayoutRequest]) -> str:
    """Where the number of whoever is paid stands; the ledger knows one side only."""
    return pointer.replace("/payer/", f"/{model.side}/", 1)
