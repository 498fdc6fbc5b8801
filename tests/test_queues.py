"""Queues: whatever they are of, two workers never hold one piece, and none is held for ever."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from adapters.base import Due as AdapterDue
from ledger.commands_statement import RefuseStatementLine
from ledger.statement import statement_id_of
from projections.deliveries import DeliveriesProjection
from projections.mails import MailsProjection
from projections.queues import Due, Queue
from projections.statements import StatementsProjection
from projections.worklist import WorklistProjection
from tests import test_projection_mails as letters
from tests import test_projection_statements as lines
from tests.builders import PAID, payment_id
from tests.projecting import Projected, ReadModel

Happen = Callable[[Projected], Awaitable[None]]


async def a_request(projected: Projected) -> None:
    await projected.story((0, "request"))


async def a_submission(projected: Projected) -> None:
    await projected.story((0, "start"))


async def a_message(projected: Projected) -> None:
    await projected.story((0, "endpoint"), (0, "request"), (0, "start"), (0, "confirm"))


async def an_attempt(projected: Projected) -> None:
    await projected.story((0, "told_in_vain"))


async def a_letter(projected: Projected) -> None:
    await letters.asked(projected, 0, wanted=("payer",))
    await projected.story(*[(0, verb) for verb in PAID])


async def a_letter_in_vain(projected: Projected) -> None:
    [row] = await projected.projections.of(MailsProjection).letters(payment_id(0))
    await letters.happen(projected, letters.attempt(row, "deferred"))


STATEMENT = lines.a_statement(lines.a_line())


async def a_line(projected: Projected) -> None:
    unpaid = [(lines.MTN, verb) for verb in lines.UNPAID]
    await lines.happen(projected, *unpaid, STATEMENT, lines.approval(STATEMENT))


async def a_refusal(projected: Projected) -> None:
    refusal = RefuseStatementLine(
        statement_id=statement_id_of(STATEMENT),
        line=1,
        payment_id=payment_id(lines.MTN),
        reason="it has all the words it may keep",
    )
    await lines.happen(projected, refusal)


@dataclass(frozen=True)
class Case:
    """A queue, how it gets its first piece, and by what that piece moves on."""

    queue: type[Queue]
    kind: str
    whose: str
    begin: Happen
    move_on: Happen
    next_kind: str | None
    """What is to be done with the piece then; None: nothing."""


CASES = (
    Case(WorklistProjection, "submit", "mtn", a_request, a_submission, "inquire"),
    Case(DeliveriesProjection, "deliver", "ep_0", a_message, an_attempt, "deliver"),
    Case(MailsProjection, "mail", "payer", a_letter, a_letter_in_vain, "mail"),
    Case(StatementsProjection, "reconcile", "mtn", a_line, a_refusal, None),
)


class TestQueues(ReadModel):
    @pytest.mark.parametrize("case", CASES, ids=[case.queue.name for case in CASES])
    async def test_a_lease_holds_until_it_is_given_back_or_lapses_or_its_piece_moves_on(
        self, projected: Projected, case: Case
    ) -> None:
        await case.begin(projected)
        queue, now = projected.projections.of(case.queue), projected.teller.now

        async def lease(holder: str, seconds: float, kind: str = case.kind) -> list[Due]:
            at = now + timedelta(seconds=seconds)
            return await queue.lease(kind, None, holder=holder, limit=9, now=at, seconds=60)

        async def next_in() -> float:
            following = await queue.next_due_at(case.kind)
            assert following is not None
            return (following - now).total_seconds()

        (due,) = await lease("a", 0)
        assert (due.kind, due.provider, due.due_at <= now) == (case.kind, case.whose, True)
        assert set(AdapterDue.__slots__) == set(Due.__slots__)
        assert (await lease("b", 1), await next_in()) == ([], 60)
        await queue.release(due, holder="b")
        assert await lease("b", 2) == [], "only who holds it gives it back"
        await queue.release(due, holder="a")
        assert await next_in() == (due.due_at - now).total_seconds()
        assert await lease("b", 3) == [due]
        assert (await lease("a", 62), await lease("a", 63)) == ([], [due]), "it lapses"
        await queue.hold(due, holder="b", until=now)
        await queue.hold(due, holder="a", until=now + timedelta(seconds=90))
        assert (await next_in(), await lease("b", 89), await lease("a", 90)) == (90, [], [due])

        await case.move_on(projected)
        later = 2 * 3600.0
        moved = await lease("c", later, case.next_kind or case.kind)
        assert [one.stream_id for one in moved] == [due.stream_id] * (case.next_kind is not None)
        assert all(one.position > due.position for one in moved), "the lease is of what was"
        await queue.release(due, holder="a")
        assert await lease("d", later + 1, case.next_kind or case.kind) == []
