"""Which payment each line of a statement speaks of, and when it is told: the fold over rows.

Pure: rows and events, no table. A line speaks of the payment that was ever submitted to its
provider under its reference, or that has it as its id; else of one whose provider named that
transaction before. Whichever comes first, line or payment: the later one finds the earlier one, for
both leave a pointer.

A payment fits whose kind goes the line's way: in is a collection, out is a payout or a refund. Only
where there is none, another one is named; and if one that fits turns up later, it takes its place.

A line that names two payments speaks of neither: one by its reference and another one by its
transaction, or two by a transaction without a reference. To take either would be a guess with
somebody's money. A refund and what it gives back are no two, for providers write either's name. An
approved line leads from its transaction to its payment too, where no live word does: so one
transaction does not settle a second payment by another line.

A word is due where a statement that has it was approved, its payment is known, and that payment was
not told the same by another word: whichever of these comes last makes it so.
"""

from collections.abc import Iterable

from ledger import events
from ledger.entry import RecordedEvent
from ledger.evidence import Source
from ledger.money import Money
from projections.effective import Moved, hear
from projections.modes import UNSAID
from projections.statements_rows import (
    PREFIX,
    Header,
    Known,
    Line,
    Pointer,
    Word,
    by_payment,
    by_reference,
    by_transaction,
    word_id_of,
)
from projections.tables import stamp


