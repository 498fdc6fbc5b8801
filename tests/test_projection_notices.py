"""Notices, as merchants read them: in order, each its own, and no refusal that was none."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ledger import commands, payment
from ledger.identity import Candidate
from projections.notices import Notice, NoticesProjection
from tests.builders import CONTEXT, NOW, a_request, paid
from tests.projecting import Projected, ReadModel

PLAN = (Candidate("mtn", "first"), Candidate("hub2", "second"))


class TestNotices(ReadModel):
    async def test_what_is_worth_telling_is_listed_by_position(self, projected: Projected) -> None:
        await projected.story(*paid(0))
        notices = projected.projections.of(NoticesProjection)
        listed = await notices.page(0)
        assert [one.type for one in listed] == [
            "payment.requested",
            "payment.pending",
            "payment.succeeded",
        ]
        assert [one.position for one in listed] == sorted(one.position for one in listed)
        assert await notices.page(listed[0].position, limit=1) == [listed[1]]
        assert await notices.page(listed[-1].position) == []

    async def test_a_merchant_sees_its_own(self, projected: Projected) -> None:
        await projected.story((0, "request"), (1, "request"))
        notices = projected.projections.of(NoticesProjection)
        everybody = await notices.page(0)
        for merchant_id in {one.merchant_id for one in everybody}:
            own = await notices.page(0, owners=[merchant_id])
            assert own == [one for one in everybody if one.merchant_id == merchant_id]

    @pytest.mark.parametrize("batch_max", [100, 1])
    async def test_what_becomes_of_sessions_and_endpoints_is_listed_beside_payments(
        self, projected: Projected, batch_max: int
    ) -> None:
        await projected.tell(
            (0, "endpoint"), (0, "checkout"), *paid(0), (0, "told_in_vain"), (0, "given_up")
        )
        await projected.tell((0, "endpoint_off"), (0, "checkout_closed"), (0, "endpoint_deleted"))
        await projected.project(batch_max)
        notices = projected.projections.of(NoticesProjection)
        listed = await notices.page(0)
        about = {one.type: one for one in listed}
        parked = about["delivery.parked"]
        pending = about["payment.pending"].position
        assert (parked.about_id, parked.kind) == (f"ep_0.{pending}", "message")
        assert {one.type for one in listed if one.kind == "endpoint"} == {
            "endpoint.added",
            "endpoint.disabled",
            "endpoint.deleted",
        }
        assert {one.about_id for one in listed if one.kind == "endpoint"} == {"ep_0"}
        assert about["checkout.created"].kind == "checkout"
        owners = {one.merchant_id for one in listed if one.kind in {"endpoint", "message"}}
        assert owners == {"mer_0/test"}
        assert [one.position for one in listed] == sorted(one.position for one in listed)
        checked = await projected.projections.check("notices", projected.store)
        assert checked.live == checked.rebuilt

    @pytest.mark.parametrize("batch_max", [100, 1])
    async def test_a_refusal_after_which_another_provider_took_over_is_no_notice(
        self, projected: Projected, batch_max: int
    ) -> None:
        request = replace(a_request("pay_2"), plan=PLAN)
        decline = commands.DeclineSubmission(
            payment_id="pay_2",
            reference="r1",
            code="CLOSED",
            reason="closed",
            is_technical=True,
            at=NOW,
        )
        start = commands.StartSubmission(
            payment_id="pay_2",
            provider="mtn",
            reference="r1",
            inquire_at=NOW + timedelta(seconds=60),
        )
        state = payment.INITIAL
        version = 0
        for command in (request, start, decline):
            events = payment.decide(command, state)
            for event in events:
                state = payment.evolve(state, event)
            await projected.store.append(
                payment.stream_of("pay_2"), version, events, context=CONTEXT
            )
            version += len(events)
        await projected.project(batch_max)
        listed = await projected.projections.of(NoticesProjection).page(0)
        assert listed == [Notice(1, "mer_1", "pay_2", "collection", "payment.requested")]
