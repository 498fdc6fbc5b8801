"""What schemathesis is told about our API, as its hooks: real ids, and two more checks.

It is no test itself. `tests/test_api_fuzz.py` starts schemathesis with this module, and gives it
the ids of things that are there by an environment variable: name of a parameter -> ids.

- **A code is documented.** The status of a problem may be documented and its code not.
- **What fits is not called malformed.** schemathesis would have whatever fits its schema taken. No
  schema can say that a number exists or that a key is new, so such refusals are right; but a
  request that fits is never one that cannot be read.
"""

import hashlib
import json
import os
import re
from typing import Any, Final

import schemathesis
from schemathesis.checks import CheckContext
from schemathesis.generation import GenerationMode

IDS_VARIABLE: Final = "CAURI_TEST_FUZZ_IDS"
PROBLEM_JSON: Final = "application/problem+json"
UNREADABLE: Final = frozenset(
    {
        "malformed_json",
        "unsupported_media_type",
        "idempotency_key_missing",
        "idempotency_key_invalid",
        "bad_request",
        "body_too_slow",
        "head_too_slow",
    }
)
"""The codes that a request cannot get that is what the document says."""

SCHEMA_CANNOT_SAY: Final = frozenset(
    {
        "Accept-Signature",  # whether it is a dictionary of structured fields
        "min_position",  # whether the log has come so far
        "after",  # likewise
        "Last-Event-ID",  # likewise, or whether it is a position at all
        "size",  # likewise
        "to",  # likewise
        "from",  # whether it lies before `to`
        "position",  # whether it lies before `size`
        "as_of",  # likewise, or whether a time has come
        "known_at",  # likewise, or whether `as_of` is there too
        "effective_at",  # whether `effective_to` is there too
        "effective_from",  # whether it lies before `effective_to`
        "created_from",  # whether it lies before `created_to`
        "mode",  # whether the key sees payments of it
        "merchant_id",  # whether it is said beside an Idempotency-Key
        "idempotency_key",  # whether it stands alone
        "/payer/one_time_code",  # whether the provider chosen takes one
        "/payer/email",  # whether the server has a mail server
        "/receipt_email",  # likewise
        "/url",  # whether it lies on the public internet
        "/message_id",  # whether there is such a message
        "/provider",  # whether there is one of this name
        "/covers_from",  # whether it is a day or a time, and lies before `covers_to`
        "/covers_to",  # whether it is past
        "/lines/*/provider_transaction_id",  # whether another line says the same
        "/lines/*/occurred_at",  # whether the statement covers it
        "/lines/*/amount",  # whether it is money of the statement's currency
        "/lines/*/fee",  # likewise
    }
)
"""Places that may be refused although they fit."""

LEDGER_SAYS: Final = frozenset({"/amount", "/currency", "/payer/phone", "/payee/phone"})
"""Places that the ledger refuses under codes of their own; told along where another is refused."""

_IN_A_LIST: Final = re.compile(r"/\d+(?=/)")
"""The number of something in a list, within a JSON pointer."""

_IDS: Final[dict[str, list[str]]] = json.loads(os.environ.get(IDS_VARIABLE, "{}"))


def _drawn(text: str, among: int) -> int:
    """Draw by what is there, so that the same case always comes out the same."""
    return hashlib.sha256(text.encode(errors="replace")).digest()[0] % among


@schemathesis.hook
def map_path_parameters(
    _context: schemathesis.HookContext, path_parameters: dict[str, Any] | None
) -> dict[str, Any] | None:
    """Let two of three addresses name something that is there."""
    if not isinstance(path_parameters, dict):
        return path_parameters
    named = dict(path_parameters)
    for name in named.keys() & _IDS.keys():
        if _drawn(f"{named[name]}", 3):
            named[name] = _IDS[name][_drawn(f"which {named[name]}", len(_IDS[name]))]
    return named


def _problem(response: schemathesis.Response) -> dict[str, Any] | None:
    if PROBLEM_JSON not in "".join(response.headers.get("content-type", [])):
        return None
    problem = response.json()
    return problem if isinstance(problem, dict) else None


def _is_written_as_float(case: schemathesis.Case[Any], pointer: str) -> bool:
    """Whether a body has 1.0 there: to JSON Schema that is an integer, and to us it is none."""
    found: Any = case.body
    for step in pointer.split("/")[1:]:
        if isinstance(found, dict):
            found = found.get(step)
        elif isinstance(found, list) and step.isdecimal() and int(step) < len(found):
            found = found[int(step)]
    return isinstance(found, float)


@schemathesis.check
def code_is_documented(
    _context: CheckContext, response: schemathesis.Response, case: schemathesis.Case[Any]
) -> None:
    """A problem's code stands among the examples of its status."""
    problem = _problem(response)
    if problem is None or case.operation.method.upper() != case.method.upper():
        return
    described = case.operation.definition.raw["responses"].get(str(response.status_code), {})
    codes = described.get("content", {}).get(PROBLEM_JSON, {}).get("examples", {})
    assert problem["code"] in codes, f"{problem['code']} is not documented"


@schemathesis.check
def what_fits_is_not_malformed(
    _context: CheckContext, response: schemathesis.Response, case: schemathesis.Case[Any]
) -> None:
    """A request that is what the document says is refused for what no schema can say, or taken."""
    problem = _problem(response)
    if problem is None or case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    assert problem["code"] not in UNREADABLE, problem["code"]
    if problem["code"] == "invalid_request":
        places = {
            place.get("pointer") or place.get("parameter") or place.get("header")
            for place in problem["errors"]
        }
        places -= {pointer for pointer in places if pointer and _is_written_as_float(case, pointer)}
        places = {one and _IN_A_LIST.sub("/*", one) for one in places}
        if places & SCHEMA_CANNOT_SAY:
            places -= LEDGER_SAYS
        assert places <= SCHEMA_CANNOT_SAY, sorted(map(str, places - SCHEMA_CANNOT_SAY))
