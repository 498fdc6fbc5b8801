"""Volumes: a stream that would become too long goes on in another one, and nothing is refused.

A stream is read whole, so it is bounded; what is only added to, and never folded, need not stop
there. Its first volume has the stream's own name, the next are `<name>-2`, `<name>-3`, and so on;
a reader goes on until there is no next one. What is appended together stands in one volume.

The trick: where a stream stood is remembered and not read. Who remembers nothing takes it for
empty, and is told by the append itself.
"""

from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from operator import attrgetter
from typing import Final

from ledger.entry import Context, RecordedEvent
from ledger.errors import StreamTooLongError, WrongVersionError
from ledger.events import Event
from ledger.store import DataKey, EventStore

VOLUME_EVENTS_MAX: Final = 1_000
"""How many events a volume has at most, far below what a stream may have: they may be large."""

VOLUMES_MAX: Final = 1_000
REMEMBERED_MAX: Final = 10_000
"""Of how many streams it is remembered where they stand."""

TRIES_MAX: Final = VOLUMES_MAX + 10


def volume_of(name: str, number: int) -> str:
    """The stream that is the n-th volume."""
    return name if number == 1 else f"{name}-{number}"


class Volumes:
    """Appends to streams that go on in volumes."""

    def __init__(self, store: EventStore, *, events_max: int = VOLUME_EVENTS_MAX) -> None:
        self._store, self._events_max = store, events_max
        self._places: OrderedDict[str, tuple[int, int]] = OrderedDict()

    async def append(
        self,
        name: str,
        events: Sequence[Event],
        *,
        context: Context,
        keys: Sequence[DataKey] = (),
    ) -> list[RecordedEvent]:
        """Add events, all or none, to the last volume or, where they do not fit, to a new one.

        Raises:
            StreamTooLongError: there is no room any more.
            StoreError: nothing was written.
        """
        if len(events) > self._events_max:
            raise ValueError(f"at most {self._events_max} events are added at once")
        number, version = self._places.pop(name, (1, 0))
        for _ in range(TRIES_MAX):
            if version + len(events) > self._events_max:
                number, version = number + 1, 0
            if number > VOLUMES_MAX:
                break
            try:
                recorded = await self._store.append(
                    volume_of(name, number), version, events, context=context, keys=keys
                )
            except WrongVersionError as error:
                version = error.actual
                continue
            self._places[name] = number, version + len(events)
            if len(self._places) > REMEMBERED_MAX:
                self._places.popitem(last=False)
            return recorded
        raise StreamTooLongError(name, VOLUMES_MAX * self._events_max)


async def replay_volumes(store: EventStore, name: str, page: int) -> AsyncIterator[RecordedEvent]:
    """Read all volumes to their end, one after the other, `page` events at a time: memory flat."""
    for number in range(1, VOLUMES_MAX + 1):
        stream, version, is_over = volume_of(name, number), 0, False
        while not is_over:
            part = await store.read_stream_part(stream, version, page)
            for recorded in part:
                yield recorded
            is_over = len(part) < page
            version = part[-1].version if part else version
        if not version:
            return


async def read_volumes(store: EventStore, name: str) -> list[RecordedEvent]:
    """All events of all volumes, in order; empty if there is none."""
    found: list[RecordedEvent] = []
    for number in range(1, VOLUMES_MAX + 1):
        volume = await store.read_stream(volume_of(name, number))
        if not volume:
            break
        found += volume
    # What had no room in one volume may stand before what found some there later.
    return sorted(found, key=attrgetter("position"))
