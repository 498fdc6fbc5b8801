"""The worklist: what each event makes due, and leases that two workers never share."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from adapters.base import Due as AdapterDue
from ledger.identity import Mode
from projections.modes import Modes
from projections.queues import Due
from projections.worklist import WorklistProjection, WorkRow
from projections.worklist_left import Left, Served
from tests.builders import NOW, Step, a_request, paid, payment_id
from tests.projecting import Projected, ReadModel, opened

# What happened to a payment -> (kind, seconds after its beginning at which it is due).
# A step takes a second; answers name a time 30 s later, a submission's intent one 60 s later.
DUE = [
    ("request", ("submit", 0)),
    ("request start", ("inquire", 61)),
    ("request start confirm", ("inquire", 32)),
    ("request start doubt", ("inquire", 32)),
    ("request start doubt no_answer", ("inquire", 33)),
    ("request start confirm pending pending", ("inquire", 34)),
    ("request start confirm hint", ("inquire", 3)),
    ("request start withdraw", ("submit", 32)),
    ("request start withdraw start", ("inquire", 63)),
    ("request start withdraw start confirm_first", ("inquire", 63)),
    ("request start withdraw start withdraw confirm_first", ("submit", 34)),
    ("request start withdraw hint", ("inquire", 3)),
    ("request start withdraw expire hint", ("inquire", 4)),
    ("request start withdraw expire", None),
    ("request start withdraw expire confirm", ("inquire", 34)),
    ("request start decline", None),
    ("request start decline start", ("inquire", 63)),
    ("request expire", None),
    ("request start confirm success", None),
    ("request start confirm failure", None),
    ("request start confirm expiry", None),
    ("request start wrong_amount", None),
    ("request start success confirm", None),
    ("request start success confirm statement_failure", None),
    ("request start withdraw start success_first statement_failure_first", ("inquire", 5)),
    ("request start withdraw success_first statement_failure_first", None),
    ("webhook", ("translate", 0)),
    ("webhook understand", None),
    ("webhook orphan", None),
    ("webhook orphan reopen", ("translate", 2)),
    ("webhook orphan reopen understand", None),
    ("webhook orphan reopen orphan", None),
    ("webhook orphan reopen orphan reopen", ("translate", 4)),
]


def at(seconds: float) -> datetime:
    """A time of the story."""
    return NOW + timedelta(seconds=seconds)


class TestWorklist(ReadModel):
    async def test_what_is_due_after_every_kind_of_event(self, projected: Projected) -> None:
        expected, work = {}, projected.projections.of(WorklistProjection)
        for number, (words, due) in enumerate(DUE):
            began = projected.teller.now
            await projected.tell(*[(number, verb) for verb in words.split()])
            if due is not None:
                kind, seconds = due
                stream_id = f"mtn-{number}" if kind == "translate" else payment_id(number)
                expected[stream_id] = (kind, began + timedelta(seconds=seconds))
        await projected.project()
        listed = await work.listing(now=projected.teller.now)
        assert {one.stream_id: (one.kind, one.due_at) for one in listed} == expected
        assert await work.next_due_at() == min(due_at for _, due_at in expected.values())

    async def test_a_person_sees_what_waits_since_when_why_and_who_is_at_it(
        self, projected: Projected
    ) -> None:
        story = "request start doubt no_answer no_answer".split()
        await projected.story(*[(0, verb) for verb in story])
        work = projected.projections.of(WorklistProjection)
        await work.lease("inquire", "mtn", holder="worker-1", limit=5, now=at(35), seconds=5)
        leased = WorkRow(
            kind="inquire",
            stream_id="pay_0",
            provider="mtn",
            due_at=at(34),
            since=NOW,
            age_seconds=39.0,
            reason="timeout",
            attempts=1,
            inquiries=2,
            position=5,
            holder="worker-1",
            leased_until=at(40),
        )
        free = replace(leased, age_seconds=41.0, holder=None, leased_until=None)
        assert await work.listing(now=at(39)) == [leased]
        assert await work.listing(now=at(41), kind="inquire", provider="mtn") == [free]
        assert await work.listing(now=at(41), kind="submit") == []

    @pytest.mark.parametrize("batch_max", [100, 2, 1])
    async def test_an_orphan_is_opened_again_and_closed_whatever_is_read_at_once(
        self, projected: Projected, batch_max: int
    ) -> None:
        work = projected.projections.of(WorklistProjection)
        await projected.tell((0, "webhook"), (0, "orphan"), (0, "reopen"))
        await projected.project(batch_max)
        (listed,) = await work.listing(now=projected.teller.now)
        assert (listed.kind, listed.reason) == ("translate", "no such payment")
        await projected.tell((0, "orphan"), (0, "reopen"), (0, "understand"))
        await projected.project(batch_max)
        assert await work.listing(now=projected.teller.now) == []

    async def test_only_what_is_due_of_that_kind_and_provider_is_leased_oldest_first(
        self, projected: Projected
    ) -> None:
        await projected.story(
            *[(n, "request") for n in range(5)], (4, "start"), (3, "start"), (7, "webhook")
        )
        work = projected.projections.of(WorklistProjection)

        async def lease(kind: str, provider: str | None, seconds: float) -> list[str]:
            leased = await work.lease(
                kind, provider, holder="a", limit=2, now=at(seconds), seconds=60
            )
            return [one.stream_id for one in leased]

        assert await lease("submit", "mtn", 1) == ["pay_0"]
        assert await lease("submit", None, 2) == ["pay_1", "pay_2"]
        assert await lease("inquire", "mtn", 64) == []
        assert await lease("inquire", None, 66) == ["pay_4", "pay_3"]
        assert await lease("translate", "mtn", 66) == ["mtn-7"]
        assert await lease("submit", "wave", 66) == []

    async def test_a_process_takes_only_payments_of_the_mode_that_it_has_their_provider_for(
        self, projected: Projected
    ) -> None:
        """Of what it leaves it can count the pieces, and take what nobody sent in time."""
        asked: list[tuple[int, Mode | None]] = [(0, "live"), (2, "test"), (4, None), (6, "live")]
        teller = projected.teller
        for number, mode in asked:
            teller.do(replace(a_request(payment_id(number)), mode=mode))
        await projected.record(teller.log)
        await projected.story((6, "start"), (1, "request"), (8, "webhook"), (9, "webhook"))
        work = projected.projections.of(WorklistProjection)

        async def lease(kind: str, modes: Modes, seconds: float = 3600) -> list[str]:
            how: dict[str, Any] = {"holder": "a", "limit": 9, "now": at(seconds), "seconds": 1}
            leased = await work.lease(kind, "mtn", modes=modes, **how)
            return [one.stream_id for one in leased]

        async def lapsed(served: Served, seconds: float) -> list[str]:
            leased = await work.lease_lapsed(
                served, holder="b", limit=9, now=at(seconds), seconds=1
            )
            return [one.stream_id for one in leased]

        tests: Served = {"mtn": ("test", None)}
        assert await lease("submit", ("test", None)) == ["pay_2", "pay_4"]
        assert await lease("inquire", ("test", None)) == []
        assert await lease("inquire", ("live",)) == ["pay_6"]
        assert await work.next_due_at("inquire", "mtn", modes=("test", None)) is None
        assert await work.left(tests) == [
            Left("mtn", "live", 2),
            Left("orange", "", 1),
        ]
        assert await work.left({"mtn": ("live",), "wave": ("live",)}) == [
            Left("mtn", "", 1),
            Left("mtn", "test", 1),
            Left("orange", "", 1),
        ]
        assert await work.left({}) == [
            Left("mtn", "", 3),
            Left("mtn", "live", 2),
            Left("mtn", "test", 1),
            Left("orange", "", 1),
        ]
        # What was submitted may be somewhere: it never lapses.
        assert await lapsed(tests, 3599) == []
        assert await lapsed(tests, 3602) == ["pay_0", "pay_1"]
        assert await lapsed({}, 3610) == ["pay_0", "pay_2", "pay_4", "pay_1"]

    async def test_a_lease_says_what_the_reactors_want_to_know(self, projected: Projected) -> None:
        await projected.story((0, "request"))
        work = projected.projections.of(WorklistProjection)
        (due,) = await work.lease("submit", "mtn", holder="a", limit=1, now=NOW, seconds=60)
        assert due == Due("submit", "pay_0", "mtn", NOW, 1)
        wanted = AdapterDue("submit", "pay_0", "mtn", NOW, 1)
        assert {name: getattr(due, name) for name in AdapterDue.__slots__} == {
            name: getattr(wanted, name) for name in AdapterDue.__slots__
        }

    async def test_two_processes_never_hold_the_same_piece(
        self, projected: Projected, database_url: str
    ) -> None:
        count = 60
        await projected.story(*[(number, "request") for number in range(count)])
        async with opened(database_url) as other:
            works = [projected.projections.of(WorklistProjection), WorklistProjection(other)]

            async def take(worker: int) -> list[str]:
                work, taken = works[worker % 2], []
                while leased := await work.lease(
                    "submit", None, holder=f"w{worker}", limit=3, now=at(999), seconds=60
                ):
                    taken += [one.stream_id for one in leased]
                return taken

            taken = await asyncio.gather(*[take(worker) for worker in range(6)])
        everything = [one for part in taken for one in part]
        assert sorted(everything) == sorted(payment_id(number) for number in range(count))

    async def test_leasing_while_the_piece_moves_on_never_blocks_for_good(
        self, projected: Projected
    ) -> None:
        log = await projected.tell(*[step for number in range(20) for step in paid(number)])
        work = projected.projections.of(WorklistProjection)

        async def project() -> None:
            for start in range(0, len(log), 7):
                await projected.projections.handle(log[start : start + 7])

        async def take() -> None:
            for _ in range(20):
                for kind in ("submit", "inquire"):
                    await work.lease(kind, None, holder="a", limit=50, now=at(9999), seconds=60)

        await asyncio.gather(project(), take())
        assert await work.listing(now=at(9999)) == []

    async def test_a_refund_is_opened_submitted_asked_about_and_settled(
        self, projected: Projected
    ) -> None:
        worklist = projected.projections.of(WorklistProjection)

        async def kinds(*steps: Step) -> dict[str, str]:
            await projected.story(*steps)
            return {one.stream_id: one.kind for one in await worklist.listing(now=NOW)}

        assert await kinds(*paid(0)) == {}
        assert await kinds((0, "refund_reserved")) == {"re_0_1/pay_0": "open"}
        assert await kinds((0, "refund_opened")) == {"re_0_1": "submit"}
        assert await kinds((0, "refund_started")) == {"re_0_1": "inquire"}
        assert await kinds((0, "refund_success")) == {"re_0_1": "settle"}
        assert await kinds((0, "refund_given")) == {}

    async def test_a_collection_is_not_told_again_what_it_knows(self, projected: Projected) -> None:
        worklist = projected.projections.of(WorklistProjection)
        await projected.story(*paid(0), (0, "refund"), (0, "refund_begun"), (0, "refund_success"))
        # The answer to its submission is read after the word, and after the collection was told.
        await projected.story((0, "refund_given"), (0, "refund_accepted"))
        assert await worklist.listing(now=NOW) == []

    async def test_a_refund_whose_word_has_changed_is_settled_again(
        self, projected: Projected
    ) -> None:
        worklist = projected.projections.of(WorklistProjection)
        await projected.story(*paid(0), (0, "refund"), (0, "refund_failed"))
        assert [one.kind for one in await worklist.listing(now=NOW)] == ["settle"]
        await projected.story((0, "refund_statement"), (0, "refund_released"))
        # It was let go, and has succeeded meanwhile: the collection must hear of it.
        assert [one.kind for one in await worklist.listing(now=NOW)] == ["settle"]
        await projected.story((0, "refund_given"))
        assert await worklist.listing(now=NOW) == []

    async def test_a_collection_is_told_that_what_it_was_told_is_in_doubt(
        self, projected: Projected
    ) -> None:
        worklist = projected.projections.of(WorklistProjection)
        await projected.story(*paid(0), (0, "refund"), (0, "refund_paid"))
        assert await worklist.listing(now=NOW) == []
        await projected.story((0, "refund_contradicted"))
        assert [one.kind for one in await worklist.listing(now=NOW)] == ["settle"]
        await projected.story((0, "refund_doubted"))
        assert await worklist.listing(now=NOW) == []
        await projected.story((0, "refund_statement"))
        assert [one.kind for one in await worklist.listing(now=NOW)] == ["settle"]
        await projected.story((0, "refund_given"))
        assert await worklist.listing(now=NOW) == []

    async def test_a_collection_that_was_told_nothing_need_not_hear_of_a_doubt(
        self, projected: Projected
    ) -> None:
        worklist = projected.projections.of(WorklistProjection)
        told = ("refund", "refund_begun", "refund_success", "refund_contradicted")
        await projected.story(*paid(0), *((0, one) for one in told))
        assert await worklist.listing(now=NOW) == []
