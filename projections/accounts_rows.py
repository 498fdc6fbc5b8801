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
from ledger.evidence import Evidence
from ledger.journal import Posting
from ledger.payment import INITIAL, Attempt, Payment, Status
from projections.effective import Moved

_BOOKED: Final = frozenset({Status.SUCCEEDED, Status.CONFLICT})
"""The statuses that stand in the books; see `ledger.journal`."""

TELLING: Final[frozenset[type[events.Event]]] = frozenset(
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
    requested_at: str = ""
    """As a stamp, like the other times; they are for the journal's lines alone."""
    booked: tuple[Posting, ...] = ()
    booked_at: str | None = None
    """The effective time under which that is booked."""
    moved: Moved | None = None
    """When its money moved."""

    @property
    def is_in_flight(self) -> bool:
        """Whether its money may still move: it was asked for, and there is no end yet."""
        return self.payment.request is not None and not self.payment.status.is_final


def books(one: Kept, event: events.Event) -> bool:
    """Whether this event may change what is booked of the payment it was just folded into."""
    status = one.payment.status
    if isinstance(event, events.PaymentEvidenceRecorded):
        # A word that overturns what stands is followed by the event that says so.
        return status in _BOOKED and one.payment.settled.resolution.value == status.value
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
            one.requested_at,
            one.booked_at,
            one.moved and list(one.moved),
        ]
    ).decode()


def decode(stored: str) -> Kept:
    """Read what `encode` wrote."""
    kept = orjson.loads(stored)
    kind, merchant_id, amount_minor, currency, verdict, attempts, words, booked = kept[:8]
    mode, progress, requested_at, booked_at, moved = kept[8:]
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
    return Kept(
        payment,
        requested_at,
        tuple(Posting(*posting) for posting in booked),
        booked_at,
        None if moved is None else Moved(*moved),
    )
