"""The description in French: no operation, group, parameter, field or answer is left in English."""

from collections.abc import Iterator
from typing import Any

import pytest

from api.openapi import openapi_document
from api.openapi_fields import FIELDS
from api.openapi_french import TRANSLATED, told
from api.remedies import REMEDIES
from api.routes import ROUTES
from tests.test_api_french import english_in
from tests.things import operations_of

URL = "http://127.0.0.1:8080"
ENGLISH: Any = openapi_document(ROUTES, server_url=URL)
FRENCH: Any = openapi_document(ROUTES, server_url=URL, language="fr")
NOT_TEXT = frozenset({"example", "examples", "value"})


def texts(document: Any, place: str = "", *, is_named: bool = False) -> Iterator[tuple[str, str]]:
    """Every summary and description: where it stands, and what it says."""
    if isinstance(document, list):
        for at, one in enumerate(document):
            yield from texts(one, f"{place}/{at}")
    elif isinstance(document, dict):
        for key, one in document.items():
            if not is_named and key in {"summary", "description"} and isinstance(one, str):
                yield f"{place}/{key}", one
            elif is_named or key not in NOT_TEXT or place == "/components":
                inner = not is_named and key in {"properties", "headers", "schemas", "examples"}
                yield from texts(one, f"{place}/{key}", is_named=inner)


def test_no_text_of_the_document_is_left_in_english() -> None:
    english, french = dict(texts(ENGLISH)), dict(texts(FRENCH))

    assert english.keys() == french.keys()
    assert len(english) > 1000
    assert {text for place, text in english.items() if french[place] == text} == set()
    assert {text: found for text in french.values() if (found := english_in(text))} == {}


@pytest.mark.parametrize("operation", list(operations_of(FRENCH)), ids=lambda one: one.name)
def test_every_operation_has_a_french_summary_and_says_who_may_call_it(operation: Any) -> None:
    english = ENGLISH["paths"][operation.path][operation.method.lower()]

    assert operation.said["summary"] != english["summary"]
    assert operation.said["summary"] == told(english["summary"], "fr")
    assert ("security" in operation.said) is operation.said.get("description", "").startswith(
        "Pour les clés de"
    )


def test_the_two_documents_differ_in_their_texts_and_in_nothing_else() -> None:
    def bare(part: Any) -> Any:
        if isinstance(part, list):
            return [bare(one) for one in part]
        if isinstance(part, dict):
            return {key: bare(one) for key, one in part.items() if not isinstance(one, str)}
        return part

    assert bare(ENGLISH["paths"]) == bare(FRENCH["paths"])
    assert bare(ENGLISH["webhooks"]) == bare(FRENCH["webhooks"])
    assert bare(ENGLISH["components"]["schemas"]) == bare(FRENCH["components"]["schemas"])


def test_every_field_and_every_parameter_has_a_word_about_it() -> None:
    fields = [
        f"{model}.{name}"
        for model, shape in ENGLISH["components"]["schemas"].items()
        for name, field in shape.get("properties", {}).items()
        if not field.get("description")
    ]
    parameters = [
        f"{one.name} {parameter['name']}"
        for one in operations_of(ENGLISH)
        for parameter in one.said["parameters"]
        if not parameter.get("description")
    ]
    assert fields + parameters == []


def test_no_translation_is_left_over() -> None:
    said = {text for _, text in texts(ENGLISH)}
    put_together = {
        "For keys of: {roles}.",
        "`{code}`: {title}",
        "Whether requests are served as they should be.",
    }
    of_names = {name.rpartition(".")[2] for name in FIELDS}
    found = {
        name
        for one in operations_of(ENGLISH)
        for name in (parameter["name"] for parameter in one.said["parameters"])
    } | {
        name
        for shape in ENGLISH["components"]["schemas"].values()
        for name in shape.get("properties", {})
    }

    assert TRANSLATED.keys() - said - put_together == set()
    assert of_names - found == set()
    assert len(REMEDIES) > 30
