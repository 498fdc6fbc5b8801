"""A line that names two payments is matched with neither, told to neither, and shown as such."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ledger import commands
from ledger.evidence import Source, Word
from projections.statements import StatementsProjection
from tests.api_world import CONTEXT, World, a_world, settings_in
from tests.builders import PAID, Step, a_request, a_word, payment_id
from tests.conftest import FakeClock
from tests.projecting import Projected, ReadModel
from tests.test_api_statements import a_line as a_line_of_http
from tests.test_api_statements import hand_in, look, reconcile, submitted
from tests.test_projection_statements import (
    FROM,
    LATER,
    MTN,
    UNPAID,
    a_line,
    a_statement,
    approval,
    happen,
    header_of,
    results,
    sums,
    tell_due,
)

REFUNDED = [(MTN, verb) for verb in (*PAID, "refund", "refund_paid")]
ONE, OTHER = payment_id(MTN), payment_id(10)


def says(number: int, transaction: str) -> commands.Command:
    """A live word: the payment was paid as this transaction."""
    word = a_word(Word.SUCCEEDED, reference=f"pay_{number}-1")
    word = msgspec.structs.replace(word, provider_transaction_id=transaction)
    return commands.RecordEvidence(payment_id=payment_id(number), evidence=word)


def begun(*numbers: int) -> list[Step]:
    """Payments that are with MTN."""
    return [(number, verb) for number in numbers for verb in UNPAID]


class TestTwo(ReadModel):
    @pytest.mark.parametrize(
        ("steps", "line", "expected"),
        [
            # Its reference is of one payment, and its transaction another one's.
            ([*begun(4, 10), says(10, "T1")], a_line("T1"), ("differs", "two", None)),
            # Both name the same one, though the provider names another by that id too.
            (
                [*begun(4, 10), says(10, "T1"), says(4, "T1")],
                a_line("T1"),
                ("matched", None, ONE),
            ),
            # Nothing but a transaction, which is two payments'.
            (
                [*begun(4, 10), says(10, "T1"), says(4, "T1")],
                a_line("T1", reference=None),
                ("differs", "two", None),
            ),
            # A reference that nobody knows says nothing against a transaction.
            ([*begun(4), says(4, "T1")], a_line("T1", reference="x"), ("matched", None, ONE)),
            # One of them goes the other way: it names two all the same.
            (
                [*begun(10), says(10, "T1"), *REFUNDED],
                a_line("T1", direction="out"),
                ("differs", "two", None),
            ),
            # A refund, and what it gives back: providers write either's name.
            (
                REFUNDED,
                a_line("7", direction="out", amount_minor=502),
                ("matched", None, "re_4_1"),
            ),
        ],
    )
    @pytest.mark.parametrize("is_line_first", [False, True])
    async def test_it_is_matched_with_neither_whatever_comes_first(
        self,
        projected: Projected,
        steps: Sequence[Any],
        line: Any,
        expected: tuple[str, str | None, str | None],
        is_line_first: bool,
    ) -> None:
        statement = a_statement(line)
        before, after = ([statement], steps) if is_line_first else (steps, [statement])
        await happen(projected, *before, *after, approval(statement))
        await tell_due(projected)
        assert await results(projected, statement) == [(1, *expected)]
        words = {one: projected.teller.payment(one).evidence for one in (ONE, OTHER)}
        is_told = {
            one: any(word.source is Source.STATEMENT for word in words[one]) for one in words
        }
        assert is_told == {ONE: expected[2] == ONE, OTHER: False}
        assert await projected.projections.of(StatementsProjection).next_due_at() is None

    async def test_both_payments_are_named_by_it_and_so_are_not_missing(
        self, projected: Projected
    ) -> None:
        statement = a_statement(a_line("T1"))
        await happen(projected, *begun(4, 10), says(4, "T0"), says(10, "T1"))
        await happen(projected, statement, approval(statement))
        await tell_due(projected)
        assert await sums(projected, statement) == {"differs": 1, "paid differs": 2}
        other = a_statement(a_line("T9", reference="nobody"))  # the first one is approved
        await happen(projected, other)
        assert await sums(projected, other) == {"unknown": 1, "paid elsewhere": 2}
        (row,) = await projected.projections.of(StatementsProjection).compared.page(
            await header_of(projected, statement)
        )
        assert (row.word.one_of_two, row.word.other_of_two) == (ONE, OTHER)

    async def test_one_transaction_of_two_approved_lines_settles_one_payment(
        self, projected: Projected
    ) -> None:
        first = a_statement(a_line("T1"))
        second = a_statement(a_line("T1", reference="pay_10-1"), covers_from=FROM.replace(minute=1))
        await happen(projected, *begun(4, 10), first, second, approval(first), approval(second))
        await tell_due(projected)
        assert len(projected.teller.payment(MTN).evidence) == 1
        assert projected.teller.payment(10).evidence == frozenset()
        assert await results(projected, second) == [(1, "differs", "two", None)]
        assert await results(projected, first) == [(1, "differs", "contradiction", ONE)]

    async def test_what_was_told_and_turns_out_to_name_two_is_a_difference_for_people(
        self, projected: Projected
    ) -> None:
        statement = a_statement(a_line("T1"))
        await happen(projected, *begun(4, 10), statement, approval(statement))
        await tell_due(projected)
        await happen(projected, says(10, "T1"))
        assert await results(projected, statement) == [(1, "differs", "two", ONE)]
        assert await sums(projected, statement) == {"differs": 1, "paid differs": 2}

    async def test_what_was_due_and_turns_out_to_name_two_is_told_to_nobody(
        self, projected: Projected
    ) -> None:
        statement = a_statement(a_line("T1"))
        await happen(projected, *begun(4, 10), statement, approval(statement), says(10, "T1"))
        await tell_due(projected)
        assert projected.teller.payment(MTN).evidence == frozenset()
        # The provider says itself that it is this one's: then it names one.
        await happen(projected, says(4, "T1"))
        await tell_due(projected)
        assert await results(projected, statement) == [(1, "matched", None, ONE)]

    @pytest.mark.parametrize("reference", ["pay_4-2", payment_id(MTN)])
    async def test_a_known_transaction_is_no_second_movement_under_a_later_submission(
        self, projected: Projected, reference: str
    ) -> None:
        again = commands.StartSubmission(
            payment_id=ONE, provider="mtn", reference="pay_4-2", inquire_at=LATER
        )
        begins = [(MTN, verb) for verb in ("request", "start", "withdraw")]
        statement = a_statement(a_line("T1", reference=reference))
        await happen(projected, *begins, again, says(MTN, "T1"))
        await happen(projected, statement, approval(statement))
        await tell_due(projected)
        assert await results(projected, statement) == [(1, "matched", None, ONE)]
        state = projected.teller.payment(MTN)
        assert (state.status, {one.reference for one in state.evidence}) == (
            "succeeded",
            {"pay_4-1"},
        )

    async def test_payments_of_another_mode_are_not_named(self, projected: Projected) -> None:
        test = replace(a_request("pay_20"), mode="test")
        statement = a_statement(a_line("T1"))
        await happen(projected, *begun(4), test, *((20, verb) for verb in UNPAID[1:]))
        await happen(projected, says(20, "T1"), statement)
        assert await results(projected, statement) == [(1, "matched", None, ONE)]


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with a_world(settings_in(tmp_path), clock=clock) as made:
        yield made


async def test_over_http_it_tells_both_and_none_of_them_is_settled(world: World) -> None:
    one, other = await submitted(world, "order-1"), await submitted(world, "order-2")
    earlier = world.services.clock() - timedelta(seconds=30)
    word = a_word(Word.SUCCEEDED, reference=f"reference-of-{other}", occurred_at=earlier)
    told = commands.RecordEvidence(payment_id=other, evidence=word)
    await world.services.handler.handle(told, context=CONTEXT)
    made = await hand_in(world, a_line_of_http(one, "7"))
    assert await reconcile(world, made) == 0
    (line,) = (await look(world, made, "/lines?result=differs"))["lines"]
    assert (line["result"], line["why"], line["payment_id"]) == ("differs", "two", None)
    assert (line["names_two"], line["is_waiting"]) == ([one, other], False)
    report = await look(world, made)
    assert (report["lines"]["differs"]["count"], report["waiting"]) == (1, 0)
    assert report["successes"]["differs"]["count"] == 1
    assert (await world.get(f"/v1/payments/{one}")).json["evidence"] == []
