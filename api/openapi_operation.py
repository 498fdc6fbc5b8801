"""One operation of the OpenAPI document: how it is called, and everything it may answer.

What a route does not say about itself follows from what it is: the headers from its kind, its
problems from how it is called, the links from where it stands. The statuses of problems carry a
schema that allows no code but those that are documented there, so that whoever checks answers
against the document, as our own fuzzing does, finds an undocumented one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel

from adapters.refusal_texts import Language
from api.calls import JSON, POSITION_HEADER
from api.errors import ALL_PROBLEMS
from api.lives import HEADER as LOG_HEADER
from api.middleware import CORRELATION_HEADER, PROBLEM_JSON
from api.openapi_examples import Examples
from api.openapi_fields import words_about
from api.openapi_french import told
from api.openapi_headers import ACCEPT_LANGUAGE, header_parameter
from api.openapi_media import HTML, media_example
from api.reports import ProblemOut
from api.requests import (
    IDEMPOTENCY_KEY_HEADER,
    REPEATED_HEADER,
)
from api.route import Route
from api.signed_answers import ACCEPT_HEADER

JsonObject = dict[str, Any]

FORM: Final = "application/x-www-form-urlencoded"
PATH_PARAMETER: Final = re.compile(r"\{(\w+)(:[^}]*)?\}")

_SIGNED: Final = frozenset({"payments", "payouts", "refunds"})
"""What people keep signed answers of; any other answer is signed too for whoever asks."""
_VERSIONED: Final = re.compile(r"/v\d+/([^/]+)")
_WHOLE: Final[JsonObject] = {"type": "integer", "minimum": 0}
_TEXT: Final[JsonObject] = {"type": "string"}
_CORRELATION: Final[JsonObject] = {
    "description": "The name of this conversation: yours, or a new one.",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": 64},
}
_POSITION: Final[JsonObject] = {
    "description": "The log position at which the answer stands; of what is not read from the log, "
    "as a problem is not, the last one that the lists had then.",
    "required": True,
    "schema": _WHOLE,
}
_LOG: Final[JsonObject] = {
    "description": "The life of the log in which positions are told; another after a restoration.",
    "required": True,
    "schema": _TEXT,
}
_RETRY_AFTER: Final[JsonObject] = {
    "description": "In how many seconds to repeat.",
    "schema": _WHOLE,
}
_OF_STATUS: Final[Mapping[int, Mapping[str, JsonObject]]] = {
    401: {
        "WWW-Authenticate": {"description": "How to prove who you are.", "schema": _TEXT},
    },
    405: {"Allow": {"description": "The methods that are taken.", "schema": _TEXT}},
}
_RATE_LIMITS: Final[JsonObject] = {
    "RateLimit-Policy": {
        "description": "The limits of your key, and of the payer: how many within how long.",
        "schema": _TEXT,
        "example": '"key";q=100;w=1',
    },
    "RateLimit": {
        "description": "What is left of them, and in how many seconds there is more.",
        "schema": _TEXT,
        "example": '"key";r=99;t=1',
    },
}
"""Structured fields of draft-ietf-httpapi-ratelimit-headers, where a route may say 429."""


@dataclass(frozen=True, slots=True)
class Shapes:
    """What operations are described with."""

    examples: Examples
    links: Mapping[str, tuple[str, str]]
    """Name of a collection -> the operation that shows one of it, and that one's parameter."""
    language: Language
    """Of what is put together here; the rest is translated where all of it is there."""


def operation_of(route: Route, shapes: Shapes) -> JsonObject:
    """Describe one route."""
    operation: JsonObject = {
        "operationId": route.name,
        "tags": [tag_of(route)],
        "summary": route.summary,
        "parameters": _parameters(route, shapes),
        "responses": _responses(route, shapes),
    }
    if route.roles is not None:
        operation["security"] = [{"key": []}]
        roles = ", ".join(sorted(route.roles))
        operation["description"] = told("For keys of: {roles}.", shapes.language).format(
            roles=roles
        )
    for media, model in ((JSON, route.body), (FORM, route.form)):
        if model is not None:
            name = model.__name__
            content = {"schema": reference_of(name), "example": shapes.examples.request(name)}
            is_required = route.is_body_required or media == FORM
            operation["requestBody"] = {"required": is_required, "content": {media: content}}
    return operation


def tag_of(route: Route) -> str:
    """The group an operation stands in: what it is about, by its address."""
    if found := _VERSIONED.match(route.path):
        return found[1]
    return "webhooks" if route.path.startswith("/webhooks/") else "server"


def reference_of(model: str) -> JsonObject:
    """Refer to a model's schema."""
    return {"$ref": f"#/components/schemas/{model}"}


def _parameters(route: Route, shapes: Shapes) -> list[JsonObject]:
    parameters = [
        _parameter("path", match[1], {"type": "string", "minLength": 1}, shapes, is_required=True)
        for match in PATH_PARAMETER.finditer(route.path)
    ]
    schema = route.query.model_json_schema()
    definitions = schema.get("$defs", {})
    for name, wanted in schema.get("properties", {}).items():
        described = _written_out(wanted, definitions)
        is_required = name in schema.get("required", ())
        parameters.append(_parameter("query", name, described, shapes, is_required=is_required))
    named = [IDEMPOTENCY_KEY_HEADER] if route.needs_idempotency_key else []
    if route.method == "GET" and tag_of(route) in _SIGNED:
        named = [*named, ACCEPT_HEADER]
    parameters += [header_parameter(name) for name in (*named, *route.headers, ACCEPT_LANGUAGE)]
    return parameters


