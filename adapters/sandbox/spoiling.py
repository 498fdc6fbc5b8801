"""Answers that are not what they should be, though somebody answered: how each kind is made.

A gateway cuts a body, repeats its beginning for ever, sends a page's size of nothing, or says
`null`; a provider adds a word to a list that its documentation closed. `adapters.sandbox.faults`
says when; this says what the caller gets instead of the answer it was due.

The trick of strange words: a member that says by its name that its value is one of a list (a
status, a code, a type) gets a value that is in nobody's list, whatever the provider calls things.
So one function makes the unheard-of answer, and the unheard-of callback, of every provider.

It does not decide whether money moved: it spoils what is said, after or instead of the deed.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Final, Literal, get_args

import orjson
from aiohttp import web

Spoiling = Literal[
    "empty_200",
    "empty_400",
    "array",
    "text",
    "number",
    "null",
    "cut",
    "cut_short",
    "dripping",
    "huge",
    "wrong_type",
    "no_utf8",
    "deep",
    "strange_words",
]
"""What may be wrong with an answer.

`cut` is half a body under the right length, `cut_short` half a body under the length of the whole,
after which the line is hung up; `dripping` comes byte by byte, each after `drip_seconds`; `huge` is
the answer with more behind it than anybody should read; `wrong_type` is the answer under the
content type of a page; `strange_words` is it with words nobody has listed.
"""

SPOILINGS: Final[tuple[Spoiling, ...]] = get_args(Spoiling)

HUGE_BYTES: Final = 1024 * 1024
DEEP_LEVELS: Final = 5_000

STRANGE_WORD: Final = "SOMETHING_NEW"
STRANGE_NUMBER: Final = 7777
"""What stands in no provider's list of words and codes."""

_STAND_IN: Final = b'{"message":"OK"}'
"""What is spoilt where there is no answer, because nothing had happened, or an empty one."""

_LISTED: Final = re.compile(r"status|state|code|event|result|outcome", re.IGNORECASE)
"""Names of members whose value is one of a list."""

_WHOLE: Final[dict[Spoiling, tuple[int | None, bytes]]] = {
    "empty_200": (200, b""),
    "empty_400": (400, b""),
    "array": (None, b"[null]"),
    "text": (None, b'"accepted"'),
    "number": (None, b"1"),
    "null": (None, b"null"),
    "no_utf8": (None, b'{"status":"\xff\xfe"}'),
    "deep": (None, b'{"status":' * DEEP_LEVELS),
}
"""Kinds that leave nothing of the answer but, where None stands, its status."""


_ELEMENT: Final = re.compile(rb"<(\w+)>([^<>]+)</")


def strange(body: bytes) -> bytes:
    """Return a body whose listed words are in nobody's list, be they JSON members or XML elements.

    What is neither stays as it is.
    """
    try:
        return orjson.dumps(_strange(orjson.loads(body)))
    except orjson.JSONDecodeError:
        return _ELEMENT.sub(_strange_element, body)


def _strange_element(found: re.Match[bytes]) -> bytes:
    name, text = found[1].decode(), found[2].decode("utf-8", "replace")
    return b"<%b>%b</" % (found[1], str(_strange(text, name)).encode())


def _strange(value: object, name: str = "") -> object:
    match value:
        case dict():
            return {key: _strange(member, str(key)) for key, member in value.items()}
        case list():
            return [_strange(member, name) for member in value]
        case str() if _LISTED.search(name):
            return str(STRANGE_NUMBER) if value.isdecimal() else STRANGE_WORD
        case int() if _LISTED.search(name) and not isinstance(value, bool):
            return STRANGE_NUMBER
    return value


async def spoilt(
    request: web.Request,
    answer: web.StreamResponse | None,
    kind: Spoiling,
    *,
    drip: Callable[[], Awaitable[bool]],
) -> web.StreamResponse:
    """Answer a request with something else than its answer.

    Args:
        request: what is answered.
        answer: what would have been said; None where nothing had happened.
        kind: what is wrong.
        drip: waits before the next byte; whether it is still worth going on.
    """
    body = answer.body if isinstance(answer, web.Response) else None
    whole = body if isinstance(body, bytes) and body else _STAND_IN
    status = 200 if answer is None else answer.status
    headers = {} if answer is None else dict(answer.headers)
    headers.setdefault("Content-Type", "application/json")
    match kind:
        case "cut":
            whole = whole[: len(whole) // 2]
        case "huge":
            whole += b" " * HUGE_BYTES
        case "wrong_type":
            headers["Content-Type"] = "text/html"
        case "strange_words":
            whole = strange(whole)
        case "cut_short" | "dripping":
            return await _broken(request, whole, status, headers, kind, drip)
        case _:
            instead, whole = _WHOLE[kind]
            status = instead or status
    headers.pop("Content-Length", None)
    return web.Response(status=status, body=whole, headers=headers)


async def _broken(
    request: web.Request,
    whole: bytes,
    status: int,
    headers: dict[str, str],
    kind: Spoiling,
    drip: Callable[[], Awaitable[bool]],
) -> web.StreamResponse:
    """Promise the whole, and give half of it or let it drip."""
    headers["Content-Length"] = str(len(whole))
    response = web.StreamResponse(status=status, headers=headers)
    await response.prepare(request)
    if kind == "cut_short":
        await response.write(whole[: len(whole) // 2])
        if request.transport is not None:
            request.transport.close()
        return response
    for position in range(len(whole)):
        # The caller gives up long before the end; that is what this is for.
        if not await drip() or request.transport is None:
            break
        await response.write(whole[position : position + 1])
    return response
