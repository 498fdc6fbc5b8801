"""MTN's production environments: the table, and the settings that must agree with it."""

from typing import Any

import pytest

from adapters.directory import COUNTRIES as DIRECTORY
from adapters.providers._mtn_markets import (
    MARKETS,
    PRODUCTION_URL,
    RWANDA_URL,
    SANDBOX_URL,
    currencies_of,
)
from adapters.providers.mtn import MtnAdapter, Settings
from ledger.money import decimals_of

SAME = {"subscription_key": "0" * 32, "api_user": "1" * 32, "api_key": "2" * 32}


def settings(**changes: Any) -> Settings:
    """Make settings, valid by default."""
    return Settings.model_validate(SAME | changes)


def test_the_fourteen_environments_are_those_of_the_directory() -> None:
    named = {
        one.mtn_target_environment: (one.code, one.currency)
        for one in DIRECTORY.values()
        if one.mtn_target_environment
    }
    ours = {name: (one.country, one.currencies[0]) for name, one in MARKETS.items()}
    assert (len(ours), ours) == (14, named)


def test_the_facts_of_the_adapter_are_those_of_the_table() -> None:
    assert MtnAdapter.countries == {one.country for one in MARKETS.values()}
    everything = {currency for one in MARKETS.values() for currency in one.currencies}
    assert MtnAdapter.currencies == everything | {"EUR"}
    assert {decimals_of(one) for one in everything} == {0, 2}


@pytest.mark.parametrize(
    ("environment", "base_url"),
    [
        ("sandbox", SANDBOX_URL),
        ("sandbox", "http://localhost:8081"),
        ("mtnrwanda", PRODUCTION_URL),
        ("mtnrwanda", RWANDA_URL),
        *((name, PRODUCTION_URL) for name in MARKETS),
        *((name, "http://127.0.0.1:8081") for name in MARKETS),
        ("mtncameroon", "https://gateway.merchant.example/mtn"),
    ],
)
def test_an_environment_goes_with_its_address_and_with_addresses_of_ones_own(
    environment: str, base_url: str
) -> None:
    made = settings(target_environment=environment, base_url=base_url)
    assert (made.target_environment, made.base_url) == (environment, base_url)


@pytest.mark.parametrize(
    ("environment", "base_url", "told"),
    [
        ("mtncamroon", PRODUCTION_URL, "MTN has no such environment. Choose from: sandbox, mtnb"),
        ("sandbox", PRODUCTION_URL, "sandbox is not served at that address but at https://sandb"),
        ("mtncameroon", SANDBOX_URL, "mtncameroon is not served at that address but at https://"),
        ("mtncameroon", RWANDA_URL, "mtncameroon is not served at that address"),
        ("mtnuganda", "https://PROXY.momoapi.mtn.co.rw/x", "mtnuganda is not served at that addr"),
    ],
)
def test_what_does_not_go_together_is_found_when_the_settings_are_read(
    environment: str, base_url: str, told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        settings(target_environment=environment, base_url=base_url)


def test_the_usual_currency_comes_first() -> None:
    assert [currencies_of(one) for one in ("sandbox", "mtnliberia", "mtncongo")] == [
        ("EUR",),
        ("LRD", "USD"),
        ("XAF",),
    ]


@pytest.mark.parametrize("product", ["disbursement", "remittance"])
@pytest.mark.parametrize(
    "given",
    [
        {"api_user": "4" * 32},
        {"api_key": "5" * 32},
        {"subscription_key": "3" * 32, "api_user": "4" * 32},
        {"subscription_key": "3" * 32, "api_key": "5" * 32},
        {"api_user": "4" * 32, "api_key": "5" * 32},
    ],
    ids="+".join,
)
def test_half_an_account_of_another_product_is_refused(product: str, given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="belong together"):
        settings(**{f"{product}_{name}": text for name, text in given.items()})


def test_another_product_has_its_own_user_or_that_of_collections() -> None:
    key = {"disbursement_subscription_key": "3" * 32}
    own = {"disbursement_api_user": "4" * 32, "disbursement_api_key": "5" * 32}
    accounts = [settings(**given).account_of("disbursement") for given in (key, key | own, {})]
    users = [one and (one.api_user[0], one.api_key.get_secret_value()[0]) for one in accounts]
    assert users == [("1", "2"), ("4", "5"), None]
    assert settings(**key).account_of("remittance") is None
