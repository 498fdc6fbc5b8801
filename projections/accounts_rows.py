"""The rows of the accounts: what must be known of a payment to book it further, and what it books.

A part of `projections.accounts`. Pure: states and events, no table.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import msgspec

from ledger import events
from ledger.evidence import Evidence, Word
from ledger.identity import Kind, Mode
from ledger.journal import Posting, postings, success
from ledger.payment import Attempt, Payment, Status
from projections.effective import Moved
from projections.standing import FINAL

_SUBMITTING: Final = Status.SUBMITTING.value
_SUCCEEDED: Final = Status.SUCCEEDED.value
_BOOKED: Final = frozenset({_SUCCEEDED, Status.CONFLICT.value})
"""The statuses that stand in the books; see `ledger.journal`."""

_Stored = tuple[
    Kind,
    str,
    int,
    str,
    str | None,
    list[tuple[str, str]],
    list[Evidence],
    tuple[Posting, ...],
    Mode | None,
    str,
    str,
    str | None,
    Moved | None,
]
_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(_Stored).decode

_ASKED: Final = events.PaymentRequested(
    payment_id="",
    merchant_id="",
    kind="collection",
    amount_minor=0,
    currency="",
    provider="",
    country="",
    route_reason="",
    payer="",
    sealed="",
    content_digest="",
    expires_at=datetime.max.replace(tzinfo=UTC),
)
"""A request of which only what the postings depend on is filled in when it is read back."""

Account = tuple[str, str, str]
"""(account, holder, currency)."""


@dataclass(slots=True)
class Kept:
    """A payment as far as the books need it, and what is booked of it.

    It changes with every event that tells, where a `Payment` would be made anew; the few events
    that book something ask for the `payment` that it amounts to.
    """

    request: events.PaymentRequested
    requested_at: str = ""
    """As a stamp, like the other times; they are for the journal's lines alone."""
    progress: str = Status.REQUESTED.value
    verdict: str | None = None
    submissions: list[tuple[str, str]] = field(default_factory=list)
    """(provider, reference), in the order they were started."""
    words: list[Evidence] = field(default_factory=list)
    """The evidence: every word once, in whatever order."""
    booked: tuple[Posting, ...] = ()
    booked_at: str | None = None
    """The effective time under which that is booked."""
    moved: Moved | None = None
    """When its money moved."""

    def fold(self, event: events.Event) -> None:
        """Fold one of the events in `TELLING`, as `ledger.payment.evolve` does."""
        _FOLDS[type(event)](self, event)

    @property
    def is_in_flight(self) -> bool:
        """Whether its money may still move: there is no end yet."""
        return (self.verdict or self.progress) not in FINAL

    @property
    def payment(self) -> Payment:
        """The state of the payment, of which only what the postings depend on is filled in."""
        return Payment(
            self.request,
            progress=Status(self.progress),
            verdict=Status(self.verdict) if self.verdict else None,
            attempts=tuple(
                Attempt(provider, reference, number)
                for number, (provider, reference) in enumerate(self.submissions, 1)
            ),
            evidence=frozenset(self.words),
        )

    def postings(self) -> tuple[Posting, ...]:
        """What its state books; see `ledger.journal`."""
        if self.verdict == _SUCCEEDED and len(self.words) == 1:
            # As nearly all payments end, and for them nothing has to be weighed: whoever said it
            # is who has the money.
            word, references = self.words[0], [reference for _, reference in self.submissions]
            if word.word is Word.SUCCEEDED and word.reference in references:
                return success(self.request, word.provider)
        return postings(self.payment)


def _requested(_one: Kept, _event: events.PaymentRequested) -> None:
    """Nothing is left to do: with this event it was made."""


def _started(one: Kept, event: events.PaymentSubmissionStarted) -> None:
    one.progress = _SUBMITTING
    one.submissions.append((event.provider, event.reference))


def _submitted(one: Kept, event: events.PaymentSubmitted) -> None:
    # An acceptance of an earlier submission, read late, says nothing about the one under way.
    if event.attempt == len(one.submissions):
        one.progress = Status.PENDING.value


def _doubted(one: Kept, _event: events.PaymentSubmissionDoubted) -> None:
    # Also what was given up: somebody speaks of it, and its money may move all the same.
    one.progress = Status.UNKNOWN.value


