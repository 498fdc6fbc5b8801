"""French of the settings: every fault that can be told of one, and every description of one."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic import BaseModel

from adapters.providers import provider_names, settings_class
from api.cli_language import language_set_up
from api.french_settings import FRENCH_OF_SETTINGS
from api.french_settings_aggregators import FRENCH_OF_AGGREGATORS_SETTINGS
from api.french_settings_operators import FRENCH_OF_OPERATORS_SETTINGS
from api.french_terminal import FRENCH_OF_TERMINAL
from api.settings import PREFIX, Fault, Settings, SettingsError
from api.settings_faults import described
from api.settings_values import validated
from tests.test_api_french import english_in
from tests.test_cli import Here, here

__all__ = ["here"]

SENT: Final[tuple[Any, ...]] = (
    *(None, True, 1.5, -1, 10**30, [], ["x"], {}, {"a": 1}, b"x", object()),
    *("", " ", "x", "x" * 5000, "http://", "https://a b", "maybe", "-1", "1.5", "9" * 25, "{", "["),
)
"""What no setting or not every setting takes."""


def models() -> Iterator[tuple[str, type[BaseModel]]]:
    """Every model of settings, and what stands before its fields' names."""
    yield PREFIX, Settings
    for name in provider_names():
        yield f"{PREFIX}{name.upper()}_", settings_class(name)


def faults_of(model: type[BaseModel], prefix: str) -> Iterator[Fault]:
    """Every fault that is found when each field is given each of these."""
    whole = {name: "x" * 12 for name, one in model.model_fields.items() if one.is_required()}
    for values in chain(
        ({}, {"unknown": "x"}),
        (
            whole | {name: value}
            for name, field in model.model_fields.items()
            for value in SENT
            if not field.exclude
        ),
    ):
        try:
            validated(model, values, prefix)
        except SettingsError as error:
            yield from error.faults


def french_of(fault: Fault) -> tuple[str, str]:
    """The reason and the remedy as they are told in French."""
    return fault.reason.written(FRENCH_OF_TERMINAL), fault.remedy.written(FRENCH_OF_TERMINAL)


@pytest.mark.parametrize(("prefix", "model"), [*models()])
def test_every_fault_a_setting_can_have_is_told_in_french(
    prefix: str, model: type[BaseModel]
) -> None:
    found = {one.sentence: one for one in faults_of(model, prefix)}

    untold = {
        (fault.name, english, french)
        for fault in found.values()
        for english, french in zip((fault.reason, fault.remedy), french_of(fault), strict=True)
        if english == french or english_in(french) or "inutilisable tel quel" in french
    }
    assert (untold, len(found) > len(model.model_fields)) == (set(), True)


def test_every_description_of_a_setting_has_its_french_and_no_french_is_left_over() -> None:
    said_of = {
        described(field.description or "").template
        for _, model in models()
        for field in model.model_fields.values()
        if not field.exclude
    }
    known = (
        FRENCH_OF_SETTINGS.keys()
        | FRENCH_OF_OPERATORS_SETTINGS.keys()
        | FRENCH_OF_AGGREGATORS_SETTINGS.keys()
    )

    assert (said_of - known, known - said_of) == (set(), set())


def test_what_is_wrong_is_told_in_french_where_the_settings_say_so(
    here: Here, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "cauri.toml"
    file.write_text('language = "fr"\nprot = 1\nport = 70000\nproviders = ["orange"]\n')
    monkeypatch.setenv("CAURI_SETTINGS_FILE", str(file))
    monkeypatch.setenv("CAURI_ORANGE_COUNTRY_SEGMENTS", "cm")

    told = here.on("serve")

    assert (told.status, told.out) == (2, "")
    assert told.err == (
        "erreur\xa0: prot\xa0: ce paramètre n'existe pas. Corrigez le nom en port, ou "
        "retirez-le.\n"
        "erreur\xa0: CAURI_ORANGE_COUNTRY_SEGMENTS\xa0: ce paramètre n'existe pas. Corrigez le "
        "nom en CAURI_ORANGE_COUNTRY_SEGMENT, ou retirez-le.\n"
        "erreur\xa0: CAURI_PORT\xa0: il doit être d'au plus 65535. Le port où écouter\xa0; 0 en "
        "choisit un.\n"
        "erreur\xa0: CAURI_ORANGE_CLIENT_ID\xa0: il manque, et n'a pas de valeur par défaut. "
        "Donnez-lui une valeur. L'identifiant client OAuth de l'application.\n"
        "erreur\xa0: CAURI_ORANGE_CLIENT_SECRET\xa0: il manque, et n'a pas de valeur par défaut. "
        "Donnez-lui une valeur. Le secret OAuth de l'application.\n"
        "erreur\xa0: CAURI_ORANGE_MERCHANT_KEY\xa0: il manque, et n'a pas de valeur par défaut. "
        "Donnez-lui une valeur. La clé du compte du marchand.\n"
    )


def test_the_environment_wins_over_the_file_and_a_bad_file_says_nothing(tmp_path: Path) -> None:
    file = tmp_path / "cauri.toml"
    file.write_text('language = "fr"\n')

    assert language_set_up({"CAURI_SETTINGS_FILE": str(file)}) == "fr"
    assert language_set_up({"CAURI_SETTINGS_FILE": str(file), "CAURI_LANGUAGE": "en"}) == "en"
    assert language_set_up({"CAURI_SETTINGS_FILE": str(tmp_path)}) is None


def test_a_master_key_that_cannot_be_one_is_told_in_french(here: Here, tmp_path: Path) -> None:
    file = tmp_path / "master.key"
    file.write_text("A" * 43)
    here.on("migrate")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("CAURI_LANGUAGE", "fr")
        patched.setenv("CAURI_MASTER_KEY_FILE", str(file))
        refused = here.on("master-key", "list")

    assert refused.status == 3
    assert refused.err == (
        "erreur\xa0: Une clé maîtresse répète un motif\xa0; ce n'est pas du hasard. "
        "Faites-en une par `openssl rand -base64 32`.\n"
    )
