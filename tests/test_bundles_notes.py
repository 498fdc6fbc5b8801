"""The verifier that is carried away books what the ledger books, whatever anybody says."""

from collections import Counter
from typing import Any

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from api.bundles import verify_bundle
from ledger import commands, events
from ledger.events_codec import payload_of
from ledger.evidence import Source, Word
from ledger.journal import postings
from tests.builders import Teller, a_word, payment_id

STEPS = (
    *("start", "again", "confirm", "withdraw", "success", "failure", "success_first"),
    *("wrong_amount", "statement_failure_first", "noted_success", "noted_failure"),
    *("statement_failure", "statement_success"),
    *("righted_success", "righted_failure"),
)
PAYMENT: Any = verify_bundle.Payment
"""It is carried away without types."""

said = st.tuples(
    st.sampled_from([Source.WEBHOOK, Source.STATEMENT]),
    st.sampled_from([None, "7", "8"]),
    st.sampled_from([None, "", "1000", "900.00", "12.5", "0", "9" * 18, "many"]),
    st.sampled_from([None, "XAF", "XOF", "USD", "FCFA"]),
)
"""What a provider may say moved: live or not, by which id, how much, and in which money."""


@given(st.lists(st.sampled_from(STEPS) | said, max_size=14))
@example([(Source.WEBHOOK, None, "900.00", "XAF"), "noted_failure"])
@example([(Source.WEBHOOK, None, None, "USD")])
@example([(Source.WEBHOOK, one, None, None) for one in ("7", "8")] + ["noted_success"])
@example([(Source.STATEMENT, one, None, None) for one in ("7", "8")] + ["noted_success"])
@example([(Source.STATEMENT, "7", "1000", None), (Source.STATEMENT, "8", "900.00", None)])
@example([(Source.WEBHOOK, one, None, None) for one in ("7", "8")] + ["statement_failure"])
@settings(max_examples=150)
def test_both_books_say_the_same_after_every_step(
    steps: list[str | tuple[Source, Any, Any, Any]],
) -> None:
    teller = Teller()
    kept: Any = None
    booked = Counter[tuple[str, ...]]()
    for step in ("request", "start", *steps):
        before = len(teller.log)
        if isinstance(step, str):
            teller.tell((0, step))
        else:
            attempt = teller.payment(0).attempts[-1]
            word = a_word(
                Word.SUCCEEDED,
                step[0],
                provider=attempt.provider,
                reference=attempt.reference,
                amount=step[2],
                currency=step[3],
            )
            word = msgspec.structs.replace(word, provider_transaction_id=step[1])
            teller.do(commands.RecordEvidence(payment_id=payment_id(0), evidence=word))
        for recorded in teller.log[before:]:
            payload = payload_of(recorded.event)
            if isinstance(recorded.event, events.PaymentRequested):
                kept = PAYMENT(payload, True)
            elif kept.fold(recorded.type, payload):
                booked.update(kept.book())
        # A step is one append: between a word and what it causes nobody reads.
        sums = Counter[tuple[str, ...]]()
        for line in postings(teller.payment(0)):
            sums[line.account, line.holder, line.currency] += line.amount_minor
        assert {key: value for key, value in booked.items() if value} == {
            key: value for key, value in sums.items() if value
        }
