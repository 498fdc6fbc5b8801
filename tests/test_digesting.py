"""Digests of projections: taken by one process, recorded by a checkpoint, proved by a rebuild."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from ledger import commands_log
from ledger.checkpoint import Signer
from ledger.checkpointing import CheckpointMaker
from ledger.commands_log import Digested
from ledger.events import LogCheckpointMade
from ledger.handling import Handler
from projections import digesting
from projections.commitments import CommitmentsProjection
from projections.digesting import DUTY, Digester, digests_in
from projections.duties import Duties
from projections.payments import PaymentsProjection
from projections.tables import stamp
from tests.builders import CONTEXT, Step, paid
from tests.projecting import Projected, ReadModel

SIGNER = Signer("o/log", bytes(32))
STORY: list[Step] = [*paid(0, 1), (2, "request"), (2, "start"), (2, "wrong_amount"), (3, "keys")]


async def duties_of(projected: Projected, holder: str = "here") -> Duties:
    duties = Duties(projected.database, holder=holder, seconds=60)
    await duties.prepare()
    return duties


QUICK, SLOW = 1e6, 1e-6
"""Seconds between checkpoints: hashing a story takes little of the one, and not of the other."""


async def digester_of(
    projected: Projected,
    holder: str = "here",
    *,
    checkpoint_seconds: float = SLOW,
    every_seconds: float = 3600,
) -> Digester:
    return Digester(
        projected.projections,
        await duties_of(projected, holder),
        clock=lambda: projected.teller.now,
        every_seconds=every_seconds,
        checkpoint_seconds=checkpoint_seconds,
    )


def maker_of(projected: Projected, digester: Digester) -> CheckpointMaker:
    commitments = projected.projections.of(CommitmentsProjection)

    async def last_size() -> int:
        last = await commitments.latest()
        return 0 if last is None else last.size

    return CheckpointMaker(
        Handler(projected.store),
        clock=lambda: projected.teller.now,
        origin="o/log",
        signers=lambda _key: SIGNER,
        last_size=last_size,
        every_seconds=60,
        digests=digester.newest,
    )


async def recorded(projected: Projected) -> list[dict[str, int]]:
    """Of every checkpoint in the log: which projections it has digests of, at which positions."""
    return [
        {name: digest.position for name, digest in one.event.digests.items()}
        for one in await projected.store.read(0)
        if isinstance(one.event, LogCheckpointMade)
    ]


class TestDuties(ReadModel):
    async def test_one_process_at_a_time_holds_a_duty_and_the_next_goes_on_from_its_place(
        self, projected: Projected
    ) -> None:
        now = projected.teller.now
        mine, yours = await duties_of(projected), await duties_of(projected, "there")
        first = await asyncio.gather(*(one.take("count", now=now) for one in (mine, yours)))
        holder, other = (mine, yours) if first[0] is not None else (yours, mine)

        assert sorted(first, key=str) == [None, {}] or first == [{}, None]
        assert await holder.keep("count", {"to": 7}, now=now)
        assert not await other.keep("count", {"to": 9}, now=now)
        assert await other.take("count", now=now + timedelta(seconds=59)) is None
        assert await other.take("count", now=now + timedelta(seconds=60)) == {"to": 7}
        assert not await holder.keep("count", {"to": 8}, now=now)
        assert await other.place("count") == {"to": 7}

    async def test_what_is_given_back_is_free_at_once_and_another_duty_is_another(
        self, projected: Projected
    ) -> None:
        now = projected.teller.now
        mine, yours = await duties_of(projected), await duties_of(projected, "there")
        assert await mine.take("count", now=now) == {}
        assert await yours.take("sums", now=now) == {}
        await yours.give_back("count", now=now)
        assert await yours.take("count", now=now) is None
        await mine.give_back("count", now=now)
        assert await yours.take("count", now=now) == {}
        assert await mine.place("never") == {}

    async def test_silent_is_who_holds_a_duty_and_gives_no_sign_of_it(
        self, projected: Projected
    ) -> None:
        now, later = projected.teller.now, projected.teller.now + timedelta(seconds=6)
        mine, yours = await duties_of(projected), await duties_of(projected, "there")
        assert not await mine.is_silent("count", 5, now=now)
        await yours.take("count", now=now)
        told = [await mine.is_silent("count", seconds, now=later) for seconds in (5, 6)]
        assert told == [True, False]
        assert not await yours.is_silent("count", 5, now=later)
        await yours.keep("count", {}, now=later)
        assert not await mine.is_silent("count", 5, now=later)
        # What nobody holds any more is free, and nobody is waited for.
        assert not await mine.is_silent("count", 5, now=later + timedelta(seconds=60))


class TestDigests(ReadModel):
    async def test_a_checkpoint_records_what_a_rebuild_to_that_position_gives(
        self, projected: Projected
    ) -> None:
        await projected.story(*STORY)
        position = await projected.store.position()
        digester = await digester_of(projected)
        await digester.turn()
        # Live rows move on; what was recorded stays provable.
        await projected.story(*paid(4))
        made = await maker_of(projected, digester).make(context=CONTEXT)
        await projected.project()
        row = await projected.projections.of(CommitmentsProjection).digested()

        assert made is not None
        assert row is not None
        assert row.size == made.size > position
        assert set(row.digests) == set(projected.projections.names)
        for name, one in row.digests.items():
            assert one.position == position
            rebuilt = await projected.projections.check_digest(name, projected.store, one)
            assert rebuilt == (one.position, one.sha256), name
        payments = row.digests["payments"]
        assert payments.version == PaymentsProjection.version
        assert (await projected.projections.digest("payments")).sha256 != payments.sha256

    async def test_rows_that_were_tampered_with_are_told_by_what_was_recorded(
        self, projected: Projected
    ) -> None:
        await projected.story(*STORY)
        async with projected.database.write() as conn:
            await conn.execute(text("UPDATE payments SET amount_minor = amount_minor + 1"))
        digester = await digester_of(projected)
        await digester.turn()
        found = await digester.newest()

        assert set(found) == set(projected.projections.names)
        for name, one in found.items():
            rebuilt = await projected.projections.check_digest(name, projected.store, one)
            assert rebuilt is not None
            assert (rebuilt.sha256 == one.sha256) == (name != "payments"), name

    async def test_a_digest_of_rows_that_other_code_made_is_not_compared(
        self, projected: Projected
    ) -> None:
        await projected.story(*STORY)
        other = Digested(3, "ab", PaymentsProjection.version - 1)
        projections = projected.projections
        assert await projections.check_digest("payments", projected.store, other) is None

    async def test_where_hashing_takes_little_every_checkpoint_has_fresh_digests(
        self, projected: Projected
    ) -> None:
        await projected.story(*STORY)
        digester = await digester_of(projected, checkpoint_seconds=QUICK)
        maker = maker_of(projected, digester)
        positions, sizes = [], []
        for number in (4, 5, 6):
            await projected.story(*paid(number))
            positions.append(await projected.store.position())
            made = await maker.make(context=CONTEXT)
            assert made is not None
            sizes.append(made.size)
            await projected.project()

        names = projected.projections.names
        assert await recorded(projected) == [dict.fromkeys(names, one) for one in positions]
        assert all(size >= one for size, one in zip(sizes, positions, strict=True))
        newest = await digester.newest()
        rebuilt = await projected.projections.check_digest(
            "payments", projected.store, newest["payments"]
        )
        assert rebuilt is not None
        assert rebuilt.sha256 == newest["payments"].sha256

    async def test_where_it_takes_longer_every_checkpoint_has_the_newest_that_are_not_too_old(
        self, projected: Projected
    ) -> None:
        await projected.story(*STORY)
        digester = await digester_of(projected)
        maker = maker_of(projected, digester)
        await digester.turn()
        names = projected.projections.names
        first = dict.fromkeys(names, await projected.store.position())
        for number in (4, 5):
            await projected.story(*paid(number))
            await maker.make(context=CONTEXT)
            await projected.project()
            await digester.turn()
        assert await recorded(projected) == [first, first]

        projected.teller.now = began = projected.teller.now + timedelta(seconds=3600)
        await projected.story(*paid(6))
        await maker.make(context=CONTEXT)
        assert (await recorded(projected))[2] == {}

        await projected.project()
        await digester.turn()
        again = dict.fromkeys(names, await projected.store.position())
        await projected.story(*paid(7))
        await maker.make(context=CONTEXT)
        assert (await recorded(projected))[3] == again
        assert await digester.taken_at() == projected.teller.now - timedelta(seconds=4)
        assert began < projected.teller.now

    async def test_a_round_begins_so_early_that_the_last_one_is_not_too_old_when_it_ends(
        self, projected: Projected
    ) -> None:
        digester, now = await digester_of(projected), projected.teller.now
        duties = await duties_of(projected)
        place: dict[str, Any] = {
            "began_at": stamp(now),
            "taken_at": stamp(now + timedelta(seconds=600)),
            "worked_seconds": 300.0,
            "digests": {"payments": [1, "ab", 4]},
        }
        await duties.take(DUTY, now=now)
        await duties.keep(DUTY, place, now=now)
        await duties.give_back(DUTY, now=now)

        projected.teller.now = now + timedelta(seconds=2399)
        await digester.turn()
        assert await duties.place(DUTY) == place
        projected.teller.now = now + timedelta(seconds=2400)
        await digester.turn()
        assert await digester.taken_at() == projected.teller.now

    async def test_whether_it_takes_little_is_what_the_last_round_took(
        self, projected: Projected, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await projected.story(*STORY)
        digester = await digester_of(projected, checkpoint_seconds=QUICK)
        before = await digester.newest()
        duties = await duties_of(projected)
        place = await duties.take(DUTY, now=projected.teller.now)
        assert place is not None
        slow = place | {"worked_seconds": digesting.FRESH_SECONDS_MAX + 1}
        await duties.keep(DUTY, slow, now=projected.teller.now)
        await duties.give_back(DUTY, now=projected.teller.now)
        await projected.story(*paid(4))
        assert await digester.newest() == before

        projected.teller.now += timedelta(seconds=3600)
        await digester.turn()
        await projected.story(*paid(5))
        after = await projected.store.position()
        assert {one.position for one in (await digester.newest()).values()} == {after}

        # What takes long only now is given up, and the last round stands.
        monkeypatch.setattr(digesting, "PATIENCE_SECONDS", 0)
        await projected.story(*paid(6))
        assert {one.position for one in (await digester.newest()).values()} == {after}
        monkeypatch.undo()
        assert {one.position for one in (await digester.newest()).values()} == {after}

    async def test_of_a_long_log_whose_hashing_nobody_has_timed_no_checkpoint_waits(
        self, projected: Projected, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await projected.story(*STORY)
        position = await projected.store.position()
        monkeypatch.setattr(digesting, "FRESH_ENTRIES_MAX", position - 1)
        digester = await digester_of(projected, checkpoint_seconds=QUICK)
        assert await digester.newest() == {}
        monkeypatch.setattr(digesting, "FRESH_ENTRIES_MAX", position)
        assert set(await digester.newest()) == set(projected.projections.names)

    async def test_a_checkpoint_waits_for_who_is_at_it_but_not_for_ever_and_never_is_never(
        self, projected: Projected, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await projected.story(*STORY)
        here, there = [
            await digester_of(projected, name, checkpoint_seconds=QUICK)
            for name in ("here", "there")
        ]
        others = await duties_of(projected, "elsewhere")
        now = projected.teller.now
        await others.take(DUTY, now=now)
        with monkeypatch.context() as patch:
            patch.setattr(digesting, "PATIENCE_SECONDS", 0)
            assert await here.newest() == {}

        looked = asyncio.Event()
        place_of = Duties.place

        async def looking(duties: Duties, name: str) -> Any:
            place = await place_of(duties, name)
            looked.set()
            return place

        monkeypatch.setattr(Duties, "place", looking)
        waiting = asyncio.create_task(here.newest())
        await looked.wait()
        times = {"began_at": stamp(now), "taken_at": stamp(now + timedelta(seconds=1))}
        made = {**times, "worked_seconds": 0.0, "digests": {"payments": [7, "ab", 4]}}
        await others.keep(DUTY, made, now=now)
        assert await waiting == {"payments": Digested(7, "ab", 4)}

        await others.give_back(DUTY, now=now)
        projected.teller.now += timedelta(seconds=2)
        both = await asyncio.gather(here.newest(), there.newest())
        assert both[0] == both[1]
        assert set(both[0]) == set(projected.projections.names)
        never = await digester_of(projected, every_seconds=0)
        assert await never.newest() == {}

    async def test_no_checkpoint_waits_for_who_has_died_over_it_but_records_the_newest_there_are(
        self, projected: Projected, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whoever waited would look again after an hour; the time of the lease is not over."""
        monkeypatch.setattr(digesting, "PATIENCE_SECONDS", 7200)
        monkeypatch.setattr(digesting, "LOOK_AGAIN_SECONDS", 3600)
        await projected.story(*STORY)
        digester = await digester_of(projected, checkpoint_seconds=QUICK)
        before = await digester.newest()
        died_at = projected.teller.now
        died = await duties_of(projected, "dead")
        assert await died.take(DUTY, now=died_at) is not None
        await projected.story(*paid(4))
        projected.teller.now = died_at + timedelta(seconds=digesting.SILENT_SECONDS + 1)

        async with asyncio.timeout(20):
            assert await digester.newest() == before
            await maker_of(projected, digester).make(context=CONTEXT)
        assert await recorded(projected) == [{name: one.position for name, one in before.items()}]
        assert before.keys() == set(projected.projections.names)
        # It is still the dead one's duty; when the lease is over, all is fresh again.
        projected.teller.now = died_at + timedelta(seconds=60)
        await projected.project()
        after = await projected.store.position()
        assert {one.position for one in (await digester.newest()).values()} == {after}

    async def test_of_several_processes_one_digests_and_any_of_them_records(
        self, projected: Projected
    ) -> None:
        await projected.story(*STORY)
        first, second = await digester_of(projected), await digester_of(projected, "there")
        await asyncio.gather(first.turn(), second.turn())
        duties = await duties_of(projected)
        place = await duties.place(DUTY)
        assert len(digests_in(place)) == len(projected.projections.names)

        projected.teller.now += timedelta(seconds=30)
        await asyncio.gather(first.turn(), second.turn())
        assert await duties.place(DUTY) == place

        await maker_of(projected, second).make(context=CONTEXT)
        assert await recorded(projected) == [
            {name: one.position for name, one in digests_in(place).items()}
        ]

    async def test_it_runs_by_itself_and_lets_go_after_its_turn(self, projected: Projected) -> None:
        await projected.story(*STORY)
        written = asyncio.Event()

        class Telling(Duties):
            async def give_back(self, name: str, *, now: datetime) -> None:
                await super().give_back(name, now=now)
                written.set()

        duties = Telling(projected.database, holder="here", seconds=60)
        await duties.prepare()
        digester = Digester(
            projected.projections,
            duties,
            clock=lambda: projected.teller.now,
            every_seconds=3600,
            checkpoint_seconds=SLOW,
        )
        running = asyncio.create_task(digester.run())
        async with asyncio.timeout(20):
            await written.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

        assert set(await digester.newest()) == set(projected.projections.names)
        others = await duties_of(projected, "there")
        assert await others.take(DUTY, now=projected.teller.now) is not None


def test_what_is_recorded_names_its_position_its_hash_and_the_code_that_made_the_rows() -> None:
    place = {"digests": {"payments": [7, "ab", 4]}}
    assert digests_in(place) == {"payments": commands_log.Digested(7, "ab", 4)}
