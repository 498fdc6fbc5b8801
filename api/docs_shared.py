"""What many operations share, told once on the page of the API: errors, and headers of answers.

Some come of every call, some of every call with a key, some of every call with a body. Written out
under each of ninety operations they were most of what stood there, and hid the few that are an
operation's own. They are said once; an operation lists its own and names its groups.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

from api.docs_words import Words
from api.middleware import PROBLEM_JSON

_Json = Mapping[str, Any]
_Kind = TypeVar("_Kind")
_Error = tuple[str, str]
"""A status and a code."""
_GROUPS: Final = {"every": "responses", "keyed": "security", "sending": "requestBody"}
"""The groups, the widest first, each by the member that its operations have in the document."""


class Shared:
    """The errors and headers of each group of a document's operations."""

    def __init__(self, operations: Sequence[_Json], words: Words) -> None:
        self._words = words
        self._errors = _shared(operations, _errors_of)
        self._headers = _shared(operations, _headers_of)

    def own_errors(self, said: _Json) -> Iterator[str]:
        """Write the errors of one operation: its own by status, and a link to each group."""
        mine = [name for name, codes in self._errors.items() if codes and _GROUPS[name] in said]
        told = {code for name in mine for code in self._errors[name]}
        yield f"<h4>{self._words.errors}</h4><ul class=codes>"
        yield from _by_status([one for one in _errors_of(said) if one not in told])
        for name in mine:
            yield f'<li><a href="#errors-{name}">{self._words.shared_short[name]}</a></li>'
        yield "</ul>"

    def errors(self) -> Iterator[str]:
        """Write the groups of errors: what each is, and its codes by status."""
        for name, codes in self._errors.items():
            if codes:
                yield f'<h3 id="errors-{name}">{self._words.shared[name]}</h3><ul class=codes>'
                yield from _by_status(codes)
                yield "</ul>"

    def own_headers(self, said: _Json, response: _Json) -> list[str]:
        """The headers of one answer that are in none of its operation's groups."""
        told = {
            one for name, here in self._headers.items() if _GROUPS[name] in said for one in here
        }
        return [name for name in response["headers"] if name not in told]

    def headers_group(self, header: str) -> str:
        """Say which answers have a header, where a whole group has it; else nothing."""
        groups = [name for name, here in self._headers.items() if header in here]
        return self._words.shared_headers[groups[0]] if groups else ""


def _shared(
    operations: Sequence[_Json], of: Callable[[_Json], list[_Kind]]
) -> dict[str, list[_Kind]]:
    """Find what all operations of a group have, each in the widest group."""
    found: dict[str, list[_Kind]] = {}
    for name, member in _GROUPS.items():
        told = [one for group in found.values() for one in group]
        having = [of(said) for said in operations if member in said]
        first = having[0] if having else []
        found[name] = [one for one in _in_all(first, having) if one not in told]
    return found


def _in_all(first: Iterable[_Kind], each: Iterable[list[_Kind]]) -> list[_Kind]:
    others = [*each]
    return [one for one in first if all(one in other for other in others)]


def _errors_of(said: _Json) -> list[_Error]:
    return [
        (status, code)
        for status, response in said["responses"].items()
        for code in response["content"].get(PROBLEM_JSON, {}).get("examples", ())
    ]


def _headers_of(said: _Json) -> list[str]:
    """The headers that all answers of an operation have."""
    answers = [list(response["headers"]) for response in said["responses"].values()]
    return _in_all(answers[0], answers)


def _by_status(codes: Sequence[_Error]) -> Iterator[str]:
    by_status: dict[str, list[str]] = {}
    for status, code in codes:
        by_status.setdefault(status, []).append(f'<a href="#error-{code}">{code}</a>')
    for status, links in by_status.items():
        yield f"<li>{status} {' '.join(links)}</li>"
