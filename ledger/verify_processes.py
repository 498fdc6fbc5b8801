"""Processes for a verification: one per core, each of which reads the log for itself.

Small logs are read by a thread of this process instead: to start a Python takes longer.

A process that is started is told nothing but a `LogScan`; it ends with whoever started it, even if
that one was killed and could not say so.
"""

import asyncio
import gc
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import Final, TypeVar

from ledger.errors import StoreUnavailableError
from ledger.sentences import Sentence

PROCESSES_MAX: Final = 16

AHEAD_MAX: Final = 4
"""How many pieces of work per process are handed out before the first one is taken back."""

T = TypeVar("T")
Work = Callable[[], T]


def cores() -> int:
    """How many processes can work here at once."""
    return min(len(os.sched_getaffinity(0)), PROCESSES_MAX)


class Hands:
    """Whoever does pieces of work, and how many at once."""

    def __init__(self, executor: Executor, count: int) -> None:
        self._executor, self.count = executor, count

    async def results(self, works: Iterable[Work[T]]) -> AsyncIterator[T]:
        """Do pieces of work, many at once; their results in the order of the pieces.

        Raises:
            StoreUnavailableError: a process was ended from outside.
        """
        loop = asyncio.get_running_loop()
        waiting: deque[asyncio.Future[T]] = deque()
        try:
            for work in works:
                waiting.append(loop.run_in_executor(self._executor, work))
                if len(waiting) >= self.count * AHEAD_MAX:
                    yield await waiting.popleft()
            while waiting:
                yield await waiting.popleft()
        except BrokenExecutor as error:
            raise StoreUnavailableError(
                Sentence("A process that verifies was ended from outside."),
                Sentence("Give it more memory, or fewer processes."),
            ) from error
        finally:
            for one in waiting:
                one.cancel()


@contextmanager
def hands(count: int) -> Iterator[Hands]:
    """Lend processes, or a thread where one is enough."""
    executor: Executor
    if count <= 1:
        executor = ThreadPoolExecutor(1, "verification")
    else:
        executor = ProcessPoolExecutor(
            count, multiprocessing.get_context("spawn"), initializer=_begin
        )
    try:
        yield Hands(executor, max(count, 1))
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _begin() -> None:
    # Who is interrupted at a terminal is the one who started us, and it will end us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What is made here has no cycles, and a collector that looks for some takes its time.
    gc.disable()
    threading.Thread(target=_end_with_parent, name="end with parent", daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
