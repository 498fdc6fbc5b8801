"""The journal of a payment: what its state means in double entry, with SYSCOHADA numbers.

The trick: `postings(payment)` is a pure function of the folded state, and the state's money is a
function of the set of evidence; so the books do not depend on the order in which news came. The
accounts projection books the *difference* between the postings before and after each event, which
keeps every position of the log balanced.

    succeeded   debit 552 wallet of the provider      credit 411 the merchant's customers
    conflict    debit 552 wallet of the provider      credit 471 suspense of the provider
                (only where some trusted word says that money moved; of the amount it said)

Sources: 552 "Monnaie électronique - téléphone portable", 411 "Clients", 471 "Débiteurs et
créditeurs divers" are the numbers of the SYSCOHADA révisé chart. The holder behind the number
(which provider's wallet, which merchant) is ours.

It does not book fees, taxes or sweeps: no event tells of them yet.
"""

from typing import Final, NamedTuple

from ledger.errors import InvalidMoneyError
from ledger.evidence import Evidence, Word
from ledger.money import Money, parse_money
from ledger.payment import Payment, Status

WALLET: Final = "552"
CUSTOMERS: Final = "411"
SUSPENSE: Final = "471"

ACCOUNT_NAMES: Final = {
    WALLET: ("Monnaie électronique - téléphone portable", "Mobile money wallets"),
    CUSTOMERS: ("Clients", "Customers"),
    SUSPENSE: ("Débiteurs et créditeurs divers", "Suspense: sundry debtors and creditors"),
}
"""Number -> (official French name, English name)."""


class Posting(NamedTuple):
    """One line: `amount_minor` is positive for a debit, negative for a credit."""

    account: str
    holder: str
    currency: str
    amount_minor: int


def postings(payment: Payment) -> tuple[Posting, ...]:
    """What the payment's state books; empty while no money moved. Sums to zero per currency."""
    if payment.request is None:
        return ()
    if payment.status is Status.SUCCEEDED:
        # Between a word and the transition it causes, the words may already say something else.
        because = payment.settled.because or tuple(_paid_words(payment))
        return _pair(payment.money, because[0].provider, CUSTOMERS, payment.request.merchant_id)
    if payment.status is not Status.CONFLICT:
        return ()
    lines: list[Posting] = []
    for word in _paid_words(payment):
        lines += _pair(_reported(word, payment.money), word.provider, SUSPENSE, word.provider)
    return tuple(lines)


def _pair(money: Money, wallet: str, account: str, holder: str) -> tuple[Posting, Posting]:
    return (
        Posting(WALLET, wallet, money.currency, money.amount_minor),
        Posting(account, holder, money.currency, -money.amount_minor),
    )


def _paid_words(payment: Payment) -> list[Evidence]:
    """Per reference, in the order of submission, the best word that money moved."""
    references = dict.fromkeys(one.reference for one in payment.attempts)
    words = (_said_paid(payment.evidence, reference) for reference in references)
    return [word for word in words if word is not None]


def _said_paid(words: frozenset[Evidence], reference: str) -> Evidence | None:
    """The most trusted word that money moved under this reference; ties by the words' order."""
    paid = [word for word in words if word.reference == reference and word.word is Word.SUCCEEDED]
    return max(paid, key=lambda word: (word.trust, word.order), default=None)


def _reported(word: Evidence, asked: Money) -> Money:
    """The money the word speaks of; the asked money where the word's own cannot be read."""
    try:
        return parse_money(word.amount or asked.amount, word.currency or asked.currency)
    except InvalidMoneyError:
        return asked
