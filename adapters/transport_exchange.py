"""One exchange over HTTP, and what the HTTP library's exceptions mean: the only place that knows.

What went over the wire is written down while it goes, so that whatever breaks, what came is there.

"Not sent" is said only where it is certain, which is where aiohttp says that it could not connect.
aiohttp's own repeats, of every GET and PUT whose connection broke, are taken away from it.
"""

import os
from typing import Final

import aiohttp

from adapters.answer import Answer, AnswerUnknownError, NotSentError, Request, TransportError
from adapters.wire import Wire

CONNECT_SECONDS_MAX: Final = 5.0
"""From asking for a connection to having it: host name, TCP and TLS together."""

ANSWER_BYTES_MAX: Final = 256 * 1024

CHUNK_BYTES: Final = 16 * 1024


class _BrokenError(aiohttp.ClientError):
    """A connection that broke, under a name by which aiohttp does not repeat the call."""

    def __init__(self, cause: aiohttp.ClientError) -> None:
        super().__init__()
        self.cause = cause


def sent_once(wire: Wire) -> aiohttp.ClientMiddlewareType:
    """Keep aiohttp from repeating a call by itself, and note what it sends; a client middleware.

    It repeats a GET or PUT once when the connection breaks, be it an idle one or a new one. But a
    PUT may move money, and what was sent twice must not look like one call.
    """

    async def send(
        request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        try:
            return await handler(request)
        except aiohttp.ClientConnectorError:
            raise
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
            raise _BrokenError(error) from None
        finally:
            # Its last headers it adds when it sends.
            wire.sent = [(name, value) for name, value in request.headers.items()]

    return send


async def exchange(
    session: aiohttp.ClientSession, request: Request, seconds: float, wire: Wire
) -> Answer:
    """Send once and read the answer; `wire` is told what went and came.

    Raises:
        NotSentError: nothing reached the provider.
        AnswerUnknownError: something may have.
    """
    # A connection in time is demanded before the whole call must end: a time limit that is hit
    # while connecting is then surely of the first kind, and nothing was sent.
    limits = aiohttp.ClientTimeout(total=seconds, connect=min(CONNECT_SECONDS_MAX, seconds * 0.9))
    try:
        async with session.request(
            request.method,
            request.target,
            headers=request.headers,
            data=request.body,
            allow_redirects=False,
            # No body means no content type, and nothing is asked for that would unpack to more.
            skip_auto_headers=("Content-Type", "Accept-Encoding"),
            timeout=limits,
            middlewares=(sent_once(wire),),
        ) as response:
            wire.status, wire.line = response.status, _line(response)
            wire.came = [(_text(name), _text(value)) for name, value in response.raw_headers]
            received = wire.received
            try:
                async for chunk in response.content.iter_chunked(CHUNK_BYTES):
                    received += chunk
                    if len(received) > ANSWER_BYTES_MAX:
                        reason = f"status {response.status} with more than {ANSWER_BYTES_MAX} bytes"
                        raise AnswerUnknownError(reason)
            except aiohttp.ClientPayloadError:
                # What came before the break lies there still, and aiohttp gives it to nobody.
                content = response.content
                while content._buffer:  # noqa: SLF001 - see above
                    received += content._read_nowait_chunk(-1)  # noqa: SLF001 - see above
                raise
            wire.is_whole = True
            return Answer(response.status, response.headers, bytes(received))
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        broken = error.cause if isinstance(error, _BrokenError) else error
        raise _understood(broken, seconds) from None


def _line(response: aiohttp.ClientResponse) -> str:
    version = response.version
    written = "HTTP/1.1" if version is None else f"HTTP/{version.major}.{version.minor}"
    return f"{written} {response.status} {response.reason or ''}"


def _text(raw: bytes) -> str:
    return raw.decode("latin-1")


_MEANINGS: Final[tuple[tuple[type[Exception], type[TransportError], str], ...]] = (
    (aiohttp.ClientConnectorDNSError, NotSentError, "the host name could not be resolved"),
    (aiohttp.ClientSSLError, NotSentError, "TLS could not be agreed"),
    (aiohttp.ClientConnectorError, NotSentError, "could not connect: {cause}"),
    (aiohttp.ConnectionTimeoutError, NotSentError, "could not connect in time"),
    (aiohttp.InvalidURL, NotSentError, "the address is none"),
    (aiohttp.NonHttpUrlClientError, NotSentError, "the address is none"),
    (TimeoutError, AnswerUnknownError, "no whole answer in {seconds:.3g} s"),
    (aiohttp.ServerDisconnectedError, AnswerUnknownError, "hung up without an answer"),
    (aiohttp.ClientPayloadError, AnswerUnknownError, "the answer ended in the middle"),
)
"""What aiohttp's exceptions mean, the first that fits; whatever is not here is unknown."""


def _understood(error: Exception, seconds: float) -> TransportError:
    cause = os.strerror(getattr(error, "errno", None) or 0)
    for kind, meaning, text in _MEANINGS:
        if isinstance(error, kind):
            return meaning(text.format(cause=cause, seconds=seconds))
    return AnswerUnknownError(f"the connection broke: {type(error).__name__}")
