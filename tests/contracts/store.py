"""The law of the event store, for every implementation: see the numbers in `ledger.store`."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

import pytest

from ledger.entry import ENTRY_BYTES_MAX, RecordedEvent, decode_entry
from ledger.errors import (
    EntryTooLargeError,
    StoreBusyError,
    StoreClosedError,
    StreamTooLongError,
    WrongVersionError,
)
from ledger.events import Event, MerchantAdded
from ledger.leftover import Leftover
from ledger.memory import MemoryEventStore
from ledger.merkle import EMPTY_ROOT, TreeBuilder, inclusion_proof, leaf_hash, verify_inclusion
from ledger.sql import SqlEventStore
from ledger.store import PAGE_MAX, STREAM_EVENTS_MAX, Clock, DataKey, TreeHead, replay
from ledger.verify import Verified, verify_log
from tests.builders import CONTEXT

Store = MemoryEventStore | SqlEventStore
OpenStore = Callable[..., Awaitable[Store]]
"""Opens a fresh, started store, by the options of its class; closed at the end of the test."""


def an_event(text: object = "Boutique") -> Event:
    """An event that says something."""
    return MerchantAdded(merchant_id="m", name=str(text), country="CM")


def a_key(number: int, subject: str = "person") -> DataKey:
    """A wrapped data key that opens nothing."""
    return DataKey(f"key-{number}", subject, bytes([number % 256]) * 40, "master-1")


async def fill(store: Store, count: int, streams: int = 7) -> None:
    """Write `count` events, round and round over some streams, at once."""
    await asyncio.gather(
        *(
            store.append(f"thing-{at % streams}", at // streams, [an_event(at)], context=CONTEXT)
            for at in range(count)
        )
    )


async def a_turn() -> None:
    """Let the event loop go round once."""
    loop = asyncio.get_running_loop()
    turned = loop.create_future()
    loop.call_soon(turned.set_result, None)
    await turned


async def everything(store: Store) -> list[RecordedEvent]:
    """The whole log."""
    return [recorded async for recorded in replay(store)]


def places(events: Sequence[RecordedEvent]) -> list[tuple[int, str, int]]:
    """Where events stand: position, stream, version."""
    return [(one.position, one.stream, one.version) for one in events]


class StoreContract:
    """What every store does. A subclass gives `open_store`: fresh, started, closed at the end."""

    leftover: ClassVar[Leftover | None] = None
    """What is left of destroyed keys' bytes after a scrub that found nothing in its way."""

    @pytest.fixture
    async def store(self, open_store: OpenStore) -> Store:
        return await open_store()

    async def test_an_empty_log_has_no_end_but_a_root(self, store: Store) -> None:
        assert (
            await store.position(),
            await store.head(),
            await store.read(0),
            await store.read_raw(0),
            await store.read_stream("thing-1"),
            await store.tile(0, 0),
            await store.data_keys(["key-1"]),
            await verify_log(store),
        ) == (0, TreeHead(0, EMPTY_ROOT), [], [], [], [], {}, Verified(0, EMPTY_ROOT))

    async def test_what_was_appended_is_what_is_read(self, store: Store, clock: Clock) -> None:
        first = await store.append("a", 0, [an_event("é\n"), an_event("x")], context=CONTEXT)
        second = await store.append("b", 0, [an_event()], context=CONTEXT)
        third = await store.append("a", 2, [an_event("y")], context=CONTEXT)
        whole = first + second + third
        assert [places(whole), {one.recorded_at for one in whole}] == [
            [(1, "a", 1), (2, "a", 2), (3, "b", 1), (4, "a", 3)],
            {clock()},
        ]
        assert await store.read(0) == whole
        assert await store.read_stream("a") == first + third
        assert await store.read_stream_part("a", 0, 1) == (first + third)[:1]
        assert await store.read_stream_part("a", 1, PAGE_MAX) == (first + third)[1:]
        assert await store.read_stream_part("nobody", 0, PAGE_MAX) == []
        assert [decode_entry(row.entry) for row in await store.read_raw(0)] == whole
        assert [leaf_hash(row.entry) for row in await store.read_raw(0)] == [
            row.leaf for row in await store.read_raw(0)
        ]

    async def test_every_store_writes_the_same_bytes(self, store: Store, clock: Clock) -> None:
        reference = MemoryEventStore(clock=clock)
        for one in (store, reference):
            await one.append("a", 0, [an_event('"\\\u2028é\U0001f40d')], context=CONTEXT)
            await one.append("b-é", 0, [an_event(), an_event(2)], context=CONTEXT)
        assert await store.read_raw(0) == await reference.read_raw(0)
        assert await store.head() == await reference.head()

    @pytest.mark.parametrize("expected", [0, 1, 3, 9])
    async def test_a_wrong_version_is_refused_and_leaves_no_trace(
        self, store: Store, expected: int
    ) -> None:
        await store.append("a", 0, [an_event(), an_event()], context=CONTEXT)
        before = await store.head()
        with pytest.raises(WrongVersionError) as refused:
            await store.append(
                "a", expected, [an_event(), an_event()], context=CONTEXT, keys=[a_key(1)]
            )
        error = refused.value
        assert (error.stream, error.expected, error.actual) == ("a", expected, 2)
        assert (await store.head(), await store.data_keys(["key-1"])) == (before, {})

    async def test_a_stream_that_does_not_exist_is_at_version_0(self, store: Store) -> None:
        with pytest.raises(WrongVersionError, match="at version 0, not at the expected 1"):
            await store.append("a", 1, [an_event()], context=CONTEXT)
        assert await store.position() == 0

    async def test_requests_of_one_moment_see_one_another(self, store: Store) -> None:
        outcomes = await asyncio.gather(
            store.append("a", 0, [an_event(1), an_event(2)], context=CONTEXT),
            store.append("a", 0, [an_event("late")], context=CONTEXT),
            store.append("a", 2, [an_event(3)], context=CONTEXT),
            store.append("b", 1, [an_event("early")], context=CONTEXT),
            store.append("b", 0, [an_event(4)], context=CONTEXT),
            return_exceptions=True,
        )
        assert [type(one) for one in outcomes] == [
            list,
            WrongVersionError,
            list,
            WrongVersionError,
            list,
        ]
        assert places(await everything(store)) == [
            (1, "a", 1),
            (2, "a", 2),
            (3, "a", 3),
            (4, "b", 1),
        ]

    async def test_an_entry_that_is_too_large_fails_alone(self, store: Store) -> None:
        outcomes = await asyncio.gather(
            store.append("a", 0, [an_event(1)], context=CONTEXT),
            store.append("b", 0, [an_event(), an_event("x" * ENTRY_BYTES_MAX)], context=CONTEXT),
            store.append("b", 0, [an_event(2)], context=CONTEXT),
            store.append("c", 0, [an_event("x" * (ENTRY_BYTES_MAX - 400))], context=CONTEXT),
            return_exceptions=True,
        )
        assert [type(one) for one in outcomes] == [list, EntryTooLargeError, list, list]
        assert places(await everything(store)) == [(1, "a", 1), (2, "b", 1), (3, "c", 1)]

    async def test_an_append_of_nothing_is_a_mistake(self, store: Store) -> None:
        with pytest.raises(ValueError, match="at least one event"):
            await store.append("a", 0, [], context=CONTEXT)

    async def test_a_stream_that_could_not_be_folded_is_refused(self, store: Store) -> None:
        with pytest.raises(StreamTooLongError):
            await store.append("a", STREAM_EVENTS_MAX, [an_event()], context=CONTEXT)
        assert await store.position() == 0

    async def test_pages_are_bounded_and_join(self, store: Store) -> None:
        await fill(store, PAGE_MAX + 20)
        assert len(await store.read(0, PAGE_MAX * 2)) == PAGE_MAX
        assert len(await store.read_raw(0, PAGE_MAX * 2)) == PAGE_MAX
        assert places(await store.read(PAGE_MAX + 18, 5)) == [
            (PAGE_MAX + 19, "thing-3", 146),
            (PAGE_MAX + 20, "thing-4", 146),
        ]
        assert [one.position for one in await everything(store)] == list(range(1, PAGE_MAX + 21))
        assert [one.position async for one in replay(store, 3, 9, page=2)] == [4, 5, 6, 7, 8, 9]

    async def test_a_full_queue_answers_busy_and_drops_nothing(self, open_store: OpenStore) -> None:
        store = await open_store(queued_max=3)
        outcomes = await asyncio.gather(
            *(store.append(f"a-{at}", 0, [an_event()], context=CONTEXT) for at in range(10)),
            return_exceptions=True,
        )
        assert Counter(type(one) for one in outcomes) == {list: 3, StoreBusyError: 7}
        assert places(await everything(store)) == [(1, "a-0", 1), (2, "a-1", 1), (3, "a-2", 1)]
        assert len(await store.append("a-9", 0, [an_event()], context=CONTEXT)) == 1

    async def test_giving_up_waiting_harms_nobody(self, store: Store) -> None:
        chance = random.Random(20260301)
        for turn in range(20):
            tasks = [
                asyncio.create_task(
                    store.append(f"a-{turn}-{at}", 0, [an_event(at)], context=CONTEXT)
                )
                for at in range(12)
            ]
            for _ in range(chance.randrange(4)):
                await a_turn()
            for task in chance.sample(tasks, 5):
                task.cancel()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            kept = [one for one in outcomes if isinstance(one, list)]
            for recorded in kept:
                assert await store.read_stream(recorded[0].stream) == recorded
        assert (await verify_log(store)).size == await store.position()

    async def test_many_writers_on_one_stream_take_turns(self, store: Store) -> None:
        async def write(writer: int) -> int:
            conflicts = 0
            for turn in range(10):
                while True:
                    version = len(await store.read_stream("a"))
                    try:
                        await store.append(
                            "a", version, [an_event(f"{writer}.{turn}")], context=CONTEXT
                        )
                        break
                    except WrongVersionError:
                        conflicts += 1
            return conflicts

        conflicts = await asyncio.gather(*(write(writer) for writer in range(8)))
        stream = await store.read_stream("a")
        names = [one.event.name for one in stream if isinstance(one.event, MerchantAdded)]
        assert places(stream) == [(at, "a", at) for at in range(1, 81)]
        assert sorted(names) == sorted(
            f"{writer}.{turn}" for writer in range(8) for turn in range(10)
        )
        assert sum(conflicts) > 0

    async def test_a_reader_on_the_heels_of_writers_sees_no_gap(self, store: Store) -> None:
        async def tail(count: int) -> list[int]:
            seen: list[int] = []
            while len(seen) < count:
                page = await store.read(len(seen), 50)
                seen += [one.position for one in page]
                if not page:
                    await store.wait_for(len(seen) + 1, 5.0)
            return seen

        readers = [asyncio.create_task(tail(600)) for _ in range(3)]
        for turn in range(30):
            await asyncio.gather(
                *(
                    store.append(f"a-{at}", turn, [an_event(turn)], context=CONTEXT)
                    for at in range(20)
                )
            )
        assert await asyncio.gather(*readers) == [list(range(1, 601))] * 3

    async def test_waiting_ends_when_the_log_has_grown_or_time_is_up(self, store: Store) -> None:
        assert not await store.wait_for(1, 0.01)
        waiting = asyncio.create_task(store.wait_for(2, 5.0))
        await fill(store, 2)
        assert (await waiting, await store.wait_for(1, 0.0), await store.wait_for(3, 0.01)) == (
            True,
            True,
            False,
        )

    async def test_the_tree_is_the_tree_over_the_entries(self, store: Store) -> None:
        await fill(store, 700)
        leaves = [leaf_hash(one.entry) for one in await everything(store)]
        tree = TreeBuilder()
        full = tree.extend(leaves)
        assert await store.head() == TreeHead(700, tree.root())
        tiles = {(level, at): await store.tile(level, at) for level in (0, 1) for at in range(4)}
        assert tiles == {
            **{(tile.level, tile.index): list(tile.hashes) for tile in full},
            (0, 2): leaves[512:],
            (0, 3): [],
            (1, 0): tree.filling(1),
            (1, 1): [],
            (1, 2): [],
            (1, 3): [],
        }
        proof = inclusion_proof(599, 700, lambda level, at: tiles[level, at])
        assert verify_inclusion(leaves[599], 599, 700, proof, tree.root())
        assert await verify_log(store) == Verified(700, tree.root())
        assert await store.misplaced(0, 700) is None
        assert await store.strays() is None

    async def test_keys_are_kept_with_the_events_and_destroyed_by_subject(
        self, store: Store
    ) -> None:
        await store.append(
            "a", 0, [an_event()], context=CONTEXT, keys=[a_key(1), a_key(2, "other")]
        )
        again = a_key(1)._replace(wrapped=b"something else")
        await store.append("b", 0, [an_event()], context=CONTEXT, keys=[again, a_key(3)])
        assert await store.data_keys(["key-1", "key-2", "key-3", "key-4"]) == {
            "key-1": a_key(1),
            "key-2": a_key(2, "other"),
            "key-3": a_key(3),
        }
        assert [await store.destroy_subject("person") for _ in range(2)] == [2, 0]
        assert await store.data_keys(["key-1", "key-2", "key-3"]) == {"key-2": a_key(2, "other")}
        assert (await verify_log(store)).size == 2

    async def test_many_ask_for_keys_at_once_and_each_gets_its_own(self, store: Store) -> None:
        keys = [a_key(at, f"subject-{at % 2}") for at in range(300)]
        await store.append("a", 0, [an_event()], context=CONTEXT, keys=keys)
        asked = [[one.key_id, "nobody"] for one in keys]
        given_up = asyncio.create_task(store.data_keys(asked[0]))
        whole = asyncio.create_task(store.data_keys([one.key_id for one in keys]))
        reads = [asyncio.create_task(store.data_keys(one)) for one in asked]
        await asyncio.wait([given_up], timeout=0)  # it has asked, and may be on its way
        given_up.cancel()
        assert await asyncio.gather(*reads) == [{one.key_id: one} for one in keys]
        assert len(await whole) == 300
        before = asyncio.create_task(store.data_keys(asked[1]))
        assert await store.destroy_subject("subject-1") == 150
        # Asked after the destruction, whatever was on its way.
        late = await asyncio.gather(*(store.data_keys(one) for one in asked))
        assert [len(one) for one in late] == [1, 0] * 150
        assert await before in ({}, {keys[1].key_id: keys[1]})

    async def test_the_keys_of_many_subjects_are_destroyed_together(self, store: Store) -> None:
        keys = [a_key(at, f"subject-{at % 4}") for at in range(8)]
        await store.append("a", 0, [an_event()], context=CONTEXT, keys=keys)
        assert await store.destroy_subjects(["subject-1", "subject-2", "nobody"]) == 4
        assert await store.destroy_subjects(["subject-1"]) == 0
        assert await store.destroy_subjects([]) == 0
        left = await store.data_keys([one.key_id for one in keys])
        assert sorted(left) == ["key-0", "key-3", "key-4", "key-7"]
        assert await store.scrub() == self.leftover

    async def test_keys_are_destroyed_unless_something_came_that_stands_against_it(
        self, store: Store
    ) -> None:
        asked: list[str] = []

        def speaks(recorded: RecordedEvent) -> bool:
            asked.append(recorded.stream)
            return recorded.stream == "b"

        for name in "abc":
            await store.append(name, 0, [an_event()], context=CONTEXT, keys=[a_key(ord(name))])
        assert await store.destroy_subject_unless("person", 1, speaks) is None
        assert len(await store.data_keys([a_key(ord(name)).key_id for name in "abc"])) == 3
        assert await store.destroy_subject_unless("nobody", 2, speaks) == 0
        assert await store.destroy_subject_unless("person", 2, speaks) == 3
        assert asked == ["b", "c", "c"]
        many = [an_event() for _ in range(PAGE_MAX + 1)]
        await store.append("d", 0, many, context=CONTEXT, keys=[a_key(4)])
        assert await store.destroy_subject_unless("person", 3, lambda _: False) is None
        assert await store.destroy_subject_unless("person", 4, lambda _: False) == 1

    async def test_closing_serves_what_was_accepted_and_nothing_else(
        self, open_store: OpenStore
    ) -> None:
        store = await open_store()
        accepted = [
            asyncio.create_task(store.append(f"a-{at}", 0, [an_event()], context=CONTEXT))
            for at in range(5)
        ]
        await a_turn()
        await store.close()
        assert [places(await one) for one in accepted] == [
            [(at + 1, f"a-{at}", 1)] for at in range(5)
        ]
        with pytest.raises(StoreClosedError):
            await store.append("b", 0, [an_event()], context=CONTEXT)
