"""The verifier beside a log: it keeps its place, tells once, and lets another process go on."""

import asyncio
import json
from datetime import timedelta

import pytest
from sqlalchemy import text

from ledger.events import LogMismatchFound
from ledger.handling import Handler
from ledger.rereading import Mismatch
from ledger.store import RawEntry
from projections.commitments import CommitmentsProjection
from projections.digesting import Digester
from projections.duties import LOOK_SECONDS, Duties
from projections.reproving import REASON, Reproved, Reprover
from projections.verifier import DUTY, Verification, Verifier
from tests.api_world import captured_logs
from tests.builders import Step, paid
from tests.contracts.store import fill
from tests.projecting import Projected, ReadModel

STORY: list[Step] = [*paid(0, 1), (2, "request"), (2, "start"), (2, "wrong_amount"), (3, "keys")]
ROUND_SECONDS = 3600.0


async def duties_of(projected: Projected, holder: str = "here") -> Duties:
    duties = Duties(projected.database, holder=holder, seconds=60)
    await duties.prepare()
    return duties


async def verifier_of(
    projected: Projected, holder: str = "here", *, entries_per_second: int = 1_000_000
) -> Verifier:
    return Verifier(
        Handler(projected.store),
        projected.projections.of(CommitmentsProjection),
        await duties_of(projected, holder),
        clock=lambda: projected.teller.now,
        entries_per_second=entries_per_second,
        round_seconds=ROUND_SECONDS,
    )


async def found(projected: Projected) -> list[tuple[int, str]]:
    """The mismatches that the log tells of."""
    return [
        (one.event.position, one.event.what)
        for one in await projected.store.read(0)
        if isinstance(one.event, LogMismatchFound)
    ]


