"""One-time codes: when one may be handed in, that each is used once, and who gets it next."""

from dataclasses import replace
from typing import Literal

import msgspec
import pytest

from ledger import commands, events, payment
from ledger.errors import CodeNotAwaitedError, CommandRefusedError, IdempotencyKeyReusedError
from ledger.evidence import Word
from ledger.identity import Candidate
from ledger.payment import Status
from ledger.payment_codes import CONFIRMATIONS_MAX, code_context, code_subject
from tests.test_payment import (
    CONFIRM,
    DECLINE,
    GIVE,
    HAND,
    HANDED,
    LATER,
    NOW,
    R1,
    REQUEST,
    START,
    WITHDRAW,
    a_payment,
    history,
    record,
    word,
)

AWAITING = replace(CONFIRM, awaits_code=True)
ASKED = commands.RecordInquiry(
    payment_id="pay_test", reference=R1, result="pending", detail="PENDING", inquire_at=LATER
)
PLAN = (Candidate("hub2", "first"), Candidate("touchpay", "second"))
WITH_CODE = replace(REQUEST, provider="hub2", plan=PLAN, sealed_code="sealed along")
STARTED = replace(START, provider="hub2")


def ended(
    result: Literal["taken", "refused", "not_sent", "unknown"],
) -> commands.EndConfirmation:
    """What came of handing a code over."""
    return replace(HANDED, result=result, reason=f"it was {result}")


def test_a_code_is_handed_in_handed_over_and_what_came_of_it_is_told() -> None:
    awaiting = history(REQUEST, START, AWAITING)
    given = a_payment.given(*awaiting).when(GIVE)
    state = given.then(
        events.PaymentCodeGiven(
            reference=R1, confirmation_id="c1", content_digest="digest", sealed_code="sealed"
        )
    )
    assert (state.status, state.awaits_code, state.sealed_code) == (Status.PENDING, False, "sealed")
    handing = a_payment.given(*history(REQUEST, START, AWAITING, GIVE)).when(HAND)
    state = handing.then(
        events.PaymentConfirmationStarted(provider="mtn", reference=R1, inquire_at=LATER)
    )
    assert (state.sealed_code, state.is_confirming) == (None, True)
    state = (
        a_payment.given(*history(REQUEST, START, AWAITING, GIVE, HAND))
        .when(HANDED)
        .then(
            events.PaymentConfirmationEnded(
                provider="mtn",
                reference=R1,
                result="taken",
                reason="it has the code",
                inquire_at=LATER,
            )
        )
    )
    assert (state.awaits_code, state.is_confirming, state.reason) == (
        False,
        False,
        "it has the code",
    )


@pytest.mark.parametrize(
    ("result", "awaits_code"),
    [("taken", False), ("unknown", False), ("refused", True), ("not_sent", True)],
)
def test_another_code_is_awaited_only_where_this_one_certainly_did_nothing(
    result: Literal["taken", "refused", "not_sent", "unknown"], awaits_code: bool
) -> None:
    state = a_payment.state(*history(REQUEST, START, AWAITING, GIVE, HAND, ended(result)))
    assert (state.awaits_code, state.status) == (awaits_code, Status.PENDING)


@pytest.mark.parametrize("told", ["at once", "when it is asked"])
def test_the_provider_may_ask_for_the_code_at_once_or_later(told: str) -> None:
    later = (CONFIRM, replace(ASKED, awaits_code=True))
    happened = history(REQUEST, START, *((AWAITING,) if told == "at once" else later))
    assert a_payment.state(*happened).awaits_code
    assert not a_payment.state(*history(REQUEST, START, AWAITING, ASKED)).awaits_code


def test_what_an_inquiry_says_asks_for_no_second_code_while_one_is_on_its_way() -> None:
    asked = replace(ASKED, awaits_code=True)
    state = a_payment.state(*history(REQUEST, START, AWAITING, GIVE, asked))
    assert (state.awaits_code, state.sealed_code) == (False, "sealed")


def test_the_same_request_again_changes_nothing_whatever_became_of_its_code() -> None:
    for after in ((), (HAND,), (HAND, ended("refused"))):
        a_payment.given(*history(REQUEST, START, AWAITING, GIVE, *after)).when(GIVE).then()


def test_the_same_key_with_another_code_is_refused() -> None:
    other = replace(GIVE, content_digest="another digest")
    happened = history(REQUEST, START, AWAITING, GIVE)
    a_payment.given(*happened).when(other).then_refused(IdempotencyKeyReusedError)


def test_a_code_nobody_awaits_is_refused() -> None:
    second = replace(GIVE, confirmation_id="c2")
    for before in (
        history(REQUEST),
        history(REQUEST, START, CONFIRM),
        history(REQUEST, START, AWAITING, GIVE),
        history(REQUEST, START, AWAITING, GIVE, HAND),
        history(REQUEST, START, AWAITING, record(word(Word.SUCCEEDED))),
    ):
        a_payment.given(*before).when(second).then_refused(CodeNotAwaitedError)


def test_whoever_guesses_has_few_tries() -> None:
    happened = history(REQUEST, START, AWAITING)
    for number in range(1, CONFIRMATIONS_MAX + 1):
        give = replace(GIVE, confirmation_id=f"c{number}")
        asked = (give, replace(HAND, number=number), ended("refused"))
        for command in asked:
            happened += payment.decide(command, a_payment.state(*happened))
    last = replace(GIVE, confirmation_id="one more")
    a_payment.given(*happened).when(last).then_refused(CodeNotAwaitedError)


def test_whoever_slept_does_not_hand_over_his_old_code_for_a_new_one() -> None:
    second = replace(GIVE, confirmation_id="c2")
    happened = history(REQUEST, START, AWAITING, GIVE, HAND, ended("refused"), second)
    a_payment.given(*happened).when(HAND).then_refused(CommandRefusedError)
    a_payment.given(*happened).when(HANDED).then()


def test_a_code_that_came_along_is_taken_by_the_submission_and_by_no_other() -> None:
    assert a_payment.state(*history(WITH_CODE)).sealed_code == "sealed along"
    assert a_payment.state(*history(WITH_CODE, STARTED)).sealed_code is None


def test_a_code_that_was_not_used_goes_with_the_next_submission() -> None:
    again = replace(WITHDRAW, sealed_code="sealed anew")
    state = a_payment.state(*history(WITH_CODE, STARTED, again))
    assert (state.status, state.sealed_code) == (Status.REQUESTED, "sealed anew")


def test_a_code_goes_to_the_next_provider_with_the_payment_and_nowhere_without_it() -> None:
    technical = replace(DECLINE, is_technical=True, at=NOW, sealed_code="sealed anew")
    state = a_payment.state(*history(WITH_CODE, STARTED, technical))
    assert (state.provider, state.sealed_code) == ("touchpay", "sealed anew")
    alone = replace(WITH_CODE, plan=())
    declined = history(alone, STARTED, technical)[-1]
    assert isinstance(declined, events.PaymentSubmissionDeclined)
    assert (declined.sealed_code, a_payment.state(*history(alone, STARTED, technical)).status) == (
        None,
        Status.DECLINED,
    )


def test_events_of_before_there_were_codes_read_as_they_did() -> None:
    (old,) = history(REQUEST)
    assert isinstance(old, events.PaymentRequested)
    written = msgspec.to_builtins(old)
    assert "sealed_code" not in written
    assert msgspec.convert(written, events.PaymentRequested) == old


def test_a_codes_keys_belong_to_no_person() -> None:
    assert code_subject("pay_1") == "code-pay_1"
    assert code_context("pay_1") == "pay_1/code"
