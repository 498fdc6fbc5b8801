"""Operators' notes: what they settle, what they are refused, and how one that was wrong is righted.

The table tells a payment as it is, what two operators agree to, and what becomes of it and of its
money. Postings are written `account amount`, of the payment's own provider and merchant.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import commands, operator_notes, payment
from ledger.commands_notes import ApproveNote, NoteCommand, ProposeNote, WithdrawNote
from ledger.errors import InvalidMoneyError, UnknownPaymentError
from ledger.events import Event
from ledger.evidence import EVIDENCE_MAX, Source, Word, counting
from ledger.identity import Kind
from ledger.journal import postings
from ledger.money import Money
from ledger.operator_notes import NOTE_HOURS_MAX, NOTES_MAX, state_of
from ledger.operator_notes_refused import OperatorNoteRefusedError, UnknownOperatorNoteError
from ledger.payment import Payment, Status
from tests.builders import NOW, a_request, a_word
from tests.specification import Specification

R1, R2 = "pay_1-1", "pay_1-2"
LATER = NOW + timedelta(hours=1)

a_note = Specification(operator_notes.decide, payment.evolve, payment.INITIAL)


def propose(word: Word | str = Word.SUCCEEDED, **changes: Any) -> ProposeNote:
    """An operator proposes a word about the last submission."""
    said = ProposeNote(
        payment_id="pay_1",
        word=Word(word),
        reference=None,
        amount=None,
        currency=None,
        provider_transaction_id=None,
        occurred_at=None,
        replaces=None,
        by="key-1",
        reason_digest="digest",
        sealed_reason="sealed",
        asked_at=NOW,
        at=LATER,
        ends_at=operator_notes.ends_at(LATER),
    )
    return replace(said, **changes)


def approve(note_id: str = "note_1", by: str = "key-2", **changes: Any) -> ApproveNote:
    """Another operator agrees."""
    agreed = ApproveNote(payment_id="pay_1", note_id=note_id, by=by, same=frozenset({by}), at=LATER)
    return replace(agreed, **changes)


def withdraw(note_id: str = "note_1", by: str = "key-3", at: datetime = LATER) -> WithdrawNote:
    return WithdrawNote(payment_id="pay_1", note_id=note_id, by=by, at=at)


def start(reference: str = R1) -> commands.StartSubmission:
    return commands.StartSubmission(
        payment_id="pay_1", provider="mtn", reference=reference, inquire_at=NOW
    )


CONFIRM = commands.ConfirmSubmission(
    payment_id="pay_1", reference=R1, sealed_handle=None, token_digest=None, inquire_at=NOW
)
DOUBT = commands.DoubtSubmission(payment_id="pay_1", reference=R1, reason="-", inquire_at=NOW)
WITHDRAWN = commands.WithdrawSubmission(
    payment_id="pay_1", reference=R1, reason="refused", retry_at=NOW
)


def heard(
    word: str, source: str = "poll", reference: str = R1, **told: Any
) -> commands.RecordEvidence:
    """A word of the provider."""
    evidence = a_word(Word(word), Source(source), reference=reference, **told)
    return commands.RecordEvidence(payment_id="pay_1", evidence=evidence)


def refund(amount_minor: int, number: int = 1) -> commands.ReserveRefund:
    return commands.ReserveRefund(
        payment_id="pay_1",
        refund_id=f"re_{number}",
        money=Money(amount_minor, "XAF"),
        provider="mtn",
        route_reason="-",
        power="refund",
        sealed="sealed",
        content_digest="digest",
        expires_at=NOW,
    )


GIVEN = commands.SettleRefund(
    payment_id="pay_1", refund_id="re_1", is_given_back=True, reason="succeeded"
)
Told = commands.PaymentCommand | NoteCommand


def after(*told: Told, kind: Kind = "collection", state: Payment | None = None) -> Payment:
    """A payment after commands."""
    happened: list[Told] = list(told)
    if state is None:
        state = payment.INITIAL
        happened.insert(0, replace(a_request(), kind=kind))
    for command in happened:
        for event in decided(command, state):
            state = payment.evolve(state, event)
    return state


def decided(command: Told, state: Payment) -> list[Event]:
    if isinstance(command, NoteCommand):
        return operator_notes.decide(command, state)
    return payment.decide(command, state)


def books(state: Payment) -> str:
    """What it books, in a line."""
    return " ".join(f"{one.account} {one.amount_minor}" for one in postings(state))


def standing(state: Payment) -> str:
    """Where it stands, and what it books."""
    return f"{state.status} {books(state)}".strip()


PENDING: list[Told] = [start(), CONFIRM]
UNKNOWN: list[Told] = [start(), DOUBT]
CONFLICT: list[Told] = [*PENDING, heard("succeeded"), heard("failed")]
PAID: list[Told] = [*PENDING, heard("succeeded")]
TWICE: list[Told] = [
    start(),
    WITHDRAWN,
    start(R2),
    heard("succeeded"),
    heard("succeeded", reference=R2),
]
PARTLY: list[Told] = [*PAID, refund(500), GIVEN]
REFUNDING: list[Told] = [*PAID, refund(500)]
FAILED: list[Told] = [*PENDING, heard("failed")]
SECOND: list[Told] = [start(), WITHDRAWN, start(R2), replace(CONFIRM, reference=R2)]
GIVEN_BACK = propose("failed", reference=R1)
"""Of the first submission: nothing was taken by it, or it was given back at the provider's desk."""

