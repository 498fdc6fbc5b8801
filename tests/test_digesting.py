"""Digests of projections: taken by one process, recorded by a checkpoint, proved by a rebuild."""

import asyncio
from datetime import datetime, timedelta

from sqlalchemy import text

from ledger import commands_log
from ledger.checkpoint import Signer
from ledger.checkpointing import CheckpointMaker
from ledger.commands_log import Digested
from ledger.events import LogCheckpointMade
from ledger.handling import Handler
from projections.commitments import CommitmentsProjection
from projections.digesting import DUTY, Digester, digests_in
from projections.duties import Duties
from projections.payments import PaymentsProjection
from tests.builders import CONTEXT, Step, paid
from tests.projecting import Projected, ReadModel

SIGNER = Signer("o/log", bytes(32))
STORY: list[Step] = [*paid(0, 1), (2, "request"), (2, "start"), (2, "wrong_amount"), (3, "keys")]


async def duties_of(projected: Projected, holder: str = "here") -> Duties:
    duties = Duties(projected.database, holder=holder, seconds=60)
    await duties.prepare()
    return duties


async def digester_of(projected: Projected, holder: str = "here") -> Digester:
    return Digester(
        projected.projections,
        await duties_of(projected, holder),
        clock=lambda: projected.teller.now,
        every_seconds=3600,
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
        digests=digester.up_to,
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
        found = await digester.up_to(await projected.store.position())

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

    async def test_every_digest_is_recorded_once_and_none_beyond_the_checkpoints_size(
        self, projected: Projected
    ) -> None:
        await projected.story(*STORY)
        digester = await digester_of(projected)
        maker = maker_of(projected, digester)
        assert await digester.up_to(10**6) == {}
        await digester.turn()
        position = await projected.store.position()
        assert await digester.up_to(position - 1) == {}
        for number in (4, 5):
            await projected.story(*paid(number))
            await maker.make(context=CONTEXT)
            await projected.project()
        await digester.turn()
        assert (await recorded(projected))[0].keys() == set(projected.projections.names)
        assert (await recorded(projected))[1:] == [{}]

        projected.teller.now += timedelta(seconds=3600)
        await digester.turn()
        again = await projected.store.position()
        await projected.story(*paid(6))
        await maker.make(context=CONTEXT)

        assert set((await recorded(projected))[0].values()) == {position}
        assert set((await recorded(projected))[2].values()) == {again}

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
            projected.projections, duties, clock=lambda: projected.teller.now, every_seconds=3600
        )
        running = asyncio.create_task(digester.run())
        async with asyncio.timeout(20):
            await written.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

        assert set(await digester.up_to(10**6)) == set(projected.projections.names)
        others = await duties_of(projected, "there")
        assert await others.take(DUTY, now=projected.teller.now) is not None


def test_what_is_recorded_names_its_position_its_hash_and_the_code_that_made_the_rows() -> None:
    place = {"digests": {"payments": [7, "ab", 4]}}
    assert digests_in(place) == {"payments": commands_log.Digested(7, "ab", 4)}
