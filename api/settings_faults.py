"""Sentences for what a setting's type refuses: which setting, what is wrong, and what to write.

The library's own words name types, regular expressions and items "after validation", which help
nobody who writes a settings file. The description of the setting, which is the reference, is the
remedy where no better one is known. A value is never repeated: it may be a secret.
"""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

from pydantic import BaseModel, SecretStr
from pydantic_core import ErrorDetails

from adapters.base import ADDRESS_PATTERN
from api.settings_fault import Fault

SEE_README: Final = "See the settings in the README."

_NO_NUMBER: Final = "this is no number."
_REASONS: Final[Mapping[str, str]] = {
    "missing": "it is not set, and there is no default.",
    "bool_parsing": "this is neither `true` nor `false`.",
    "bool_type": "this is neither `true` nor `false`.",
    "int_parsing": _NO_NUMBER,
    "int_type": _NO_NUMBER,
    "int_from_float": "this is no whole number.",
    "float_parsing": _NO_NUMBER,
    "float_type": _NO_NUMBER,
    "string_type": "this is no text.",
    "greater_than": "it must be greater than {gt}.",
    "greater_than_equal": "it must be {ge} or more.",
    "less_than": "it must be less than {lt}.",
    "less_than_equal": "it must be {le} or less.",
    "literal_error": "it must be one of {expected}.",
    "string_too_short": "it is too short: {min_length} characters or more are wanted.",
    "string_too_long": "it is too long: {max_length} characters or fewer are wanted.",
    "string_pattern_mismatch": "it is not written as it must be.",
}
"""Kind of the library's error -> our sentence, filled in with the limits that were broken."""

WEB_ADDRESS: Final = r"^https?://[^\s/?#]+(/[^\s?#]*)?$"
"""The address of a server as others know it."""

_FORMS: Final[Mapping[str, tuple[str, str]]] = {
    ADDRESS_PATTERN: (
        "this is no https address that can be used.",
        "Write it as `https://host/path`, no slash at its end; `http://` on this machine only.",
    ),
    WEB_ADDRESS: (
        "this is no whole address of a server.",
        "Write it with its scheme, `https://pay.example`, and nothing after its path.",
    ),
}
"""Regular expression -> what is said of a text that is not of that form, and how to write it."""


def unknown(name: str, known: Iterable[str]) -> Fault:
    """Say that there is no such setting, and which one may be meant."""
    near = get_close_matches(name.upper(), [one.upper() for one in known], n=1, cutoff=0.75)
    # In a file a setting is written small, and without what its table says already.
    meant = next((one for one in known if [one.upper()] == near), None)
    remedy = f"Correct the name to {meant}, or remove it." if meant else ""
    return Fault(name, "there is no such setting.", remedy or "Correct the name, or remove it.")


def told(model: type[BaseModel], errors: Sequence[ErrorDetails], prefix: str) -> list[Fault]:
    """Say what is wrong with the values of a model, one fault for each error.

    Args:
        model: whose fields they are.
        errors: the library's own list.
        prefix: what stands before a field's name in the environment.
    """
    return [_told(model, one, prefix) for one in errors]


def _told(model: type[BaseModel], error: ErrorDetails, prefix: str) -> Fault:
    said, place = error["msg"].removeprefix("Value error, "), error["loc"]
    field_name = str(place[0]) if place else ""
    if not place:
        # A rule about several fields begins with the one that is to be changed.
        head, _, rest = said.partition(": ")
        if head in model.model_fields:
            field_name, said = head, rest
        else:
            field_name = next(
                (one for one in said.replace(",", " ").split() if one in model.model_fields), ""
            )
    name = f"{prefix}{'_'.join([field_name, *map(str, place[1:])]).upper()}".rstrip("_")
    field = model.model_fields.get(field_name)
    remedy = (field.description if field is not None else None) or SEE_README
    if error["type"] == "extra_forbidden":
        return unknown(name, [f"{prefix}{one.upper()}" for one in model.model_fields])
    if error["type"] == "missing":
        return Fault(name, _REASONS["missing"], f"Set it. {remedy}")
    if error["type"] == "string_pattern_mismatch" and _limits(error)["pattern"] in _FORMS:
        return Fault(name, *_FORMS[_limits(error)["pattern"]])
    if error["type"] == "too_short" and field is not None and _is_text(field.annotation):
        # The library counts a secret's characters as items.
        return Fault(name, _REASONS["string_too_short"].format_map(_limits(error)), remedy)
    template = _REASONS.get(error["type"])
    reason = template.format_map(_limits(error)) if template else f"{said.rstrip('.')}."
    return Fault(name, reason, remedy)


def _limits(error: ErrorDetails) -> Mapping[str, Any]:
    return error.get("ctx", {})


def _is_text(annotation: object) -> bool:
    return annotation in {SecretStr, SecretStr | None}
