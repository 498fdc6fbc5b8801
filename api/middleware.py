"""The one middleware: a name for the conversation, bounded concurrency, errors as problems, a line.

One function instead of four layers, because at thousands of requests a second every layer costs;
in the order in which it acts:

1. The correlation id: the caller's `X-Correlation-Id` where it is harmless text, else a new one.
2. At most `requests_concurrent_max` requests at once; one more is told to come back.
3. Every exception becomes problem JSON in the caller's language; what we did not foresee is logged
   with its traceback and told as `internal`.
   "There is no such thing" leaves at even times (`api.even_time`).
4. Every answer says up to where in the log it speaks (`Cauri-Position`): of one payment that is
   its own last event, of a list how far the list had read. What is not read
   from there, as a problem is not, says which position this process's lists had finished: what was
   answered is no older than that, and it costs no look at the database. In which life of the log
   that is, says `Cauri-Log` (`api.lives`).
5. Where somebody with a key asks for it, the answer is signed (`api.signed_answers`).
6. One log line per request: method, route, status, time, ids. The route is the pattern, not the
   path, and there is no query string: so no number, key or payload can get into a log.
"""

import asyncio
import re
import time
from collections.abc import Callable
from typing import Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from adapters.refusal_texts import Language
from api.calls import POSITION_HEADER, Call
from api.errors import BUSY, INTERNAL, ProblemError
from api.even_time import seconds_to_wait
from api.lives import HEADER as LOG_HEADER
from api.logs import writer_of
from api.measures import Measures
from api.passage import PASSAGE, Passage
from api.problems import Told, language_of, problem_body, told
from api.rates import LIMIT_HEADER, POLICY_HEADER
from ledger.sentences import Sentence

CORRELATION_HEADER: Final = "X-Correlation-Id"
ALIVE_PATH: Final = "/healthz"
"""Always answered: a server that is busy is alive, and must not be restarted for it."""

SERVER: Final = "cauri"
PROBLEM_JSON: Final = "application/problem+json"

log = structlog.get_logger()

_HARMLESS: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", re.ASCII)
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_NUMBER: Final = re.compile(r"(?<![0-9A-Za-z])[0-9]{8,15}(?![0-9A-Za-z])", re.ASCII)


class Door:
    """The way in and out of every request; counts what is inside. `serve` is the middleware."""

    def __init__(
        self,
        *,
        concurrent_max: int,
        new_id: Callable[[], str],
        position: Callable[[], int],
        life: Callable[[], str],
        measures: Measures,
    ) -> None:
        self._concurrent_max, self._new_id, self._measures = concurrent_max, new_id, measures
        self._position, self._life = position, life
        self._inside = 0
        self._log = writer_of("http.request")

    @web.middleware
    async def serve(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Serve one request; the aiohttp middleware."""
        started = time.perf_counter()
        request_id = self._new_id()
        correlation_id = correlation_id_of(request.headers.get(CORRELATION_HEADER), request_id)
        passage = request[PASSAGE] = Passage(request_id, correlation_id)
        self._inside += 1
        code = None
        response: web.StreamResponse
        try:
            self._admit(request)
            response = await handler(request)
        except Exception as error:
            message = told(error, has_body=request.method != "GET")
            if message.problem is INTERNAL:
                log.exception("http.failed", correlation_id=correlation_id)
            code = message.problem.code
            language = language_of(request.headers.get("Accept-Language"))
            response = problem_response(message, language=language, request_id=request_id)
            if response.status == web.HTTPNotFound.status_code and passage.actor is not None:
                await asyncio.sleep(seconds_to_wait(time.perf_counter() - started))
        finally:
            self._inside -= 1
        headers = response.headers
        headers[CORRELATION_HEADER] = correlation_id
        headers["Server"] = SERVER
        if POSITION_HEADER not in headers:
            headers[POSITION_HEADER] = str(self._position())
        headers[LOG_HEADER] = self._life()
        if passage.rate is not None:
            headers[POLICY_HEADER], headers[LIMIT_HEADER] = passage.rate
        if passage.sign is not None:
            passage.sign(request, response)
        seconds = time.perf_counter() - started
        route = _route_of(request)
        self._measures.observe(request.method, route, response.status, seconds)
        self._log(
            method=request.method,
            route=route,
            status=response.status,
            milliseconds=round(seconds * 1000, 2),
            code=code,
            actor=passage.actor,
            correlation_id=correlation_id,
            request_id=request_id,
        )
        return response

    def _admit(self, request: web.Request) -> None:
        if self._inside > self._concurrent_max and request.path != ALIVE_PATH:
            raise ProblemError(
                BUSY,
                Sentence(
                    "{requests} requests are being served already.", requests=self._concurrent_max
                ),
            )


def correlation_id_of(given: str | None, otherwise: str) -> str:
    """Take the caller's id where it is short and harmless, else the other one.

    The id goes into the log for ever, so text that might hold somebody's number is not taken,
    unless it is a UUID, whose groups may by chance be all digits.
    """
    if not given or not _HARMLESS.fullmatch(given):
        return otherwise
    return given if _UUID.fullmatch(given) or not _NUMBER.search(given) else otherwise


def _route_of(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unmatched"


def stream_headers(call: Call) -> dict[str, str]:
    """The headers of an answer without an end: they are sent before the middleware sees it."""
    headers = {
        "Cache-Control": "no-store",
        "X-Accel-Buffering": "no",
        CORRELATION_HEADER: call.passage.correlation_id,
        "Server": SERVER,
        POSITION_HEADER: str(call.services.known_position),
        LOG_HEADER: call.services.life.name,
    }
    if (rate := call.passage.rate) is not None:
        headers[POLICY_HEADER], headers[LIMIT_HEADER] = rate
    return headers


def problem_response(message: Told, *, language: Language, request_id: str) -> web.Response:
    """Answer with a problem document."""
    problem = message.problem
    headers = {
        **message.headers,
        "Content-Type": PROBLEM_JSON,
        "Content-Language": language,
        "Cache-Control": "no-store",
    }
    if problem.retry_seconds is not None:
        headers["Retry-After"] = str(problem.retry_seconds)
    body = problem_body(message, language=language, request_id=request_id)
    return web.Response(body=body, status=problem.status, headers=headers)
