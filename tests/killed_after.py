"""`cauri`, killed when an event of a type is in the log and nothing came of it; run as a program.

Its first word is the event's type.
"""

import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

from api.cli import main
from ledger.events import Event
from ledger.sql import SqlEventStore

_append, _type = SqlEventStore.append, sys.argv.pop(1)


async def deadly_append(
    self: SqlEventStore, stream: str, version: int, events: Sequence[Event], **given: Any
) -> Any:
    """Append, and die of it before anybody hears that it is done."""
    done = await _append(self, stream, version, events, **given)
    if any(one.type == _type for one in events):
        os.kill(os.getpid(), signal.SIGKILL)
    return done


setattr(SqlEventStore, "append", deadly_append)  # noqa: B010 - a method cannot be assigned
main()
