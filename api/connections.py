"""Connections: how long one may be silent, how long a head may take, and how many there may be.

The HTTP server below us reads whatever comes for as long as it comes. So whoever sends half a head
and then nothing would hold a connection open, and whoever opens enough of them would keep everybody
else out. Three limits, all of them settings:

- `head_seconds_max` from a head's first byte to its last; then 408, and the connection is closed.
- `idle_seconds_max` without a request; then it is closed without a word, as HTTP has it.
- `connections_max` at once; one more takes the place of one on which no request is being served,
  the oldest first. Only where all are being served is the new one closed, with a 503.

Why a new one is let in: kept-alive connections can be opened again at no cost, and a flood of
silent ones must not hide the server from whoever asks whether it is alive.

Half a head that came behind a whole request, while that was being served, is silence: it ends with
`idle_seconds_max`.

Why a subclass: the server has a setting for idleness, and none for the other two. The clock of a
head runs only where its bytes came in more than one piece, so most requests never start it.

A body's time is bounded where it is read (`body_seconds_max`).
"""

import asyncio
import resource
import socket
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Final, NamedTuple

import structlog
from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from adapters.listening import accept_no_more
from api.calls import POSITION_HEADER
from api.errors import BUSY, HEAD_TOO_SLOW
from api.keys import FRONT, SERVICES
from api.middleware import PROBLEM_JSON, SERVER
from api.problems import Told, problem_body
from api.protocol import Protocol
from api.settings_server import ServerSettings
from ledger.sentences import Sentence

OTHER_FILES_MAX: Final = 200
"""Files this process has open beside its connections: the database's, the providers', our own."""

WARNING_SECONDS: Final = 60.0
"""How often it is said that there are too many connections."""

UNREAD: Final = "0000000000000000"
"""The id of a request that was never read."""

log = structlog.get_logger()


class Connection(Protocol):
    """One connection, with a clock for the head of a request that comes in pieces."""

    __slots__ = ("_clock", "_limits")

    def __init__(
        self,
        server: web.Server,
        *,
        limits: ServerSettings,
        new_id: Callable[[], str],
        position: Callable[[], int],
        **options: Any,
    ) -> None:
        super().__init__(server, **options)
        self.new_id, self.position = new_id, position
        self._limits = limits
        self._clock: asyncio.TimerHandle | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether it waits for a request, or for the rest of its head."""
        return self._waiter is not None and not self._waiter.done()

    def data_received(self, data: bytes) -> None:
        """Take what came; start the clock of an unfinished head, stop that of a finished one."""
        super().data_received(data)
        if not self.is_waiting:
            self._stop_clock()
        elif self._clock is None:
            seconds = self._limits.head_seconds_max
            self._clock = self._loop.call_later(seconds, self._give_up)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Let go of everything."""
        self._stop_clock()
        super().connection_lost(exc)

    def end(self, last_word: Told | None = None) -> None:
        """Close it; with a last word, if there is something to say."""
        if last_word is not None and self.transport is not None:
            self.transport.write(_written(last_word, self.position()))
            log.info("http.closed", code=last_word.problem.code)
        self.force_close()

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _give_up(self) -> None:
        self._clock = None
        if self.is_waiting:
            seconds = self._limits.head_seconds_max
            detail = Sentence(
                "The head did not arrive within {seconds:g} seconds.", seconds=seconds
            )
            self.end(Told(problem=HEAD_TOO_SLOW, detail=detail))


