"""A kept call: a provider's call as it is written down to be sealed, and read again; nothing lost.

JSON holds text, and a header's value is bytes: what is UTF-8 is kept as the text it is, anything
else in base64 beside it, so that a value that looks like base64 is not mistaken for bytes.

In memory such bytes are surrogate escapes, as they come from HTTP; a path has none, because there
they are written `%FF` (see `readable_path`).
"""

import base64
import re
from typing import Final

import orjson

from adapters.base import WebhookCall

_ESCAPED: Final = re.compile("[\udc80-\udcff]")


def written(call: WebhookCall) -> bytes:
    """Write a call down."""
    kept: dict[str, object] = {
        "method": call.method,
        "path": call.path,
        "headers": dict(call.headers),
        "body": base64.b64encode(call.body).decode(),
    }
    try:
        return orjson.dumps(kept)
    except TypeError:
        texts = {name: value for name, value in call.headers.items() if _is_text(value)}
        kept["headers"] = texts
        kept["headers_base64"] = {
            name: base64.b64encode(value.encode("utf-8", "surrogateescape")).decode()
            for name, value in call.headers.items()
            if name not in texts
        }
        return orjson.dumps(kept)


def read(kept: bytes) -> WebhookCall:
    """Read a call that was written down."""
    opened = orjson.loads(kept)
    escaped = {
        name: base64.b64decode(value).decode("utf-8", "surrogateescape")
        for name, value in opened.get("headers_base64", {}).items()
    }
    return WebhookCall(
        method=opened["method"],
        path=tuple(opened["path"]),
        headers=opened["headers"] | escaped,
        body=base64.b64decode(opened["body"]),
    )


def size_bytes_of(text: str) -> int:
    """How many bytes a text takes where a call is written down, without its quotes."""
    if _is_text(text):
        return len(orjson.dumps(text)) - 2
    return len(base64.b64encode(text.encode("utf-8", "surrogateescape")))


def readable_path(text: str) -> str:
    """Write those bytes of a path that are no UTF-8 as a path writes them: `%FF`."""
    return _ESCAPED.sub(lambda found: f"%{ord(found[0]) - 0xDC00:02X}", text)


def _is_text(value: str) -> bool:
    return _ESCAPED.search(value) is None
