"""The metrics: counts, rates and percentiles over windows, by provider, by currency and in all."""

from collections.abc import Mapping
from datetime import timedelta

import msgspec

from ledger.entry import RecordedEvent
from ledger.events import PaymentRequested
from ledger.identity import Kind, Mode
from ledger.payment import Status
from projections.metrics import MetricsProjection, MetricsRow, StateCount, WebhookCount
from projections.metrics_durations import Window, percentile
from tests.builders import NOW, Step, Teller, paid, payment_id
from tests.projecting import Projected, ReadModel


def group(rows: list[MetricsRow], provider: str | None, currency: str | None) -> MetricsRow:
    """The row of a group."""
    (found,) = [one for one in rows if (one.provider, one.currency) == (provider, currency)]
    return found


def timed(*payments: tuple[int, str, float]) -> Teller:
    """A story of payments that end in a way after so many seconds, one after the other."""
    teller = Teller(seconds=0)
    for number, end, seconds in payments:
        teller.tell((number, "request"), (number, "start"))
        teller.now += timedelta(seconds=seconds)
        teller.tell((number, end))
    return teller


def in_mode(recorded: RecordedEvent, modes: Mapping[str, Mode]) -> RecordedEvent:
    """The same, but a request says its payment's mode."""
    event = recorded.event
    if not isinstance(event, PaymentRequested) or event.payment_id not in modes:
        return recorded
    return recorded._replace(event=msgspec.structs.replace(event, mode=modes[event.payment_id]))