class BoundedServer(web.Server):
    """Makes the connections, and keeps their number within the limit."""

    def __init__(
        self,
        made: web.Server,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
        *,
        limits: ServerSettings,
        new_id: Callable[[], str],
        position: Callable[[], int],
    ) -> None:
        super().__init__(
            handler,  # type: ignore[arg-type] # it is given what the factory makes
            request_factory=made.request_factory,
            handler_cancellation=made.handler_cancellation,
            **made._kwargs,  # noqa: SLF001 - the options have no other name
        )
        self._limits, self._new_id, self._position = limits, new_id, position
        self._warned_at = -WARNING_SECONDS

    def __call__(self) -> Connection:
        """Make one, for a socket that was just accepted."""
        return Connection(
            self,
            limits=self._limits,
            new_id=self._new_id,
            position=self._position,
            loop=self._loop,
            **self._kwargs,
        )

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        """Let it in, and another one out where there are too many."""
        super().connection_made(handler, transport)
        _cut_off_later(transport, self._limits.answer_seconds_max)
        most = self._limits.connections_max
        if len(self._connections) <= most:
            return
        if self._loop.time() >= self._warned_at + WARNING_SECONDS:
            self._warned_at = self._loop.time()
            log.warning("http.connections_full", connections_max=most)
        for other in self._connections:
            if isinstance(other, Connection) and other.is_waiting:
                other.end()
                return
        assert isinstance(handler, Connection)
        detail = Sentence("{connections} connections are being served already.", connections=most)
        handler.end(Told(problem=BUSY, detail=detail))


class Named(NamedTuple):
    """What an answer to something unreadable says of where it comes from."""

    new_id: Callable[[], str]
    position: Callable[[], int]
    """Of a server that has no log: 0."""


class BoundedRunner(web.AppRunner):
    """Runs an application behind the limits; all else is aiohttp's own runner."""

    __slots__ = ("_limits", "_named")

    def __init__(
        self,
        app: web.Application,
        *,
        limits: ServerSettings,
        named: Named | None = None,
        **options: Any,
    ) -> None:
        options.setdefault("shutdown_timeout", limits.stop_seconds_max)
        idle = limits.idle_seconds_max
        super().__init__(app, access_log=None, keepalive_timeout=idle, **options)
        self._limits, self._named = limits, named

    async def cleanup(self) -> None:
        """Stop listening, then end what is open: also what was accepted a moment ago."""
        await accept_no_more(self)
        await super().cleanup()

    async def _make_server(self) -> web.Server:
        named = self._named
        if named is None:
            services = self.app[SERVICES]
            named = Named(services.new_id, lambda: services.known_position)
        made, front = await super()._make_server(), self.app.get(FRONT)
        return BoundedServer(
            made,
            made.request_handler if front is None else front.handle,
            limits=self._limits,
            new_id=named.new_id,
            position=named.position,
        )


def _cut_off_later(transport: asyncio.Transport, seconds: float) -> None:
    """Let the system cut a connection whose other end takes nothing of what it is sent (Linux)."""
    accepted = transport.get_extra_info("socket")
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if option is not None and accepted is not None and accepted.family != socket.AF_UNIX:
        accepted.setsockopt(socket.IPPROTO_TCP, option, round(seconds * 1000))


def listen_at(host: str, port: int) -> socket.socket:
    """Open the listening socket; raises OSError that names the address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((host, port))
    except OSError as error:
        opened.close()
        raise OSError(error.errno, error.strerror, f"{host}:{port}") from error
    return opened


def make_room(limits: ServerSettings) -> None:
    """Let this process open as many files as it may have connections, where the system lets it."""
    wanted = limits.connections_max + OTHER_FILES_MAX
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _written(message: Told, position: int) -> bytes:
    """A whole answer to a request that was not read; so nobody knows which language it asks for."""
    problem = message.problem
    body = problem_body(message, language="en", request_id=UNREAD)
    head = [
        f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}",
        f"Content-Type: {PROBLEM_JSON}",
        f"Content-Length: {len(body)}",
        "Content-Language: en",
        "Cache-Control: no-store",
        "Connection: close",
        f"Server: {SERVER}",
        f"{POSITION_HEADER}: {position}",
    ]
    if problem.retry_seconds is not None:
        head.append(f"Retry-After: {problem.retry_seconds}")
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body
