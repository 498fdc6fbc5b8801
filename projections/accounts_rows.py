"""The rows of the accounts: what must be known of a payment to book it further, and what it books.

A part of `projections.accounts`. Pure: states and events, no table.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import msgspec
import orjson

from ledger import events
from ledger.evidence import Evidence, Resolution, Word
from ledger.journal import Posting
from ledger.payment import INITIAL, Attempt, Payment, Status

_BOOKED: Final = frozenset({Status.SUCCEEDED, Status.CONFLICT})
"""The statuses that stand in the books; see `ledger.journal`."""

TELLING: Final = frozenset(
    {
        events.PaymentRequested,
        events.PaymentSubmissionStarted,
        events.PaymentSubmissionDeclined,
        events.PaymentRerouted,
        events.PaymentEvidenceRecorded,
        events.PaymentSucceeded,
        events.PaymentFailed,
        events.PaymentExpired,
        events.PaymentConflicted,
        events.PaymentReopened,
    }
)
"""The events on which it depends what is booked, and whether there is an end; no others do."""

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
    """A payment as far as the books need it, and what is booked of it."""

    payment: Payment
    booked: tuple[Posting, ...] = ()
    moved_at: str | None = None
    """When the first word that its money moved was recorded, as a stamp."""

    @property
    def is_in_flight(self) -> bool:
        """Whether its money may still move: it was asked for, and there is no end yet."""
        return self.payment.request is not None and not self.payment.status.is_final


def books(one: Kept, event: events.Event) -> bool:
    """Whether this event may change what is booked of the payment it was just folded into."""
    if isinstance(event, events.PaymentEvidenceRecorded):
        # A word that settles the conflict is followed by the event that says so.
        is_conflict = one.payment.status is Status.CONFLICT
        return is_conflict and one.payment.settled.resolution is Resolution.CONFLICT
    return one.payment.status in _BOOKED or bool(one.booked)


def tells_of_money(event: events.Event) -> bool:
    """Whether this is a word that money moved."""
    return (
        isinstance(event, events.PaymentEvidenceRecorded) and event.evidence.word is Word.SUCCEEDED
    )


def difference(
    before: tuple[Posting, ...], after: tuple[Posting, ...]
) -> list[tuple[Account, int]]:
    """What must be booked so that the books say `after` instead of `before`; sums to zero."""
    changed: Counter[Account] = Counter()
    for posting in after:
        changed[posting[:3]] += posting.amount_minor
    for posting in before:
        changed[posting[:3]] -= posting.amount_minor
    return [(account, amount) for account, amount in changed.items() if amount]


def encode(one: Kept) -> str:
    """What postings depend on and what is booked, as JSON in one fixed order."""
    state = one.payment
    request = state.requested
    words = sorted(state.evidence, key=lambda word: word.order)
    return orjson.dumps(
        [
            request.kind,
            request.merchant_id,
            request.amount_minor,
            request.currency,
            state.verdict,
            [(one.provider, one.reference) for one in state.attempts],
            msgspec.to_builtins(words),
            [tuple(posting) for posting in one.booked],
            request.mode,
            state.progress,
            one.moved_at,
        ]
    ).decode()


def decode(stored: str) -> Kept:
    """Read what `encode` wrote."""
    kept = orjson.loads(stored)
    kind, merchant_id, amount_minor, currency, verdict, attempts, words, booked = kept[:8]
    mode, progress, moved_at = kept[8:]
    request = msgspec.structs.replace(
        _ASKED,
        kind=kind,
        merchant_id=merchant_id,
        amount_minor=amount_minor,
        currency=currency,
        mode=mode,
    )
    payment = replace(
        INITIAL,
        request=request,
        progress=Status(progress),
        verdict=Status(verdict) if verdict else None,
        attempts=tuple(
            Attempt(provider, reference, number)
            for number, (provider, reference) in enumerate(attempts, 1)
        ),
        evidence=frozenset(msgspec.convert(words, list[Evidence])),
    )
    return Kept(payment, tuple(Posting(*posting) for posting in booked), moved_at)
