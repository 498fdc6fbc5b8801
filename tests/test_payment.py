"""The payment's decisions: every status against every command, and the sentences that matter."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import commands, events, payment
from ledger.commands_cancelling import CancelPayment
from ledger.errors import (
    CommandRefusedError,
    IdempotencyKeyReusedError,
    NotRefundableError,
    UnknownPaymentError,
)
from ledger.evidence import EVIDENCE_MAX, Evidence, Source, Word
from ledger.identity import Candidate, is_payment_id, payment_id_of
from ledger.money import Money
from ledger.payment import ATTEMPTS_MAX, HINTS_MAX, Status
from ledger.payment_refunds import REFUNDS_MAX
from tests.specification import Specification

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
ID = "pay_test"
R1, R2 = "reference-1", "reference-2"

a_payment = Specification(payment.decide, payment.evolve, payment.INITIAL)

REQUEST = commands.RequestPayment(
    payment_id=ID,
    merchant_id="mer_1",
    money=Money(1500, "XAF"),
    provider="mtn",
    operator="mtn-cm",
    country="CM",
    route_reason="carrier",
    payer="person-1",
    sealed="sealed",
    content_digest="digest",
    expires_at=LATER,
)
START = commands.StartSubmission(payment_id=ID, provider="mtn", reference=R1, inquire_at=LATER)
CONFIRM = commands.ConfirmSubmission(
    payment_id=ID, reference=R1, sealed_handle=None, token_digest=None, inquire_at=LATER
)
DECLINE = commands.DeclineSubmission(
    payment_id=ID, reference=R1, code="NOT_ALLOWED", reason="not allowed", is_technical=False
)
WITHDRAW = commands.WithdrawSubmission(
    payment_id=ID, reference=R1, reason="connection refused", retry_at=LATER
)
DOUBT = commands.DoubtSubmission(payment_id=ID, reference=R1, reason="timeout", inquire_at=LATER)
ASKED = commands.RecordInquiry(
    payment_id=ID, reference=R1, result="pending", detail="PENDING", inquire_at=LATER
)
HINT = commands.RequestInquiry(payment_id=ID, reason="unsigned webhook", inquire_at=NOW)
RESERVE = commands.ReserveRefund(
    payment_id=ID,
    refund_id="re_1",
    money=Money(1000, "XAF"),
    provider="mtn",
    route_reason="it took the payment",
    power="refund",
    sealed="sealed",
    content_digest="digest",
    expires_at=LATER,
)
SETTLE = commands.SettleRefund(
    payment_id=ID, refund_id="re_1", is_given_back=True, reason="succeeded"
)
SOUGHT = commands.RecordSought(
    payment_id=ID,
    restoration=7,
    absent=frozenset({("mtn", R1)}),
    reason="MTN was asked",
    retry_at=LATER,
)
EXPIRE = commands.ExpirePayment(payment_id=ID, reason="never submitted")
CANCEL = CancelPayment(payment_id=ID, may_be_elsewhere=False)
GIVE = commands.GiveCode(
    payment_id=ID, confirmation_id="c1", sealed_code="sealed", content_digest="digest"
)
HAND = commands.StartConfirmation(payment_id=ID, reference=R1, number=1, inquire_at=LATER)
HANDED = commands.EndConfirmation(
    payment_id=ID, reference=R1, result="taken", reason="it has the code", inquire_at=LATER
)


def word(
    says: Word, source: Source = Source.POLL, *, reference: str = R1, amount: str | None = "1500"
) -> Evidence:
    """One word about the payment; valid by default."""
    return Evidence(
        source=source,
        provider="mtn",
        reference=reference,
        word=says,
        amount=amount,
        currency="XAF" if amount else None,
    )


def record(evidence: Evidence) -> commands.RecordEvidence:
    """The command that records a word."""
    return commands.RecordEvidence(payment_id=ID, evidence=evidence)


SUCCESS, FAILURE = record(word(Word.SUCCEEDED)), record(word(Word.FAILED, amount=None))
EXPIRY = record(word(Word.EXPIRED, amount=None))
WRONG_AMOUNT = record(word(Word.SUCCEEDED, amount="1400"))


def history(*asked: commands.PaymentCommand) -> list[events.Event]:
    """The events that commands make, one after the other."""
    state, happened = payment.INITIAL, []
    for command in asked:
        for event in payment.decide(command, state):
            state = payment.evolve(state, event)
            happened.append(event)
    return happened


HISTORIES = {
    Status.REQUESTED: history(REQUEST),
    Status.SUBMITTING: history(REQUEST, START),
    Status.PENDING: history(REQUEST, START, CONFIRM),
    Status.UNKNOWN: history(REQUEST, START, DOUBT),
    Status.DECLINED: history(REQUEST, START, DECLINE),
    Status.SUCCEEDED: history(REQUEST, START, CONFIRM, SUCCESS),
    Status.FAILED: history(REQUEST, START, CONFIRM, FAILURE),
    Status.EXPIRED: history(REQUEST, START, CONFIRM, EXPIRY),
    Status.CONFLICT: history(REQUEST, START, CONFIRM, WRONG_AMOUNT),
}

REFUSED = "refused"
SAME = "same"
"""Accepted and nothing happened: already so, or too late to matter."""

COLUMNS: dict[str, commands.PaymentCommand] = {
    "request": REQUEST,
    "start": START,
    "confirm": CONFIRM,
    "decline": DECLINE,
    "withdraw": WITHDRAW,
    "doubt": DOUBT,
    "asked": ASKED,
    "hint": HINT,
    "sought": SOUGHT,
    "success": SUCCESS,
    "failure": FAILURE,
    "expire": EXPIRE,
    "cancel": CANCEL,
    "reserve": RESERVE,
    "settle": SETTLE,
    "give": GIVE,
    "hand": HAND,
    "handed": HANDED,
}

# What each command makes of each status: a status, "same" (no event) or "refused".
# fmt: off
TABLE = """
           request start      confirm decline  withdraw  doubt   asked   hint    sought    success   failure  expire  cancel  reserve   settle  give    hand    handed
