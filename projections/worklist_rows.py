"""The worklist's rows: what each event makes due, and when; a part of `projections.worklist`.

Every due time was recorded with the event; nothing here decides how long to wait.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, Literal, get_args

import msgspec

from ledger import events
from ledger.checkout import stream_of as checkout_stream_of
from ledger.entry import RecordedEvent
from ledger.payment import Status, stream_of
from ledger.payment_refunds import GIVEN_BACK
from ledger.webhook import stream_of as webhook_stream_of
from projections.modes import UNSAID
from projections.standing import step
from projections.tables import stamp

Kind = Literal["submit", "inquire", "confirm", "translate", "open", "settle", "conclude", "close"]

OF_PROVIDERS: Final[tuple[Kind, ...]] = ("submit", "inquire", "confirm", "translate")
"""What only a process does that has the piece's provider enabled, and for the payment's mode."""

Settled = events.PaymentRefunded | events.PaymentRefundReleased | events.PaymentRefundDoubted
_GIVEN_BACK: Final = {status.value: is_given for status, is_given in GIVEN_BACK.items()}
_SETTLED: Final = {True: "given_back", False: "released", None: "doubted"}
_SETTLING: Final[Mapping[type[events.Event], bool | None]] = {
    events.PaymentRefunded: True,
    events.PaymentRefundReleased: False,
    events.PaymentRefundDoubted: None,
}
PAYMENT_PREFIX: Final = len(stream_of(""))
WEBHOOK_PREFIX: Final = len(webhook_stream_of(""))
CHECKOUT_PREFIX: Final = len(checkout_stream_of(""))

Told = events.CheckoutCompleted | events.CheckoutPaidAgain | events.CheckoutAttemptEnded
Closed = events.CheckoutExpired | events.CheckoutCancelled
_TOLD: Final = {
    Status.SUCCEEDED.value: "completed",
    Status.FAILED.value: "ended",
    Status.EXPIRED.value: "ended",
    Status.DECLINED.value: "ended",
}
"""What a checkout session is told of its payment that stands there; of others it is told nothing.
"""

_KINDS: Final[dict[str, Kind]] = {
    Status.REQUESTED.value: "submit",
    Status.SUBMITTING.value: "inquire",
    Status.PENDING.value: "inquire",
    Status.UNKNOWN.value: "inquire",
}
"""What is to be done with a payment that stands there; nothing with one that stands elsewhere."""


class Row(msgspec.Struct, gc=False):
    """One piece of the worklist: the table's columns, in its order."""

    stream_id: str
    provider: str
    last_provider: str
    since: str
    progress: str
    verdict: str | None
    kind: str | None
    due_at: str | None
    position: int
    reason: str | None = None
    attempts: int = 0
    inquiries: int = 0
    refund_of: str | None = None
    codes: int = 0
    """How many one-time codes wait to be handed to the provider that has the payment: 0 or 1."""
    checkout: str | None = None
    """The session on whose page the payment was asked for."""
    told: str | None = None
    """What that session, or the collection of a refund, was told last."""
    mode: str = UNSAID
    """Whether a payment is a test or for real."""
    lapses_at: str | None = None
    """When a payment that no provider ever had is given up."""


def requested(recorded: RecordedEvent, event: events.PaymentRequested) -> Row:
    """Make the row of a payment: to be submitted at once."""
    at = stamp(recorded.recorded_at)
    return Row(
        event.payment_id,
        event.provider,
        event.provider,
        at,
        Status.REQUESTED.value,
        None,
        "submit",
        at,
        recorded.position,
        refund_of=event.refund_of,
        checkout=event.checkout,
        mode=event.mode or UNSAID,
        lapses_at=stamp(event.expires_at),
    )


def created(recorded: RecordedEvent, event: events.CheckoutCreated) -> Row:
    """Make the row of a checkout session: to be closed when its time is over."""
    at = stamp(recorded.recorded_at)
    return Row(
        event.session_id,
        "",
        "",
        at,
        "open",
        None,
        "close",
        stamp(event.expires_at),
        recorded.position,
    )


