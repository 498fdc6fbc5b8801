"""Cancelling: only what certainly no provider has, and whoever is first of two writers."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from ledger import commands, events, payment
from ledger.entry import RecordedEvent
from ledger.errors import CommandRefusedError
from ledger.handling import Handled, Handler
from ledger.memory import MemoryEventStore
from ledger.payment import Status
from ledger.payment_ending import CANCELLED, REASON, NotCancellableError, is_cancelled
from ledger.restoration import may_have_been_sent
from tests.builders import CONTEXT
from tests.conftest import FakeClock
from tests.test_payment import (
    ASKED,
    CANCEL,
    CONFIRM,
    DECLINE,
    DOUBT,
    EXPIRE,
    HINT,
    NOW,
    R2,
    REQUEST,
    START,
    SUCCESS,
    WITHDRAW,
    a_payment,
    history,
)

ENDED = events.PaymentExpired(reason=REASON, code=CANCELLED)
NOT_SENT = replace(WITHDRAW, at=NOW)
"""As whoever submits it says it: it certainly never left."""
NOT_KNOWN = WITHDRAW
"""As whoever asks about it says it: its provider does not know it now."""
START_AGAIN = replace(START, reference=R2)
TECHNICAL = replace(DECLINE, is_technical=True, at=NOW)

CERTAIN: dict[str, Sequence[commands.PaymentCommand]] = {
    "it was never sent": [REQUEST],
    "it never left": [REQUEST, START, NOT_SENT],
    "it never left, twice": [
        REQUEST,
        START,
        NOT_SENT,
        START_AGAIN,
        replace(NOT_SENT, reference=R2),
    ],
}
IN_DOUBT: dict[str, Sequence[commands.PaymentCommand]] = {
    "it may be on its way": [REQUEST, START],
    "its provider has it": [REQUEST, START, CONFIRM],
    "no answer came": [REQUEST, START, DOUBT],
    "its provider did not know it": [REQUEST, START, NOT_KNOWN],
    "it did not know it after a doubt": [REQUEST, START, DOUBT, NOT_KNOWN],
    "even who submitted it says so late": [REQUEST, START, DOUBT, NOT_SENT],
    "one of two was in doubt": [
        *(REQUEST, START, DOUBT, NOT_KNOWN, START_AGAIN),
        replace(NOT_SENT, reference=R2),
    ],
    "it was asked about": [REQUEST, START, DOUBT, ASKED],
    "somebody knows it": [REQUEST, START, NOT_SENT, HINT],
    "an acceptance was read late": [REQUEST, START, NOT_SENT, CONFIRM],
    "it is paid": [REQUEST, START, CONFIRM, SUCCESS],
    "it was declined": [REQUEST, START, DECLINE],
    "its time was over": [REQUEST, EXPIRE],
}


@pytest.mark.parametrize("asked", CERTAIN.values(), ids=CERTAIN)
def test_what_is_certainly_nowhere_is_ended_for_ever(
    asked: Sequence[commands.PaymentCommand],
) -> None:
    state = a_payment.given(*history(*asked)).when(CANCEL).then(ENDED)
    assert (state.status, state.code, state.reason) == (Status.EXPIRED, CANCELLED, REASON)
    cancelled = [*history(*asked), ENDED]
    a_payment.given(*cancelled).when(CANCEL).then()
    a_payment.given(*cancelled).when(replace(CANCEL, may_be_elsewhere=True)).then()
    a_payment.given(*cancelled).when(EXPIRE).then()
    a_payment.given(*cancelled).when(START).then_refused(CommandRefusedError)


@pytest.mark.parametrize("answer", [NOT_KNOWN, NOT_SENT], ids=["not known", "not sent"])
def test_what_was_cancelled_is_not_sent_because_somebody_spoke_of_it_afterwards(
    answer: commands.WithdrawSubmission,
) -> None:
    cancelled = [*history(REQUEST, START, NOT_SENT), ENDED]
    spoken_of = a_payment.state(*cancelled, *payment.decide(HINT, a_payment.state(*cancelled)))
    assert spoken_of.status is Status.UNKNOWN
    withdrawn, ended = payment.decide(answer, spoken_of)
    assert (withdrawn.type, ended) == ("payment.submission_withdrawn", ENDED)
    state = payment.evolve(payment.evolve(spoken_of, withdrawn), ended)
    assert is_cancelled(state)
    with pytest.raises(CommandRefusedError):
        payment.decide(START_AGAIN, state)
    # Who has it all the same says so, and that is the truth.
    paid = payment.decide(SUCCESS, spoken_of)
    assert paid[-1].type == "payment.succeeded"


@pytest.mark.parametrize("asked", IN_DOUBT.values(), ids=IN_DOUBT)
def test_where_money_may_move_or_all_is_over_nothing_is_cancelled(
    asked: Sequence[commands.PaymentCommand],
) -> None:
    a_payment.given(*history(*asked)).when(CANCEL).then_refused(NotCancellableError)


def test_what_a_lost_log_may_have_sent_is_not_cancelled() -> None:
    elsewhere = replace(CANCEL, may_be_elsewhere=True)
    for asked in CERTAIN.values():
        a_payment.given(*history(*asked)).when(elsewhere).then_refused(NotCancellableError)


def test_a_refusal_before_another_provider_takes_over_says_itself_that_it_has_nothing() -> None:
    rerouted = events.PaymentRerouted(provider="orange", reason="mtn: away", retry_at=NOW)
    before = [*history(REQUEST, START, TECHNICAL), rerouted]
    state = a_payment.given(*before).when(CANCEL).then(ENDED)
    assert is_cancelled(state)


def test_withdrawals_from_before_it_was_said_are_in_doubt() -> None:
    withdrawn = events.PaymentSubmissionWithdrawn(
        provider="mtn", reference="reference-1", attempt=1, reason="", retry_at=NOW
    )
    before = [*history(REQUEST, START), withdrawn]
    a_payment.given(*before).when(CANCEL).then_refused(NotCancellableError)


@pytest.mark.parametrize(
    ("position", "minutes", "may_have"),
    [(3, -60, True), (9, 5, True), (9, 10, False), (9, 60, False)],
    ids=["in the backup", "repeated soon after it", "when the time is over", "long afterwards"],
)
def test_which_payments_a_lost_log_may_have_sent(
    position: int, minutes: int, may_have: bool
) -> None:
    until = NOW + timedelta(minutes=10)
    restored = events.LogRestored(since=NOW - timedelta(hours=1), until=until, unasked=[])
    requested_at = NOW + timedelta(minutes=minutes)
    assert may_have_been_sent([(7, restored)], position, requested_at) is may_have
    assert may_have_been_sent([], position, requested_at) is False


class Meeting(MemoryEventStore):
    """A store at which two who read a stream have both read it before either writes."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock=clock)
        self._readers = asyncio.Barrier(2)
        self.is_meeting = False

    async def read_stream(self, *args: object, **options: object) -> list[RecordedEvent]:
        """Read, and wait once for the other one."""
        recorded = await super().read_stream(*args, **options)  # type: ignore[arg-type]
        if self.is_meeting and self._readers.n_waiting < 2 and len(recorded) == 1:
            await self._readers.wait()
        return recorded


@pytest.mark.parametrize("is_cancelled_first", [True, False])
async def test_of_whoever_cancels_and_whoever_submits_exactly_one_is_first(
    clock: FakeClock, is_cancelled_first: bool
) -> None:
    store = Meeting(clock)
    await Handler(store).handle(REQUEST, context=CONTEXT)
    store.is_meeting = True
    asked: list[commands.PaymentCommand] = [CANCEL, START]
    if not is_cancelled_first:
        asked.reverse()
    # Two processes: each has a handler, and so a memory, of its own.
    made = await asyncio.gather(
        *(Handler(store).handle(one, context=CONTEXT) for one in asked), return_exceptions=True
    )

    won = [one for one in made if isinstance(one, Handled)]
    lost = [one for one in made if isinstance(one, CommandRefusedError)]
    assert (len(won), len(lost)) == (1, 1)
    state, recorded = await Handler(store).payment(REQUEST.payment_id)
    assert [one.event for one in recorded[1:]] == [one.event for one in won[0].events]
    assert state.status in {Status.EXPIRED, Status.SUBMITTING}
    assert isinstance(lost[0], NotCancellableError) is (state.status is Status.SUBMITTING)
