"""Whole answers: what is complete when it is given is written in one step, as one piece.

The HTTP server below us takes every answer for one that may be a stream, and passes it through ten
steps that ask what this one is not: chunked, compressed, without an end, for an older protocol.
Nearly all of ours are a head and a small body for a connection that stays open; for these, and no
others, the head is completed and serialized here (by the server's own function, which lets no line
break into a header), and both leave together.

What it deliberately does not do: decide anything about an answer. Whatever is out of the ordinary
(a HEAD, a cookie, a connection that is to close, a client that takes nothing) is left to the server
below, whose bytes would have been the same.
"""

from typing import Final

from aiohttp import hdrs, web
from aiohttp.helpers import rfc822_formatted_time
from aiohttp.http import HttpVersion11
from aiohttp.http_writer import _serialize_headers

WHOLE_BYTES_MAX: Final = 64 * 1024
"""The longest body that is joined to its head; a longer one is not worth the copy."""

_WITHOUT_BODY: Final = frozenset({204, 304})
_BODILESS: Final = frozenset({"HEAD", "CONNECT"})


def whole(request: web.BaseRequest, response: web.StreamResponse) -> bytes | None:
    """Complete and serialize an answer of the ordinary kind; None where it is of another kind."""
    if type(response) is not web.Response or not request.keep_alive:
        return None
    body, headers, status = response.body, response.headers, response.status
    if (
        type(body) is not bytes
        or len(body) > WHOLE_BYTES_MAX
        or status < 200
        or status in _WITHOUT_BODY
        or request.version != HttpVersion11
        or request.method in _BODILESS
        or response.keep_alive is not None
        or response.prepared
        or response.compression
        or response.chunked
        or response._cookies  # noqa: SLF001 - to ask by its other name would make them
        or hdrs.CONTENT_TYPE not in headers
        or hdrs.SERVER not in headers
        or hdrs.CONTENT_LENGTH in headers
        or hdrs.CONNECTION in headers
    ):
        return None
    headers[hdrs.CONTENT_LENGTH] = str(len(body))
    if hdrs.DATE not in headers:
        headers[hdrs.DATE] = rfc822_formatted_time()
    # The connection is kept open by this word of the answer, and it has no other name.
    response._keep_alive = True  # noqa: SLF001
    response._eof_sent = True  # noqa: SLF001 - so that it cannot be sent again
    return _serialize_headers(f"HTTP/1.1 {status} {response.reason}", headers) + body
