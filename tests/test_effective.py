"""When money moved: a function of the set of words, and what of the books follows from it."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.evidence import Evidence, Source, Trust, Word, number_of
from projections.accounts import AccountsProjection
from projections.effective import CLOCKS_APART_MAX, Effective, Moved, hear
from projections.payments import PaymentsProjection
from projections.tables import stamp
from tests.builders import NOW, a_word
from tests.projecting import Projected, ReadModel

APRIL = datetime(2026, 4, 1, tzinfo=UTC)
REQUESTED = APRIL - timedelta(minutes=2)
MINUTE = timedelta(minutes=1)

Heard = tuple[Evidence, datetime]
"""A word, and when it was recorded."""

times = st.integers(-2, 3).map(lambda minutes: APRIL + minutes * MINUTE)
words = st.builds(
    lambda says, source, told, note: msgspec.structs.replace(
        a_word(says, source, occurred_at=told), note=note if source is Source.OPERATOR else None
    ),
    st.sampled_from([Word.SUCCEEDED, Word.SUCCEEDED, Word.FAILED]),
    st.sampled_from(Source),
    st.none() | times | st.sampled_from([APRIL - timedelta(days=2), APRIL + timedelta(days=2)]),
    st.sampled_from([None, "note_1", "note_2"]),
)
# Recorded from three minutes past on: so a time that can be can be whenever it was recorded.
recordings = st.integers(3, 9).map(lambda minutes: APRIL + minutes * MINUTE)


def moved(heard: list[Heard]) -> Moved | None:
    """What words heard in this order say."""
    found = None
    for word, recorded_at in heard:
        found = hear(found, word, requested_at=stamp(REQUESTED), recorded_at=stamp(recorded_at))
    return found


@st.composite
def two_tellings(draw: st.DrawFn) -> tuple[list[Heard], list[Heard]]:
    """The same words, recorded at the same times, heard in any two orders."""
    told = draw(st.lists(st.tuples(words, recordings), max_size=7))
    return draw(st.permutations(told)), draw(st.permutations(told))


@given(two_tellings())
def test_when_money_moved_does_not_depend_on_the_order_of_the_words(
    tellings: tuple[list[Heard], list[Heard]],
) -> None:
    assert moved(tellings[0]) == moved(tellings[1])


@given(st.lists(words, min_size=1, max_size=7), st.data())
def test_where_a_provider_tells_the_time_it_does_not_matter_when_we_learned_of_it(
    told: list[Evidence], data: st.DataObject
) -> None:
    found = [
        moved([(one, data.draw(recordings)) for one in data.draw(st.permutations(told))])
        for _ in range(2)
    ]
    can_be = [
        (-one.trust - number_of(one.note), stamp(one.occurred_at))
        for one in told
        if one.word is Word.SUCCEEDED
        and one.occurred_at is not None
        and abs(one.occurred_at - APRIL) < timedelta(days=1)
    ]
    if can_be:
        trust, at = min(can_be)
        assert found == [Moved(at, -trust)] * 2
    else:
        assert {one.trust for one in found if one} <= {Trust.NONE}


TOLD = [
    # What a poll tells, recorded a minute past the month's end -> when the money moved.
    (APRIL - MINUTE, APRIL - MINUTE),
    (APRIL + 2 * MINUTE, APRIL + 2 * MINUTE),
    (REQUESTED - CLOCKS_APART_MAX, REQUESTED - CLOCKS_APART_MAX),
    (APRIL + MINUTE + CLOCKS_APART_MAX, APRIL + MINUTE + CLOCKS_APART_MAX),
    (REQUESTED - CLOCKS_APART_MAX - timedelta(microseconds=1), None),
    (APRIL + MINUTE + CLOCKS_APART_MAX + timedelta(microseconds=1), None),
    (datetime.max.replace(tzinfo=UTC), None),
    (datetime.min.replace(tzinfo=UTC), None),
    (None, None),
]


@pytest.mark.parametrize(("told", "meant"), TOLD)
def test_a_time_that_cannot_be_says_nothing(told: datetime | None, meant: datetime | None) -> None:
    word = a_word(Word.SUCCEEDED, occurred_at=told)
    learned = Moved(stamp(APRIL + MINUTE), Trust.NONE)
    expected = learned if meant is None else Moved(stamp(meant), Trust.POLL)
    assert moved([(word, APRIL + MINUTE)]) == expected


class TestBooks(ReadModel):
    async def test_what_moved_before_the_months_end_is_in_that_month_however_late_we_learn_of_it(
        self, projected: Projected
    ) -> None:
        projected.teller.now = APRIL - timedelta(seconds=1)
        await projected.story(*[(0, verb) for verb in ("request", "start", "success_told")])
        march, april = Effective(before=APRIL), Effective(since=APRIL)

        payments = projected.projections.of(PaymentsProjection)
        told_at = APRIL + timedelta(seconds=-2)
        assert [one.moved_at for one in await payments.page(effective=march)] == [told_at]
        assert await payments.page(effective=april) == []
        accounts = projected.projections.of(AccountsProjection)
        assert await accounts.trial_balance() == await accounts.trial_balance(effective=march)
        assert await accounts.trial_balance(effective=april) == []

    async def test_a_later_time_takes_what_is_booked_from_one_month_to_the_other(
        self, projected: Projected
    ) -> None:
        projected.teller.now = APRIL - timedelta(seconds=1)
        await projected.story(*[(0, verb) for verb in ("request", "start", "success")])
        accounts = projected.projections.of(AccountsProjection)
        march, april = Effective(before=APRIL), Effective(since=APRIL)
        booked = await accounts.trial_balance()
        before = await projected.store.position()
        assert (await accounts.trial_balance(effective=april), booked[0].credit_minor) == (
            booked,
            1000,
        )

        await projected.story((0, "webhook_told"))
        after = await projected.store.position()

        assert await accounts.trial_balance() == booked
        assert await accounts.trial_balance(as_of=after) == booked
        assert await accounts.trial_balance(effective=march) == booked
        left = await accounts.trial_balance(effective=april)
        assert [(one.debit_minor, one.credit_minor) for one in left] == [(1000, 1000)] * 2
        assert await accounts.trial_balance(as_of=before, effective=april) == booked
        assert await accounts.trial_balance(as_of=before, effective=march) == []
        learned, told = APRIL + timedelta(seconds=1), APRIL + timedelta(seconds=-4)
        assert [
            (one.line, one.account, one.amount_minor, one.effective_at, one.is_redating)
            for one in await accounts.journal()
        ] == [
            (1, "552", 1000, learned, False),
            (2, "411", -1000, learned, False),
            (1, "552", -1000, learned, True),
            (2, "411", 1000, learned, True),
            (3, "552", 1000, told, True),
            (4, "411", -1000, told, True),
        ]

    async def test_a_time_that_cannot_be_leaves_the_books_where_they_are(
        self, projected: Projected
    ) -> None:
        await projected.story(*[(0, verb) for verb in ("request", "start", "success")])
        row = await projected.projections.of(PaymentsProjection).find("pay_0")
        assert row is not None
        assert row.moved_at == NOW + timedelta(seconds=2)
        accounts = projected.projections.of(AccountsProjection)
        lines = await accounts.journal()
        await projected.story((0, "success_untrue"), (0, "webhook_untrue"))
        assert await accounts.journal() == lines
        again = await projected.projections.of(PaymentsProjection).find("pay_0")
        assert again is not None
        assert again.moved_at == row.moved_at


def test_of_operators_notes_the_last_one_says_when_for_it_replaces_the_others() -> None:
    def note(name: str, at: datetime) -> Heard:
        said = a_word(Word.SUCCEEDED, Source.OPERATOR, occurred_at=at)
        return msgspec.structs.replace(said, note=name), APRIL + 9 * MINUTE

    wrong, right = note("note_2", APRIL), note("note_10", APRIL + MINUTE)
    said = stamp(APRIL + MINUTE)
    for told in ([wrong, right], [right, wrong], [right, wrong, right]):
        found = moved(told)
        assert found is not None
        assert found.at == said
