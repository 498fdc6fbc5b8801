"""The directory: countries, operators, currencies, and whose number a number probably is.

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

Sources: carrier names and ranges, phonenumbers 9.0.43 carrier data; MTN target environments, MTN's
"common errors" page; currencies, ISO 4217 of the countries; Orange Web Payment path segments and
currencies, the public clients named in the provider's documentation.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from adapters.mobile_plan import read_mobile
from ledger.errors import InvalidPhoneError
from ledger.sentences import Sentence

PHONE_LENGTH_MAX: Final = 40
"""The longest text that is looked at as a number."""

_WRITTEN: Final = re.compile(r"[\s(]*[+\uff0b]?[\d\s().\-\u2010\u2011\u2013]+")
"""Digits and what people write between them: no letters, no second number, no extension."""

_REMEDY: Final = Sentence('Send it with its country code, for example "+237" and nine digits.')

_INVISIBLE: Final = dict.fromkeys(map(ord, "\u200b\u200e\u200f\u202a\u202b\u202c\u2060\ufeff"))
"""Marks of the direction of writing and the like, which come along when a contact is copied."""


class Country(NamedTuple):
    """A country we know rails in."""

    code: str
    currency: str
    mtn_target_environment: str | None = None
    """What production calls to MTN name in `X-Target-Environment`."""
    orange_segment: str | None = None
    """The country in the path of Orange Web Payment; which ones are open depends on a contract."""


COUNTRIES: Final = {
    one.code: one
    for one in (
        Country("BF", "XOF", orange_segment="bf"),
        Country("BJ", "XOF", "mtnbenin"),
        Country("BW", "BWP"),
        Country("CD", "CDF", orange_segment="cd"),
        Country("CG", "XAF", "mtncongo"),
        Country("CI", "XOF", "mtnivorycoast", "ci"),
        Country("CM", "XAF", "mtncameroon", "cm"),
        Country("GA", "XAF"),
        Country("GH", "GHS", "mtnghana"),
        Country("GN", "GNF", "mtnguineaconakry", "gn"),
        Country("GW", "XOF"),
        Country("KE", "KES"),
        Country("LR", "LRD", "mtnliberia"),
        Country("MG", "MGA", orange_segment="mg"),
        Country("ML", "XOF", orange_segment="ml"),
        Country("NE", "XOF"),
        Country("NG", "NGN", "mtnnigeria"),
        Country("RW", "RWF", "mtnrwanda"),
        Country("SL", "SLE"),
        Country("SN", "XOF", orange_segment="sn"),
        Country("SS", "SSP", "mtnsouthsudan"),
        Country("SZ", "SZL", "mtnswaziland"),
        Country("TG", "XOF"),
        Country("TZ", "TZS"),
        Country("UG", "UGX", "mtnuganda"),
        Country("ZA", "ZAR", "mtnsouthafrica"),
        Country("ZM", "ZMW", "mtnzambia"),
    )
}
"""ISO 3166 code -> what we know of the country.

