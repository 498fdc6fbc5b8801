"""Plain mobile numbers read at once are read as the library reads them."""

from typing import Any

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import carrier

from adapters.directory import COUNTRIES
from adapters.mobile_plan import MobileNumber, read_mobile

CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)


def as_the_library_reads(text: str) -> MobileNumber | None:
    """The same facts from the library, for a number that it calls mobile."""
    number = phonenumbers.parse(text, None)
    is_mobile = phonenumbers.number_type(number) in {
        phonenumbers.PhoneNumberType.MOBILE,
        phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
    }
    region = phonenumbers.region_code_for_number(number)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if not is_mobile or not phonenumbers.is_valid_number(number) or e164 != text or region is None:
        return None
    return MobileNumber(
        region,
        phonenumbers.national_significant_number(number),
        carrier.name_for_valid_number(number, "en"),
        phonenumbers.is_mobile_number_portable_region(region),
    )


def near_an_example(code: int, digits: str) -> str:
    """A number whose beginning is a real mobile range of the country, and whose end is not."""
    region = phonenumbers.region_code_for_country_code(code)
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    national = phonenumbers.national_significant_number(example) if example else "600000000"
    kept = national[: max(0, len(national) - len(digits))]
    return f"+{code}{kept}{digits}"


texts = st.builds(
    near_an_example, st.sampled_from(CODES), st.text("0123456789", min_size=0, max_size=9)
) | st.from_regex(r"\+[0-9]{7,15}", fullmatch=True)


@settings(max_examples=1500)
@given(texts)
def test_what_is_read_at_once_is_what_the_library_reads(text: str) -> None:
    found = read_mobile(text)

    if found is not None:
        assert found == as_the_library_reads(text)


@pytest.mark.parametrize("country", sorted(COUNTRIES))
def test_the_mobile_numbers_of_every_country_we_know_are_read_at_once(country: str) -> None:
    example: Any = phonenumbers.example_number_for_type(
        country, phonenumbers.PhoneNumberType.MOBILE
    )
    text = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)

    found = read_mobile(text)

    assert found is not None
    assert found == as_the_library_reads(text)


@pytest.mark.parametrize(
    "text",
    ["", "+", "650000001", "+237 650000001", "+2376500000011111", "+٢٣٧650000001", "+0650000001"],
)
def test_other_forms_are_left_to_the_library(text: str) -> None:
    assert read_mobile(text) is None
