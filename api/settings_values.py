"""Values of settings: texts become what a model wants, and what cannot be used is a fault by name.

A fault names the variable, the reason and the remedy, and never a secret's value. It knows no
setting; those are in `api.settings` and the modules beside it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

PREFIX: Final = "CAURI_"

JsonObject = dict[str, Any]
Model = TypeVar("Model", bound=BaseModel)


class Fault(NamedTuple):
    """One thing wrong with the settings: which variable, why, and what to set instead."""

    name: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.name}: {self.reason} {self.remedy}"


class SettingsError(Exception):
    """The settings cannot be used; `faults` names every reason, never a secret's value."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


def validated(model: type[Model], values: Mapping[str, Any], prefix: str) -> Model:
    """Validate texts as the model's types; lists may be `a,b` or JSON."""
    read = {
        name: _from_text(value) if name in model.model_fields and _is_list(model, name) else value
        for name, value in values.items()
    }
    try:
        return model.model_validate(read)
    except ValidationError as error:
        raise SettingsError(
            [
                Fault(
                    f"{prefix}{'_'.join(str(part) for part in one['loc']).upper()}",
                    f"{one['msg']}.",
                    "See the settings in the README.",
                )
                for one in error.errors(include_url=False, include_context=False)
            ]
        ) from None


def _is_list(model: type[BaseModel], name: str) -> bool:
    annotation = str(model.model_fields[name].annotation)
    return annotation.startswith(("tuple", "list", "set", "frozenset", "dict"))


def _from_text(value: object) -> object:
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith(("[", "{")):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return tuple(part.strip() for part in value.split(",") if part.strip())
