"""A long log, written as fast as a disk takes it: for measuring those who read it.

The bytes are those that the product writes (`draft`, `place`), and so are leaves, tiles and head;
only the way is another: one transaction, no durability, no event loop. Every payment's data key
lies beside it. Many payments are under way at once, and every `CHECKPOINT_EVENTS` entries a signed
checkpoint stands in the log, as in one that is checkpointed every few seconds.
"""

import itertools
import sqlite3
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from ledger.checkpoint import Checkpoint, Signer, sign_note
from ledger.commitment import KEYS_STREAM, checkpoints_stream, day_of
from ledger.entry import Context, Draft, draft, place, rfc3339
from ledger.events import Event, LogCheckpointMade, LogKeyIntroduced
from ledger.events_codec import decode_event
from ledger.introduction import introduce
from ledger.merkle import TreeBuilder, leaf_hash
from ledger.verify_keys import needed
from scripts.benches.story import life_of, payment_ids

UNDER_WAY: Final = 64
"""How many payments are under way at once."""

CHECKPOINT_EVENTS: Final = 10_000
EVENTS_PER_STEP: Final = 5_000
EVENTS_PER_SECOND: Final = 1_000
"""How fast time goes by in the log."""

ORIGIN: Final = "ledger.example/log"

_CONTEXT: Final = Context("reactor:bench", "0123456789abcdef", "request:0123456789abcdef")
_WRAPPED: Final = bytes(40)
_BEGAN: Final = datetime(2026, 1, 1, tzinfo=UTC)
_PRAGMAS: Final = (
    "journal_mode = OFF",
    "synchronous = OFF",
    "secure_delete = OFF",
    "cache_size = -1000000",
)

Told = tuple[str, int, Draft]
"""(stream, version, what is to be placed)."""


def write_log(path: Path, events: int) -> int:
    """Write a log of so many events, or a few more, into an empty database; how many."""
    story, signer = _story(), Signer(ORIGIN, bytes(32))
    tree, said = TreeBuilder(), _Said(signer)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN")
        while tree.size < events:
            at = _BEGAN + timedelta(seconds=tree.size // EVENTS_PER_SECOND)
            told = list(itertools.islice(story, min(EVENTS_PER_STEP, events - tree.size)))
            if tree.size % CHECKPOINT_EVENTS < EVENTS_PER_STEP and tree.size:
                told += said.checkpoint(at, tree)
            _append(connection, tree, told, rfc3339(at).encode())
        connection.execute("UPDATE head SET size = ?, root = ?", (tree.size, tree.root()))
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")
    return tree.size


def _append(
    connection: sqlite3.Connection, tree: TreeBuilder, told: list[Told], recorded_at: bytes
) -> None:
    # What is signed of the tree as it was stands first, whatever was added after it.
    rows = []
    for position, (stream, version, drafted) in enumerate(
        sorted(told, key=lambda one: not one[0].startswith(("log-", "checkpoints-"))), tree.size + 1
    ):
        entry = place(drafted, position=position, version=version, recorded_at=recorded_at)
        rows.append((position, stream, version, drafted.type, entry, leaf_hash(entry)))
    connection.executemany("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?)", rows)
    keys = needed((row[0], row[3], row[4]) for row in rows)
    connection.executemany(
        "INSERT INTO data_keys VALUES (?, ?, ?, ?)",
        [(key_id, f"person-{at:032x}", _WRAPPED, "mk1") for key_id, at in keys.items()],
    )
    tiles = tree.extend([row[5] for row in rows])
    connection.executemany(
        "INSERT INTO tiles VALUES (?, ?, ?)",
        [(tile.level, tile.index, b"".join(tile.hashes)) for tile in tiles],
    )


class _Said:
    """What the log says of itself: its key, and checkpoints."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self._day, self._version = "", 0
        self._is_introduced = False

    def checkpoint(self, at: datetime, tree: TreeBuilder) -> Iterator[Told]:
        """A checkpoint of the log as it stands, after the key if that is new."""
        if not self._is_introduced:
            self._is_introduced = True
            note = introduce(ORIGIN, self._signer, None, None)
            event: Event = LogKeyIntroduced(key=self._signer.verifier.text(), note=note)
            yield KEYS_STREAM, 1, draft(KEYS_STREAM, [event], _CONTEXT)[0]
        if day_of(at) != self._day:
            self._day, self._version = day_of(at), 0
        self._version += 1
        text = Checkpoint(ORIGIN, tree.size, tree.root()).text()
        event = LogCheckpointMade(
            origin=ORIGIN,
            size=tree.size,
            root=b64encode(tree.root()).decode(),
            note=sign_note(text, self._signer),
        )
        stream = checkpoints_stream(self._day)
        yield stream, self._version, draft(stream, [event], _CONTEXT)[0]


def _story() -> Iterator[Told]:
    """The lives of payments without an end, always some of them at once."""
    ids, numbers = payment_ids(7), itertools.count()
    lives = [_lives(ids, numbers) for _ in range(UNDER_WAY)]
    for life in itertools.cycle(lives):
        yield next(life)


def _lives(ids: Iterator[str], numbers: Iterator[int]) -> Iterator[Told]:
    for payment_id, number in zip(ids, numbers, strict=False):
        stream = f"payment-{payment_id}"
        told = [decode_event(name, 1, fields) for name, fields in life_of(payment_id, number)]
        for version, drafted in enumerate(draft(stream, told, _CONTEXT), 1):
            yield stream, version, drafted
