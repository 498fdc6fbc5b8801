"""What a log line may tell of an error: its class, the places it came through, and our own words.

Whatever else an error says may quote what it stumbled over, and in it somebody's number: a KeyError
its key, a driver its parameters, a parser its input. Only the texts of the ledger's own errors are
known not to, so only those pass; that rule is `ledger.errors.reason_of`, and here it is applied to
everything that hangs on an error: causes, contexts, the members of groups. Notes are left out.
"""

import traceback
from collections.abc import Iterator
from typing import Any, Final, TextIO

from structlog.typing import ExcInfo

from ledger.errors import LedgerError

FRAMES_MAX: Final = 20
"""How many places are told of one error, the innermost."""

ERRORS_MAX: Final = 20
"""How many errors are told in one line: the error, its causes and their members, together."""

_INDENT: Final = "  "


def told(error: BaseException) -> list[dict[str, Any]]:
    """Tell of an error and of what led to it, the latest first, for machines."""
    return _told(error, set())


def write(out: TextIO, exc_info: ExcInfo) -> None:
    """Tell the same for people; what structlog's console calls an exception formatter."""
    chain = told(exc_info[1]) if exc_info[1] is not None else []
    out.writelines(f"\n{line}" for line in _lines(chain, ""))


def _told(error: BaseException | None, seen: set[int]) -> list[dict[str, Any]]:
    chain: list[dict[str, Any]] = []
    while error is not None and id(error) not in seen and len(seen) < ERRORS_MAX:
        seen.add(id(error))
        one: dict[str, Any] = {
            "exc_type": type(error).__name__,
            "exc_value": str(error) if isinstance(error, LedgerError) else "",
            "frames": [
                {"filename": frame.f_code.co_filename, "lineno": line, "name": frame.f_code.co_name}
                for frame, line in list(traceback.walk_tb(error.__traceback__))[-FRAMES_MAX:]
            ],
        }
        if isinstance(error, BaseExceptionGroup):
            one["exceptions"] = [
                member for inner in error.exceptions for member in _told(inner, seen)
            ]
        chain.append(one)
        is_hidden = error.__suppress_context__ or error.__cause__ is not None
        error = error.__cause__ if is_hidden else error.__context__
    return chain


def _lines(chain: list[dict[str, Any]], indent: str) -> Iterator[str]:
    for number, one in enumerate(chain):
        words = f": {one['exc_value']}" if one["exc_value"] else ""
        yield f"{indent}{'because of ' if number else ''}{one['exc_type']}{words}"
        for frame in one["frames"]:
            yield f"{indent}{_INDENT}{frame['filename']}:{frame['lineno']} in {frame['name']}"
        for member in one.get("exceptions", ()):
            yield from _lines([member], indent + _INDENT)
