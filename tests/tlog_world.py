"""A server with a signed log of some hundred entries, for tests of what auditors fetch."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ledger.checkpoint import Signer
from ledger.events import ProviderBreakerClosed
from tests.api_world import CONTEXT, World, a_world, settings_in
from tests.conftest import FakeClock
from tests.tlog_client import TlogClient

LOG_NAME = "ledger.example/log"
SIGNER = Signer(LOG_NAME, bytes(range(32)))


@asynccontextmanager
async def a_log(
    folder: Path, clock: FakeClock, entries: int, *, is_in_memory: bool = True
) -> AsyncIterator[World]:
    """Serve a log that has so many entries; nothing is signed yet."""
    file = folder / "log.key"
    file.write_text(SIGNER.private_text())
    settings = settings_in(folder, signing_key_file=file, log_name=LOG_NAME)
    async with a_world(settings, clock=clock, is_in_memory=is_in_memory) as world:
        await grow(world, entries)
        yield world


async def grow(world: World, size: int) -> None:
    """Let things happen until the log has so many entries."""
    store = world.services.store
    while (position := await store.position()) < size:
        count = min(size - position, 1000)
        # Of all events the ones that no projection has a row for: only the log is looked at.
        added = [
            ProviderBreakerClosed(provider="mtn", power=f"{position}.{one}") for one in range(count)
        ]
        await store.append(f"provider-{position}", 0, added, context=CONTEXT)


async def checkpoint(world: World) -> Any:
    """Make a checkpoint, and wait until it is shown."""
    answer = await world.ask("POST", "/v1/log/checkpoints", who="auditor")
    assert answer.status in {200, 201}, answer
    await world.caught_up()
    return answer.json


def client_of(world: World, who: str = "auditor") -> TlogClient:
    """A client of the log with somebody's key."""
    parts = urlsplit(world.url)
    assert parts.hostname is not None
    assert parts.port is not None
    return TlogClient(parts.hostname, parts.port, world.keys[who])
