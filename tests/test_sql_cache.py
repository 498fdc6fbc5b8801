"""The cache of decoded streams never answers with less than was asked for, whoever writes when."""

import random
from collections.abc import Iterator

import pytest

from ledger.entry import RecordedEvent
from ledger.sql_cache import STREAM_EVENTS_MAX, StreamCache
from tests.builders import CONTEXT, NOW
from tests.contracts.store import an_event


def recorded(position: int, stream: str, version: int, size_bytes: int = 0) -> RecordedEvent:
    """An event at a place; the cache looks at nothing else."""
    context = (CONTEXT.correlation_id, CONTEXT.causation_id, CONTEXT.actor)
    return RecordedEvent(position, stream, version, NOW, *context, an_event(), bytes(size_bytes))


class World:
    """A log, another writer, our appender, and two reads of ours, each between its steps."""

    def __init__(self) -> None:
        self.cache = StreamCache(events_max=6)
        self.log: list[RecordedEvent] = []
        self.name = "first"
        self.untold: tuple[int, list[RecordedEvent]] | None = None
        self.reads = [self.read(), self.read()]

    def stream(self, name: str, until: int | None = None) -> list[RecordedEvent]:
        return [one for one in self.log[:until] if one.stream == name]

    def write(self, name: str) -> list[RecordedEvent]:
        event = recorded(len(self.log) + 1, name, len(self.stream(name)) + 1)
        self.log.append(event)
        return [event]

    def read(self) -> Iterator[None]:
        """What `ledger.sql_reads` does, with every moment at which others may come between."""
        name = self.name
        asked = len(self.stream(name))
        yield
        size = len(self.log)
        yield
        stood = self.cache.position
        if size > stood:
            changed = {one.stream for one in self.log[stood:size]}
            yield
            self.cache.moved(changed, size)
        events = self.cache.get(name)
        if events is None:
            token = self.cache.expect([name])
            yield
            events = self.stream(name)
            yield
            self.cache.put(name, events, token)
        assert events == self.stream(name)[: len(events)]
        assert len(events) >= asked

    def step(self, chance: random.Random) -> None:
        match chance.randrange(12):
            case 0:
                self.write(self.name)
            case 1:
                self.write("another")
            case 2 | 3 if self.untold is None:
                self.untold = len(self.log), self.write(self.name)
            case 4 | 5 if self.untold is not None:
                before, events = self.untold
                self.cache.appended(before, before + 1, [events])
                self.untold = None
            case 6 if len(self.stream(self.name)) > 3:
                self.name = f"stream-{len(self.log)}"
            case _:
                number = chance.randrange(2)
                if next(self.reads[number], "arrived") == "arrived":
                    self.reads[number] = self.read()


@pytest.mark.parametrize("seed", range(8))
def test_a_read_never_gives_less_than_there_was_when_it_was_asked(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(15):
        world = World()
        for _ in range(400):
            world.step(chance)


def test_it_keeps_no_more_events_than_it_may_and_forgets_the_longest_unused() -> None:
    cache = StreamCache(events_max=4)
    for position, name in enumerate("abcd", 1):
        cache.appended(position - 1, position, [[recorded(position, name, 1)]])
    assert cache.get("a") == [recorded(1, "a", 1)]
    cache.appended(4, 5, [[recorded(5, "e", 1)]])
    assert [name for name in "abcde" if cache.get(name) is not None] == ["a", "c", "d", "e"]


def test_it_keeps_no_more_bytes_than_it_may() -> None:
    cache = StreamCache(entries_bytes_max=100)
    for position, name in enumerate("abc", 1):
        cache.appended(position - 1, position, [[recorded(position, name, 1, 40)]])
    assert (cache.get("a"), cache.size_bytes) == (None, 80)
    cache.appended(3, 4, [[recorded(4, "b", 2, 50)]])
    assert (cache.get("c"), cache.size_bytes) == (None, 90)
    cache.appended(4, 5, [[recorded(5, "d", 1, 101)]])
    assert (cache.get("b"), cache.get("d"), cache.size_bytes) == (None, None, 0)


def test_a_stream_that_is_long_is_not_kept() -> None:
    cache = StreamCache()
    events = [recorded(at, "a", at) for at in range(1, STREAM_EVENTS_MAX + 2)]
    cache.put("a", events, cache.expect(["a"]))
    assert cache.get("a") is None


def test_what_was_forgotten_is_not_taken_for_current() -> None:
    cache = StreamCache()
    cache.appended(0, 1, [[recorded(1, "a", 1)]])
    token = cache.expect(["b"])
    cache.clear(0)
    cache.put("b", [recorded(2, "b", 1)], token)
    assert (cache.position, cache.get("a"), cache.get("b")) == (0, None, None)


def test_what_it_gives_may_be_changed_without_changing_what_it_keeps() -> None:
    cache = StreamCache()
    cache.appended(0, 1, [[recorded(1, "a", 1)]])
    given = cache.get("a")
    assert given is not None
    given.clear()
    assert cache.get("a") == [recorded(1, "a", 1)]