P, PO, R = "552 1500 411 -1500", "552 -1500 401 1500", "552 -1500 411 1500"
"""In the books: a payment, a payout and a refund that succeeded."""
C, S, L = "552 1500 471 -1500", "552 -1500 471 1500", "552 1400 471 -1400"
"""In suspense: what came in, what went out, and less that came in."""

# name, kind, what was told, the note -> what it is, and what it becomes: status and books
CASES: list[tuple[str, Kind, list[Told], ProposeNote, str, str]] = [
    ("unknown, paid", "collection", UNKNOWN, propose(), "unknown", f"succeeded {P}"),
    ("pending, expired", "collection", PENDING, propose("expired"), "pending", "expired"),
    ("payout, paid", "payout", PENDING, propose(), "pending", f"succeeded {PO}"),
    ("conflict, paid", "collection", CONFLICT, propose(), f"conflict {C}", f"succeeded {P}"),
    ("conflict, failed", "collection", CONFLICT, propose("failed"), f"conflict {C}", "failed"),
    ("payout in conflict, paid", "payout", CONFLICT, propose(), f"conflict {S}", f"succeeded {PO}"),
    (
        "payout in conflict, failed",
        "payout",
        CONFLICT,
        propose("failed"),
        f"conflict {S}",
        "failed",
    ),
    ("refund in conflict, paid", "refund", CONFLICT, propose(), f"conflict {S}", f"succeeded {R}"),
    (
        "less moved",
        "collection",
        CONFLICT,
        propose(amount="1400"),
        f"conflict {C}",
        f"conflict {L}",
    ),
    ("paid twice", "collection", TWICE, GIVEN_BACK, f"conflict {C} {C}", f"succeeded {P}"),
    ("partly refunded", "collection", PARTLY, propose("failed"), f"succeeded {P}", "failed"),
    ("failed, paid late", "collection", FAILED, propose(), "failed", f"succeeded {P}"),
    (
        "refunding, confirmed",
        "collection",
        REFUNDING,
        propose(),
        f"succeeded {P}",
        f"succeeded {P}",
    ),
    ("refunding, failed", "collection", REFUNDING, propose("failed"), f"succeeded {P}", "failed"),
    ("the first of two", "collection", SECOND, GIVEN_BACK, "pending", "pending"),
]


@pytest.mark.parametrize(
    ("kind", "told", "note", "stood", "becomes"),
    [one[1:] for one in CASES],
    ids=[one[0] for one in CASES],
)
def test_what_two_operators_agree_to_is_what_becomes_of_a_payment_and_its_money(
    kind: Kind, told: list[Told], note: ProposeNote, stood: str, becomes: str
) -> None:
    before = after(*told, kind=kind)
    proposed = after(note, state=before)
    done = after(approve(), state=proposed)
    [noted] = done.notes

    assert [standing(one) for one in (before, proposed, done)] == [stood, stood, becomes]
    assert proposed.evidence == before.evidence
    assert noted.proposed.stood == operator_notes.outlook(before)
    assert noted.proposed.becomes == operator_notes.outlook(done)
    assert (noted.proposed.by, noted.approved_by) == ("key-1", "key-2")
    assert {one.note for one in done.evidence - before.evidence} == {"note_1"}
    assert done.refunds == before.refunds
    assert operator_notes.decide(approve(by="key-4"), done) == []


