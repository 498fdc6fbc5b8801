"""Settings: where they come from, and what is refused at the start."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from api.settings import (
    Fault,
    Settings,
    SettingsError,
    load_settings,
    provider_settings,
    settings_table,
)
from ledger.sentences import Sentence

PROVIDERS = ("mtn", "orange")


class SomeProvider(BaseModel):
    base_url: str = "https://sandbox.momodeveloper.mtn.com"
    primary_key: SecretStr
    markets: tuple[str, ...] = ()


def load(environment: dict[str, str], **overrides: Any) -> Settings:
    return load_settings(environment, provider_names=PROVIDERS, **overrides)


def faults_of(environment: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        load(environment)
    return [fault.name for fault in raised.value.faults]


def test_without_any_setting_the_defaults_are_those_of_development() -> None:
    settings = load({})

    assert settings == Settings()
    assert (settings.mode, settings.base_url) == ("development", "http://localhost:8080")


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({"CAURI_HOST": "127.0.0.1"}, "http://localhost:8080"),
        ({"CAURI_HOST": "::1", "CAURI_PORT": "9"}, "http://localhost:9"),
        ({"CAURI_HOST": "0.0.0.0"}, "http://localhost:8080"),
        ({"CAURI_HOST": "10.1.2.3"}, "http://10.1.2.3:8080"),
        ({"CAURI_HOST": "fd00::7"}, "http://[fd00::7]:8080"),
        ({"CAURI_HOST": "cauri.internal"}, "http://cauri.internal:8080"),
        (
            {"CAURI_HOST": "0.0.0.0", "CAURI_PUBLIC_URL": "https://pay.example/"},
            "https://pay.example",
        ),
    ],
)
def test_there_is_one_address_the_public_one_or_where_we_listen(
    given: dict[str, str], address: str
) -> None:
    assert load(given).base_url == address


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "cauri.toml"
    file.write_text('port = 1\nhost = "file"\nlog_level = "error"\n[mtn]\nprimary_key = "k"\n')

    settings = load(
        {"CAURI_SETTINGS_FILE": str(file), "CAURI_PORT": "2", "CAURI_HOST": "environment"}, port=3
    )

    assert (settings.port, settings.host, settings.log_level) == (3, "environment", "error")
    assert settings.provider_tables == {"mtn": {"primary_key": "k"}}


def test_a_list_is_written_with_commas_or_as_json() -> None:
    with_commas = load({"CAURI_PROVIDERS": "mtn, orange"})
    as_json = load({"CAURI_PROVIDERS": '["mtn","orange"]'})

    assert with_commas.providers == as_json.providers == ("mtn", "orange")


def test_everything_wrong_with_names_is_told_at_once() -> None:
    assert faults_of({"CAURI_PROT": "1", "CAURI_HOTS": "x"}) == ["CAURI_HOTS", "CAURI_PROT"]


def test_a_value_of_the_wrong_type_names_its_variable_and_never_repeats_the_value() -> None:
    with pytest.raises(SettingsError) as raised:
        load({"CAURI_PORT": "secret-looking"})

    assert [fault.name for fault in raised.value.faults] == ["CAURI_PORT"]
    assert "secret-looking" not in str(raised.value)


@pytest.mark.parametrize(
    "content", ["port = [", "prot = 1", "mtn = 3", "\xff"], ids=["no toml", "name", "table", "text"]
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "cauri.toml"
    file.write_text(content, encoding="latin-1")

    with pytest.raises(SettingsError):
        load({"CAURI_SETTINGS_FILE": str(file)})


def test_a_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    assert faults_of({"CAURI_SETTINGS_FILE": str(tmp_path / "no.toml")}) == ["CAURI_SETTINGS_FILE"]


def test_an_unknown_provider_is_refused_with_those_there_are() -> None:
    with pytest.raises(SettingsError, match="Choose from: mtn, orange"):
        load({"CAURI_PROVIDERS": "mnt"})


def test_production_refuses_everything_that_is_only_good_for_trying_out() -> None:
    assert faults_of({"CAURI_MODE": "production", "CAURI_PUBLIC_URL": "http://pay.example"}) == [
        "CAURI_MASTER_KEY_FILE",
        "CAURI_SIGNING_KEY_FILE",
        "CAURI_PUBLIC_URL",
        "CAURI_PROVIDERS",
    ]


def test_production_with_secrets_https_and_a_provider_is_taken() -> None:
    settings = load(
        {
            "CAURI_MODE": "production",
            "CAURI_PUBLIC_URL": "https://pay.example/",
            "CAURI_MASTER_KEY_FILE": "/run/master.key",
            "CAURI_SIGNING_KEY_FILE": "/run/signing.key",
            "CAURI_PROVIDERS": "mtn",
        }
    )

    assert (settings.is_production, settings.base_url) == (True, "https://pay.example")


def test_a_providers_fields_are_built_as_its_own_type() -> None:
    settings = load({"CAURI_MTN_PRIMARY_KEY": "k" * 32, "CAURI_MTN_MARKETS": "CM,CI"})

    built = provider_settings(settings, "mtn", SomeProvider)

    assert built == SomeProvider(primary_key=SecretStr("k" * 32), markets=("CM", "CI"))


def test_a_providers_missing_field_is_named_by_its_variable() -> None:
    with pytest.raises(SettingsError) as raised:
        provider_settings(load({}), "mtn", SomeProvider)

    assert [fault.name for fault in raised.value.faults] == ["CAURI_MTN_PRIMARY_KEY"]


def test_production_refuses_a_provider_that_points_at_a_sandbox() -> None:
    settings = load(
        {
            "CAURI_MODE": "production",
            "CAURI_PUBLIC_URL": "https://pay.example",
            "CAURI_MASTER_KEY_FILE": "/run/master.key",
            "CAURI_SIGNING_KEY_FILE": "/run/signing.key",
            "CAURI_PROVIDERS": "mtn",
            "CAURI_MTN_PRIMARY_KEY": "k" * 32,
        }
    )

    with pytest.raises(SettingsError) as raised:
        provider_settings(settings, "mtn", SomeProvider)

    assert raised.value.faults == (
        Fault(
            "CAURI_MTN_BASE_URL",
            Sentence("this points at a sandbox, which moves no money."),
            Sentence("Set the provider's production value, or name it in CAURI_TRIAL_PROVIDERS."),
        ),
    )


def in_production(**changes: str) -> Settings:
    return load(
        {
            "CAURI_MODE": "production",
            "CAURI_PUBLIC_URL": "https://pay.example",
            "CAURI_MASTER_KEY_FILE": "/run/master.key",
            "CAURI_SIGNING_KEY_FILE": "/run/signing.key",
            "CAURI_PROVIDERS": "mtn,orange",
            "CAURI_MTN_PRIMARY_KEY": "k" * 32,
            **changes,
        }
    )


def test_production_takes_a_sandbox_that_is_named_as_one() -> None:
    settings = in_production(CAURI_TRIAL_PROVIDERS="mtn")

    assert (
        provider_settings(settings, "mtn", SomeProvider).base_url
        == SomeProvider(primary_key=SecretStr("k" * 32)).base_url
    )


def test_a_provider_that_is_set_up_for_real_money_is_not_taken_as_a_trial() -> None:
    address = "https://proxy.momoapi.mtn.com"
    for settings in (
        in_production(CAURI_TRIAL_PROVIDERS="mtn", CAURI_MTN_BASE_URL=address),
        load(
            {
                "CAURI_PROVIDERS": "mtn",
                "CAURI_TRIAL_PROVIDERS": "mtn",
                "CAURI_MTN_PRIMARY_KEY": "k" * 32,
                "CAURI_MTN_BASE_URL": address,
            }
        ),
    ):
        with pytest.raises(SettingsError) as raised:
            provider_settings(settings, "mtn", SomeProvider)
        assert [fault.name for fault in raised.value.faults] == ["CAURI_TRIAL_PROVIDERS"]


def test_a_trial_provider_must_be_enabled() -> None:
    trial = {"CAURI_PROVIDERS": "mtn", "CAURI_TRIAL_PROVIDERS": "orange"}
    assert faults_of(trial) == ["CAURI_TRIAL_PROVIDERS"]


def test_no_secret_is_in_a_settings_text() -> None:
    settings = load(
        {
            "CAURI_MASTER_KEY": "very-secret",
            "CAURI_MTN_PRIMARY_KEY": "very-secret",
            "CAURI_DATABASE_URL": "postgresql://me:very-secret@host/db",
        }
    )

    assert "very-secret" not in repr(settings)
    assert "very-secret" not in str(settings)


def test_every_setting_has_a_description() -> None:
    assert [name for name, _, description in settings_table() if not description] == []
