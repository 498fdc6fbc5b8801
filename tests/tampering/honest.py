"""An honest log in a SQLite file, its older copies, and what others keep of it outside.

It is written by the product: stories decided by the real deciders, the store's own appender,
checkpoints by the maker of checkpoints, cosigned by a witness's judgement and key. What is kept
outside is what an auditor would keep: every checkpoint with the witness's line under it, the last
one of the whole log.
"""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from ledger.checkpoint import Checkpoint, Signer, open_checkpoint, sign_note
from ledger.checkpointing import CheckpointMaker, again
from ledger.commands_log import RecordCosignature
from ledger.cosignature import Cosigner
from ledger.entry import Context
from ledger.handling import Handler
from ledger.merkle import TILE_WIDTH, TreeBuilder, consistency_proof
from ledger.sql import Database, SqlEventStore
from ledger.store import RawEntry, TreeHead
from ledger.witness import AddCheckpoint, Seen, judge
from tests.builders import CONTEXT, NOW, PAID, Step, Teller, appends_of

ORIGIN: Final = "ledger.example/log"
LOG: Final = Signer(ORIGIN, bytes(range(32)))
WITNESS: Final = Cosigner("audit.example/witness", bytes(range(32, 64)))
KEYS: Final = {ORIGIN: (LOG.verifier,)}

CHAPTERS: Final = 6
PAYMENTS: Final = 4
"""How many payments a chapter tells of."""

SIDE_STORIES: Final[tuple[tuple[str, ...], ...]] = (
    ("keys", "rotate"),
    ("webhook", "understand"),
    (*PAID, "refund", "refund_paid"),
    ("outage", "recovery"),
    ("request", "start", "doubt", "no_answer", "statement_success"),
    ("checkout", "checkout_attempt", "start", "confirm", "failure", "checkout_told"),
)

GUARDS: Final = tuple(
    f"{table}_refuses_{verb}"
    for table in ("log", "tiles")
    for verb in ("update", "delete", "replace")
)


class Kept(NamedTuple):
    """A checkpoint as an auditor keeps it: what it says, and the cosigned note."""

    head: TreeHead
    note: str


@dataclass(frozen=True, slots=True)
class Honest:
    """The log, and what is known of it outside."""

    image: bytes
    """The file."""
    bare: bytes
    """The file without its guards, as who wants to change it begins."""
    older: tuple[bytes, ...]
    """Copies of the file from before, each at the moment of a checkpoint."""
    rows: tuple[RawEntry, ...]
    kept: tuple[Kept, ...]
    """Checkpoints by size; the last one is of the whole log."""
    seen: Seen
    """What the witness remembers."""

    @property
    def size(self) -> int:
        """How many entries there are."""
        return len(self.rows)


class Leaves:
    """A tree over leaf hashes, asked for any tile, root or proof."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.leaves = leaves
        tree = TreeBuilder()
        self.tiles = tree.extend(leaves)
        self.head = TreeHead(tree.size, tree.root())

    def tile(self, level: int, index: int) -> Sequence[bytes]:
        """The hashes of a tile, complete or not."""
        start = index * TILE_WIDTH
        if level == 0:
            return self.leaves[start : start + TILE_WIDTH]
        below = [one for one in self.tiles if one.level == level - 1]
        return [_root(one.hashes) for one in below[start : start + TILE_WIDTH]]

    def request(self, old: int, note: str) -> AddCheckpoint:
        """Ask a witness to cosign the whole of it, with the best proof there is."""
        size = len(self.leaves)
        proof = consistency_proof(old, size, self.tile) if old <= size else []
        return AddCheckpoint(min(old, size), tuple(proof), note)


def _root(hashes: Sequence[bytes]) -> bytes:
    tree = TreeBuilder()
    tree.extend(hashes)
    return tree.root()


def signed(head: TreeHead, signer: Signer = LOG) -> str:
    """A checkpoint's note as its log signs it."""
    return sign_note(Checkpoint(ORIGIN, head.size, head.root).text(), signer)


