"""A server that dies, as by `kill -9`, when an exchange is kept and its outcome is about to be.

Run as `python -m tests.exchange_killed FOLDER MTN_URL`; prints the payment's id before it dies.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from adapters.sandbox.mtn_trial import adapter_fields
from api.settings import Settings
from api.wiring import utc_now
from ledger.events import Event, PaymentSubmitted
from ledger.sql import SqlEventStore
from tests.api_world import a_payment, a_world, settings_in

_append = SqlEventStore.append


class Sandbox:
    """What the adapter's settings are made from."""

    def __init__(self, url: str) -> None:
        self.url = url


def settings_for(folder: Path, url: str) -> Settings:
    """Settings of a server over one MTN sandbox."""
    server: Any = Sandbox(url)
    # The next server goes on when the time is over that this one would have had for four calls.
    hurry = {"inquiry_first_seconds": "0.1", "call_timeout_seconds": "1", "doubt_seconds": "0.1"}
    fields = {**adapter_fields(server), **hurry}
    return settings_in(
        folder, providers=("mtn",), provider_tables={"mtn": fields}, lease_margin_seconds=0.5
    )


async def dying_append(
    self: SqlEventStore, stream: str, version: int, events: Sequence[Event], **given: Any
) -> Any:
    """Append, but die at the outcome."""
    if any(isinstance(one, PaymentSubmitted) for one in events):
        os.kill(os.getpid(), signal.SIGKILL)
    return await _append(self, stream, version, events, **given)


async def main(folder: Path, url: str) -> None:
    """Take one payment and die."""
    setattr(SqlEventStore, "append", dying_append)  # noqa: B010 - a method cannot be assigned
    async with a_world(settings_for(folder, url), clock=utc_now, is_working=True) as world:
        answer = await world.pay(a_payment())
        print(answer.json["id"], flush=True)  # noqa: T201 - who started it reads this
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