requested  same    submitting refused refused  refused   refused refused same    requested refused   refused  expired expired refused   refused refused refused same
submitting same    refused    pending declined requested unknown pending same    same      succeeded failed   refused refused refused   refused refused refused same
pending    same    refused    same    same     same      same    pending pending same      succeeded failed   refused refused refused   refused refused refused same
unknown    same    refused    pending declined requested same    pending unknown same      succeeded failed   refused refused refused   refused refused refused same
declined   same    refused    pending same     same      same    same    same    same      succeeded failed   refused refused refused   refused refused refused same
succeeded  same    refused    same    same     same      same    same    same    same      same      conflict refused refused succeeded refused refused refused same
failed     same    refused    same    same     same      same    same    same    same      conflict  same     refused refused refused   refused refused refused same
expired    same    refused    same    same     same      same    same    same    same      conflict  failed   same    refused refused   refused refused refused same
conflict   same    refused    same    same     same      same    same    same    same      conflict  conflict refused refused refused   refused refused refused same
"""
# fmt: on


def _cases() -> list[tuple[Status, str, str]]:
    header, *rows = [line.split() for line in TABLE.strip().splitlines()]
    return [
        (Status(row[0]), column, expected)
        for row in rows
        for column, expected in zip(header, row[1:], strict=True)
    ]


@pytest.mark.parametrize(("status", "column", "expected"), _cases())
def test_every_status_answers_every_command_as_the_table_says(
    status: Status, column: str, expected: str
) -> None:
    before = a_payment.state(*HISTORIES[status])
    assert before.status is status
    try:
        decided = payment.decide(COLUMNS[column], before)
    except CommandRefusedError:
        found = REFUSED
    else:
        after = before
        for event in decided:
            after = payment.evolve(after, event)
        found = after.status.value if decided else SAME

    assert found == expected


def test_what_was_sought_is_kept_once_added_up_and_forgotten_at_the_next_restoration() -> None:
    also = replace(SOUGHT, absent=frozenset({("hub2", "x")}))
    later = replace(also, restoration=9)
    state = a_payment.state(*history(REQUEST, SOUGHT, SOUGHT, also, later))
    happened = history(REQUEST, SOUGHT, SOUGHT, also, later)
    kept = [each.absent for each in happened if isinstance(each, events.PaymentSought)]
    assert [[(one.provider, one.reference) for one in each] for each in kept] == [
        [("mtn", R1)],
        [("hub2", "x"), ("mtn", R1)],
        [("hub2", "x")],
    ]
    assert [state.times_sought_since(one) for one in (7, 9)] == [0, 1]
    assert (state.absent_since(7), state.absent_since(9)) == (frozenset(), later.absent)
    assert (state.status, state.reason) == (Status.REQUESTED, SOUGHT.reason)


def test_the_table_has_every_status_and_every_kind_of_command() -> None:
    kinds = {type(command) for command in COLUMNS.values()}
    assert kinds == set(commands.PaymentCommand.__args__)
    assert {status for status, _, _ in _cases()} == set(Status)


@pytest.mark.parametrize(
    "command",
    [one for one in COLUMNS.values() if one is not REQUEST],
    ids=lambda c: type(c).__name__,
)
def test_no_command_but_the_request_reaches_a_payment_that_does_not_exist(
    command: commands.PaymentCommand,
) -> None:
    a_payment.given().when(command).then_refused(UnknownPaymentError)


def test_the_same_key_with_other_content_is_refused() -> None:
    other = replace(REQUEST, content_digest="another digest")
    a_payment.given(*history(REQUEST)).when(other).then_refused(IdempotencyKeyReusedError)


def test_a_payment_id_is_the_same_for_ever_and_differs_by_merchant_and_key() -> None:
    assert payment_id_of("mer_1", "order-1") == "pay_feln2qshee3ktebndfiftnhb3q"
    assert len({payment_id_of(m, k) for m in ("a", "ab") for k in ("b", "", "bb")}) == 6
    kinds = [payment_id_of("mer_1", "order-1", kind) for kind in ("collection", "payout", "refund")]
    assert [one.partition("_")[0] for one in kinds] == ["pay", "po", "re"]
    assert len({one.partition("_")[2] for one in kinds}) == 3
    assert all(is_payment_id(one) for one in kinds)


def test_a_success_is_recorded_with_its_evidence_and_its_transaction() -> None:
    evidence = msgspec.structs.replace(word(Word.SUCCEEDED), provider_transaction_id="363440463")
    state = (
        a_payment.given(*HISTORIES[Status.PENDING])
        .when(record(evidence))
        .then(
            events.PaymentEvidenceRecorded(evidence=evidence),
            events.PaymentSucceeded(
                provider="mtn", reference=R1, provider_transaction_id="363440463"
            ),
        )
    )
    assert (state.status, state.evidence) == (Status.SUCCEEDED, frozenset({evidence}))


def test_what_an_inquiry_told_is_no_reason_once_there_is_a_final_word() -> None:
    waiting = history(REQUEST, START, CONFIRM, ASKED)
    decided = history(REQUEST, START, CONFIRM, ASKED, SUCCESS)

    assert (a_payment.state(*waiting).reason, a_payment.state(*decided).reason) == ("PENDING", None)


def test_a_confirming_word_is_kept_but_announces_nothing_again() -> None:
    confirming = word(Word.SUCCEEDED, Source.STATEMENT)
    a_payment.given(*HISTORIES[Status.SUCCEEDED]).when(record(confirming)).then(
        events.PaymentEvidenceRecorded(evidence=confirming)
    )


def test_another_amount_is_never_a_success_and_says_what_was_asked() -> None:
    state = a_payment.state(*HISTORIES[Status.CONFLICT])
    assert state.reason == "poll of mtn says succeeded 1400 XAF (asked: 1500 XAF)"


def test_another_currency_is_never_a_success() -> None:
    dollars = msgspec.structs.replace(word(Word.SUCCEEDED), currency="USD")
    state = a_payment.state(*HISTORIES[Status.PENDING])
    decided = payment.decide(record(dollars), state)
    assert [event.type for event in decided] == ["payment.evidence_recorded", "payment.conflicted"]


def test_only_a_settling_source_overturns_a_success() -> None:
    statement = record(word(Word.FAILED, Source.STATEMENT, amount=None))
    operator = record(word(Word.FAILED, Source.OPERATOR, amount=None))
    for settling in (statement, operator):
        state = a_payment.state(*HISTORIES[Status.SUCCEEDED])
        assert payment.decide(settling, state)[-1].type == "payment.failed"


def test_a_statement_settles_a_conflict() -> None:
    statement = record(word(Word.SUCCEEDED, Source.STATEMENT))
    state = a_payment.state(*HISTORIES[Status.CONFLICT])
    assert payment.decide(statement, state)[-1].type == "payment.succeeded"


def test_an_outcome_read_after_the_final_word_still_keeps_the_handle() -> None:
    before = history(REQUEST, START, SUCCESS)
    late = replace(CONFIRM, sealed_handle="handle", token_digest="token")
    state = (
        a_payment.given(*before)
        .when(late)
        .then(
            events.PaymentSubmitted(
                provider="mtn",
                reference=R1,
                attempt=1,
                sealed_handle="handle",
                token_digest="token",
                inquire_at=LATER,
            )
        )
    )
    assert (state.status, state.attempts[0].sealed_handle) == (Status.SUCCEEDED, "handle")


def test_money_taken_under_two_references_is_a_conflict() -> None:
    again = commands.StartSubmission(payment_id=ID, provider="mtn", reference=R2, inquire_at=LATER)
    twice = history(
        REQUEST,
        START,
        WITHDRAW,
        again,
        record(word(Word.SUCCEEDED, reference=R1)),
        record(word(Word.SUCCEEDED, reference=R2)),
    )
    assert a_payment.state(*twice).status is Status.CONFLICT


def test_a_failure_of_an_abandoned_reference_does_not_end_the_present_one() -> None:
    again = commands.StartSubmission(payment_id=ID, provider="mtn", reference=R2, inquire_at=LATER)
    state = a_payment.state(*history(REQUEST, START, WITHDRAW, again, FAILURE))
    assert state.status is Status.SUBMITTING


def test_a_word_about_a_reference_never_submitted_is_refused() -> None:
    stranger = record(word(Word.SUCCEEDED, reference="someone else's"))
    a_payment.given(*HISTORIES[Status.PENDING]).when(stranger).then_refused(CommandRefusedError)


def test_a_declined_payment_may_go_to_another_provider_only() -> None:
    elsewhere = commands.StartSubmission(
        payment_id=ID, provider="orange", reference=R2, inquire_at=LATER
    )
    state = a_payment.state(*HISTORIES[Status.DECLINED])
    assert payment.decide(elsewhere, state)[0].type == "payment.submission_started"


def test_hints_words_and_attempts_are_bounded() -> None:
    state = a_payment.state(*HISTORIES[Status.PENDING])
    for _ in range(HINTS_MAX):
        for event in payment.decide(HINT, state):
            state = payment.evolve(state, event)
    assert payment.decide(HINT, state) == []

    for number in range(EVIDENCE_MAX):
        one = msgspec.structs.replace(word(Word.FAILED, amount=None), code=str(number))
        for event in payment.decide(record(one), state):
            state = payment.evolve(state, event)
    with pytest.raises(CommandRefusedError, match="words are kept already"):
        payment.decide(SUCCESS, state)

    state = a_payment.state(*HISTORIES[Status.REQUESTED])
    for _ in range(ATTEMPTS_MAX):
        for command in (START, WITHDRAW):
            for event in payment.decide(command, state):
                state = payment.evolve(state, event)
    with pytest.raises(CommandRefusedError, match="times already"):
        payment.decide(START, state)


AGAIN = replace(START, attempt=2)


def test_an_outcome_of_an_earlier_submission_leaves_a_later_one_of_the_same_reference_alone() -> (
    None
):
    before = history(REQUEST, START, WITHDRAW, AGAIN)
    for late in (DECLINE, WITHDRAW, DOUBT, ASKED):
        a_payment.given(*before).when(replace(late, attempt=1)).then()
        assert payment.decide(replace(late, attempt=2), a_payment.state(*before))
    state = a_payment.state(*before, *payment.decide(CONFIRM, a_payment.state(*before)))
    assert (state.status, state.attempts[-1].is_accepted) == (Status.PENDING, True)


def test_a_submission_that_came_second_is_refused() -> None:
    before = history(REQUEST, START, WITHDRAW)
    a_payment.given(*before).when(replace(START, attempt=1)).then_refused(CommandRefusedError)


@pytest.mark.parametrize("ending", [(), (EXPIRE,)], ids=["withdrawn", "given up"])
def test_news_of_a_withdrawn_submission_make_us_doubt_and_ask(
    ending: tuple[commands.PaymentCommand, ...],
) -> None:
    before = history(REQUEST, START, WITHDRAW, *ending)
    state = (
        a_payment.given(*before)
        .when(HINT)
        .then(
            events.PaymentInquiryRequested(reason=HINT.reason, inquire_at=NOW),
            events.PaymentSubmissionDoubted(
                provider="mtn", reference=R1, attempt=1, reason=HINT.reason, inquire_at=NOW
            ),
        )
    )
    assert state.status is Status.UNKNOWN


NOT_FOUND = replace(ASKED, result="not_found")
REFUSED_ANEW = replace(DECLINE, attempt=2)
DOUBTED_THEN_DECLINED = (REQUEST, START, DOUBT, NOT_FOUND, WITHDRAW, AGAIN, REFUSED_ANEW)


def test_news_of_a_reference_that_was_in_doubt_before_it_was_declined_make_us_ask() -> None:
    state = (
        a_payment.given(*history(*DOUBTED_THEN_DECLINED))
        .when(HINT)
        .then(
            events.PaymentInquiryRequested(reason=HINT.reason, inquire_at=NOW),
            events.PaymentSubmissionDoubted(
                provider="mtn", reference=R1, attempt=2, reason=HINT.reason, inquire_at=NOW
            ),
        )
    )
    assert state.status is Status.UNKNOWN


@pytest.mark.parametrize("ask", [(), (replace(ASKED, attempt=2, result="no_answer"),)])
def test_what_was_declined_before_the_news_is_declined_again_and_never_sent_where_they_were_false(
    ask: tuple[commands.PaymentCommand, ...],
) -> None:
    lacking = replace(WITHDRAW, attempt=2, reason="MTN does not know it")
    state = (
        a_payment.given(*history(*DOUBTED_THEN_DECLINED, HINT, *ask))
        .when(lacking)
        .then(
            events.PaymentSubmissionDeclined(
                provider="mtn",
                reference=R1,
                attempt=2,
                code="NOT_ALLOWED",
                reason=lacking.reason,
                is_technical=False,
            )
        )
    )
    assert (state.status, state.code) == (Status.DECLINED, "NOT_ALLOWED")


@pytest.mark.parametrize(
    "before",
    [
        (REQUEST, START, DECLINE),
        (REQUEST, START, replace(WITHDRAW, at=NOW), AGAIN, REFUSED_ANEW),
    ],
    ids=["declined at once", "declined, and not sent before"],
)
def test_news_of_what_certainly_no_provider_has_reopen_nothing(
    before: tuple[commands.PaymentCommand, ...],
) -> None:
    a_payment.given(*history(*before)).when(HINT).then()


PLAN = (Candidate("mtn", "it is MTN's own"), Candidate("hub2", "it reaches MTN"))
PLANNED = replace(REQUEST, plan=PLAN)


@pytest.mark.parametrize(
    "refusal",
    [replace(WITHDRAW, at=NOW), replace(DECLINE, is_technical=True, at=NOW)],
    ids=["not sent", "declined for a technical reason"],
)
def test_what_certainly_did_not_get_there_goes_to_the_next_provider_of_the_plan(
    refusal: commands.PaymentCommand,
) -> None:
    state = a_payment.state(*history(PLANNED, START, refusal))
    assert (state.status, state.provider) == (Status.REQUESTED, "hub2")
    again = replace(START, provider="hub2", reference=R2)
    assert a_payment.state(*history(PLANNED, START, refusal, again)).status is Status.SUBMITTING


@pytest.mark.parametrize(
    ("before", "refusal"),
    [
        ((DOUBT,), replace(WITHDRAW, at=NOW)),
        ((DOUBT, ASKED, HINT), replace(WITHDRAW, at=NOW)),
        ((), replace(DECLINE, at=NOW)),
        ((), replace(WITHDRAW, at=None)),
        ((CONFIRM,), replace(WITHDRAW, at=NOW)),
        ((CONFIRM,), replace(DECLINE, is_technical=True, at=NOW)),
        ((DOUBT,), replace(DECLINE, is_technical=True, at=NOW)),
        (
            (DOUBT, replace(ASKED, result="not_found"), WITHDRAW, replace(START, reference=R2)),
            replace(DECLINE, reference=R2, is_technical=True, at=NOW),
        ),
    ],
    ids=[
        "after a doubt",
        "after a question",
        "the payer's own refusal",
        "nobody may take over",
        "after acceptance, not sent",
        "after acceptance, declined",
        "after a doubt, declined",
        "after a doubt, submitted anew and declined",
    ],
)
def test_nothing_goes_elsewhere_that_may_have_been_taken(
    before: tuple[commands.PaymentCommand, ...], refusal: commands.PaymentCommand
) -> None:
    state = a_payment.state(*history(PLANNED, START, *before, refusal))
    assert state.provider == "mtn"


def test_a_plan_is_gone_through_once_and_then_the_last_provider_is_tried_again() -> None:
    refused = replace(WITHDRAW, at=NOW)
    other = replace(START, provider="hub2", reference=R2)
    state = a_payment.state(
        *history(PLANNED, START, refused, other, replace(refused, reference=R2))
    )
    assert (state.status, state.provider) == (Status.REQUESTED, "hub2")


def test_money_the_first_provider_took_after_all_is_a_conflict_with_the_second_ones() -> None:
    other = replace(START, provider="hub2", reference=R2)
    second = record(msgspec.structs.replace(word(Word.SUCCEEDED, reference=R2), provider="hub2"))
    told = history(PLANNED, START, replace(WITHDRAW, at=NOW), other, second, SUCCESS)
    assert a_payment.state(*told).status is Status.CONFLICT


PAID = history(REQUEST, START, CONFIRM, SUCCESS)


def test_a_refund_is_reserved_given_back_and_counted() -> None:
    state = a_payment.state(*PAID)
    assert (state.refundable_minor, state.refunded_minor) == (1500, 0)
    for command, expected in ((RESERVE, (500, 0)), (SETTLE, (500, 1000)), (SETTLE, (500, 1000))):
        for event in payment.decide(command, state):
            state = payment.evolve(state, event)
        assert (state.refundable_minor, state.refunded_minor) == expected
    assert state.status is Status.SUCCEEDED


def test_a_refund_that_came_to_nothing_may_be_asked_again_and_may_still_succeed_late() -> None:
    released = replace(SETTLE, is_given_back=False, reason="failed")
    state = a_payment.state(*history(REQUEST, START, CONFIRM, SUCCESS, RESERVE, released))
    assert (state.refundable_minor, state.refunded_minor) == (1500, 0)
    (late,) = payment.decide(SETTLE, state)
    assert payment.evolve(state, late).refunded_minor == 1000


def test_a_refund_whose_words_contradict_each_other_counts_neither_way_until_they_do_not() -> None:
    doubted = replace(SETTLE, is_given_back=None, reason="conflict")
    released = replace(SETTLE, is_given_back=False, reason="failed")
    state = a_payment.state(*PAID)
    for command, sums in (
        (RESERVE, (500, 0)),
        (doubted, (500, 0)),
        *((SETTLE, (500, 1000)), (doubted, (500, 0)), (doubted, (500, 0)), (SETTLE, (500, 1000))),
        *((doubted, (500, 0)), (released, (1500, 0)), (doubted, (500, 0)), (released, (1500, 0))),
    ):
        decided = payment.decide(command, state)
        for event in decided:
            state = payment.evolve(state, event)
        assert (state.refundable_minor, state.refunded_minor) == sums
        assert payment.decide(command, state) == []


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (replace(RESERVE, refund_id="re_2", money=Money(1501, "XAF")), "At most 500 XAF"),
        (replace(RESERVE, refund_id="re_2", money=Money(501, "XAF")), "At most 500 XAF"),
        (replace(RESERVE, refund_id="re_2", money=Money(100, "XOF")), "paid in XAF"),
        (replace(RESERVE, refund_id="re_2", money=Money(0, "XAF")), "Nothing"),
    ],
)
def test_never_more_is_given_back_than_was_taken(
    command: commands.ReserveRefund, reason: str
) -> None:
    state = a_payment.state(*history(REQUEST, START, CONFIRM, SUCCESS, RESERVE))
    with pytest.raises(NotRefundableError, match=reason):
        payment.decide(command, state)


def test_a_refunds_key_stands_for_one_content_for_ever() -> None:
    state = a_payment.state(*history(REQUEST, START, CONFIRM, SUCCESS, RESERVE))
    assert payment.decide(RESERVE, state) == []
    with pytest.raises(IdempotencyKeyReusedError):
        payment.decide(replace(RESERVE, content_digest="other"), state)


def test_a_payout_cannot_be_given_back() -> None:
    paid_out = history(replace(REQUEST, kind="payout"), START, CONFIRM, SUCCESS)
    with pytest.raises(NotRefundableError, match="a customer has paid"):
        payment.decide(RESERVE, a_payment.state(*paid_out))


@pytest.mark.parametrize(
    ("status", "remedy"),
    [(Status.CONFLICT, "Money may have been taken"), (Status.FAILED, "what failed took nothing")],
)
def test_what_did_not_succeed_is_not_given_back_and_a_conflict_is_not_called_a_failure(
    status: Status, remedy: str
) -> None:
    with pytest.raises(NotRefundableError, match=remedy):
        payment.decide(RESERVE, a_payment.state(*HISTORIES[status]))


def test_refunds_of_one_payment_are_bounded() -> None:
    state = a_payment.state(*PAID)
    for number in range(REFUNDS_MAX):
        one = replace(RESERVE, refund_id=f"re_{number}", money=Money(1, "XAF"))
        for event in payment.decide(one, state):
            state = payment.evolve(state, event)
    with pytest.raises(NotRefundableError, match="refunds already"):
        payment.decide(replace(RESERVE, refund_id="re_more", money=Money(1, "XAF")), state)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["reserve", "give back", "release"]),
            st.integers(1, 6),
            st.integers(1, 1600),
        ),
        max_size=40,
    )
)
def test_whatever_is_asked_no_more_is_bound_than_was_taken(
    asked: list[tuple[str, int, int]],
) -> None:
    state = a_payment.state(*PAID)
    spoken: dict[str, bool] = {}
    for verb, number, amount_minor in asked:
        refund_id = f"re_{number}"
        command: commands.PaymentCommand
        if verb == "reserve":
            digest = str(amount_minor)
            money = Money(amount_minor, "XAF")
            command = replace(RESERVE, refund_id=refund_id, money=money, content_digest=digest)
        else:
            # A refund speaks its final word once.
            word_of = spoken.setdefault(refund_id, verb == "give back")
            command = replace(SETTLE, refund_id=refund_id, is_given_back=word_of)
        try:
            decided = payment.decide(command, state)
        except CommandRefusedError:
            if verb != "reserve" and state.refund(refund_id) is None:
                spoken.pop(refund_id, None)
            continue
        for event in decided:
            state = payment.evolve(state, event)
        bound = [one.amount_minor for one in state.refunds if one.is_given_back is not False]
        assert sum(bound) <= 1500
        assert state.refunded_minor <= 1500
        assert state.refundable_minor == 1500 - sum(bound)


def test_only_who_was_asked_takes_back_what_seemed_pending_and_was_never_accepted() -> None:
    seemed = history(REQUEST, START, ASKED)
    withdrawn = events.PaymentSubmissionWithdrawn(
        provider="mtn", reference=R1, attempt=1, reason="connection refused", retry_at=LATER
    )
    awaiting = history(REQUEST, START, replace(ASKED, awaits_code=True))
    a_payment.given(*seemed).when(WITHDRAW).then(withdrawn)
    a_payment.given(*seemed).when(replace(WITHDRAW, at=NOW)).then()
    a_payment.given(*awaiting).when(WITHDRAW).then()
    a_payment.given(*HISTORIES[Status.PENDING]).when(WITHDRAW).then()
