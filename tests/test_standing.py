"""A projection's standing moves as the payment itself does, over every history that can happen."""

from dataclasses import dataclass

from hypothesis import example, given

from ledger import payment
from ledger.events import PaymentRequested, PaymentSucceeded
from projections.standing import step
from tests.builders import Step, a_log, stories


@dataclass
class Row:
    """The least a row must have."""

    progress: str
    verdict: str | None
    provider: str
    last_provider: str
    attempts: int = 0


@given(stories())
@example([(0, "request"), (0, "start"), (0, "withdraw"), (0, "expire"), (0, "confirm")])
@example([(0, "request"), (0, "start"), (0, "withdraw"), (0, "start"), (0, "confirm_first")])
@example(
    [
        (0, "request"),
        (0, "start"),
        (0, "withdraw"),
        (0, "start"),
        (0, "success_first"),
        (0, "confirm"),
        (0, "statement_failure_first"),
    ]
)
def test_progress_and_verdict_are_those_of_the_folded_payment(story: list[Step]) -> None:
    states: dict[str, payment.Payment] = {}
    rows: dict[str, Row] = {}
    for recorded in a_log(*story):
        if not recorded.stream.startswith("payment-"):
            continue
        state = payment.evolve(states.get(recorded.stream, payment.INITIAL), recorded.event)
        states[recorded.stream] = state
        if isinstance(recorded.event, PaymentRequested):
            provider = recorded.event.provider
            rows[recorded.stream] = Row("requested", None, provider, provider)
        row = rows[recorded.stream]
        status = step(row, recorded.event)

        assert (row.progress, row.verdict, status) == (state.progress, state.verdict, state.status)
        if state.attempt is not None:
            assert row.last_provider == state.attempt.provider
        if isinstance(recorded.event, PaymentSucceeded):
            assert row.provider == state.settled.because[0].provider


def test_the_stories_reach_every_status() -> None:
    found = set()
    for story in (
        [(0, "request")],
        [(0, "request"), (0, "start")],
        [(0, "request"), (0, "start"), (0, "confirm")],
        [(0, "request"), (0, "start"), (0, "doubt")],
        [(0, "request"), (0, "start"), (0, "decline")],
        [(0, "request"), (0, "start"), (0, "success")],
        [(0, "request"), (0, "start"), (0, "failure")],
        [(0, "request"), (0, "start"), (0, "expiry")],
        [(0, "request"), (0, "start"), (0, "wrong_amount")],
    ):
        state = payment.INITIAL
        for recorded in a_log(*story):
            state = payment.evolve(state, recorded.event)
        found.add(state.status)
    assert found == set(payment.Status)
