"""The rows of statements: which payment each line speaks of; a part of `projections.statements`.

Pure: rows and events, no table. A line speaks of the payment that was ever submitted to its
provider under its reference; else of one whose provider named that transaction before. Whichever
comes first, line or payment: the later one finds the earlier one, for both leave a pointer.

Of several payments that a line may speak of the first is taken whose kind goes the line's way: in
is a collection, out is a payout or a refund. Only where there is none, another one is named; and if
one that fits turns up later, it takes its place.

The trick: what two statements both have is one `Word`. Its key is what it says: mode, provider,
transaction, direction, amount and currency. So a line that comes again is no news, and one that
says another amount is another word, which stands beside it.

Whether a word agrees with its payment is not written here: it is a comparison of rows, made when it
is asked (`projections.statements`), so no order of events can make it stale.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

import msgspec

from ledger import events
from ledger.entry import RecordedEvent
from ledger.evidence import Source
from ledger.identity import spelt
from ledger.money import Money
from ledger.payment import stream_of
from ledger.statement_line import StatementLine
from projections.effective import Moved, hear
from projections.modes import UNSAID
from projections.tables import stamp

TELLING: Final[frozenset[type[events.Event]]] = frozenset(
    {
        events.PaymentRequested,
        events.PaymentSubmissionStarted,
        events.PaymentEvidenceRecorded,
        events.PaymentSucceeded,
        events.PaymentFailed,
        events.PaymentExpired,
        events.PaymentConflicted,
        events.PaymentReopened,
        events.StatementOpened,
        events.StatementLinesAdded,
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
    handed_in_at: str


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
    occurred_at: str
    """As the first line has it; so are `statement_id` and `line`."""
    statement_id: str
    line: int
    position: int
    """Of the event that made it due last, or that brought it."""
    reference: str | None = None
    payment_id: str | None = None
    """The payment it speaks of, as far as that is known."""
    payment_reference: str | None = None
    """Under which that payment was submitted to the provider."""
    fits: int = 0
    """Whether money goes the same way there."""
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
    succeeded_by: str | None = None
    """The provider by whom it is a success; None: it is none."""
    reference: str | None = None
    """Of that success."""
    moved_at: str | None = None
    moved_trust: int = 0
    telling: str | None = None
    """The word of a statement that was recorded last, as long as nothing else was said since."""


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
    "occurred_at",
    "statement_id",
    "line",
)
KNOWN_FIXED: Final = (
    "position",
    "merchant_id",
    "kind",
    "mode",
    "currency",
    "amount_minor",
    "requested_at",
)


def word_id_of(header: Header, line: StatementLine) -> str:
    """The key of what a line says."""
    said = (
        header.mode,
        header.provider,
        line.provider_transaction_id,
        line.direction,
        str(line.amount_minor),
        header.currency,
    )
    return spelt(hashlib.sha256("\0".join(said).encode()).digest())


def by_reference(of: str, provider: str, reference: str) -> str:
    """The pointer of a reference, of payments (`p`) or of words (`w`)."""
    return f"{of}r {provider} {reference}"


def by_transaction(of: str, provider: str, transaction_id: str) -> str:
    """The pointer of a provider's own id, of payments (`p`) or of words (`w`)."""
    return f"{of}t {provider} {transaction_id}"


def by_payment(payment_id: str) -> str:
    """The pointer from a payment to the words that speak of it."""
    return f"wp {payment_id}"


