"""The time limit: whoever works on a request for too long is interrupted.

A request is entered when work on it begins and left when it ends. One timer looks at the oldest
that is still there, and cancels what has had its time; who was cancelled by it is told so.

Why not `asyncio.timeout`: a timer of its own for every request costs a tenth of what answering one
costs, and all have the same limit. So the oldest stands first, and one timer does for all.
"""

import asyncio
from typing import Any


class TimeLimit:
    """The requests of one application that are being worked on, the oldest first."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._began: dict[asyncio.Task[Any], float] = {}
        self._late: set[asyncio.Task[Any]] = set()
        self._timer: asyncio.TimerHandle | None = None

    def enter(self) -> asyncio.Task[Any]:
        """Begin to count for the task that runs now; which that is."""
        task = asyncio.current_task()
        assert task is not None
        loop = task.get_loop()
        self._began[task] = now = loop.time()
        if self._timer is None:
            self._timer = loop.call_at(now + self.seconds, self._look)
        return task

    def leave(self, task: asyncio.Task[Any]) -> bool:
        """Count no more for a task; whether it was interrupted for its time, and for nothing else.

        Who was interrupted must ask this before he ends, and then go on.
        """
        self._began.pop(task, None)
        if task not in self._late:
            return False
        self._late.discard(task)
        return task.uncancel() == 0

    def _look(self) -> None:
        """Interrupt what has had its time, and look again when the next one will have."""
        self._timer = None
        loop = asyncio.get_running_loop()
        now = loop.time()
        for task, began in list(self._began.items()):
            if began + self.seconds > now:
                self._timer = loop.call_at(began + self.seconds, self._look)
                return
            del self._began[task]
            self._late.add(task)
            task.cancel()
