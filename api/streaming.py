"""Streaming: one piece of an answer that has no end, to a client that may have stopped reading.

Who takes nothing for `stream_write_seconds_max` is cut off at once. Ending the answer politely
would not do: its last bytes would wait behind those that nobody takes, and hold the connection
until the system gives it up.
"""

import asyncio

from aiohttp import web

from api.calls import Call


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
