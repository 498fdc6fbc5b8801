"""The rows of the payments: what each event makes of them. A part of `projections.payments`.

Pure: rows and events, no table. So the same fold gives the live rows and, from a payment's stream
up to a position, the row as it was known there (`row_at`).

When money moved (`moved_at`) is said in `projections.effective`. A payment that is known to have
failed has none; a conflict keeps what its words that money moved tell.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

import msgspec

from ledger import events
from ledger.entry import RecordedEvent
from ledger.identity import Kind, Mode
from ledger.payment import Status
from projections.effective import Moved, hear
from projections.standing import FINAL, MOVES
from projections.tables import read_stamp, read_stamp_or_none, stamp

MOVED: Final = (Status.SUCCEEDED.value, Status.CONFLICT.value)
"""The statuses in which money is known, or said, to have moved."""

_REQUESTED: Final = Status.REQUESTED.value


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRow:
    """One payment as the list shows it.

    `provider` and `reference` are those of the verdict where there is one, else of the last
    submission, else the asked route and None. Times are aware UTC; `final_at` is when the present
    final status was recorded, None while the payment is open. `position` is that of its first
    event (the cursor), `updated_position` that of its last.
    """

    position: int
    payment_id: str
    kind: Kind
    merchant_id: str
    payer: str
    """The person at the other end, as a keyed hash."""
    country: str
    operator: str | None
    currency: str
    amount_minor: int
    status: Status
    reason: str | None
    code: str | None
    provider: str
    reference: str | None
    provider_transaction_id: str | None
    attempts: int
    inquiries: int
    requested_at: datetime
    updated_at: datetime
    final_at: datetime | None
    updated_position: int
    refund_of: str | None
    """Of a refund: the collection that is given back."""
    refunded_minor: int
    """Of a collection: how much of it was given back."""
    mode: Mode | None
    """None: the deployment's own."""
    moved_at: datetime | None
    """When its money moved; None where none moved, as far as is known."""


class Row(msgspec.Struct, gc=False):
    """A row while a batch is folded into it: the table's columns, in its order."""

    position: int
    payment_id: str
    kind: str
    merchant_id: str
    payer: str
    country: str
    operator: str | None
    currency: str
    amount_minor: int
    requested_at: str
    status: str
    progress: str
    verdict: str | None
    provider: str
    reference: str | None
    last_provider: str
    last_reference: str | None
    updated_at: str
    updated_position: int
    final_at: str | None = None
    reason: str | None = None
    code: str | None = None
    provider_transaction_id: str | None = None
    attempts: int = 0
    inquiries: int = 0
    refund_of: str | None = None
    refunded_minor: int = 0
    mode: str | None = None
    moved_at: str | None = None
    moved_trust: int = 0
    """Of the word that told `moved_at`; 0: it is when we learned of it."""
    given_back: str | None = None
    """The refunds that `refunded_minor` counts, between spaces: one may turn out otherwise."""


FIXED: Final = (
    "payment_id",
    "kind",
    "merchant_id",
    "payer",
    "country",
    "operator",
    "currency",
    "amount_minor",
    "requested_at",
    "refund_of",
    "mode",
)
as_tuple: Final = msgspec.structs.astuple


def _requested(recorded: RecordedEvent, event: events.PaymentRequested, at: str) -> Row:
    return Row(  # by place: named, thirty values take longer than the rest of the payment
        recorded.position,
        event.payment_id,
        event.kind,
        event.merchant_id,
        event.payer,
        event.country,
        event.operator,
        event.currency,
        event.amount_minor,
        at,
        _REQUESTED,
        _REQUESTED,
        None,
        event.provider,
        None,
        event.provider,
        None,
        at,
        recorded.position,
        None,
        None,
        None,
        None,
        0,
        0,
        event.refund_of,
        0,
        event.mode,
    )


def _started(row: Row, event: events.PaymentSubmissionStarted) -> None:
    row.reference = row.last_reference = event.reference
    row.reason = row.code = None


def _declined(row: Row, event: events.PaymentSubmissionDeclined) -> None:
    row.reason, row.code = event.reason, event.code


def _reasoned(
    row: Row,
    event: events.PaymentSubmissionWithdrawn
    | events.PaymentSought
    | events.PaymentSubmissionDoubted
    | events.PaymentConflicted,
) -> None:
    row.reason, row.code = event.reason, None


def _inquired(row: Row, event: events.PaymentInquired) -> None:
    row.reason = event.detail
    row.inquiries += 1


def _succeeded(row: Row, event: events.PaymentSucceeded) -> None:
    row.reference, row.reason, row.code = event.reference, None, None
    row.provider_transaction_id = event.provider_transaction_id


