"""Endpoints and deliveries: pure deciders over `endpoint-<id>` and `delivery-<id>-<payment>`.

An endpoint is an address at which a merchant wants to be told. A delivery's stream holds every
attempt to tell one endpoint about one payment, message by message: each message is about one event
of the payment, named by its position, and they are delivered in that order.

What was tried is recorded by number, so of two processes that tried the same at once the second
one's record changes nothing: a merchant may be told twice, the log says each attempt once.

It knows no addresses and no secrets (both are sealed), and no clock: when to try again comes with
the command.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from ledger import events
from ledger.commands_endpoint import (
    AddEndpoint,
    DeliveryCommand,
    DisableEndpoint,
    EnableEndpoint,
    EndpointCommand,
    ParkDelivery,
    RecordDelivery,
    ReplayDelivery,
    RotateEndpointSecret,
)
from ledger.errors import CommandRefusedError, UnknownEndpointError
from ledger.events import Event
from ledger.sentences import Sentence

MESSAGES_MAX: Final = 200
"""How many messages about one payment one endpoint is told."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The folded state of an endpoint's stream."""

    added: events.EndpointAdded | None = None
    sealed: str = ""
    """Address and secrets, as they are now."""
    rotated: events.EndpointSecretRotated | None = None
    is_enabled: bool = False
    reason: str | None = None
    """Why it is disabled."""


@dataclass(frozen=True, slots=True)
class Message:
    """What became of one message."""

    attempts: int = 0
    is_open: bool = True
    is_delivered: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """The folded state of a delivery's stream: its messages, by the position they are about."""

    messages: Mapping[int, Message] = field(default_factory=lambda: MappingProxyType({}))


INITIAL: Final = Endpoint()
UNTRIED: Final = Delivery()


def endpoint_stream(endpoint_id: str) -> str:
    """The name of an endpoint's stream."""
    return f"endpoint-{endpoint_id}"


def delivery_stream(endpoint_id: str, payment_id: str) -> str:
    """The name of the stream of what one endpoint is told about one payment."""
    return f"delivery-{endpoint_id}-{payment_id}"


def decide_endpoint(command: EndpointCommand, state: Endpoint) -> list[Event]:
    """Decide about an endpoint; what is so already changes nothing.

    Raises:
        UnknownEndpointError: there is no such endpoint.
        CommandRefusedError: the id is taken.
    """
    if isinstance(command, AddEndpoint):
        if state.added is not None:
            raise CommandRefusedError("AddEndpoint", Sentence("the id is taken by something else."))
        return [
            events.EndpointAdded(
                endpoint_id=command.endpoint_id,
                merchant_id=command.merchant_id,
                types=command.types,
                description=command.description,
                sealed=command.sealed,
            )
        ]
    if state.added is None:
        raise UnknownEndpointError(command.endpoint_id, type(command).__name__)
    match command:
        case RotateEndpointSecret():
            return [
                events.EndpointSecretRotated(
                    sealed=command.sealed, former_until=command.former_until
                )
            ]
        case DisableEndpoint():
            if not state.is_enabled:
                return []
            return [events.EndpointDisabled(by=command.by, reason=command.reason)]
        case EnableEndpoint():
            return [] if state.is_enabled else [events.EndpointEnabled()]


def evolve_endpoint(state: Endpoint, event: Event) -> Endpoint:
    """Fold one event into an endpoint's state."""
    match event:
        case events.EndpointAdded():
            return Endpoint(event, event.sealed, is_enabled=True)
        case events.EndpointSecretRotated():
            return replace(state, sealed=event.sealed, rotated=event)
        case events.EndpointDisabled():
            return replace(state, is_enabled=False, reason=event.reason)
        case events.EndpointEnabled():
            return replace(state, is_enabled=True, reason=None)
        case _:
            raise TypeError(f"an endpoint's stream has no {event.type}")


def decide_delivery(command: DeliveryCommand, state: Delivery) -> list[Event]:
    """Decide about one message to one endpoint; a record of what is recorded changes nothing.

    Raises:
        CommandRefusedError: there are more messages than may be.
    """
    message = state.messages.get(command.position)
    if message is None:
        if len(state.messages) >= MESSAGES_MAX:
            raise CommandRefusedError(
                type(command).__name__,
                Sentence("it was told {messages} messages already.", messages=MESSAGES_MAX),
            )
        message = Message()
    parked = events.DeliveryParked(
        endpoint_id=command.endpoint_id,
        payment_id=command.payment_id,
        position=command.position,
        reason="" if isinstance(command, ReplayDelivery) else command.reason,
    )
    match command:
        case RecordDelivery():
            if not message.is_open or command.attempt != message.attempts + 1:
                return []
            attempted = events.DeliveryAttempted(
                endpoint_id=command.endpoint_id,
                payment_id=command.payment_id,
                position=command.position,
                attempt=command.attempt,
                result="delivered" if command.is_delivered else "failed",
                status=command.status,
                reason=command.reason,
                latency_ms=command.latency_ms,
                sealed_answer=command.sealed_answer,
                retry_at=command.retry_at,
            )
            if command.is_delivered or command.retry_at is not None:
                return [attempted]
            return [attempted, parked]
        case ParkDelivery():
            return [parked] if message.is_open else []
        case ReplayDelivery():
            if command.position in state.messages and message.is_open:
                return []
            return [
                events.DeliveryReplayed(
                    endpoint_id=command.endpoint_id,
                    payment_id=command.payment_id,
                    position=command.position,
                )
            ]


def evolve_delivery(state: Delivery, event: Event) -> Delivery:
    """Fold one event into what one endpoint was told about one payment."""
    match event:
        case events.DeliveryAttempted():
            is_delivered = event.result == "delivered"
            is_open = not is_delivered and event.retry_at is not None
            changed = Message(event.attempt, is_open, is_delivered)
        case events.DeliveryParked():
            before = state.messages.get(event.position, Message())
            changed = replace(before, is_open=False)
        case events.DeliveryReplayed():
            before = state.messages.get(event.position, Message())
            changed = replace(before, is_open=True)
        case _:
            raise TypeError(f"a delivery's stream has no {event.type}")
    return Delivery(MappingProxyType({**state.messages, event.position: changed}))
