"""Writing a bundle: one pass over the range, then what proves it, then the manifest.

Everything is read through the store's port and nothing is written to the log. A page of entries is
in memory at a time, the file of entries that is filling, and one tile.
"""

import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import closing as closed
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from api.bundles.books import PREFIX, Books, added
from api.bundles.commitments import Closing, introduced_by, note_of, said_by
from api.bundles.files import Writer
from api.bundles.report import Facts, readme, report
from api.bundles.shape import (
    FILE_BYTES_MAX,
    FILE_ENTRIES_MAX,
    REPORTS,
    VERIFIER,
    Manifest,
    canonical,
    lines_name,
    note_name,
    tile_name,
    tiles_needed,
    width_in,
)
from ledger import events
from ledger.checkpoint import Checkpoint, split_note
from ledger.entry import RecordedEvent, rfc3339
from ledger.errors import CorruptLogError
from ledger.merkle import TILE_WIDTH
from ledger.policy import read_policy
from ledger.store import PAGE_MAX, EventStore

Tell = Callable[[int, int], None]

_SCRIPT: Final = Path(__file__).with_name(VERIFIER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a bundle is to be of."""

    first: int
    last: int
    closing: Closing
    keys: Sequence[RecordedEvent]
    """The entries that introduced the log's keys."""
    policy: bytes
    opening: list[dict[str, Any]]
    """What the books said before the range; see `api.bundles.books.accounts_of`."""
    made_at: str
    tool: str
    times: tuple[str | None, str | None] = (None, None)
    """Between which times it was asked for; None where it was not by a time."""


@dataclass(slots=True)
class _Digests:
    """What the checkpoints of the range said of projections last."""

    said: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, position: int, event: events.LogCheckpointMade) -> None:
        for name, one in event.digests.items():
            self.said[name] = {
                "checkpoint_size": event.size,
                "position": one.position,
                "said_at": position,
                "sha256": one.sha256,
                "version": one.version,
            }


class Lines:
    """Writes entries into files that are bounded, each named after its first position."""

    def __init__(self, writer: Writer, folder: str) -> None:
        self._writer, self._folder = writer, folder
        self._lines: list[bytes] = []
        self._bytes = self._first = 0

    def add(self, position: int, entry: bytes) -> None:
        """Add the next entry."""
        self._first = self._first if self._lines else position
        self._lines.append(entry)
        self._bytes += len(entry) + 1
        if len(self._lines) >= FILE_ENTRIES_MAX or self._bytes >= FILE_BYTES_MAX:
            self.end()

    def end(self) -> None:
        """Write what is left."""
        if self._lines:
            content = b"\n".join([*self._lines, b""])
            self._writer.put(lines_name(self._folder, self._first), content)
        self._lines, self._bytes = [], 0


async def export(
    store: EventStore, writer: Writer, asked: Asked, books: Books, folder: Path, *, tell: Tell
) -> Manifest:
    """Write a bundle.

    Args:
        store: the log.
        writer: where to.
        asked: what of it.
        books: new ones.
        folder: for what does not fit into memory; thrown away afterwards.
        tell: is told how many entries of how many are written.

    Raises:
        CorruptLogError: an entry is missing, or is not the one of the tree.
    """
    with closed(sqlite3.connect(folder / "context.db", isolation_level=None)) as found:
        found.execute("CREATE TABLE context (position INTEGER PRIMARY KEY, entry BLOB)")
        found.execute("BEGIN")
        digests, notes = _Digests(), dict(asked.closing.notes)
        lines, done = Lines(writer, "entries"), 0
        recorded_at: list[datetime] = []
        async for recorded in _entries(store, asked.first, asked.last):
            lines.add(recorded.position, recorded.entry)
            if recorded.version > 1 and recorded.stream.startswith(PREFIX):
                await _add_context(store, recorded, books, asked.first, found)
            books.add(recorded)
            recorded_at[1:] = [recorded.recorded_at]
            if isinstance(recorded.event, events.LogCheckpointMade):
                digests.add(recorded.position, recorded.event)
                size = recorded.event.size
                if size not in notes:
                    notes[size] = ""  # its file is written, and need not be kept
                    note = await note_of(store, recorded.event)
                    writer.put(note_name(size), note.encode())
            done += 1
            if done % PAGE_MAX == 0:
                tell(done, asked.last - asked.first + 1)
        lines.end()
        for size, note in asked.closing.notes.items():
            writer.put(note_name(size), note.encode())
        positions = _write_context(writer, found)
    for one in asked.keys:
        positions.append(one.position)
    await _write_tiles(store, writer, asked, positions, notes)
    return _write_rest(writer, asked, books, digests, recorded_at)


