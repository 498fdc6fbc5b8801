"""Deliveries: what is told to whom, in which order, and whose turn it is.

A step of a story takes a second; an attempt that fails is to be repeated 30 s later.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from adapters.base import Due as AdapterDue
from ledger.commands import RequestPayment
from ledger.endpoint import MESSAGES_MAX
from ledger.entry import RecordedEvent
from ledger.identity import Mode
from projections.deliveries import DeliveriesProjection
from projections.deliveries_rows import DISABLED, KEPT, TAKEN_OVER, Message
from projections.deliveries_turns import PER_ENDPOINT_MAX, Turns
from projections.queues import Due
from projections.tables import stamp
from tests.builders import NOW, VERBS, Step, an_event, paid
from tests.projecting import Projected, ReadModel, opened
from tests.tellings import TELLINGS

LATER = NOW + timedelta(days=1)
HOUR = timedelta(hours=1)

PAYMENT = ("request", "start", "confirm", "pending", "success", "statement_failure")
FURTHER = ("decline", "decline_elsewhere", "failure", "wrong_amount", "refund", "refund_paid")


def at(seconds: float) -> datetime:
    """A time of the story."""
    return NOW + timedelta(seconds=seconds)


def histories() -> st.SearchStrategy[list[Step]]:
    """Random histories of four payments and four endpoints, most of which are there early."""
    telling = st.sampled_from(sorted(TELLINGS))
    step = st.one_of(telling, st.sampled_from(PAYMENT), telling, st.sampled_from(FURTHER))
    steps = st.lists(st.tuples(st.integers(0, 3), step), max_size=60)
    begun: list[Step] = [(n, "endpoint") for n in (0, 1, 2)] + [(n, "request") for n in (0, 1)]
    return steps.map(lambda more: [*begun, *more])


async def told_of(projected: Projected, endpoint: str) -> list[tuple[str, str, int | None]]:
    """An endpoint's messages, the oldest first: type, state, and when it is due in the story."""
    deliveries = projected.projections.of(DeliveriesProjection)
    found = await deliveries.messages(endpoint_id=endpoint)
    return [(one.type, one.state, seconds_of(one.due_at)) for one in reversed(found)]


def seconds_of(stamp: str | None) -> int | None:
    """How many seconds into the story a time is."""
    return None if stamp is None else int((datetime.fromisoformat(stamp) - NOW).total_seconds())


async def lease(
    projected: Projected, when: datetime = LATER, *, limit: int = 99, kind: str = "deliver"
) -> list[Due]:
    """Lease for an hour."""
    deliveries = projected.projections.of(DeliveriesProjection)
    return await deliveries.lease(
        kind, None, holder="a", limit=limit, now=when, seconds=HOUR.total_seconds()
    )


async def rows_of(projected: Projected) -> list[Message]:
    """Every message there is."""
    async with projected.database.read() as conn:
        return [Message(*one) for one in await conn.execute(text("SELECT * FROM deliveries"))]


def faults_of(rows: Sequence[Message], enabled: set[str]) -> list[str]:
    """Whatever contradicts the order in which endpoints are to be told."""
    faults = []
    groups: dict[tuple[str, str], list[Message]] = {}
    for row in sorted(rows, key=lambda one: one.about):
        groups.setdefault((row.endpoint_id, row.payment_id), []).append(row)
        if row.state == "waiting" and row.endpoint_id not in enabled:
            faults.append(f"{row.stream_id} waits for a disabled endpoint")
        if row.state != "waiting" and row.due_at is not None:
            faults.append(f"{row.stream_id} is {row.state} and due")
    for group in groups.values():
        waiting = [one for one in group if one.state == "waiting"]
        due = [one.due_at is not None for one in waiting]
        if due != [True, *[False] * (len(due) - 1)][: len(due)]:
            faults.append(f"{[one.stream_id for one in waiting]} are due: {due}")
    return faults


