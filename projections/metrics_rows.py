"""The rows of the metrics: what each event makes of a payment's. A part of `projections.metrics`.

Pure: rows and events, no table.
"""

from datetime import timedelta
from operator import attrgetter
from typing import Final

import msgspec

from ledger import events
from ledger.entry import RecordedEvent
from ledger.payment import Status, stream_of
from projections.modes import UNSAID
from projections.standing import FINAL, MOVES
from projections.tables import read_stamp, stamp

PREFIX: Final = len(stream_of(""))

Webhook = events.WebhookReceived | events.WebhookUnderstood | events.WebhookOrphaned
WEBHOOKS: Final[dict[type[events.Event], str]] = {
    events.WebhookReceived: "received",
    events.WebhookUnderstood: "understood",
    events.WebhookOrphaned: "orphaned",
}
"""As what each event of a stored call counts."""

_REQUESTED: Final = Status.REQUESTED.value
_MILLISECOND: Final = timedelta(milliseconds=1)


class Row(msgspec.Struct, gc=False):
    """One payment as the numbers need it: the table's columns, in its order."""

    position: int
    payment_id: str
    kind: str
    currency: str
    amount_minor: int
    requested_at: str
    mode: str
    provider: str
    last_provider: str
    status: str
    progress: str
    verdict: str | None = None
    attempts: int = 0
    final_at: str | None = None
    duration_ms: int | None = None


FIXED: Final = ("payment_id", "kind", "currency", "amount_minor", "requested_at", "mode")
as_tuple: Final = msgspec.structs.astuple
standing_of: Final = attrgetter("kind", "mode", "provider", "currency", "status")
"""Under which numbers a payment counts."""


def fold(rows: dict[str, Row], recorded: RecordedEvent) -> None:
    """Fold an event that moves its payment's standing; the first one makes the row."""
    event = recorded.event
    if isinstance(event, events.PaymentRequested):
        rows[event.payment_id] = Row(
            recorded.position,
            event.payment_id,
            event.kind,
            event.currency,
            event.amount_minor,
            stamp(recorded.recorded_at),
            event.mode or UNSAID,
            event.provider,
            event.provider,
            _REQUESTED,
            _REQUESTED,
        )
        return
    row = rows[recorded.stream[PREFIX:]]
    MOVES[type(event)](row, event)
    status = row.verdict or row.progress
    if status == row.status:
        return
    row.status, row.final_at, row.duration_ms = status, None, None
    if status in FINAL:
        took = recorded.recorded_at - read_stamp(row.requested_at)
        # Clocks of two machines may disagree; nothing is final before it was asked.
        row.final_at = stamp(recorded.recorded_at)
        row.duration_ms = max(0, took // _MILLISECOND)
