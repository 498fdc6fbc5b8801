"""A log that is watched: what witnesses sign, what they refuse, and what is recorded of it."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pytest
from aiohttp import web

from adapters.gathering import ANSWER_BYTES_MAX, Asked, Gatherer, Post, Trouble
from adapters.transport_outward import Outward, Sent
from api.witness_files import WitnessFiles
from ledger import commands, events
from ledger.checkpoint import split_note
from ledger.checkpointing import CheckpointMaker
from ledger.commitment import witnesses_stream
from ledger.cosignature import Cosigner
from ledger.events import Event
from ledger.handling import Handler
from ledger.policy import Judgement, read_policy
from ledger.proving import prove_consistency
from ledger.sql import Database, SqlEventStore
from ledger.store import EventStore
from tests.api_world import captured_logs
from tests.builders import CONTEXT
from tests.conftest import FakeClock
from tests.growing import LOG, ORIGIN, GrowingLog
from tests.witness_world import a_folder, serving

NAMES = ("shop", "firm", "telco")
SECONDS_MAX = 30.0


@dataclass
class Deployment:
    """A log on SQLite, its maker of checkpoints, and what asks its witnesses."""

    store: EventStore
    handler: Handler
    maker: CheckpointMaker
    gatherer: Gatherer
    notes: list[str] = field(default_factory=list)

    async def grow(self, *names: str) -> str:
        """Let merchants come, and commit to it; the checkpoint's note."""
        for name in names:
            command = commands.AddMerchant(merchant_id=f"mer_{name}", name=name, country="CM")
            await self.handler.handle(command, context=CONTEXT)
        made = await self.maker.make(context=CONTEXT)
        assert made is not None
        self.notes.append(made.note)
        return made.note

    async def ask_all(self) -> list[Trouble | None]:
        """Show the newest checkpoint to every witness at once."""
        asked = (self.gatherer.ask(one, self.notes[-1]) for one in self.gatherer.witnesses)
        return await asyncio.gather(*asked)

    async def said(self) -> list[Event]:
        """What witnesses said about the newest checkpoint."""
        size = int(self.notes[-1].splitlines()[1])
        return [one.event for one in await self.store.read_stream(witnesses_stream(size))]

    async def cosigned(self) -> str:
        """The newest checkpoint with every cosignature that was recorded."""
        lines = [
            f"{line}\n"
            for one in await self.said()
            if isinstance(one, events.LogCheckpointCosigned)
            for line in one.signatures
        ]
        return self.notes[-1] + "".join(lines)


@asynccontextmanager
async def deployed(
    file: Path, witnesses: Sequence[Asked], clock: FakeClock
) -> AsyncIterator[Deployment]:
    """Run a log from a file."""
    async with AsyncExitStack() as stack:
        database = await Database.open(f"sqlite:///{file}", create=True)
        stack.push_async_callback(database.close)
        store = SqlEventStore(database, clock=clock)
        await store.start()
        stack.push_async_callback(store.close)
        outward = Outward(
            seconds_max=SECONDS_MAX, allows_loopback=True, answer_bytes_max=ANSWER_BYTES_MAX
        )
        stack.push_async_callback(outward.close)
        handler = Handler(store)

        async def nothing() -> None:
            return None

        async def none_yet() -> int:
            return 0

        gatherer = Gatherer(
            witnesses,
            handler,
            outward,
            prove=partial(prove_consistency, store),
            latest=nothing,
        )
        maker = CheckpointMaker(
            handler,
            clock=clock,
            origin=ORIGIN,
            signers=lambda _: LOG,
            last_size=none_yet,
            every_seconds=60,
        )
        yield Deployment(store, handler, maker, gatherer)


@asynccontextmanager
async def watchers(folder: Path, clock: FakeClock) -> AsyncIterator[list[Asked]]:
    """Run three witnesses of three owners."""
    async with AsyncExitStack() as stack:
        asked = []
        for name in NAMES:
            key = a_folder(folder / name, name=f"{name}.example/witness")
            url = await stack.enter_async_context(serving(folder / name, clock))
            asked.append(Asked(name, key, url))
        yield asked


