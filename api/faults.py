"""Faults: what a request's model objects to, in our own words instead of pydantic's.

pydantic names every fault by a type and the bounds that were passed; its English text is made for
whoever wrote the model. Here each type that a model of ours can raise has a reason and a remedy for
whoever sent the request, and what was sent is never repeated. A test sends every model what it can
not take and finds no type without words.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ledger.sentences import Sentence

_FORMS: Final[Mapping[str, tuple[Sentence, Sentence]]] = {
    "provider": (
        Sentence("This is not the form of a provider's name."),
        Sentence("Send a name in small letters, such as mtn."),
    ),
    "operator": (
        Sentence("This is not the form of an operator's code."),
        Sentence("Send a code such as mtn-cm, or leave it out."),
    ),
    "country": (
        Sentence("This is not the form of a country's code."),
        Sentence("Send the two capitals of ISO 3166, such as CM."),
    ),
    "one_time_code": (
        Sentence("This is not the form of a one-time code."),
        Sentence("Send its 4 to 10 digits and nothing else."),
    ),
    "reason": (
        Sentence("The reason is blank, or has too many digits."),
        Sentence("Say why, and write no telephone number into it: it is kept for ever."),
    ),
    "idempotency_key": (
        Sentence("This is not the form of an Idempotency-Key."),
        Sentence("Send it as the header had it: printable ASCII characters, escaped as needed."),
    ),
    "embed_origin": (
        Sentence("This is not the origin of a web page."),
        Sentence("Send its scheme and host, such as https://shop.example, and no path."),
    ),
    "email": (
        Sentence("This is not the form of an e-mail address."),
        Sentence("Send one such as name@shop.example, without spaces, quotes or accents."),
    ),
    "provider_transaction_id": (
        Sentence("this is not the form of an id."),
        Sentence(
            "Send 1 to 100 letters, digits and . _ : / # + = - without spaces, a letter or digit "
            "first."
        ),
    ),
    "return_url": (
        Sentence("This is not a web address."),
        Sentence("Send one that begins with https:// or http:// and has no spaces."),
    ),
}
"""Field -> what to say of a text that has not its form."""

_ALIKE: Final[Mapping[str, str]] = {
    "cancel_url": "return_url",
    "receipt_email": "email",
    "reference": "provider_transaction_id",
}
"""Field -> the one above whose form it has too."""

_TIME_REMEDY: Final = Sentence("Send a time such as 2030-01-31T12:00:00Z.")
_DAY_REMEDY: Final = Sentence(
    "Send a time such as 2030-01-31T12:00:00Z, or a day such as 2030-01-31."
)
_DAYS: Final = frozenset(
    {
        "covers_from",
        "covers_to",
        "created_from",
        "created_to",
        "effective_at",
        "effective_from",
        "effective_to",
    }
)
"""The parameters that take a day too."""


def explanation_of(
    kind: str, path: Sequence[str], bounds: Mapping[str, Any]
) -> tuple[Sentence, Sentence]:
    """Say why it is a fault and what to send instead.

    Args:
        kind: pydantic's name for the type of fault.
        path: where it is, from the outside in.
        bounds: pydantic's context: the limit that was passed, or what was expected.
    """
    name = path[-1] if path else ""
    match kind:
        case "missing":
            return Sentence("The field is missing."), Sentence("Add it.")
        case "extra_forbidden":
            return Sentence("There is no such field."), Sentence("Remove it; see /openapi.json.")
        case "model_type" | "dict_type":
            return Sentence("The value is no object."), Sentence("Send {{...}}.")
        case "string_type" if name == "amount":
            return (
                Sentence("The amount is no string: numbers lose money on the way."),
                Sentence('Send a decimal string in major units, such as "1500".'),
            )
        case "literal_error" | "enum":
            # pydantic joins the last two by a word of English.
            values = bounds["expected"].replace(" or ", ", ")
            return (
                Sentence("The value is not one of those that are known."),
                Sentence("Send one of: {values}.", values=values),
            )
        case "list_type":
            return Sentence("The value is no list."), Sentence("Send [...].")
        case "too_short":
            return Sentence("The list is empty."), Sentence("Send at least one.")
        case "too_long" if name in {"types", "lines"}:
            return (
                Sentence("There are too many values."),
                Sentence("Send at most {values_max} of them.", values_max=bounds["max_length"]),
            )
        case "too_long":
            return (
                Sentence("There are too many pairs."),
                Sentence("Send at most {pairs_max} of them.", pairs_max=bounds["max_length"]),
            )
        case "bool_parsing" | "bool_type":
            return (
                Sentence("The value is neither true nor false."),
                Sentence("Send one of the two."),
            )
        case "timezone_aware":
            remedy = _DAY_REMEDY if name in _DAYS else _TIME_REMEDY
            return Sentence("The time does not say its offset from UTC."), remedy
    if kind.startswith("datetime_"):
        if name in _DAYS:
            return Sentence("The value is neither a time nor a day."), _DAY_REMEDY
        return Sentence("The value is no time."), _TIME_REMEDY
    if kind.startswith("string_"):
        return _of_text(kind, name, bounds)
    return _of_number(kind, bounds)


def _of_text(kind: str, name: str, bounds: Mapping[str, Any]) -> tuple[Sentence, Sentence]:
    match kind:
        case "string_type":
            return Sentence("The value is no string."), Sentence("Send it in quotes.")
        case "string_too_short":
            return (
                Sentence("The text is too short."),
                Sentence(
                    "Its length in characters must be {characters_min} or more.",
                    characters_min=bounds["min_length"],
                ),
            )
        case "string_too_long":
            return (
                Sentence("The text is too long."),
                Sentence(
                    "Send at most {characters_max} characters.",
                    characters_max=bounds["max_length"],
                ),
            )
        case "string_pattern_mismatch":
            form = _FORMS.get(_ALIKE.get(name, name))
            if form is not None:
                return form
    return _of_any()


def _of_number(kind: str, bounds: Mapping[str, Any]) -> tuple[Sentence, Sentence]:
    match kind:
        case "int_parsing":
            return Sentence("The value is no whole number."), Sentence("Send digits only.")
        case "int_type" | "int_from_float":
            return (
                Sentence("The value is no whole number."),
                Sentence("Send digits only, without quotes."),
            )
        case "int_parsing_size":
            return Sentence("The number is too large."), Sentence("Send a smaller one.")
        case "greater_than_equal":
            return (
                Sentence("The number is too small."),
                Sentence("Send {minimum} or more.", minimum=bounds["ge"]),
            )
        case "less_than_equal":
            return (
                Sentence("The number is too large."),
                Sentence("Send {maximum} or less.", maximum=bounds["le"]),
            )
    return _of_any()


def _of_any() -> tuple[Sentence, Sentence]:
    return (
        Sentence("The value cannot be used."),
        Sentence("See /openapi.json for what is allowed."),
    )
