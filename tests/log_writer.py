"""A process that writes to a log until somebody kills it: `python -m tests.log_writer URL NAME`.

Every append it was told is durable it acknowledges with one line on its standard output: positions,
stream, leaf hashes and key. Whoever kills it knows what must be found again.
"""

import asyncio
import itertools
import os
import sys
from datetime import UTC, datetime

from ledger.entry import Context
from ledger.events import MerchantAdded
from ledger.merkle import leaf_hash
from ledger.sql import Database, SqlEventStore
from ledger.store import DataKey

WRITERS = 24


async def write(store: SqlEventStore, name: str, writer: int) -> None:
    """Append one to three events at a time to one stream, for ever."""
    stream = f"{name}-{writer}"
    version = 0
    for turn in itertools.count():
        count = 1 + (turn + writer) % 3
        recorded = await store.append(
            stream,
            version,
            [
                MerchantAdded(merchant_id="m", name=f"{number}/{count}", country="CM")
                for number in range(1, count + 1)
            ],
            context=Context("cli", f"{stream}.{turn}", "cli"),
            keys=[DataKey(f"{stream}.{turn}", stream, b"wrapped", "master")],
        )
        version += count
        leaves = ",".join(f"{one.position}:{leaf_hash(one.entry).hex()}" for one in recorded)
        os.write(1, f"{stream}.{turn} {leaves}\n".encode())


async def main(url: str, name: str) -> None:
    """Open the log and write with many hands."""
    database = await Database.open(url, create=True)
    store = SqlEventStore(database, clock=lambda: datetime.now(UTC))
    await store.start()
    await asyncio.gather(*(write(store, name, writer) for writer in range(WRITERS)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
