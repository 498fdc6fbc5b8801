"""Live: a payer's page is told by server-sent events when it would show something else.

What is sent is only the page's mark (`api.pages.standing`); the page then fetches itself, so that
there is one way of saying what is. A stream wakes when the log grows, looks at most twice a second,
and ends after a while: a browser comes back by itself. There are at most `checkout_streams_max` of
them; one more is told to come back later, and its page asks every few seconds instead.
"""

import asyncio
from typing import Final

from aiohttp import web

from api.calls import Call
from api.errors import BUSY, ProblemError
from api.keys import STREAMS
from api.middleware import stream_headers
from api.pages.standing import FINAL
from api.pages.view import view_of
from api.streaming import cut_off_when_broken, send
from ledger.sentences import Sentence

HEARTBEAT_SECONDS: Final = 15.0
STREAM_SECONDS_MAX: Final = 300.0
LOOK_SECONDS_MIN: Final = 0.5
COMING_BACK_MS: Final = 3000


async def follow(call: Call) -> web.StreamResponse:
    """Tell a page live when it would show something else."""
    streams = call.request.app[STREAMS]
    await view_of(call)
    if streams.open >= call.services.settings.checkout_streams_max:
        raise ProblemError(
            BUSY, Sentence("{streams} pages are followed live already.", streams=streams.open)
        )
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream",
            **stream_headers(call),
            "X-Content-Type-Options": "nosniff",
        }
    )
    streams.open += 1
    try:
        with cut_off_when_broken(call):
            await response.prepare(call.request)
            await send(call, response, b"retry: %d\n\n" % COMING_BACK_MS)
            await _tell(call, response, streams.stopping)
    except (ConnectionError, TimeoutError):
        # The payer has closed the page, or does not read.
        pass
    finally:
        streams.open -= 1
    return response


def example() -> str:
    """What a stream says while nothing has changed, and once something has."""
    return f"retry: {COMING_BACK_MS}\n\ndata: wait.1.0.0\n\n:\n\n"


async def _tell(call: Call, response: web.StreamResponse, stopping: asyncio.Event) -> None:
    store, loop = call.services.store, asyncio.get_running_loop()
    ends_at = loop.time() + STREAM_SECONDS_MAX
    told = ""
    while loop.time() < ends_at and not stopping.is_set():
        position = await store.position()
        standing = (await view_of(call)).standing
        if standing.mark != told:
            told = standing.mark
            await send(call, response, f"data: {told}\n\n".encode())
        else:
            await send(call, response, b":\n\n")
        if standing.state in FINAL:
            return
        waits = asyncio.ensure_future(store.wait_for(position + 1, HEARTBEAT_SECONDS))
        stops = asyncio.ensure_future(stopping.wait())
        try:
            await asyncio.wait({waits, stops}, return_when=asyncio.FIRST_COMPLETED)
            if not stopping.is_set():
                await asyncio.wait({stops}, timeout=LOOK_SECONDS_MIN)
        finally:
            waits.cancel()
            stops.cancel()
            await asyncio.gather(waits, stops, return_exceptions=True)
