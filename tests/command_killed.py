"""What a command does first that is to die, as by `kill -9`, over an append; see `tests.forked`."""

import os
import signal
from collections.abc import Callable
from typing import Any, Final

from ledger.sql import SqlEventStore

_append = SqlEventStore.append


async def _die_before(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def _die_after(*given: Any, **more: Any) -> None:
    await _append(*given, **more)
    os.kill(os.getpid(), signal.SIGKILL)


async def _die_after_the_second(store: SqlEventStore, *given: Any, **more: Any) -> Any:
    done = await _append(store, *given, **more)
    setattr(SqlEventStore, "append", _die_after)  # noqa: B010 - a method cannot be assigned
    return done


def before_the_append() -> None:
    """Die when nothing is in the log yet."""
    setattr(SqlEventStore, "append", _die_before)  # noqa: B010 - a method cannot be assigned


def after_the_append() -> None:
    """Die when it is in the log, and nobody was told."""
    setattr(SqlEventStore, "append", _die_after)  # noqa: B010 - a method cannot be assigned


def after_the_second_append() -> None:
    """Die when half of it is in the log."""
    setattr(SqlEventStore, "append", _die_after_the_second)  # noqa: B010 - as above


MOMENTS: Final[tuple[Callable[[], None], ...]] = (
    before_the_append,
    after_the_append,
    after_the_second_append,
)
