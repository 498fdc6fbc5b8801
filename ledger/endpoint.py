"""Endpoints and deliveries: pure deciders over `endpoint-<id>` and `delivery-<id>-<payment>`.

An endpoint is an address at which a merchant wants to be told. A delivery's stream holds every
attempt to tell one endpoint about one payment, message by message: each message is about one event
of the payment, named by its position, and they are delivered in that order. A test of an endpoint
is a message about no payment: it has such a stream of its own, so it waits for none and none waits
for it, and however often somebody tries, the endpoint's own stream does not grow.

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
    ChangeEndpoint,
    DeleteEndpoint,
    DeliveryCommand,
    DisableEndpoint,
    EnableEndpoint,
    EndpointCommand,
    RecordDelivery,
    ReplayDelivery,
    RotateEndpointSecret,
    SendTest,
)
from ledger.errors import CommandRefusedError, UnknownEndpointError
from ledger.events import Event
from ledger.sentences import Sentence

MESSAGES_MAX: Final = 200
"""How many messages about one payment one endpoint is told; of later events it is not told."""

REPLAYED_EVENTS_MAX: Final = 5_000
"""How many events a delivery's stream may have for a message to be replayed. What is left of the
longest stream there may be is enough for every attempt at every message that is open then."""


DELETED: Final = "the endpoint was deleted"
"""Why nothing is delivered to an endpoint that is gone for good."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The folded state of an endpoint's stream."""

    added: events.EndpointAdded | None = None
    sealed: str = ""
    """Address and secrets, as they are now; the address only if it was never changed."""
    sealed_url: str | None = None
    """The address, once it was changed."""
    types: tuple[str, ...] = ()
    description: str | None = None
    rotated: events.EndpointSecretRotated | None = None
    is_enabled: bool = False
    reason: str | None = None
    """Why it is disabled."""
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """What became of one message."""

    attempts: int = 0
    tries: int = 0
    """Attempts since it was last asked for: after a replay the pauses grow anew."""
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class Delivery:
    """The folded state of a delivery's stream: its messages, by the position they are about."""

    messages: Mapping[int, Message] = field(default_factory=lambda: MappingProxyType({}))
    events: int = 0


INITIAL: Final = Endpoint()
UNTRIED: Final = Delivery()


def endpoint_stream(endpoint_id: str) -> str:
    """The name of an endpoint's stream."""
    return f"endpoint-{endpoint_id}"


def delivery_stream(endpoint_id: str, payment_id: str) -> str:
    """The name of the stream of what one endpoint is told about one payment, or of a test."""
    return f"delivery-{endpoint_id}-{payment_id}"


def decide_endpoint(command: EndpointCommand, state: Endpoint) -> list[Event]:
    """Decide about an endpoint; what is so already changes nothing.

    Raises:
        UnknownEndpointError: there is no such endpoint.
        CommandRefusedError: the id is taken, or the endpoint was deleted.
    """
    if isinstance(command, AddEndpoint):
        if state.added is not None:
            raise CommandRefusedError("AddEndpoint", Sentence("the id is taken by something else."))
        return [
            events.EndpointAdded(
                endpoint_id=command.endpoint_id,
                merchant_id=command.merchant_id,
                mode=command.mode,
                types=command.types,
                description=command.description,
                sealed=command.sealed,
                is_local=command.is_local,
            )
        ]
    if state.added is None:
        raise UnknownEndpointError(command.endpoint_id, type(command).__name__)
    if state.is_deleted:
        if isinstance(command, DisableEndpoint | DeleteEndpoint):
            return []
        name = type(command).__name__
        raise CommandRefusedError(name, Sentence("the endpoint was deleted."))
    match command:
        case ChangeEndpoint():
            return _changes(command, state)
        case DeleteEndpoint():
            return [events.EndpointDeleted()]
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


