"""The directory: whose number a number probably is, and in how many ways it is written.

Numbers are read with `phonenumbers` (Google's numbering plans). Its carrier names belong to the
range's first owner and are spelt differently per country ("MTN Cameroon", "Areeba", "Spacetel"), so
the operator is looked up by (region, carrier name), never by the name alone. Numbers are portable:
what this says is the default route, and the caller may say otherwise.

Why stricter than the library: it reads the first of two numbers, drops extensions and spells words
as digits. That is kind to a searcher and wrong for somebody whose account is about to be charged,
so only digits and the marks people put between them are read. And in one thing less strict: a range
that its carrier data gives to an operator is a number's range, even where its own plan of the
country has not caught up (Ghana's 025).

`phonenumbers` is imported inside the functions: it takes half a second and 30 MB, which a command
that reads no number should not pay. Nothing here ever repeats a number in an error.

What this deliberately does not do: ask anybody. Whether a number has an account, and with whom,
only the operator knows.

The tables stand beside: `adapters.directory_countries` (money, how numbers are written),
`adapters.directory_operators` (who keeps wallets, whose ranges are whose) and
`adapters.directory_rails` (what rails ask of amounts and numbers). Each names its sources.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from adapters.directory_countries import COUNTRIES, Country
from adapters.directory_operators import (
    BY_CARRIER,
    BY_CODE,
    OPERATORS,
    Operator,
    codes_of,
    is_own_rail,
)
from adapters.directory_rails import NumberForm
from adapters.mobile_plan import read_mobile
from ledger.errors import InvalidPhoneError
from ledger.sentences import Sentence

__all__ = [
    "BY_CODE",
    "COUNTRIES",
    "OPERATORS",
    "Country",
    "Operator",
    "Phone",
    "codes_of",
    "is_own_rail",
    "parse_phone",
    "warm_up",
]

PHONE_LENGTH_MAX: Final = 40
"""The longest text that is looked at as a number."""

_WRITTEN: Final = re.compile(r"[\s(]*[+\uff0b]?[\d\s().\-\u2010\u2011\u2013]+")
"""Digits and what people write between them: no letters, no second number, no extension."""

_CODE_TOLD_MAX: Final = 8
"""How much of a country's code that does not exist is repeated."""

_REMEDY: Final = Sentence(
    'Send it with its country code, for example "+237" and nine digits; in an address the + is '
    "written %2B."
)

_INVISIBLE: Final = dict.fromkeys(map(ord, "\u200b\u200e\u200f\u202a\u202b\u202c\u2060\ufeff"))
"""Marks of the direction of writing and the like, which come along when a contact is copied."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A number that can exist. Its text is personal data: it is not in the repr."""

    e164: str = field(repr=False)
    """With `+` and country code."""
    national: str = field(repr=False)
    """As people write it at home, digits only."""
    country: str
    carrier: str
    """The range owner's name as the numbering data spells it; empty if it has none."""
    operator: Operator | None
    """The default route's operator; None where we do not know it."""
    is_portable: bool
    """Whether the country lets numbers move between operators, so that the guess may be wrong."""

    def written(self, form: NumberForm) -> str:
        """Write it as a rail wants it."""
        match form:
            case "plus":
                return self.e164
            case "digits":
                return self.e164.removeprefix("+")
        return self.national


def parse_phone(text: str, default_country: str | None, *, name: str = "phone") -> Phone:
    """Read a number in national or international form.

    Args:
        text: what a person typed: "+237 650 00 00 01", "650000001", "00237650000001".
        default_country: ISO 3166 code for national forms.
        name: the name of the field in errors.

    Raises:
        InvalidPhoneError: not a number that can exist in its country's numbering plan.
    """
    if len(text) > PHONE_LENGTH_MAX:
        raise InvalidPhoneError(
            name,
            Sentence("it is too long for a telephone number."),
            Sentence("Send one number, with country code."),
        )
    plain = read_mobile(text)
    if plain is not None:
        country, national, carrier, is_portable = plain
        operator = BY_CARRIER.get((country, carrier))
        return Phone(text, national, country, carrier, operator, is_portable)
    written = text.translate(_INVISIBLE)
    if _WRITTEN.fullmatch(written) is None:
        raise _no_number(name)
    digits = "".join(one for one in written if one.isdigit())
    if "+" in written or "\uff0b" in written:
        digits = "+" + digits
    elif digits.startswith("00"):
        digits = "+" + digits[2:]
    return _parsed(digits, default_country, name)


def _parsed(text: str, default_country: str | None, name: str) -> Phone:
    import phonenumbers  # noqa: PLC0415 - half a second; see the module's docstring
    from phonenumbers import carrier  # noqa: PLC0415 - likewise

    try:
        number = phonenumbers.parse(text, default_country)
    except phonenumbers.NumberParseException as error:
        if error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE:
            if text.startswith("+"):
                raise InvalidPhoneError(
                    name, Sentence("its country code is no country's."), _REMEDY
                ) from None
            if default_country:
                raise _no_country(name, default_country) from None
            raise InvalidPhoneError(
                name,
                Sentence('it has no "+" with a country code, and no default country is known.'),
                _REMEDY,
            ) from None
        raise _no_number(name) from None
    region = phonenumbers.region_code_for_number(number)
    owner = carrier.name_for_valid_number(number, "en")
    is_number = phonenumbers.is_valid_number(number) or (
        owner != ""
        and phonenumbers.is_possible_number_with_reason(number)
        == phonenumbers.ValidationResult.IS_POSSIBLE
    )
    if region is None or not is_number:
        raise InvalidPhoneError(
            name,
            Sentence("no such number can exist in its country's numbering plan."),
            Sentence("Check the digits and the country code."),
        )
    return Phone(
        e164=phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
        national=phonenumbers.national_significant_number(number),
        country=region,
        carrier=owner,
        operator=BY_CARRIER.get((region, owner)),
        is_portable=phonenumbers.is_mobile_number_portable_region(region),
    )


def _no_number(name: str) -> InvalidPhoneError:
    return InvalidPhoneError(name, Sentence("it is not a telephone number."), _REMEDY)


def _no_country(name: str, country: str) -> InvalidPhoneError:
    """Blame the country that a number was to be read in; a fault of the number it is not."""
    return InvalidPhoneError(
        name.removesuffix("phone") + "country",
        Sentence("no country has the code {country!r}.", country=country[:_CODE_TOLD_MAX]),
        Sentence("Send the two capitals of ISO 3166, or the number with its country code."),
    )


def warm_up() -> None:
    """Import the numbering data now, so that the first request does not wait for it."""
    parse_phone("+46733123450", None)
