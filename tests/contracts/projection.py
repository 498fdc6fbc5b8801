"""The law of projections, for every database: rows and checkpoint move together, or not at all."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import payment
from ledger.entry import RecordedEvent
from ledger.errors import InvalidInputError, SubscriptionStalledError
from ledger.journal import postings
from ledger.memory import MemoryEventStore
from ledger.sql import SqlEventStore
from ledger.sql_database import Database
from ledger.subscriptions import Subscription
from projections import PROJECTIONS
from projections.accounts import AccountsProjection
from projections.apart import fill_apart
from projections.base import Projections, ProjectionState
from projections.checkpoints import (
    Checkpoint,
    ProjectionGapError,
    ProjectionReplacedError,
    checkpoints,
    put,
)
from projections.digest import digest_of
from projections.packed import APART
from projections.payments import PaymentsProjection
from projections.projector import Projector
from projections.rebuild import fill
from projections.tables import number, text
from projections.worklist import WorklistProjection
from tests.builders import (
    CONTEXT,
    NOW,
    Step,
    a_log,
    appends_of,
    paid,
    payment_id,
    stories,
)
from tests.projecting import Projected, forget, opened

one_by_one = settings(
    max_examples=12,
    # Every example makes its own tables, and the two databases are the two executors.
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.differing_executors,
        HealthCheck.too_slow,
    ],
)
NAMES = tuple(one.name for one in PROJECTIONS)
STORY: list[Step] = [*paid(0, 1), (2, "request"), (2, "start"), (2, "wrong_amount"), (3, "keys")]
STORY += [(0, "refund"), (0, "refund_paid")]


class Fragile(Projector):
    """Counts events, and breaks where a test says."""

    name = "fragile"
    version = 1
    breaks_at: ClassVar[set[int]] = set()

    def __init__(self, database: Database, copy: str = "") -> None:
        super().__init__(database, copy)
        self.counts = self.make_table("fragile", text("name", key=True), number("events"))

    async def apply(self, conn: AsyncConnection, batch: Sequence[RecordedEvent]) -> None:
        for one in batch:
            before = await conn.scalar(select(self.counts.c.events)) or 0
            await conn.execute(self.counts.delete())
            await conn.execute(self.counts.insert().values(name="all", events=before + 1))
            if one.position in self.breaks_at:
                raise RuntimeError(f"cannot fold {one.position}")

    async def count(self) -> int:
        async with self.read() as conn:
            return await conn.scalar(select(func.sum(self.counts.c.events))) or 0


class ProjectionContract:
    """Subclasses give `database_url`: a database for all of them."""

    @pytest.fixture
    async def database(self, database_url: str) -> AsyncIterator[Database]:
        async with opened(database_url) as database:
            yield database

    @pytest.fixture
    async def projected(self, database: Database) -> Projected:
        projected = Projected(database)
        await projected.start()
        return projected

    @pytest.fixture
    def fragile(self) -> type[Fragile]:
        Fragile.breaks_at = set()
        return Fragile

    # --- what the rows are -----------------------------------------------------------------

    @settings(one_by_one, max_examples=6)
    @given(story=stories(payments_max=6, steps_max=60), cuts=st.integers(1, 9))
    async def test_live_rows_are_those_a_rebuild_from_position_1_gives(
        self, database: Database, story: list[Step], cuts: int
    ) -> None:
        projected = Projected(database)
        await projected.start()
        await projected.tell(*story)
        await projected.project(batch_max=cuts)
        for name in NAMES:
            checked = await projected.projections.check(name, projected.store)
            assert checked.live == checked.rebuilt
            assert checked.live.position == len(projected.teller.log)

    @settings(one_by_one, max_examples=6)
    @given(story=stories(payments_max=6, steps_max=60), cut=st.integers(1, 9))
    @example(story=[*STORY, (0, "refund_given")], cut=1)
    async def test_a_packed_copy_has_the_digest_of_the_live_one(
        self,
        database: Database,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        story: list[Step],
        cut: int,
    ) -> None:
        # So few that rows of many eras are looked for, and still more than a batch puts.
        monkeypatch.setattr("projections.packed.ROWS_PER_ERA", 20)
        projected = Projected(database)
        await projected.start()
        await projected.story(*story)
        log = projected.teller.log

        async def batches() -> AsyncIterator[tuple[Sequence[RecordedEvent], int]]:
            for start in range(0, len(log), cut):
                part = log[start : start + cut]
                yield part, part[-1].position

        with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
            passing = await Database.open(f"sqlite:///{folder}/a.db", create=True, is_kept=False)
            try:
                copies = [one(passing, APART) for one in PROJECTIONS]
                await fill_apart(passing, copies, batches())
                packed = {one.name: await digest_of(one) for one in copies}
            finally:
                await passing.close()
        assert packed == {name: await projected.projections.digest(name) for name in NAMES}

    @one_by_one
    @given(story=stories())
    async def test_rows_and_books_say_what_the_folded_streams_say(
        self, database: Database, story: list[Step]
    ) -> None:
        projected = Projected(database)
        await projected.start()
        await projected.story(*story)
        rows = await projected.projections.of(PaymentsProjection).page(limit=100)
        states = [projected.teller.payment(row.payment_id) for row in reversed(rows)]
        assert [(row.kind, row.refund_of, row.refunded_minor) for row in reversed(rows)] == [
            (one.kind, one.requested.refund_of, one.refunded_minor) for one in states
        ]
        assert [row.status for row in reversed(rows)] == [state.status for state in states]
        assert [row.attempts for row in reversed(rows)] == [len(one.attempts) for one in states]
        assert [row.inquiries for row in reversed(rows)] == [one.inquiries for one in states]

        booked: dict[tuple[str, str, str], int] = {}
        for state in states:
            for posting in postings(state):
                key = posting[:3]
                booked[key] = booked.get(key, 0) + posting.amount_minor
        balance = await projected.projections.of(AccountsProjection).trial_balance()
        found = {(one.account, one.holder, one.currency): one.balance_minor for one in balance}
        assert {key: amount for key, amount in found.items() if amount} == {
            key: amount for key, amount in booked.items() if amount
        }

    @one_by_one
    @given(story=stories(), cuts=st.integers(1, 7))
    async def test_the_money_of_all_merchants_is_what_the_trial_balance_and_the_streams_say(
        self, database: Database, story: list[Step], cuts: int
    ) -> None:
        projected = Projected(database)
        await projected.start()
        await projected.tell(*story)
        await projected.project(batch_max=cuts)
        accounts = projected.projections.of(AccountsProjection)
        rows = await projected.projections.of(PaymentsProjection).page(limit=1000)
        money = [
            one
            for merchant_id in {row.merchant_id for row in rows}
            for one in await accounts.merchant_money(merchant_id, default_mode="test")
        ]
        states = [projected.teller.payment(row.payment_id) for row in rows]
        in_flight = Counter(
            {
                (kind, state.money.currency): 0
                for kind in ("collection", "refund", "payout")
                for state in states
            }
        )
        for state in states:
            if not state.status.is_final:
                in_flight[state.kind, state.money.currency] += state.money.amount_minor
        balance: Counter[tuple[str, str]] = Counter()
        for row in await accounts.trial_balance():
            balance[row.account, row.currency] += row.balance_minor
        for currency in {currency for _, currency in (*balance, *in_flight)}:
            own = [one for one in money if one.currency == currency]
            collected = sum(one.collected_minor - one.refunded_minor for one in own)
            suspense = sum(one.suspense_minor for one in own)
            assert -balance["411", currency] == collected
            assert balance["401", currency] == sum(one.paid_out_minor for one in own)
            assert -balance["471", currency] == suspense
            assert balance["552", currency] == sum(one.net_minor for one in own) + suspense
            for kind, name in (
                ("collection", "collecting_minor"),
                ("refund", "refunding_minor"),
                ("payout", "paying_out_minor"),
            ):
                assert in_flight[kind, currency] == sum(getattr(one, name) for one in own)

    @one_by_one
    @given(story=stories())
    async def test_the_trial_balance_sums_to_zero_at_every_position_and_time(
        self, database: Database, story: list[Step]
    ) -> None:
        projected = Projected(database, [AccountsProjection])
        await projected.start()
        await projected.story(*story)
        accounts = projected.projections.of(AccountsProjection)
        for one in projected.teller.log:
            at_position = await accounts.trial_balance(as_of=one.position)
            sums: dict[str, int] = {}
            for row in at_position:
                sums[row.currency] = sums.get(row.currency, 0) + row.balance_minor
            assert set(sums.values()) <= {0}
        assert await accounts.trial_balance(as_of=len(projected.teller.log)) == (
            await accounts.trial_balance()
        )
        assert await accounts.trial_balance(as_of=projected.teller.now) == (
            await accounts.trial_balance()
        )

    async def test_the_same_log_has_the_same_digest_in_every_database(
        self, projected: Projected
    ) -> None:
        await projected.story(*STORY)
        digests = {name: await projected.projections.digest(name) for name in NAMES}
        assert {one.position for one in digests.values()} == {len(projected.teller.log)}
        assert digests["payments"].sha256 == (
            "bc04f944a94bc63a9185d4aba01eb4d7fe2fa7ee4fc224a892ba9af7840bc0b4"
        )

    async def test_a_changed_row_is_found_and_a_rebuild_mends_it(
        self, projected: Projected
    ) -> None:
        await projected.story(*STORY)
        before = await projected.projections.digest("accounts")
        async with projected.database.write() as conn:
            await conn.exec_driver_sql("UPDATE accounts SET debit_minor = 1")
        assert not (await projected.projections.check("accounts", projected.store)).is_equal
        assert await projected.projections.rebuild("accounts", projected.store) == before.position
        assert (await projected.projections.check("accounts", projected.store)).live == before

    # --- rows and checkpoint together ------------------------------------------------------

    async def test_a_batch_offered_again_changes_nothing(self, projected: Projected) -> None:
        log = await projected.tell(*STORY)
        await projected.projections.handle(log)
        before = [await projected.projections.digest(name) for name in NAMES]
        await projected.projections.handle(log)
        await projected.projections.handle(log[3:7])
        assert [await projected.projections.digest(name) for name in NAMES] == before

    async def test_a_batch_that_would_skip_events_is_refused(self, projected: Projected) -> None:
        log = await projected.tell(*STORY)
        with pytest.raises(ProjectionGapError):
            await projected.projections.handle(log[2:])
        assert await projected.projections.position() == 0

    async def test_two_processes_that_project_the_same_log_double_nothing(
        self, projected: Projected, database_url: str
    ) -> None:
        log = await projected.tell(*[step for _ in range(3) for step in STORY], *paid(4, 5, 6, 7))
        async with opened(database_url) as other_database:
            other = Projections(other_database, PROJECTIONS)

            async def offer(projections: Projections, size: int) -> None:
                for start in range(0, len(log), size):
                    await projections.handle(log[start : start + size])

            await asyncio.gather(offer(projected.projections, 2), offer(other, 3))
        for name in NAMES:
            checked = await projected.projections.check(name, projected.store)
            assert checked.live == checked.rebuilt
            assert checked.live.position == len(log)

    async def test_a_projector_that_fails_leaves_nothing_half_written(
        self, database: Database, fragile: type[Fragile]
    ) -> None:
        projected = Projected(database, [fragile])
        await projected.start()
        log = await projected.tell(*STORY)
        fragile.breaks_at = {5}
        with pytest.raises(RuntimeError, match="cannot fold 5"):
            await projected.projections.handle(log)
        counted = projected.projections.of(fragile)
        assert (await counted.count(), await projected.projections.position()) == (0, 0)

        fragile.breaks_at = set()
        await projected.projections.handle(log)
        assert (await counted.count(), await projected.projections.position()) == (
            len(log),
            len(log),
        )

    async def test_only_the_broken_projection_stalls_and_the_others_go_on(
        self, database: Database, fragile: type[Fragile]
    ) -> None:
        projected = Projected(database, [fragile, PaymentsProjection])
        await projected.start()
        log = await projected.tell(*STORY)
        fragile.breaks_at = {5}
        projections, delays = projected.projections, []

        async def no_sleep(seconds: float) -> None:
            delays.append(seconds)

        subscription = Subscription(projected.store, projections, sleep=no_sleep)
        running = asyncio.create_task(subscription.run())
        assert await subscription.wait_for(len(log), timeout_seconds=20)
        running.cancel()

        stalled = projections.stalled["fragile"]
        assert (stalled.position, stalled.name, len(delays)) == (5, "fragile", 3)
        assert stalled.cause == "RuntimeError"
        assert await projections.states() == [
            ProjectionState("fragile", 4, stalled),
            ProjectionState("payments", len(log), None),
        ]
        assert await projections.of(fragile).count() == 4
        assert await projections.position() == len(log)

        fragile.breaks_at = set()
        await projections.rebuild("fragile", projected.store)
        assert (projections.stalled, await projections.of(fragile).count()) == ({}, len(log))

    async def test_a_failure_of_all_is_nobodys_fault_and_is_passed_on(
        self, database: Database, fragile: type[Fragile]
    ) -> None:
        projected = Projected(database, [fragile])
        await projected.start()
        log = await projected.tell(*STORY)
        fragile.breaks_at = {1}

        async def no_sleep(_seconds: float) -> None:
            return

        subscription = Subscription(projected.store, projected.projections, sleep=no_sleep)
        with pytest.raises(
            SubscriptionStalledError, match="position 1 after 8 attempts: RuntimeError"
        ):
            await subscription.run()
        assert (projected.projections.stalled, len(log) > 1) == ({}, True)

    # --- waiting ---------------------------------------------------------------------------

    async def test_a_caller_can_wait_for_a_position(self, projected: Projected) -> None:
        log = await projected.tell(*STORY)
        projections = projected.projections
        waiting = asyncio.create_task(projections.wait_for(len(log), timeout_seconds=20))
        assert not await projections.wait_for(1, timeout_seconds=0.01)
        await projections.handle(log)
        assert await waiting
        assert await projections.wait_for(len(log), timeout_seconds=0, name="payments")

    async def test_a_waiter_sees_what_another_process_projects(
        self, projected: Projected, database_url: str
    ) -> None:
        log = await projected.tell(*STORY)
        async with opened(database_url) as other_database:
            other = Projections(other_database, PROJECTIONS)
            waiting = asyncio.create_task(other.wait_for(len(log), timeout_seconds=20))
            await projected.project()
            assert await waiting

    async def test_an_unknown_projection_is_refused_with_the_names_there_are(
        self, projected: Projected
    ) -> None:
        with pytest.raises(InvalidInputError, match="worklist, payments, accounts, metrics, keys"):
            await projected.projections.digest("balances")

    # --- tables and versions ---------------------------------------------------------------

    async def test_starting_twice_changes_nothing(self, projected: Projected) -> None:
        await projected.story(*STORY)
        before = [await projected.projections.digest(name) for name in NAMES]
        again = Projections(projected.database, PROJECTIONS)
        await again.start(projected.store)
        assert [await again.digest(name) for name in NAMES] == before

    async def test_processes_that_start_at_once_make_the_tables_once(
        self, database: Database, database_url: str
    ) -> None:
        await forget(database)
        async with opened(database_url) as other:
            await asyncio.gather(
                Projections(database, PROJECTIONS).start(), Projections(other, PROJECTIONS).start()
            )
            assert await Projections(other, PROJECTIONS).position() == 0

    async def test_an_older_version_is_made_anew_at_the_start(self, projected: Projected) -> None:
        await projected.story(*STORY)

        class Newer(PaymentsProjection):
            version = PaymentsProjection.version + 1

        seen: list[tuple[int, int]] = []
        newer = Projections(projected.database, [Newer])
        await newer.start(projected.store, progress=lambda at, end: seen.append((at, end)))
        end = len(projected.teller.log)
        assert seen == [(end, end)]
        assert len(await newer.of(Newer).page()) == 4
        assert (await newer.check("payments", projected.store)).is_equal

        # The old code, still running elsewhere, may not write to the new tables.
        log = await projected.tell(*paid(7))
        await projected.projections.handle(log)
        assert set(projected.projections.stalled) == {"payments"}

    async def test_tables_of_newer_code_are_refused(self, projected: Projected) -> None:
        newer = Checkpoint("payments", PaymentsProjection.version + 1, 0, 1, "")
        async with projected.database.write() as conn:
            await put(conn, newer)
        with pytest.raises(ProjectionReplacedError, match="upgrade the code"):
            await Projections(projected.database, PROJECTIONS).start()

    # --- rebuilding ------------------------------------------------------------------------

    async def test_a_rebuild_goes_on_beside_live_writing_and_swaps_without_a_gap(
        self, database: Database
    ) -> None:
        store = SqlEventStore(database, clock=lambda: NOW)
        await store.start()
        await forget(database)
        projections = Projections(database, PROJECTIONS)
        await projections.start()
        following = asyncio.create_task(Subscription(store, projections).run())
        payments = projections.of(PaymentsProjection)
        log = a_log(*[step for n in range(30) for step in paid(n)])
        first, rest = log[:50], log[50:]

        async def write(part: Sequence[RecordedEvent]) -> None:
            for append in appends_of(part):
                await store.append(*append, context=CONTEXT)

        async def look(until: asyncio.Event) -> None:
            seen = 0
            while not until.is_set():
                rows = await payments.page(limit=100)
                assert len(rows) >= seen
                seen = len(rows)

        await write(first)
        assert await projections.wait_for(len(first), timeout_seconds=30)
        done = asyncio.Event()
        looking = asyncio.create_task(look(done))
        writing = asyncio.create_task(write(rest))
        for name in (*NAMES, "payments"):
            assert await projections.rebuild(name, store) >= len(first)
        await writing
        assert await projections.wait_for(len(log), timeout_seconds=30)
        done.set()
        await looking
        for name in NAMES:
            checked = await projections.check(name, store)
            assert (checked.is_equal, checked.live.position) == (True, len(log))
        following.cancel()
        await store.close()

    async def test_a_rebuild_that_died_leaves_the_live_copy_and_the_next_one_succeeds(
        self, projected: Projected
    ) -> None:
        await projected.story(*STORY)
        before = await projected.projections.digest("payments")

        def die(position: int, end: int) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            await projected.projections.rebuild("payments", projected.store, progress=die)
        assert await projected.projections.digest("payments") == before
        await projected.projections.rebuild("payments", projected.store)
        assert await projected.projections.digest("payments") == before
        async with projected.database.read() as conn:
            names = await conn.scalars(select(checkpoints.c.name).order_by(checkpoints.c.name))
            assert list(names) == sorted(NAMES)

    async def test_a_second_rebuild_takes_over_and_the_first_one_is_told(
        self, projected: Projected
    ) -> None:
        await projected.story(*STORY)
        other = Projections(projected.database, PROJECTIONS)

        class Slow(MemoryEventStore):
            """Somebody else rebuilds while this one is read for the first time."""

            async def read(self, after: int, limit: int = 1000) -> list[RecordedEvent]:
                if not after:
                    await other.rebuild("metrics", projected.store)
                return await projected.store.read(after, limit)

        with pytest.raises(ProjectionReplacedError, match="not ours to write any more"):
            await projected.projections.rebuild("metrics", Slow(clock=lambda: NOW))
        assert (await projected.projections.check("metrics", projected.store)).is_equal

    async def test_leases_outlive_a_rebuild_of_the_worklist(self, projected: Projected) -> None:
        await projected.story((0, "request"), (1, "request"))
        work = projected.projections.of(WorklistProjection)
        soon = NOW + timedelta(seconds=5)
        (leased,) = await work.lease("submit", "mtn", holder="a", limit=1, now=soon, seconds=60)
        await projected.projections.rebuild("worklist", projected.store)
        again = await work.lease("submit", None, holder="b", limit=9, now=soon, seconds=60)
        assert (leased.stream_id, [one.stream_id for one in again]) == (
            payment_id(0),
            [payment_id(1)],
        )

    async def test_filling_stops_where_it_is_told(self, projected: Projected) -> None:
        await projected.tell(*STORY)
        payments = projected.projections.of(PaymentsProjection)
        assert await fill(payments, projected.store, until=3) == 3
        assert [row.status for row in await payments.page()] == [payment.Status.PENDING]
