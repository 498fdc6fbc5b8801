"""The OpenAPI 3.1 document, made from the route table and the models that validate.

One function, no framework: pydantic writes the JSON Schemas (2020-12, which is what OpenAPI 3.1
speaks), and everything else is in the routes. Problems are documented per status with their codes.
"""

import re
from collections.abc import Sequence
from typing import Any, Final, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.calls import JSON, POSITION_HEADER
from api.errors import ALL_PROBLEMS
from api.middleware import CORRELATION_HEADER, PROBLEM_JSON
from api.reports import ProblemOut
from api.requests import IDEMPOTENCY_KEY_CHARACTERS_MAX, IDEMPOTENCY_KEY_HEADER
from api.routes import Route

JsonObject = dict[str, Any]

FORM: Final = "application/x-www-form-urlencoded"
HTML: Final = "text/html"
VERSION: Final = "1"
EVERYWHERE: Final = ("bad_request", "invalid_request", "busy", "store_unavailable", "internal")
"""Codes that any route may answer."""

_REFERENCE: Final = "#/components/schemas/{model}"
_PATH_PARAMETER: Final = re.compile(r"\{(\w+)(:[^}]*)?\}")


def openapi_document(routes: Sequence[Route], *, server_url: str) -> JsonObject:
    """Describe every route."""
    models: set[type[BaseModel]] = {ProblemOut}
    for route in routes:
        models.update(_models_of(route))
    wanted: list[tuple[type[BaseModel], Literal["validation", "serialization"]]] = [
        (model, "validation") for model in sorted(models, key=lambda model: model.__name__)
    ]
    _, definitions = models_json_schema(wanted, ref_template=_REFERENCE)
    paths: dict[str, JsonObject] = {}
    for route in routes:
        path = _PATH_PARAMETER.sub(r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Cauri",
            "version": VERSION,
            "summary": "An event-sourced ledger and gateway for mobile money.",
        },
        "servers": [{"url": server_url}],
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "An API key: ck_..."}
            },
        },
    }


def _models_of(route: Route) -> list[type[BaseModel]]:
    models = [model for model in route.answers.values() if not isinstance(model, str)]
    return [*models, *(one for one in (route.body, route.form) if one is not None)]


def _operation(route: Route) -> JsonObject:
    operation: JsonObject = {
        "operationId": route.name,
        "summary": route.summary,
        "parameters": _parameters(route),
        "responses": _responses(route),
    }
    if route.roles is not None:
        operation["security"] = [{"key": []}]
        operation["description"] = f"For keys of: {', '.join(sorted(route.roles))}."
    if route.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {JSON: {"schema": _reference(route.body)}},
        }
    if route.form is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {FORM: {"schema": _reference(route.form)}},
        }
    return operation


def _parameters(route: Route) -> list[JsonObject]:
    parameters: list[JsonObject] = [
        {"name": match[1], "in": "path", "required": True, "schema": {"type": "string"}}
        for match in _PATH_PARAMETER.finditer(route.path)
    ]
    schema = route.query.model_json_schema(ref_template=_REFERENCE)
    for name, wanted in schema.get("properties", {}).items():
        described = {key: value for key, value in wanted.items() if key != "description"}
        parameter = {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "schema": described,
        }
        if "description" in wanted:
            parameter["description"] = wanted["description"]
        parameters.append(parameter)
    if route.needs_idempotency_key:
        parameters.append(
            {
                "name": IDEMPOTENCY_KEY_HEADER,
                "in": "header",
                "required": True,
                "description": "Your own name for this request.",
                "schema": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": IDEMPOTENCY_KEY_CHARACTERS_MAX,
                },
            }
        )
    return parameters


def _responses(route: Route) -> JsonObject:
    responses: JsonObject = {}
    for status, answer in route.answers.items():
        content: JsonObject = (
            {answer: {}} if isinstance(answer, str) else {JSON: {"schema": _reference(answer)}}
        )
        responses[str(status)] = {
            "description": _described(answer),
            "headers": {
                CORRELATION_HEADER: {"schema": {"type": "string"}},
                POSITION_HEADER: {"schema": {"type": "integer"}},
            },
            "content": content,
        }
    by_status: dict[int, list[str]] = {}
    for code in (*route.problems, *EVERYWHERE):
        by_status.setdefault(ALL_PROBLEMS[code].status, []).append(code)
    for status, codes in sorted(by_status.items()):
        said = "; ".join(
            f"`{code}`: {ALL_PROBLEMS[code].title_en}" for code in dict.fromkeys(codes)
        )
        content = {PROBLEM_JSON: {"schema": _reference(ProblemOut)}}
        if route.is_page:
            content[HTML] = {}
        known = responses.setdefault(str(status), {"description": "", "content": {}})
        known["description"] = f"{known['description']} {said}.".strip()
        known["content"] |= content
    return responses


def _described(answer: type[BaseModel] | str) -> str:
    if isinstance(answer, str):
        return "The answer."
    return (answer.__doc__ or answer.__name__).strip().splitlines()[0]


def _reference(model: type[BaseModel]) -> JsonObject:
    return {"$ref": _REFERENCE.format(model=model.__name__)}
