"""A server that answers with exact bytes, or misbehaves: for what no HTTP library would send."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

Script = Callable[["RawRequest", asyncio.StreamWriter], Awaitable[None]]


class RawRequest:
    """One request as it came: its first line, its headers by lower-case name, its body."""

    def __init__(self, line: str, headers: dict[str, str], body: bytes) -> None:
        self.line, self.headers, self.body = line, headers, body


class RawServer:
    """Listens on a loopback port; `script` answers each request; `requests` keeps them all."""

    def __init__(self, script: Script) -> None:
        self.requests: list[RawRequest] = []
        self.running_max = 0
        self._script = script
        self._running = 0
        self._came = asyncio.Condition()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: object, _trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def url(self) -> str:
        """The base URL, without a slash at its end."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def until(self, count: int, seconds: float = 10) -> None:
        """Return when at least `count` requests have come."""
        async with self._came, asyncio.timeout(seconds):
            await self._came.wait_for(lambda: len(self.requests) >= count)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while not writer.is_closing():
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                line, *rest = head.split("\r\n")
                pairs = [one.partition(":") for one in rest if one]
                headers = {name.lower(): value.strip() for name, _, value in pairs}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                request = RawRequest(line, headers, body)
                async with self._came:
                    self.requests.append(request)
                    self._came.notify_all()
                self._running += 1
                self.running_max = max(self.running_max, self._running)
                try:
                    await self._script(request, writer)
                finally:
                    self._running -= 1
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def answer(status: int, body: bytes = b"", *headers: str) -> bytes:
    """Write the bytes of a well-formed answer."""
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def answering(*answers: bytes) -> Script:
    """Answer the first request with the first bytes, and so on; the last ones for ever."""
    waiting = list(answers)

    async def say(_request: RawRequest, writer: asyncio.StreamWriter) -> None:
        writer.write(waiting.pop(0) if len(waiting) > 1 else waiting[0])

    return say


async def reset(_request: RawRequest, writer: asyncio.StreamWriter) -> None:
    """Cut the connection with a TCP reset after the request was read."""
    raw: socket.socket = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def silence(_request: RawRequest, _writer: asyncio.StreamWriter) -> None:
    """Never answer."""
    await asyncio.Event().wait()


async def hang_up(_request: RawRequest, writer: asyncio.StreamWriter) -> None:
    """Close the connection in order, without a word."""
    writer.close()
