"""Evidence: one outside word about a payment, and what a set of words adds up to.

The trick: `resolve` is a function of the *set* of evidence. Words are kept in a frozenset, nothing
in here knows when a word arrived, so every order and every repetition of webhooks, polls,
statement lines and operators' notes ends in the same resolution.

The rule, per reference (one submission to one provider):

1. Only final words decide, and only from a source that is trusted at all.
2. The most trusted words win. If they contradict each other, that is a conflict.
3. A success is never silently downgraded: when the most trusted word is a failure and a less
   trusted one is a success, only a *settling* source (statement line, operator's note) may say so;
   otherwise it is a conflict.
4. A success of another amount or currency than asked contradicts itself: a conflict, until a more
   trusted word settles it.
5. Successes with two transaction ids of the provider are two movements of money (a page or a QR
   code that was paid twice): a conflict, until an operator's note says what is true. Live words are
   compared with live ones and statement lines with statement lines, for a statement may write an id
   otherwise. A line confirms its own movement, and says nothing against another one.

Over several references of one payment: money taken twice is a conflict; money taken once is a
success, whichever attempt took it; else the last attempt speaks.

People err, and their words are the most trusted. So an operator's note may name an earlier one that
it replaces, and a note that another one names does not count (`counting`). Which note came first
plays no part: a replaced note stays replaced whatever becomes of the one that names it, notes that
name each other both do not count, and one that names itself counts.

This module reads no clock, and does not know where a word came from beyond its source's trust. The
time that a word may tell decides nothing here; see `projections.effective`.

Why a conflict rather than "latest wins": a late failure that overwrites a success is the classic
loss of merchants, and the reverse ships goods nobody paid. Two contradictory words of equal worth
are a question for a person.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Annotated, Final, NamedTuple

import msgspec

from ledger.money import Money, same_money

EVIDENCE_MAX: Final = 100
"""How many different words one payment keeps; a provider that says more is misbehaving."""


NOTE_PREFIX: Final = "note_"
"""What the names of operators' notes begin with; a number follows."""


class Trust(IntEnum):
    """How much a source's word is worth; compared, never added."""

    NONE = 0
    WEBHOOK = 1
    POLL = 2
    STATEMENT = 3
    OPERATOR = 4


class Source(StrEnum):
    """Where a word came from."""

    WEBHOOK = "webhook"
    POLL = "poll"
    STATEMENT = "statement"
    OPERATOR = "operator"


TRUST_OF: Final = {
    Source.WEBHOOK: Trust.WEBHOOK,
    Source.POLL: Trust.POLL,
    Source.STATEMENT: Trust.STATEMENT,
    Source.OPERATOR: Trust.OPERATOR,
}
"""The trust of an *authenticated* word; an unauthenticated one never becomes evidence."""

_SETTLING: Final = frozenset({Trust.STATEMENT, Trust.OPERATOR})


class Word(StrEnum):
    """A provider's final word about one reference."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    EXPIRED = "expired"


class Resolution(StrEnum):
    """What the words about a payment add up to."""

    OPEN = "open"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    EXPIRED = "expired"
    CONFLICT = "conflict"


class Evidence(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """One trusted, final word about one reference, as the provider said it.

    `amount` and `currency` are the provider's own rendering, or None where its message has none;
    `code` and `reason` are kept verbatim, for they are what a person will quote to the provider.
    """

    source: Source
    provider: str
    reference: str
    word: Word
    amount: str | None = None
    currency: str | None = None
    provider_transaction_id: str | None = None
    code: str | None = None
    reason: str | None = None
    occurred_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    """When the money moved, by the provider's own clock and in UTC, where it says so."""
    note: str | None = None
    """Of an operator's note: its name within the payment; see `ledger.operator_notes`."""
    replaces: str | None = None
    """Of an operator's note: the name of the one that it replaces."""

    @property
    def trust(self) -> Trust:
        """The worth of the word, by its source."""
        return TRUST_OF[self.source]

    def is_about(self, money: Money) -> bool:
        """Whether the reported amount and currency, where present, are exactly the asked ones."""
        if self.currency is not None and self.currency != money.currency:
            return False
        return self.amount is None or same_money(self.amount, money)

    @property
    def order(self) -> tuple[str, ...]:
        """A total order over words: for a stable choice and printing, never for precedence."""
        return tuple(str(value) for value in msgspec.structs.astuple(self))


