"""Shown payments are what the view writes of the same events, whoever looked before."""

from collections import Counter

import orjson
import pytest

from api import views
from api.refusal_views import code_of
from api.shown import WRITTEN_BYTES_MAX, Filled, ShownPayments
from ledger import payment
from ledger.entry import RecordedEvent
from ledger.events import JsonObject
from ledger.payment import Payment
from tests.builders import Teller

NOTHING = Filled(None, None, None, is_erased=False, refusal=None)
MUCH = Filled(
    "https://pay.example",
    "Bread",
    {"order": "A-1"},
    is_erased=True,
    refusal={"refusal": "rejected_by_payer"},
)


def folded(recorded: list[RecordedEvent]) -> Payment:
    state = payment.INITIAL
    for one in recorded:
        state = payment.evolve(state, one.event)
    return state


def anew(recorded: list[RecordedEvent], filled: Filled) -> JsonObject:
    """The same without anything remembered."""
    state = folded(recorded)
    written = views.payment_of(
        state, recorded, mode="test", code=code_of(state), **filled._asdict()
    )
    read: JsonObject = orjson.loads(orjson.dumps(written, option=orjson.OPT_UTC_Z))
    return read


def look(shown: ShownPayments, recorded: list[RecordedEvent], filled: Filled) -> JsonObject:
    written = shown.write(folded(recorded), recorded, mode="test", filled=filled)
    read: JsonObject = orjson.loads(written)
    return read


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
            for filled in (NOTHING, MUCH, NOTHING):
                assert look(shown, moment, filled) == anew(moment, filled)


@pytest.mark.parametrize("shown_max", [0, 2])
def test_only_so_many_payments_are_remembered_and_the_longest_not_looked_at_goes_first(
    shown_max: int,
) -> None:
    shown, [first, second, third, _] = ShownPayments(shown_max=shown_max), streams()

    for stream in (first, second, first, third):
        look(shown, stream, NOTHING)

    assert [*shown._shown] == [first[0].stream, third[0].stream][:shown_max]


def test_a_payment_that_takes_much_is_written_anew_each_time() -> None:
    shown, [stream, *_] = ShownPayments(), streams()
    last = stream[-1]
    look(shown, stream, NOTHING)

    shown._remember(last, b"{" + b" " * WRITTEN_BYTES_MAX)

    assert not shown._shown
    assert look(shown, stream, MUCH) == anew(stream, MUCH)
