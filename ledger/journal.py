"""The journal of a payment: what its state means in double entry, with SYSCOHADA numbers.

The trick: `postings(payment)` is a pure function of the folded state, and the state's money is a
function of the set of evidence; so the books do not depend on the order in which news came. The
accounts projection books the *difference* between the postings before and after each event, which
keeps every position of the log balanced.

    collection succeeded   debit 552 the provider's wallet    credit 411 the merchant's customers
    refund succeeded       debit 411 the merchant's customers credit 552 the provider's wallet
    payout succeeded       debit 401 whom the merchant owes   credit 552 the provider's wallet
    conflict               552 the provider's wallet against 471 suspense of the provider
                           (only where some trusted word says that money moved; as much as it said)

Where money was taken twice and a word that settles says of one of the two references that nothing
moved, or that it was given back, nothing of that one stays in suspense.

Sources: 552 "Monnaie électronique - téléphone portable", 411 "Clients", 401 "Fournisseurs, dettes
en compte", 471 "Débiteurs et créditeurs divers" are the numbers of the SYSCOHADA révisé chart. The
holder behind the number (which provider's wallet, which merchant) is ours.

It does not book fees, taxes or sweeps: no event tells of them yet.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from ledger.events import PaymentRequested
from ledger.evidence import (
    Evidence,
    Resolution,
    Trust,
    Word,
    counting,
    movements,
    movements_on_statements,
    resolve_reference,
)
from ledger.identity import Kind
from ledger.money import CURRENCIES, Money, reported_money
from ledger.payment import Payment, Status

WALLET: Final = "552"
CUSTOMERS: Final = "411"
SUPPLIERS: Final = "401"
SUSPENSE: Final = "471"

ACCOUNT_NAMES: Final = {
    WALLET: ("Monnaie électronique - téléphone portable", "Mobile money wallets"),
    CUSTOMERS: ("Clients", "Customers"),
    SUPPLIERS: ("Fournisseurs, dettes en compte", "Suppliers: whom payouts are owed to"),
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
        because = payment.settled.because or tuple(_paid_words(payment, payment.evidence))
        return success(payment.request, because[0].provider)
    if payment.status is not Status.CONFLICT:
        return ()
    lines: list[Posting] = []
    for word in _suspended_words(payment):
        reported = _reported(word, payment.money)
        lines += _pair(payment.request.kind, reported, word.provider, SUSPENSE, word.provider)
    return tuple(lines)


def success(request: PaymentRequested, wallet: str) -> tuple[Posting, Posting]:
    """What a success books: the asked money, with the provider that has it or had it."""
    account = SUPPLIERS if request.kind == "payout" else CUSTOMERS
    money = Money(request.amount_minor, request.currency)
    return _pair(request.kind, money, wallet, account, request.merchant_id)


def _pair(
    kind: Kind, money: Money, wallet: str, account: str, holder: str
) -> tuple[Posting, Posting]:
    """Book an amount into the wallet, or out of it, against another account."""
    into_minor = money.amount_minor if kind == "collection" else -money.amount_minor
    return (
        Posting(WALLET, wallet, money.currency, into_minor),
        Posting(account, holder, money.currency, -into_minor),
    )


def _suspended_words(payment: Payment) -> list[Evidence]:
    """Of a conflict: per reference the best word that money moved, where that is not settled."""
    words, money = counting(payment.evidence), payment.money
    return [
        word
        for word in _paid_words(payment, words)
        if resolve_reference(money, word.reference, words).resolution not in _UNPAID
    ]


_UNPAID: Final = frozenset({Resolution.FAILED, Resolution.EXPIRED})


def _paid_words(payment: Payment, words: frozenset[Evidence]) -> list[Evidence]:
    """Per reference, in the order of submission, the best of these words of each movement."""
    references = dict.fromkeys(one.reference for one in payment.attempts)
    return [word for one in references for word in _said_paid(payment, words, one)]


def _said_paid(payment: Payment, words: frozenset[Evidence], reference: str) -> list[Evidence]:
    """The most trusted word that money moved under this reference; ties by the words' order.

    Where money moved several times, the best word of each, with its own amount if lines of
    statements tell them apart. If only live words do, and the best of all is about another amount,
    that is the sum of them; and an operator's note tells all that is true.
    """
    paid = [word for word in words if word.reference == reference and word.word is Word.SUCCEEDED]
    best = _best(paid)
    if best is None or best.trust is Trust.OPERATOR:
        return [] if best is None else [best]
    if len(movements_on_statements(paid)) < 2 and not best.is_about(payment.money):
        return [best]
    each = [
        _best(word for word in paid if word.provider_transaction_id == one)
        for one in sorted(movements(paid))
    ]
    return [word for word in each if word is not None] if len(each) > 1 else [best]


def _best(words: Iterable[Evidence]) -> Evidence | None:
    return max(words, key=lambda word: (word.trust, word.order), default=None)


def _reported(word: Evidence, asked: Money) -> Money:
    """The money the word speaks of; the asked money where the word's own cannot be read.

    A currency nobody keeps ("FCFA") is taken for the asked one, for the amount beside it is what
    moved.
    """
    said = word.currency
    currency = said if said is not None and said in CURRENCIES else asked.currency
    return reported_money(word.amount or asked.amount, currency) or asked
