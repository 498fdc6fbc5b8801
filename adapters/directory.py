"""The directory: countries, operators, currencies, and whose number a number probably is.

Numbers are read with `phonenumbers` (Google's numbering plans). Its carrier names belong to the
range's first owner and are spelt differently per country ("MTN Cameroon", "Areeba", "Spacetel"), so
the operator is looked up by (region, carrier name), never by the name alone. Numbers are portable:
what this says is the default route, and the caller may say otherwise.

`phonenumbers` is imported inside the functions: it takes half a second and 30 MB, which a command
that reads no number should not pay. Nothing here ever repeats a number in an error.

Sources: carrier names and ranges, phonenumbers 9.0.43 carrier data; MTN target environments, MTN's
"common errors" page; currencies, ISO 4217 of the countries; Orange Web Payment path segments and
currencies, the public clients named in the provider's documentation.
"""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ledger.errors import InvalidPhoneError

PHONE_LENGTH_MAX: Final = 40
"""The longest text that is looked at as a number."""


class Country(NamedTuple):
    """A country we know rails in."""

    code: str
    currency: str
    mtn_target_environment: str | None = None
    orange_segment: str | None = None


COUNTRIES: Final = {
    one.code: one
    for one in (
        Country("BF", "XOF", orange_segment="bf"),
        Country("BJ", "XOF", "mtnbenin"),
        Country("BW", "BWP", orange_segment="bw"),
        Country("CD", "CDF", orange_segment="cd"),
        Country("CG", "XAF", "mtncongo"),
        Country("CI", "XOF", "mtnivorycoast", "ci"),
        Country("CM", "XAF", "mtncameroon", "cm"),
        Country("GA", "XAF"),
        Country("GH", "GHS", "mtnghana"),
        Country("GN", "GNF", "mtnguineaconakry", "gn"),
        Country("GW", "XOF", orange_segment="gw"),
        Country("KE", "KES"),
        Country("LR", "LRD", "mtnliberia", "lr"),
        Country("MG", "MGA", orange_segment="mg"),
        Country("ML", "XOF", orange_segment="ml"),
        Country("NE", "XOF"),
        Country("NG", "NGN", "mtnnigeria"),
        Country("RW", "RWF", "mtnrwanda"),
        Country("SL", "SLE", orange_segment="sl"),
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
"""ISO 3166 code -> what we know of the country."""


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
    ("BJ", "MTN"): "MTN",
    ("BJ", "Moov"): "Moov",
    ("BW", "Orange"): "Orange",
    ("CD", "Orange"): "Orange",
    ("CD", "Airtel"): "Airtel",
    ("CD", "Vodacom"): "Vodacom",
    ("CG", "MTN"): "MTN",
    ("CG", "Airtel"): "Airtel",
    ("CG", "Warid"): "Airtel",
    ("CI", "MTN"): "MTN",
    ("CI", "Orange"): "Orange",
    ("CI", "Moov"): "Moov",
    ("CM", "MTN Cameroon"): "MTN",
    ("CM", "Orange"): "Orange",
    ("GA", "Airtel"): "Airtel",
    ("GA", "Moov"): "Moov",
    ("GH", "MTN"): "MTN",
    ("GH", "Telecel"): "Telecel",
    ("GH", "at"): "AT",
    ("GN", "Areeba"): "MTN",
    ("GN", "Orange"): "Orange",
    ("GW", "Orange"): "Orange",
    ("GW", "Spacetel"): "MTN",
    ("LR", "Lonestar Cell"): "MTN",
    ("LR", "Orange"): "Orange",
    ("MG", "Orange"): "Orange",
    ("MG", "Airtel"): "Airtel",
    ("ML", "Orange"): "Orange",
    ("NE", "Orange"): "Zamani",
    ("NE", "Airtel"): "Airtel",
    ("NG", "MTN"): "MTN",
    ("RW", "MTN"): "MTN",
    ("RW", "Airtel"): "Airtel",
    ("SL", "Orange"): "Orange",
    ("SN", "Orange"): "Orange",
    ("SN", "Yas"): "Yas",
    ("SS", "MTN"): "MTN",
    ("SZ", "Swazi MTN"): "MTN",
    ("TG", "Togo Telecom"): "Yas",
    ("TG", "Moov"): "Moov",
    ("UG", "MTN"): "MTN",
    ("UG", "Airtel"): "Airtel",
    ("ZA", "MTN"): "MTN",
    ("ZM", "MTN"): "MTN",
    ("ZM", "Airtel"): "Airtel",
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
    stripped = text.strip()
    if len(stripped) > PHONE_LENGTH_MAX:
        raise InvalidPhoneError(
            name, "it is too long for a telephone number.", "Send one number, with country code."
        )
    if stripped.startswith("00"):
        stripped = "+" + stripped[2:]
    return _parsed(stripped, default_country, name)


def _parsed(text: str, default_country: str | None, name: str) -> Phone:
    import phonenumbers  # noqa: PLC0415 - half a second; see the module's docstring
    from phonenumbers import carrier  # noqa: PLC0415 - likewise

    try:
        number = phonenumbers.parse(text, default_country)
    except phonenumbers.NumberParseException as error:
        if error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE:
            reason = "it has no country code, and no default country is known."
        else:
            reason = "it is not a telephone number."
        raise InvalidPhoneError(
            name, reason, 'Send it with its country code, for example "+237" and nine digits.'
        ) from None
    if not phonenumbers.is_valid_number(number):
        raise InvalidPhoneError(
            name,
            "no such number can exist in its country's numbering plan.",
            "Check the digits and the country code.",
        )
    region = phonenumbers.region_code_for_number(number) or ""
    owner = carrier.name_for_number(number, "en")
    return Phone(
        e164=phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
        national=phonenumbers.national_significant_number(number),
        country=region,
        carrier=owner,
        operator=OPERATORS.get((region, _BRANDS.get((region, owner), ""))),
        is_portable=phonenumbers.is_mobile_number_portable_region(region),
    )


def warm_up() -> None:
    """Import the numbering data now, so that the first request does not wait for it."""
    parse_phone("+46733123450", None)
