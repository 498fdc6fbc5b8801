"""The event store in memory: the reference of what every store does, and the tests' double.

It is written to be read, not to be fast: the whole log is a list, the tree is made anew whenever
it is asked for, an append happens between two turns of the event loop. It keeps nothing when the
process ends.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence

from ledger.entry import Context, RecordedEvent, decode_entry, encode_entry, prepare, rfc3339
from ledger.errors import StoreBusyError, StoreClosedError, StreamTooLongError, WrongVersionError
from ledger.events import Event
from ledger.leftover import Leftover
from ledger.merkle import TILE_WIDTH, TreeBuilder, leaf_hash
from ledger.sentences import Sentence
from ledger.store import (
    PAGE_MAX,
    QUEUED_MAX,
    STREAM_EVENTS_MAX,
    Clock,
    DataKey,
    RawEntry,
    Speaks,
    TreeHead,
)


class MemoryEventStore:
    """A list of entries with the manners of an event store."""

    def __init__(self, *, clock: Clock, queued_max: int = QUEUED_MAX) -> None:
        self._clock = clock
        self._queued_max = queued_max
        self._queued = 0
        self._rows: list[RawEntry] = []
        self._streams: dict[str, list[int]] = {}
        self._keys: dict[str, DataKey] = {}
        self._is_closed = False
        self._grown = asyncio.Event()

    async def start(self) -> None:
        """Begin to accept appends: nothing to do."""

    @property
    def queued(self) -> int:
        """How many appends wait now."""
        return self._queued

    @property
    def stopped(self) -> str | None:
        """See `EventStore.stopped`: nothing runs here that could end by itself."""
        return None

    async def append(
        self,
        stream: str,
        expected_version: int,
        events: Sequence[Event],
        *,
        context: Context,
        keys: Sequence[DataKey] = (),
    ) -> list[RecordedEvent]:
        """See `EventStore.append`."""
        if self._is_closed:
            raise StoreClosedError(Sentence("the store is not open: nothing was written"))
        if not events:
            raise ValueError("an append needs at least one event")
        if expected_version + len(events) > STREAM_EVENTS_MAX:
            raise StreamTooLongError(stream, STREAM_EVENTS_MAX)
        if self._queued >= self._queued_max:
            raise StoreBusyError(self._queued_max)
        self._queued += 1
        try:
            # Give way once, as a store that writes to a disk does.
            await asyncio.sleep(0)
        finally:
            self._queued -= 1
        return self._append(stream, expected_version, events, context, keys)

    def _append(
        self,
        stream: str,
        expected_version: int,
        events: Sequence[Event],
        context: Context,
        keys: Sequence[DataKey],
    ) -> list[RecordedEvent]:
        version = len(self._streams.get(stream, ()))
        if version != expected_version:
            raise WrongVersionError(stream, expected_version, version)
        recorded_at = rfc3339(self._clock())
        rows = []
        for number, event in enumerate(events, 1):
            position = len(self._rows) + number
            entry = encode_entry(
                prepare(event),
                position=position,
                stream=stream,
                version=version + number,
                recorded_at=recorded_at,
                context=context,
            )
            rows.append(
                RawEntry(position, stream, version + number, event.type, entry, leaf_hash(entry))
            )
        self._rows += rows
        self._streams.setdefault(stream, []).extend(row.position for row in rows)
        for key in keys:
            self._keys.setdefault(key.key_id, key)
        self._grown.set()
        self._grown = asyncio.Event()
        return [decode_entry(row.entry) for row in rows]

    async def read_stream(self, stream: str) -> list[RecordedEvent]:
        """See `EventStore.read_stream`."""
        positions = self._streams.get(stream, ())
        return [decode_entry(self._rows[position - 1].entry) for position in positions]

    async def read_stream_part(self, stream: str, after: int, limit: int) -> list[RecordedEvent]:
        """See `EventStore.read_stream_part`."""
        return (await self.read_stream(stream))[after : after + min(limit, PAGE_MAX)]

    async def read(self, after: int, limit: int = PAGE_MAX) -> list[RecordedEvent]:
        """See `EventStore.read`."""
        return [decode_entry(row.entry) for row in await self.read_raw(after, limit)]

    async def read_raw(self, after: int, limit: int = PAGE_MAX) -> list[RawEntry]:
        """See `EventStore.read_raw`."""
        return self._rows[after : after + min(limit, PAGE_MAX)]

    async def misplaced(self, after: int, until: int) -> int | None:
        """See `EventStore.misplaced`."""
        versions: Counter[str] = Counter()
        for row in self._rows[:until]:
            versions[row.stream] += 1
            if row.position > after and row.version != versions[row.stream]:
                return row.position
        return None

    async def strays(self) -> tuple[int, str] | None:
        """See `EventStore.strays`: a list has no place for any."""
        return None

    async def position(self) -> int:
        """See `EventStore.position`."""
        return len(self._rows)

    async def wait_for(self, position: int, timeout_seconds: float) -> bool:
        """See `EventStore.wait_for`."""
        try:
            async with asyncio.timeout(timeout_seconds):
                while len(self._rows) < position:
                    await self._grown.wait()
        except TimeoutError:
            return len(self._rows) >= position
        return True

    async def head(self) -> TreeHead:
        """See `EventStore.head`."""
        tree = TreeBuilder()
        tree.extend([row.leaf for row in self._rows])
        return TreeHead(tree.size, tree.root())

    async def tile(self, level: int, index: int) -> list[bytes]:
        """See `EventStore.tile`."""
        width = TILE_WIDTH**level
        start = index * TILE_WIDTH * width
        hashes = []
        for at in range(start, min(start + TILE_WIDTH * width, len(self._rows)), width):
            part = self._rows[at : at + width]
            if len(part) == width:
                tree = TreeBuilder()
                tree.extend([row.leaf for row in part])
                hashes.append(tree.root())
        return hashes

    def scan(self) -> None:
        """See `EventStore.scan`: no other process sees this memory."""

    async def data_keys(self, key_ids: Sequence[str]) -> dict[str, DataKey]:
        """See `EventStore.data_keys`."""
        return {name: self._keys[name] for name in key_ids[:PAGE_MAX] if name in self._keys}

    async def destroy_subject(self, subject: str) -> int:
        """See `EventStore.destroy_subject`."""
        return await self.destroy_subjects([subject])

    async def destroy_subjects(self, subjects: Sequence[str]) -> int:
        """See `EventStore.destroy_subjects`."""
        gone = set(subjects[:PAGE_MAX])
        doomed = [key.key_id for key in self._keys.values() if key.subject in gone]
        for key_id in doomed:
            del self._keys[key_id]
        return len(doomed)

    async def destroy_subject_unless(self, subject: str, after: int, speaks: Speaks) -> int | None:
        """See `EventStore.destroy_subject_unless`."""
        came = self._rows[after:]
        if len(came) > PAGE_MAX or any(speaks(decode_entry(one.entry)) for one in came):
            return None
        return await self.destroy_subjects([subject])

    async def scrub(self) -> Leftover | None:
        """See `EventStore.scrub`: nothing was ever written anywhere."""
        return None

    async def close(self) -> None:
        """See `EventStore.close`."""
        self._is_closed = True
