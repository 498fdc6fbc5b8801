"""XML as a provider sends it: flat elements, read within limits; and written.

The trick: a document type is refused where it begins, so there are no entities to unfold, nothing
to fetch and no defaults to fill in; and an element inside an element ends the reading, so depth
costs nothing. What is left of the standard library's parser (Expat) is bounded by the body's size.

It reads what a form could say, and no more: attributes are passed over, and what names one thing
twice says nothing, for nobody knows which of the two counts.
"""

import re
from collections.abc import Mapping
from typing import Final
from xml.parsers.expat import ExpatError, ParserCreate  # no document type gets past `_refuse`
from xml.sax.saxutils import escape

ELEMENTS_BYTES_MAX: Final = 64 * 1024
ELEMENTS_MAX: Final = 200

_DECLARATION: Final = re.compile(rb"\s*<\?xml\s[^>]{0,200}\?>")
_STAND_IN: Final = "fragments"
"""The root that fragments are given, for XML has exactly one."""


class _UnreadableError(Exception):
    """The body is well-formed so far, and not what is read here."""


def elements_in(body: bytes, *, root: str | None = None) -> dict[str, str] | None:
    """Read the texts of flat elements by their names; None for everything else.

    Args:
        body: in UTF-8, with or without a declaration before it.
        root: the element they all stand in; None for fragments without one.
    """
    if len(body) > ELEMENTS_BYTES_MAX:
        return None
    body = _DECLARATION.sub(b"", body, count=1)
    if root is None:
        body = b"<%b>%b</%b>" % (_STAND_IN.encode(), body, _STAND_IN.encode())
    reader = _Reader(root or _STAND_IN)
    parser = ParserCreate("UTF-8")
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(body, True)
    except (ExpatError, _UnreadableError):
        return None
    return reader.found


class _Reader:
    """Takes the parser's events, and stops it at the first that has no place here."""

    def __init__(self, root: str) -> None:
        self.found: dict[str, str] = {}
        self._root = root
        self._open: list[str] = []

    def refuse(self, *_declared: object) -> None:
        raise _UnreadableError

    def start(self, name: str, _attributes: Mapping[str, str]) -> None:
        is_root = not self._open
        if (
            (is_root and name != self._root)
            or len(self._open) > 1
            or (not is_root and name in self.found)
            or len(self.found) >= ELEMENTS_MAX
        ):
            raise _UnreadableError
        self._open.append(name)
        if not is_root:
            self.found[name] = ""

    def end(self, _name: str) -> None:
        self._open.pop()

    def text(self, text: str) -> None:
        if len(self._open) > 1:
            self.found[self._open[-1]] += text
        elif text.strip():
            # Words between the elements: this is a page or a sentence, and no answer.
            raise _UnreadableError


def written_elements(texts: Mapping[str, str], *, root: str | None = None) -> str:
    """Write texts as flat elements, in a root or as fragments without one."""
    inner = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in texts.items())
    return inner if root is None else f"<{root}>{inner}</{root}>"
