"""Shown payments are what the view writes of the same events, whoever looked before."""

from collections import Counter

from api import views
from api.refusal_views import code_of
from api.shown import ShownPayments
from ledger import payment
from ledger.entry import RecordedEvent
from ledger.events import JsonObject
from ledger.payment import Payment
from tests.builders import Teller

FILLED = {"redirect_url": "https://pay.example", "description": "Bread", "metadata": {"a": "b"}}


def folded(recorded: list[RecordedEvent]) -> Payment:
    state = payment.INITIAL
    for one in recorded:
        state = payment.evolve(state, one.event)
    return state


def anew(recorded: list[RecordedEvent]) -> JsonObject:
    state = folded(recorded)
    return views.payment_of(
        state,
        recorded,
        mode="test",
        redirect_url=None,
        description=None,
        metadata=None,
        code=code_of(state),
        refusal=None,
    )


def streams() -> list[list[RecordedEvent]]:
    """Some payments whose lives differ."""
    teller = Teller()
    teller.tell(
        *[(number, verb) for number in range(4) for verb in ("request", "start", "confirm")],
        *((0, "success"), (1, "failure"), (2, "hint"), (2, "pending"), (1, "statement_success")),
    )
    names = Counter(one.stream for one in teller.log)
    return [[one for one in teller.log if one.stream == name] for name in names]


def test_a_payment_is_shown_as_its_events_say_at_every_moment_however_often_it_is_seen() -> None:
    shown = ShownPayments()

    for stream in streams():
        moments = [stream[: count + 1] for count in range(len(stream))]
        # Forwards, each twice, then back as somebody looks who asks for a moment that is past.
        for moment in [*moments, *moments, *reversed(moments)]:
            for _ in range(2):
                assert shown.write(folded(moment), moment, "test") == anew(moment)


def test_what_is_filled_in_for_one_who_asks_is_not_shown_to_the_next() -> None:
    shown, [stream, *_] = ShownPayments(), streams()

    for _ in range(2):
        written = shown.write(folded(stream), stream, "test")
        written |= FILLED

    assert shown.write(folded(stream), stream, "test") == anew(stream)


def test_only_so_many_payments_are_remembered_and_the_longest_not_looked_at_goes_first() -> None:
    shown, [first, second, third, _] = ShownPayments(shown_max=2), streams()

    for stream in (first, second, first, third):
        shown.write(folded(stream), stream, "test")

    assert [*shown._shown] == [first[0].stream, third[0].stream]