class Book:
    """All rows that a batch may touch, while it is folded into them."""

    def __init__(self) -> None:
        self.headers: dict[str, Header] = {}
        self.words: dict[str, Word] = {}
        self.payments: dict[str, Known] = {}
        self.pointers: dict[str, dict[str, Pointer]] = {}
        self.new_headers: list[Header] = []
        self.new_lines: list[Line] = []
        self.new_pointers: list[Pointer] = []
        self.changed: set[str] = set()
        """The keys of words that are to be put."""

    def point(self, found: Iterable[Pointer]) -> None:
        """Take pointers that are stored."""
        for one in found:
            self.pointers.setdefault(one.name, {})[one.target] = one

    def fold(self, recorded: RecordedEvent) -> None:
        """Fold one event."""
        event = recorded.event
        match event:
            case events.StatementOpened():
                self._open(recorded, event)
            case events.StatementLinesAdded():
                self._add(recorded, event)
            case events.StatementLineRefused():
                self._refuse(event)
            case events.PaymentRequested():
                self.payments[event.payment_id] = Known(
                    event.payment_id,
                    recorded.position,
                    event.merchant_id,
                    event.kind,
                    event.mode or UNSAID,
                    event.currency,
                    event.amount_minor,
                    stamp(recorded.recorded_at),
                )
            case events.PaymentSubmissionStarted():
                payment_id = recorded.stream[len(PREFIX) :]
                name = (event.provider, event.reference)
                self._lead(by_reference("p", *name), payment_id, event.reference, recorded)
                self._offer(by_reference("w", *name), payment_id, event.reference, recorded)
            case events.PaymentEvidenceRecorded():
                self._hear(recorded, event)
            case events.PaymentExpired() if event.reference is None:
                pass  # No provider ever had it, and nothing is known of its money.
            case _:
                self._conclude(self.payments[recorded.stream[len(PREFIX) :]], recorded)

    def _open(self, recorded: RecordedEvent, event: events.StatementOpened) -> None:
        header = Header(
            event.statement_id,
            recorded.position,
            event.provider,
            event.currency,
            event.mode,
            int(event.is_default_mode),
            stamp(event.covers_from),
            stamp(event.covers_to),
            event.lines,
            recorded.actor,
            stamp(recorded.recorded_at),
        )
        self.headers[event.statement_id] = header
        self.new_headers.append(header)

    def _add(self, recorded: RecordedEvent, event: events.StatementLinesAdded) -> None:
        header = self.headers[event.statement_id]
        for number, line in enumerate(event.lines, event.first):
            word_id = word_id_of(header, line)
            at = stamp(line.occurred_at)
            self.new_lines.append(
                Line(event.statement_id, number, word_id, line.reference, at, line.fee_minor)
            )
            word = self.words.get(word_id)
            if word is None:
                self.words[word_id] = word = Word(
                    word_id,
                    header.mode,
                    header.is_default_mode,
                    header.provider,
                    line.provider_transaction_id,
                    line.direction,
                    line.amount_minor,
                    header.currency,
                    at,
                    event.statement_id,
                    number,
                    recorded.position,
                )
                self.changed.add(word_id)
                transaction = (header.provider, line.provider_transaction_id)
                self._lead(by_transaction("w", *transaction), word_id, "", recorded)
            if word.reference is None and line.reference is not None:
                word.reference = line.reference
                self.changed.add(word_id)
                reference = (header.provider, line.reference)
                self._lead(by_reference("w", *reference), word_id, "", recorded)
                self._look(by_reference("p", *reference), word, recorded)
            self._look(
                by_transaction("p", header.provider, line.provider_transaction_id), word, recorded
            )

    def _refuse(self, event: events.StatementLineRefused) -> None:
        for word in self.words.values():
            if (word.statement_id, word.line) == (event.statement_id, event.line):
                word.refused, word.due_at = event.reason, None
                self.changed.add(word.stream_id)

    def _hear(self, recorded: RecordedEvent, event: events.PaymentEvidenceRecorded) -> None:
        said = event.evidence
        payment_id, at = recorded.stream[len(PREFIX) :], stamp(recorded.recorded_at)
        known = self.payments[payment_id]
        moved = None if known.moved_at is None else Moved(known.moved_at, known.moved_trust)
        moved = hear(moved, said, requested_at=known.requested_at, recorded_at=at)
        if moved is not None:
            known.moved_at, known.moved_trust = moved
        known.telling = None
        if said.source is Source.STATEMENT:
            for target in self.pointers.get(by_payment(payment_id), ()):
                word = self.words[target]
                if word.told_at is None and _is_said(word, event):
                    word.told_at, word.due_at = at, None
                    known.telling = word.stream_id
                    self.changed.add(word.stream_id)
        if said.provider_transaction_id is not None:
            name = (said.provider, said.provider_transaction_id)
            self._lead(by_transaction("p", *name), payment_id, said.reference, recorded)
            self._offer(by_transaction("w", *name), payment_id, said.reference, recorded)

    def _conclude(self, known: Known, recorded: RecordedEvent) -> None:
        """Take what the words about a payment add up to now."""
        event, telling = recorded.event, known.telling
        known.succeeded_by = known.reference = known.telling = None
        if isinstance(event, events.PaymentSucceeded):
            known.succeeded_by, known.reference = event.provider, event.reference
            # A verdict that a word changes is recorded right behind it.
            if telling is not None:
                self.words[telling].settled = 1
                self.changed.add(telling)

    def _lead(self, name: str, target: str, reference: str, recorded: RecordedEvent) -> None:
        """Leave a pointer, unless it is there."""
        there = self.pointers.setdefault(name, {})
        if target not in there:
            there[target] = made = Pointer(name, target, reference, recorded.position)
            self.new_pointers.append(made)

    def _offer(self, name: str, payment_id: str, reference: str, recorded: RecordedEvent) -> None:
        """Offer a payment to every word that waits under a name."""
        for target in [*self.pointers.get(name, ())]:
            self._match(self.words[target], payment_id, reference, recorded)

    def _look(self, name: str, word: Word, recorded: RecordedEvent) -> None:
        """Offer a word every payment that stands under a name, in the order of the log."""
        found = sorted(self.pointers.get(name, {}).values(), key=lambda one: one.position)
        for one in found:
            self._match(word, one.target, one.reference, recorded)

    def _match(self, word: Word, payment_id: str, reference: str, recorded: RecordedEvent) -> None:
        known = self.payments[payment_id]
        is_of_mode = known.mode == word.mode or (known.mode == UNSAID and word.is_default_mode)
        if word.fits or not is_of_mode:
            return
        fits = (known.kind == "collection") == (word.direction == "in")
        if word.payment_id is not None and not fits:
            return
        word.payment_id, word.payment_reference, word.fits = payment_id, reference, int(fits)
        word.position = recorded.position
        self.changed.add(word.stream_id)
        self._lead(by_payment(payment_id), word.stream_id, "", recorded)
        if fits and word.refused is None:
            word.due_at = stamp(recorded.recorded_at)


def _is_said(word: Word, event: events.PaymentEvidenceRecorded) -> bool:
    """Whether what a payment took is this very word."""
    said = event.evidence
    amount = Money(word.amount_minor, word.currency).amount
    return bool(word.fits) and (
        said.provider,
        said.reference,
        said.provider_transaction_id,
        said.amount,
        said.currency,
    ) == (
        word.provider,
        word.payment_reference,
        word.provider_transaction_id,
        amount,
        word.currency,
    )
