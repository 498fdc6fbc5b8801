"""Subject: this product's log on a database: appended to, replayed, projected.

Everything goes the way the server goes: the public `SqlEventStore` and `Projections`, durable
commits, entries hashed into the tree, every expected version checked.
"""

import asyncio
import gc
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ledger.entry import Context
from ledger.events_codec import decode_event
from ledger.sql import Database, SqlEventStore
from ledger.store import replay
from projections.base import Projections
from projections.payments import PaymentsProjection
from scripts.benches.story import LIVES, life_of, payment_ids
from scripts.benches.subject import Answer, quantile, serve

WARM_UP_PART: Final = 0.15
"""How much of an appending time passes before counting begins."""

FILLERS: Final = 64
_CONTEXT: Final = Context("reactor:bench", "0123456789abcdef", "request:0123456789abcdef")


async def create(url: str) -> Answer:
    """Make an empty database."""
    await (await Database.open(url, create=True)).close()
    return {}


async def append(url: str, writers: int, seconds: float) -> Answer:
    """Let many writers append at once, one event each, every one at its stream's version."""
    async with _opened(url) as (_, store):
        ids = payment_ids(1)
        told = (
            life_of(payment_id, number)
            for number, payment_id in zip(range(LIVES), ids, strict=False)
        )
        lives = itertools.cycle([[decode_event(n, 1, fields) for n, fields in one] for one in told])
        began = time.perf_counter()
        counting_from = began + seconds * WARM_UP_PART
        until = began + seconds
        waited: list[float] = []

        async def writer() -> None:
            while True:
                stream = f"payment-{next(ids)}"
                for version, event in enumerate(next(lives)):
                    asked = time.perf_counter()
                    await store.append(stream, version, [event], context=_CONTEXT)
                    answered = time.perf_counter()
                    if answered > until:
                        return
                    if answered > counting_from:
                        waited.append(answered - asked)

        await asyncio.gather(*(writer() for _ in range(writers)))
        await _check_size(store, len(waited))
        return {
            "rate": len(waited) / (until - counting_from),
            "p50_ms": quantile(waited, 0.5) * 1000,
            "p99_ms": quantile(waited, 0.99) * 1000,
        }


async def fill(url: str, payments: int) -> Answer:
    """Write the whole lives of many payments, one append each."""
    async with _opened(url) as (_, store):
        ids = payment_ids(2)
        numbers = iter(range(payments))

        async def writer() -> None:
            for number in numbers:
                payment_id = next(ids)
                events = [decode_event(name, 1, told) for name, told in life_of(payment_id, number)]
                await store.append(f"payment-{payment_id}", 0, events, context=_CONTEXT)

        began = time.perf_counter()
        await asyncio.gather(*(writer() for _ in range(FILLERS)))
        return {"events": await store.position(), "seconds": time.perf_counter() - began}


async def replayed(url: str) -> Answer:
    """Read the whole log as typed events."""
    async with _opened(url) as (_, store):
        await store.read(0, 1)  # the connections are open, as those beside it are
        gc.collect()
        began = time.perf_counter()
        count = 0
        async for _recorded in replay(store):
            count += 1
        return {"events": count, "rate": count / (time.perf_counter() - began)}


async def rebuilt(url: str) -> Answer:
    """Rebuild the payments projection from position 1, and swap it in."""
    async with _opened(url) as (database, store):
        projections = Projections(database, [PaymentsProjection])
        await projections.start()
        gc.collect()
        began = time.perf_counter()
        position = await projections.rebuild("payments", store)
        return {"events": position, "rate": position / (time.perf_counter() - began)}


def peak() -> Answer:
    """The most memory this process ever held, in megabytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return {"megabytes": int(line.split()[1]) / 1024}
    raise OSError("the system does not say how much memory a process held")


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[tuple[Database, SqlEventStore]]:
    database = await Database.open(url)
    try:
        store = SqlEventStore(database, clock=lambda: datetime.now(UTC))
        await store.start()
        try:
            yield database, store
        finally:
            await store.close()
    finally:
        await database.close()


async def _check_size(store: SqlEventStore, least: int) -> None:
    size = await store.position()
    if size < least:
        raise AssertionError(f"{least} appends were answered, {size} events are there")


VERBS: Final[dict[str, Any]] = {
    "create": create,
    "append": append,
    "fill": fill,
    "replay": replayed,
    "rebuild": rebuilt,
    "peak": peak,
}

if __name__ == "__main__":
    serve(VERBS)
