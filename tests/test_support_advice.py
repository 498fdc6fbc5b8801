"""Advice over any history: nobody is ever told to move money again that may have moved."""

import re
from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.refusals import Refusal
from api.refusal_views import code_of, refusal_of
from api.support_history import HISTORY_MAX, history_of
from api.support_situation import money_of, situation_of
from api.support_texts import TONGUES
from api.support_words import UNTOLD, Moment, Situation
from ledger import commands, events, payment
from ledger.entry import RecordedEvent
from ledger.evidence import Word
from ledger.payment import Payment, Status
from tests.builders import NOW, Step, Teller, paid, stories


def of(log: Sequence[RecordedEvent], stream: str) -> tuple[Payment, list[RecordedEvent]]:
    """One payment of a log, folded."""
    recorded = [one for one in log if one.stream == stream]
    state = payment.INITIAL
    for one in recorded:
        state = payment.evolve(state, one.event)
    return state, recorded


def situation(
    state: Payment, recorded: Sequence[RecordedEvent]
) -> tuple[Situation, Refusal | None]:
    """Where it stands, as the door finds it."""
    described = refusal_of(state, recorded, adapters={}, accepted=None)
    found = situation_of(state, recorded, has_refusal=described is not None, has_page=False)
    return found, described["refusal"] if described else None


def told(*steps: Step) -> Situation:
    """Where the first payment of a story stands."""
    return situation(*of(Teller().tell(*steps), "payment-pay_1"))[0]


def is_certain(state: Payment, recorded: Sequence[RecordedEvent]) -> bool:
    """Whether certainly no money moved and none will: an accountant's way to find out.

    Every reference that was ever handed to a provider must have an answer of its own: refused
    before it was taken, never sent and never doubted, or a final word that no money moved; and
    nobody may have said that money moved.
    """
    if state.status not in {Status.FAILED, Status.EXPIRED, Status.DECLINED}:
        return False
    if any(word.word is Word.SUCCEEDED for word in state.evidence):
        return False
    for reference in {one.reference for one in state.attempts}:
        own = [one.event for one in recorded if getattr(one.event, "reference", None) == reference]
        if any(word.reference == reference for word in state.evidence):
            continue
        last = own[-1]
        is_refused = isinstance(last, events.PaymentSubmissionDeclined)
        is_unsent = isinstance(last, events.PaymentSubmissionWithdrawn) and not any(
            isinstance(one, events.PaymentSubmissionDoubted | events.PaymentInquired) for one in own
        )
        if not is_refused and not is_unsent:
            return False
    return True


SUBMISSIONS = (
    *("start", "again", "confirm", "confirm_first", "doubt", "withdraw", "withdraw", "decline"),
    *("no_answer", "pending", "expire", "expiry", "failure", "success_first", "hint"),
    *("statement_failure", "statement_failure_first", "withdraw_elsewhere", "decline_elsewhere"),
)
"""What a story is made of in which money may or may not have moved, and nobody is sure."""


def troubled() -> st.SearchStrategy[list[Step]]:
    """Stories of one payment that is submitted, doubted, taken back and submitted again."""
    verbs = st.lists(st.sampled_from(SUBMISSIONS), min_size=3, max_size=14)
    return verbs.map(lambda found: [(3, "request"), (3, "start"), *((3, one) for one in found)])


@given(stories(payments_max=4, steps_max=40) | troubled())
def test_it_may_be_repeated_only_where_certainly_no_money_moved(steps: list[Step]) -> None:
    log = Teller().tell(*steps)
    for stream in {one.stream for one in log if one.stream.startswith("payment-")}:
        state, recorded = of(log, stream)
        if state.request is None:
            continue
        found, refusal = situation(state, recorded)
        if money_of(found, refusal) == "not_moved":
            assert is_certain(state, recorded), recorded


@given(stories(payments_max=3, steps_max=40), st.sampled_from(["en", "fr"]))
def test_there_is_a_text_for_wherever_a_payment_can_stand(steps: list[Step], language: str) -> None:
    tongue = TONGUES["fr" if language == "fr" else "en"]
    log = Teller().tell(*steps)
    for stream in {one.stream for one in log if one.stream.startswith("payment-")}:
        state, recorded = of(log, stream)
        if state.request is None:
            continue
        found, refusal = situation(state, recorded)
        table = tongue.incoming if state.kind == "collection" else tongue.outgoing
        assert (found in table) or (found in UNTOLD and refusal is not None)
        assert found.is_over <= state.status.is_final
        sentences = history_of(recorded, has_page=False).told
        assert sentences[0].moment is Moment.REQUESTED
        assert [one.at for one in sentences] == sorted(one.at for one in sentences)


