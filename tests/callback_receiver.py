"""A merchant's server for tests: keeps every callback it gets, answers what the test says."""

import asyncio
from dataclasses import dataclass
from typing import Self

from aiohttp import web
from aiohttp.test_utils import TestServer


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One callback as it came."""

    method: str
    path: str
    body: bytes
    headers: dict[str, str]


class CallbackReceiver:
    """Listens on loopback; `statuses` are the answers to come, then 200 for ever."""

    def __init__(self, *statuses: int) -> None:
        self.received: list[Received] = []
        self._statuses = list(statuses)
        self._came = asyncio.Condition()
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._keep)
        self._server = TestServer(application)

    async def __aenter__(self) -> Self:
        await self._server.start_server()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.close()

    def url(self, path: str = "/callback", *, host: str = "localhost") -> str:
        """Return the URL of a path of this server."""
        return f"http://{host}:{self._server.port}{path}"

    def answer_next(self, *statuses: int) -> None:
        """Give these answers next, then 200 again."""
        self._statuses += statuses

    async def until(self, count: int) -> list[Received]:
        """Return what came, once it is at least `count` callbacks."""
        async with self._came, asyncio.timeout(10):
            await self._came.wait_for(lambda: len(self.received) >= count)
        return self.received

    async def _keep(self, request: web.Request) -> web.Response:
        body = await request.read()
        async with self._came:
            self.received.append(
                Received(
                    method=request.method,
                    path=request.path,
                    body=body,
                    headers=dict(request.headers),
                )
            )
            self._came.notify_all()
        status = self._statuses.pop(0) if self._statuses else 200
        headers = {"Location": "/elsewhere"} if status in {301, 302, 307, 308} else {}
        return web.Response(status=status, headers=headers)