def _failed(row: Row, event: events.PaymentFailed) -> None:
    row.reference, row.reason, row.code = event.reference, event.reason, event.code


def _expired(row: Row, event: events.PaymentExpired) -> None:
    row.reference, row.reason = event.reference or row.reference, event.reason
    row.code = event.code


def _reopened(row: Row, event: events.PaymentReopened) -> None:
    row.reference, row.reason, row.code = row.last_reference, event.reason, None
    row.provider_transaction_id = None


def _rerouted(row: Row, event: events.PaymentRerouted) -> None:
    row.reason, row.code = event.reason, None


def _refunded(row: Row, event: events.PaymentRefunded) -> None:
    row.refunded_minor += event.amount_minor
    row.given_back = f"{row.given_back or ''}{event.refund_id} "


def _taken_back(
    row: Row, event: events.PaymentRefundReleased | events.PaymentRefundDoubted
) -> None:
    counted = (row.given_back or "").split()
    if event.refund_id in counted:
        row.refunded_minor -= event.amount_minor
        counted.remove(event.refund_id)
        row.given_back = "".join(f"{one} " for one in counted) or None


def _told(row: Row, event: events.PaymentEvidenceRecorded, at: str) -> None:
    moved = None if row.moved_at is None else Moved(row.moved_at, row.moved_trust)
    moved = hear(moved, event.evidence, requested_at=row.requested_at, recorded_at=at)
    if moved is not None:
        row.moved_at, row.moved_trust = moved


_CHANGES: Final[dict[type[events.Event], Callable[..., None]]] = {
    events.PaymentSubmissionStarted: _started,
    events.PaymentSubmissionDeclined: _declined,
    events.PaymentSubmissionWithdrawn: _reasoned,
    events.PaymentSubmissionDoubted: _reasoned,
    events.PaymentSought: _reasoned,
    events.PaymentInquired: _inquired,
    events.PaymentSucceeded: _succeeded,
    events.PaymentFailed: _failed,
    events.PaymentExpired: _expired,
    events.PaymentConflicted: _reasoned,
    events.PaymentReopened: _reopened,
    events.PaymentRerouted: _rerouted,
    events.PaymentRefunded: _refunded,
    events.PaymentRefundReleased: _taken_back,
    events.PaymentRefundDoubted: _taken_back,
}
"""What each event writes beside the standing; `payment.requested` makes the row."""


def fold(row: Row | None, recorded: RecordedEvent) -> Row:
    """Fold an event of a payment into its row; its first one makes the row."""
    event, at = recorded.event, stamp(recorded.recorded_at)
    if isinstance(event, events.PaymentRequested):
        return _requested(recorded, event, at)
    assert row is not None
    kind = type(event)
    change, move = _CHANGES.get(kind), MOVES.get(kind)
    if change is not None:
        change(row, event)
    elif isinstance(event, events.PaymentEvidenceRecorded):
        _told(row, event, at)
    if move is not None:
        move(row, event)
        status = row.verdict or row.progress
        if status != row.status:
            row.status = status
            row.final_at = at if status in FINAL else None
    row.updated_at, row.updated_position = at, recorded.position
    return row


def row_at(stream: Iterable[RecordedEvent], until: int) -> PaymentRow | None:
    """A payment's row as it was at a position; None if it was not requested yet."""
    row: Row | None = None
    for recorded in stream:
        if recorded.position > until:
            break
        row = fold(row, recorded)
    return None if row is None else shown(row)


def shown(row: Row) -> PaymentRow:
    """A row as it is asked for."""
    return PaymentRow(
        position=row.position,
        payment_id=row.payment_id,
        kind=cast("Kind", row.kind),
        merchant_id=row.merchant_id,
        payer=row.payer,
        country=row.country,
        operator=row.operator,
        currency=row.currency,
        amount_minor=row.amount_minor,
        status=Status(row.status),
        reason=row.reason,
        code=row.code,
        provider=row.provider,
        reference=row.reference,
        provider_transaction_id=row.provider_transaction_id,
        attempts=row.attempts,
        inquiries=row.inquiries,
        requested_at=read_stamp(row.requested_at),
        updated_at=read_stamp(row.updated_at),
        final_at=read_stamp_or_none(row.final_at),
        updated_position=row.updated_position,
        refund_of=row.refund_of,
        refunded_minor=row.refunded_minor,
        mode=cast("Mode | None", row.mode),
        moved_at=read_stamp_or_none(row.moved_at) if row.status in MOVED else None,
    )
