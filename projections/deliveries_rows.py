"""The rows of deliveries: what each event is worth telling, and what each attempt leaves to do.

A part of `projections.deliveries`. Pure: rows in memory and events, no table.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, cast

import orjson

from ledger import events
from ledger.entry import RecordedEvent
from ledger.identity import Kind
from ledger.notices import notice_of
from ledger.payment import stream_of
from projections.tables import stamp

DISABLED: Final = "the endpoint is disabled"
_PAYMENT_PREFIX: Final = len(stream_of(""))

State = Literal["waiting", "delivered", "parked", "withdrawn"]
"""`withdrawn`: a refusal that was none, because another provider took the payment over."""


@dataclass(slots=True)
class Message:
    """One message to one endpoint: the table's columns, in its order."""

    stream_id: str
    """`<endpoint id>.<position of the event>`: the message's own id."""
    endpoint_id: str
    merchant_id: str
    payment_id: str
    about: int
    """The position of the event it is about."""
    type: str
    state: str
    attempts: int
    due_at: str | None
    created_at: str
    updated_at: str
    status: int | None
    reason: str | None
    latency_ms: int | None
    position: int
    """The event that brought it where it is."""


_DELIVERY: Final = (events.DeliveryAttempted, events.DeliveryParked, events.DeliveryReplayed)
SWITCH: Final = (events.EndpointAdded, events.EndpointDisabled, events.EndpointEnabled)


def concerns(recorded: RecordedEvent) -> bool:
    """Whether an event means anything to a message or an endpoint."""
    event = recorded.event
    return (
        isinstance(event, (*_DELIVERY, *SWITCH, events.PaymentRerouted))
        or notice_of("collection", event) is not None
    )


def payment_of(recorded: RecordedEvent) -> str | None:
    """The payment whose messages an event touches; None for one about an endpoint."""
    event = recorded.event
    if isinstance(event, SWITCH):
        return None
    if isinstance(event, _DELIVERY):
        return event.payment_id
    return recorded.stream[_PAYMENT_PREFIX:]


def fold(
    recorded: RecordedEvent,
    owners: Mapping[str, tuple[str, str]],
    endpoints: Mapping[str, Sequence[str]],
    rows: dict[str, Message],
) -> None:
    """Fold an event of a payment or of a delivery into the messages it is worth.

    Args:
        recorded: the event.
        owners: payment -> its merchant and kind.
        endpoints: the rows of the endpoints of those merchants, by id.
        rows: the messages about the payments that the batch touches, by id; changed in place.
    """
    event, at = recorded.event, stamp(recorded.recorded_at)
    if isinstance(event, _DELIVERY):
        message = rows.get(message_id(event.endpoint_id, event.position))
        if message is not None:
            _told(message, event, recorded, rows.values())
        return
    payment_id = recorded.stream[_PAYMENT_PREFIX:]
    merchant_id, kind = owners[payment_id]
    if isinstance(event, events.PaymentRerouted):
        for one in rows.values():
            if (one.payment_id, one.about) == (payment_id, recorded.position - 1):
                one.state, one.due_at, one.reason = "withdrawn", None, "another provider took over"
                one.position = recorded.position
        return
    type_ = notice_of(cast("Kind", kind), event)
    if type_ is None:
        return
    for endpoint_id, owner, types, state, _ in list(endpoints.values()):
        wanted = orjson.loads(types)
        if owner != merchant_id or (wanted and type_ not in wanted):
            continue
        is_first = not _is_waiting(rows.values(), endpoint_id, payment_id)
        is_on = state == "enabled"
        made = Message(
            stream_id=message_id(endpoint_id, recorded.position),
            endpoint_id=endpoint_id,
            merchant_id=merchant_id,
            payment_id=payment_id,
            about=recorded.position,
            type=type_,
            state="waiting" if is_on else "parked",
            attempts=0,
            due_at=at if is_on and is_first else None,
            created_at=at,
            updated_at=at,
            status=None,
            reason=None if is_on else DISABLED,
            latency_ms=None,
            position=recorded.position,
        )
        rows[made.stream_id] = made


def _told(
    message: Message,
    event: events.DeliveryAttempted | events.DeliveryParked | events.DeliveryReplayed,
    recorded: RecordedEvent,
    rows: Iterable[Message],
) -> None:
    """Fold what became of a message; the next one about the payment may be due by it."""
    at = stamp(recorded.recorded_at)
    message.updated_at, message.position = at, recorded.position
    match event:
        case events.DeliveryAttempted():
            message.attempts, message.status = event.attempt, event.status
            message.reason, message.latency_ms = event.reason, event.latency_ms
            if event.result == "delivered":
                message.state, message.due_at = "delivered", None
            elif event.retry_at is not None:
                message.due_at = stamp(event.retry_at)
        case events.DeliveryParked():
            message.state, message.due_at, message.reason = "parked", None, event.reason
        case events.DeliveryReplayed():
            message.state, message.due_at = "waiting", at
    if message.state != "waiting":
        own = (message.endpoint_id, message.payment_id, "waiting")
        later = [one for one in rows if (one.endpoint_id, one.payment_id, one.state) == own]
        following = min(later, key=lambda one: one.about, default=None)
        if following is not None and following.due_at is None:
            following.due_at, following.position = at, recorded.position


def _is_waiting(rows: Iterable[Message], endpoint_id: str, payment_id: str) -> bool:
    own = (endpoint_id, payment_id, "waiting")
    return any((one.endpoint_id, one.payment_id, one.state) == own for one in rows)


def message_id(endpoint_id: str, position: int) -> str:
    """The id of the message that tells an endpoint of an event."""
    return f"{endpoint_id}.{position}"
