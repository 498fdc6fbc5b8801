"""The OpenAPI document: valid, complete, and made from what validates."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from openapi_spec_validator import OpenAPIV31SpecValidator

from api import reports, schemas
from api.app import create_app
from api.docs_page import docs_page
from api.errors import ALL_PROBLEMS
from api.openapi import openapi_document
from api.route import TAIL
from api.routes import ROUTES
from tests.api_world import World, a_world, settings_in
from tests.conftest import FakeClock


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with a_world(settings_in(tmp_path), clock=clock, is_in_memory=True) as made:
        yield made


@pytest.fixture(scope="module")
def document() -> Any:
    return openapi_document(ROUTES, server_url="http://127.0.0.1:8080")


def test_the_document_is_valid_openapi_3_1(document: Any) -> None:
    OpenAPIV31SpecValidator(document).validate()

    assert document["openapi"] == "3.1.0"


async def test_every_route_of_the_router_is_documented_and_no_other(
    world: World, document: Any
) -> None:
    app = create_app(world.services)

    routed = {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if isinstance(route, web.AbstractRoute) and route.resource is not None
    }
    documented = {
        (method.upper(), path) for path, item in document["paths"].items() for method in item
    }
    assert documented == routed


async def test_the_server_gives_the_document(world: World, document: Any) -> None:
    answer = await world.get("/openapi.json", who=None)

    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json["paths"] == document["paths"]


def test_every_operation_says_who_may_call_it(document: Any) -> None:
    for route in ROUTES:
        path = route.path.replace(TAIL, "{tail}")
        operation = document["paths"][path][route.method.lower()]
        assert bool(operation.get("security")) is (route.roles is not None), route.name
        assert operation["operationId"] == route.name


class Form(schemas.Request):
    """What a page sends."""

    phone: str


def test_a_page_with_a_form_and_limits_is_described_as_such() -> None:
    page = replace(ROUTES[0], body=None, form=Form, is_page=True, path="/pay/{session_id}")
    document = openapi_document([page], server_url="http://127.0.0.1:8080")
    operation = document["paths"]["/pay/{session_id}"]["post"]

    OpenAPIV31SpecValidator(document).validate()
    assert operation["requestBody"]["content"] == {
        "application/x-www-form-urlencoded": {
            "schema": {"$ref": "#/components/schemas/Form"},
            "example": {"phone": "+237650000001"},
        }
    }
    refused = operation["responses"]["422"]["content"]
    assert refused.keys() == {"application/problem+json", "text/html"}
    assert "--data-urlencode 'phone=+237650000001'" in docs_page(document, "en")


def test_a_route_that_may_say_429_tells_of_its_limits_in_every_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow = replace(ALL_PROBLEMS["busy"], status=429, code="slow_down")
    monkeypatch.setattr("api.openapi_operation.ALL_PROBLEMS", {**ALL_PROBLEMS, "slow_down": slow})
    limited = replace(ROUTES[0], problems=("slow_down",))
    document = openapi_document([limited], server_url="http://127.0.0.1:8080")
    responses = document["paths"][limited.path]["post"]["responses"]

    told = {status for status, one in responses.items() if "RateLimit" in one["headers"]}
    assert told == responses.keys()
    assert "Retry-After" in responses["429"]["headers"]


def test_every_problem_is_documented_somewhere_with_its_status() -> None:
    documented = {code for route in ROUTES for code in route.problems}

    assert documented <= ALL_PROBLEMS.keys()


def test_every_reference_in_the_document_leads_somewhere(document: Any) -> None:
    components = document["components"]
    present = {f"#/components/{kind}/{name}" for kind in components for name in components[kind]}

    def references(value: Any) -> set[str]:
        if isinstance(value, dict):
            own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
            return own.union(*(references(one) for one in value.values()))
        if isinstance(value, list):
            return set().union(*(references(one) for one in value))
        return set()

    assert references(document) - present == set()


def test_a_payment_says_of_its_end_what_its_receipt_says(document: Any) -> None:
    shapes = document["components"]["schemas"]
    told = {
        shapes[one]["properties"]["expires_at"]["description"]
        for one in ("PaymentOut", "PaymentReceipt")
    }
    assert told == {"When it is given up if no provider can be reached."}


async def test_a_page_of_the_log_is_what_the_document_says(world: World) -> None:
    page = await world.get("/v1/events", who="auditor")

    assert reports.LogPage.model_validate_json(page.body).position == 8
