"""Subject: the limits, i.e. what the database and the JSON parser give when nothing else is done.

`append_sqlite` and `append_postgresql` insert rows that are ready, 100 per commit, by the driver
alone, into the very table with the very indexes and triggers that this product writes to, with the
same durability. Nothing is decided, checked, encoded or hashed, nobody waits for an answer, and
making the rows is not counted.

`read_sqlite` selects the entries of a log in order and parses each with orjson; nothing is typed.
"""

import itertools
import sqlite3
import time
from collections.abc import Iterator
from typing import Any, Final

import asyncpg
import orjson

from ledger.entry import Context, draft, place
from ledger.events_codec import decode_event
from ledger.merkle import leaf_hash
from scripts.benches.story import LIVES, life_of, payment_ids
from scripts.benches.subject import Answer, serve

ROWS_PER_COMMIT: Final = 100

_PRAGMAS: Final = ("journal_mode = WAL", "synchronous = FULL", "cache_size = -16000")
_SQLITE: Final = "INSERT INTO log VALUES (?, ?, ?, ?, ?, ?)"
_POSTGRESQL: Final = "INSERT INTO log VALUES ($1, $2, $3, $4, $5, $6)"
_CONTEXT: Final = Context("reactor:bench", "0123456789abcdef", "request:0123456789abcdef")

_Row = tuple[int, str, int, str, bytes, bytes]


def append_sqlite(path: str, seconds: float) -> Answer:
    """Insert batches until the time spent in the database is over."""
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    spent, count = 0.0, 0
    for batch in _batches():
        began = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(_SQLITE, batch)
        connection.execute("COMMIT")
        spent += time.perf_counter() - began
        count += len(batch)
        if spent >= seconds:
            break
    connection.close()
    return {"rate": count / spent}


async def append_postgresql(url: str, seconds: float) -> Answer:
    """Insert batches until the time spent waiting for the server is over."""
    connection = await asyncpg.connect(url)
    spent, count = 0.0, 0
    for batch in _batches():
        began = time.perf_counter()
        async with connection.transaction():
            await connection.executemany(_POSTGRESQL, batch)
        spent += time.perf_counter() - began
        count += len(batch)
        if spent >= seconds:
            break
    await connection.close()
    return {"rate": count / spent}


def read_sqlite(path: str) -> Answer:
    """Parse every entry of a log."""
    connection = sqlite3.connect(path, isolation_level=None)
    began = time.perf_counter()
    count = 0
    for (entry,) in connection.execute("SELECT entry FROM log ORDER BY position"):
        orjson.loads(entry)
        count += 1
    rate = count / (time.perf_counter() - began)
    connection.close()
    return {"events": count, "rate": rate}


def _batches() -> Iterator[list[_Row]]:
    """Rows as a log of payments has them, numbered on, a hundred at a time."""
    ids = payment_ids(1)
    lives = []
    for number, payment_id in enumerate(itertools.islice(ids, LIVES)):
        told = life_of(payment_id, number)
        events = [decode_event(name, 1, fields) for name, fields in told]
        lives.append(draft(f"payment-{payment_id}", events, _CONTEXT))
    at = b"2026-03-01T12:00:00.000000Z"
    position, batch = 0, []
    for life in itertools.cycle(lives):
        stream = f"payment-{next(ids)}"
        for version, drafted in enumerate(life, start=1):
            position += 1
            entry = place(drafted, position=position, version=version, recorded_at=at)
            batch.append((position, stream, version, drafted.type, entry, leaf_hash(entry)))
        if len(batch) >= ROWS_PER_COMMIT:
            yield batch
            batch = []


VERBS: Final[dict[str, Any]] = {
    "append_sqlite": append_sqlite,
    "append_postgresql": append_postgresql,
    "read_sqlite": read_sqlite,
}

if __name__ == "__main__":
    serve(VERBS)