def reservation_of(payment_id: str, refund_id: str) -> str:
    """Name the row of a refund that one payment has reserved, and nobody has opened yet.

    Not as the refund itself: a key that was used for two payments reserves one refund at both, and
    the second must not take the place of the first, which may be on its way by then.
    """
    return f"{refund_id}/{payment_id}"


def reserved(recorded: RecordedEvent, event: events.PaymentRefundReserved) -> Row:
    """Make the row of a refund whose own stream is to be opened."""
    at, provider = stamp(recorded.recorded_at), event.provider
    payment_id = recorded.stream[PAYMENT_PREFIX:]
    return Row(
        reservation_of(payment_id, event.refund_id),
        provider,
        provider,
        at,
        "reserved",
        None,
        "open",
        at,
        recorded.position,
        refund_of=payment_id,
    )


def received(webhook_id: str, recorded: RecordedEvent, event: events.WebhookReceived) -> Row:
    """Make the row of a stored call: to be translated at once."""
    at, provider = stamp(recorded.recorded_at), event.provider
    return Row(
        webhook_id, provider, provider, at, "received", None, "translate", at, recorded.position
    )


def reopened(webhook_id: str, recorded: RecordedEvent, event: events.WebhookReopened) -> Row:
    """Make the row of an orphan that is to be read once more: to be translated at once."""
    at, provider = stamp(recorded.recorded_at), event.provider
    return Row(
        webhook_id,
        provider,
        provider,
        at,
        "received",
        None,
        "translate",
        at,
        recorded.position,
        reason=event.reason,
    )


def _attempted(row: Row, event: events.PaymentSubmissionStarted) -> datetime:
    row.reason = None
    return event.inquire_at


def _submitted(_row: Row, event: events.PaymentSubmitted) -> datetime:
    return event.inquire_at


def _withdrawn(
    row: Row,
    event: events.PaymentSubmissionWithdrawn | events.PaymentRerouted | events.PaymentSought,
) -> datetime:
    row.reason = event.reason
    return event.retry_at


def _doubted(
    row: Row, event: events.PaymentSubmissionDoubted | events.PaymentInquiryRequested
) -> datetime:
    row.reason = event.reason
    return event.inquire_at


def _inquired(row: Row, event: events.PaymentInquired) -> datetime:
    row.inquiries += 1
    row.reason = event.detail
    return event.inquire_at


def _code_given(row: Row, _event: events.PaymentCodeGiven) -> None:
    row.codes = 1


def _confirming(row: Row, event: events.PaymentConfirmationStarted) -> datetime:
    row.codes = 0
    return event.inquire_at


def _confirmed(row: Row, event: events.PaymentConfirmationEnded) -> datetime:
    row.reason = event.reason
    return event.inquire_at


def _ended(
    row: Row,
    event: events.PaymentSubmissionDeclined
    | events.PaymentFailed
    | events.PaymentExpired
    | events.PaymentConflicted
    | events.PaymentReopened,
) -> None:
    row.reason = event.reason


def _succeeded(row: Row, _event: events.PaymentSucceeded) -> None:
    row.reason = None


as_tuple: Final = msgspec.structs.astuple


CHANGES: Final[dict[type[events.Event], Callable[..., datetime | None]]] = {
    events.PaymentSubmissionStarted: _attempted,
    events.PaymentSubmitted: _submitted,
    events.PaymentSubmissionDeclined: _ended,
    events.PaymentSubmissionWithdrawn: _withdrawn,
    events.PaymentSubmissionDoubted: _doubted,
    events.PaymentInquired: _inquired,
    events.PaymentCodeGiven: _code_given,
    events.PaymentConfirmationStarted: _confirming,
    events.PaymentConfirmationEnded: _confirmed,
    events.PaymentInquiryRequested: _doubted,
    events.PaymentSucceeded: _succeeded,
    events.PaymentFailed: _ended,
    events.PaymentExpired: _ended,
    events.PaymentConflicted: _ended,
    events.PaymentReopened: _ended,
    events.PaymentRerouted: _withdrawn,
    events.PaymentSought: _withdrawn,
}
"""What each event writes beside the standing, and the time it names for what comes next.

`payment.requested` makes the row; `payment.evidence_recorded` alone changes nothing here.
"""

