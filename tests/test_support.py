"""Requests for help: each is an event, and nobody fills the log by looking again and again."""

from datetime import timedelta

import pytest

from ledger import commands, events, support
from ledger.events import Event
from ledger.support import RENEWED_SECONDS_MIN, REQUESTS_MAX
from tests.builders import NOW, a_requested
from tests.specification import Specification

ID = "pay_1"
requests = Specification(support.decide, support.evolve, support.INITIAL)


def asking(
    seconds: float = 0,
    asker: str = "merchant:mer_1",
    status: str = "pending",
    *,
    is_renewing: bool = False,
) -> commands.RequestSupport:
    """Somebody asks, so many seconds after the first time."""
    at = NOW + timedelta(seconds=seconds)
    return commands.RequestSupport(
        payment_id=ID, asker=asker, status=status, at=at, is_renewing=is_renewing
    )


def asked(
    seconds: float = 0, asker: str = "merchant:mer_1", status: str = "pending"
) -> events.SupportRequested:
    """What is recorded of it."""
    at = NOW + timedelta(seconds=seconds)
    return events.SupportRequested(payment_id=ID, asker=asker, status=status, at=at)


def test_a_request_is_recorded_with_who_asked_and_the_status_at_that_time() -> None:
    requests.given().when(asking(status="unknown")).then(asked(status="unknown"))


@pytest.mark.parametrize(
    ("seconds", "is_recorded"),
    [
        (0, False),
        (2, False),
        (RENEWED_SECONDS_MIN - 1, False),
        (RENEWED_SECONDS_MIN, True),
        (-5, False),
    ],
)
def test_a_page_that_renews_itself_is_recorded_once_a_minute(
    seconds: float, is_recorded: bool
) -> None:
    again = [asked(seconds)] if is_recorded else []
    requests.given(asked()).when(asking(seconds, is_renewing=True)).then(*again)


@pytest.mark.parametrize("seconds", [0, 2, -5])
def test_whoever_asks_again_is_recorded_again(seconds: float) -> None:
    requests.given(asked()).when(asking(seconds)).then(asked(seconds))


def test_a_minute_is_counted_from_what_was_recorded_and_not_from_what_was_asked() -> None:
    state = requests.state(asked())
    recorded = []
    for seconds in range(0, 3 * RENEWED_SECONDS_MIN, 2):
        for event in support.decide(asking(seconds, is_renewing=True), state):
            state = support.evolve(state, event)
            recorded.append(seconds)
    assert recorded == [RENEWED_SECONDS_MIN, 2 * RENEWED_SECONDS_MIN]


def test_another_asker_is_recorded_at_once() -> None:
    requests.given(asked()).when(asking(1, "key:k1")).then(asked(1, "key:k1"))


def test_a_stream_never_fills_up() -> None:
    many = [asked(RENEWED_SECONDS_MIN * turn) for turn in range(REQUESTS_MAX)]
    later = RENEWED_SECONDS_MIN * (REQUESTS_MAX + 1)
    requests.given(*many[:-1]).when(asking(later)).then(asked(later))
    requests.given(*many).when(asking(later)).then()


def test_a_payment_s_requests_stand_in_a_stream_of_their_own() -> None:
    foreign: Event = a_requested()
    assert support.stream_of("re_1") == "support-re_1"
    with pytest.raises(TypeError, match=r"payment\.requested"):
        support.evolve(support.INITIAL, foreign)