class TestDeliveries(ReadModel):
    # --- what is told ------------------------------------------------------------------------

    async def test_an_endpoint_is_told_of_what_happens_from_its_addition_on(
        self, projected: Projected
    ) -> None:
        await projected.story((0, "request"), (0, "start"), (0, "confirm"))
        await projected.story((0, "endpoint"), (1, "endpoint"), (0, "success"))
        assert await told_of(projected, "ep_0") == [("payment.succeeded", "waiting", 5)]
        assert await told_of(projected, "ep_1") == []
        (row,) = await rows_of(projected)
        assert row == Message(
            stream_id="ep_0.7",
            endpoint_id="ep_0",
            merchant_id="mer_0",
            payment_id="pay_0",
            about=7,
            type="payment.succeeded",
            state="waiting",
            attempts=0,
            due_at="2026-03-01T12:00:05.000000Z",
            created_at="2026-03-01T12:00:05.000000Z",
            updated_at="2026-03-01T12:00:05.000000Z",
            status=None,
            reason=None,
            latency_ms=None,
            position=7,
        )

    async def test_a_test_is_told_to_its_endpoint_alone_before_all_that_waits_for_it(
        self, projected: Projected
    ) -> None:
        await projected.story((2, "endpoint"), (4, "endpoint"), *paid(0), *paid(2))
        await projected.story((2, "endpoint_tested"))
        (sent,) = [one for one in await rows_of(projected) if one.type == "endpoint.test"]
        assert (sent.endpoint_id, sent.state, sent.attempts) == ("ep_2", "waiting", 0)
        assert sent.next_attempt_at == sent.created_at
        first = await lease(projected, at(60), limit=2)
        assert {one.provider for one in first} == {"ep_2", "ep_4"}
        assert sent.stream_id in {one.stream_id for one in first}
        payments = {one.payment_id for one in await rows_of(projected)} - {sent.payment_id}
        assert payments == {"pay_0", "pay_2"}
        # Nobody waits for it: of each payment the first message of each endpoint is due as well.
        assert len(await lease(projected, at(60))) == 3
        await projected.story((2, "endpoint_off"), (2, "endpoint_tested"))
        tests = [one for one in await rows_of(projected) if one.type == "endpoint.test"]
        assert [(one.state, one.reason) for one in tests] == [("parked", DISABLED)] * 2

    async def test_an_endpoint_that_wants_the_end_alone_is_told_of_the_end_alone(
        self, projected: Projected
    ) -> None:
        await projected.story((2, "endpoint"), (4, "endpoint"), *paid(0))
        assert await told_of(projected, "ep_2") == [("payment.succeeded", "waiting", 5)]
        assert await told_of(projected, "ep_4") == [
            ("payment.pending", "waiting", 4),
            ("payment.succeeded", "waiting", None),
        ]

    async def test_an_endpoint_is_told_of_payments_of_its_own_mode(
        self, projected: Projected
    ) -> None:
        teller = projected.teller
        before = len(teller.log)
        teller.tell((1, "endpoint"), (3, "endpoint"))
        for number, mode in enumerate(("test", "live", None), start=1):
            (request,) = VERBS["request"](2 * number - 1, teller.payment(number), teller.now)
            assert isinstance(request, RequestPayment)
            teller.do(replace(request, mode=cast("Mode | None", mode)))
            teller.tell((2 * number - 1, "start"), (2 * number - 1, "confirm"))
        await projected.record(teller.log[before:])
        await projected.project()
        told = [(one.endpoint_id, one.payment_id) for one in await rows_of(projected)]
        # Of a payment from before there were modes both are told.
        assert sorted(told) == [
            ("ep_1", "pay_1"),
            ("ep_1", "pay_5"),
            ("ep_3", "pay_3"),
            ("ep_3", "pay_5"),
        ]

    async def test_a_refund_is_told_of_at_both_its_ends(self, projected: Projected) -> None:
        await projected.story((1, "endpoint"), *paid(1), (1, "refund"), (1, "refund_paid"))
        told = [(type_, state) for type_, state, _ in await told_of(projected, "ep_1")]
        assert told == [
            ("payment.pending", "waiting"),
            ("payment.succeeded", "waiting"),
            ("refund.pending", "waiting"),
            ("refund.succeeded", "waiting"),
            ("payment.refunded", "waiting"),
        ]

    @pytest.mark.parametrize("batch_max", [1, 100])
    async def test_a_refusal_that_another_provider_takes_over_is_taken_back(
        self, projected: Projected, batch_max: int
    ) -> None:
        await projected.tell((0, "endpoint"), (0, "request"), (0, "start"))
        await projected.tell((0, "decline_elsewhere"), (0, "start"), (0, "confirm"))
        await projected.project(batch_max)
        told = await told_of(projected, "ep_0")
        assert "payment.rerouted" in [one.type for one in projected.teller.log]
        assert told == [("payment.declined", "withdrawn", None), ("payment.pending", "waiting", 5)]
        rows = await rows_of(projected)
        assert [one.reason for one in rows if one.state == "withdrawn"] == [TAKEN_OVER]
        assert faults_of(rows, {"ep_0"}) == []

    async def test_a_payment_has_only_so_many_messages(self, projected: Projected) -> None:
        await projected.tell((0, "endpoint"), *paid(0))
        teller = projected.teller
        last = teller.log[-1]
        for number in range(MESSAGES_MAX):
            one = an_event(
                last.event,
                position=last.position + 1 + number,
                stream=last.stream,
                version=last.version + 1 + number,
            )
            teller.log.append(one)
            await projected.record([one])
        await projected.project()
        rows = await rows_of(projected)
        assert len(rows) == MESSAGES_MAX
        assert max(one.about for one in rows) < len(teller.log)

    # --- in order ----------------------------------------------------------------------------

    async def test_the_next_message_is_due_when_the_one_before_was_delivered(
        self, projected: Projected
    ) -> None:
        await projected.story((0, "endpoint"), *paid(0), (0, "told_in_vain"))
        assert await told_of(projected, "ep_0") == [
            ("payment.pending", "waiting", 35),
            ("payment.succeeded", "waiting", None),
        ]
        await projected.story((0, "told"))
        assert await told_of(projected, "ep_0") == [
            ("payment.pending", "delivered", None),
            ("payment.succeeded", "waiting", 6),
        ]

    async def test_the_next_message_is_due_when_the_one_before_was_parked(
        self, projected: Projected
    ) -> None:
        await projected.story((0, "endpoint"), *paid(0), (0, "given_up"))
        assert await told_of(projected, "ep_0") == [
            ("payment.pending", "parked", None),
            ("payment.succeeded", "waiting", 5),
        ]

    async def test_other_payments_and_endpoints_do_not_wait(self, projected: Projected) -> None:
        await projected.story((0, "endpoint"), (4, "endpoint"), *paid(0, 2), (0, "told_in_vain"))
        assert [due for _, _, due in await told_of(projected, "ep_4")] == [40, None, 8, None]
        leased = await lease(projected, at(10))
        assert sorted(one.provider for one in leased) == ["ep_0", "ep_4"]
        assert {(await rows_by_id(projected))[one.stream_id].payment_id for one in leased} == {
            "pay_2"
        }

    async def test_a_message_that_is_replayed_comes_first_and_the_next_one_waits_for_it(
        self, projected: Projected
    ) -> None:
        await projected.story((0, "endpoint"), *paid(0), (0, "told"), (0, "told_in_vain"))
        assert await told_of(projected, "ep_0") == [
            ("payment.pending", "delivered", None),
            ("payment.succeeded", "waiting", 36),
        ]
        await projected.story((0, "replay"))
        assert await told_of(projected, "ep_0") == [
            ("payment.pending", "waiting", 7),
            ("payment.succeeded", "waiting", None),
        ]
        await projected.story((0, "told"))
        assert await told_of(projected, "ep_0") == [
            ("payment.pending", "delivered", None),
            ("payment.succeeded", "waiting", 8),
        ]

    async def test_a_replay_out_of_turn_waits_for_its_turn(self, projected: Projected) -> None:
        await projected.story((0, "endpoint"), *paid(0), (0, "told_in_vain"), (0, "replay_last"))
        assert await told_of(projected, "ep_0") == [
            ("payment.pending", "waiting", 35),
            ("payment.succeeded", "waiting", None),
        ]

    async def test_a_replay_of_what_waits_is_tried_at_once(self, projected: Projected) -> None:
        await projected.story((0, "endpoint"), *paid(0), (0, "told_in_vain"), (0, "replay"))
        assert (await told_of(projected, "ep_0"))[0] == ("payment.pending", "waiting", 6)

    async def test_a_late_answer_to_a_message_whose_turn_is_over_makes_it_not_due(
        self, projected: Projected
    ) -> None:
        await projected.story((0, "endpoint"), *paid(0), (0, "told"), (0, "replay"))
        await projected.story((0, "told_last_in_vain"))
        assert await told_of(projected, "ep_0") == [
            ("payment.pending", "waiting", 6),
            ("payment.succeeded", "waiting", None),
        ]

    # --- disabled endpoints ------------------------------------------------------------------

    async def test_what_waits_for_a_disabled_endpoint_is_parked_and_what_comes_is_kept(
        self, projected: Projected
    ) -> None:
        await projected.story((0, "endpoint"), (4, "endpoint"), *paid(0), (2, "request"))
        await projected.story((0, "endpoint_off"), (2, "start"), (2, "confirm"))
        assert {(state, due) for _, state, due in await told_of(projected, "ep_0")} == {
            ("parked", None)
        }
        assert len(await told_of(projected, "ep_0")) == 3
        rows = [one for one in await rows_of(projected) if one.endpoint_id == "ep_0"]
        assert {one.reason for one in rows} == {DISABLED}
        assert [one.provider for one in await lease(projected)] == ["ep_4", "ep_4"]

    async def test_an_endpoint_that_is_enabled_again_is_told_what_comes_and_the_rest_by_a_replay(
        self, projected: Projected
    ) -> None:
        await projected.story((0, "endpoint"), *paid(0), (0, "told_in_vain"))
        await projected.story((0, "endpoint_off"), (0, "replay"))
        assert {state for _, state, _ in await told_of(projected, "ep_0")} == {"parked"}
        await projected.story((0, "endpoint_on"), (0, "statement_failure"))
        assert await told_of(projected, "ep_0") == [
            ("payment.pending", "parked", None),
            ("payment.succeeded", "parked", None),
            ("payment.failed", "waiting", 9),
        ]
        await projected.story((0, "replay"))
        assert await told_of(projected, "ep_0") == [
            ("payment.pending", "waiting", 10),
            ("payment.succeeded", "parked", None),
            ("payment.failed", "waiting", None),
        ]

    async def test_an_answer_that_comes_after_the_endpoint_was_disabled_makes_nothing_due(
        self, projected: Projected
    ) -> None:
        await projected.story((0, "endpoint"), *paid(0), (0, "endpoint_off"), (0, "told_in_vain"))
        assert {(state, due) for _, state, due in await told_of(projected, "ep_0")} == {
            ("parked", None)
        }
        await projected.story((0, "told"))
        assert (await told_of(projected, "ep_0"))[0] == ("payment.pending", "delivered", None)

    async def test_a_changed_endpoint_is_told_the_new_types_and_what_waits_goes_on_waiting(
        self, projected: Projected
    ) -> None:
        await projected.story((0, "endpoint"), *paid(0), (0, "endpoint_changed"), *paid(4))
        assert [one[:2] for one in await told_of(projected, "ep_0")] == [
            ("payment.pending", "waiting"),
            ("payment.succeeded", "waiting"),
            ("payment.pending", "waiting"),
        ]
        await projected.story((0, "endpoint_off"), (0, "endpoint_changed"))
        deliveries = projected.projections.of(DeliveriesProjection)
        (row,) = await deliveries.endpoints("mer_0")
        assert (row.is_enabled, row.types) == (0, '["payment.pending"]')

    @pytest.mark.parametrize("is_apart", [True, False])
    async def test_a_deleted_endpoint_is_told_nothing_more_and_its_messages_stay_listed(
        self, projected: Projected, is_apart: bool
    ) -> None:
        before: list[Step] = [(0, "endpoint"), (4, "endpoint"), *paid(0)]
        after: list[Step] = [(0, "endpoint_deleted"), (0, "told"), (0, "endpoint_on"), *paid(2)]
        for part in (before, after) if is_apart else ([*before, *after],):
            await projected.story(*part)
        rows = [one for one in await rows_of(projected) if one.endpoint_id == "ep_0"]
        assert {(one.state, one.reason, one.due_at) for one in rows} == {
            ("parked", "the endpoint was deleted", None)
        }
        assert {one.payment_id for one in rows} == {"pay_0"}
        deliveries = projected.projections.of(DeliveriesProjection)
        assert [one.endpoint_id for one in await deliveries.endpoints("mer_0")] == ["ep_4"]
        assert await deliveries.counts("ep_0") == {"parked": 2}
        checked = await projected.projections.check("deliveries", projected.store)
        assert checked.live == checked.rebuilt

    async def test_an_endpoint_that_is_gone_for_good_costs_nothing_after_a_while(
        self, projected: Projected
    ) -> None:
        await projected.story((0, "endpoint"), (0, "endpoint_off"))
        projected.teller.now += KEPT - timedelta(seconds=5)
        await projected.story(*paid(0))
        projected.teller.now += timedelta(seconds=60)
        await projected.story(*paid(2))
        assert [one.payment_id for one in await rows_of(projected)] == ["pay_0", "pay_0"]
        await projected.story((0, "endpoint_on"), *paid(4))
        assert {one.payment_id for one in await rows_of(projected)} == {"pay_0", "pay_4"}

    @pytest.mark.parametrize("batch_max", [100, 1])
    async def test_after_a_restoration_no_message_has_an_id_that_was_given_before(
        self, projected: Projected, batch_max: int
    ) -> None:
        kept: list[Step] = [(0, "endpoint"), (0, "request"), (0, "start"), (0, "confirm")]
        lost: list[Step] = [(0, "told_in_vain"), (0, "success"), (0, "told"), (0, "told")]
        further: list[Step] = [(2, "endpoint"), *paid(2)]
        lives: list[set[str]] = []
        for number in range(3):
            life = Projected(projected.database)
            await life.start()
            await life.tell(*kept)
            life.teller.now += timedelta(minutes=number)
            await life.tell(*[(0, "restored")] * bool(number), *lost, *further)
            await life.project(batch_max)
            rows = {one.stream_id: one for one in await rows_of(life)}
            # What the backup had keeps its id, and what is said of it is heard.
            old = rows.pop("ep_0.4")
            assert (old.state, old.attempts) == ("delivered", 2)
            assert sorted((one.endpoint_id, one.state) for one in rows.values()) == [
                ("ep_0", "delivered"),
                ("ep_0", "waiting"),
                ("ep_0", "waiting"),
                ("ep_2", "waiting"),
            ]
            lives.append({one.stream_id for one in rows.values() if one.endpoint_id == "ep_0"})
        assert len(set.union(*lives)) == 9
        # Without a restoration an id is as it ever was.
        assert all(one.count(".") == 1 for one in lives[0])

    # --- whose turn it is --------------------------------------------------------------------

    async def test_a_lease_says_what_the_reactors_want_to_know(self, projected: Projected) -> None:
        await projected.story((0, "endpoint"), (0, "request"), (0, "start"), (0, "confirm"))
        assert await lease(projected, at(2)) == []
        (due,) = await lease(projected, at(3))
        assert due == Due("deliver", "ep_0.4", "ep_0", at(3), 4)
        assert set(AdapterDue.__slots__) == set(Due.__slots__)
        assert await lease(projected, at(4)) == []

    async def test_of_one_endpoint_only_a_few_are_on_their_way(self, projected: Projected) -> None:
        await projected.story((0, "endpoint"), *paid(*range(0, 20, 2)))
        first = await lease(projected)
        assert len(first) == PER_ENDPOINT_MAX
        assert await lease(projected) == []
        deliveries = projected.projections.of(DeliveriesProjection)
        assert await deliveries.next_due_at("deliver") == LATER + HOUR
        await deliveries.release(first[0], holder="a")
        assert await lease(projected) == [first[0]]

    async def test_places_go_to_the_endpoints_in_turn(self, projected: Projected) -> None:
        await projected.story((0, "endpoint"), *paid(*range(0, 20, 2)))
        await projected.story((2, "endpoint"), (4, "endpoint"), *paid(20, 22))
        first = await lease(projected, limit=4)
        assert Counter(one.provider for one in first) == {"ep_0": 2, "ep_2": 1, "ep_4": 1}
        rest = await lease(projected)
        assert Counter(one.provider for one in rest) == {"ep_0": 2, "ep_2": 1, "ep_4": 1}

    async def test_who_does_not_answer_is_called_in_the_slow_lane_until_he_does(
        self, projected: Projected
    ) -> None:
        await projected.story((0, "endpoint"), *paid(0, 2), (0, "told_nobody"))
        assert await lease(projected) == []
        deliveries = projected.projections.of(DeliveriesProjection)
        assert await deliveries.next_due_at("deliver") is None
        assert await deliveries.next_due_at("deliver_slow") == at(7)
        slow = await lease(projected, kind="deliver_slow")
        assert [(one.kind, one.stream_id) for one in slow] == [
            ("deliver_slow", "ep_0.9"),
            ("deliver_slow", "ep_0.4"),
        ]
        await projected.story((0, "told_in_vain"))
        assert [(one.kind, one.stream_id) for one in await lease(projected)] == [
            ("deliver", "ep_0.4")
        ]
        assert await lease(projected, kind="deliver_slow") == []

    async def test_two_processes_never_hold_the_same_message(
        self, projected: Projected, database_url: str
    ) -> None:
        await projected.story(*[(n, "endpoint") for n in range(6)], *paid(*range(12)))
        async with opened(database_url) as other:
            queues = [projected.projections.of(DeliveriesProjection), DeliveriesProjection(other)]

            async def take(worker: int) -> list[str]:
                taken: list[str] = []
                while leased := await queues[worker % 2].lease(
                    "deliver", None, holder=f"w{worker}", limit=2, now=LATER, seconds=60
                ):
                    taken += [one.stream_id for one in leased]
                return taken

            taken = await asyncio.gather(*[take(worker) for worker in range(6)])
        everything = [one for part in taken for one in part]
        assert len(everything) == len(set(everything))
        held = Counter(one.partition(".")[0] for one in everything)
        assert max(held.values()) <= PER_ENDPOINT_MAX
        assert set(held) == {f"ep_{n}" for n in range(6)}

    async def test_what_is_delivered_while_it_is_chosen_is_not_leased(
        self, projected: Projected, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await projected.story((0, "endpoint"), *paid(0, 2))
        choose = Turns.choose

        async def choose_late(self: Turns, *given: Any, **named: Any) -> list[str]:
            chosen = await choose(self, *given, **named)
            await projected.story((0, "told"))
            return chosen

        monkeypatch.setattr(Turns, "choose", choose_late)
        assert [one.stream_id for one in await lease(projected)] == ["ep_0.9"]

    async def test_leases_outlive_a_rebuild(self, projected: Projected) -> None:
        await projected.story((0, "endpoint"), *paid(0))
        assert len(await lease(projected)) == 1
        await projected.projections.rebuild("deliveries", projected.store)
        assert await lease(projected) == []

    async def test_a_question_costs_the_same_however_many_messages_wait(
        self, projected: Projected
    ) -> None:
        deliveries = projected.projections.of(DeliveriesProjection)
        if projected.database.dialect != "sqlite":
            pytest.skip("only SQLite counts its steps")
        await projected.story((0, "endpoint"), (1, "endpoint"), *paid(0, 1))
        steps = []
        for many in (400, 20_000):
            async with projected.database.write() as conn:
                await conn.execute(
                    text(
                        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE "
                        "i < :many) INSERT OR IGNORE INTO deliveries SELECT 'ep_0.' || (100 + i), "
                        "endpoint_id, merchant_id, payment_id || i, 100 + i, type, state, attempts,"
                        " due_at, created_at, updated_at, status, reason, latency_ms, 100 + i "
                        "FROM deliveries, n WHERE stream_id = 'ep_0.5'"
                    ),
                    {"many": many},
                )
            steps.append(await self.steps_of_a_question(deliveries))
        few, more = steps
        assert (more < few * 1.1, few > 0) == (True, True)

    async def steps_of_a_question(self, deliveries: DeliveriesProjection) -> int:
        """How many steps SQLite makes to choose messages and to say when it is worth asking."""
        counted = [0]

        def count() -> int:
            counted[0] += 1
            return 0

        async with deliveries.read() as conn:
            raw = (await conn.get_raw_connection()).driver_connection
            assert raw is not None
            await raw.set_progress_handler(count, 1)
            try:
                chosen = await deliveries._turns.choose(conn, "deliver", stamp(LATER), 64)
                await deliveries._turns.next_due_at(conn, "deliver")
            finally:
                await raw.set_progress_handler(None, 0)
        assert Counter(one.partition(".")[0] for one in chosen) == {"ep_0": 4, "ep_1": 1}
        return counted[0]

    # --- listing -----------------------------------------------------------------------------

    async def test_messages_are_listed_newest_first_and_by_state_and_payment(
        self, projected: Projected
    ) -> None:
        await projected.story((0, "endpoint"), *paid(0, 2), (0, "told"), (2, "given_up"))
        deliveries = projected.projections.of(DeliveriesProjection)

        async def listed(**wanted: object) -> list[int]:
            found = await deliveries.messages(endpoint_id="ep_0", **wanted)  # type: ignore[arg-type]
            return [one.about for one in found]

        assert await listed() == [11, 9, 6, 4]
        assert await listed(limit=2) == [11, 9]
        assert await listed(limit=2, after=9) == [6, 4]
        assert await listed(state="delivered") == [4]
        assert await listed(payment_id="pay_2") == [11, 9]
        assert [one.about for one in await deliveries.parked("ep_0")] == [9]
        assert await deliveries.counts("ep_0") == {"delivered": 1, "parked": 1, "waiting": 2}
        assert await deliveries.message("ep_0.6") is not None
        assert await deliveries.message("ep_0.5") is None

    async def test_a_merchants_endpoints_are_listed_in_the_order_they_were_added(
        self, projected: Projected
    ) -> None:
        await projected.story(
            (4, "endpoint"), (1, "endpoint"), (0, "endpoint"), (4, "endpoint_off")
        )
        deliveries = projected.projections.of(DeliveriesProjection)
        found = [(one.endpoint_id, one.is_enabled) for one in await deliveries.endpoints("mer_0")]
        assert found == [("ep_4", 0), ("ep_0", 1)]

    # --- whatever happens --------------------------------------------------------------------

    @settings(
        max_examples=25,
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.differing_executors,
            HealthCheck.too_slow,
        ],
    )
    @given(history=histories(), cuts=st.integers(1, 9))
    async def test_the_order_holds_after_every_event_and_a_rebuild_gives_the_same(
        self, database_url: str, history: list[Step], cuts: int
    ) -> None:
        async with opened(database_url) as database:
            projected = Projected(database, [DeliveriesProjection])
            await projected.start()
            log = await projected.tell(*history)
            for start in range(0, len(log), cuts):
                part = log[start : start + cuts]
                await projected.projections.handle(part)
                assert faults_of(await rows_of(projected), enabled_in(log[: start + cuts])) == []
            rows = await rows_of(projected)
            deliveries = projected.projections.of(DeliveriesProjection)
            for endpoint in {one.endpoint_id for one in rows}:
                own = [one.state for one in rows if one.endpoint_id == endpoint]
                assert await deliveries.counts(endpoint) == Counter(own)
            checked = await projected.projections.check("deliveries", projected.store)
            assert checked.live == checked.rebuilt


async def rows_by_id(projected: Projected) -> dict[str, Message]:
    """Every message by its id."""
    return {one.stream_id: one for one in await rows_of(projected)}


def enabled_in(log: Sequence[RecordedEvent]) -> set[str]:
    """The endpoints that are switched on at the end of a log."""
    on, off = {"endpoint.added", "endpoint.enabled"}, {"endpoint.disabled", "endpoint.deleted"}
    switched = {
        one.stream.removeprefix("endpoint-"): one.type in on for one in log if one.type in on | off
    }
    return {endpoint for endpoint, is_on in switched.items() if is_on}
