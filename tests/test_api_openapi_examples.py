"""The document's examples: each is what its schema says, and each request is one that is taken."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.validators import validator_for

from api.errors import ALL_PROBLEMS
from api.openapi import openapi_document
from api.openapi_examples import Examples
from api.routes import ROUTES
from tests.api_world import World, a_world, settings_in
from tests.conftest import FakeClock
from tests.things import Operation, Things, operations_of, send

DOCUMENT: Any = openapi_document(ROUTES, server_url="http://127.0.0.1:8080")
OPERATIONS = list(operations_of(DOCUMENT))


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with a_world(settings_in(tmp_path), clock=clock, is_in_memory=True) as made:
        yield made


def faults_of(value: Any, schema: Any) -> list[str]:
    """What a schema of the document objects to; formats are checked too."""
    whole = {**schema, "components": DOCUMENT["components"]}
    assert validator_for(whole, Draft202012Validator) is Draft202012Validator
    checker = Draft202012Validator.FORMAT_CHECKER
    found = Draft202012Validator(whole, format_checker=checker).iter_errors(value)
    return [f"{one.json_path}: {one.message}" for one in found]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_every_example_is_what_its_schema_says(operation: Operation) -> None:
    shown: list[tuple[Any, Any]] = [
        (one["example"], one["schema"]) for one in operation.said["parameters"] if "example" in one
    ]
    contents = [operation.said.get("requestBody", {}).get("content", {})]
    contents += [one["content"] for one in operation.said["responses"].values()]
    for media in (media for content in contents for media in content.values()):
        if "example" in media:
            shown.append((media["example"], media["schema"]))
        for code, one in media.get("examples", {}).items():
            assert one["$ref"] == f"#/components/examples/{code}"
            shown.append((DOCUMENT["components"]["examples"][code]["value"], media["schema"]))

    assert [fault for value, schema in shown for fault in faults_of(value, schema)] == []
    assert len(shown) > len(operation.said["responses"]) - 1


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_every_body_and_every_parameter_that_must_be_sent_has_an_example(
    operation: Operation,
) -> None:
    bare = [
        one["name"]
        for one in operation.said["parameters"]
        if one["required"] and "example" not in one
    ]
    bodies = operation.said.get("requestBody", {}).get("content", {})
    assert bare + [media for media, one in bodies.items() if "example" not in one] == []


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_an_operation_documents_every_code_it_may_answer_with_an_example(
    operation: Operation,
) -> None:
    route = next(one for one in ROUTES if one.name == operation.name)

    documented = {
        code: int(status)
        for status, response in operation.said["responses"].items()
        for code in response["content"].get("application/problem+json", {}).get("examples", {})
    }

    assert documented == {code: ALL_PROBLEMS[code].status for code in route.every_problem}


def test_every_kind_of_problem_stands_in_the_document_with_what_it_says() -> None:
    shown = DOCUMENT["components"]["examples"]

    assert shown.keys() == ALL_PROBLEMS.keys()
    assert {code: one["value"]["code"] for code, one in shown.items()} == {
        code: code for code in ALL_PROBLEMS
    }
    assert shown["invalid_money"]["value"]["errors"][0]["pointer"] == "/amount"


def test_every_tag_is_described_and_every_operation_has_one() -> None:
    described = {one["name"]: one["description"] for one in DOCUMENT["tags"]}

    used = {one.said["tags"][0] for one in OPERATIONS}
    used |= {one["post"]["tags"][0] for one in DOCUMENT["webhooks"].values()}
    assert used == described.keys()
    assert all(described.values())


@pytest.mark.parametrize(
    "operation", [one for one in OPERATIONS if one.body is not None], ids=lambda one: one.name
)
async def test_the_example_of_a_request_is_taken_or_refused_as_is_documented(
    world: World, operation: Operation
) -> None:
    names = await Things(world, DOCUMENT, "mer_1").named_in(operation.path)

    # Whoever approved what he asked for himself would be refused: things are of the first role.
    who = "mer_1" if "merchant" in operation.roles else operation.roles[-1]

    answer = await send(world, operation, names, who=who, key="an-example")

    known = operation.said["responses"][str(answer.status)]
    media = known["content"][answer.headers["Content-Type"].partition(";")[0]]
    if "json" in answer.headers["Content-Type"]:
        assert faults_of(answer.json, media["schema"]) == []
    assert answer.status < 300 or answer.code in {"code_not_awaited", "not_cancellable"}


def test_a_shape_without_an_end_is_found_instead_of_followed_for_ever() -> None:
    endless = {"Turtle": {"properties": {"below": {"$ref": "#/components/schemas/Turtle"}}}}
    endless["Turtle"] |= {"type": "object", "required": ["below"]}  # type: ignore[dict-item]

    with pytest.raises(ValueError, match="no end"):
        Examples(endless).answer("Turtle")
