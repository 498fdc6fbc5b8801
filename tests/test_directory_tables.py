"""The directory's tables: held against the numbering data, the adapters and each other."""

import phonenumbers
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from phonenumbers.carrierdata import CARRIER_DATA

from adapters.directory import is_own_rail, parse_phone
from adapters.directory_countries import COUNTRIES, Country
from adapters.directory_operators import (
    BY_CARRIER,
    BY_CODE,
    OPERATORS,
    OPERATORS_MAX,
    WITHOUT_WALLET,
    Operator,
    prefixes_of,
)
from adapters.directory_rails import LIMITS, NUMBER_FORMS, Limit
from adapters.providers import adapter_classes, provider_names

WITH_RANGES = sorted(one for one in BY_CODE.values() if one.carriers)
SEPARATORS = st.sampled_from(["", " ", "-", ".", "\u00a0", "  "])
RAIL_COUNTRIES = frozenset().union(*(one.countries for one in adapter_classes().values()))


def ranges_of(country: Country) -> dict[str, set[str]]:
    """Owner -> beginnings at home, of all ranges of a country in the numbering data."""
    found: dict[str, set[str]] = {}
    for prefix, names in CARRIER_DATA.items():
        if prefix.startswith(country.calling_code) and "en" in names:
            home = prefix.removeprefix(country.calling_code)
            found.setdefault(names["en"], set()).add(home)
    return found


@pytest.mark.parametrize("code", sorted(COUNTRIES))
def test_every_owner_of_a_range_is_an_operators_or_known_to_have_no_wallet(code: str) -> None:
    owners = ranges_of(COUNTRIES[code]).keys()

    mapped = {carrier for country, carrier in BY_CARRIER if country == code}
    assert mapped & WITHOUT_WALLET.get(code, frozenset()) == set()
    assert mapped | WITHOUT_WALLET.get(code, frozenset()) == owners


@pytest.mark.parametrize("code", sorted(COUNTRIES))
def test_a_countrys_numbers_are_written_as_its_numbering_plan_says(code: str) -> None:
    country = COUNTRIES[code]
    plan = phonenumbers.PhoneMetadata.metadata_for_region(code, None)

    assert plan is not None
    assert plan.mobile is not None
    assert plan.general_desc is not None
    lengths = plan.mobile.possible_length or plan.general_desc.possible_length
    assert country.calling_code == str(plan.country_code)
    assert country.trunk_prefix == (plan.national_prefix or "")
    assert country.is_portable == phonenumbers.is_mobile_number_portable_region(code)
    assert set(country.digits) <= set(lengths)


def test_every_country_has_an_operator_and_every_rails_country_is_there() -> None:
    assert {one.country for one in BY_CODE.values()} == COUNTRIES.keys()
    assert COUNTRIES.keys() >= RAIL_COUNTRIES
    assert len(COUNTRIES) >= 24
    assert len(OPERATORS) == len(BY_CODE) <= OPERATORS_MAX


def test_only_wave_has_no_ranges_and_so_no_example() -> None:
    without = {one.brand for one in BY_CODE.values() if not one.carriers or one.example is None}

    assert without == {"Wave"}


@pytest.mark.parametrize("operator", WITH_RANGES, ids=lambda one: one.code)
def test_an_operators_prefixes_are_those_of_its_carriers(operator: Operator) -> None:
    ranges = ranges_of(COUNTRIES[operator.country])

    owned = set().union(*(ranges[carrier] for carrier in operator.carriers))
    assert set(prefixes_of(operator)) == owned


@given(st.sampled_from(WITH_RANGES), SEPARATORS, st.sampled_from(["+", "00", ""]))
def test_an_example_is_its_operators_number_in_every_form(
    operator: Operator, separator: str, international: str
) -> None:
    country = COUNTRIES[operator.country]
    assert operator.example is not None
    assert len(operator.example) in country.digits
    e164 = f"+{country.calling_code}{operator.example}"

    home = separator.join(country.trunk_prefix + operator.example)
    abroad = separator.join(f"{country.calling_code}{operator.example}")
    read = [
        parse_phone(e164, None),
        parse_phone(home, country.code),
        parse_phone(international + abroad, country.code),
    ]

    assert {(one.e164, one.national, one.country) for one in read} == {
        (e164, operator.example, country.code)
    }
    assert {one.operator for one in read} == {operator}
    assert {one.is_portable for one in read} == {country.is_portable}
    assert {one.written("plus") for one in read} == {e164}
    assert {one.written("digits") for one in read} == {e164[1:]}
    assert {one.written("national") for one in read} == {operator.example}


@given(st.sampled_from(WITH_RANGES), st.data())
def test_a_number_in_a_range_is_of_the_operator_with_the_longest_prefix(
    operator: Operator, data: st.DataObject
) -> None:
    country = COUNTRIES[operator.country]
    assert operator.example is not None
    prefix = data.draw(st.sampled_from(prefixes_of(operator)))
    rest = len(operator.example) - len(prefix)
    digits = data.draw(st.text("0123456789", min_size=rest, max_size=rest))
    number = f"+{country.calling_code}{prefix}{digits}"
    assume(phonenumbers.is_valid_number(phonenumbers.parse(number, None)))

    longest = max(
        (
            (len(start), one)
            for one in WITH_RANGES
            if one.country == country.code
            for start in prefixes_of(one)
            if f"{prefix}{digits}".startswith(start)
        ),
        key=lambda found: found[0],
    )
    read = parse_phone(number, None)
    assert read.operator == longest[1] or read.carrier in WITHOUT_WALLET.get(country.code, ())


@pytest.mark.parametrize(
    ("key", "limit"), [(key, limit) for key, limits in LIMITS.items() for limit in limits]
)
def test_a_limit_leaves_amounts_and_is_of_an_operator_that_its_provider_reaches(
    key: tuple[str, str], limit: Limit
) -> None:
    operator = BY_CODE[key[0]]
    least, most, multiple = limit.minimum_minor, limit.maximum_minor, limit.multiple_minor

    assert limit.currency == operator.currency
    assert least is None or most is None or 0 < least < most
    assert multiple is None or least is None or least % multiple == 0
    if limit.provider is not None:
        provider = adapter_classes()[limit.provider]
        reached = operator.code in provider.reaches or is_own_rail(provider, operator)
        assert reached
        assert key[1] in provider.capabilities
        assert operator.currency in provider.currencies
    assert limit.source


def test_what_others_have_seen_never_binds() -> None:
    binding = {limit.source for limits in LIMITS.values() for limit in limits if limit.is_binding}

    assert binding == {"https://docs.hub2.io/documentation/en/policies"}


def test_forms_of_numbers_are_told_only_of_rails_without_an_adapter() -> None:
    assert NUMBER_FORMS.keys() & set(provider_names()) == set()
