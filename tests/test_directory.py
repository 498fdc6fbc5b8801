"""The directory: numbers read, operators guessed, and nothing of a number in any error."""

import json
from pathlib import Path

import pytest

from adapters.directory import _BRANDS, BY_CODE, COUNTRIES, OPERATORS, parse_phone
from ledger.errors import InvalidPhoneError
from ledger.money import decimals_of

# Written forms of one obviously synthetic number, and where they are read.
FORMS = [
    ("+237650000001", None),
    ("+237 6 50 00 00 01", None),
    ("00237650000001", None),
    ("237650000001", "CM"),
    ("650000001", "CM"),
    ("650 00 00 01", "CM"),
]


@pytest.mark.parametrize(("text", "default_country"), FORMS)
def test_national_and_international_forms_are_the_same_number(
    text: str, default_country: str | None
) -> None:
    phone = parse_phone(text, default_country)

    assert (phone.e164, phone.national, phone.country) == ("+237650000001", "650000001", "CM")


# Number, operator by default, adapter by default.
ROUTES = [
    ("+237650000001", "mtn-cm", ("mtn",)),
    ("+237670000001", "mtn-cm", ("mtn",)),
    ("+237690000001", "orange-cm", ("orange",)),
    ("+237655000001", "orange-cm", ("orange",)),
    ("+2250500000001", "mtn-ci", ("mtn",)),
    ("+2250700000001", "orange-ci", ("orange",)),
    ("+2250100000001", "moov-ci", ()),
    ("+221770000001", "orange-sn", ("orange",)),
    ("+233240000001", "mtn-gh", ("mtn",)),
    ("+256770000001", "mtn-ug", ("mtn",)),
    ("+250780000001", "mtn-rw", ("mtn",)),
    ("+224660000001", "mtn-gn", ("mtn",)),
    ("+22370000001", "orange-ml", ("orange",)),
    ("+237662000001", None, ()),
]


@pytest.mark.parametrize(("number", "code", "providers"), ROUTES)
def test_the_operator_is_guessed_by_region_and_range_owner(
    number: str, code: str | None, providers: tuple[str, ...]
) -> None:
    operator = parse_phone(number, None).operator

    assert (operator.code if operator else None) == code
    assert (operator.providers if operator else ()) == providers


@pytest.mark.parametrize(
    ("text", "default_country", "reason"),
    [
        ("", "CM", "it is not a telephone number."),
        ("not a phone", "CM", "it is not a telephone number."),
        ("650000001", None, "it has no country code, and no default country is known."),
        ("12345", "CM", "no such number can exist in its country's numbering plan."),
        ("+237999999999", None, "no such number can exist in its country's numbering plan."),
        ("+2376500000010000", None, "no such number can exist in its country's numbering plan."),
        ("6" * 41, "CM", "it is too long for a telephone number."),
    ],
)
def test_what_is_no_number_is_refused_without_repeating_it(
    text: str, default_country: str | None, reason: str
) -> None:
    with pytest.raises(InvalidPhoneError) as refused:
        parse_phone(text, default_country, name="payer.phone")

    assert (refused.value.field, refused.value.reason) == ("payer.phone", reason)
    assert not text or text not in str(refused.value)


def test_a_phone_does_not_show_itself() -> None:
    assert "650000001" not in repr(parse_phone("+237650000001", None))


def test_every_operator_has_a_country_a_currency_and_a_code_of_its_own() -> None:
    assert len(BY_CODE) == len(OPERATORS)
    for country in COUNTRIES.values():
        assert decimals_of(country.currency) in {0, 2}


def test_carrier_names_are_those_of_the_pinned_numbering_data(specifications: Path) -> None:
    known = json.loads(next(specifications.glob("carrier-prefixes-*.json")).read_text())
    unknown = [
        (region, name)
        for region, name in _BRANDS
        if region in known and name not in known[region]["carriers"]
    ]
    assert unknown == []