def _declined(one: Kept, _event: events.PaymentSubmissionDeclined) -> None:
    one.progress = Status.DECLINED.value


def _rerouted(one: Kept, _event: events.PaymentRerouted) -> None:
    one.progress = Status.REQUESTED.value


def _told(one: Kept, event: events.PaymentEvidenceRecorded) -> None:
    if event.evidence not in one.words:
        one.words.append(event.evidence)


def _expired(one: Kept, event: events.PaymentExpired) -> None:
    if event.reference is None:
        one.progress = Status.EXPIRED.value
    else:
        one.verdict = Status.EXPIRED.value


def _verdict(status: Status | None) -> Callable[[Kept, events.Event], None]:
    word = status and status.value

    def settle(one: Kept, _event: events.Event) -> None:
        one.verdict = word

    return settle


_FOLDS: Final[dict[type[events.Event], Callable[..., None]]] = {
    events.PaymentRequested: _requested,
    events.PaymentSubmissionStarted: _started,
    events.PaymentSubmitted: _submitted,
    events.PaymentSubmissionDoubted: _doubted,
    events.PaymentSubmissionDeclined: _declined,
    events.PaymentRerouted: _rerouted,
    events.PaymentEvidenceRecorded: _told,
    events.PaymentSucceeded: _verdict(Status.SUCCEEDED),
    events.PaymentFailed: _verdict(Status.FAILED),
    events.PaymentExpired: _expired,
    events.PaymentConflicted: _verdict(Status.CONFLICT),
    events.PaymentReopened: _verdict(None),
}

TELLING: Final = frozenset(_FOLDS)
"""The events on which it depends what is booked, and whether there is an end; no others do."""


def books(one: Kept, event: events.Event) -> bool:
    """Whether this event may change what is booked of the payment it was just folded into."""
    status = one.verdict or one.progress
    if isinstance(event, events.PaymentEvidenceRecorded):
        # A word that overturns what stands is followed by the event that says so.
        return status in _BOOKED and one.payment.settled.resolution.value == status
    return status in _BOOKED or bool(one.booked)


def redated(one: Kept, moved_at: str) -> list[tuple[Account, int, str]]:
    """What takes what is booked from its effective time to another: (account, amount, time)."""
    if one.booked_at in {None, moved_at}:
        return []
    standing = difference((), one.booked)
    return [(account, -amount, str(one.booked_at)) for account, amount in standing] + [
        (account, amount, moved_at) for account, amount in standing
    ]


def difference(
    before: tuple[Posting, ...], after: tuple[Posting, ...]
) -> list[tuple[Account, int]]:
    """What must be booked so that the books say `after` instead of `before`; sums to zero."""
    changed: dict[Account, int] = {}
    for posting in after:
        account = posting[:3]
        changed[account] = changed.get(account, 0) + posting.amount_minor
    for posting in before:
        account = posting[:3]
        changed[account] = changed.get(account, 0) - posting.amount_minor
    return [(account, amount) for account, amount in changed.items() if amount]


def encode(one: Kept) -> str:
    """What postings depend on and what is booked, as JSON in one fixed order."""
    request, words = one.request, one.words
    if len(words) > 1:
        words = sorted(words, key=lambda word: word.order)
    written: bytes = _encode(
        (
            request.kind,
            request.merchant_id,
            request.amount_minor,
            request.currency,
            one.verdict,
            one.submissions,
            words,
            one.booked,
            request.mode,
            one.progress,
            one.requested_at,
            one.booked_at,
            one.moved,
        )
    )
    return written.decode()


def decode(stored: str) -> Kept:
    """Read what `encode` wrote."""
    kept = _decode(stored)
    kind, merchant_id, amount_minor, currency, verdict, submissions, words, booked = kept[:8]
    mode, progress, requested_at, booked_at, moved = kept[8:]
    request = msgspec.structs.replace(
        _ASKED,
        kind=kind,
        merchant_id=merchant_id,
        amount_minor=amount_minor,
        currency=currency,
        mode=mode,
    )
    return Kept(
        request,
        requested_at,
        progress,
        verdict,
        submissions,
        words,
        booked,
        booked_at,
        moved,
    )
