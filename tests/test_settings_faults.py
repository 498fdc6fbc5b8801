"""What is said of settings that cannot be used: all of it at once, in sentences, by name."""

import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from adapters.providers import provider_names, settings_class
from api.key_files import warn_of_readable_keys
from api.settings import SettingsError, load_settings, settings_of_providers
from tests.api_world import settings_in

MTN = {"api_user": "a-synthetic-user", "api_key": "a-synthetic-key"}
KEYS = {"subscription_key": "a-synthetic-key", "target_environment": "mtnbenin"} | MTN
MTN_ADDRESS = "https://proxy.momoapi.mtn.com"


def faults_of(environment: dict[str, str]) -> dict[str, str]:
    """Name -> reason and remedy, for every fault a start would tell."""
    try:
        settings = load_settings(
            environment, provider_names=provider_names(), model_of=settings_class
        )
        settings_of_providers(settings, {one: settings_class(one) for one in settings.providers})
    except SettingsError as error:
        return {one.name: f"{one.reason} {one.remedy}" for one in error.faults}
    return {}


def of_mtn(**changes: str) -> dict[str, str]:
    """Settings that enable MTN."""
    table = {"base_url": MTN_ADDRESS, **KEYS, **changes}
    named = {f"CAURI_MTN_{name.upper()}": one for name, one in table.items() if one}
    return {"CAURI_PROVIDERS": "mtn", **named}


@pytest.mark.parametrize(
    ("given", "name", "said"),
    [
        ({"CAURI_PUBLIC_URL": "pay.example"}, "CAURI_PUBLIC_URL", "no whole address"),
        ({"CAURI_PUBLIC_URL": "https://a.example?b"}, "CAURI_PUBLIC_URL", "https://pay.example"),
        ({"CAURI_DATABASE_URL": "postgres://h/n"}, "CAURI_DATABASE_URL", "write postgresql://"),
        ({"CAURI_PORT": "many"}, "CAURI_PORT", "this is no number. The port"),
        ({"CAURI_PORT": "70000"}, "CAURI_PORT", "it must be 65535 or less."),
        ({"CAURI_MODE": "live"}, "CAURI_MODE", "one of development, production."),
        ({"CAURI_PUBLIC_ULR": "x"}, "CAURI_PUBLIC_ULR", "Correct the name to CAURI_PUBLIC_URL"),
        # What is written for a provider is looked at though it is not enabled.
        (
            {"CAURI_MTN_SUBSCRIPTION_KEE": "x"},
            "CAURI_MTN_SUBSCRIPTION_KEE",
            "Correct the name to CAURI_MTN_SUBSCRIPTION_KEY",
        ),
        (of_mtn(subscription_key=""), "CAURI_MTN_SUBSCRIPTION_KEY", "it is not set, and there is"),
        (of_mtn(subscription_key="k"), "CAURI_MTN_SUBSCRIPTION_KEY", "8 characters or more"),
        (of_mtn(base_url="momo.mtn"), "CAURI_MTN_BASE_URL", "Write it as `https://host/path`"),
        (of_mtn(target_environment="mtnx"), "CAURI_MTN_TARGET_ENVIRONMENT", "mtnzambia. "),
        (
            of_mtn(disbursement_api_user="a-synthetic-user"),
            "CAURI_MTN_DISBURSEMENT_API_USER",
            "belong together.",
        ),
        (
            {
                "CAURI_PROVIDERS": "orange",
                "CAURI_ORANGE_COUNTRY_SEGMENT": "cmr",
                "CAURI_ORANGE_CLIENT_ID": "synthetic",
                "CAURI_ORANGE_CLIENT_SECRET": "synthetic",
                "CAURI_ORANGE_MERCHANT_KEY": "synthetic",
            },
            "CAURI_ORANGE_COUNTRY_SEGMENT",
            "it must be one of dev, bf, cd, ci, cm, gn, mg, ml, sn.",
        ),
    ],
)
def test_a_fault_names_the_setting_and_the_remedy(
    given: dict[str, str], name: str, said: str
) -> None:
    faults = faults_of(given)

    assert list(faults) == [name]
    assert said in faults[name]
    plain = faults[name].replace("...", "")
    assert [one for one in ("..", "^", "Value error", "items", "should") if one in plain] == []


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "cauri.toml"
    file.write_text(
        'port = 70000\nprot = 1\nproviders = ["mtn", "wave"]\n'
        '[wawe]\napi_key = "x"\n[mtn]\nsubscription_kee = "x"\n'
    )
    named = {"CAURI_SETTINGS_FILE": str(file), "CAURI_HOTS": "x"}

    at_once = faults_of(named)

    told = ["prot", "[wawe]", "CAURI_HOTS", "CAURI_MTN_SUBSCRIPTION_KEE"]
    assert list(at_once)[:5] == [*told, "CAURI_PORT"]
    # Though the port cannot be read, the enabled providers are looked at as well.
    assert {"CAURI_MTN_SUBSCRIPTION_KEY", "CAURI_WAVE_API_KEY"} <= at_once.keys()
    assert "Correct the name to wave" in at_once["[wawe]"]


