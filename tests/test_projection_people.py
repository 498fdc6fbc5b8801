"""Calls by payment, and requests to forget somebody, as operators look at them."""

from datetime import timedelta

import pytest

from ledger import commands, people, webhook
from ledger.commands_people import (
    ApproveErasure,
    CompleteErasure,
    RecordScrubbing,
    RequestErasure,
)
from ledger.handling import Handler
from projections.calls import CallsProjection
from projections.erasures import ErasuresProjection
from projections.tables import stamp
from tests.builders import CONTEXT, NOW
from tests.projecting import Projected, ReadModel

PERSON = "person-0123456789abcdef0123456789abcdef"


async def stored(handler: Handler, name: str, payment_id: str | None) -> None:
    command = commands.StoreWebhook(
        webhook_id=f"mtn-{name}",
        provider="mtn",
        payment_id=payment_id,
        verdict="unsigned",
        digest=name,
        sealed="sealed",
    )
    await handler.handle(command, context=CONTEXT)


class TestCalls(ReadModel):
    @pytest.mark.parametrize("batch_max", [100, 1])
    async def test_a_call_belongs_to_what_it_was_understood_to_be_about(
        self, projected: Projected, batch_max: int
    ) -> None:
        handler = Handler(projected.store)
        for name, payment_id in [("a", "pay_1"), ("b", None), ("c", "pay_1"), ("d", "pay_2")]:
            await stored(handler, name, payment_id)
        for name, payment_id in [("a", "pay_1"), ("b", "pay_2")]:
            close = commands.CloseWebhook(
                webhook_id=f"mtn-{name}", payment_id=payment_id, effect="asked"
            )
            await handler.handle(close, context=CONTEXT)
        orphan = commands.OrphanWebhook(webhook_id="mtn-c", reason="no such payment")
        await handler.handle(orphan, context=CONTEXT)
        await projected.project(batch_max)
        calls = projected.projections.of(CallsProjection)

        async def of(*payments: str, after: int = 0) -> list[str]:
            return [one.webhook_id for one in await calls.of_payments(payments, after)]

        assert await of("pay_1") == ["mtn-a"]
        assert await of("pay_1", "pay_2") == ["mtn-a", "mtn-b", "mtn-d"]
        [first, *_] = await calls.of_payments(["pay_1"])
        assert await of("pay_1", "pay_2", after=first.position) == ["mtn-b", "mtn-d"]
        [nobodys] = await calls.of_nobody()
        assert (nobodys.webhook_id, nobodys.payment_id) == ("mtn-c", None)
        assert await calls.of_nobody(before=nobodys.position) == []
        assert webhook.stream_of(nobodys.webhook_id) == "webhook-mtn-c"

    @pytest.mark.parametrize("batch_max", [100, 1])
    async def test_an_orphan_is_listed_until_it_is_opened_again_and_understood(
        self, projected: Projected, batch_max: int
    ) -> None:
        handler = Handler(projected.store)
        calls = projected.projections.of(CallsProjection)
        for name in ("a", "b", "c"):
            await stored(handler, name, "pay_1")
            orphan = commands.OrphanWebhook(webhook_id=f"mtn-{name}", reason="no such payment")
            await handler.handle(orphan, context=CONTEXT)
        await projected.project(batch_max)
        listed = await calls.orphans(provider="mtn")
        assert [(one.webhook_id, one.orphaned) for one in listed] == [
            (f"mtn-{name}", "no such payment") for name in ("c", "b", "a")
        ]
        for name in ("a", "b"):
            reopen = commands.ReopenWebhook(webhook_id=f"mtn-{name}")
            await handler.handle(reopen, context=CONTEXT)
        close = commands.CloseWebhook(webhook_id="mtn-a", payment_id="pay_2", effect="asked")
        await handler.handle(close, context=CONTEXT)
        await projected.project(batch_max)
        assert [one.webhook_id for one in await calls.orphans()] == ["mtn-c"]
        assert await calls.orphans(provider="wave") == []
        assert [one.webhook_id for one in await calls.of_payments(["pay_2"])] == ["mtn-a"]
        assert [one.webhook_id for one in await calls.of_nobody()] == ["mtn-c", "mtn-b"]


class TestErasures(ReadModel):
    @pytest.mark.parametrize("batch_max", [100, 1])
    async def test_a_request_is_followed_to_its_end(
        self, projected: Projected, batch_max: int
    ) -> None:
        handler = Handler(projected.store)
        for at in (NOW, people.ends_at(NOW)):
            request = RequestErasure(
                person=PERSON,
                by="k1",
                reason="asked",
                sealed="s",
                at=at,
                ends_at=people.ends_at(at),
            )
            await handler.handle(request, context=CONTEXT)
        erasure_id = f"era_{PERSON.removeprefix('person-')}_2"
        at = people.ends_at(NOW)
        approve = ApproveErasure(
            person=PERSON, erasure_id=erasure_id, by="k2", same=frozenset(), at=at
        )
        await handler.handle(approve, context=CONTEXT)
        await projected.project(batch_max)
        erasures = projected.projections.of(ErasuresProjection)
        [second, first] = await erasures.page()
        assert [one.status(stamp(at)) for one in (first, second)] == ["lapsed", "approved"]
        assert await erasures.lapsed(stamp(at)) == [first]
        assert await erasures.lapsed(stamp(at - timedelta(seconds=1))) == []
        before = stamp(at - timedelta(seconds=1))
        assert first.status(before) == "requested"
        done = CompleteErasure(
            person=PERSON,
            erasure_id=erasure_id,
            keys=3,
            payments=1,
            sessions=0,
            webhooks=1,
            orphans_unread=0,
        )
        assert [one.erasure_id for one in await erasures.unfinished()] == [erasure_id]
        await handler.handle(done, context=CONTEXT)
        await projected.project(batch_max)
        assert [one.erasure_id for one in await erasures.unfinished()] == [erasure_id]
        scrubbed = RecordScrubbing(person=PERSON, erasure_id=erasure_id, bytes_left="recycled")
        await handler.handle(scrubbed, context=CONTEXT)
        await projected.project(batch_max)
        assert await erasures.unfinished() == []
        [second, first] = await erasures.page()
        assert (second.status(stamp(at)), second.keys_destroyed) == ("erased", 3)
        assert (second.requested_by, second.approved_by) == ("k1", "k2")
        assert second.bytes_left == "recycled"
        assert await erasures.page(second.position) == [first]
        assert await erasures.page(limit=1) == [second]