STORIES: list[tuple[Situation, list[Step]]] = [
    (Situation.REQUESTED, [(1, "request")]),
    (Situation.SUBMITTING, [(1, "request"), (1, "start")]),
    (Situation.PROVIDER_AWAY, [(1, "request"), (1, "start"), (1, "withdraw")]),
    (Situation.PROMPT_OPEN, [(1, "request"), (1, "start"), (1, "confirm")]),
    (Situation.UNKNOWN, [(1, "request"), (1, "start"), (1, "doubt")]),
    (Situation.UNKNOWN, [(1, "request"), (1, "start"), (1, "doubt"), (1, "no_answer")]),
    (Situation.SUCCEEDED, paid(1)),
    (Situation.REFUND_UNDER_WAY, [*paid(1), (1, "refund")]),
    (Situation.PARTLY_REFUNDED, [*paid(1), (1, "refund"), (1, "refund_paid")]),
    (Situation.REFUSED, [(1, "request"), (1, "start"), (1, "decline")]),
    (Situation.REFUSED, [(1, "request"), (1, "start"), (1, "confirm"), (1, "failure")]),
    (Situation.UNSENT, [(1, "request"), (1, "expire")]),
    (Situation.UNSENT, [(1, "request"), (1, "start"), (1, "withdraw"), (1, "expire")]),
    (
        Situation.DOUBTED,
        [(1, "request"), (1, "start"), (1, "doubt"), (1, "withdraw"), (1, "expire")],
    ),
    (
        Situation.DOUBTED,
        [(1, one) for one in ("request", "start", "doubt", "withdraw", "start", "decline")],
    ),
    (
        Situation.DOUBTED,
        # The first one was taken back, and then turned out to have been accepted.
        [
            *((1, "request"), (1, "start"), (1, "withdraw"), (1, "start"), (1, "confirm_first")),
            *((1, "withdraw"), (1, "expire")),
        ],
    ),
    (Situation.OVERTURNED, [*paid(1), (1, "statement_failure")]),
    # The same words the other way round: no text about them may say which came first.
    (Situation.OVERTURNED, [*paid(1)[:3], (1, "operator_failure"), (1, "statement_success")]),
    (Situation.CONFLICT, [*paid(1), (1, "failure")]),
    (Situation.CONFLICT, [*paid(1)[:3], (1, "wrong_amount")]),
    (Situation.CONFLICT, [*paid(1), (1, "success_elsewhere"), (1, "failure")]),
    (Situation.TWICE, [*paid(1), (1, "success_elsewhere")]),
]


@pytest.mark.parametrize(("expected", "steps"), STORIES)
def test_a_history_leads_to_a_situation(expected: Situation, steps: list[Step]) -> None:
    assert told(*steps) is expected


@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_was_overruled_is_told_in_no_order_for_its_words_come_in_any(language: str) -> None:
    tongue = TONGUES["fr" if language == "fr" else "en"]
    orders = re.compile(r"\b(first|then|later|before that|d'abord|puis|ensuite|alors)\b")
    for table in (tongue.incoming, tongue.outgoing):
        advice = table[Situation.OVERTURNED]
        for said in (advice.for_payer, advice.for_merchant):
            assert not orders.search(said.happened.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))
        assert "`evidence`" in advice.for_merchant.happened


def test_a_payment_that_was_given_back_whole_says_so() -> None:
    teller = Teller()
    teller.tell(*paid(1))
    whole = commands.ReserveRefund(
        payment_id="pay_1",
        refund_id="re_1",
        money=teller.payment(1).money,
        provider="mtn",
        route_reason="it took the payment",
        power="refund",
        sealed="sealed",
        content_digest="digest",
        expires_at=NOW,
    )
    teller.do(whole)
    given = commands.SettleRefund(
        payment_id="pay_1", refund_id="re_1", is_given_back=True, reason="succeeded"
    )
    teller.do(given)
    found, _ = situation(*of(teller.log, "payment-pay_1"))
    assert (found, money_of(found, None)) == (Situation.REFUNDED, "given_back")


def test_a_payment_that_goes_another_way_says_so() -> None:
    log = Teller().tell((3, "request"), (3, "start"), (3, "withdraw_elsewhere"))
    state, recorded = of(log, "payment-pay_3")
    assert situation(state, recorded)[0] is Situation.REROUTED


def test_a_provider_that_is_left_alone_is_away_before_anything_was_sent() -> None:
    state, recorded = of(Teller().tell((1, "request")), "payment-pay_1")
    found = situation_of(state, recorded, has_refusal=False, has_page=False, is_left_alone=True)
    assert found is Situation.PROVIDER_AWAY


