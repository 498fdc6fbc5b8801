"""The directory: numbers read, operators guessed, and nothing of a number in any error."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from phonenumbers import is_mobile_number_portable_region
from phonenumbers.carrierdata import CARRIER_DATA

from adapters.directory import BY_CODE, COUNTRIES, OPERATORS, is_own_rail, parse_phone
from adapters.directory_operators import BY_CARRIER
from adapters.providers import adapter_classes
from ledger.errors import InvalidPhoneError
from ledger.money import decimals_of

SNAPSHOT = "carrier-prefixes-phonenumbers-9.0.43.json"
"""Taken from the pinned version: a newer one needs a new look at the table of brands."""

# Written forms of one obviously synthetic number, and where they are read.
FORMS = [
    ("+237650000001", None),
    ("+237 6 50 00 00 01", None),
    ("00237650000001", None),
    ("237650000001", "CM"),
    ("650000001", "CM"),
    ("650 00 00 01", "CM"),
    (" (+237) 650-00.00\u201101 ", None),
    ("\u202a+237\u00a0650\u202f00\u00a000\u00a001\u202c", None),
    ("\uff0b237650000001", None),
    ("(00237) 650000001", None),
    ("\u0666\u0665\u0660\u0660\u0660\u0660\u0660\u0660\u0661", "CM"),
    ("+237650000001", "GH"),
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
    ("+233250000001", "mtn-gh", ("mtn",)),
    ("+237662000001", "nexttel-cm", ()),
    ("+237684000001", "nexttel-cm", ()),
    ("+237686000001", "orange-cm", ("orange",)),
    ("+231770000001", "orange-lr", ()),
    ("+245950000001", "orange-gw", ()),
    ("+245960000001", "mtn-gw", ()),
    ("+231880000001", "mtn-lr", ("mtn",)),
    ("+22790000001", "zamani-ne", ()),
    ("+254712345678", "safaricom-ke", ()),
    ("+22366000001", "moov-ml", ()),
    ("+256390000001", None, ()),
    ("+46733123450", None, ()),
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
        ("650000001", None, 'it has no "+" with a country code, and no default country is known.'),
        ("12345", "CM", "no such number can exist in its country's numbering plan."),
        ("+237999999999", None, "no such number can exist in its country's numbering plan."),
        ("+2376500000010000", None, "no such number can exist in its country's numbering plan."),
        ("6" * 41, "CM", "it is too long for a telephone number."),
        ("650000001 / 670000002", "CM", "it is not a telephone number."),
        ("650000001;ext=5", "CM", "it is not a telephone number."),
        ("650000001 ext 5", "CM", "it is not a telephone number."),
        ("tel:650000001;phone-context=+237", None, "it is not a telephone number."),
        ("650-CALL-ME", "CM", "it is not a telephone number."),
        ("+237 650 00 00 01 +237", None, "it is not a telephone number."),
        ("+", "CM", "it is not a telephone number."),
        ("+999650000001", "CM", "its country code is no country's."),
        ("97000001", "BJ", "no such number can exist in its country's numbering plan."),
        ("05000001", "CI", "no such number can exist in its country's numbering plan."),
    ],
)
def test_what_is_no_number_is_refused_without_repeating_it(
    text: str, default_country: str | None, reason: str
) -> None:
    with pytest.raises(InvalidPhoneError) as refused:
        parse_phone(text, default_country, name="payer.phone")

    assert (refused.value.field, refused.value.reason) == ("payer.phone", reason)
    assert len(text) < 2 or text not in str(refused.value)


@pytest.mark.parametrize(("name", "field"), [("phone", "country"), ("a.phone", "a.country")])
def test_a_country_that_does_not_exist_is_named_in_place_of_the_number(
    name: str, field: str
) -> None:
    with pytest.raises(InvalidPhoneError) as refused:
        parse_phone("650000001", "ZZ", name=name)

    assert (refused.value.field, refused.value.reason) == (field, "no country has the code 'ZZ'.")
    assert "650000001" not in str(refused.value)


def test_a_phone_does_not_show_itself() -> None:
    assert "650000001" not in repr(parse_phone("+237650000001", None))


def test_every_operator_has_a_country_a_currency_and_a_code_of_its_own() -> None:
    assert len(BY_CODE) == len(OPERATORS)
    for country in COUNTRIES.values():
        assert decimals_of(country.currency) in {0, 2}


def test_a_default_route_leads_only_where_its_adapter_serves() -> None:
    served = adapter_classes()
    lost = [
        (operator.code, name)
        for operator in OPERATORS.values()
        for name in served
        if is_own_rail(served[name], operator)
        if operator.country not in served[name].countries
        or operator.currency not in served[name].currencies
    ]
    assert lost == []


def test_ranges_and_owners_are_those_the_table_was_written_for(specifications: Path) -> None:
    known = json.loads((specifications / SNAPSHOT).read_text())
    found: dict[str, dict[str, list[str]]] = {}
    regions = {str(known[region]["cc"]): region for region in known if region != "_source"}
    for prefix, names in CARRIER_DATA.items():
        code = next((code for code in regions if prefix.startswith(code)), None)
        if code is not None and "en" in names:
            owners = found.setdefault(regions[code], {})
            owners.setdefault(names["en"], []).append(prefix.removeprefix(code))
    told = {
        region: {name: sorted(ranges) for name, ranges in known[region]["carriers"].items()}
        for region in regions.values()
    }
    assert {
        region: {name: sorted(ranges) for name, ranges in owners.items()}
        for region, owners in found.items()
    } == told
    assert [pair for pair in BY_CARRIER if pair[0] in told and pair[1] not in told[pair[0]]] == []
    assert {region: is_mobile_number_portable_region(region) for region in told} == {
        region: known[region]["portable_region"] for region in told
    }


def test_the_numbering_data_is_not_imported_until_a_number_is_read() -> None:
    script = "import sys, adapters.directory; print('phonenumbers' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert told.stdout.split() == [b"False"]
