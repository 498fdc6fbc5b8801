"""Abroad: whose operators a page offers, where a payer's number may be of another country.

A page is of one country, and several countries have one money: a payer in Dakar may have a number
of Abidjan. Where an enabled provider takes the page's currency from there, the operators of the
number's country are offered in place of the page's own. While typing, scripts ask for the page of
that country; without them it is the answer to the form.

What this deliberately does not do: choose. A number whose operator was left to it is routed like
every other; only who chose is asked again, with the same brand chosen for a start.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from adapters.base import Adapter
from adapters.directory import BY_CODE, COUNTRIES, parse_phone
from adapters.directory_names import COUNTRY_NAMES, FRENCH_OF_COUNTRIES
from adapters.refusal_texts import Language
from api.pages.offers import Numbers, Offer, numbers_of, offers_of
from api.pages.standing import Paying
from ledger.errors import InvalidPhoneError

_OF_OPERATORS: Final = frozenset({"mistake_operator", "mistake_unserved"})
"""Mistakes after which a payer looks for another operator."""


class Offered(NamedTuple):
    """What a form offers."""

    home: str
    """The session's country."""
    country: str
    """Whose operators these are: the session's country, or that of the number."""
    offers: tuple[Offer, ...]
    numbers: Numbers
    countries: str
    """Every country that can pay: its calling code and its own code, with spaces between."""
    typed_in: str | None
    """The country of the number that was sent; None where there is none, or it is no number."""

    @property
    def is_abroad(self) -> bool:
        """Whether the operators are not those of the session's country."""
        return self.country != self.home

    def chosen(self, code: str) -> str:
        """Which of the operators is chosen for a start, after that one was."""
        wanted = BY_CODE.get(code)
        brand = wanted.brand if wanted is not None else None
        of_brand = (one.code for one in self.offers if BY_CODE[one.code].brand == brand)
        return code if not self.is_abroad else next(of_brand, "")

    def mistake(self, mistake: tuple[str, str]) -> tuple[str, str]:
        """What a payer is told of a mistake, with these operators before him."""
        if mistake[1] not in _OF_OPERATORS or self.typed_in in {None, self.home}:
            return mistake
        return ("operator", "mistake_abroad") if self.is_abroad else ("phone", "mistake_nobody")

    def keeps_number(self, mistake: tuple[str, str]) -> bool:
        """Whether a number that was sent can be used, and something else is to be mended."""
        return self.typed_in is not None and mistake[0] != "phone"


def offered(
    adapters: Mapping[str, Adapter],
    home: str,
    currency: str,
    *,
    asked: str | None,
    before: Paying | None,
    expected: str,
    typed: str,
) -> Offered:
    """Choose the country whose operators a form offers.

    Args:
        adapters: those that take the session's payments.
        home: the session's country; empty if it has none.
        currency: the session's currency.
        asked: the country that the page's address names.
        before: the try before this one, whose payer is there still.
        expected: the number of whom the merchant expects to pay; empty where he named nobody.
        typed: the number that was sent with the form; empty where none was.
    """
    by_country = {code: offers_of(adapters, code, currency) for code in COUNTRIES}
    typed_in = _country_of(typed, home)
    wanted = typed_in if typed else asked or _tried_in(before) or _country_of(expected, home)
    country = wanted if wanted is not None and by_country.get(wanted) else home
    offers = by_country.get(country, ())
    served = [f"{COUNTRIES[one].calling_code}{one}" for one, some in by_country.items() if some]
    numbers = numbers_of(country, offers)
    if country != home and numbers.example is not None:
        # Without its country code it would be read as a number of the page's own country.
        numbers = numbers._replace(example=f"+{numbers.calling_code} {numbers.example}")
    return Offered(home, country, offers, numbers, " ".join(served), typed_in)


def _tried_in(before: Paying | None) -> str | None:
    """In which country the try before was made."""
    operator = BY_CODE.get(before.payment.requested.operator or "") if before is not None else None
    return operator.country if operator is not None else None


def _country_of(phone: str, home: str) -> str | None:
    """Of which country a number is; None where it is none."""
    if not phone:
        return None
    try:
        return parse_phone(phone, home or None).country
    except InvalidPhoneError:
        return None


def country_name(country: str, language: Language) -> str:
    """What a country is called."""
    name = COUNTRY_NAMES[country]
    return name.written(FRENCH_OF_COUNTRIES) if language == "fr" else str(name)
