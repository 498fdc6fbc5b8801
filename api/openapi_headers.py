"""Headers of a request in the OpenAPI document: those of every route, and those of a few.

OpenAPI has tools ignore a parameter named `Accept`, since the media types of the answers tell the
same; it stands here for people.
"""

from collections.abc import Mapping
from typing import Any, Final

from api.audit import NDJSON
from api.notices import LAST_EVENT_ID
from api.requests import IDEMPOTENCY_KEY_CHARACTERS_MAX, IDEMPOTENCY_KEY_HEADER
from api.signed_answers import ACCEPT_HEADER

JsonObject = dict[str, Any]

ACCEPT_LANGUAGE: Final = "Accept-Language"
KEY_PATTERN: Final = "^[!-~]([ -~]*[!-~])?$"
"""Printable ASCII; a blank at either end would be lost on the way."""

_HEADERS: Final[Mapping[str, JsonObject]] = {
    IDEMPOTENCY_KEY_HEADER: {
        "required": True,
        "description": "Your own name for this request, such as your order's number.",
        "schema": {
            "type": "string",
            "minLength": 1,
            "maxLength": IDEMPOTENCY_KEY_CHARACTERS_MAX,
            "pattern": KEY_PATTERN,
        },
        "example": "order-1001",
    },
    LAST_EVENT_ID: {
        "required": False,
        "description": "The `id` of the last event you have: the stream goes on behind it.",
        "schema": {"type": "integer", "minimum": 0, "maximum": 10**18 - 1},
        "example": 42,
    },
    ACCEPT_HEADER: {
        "required": False,
        "description": "What is to be signed of the answer (RFC 9421): it then carries "
        "`Content-Digest`, `Signature-Input` and `Signature`, by the key that signs the log.",
        "schema": {"type": "string"},
        "example": 'answer=("@status" "content-digest" "@path";req)',
    },
    "Accept": {
        "required": False,
        "description": f"`{NDJSON}`: the stored lines and nothing around them. By default JSON.",
        "schema": {"type": "string"},
        "example": NDJSON,
    },
    ACCEPT_LANGUAGE: {
        "required": False,
        "description": "`fr` or `en`, with weights if you like: the language of texts for people.",
        "schema": {"type": "string"},
        "examples": {"fr": {"value": "fr"}, "en": {"value": "en"}},
    },
}


def header_parameter(name: str) -> JsonObject:
    """Describe a header that a request may have, or must."""
    return {"name": name, "in": "header", **_HEADERS[name]}