READ: Final = frozenset(
    {
        *CHANGES,
        events.PaymentRequested,
        events.PaymentRefundReserved,
        *get_args(Settled),
        events.CheckoutCreated,
        *get_args(Told),
        *get_args(Closed),
        events.WebhookReceived,
        events.WebhookUnderstood,
        events.WebhookOrphaned,
        events.WebhookReopened,
    }
)
"""Every event that makes, changes or removes a row."""


def fold(row: Row, recorded: RecordedEvent) -> None:
    """Fold an event of its payment into a row: what is to be done next, and when."""
    event = recorded.event
    row.kind = _kind_of(row, step(row, event))
    if isinstance(event, events.PaymentSubmitted) and event.attempt != row.attempts:
        return  # what is due is due for the last submission
    named = CHANGES[type(event)](row, event)
    if row.codes and row.kind == "inquire":
        row.kind, named = "confirm", None
    due_at = stamp(named or recorded.recorded_at)
    if isinstance(event, events.PaymentInquiryRequested) and row.due_at is not None:
        due_at = min(due_at, row.due_at)
    row.due_at = None if row.kind is None else due_at
    row.position = recorded.position


def _kind_of(row: Row, status: str) -> Kind | None:
    if row.refund_of is not None and status in _GIVEN_BACK:
        # Whoever tells a collection what it knows makes no event, and would be told to do it again;
        # and one that was told nothing yet need not be told that nothing is certain.
        known = row.told or _SETTLED[None]
        return "settle" if known != _SETTLED[_GIVEN_BACK[status]] else None
    if row.checkout is not None and _is_news(row, status):
        return "conclude"
    return _KINDS.get(status)


def _is_news(row: Row, status: str) -> bool:
    """Whether the session of a payment that stands there has not been told of it."""
    return row.told != "completed" and _TOLD.get(status) not in {None, row.told}


def follow_checkout(rows: dict[str, Row], recorded: RecordedEvent) -> list[str]:
    """Fold what happened to a checkout session; the rows that are to be removed.

    The session knows what became of its payment, unless that has changed again meanwhile. After an
    attempt that ended it may be due to be closed at once.
    """
    event, session_id = recorded.event, recorded.stream[CHECKOUT_PREFIX:]
    if isinstance(event, Told):
        row = rows.get(event.payment_id)
        if row is not None:
            is_ended = isinstance(event, events.CheckoutAttemptEnded)
            row.told = "ended" if is_ended else "completed"
            row.position = recorded.position
            if row.kind == "conclude" and not _is_news(row, row.verdict or row.progress):
                row.kind = row.due_at = None
        if isinstance(event, events.CheckoutAttemptEnded):
            if session_id in rows:
                rows[session_id].position = recorded.position
            return []
    rows.pop(session_id, None)
    return [session_id]


def settle(rows: dict[str, Row], recorded: RecordedEvent, refund_id: str) -> list[str]:
    """Fold that a collection heard of its refund; the rows that are to be removed.

    It knows what became of it, unless that has changed again meanwhile. Where the refund turned out
    to be another payment's, only what was reserved for it is let go.
    """
    payment_id = recorded.stream[PAYMENT_PREFIX:]
    row = rows.get(refund_id)
    if row is None or row.refund_of != payment_id:
        reservation = reservation_of(payment_id, refund_id)
        rows.pop(reservation, None)
        return [reservation]
    row.position = recorded.position
    row.told = _SETTLED[_SETTLING[type(recorded.event)]]
    status = row.verdict or row.progress
    if status in _GIVEN_BACK and _kind_of(row, status) is None:
        row.kind = row.due_at = None
    return []
