"""Both times of a question, held against a naive replay: dictionaries, folded and filtered."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger import events
from ledger.entry import RecordedEvent
from ledger.evidence import Evidence, Word
from ledger.journal import postings
from ledger.payment import INITIAL, Payment, Status, evolve
from ledger.store import position_at
from projections.accounts import AccountsProjection
from projections.effective import ALWAYS, CLOCKS_APART_MAX, Effective
from projections.payments import PaymentsProjection
from projections.payments_rows import row_at
from tests.builders import NOW, Step, stories
from tests.projecting import Projected, ReadModel

LATE: list[Step] = [
    *[(0, verb) for verb in ("request", "start", "confirm", "failure")],
    (1, "request"),
    (0, "statement_success"),
    (0, "refund_paid"),
    *[(1, verb) for verb in ("start", "success_webhook", "statement_failure")],
    *[(2, verb) for verb in ("request", "start", "wrong_amount", "statement_success")],
]
"""A success that comes late and overturns a failure, a refund, a success that a statement denies,
and a conflict that is settled."""

TOLD: list[Step] = [
    *[(0, verb) for verb in ("request", "start", "success", "webhook_told", "success_untrue")],
    *[(1, verb) for verb in ("request", "start", "wrong_amount", "wrong_amount_told")],
    *[(2, verb) for verb in ("request", "start", "success_ahead", "statement_told")],
    (0, "statement_failure"),
    (1, "statement_success"),
    (0, "statement_told"),
]
"""Words that tell when money moved: after others that did not, within a conflict, ever more trusted
ones, and one that cannot be."""

MONTH_END = datetime(2026, 4, 1, tzinfo=UTC)

told_differently = settings(
    max_examples=12,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.differing_executors,
        HealthCheck.too_slow,
    ],
)


class Naive:
    """What was known at a position, from the log alone."""

    def __init__(self, log: Sequence[RecordedEvent], until: int) -> None:
        self.payments: dict[str, Payment] = defaultdict(lambda: INITIAL)
        self.requested: dict[str, datetime] = {}
        self.words: dict[str, list[tuple[datetime, Evidence]]] = defaultdict(list)
        for one in log:
            if one.position > until or not one.stream.startswith("payment-"):
                continue
            name = one.stream.removeprefix("payment-")
            self.payments[name] = evolve(self.payments[name], one.event)
            self.requested.setdefault(name, one.recorded_at)
            match one.event:
                case events.PaymentEvidenceRecorded(evidence=told) if told.word is Word.SUCCEEDED:
                    self.words[name].append((one.recorded_at, told))
                case _:
                    pass
        self.moved = {name: self._moved(name) for name in self.words}

    def _moved(self, name: str) -> datetime:
        """When money moved, from all words that it did at once."""
        first, last = self.requested[name] - CLOCKS_APART_MAX, CLOCKS_APART_MAX
        told = [
            (-word.trust, word.occurred_at)
            for at, word in self.words[name]
            if word.occurred_at is not None and first <= word.occurred_at <= at + last
        ]
        return min(told)[1] if told else min(at for at, _ in self.words[name])

    def statuses(self, effective: Effective) -> dict[str, Status]:
        """Payment -> where it stands, of those whose money moved then."""
        found = {name: state.status for name, state in self.payments.items()}
        if effective == ALWAYS:
            return found
        return {
            name: status
            for name, status in found.items()
            if status in {Status.SUCCEEDED, Status.CONFLICT} and _in(effective, self.moved[name])
        }

    def balances(self, effective: Effective) -> dict[tuple[str, str, str], int]:
        """(account, holder, currency) -> balance, of the same."""
        sums: Counter[tuple[str, str, str]] = Counter()
        for name, state in self.payments.items():
            if effective == ALWAYS or (name in self.moved and _in(effective, self.moved[name])):
                for posting in postings(state):
                    sums[posting[:3]] += posting.amount_minor
        return {account: amount for account, amount in sums.items() if amount}


def _in(effective: Effective, moment: datetime) -> bool:
    since, before = effective
    return (since or moment) <= moment and (before is None or moment < before)


def whole(log: Sequence[RecordedEvent]) -> list[int]:
    """The positions at which no command is half told: words and what they decide come together."""
    return [
        one.position
        for one, after in zip(log, [*log[1:], None], strict=True)
        if after is None or after.recorded_at != one.recorded_at
    ]


async def known(
    projected: Projected, log: Sequence[RecordedEvent], until: int, effective: Effective
) -> tuple[dict[str, Status], dict[tuple[str, str, str], int]]:
    """The same, from the rows and the books."""
    statuses = {}
    for payment_id in {one.stream for one in log if one.stream.startswith("payment-")}:
        row = row_at(await projected.store.read_stream(payment_id), until)
        if row is not None and (effective == ALWAYS or effective.has(row.moved_at)):
            statuses[row.payment_id] = row.status
    accounts = projected.projections.of(AccountsProjection)
    balance = await accounts.trial_balance(as_of=until, effective=effective)
    return statuses, {
        (row.account, row.holder, row.currency): row.balance_minor
        for row in balance
        if row.balance_minor
    }


class TestPast(ReadModel):
    @told_differently
    @given(
        story=stories(steps_max=25), picks=st.tuples(st.integers(0), st.integers(0), st.integers(0))
    )
    async def test_what_was_known_of_a_span_is_what_a_naive_replay_gives(
        self, projected: Projected, story: list[Step], picks: tuple[int, int, int]
    ) -> None:
        await self._same(projected, [*LATE, *story, *TOLD], picks)

    async def _same(
        self, projected: Projected, story: list[Step], picks: tuple[int, int, int]
    ) -> None:
        fresh = Projected(projected.database)
        # The month ends somewhere in the story.
        fresh.teller.now = MONTH_END - timedelta(seconds=picks[1] % (len(story) + 2))
        began = fresh.teller.now
        await fresh.start()
        log = await fresh.tell(*story)
        await fresh.project()
        places = whole(log)
        until = places[picks[0] % len(places)]
        times = sorted(began + timedelta(seconds=pick % (len(log) + 2)) for pick in picks[1:])
        for effective in (
            ALWAYS,
            Effective(None, MONTH_END),
            Effective(MONTH_END),
            Effective(*times),
            Effective(times[0]),
            Effective(None, times[1]),
        ):
            naive = Naive(log, until)
            statuses, balances = await known(fresh, log, until, effective)
            assert statuses == naive.statuses(effective)
            assert balances == naive.balances(effective)

    async def test_late_words_change_what_is_known_of_the_time_at_which_money_moved(
        self, projected: Projected
    ) -> None:
        log = await projected.tell(*LATE)
        await projected.project()
        late = next(
            one
            for one in log
            if isinstance(one.event, events.PaymentSucceeded) and one.stream == "payment-pay_0"
        )
        span = Effective(late.recorded_at, late.recorded_at + timedelta(seconds=1))
        before, _ = await known(projected, log, late.position - 2, span)
        after, _ = await known(projected, log, late.position, span)
        assert (before, after) == ({}, {"pay_0": Status.SUCCEEDED})

        payments = projected.projections.of(PaymentsProjection)
        rows = await payments.page(effective=span)
        assert [(row.payment_id, row.moved_at) for row in rows] == [("pay_0", late.recorded_at)]

    async def test_the_position_of_a_time_is_the_last_recorded_by_then(
        self, projected: Projected
    ) -> None:
        assert await position_at(projected.store, NOW) == 0
        log = await projected.tell(*LATE)
        for one in log:
            last = max(each.position for each in log if each.recorded_at <= one.recorded_at)
            assert await position_at(projected.store, one.recorded_at) == last
        assert await position_at(projected.store, NOW - timedelta(seconds=1)) == 0