async def _entries(store: EventStore, first: int, last: int) -> AsyncIterator[RecordedEvent]:
    position = first - 1
    while position < last:
        page = await store.read(position, min(PAGE_MAX, last - position))
        for recorded in page:
            position += 1
            if recorded.position != position:
                raise CorruptLogError(position, "the entry is missing")
            yield recorded
        if not page:
            raise CorruptLogError(position + 1, "the entry is missing")


async def _add_context(
    store: EventStore, recorded: RecordedEvent, books: Books, first: int, found: sqlite3.Connection
) -> None:
    """Take in what happened to a payment before the range, when the range first speaks of it."""
    if books.knows(recorded.stream):
        return
    for one in await store.read_stream(recorded.stream):
        if one.position < first:
            books.add_context(one)
            found.execute("INSERT INTO context VALUES (?, ?)", (one.position, one.entry))


def _write_context(writer: Writer, found: sqlite3.Connection) -> list[int]:
    lines, positions = Lines(writer, "context"), []
    for position, entry in found.execute("SELECT position, entry FROM context ORDER BY position"):
        lines.add(position, entry)
        positions.append(position)
    lines.end()
    return positions


async def _write_tiles(
    store: EventStore,
    writer: Writer,
    asked: Asked,
    positions: Sequence[int],
    sizes: dict[int, str],
) -> None:
    size = asked.closing.size
    needed = tiles_needed(
        size, first=asked.first, last=asked.last, positions=positions, sizes=sizes
    )
    for tile in needed:
        level, index = tile
        hashes = (await store.tile(level, index))[: width_in(tile, size)]
        if len(hashes) != width_in(tile, size):
            start = index * TILE_WIDTH ** (level + 1) + 1
            raise CorruptLogError(start, f"tile {level}/{index} of the tree is missing")
        writer.put(tile_name(tile, size), b"".join(hashes))


def _write_rest(
    writer: Writer, asked: Asked, books: Books, digests: _Digests, recorded_at: Sequence[datetime]
) -> Manifest:
    note = asked.closing.notes[asked.closing.size]
    checkpoint = Checkpoint.from_text(split_note(note)[0])
    keys = introduced_by(asked.keys)
    totals = {
        "closing": added(asked.opening, books.movements()),
        "entries": dict(sorted(books.types.items())),
        "movements": books.movements(),
        "opening": asked.opening,
        "payments": books.payments(),
    }
    writer.put("keys.jsonl", b"".join(one.entry + b"\n" for one in asked.keys))
    writer.put("keys.txt", "".join(f"{one.key}\n" for one in keys).encode())
    writer.put("policy.txt", asked.policy)
    writer.put("digests.json", canonical(digests.said))
    writer.put("totals.json", canonical(totals))
    writer.put(VERIFIER, _SCRIPT.read_bytes())
    writer.put("README.txt", readme().encode())
    root = note.split("\n")[2]
    found = said_by(read_policy(asked.policy), note, keys, checkpoint.origin)
    facts = Facts(
        origin=checkpoint.origin,
        first=asked.first,
        last=asked.last,
        first_at=rfc3339(recorded_at[0]),
        last_at=rfc3339(recorded_at[-1]),
        asked_from=asked.times[0],
        asked_to=asked.times[1],
        size=checkpoint.size,
        root=root,
        made_at=asked.made_at,
        tool=asked.tool,
        **found._asdict(),
    )
    for language, name in REPORTS.items():
        writer.put(name, report(language, facts, totals, digests.said).encode())
    manifest = Manifest(
        origin=facts.origin,
        first=facts.first,
        last=facts.last,
        size=facts.size,
        root=root,
        made_at=facts.made_at,
        tool=facts.tool,
        asked_from=facts.asked_from,
        asked_to=facts.asked_to,
        files=writer.members(),
    )
    writer.close(manifest)
    return manifest
