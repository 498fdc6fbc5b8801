"""The rules of a checkout session: when somebody may pay, and how it ends."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ledger import checkout, events
from ledger import commands_checkout as commands
from ledger.checkout import ATTEMPTS_MAX, attempt_payment_id, is_session_id, session_id_of
from ledger.errors import (
    CommandRefusedError,
    IdempotencyKeyReusedError,
    LedgerError,
    UnknownCheckoutError,
)
from ledger.events import Event
from tests.builders import NOW, a_checkout
from tests.specification import Specification

a_session = Specification(checkout.decide, checkout.evolve, checkout.INITIAL)

CREATE = a_checkout()
(CREATED,) = checkout.decide(CREATE, checkout.INITIAL)
LATE = NOW + timedelta(hours=1)


def started(number: int = 1) -> events.CheckoutAttemptStarted:
    return events.CheckoutAttemptStarted(attempt=number, payment_id=f"pay_{number}")


def ended(number: int = 1) -> events.CheckoutAttemptEnded:
    return events.CheckoutAttemptEnded(
        attempt=number, payment_id=f"pay_{number}", outcome="declined"
    )


def completed(number: int = 1) -> events.CheckoutCompleted:
    return events.CheckoutCompleted(attempt=number, payment_id=f"pay_{number}")


EXPIRED = events.CheckoutExpired(by="time")
CLOSED = events.CheckoutExpired(by="merchant")
CANCELLED = events.CheckoutCancelled()
PAID_AGAIN = events.CheckoutPaidAgain(attempt=2, payment_id="pay_2")


def start(number: int = 1, **changes: Any) -> commands.StartCheckoutAttempt:
    made = commands.StartCheckoutAttempt(
        session_id="cs_1", attempt=number, payment_id=f"pay_{number}", at=NOW
    )
    return replace(made, **changes)


END = commands.EndCheckoutAttempt(session_id="cs_1", payment_id="pay_1", outcome="declined")
COMPLETE = commands.CompleteCheckout(session_id="cs_1", payment_id="pay_1")
EXPIRE = commands.ExpireCheckout(session_id="cs_1", by="time", at=LATE)
CLOSE = commands.ExpireCheckout(session_id="cs_1", by="merchant", at=NOW)
CANCEL = commands.CancelCheckout(session_id="cs_1")

STANDINGS: dict[str, tuple[Event, ...]] = {
    "open": (CREATED,),
    "under way": (CREATED, started()),
    "tried": (CREATED, started(), ended()),
    "completed": (CREATED, started(), completed()),
    "expired": (CREATED, EXPIRED),
    "closed": (CREATED, CLOSED),
    "cancelled": (CREATED, CANCELLED),
    "paid late": (CREATED, started(), ended(), EXPIRED, completed()),
    "tried again": (CREATED, started(), ended(), started(2)),
    "paid late meanwhile": (CREATED, started(), ended(), started(2), completed()),
    "paid twice": (CREATED, started(), ended(), started(2), completed(), PAID_AGAIN),
}
NO: Any = CommandRefusedError
TABLE: list[tuple[str, object, tuple[Event, ...] | type[LedgerError]]] = [
    ("open", start(), (started(),)),
    ("open", start(2), NO),
    ("open", start(at=LATE), NO),
    ("open", END, NO),
    ("open", COMPLETE, NO),
    ("open", EXPIRE, (EXPIRED,)),
    ("open", replace(EXPIRE, at=NOW), NO),
    ("open", CLOSE, (CLOSED,)),
    ("open", CANCEL, (CANCELLED,)),
    ("under way", start(), ()),
    ("under way", start(at=LATE), ()),
    ("under way", start(2), NO),
    ("under way", END, (ended(),)),
    ("under way", COMPLETE, (completed(),)),
    ("under way", EXPIRE, NO),
    ("under way", CLOSE, NO),
    ("under way", CANCEL, NO),
    ("tried", start(), NO),
    ("tried", start(2), (started(2),)),
    ("tried", start(2, at=LATE), NO),
    ("tried", END, ()),
    ("tried", COMPLETE, (completed(),)),
    ("tried", EXPIRE, (EXPIRED,)),
    ("tried", CANCEL, (CANCELLED,)),
    ("completed", start(), NO),
    ("completed", start(2), NO),
    ("completed", END, ()),
    ("completed", COMPLETE, ()),
    ("completed", EXPIRE, NO),
    ("completed", CLOSE, NO),
    ("completed", CANCEL, NO),
    ("expired", start(), NO),
    ("expired", EXPIRE, ()),
    ("expired", CLOSE, ()),
    ("expired", CANCEL, NO),
    ("closed", start(), NO),
    ("closed", EXPIRE, ()),
    ("cancelled", start(), NO),
    ("cancelled", EXPIRE, NO),
    ("cancelled", CANCEL, ()),
    ("paid late", start(2), NO),
    ("paid late", EXPIRE, NO),
    ("tried again", start(3), NO),
    ("tried again", END, ()),
    ("tried again", COMPLETE, (completed(),)),
    ("paid late meanwhile", replace(END, payment_id="pay_2"), (ended(2),)),
    ("paid late meanwhile", replace(COMPLETE, payment_id="pay_2"), (PAID_AGAIN,)),
    ("paid late meanwhile", COMPLETE, ()),
    ("paid late meanwhile", start(3), NO),
    ("paid twice", replace(END, payment_id="pay_2"), ()),
    ("paid twice", replace(COMPLETE, payment_id="pay_2"), ()),
    ("paid twice", COMPLETE, ()),
    ("paid twice", start(3), NO),
]


@pytest.mark.parametrize(("standing", "command", "then"), TABLE)
def test_every_command_in_every_standing(
    standing: str, command: object, then: Sequence[Event] | type[LedgerError]
) -> None:
    asked = a_session.given(*STANDINGS[standing]).when(command)

    if isinstance(then, type):
        asked.then_refused(then)
    else:
        asked.then(*then)


def test_a_session_is_created_once_and_another_content_is_told_apart() -> None:
    a_session.given().when(CREATE).then(CREATED)
    a_session.given(CREATED).when(CREATE).then()
    changes: list[dict[str, Any]] = [{"content_digest": "another"}, {"mode": "test"}]
    for other in changes:
        again = replace(CREATE, **other)
        a_session.given(CREATED).when(again).then_refused(IdempotencyKeyReusedError)


@pytest.mark.parametrize("command", [start(), END, COMPLETE, EXPIRE, CLOSE, CANCEL])
def test_a_session_that_never_was_is_unknown_and_its_id_is_not_repeated(command: object) -> None:
    error = a_session.given().when(command).then_refused(UnknownCheckoutError)

    assert "cs_1" not in str(error)


def test_a_payer_tries_only_so_often() -> None:
    tries = [one for n in range(1, ATTEMPTS_MAX + 1) for one in (started(n), ended(n))]

    a_session.given(CREATED, *tries).when(start(ATTEMPTS_MAX + 1)).then_refused(NO)
    a_session.given(CREATED, *tries[:-2]).when(start(ATTEMPTS_MAX)).then(started(ATTEMPTS_MAX))


@pytest.mark.parametrize(
    ("standing", "status", "paid_by"),
    [
        ("open", "open", None),
        ("under way", "open", None),
        ("tried", "open", None),
        ("completed", "completed", "pay_1"),
        ("expired", "expired", None),
        ("cancelled", "cancelled", None),
        ("paid late", "completed", "pay_1"),
    ],
)
def test_where_a_session_stands(standing: str, status: str, paid_by: str | None) -> None:
    state = a_session.state(*STANDINGS[standing])

    assert (state.status, state.paid_by) == (status, paid_by)


def test_ids_of_sessions_hold_160_bits_of_the_digest_and_nothing_else_has_their_form() -> None:
    first, last = session_id_of("0" * 64), session_id_of("f" * 40 + "0" * 24)

    assert (first, last) == ("cs_" + "a" * 32, "cs_" + "7" * 32)
    assert is_session_id(session_id_of("0123456789abcdef" * 4))
    assert [is_session_id(text) for text in ("cs_1", first + "a", first.upper(), "")] == [False] * 4


def test_every_attempt_has_a_payment_of_its_own_and_always_the_same() -> None:
    ids = [attempt_payment_id("mer_1", session, n) for session in ("cs_1", "cs_2") for n in (1, 2)]

    assert len(set(ids)) == 4
    assert ids[0] == attempt_payment_id("mer_1", "cs_1", 1)


def test_a_session_takes_no_event_of_another_stream() -> None:
    with pytest.raises(TypeError):
        checkout.evolve(checkout.INITIAL, events.KeyRevoked(key_id="k", reason="lost"))
