"""The event store's port, written as law.

1. **Append** adds events to one stream, all or none, if and only if the stream has the expected
   version (0 = the stream does not exist). When `append` returns, the events and the data keys
   given with them are durable.
2. **Positions** are 1, 2, 3, ... in the order of commit, without gaps. Whoever has read up to
   position p has seen everything up to p, for ever: nothing appears later below p.
3. **Versions** of a stream are 1, 2, 3, ... in the order of positions.
4. **Reading** gives entries in order. It never blocks an append and never sees half of one.
5. **Bounded**: at most `queued_max` appends wait; one more is refused with `StoreBusyError` and
   nothing of it is written. What was refused or failed left no trace.
6. **The tree** over all entries (RFC 6962, leaf = entry bytes) is kept with every commit.
7. **Data keys** are the only rows that may be destroyed: that is how a person is forgotten.

Implementations: `ledger.memory` (the reference), `ledger.sql` (SQLite and PostgreSQL). One abstract
contract in `tests/contracts/store.py` holds all of them to this law.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Final, NamedTuple, Protocol

from ledger.entry import Context, RecordedEvent
from ledger.errors import CorruptLogError
from ledger.events import Event
from ledger.leftover import Leftover
from ledger.scan import LogScan

PAGE_MAX: Final = 1000
"""The most entries one read returns."""

STREAM_EVENTS_MAX: Final = 10_000
"""The most events one stream may have: a stream is folded whole."""

QUEUED_MAX: Final = 10_000
"""The default bound of the append queue."""

Clock = Callable[[], datetime]
"""Gives the present time, aware and in UTC."""


Speaks = Callable[[RecordedEvent], bool]
"""Says of an entry whether it has to do with somebody."""


class DataKey(NamedTuple):
    """A wrapped data key, kept beside the log and destroyable; see `ledger.vault`."""

    key_id: str
    subject: str
    wrapped: bytes
    master_key_id: str


class TreeHead(NamedTuple):
    """The size of the log and the root of its tree."""

    size: int
    root: bytes


class RawEntry(NamedTuple):
    """A stored row, as found: for verification and export."""

    position: int
    stream: str
    version: int
    type: str
    entry: bytes
    leaf: bytes
    """The leaf hash stored beside the entry."""


class EventStore(Protocol):
    """The log. See the module's docstring for what every method promises."""

    @property
    def stopped(self) -> str | None:
        """Why appends are not served any more although nobody closed it; None while all is well."""

    async def append(
        self,
        stream: str,
        expected_version: int,
        events: Sequence[Event],
        *,
        context: Context,
        keys: Sequence[DataKey] = (),
    ) -> list[RecordedEvent]:
        """Add events to a stream.

        Raises:
            WrongVersionError: the stream is not at `expected_version`.
            StoreBusyError: the queue is full.
            StoreUnavailableError: the database refused (locked, read-only, full disk, gone).
            EntryTooLargeError: an event does not fit into an entry.
        """

    async def read_stream(self, stream: str) -> list[RecordedEvent]:
        """All events of a stream in order; empty if there is none."""

    async def read_stream_part(self, stream: str, after: int, limit: int) -> list[RecordedEvent]:
        """The next events of a stream after a version, at most `limit` (<= `PAGE_MAX`).

        For whoever reads a long stream once, and has no room for the whole.
        """

    async def read(self, after: int, limit: int = PAGE_MAX) -> list[RecordedEvent]:
        """The next events after a position, at most `limit` (<= `PAGE_MAX`)."""

    async def read_raw(self, after: int, limit: int = PAGE_MAX) -> list[RawEntry]:
        """The next stored rows after a position, undecoded."""

    async def misplaced(self, after: int, until: int) -> int | None:
        """The first position, after one and up to another, that breaks law 3; None if none does.

        It breaks it if its stream has that version twice, or has not the version before it at a
        lower position. The store's own index answers, so that a verifier's memory stays flat; that
        it does not lead to this very row breaks the law too.
        """

    async def strays(self) -> tuple[int, str] | None:
        """Something that no log has, beside what is read by position: where, and what; or None.

        Rows before position 1, tiles beyond the tree, a head that is not one row, entries of an
        index that belong to no row: no read of the log asks for them, so only this finds them.
        """

    async def position(self) -> int:
        """The last committed position; 0 for an empty log."""

    async def wait_for(self, position: int, timeout_seconds: float) -> bool:
        """Wait until the log has reached a position; False if it has not in time."""

    async def head(self) -> TreeHead:
        """The size and root of the tree as stored with the last commit."""

    async def tile(self, level: int, index: int) -> list[bytes]:
        """The hashes of a tile: 256 if complete, fewer for the last one of its level.

        Stored hashes are given as they are found, also where none should be: a verifier compares.
        """

    def scan(self) -> LogScan | None:
        """How other processes can read the log by themselves; None if they cannot."""

    async def data_keys(self, key_ids: Sequence[str]) -> dict[str, DataKey]:
        """The data keys that exist, by id; at most `PAGE_MAX` asked at once."""

    async def destroy_subject(self, subject: str) -> int:
        """Destroy every data key of a subject; how many there were."""

    async def destroy_subjects(self, subjects: Sequence[str]) -> int:
        """Destroy every data key of some subjects, at most `PAGE_MAX`; how many there were."""

    async def destroy_subject_unless(self, subject: str, after: int, speaks: Speaks) -> int | None:
        """Destroy every data key of a subject, unless something came since it was looked at.

        The log is looked at and the keys are destroyed as one, in line with all appends: nothing
        comes between the two.

        Args:
            subject: whose keys.
            after: up to where the caller has looked at the log.
            speaks: whether an entry stands against it; asked of those that came since.

        Returns:
            How many keys there were; None where nothing was destroyed, because an entry stands
            against it or more than `PAGE_MAX` have come.
        """

    async def scrub(self) -> Leftover | None:
        """Remove every byte of destroyed keys from the database's own files, whatever it takes.

        Returns:
            None, or why some may still be there (`ledger.leftover`); what may change is tried
            again by itself.
        """

    async def close(self) -> None:
        """Finish what was accepted, then let go of the database."""


async def replay(
    store: EventStore, after: int = 0, until: int | None = None, page: int = PAGE_MAX
) -> AsyncIterator[RecordedEvent]:
    """Read the log from a position on to its end (or up to `until`), page by page, memory flat."""
    while True:
        batch = await store.read(after, page)
        for recorded in batch:
            if until is not None and recorded.position > until:
                return
            yield recorded
        if len(batch) < page:
            return
        after = batch[-1].position
        batch = []  # let go of it before the next one is made: that is a tenth of the time


async def position_at(store: EventStore, moment: datetime) -> int:
    """The last position recorded by a time; 0 if nothing was.

    Found by halving: the log's times go forward, up to the steps of a clock that was set right.
    """
    low, high = 0, await store.position()
    while low < high:
        middle = (low + high + 1) // 2
        (recorded,) = await store.read(middle - 1, 1)
        if recorded.recorded_at <= moment:
            low = middle
        else:
            high = middle - 1
    return low


async def first_misplaced(store: EventStore, after: int, until: int) -> int | None:
    """`EventStore.misplaced`, of a table that may be damaged itself.

    A row that stands elsewhere in the table may claim the place of one that is as it must be: who
    is looked for alone is found where it belongs.

    Raises:
        CorruptLogError: the entries are not in the order of their positions.
    """
    position = await store.misplaced(after, until)
    if position is None or until == after + 1:
        return position
    if not after < position <= until or await store.misplaced(position - 1, position) != position:
        raise CorruptLogError(0, "the entries are not in the order of their positions")
    return position
