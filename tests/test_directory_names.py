"""The names that people read in the place of codes."""

import re

import pytest

from adapters.directory import BY_CODE, COUNTRIES
from adapters.directory_names import (
    COUNTRY_NAMES,
    FRENCH_OF_COUNTRIES,
    full_name,
    full_name_in,
)
from adapters.providers import provider_names, title_of


def test_every_country_has_a_name_in_both_languages() -> None:
    assert COUNTRY_NAMES.keys() == COUNTRIES.keys()
    assert {str(one) for one in COUNTRY_NAMES.values()} | {"{wallet} {country}"} == set(
        FRENCH_OF_COUNTRIES
    )


@pytest.mark.parametrize(
    ("code", "english", "french"),
    [
        ("mtn-cm", "MTN MoMo Cameroon", "MTN MoMo Cameroun"),
        ("orange-sn", "Orange Money Senegal", "Orange Money Sénégal"),
        ("wave-ci", "Wave Côte d'Ivoire", "Wave Côte d'Ivoire"),
        ("safaricom-ke", "M-Pesa Kenya", "M-Pesa Kenya"),
    ],
)
def test_an_operator_is_called_by_its_wallet_and_its_country(
    code: str, english: str, french: str
) -> None:
    operator = BY_CODE[code]
    assert (full_name_in(operator, "en"), full_name_in(operator, "fr")) == (english, french)
    assert full_name(operator).written(FRENCH_OF_COUNTRIES) == french


def test_no_two_operators_are_called_alike_and_none_by_a_code() -> None:
    names = {code: full_name_in(operator, "fr") for code, operator in BY_CODE.items()}
    assert len(set(names.values())) == len(names)
    assert [one for one in names.values() if re.search(r"[a-z0-9]+-[a-z]{2}\b", one)] == []


def test_a_provider_has_a_title_and_a_stranger_its_own_name() -> None:
    assert [name for name in provider_names() if title_of(name) == name] == []
    assert title_of("mtn") == "MTN MoMo"
    assert title_of("nobody") == "nobody"
