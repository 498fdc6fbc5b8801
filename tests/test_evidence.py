"""The law of evidence: the state and the books are a function of the set of words, not of order."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ledger import commands, payment
from ledger.evidence import (
    Evidence,
    Resolution,
    Source,
    Trust,
    Word,
    counting,
    resolve,
)
from ledger.journal import Posting, postings
from ledger.money import Money
from ledger.payment import Payment, Status

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ASKED = Money(1500, "XAF")
R1, R2 = "reference-1", "reference-2"


def word(
    says: Word | str,
    source: Source | str = "poll",
    *,
    reference: str = R1,
    amount: str | None = None,
    currency: str | None = None,
    code: str | None = None,
    occurred_at: datetime | None = None,
    moved: str | None = None,
    note: str | None = None,
    replaces: str | None = None,
) -> Evidence:
    """One word of the provider under test."""
    return Evidence(
        source=Source(source),
        provider="mtn",
        reference=reference,
        word=Word(says),
        amount=amount,
        currency=currency,
        code=code,
        occurred_at=occurred_at,
        provider_transaction_id=moved,
        note=note,
        replaces=replaces,
    )


names = st.sampled_from([None, "note_1", "note_2", "note_3"])
words = st.builds(
    word,
    st.sampled_from(Word),
    st.sampled_from(Source),
    reference=st.sampled_from([R1, R2]),
    amount=st.sampled_from([None, "1500", "1500.00", "1400", "nonsense"]),
    currency=st.sampled_from([None, "XAF", "USD"]),
    code=st.sampled_from([None, "EXPIRED", "NOT_ENOUGH_FUNDS"]),
    occurred_at=st.sampled_from([None, NOW, NOW + timedelta(hours=1)]),
    moved=st.sampled_from([None, "A", "B"]),
    note=names,
    replaces=names,
)
"""Words that nobody could have said among them: notes that replace themselves, or one another."""


@st.composite
def two_tellings(draw: st.DrawFn) -> tuple[list[Evidence], list[Evidence]]:
    """The same set of up to 7 words, told twice: in any two orders, with any repetitions."""
    told = draw(st.lists(words, min_size=1, max_size=7))
    extra = st.lists(st.sampled_from(told), max_size=5)
    return (
        draw(st.permutations(told + draw(extra))),
        draw(st.permutations(told + draw(extra))),
    )


def _submitted() -> Payment:
    """A payment with two references: the first withdrawn, the second accepted."""
    state = payment.INITIAL
    request = commands.RequestPayment(
        payment_id="pay_1",
        merchant_id="mer_1",
        money=ASKED,
        provider="mtn",
        operator=None,
        country="CM",
        route_reason="caller",
        payer="person",
        sealed="sealed",
        content_digest="digest",
        expires_at=NOW,
    )

    def start(reference: str) -> commands.StartSubmission:
        return commands.StartSubmission(
            payment_id="pay_1", provider="mtn", reference=reference, inquire_at=NOW
        )

    withdraw = commands.WithdrawSubmission(
        payment_id="pay_1", reference=R1, reason="refused", retry_at=NOW
    )
    confirm = commands.ConfirmSubmission(
        payment_id="pay_1", reference=R2, sealed_handle=None, token_digest=None, inquire_at=NOW
    )
    for command in (request, start(R1), withdraw, start(R2), confirm):
        state = _after(state, command)
    return state


def _after(state: Payment, command: commands.PaymentCommand) -> Payment:
    for event in payment.decide(command, state):
        state = payment.evolve(state, event)
    return state


def _told(told: list[Evidence]) -> Payment:
    state = _submitted()
    for one in told:
        state = _after(state, commands.RecordEvidence(payment_id="pay_1", evidence=one))
    return state


@given(two_tellings())
@example(
    (
        [word("succeeded"), word("failed", "statement")],
        [word("failed", "statement"), word("succeeded")],
    )
)
@example(([word("succeeded"), word("failed")], [word("failed"), word("succeeded")]))
def test_any_order_and_any_repetition_of_words_end_in_the_same_state_and_the_same_journal(
    tellings: tuple[list[Evidence], list[Evidence]],
) -> None:
    one, other = _told(tellings[0]), _told(tellings[1])

    assert one == other
    assert one.reason == other.reason
    assert postings(one) == postings(other)


@given(st.lists(words, max_size=7))
def test_postings_always_sum_to_zero_in_every_currency(told: list[Evidence]) -> None:
    sums: dict[str, int] = {}
    for line in postings(_told(told)):
        sums[line.currency] = sums.get(line.currency, 0) + line.amount_minor

    assert set(sums.values()) <= {0}


@given(st.lists(words, max_size=7))
def test_a_success_is_never_lost_unless_a_settling_source_says_so(told: list[Evidence]) -> None:
    state = _told(told)
    paid = [one for one in counting(frozenset(told)) if one.word is Word.SUCCEEDED]
    settled_against = [
        one for one in told if one.word is not Word.SUCCEEDED and one.trust >= Trust.STATEMENT
    ]
    if paid and not settled_against:
        assert state.status in {Status.SUCCEEDED, Status.CONFLICT}


@given(st.lists(words, max_size=7))
def test_a_wrong_amount_alone_never_makes_a_success(told: list[Evidence]) -> None:
    wrong = [one for one in told if one.word is Word.SUCCEEDED and not one.is_about(ASKED)]

    assert _told(wrong).status in {Status.PENDING, Status.CONFLICT}


# who says what -> the resolution; trust rises from webhook to operator.
_TWICE = "webhook:succeeded:1500:A webhook:succeeded:1500:B"

CASES = [
    ("", Resolution.OPEN),
    ("webhook:succeeded", Resolution.SUCCEEDED),
    ("webhook:succeeded poll:succeeded", Resolution.SUCCEEDED),
    ("webhook:failed", Resolution.FAILED),
    ("webhook:expired poll:failed", Resolution.FAILED),
    ("poll:expired poll:failed", Resolution.FAILED),
    ("webhook:failed poll:succeeded", Resolution.SUCCEEDED),
    ("webhook:succeeded poll:failed", Resolution.CONFLICT),
    ("poll:succeeded poll:failed", Resolution.CONFLICT),
    ("poll:succeeded webhook:failed", Resolution.SUCCEEDED),
    ("poll:succeeded statement:failed", Resolution.FAILED),
    ("poll:succeeded poll:failed statement:succeeded", Resolution.SUCCEEDED),
    ("statement:succeeded statement:failed", Resolution.CONFLICT),
    ("statement:succeeded statement:failed operator:failed", Resolution.FAILED),
    ("poll:succeeded:1400", Resolution.CONFLICT),
    ("poll:succeeded:1400 statement:succeeded:1500", Resolution.SUCCEEDED),
    ("poll:succeeded:1400 statement:failed", Resolution.FAILED),
    ("statement:succeeded:1400 poll:succeeded:1500", Resolution.CONFLICT),
    ("webhook:succeeded:1500:A webhook:succeeded:1500:A poll:succeeded:1500", Resolution.SUCCEEDED),
    ("webhook:succeeded:1500:A webhook:succeeded:1500:B", Resolution.CONFLICT),
    ("webhook:succeeded:1500:A poll:succeeded:1500:B", Resolution.CONFLICT),
    ("webhook:failed:1500:A poll:succeeded:1500:B", Resolution.SUCCEEDED),
    ("poll:succeeded:1500:A statement:succeeded:1500:B", Resolution.SUCCEEDED),
    ("webhook:succeeded:1500:A webhook:succeeded:1500:B operator:failed", Resolution.FAILED),
    ("statement:succeeded:1500:A statement:succeeded:1500:B", Resolution.CONFLICT),
    ("statement:succeeded:1500:A statement:succeeded:1500:A", Resolution.SUCCEEDED),
    (f"{_TWICE} statement:succeeded:1500:A", Resolution.CONFLICT),
    (f"{_TWICE} statement:succeeded:1500:C", Resolution.CONFLICT),
    (f"{_TWICE} statement:failed", Resolution.CONFLICT),
    (f"{_TWICE} statement:succeeded:1500:A operator:succeeded:1500:A", Resolution.SUCCEEDED),
    ("statement:succeeded::A statement:succeeded::B operator:succeeded", Resolution.SUCCEEDED),
    ("statement:succeeded::A statement:succeeded::B operator:failed", Resolution.FAILED),
    ("poll:failed statement:succeeded:1500:A statement:succeeded:1500:B", Resolution.CONFLICT),
]


@pytest.mark.parametrize(("said", "expected"), CASES)
def test_words_add_up_as_the_table_says(said: str, expected: Resolution) -> None:
    told = [
        word(says, source, amount=amount or None, moved=moved or None)
        for source, says, amount, moved in (f"{one}::".split(":")[:4] for one in said.split())
    ]

    assert resolve(ASKED, [R1], frozenset(told)).resolution is expected


@given(st.frozensets(words, max_size=7))
def test_two_movements_by_one_kind_of_source_are_a_conflict_until_a_note_tells(
    told: frozenset[Evidence],
) -> None:
    for reference in (R1, R2):
        own = [one for one in counting(told) if one.reference == reference]
        paid = [one for one in own if one.word is Word.SUCCEEDED and one.provider_transaction_id]
        lines = {one.provider_transaction_id for one in paid if one.source is Source.STATEMENT}
        live = {one.provider_transaction_id for one in paid if one.trust < Trust.STATEMENT}
        if any(one.source is Source.OPERATOR for one in own) or max(len(lines), len(live)) < 2:
            continue
        settled = resolve(ASKED, [reference], told)
        assert settled.resolution is Resolution.CONFLICT
        assert set(paid) <= set(settled.because)


# which notes there are, as name:whom it replaces -> those that count
REPLACED = [
    ("1", "1"),
    ("1 2:1", "2"),
    ("1 2:1 3:2", "3"),
    ("1 2:1 3:1", "2 3"),
    ("1:1", "1"),
    ("1:2 2:1", ""),
    ("1:2 2:3 3:1", ""),
    ("1 2:9", "1 2"),
]


@pytest.mark.parametrize(("notes", "counts"), REPLACED)
def test_a_note_that_another_one_replaces_does_not_count(notes: str, counts: str) -> None:
    told = {
        word("failed", "operator", note=name, replaces=replaces or None)
        for name, _, replaces in (one.partition(":") for one in notes.split())
    }

    assert {one.note for one in counting(frozenset(told))} == set(counts.split())


@given(st.frozensets(words, max_size=7))
def test_only_notes_are_replaced_and_only_by_notes(told: frozenset[Evidence]) -> None:
    kept = counting(told)
    by = {one.replaces for one in told if one.source is Source.OPERATOR}

    assert all(one.source is Source.OPERATOR and one.note in by for one in told - kept)
    assert counting(kept) == kept
    assert resolve(ASKED, [R1, R2], kept) == resolve(ASKED, [R1, R2], told)


def test_what_was_given_back_of_money_taken_twice_leaves_suspense_alone() -> None:
    twice = [word("succeeded", reference=R1), word("succeeded", reference=R2, amount="1400")]
    state = _told([*twice, word("failed", "operator", reference=R1)])

    assert state.status is Status.CONFLICT
    assert postings(state) == (
        Posting("552", "mtn", "XAF", 1400),
        Posting("471", "mtn", "XAF", -1400),
    )


def test_the_books_can_be_read_between_a_word_and_the_transition_it_causes() -> None:
    state = _told([word("succeeded", reference=R1)])
    overturning = commands.RecordEvidence(
        payment_id="pay_1", evidence=word("failed", "statement", reference=R1)
    )
    recorded, _ = payment.decide(overturning, state)

    assert postings(payment.evolve(state, recorded)) == postings(state)


def test_money_in_conflict_stands_in_suspense_at_the_amount_that_was_reported() -> None:
    state = _told([word("succeeded", reference=R2, amount="1400")])

    assert postings(state) == (
        Posting("552", "mtn", "XAF", 1400),
        Posting("471", "mtn", "XAF", -1400),
    )


def test_what_was_taken_twice_under_one_reference_stands_in_suspense_twice() -> None:
    twice = [word("succeeded", "webhook", reference=R2, moved=one) for one in ("A", "B", "A")]
    state = _told([*twice, word("succeeded", reference=R2, moved="A")])

    assert (
        postings(state)
        == (
            Posting("552", "mtn", "XAF", 1500),
            Posting("471", "mtn", "XAF", -1500),
        )
        * 2
    )
    assert state.reason is not None
    assert "webhook of mtn says succeeded as B" in state.reason


@pytest.mark.parametrize(
    ("said", "booked"),
    [
        # Lines of a statement are movements of their own, each with its own amount.
        ("statement:1500:A statement:1500:B", [1500, 1500]),
        ("statement:1500:A statement:1400:B", [1500, 1400]),
        # As many as the better source names, where both name several.
        ("poll:1500:A poll:1500:B poll:1500:C statement:1500:X statement:1500:Y", [1500, 1500]),
        # One line takes nothing from what live words tell apart.
        ("poll:1500:A poll:1500:B statement:1500:A", [1500, 1500]),
        ("poll:1500:A poll:1500:B statement:1500:X", [1500, 1500]),
    ],
)
def test_each_movement_stands_in_suspense_as_the_better_source_has_it(
    said: str, booked: list[int]
) -> None:
    parts = (one.split(":") for one in said.split())
    told = [
        word("succeeded", source, reference=R2, amount=amount, moved=moved)
        for source, amount, moved in parts
    ]
    state = _told(told)

    assert state.status is Status.CONFLICT
    assert [one.amount_minor for one in postings(state) if one.account == "552"] == booked


@pytest.mark.parametrize(
    "telling",
    [
        word("succeeded", reference=R2, amount="3000", moved="A"),
        word("succeeded", "statement", reference=R2, amount="3000"),
    ],
    ids=["the provider's own sum", "a statement"],
)
def test_who_tells_of_all_that_was_taken_is_booked_alone(telling: Evidence) -> None:
    moved = [word("succeeded", "webhook", reference=R2, moved=one) for one in ("A", "B")]
    booked = postings(_told([*moved, telling]))

    assert [one.amount_minor for one in booked] == [3000, -3000]


def test_money_taken_is_the_providers_wallet_against_the_merchants_customers() -> None:
    state = _told([word("succeeded", reference=R2)])

    assert postings(state) == (
        Posting("552", "mtn", "XAF", 1500),
        Posting("411", "mer_1", "XAF", -1500),
    )
