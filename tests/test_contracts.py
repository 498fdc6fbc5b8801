"""What a deployment's contracts cover: where they are told, and what is refused outside of them."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from adapters.base import Adapter
from adapters.contract import Contract
from adapters.providers import adapter_class, settings_class
from adapters.transport import Transport
from api.errors import UNSERVED, ProblemError
from api.routing import PaymentRoute, choose_route
from api.schemas import Payer, PaymentRequest
from api.settings import SettingsError, provider_settings
from api.wiring import services
from ledger.money import parse_money
from tests.api_world import HUB2, PROVIDER_TABLES, a_payment, a_world, settings_in
from tests.conftest import FakeClock

MTN_CI, ORANGE_SN, WAVE_UG = "+2250500000001", "+221770000001", "+256700000001"
WAVE = {"base_url": "http://127.0.0.1:9", "api_key": "a-synthetic-key"}
MOJALOOP = {
    "base_url": "http://127.0.0.1:9",
    "party_id": "shop",
    "backend_secret": "a-synthetic-secret",
}
TABLES: Mapping[str, Mapping[str, str]] = {
    **PROVIDER_TABLES,
    "hub2": HUB2,
    "mojaloop": MOJALOOP,
    "wave": WAVE,
}


def an_adapter(name: str, folder: Path, clock: FakeClock, **said: str) -> Adapter:
    settings = settings_in(folder, provider_tables={name: {**TABLES[name], **said}})
    chosen = provider_settings(settings, name, settings_class(name))
    return adapter_class(name)(chosen, partial(Transport, clock=clock, is_loopback_only=True))


@pytest.mark.parametrize(
    ("name", "said", "countries", "currencies"),
    [
        ("mtn", {"target_environment": "mtncameroon"}, "CM", "XAF"),
        ("mtn", {"target_environment": "mtnliberia"}, "LR", "LRD USD"),
        ("mtn", {"target_environment": "mtncameroon", "countries": "GH,CI"}, "CI GH", "GHS XOF"),
        ("mtn", {"target_environment": "mtncameroon", "currencies": "EUR"}, "CM", "EUR"),
        ("mtn", {}, "all", "all"),
        ("orange", {"country_segment": "sn"}, "SN", "XOF"),
        ("orange", {"country_segment": "dev"}, "all", "all"),
        ("hub2", {}, "all", "all"),
        ("hub2", {"currency": "XAF"}, "all", "XAF"),
        ("wave", {}, "all", "all"),
        ("wave", {"countries": "SN"}, "SN", "XOF"),
        ("wave", {"currencies": "XOF"}, "all", "XOF"),
        ("mojaloop", {"countries": "CD,RW"}, "CD RW", "CDF RWF USD"),
    ],
)
def test_a_contract_is_what_is_said_else_what_other_settings_tell_else_all_that_is_served(
    tmp_path: Path,
    clock: FakeClock,
    name: str,
    said: dict[str, str],
    countries: str,
    currencies: str,
) -> None:
    adapter = an_adapter(name, tmp_path, clock, **said)

    def read(text: str, served: frozenset[str]) -> frozenset[str]:
        return served if text == "all" else frozenset(text.split())

    assert adapter.contract == Contract(
        read(countries, adapter.countries), read(currencies, adapter.currencies)
    )


async def test_a_contract_for_what_the_provider_does_not_serve_is_refused_at_the_start(
    tmp_path: Path, clock: FakeClock
) -> None:
    tables = {"wave": {**WAVE, "countries": "SN,GH", "currencies": "GHS"}}
    settings = settings_in(tmp_path, providers=("wave",), provider_tables=tables)
    with pytest.raises(SettingsError) as refused:
        async with services(settings, clock=clock, is_loopback_only=True):
            pass
    assert [(one.name, one.reason) for one in refused.value.faults] == [
        ("CAURI_WAVE_COUNTRIES", "wave does not serve GH."),
        ("CAURI_WAVE_CURRENCIES", "wave does not serve GHS."),
    ]


def route(adapters: Mapping[str, Adapter], phone: str, currency: str, **named: Any) -> PaymentRoute:
    """Choose who takes 1500, in production."""
    wanted = PaymentRequest(amount="1500", currency=currency, payer=Payer(phone=phone), **named)
    return choose_route(
        adapters,
        wanted,
        money=parse_money("1500", currency),
        default_country=None,
        is_production=True,
    )


def refusal(adapters: Mapping[str, Adapter], *wanted: str, **named: Any) -> tuple[str, ...]:
    """(pointer, reason, remedy) of a payment that nobody takes."""
    with pytest.raises(ProblemError) as error:
        route(adapters, *wanted, **named)
    [place] = error.value.places
    assert error.value.problem == UNSERVED
    return place.name, str(place.reason), str(place.remedy)


def test_who_is_not_set_up_for_a_payment_drops_out_of_its_plan(
    tmp_path: Path, clock: FakeClock
) -> None:
    here, elsewhere = (
        {
            "mtn": an_adapter("mtn", tmp_path, clock, target_environment=environment),
            "hub2": an_adapter("hub2", tmp_path, clock),
        }
        for environment in ("mtnivorycoast", "mtncameroon")
    )
    both, one = route(here, MTN_CI, "XOF"), route(elsewhere, MTN_CI, "XOF")
    assert [each.provider for each in both.plan] == ["mtn", "hub2"]
    assert (one.provider, one.plan) == ("hub2", ())


REMEDY = "Take a number whose wallet is in {}, or have a provider set up for this one."


@pytest.mark.parametrize("named", [{}, {"provider": "wave"}])
def test_a_currency_that_nobody_is_set_up_for_is_refused_and_says_what_is(
    tmp_path: Path, clock: FakeClock, named: dict[str, str]
) -> None:
    adapters = {"wave": an_adapter("wave", tmp_path, clock, currencies="XOF")}
    told = refusal(adapters, WAVE_UG, "UGX", operator="wave-ug", **named)
    assert told == (
        "/currency",
        "Wave is set up here for XOF, not UGX.",
        REMEDY.format("XOF"),
    )
    # Who reaches another operator alone could not: the caller said whose the number is.
    adapters["mtn"] = an_adapter("mtn", tmp_path, clock, target_environment="mtnuganda")
    assert refusal(adapters, WAVE_UG, "UGX", operator="wave-ug", **named) == told
    if named:
        assert refusal(adapters, WAVE_UG, "UGX", **named) == (
            "/currency",
            "Wave is set up here for XOF, not UGX.",
            "Enabled providers that could: mtn; name one as `provider` if the number is theirs.",
        )


@pytest.mark.parametrize("named", [{}, {"provider": "orange"}])
def test_a_country_that_nobody_is_set_up_for_is_refused_at_the_number(
    tmp_path: Path, clock: FakeClock, named: dict[str, str]
) -> None:
    adapters = {"orange": an_adapter("orange", tmp_path, clock, country_segment="ci")}
    assert refusal(adapters, ORANGE_SN, "XOF", **named) == (
        "/payer/phone",
        "Orange Money is set up here for CI, not SN.",
        REMEDY.format("CI"),
    )


def test_a_wallets_own_money_is_told_before_a_contract(tmp_path: Path, clock: FakeClock) -> None:
    adapters = {"wave": an_adapter("wave", tmp_path, clock, currencies="XOF")}
    assert refusal(adapters, ORANGE_SN, "UGX", operator="wave-sn") == (
        "/currency",
        "Wallets of Wave Senegal hold XOF, not UGX.",
        "Send the amount in XOF.",
    )


async def test_it_is_refused_over_http_in_both_languages_and_shown_beside_the_plan(
    tmp_path: Path, clock: FakeClock
) -> None:
    tables = {"wave": {**WAVE, "currencies": "XOF"}}
    settings = settings_in(tmp_path, providers=("wave",), provider_tables=tables)
    content = a_payment(currency="UGX", payer={"phone": WAVE_UG}, operator="wave-ug")
    async with a_world(settings, clock=clock, is_in_memory=True) as world:
        english = await world.pay(content, key="order-1")
        french = await world.pay(content, key="order-1", headers={"Accept-Language": "fr"})
        shown: Any = (await world.get("/v1/operators?country=UG")).json
        path, headers = "/v1/operators?country=UG", {"Accept-Language": "fr"}
        told: Any = (await world.get(path, headers=headers)).json
    [wave] = [one for one in shown["operators"] if one["operator"] == "wave-ug"]
    assert (english.status, english.json["errors"]) == (
        422,
        [
            {
                "pointer": "/currency",
                "reason": "Wave is set up here for XOF, not UGX.",
                "remedy": REMEDY.format("XOF"),
            }
        ],
    )
    assert french.json["errors"] == [
        {
            "pointer": "/currency",
            "reason": "Wave est configuré ici pour XOF, et non pour UGX.",
            "remedy": "Prenez un numéro dont le portefeuille est en XOF, ou faites configurer un "
            "prestataire pour celui-ci.",
        }
    ]
    left_out = [{"provider": "wave", "reason": "Wave is set up here for XOF, not UGX."}]
    assert wave["collection"] == {"plan": [], "left_out": left_out, "limits": []}
    [said] = [one for one in told["operators"] if one["operator"] == "wave-ug"]
    (why,) = said["collection"]["left_out"]
    assert why["reason"] == "Wave est configuré ici pour XOF, et non pour UGX."
