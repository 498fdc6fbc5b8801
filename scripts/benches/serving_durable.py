"""Subject: the least that a durable answer costs: aiohttp alone, and one event in our log.

The limit of serving (`serving_bare`) forgets what it is sent. Here each POST appends one event of
the usual size, in a stream of its own, and is answered when that is on the disk. Whatever else a
server does for a request (who asks, what is wrong with it, seals, decisions, lists) comes on top,
so this says which part of the way to the limit is the disk's and the log's.
"""

from datetime import UTC, datetime
from typing import Any, Final

from ledger.entry import Context
from ledger.events_codec import decode_event
from ledger.sql import Database, SqlEventStore
from scripts.benches import serving_bare
from scripts.benches.story import life_of, payment_ids
from scripts.benches.subject import Answer, serve

_CONTEXT: Final = Context("reactor:bench", "0123456789abcdef", "request:0123456789abcdef")


async def start(samples: dict[str, Any], url: str) -> Answer:
    """Serve, and append to a new database; see `serving_bare.start`."""
    database = await Database.open(url, create=True)
    serving_bare.running.push_async_callback(database.close)
    store = SqlEventStore(database, clock=lambda: datetime.now(UTC))
    await store.start()
    serving_bare.running.push_async_callback(store.close)
    ids = payment_ids(4)
    (name, fields), *_ = life_of(next(ids), 0)
    event = decode_event(name, 1, fields)

    async def append() -> None:
        await store.append(f"payment-{next(ids)}", 0, [event], context=_CONTEXT)

    return await serving_bare.start(samples, append)


if __name__ == "__main__":
    serve({"start": start, "stop": serving_bare.stop})
