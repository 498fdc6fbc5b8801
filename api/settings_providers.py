"""The providers' own settings: built from their tables, and looked at where none is enabled.

A provider that is not enabled needs no settings, but what is written for it must be spelt as its
settings are: whoever enables it later would otherwise find a default in force.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Protocol

from pydantic import BaseModel, SecretStr

from adapters.trying import is_for_trying, is_value_for_trying, tells_of_trying
from api.settings_fault import Fault, SettingsError
from api.settings_faults import unknown
from api.settings_values import PREFIX, Model, validated
from ledger.sentences import Sentence

PLACEHOLDER: Final = "from "
"""How the README's example begins where a secret belongs: no operator's key has a space."""


ModelOf = Callable[[str], type[BaseModel] | None]
"""Finds the settings' type of a provider; None where it has none."""


class Chosen(Protocol):
    """What of a deployment's settings tells about its providers."""

    @property
    def provider_tables(self) -> Mapping[str, dict[str, Any]]:
        """Provider -> what is written for it."""
        ...

    @property
    def trial_providers(self) -> tuple[str, ...]:
        """Those that are said to be for trying."""
        ...

    @property
    def is_production(self) -> bool:
        """Whether what is only good for trying things out is refused."""
        ...


def misspelt(tables: Mapping[str, dict[str, Any]], model_of: ModelOf) -> list[Fault]:
    """Name every field that no provider has, of all for whom something is written."""
    faults = []
    for provider, table in tables.items():
        model = model_of(provider)
        if model is None:
            continue
        known = {f"{PREFIX}{provider}_{one}".upper(): one for one in model.model_fields}
        names = [f"{PREFIX}{provider}_{one}".upper() for one in table]
        faults += [unknown(one, known) for one in names if one not in known]
    return faults


def settings_of_providers(settings: Chosen, models: Mapping[str, type[Model]]) -> dict[str, Model]:
    """Build the settings of several providers.

    Raises:
        SettingsError: everything that is wrong with any of them.
    """
    built, faults = dict[str, Model](), list[Fault]()
    for name, model in models.items():
        try:
            built[name] = provider_settings(settings, name, model)
        except SettingsError as error:
            faults += error.faults
    if faults:
        raise SettingsError(faults)
    return built


def provider_settings(settings: Chosen, provider: str, model: type[Model]) -> Model:
    """Build a provider's own settings from its table.

    Raises:
        SettingsError: a missing, misspelt or unusable field; in production also whatever points
            at a sandbox or at this machine and is not said to, and the README's example texts;
            and whatever is said to be for trying and is not.
    """
    prefix = f"{PREFIX}{provider.upper()}_"
    table = settings.provider_tables.get(provider, {})
    built = validated(model, table, prefix)
    if provider in settings.trial_providers:
        if tells_of_trying(model) and not is_for_trying(built):
            fault = Fault(
                f"{PREFIX}TRIAL_PROVIDERS",
                Sentence("{provider} is set up for real money.", provider=provider),
                Sentence("Leave it out, or point it at its sandbox."),
            )
            raise SettingsError([fault])
    elif settings.is_production:
        faults = [
            *_of_sandboxes(built, prefix),
            *(
                Fault(
                    f"{prefix}{name.upper()}",
                    Sentence("this is the example's text."),
                    Sentence("Set it to what the provider gave you."),
                )
                for name, value in built
                if _text(value).startswith(PLACEHOLDER)
            ),
        ]
        if faults:
            raise SettingsError(faults)
    return built


def _of_sandboxes(built: BaseModel, prefix: str) -> Iterator[Fault]:
    for name, value in built:
        if isinstance(value, SecretStr):
            continue
        if is_value_for_trying(value) or (name == "is_trial" and value):
            yield Fault(
                f"{prefix}{name.upper()}",
                Sentence("this points at a sandbox, which moves no money."),
                Sentence(
                    "Set the provider's production value, or name it in CAURI_TRIAL_PROVIDERS."
                ),
            )


def _text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return value if isinstance(value, str) else ""
