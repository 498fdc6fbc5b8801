"""What a payer is shown: a table of every standing of a session and its payments."""

from datetime import datetime, timedelta

import pytest

from api.pages.standing import PATIENCE, PAYABLE, Paying, State, standing_of
from ledger import payment
from ledger.checkout import ATTEMPTS_MAX
from ledger.events import Event
from tests.builders import NOW, Step, Teller, payment_id
from tests.test_checkout import CANCELLED, CREATED, EXPIRED, a_session, completed, ended, started

SOON = NOW + timedelta(seconds=30)
LATER = NOW + PATIENCE
OVER = NOW + timedelta(hours=1)

NOTHING: tuple[str, ...] = ()
ASKED = ("request",)
SENT = (*ASKED, "start")
TAKEN = (*SENT, "confirm")


def paying(number: int, *verbs: str, page: str | None = None) -> Paying:
    """The n-th payment after what happened to it."""
    teller = Teller(seconds=0)
    steps: list[Step] = [(number, verb) for verb in verbs]
    teller.tell(*steps)
    return Paying(teller.payment(number), NOW, page)


PAGE = "https://pay.example/"
TABLE: list[tuple[str, list[Event], list[Paying], datetime, State]] = [
    ("nobody has paid", [CREATED], [], SOON, "form"),
    ("the time is over", [CREATED], [], OVER, "expired"),
    ("it was closed", [CREATED, EXPIRED], [], SOON, "expired"),
    ("the payer gave up", [CREATED, CANCELLED], [], SOON, "cancelled"),
    ("the payment was never made", [CREATED, started()], [], SOON, "form"),
    ("it is requested", [CREATED, started()], [paying(1, *ASKED)], SOON, "sending"),
    ("it is submitted", [CREATED, started()], [paying(1, *SENT)], SOON, "sending"),
    ("it has long been submitted", [CREATED, started()], [paying(1, *SENT)], LATER, "asking"),
    ("it is pending", [CREATED, started()], [paying(1, *TAKEN)], SOON, "confirm"),
    ("it has long been pending", [CREATED, started()], [paying(1, *TAKEN)], LATER, "asking"),
    ("it waits on a page", [CREATED, started()], [paying(1, *TAKEN, page=PAGE)], LATER, "go"),
    ("it is pending at the end", [CREATED, started()], [paying(1, *TAKEN)], OVER, "asking"),
    ("it is unknown", [CREATED, started()], [paying(1, *SENT, "doubt")], SOON, "asking"),
    ("it succeeded", [CREATED, started()], [paying(1, *TAKEN, "success")], SOON, "paid"),
    (
        "it succeeded and the session knows",
        [CREATED, started(), completed()],
        [paying(1, *TAKEN, "success")],
        OVER,
        "paid",
    ),
    (
        "words contradict",
        [CREATED, started()],
        [paying(1, *SENT, "wrong_amount")],
        SOON,
        "conflict",
    ),
    ("it failed", [CREATED, started()], [paying(1, *TAKEN, "failure")], SOON, "retry"),
    ("it expired", [CREATED, started()], [paying(1, *TAKEN, "expiry")], SOON, "retry"),
    ("it was declined", [CREATED, started()], [paying(1, *SENT, "decline")], SOON, "retry"),
    ("it failed too late", [CREATED, started()], [paying(1, *TAKEN, "failure")], OVER, "expired"),
    (
        "it failed, and the payer gave up",
        [CREATED, started(), ended(), CANCELLED],
        [paying(1, *TAKEN, "failure")],
        SOON,
        "cancelled",
    ),
    (
        "it failed, and after all it succeeded",
        [CREATED, started(), ended()],
        [paying(1, *TAKEN, "failure", "statement_success")],
        SOON,
        "paid",
    ),
    (
        "the first succeeded after all, while the second waits",
        [CREATED, started(), ended(), started(2)],
        [paying(1, *TAKEN, "failure", "statement_success"), paying(2, *TAKEN)],
        SOON,
        "paid",
    ),
    (
        "the first is in conflict, and the second failed",
        [CREATED, started(), ended(), started(2)],
        [paying(1, *SENT, "wrong_amount"), paying(2, *TAKEN, "failure")],
        SOON,
        "conflict",
    ),
    (
        "it was paid, and a statement says otherwise",
        [CREATED, started(), completed()],
        [paying(1, *TAKEN, "success", "statement_failure")],
        SOON,
        "conflict",
    ),
    (
        "it was tried too often",
        [CREATED, *(one for n in range(1, ATTEMPTS_MAX + 1) for one in (started(n), ended(n)))],
        [paying(n, *TAKEN, "failure") for n in range(1, ATTEMPTS_MAX + 1)],
        SOON,
        "tried_out",
    ),
]


@pytest.mark.parametrize(
    ("happened", "payments", "at", "state"),
    [pytest.param(*row[1:], id=row[0]) for row in TABLE],
)
def test_what_a_payer_is_shown(
    happened: list[Event], payments: list[Paying], at: datetime, state: State
) -> None:
    assert standing_of(a_session.state(*happened), payments, at).state == state


def test_a_form_is_shown_only_where_no_money_moved_or_may_move() -> None:
    final = {payment.Status.DECLINED, payment.Status.FAILED, payment.Status.EXPIRED}
    shown = {
        one.payment.status
        for _, happened, payments, at, _ in TABLE
        if standing_of(a_session.state(*happened), payments, at).state in PAYABLE
        for one in payments
    }

    assert shown == final


@pytest.mark.parametrize(
    ("happened", "made", "attempt"),
    [
        ([CREATED], [], 1),
        ([CREATED, started()], [], 1),
        ([CREATED, started()], [1], 2),
        ([CREATED, started(), ended()], [1], 2),
        ([CREATED, started(), ended(), started(2)], [1], 2),
        ([CREATED, started(), ended(), started(2), ended(2)], [1, 2], 3),
    ],
)
def test_which_attempt_a_form_would_start(
    happened: list[Event], made: list[int], attempt: int
) -> None:
    payments = [paying(number, *TAKEN, "failure") for number in made]
    assert [payment_id(number) for number in made] == [
        one.payment.requested.payment_id for one in payments
    ]

    assert standing_of(a_session.state(*happened), payments, SOON).attempt == attempt


def test_the_mark_changes_with_everything_a_payer_sees() -> None:
    marks = [
        standing_of(a_session.state(*happened), payments, at).mark
        for happened, payments, at in (
            ([CREATED], [], SOON),
            ([CREATED, started()], [paying(1, *SENT)], SOON),
            ([CREATED, started()], [paying(1, *TAKEN)], SOON),
            ([CREATED, started()], [paying(1, *TAKEN, page=PAGE)], SOON),
            ([CREATED, started()], [paying(1, *TAKEN, "failure")], SOON),
            ([CREATED, started(), ended(), started(2)], [paying(2, *TAKEN, "failure")], SOON),
        )
    ]

    assert len(set(marks)) == len(marks)