class Settled(NamedTuple):
    """A resolution with the words that made it, in a stable order."""

    resolution: Resolution
    reference: str | None
    because: tuple[Evidence, ...]

    @property
    def provider_transaction_id(self) -> str | None:
        """The provider's own id of the movement, where a deciding word has one."""
        return next(
            (w.provider_transaction_id for w in self.because if w.provider_transaction_id), None
        )

    @property
    def code(self) -> str | None:
        """The provider's code, where a deciding word has one."""
        return next((word.code for word in self.because if word.code), None)

    @property
    def reason(self) -> str | None:
        """The provider's reason, where a deciding word has one; else its code."""
        return next((word.reason for word in self.because if word.reason), self.code)


_OPEN: Final = Settled(Resolution.OPEN, None, ())


def number_of(note: str | None) -> int:
    """The how-manieth note of its payment a name names, from 1; 0: it is the name of none."""
    number = (note or "").removeprefix(NOTE_PREFIX)
    return int(number) if number.isdecimal() and number.isascii() else 0


def resolve(money: Money, references: Iterable[str], words: frozenset[Evidence]) -> Settled:
    """Resolve all words about one payment.

    Args:
        money: what was asked for.
        references: the payment's references in the order they were first submitted.
        words: every trusted word so far; words about other references are ignored.
    """
    words = counting(words)
    settled = [
        resolve_reference(money, reference, words) for reference in dict.fromkeys(references)
    ]
    conflicts = [one for one in settled if one.resolution is Resolution.CONFLICT]
    successes = [one for one in settled if one.resolution is Resolution.SUCCEEDED]
    if conflicts or len(successes) > 1:
        because = [word for one in (*conflicts, *successes) for word in one.because]
        because.sort(key=lambda word: word.order)
        return Settled(Resolution.CONFLICT, because[0].reference, tuple(because))
    if successes:
        return successes[0]
    return settled[-1] if settled else _OPEN


def movements(words: Iterable[Evidence]) -> frozenset[str]:
    """The provider's own ids of what these words say moved, by the better source of several.

    A statement may write an id otherwise than live words, so the two are not mixed: where its lines
    name several, these are the movements; else they are what live words name.
    """
    words = [*words]
    lines = movements_on_statements(words)
    if len(lines) > 1:
        return lines
    return _named(one for one in words if one.trust < Trust.STATEMENT)


def movements_on_statements(words: Iterable[Evidence]) -> frozenset[str]:
    """The provider's own ids of what lines of its statements say moved."""
    return _named(one for one in words if one.trust == Trust.STATEMENT)


def _named(words: Iterable[Evidence]) -> frozenset[str]:
    return frozenset(one.provider_transaction_id for one in words if one.provider_transaction_id)


def counting(words: frozenset[Evidence]) -> frozenset[Evidence]:
    """Leave out the operators' notes that another operator's note replaces."""
    replaced = {
        one.replaces
        for one in words
        if one.replaces is not None and one.source is Source.OPERATOR
        if one.note not in {None, one.replaces}
    }
    if not replaced:
        return words
    return frozenset(
        one for one in words if one.source is not Source.OPERATOR or one.note not in replaced
    )


def resolve_reference(money: Money, reference: str, words: frozenset[Evidence]) -> Settled:
    """Resolve the words that count about one reference; see `counting`."""
    own = [one for one in words if one.reference == reference]
    if not own:
        return _OPEN
    if len(own) > 1:  # most payments have one word: its order is not worth writing out
        own.sort(key=lambda one: one.order)
    top = max(one.trust for one in own)
    loudest = [one for one in own if one.trust == top]
    paid = [one for one in loudest if one.word is Word.SUCCEEDED]
    unpaid = [one for one in loudest if one.word is not Word.SUCCEEDED]
    overturned = [one for one in own if one.word is Word.SUCCEEDED]
    if top < Trust.OPERATOR and len(movements(overturned)) > 1:
        because = sorted({*loudest, *overturned}, key=lambda one: one.order)
        return Settled(Resolution.CONFLICT, reference, tuple(because))
    if (paid and unpaid) or not all(one.is_about(money) for one in paid):
        return Settled(Resolution.CONFLICT, reference, tuple(loudest))
    if paid:
        return Settled(Resolution.SUCCEEDED, reference, tuple(paid))
    if overturned and top not in _SETTLING:
        return Settled(Resolution.CONFLICT, reference, (*unpaid, *overturned))
    failed = any(one.word is Word.FAILED for one in unpaid)
    word = Resolution.FAILED if failed else Resolution.EXPIRED
    return Settled(word, reference, tuple(unpaid))
