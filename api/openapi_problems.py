"""Examples of problems for the OpenAPI document: the problem details that a caller would be sent.

Where a mistake needs nothing but itself, the example is made by making it: the text is then what
the server says, today and after the next change. Any other kind of problem is shown with its title
for a detail, because what it would say depends on what has happened to somebody.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import orjson

from adapters.directory import parse_phone
from adapters.refusal_texts import Language
from api import schemas
from api.calls import validated
from api.errors import ALL_PROBLEMS, INTERNAL
from api.problems import INTERNAL_TOLD, Told, problem_body, told
from api.requests import key_of
from ledger.errors import IdempotencyKeyReusedError, LedgerError, UnknownPaymentError
from ledger.events import JsonObject
from ledger.money import parse_money

_REQUEST_ID: Final = "7fd0a0129ae3020d"
_PAYMENT: Final = "pay_6wq3o2mexg5vbn7hd4tq2lkzae"


def _raised(error: LedgerError) -> None:
    raise error


_MISTAKES: Final[tuple[Callable[[], Any], ...]] = (
    lambda: validated(schemas.PaymentRequest, {"amount": 1500, "currency": "XAF"}),
    lambda: parse_money("12.50", "XAF"),
    lambda: parse_phone("12", "CM"),
    lambda: key_of(()),
    lambda: key_of(("a\tb",)),
    lambda: _raised(UnknownPaymentError(_PAYMENT)),
    lambda: _raised(IdempotencyKeyReusedError(_PAYMENT)),
)


def problem_examples(language: Language = "en") -> Mapping[str, JsonObject]:
    """Code -> the problem details of an occurrence, for every code there is."""
    made = {one.problem.code: one for one in _made()}
    examples: dict[str, JsonObject] = {}
    for code, problem in ALL_PROBLEMS.items():
        occurrence = made.get(code, Told(problem=problem, detail=INTERNAL_TOLD.detail))
        written = orjson.loads(problem_body(occurrence, language=language, request_id=_REQUEST_ID))
        if code not in made and problem is not INTERNAL:
            written["detail"] = f"{problem.title(language)}."
        examples[code] = written
    return examples


def _made() -> Iterator[Told]:
    for mistake in _MISTAKES:
        try:
            mistake()
        except Exception as error:  # noqa: BLE001 - what it is, is the very question
            yield told(error)