class Book:
    """All rows that a batch may touch, while it is folded into them."""

    def __init__(self) -> None:
        self.headers: dict[str, Header] = {}
        self.words: dict[str, Word] = {}
        self.payments: dict[str, Known] = {}
        self.pointers: dict[str, dict[str, Pointer]] = {}
        self.asked: set[str] = set()
        """The names under which stored pointers were looked for."""
        self.lines: dict[str, list[Line]] = {}
        """Lines of statements that are approved here."""
        self.changed_headers: set[str] = set()
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
            case events.StatementApproved():
                self._approve(recorded, event)
            case events.StatementWithdrawn():
                header = self.headers[event.statement_id]
                header.withdrawn_by, header.withdrawn_at = event.by, stamp(recorded.recorded_at)
                self.changed_headers.add(event.statement_id)
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
                    event.refund_of,
                )
            case events.PaymentSubmissionStarted():
                payment_id = recorded.stream[len(PREFIX) :]
                name = (event.provider, event.reference)
                known = self.payments[payment_id]
                known.tried += f"{event.provider} {event.reference}\n"
                self._lead(by_reference("p", *name), payment_id, event.reference, recorded)
                self._offer(by_reference("w", *name), recorded)
                self._offer(by_reference("w", event.provider, payment_id), recorded)
                known.is_given_up = 0
            case events.PaymentEvidenceRecorded():
                self._hear(recorded, event)
            case events.PaymentSubmissionDeclined():
                self.payments[recorded.stream[len(PREFIX) :]].is_given_up = 1
            case events.PaymentSubmissionDoubted() | events.PaymentRerouted():
                self.payments[recorded.stream[len(PREFIX) :]].is_given_up = 0
            case events.PaymentExpired() if event.reference is None:
                # No provider ever had it, and nothing is known of its money.
                self.payments[recorded.stream[len(PREFIX) :]].is_given_up = 1
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
            event.by,
            stamp(recorded.recorded_at),
        )
        self.headers[event.statement_id] = header
        self.changed_headers.add(event.statement_id)

    def _add(self, recorded: RecordedEvent, event: events.StatementLinesAdded) -> None:
        header = self.headers[event.statement_id]
        for number, line in enumerate(event.lines, event.first):
            word_id = word_id_of(header, line)
            at = stamp(line.occurred_at)
            row = Line(event.statement_id, number, word_id, line.reference, at, line.fee_minor)
            self.new_lines.append(row)
            self.lines.setdefault(event.statement_id, []).append(row)
            transaction = (header.provider, line.provider_transaction_id)
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
                    line.reference,
                    at,
                    event.statement_id,
                    number,
                    recorded.position,
                )
                self.changed.add(word_id)
                self._lead(by_transaction("w", *transaction), word_id, "", recorded)
                if line.reference is not None:
                    reference = (header.provider, line.reference)
                    self._lead(by_reference("w", *reference), word_id, "", recorded)
            self._match(word, recorded)

    def _approve(self, recorded: RecordedEvent, event: events.StatementApproved) -> None:
        header = self.headers[event.statement_id]
        header.approved_by, header.approved_at = event.by, stamp(recorded.recorded_at)
        self.changed_headers.add(event.statement_id)
        for line in self.lines.get(event.statement_id, ()):
            word = self.words[line.word_id]
            if word.approved:
                continue
            # What is told is what was agreed to: the time, too.
            word.approved, word.occurred_at = 1, line.occurred_at
            word.statement_id, word.line = line.statement_id, line.number
            word.position = recorded.position
            self.changed.add(word.stream_id)
            self._tell(word, recorded)

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
            for target in sorted(self.pointers.get(by_payment(payment_id), ())):
                word = self.words[target]
                is_open = word.told_at is None and word.payment_id == payment_id
                if is_open and _is_said(word, event):
                    if word.due_at is not None and known.telling is None:
                        known.telling = word.stream_id
                    word.told_at, word.due_at = at, None
                    self.changed.add(word.stream_id)
        if said.provider_transaction_id is not None:
            name = (said.provider, said.provider_transaction_id)
            of = "l" if said.source is Source.STATEMENT else "p"
            self._lead(by_transaction(of, *name), payment_id, said.reference, recorded)
            self._offer(by_transaction("w", *name), recorded)

    def _conclude(self, known: Known, recorded: RecordedEvent) -> None:
        """Take what the words about a payment add up to now."""
        event, telling = recorded.event, known.telling
        known.succeeded_by = known.reference = known.telling = None
        known.verdict = None if isinstance(event, events.PaymentReopened) else event.type
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

    def _offer(self, name: str, recorded: RecordedEvent) -> None:
        """Let every word that waits under a name look again."""
        there = self.pointers.get(name, {})
        for one in sorted(there.values(), key=lambda one: (one.position, one.target)):
            self._match(self.words[one.target], recorded)

    def _match(self, word: Word, recorded: RecordedEvent) -> None:
        """Look which payment a word speaks of, by all that is known now; it may be two."""
        named = self._named(word)
        if not named:
            return
        stood = _spoken_of(word)
        found = next((one for one in named if self._fits(word, one)), named[0])
        two = [one.target for one in named if one is found or self._is_another(one, found)][:2]
        word.one_of_two, word.other_of_two = two if len(two) > 1 else (None, None)
        if word.told_at is None:
            # What was told cannot be taken back; it is a difference that people see.
            fits = self._fits(word, found)
            word.payment_id, word.payment_reference, word.fits = (
                (None, None, 0) if len(two) > 1 else (found.target, found.reference, int(fits))
            )
        if _spoken_of(word) == stood:
            return
        word.position, word.due_at = recorded.position, None
        self.changed.add(word.stream_id)
        if word.payment_id is not None:
            self._lead(by_payment(word.payment_id), word.stream_id, "", recorded)
        self._tell(word, recorded)

    def _named(self, word: Word) -> list[Pointer]:
        """The payments that a word names: by its reference first, in the order of the log."""
        provider, transaction_id = word.provider, word.provider_transaction_id
        by_name: list[Pointer] = []
        if word.reference is not None:
            by_name = self._led(word, by_reference("p", provider, word.reference))
            by_name = by_name or self._by_own_id(word, word.reference)
        lines = self._led(word, by_transaction("l", provider, transaction_id))
        by_id = self._led(word, by_transaction("p", provider, transaction_id)) or [
            one for one in lines if self._fits(word, one)
        ]
        # Where both name one payment, the transaction says which submission: told under another,
        # the same movement would be money taken twice.
        names = {one.target for one in by_name}
        named = [one for one in by_id if one.target in names] or [*by_name, *by_id]
        if word.told_at is not None and word.payment_id is not None:
            told = Pointer("", word.payment_id, word.payment_reference or "", word.position)
            named = [told, *named]
        return named

    def _by_own_id(self, word: Word, payment_id: str) -> list[Pointer]:
        """The payment of this id, where its provider had it: some statements have our id."""
        known = self.payments.get(payment_id)
        reference = None if known is None else known.tried_by(word.provider)
        if known is None or reference is None or not self._is_of_mode(word, known):
            return []
        return [Pointer("", payment_id, reference, known.position)]

    def _led(self, word: Word, name: str) -> list[Pointer]:
        """The payments under a name: those that go a word's way, if any do; else all."""
        found = sorted(self.pointers.get(name, {}).values(), key=lambda one: one.position)
        of_mode = [one for one in found if self._is_of_mode(word, self.payments[one.target])]
        return [one for one in of_mode if self._fits(word, one)] or of_mode

    @staticmethod
    def _is_of_mode(word: Word, known: Known) -> bool:
        return known.mode == word.mode or (known.mode == UNSAID and bool(word.is_default_mode))

    def _fits(self, word: Word, one: Pointer) -> bool:
        is_paid_in = self.payments[one.target].kind == "collection"
        return is_paid_in == (word.direction == "in")

    def _is_another(self, one: Pointer, found: Pointer) -> bool:
        """Whether these are two payments, neither of which gives the other back."""
        first, second = self.payments[one.target], self.payments[found.target]
        return first.payment_id not in {second.payment_id, second.refund_of} and (
            first.refund_of != second.payment_id
        )

    def _tell(self, word: Word, recorded: RecordedEvent) -> None:
        """Make a word due, if it is approved and fits, and its payment does not know it yet."""
        is_of_one = word.fits and word.one_of_two is None
        if not (word.approved and is_of_one) or word.refused or word.told_at:
            return
        transaction = (word.provider, word.provider_transaction_id)
        others = [
            self.words[one] for one in self.pointers.get(by_transaction("w", *transaction), ())
        ]
        word.told_at = next(
            (one.told_at for one in others if one.told_at and _are_alike(word, one)), None
        )
        if word.told_at is None:
            word.due_at = stamp(recorded.recorded_at)
        assert word.payment_id is not None
        reference = word.payment_reference or ""
        self._lead(by_transaction("l", *transaction), word.payment_id, reference, recorded)
        self._offer(by_transaction("w", *transaction), recorded)


def _spoken_of(word: Word) -> tuple[object, ...]:
    """Which payment a word speaks of, or which two."""
    return (
        word.payment_id,
        word.payment_reference,
        word.fits,
        word.one_of_two,
        word.other_of_two,
    )


def _are_alike(one: Word, other: Word) -> bool:
    """Whether two words tell the same payment the same; their transaction is one already."""
    return (one.payment_id, one.payment_reference, one.amount_minor, one.currency) == (
        other.payment_id,
        other.payment_reference,
        other.amount_minor,
        other.currency,
    )


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
