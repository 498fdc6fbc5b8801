"""Plain mobile numbers, read at once: `+`, country code, a number in a country's mobile range.

Nearly every number a merchant sends has this form, and reading it with `phonenumbers` takes more
time than everything else a payment needs before it is written. So the library's own plan of a
country is compiled once, the first time the country is met, into two patterns and a table of
carrier prefixes; what these cannot answer with certainty is left to the library.

What makes an answer certain: the country code belongs to one country alone; the number is in the
mobile range and in none that the library looks at first; no national prefix could be stripped from
it. A test holds this against the library over random numbers of every country.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Final, NamedTuple

COUNTRY_CODE_DIGITS_MAX: Final = 3
NUMBER_CHARACTERS: Final = range(8, 17)
"""The shortest and longest `+` number that is looked at here."""


class MobileNumber(NamedTuple):
    """What the plan says of a mobile number."""

    country: str
    national: str
    carrier: str
    is_portable: bool


class _Plan(NamedTuple):
    country: str
    mobile: re.Pattern[str]
    otherwise: re.Pattern[str]
    """What the library would take for something else, or change."""
    carriers: Mapping[str, str]
    prefix_digits: tuple[int, ...]
    """The lengths of the carriers' prefixes, the longest first."""
    is_portable: bool


def read_mobile(text: str) -> MobileNumber | None:
    """Read a number in the form `+237650000001`; None if it takes the library to tell."""
    if len(text) not in NUMBER_CHARACTERS or text[0] != "+":
        return None
    digits = text[1:]
    if not (digits.isdecimal() and digits.isascii()):
        return None
    for length in range(1, COUNTRY_CODE_DIGITS_MAX + 1):
        plan = _plan_of(digits[:length])
        if plan is not None:
            break
    else:
        return None
    national = digits[length:]
    if plan.mobile.fullmatch(national) is None or plan.otherwise.match(national) is not None:
        return None
    for length in plan.prefix_digits:
        carrier = plan.carriers.get(digits[:length])
        if carrier is not None:
            return MobileNumber(plan.country, national, carrier, plan.is_portable)
    return MobileNumber(plan.country, national, "", plan.is_portable)


@cache
def _plan_of(country_code: str) -> _Plan | None:
    """Compile the plan of a country code; None where it is none, or of several countries."""
    import phonenumbers  # noqa: PLC0415 - half a second, which not every command should pay
    from phonenumbers.carrierdata import CARRIER_DATA  # noqa: PLC0415 - likewise

    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(country_code), ())
    if len(regions) != 1 or country_code[0] == "0":
        return None
    plan = phonenumbers.PhoneMetadata.metadata_for_region(regions[0], None)
    if plan is None or plan.mobile is None or plan.general_desc is None:
        return None
    if plan.mobile.national_number_pattern is None:
        return None
    looked_at_first = (
        plan.premium_rate,
        plan.toll_free,
        plan.shared_cost,
        plan.voip,
        plan.personal_number,
        plan.pager,
        plan.uan,
        plan.voicemail,
    )
    others = [
        f"(?:{one.national_number_pattern})$"
        for one in looked_at_first
        if one is not None and one.national_number_pattern
    ]
    if plan.national_prefix_for_parsing:
        others.append(f"(?:{plan.national_prefix_for_parsing})")
    lengths = plan.mobile.possible_length or plan.general_desc.possible_length
    of_length = "|".join(f"[0-9]{{{length}}}" for length in lengths)
    carriers = {
        prefix: names["en"]
        for prefix, names in CARRIER_DATA.items()
        if prefix.startswith(country_code) and "en" in names
    }
    return _Plan(
        country=regions[0],
        mobile=re.compile(
            f"(?=(?:{of_length})$)(?=(?:{plan.general_desc.national_number_pattern})$)"
            f"(?:{plan.mobile.national_number_pattern})"
        ),
        otherwise=re.compile("|".join(others) or "(?!)"),
        carriers=carriers,
        prefix_digits=tuple(sorted({len(prefix) for prefix in carriers}, reverse=True)),
        is_portable=phonenumbers.is_mobile_number_portable_region(regions[0]),
    )
