"""Checkout sessions in the read models: the merchant's list, and what is due about them."""

from datetime import timedelta

import pytest

from projections.checkouts import CheckoutRow, CheckoutsProjection
from projections.worklist import WorklistProjection
from tests.builders import NOW, Step, payment_id, session_id
from tests.projecting import Projected, ReadModel

TRYING: list[Step] = [(0, "checkout"), (0, "checkout_attempt"), (0, "start"), (0, "confirm")]
PAID: list[Step] = [*TRYING, (0, "success")]
REFUSED: list[Step] = [*TRYING, (0, "failure")]

TWICE: list[Step] = [
    *REFUSED,
    (0, "checkout_told"),
    (1, "checkout_again"),
    (1, "start"),
    (0, "statement_success"),
    (0, "checkout_told"),
]
"""Paid after all by the first try, while the second one is under way."""

CLOSE = (session_id(0), "close")
CONCLUDE = (payment_id(0), "conclude")
INQUIRE = (payment_id(0), "inquire")


class TestCheckouts(ReadModel):
    @pytest.mark.parametrize(
        ("steps", "due"),
        [
            pytest.param([(0, "checkout")], {CLOSE}, id="open"),
            pytest.param(TRYING, {CLOSE, INQUIRE}, id="under way"),
            pytest.param(PAID, {CLOSE, CONCLUDE}, id="paid"),
            pytest.param([*PAID, (0, "checkout_told")], set(), id="paid and told"),
            pytest.param(REFUSED, {CLOSE, CONCLUDE}, id="refused"),
            pytest.param([*REFUSED, (0, "checkout_told")], {CLOSE}, id="refused and told"),
            pytest.param(
                [*REFUSED, (0, "checkout_told"), (0, "statement_success")],
                {CLOSE, CONCLUDE},
                id="refused, told, and paid after all",
            ),
            pytest.param(
                [*PAID, (0, "checkout_told"), (0, "statement_failure")],
                set(),
                id="paid, told, and a statement says otherwise",
            ),
            pytest.param(
                [*TWICE, (1, "success"), (1, "checkout_told")], set(), id="paid twice, and told"
            ),
            pytest.param(
                [*TWICE, (1, "failure"), (1, "checkout_told")],
                set(),
                id="paid late, and the second try refused, and told",
            ),
            pytest.param([(0, "checkout"), (0, "checkout_closed")], set(), id="closed"),
            pytest.param(
                [*REFUSED, (0, "checkout_told"), (0, "checkout_closed")], set(), id="tried, closed"
            ),
        ],
    )
    @pytest.mark.parametrize("batch_max", [1, 100])
    async def test_what_is_due(
        self, projected: Projected, steps: list[Step], due: set[tuple[str, str]], batch_max: int
    ) -> None:
        await projected.tell(*steps)
        await projected.project(batch_max)

        worklist = projected.projections.of(WorklistProjection)
        listed = await worklist.listing(now=NOW)
        assert {(one.stream_id, one.kind) for one in listed} == due

    async def test_a_session_is_to_be_closed_when_its_time_is_over(
        self, projected: Projected
    ) -> None:
        await projected.story((0, "checkout"))

        worklist = projected.projections.of(WorklistProjection)
        assert await worklist.next_due_at("close") == NOW + timedelta(hours=1)

    async def test_the_list_has_one_row_for_each_session_newest_first(
        self, projected: Projected
    ) -> None:
        await projected.story(
            *PAID, (0, "checkout_told"), (1, "checkout"), (1, "checkout_closed"), (2, "checkout")
        )
        checkouts = projected.projections.of(CheckoutsProjection)

        rows = await checkouts.page()

        assert [(one.session_id, one.status, one.payment_id) for one in rows] == [
            (session_id(2), "open", None),
            (session_id(1), "cancelled", None),
            (session_id(0), "completed", payment_id(0)),
        ]
        assert rows[-1] == CheckoutRow(
            position=1,
            session_id=session_id(0),
            merchant_id="mer_0",
            amount_minor=1500,
            currency="XAF",
            status="completed",
            attempts=1,
            payment_id=payment_id(0),
            created_at=NOW,
            expires_at=NOW + timedelta(hours=1),
            updated_at=rows[-1].updated_at,
        )

    async def test_the_list_is_filtered_and_paged(self, projected: Projected) -> None:
        await projected.story(*((number, "checkout") for number in range(5)))
        await projected.story((3, "checkout_closed"), (2, "checkout_closed"))
        checkouts = projected.projections.of(CheckoutsProjection)

        own = await checkouts.page(merchant_id="mer_0")
        expired = await checkouts.page(status="expired")
        page = await checkouts.page(limit=2)
        following = await checkouts.page(after=page[-1].position, limit=2)

        assert [one.session_id for one in own] == ["cs_4", "cs_2", "cs_0"]
        assert [one.session_id for one in expired] == ["cs_2"]
        assert [one.session_id for one in (*page, *following)] == ["cs_4", "cs_3", "cs_2", "cs_1"]
