"""The OpenAPI 3.1 document, made from the route table and the models that validate.

One function, no framework: pydantic writes the JSON Schemas (2020-12, which is what OpenAPI 3.1
speaks), and everything else is in the routes, one by one in `api.openapi_operation`. Every kind of
problem stands once among the components, with an example, and each operation names its own.

Nothing here names a route: whatever is added to the table is described in full.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from adapters.refusal_texts import Language
from api.french_docs import INTRODUCTION
from api.openapi_examples import Examples
from api.openapi_fields import with_words
from api.openapi_french import in_language
from api.openapi_operation import PATH_PARAMETER, Shapes, operation_of, reference_of, tag_of
from api.openapi_problems import problem_examples
from api.openapi_webhooks import TAG, webhooks_of
from api.remedies import remedy
from api.reports import ProblemOut
from api.route import Route
from api.schemas_messages import EndpointTestContent, MessageContent

JsonObject = dict[str, Any]

OPENAPI: Final = "3.1.0"
TITLE: Final = "Cauri"
VERSION: Final = "1"

_DESCRIPTION: Final = """\
Take payments, give them back and pay out through the mobile money operators of Africa.

- **Keys.** Send yours as `Authorization: Bearer ck_...`. A merchant sees only what is its own;
  another's is answered like what does not exist.
- **Money** is a decimal string in major units and an ISO 4217 currency, never a number.
- **Idempotency.** What moves money takes an `Idempotency-Key` of your own. Repeat a request under
  its key and you get its first answer, for ever; nobody is charged twice.
- **Unfinished** is answered by `202`: look where `Location` says until `is_final` is true.
- **Positions.** An answer's `Cauri-Position` says up to where in the log it speaks; of one payment,
  that is its own last event. Give it to a list as `min_position`, and the list has seen what you
  just wrote. Keep an answer's `Cauri-Log` beside it and send both: if the log was restored from a
  backup since, you are refused by `log_restored` and told where to go on.
- **Errors** are problem details (RFC 9457) with a stable `code`. `errors` says where, why and what
  to send instead.
- **Languages.** Texts are in French or English, by `Accept-Language`.
- **Conversations.** Send an `X-Correlation-Id` of your own, or quote the one you are given.
"""

_TAGS: Final[Mapping[str, str]] = {
    "payments": "Money from a customer to the merchant.",
    "payouts": "Money from the merchant to somebody.",
    "refunds": "Money back to a customer.",
    "checkout-sessions": "A hosted page on which a customer pays.",
    "webhook-endpoints": "Addresses of yours that are told what happens.",
    "operators": "Mobile money operators, and what a number tells.",
    "refusals": "Why money does not move, in one vocabulary.",
    "keys": "Keys to this API.",
    "events": "The log itself.",
    "log": "What the log commits to.",
    "accounts": "The books.",
    "metrics": "How payments fare.",
    "statements": "What providers say that moved.",
    "proposals": "What waits for a second person.",
    "balances": "A merchant's money, and what lies at the providers.",
    "webhooks": "For providers, who call here.",
    "messages": "What your webhook endpoints are sent.",
    "notices": "Your own events, live or page by page.",
    "people": "Forgetting somebody, and telling what is held about one.",
    "server": "For whoever runs the server.",
}
"""Tag -> what it is about; one that is not here is described by its name alone."""


def openapi_document(
    routes: Sequence[Route], *, server_url: str, language: Language = "en"
) -> JsonObject:
    """Describe every route, and every message to merchants, in a language."""
    definitions = _definitions(routes)
    shapes = Shapes(Examples(definitions), links=_links(routes), language=language)
    paths: dict[str, JsonObject] = {}
    for route in routes:
        path = PATH_PARAMETER.sub(r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = operation_of(route, shapes)
    tags = dict.fromkeys([*(tag_of(route) for route in routes), TAG])
    document: JsonObject = {
        "openapi": OPENAPI,
        "info": {
            "title": TITLE,
            "version": VERSION,
            "summary": "An event-sourced ledger and gateway for mobile money.",
            "description": INTRODUCTION if language == "fr" else _DESCRIPTION,
        },
        "servers": [{"url": server_url}],
        "tags": [{"name": tag, "description": _TAGS.get(tag, tag)} for tag in tags],
        "paths": paths,
        "webhooks": webhooks_of(shapes.examples, language),
        "components": {
            "schemas": definitions,
            "examples": {
                code: {
                    "summary": example["title"],
                    "description": remedy(code, language),
                    "value": example,
                }
                for code, example in problem_examples(language).items()
            },
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key, `ck_...`. It is shown once, when it is made.",
                }
            },
        },
    }
    described: JsonObject = in_language(document, language)
    return described


def _definitions(routes: Sequence[Route]) -> dict[str, JsonObject]:
    models: set[type[BaseModel]] = {ProblemOut, MessageContent, EndpointTestContent}
    for route in routes:
        models.update(one for one in route.answers.values() if not isinstance(one, str))
        models.update(one for one in (route.body, route.form) if one is not None)
    wanted: list[tuple[type[BaseModel], Literal["validation", "serialization"]]] = [
        (model, "validation") for model in sorted(models, key=lambda model: model.__name__)
    ]
    _, written = models_json_schema(wanted, ref_template=reference_of("{model}")["$ref"])
    definitions: dict[str, JsonObject] = written["$defs"]
    with_words(definitions)
    return definitions


def _links(routes: Sequence[Route]) -> Mapping[str, tuple[str, str]]:
    """Name of a collection -> the operation that shows one of it, and that one's path parameter."""
    found: dict[str, tuple[str, str]] = {}
    for route in routes:
        outer, _, last = route.path.rpartition("/")
        parameter = PATH_PARAMETER.fullmatch(last)
        if route.method == "GET" and parameter and not PATH_PARAMETER.search(outer):
            found[outer.rpartition("/")[2]] = (route.name, parameter[1])
    return found
