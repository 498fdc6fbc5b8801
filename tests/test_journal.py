"""The journal: which way each kind of money goes, and what its words are worth in the books."""

from dataclasses import replace

import pytest

from ledger import commands, payment
from ledger.evidence import Word
from ledger.identity import Kind
from ledger.journal import Posting, postings
from tests.builders import NOW, a_request, a_word

SOON = NOW


def ended(kind: Kind, *words: commands.RecordEvidence) -> payment.Payment:
    """A payment of a kind that was accepted, and what was said about it."""
    told: list[commands.PaymentCommand] = [
        replace(a_request(), kind=kind),
        commands.StartSubmission(
            payment_id="pay_1", provider="mtn", reference="pay_1-1", inquire_at=SOON
        ),
        *words,
    ]
    state = payment.INITIAL
    for command in told:
        for event in payment.decide(command, state):
            state = payment.evolve(state, event)
    return state


def word(says: Word, amount: str | None = None) -> commands.RecordEvidence:
    """A provider's word about it."""
    return commands.RecordEvidence(payment_id="pay_1", evidence=a_word(says, amount=amount))


@pytest.mark.parametrize(
    ("kind", "wallet_minor", "account"),
    [("collection", 1500, "411"), ("refund", -1500, "411"), ("payout", -1500, "401")],
)
def test_money_goes_into_the_wallet_or_out_of_it_by_its_kind(
    kind: Kind, wallet_minor: int, account: str
) -> None:
    assert postings(ended(kind, word(Word.SUCCEEDED))) == (
        Posting("552", "mtn", "XAF", wallet_minor),
        Posting(account, "mer_1", "XAF", -wallet_minor),
    )


@pytest.mark.parametrize(("kind", "wallet_minor"), [("collection", 900), ("payout", -900)])
def test_what_a_contradicting_word_says_moved_stands_in_suspense(
    kind: Kind, wallet_minor: int
) -> None:
    assert postings(ended(kind, word(Word.SUCCEEDED, "900"))) == (
        Posting("552", "mtn", "XAF", wallet_minor),
        Posting("471", "mtn", "XAF", -wallet_minor),
    )


@pytest.mark.parametrize(
    ("amount", "currency", "booked"),
    [
        ("900.00", None, (900, "XAF")),
        ("0900", "XAF", (900, "XAF")),
        (" 900 ", "FCFA", (900, "XAF")),
        ("0", None, (0, "XAF")),
        ("9.5", "GHS", (950, "GHS")),
        (None, "GHS", (150000, "GHS")),
        ("900.50", None, (1500, "XAF")),
        ("nine", None, (1500, "XAF")),
        ("9" * 18, None, (1500, "XAF")),
    ],
)
def test_a_contradicting_word_is_booked_as_its_provider_renders_it(
    amount: str | None, currency: str | None, booked: tuple[int, str]
) -> None:
    said = a_word(Word.SUCCEEDED, amount=amount, currency=currency)
    told = commands.RecordEvidence(payment_id="pay_1", evidence=said)
    wallet, suspense = postings(ended("collection", told))
    assert (wallet.amount_minor, wallet.currency) == booked
    assert suspense == ("471", "mtn", booked[1], -booked[0])


def test_what_failed_books_nothing() -> None:
    assert postings(ended("payout", word(Word.FAILED))) == ()