def _parameter(
    where: str, name: str, schema: JsonObject, shapes: Shapes, *, is_required: bool
) -> JsonObject:
    plain = {key: one for key, one in schema.items() if key not in {"description", "title"}}
    parameter = {"name": name, "in": where, "required": is_required, "schema": plain}
    if (told_of := schema.get("description") or words_about(name)) is not None:
        parameter["description"] = told_of
    example = shapes.examples.parameter(name, plain)
    return parameter if example is None else parameter | {"example": example}


def _written_out(schema: JsonObject, definitions: Mapping[str, JsonObject]) -> JsonObject:
    """Write a parameter's schema out: no null, which no address can say, and no reference."""
    if "$ref" in schema:
        found = definitions[schema["$ref"].rpartition("/")[2]]
        rest = {key: one for key, one in schema.items() if key != "$ref"}
        return _written_out(found, definitions) | rest
    written = {key: one for key, one in schema.items() if (key, one) != ("default", None)}
    others = [one for one in written.pop("anyOf", ()) if one != {"type": "null"}]
    if len(others) == 1:
        return _written_out(others[0], definitions) | written
    return written | (
        {"anyOf": [_written_out(one, definitions) for one in others]} if others else {}
    )


def _responses(route: Route, shapes: Shapes) -> JsonObject:
    responses: dict[str, JsonObject] = {}
    is_limited = any(ALL_PROBLEMS[code].status == 429 for code in route.every_problem)
    limits = _RATE_LIMITS if is_limited else {}
    for status, answer in route.answers.items():
        responses[str(status)] = _answer(route, status, answer, shapes)
    by_status: dict[int, list[str]] = {}
    for code in route.every_problem:
        by_status.setdefault(ALL_PROBLEMS[code].status, []).append(code)
    for status, codes in sorted(by_status.items()):
        known = responses.setdefault(str(status), {"description": "", "content": {}})
        between = told("`{code}`: {title}", shapes.language)
        said = "; ".join(
            between.format(code=code, title=ALL_PROBLEMS[code].title(shapes.language))
            for code in codes
        )
        before = told(known["description"], shapes.language)
        known["description"] = f"{before} {said}.".strip()
        known.setdefault("headers", {}).update(_problem_headers(status, codes))
        if route.is_page:
            known["content"].setdefault(HTML, _unmodelled(route, HTML, shapes))
        known["content"][PROBLEM_JSON] = {
            "schema": {
                **reference_of(ProblemOut.__name__),
                "properties": {"status": {"const": status}, "code": {"enum": codes}},
            },
            "examples": {code: {"$ref": f"#/components/examples/{code}"} for code in codes},
        }
    for response in responses.values():
        response["headers"] |= limits
    return responses


def _answer(route: Route, status: int, answer: type[BaseModel] | str, shapes: Shapes) -> JsonObject:
    headers = {CORRELATION_HEADER: _CORRELATION, POSITION_HEADER: _POSITION, LOG_HEADER: _LOG}
    if isinstance(answer, str):
        content = {
            media: _unmodelled(route, media, shapes) for media in (answer, *route.other_media)
        }
        return {"description": "The answer.", "headers": headers, "content": content}
    described = (answer.__doc__ or answer.__name__).strip().splitlines()[0]
    if route.needs_idempotency_key:
        headers |= {
            "Location": {
                "description": "Where to look at what becomes of it.",
                "required": True,
                "schema": _TEXT,
            },
            REPEATED_HEADER: {
                "description": "Stands here where this is the first answer once more.",
                "schema": {"const": "true"},
            },
        }
    name = answer.__name__
    collection = PATH_PARAMETER.sub("", route.path).rstrip("/").rpartition("/")[2]
    example = shapes.examples.about(collection, shapes.examples.answer(name))
    content = {JSON: {"schema": reference_of(name), "example": example}}
    content |= {media: _unmodelled(route, media, shapes) for media in route.other_media}
    response: JsonObject = {"description": described, "headers": headers, "content": content}
    link = shapes.links.get(collection)
    if link and route.method == "POST" and status < 300 and "id" in answer.model_fields:
        operation, parameter = link
        response["links"] = {
            operation: {"operationId": operation, "parameters": {parameter: "$response.body#/id"}}
        }
    return response


def _unmodelled(route: Route, media: str, shapes: Shapes) -> JsonObject:
    """Describe an answer that is no JSON model."""
    is_its_own = route.example is not None and media in route.answers.values()
    example = route.example() if is_its_own and route.example else None
    shown = media_example(media, shapes.examples) if example is None else example
    content: JsonObject = {"schema": {"type": "object"} if media == JSON else _TEXT}
    return content if shown is None else content | {"example": shown}


def _problem_headers(status: int, codes: list[str]) -> JsonObject:
    headers: JsonObject = {
        CORRELATION_HEADER: _CORRELATION,
        POSITION_HEADER: _POSITION,
        LOG_HEADER: _LOG,
        "Content-Language": {
            "description": "The language of its texts.",
            "schema": {"enum": ["en", "fr"]},
        },
        **_OF_STATUS.get(status, {}),
    }
    if status == 429 or any(ALL_PROBLEMS[code].retry_seconds for code in codes):
        headers["Retry-After"] = _RETRY_AFTER
    return headers
