"""Problems: how an error is told to whoever sent the request, as RFC 9457 problem details.

`{type, title, status, detail, instance, code, category, errors}`: `detail` says what happened here,
`instance` names the request, and each of `errors` names a place (a JSON pointer into the body, a
parameter of the path or the query string, or a header), the reason and the remedy. All of it is in
French or English by Accept-Language. What we did not foresee is told as `internal`: its own text is
logged and never sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from aiohttp import web

from adapters.refusal_texts import Language
from api.errors import (
    BAD_REQUEST,
    BODY_TOO_LARGE,
    DISK_FULL,
    INTERNAL,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    PROBLEMS,
    UNSUPPORTED_MEDIA_TYPE,
    Place,
    ProblemError,
)
from api.french import FRENCH
from api.problem import Problem
from ledger.errors import (
    CodeNotAwaitedError,
    IdempotencyKeyReusedError,
    InvalidInputError,
    LedgerError,
    NotRefundableError,
    StoreUnavailableError,
    UnknownCheckoutError,
    UnknownEndpointError,
    UnknownMerchantError,
    UnknownPaymentError,
)
from ledger.operator_notes_refused import OperatorNoteRefusedError, UnknownOperatorNoteError
from ledger.payment_ending import NotCancellableError
from ledger.people import OPEN_TOLD_MAX, OpenPaymentsError, UnknownErasureError
from ledger.sentences import Sentence, explained
from ledger.statement import HANDING_IN, StatementRefusedError, UnknownStatementError

PROBLEM_TYPE: Final = "urn:cauri:problem:"
LANGUAGES_READ_MAX: Final = 10
"""How many languages of an Accept-Language header are looked at."""

_OF_STATUS: Final = {
    404: NOT_FOUND,
    405: METHOD_NOT_ALLOWED,
    413: BODY_TOO_LARGE,
    415: UNSUPPORTED_MEDIA_TYPE,
}

_TEMPLATES: Final[Mapping[Language, Mapping[str, str]]] = {"en": {}, "fr": FRENCH}
"""Language -> what its sentences are written from; English ones stay as they were said."""

_POINTERS: Final = {"phone": "/payer/phone", "country": "/payer/country"}
"""Where a field the ledger complains of stands in a request's body, unless it is at the top."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An error, ready to be told: the kind, this occurrence's own words, places and headers."""

    problem: Problem
    detail: Sentence
    places: tuple[Place, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)


def told(error: Exception, *, has_body: bool = True) -> Told:
    """Find what to tell the caller about an error; an unknown one is told as `internal`.

    `has_body` says whether the fields the ledger complains of came in a body or a query string.
    """
    if isinstance(error, ProblemError):
        return Told(
            problem=error.problem,
            detail=error.detail,
            places=error.places,
            headers=error.headers,
        )
    if isinstance(error, LedgerError):
        return _told_of_ledger(error, has_body=has_body)
    if isinstance(error, web.HTTPException):
        problem = _OF_STATUS.get(error.status, BAD_REQUEST if error.status < 500 else INTERNAL)
        allow = error.headers.get("Allow")
        return Told(
            problem=problem,
            detail=_HTTP_DETAILS.get(
                error.status, INTERNAL_TOLD.detail if problem is INTERNAL else _UNREAD
            ),
            headers={"Allow": allow} if allow else {},
        )
    return INTERNAL_TOLD


_HTTP_DETAILS: Final = {
    404: Sentence("No route has this path; see /docs for all of them, or /openapi.json."),
    405: Sentence("The path exists with other methods; see the Allow header."),
    413: Sentence("The body is larger than this server reads; send less."),
    415: Sentence("Send the body with `Content-Type: application/json`."),
}
_UNREAD: Final = Sentence("The server does not read requests of this form; see /openapi.json.")
INTERNAL_TOLD: Final = Told(
    problem=INTERNAL,
    detail=Sentence(
        "The request was not understood to have succeeded; repeat it under the same "
        "Idempotency-Key, and quote the correlation id if it stays so."
    ),
)


def _told_of_ledger(error: LedgerError, *, has_body: bool) -> Told:
    problem = next((PROBLEMS[cls] for cls in type(error).__mro__ if cls in PROBLEMS), None)
    if problem is None:
        return INTERNAL_TOLD
    if isinstance(error, InvalidInputError):
        place = Place("parameter", error.field, error.reason, error.remedy)
        if has_body:
            pointer = _POINTERS.get(error.field, f"/{error.field}")
            place = place._replace(where="pointer", name=pointer)
        return Told(problem=problem, detail=place.sentence, places=(place,))
    if isinstance(error, StoreUnavailableError) and "full" in error.reason:
        problem = DISK_FULL
    if isinstance(error, UnknownPaymentError):
        place = Place("parameter", "payment_id", _NO_PAYMENT, _CHECK)
        return Told(problem=problem, detail=explained(_NO_PAYMENT, _CHECK), places=(place,))
    if isinstance(error, UnknownMerchantError):
        place = Place("parameter", "merchant_id", _NO_MERCHANT, _CHECK)
        return Told(problem=problem, detail=explained(_NO_MERCHANT, _CHECK), places=(place,))
    if isinstance(error, UnknownCheckoutError):
        place = Place("parameter", "session_id", _NO_SESSION, _CHECK)
        return Told(problem=problem, detail=explained(_NO_SESSION, _CHECK), places=(place,))
    if isinstance(error, UnknownEndpointError):
        place = Place("parameter", "endpoint_id", _NO_ENDPOINT, _CHECK)
        return Told(problem=problem, detail=explained(_NO_ENDPOINT, _CHECK), places=(place,))
    if isinstance(error, IdempotencyKeyReusedError):
        place = Place("header", "Idempotency-Key", error.found, error.remedy)
        return Told(problem=problem, detail=error.reason, places=(place,))
    if isinstance(error, NotRefundableError):
        place = Place("parameter", "payment_id", error.reason, error.remedy)
        if error.field is not None:
            place = place._replace(where="pointer", name=f"/{error.field}")
        return Told(problem=problem, detail=error.args[0], places=(place,))
    if isinstance(error, CodeNotAwaitedError | NotCancellableError):
        place = Place("parameter", "payment_id", error.reason, error.remedy)
        return Told(problem=problem, detail=error.args[0], places=(place,))
    if isinstance(error, OperatorNoteRefusedError):
        place = Place("parameter", "payment_id", error.why, error.remedy)
        if error.field is not None:
            place = place._replace(where="pointer", name=f"/{error.field}")
        return Told(problem=problem, detail=error.args[0], places=(place,))
    if isinstance(error, UnknownOperatorNoteError):
        place = Place("parameter", "note_id", _NO_NOTE, _CHECK_NOTE)
        return Told(problem=problem, detail=explained(_NO_NOTE, _CHECK_NOTE), places=(place,))
    if isinstance(error, UnknownErasureError):
        place = Place("parameter", "erasure_id", _NO_ERASURE, _CHECK_ID)
        return Told(problem=problem, detail=explained(_NO_ERASURE, _CHECK_ID), places=(place,))
    if isinstance(error, UnknownStatementError):
        place = Place("parameter", "statement_id", _NO_STATEMENT, _CHECK_STATEMENT)
        detail = explained(_NO_STATEMENT, _CHECK_STATEMENT)
        return Told(problem=problem, detail=detail, places=(place,))
    if isinstance(error, StatementRefusedError):
        # Nothing names a statement that is handed in but what it says.
        place = Place("parameter", "statement_id", error.why, error.remedy)
        if error.command is HANDING_IN:
            place = Place("pointer", "/covers_to", error.why, error.remedy)
        return Told(problem=problem, detail=error.args[0], places=(place,))
    if isinstance(error, OpenPaymentsError):
        remedy = _BY_ITSELF if error.is_agreed else _ENDED
        places = [
            Place("parameter", one.id, _under_way(one.status), remedy)
            for one in error.payments[:OPEN_TOLD_MAX]
        ]
        return Told(problem=problem, detail=error.args[0], places=tuple(places))
    # Not `str(error)`: that is its English text alone.
    return Told(problem=problem, detail=error.args[0])


# The id is not repeated: somebody may have put anything into that place, a number too.
_NO_PAYMENT: Final = Sentence("There is no payment with this id.")
_NO_MERCHANT: Final = Sentence("There is no merchant with this id.")
_NO_SESSION: Final = Sentence("There is no checkout session with this id.")
_NO_ENDPOINT: Final = Sentence("There is no endpoint with this id.")
_NO_ERASURE: Final = Sentence("There is no request to forget somebody with this id.")
_NO_NOTE: Final = Sentence("The payment has no note with this id.")
_CHECK_NOTE: Final = Sentence("Check it in the list of the payment's notes.")
_NO_STATEMENT: Final = Sentence("There is no statement with this id.")
_CHECK_STATEMENT: Final = Sentence("Check it in the list of statements.")
_CHECK_ID: Final = Sentence("Check it in the list of requests.")
_ENDED: Final = Sentence("Ask again once it has its end.")
_BY_ITSELF: Final = Sentence("Once it has its end, the erasure is carried out by itself.")


def _under_way(status: str) -> Sentence:
    return Sentence("It is {status}, and has no end yet.", status=status)


_CHECK: Final = Sentence("Check it, and whose key you use.")


def problem_body(message: Told, *, language: Language, request_id: str) -> bytes:
    """Write the problem details (RFC 9457) of an occurrence."""
    problem, templates = message.problem, _TEMPLATES[language]
    body: dict[str, Any] = {
        "type": PROBLEM_TYPE + problem.code,
        "title": problem.title(language),
        "status": problem.status,
        "detail": message.detail.written(templates),
        "instance": f"urn:cauri:request:{request_id}",
        "code": problem.code,
        "category": problem.category,
        "errors": [
            {
                place.where: place.name,
                "reason": place.reason.written(templates),
                "remedy": place.remedy.written(templates),
            }
            for place in message.places
        ],
    }
    return orjson.dumps(body)


def language_of(accepted: str | None) -> Language:
    """Choose French or English from an Accept-Language header; English where it says neither."""
    best: tuple[float, Language] = (0.0, "en")
    for part in (accepted or "").lower().split(",")[:LANGUAGES_READ_MAX]:
        name, _, parameter = part.strip().partition(";")
        language: Language | None = {"fr": "fr", "en": "en"}.get(name.split("-")[0])  # type: ignore[assignment]
        weight = _weight(parameter)
        if language is not None and weight > best[0]:
            best = (weight, language)
    return best[1]


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
