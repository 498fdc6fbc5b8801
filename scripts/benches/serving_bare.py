"""Subject: the limit of serving, i.e. aiohttp alone: a handler that parses and answers.

Its answers are as long as ours: `start` is given one of each as a sample. It reads a body and
parses it with orjson, writes its answer with orjson, and that is all: no key, no check, no ledger,
no middleware, no log line. Its garbage collector is set as ours is: that costs nobody a feature, so
the limit has it too.
"""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, Final

import orjson
from aiohttp import web

from api.collector import settle_collector
from scripts.benches.subject import Answer, serve

BACKLOG: Final = 1024
running: Final = AsyncExitStack()

First = Callable[[], Awaitable[object]]
"""What is done before a POST is answered."""


async def _nothing() -> None:
    pass


async def start(samples: dict[str, Any], first: First = _nothing) -> Answer:
    """Serve; the port. Samples: an answer's object for `post`, `get` and `webhook`."""
    application = web.Application()
    router = application.router
    router.add_post("/v1/payments", _handler(samples["post"], 202, first))
    router.add_get("/v1/payments/{payment_id}", _handler(samples["get"], 200, _nothing))
    router.add_post("/webhooks/{provider}/{tail:.*}", _handler(samples["webhook"], 200, first))
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    running.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=BACKLOG)
    await site.start()
    settle_collector()
    return {"port": runner.addresses[0][1]}


async def stop() -> Answer:
    """Stop serving."""
    await running.aclose()
    return {}


def _handler(
    sample: Any, status: int, first: First
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handler(request: web.Request) -> web.Response:
        if request.method == "POST":
            orjson.loads(await request.read())
            await first()
        return web.Response(
            body=orjson.dumps(sample), status=status, content_type="application/json"
        )

    return handler


if __name__ == "__main__":
    serve({"start": start, "stop": stop})
