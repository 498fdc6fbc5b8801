"""Sentences for what a setting's type refuses: which setting, what is wrong, and what to write.

The library's own words name types, regular expressions and items "after validation", which help
nobody who writes a settings file. The description of the setting, which is the reference, is the
remedy where no better one is known. A value is never repeated: it may be a secret.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

from pydantic import BaseModel, SecretStr
from pydantic_core import ErrorDetails

from adapters.base import ADDRESS_PATTERN
from api.settings_fault import Described, Fault
from ledger.sentences import Sentence

SEE_README: Final = Sentence("See the settings in the README.")

_NO_NUMBER: Final = Sentence("this is no number.")
_NO_BOOL: Final = Sentence("this is neither `true` nor `false`.")
_MISSING: Final = Sentence("it is not set, and there is no default.")
_PLAIN: Final[Mapping[str, Sentence]] = {
    "missing": _MISSING,
    "bool_parsing": _NO_BOOL,
    "bool_type": _NO_BOOL,
    "int_parsing": _NO_NUMBER,
    "int_type": _NO_NUMBER,
    "int_from_float": Sentence("this is no whole number."),
    "float_parsing": _NO_NUMBER,
    "float_type": _NO_NUMBER,
    "string_type": Sentence("this is no text."),
    "path_type": Sentence("this is no path of a file."),
    "tuple_type": Sentence("this is no list."),
    "dict_type": Sentence("this is no object in JSON."),
    "mapping_type": Sentence("this is no object in JSON."),
    "string_pattern_mismatch": Sentence("it is not written as it must be."),
}
"""Kind of the library's error -> what is said of it."""

WEB_ADDRESS: Final = r"^https?://[^\s/?#]+(/[^\s?#]*)?$"
"""The address of a server as others know it."""

_FORMS: Final[Mapping[str, tuple[Sentence, Sentence]]] = {
    ADDRESS_PATTERN: (
        Sentence("this is no https address that can be used."),
        Sentence(
            "Write it as `https://host/path`, no slash at its end; `http://` on this machine only."
        ),
    ),
    WEB_ADDRESS: (
        Sentence("this is no whole address of a server."),
        Sentence("Write it with its scheme, `https://pay.example`, and nothing after its path."),
    ),
}
"""Regular expression -> what is said of a text that is not of that form, and how to write it."""


def unknown(name: str, known: Iterable[str]) -> Fault:
    """Say that there is no such setting, and which one may be meant."""
    near = get_close_matches(name.upper(), [one.upper() for one in known], n=1, cutoff=0.75)
    # In a file a setting is written small, and without what its table says already.
    meant = next((one for one in known if [one.upper()] == near), None)
    remedy = Sentence("Correct the name, or remove it.")
    if meant:
        remedy = Sentence("Correct the name to {meant}, or remove it.", meant=meant)
    return Fault(name, Sentence("there is no such setting."), remedy)


def told(model: type[BaseModel], errors: Sequence[ErrorDetails], prefix: str) -> list[Fault]:
    """Say what is wrong with the values of a model, one fault for each error.

    A rule of our own raises ValueError with its sentence; one about several fields with the field
    that is to be changed before it.

    Args:
        model: whose fields they are.
        errors: the library's own list.
        prefix: what stands before a field's name in the environment.
    """
    return [_told(model, one, prefix) for one in errors]


def described(text: str) -> Described:
    """What the reference says of a setting, as a sentence; braces in it are braces."""
    return Described(text.replace("{", "{{").replace("}", "}}"))


def _told(model: type[BaseModel], error: ErrorDetails, prefix: str) -> Fault:
    place, own = error["loc"], _own_words(error)
    field_name = str(place[0]) if place else str(own[0]) if own else ""
    name = f"{prefix}{'_'.join([field_name, *map(str, place[1:])]).upper()}".rstrip("_")
    field = model.model_fields.get(field_name)
    description = field.description if field is not None else None
    remedy = described(description) if description else SEE_README
    if error["type"] == "extra_forbidden":
        return unknown(name, [f"{prefix}{one.upper()}" for one in model.model_fields])
    if error["type"] == "missing":
        return Fault(name, _MISSING, Sentence("Set it. {how}", how=remedy))
    if error["type"] == "string_pattern_mismatch" and _limits(error)["pattern"] in _FORMS:
        return Fault(name, *_FORMS[_limits(error)["pattern"]])
    if own and isinstance(own[-1], Sentence):
        return Fault(name, own[-1], remedy)
    is_text = field is not None and _is_text(field.annotation)
    return Fault(name, reason_of(error, is_text=is_text), remedy)


def _own_words(error: ErrorDetails) -> tuple[object, ...]:
    """What a rule of our own raised: its sentence, after the field where it names one."""
    raised = _limits(error).get("error")
    return raised.args if isinstance(raised, ValueError) else ()


def one_of(known: Iterable[str]) -> Sentence:
    """Say which words there are."""
    return Sentence("it must be one of {known}.", known=", ".join(known))


def reason_of(error: ErrorDetails, *, is_text: bool) -> Sentence:
    """Say what is wrong with a value; `is_text`: its characters are counted, as of a secret."""
    given = _limits(error)
    match error["type"]:
        case "greater_than":
            return Sentence("it must be greater than {gt}.", gt=given["gt"])
        case "greater_than_equal":
            return Sentence("it must be {ge} or more.", ge=given["ge"])
        case "less_than":
            return Sentence("it must be less than {lt}.", lt=given["lt"])
        case "less_than_equal":
            return Sentence("it must be {le} or less.", le=given["le"])
        case "literal_error":
            return one_of(_QUOTED.findall(given["expected"]))
        case "string_too_long":
            most = given["max_length"]
            return Sentence("it is too long: {most} characters or fewer are wanted.", most=most)
        case "string_too_short":
            return _too_short(given["min_length"])
        case "too_short" if is_text:
            # The library counts a secret's characters as items.
            return _too_short(given["min_length"])
        case "too_long" if is_text:
            most = given["max_length"]
            return Sentence("it is too long: {most} characters or fewer are wanted.", most=most)
    return _PLAIN.get(error["type"], _UNUSABLE)


_UNUSABLE: Final = Sentence("it cannot be used as it stands.")
_QUOTED: Final = re.compile(r"'([^']*)'")


def _too_short(least: int) -> Sentence:
    return Sentence("it is too short: {least} characters or more are wanted.", least=least)


def _limits(error: ErrorDetails) -> Mapping[str, Any]:
    return error.get("ctx", {})


def _is_text(annotation: object) -> bool:
    return annotation in {SecretStr, SecretStr | None}
