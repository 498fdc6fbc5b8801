"""The errors that many operations share, told once on the page of the API.

Some codes may come of every call, some of every call with a key, some of every call with a body.
Written out under each of ninety operations they were most of what stood there, and hid the few that
are an operation's own. They are said once; an operation lists its own and names its groups.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from api.docs_words import Words
from api.middleware import PROBLEM_JSON

_Json = Mapping[str, Any]
_GROUPS: Final = {"every": "responses", "keyed": "security", "sending": "requestBody"}
"""The groups, the widest first, each by the member that its operations have in the document."""


@dataclass(frozen=True, slots=True)
class Shared:
    """Codes that every operation of a group may answer: status and code, in order."""

    name: str
    codes: tuple[tuple[str, str], ...]


def codes_of(said: _Json) -> list[tuple[str, str]]:
    """The errors an operation may answer: status and code."""
    return [
        (status, code)
        for status, response in said["responses"].items()
        for code in response["content"].get(PROBLEM_JSON, {}).get("examples", ())
    ]


def shared_errors(operations: Sequence[_Json]) -> list[Shared]:
    """Find the codes that all operations of a group have, each in the widest group."""
    found: list[Shared] = []
    told: set[tuple[str, str]] = set()
    for name, member in _GROUPS.items():
        having = [codes_of(said) for said in operations if member in said]
        common = [one for one in having[0] if all(one in each for each in having)] if having else []
        codes = tuple(one for one in common if one not in told)
        told.update(codes)
        if codes:
            found.append(Shared(name, codes))
    return found


def own_errors(said: _Json, shared: Sequence[Shared], words: Words) -> Iterator[str]:
    """Write the errors of one operation: its own by status, and a link to each group it is in."""
    mine = [group for group in shared if _GROUPS[group.name] in said]
    told = {code for group in mine for code in group.codes}
    yield f"<h4>{words.errors}</h4><ul class=codes>"
    yield from _by_status([one for one in codes_of(said) if one not in told])
    for group in mine:
        yield f'<li><a href="#errors-{group.name}">{words.shared_short[group.name]}</a></li>'
    yield "</ul>"


def shared_told(shared: Sequence[Shared], words: Words) -> Iterator[str]:
    """Write the groups: what each is, and its codes by status."""
    for group in shared:
        yield f'<h3 id="errors-{group.name}">{words.shared[group.name]}</h3><ul class=codes>'
        yield from _by_status(group.codes)
        yield "</ul>"


def _by_status(codes: Sequence[tuple[str, str]]) -> Iterator[str]:
    by_status: dict[str, list[str]] = {}
    for status, code in codes:
        by_status.setdefault(status, []).append(f'<a href="#error-{code}">{code}</a>')
    for status, links in by_status.items():
        yield f"<li>{status} {' '.join(links)}</li>"