def judged(witnesses: Sequence[Asked], note: str) -> Judgement:
    """What an auditor whose policy is two of the three says of a note."""
    lines = [f"log {LOG.verifier.text()}"]
    lines += [f"witness {one.name} {one.verifier.text()}" for one in witnesses]
    lines += [f"group two 2 {' '.join(one.name for one in witnesses)}", "quorum two"]
    return read_policy("".join(f"{line}\n" for line in lines).encode()).judge(note)


def copied(file: Path, name: str) -> Path:
    """A copy of a database that nobody has open, with what belongs to it."""
    for one in file.parent.glob(f"{file.name}*"):
        shutil.copy(one, file.with_name(one.name.replace(file.name, name)))
    return file.with_name(name)


async def test_a_log_that_grows_is_cosigned_by_all(tmp_path: Path, clock: FakeClock) -> None:
    async with watchers(tmp_path, clock) as witnesses:
        async with deployed(tmp_path / "log.db", witnesses, clock) as log:
            for names in (("a",), ("b", "c"), tuple("defghij")):
                await log.grow(*names)
                assert await log.ask_all() == [None] * 3
                judgement = judged(witnesses, await log.cosigned())
                assert judgement.is_met
                assert judgement.cosigned == dict.fromkeys(NAMES, int(clock().timestamp()))
        assert list(WitnessFiles(tmp_path / "shop").refusals()) == []


async def test_the_same_word_twice_is_recorded_once(tmp_path: Path, clock: FakeClock) -> None:
    async with (
        watchers(tmp_path, clock) as witnesses,
        deployed(tmp_path / "log.db", witnesses, clock) as log,
    ):
        await log.grow("a")
        for _ in range(2):
            await log.ask_all()
        assert len(await log.said()) == 3


async def test_two_of_three_are_enough_and_one_is_not(tmp_path: Path, clock: FakeClock) -> None:
    async with (
        watchers(tmp_path, clock) as witnesses,
        deployed(tmp_path / "log.db", witnesses, clock) as log,
    ):
        note = await log.grow("a")
        assert await log.gatherer.ask(witnesses[0], note) is None
        judgement = judged(witnesses, await log.cosigned())
        assert (judgement.is_met, judgement.missing) == (False, ("1 of [firm telco]",))
        assert await log.gatherer.ask(witnesses[2], note) is None
        assert judged(witnesses, await log.cosigned()).is_met


async def test_a_witness_that_was_away_is_brought_up_to_date_by_one_proof(
    tmp_path: Path, clock: FakeClock
) -> None:
    folder = tmp_path / "shop"
    key = a_folder(folder, name="shop.example/witness")
    async with AsyncExitStack() as first:
        url = await first.enter_async_context(serving(folder, clock))
        away = Asked("shop", key, url)
        async with deployed(tmp_path / "log.db", [away], clock) as log:
            await log.grow("a")
            assert await log.ask_all() == [None]
            await first.aclose()
            for name in "bcdef":
                await log.grow(name)
                (trouble,) = await log.ask_all()
                assert trouble == Trouble("could not connect")
            assert await log.said() == []
            port = int(url.rpartition(":")[2])
            async with serving(folder, clock, port=port):
                assert await log.ask_all() == [None]
            (word,) = await log.said()
            assert isinstance(word, events.LogCheckpointCosigned)
    assert WitnessFiles(folder).seen(ORIGIN).note == log.notes[-1]


