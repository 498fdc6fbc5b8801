"""The mail server's settings: whole or refused, and never a password or a letter in clear."""

from typing import Final

import pytest

from api.settings import Settings, SettingsError, load_settings

MAIL: Final = {
    "CAURI_MAIL_HOST": "smtp.example",
    "CAURI_MAIL_FROM": "recus@shop.example",
    "CAURI_MAIL_USER": "cauri",
    "CAURI_MAIL_PASSWORD": "a-synthetic-password",
}
PRODUCTION: Final = {
    "CAURI_MODE": "production",
    "CAURI_MASTER_KEY": "x",
    "CAURI_SIGNING_KEY_FILE": "/run/signing.key",
    "CAURI_PUBLIC_URL": "https://pay.example",
    "CAURI_PROVIDERS": "mtn",
}


def loaded(**changes: str | None) -> Settings:
    """Settings from the environment, with some variables changed or (None) left out."""
    given = MAIL | {f"CAURI_{name.upper()}": value for name, value in changes.items()}
    chosen = {name: value for name, value in given.items() if value is not None}
    return load_settings(chosen, provider_names=["mtn"])


def faults_of(**changes: str | None) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        loaded(**changes)
    assert MAIL["CAURI_MAIL_PASSWORD"] not in str(refused.value)
    return [one.name for one in refused.value.faults]


def test_a_mail_server_is_encrypted_unless_it_is_said_otherwise() -> None:
    settings = loaded()
    assert (settings.sends_mail, settings.mail_tls, settings.mail_port) == (True, "starttls", 587)
    assert MAIL["CAURI_MAIL_PASSWORD"] not in repr(settings)
    assert not load_settings({}, provider_names=[]).sends_mail


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"mail_from": None}, ["CAURI_MAIL_FROM"]),
        ({"mail_from": "recus"}, ["CAURI_MAIL_FROM"]),
        ({"mail_from": "recus@shop.example\r\nBcc: x@y.example"}, ["CAURI_MAIL_FROM"]),
        ({"mail_password": None}, ["CAURI_MAIL_PASSWORD"]),
        ({"mail_user": None}, ["CAURI_MAIL_PASSWORD"]),
        ({"mail_tls": "none"}, ["CAURI_MAIL_PASSWORD"]),
        ({"mail_tls": "ssl"}, ["CAURI_MAIL_TLS"]),
        ({"mail_host": "smtp.example/x"}, ["CAURI_MAIL_HOST"]),
    ],
)
def test_what_is_not_whole_or_not_safe_is_refused(
    changes: dict[str, str | None], names: list[str]
) -> None:
    assert faults_of(**changes) == names


def test_in_clear_only_letters_go_and_in_production_only_on_this_machine() -> None:
    in_clear = {"mail_tls": "none", "mail_user": None, "mail_password": None}
    production = {name.removeprefix("CAURI_").lower(): text for name, text in PRODUCTION.items()}
    assert loaded(**in_clear).mail_tls == "none"
    assert faults_of(**in_clear, **production) == ["CAURI_MAIL_TLS"]
    for host in ("localhost", "127.0.0.1", "::1"):
        assert loaded(**in_clear, **production, mail_host=host).is_production
        assert loaded(**production, mail_host=host, mail_tls="none").mail_user == "cauri"
