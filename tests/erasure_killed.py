"""An operator's process that dies, as by `kill -9`, in the middle of the erasure it agreed to.

Run as `python -m tests.erasure_killed FOLDER ERASURE_ID MOMENT`; see `MOMENTS`.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Final

from api.wiring import services
from ledger.sql import SqlEventStore
from ledger.vault import Vault
from tests.api_world import CONTEXT, settings_in
from tests.conftest import FakeClock

MOMENTS: Final[dict[str, tuple[type, str]]] = {
    "before any key is destroyed": (Vault, "erase_unless"),
    "after the person's own keys are": (Vault, "erase_all"),
    "before the bytes are cleared": (SqlEventStore, "scrub"),
}
"""What the process is about to do -> where that is done."""


async def die(*_: object) -> None:
    """End at once; nothing is closed, flushed or undone."""
    os.kill(os.getpid(), signal.SIGKILL)


async def main(folder: Path, erasure_id: str, moment: str) -> None:
    """Agree, and die."""
    setattr(*MOMENTS[moment], die)
    async with services(settings_in(folder), clock=FakeClock(), is_working=False) as lent:
        await lent.people.approve(erasure_id, by="another", context=CONTEXT)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