async def test_a_witness_is_asked_by_itself_and_again_after_trouble(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.gathering.AGAIN_SECONDS_MIN", 0.01)
    folder = tmp_path / "shop"
    key = a_folder(folder, name="shop.example/witness")
    async with AsyncExitStack() as first:
        url = await first.enter_async_context(serving(folder, clock))
        async with deployed(tmp_path / "log.db", [Asked("shop", key, url)], clock) as log:
            running = asyncio.create_task(log.gatherer.run())
            try:
                note = await log.grow("a")
                before = await log.store.position()
                await log.gatherer.told(note)
                assert await log.store.wait_for(before + 1, SECONDS_MAX)
                await first.aclose()
                before = await log.store.position()
                await log.gatherer.told(await log.grow("b"))
                port = int(url.rpartition(":")[2])
                async with serving(folder, clock, port=port):
                    # The checkpoint itself is the first event, the cosignature the second.
                    assert await log.store.wait_for(before + 3, SECONDS_MAX)
                assert isinstance((await log.said())[0], events.LogCheckpointCosigned)
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)


class Counting:
    """The way out, which tells whom it was taken to."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self.urls: list[str] = []

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Sent:
        self.urls.append(url.removesuffix("/add-checkpoint"))
        return await self._post.post(url, headers, body)


@dataclass
class AnotherProcess:
    """What asks the witnesses in a process that makes no checkpoint."""

    log: Deployment
    out: Counting
    has_begun: asyncio.Event = field(default_factory=asyncio.Event)
    is_blind: bool = False

    def gatherer(self) -> Gatherer:
        prove = partial(prove_consistency, self.log.store)
        witnesses = self.log.gatherer.witnesses
        return Gatherer(witnesses, self.log.handler, self.out, prove=prove, latest=self.newest)

    async def newest(self) -> str | None:
        self.has_begun.set()
        return await self.log.cosigned() if self.log.notes and not self.is_blind else None


async def test_a_checkpoint_whose_maker_died_is_shown_in_its_place_to_whom_it_lacks(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.gathering.UNSHOWN_SECONDS", 0.01)
    async with (
        watchers(tmp_path, clock) as witnesses,
        deployed(tmp_path / "log.db", witnesses, clock) as log,
    ):
        other = AnotherProcess(log, Counting(log.gatherer._post), is_blind=True)
        running = asyncio.create_task(other.gatherer().run())
        try:
            await other.has_begun.wait()
            note = await log.grow("a")
            await log.gatherer.ask(witnesses[0], note)  # and then it dies
            other.is_blind = False
            made = int(note.splitlines()[1])
            assert await log.store.wait_for(made + 1 + len(NAMES), SECONDS_MAX)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        assert sorted(other.out.urls) == sorted(one.url for one in witnesses[1:])
        assert judged(witnesses, await log.cosigned()).cosigned.keys() == set(NAMES)


async def test_a_checkpoint_that_another_process_has_overtaken_is_not_shown_any_more(
    tmp_path: Path, clock: FakeClock
) -> None:
    """Else the witness would keep evidence against an honest log: that it was put back."""
    async with (
        watchers(tmp_path, clock) as witnesses,
        deployed(tmp_path / "log.db", witnesses, clock) as log,
    ):
        shop, firm, _ = witnesses
        here = AnotherProcess(log, Counting(log.gatherer._post))
        gatherer = here.gatherer()
        early = await log.grow("a")  # made here, while nobody could be had
        later = await log.grow("b")
        assert await log.gatherer.ask(shop, later) is None
        assert await gatherer.ask_newest(shop, early) is None
        assert here.out.urls == []
        assert await gatherer.ask_newest(firm, early) is None
        assert judged(witnesses, await log.cosigned()).cosigned.keys() == {"shop", "firm"}
        for name in ("shop", "firm"):
            assert WitnessFiles(tmp_path / name).seen(ORIGIN).size == int(later.splitlines()[1])
            assert list(WitnessFiles(tmp_path / name).refusals()) == []
        # Shown all the same, it is what the witness takes it for.
        await log.gatherer.ask(shop, early)
        assert [one.kind for one in WitnessFiles(tmp_path / "shop").refusals()] == ["behind"]


async def test_a_process_takes_over_only_what_lacked_a_witness_twice_and_is_not_its_own(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with (
        watchers(tmp_path, clock) as witnesses,
        deployed(tmp_path / "log.db", witnesses, clock) as log,
    ):
        out = Counting(log.gatherer._post)
        other = AnotherProcess(log, out).gatherer()
        assert await other.take_over(None) is None
        first = await other.take_over(str(await log.grow("a")))
        # Another one has come meanwhile: that one is looked at anew.
        second = await other.take_over(first if await log.grow("b") else None)
        assert [one and one.splitlines()[1] for one in (first, second)] == [
            note.splitlines()[1] for note in log.notes
        ]
        assert other._note is None
        await log.ask_all()
        assert await other.take_over(second) is None
        await other.told(await log.grow("c"))
        assert await other.take_over(None) is None
        assert out.urls == []


async def test_a_database_rolled_back_to_a_copy_is_refused(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with watchers(tmp_path, clock) as witnesses:
        async with deployed(tmp_path / "log.db", witnesses, clock) as log:
            await log.grow("a", "b")
            await log.ask_all()
        old = copied(tmp_path / "log.db", "old.db")
        async with deployed(tmp_path / "log.db", witnesses, clock) as log:
            await log.grow(*"cdefghij")
            await log.ask_all()
            assert judged(witnesses, await log.cosigned()).is_met
        async with deployed(old, witnesses, clock) as log:
            await log.grow("x")
            with captured_logs() as logs:
                assert await log.ask_all() == [None] * 3
            assert logs.getvalue().count(b"log.went_back") == 3
            assert b"run `cauri restored` first" in logs.getvalue()
            words = await log.said()
            assert [_refusal(one)[1:] for one in words] == [(409, True)] * 3
            assert "more than this log has" in _reason(words[0])
            assert not judged(witnesses, await log.cosigned()).is_met
            await log.grow(*[f"y{n}" for n in range(30)])
            await log.ask_all()
            assert [_refusal(one)[1:] for one in await log.said()] == [(422, True)] * 3
            assert not judged(witnesses, await log.cosigned()).is_met
    for name in NAMES:
        kinds = [one.kind for one in WitnessFiles(tmp_path / name).refusals()]
        assert kinds == ["behind", "unproved"]


async def test_of_two_copies_that_went_apart_one_is_refused(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with watchers(tmp_path, clock) as witnesses:
        async with deployed(tmp_path / "log.db", witnesses, clock) as log:
            await log.grow("a", "b")
            await log.ask_all()
        fork = copied(tmp_path / "log.db", "fork.db")
        async with deployed(tmp_path / "log.db", witnesses, clock) as log:
            await log.grow("c")
            await log.ask_all()
            honest = log.notes[-1]
        async with deployed(fork, witnesses, clock) as log:
            # The copy was told nothing of what the others signed, and has become as long.
            forked = await log.grow("z")
            assert forked.splitlines()[1] == honest.splitlines()[1]
            assert forked.splitlines()[2] != honest.splitlines()[2]
            await log.ask_all()
            words = await log.said()
            assert [_refusal(one)[1:] for one in words] == [(409, True)] * 3
            assert "another root" in _reason(words[0])
            evidence = words[0].evidence if isinstance(words[0], events.LogWitnessRefused) else ""
            assert forked in evidence
            assert not judged(witnesses, await log.cosigned()).is_met
    (kept,) = WitnessFiles(tmp_path / "firm").refusals()
    assert (kept.kind, kept.cosigned_note) == ("forked", honest)
    assert kept.request.endswith(forked)


async def test_a_rewritten_entry_under_a_recomputed_tree_is_refused(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with watchers(tmp_path, clock) as witnesses:
        async with deployed(tmp_path / "log.db", witnesses, clock) as log:
            await log.grow("a", "b", "c")
            await log.ask_all()
        async with deployed(tmp_path / "rewritten.db", witnesses, clock) as log:
            await log.grow("a", "B", "c", "d", "e", "f")
            await log.ask_all()
            words = sorted(_refusal(one) for one in await log.said())
            refused = [(f"{name}.example/witness", 422, True) for name in sorted(NAMES)]
            assert words == refused
            assert not judged(witnesses, await log.cosigned()).is_met
    assert [one.kind for one in WitnessFiles(tmp_path / "shop").refusals()] == ["unproved"]


def _refusal(event: Event) -> tuple[str, int, bool]:
    assert isinstance(event, events.LogWitnessRefused)
    return event.witness, event.status, "asked:\nold " in event.evidence


def _reason(event: Event) -> str:
    assert isinstance(event, events.LogWitnessRefused)
    return event.reason


async def test_a_checkpoint_that_a_later_one_has_overtaken_is_no_alarm(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with (
        watchers(tmp_path, clock) as witnesses,
        deployed(tmp_path / "log.db", witnesses, clock) as log,
    ):
        early = await log.grow("a")
        await log.grow("b", "c")
        await log.ask_all()
        assert await log.gatherer.ask(witnesses[0], early) is None
        log.notes.append(early)
        assert await log.said() == []


Lie = Callable[[str], tuple[int, bytes]]
OTHER = Cosigner("other.example/witness", bytes([3]) * 32)
LIAR = Cosigner("liar.example/witness", bytes([4]) * 32)
LIES: list[tuple[str, Lie, str]] = [
    ("a page", lambda _: (200, b"<html>welcome</html>"), "no cosignature"),
    ("no text", lambda _: (200, b"\xff\xfe"), "no cosignature"),
    ("nothing", lambda _: (200, b""), "no cosignature"),
    ("another", lambda text: (200, OTHER.cosign(text, 9).line().encode()), "has not cosigned"),
    (
        "a text of its own",
        lambda _: (200, LIAR.cosign(GrowingLog.of(3).text(), 9).line().encode()),
        "is wrong",
    ),
    ("its size again", lambda _: (409, b"0\n"), "another size each time"),
    ("no size", lambda _: (409, b"-1\n"), "status 409: -1"),
    ("a long size", lambda _: (409, b"9" * 20), "status 409"),
    ("unknown", lambda _: (404, b"this log is not known here\n"), "status 404: this log"),
    ("moved", lambda _: (307, b""), "redirects are not followed"),
    ("broken", lambda _: (500, b"\x00" * 100_000), "status 500"),
]


@pytest.mark.parametrize(("name", "lie", "reason"), LIES, ids=[one[0] for one in LIES])
async def test_an_answer_that_is_no_word_of_the_witness_is_not_recorded(
    tmp_path: Path, clock: FakeClock, name: str, lie: Lie, reason: str
) -> None:
    async def answer(request: web.Request) -> web.Response:
        body = await request.text()
        status, said = lie(split_note(body.partition("\n\n")[2])[0])
        return web.Response(status=status, body=said)

    async with _listening(answer) as url:
        liar = Asked("liar", LIAR.verifier, url)
        async with deployed(tmp_path / "log.db", [liar], clock) as log:
            await log.grow("a")
            (trouble,) = await log.ask_all()
            assert trouble is not None
            assert reason in trouble.reason
            assert await log.said() == []


@asynccontextmanager
async def _listening(
    answer: Callable[[web.Request], Awaitable[web.Response]],
) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/add-checkpoint", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


async def test_a_slow_witness_delays_no_other(tmp_path: Path, clock: FakeClock) -> None:
    released = asyncio.Event()

    async def never(_: web.Request) -> web.Response:
        await released.wait()
        return web.Response(status=503)

    async with watchers(tmp_path, clock) as witnesses, _listening(never) as url:
        slow = replace(witnesses[0], url=url)
        async with deployed(tmp_path / "log.db", [slow, *witnesses[1:]], clock) as log:
            running = asyncio.create_task(log.gatherer.run())
            try:
                note = await log.grow("a")
                before = await log.store.position()
                await log.gatherer.told(note)
                assert await log.store.wait_for(before + 2, SECONDS_MAX)
                said = {getattr(one, "witness", "") for one in await log.said()}
                assert said == {"firm.example/witness", "telco.example/witness"}
            finally:
                released.set()
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
