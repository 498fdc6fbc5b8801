"""Streaming: answers that are sent piece by piece, to a client that may have stopped reading.

Who takes nothing for `stream_write_seconds_max` is cut off at once. Ending the answer politely
would not do: its last bytes would wait behind those that nobody takes, and hold the connection
until the system gives it up.

An answer that has an end, and may be longer than memory should hold, is made while it is sent. What
turns out to be short is answered as if it had been whole from the start. What breaks off in the
middle is cut off too, so that nobody takes it for whole.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import structlog
from aiohttp import web

from api.calls import JSON, POSITION_HEADER, Call, answer_bytes
from api.middleware import stream_headers
from ledger.errors import LedgerError, reason_of

PIECE_BYTES: Final = 65_536
"""How many bytes are gathered before they are sent: a shorter answer is no stream."""

LONG_SECONDS_MAX: Final = 3_600.0
"""How long a long answer may take from its first piece to its end."""

log = structlog.get_logger()


async def send(call: Call, response: web.StreamResponse, content: bytes) -> None:
    """Send a piece of a stream.

    Raises:
        ConnectionError: the client has gone.
        TimeoutError: it takes nothing; the connection is cut.
    """
    try:
        async with asyncio.timeout(call.services.settings.stream_write_seconds_max):
            await response.write(content)
    except TimeoutError:
        if call.request.transport is not None:
            call.request.transport.abort()
        raise


async def answer_long(
    call: Call,
    written: AsyncIterator[bytes],
    *,
    position: int,
    content_type: str = JSON,
    headers: Mapping[str, str] | None = None,
) -> web.StreamResponse:
    """Answer with what is being written, of any length.

    Raises:
        LedgerError: it could not be begun.
    """
    pieces = gathered(written)
    first = await anext(pieces, b"")
    if len(first) < PIECE_BYTES:
        return answer_bytes(first, position=position, headers=headers, content_type=content_type)
    call.passage.begin_streaming()
    told = {**stream_headers(call), POSITION_HEADER: str(position), **(headers or {})}
    response = web.StreamResponse(headers={"Content-Type": content_type, **told})
    try:
        with cut_off_when_broken(call):
            async with asyncio.timeout(LONG_SECONDS_MAX):
                await response.prepare(call.request)
                await send(call, response, first)
                async for piece in pieces:
                    await send(call, response, piece)
    except (ConnectionError, TimeoutError, LedgerError) as error:
        correlation_id = call.passage.correlation_id
        log.warning("http.broke_off", correlation_id=correlation_id, reason=reason_of(error))
    return response


@contextmanager
def cut_off_when_broken(call: Call) -> Iterator[None]:
    """Hang up where a mistake breaks off an answer that has begun, and let it go on its way.

    No other answer can be given any more: its reader would take it for a part of the first one, or
    wait for ever.
    """
    try:
        yield
    except Exception:
        if call.request.transport is not None:
            call.request.transport.abort()
        raise


async def gathered(written: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Put small pieces together to ones of `PIECE_BYTES` or a little more; the last is smaller."""
    waiting = bytearray()
    async for one in written:
        waiting += one
        if len(waiting) >= PIECE_BYTES:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)
