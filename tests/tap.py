"""A tap on the wire: stands between us and a server, passes every byte on, and keeps them all."""

import asyncio
from types import TracebackType
from typing import NamedTuple, Self

CHUNK_BYTES = 64 * 1024


class Passed(NamedTuple):
    """One request and its answer, byte for byte."""

    request: bytes
    answer: bytes


class Tap:
    """Listens on a loopback port; `target` is where to, set before the first call comes."""

    def __init__(self) -> None:
        self.target = ""
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._lines: list[tuple[bytearray, bytearray]] = []

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

    @property
    def passed(self) -> list[Passed]:
        """Every request that was answered, by connection."""
        return [
            Passed(*pair)
            for sent, came in self._lines
            for pair in zip(_messages(bytes(sent)), _messages(bytes(came)), strict=False)
        ]

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, port = self.target.rpartition("//")[2].partition(":")
        there_reader, there_writer = await asyncio.open_connection(host, int(port))
        line = bytearray(), bytearray()
        self._lines.append(line)
        try:
            await asyncio.gather(
                _pass_on(reader, there_writer, line[0]), _pass_on(there_reader, writer, line[1])
            )
        finally:
            there_writer.close()
            writer.close()


async def _pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kept: bytearray
) -> None:
    try:
        while chunk := await reader.read(CHUNK_BYTES):
            kept += chunk
            writer.write(chunk)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


def _messages(stream: bytes) -> list[bytes]:
    """Cut a connection's bytes into messages, whose length a header says."""
    found = []
    while b"\r\n\r\n" in stream:
        head = stream[: stream.index(b"\r\n\r\n") + 4]
        lengths = [
            int(line.partition(b":")[2])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        ]
        assert b"chunked" not in head.lower(), head
        size = len(head) + sum(lengths)
        if len(stream) < size:
            break
        found.append(stream[:size])
        stream = stream[size:]
    return found
