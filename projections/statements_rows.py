"""The rows of statements, and the names that lead from one to another.

The trick: what two statements both have is one `Word`. Its key is what it says: mode, provider,
transaction, reference, direction, amount and currency. So a line that comes again is no news, and
one that says another amount, or names another payment, is another word, which stands beside it: a
statement that nobody approved changes nothing about what the lines of an approved one lead to.

Whether a word agrees with its payment is not written here: it is a comparison of rows, made when it
is asked (`projections.statements_compared`), so no order of events can make it stale.
"""

import hashlib
from typing import Final

import msgspec

from ledger import events
from ledger.identity import spelt
from ledger.payment import stream_of
from ledger.statement_line import StatementLine

TELLING: Final[frozenset[type[events.Event]]] = frozenset(
    {
        events.PaymentRequested,
        events.PaymentSubmissionStarted,
        events.PaymentSubmissionDeclined,
        events.PaymentSubmissionDoubted,
        events.PaymentRerouted,
        events.PaymentEvidenceRecorded,
        events.PaymentSucceeded,
        events.PaymentFailed,
        events.PaymentExpired,
        events.PaymentConflicted,
        events.PaymentReopened,
        events.StatementOpened,
        events.StatementLinesAdded,
        events.StatementApproved,
        events.StatementWithdrawn,
        events.StatementLineRefused,
    }
)
"""The events that say something about statements or about what they are held against."""

PREFIX: Final = stream_of("")


class Header(msgspec.Struct, gc=False):
    """A statement: the table's columns, in its order."""

    statement_id: str
    position: int
    provider: str
    currency: str
    mode: str
    is_default_mode: int
    covers_from: str
    covers_to: str
    lines: int
    handed_in_by: str
    """The key's id; so are `approved_by` and `withdrawn_by`."""
    handed_in_at: str
    approved_by: str | None = None
    approved_at: str | None = None
    withdrawn_by: str | None = None
    withdrawn_at: str | None = None


class Line(msgspec.Struct, gc=False):
    """A line of a statement as it stands there."""

    statement_id: str
    number: int
    word_id: str
    reference: str | None
    occurred_at: str
    fee_minor: int | None


class Word(msgspec.Struct, gc=False):
    """What one line says, or several lines of several statements say alike."""

    stream_id: str
    """Its key, under the name that a piece of work has."""
    mode: str
    is_default_mode: int
    provider: str
    provider_transaction_id: str
    direction: str
    amount_minor: int
    currency: str
    reference: str | None
    occurred_at: str
    """As the first line has it, of an approved statement if there is one; so are the next two."""
    statement_id: str
    line: int
    position: int
    """Of the event that made it due last, or that brought it."""
    approved: int = 0
    """Whether a statement that has it was approved."""
    payment_id: str | None = None
    """The payment it speaks of, as far as that is known."""
    payment_reference: str | None = None
    """Under which that payment was submitted to the provider."""
    fits: int = 0
    """Whether money goes the same way there."""
    one_of_two: str | None = None
    """Where it names two payments: the one that its reference names, if it does; else None."""
    other_of_two: str | None = None
    """The other one of them."""
    told_at: str | None = None
    """When the payment took it as a word."""
    settled: int = 0
    """Whether that made it a success, which it was not before."""
    refused: str | None = None
    """Why the payment did not take it."""
    due_at: str | None = None
    """Since when the payment is to be told; None: it is not."""


class Known(msgspec.Struct, gc=False):
    """A payment, as far as statements are held against it."""

    payment_id: str
    position: int
    merchant_id: str
    kind: str
    mode: str
    currency: str
    amount_minor: int
    requested_at: str
    refund_of: str | None = None
    """The payment that it gives back."""
    tried: str = ""
    """A line for each submission: its provider, a space, its reference."""
    succeeded_by: str | None = None
    """The provider by whom it is a success; None: it is none."""
    verdict: str | None = None
    """What the words about it add up to: the type of the event that said so; None: to nothing."""
    is_given_up: int = 0
    """Whether it was declined, cancelled or not taken in time, as far as no word says otherwise."""
    reference: str | None = None
    """Of that success."""
    moved_at: str | None = None
    moved_trust: int = 0
    telling: str | None = None
    """The word of a statement that was recorded last, as long as nothing else was said since."""

    def tried_by(self, provider: str) -> str | None:
        """The reference of the last submission to a provider; None: there was none."""
        found = [one for one in self.tried.splitlines() if one.startswith(f"{provider} ")]
        return found[-1].partition(" ")[2] if found else None


class Pointer(msgspec.Struct, gc=False):
    """What leads from a name to a payment, or to a word that waits for one."""

    name: str
    target: str
    reference: str
    position: int


WORDS_FIXED: Final = (
    "mode",
    "is_default_mode",
    "provider",
    "provider_transaction_id",
    "direction",
    "amount_minor",
    "currency",
    "reference",
)
KNOWN_FIXED: Final = (
    "position",
    "merchant_id",
    "kind",
    "mode",
    "currency",
    "amount_minor",
    "requested_at",
    "refund_of",
)


def word_id_of(header: Header, line: StatementLine) -> str:
    """The key of what a line says."""
    said = (
        header.mode,
        header.provider,
        line.provider_transaction_id,
        line.reference or "",
        line.direction,
        str(line.amount_minor),
        header.currency,
    )
    return spelt(hashlib.sha256("\0".join(said).encode()).digest())


def by_reference(of: str, provider: str, reference: str) -> str:
    """The pointer of a reference, of payments (`p`) or of words (`w`)."""
    return f"{of}r {provider} {reference}"


def by_transaction(of: str, provider: str, transaction_id: str) -> str:
    """The pointer of a provider's own id: of payments by live words or by lines, or of words.

    `of` is `p`, `l` (only lines that were approved) or `w`.
    """
    return f"{of}t {provider} {transaction_id}"


def names_of(word: Word) -> list[str]:
    """The pointers that lead from what a word says: to payments, and to words that may be alike."""
    names = [
        by_transaction(of, word.provider, word.provider_transaction_id) for of in ("p", "l", "w")
    ]
    if word.reference is not None:
        names.append(by_reference("p", word.provider, word.reference))
    return names


def by_payment(payment_id: str) -> str:
    """The pointer from a payment to the words that speak of it."""
    return f"wp {payment_id}"