@pytest.mark.parametrize(
    ("given", "hidden"),
    [
        ({"CAURI_MAIL_HOST": "mail.example", "CAURI_WAWE_API_KEY": "x"}, set()),
        ({"CAURI_PROVIDERS": "{", "CAURI_TRIAL_PROVIDERS": "mtn"}, {"CAURI_PROVIDERS"}),
        # What may hang on what is wrong is not told: the key may be there.
        ({"CAURI_PUBLIC_URL": "pay.example"}, {"CAURI_PUBLIC_URL"}),
    ],
)
def test_what_is_wrong_hides_nothing_that_production_lacks(
    given: dict[str, str], hidden: set[str]
) -> None:
    lacking = {
        "CAURI_MASTER_KEY_FILE": "production has no master key",
        "CAURI_SIGNING_KEY_FILE": "no key that signs",
        "CAURI_PUBLIC_URL": "over https",
        "CAURI_PROVIDERS": "no provider is enabled",
    }
    faults = faults_of({"CAURI_MODE": "production", "CAURI_PUBLIC_URL": "http://a.example"} | given)

    assert {name for name, said in lacking.items() if said in faults.get(name, "")} == (
        lacking.keys() - hidden
    )
    said = {"CAURI_MAIL_HOST": "CAURI_MAIL_FROM"}
    wrong = {said.get(name, name) for name in given if not name.startswith("CAURI_TRIAL")}
    assert wrong <= faults.keys()


def test_the_words_of_the_readmes_example_start_no_production() -> None:
    production = {
        "CAURI_MODE": "production",
        "CAURI_PUBLIC_URL": "https://pay.example",
        "CAURI_MASTER_KEY_FILE": "master.key",
        "CAURI_SIGNING_KEY_FILE": "signing.key",
    }

    named = faults_of(production | of_mtn(api_key="from your MTN portal"))

    assert named == {
        "CAURI_MTN_API_KEY": "this is the example's text. Set it to what the provider gave you."
    }
    assert faults_of(production | of_mtn()) == {}


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
@pytest.mark.parametrize(
    ("permissions", "warned"), [(0o600, []), (0o640, ["0640"]), (0o644, ["0644"])]
)
def test_a_key_file_that_others_may_read_is_warned_of(
    tmp_path: Path, permissions: int, warned: list[str]
) -> None:
    file = tmp_path / "master.key"
    file.write_text("synthetic")
    file.chmod(permissions)
    settings = settings_in(tmp_path, master_key_file=file)

    with capture_logs() as lines:
        warn_of_readable_keys(settings)

    told = [one for one in lines if one["event"] == "key_file.readable"]
    assert [one["permissions"] for one in told] == warned
    assert {one["setting"] for one in told} <= {"CAURI_MASTER_KEY_FILE"}
