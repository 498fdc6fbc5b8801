"""Tasks that run by themselves, beside requests: started by name, never ending quietly."""

import asyncio
from collections.abc import Coroutine
from types import MappingProxyType
from typing import Any

import structlog

from ledger.errors import reason_of

log = structlog.get_logger()


class Background:
    """The tasks of one process. `stopped` names those that ended although nobody asked."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stopped: dict[str, str] = {}

    @property
    def stopped(self) -> MappingProxyType[str, str]:
        """Name of what ended by itself -> why."""
        return MappingProxyType(self._stopped)

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` until `stop`."""
        task = asyncio.create_task(work, name=name)
        self._tasks[name] = task
        task.add_done_callback(self._ended)

    async def stop(self) -> None:
        """Cancel every task, the latest first, and wait until all have ended."""
        for task in reversed(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._tasks.clear()

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        reason = "it returned" if error is None else reason_of(error)
        self._stopped[task.get_name()] = reason
        log.error("background.stopped", task=task.get_name(), reason=reason, exc_info=error)