Sierra Leone's segment of Orange Web Payment, `sl`, is left out: it was only ever seen with the SLL,
which was withdrawn.
"""


class Operator(NamedTuple):
    """A mobile money operator in one country."""

    code: str
    brand: str
    country: str
    currency: str
    providers: tuple[str, ...]
    """Which adapters reach it, best first; empty: none of ours does yet."""


# (region, carrier name of phonenumbers 9.0.43) -> brand. Old names: Areeba, Spacetel and Lonestar
# are MTN's; Orange left Niger in 2019, its ranges there are Zamani's.
_BRANDS: Final = {
    ("BF", "Orange"): "Orange",
    ("BF", "Moov Africa"): "Moov",
    ("BF", "Telecel Faso"): "Telecel",
    ("BJ", "MTN"): "MTN",
    ("BJ", "Moov"): "Moov",
    ("BJ", "Celtiis"): "Celtiis",
    ("BW", "Orange"): "Orange",
    ("BW", "Mascom"): "Mascom",
    ("CD", "Orange"): "Orange",
    ("CD", "Airtel"): "Airtel",
    ("CD", "Vodacom"): "Vodacom",
    ("CD", "Africell"): "Africell",
    ("CG", "MTN"): "MTN",
    ("CG", "Airtel"): "Airtel",
    ("CG", "Warid"): "Airtel",
    ("CI", "MTN"): "MTN",
    ("CI", "Orange"): "Orange",
    ("CI", "Moov"): "Moov",
    ("CM", "MTN Cameroon"): "MTN",
    ("CM", "Orange"): "Orange",
    ("CM", "Camtel"): "Camtel",
    ("CM", "NEXTTEL"): "Nexttel",
    ("GA", "Airtel"): "Airtel",
    ("GA", "Moov"): "Moov",
    ("GA", "Libertis"): "Libertis",
    ("GH", "MTN"): "MTN",
    ("GH", "Telecel"): "Telecel",
    ("GH", "at"): "AT",
    ("GN", "Areeba"): "MTN",
    ("GN", "Orange"): "Orange",
    ("GN", "Cellcom"): "Cellcom",
    ("GW", "Orange"): "Orange",
    ("GW", "Spacetel"): "MTN",
    ("LR", "Lonestar Cell"): "MTN",
    ("LR", "Orange"): "Orange",
    ("MG", "Orange"): "Orange",
    ("MG", "Airtel"): "Airtel",
    ("MG", "Yas"): "Yas",
    ("ML", "Orange"): "Orange",
    ("ML", "Sotelma"): "Sotelma",
    ("NE", "Orange"): "Zamani",
    ("NE", "Airtel"): "Airtel",
    ("NE", "Moov"): "Moov",
    ("NG", "MTN"): "MTN",
    ("NG", "Airtel"): "Airtel",
    ("NG", "Glo"): "Glo",
    ("NG", "9mobile"): "9mobile",
    ("RW", "MTN"): "MTN",
    ("RW", "Airtel"): "Airtel",
    ("SL", "Orange"): "Orange",
    ("SL", "Africell"): "Africell",
    ("SN", "Orange"): "Orange",
    ("SN", "Yas"): "Yas",
    ("SN", "Expresso"): "Expresso",
    ("SS", "MTN"): "MTN",
    ("SS", "Zain"): "Zain",
    ("SZ", "Swazi MTN"): "MTN",
    ("TG", "Togo Telecom"): "Yas",
    ("TG", "Moov"): "Moov",
    ("UG", "MTN"): "MTN",
    ("UG", "Airtel"): "Airtel",
    ("UG", "Africell"): "Africell",
    ("ZA", "MTN"): "MTN",
    ("ZM", "MTN"): "MTN",
    ("ZM", "Airtel"): "Airtel",
    ("ZM", "ZAMTEL"): "Zamtel",
}


def _providers_of(brand: str, country: Country) -> tuple[str, ...]:
    if brand == "MTN" and country.mtn_target_environment:
        return ("mtn",)
    if brand == "Orange" and country.orange_segment:
        return ("orange",)
    return ()


OPERATORS: Final = {
    (code, brand): Operator(
        f"{brand.lower()}-{code.lower()}",
        brand,
        code,
        COUNTRIES[code].currency,
        _providers_of(brand, COUNTRIES[code]),
    )
    for (code, _), brand in sorted(_BRANDS.items())
}
"""(country, brand) -> operator."""

BY_CODE: Final = {one.code: one for one in OPERATORS.values()}
"""Operator code (`mtn-cm`) -> operator."""


def codes_of(countries: Iterable[str], brands: Iterable[str]) -> frozenset[str]:
    """The codes of all operators of these brands in these countries: what an integrator reaches."""
    wanted, chosen = frozenset(countries), frozenset(brands)
    return frozenset(
        one.code for one in BY_CODE.values() if one.country in wanted and one.brand in chosen
    )


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
        operator = OPERATORS.get((country, _BRANDS.get((country, carrier), "")))
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
            raise InvalidPhoneError(
                name,
                Sentence("it has no country code, and no default country is known."),
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
        operator=OPERATORS.get((region, _BRANDS.get((region, owner), ""))),
        is_portable=phonenumbers.is_mobile_number_portable_region(region),
    )


def _no_number(name: str) -> InvalidPhoneError:
    return InvalidPhoneError(name, Sentence("it is not a telephone number."), _REMEDY)


def warm_up() -> None:
    """Import the numbering data now, so that the first request does not wait for it."""
    parse_phone("+46733123450", None)
