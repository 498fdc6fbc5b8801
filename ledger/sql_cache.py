"""Decoded streams, kept while they are certainly current.

The trick: the whole cache stands at one position of the log. Before it is asked, the log's size is
read; if it is where the cache stands, nothing has been appended by anybody, and every stream kept
here is what the database would give. If the log has grown, the streams that changed since are named
by the database and dropped, and the cache stands at the new position. Our own commits bring it
along without a question, because the appender knows under its lock that it started exactly where
the cache stands.

Why at all: reading the size is a tenth of reading and decoding a stream, and can be shared by all
who ask in the same moment. A payment is read again and again while it is young.

A stream that is being read while it changes is not kept: its read holds a token, and any change
takes the token away.

What it deliberately does not do: read anything, or answer for a position it was not told.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Final

from ledger.entry import RecordedEvent

EVENTS_MAX: Final = 20_000
"""How many events are kept; one of half a kilobyte takes some 3 kB."""

ENTRIES_BYTES_MAX: Final = 16 * 1024 * 1024
"""How many bytes their entries have in all; decoded, they take some three times that."""

STREAM_EVENTS_MAX: Final = 256
"""A stream with more events is not kept: it would push out too many others."""

UNREAD: Final = ("exchange-", "opened-")
"""How streams begin that hardly anybody reads: a new one is not kept before somebody has."""


class StreamCache:
    """Streams as of one position. Empty and at position 0 at first."""

    def __init__(
        self, events_max: int = EVENTS_MAX, entries_bytes_max: int = ENTRIES_BYTES_MAX
    ) -> None:
        self.position = 0
        """Everything kept is current if the log's size is this."""
        self._events_max, self._entries_bytes_max = events_max, entries_bytes_max
        # The first of a plain dict is found by passing all that was deleted before it.
        self._streams: OrderedDict[str, list[RecordedEvent]] = OrderedDict()
        self._loading: dict[str, object] = {}
        self._count = self._size_bytes = 0

    @property
    def size_bytes(self) -> int:
        """How many bytes the entries of everything kept have."""
        return self._size_bytes

    def get(self, stream: str) -> list[RecordedEvent] | None:
        """A copy of a stream's events; None if it is not kept."""
        events = self._streams.get(stream)
        if events is None:
            return None
        self._streams.move_to_end(stream)  # so that the longest unused come first
        return list(events)

    def expect(self, streams: Iterable[str]) -> object:
        """Announce that streams are about to be read; gives the token to `put` them with."""
        token = object()
        for stream in streams:
            self._loading[stream] = token
        return token

    def put(self, stream: str, events: Sequence[RecordedEvent], token: object) -> None:
        """Keep a stream that was read, unless it has changed since it was expected."""
        if self._loading.get(stream) is token:
            del self._loading[stream]
            self._keep(stream, list(events))

    def moved(self, streams: Iterable[str], position: int) -> None:
        """Drop the streams that changed up to a position, and stand there."""
        for stream in streams:
            self._drop(stream)
        self.position = max(self.position, position)

    def appended(self, before: int, after: int, appends: Iterable[Sequence[RecordedEvent]]) -> None:
        """Take over our own commit, which took the log from one size to another."""
        is_next = before == self.position
        for events in appends:
            stream, version = events[0].stream, events[0].version
            # What is kept may be ahead of us already: read from the database after our commit.
            is_kept_new = version == 1 and not stream.startswith(UNREAD)
            kept = [] if is_kept_new else self._streams.get(stream)
            self._drop(stream)
            if is_next and kept is not None and len(kept) == version - 1:
                self._keep(stream, [*kept, *events])
        if is_next:
            self.position = after

    def clear(self, position: int) -> None:
        """Forget everything, and stand at a position."""
        self._streams.clear()
        self._loading.clear()
        self._count = self._size_bytes = 0
        self.position = position

    def _keep(self, stream: str, events: list[RecordedEvent]) -> None:
        self._drop(stream)
        if len(events) > STREAM_EVENTS_MAX or not events:
            return
        self._streams[stream] = events
        self._count += len(events)
        self._size_bytes += _size_bytes(events)
        while self._count > self._events_max or self._size_bytes > self._entries_bytes_max:
            self._drop(next(iter(self._streams)))

    def _drop(self, stream: str) -> None:
        self._loading.pop(stream, None)
        events = self._streams.pop(stream, None)
        if events is not None:
            self._count -= len(events)
            self._size_bytes -= _size_bytes(events)


def _size_bytes(events: Sequence[RecordedEvent]) -> int:
    return sum([len(one.entry) for one in events])
