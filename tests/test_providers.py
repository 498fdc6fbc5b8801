"""The folder of providers: whoever is in it is complete, and nobody has to be registered."""

import ast
from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import Field

from adapters import providers
from adapters.base import Adapter, ProviderSettings
from adapters.contract import Contract
from adapters.providers import (
    FACTS,
    adapter_class,
    adapter_classes,
    faults_of,
    provider_names,
    settings_class,
)
from ledger.money import CURRENCIES
from tests.replay import opening

FOLDER = Path(providers.__file__).parent


def values_for(settings: type[ProviderSettings]) -> dict[str, str]:
    """Give every required field a synthetic text: its first example, where it has a form."""
    named = {"base_url": "http://127.0.0.1:1"}
    required = {
        name: str((one.examples or ["synthetic-value"])[0])
        for name, one in settings.model_fields.items()
        if one.is_required()
    }
    return required | named


def test_every_module_of_the_folder_is_a_provider() -> None:
    modules = {path.stem for path in FOLDER.glob("[!_]*.py")}
    assert set(provider_names()) == modules == set(adapter_classes())


@pytest.mark.parametrize("name", provider_names())
async def test_every_provider_is_made_from_its_settings_and_keeps_the_port(name: str) -> None:
    settings = settings_class(name).model_validate(values_for(settings_class(name)))
    adapter = adapter_class(name)(settings, opening())
    assert isinstance(adapter, Adapter)
    assert adapter.pace == settings.pace
    assert adapter.contract == Contract(adapter.countries, adapter.currencies)
    await adapter.close()


@pytest.mark.parametrize("name", provider_names())
def test_every_fact_is_plausible(name: str) -> None:
    facts = adapter_class(name)
    assert facts.currencies <= CURRENCIES
    assert all(len(country) == 2 and country.isupper() for country in facts.countries)
    assert facts.capabilities & {"collection", "payout"}
    assert facts.idempotent_powers <= facts.capabilities
    assert Path(FOLDER / f"{name}.py").read_text().count('"""') > 2


@pytest.mark.parametrize("name", provider_names())
def test_a_provider_knows_no_other_provider(name: str) -> None:
    tree = ast.parse((FOLDER / f"{name}.py").read_text())
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    parts = f"adapters.providers._{name}"
    strange = {one for one in imported if one.startswith("adapters.providers")}
    assert {one for one in strange if not one.startswith(parts)} == set()


@pytest.mark.parametrize("name", provider_names())
def test_secrets_are_secret_and_every_setting_is_described(name: str) -> None:
    fields = settings_class(name).model_fields
    telling = {key for key in fields if key.endswith(("_key", "_secret", "_password"))}
    shown = {key for key in telling if "SecretStr" not in str(fields[key].annotation)}
    assert (shown, [key for key, one in fields.items() if not one.description]) == (set(), [])


@pytest.mark.parametrize(
    "base_url",
    [
        "http://api.example",
        "https://api.example/",
        "ftp://api.example",
        "http://localhost.example",
        "",
    ],
)
def test_an_address_is_https_or_this_machine(base_url: str) -> None:
    values = values_for(settings_class("mtn")) | {"base_url": base_url}
    with pytest.raises(ValueError, match="base_url"):
        settings_class("mtn").model_validate(values)


def test_an_unknown_provider_is_no_provider() -> None:
    with pytest.raises(KeyError):
        adapter_class("nobody")


def test_what_a_provider_lacks_is_said_by_name() -> None:
    class Incomplete:
        name = "other"
        capabilities = frozenset({"collection", "magic"})

        own_rail_of = frozenset({"nobody-zz"})

    class Undescribed(ProviderSettings):
        extra: str = Field(default="")

    assert faults_of(SimpleNamespace(), "x") == [
        "has no Settings made from ProviderSettings",
        "has no class ADAPTER",
    ]
    found = faults_of(SimpleNamespace(ADAPTER=Incomplete, Settings=Undescribed), "x")
    assert found[0] == "Settings.extra has no description"
    assert "ADAPTER.name is not the name of its module" in found
    assert "ADAPTER.capabilities has magic" in found
    assert "ADAPTER.own_rail_of is no frozenset of operators that the directory knows" in found
    assert [one for one in found if "missing or empty" in one] == [
        f"ADAPTER.{key} is missing or empty" for key in FACTS if key not in {"name", "capabilities"}
    ]
