"""The protocol: what cannot be read as a request of ours is answered with a problem document too.

Such bytes never become a request, so no middleware sees them: aiohttp answers them itself, in plain
text that repeats what was sent, and logs it. Here the answer is the usual problem, and the log line
has the kind of fault and nothing else, because what was sent may hold a number or a key.

Of such a request no header was read, so nobody knows its sender's language: it is told in English.

aiohttp has no setting for this; `api.connections` gives every connection this protocol.
"""

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import structlog
from aiohttp import web
from aiohttp.http_exceptions import BadHttpMethod

from api.calls import POSITION_HEADER
from api.errors import BAD_REQUEST, METHOD_NOT_ALLOWED
from api.middleware import CORRELATION_HEADER, SERVER, problem_response
from api.problems import INTERNAL_TOLD, Told
from api.routes import ROUTES
from api.whole_answers import whole
from ledger.sentences import Sentence

METHODS: Final = ", ".join(sorted({route.method for route in ROUTES}))

_REQUEST_LINE: Final = re.compile(r"b['\"][A-Za-z]{1,30} /\S* HTTP/1\.[01]['\"]")
"""A line that is a request, in the parser's complaint about its method."""

_UNREADABLE: Final = Told(
    problem=BAD_REQUEST,
    detail=Sentence("What was sent is not HTTP/1.1 as this server reads it."),
)
_UNKNOWN_METHOD: Final = Told(
    problem=METHOD_NOT_ALLOWED,
    detail=Sentence("No address takes this method; see the Allow header."),
    headers={"Allow": METHODS},
)

log = structlog.get_logger()


class Protocol(web.RequestHandler):
    """One connection; says in our own words what aiohttp would say in its."""

    __slots__ = ("new_id", "position")

    new_id: Callable[[], str]
    """Makes the name of a request; set by whoever makes the protocol."""

    position: Callable[[], int]
    """Tells the position that the lists have, as for every answer; set likewise."""

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer: in one step where it is whole, and the connection is an ordinary one."""
        transport = self.transport
        if transport is None or transport.is_closing() or self._paused or self._upgraded:
            return await super().finish_response(request, resp, start_time)
        written = whole(request, resp)
        if written is None:
            return await super().finish_response(request, resp, start_time)
        request._finish()  # noqa: SLF001 - as the server below does: files of a form are let go
        transport.write(written)
        # Who does not take it now is waited for, as ever; and is lost in no other way.
        try:
            if self.writing_paused:
                await self._drain_helper()
        except ConnectionError:
            return resp, True
        return resp, False

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what never became a request, or failed outside of the middleware."""
        told, request_id = INTERNAL_TOLD, self.new_id()
        if status == HTTPStatus.BAD_REQUEST:
            is_request = isinstance(exc, BadHttpMethod) and _REQUEST_LINE.search(message or "")
            told = _UNKNOWN_METHOD if is_request else _UNREADABLE
        elif isinstance(exc, UnicodeError) and "Expect" in request.headers:
            # aiohttp repeats an expectation where no route is, even one that is no text.
            told = _UNREADABLE
        known = {"code": told.problem.code, "error": type(exc).__name__, "request_id": request_id}
        if told is INTERNAL_TOLD:
            log.error("http.failed", exc_info=exc, **known)
        else:
            log.info("http.unread", **known)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer was begun already, and another cannot follow it")
        response = problem_response(told, language="en", request_id=request_id)
        response.headers[CORRELATION_HEADER] = request_id
        response.headers["Server"] = SERVER
        response.headers[POSITION_HEADER] = str(self.position())
        response.force_close()
        return response