def test_one_append_holds_the_second_pair_of_eyes_the_word_and_what_it_causes() -> None:
    state = after(*CONFLICT, propose())
    types = [event.type for event in operator_notes.decide(approve(), state)]

    assert types == ["payment.note_approved", "payment.evidence_recorded", "payment.succeeded"]


def test_a_note_fills_in_what_it_leaves_out() -> None:
    state = after(*CONFLICT, propose(), approve())
    [word] = [one for one in state.evidence if one.note]

    assert (word.source, word.provider, word.reference) == (Source.OPERATOR, "mtn", R1)
    assert (word.amount, word.currency, word.provider_transaction_id) == ("1500", "XAF", "7")
    assert (word.reason, word.code) == (None, None)


def test_a_wrong_note_is_righted_by_one_that_names_it_as_often_as_need_be() -> None:
    wrong = after(*CONFLICT, propose(), approve())
    righted = after(propose("failed", replaces="note_1"), approve("note_2"), state=wrong)
    again = after(propose(replaces="note_2"), approve("note_3"), state=righted)

    assert [one.status for one in (wrong, righted, again)] == ["succeeded", "failed", "succeeded"]
    states = [state_of(one, again, LATER) for one in again.notes]
    assert states == ["replaced", "replaced", "approved"]
    assert operator_notes.decide(approve("note_1"), again) == []
    assert [books(one) for one in (righted, again)] == ["", "552 1500 411 -1500"]


def test_a_note_about_the_wrong_submission_is_taken_to_the_right_one() -> None:
    wrong = after(*TWICE, propose("failed", reference=R1), approve())
    righted = after(
        propose("failed", reference=R2, replaces="note_1"), approve("note_2"), state=wrong
    )

    assert (wrong.settled.reference, righted.settled.reference) == (R2, R1)
    assert righted.status is Status.SUCCEEDED


SPOKEN: list[Told] = [*UNKNOWN, propose(), approve()]
BOUND: list[Told] = [*PAID, propose("failed"), refund(500)]
AGAIN: list[Told] = [start(), WITHDRAWN, propose(), start()]
TIMED: list[Told] = [*PENDING, propose(occurred_at=NOW), approve()]
AHEAD, EARLY = LATER + timedelta(seconds=1), NOW - timedelta(minutes=6)
TOO_LATE, BOTH = LATER + timedelta(hours=NOTE_HOURS_MAX), frozenset({"key-1", "key-2"})
REFUSED: list[tuple[str, list[Told], NoteCommand, str | None, str]] = [
    ("never submitted", [], propose(), None, "never submitted"),
    ("while it is submitted", [start()], propose(), None, "at this moment"),
    ("no such submission", PENDING, propose(reference="other"), "reference", "never submitted"),
    ("another currency", PENDING, propose(currency="XOF"), "currency", "in XAF"),
    ("an amount of nothing", PENDING, propose("failed", amount="1500"), "amount", "no amount"),
    ("a time to come", PENDING, propose(occurred_at=AHEAD), "occurred_at", "not come yet"),
    ("a time before it", PENDING, propose(occurred_at=EARLY), "occurred_at", "not asked for at"),
    ("a time of nothing", PENDING, propose("failed", occurred_at=NOW), "occurred_at", "no time"),
    ("it replaces nothing", PENDING, propose(replaces="note_1"), "replaces", "no such note"),
    ("settled already", SPOKEN, propose("failed"), "replaces", "note_1 has settled"),
    ("another one waits", [*PENDING, propose()], propose("failed"), None, "note_1 waits"),
    ("another reason", [*PENDING, propose()], propose(reason_digest="other"), None, "note_1 waits"),
    ("his own", [*PENDING, propose()], approve(by="key-1"), None, "cannot be the one"),
    ("his other key", [*PENDING, propose()], approve(same=BOTH), None, "cannot be the one"),
    ("taken back", [*PENDING, propose(), withdraw()], approve(), None, "was taken back"),
    ("too late", [*PENDING, propose()], approve(at=TOO_LATE), None, "nobody agreed"),
    ("a refund began", BOUND, approve(), None, "is not what it was"),
    ("evidence cannot be taken back", SPOKEN, withdraw(), None, "it is evidence"),
    ("submitted meanwhile", AGAIN, approve(), None, "at this moment"),
    ("the time would stay", TIMED, propose(replaces="note_1"), "occurred_at", "an earlier note"),
]