def read_rows(image: bytes) -> tuple[RawEntry, ...]:
    """The entries of a file."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(image)
        rows = connection.execute("SELECT * FROM log ORDER BY position").fetchall()
    return tuple(RawEntry(*row) for row in rows)


class _Clock:
    """A minute passes with every chapter."""

    def __init__(self) -> None:
        self.minutes = 0

    def __call__(self) -> datetime:
        return NOW + timedelta(minutes=self.minutes)


class _Writer:
    """Writes the log chapter by chapter, and keeps what others would."""

    def __init__(self, path: Path, store: SqlEventStore, clock: _Clock) -> None:
        self.path, self.store, self.handler = path, store, Handler(store)
        self.clock = clock
        self.last_size = 0
        self.seen = Seen()
        self.kept: list[Kept] = []
        self.older: list[bytes] = []
        self.maker = CheckpointMaker(
            self.handler,
            clock=clock,
            origin=ORIGIN,
            signers=lambda _key: LOG,
            last_size=self._last_size,
            every_seconds=60.0,
        )

    async def _last_size(self) -> int:
        return self.last_size

    async def write(self) -> None:
        """Tell all chapters; each ends in a checkpoint that the witness cosigns."""
        teller = Teller()
        for chapter in range(CHAPTERS):
            for stream, version, events in appends_of(teller.tell(*_chapter(chapter))):
                await self.store.append(stream, version, events, context=CONTEXT)
            made = await self.maker.make(context=Context("test", "checkpoints", "checkpoint:due"))
            assert made is not None
            assert made.is_new
            self.last_size = made.size
            signatures = await self._cosigned(made.note)
            await self.handler.handle(
                RecordCosignature(
                    size=made.size,
                    root=made.note.split("\n")[2],
                    witness=WITNESS.verifier.name,
                    signatures=signatures,
                ),
                context=CONTEXT,
            )
            self.older.append(_image(self.path))
            self.clock.minutes += 1
        _, note = await self.maker.signed_head()
        assert note is not None
        await self._cosigned(note)

    async def _cosigned(self, note: str) -> tuple[str, ...]:
        """Show a note to the witness, as the log does; keep what comes back."""
        leaves = Leaves([row.leaf for row in await self.store.read_raw(0)])
        size = again(note).size
        leaves = Leaves(leaves.leaves[:size])
        verdict = judge(leaves.request(self.seen.size, note), {ORIGIN: self.seen}, KEYS)
        assert (verdict.status, verdict.seen is not None) == (200, True)
        self.seen = verdict.seen or self.seen
        cosignature = WITNESS.cosign(verdict.text, int(self.clock().timestamp()))
        whole = note + cosignature.line()
        checkpoint, opened = open_checkpoint(whole, [LOG.verifier, WITNESS.verifier], origin=ORIGIN)
        assert len(opened.verified) == 2
        self.kept.append(Kept(TreeHead(checkpoint.size, checkpoint.root), whole))
        return (cosignature.line().rstrip("\n"),)


def _chapter(chapter: int) -> list[Step]:
    first = chapter * PAYMENTS
    steps = [(first + at, verb) for at in range(PAYMENTS) for verb in PAID]
    side = [
        (1000 + chapter * 10 + at, verb) for at, story in enumerate(SIDE_STORIES) for verb in story
    ]
    return [*steps, *side]


def _image(path: Path) -> bytes:
    """The file as an online backup gives it, with no log of writes beside it."""
    with closing(sqlite3.connect(path)) as connection, closing(sqlite3.connect(":memory:")) as copy:
        connection.backup(copy)
        image = bytearray(copy.serialize())
    image[18:20] = b"\x01\x01"  # not in WAL mode, which needs files beside it
    return bytes(image)


def _bare(image: bytes) -> bytes:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.deserialize(image)
        for guard in GUARDS:
            connection.execute(f"DROP TRIGGER {guard}")
        return connection.serialize()


async def _write(path: Path) -> _Writer:
    database = await Database.open(f"sqlite:///{path}", create=True)
    clock = _Clock()
    store = SqlEventStore(database, clock=clock)
    writer = _Writer(path, store, clock)
    await store.start()
    try:
        await writer.write()
    finally:
        await store.close()
        await database.close()
    return writer


def make(folder: Path) -> Honest:
    """Write the log into a folder; the same one every time."""
    path = folder / "honest.db"
    writer = asyncio.run(_write(path))
    image = _image(path)
    rows = read_rows(image)
    assert TILE_WIDTH < len(rows) == writer.kept[-1].head.size
    return Honest(
        image, _bare(image), tuple(writer.older[:-1]), rows, tuple(writer.kept), writer.seen
    )
