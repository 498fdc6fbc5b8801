"""Routing as a table: who takes a payment of which number in which currency, or why nobody does.

The adapters are the real ones; no call is made.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.base import Adapter
from adapters.contract import DOLLAR_WALLETS
from adapters.directory import BY_CODE
from adapters.directory_rails import limits_of
from adapters.providers import adapter_class, settings_class
from adapters.providers.hub2 import Settings as Hub2Settings
from adapters.providers.wave import Settings as WaveSettings
from adapters.transport import Transport
from api.errors import AMOUNT_OUTSIDE_LIMITS, INVALID_REQUEST, UNSERVED, ProblemError
from api.routing import PaymentRoute, choose_route, plan_of
from api.schemas import Payer, PaymentRequest
from api.settings import provider_settings
from ledger.errors import InvalidPhoneError
from ledger.money import parse_money
from tests.api_world import PROVIDER_TABLES, settings_in
from tests.conftest import FakeClock
from tests.replay import opening
from tests.test_providers import values_for

MTN_CM, ORANGE_CM, NEXTTEL_CM = "+237650000001", "+237690000001", "+237660000001"
ORANGE_CD, MTN_LR, ORANGE_LR, AIRTEL_CD = (
    *("+243840000001", "+231880000001", "+231770000001"),
    "+243970000001",
)
MTN_GH, TRIAL_SE = "+233240000001", "+46733123450"
NUMBER = "the number is in a range of"
NAMED_OPERATOR, NAMED_PROVIDER = "the caller named the operator", "the caller named the provider"


@pytest.fixture
def adapters(tmp_path: Path, clock: FakeClock) -> Mapping[str, Adapter]:
    """Both providers, with contracts for all that they serve."""
    return {name: an_adapter(name, tmp_path, clock) for name in ("mtn", "orange")}


def an_adapter(name: str, folder: Path, clock: FakeClock) -> Adapter:
    tables = {**PROVIDER_TABLES, "orange": PROVIDER_TABLES["orange"] | {"country_segment": "dev"}}
    settings = settings_in(folder, provider_tables=tables)
    chosen = provider_settings(settings, name, settings_class(name))
    return adapter_class(name)(chosen, partial(Transport, clock=clock, is_loopback_only=True))


def route(
    adapters: Mapping[str, Adapter],
    phone: str,
    currency: str,
    *,
    provider: str | None = None,
    operator: str | None = None,
    is_production: bool = True,
    amount: str = "1500",
) -> PaymentRoute:
    wanted = PaymentRequest(
        amount=amount,
        currency=currency,
        payer=Payer(phone=phone),
        provider=provider,
        operator=operator,
    )
    return choose_route(
        adapters,
        wanted,
        money=parse_money(amount, currency),
        default_country="CM",
        is_production=is_production,
    )


def refused(error: ProblemError) -> tuple[str, str, str, str]:
    """(code, pointer, reason, remedy) of a refusal that names one place."""
    [place] = error.places
    assert error.detail == f"{place.reason} {place.remedy}"
    assert place.where == "pointer"
    return error.problem.code, place.name, place.reason, place.remedy


@pytest.mark.parametrize("is_production", [True, False])
@pytest.mark.parametrize(
    ("phone", "currency", "named", "expected"),
    [
        (MTN_CM, "XAF", {}, ("mtn", "mtn-cm", f"{NUMBER} MTN Cameroon")),
        (ORANGE_CM, "XAF", {}, ("orange", "orange-cm", f"{NUMBER} Orange")),
        ("690000001", "XAF", {}, ("orange", "orange-cm", f"{NUMBER} Orange")),
        (MTN_GH, "GHS", {}, ("mtn", "mtn-gh", f"{NUMBER} MTN")),
        (MTN_LR, "LRD", {}, ("mtn", "mtn-lr", f"{NUMBER} Lonestar Cell")),
        (MTN_LR, "USD", {}, ("mtn", "mtn-lr", f"{NUMBER} Lonestar Cell")),
        (ORANGE_CD, "CDF", {}, ("orange", "orange-cd", f"{NUMBER} Orange")),
        (MTN_LR, "USD", {"provider": "mtn"}, ("mtn", "mtn-lr", NAMED_PROVIDER)),
        (MTN_CM, "XAF", {"operator": "orange-cm"}, ("orange", "orange-cm", NAMED_OPERATOR)),
        (ORANGE_CM, "XAF", {"operator": "mtn-cm"}, ("mtn", "mtn-cm", NAMED_OPERATOR)),
        (NEXTTEL_CM, "XAF", {"operator": "mtn-cm"}, ("mtn", "mtn-cm", NAMED_OPERATOR)),
        (ORANGE_CM, "XAF", {"provider": "mtn"}, ("mtn", "mtn-cm", NAMED_PROVIDER)),
        (NEXTTEL_CM, "XAF", {"provider": "mtn"}, ("mtn", "mtn-cm", NAMED_PROVIDER)),
        (
            ORANGE_CM,
            "XAF",
            {"provider": "mtn", "operator": "mtn-cm"},
            ("mtn", "mtn-cm", NAMED_PROVIDER),
        ),
    ],
)
def test_a_payment_goes_to_the_provider_that_is_named_or_whose_number_it_is(
    adapters: Mapping[str, Adapter],
    phone: str,
    currency: str,
    named: dict[str, str],
    expected: tuple[str, str, str],
    is_production: bool,
) -> None:
    chosen = route(
        adapters,
        phone,
        currency,
        provider=named.get("provider"),
        operator=named.get("operator"),
        is_production=is_production,
    )

    assert (chosen.provider, chosen.operator, chosen.reason) == expected
    assert chosen.phone.e164.endswith(phone.removeprefix("+"))


@pytest.mark.parametrize(
    ("provider", "phone", "operator"),
    [
        ("wave", "+2250700000001", "wave-ci"),
        ("wave", "+221770000001", "wave-sn"),
        # An integrator carries for whoever's the number is.
        ("hub2", "+2250700000001", "orange-ci"),
        # Whom it reaches besides is written nowhere, so the range's owner may be one.
        ("kkiapay", "+2250700000001", "orange-ci"),
        ("mojaloop", "+2250700000001", "orange-ci"),
    ],
)
def test_whoever_names_an_operators_own_rail_means_that_operator(
    provider: str, phone: str, operator: str
) -> None:
    adapters = opened_for("wave", "hub2", "kkiapay", "mojaloop")

    chosen = route(adapters, phone, "XOF", provider=provider, is_production=False)

    assert (chosen.provider, chosen.operator) == (provider, operator)


REMEDY = "Enabled providers that could: {}; name one as `provider` if the number is theirs."
ENABLED = REMEDY.format("mtn, orange")
NOBODY = (
    "No enabled provider could: take another number, operator or currency, or have a provider "
    "enabled that serves these."
)


def opened_for(*names: str) -> dict[str, Adapter]:
    """Providers with contracts for all that they serve."""
    return {
        name: adapter_class(name)(
            settings_class(name).model_validate(values_for(settings_class(name))), opening()
        )
        for name in names
    }


@pytest.mark.parametrize("is_production", [True, False])
@pytest.mark.parametrize(
    ("phone", "provider", "operator", "expected"),
    [
        pytest.param(
            *("+221771234577", "orange_sonatel", "wave-sn"),
            (
                "/provider",
                "Orange Money Senegal does not reach Wave Senegal.",
                REMEDY.format("wave"),
            ),
            id="another operator's own rail",
        ),
        pytest.param(
            *("+2250100000001", "mtn", "moov-ci"),
            (
                "/provider",
                "MTN MoMo does not reach Moov Money Côte d'Ivoire.",
                REMEDY.format("hub2"),
            ),
            id="another operator's rail of many countries",
        ),
        pytest.param(
            *("+221701234501", "hub2", "expresso-sn"),
            ("/provider", "HUB2 does not reach E-Money Senegal.", NOBODY),
            id="an integrator that does not reach the operator",
        ),
        pytest.param(
            *("+221701234501", "hub2", None),
            (
                "/provider",
                "HUB2 does not reach E-Money Senegal.",
                REMEDY.format("orange_sonatel, wave"),
            ),
            id="an integrator that does not reach whose number it is",
        ),
        pytest.param(
            *("+2250700000001", "orange_sonatel", None),
            (
                "/payer/phone",
                "Orange Money Senegal does not serve CI.",
                REMEDY.format("hub2, mtn, wave"),
            ),
            id="another country's rail",
        ),
    ],
)
def test_a_provider_that_is_named_must_reach_the_number_and_the_operator(
    phone: str,
    provider: str,
    operator: str | None,
    expected: tuple[str, str, str],
    is_production: bool,
) -> None:
    adapters = opened_for("hub2", "mtn", "orange_sonatel", "wave")

    with pytest.raises(ProblemError) as error:
        route(
            *(adapters, phone, "XOF"),
            provider=provider,
            operator=operator,
            is_production=is_production,
        )

    assert refused(error.value) == (UNSERVED.code, *expected)


@pytest.mark.parametrize("is_production", [True, False])
@pytest.mark.parametrize(
    ("phone", "currency", "named"),
    [
        ("+221771234577", "EUR", {}),
        ("+33612345678", "XOF", {}),
        ("+46733123450", "XOF", {}),
        ("+2250700000001", "XOF", {"provider": "orange_sonatel"}),
        ("+221701234501", "XOF", {"provider": "hub2"}),
        ("+221701234501", "XOF", {}),
        ("+237650000001", "XAF", {"provider": "wave"}),
    ],
)
def test_whoever_follows_a_remedy_is_not_refused_again(
    phone: str, currency: str, named: dict[str, str], is_production: bool
) -> None:
    names = ("hub2", "kkiapay", "mojaloop", "mtn", "orange_sonatel", "touchpay", "wave", "ynote")
    adapters = opened_for(*names)
    adapters.pop(named.get("provider", "") if currency == "XAF" else "", None)

    with pytest.raises(ProblemError) as error:
        route(
            adapters, phone, currency, provider=named.get("provider"), is_production=is_production
        )
    remedy = str(error.value.places[0].remedy)
    told = remedy.removeprefix("Enabled providers that could: ").partition(";")[0].split(", ")
    could = set(told) if remedy.startswith("Enabled") else set()

    for name in adapters:
        try:
            taken = route(
                *(adapters, phone, currency), provider=name, is_production=is_production
            ).provider
        except ProblemError:
            taken = None
        assert (name in could) == (taken == name and not remedy.startswith("Send the amount"))


def test_who_says_that_it_is_an_operators_own_rail_comes_before_the_integrators(
    adapters: Mapping[str, Adapter],
) -> None:
    others = {
        name: adapter_class(name)(
            settings_class(name).model_validate(values_for(settings_class(name))), opening()
        )
        for name in ("touchpay", "orange_bf")
    }
    plan = plan_of({**others, **adapters}, BY_CODE["orange-bf"], "XOF", "collection")
    assert [one.provider for one in plan] == ["orange", "orange_bf", "touchpay"]
    elsewhere = plan_of({**others, **adapters}, BY_CODE["orange-sn"], "XOF", "collection")
    assert [one.provider for one in elsewhere] == ["orange", "touchpay"]


@pytest.mark.parametrize(
    ("phone", "currency", "named", "expected"),
    [
        pytest.param(
            *(MTN_CM, "GHS", {}),
            (
                "/currency",
                "Wallets of MTN MoMo Cameroon hold XAF, not GHS.",
                "Send the amount in XAF.",
            ),
            id="a wallet holds its country's money",
        ),
        pytest.param(
            *(MTN_LR, "XOF", {}),
            (
                "/currency",
                "Wallets of MTN MoMo Liberia hold LRD and USD, not XOF.",
                "Send the amount in LRD or USD.",
            ),
            id="where there are dollar wallets both are told",
        ),
        pytest.param(
            *(MTN_GH, "USD", {}),
            (
                "/currency",
                "Wallets of MTN MoMo Ghana hold GHS, not USD.",
                "Send the amount in GHS.",
            ),
            id="dollars are not taken everywhere",
        ),
        pytest.param(
            *(ORANGE_CM, "GHS", {"operator": "mtn-cm"}),
            (
                "/currency",
                "Wallets of MTN MoMo Cameroon hold XAF, not GHS.",
                "Send the amount in XAF.",
            ),
            id="the named operator's wallet counts",
        ),
        pytest.param(
            *(ORANGE_CD, "USD", {}),
            (
                "/payer/phone",
                "No enabled provider reaches Orange Money DR Congo in USD.",
                NOBODY,
            ),
            id="a dollar wallet whose provider takes no dollars",
        ),
        pytest.param(
            *(MTN_CM, "XAF", {"operator": "nexttel-cm"}),
            ("/payer/phone", "No enabled provider reaches Possa Cameroon in XAF.", NOBODY),
            id="an operator nobody reaches",
        ),
        pytest.param(
            *(AIRTEL_CD, "CDF", {}),
            (
                "/payer/phone",
                "No enabled provider reaches Airtel Money DR Congo in CDF.",
                REMEDY.format("orange"),
            ),
            id="a number of an operator nobody reaches",
        ),
        pytest.param(
            *(ORANGE_LR, "LRD", {}),
            (
                "/payer/phone",
                "No enabled provider reaches Orange Money Liberia in LRD.",
                REMEDY.format("mtn"),
            ),
            id="a country the operator's provider is not in",
        ),
        pytest.param(
            *(TRIAL_SE, "XAF", {}),
            ("/payer/phone", "The number is of no operator that we know.", NOBODY),
            id="a number of nobody's",
        ),
        pytest.param(
            *(ORANGE_CM, "EUR", {}),
            (
                "/currency",
                "Wallets of Orange Money Cameroon hold XAF, not EUR.",
                "Send the amount in XAF.",
            ),
            id="money that nobody takes there",
        ),
        pytest.param(
            *(MTN_CM, "XAF", {"provider": "wave"}),
            ("/provider", "This provider is not enabled here.", ENABLED),
            id="a provider that is not enabled",
        ),
        pytest.param(
            *(ORANGE_CM, "USD", {"provider": "orange"}),
            (
                "/currency",
                "Wallets of Orange Money Cameroon hold XAF, not USD.",
                "Send the amount in XAF.",
            ),
            id="a currency the named provider does not take",
        ),
        pytest.param(
            *(ORANGE_CD, "USD", {"provider": "orange"}),
            ("/currency", "Orange Money takes no USD.", NOBODY),
            id="a currency the wallet holds and the named provider does not take",
        ),
        pytest.param(
            *(MTN_GH, "XOF", {"provider": "orange"}),
            ("/payer/phone", "Orange Money does not serve GH.", NOBODY),
            id="another country and currency",
        ),
    ],
)
@pytest.mark.parametrize("is_production", [True, False])
def test_what_nobody_takes_is_refused_with_its_place_and_remedy(
    adapters: Mapping[str, Adapter],
    phone: str,
    currency: str,
    named: dict[str, str],
    expected: tuple[str, str, str],
    is_production: bool,
) -> None:
    with pytest.raises(ProblemError) as error:
        route(
            adapters,
            phone,
            currency,
            provider=named.get("provider"),
            operator=named.get("operator"),
            is_production=is_production,
        )

    assert refused(error.value) == (UNSERVED.code, *expected)


@pytest.mark.parametrize(
    ("phone", "currency", "provider", "operator", "expected"),
    [
        pytest.param(
            *(TRIAL_SE, "EUR", "mtn", None),
            ("/payer/phone", "MTN MoMo does not serve SE.", NOBODY),
            id="another country",
        ),
        pytest.param(
            *(MTN_CM, "EUR", "mtn", None),
            (
                "/currency",
                "Wallets of MTN MoMo Cameroon hold XAF, not EUR.",
                "Send the amount in XAF.",
            ),
            id="another currency",
        ),
        pytest.param(
            *(ORANGE_CM, "EUR", "mtn", "mtn-cm"),
            (
                "/currency",
                "Wallets of MTN MoMo Cameroon hold XAF, not EUR.",
                "Send the amount in XAF.",
            ),
            id="another currency than the ported number's",
        ),
    ],
)
def test_money_that_no_wallet_holds_may_be_tried_in_development_alone(
    adapters: Mapping[str, Adapter],
    phone: str,
    currency: str,
    provider: str,
    operator: str | None,
    expected: tuple[str, str, str],
) -> None:
    tried = route(
        adapters, phone, currency, provider=provider, operator=operator, is_production=False
    )
    with pytest.raises(ProblemError) as error:
        route(adapters, phone, currency, provider=provider, operator=operator)

    assert (tried.provider, tried.reason) == (provider, NAMED_PROVIDER)
    assert refused(error.value) == (UNSERVED.code, *expected)


@pytest.mark.parametrize("provider", [None, "mtn"])
@pytest.mark.parametrize("currency", ["XAF", "GHS"])
def test_a_number_is_never_carried_to_an_operator_of_another_country(
    adapters: Mapping[str, Adapter], provider: str | None, currency: str
) -> None:
    with pytest.raises(ProblemError) as error:
        route(adapters, MTN_CM, currency, provider=provider, operator="mtn-gh")

    assert refused(error.value) == (
        INVALID_REQUEST.code,
        "/operator",
        "MTN MoMo Ghana is of another country than the number.",
        "Ask GET /v1/operators?phone=... for the code, or leave it out.",
    )


@pytest.mark.parametrize("provider", [None, "mtn"])
def test_an_operator_that_does_not_exist_is_refused_whoever_else_is_named(
    adapters: Mapping[str, Adapter], provider: str | None
) -> None:
    with pytest.raises(ProblemError) as error:
        route(adapters, MTN_CM, "XAF", provider=provider, operator="mtn-xx")

    assert refused(error.value) == (
        INVALID_REQUEST.code,
        "/operator",
        "There is no such operator.",
        "Ask GET /v1/operators?phone=... for the code, or leave it out.",
    )


def test_only_what_is_enabled_takes_payments(tmp_path: Path, clock: FakeClock) -> None:
    orange = {"orange": an_adapter("orange", tmp_path, clock)}
    told = []
    for enabled, provider in ((orange, None), (orange, "mtn"), ({}, None)):
        with pytest.raises(ProblemError) as error:
            route(enabled, MTN_CM, "XAF", provider=provider)
        told.append((error.value.places[0].name, error.value.places[0].remedy.partition(";")[0]))

    assert told == [
        ("/payer/phone", "Enabled providers that could: orange"),
        ("/provider", "Enabled providers that could: orange"),
        ("/payer/phone", NOBODY),
    ]


@pytest.mark.parametrize("named", [{}, {"provider": "mtn"}, {"operator": "mtn-cm"}])
def test_a_number_that_cannot_exist_is_refused_whatever_is_named(
    adapters: Mapping[str, Adapter], named: dict[str, str]
) -> None:
    with pytest.raises(InvalidPhoneError):
        route(
            adapters,
            "+23700",
            "XAF",
            provider=named.get("provider"),
            operator=named.get("operator"),
        )


def test_dollar_wallets_are_in_two_countries() -> None:
    assert frozenset({"CD", "LR"}) == DOLLAR_WALLETS


def reaching(adapters: Mapping[str, Adapter], clock: FakeClock) -> dict[str, Adapter]:
    """The same with an integrator behind them, whose own limits are known."""
    hub2 = Hub2Settings(merchant_id="synthetic", api_key=SecretStr("synthetic-key"))
    made = adapter_class("hub2")(hub2, partial(Transport, clock=clock, is_loopback_only=True))
    return {**adapters, "hub2": made}


@pytest.mark.parametrize(("amount", "plan"), [("500", ["mtn", "hub2"]), ("499", ["mtn"])])
def test_who_would_refuse_the_amount_drops_out_of_the_plan(
    adapters: Mapping[str, Adapter],
    clock: FakeClock,
    amount: str,
    plan: list[str],
) -> None:
    both = reaching(adapters, clock)

    chosen = route(both, MTN_CM, "XAF", amount=amount)

    assert ([one.provider for one in chosen.plan] or [chosen.provider]) == plan
    assert chosen.reason == f"{NUMBER} MTN Cameroon"


@pytest.mark.parametrize("named", [None, "hub2"])
@pytest.mark.parametrize(
    ("amount", "reason", "remedy"),
    [
        (
            "499",
            "MTN MoMo Cameroon through HUB2 takes 500 XAF or more at once.",
            "Send 500 or more.",
        ),
        (
            "500001",
            "MTN MoMo Cameroon through HUB2 takes 500000 XAF or less at once.",
            "Send 500000 or less.",
        ),
    ],
)
def test_an_amount_that_everybody_would_refuse_is_refused_with_the_limit(
    adapters: Mapping[str, Adapter],
    clock: FakeClock,
    amount: str,
    reason: str,
    remedy: str,
    named: str | None,
) -> None:
    alone = {"hub2": reaching(adapters, clock)["hub2"]}

    with pytest.raises(ProblemError) as error:
        route(alone, MTN_CM, "XAF", provider=named, amount=amount)

    assert refused(error.value) == (AMOUNT_OUTSIDE_LIMITS.code, "/amount", reason, remedy)


def test_a_limit_that_others_have_only_seen_refuses_nothing(
    adapters: Mapping[str, Adapter],
) -> None:
    assert [one.maximum_minor for one in limits_of("mtn-ug", "collection")] == [5_000_000]

    assert route(adapters, "+256770000001", "UGX", amount="9000000").provider == "mtn"


def test_wave_is_named_and_never_guessed(adapters: Mapping[str, Adapter], clock: FakeClock) -> None:
    wave = WaveSettings(base_url="http://127.0.0.1:9", api_key=SecretStr("synthetic-key"))
    made = adapter_class("wave")(wave, partial(Transport, clock=clock, is_loopback_only=True))
    both = {**adapters, "wave": made}

    named = route(both, "+221770000001", "XOF", operator="wave-sn")
    guessed = route(both, "+221770000001", "XOF")

    assert (named.provider, named.operator) == ("wave", "wave-sn")
    assert (guessed.provider, guessed.operator) == ("orange", "orange-sn")
