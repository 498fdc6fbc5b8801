"""What nobody approved counts on its own statement alone, and is told of on the others."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.commands_statement import HandInStatement, WithdrawStatement
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


def withdrawal(statement: HandInStatement) -> WithdrawStatement:
    """Somebody takes a statement back."""
    return WithdrawStatement(statement_id=statement_id_of(statement), by="key_3")


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

    async def test_what_was_taken_back_is_shown_and_counts_nowhere(
        self, projected: Projected
    ) -> None:
        await happen(projected, *((MTN, verb) for verb in UNPAID), RIGHT, OTHER_AMOUNT)
        assert (await sums(projected, OTHER_AMOUNT))["would_contradict"] == 1
        await happen(projected, withdrawal(OTHER_AMOUNT))
        assert await against(projected, RIGHT) == [None]
        assert await sums(projected, OTHER_AMOUNT) == {"differs": 1}
        header = await header_of(projected, OTHER_AMOUNT)
        assert (header.withdrawn_by, header.approved_by) == ("key_3", None)

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

Fate = Literal["open", "approved", "withdrawn"]

Part = tuple[int, Fate]
"""Which statement is handed in, and what becomes of it at once."""


async def come_to(database: Database, parts: Sequence[Part]) -> dict[int, Any]:
    """What each statement comes to in the end: its sums and lines."""
    projected = Projected(database, (StatementsProjection,))
    projected.teller = Teller(seconds=0)
    projected.store = MemoryEventStore(clock=lambda: projected.teller.now)
    await projected.start()
    await happen(projected, *((number, verb) for number in (MTN, 10) for verb in PAID))
    for number, fate in parts:
        await happen(projected, SOME[number])
        if fate != "open":
            then = approval if fate == "approved" else withdrawal
            await happen(projected, then(SOME[number]))
        await tell_due(projected)
    return {
        number: (await sums(projected, SOME[number]), await results(projected, SOME[number]))
        for number in {one for one, _ in parts}
    }


@pytest.fixture(scope="module")
def sqlite_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return a_sqlite_url(tmp_path_factory.mktemp("apart"))


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawn=st.data())
def test_whatever_nobody_approves_and_whenever_it_comes_the_figures_of_others_stay(
    sqlite_url: str, drawn: st.DataObject
) -> None:
    order = drawn.draw(st.permutations(range(len(SOME))))
    fates: st.SearchStrategy[Fate] = st.sampled_from(["open", "approved", "withdrawn"])
    parts: list[Part] = [(one, drawn.draw(fates)) for one in order]
    looked_at = drawn.draw(st.sampled_from(order))
    alone = [(one, fate) for one, fate in parts if fate == "approved" or one == looked_at]

    async def compared() -> None:
        async with opened(sqlite_url) as database:
            expected = await come_to(database, alone)
            found = await come_to(database, parts)
            assert {one: found[one] for one in expected} == expected

    asyncio.run(compared())
