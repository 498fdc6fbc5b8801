"""What every sandbox server does alike: to listen, to stop, to refuse.

It knows no provider. A sandbox hands in the making of its application, so that each start has
a fresh one, and keeps its own protocol for itself.
"""

from collections.abc import Callable
from typing import Final, Self

from aiohttp import web

from adapters.listening import accept_no_more

SHUTDOWN_SECONDS_MAX: Final = 1.0


class RefusedError(Exception):
    """The request ends here, with this answer."""

    def __init__(self, answer: web.Response) -> None:
        super().__init__(f"refused with status {answer.status}")
        self.answer = answer


class SandboxServer:
    """An application served in this process: `async with` it, or `start` and `stop`.

    With port 0 the system chooses one, kept when the same object is started again.
    """

    def __init__(self, create: Callable[[], web.Application], *, host: str, port: int) -> None:
        self._create = create
        self._host = host
        self._port = port
        self._runner: web.AppRunner | None = None
        self._application: web.Application | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen; raises OSError if the address cannot be had."""
        self._application = self._create()
        self._runner = web.AppRunner(
            self._application, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS_MAX
        )
        try:
            await self._runner.setup()
            await web.TCPSite(self._runner, self._host, self._port).start()
        except BaseException:
            await self.stop()
            raise
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Hang up every call, drop unsent callbacks, close the books."""
        runner, self._runner = self._runner, None
        if runner is None:
            return
        await accept_no_more(runner)
        await runner.cleanup()

    @property
    def url(self) -> str:
        """The base URL, without a slash at its end."""
        return f"http://{self._host}:{self._port}"

    @property
    def application(self) -> web.Application:
        """The application of the last start; raises RuntimeError if there was none."""
        if self._application is None:
            raise RuntimeError("the sandbox was never started")
        return self._application