def spoil(projected: Projected, position: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the store give an old entry otherwise than it was recorded."""
    read_raw = projected.store.read_raw

    async def otherwise(after: int, limit: int = 1000) -> list[RawEntry]:
        rows = await read_raw(after, limit)
        return [
            row._replace(entry=row.entry.replace(b'"actor":"', b'"actor":"not-'))
            if row.position == position
            else row
            for row in rows
        ]

    monkeypatch.setattr(projected.store, "read_raw", otherwise)


class TestVerifier(ReadModel):
    async def test_a_round_reads_everything_and_the_next_begins_when_it_is_due(
        self, projected: Projected
    ) -> None:
        await fill(projected.store, 600)
        verifier = await verifier_of(projected)
        assert await verifier.verification() == Verification(0, 0, 0, None, None)

        await verifier.turn()
        first = projected.teller.now
        assert await verifier.verification() == Verification(0, 0, 600, first, None)

        more = len(await projected.tell(*STORY))
        projected.teller.now = first + timedelta(seconds=ROUND_SECONDS - 1)
        await verifier.turn()
        assert (await verifier.verification()).verified_size == 600
        projected.teller.now = second = first + timedelta(seconds=ROUND_SECONDS)
        await verifier.turn()
        assert await verifier.verification() == Verification(0, 0, 600 + more, second, None)
        assert await found(projected) == []

    async def test_an_empty_log_has_no_round_and_the_first_begins_with_its_entries(
        self, projected: Projected
    ) -> None:
        verifier = await verifier_of(projected)
        looks_again_in = [await verifier.turn() for _ in range(2)]
        assert looks_again_in == [LOOK_SECONDS] * 2
        assert await verifier.verification() == Verification(0, 0, 0, None, None)

        await fill(projected.store, 3)
        await verifier.turn()
        said = await verifier.verification()
        assert (said.verified_size, said.verified_at) == (3, projected.teller.now)

    async def test_a_mismatch_is_told_once_and_gone_from_the_figures_when_it_is_mended(
        self, projected: Projected, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await fill(projected.store, 600)
        verifier = await verifier_of(projected)
        await verifier.turn()
        verified_at = projected.teller.now
        with monkeypatch.context() as tampered, captured_logs() as lines:
            spoil(projected, 300, tampered)
            for _ in range(2):
                projected.teller.now += timedelta(seconds=ROUND_SECONDS)
                await verifier.turn()
            said = [json.loads(line) for line in lines.getvalue().splitlines()]
        reason = "the entry is not the one whose hash was stored with it"
        wrong = Verification(0, 0, 600, verified_at, Mismatch(300, reason, "entry"))
        assert await verifier.verification() == wrong
        assert await found(projected) == [(300, "entry")]
        assert [(one["event"], one["level"], one["position"]) for one in said] == [
            ("log.mismatch", "error", 300)
        ] * 2

        projected.teller.now += timedelta(seconds=ROUND_SECONDS)
        await verifier.turn()
        mended = await verifier.verification()
        assert (mended.verified_size, mended.mismatch) == (601, None)

    async def test_a_round_that_is_stopped_is_gone_on_with_by_another_process(
        self, projected: Projected, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await fill(projected.store, 600)
        reached = asyncio.Event()
        misplaced = projected.store.misplaced

        async def blocking(after: int, until: int) -> int | None:
            if after == 512:
                reached.set()
                await asyncio.Event().wait()
            return await misplaced(after, until)

        verifier = await verifier_of(projected)
        with monkeypatch.context() as blocked:
            blocked.setattr(projected.store, "misplaced", blocking)
            running = asyncio.create_task(verifier.run())
            async with asyncio.timeout(20):
                await reached.wait()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        stopped = await verifier.verification()
        assert (stopped.position, stopped.size, stopped.verified_size) == (512, 600, 0)

        read: list[int] = []
        read_raw = projected.store.read_raw

        async def counting(after: int, limit: int = 1000) -> list[RawEntry]:
            read.append(after)
            return await read_raw(after, limit)

        monkeypatch.setattr(projected.store, "read_raw", counting)
        other = await verifier_of(projected, "there")
        await other.turn()
        assert read == [512]
        assert (await other.verification()).verified_size == 600

    async def test_two_processes_never_read_at_once(
        self, projected: Projected, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await fill(projected.store, 600)
        read: list[int] = []
        read_raw = projected.store.read_raw

        async def counting(after: int, limit: int = 1000) -> list[RawEntry]:
            read.append(after)
            return await read_raw(after, limit)

        monkeypatch.setattr(projected.store, "read_raw", counting)
        both = [await verifier_of(projected, holder) for holder in ("here", "there")]
        await asyncio.gather(*(one.turn() for one in both))
        assert read == [0, 256, 512]

    async def test_a_place_that_cannot_be_read_is_begun_anew(self, projected: Projected) -> None:
        await fill(projected.store, 300)
        duties = await duties_of(projected)
        assert await duties.take(DUTY, now=projected.teller.now) == {}
        place = {"round": {"size": 300, "roots": {}, "read": 256, "levels": ["!"]}}
        await duties.keep(DUTY, place, now=projected.teller.now)
        verifier = await verifier_of(projected)
        await verifier.turn()
        assert (await verifier.verification()).verified_size == 300


class TestReproving(ReadModel):
    async def test_projections_are_held_against_the_log_and_what_differs_is_told_once(
        self, projected: Projected
    ) -> None:
        await projected.story(*STORY)
        position = await projected.store.position()
        duties = await duties_of(projected)
        handler, projections = Handler(projected.store), projected.projections
        digester = Digester(
            projections,
            duties,
            clock=lambda: projected.teller.now,
            every_seconds=3600,
            checkpoint_seconds=60,
        )
        reprover = Reprover(
            handler, projections, duties, clock=lambda: projected.teller.now, every_seconds=86_400
        )
        await reprover.turn()
        assert await reprover.reproved() == Reproved(None, ())
        await digester.turn()
        await reprover.turn()
        assert await reprover.reproved() == Reproved(projected.teller.now, ())
        assert await found(projected) == []

        amounts = "UPDATE payments SET amount_minor = amount_minor + {}"
        for change in (1, 0, -1):
            async with projected.database.write() as conn:
                await conn.execute(text(amounts.format(change)))
            projected.teller.now += timedelta(days=1)
            await digester.turn()
            await reprover.turn()
            wrong = ("payments",) if change >= 0 else ()
            assert await reprover.reproved() == Reproved(projected.teller.now, wrong)
            assert await found(projected) == [(position, "payments")]
        (told,) = [
            one.event
            for one in await projected.store.read(0)
            if isinstance(one.event, LogMismatchFound)
        ]
        assert told.reason == REASON
