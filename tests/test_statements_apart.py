"""What nobody approved counts on its own statement alone, and is told of on the others."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.commands_statement import HandInStatement
from ledger.memory import MemoryEventStore
from ledger.sql_database import Database
from ledger.statement import statement_id_of
from projections.statements import StatementsProjection
from tests.builders import PAID, Teller
from tests.projecting import Projected, ReadModel, a_sqlite_url, opened
from tests.test_projection_statements import (
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

RIGHT = a_statement(a_line())
MISTYPED = replace(RIGHT, currency="GHS")
OTHER_AMOUNT = a_statement(a_line(amount_minor=1040))
OTHER_TRANSACTION = a_statement(a_line("T9"))
OTHER_PAYMENT = a_statement(a_line(reference="pay_10-1"))
WRONG = (MISTYPED, OTHER_AMOUNT, OTHER_TRANSACTION, OTHER_PAYMENT)


async def against(projected: Projected, statement: HandInStatement) -> list[str | None]:
    """For every line, which other statement speaks against it."""
    compared = projected.projections.of(StatementsProjection).compared
    return [one.against for one in await compared.page(await header_of(projected, statement))]


class TestApart(ReadModel):
    @pytest.mark.parametrize("wrong", WRONG)
    @pytest.mark.parametrize("is_wrong_first", [False, True])
    async def test_what_nobody_approved_leaves_the_figures_of_others_and_is_named_there(
        self, projected: Projected, wrong: HandInStatement, is_wrong_first: bool
    ) -> None:
        paid = [(number, verb) for number in (MTN, 10) for verb in PAID]
        right = {"matched": 1, "paid matched": 1, "paid missing": 1}
        await happen(projected, *paid, *((wrong, RIGHT) if is_wrong_first else (RIGHT, wrong)))
        assert await sums(projected, RIGHT) == right
        assert await against(projected, RIGHT) == [statement_id_of(wrong)]
        assert await against(projected, wrong) == [statement_id_of(RIGHT)]
        await happen(projected, approval(RIGHT))
        await tell_due(projected)
        assert await sums(projected, RIGHT) == right
        assert await against(projected, RIGHT) == [statement_id_of(wrong)]
        # What was approved counts everywhere.
        assert [one[1] for one in await results(projected, wrong)] == ["differs"]

    async def test_the_preview_says_what_the_approval_does_whatever_others_say(
        self, projected: Projected
    ) -> None:
        await happen(projected, *((MTN, verb) for verb in UNPAID), *WRONG, RIGHT)
        dry = {"matched": 1, "outside": 1, "would_settle": 1}
        assert await sums(projected, RIGHT) == dry
        await happen(projected, approval(RIGHT))
        await tell_due(projected)
        assert await sums(projected, RIGHT) == {"matched": 1, "settled": 1, "paid matched": 1}

    async def test_lines_of_one_statement_count_there_and_approved_ones_are_named_first(
        self, projected: Projected
    ) -> None:
        paid = [(MTN, verb) for verb in PAID]
        both = a_statement(a_line(), a_line(amount_minor=1040))
        await happen(projected, *paid, both)
        assert await sums(projected, both) == {
            "differs": 2,
            "would_contradict": 2,
            "paid differs": 1,
        }
        assert await against(projected, both) == [None, None]
        await happen(projected, MISTYPED, RIGHT, OTHER_AMOUNT, approval(OTHER_AMOUNT))
        await tell_due(projected)
        # The first line is against an approved one, which came last; the second against no such.
        assert await against(projected, both) == [
            statement_id_of(OTHER_AMOUNT),
            statement_id_of(MISTYPED),
        ]


SOME = (RIGHT, *WRONG)
"""Statements that speak against one another."""

Part = tuple[int, bool]
"""Which statement is handed in, and whether it is approved at once."""


async def come_to(database: Database, parts: Sequence[Part]) -> dict[int, Any]:
    """What each statement comes to in the end: its sums and lines."""
    projected = Projected(database, (StatementsProjection,))
    projected.teller = Teller(seconds=0)
    projected.store = MemoryEventStore(clock=lambda: projected.teller.now)
    await projected.start()
    await happen(projected, *((number, verb) for number in (MTN, 10) for verb in PAID))
    for number, is_approved in parts:
        await happen(projected, SOME[number], *([approval(SOME[number])] if is_approved else []))
        await tell_due(projected)
    return {
        number: (await sums(projected, SOME[number]), await results(projected, SOME[number]))
        for number in {one for one, _ in parts}
    }


@pytest.fixture(scope="module")
def sqlite_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return a_sqlite_url(tmp_path_factory.mktemp("apart"))


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawn=st.data())
def test_whatever_nobody_approves_and_whenever_it_comes_the_figures_of_others_stay(
    sqlite_url: str, drawn: st.DataObject
) -> None:
    order = drawn.draw(st.permutations(range(len(SOME))))
    approved = drawn.draw(st.sets(st.sampled_from(order)))
    looked_at = drawn.draw(st.sampled_from(order))
    alone = [(one, one in approved) for one in order if one in approved or one == looked_at]

    async def compared() -> None:
        async with opened(sqlite_url) as database:
            expected = await come_to(database, alone)
            found = await come_to(database, [(one, one in approved) for one in order])
            assert {one: found[one] for one in expected} == expected

    asyncio.run(compared())