class TestMetrics(ReadModel):
    async def test_how_long_those_took_that_ended_last_with_one_provider(
        self, projected: Projected
    ) -> None:
        # Payment 3 is of orange; 6 stays open.
        teller = timed(
            *((0, "success", 10), (3, "success", 5), (12, "failure", 30), (2, "decline", 20))
        )
        teller.tell((6, "request"))
        await projected.record(teller.log)
        await projected.project()
        metrics = projected.projections.of(MetricsProjection)
        everything = (NOW - timedelta(days=1), teller.now)

        async def told(kind: Kind, provider: str, window: Window, most: int) -> list[int]:
            return await metrics.durations(kind, None, provider, window, most)

        assert await told("collection", "mtn", everything, 9) == [10_000, 20_000, 30_000]
        assert await told("collection", "mtn", everything, 2) == [20_000, 30_000]
        late = (NOW + timedelta(seconds=10), teller.now)
        assert await told("collection", "mtn", late, 9) == [20_000, 30_000]
        assert await told("collection", "orange", everything, 9) == [5_000]
        assert await told("payout", "mtn", everything, 9) == []

    async def test_a_report_counts_where_all_stand_and_what_became_final_in_the_window(
        self, projected: Projected
    ) -> None:
        # Payments 0, 6, 12 are of mtn in XOF, 2 and 4 of mtn in XAF, 3 is of orange in XOF.
        teller = timed(
            (0, "success", 10), (6, "failure", 20), (12, "success", 30), (2, "decline", 40)
        )
        teller.tell((4, "request"), (3, "request"), (3, "start"), (3, "wrong_amount"))
        await projected.record(teller.log)
        await projected.project()
        now = teller.now + timedelta(seconds=5)
        rows = await projected.projections.of(MetricsProjection).report(now=now, window_seconds=80)

        assert [(one.provider, one.currency) for one in rows] == [
            ("mtn", "XAF"),
            ("mtn", "XOF"),
            ("mtn", None),
            ("orange", "XOF"),
            ("orange", None),
            (None, "XAF"),
            (None, "XOF"),
            (None, None),
        ]
        finals = (
            *(Status.SUCCEEDED, Status.FAILED, Status.EXPIRED),
            *(Status.DECLINED, Status.CONFLICT),
        )
        nothing = dict.fromkeys(finals, 0)
        assert group(rows, "mtn", "XOF") == MetricsRow(
            provider="mtn",
            currency="XOF",
            counts={Status.SUCCEEDED: 2, Status.FAILED: 1},
            amounts_minor={Status.SUCCEEDED: 2012, Status.FAILED: 1006},
            oldest_open_seconds=None,
            window_seconds=80,
            final_counts={**nothing, Status.SUCCEEDED: 1, Status.FAILED: 1},
            success_rate=0.5,
            failure_rate=0.5,
            succeeded_minor=1012,
            p50_ms=20_000,
            p95_ms=30_000,
            p99_ms=30_000,
        )
        everything = group(rows, None, None)
        assert everything == MetricsRow(
            provider=None,
            currency=None,
            counts={
                Status.SUCCEEDED: 2,
                Status.FAILED: 1,
                Status.DECLINED: 1,
                Status.REQUESTED: 1,
                Status.CONFLICT: 1,
            },
            amounts_minor=None,
            oldest_open_seconds=5.0,
            window_seconds=80,
            final_counts={
                Status.SUCCEEDED: 1,
                Status.FAILED: 1,
                Status.DECLINED: 1,
                Status.CONFLICT: 1,
                Status.EXPIRED: 0,
            },
            success_rate=0.25,
            failure_rate=0.5,
            succeeded_minor=None,
            p50_ms=20_000,
            p95_ms=40_000,
            p99_ms=40_000,
        )

    async def test_percentiles_are_nearest_rank_over_all_that_became_final(
        self, projected: Projected
    ) -> None:
        teller = timed(*[(6 * number, "success", number / 10) for number in range(1, 101)])
        await projected.record(teller.log)
        await projected.project()
        rows = await projected.projections.of(MetricsProjection).report(now=teller.now)
        row = group(rows, "mtn", "XOF")
        assert (row.p50_ms, row.p95_ms, row.p99_ms, row.success_rate) == (5000, 9500, 9900, 1.0)

    async def test_a_window_without_anything_final_has_no_rates(self, projected: Projected) -> None:
        await projected.story(*paid(0))
        metrics = projected.projections.of(MetricsProjection)
        later = NOW + timedelta(hours=1)
        (row,) = [
            one
            for one in await metrics.report(now=later, window_seconds=300)
            if one.provider == one.currency is None
        ]
        assert (row.success_rate, row.failure_rate, row.p50_ms) == (None, None, None)
        assert sum(row.final_counts.values()) == 0
        assert row.counts == {Status.SUCCEEDED: 1}

    async def test_what_was_overturned_counts_where_it_stands_now(
        self, projected: Projected
    ) -> None:
        await projected.story(*paid(0), (0, "statement_failure"))
        metrics = projected.projections.of(MetricsProjection)
        numbers = await metrics.numbers(now=NOW, default_mode="test")
        assert numbers.payments == [
            StateCount("collection", "test", "mtn", "XOF", Status.FAILED, 1, 1000)
        ]

    async def test_a_report_of_one_provider_has_its_groups_only(self, projected: Projected) -> None:
        await projected.story(*paid(0, 1, 2))
        rows = await projected.projections.of(MetricsProjection).report(
            now=projected.teller.now, provider="orange"
        )
        assert [(one.provider, one.currency, one.counts) for one in rows] == [
            ("orange", "XAF", {Status.SUCCEEDED: 1}),
            ("orange", None, {Status.SUCCEEDED: 1}),
        ]

    async def test_numbers_tell_orphaned_webhooks_and_the_oldest_open_payment(
        self, projected: Projected
    ) -> None:
        story: list[Step] = [(0, "request"), *paid(1)]
        story += [(n, "webhook") for n in range(3)] + [(0, "understand"), (1, "orphan")]
        story += [(2, "orphan"), (2, "reopen"), (2, "understand")]
        await projected.story(*story)
        numbers = await projected.projections.of(MetricsProjection).numbers(
            now=NOW + timedelta(seconds=90), default_mode="live"
        )
        assert numbers.webhooks == [
            WebhookCount("mtn", "orphaned", 2),
            WebhookCount("mtn", "received", 3),
            WebhookCount("mtn", "understood", 2),
        ]
        assert numbers.oldest_open_seconds == {"live": 90.0}
        assert numbers.payments == [
            StateCount("collection", "live", "mtn", "XOF", Status.REQUESTED, 1, 1000),
            StateCount("collection", "live", "orange", "XAF", Status.SUCCEEDED, 1, 1001),
        ]

    async def test_kinds_are_told_apart(self, projected: Projected) -> None:
        await projected.story(*paid(0), (0, "refund"), (0, "refund_paid"))
        metrics = projected.projections.of(MetricsProjection)
        taken = await metrics.report(now=NOW, provider="mtn")
        given = await metrics.report(now=NOW, kind="refund", provider="mtn")
        assert [one.counts[Status.SUCCEEDED] for one in (taken[0], given[0])] == [1, 1]
        assert taken[0].amounts_minor != given[0].amounts_minor
        assert await metrics.report(now=NOW, kind="payout") == []

    async def test_tests_and_payments_for_real_are_never_added_up(
        self, projected: Projected
    ) -> None:
        # All of mtn in XOF: a test that takes an hour, one for real, one of the deployment's own.
        ends: tuple[tuple[int, str, float], ...]
        ends = ((0, "success", 3600), (6, "success", 10), (12, "failure", 20))
        teller = timed(*ends)
        teller.tell((18, "request"), (24, "request"))
        modes: dict[str, Mode] = {payment_id(0): "test", payment_id(6): "live"}
        modes[payment_id(18)] = "test"
        await projected.record([in_mode(one, modes) for one in teller.log])
        await projected.project()
        metrics = projected.projections.of(MetricsProjection)
        now = teller.now + timedelta(seconds=5)
        window = (NOW - timedelta(days=1), now)

        async def told(*modes: Mode | None) -> tuple[Mapping[Status, int], int | None, list[int]]:
            rows = await metrics.report(now=now, modes=modes)
            row = group(rows, "mtn", "XOF")
            took = await metrics.durations("collection", modes, "mtn", window, 9)
            return row.counts, row.p99_ms, took

        paid_one, asked, failed = Status.SUCCEEDED, Status.REQUESTED, Status.FAILED
        assert await told("test") == ({paid_one: 1, asked: 1}, 3_600_000, [3_600_000])
        assert await told("live") == ({paid_one: 1}, 10_000, [10_000])
        own = {paid_one: 1, failed: 1, asked: 1}
        assert await told("live", None) == (own, 20_000, [10_000, 20_000])
        numbers = await metrics.numbers(now=now, default_mode="live")
        assert {(one.mode, one.status): one.payments for one in numbers.payments} == {
            **{("test", status): 1 for status in (paid_one, asked)},
            **{("live", status): 1 for status in own},
        }
        assert numbers.oldest_open_seconds == {"live": 5.0, "test": 5.0}
        same = await metrics.numbers(now=now, default_mode="test")
        assert StateCount("collection", "test", "mtn", "XOF", asked, 2, 2042) in same.payments

    async def test_an_empty_log_has_no_numbers(self, projected: Projected) -> None:
        metrics = projected.projections.of(MetricsProjection)
        assert await metrics.report(now=NOW, window_seconds=300) == []
        assert (await metrics.numbers(now=NOW, default_mode="test"))[:] == ([], [], {"test": 0.0})


def test_a_percentile_is_the_nearest_rank() -> None:
    durations = [10, 20, 30, 40]
    assert [percentile(durations, one) for one in (1, 25, 26, 50, 95, 100)] == [
        *(10, 10, 20, 20, 40, 40)
    ]
    assert percentile([7], 50) == 7
