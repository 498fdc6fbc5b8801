"""Checkpoints at a rhythm and when asked: one of many makers makes it, and nothing is no news."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest

from ledger import commands, commands_log
from ledger.checkpoint import Checkpoint, Signer, open_checkpoint
from ledger.checkpointing import AfterCheckpoint, CheckpointMaker, Digests, log_keys
from ledger.commitment import KEYS_STREAM, checkpoints_stream
from ledger.entry import Context
from ledger.errors import NoteKeyError
from ledger.events import LogCheckpointMade, LogKeyIntroduced, ProjectionDigest
from ledger.handling import Handler
from ledger.introduction import introduce
from ledger.memory import MemoryEventStore
from tests.conftest import FakeClock

ORIGIN = "ledger.example/log"
CONTEXT = Context("test", "conversation", "request:test")
OLD, NEW = (Signer(ORIGIN, bytes([seed]) * 32) for seed in (1, 2))


@dataclass
class Makers:
    """A log, and makers of checkpoints of it that stand for several processes."""

    clock: FakeClock
    keys: list[Signer] = field(default_factory=lambda: [OLD])
    last_size: int = 0

    def __post_init__(self) -> None:
        self.store = MemoryEventStore(clock=self.clock)
        self.handler = Handler(self.store)

    def maker(
        self,
        *,
        digests: Digests | None = None,
        after_checkpoint: AfterCheckpoint | None = None,
        every_seconds: float = 60.0,
    ) -> CheckpointMaker:
        more = {"digests": digests, "after_checkpoint": after_checkpoint}
        return CheckpointMaker(
            Handler(self.store),
            clock=self.clock,
            origin=ORIGIN,
            signers=self._signer,
            last_size=self._last_size,
            every_seconds=every_seconds,
            **{name: given for name, given in more.items() if given is not None},  # type: ignore[arg-type]
        )

    def _signer(self, key: str | None) -> Signer | None:
        fitting = [one for one in self.keys if key in {None, one.verifier.text()}]
        return fitting[0] if fitting else None

    async def _last_size(self) -> int:
        return self.last_size

    async def happen(self, number: int = 0) -> None:
        """Let something happen that is worth a checkpoint."""
        command = commands.AddMerchant(merchant_id=f"mer_{number}", name="A shop", country="CM")
        await self.handler.handle(command, context=CONTEXT)

    async def types(self) -> list[str]:
        return [one.type for one in await self.store.read(0)]


@pytest.fixture
def makers(clock: FakeClock) -> Makers:
    return Makers(clock)


async def test_the_first_checkpoint_introduces_the_key_and_commits_to_all_before_it(
    makers: Makers,
) -> None:
    await makers.happen()
    made = await makers.maker().make(context=CONTEXT)

    assert made is not None
    assert made.is_new
    assert await makers.types() == ["merchant.added", "log.key_introduced", "log.checkpoint_made"]
    checkpoint, _ = open_checkpoint(made.note, [OLD.verifier], origin=ORIGIN)
    assert (checkpoint.size, checkpoint.root) == (2, made.root)
    (recorded,) = await makers.store.read_stream(checkpoints_stream("2026-03-01"))
    event = recorded.event
    assert isinstance(event, LogCheckpointMade)
    assert (event.origin, event.size, event.note, event.digests) == (ORIGIN, 2, made.note, {})
    assert Checkpoint.from_text(made.note.partition("\n\n")[0] + "\n").text().split("\n")[2] == (
        event.root
    )


async def test_an_empty_log_has_no_checkpoint(makers: Makers) -> None:
    assert await makers.maker().make(context=CONTEXT) is None
    assert await makers.types() == []


async def test_where_nothing_happened_but_checkpoints_and_witnesses_the_last_one_stands(
    makers: Makers,
) -> None:
    await makers.happen()
    maker = makers.maker()
    made = await maker.make(context=CONTEXT)
    assert made is not None
    for command in (
        commands_log.RecordCosignature(size=2, root="r", witness="w", signatures=("- w x",)),
        commands_log.RecordWitnessRefusal(
            size=2, witness="v", status=409, reason="no", evidence=""
        ),
    ):
        await makers.handler.handle(command, context=CONTEXT)

    again = await maker.make(context=CONTEXT)
    by_another = await makers.maker().make(context=CONTEXT)

    assert again == by_another == made._replace(is_new=False)
    assert len(await makers.types()) == 5
    await makers.happen(1)
    later = await maker.make(context=CONTEXT)
    assert later is not None
    assert (later.is_new, later.size) == (True, 6)


async def test_a_mismatch_that_was_found_is_worth_a_checkpoint(makers: Makers) -> None:
    await makers.happen()
    await makers.maker().make(context=CONTEXT)
    command = commands_log.RecordMismatch(position=1, reason="changed", what="entry")
    await makers.handler.handle(command, context=CONTEXT)
    made = await makers.maker().make(context=CONTEXT)
    assert made is not None
    assert made.is_new


async def test_of_many_makers_at_once_one_makes_it_and_all_have_it(makers: Makers) -> None:
    for number in range(3):
        await makers.happen(number)
        made = await asyncio.gather(*[makers.maker().make(context=CONTEXT) for _ in range(8)])
        assert [one.is_new for one in made if one is not None].count(True) == 1
        assert len({one.note for one in made if one is not None}) == 1
    assert (await makers.types()).count("log.checkpoint_made") == 3


async def test_a_checkpoint_of_the_day_before_is_followed_by_that_of_today(
    makers: Makers, clock: FakeClock
) -> None:
    await makers.happen()
    made = await makers.maker().make(context=CONTEXT)
    assert made is not None
    makers.last_size = made.size
    clock.advance(86_400)

    assert await makers.maker().make(context=CONTEXT) is None
    await makers.happen(1)
    today = await makers.maker().make(context=CONTEXT)

    assert today is not None
    assert (today.size, today.is_new) == (4, True)
    assert len(await makers.store.read_stream(checkpoints_stream("2026-03-02"))) == 1


async def test_what_projections_hash_to_is_recorded_and_the_listener_is_told_once(
    makers: Makers,
) -> None:
    told: list[str] = []

    async def digests() -> Mapping[str, commands_log.Digested]:
        position = await makers.store.position()
        return {"payments": commands_log.Digested(position, "ab" * 32, 4)}

    async def listen(note: str) -> None:
        told.append(note)

    await makers.happen()
    maker = makers.maker(digests=digests, after_checkpoint=listen)
    made = await maker.make(context=CONTEXT)
    await maker.make(context=CONTEXT)

    assert made is not None
    assert told == [made.note]
    (recorded,) = await makers.store.read_stream(checkpoints_stream("2026-03-01"))
    assert isinstance(recorded.event, LogCheckpointMade)
    assert recorded.event.digests == {
        "payments": ProjectionDigest(position=made.size, sha256="ab" * 32, version=4)
    }


async def test_after_a_rotation_the_new_key_signs_and_who_has_it_not_signs_nothing(
    makers: Makers,
) -> None:
    await makers.happen()
    running = makers.maker()
    await running.make(context=CONTEXT)
    command = commands_log.IntroduceLogKey(
        key=NEW.verifier.text(),
        note=introduce(ORIGIN, NEW, OLD, OLD.verifier.text()),
        after=OLD.verifier.text(),
    )
    await makers.handler.handle(command, context=CONTEXT)

    with pytest.raises(NoteKeyError, match="is not here"):
        await running.make(context=CONTEXT)
    assert (await running.signed_head())[1] is None
    makers.keys = [OLD, NEW]
    made = await running.make(context=CONTEXT)

    assert made is not None
    assert made.size == 4
    open_checkpoint(made.note, [NEW.verifier], origin=ORIGIN)
    assert (await log_keys(makers.store)).current == NEW.verifier.text()


async def test_a_key_that_is_introduced_between_two_looks_does_not_sign_for_the_other(
    makers: Makers, monkeypatch: pytest.MonkeyPatch
) -> None:
    await makers.happen()
    await makers.maker().make(context=CONTEXT)
    await makers.happen(1)
    makers.keys = [OLD, NEW]
    head = makers.store.head
    rotations = [
        commands_log.IntroduceLogKey(
            key=NEW.verifier.text(),
            note=introduce(ORIGIN, NEW, OLD, OLD.verifier.text()),
            after=OLD.verifier.text(),
        )
    ]

    async def head_and_then_a_rotation() -> object:
        found = await head()
        if rotations:
            await makers.handler.handle(rotations.pop(), context=CONTEXT)
        return found

    monkeypatch.setattr(makers.store, "head", head_and_then_a_rotation)
    made = await makers.maker().make(context=CONTEXT)

    assert made is not None
    (old, new) = [
        one
        for one in await makers.store.read_stream(KEYS_STREAM)
        if isinstance(one.event, LogKeyIntroduced)
    ]
    assert old.position < new.position <= made.size
    open_checkpoint(made.note, [NEW.verifier], origin=ORIGIN)


async def run_until(maker: CheckpointMaker, is_so: Callable[[], bool], makers: Makers) -> None:
    """Let a maker run until the log has come to something."""
    running = asyncio.create_task(maker.run())
    try:
        async with asyncio.timeout(10):
            while not is_so():
                position = await makers.store.position()
                await makers.store.wait_for(position + 1, 1)
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def test_a_running_maker_makes_one_when_it_is_due(makers: Makers) -> None:
    await makers.happen()
    told: list[str] = []

    async def listen(note: str) -> None:
        told.append(note)

    maker = makers.maker(every_seconds=0.05, after_checkpoint=listen)
    await run_until(maker, lambda: bool(told), makers)
    assert (await makers.types()).count("log.checkpoint_made") == 1


async def test_a_running_maker_without_its_key_goes_on_and_makes_one_when_it_is_there(
    makers: Makers,
) -> None:
    await makers.happen()
    makers.keys = []
    asked: list[str | None] = []
    told: list[str] = []

    async def listen(note: str) -> None:
        told.append(note)

    maker = makers.maker(every_seconds=0.05, after_checkpoint=listen)
    find = maker._signers

    def found_at_the_third_time(key: str | None) -> Signer | None:
        asked.append(key)
        if len(asked) == 3:
            makers.keys = [OLD]
        return find(key)

    maker._signers = found_at_the_third_time
    await run_until(maker, lambda: bool(told), makers)
    assert len(asked) >= 3