def test_an_end_without_a_code_is_told_without_a_refusal() -> None:
    state, recorded = of(Teller().tell(*paid(1)[:3], (1, "failure")), "payment-pay_1")
    assert code_of(state) == "NOT_ENOUGH_FUNDS"
    found = situation_of(state, recorded, has_refusal=False, has_page=False)
    assert found is Situation.FAILED


def test_a_page_is_open_only_where_there_is_one() -> None:
    state, recorded = of(Teller().tell(*paid(1)[:3]), "payment-pay_1")
    found = situation_of(state, recorded, has_refusal=False, has_page=True)
    history = history_of(recorded, has_page=True)
    assert found is Situation.PAGE_OPEN
    assert [one.moment for one in history.told][-1] is Moment.PAGE_MADE


def test_what_happens_again_and_again_is_told_once() -> None:
    teller = Teller()
    log = teller.tell(
        *paid(1)[:3], *[(1, "pending")] * 300, *[(1, "no_answer")] * 5, (1, "success")
    )
    history = history_of(log, has_page=False)
    assert history.left_out == 0
    assert [(one.moment, one.times) for one in history.told] == [
        (Moment.REQUESTED, 1),
        (Moment.SENT, 1),
        (Moment.PROMPTED, 1),
        (Moment.STILL_PENDING, 300),
        (Moment.NO_ANSWER, 5),
        (Moment.SUCCEEDED, 1),
    ]
    asked = history.told[3]
    assert (asked.at, asked.until) == (NOW + timedelta(seconds=3), NOW + timedelta(seconds=302))


def test_a_word_is_left_out_of_a_long_history_last() -> None:
    asked = [(1, "pending"), (1, "no_answer")] * 5
    after = [(1, "success"), (1, "expiry"), (1, "refund"), (1, "refund_paid")]
    _, recorded = of(Teller().tell(*paid(1)[:3], *asked, *after), "payment-pay_1")
    history = history_of(recorded, has_page=False, history_max=12)
    moments = [one.moment for one in history.told]
    assert (history.left_out, len(moments)) == (5, 12)
    assert moments[-2:] == [Moment.SUCCEEDED, Moment.ALSO_EXPIRED]


WORDS = [
    # One that says the same again is one sentence; one that says something else is told in front
    # of the contradiction, and where it changes nothing, as what it is.
    (["success", "success_webhook"], [Moment.SUCCEEDED]),
    (["success", "expiry"], [Moment.SUCCEEDED, Moment.ALSO_EXPIRED]),
    (["success", "failure"], [Moment.SUCCEEDED, Moment.FAILED, Moment.CONFLICTED]),
    (["wrong_amount", "failure"], [Moment.SUCCEEDED, Moment.CONFLICTED, Moment.ALSO_FAILED]),
    (["success", "statement_failure"], [Moment.SUCCEEDED, Moment.FAILED]),
    (
        ["success", "statement_failure", "success_webhook"],
        [Moment.SUCCEEDED, Moment.FAILED, Moment.ALSO_SUCCEEDED],
    ),
]


def test_a_refund_in_doubt_is_told_and_is_no_money_that_came_back() -> None:
    state, recorded = of(
        Teller().tell(*paid(1), (1, "refund"), (1, "refund_paid"), (1, "refund_doubted")),
        "payment-pay_1",
    )
    assert situation(state, recorded)[0] is Situation.REFUND_UNDER_WAY
    moments = [one.moment for one in history_of(recorded, has_page=False).told]
    assert moments[-2:] == [Moment.REFUND_MADE, Moment.REFUND_DOUBTED]


@pytest.mark.parametrize(("words", "moments"), WORDS)
def test_every_word_is_told(words: list[str], moments: list[Moment]) -> None:
    log = Teller().tell(*paid(1)[:3], *((1, one) for one in words))
    told = history_of(log, has_page=False).told
    assert [one.moment for one in told][3:] == moments


def test_a_history_is_bounded_and_keeps_how_it_began_and_how_it_stands() -> None:
    asked = [(1, "pending"), (1, "no_answer")] * HISTORY_MAX
    log = Teller().tell(*paid(1)[:3], *asked, (1, "success"))
    history = history_of(log, has_page=False)
    whole = history_of(log, has_page=False, history_max=10_000)
    assert len(history.told) == HISTORY_MAX
    assert history.left_out == len(whole.told) - HISTORY_MAX > 0
    assert history.told[:10] == whole.told[:10]
    assert history.told[10:] == whole.told[-40:]