@pytest.mark.parametrize(
    ("told", "command", "field", "says"),
    [one[1:] for one in REFUSED],
    ids=[one[0] for one in REFUSED],
)
def test_what_cannot_be_is_refused_with_a_remedy(
    told: list[Told], command: NoteCommand, field: str | None, says: str
) -> None:
    with pytest.raises(OperatorNoteRefusedError) as refused:
        operator_notes.decide(command, after(*told))

    assert (refused.value.field, says in refused.value.why) == (field, True), refused.value.why
    assert refused.value.remedy


def test_what_is_not_there_is_told_as_such() -> None:
    with pytest.raises(UnknownOperatorNoteError):
        operator_notes.decide(approve("note_2"), after(*PENDING, propose()))
    with pytest.raises(UnknownPaymentError):
        operator_notes.decide(propose(), payment.INITIAL)
    with pytest.raises(InvalidMoneyError):
        operator_notes.decide(propose(amount="15,00"), after(*PENDING))


def test_repeats_find_what_is_there_and_a_proposal_that_came_to_nothing_may_be_made_anew() -> None:
    proposed = after(*PENDING, propose())
    repeated = [propose(), propose(by="key-9")]
    assert [operator_notes.decide(one, proposed) for one in repeated] == [[], []]
    withdrawn = after(withdraw(), state=proposed)
    assert operator_notes.decide(withdraw(by="key-1"), withdrawn) == []
    assert [one.note_id for one in after(propose(), state=withdrawn).notes] == ["note_1", "note_2"]
    approved = after(approve(), state=proposed)
    assert operator_notes.decide(propose(reference=R1, amount="1500"), approved) == []


def test_a_proposal_that_would_do_something_else_now_is_overtaken_and_in_nobodys_way() -> None:
    state = after(*PENDING, propose("failed"), heard("succeeded"), refund(500))
    [note] = state.notes
    assert state_of(note, state, LATER) == "overtaken"
    anew = after(propose("failed"), approve("note_2"), state=state)
    assert anew.status is Status.FAILED


def test_what_a_provider_says_meanwhile_does_no_harm_where_it_comes_to_the_same() -> None:
    state = after(*PENDING, propose(), heard("succeeded"), approve())
    assert (state.status, books(state)) == ("succeeded", "552 1500 411 -1500")


def test_notes_are_bounded_and_a_provider_that_says_too_much_does_not_shut_people_out() -> None:
    state = after(*PENDING)
    for number in range(NOTES_MAX):
        state = after(propose(), withdraw(f"note_{number + 1}"), state=state)
    with pytest.raises(OperatorNoteRefusedError, match="20 notes already"):
        operator_notes.decide(propose(), state)

    loud = after(*PENDING)
    for number in range(EVIDENCE_MAX):
        said = heard("failed", amount=str(number + 1))
        loud = after(said, state=loud)
    assert after(propose(), approve(), state=loud).status is Status.SUCCEEDED


SAID = st.lists(
    st.one_of(
        st.sampled_from([heard(word, source) for word in Word for source in ("poll", "webhook")]),
        st.sampled_from([propose(word, amount=amount) for word in Word for amount in (None, "9")]),
        st.builds(
            propose, st.sampled_from(Word), replaces=st.sampled_from(["note_1", "note_2", "note_9"])
        ),
        st.builds(approve, st.sampled_from(["note_1", "note_2", "note_3"])),
        st.builds(withdraw, st.sampled_from(["note_1", "note_2"])),
    ),
    max_size=14,
)


@given(SAID, st.randoms(use_true_random=False))
@settings(max_examples=150)
def test_however_notes_were_made_the_state_is_a_function_of_the_set_of_words(
    said: list[Told], random: Any
) -> None:
    """What operators settled, told to a payment afresh in any order, twice, ends in the same."""
    state = after(*PENDING)
    for command in said:
        try:
            state = after(command, state=state)
        except (OperatorNoteRefusedError, UnknownOperatorNoteError):
            continue
        assert sum(line.amount_minor for line in postings(state)) == 0
    words = [*state.evidence, *state.evidence]
    random.shuffle(words)
    told = [commands.RecordEvidence(payment_id="pay_1", evidence=word) for word in words]
    afresh = after(*PENDING, *told)

    assert replace(state, notes=()) == afresh
    assert (state.reason, postings(state)) == (afresh.reason, postings(afresh))
    # However many were made, of one reference at most one note counts.
    assert sum(one.note is not None for one in counting(state.evidence)) <= 1
