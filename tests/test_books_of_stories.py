"""Whatever happens: what the accounts keep of payments agrees with the payments' own fold."""

from collections import Counter

from hypothesis import example, given

from ledger import payment
from ledger.events import PaymentRequested
from ledger.journal import postings
from projections.accounts_rows import TELLING, Kept, books, decode, difference, encode
from tests.builders import Step, a_log, stories

PREFIX = payment.stream_of("")


@given(stories())
@example([(0, "request"), (0, "start"), (0, "withdraw"), (0, "expire"), (0, "hint")])
@example([(0, "request"), (0, "start"), (0, "decline"), (0, "confirm")])
@example([(0, "request"), (0, "start"), (0, "withdraw"), (0, "start"), (0, "confirm_first")])
def test_every_event_balances_and_all_together_book_what_the_payments_are(
    story: list[Step],
) -> None:
    states: dict[str, payment.Payment] = {}
    kept: dict[str, Kept] = {}
    sums: Counter[tuple[str, str, str]] = Counter()
    for recorded in a_log(*story):
        stream, event = recorded.stream, recorded.event
        if not stream.startswith(PREFIX):
            continue
        states[stream] = payment.evolve(states.get(stream, payment.INITIAL), event)
        if isinstance(event, PaymentRequested):
            kept[stream] = Kept(event)
        elif type(event) in TELLING:
            one = kept[stream] = decode(encode(kept[stream]))
            one.fold(event)
            if books(one, event):
                changed = difference(one.booked, one.postings())
                one.booked = one.postings()
                in_currencies: Counter[str] = Counter()
                for account, amount_minor in changed:
                    sums[account] += amount_minor
                    in_currencies[account[2]] += amount_minor
                assert not any(in_currencies.values())
        # Of what has no end yet a merchant is told that it is in flight.
        assert kept[stream].is_in_flight is not states[stream].status.is_final
    expected: Counter[tuple[str, str, str]] = Counter()
    for state in states.values():
        for line in postings(state):
            expected[line[:3]] += line.amount_minor
    assert +sums == +expected
    assert -sums == -expected
