"""What a page that says "paid" gives its payer to keep: when, at whom, under which numbers.

The date is by the clocks of the payer's country and by UTC, as in the letter that is the receipt,
so that the page, the letter and the operator's message are seen to tell of the same payment.
"""

from collections.abc import Sequence
from typing import Final

from adapters.notify.receipt import plain, time_text
from api.pages.words import Words
from api.views import moved_at
from ledger.entry import RecordedEvent
from ledger.payment import Payment

TRANSACTION_CHARACTERS_MAX: Final = 64


def paid_facts(
    payment: Payment, recorded: Sequence[RecordedEvent], operator: str, words: Words
) -> list[tuple[str, str]]:
    """Name and value of each thing worth keeping; what is not known is left out."""
    request, at = payment.requested, moved_at(recorded)
    transaction_id = payment.settled.provider_transaction_id
    facts = [
        ("paid_at", None if at is None else time_text(at, request.country or "", words.language)),
        ("paid_with", operator),
        (
            "paid_transaction",
            transaction_id and plain(transaction_id, TRANSACTION_CHARACTERS_MAX),
        ),
    ]
    return [(words.say(name), value) for name, value in facts if value]