def _changes(command: ChangeEndpoint, state: Endpoint) -> list[Event]:
    """What of a change is none is left out; a sealed address is always another one."""
    types = None if command.types == state.types else command.types
    description = None if command.description == state.description else command.description
    if command.sealed_url is None and types is None and description is None:
        return []
    return [
        events.EndpointChanged(
            sealed_url=command.sealed_url,
            is_local=command.sealed_url is not None and command.is_local,
            types=types,
            description=description,
        )
    ]


def evolve_endpoint(state: Endpoint, event: Event) -> Endpoint:
    """Fold one event into an endpoint's state."""
    match event:
        case events.EndpointAdded():
            return Endpoint(
                event,
                event.sealed,
                types=event.types,
                description=event.description,
                is_enabled=True,
            )
        case events.EndpointChanged():
            return replace(
                state,
                sealed_url=event.sealed_url or state.sealed_url,
                types=state.types if event.types is None else event.types,
                description=state.description if event.description is None else event.description,
            )
        case events.EndpointSecretRotated():
            return replace(state, sealed=event.sealed, rotated=event)
        case events.EndpointDisabled():
            return replace(state, is_enabled=False, reason=event.reason)
        case events.EndpointEnabled():
            return replace(state, is_enabled=True, reason=None)
        case events.EndpointDeleted():
            return replace(state, is_enabled=False, reason=DELETED, is_deleted=True)
        case _:
            raise TypeError(f"an endpoint's stream has no {event.type}")


def decide_delivery(command: DeliveryCommand, state: Delivery) -> list[Event]:
    """Decide about one message to one endpoint; a record of what is recorded changes nothing.

    A message that is open may be replayed too, for one that waits for a disabled endpoint is parked
    without a word in this stream.

    Raises:
        CommandRefusedError: there are more messages than may be, it was replayed too often, or
            the id of a test is taken.
    """
    name = type(command).__name__
    if isinstance(command, SendTest):
        if state.events:
            raise CommandRefusedError(name, Sentence("the id is taken by something else."))
        return [
            events.EndpointTested(
                endpoint_id=command.endpoint_id,
                test_id=command.payment_id,
                merchant_id=command.merchant_id,
                mode=command.mode,
            )
        ]
    position = command.position
    message = state.messages.get(position)
    if message is None and len(state.messages) >= MESSAGES_MAX:
        raise CommandRefusedError(
            name, Sentence("it was told {messages} messages already.", messages=MESSAGES_MAX)
        )
    message = message or Message()
    whose = {"endpoint_id": command.endpoint_id, "payment_id": command.payment_id}
    match command:
        case RecordDelivery():
            if not message.is_open or command.attempt != message.attempts + 1:
                return []
            attempted = events.DeliveryAttempted(
                **whose,
                position=position,
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
            parked = events.DeliveryParked(**whose, position=position, reason=command.reason)
            return [attempted, parked]
        case ReplayDelivery():
            if state.events >= REPLAYED_EVENTS_MAX:
                raise CommandRefusedError(name, Sentence("it was replayed too often already."))
            return [events.DeliveryReplayed(**whose, position=position)]


def evolve_delivery(state: Delivery, event: Event) -> Delivery:
    """Fold one event into what one endpoint was told about one payment."""
    match event:
        case events.EndpointTested():
            return replace(state, events=state.events + 1)
        case events.DeliveryAttempted():
            before = state.messages.get(event.position, Message())
            is_open = event.result == "failed" and event.retry_at is not None
            changed = Message(event.attempt, before.tries + 1, is_open)
        case events.DeliveryParked():
            before = state.messages.get(event.position, Message())
            changed = replace(before, is_open=False)
        case events.DeliveryReplayed():
            before = state.messages.get(event.position, Message())
            changed = Message(before.attempts, tries=0, is_open=True)
        case _:
            raise TypeError(f"a delivery's stream has no {event.type}")
    messages = MappingProxyType({**state.messages, event.position: changed})
    return Delivery(messages, state.events + 1)
