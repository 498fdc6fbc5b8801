"""Values of settings: texts become what a model wants, and what cannot be used is a fault by name.

It knows no setting; those are in `api.settings` and the modules beside it.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from api.settings_fault import Fault, SettingsError
from api.settings_faults import told

PREFIX: Final = "CAURI_"

JsonObject = dict[str, Any]
Model = TypeVar("Model", bound=BaseModel)


def validated(model: type[Model], values: Mapping[str, Any], prefix: str) -> Model:
    """Validate texts as the model's types; lists may be `a,b` or JSON."""
    read = {
        name: _from_text(value) if name in model.model_fields and _is_list(model, name) else value
        for name, value in values.items()
    }
    try:
        return model.model_validate(read)
    except ValidationError as error:
        faults = told(model, error.errors(include_url=False, include_input=False), prefix)
        raise SettingsError(faults) from None


def family_of(name: str, prefix: str) -> str:
    """The first word of a setting's name: settings that hang together share it, as `mail` does."""
    return name.removeprefix(prefix).lower().partition("_")[0]


def families_of(faults: Iterable[Fault], prefix: str) -> set[str]:
    """Whose settings are wrong somewhere."""
    return {family_of(one.name, prefix) for one in faults}


def without(values: Mapping[str, Any], faults: Iterable[Fault], prefix: str) -> dict[str, Any]:
    """Leave out what is wrong and what may hang on it, so that the rest can be read."""
    families = families_of(faults, prefix)
    if "providers" in families:
        families.add("trial")  # which names some of them
    return {
        name: value for name, value in values.items() if family_of(name, prefix) not in families
    }


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
