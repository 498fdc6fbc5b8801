"""Commands as processes, to be killed, stopped and woken by a test: mostly the product's own."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60.0
"""A Python with everything imported, on a machine that has other things to do."""


class Program:
    """One command that runs until it is ended; everything it writes is kept in `lines`."""

    command: tuple[str, ...] = (sys.executable, "-m", "api")
    folder: Path = ROOT

    def __init__(self, environment: Mapping[str, str], *arguments: str) -> None:
        self.environment, self.arguments = dict(environment), arguments
        self.lines: list[bytes] = []
        self._process: asyncio.subprocess.Process | None = None
        self._readers: list[asyncio.Task[None]] = []
        self._news = asyncio.Event()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill()

    async def start(self) -> None:
        """Start it, or start it again."""
        self._process = await asyncio.create_subprocess_exec(
            *(*self.command, *self.arguments),
            cwd=self.folder,
            env=environment_of(self.environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        for stream in (self._process.stdout, self._process.stderr):
            assert stream is not None
            self._readers.append(asyncio.create_task(self._read(stream)))

    async def says(self, word: bytes) -> bytes:
        """Wait until it has written a line with this word, since the beginning; the line."""
        read = 0
        async with asyncio.timeout(START_SECONDS):
            while True:
                for line in self.lines[read:]:
                    read += 1
                    if word in line:
                        return line
                if all(reader.done() for reader in self._readers):
                    raise AssertionError(b"".join(self.lines[-50:]).decode())
                self._news.clear()
                await self._news.wait()

    async def kill(self) -> None:
        """End it in the middle of whatever it does, and let nothing of it run any more."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """Ask it to end; its exit status."""
        return await self._end(signal.SIGTERM)

    async def ended(self) -> int:
        """Wait for its own end; its exit status."""
        assert self._process is not None
        async with asyncio.timeout(START_SECONDS):
            await asyncio.gather(self._process.wait(), *self._readers)
        return self._process.returncode or 0

    def send(self, number: signal.Signals) -> None:
        """Send it a signal (SIGSTOP, SIGCONT)."""
        assert self._process is not None
        self._process.send_signal(number)

    async def _end(self, number: signal.Signals) -> int:
        process = self._process
        if process is None:
            return 0
        if process.returncode is None:
            process.send_signal(number)
        async with asyncio.timeout(START_SECONDS):
            await process.wait()
            await asyncio.gather(*self._readers)
        self._process = None
        self._readers.clear()
        return process.returncode or 0

    async def _read(self, stream: asyncio.StreamReader) -> None:
        async for line in stream:
            self.lines.append(line)
            self._news.set()
        self._news.set()


class Server(Program):
    """`cauri serve` at a port of its own, again and again."""

    def __init__(self, environment: Mapping[str, str], database_url: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        own = {"CAURI_PUBLIC_URL": f"http://localhost:{self.port}"}
        super().__init__(
            {**environment, **own},
            *("serve", "--database", database_url, "--port", str(self.port)),
        )

    async def start(self) -> None:
        """Start it; returns when it answers."""
        del self.lines[:]
        await super().start()
        await self.says(b"server.started")


def environment_of(own: Mapping[str, str]) -> dict[str, str]:
    """This process's environment, without its own settings of the product."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CAURI_")}
    return kept | dict(own)


def free_port() -> int:
    """A port that is free now and not taken by outgoing connections: below 32768."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """As many different ones."""
    found: list[int] = []
    # Processes that run side by side have neighbouring ids, and are not to be neighbours here.
    for port in range(20_000 + os.getpid() * 61 % 10_000, 32_768):
        try:
            with socket.create_server(("127.0.0.1", port)):
                found.append(port)
        except OSError:
            continue
        if len(found) == count:
            return found
    raise AssertionError("no port is free")
