"""The rows of deliveries: what each event is worth telling, and what each attempt leaves to do.

A part of `projections.deliveries`. Pure: rows in memory and events, no table.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, Literal, cast, get_args

import orjson

from ledger import events
from ledger.endpoint import DELETED, MESSAGES_MAX
from ledger.entry import RecordedEvent
from ledger.identity import Kind
from ledger.notices import NOTICED, TEST_TYPE, notice_of
from ledger.payment import stream_of
from projections.message_ids import message_id
from projections.tables import stamp

DISABLED: Final = "the endpoint is disabled"
TAKEN_OVER: Final = "another provider took over"

KEPT: Final = timedelta(days=30)
"""How long messages are kept for a disabled endpoint, parked; of what happens later it is never
told. So an endpoint that is gone for good costs nothing."""

SLOW_MS: Final = 2000
"""An endpoint whose last call took longer, or brought no answer, is called in the slow lane."""

State = Literal["waiting", "delivered", "parked", "withdrawn"]
"""`withdrawn`: a refusal that was none, because another provider took the payment over."""

Told = events.DeliveryAttempted | events.DeliveryParked | events.DeliveryReplayed
Switched = (
    events.EndpointChanged
    | events.EndpointDisabled
    | events.EndpointEnabled
    | events.EndpointDeleted
)
"""The events of an endpoint after the one that added it."""

Owner = tuple[str, str, str | None]
"""A merchant, a kind of payment or `TEST`, and a mode."""

TEST: Final = "test"
"""What stands for the kind of a payment where an endpoint is told of a test."""

AHEAD: Final = timedelta(days=30)
"""How much earlier than it is asked for a test is due: so it is sent before whatever waits for its
endpoint, which after an outage may be a great deal."""

CONCERNING: Final = frozenset(
    {
        *NOTICED,
        *get_args(Told),
        *get_args(Switched),
        events.EndpointAdded,
        events.EndpointTested,
        events.LogRestored,
        events.PaymentRerouted,
    }
)
"""The events that mean anything to a message or an endpoint."""
_PAYMENT_PREFIX: Final = len(stream_of(""))
_ENDPOINT_PREFIX: Final = len("endpoint-")


@dataclass(slots=True)
class Endpoint:
    """One endpoint: the table's columns, in its order."""

    endpoint_id: str
    merchant_id: str
    mode: str
    types: str
    """A JSON list; empty: all of them."""
    is_enabled: int
    kept_until: str | None
    """Until when messages are kept for it while it is disabled."""
    is_slow: int
    is_local: int
    """Whether its address is on this machine."""
    added_at: str
    position: int
    """The event that added it."""
    life: str
    """The mark of the last restoration since it was added; empty without one."""

    @property
    def wanted(self) -> frozenset[str]:
        """The types of messages it is told; empty: all of them."""
        return frozenset(orjson.loads(self.types))


@dataclass(slots=True)
class Message:
    """One message to one endpoint: the table's columns, in its order."""

    stream_id: str
    """Its own id; see `projections.message_ids`."""
    endpoint_id: str
    merchant_id: str
    payment_id: str
    """What it is about: a payment, or a test of the endpoint."""
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

    @property
    def next_attempt_at(self) -> str | None:
        """When it is tried next; never before it was made."""
        return None if self.due_at is None else max(self.due_at, self.created_at)


class Board:
    """The endpoints and messages that a batch touches, as they change.

    Args:
        owners: payment -> its merchant, its kind, and its mode if it says one.
        endpoints: every endpoint of those merchants.
        messages: every message about the payments that the batch touches.
    """

    def __init__(
        self,
        owners: Mapping[str, Owner],
        endpoints: Iterable[Endpoint],
        messages: Iterable[Message],
    ) -> None:
        self._owners = owners
        self.endpoints: dict[str, Endpoint] = {}
        self.messages: dict[str, Message] = {}
        self._by_event: dict[tuple[str, int], Message] = {}
        self._of_merchant: defaultdict[str, list[Endpoint]] = defaultdict(list)
        self._about: defaultdict[tuple[str, str], list[Message]] = defaultdict(list)
        self._stored: dict[str, Message] = {}
        self._counted: dict[str, str] = {}
        for endpoint in endpoints:
            self._add_endpoint(endpoint)
        for message in sorted(messages, key=lambda one: one.about):
            self._add(message)
            self._stored[message.stream_id] = replace(message)
            self._counted[message.stream_id] = message.state

    def fold(self, recorded: RecordedEvent) -> None:
        """Fold one event; those of switched endpoints also need `switch`."""
        match recorded.event:
            case events.EndpointAdded() as event:
                self._add_endpoint(
                    Endpoint(
                        event.endpoint_id,
                        event.merchant_id,
                        event.mode,
                        types=orjson.dumps(event.types).decode(),
                        is_enabled=1,
                        kept_until=None,
                        is_slow=0,
                        is_local=int(event.is_local),
                        added_at=stamp(recorded.recorded_at),
                        position=recorded.position,
                        life="",
                    )
                )
            case (
                events.DeliveryAttempted() | events.DeliveryParked() | events.DeliveryReplayed()
            ) as event:
                self._told(recorded, event)
            case events.EndpointTested() as event:
                self._test(recorded, event)
            case events.PaymentRerouted():
                self._withdraw(recorded)
            case _:
                self._tell(recorded)

    def switch(self, recorded: RecordedEvent, endpoint: Endpoint) -> None:
        """Switch an endpoint off, which parks what waits for it on this board, or on again.

        One that is deleted is taken off the board: what is still told of it changes nothing.
        """
        self._add_endpoint(endpoint)
        match recorded.event:
            case events.EndpointChanged() as event:
                if event.types is not None:
                    endpoint.types = orjson.dumps(event.types).decode()
                if event.sealed_url is not None:
                    endpoint.is_local = int(event.is_local)
                return
            case events.EndpointEnabled():
                endpoint.is_enabled, endpoint.kept_until = 1, None
                return
            case events.EndpointDeleted():
                del self.endpoints[endpoint.endpoint_id]
                self._of_merchant[endpoint.merchant_id].remove(endpoint)
            case _:
                endpoint.is_enabled = 0
                endpoint.kept_until = stamp(recorded.recorded_at + KEPT)
        for one in self.messages.values():
            if (one.endpoint_id, one.state) == (endpoint.endpoint_id, "waiting"):
                one.state, one.due_at, one.reason = "parked", None, why_parked(recorded)
                one.updated_at, one.position = stamp(recorded.recorded_at), recorded.position

    def restore(self, life: str) -> None:
        """Begin a new life of the log: positions are given anew."""
        for endpoint in self.endpoints.values():
            endpoint.life = life

    def changed_messages(self) -> list[Message]:
        """The messages that are not as they were fetched, or when this was last asked."""
        changed = [one for name, one in self.messages.items() if self._stored.get(name) != one]
        self._stored |= {one.stream_id: replace(one) for one in changed}
        return changed

    def count_changes(self) -> Counter[tuple[str, str]]:
        """How many more messages an endpoint has in a state than when this was last asked."""
        changes: Counter[tuple[str, str]] = Counter()
        for message in self.messages.values():
            before = self._counted.get(message.stream_id)
            if before != message.state:
                changes[message.endpoint_id, message.state] += 1
                if before is not None:
                    changes[message.endpoint_id, before] -= 1
                self._counted[message.stream_id] = message.state
        return changes

    def _add_endpoint(self, endpoint: Endpoint) -> None:
        if endpoint.endpoint_id not in self.endpoints:
            self.endpoints[endpoint.endpoint_id] = endpoint
            self._of_merchant[endpoint.merchant_id].append(endpoint)

    def _add(self, message: Message) -> None:
        self.messages[message.stream_id] = message
        self._by_event[message.endpoint_id, message.about] = message
        self._about[message.endpoint_id, message.payment_id].append(message)

    def _tell(self, recorded: RecordedEvent) -> None:
        """Make the messages that an event of a payment is worth."""
        at = stamp(recorded.recorded_at)
        payment_id = recorded.stream[_PAYMENT_PREFIX:]
        merchant_id, kind, mode = self._owners[payment_id]
        type_ = notice_of(cast("Kind", kind), recorded.event)
        for endpoint in self._of_merchant[merchant_id] if type_ is not None else ():
            told = self._about[endpoint.endpoint_id, payment_id]
            if (
                # A payment from before there were modes is told of to whoever wants to know.
                (mode is not None and mode != endpoint.mode)
                or (endpoint.kept_until is not None and at > endpoint.kept_until)
                or (endpoint.wanted and type_ not in endpoint.wanted)
                or len(told) >= MESSAGES_MAX
            ):
                continue
            self._add(_untold(recorded, endpoint, payment_id, str(type_)))
            _line_up(told, recorded)

    def _test(self, recorded: RecordedEvent, event: events.EndpointTested) -> None:
        """Make the message of a test: to this endpoint alone, whatever else it wants to hear."""
        endpoint = self.endpoints.get(event.endpoint_id)
        if endpoint is None:
            return
        message = _untold(recorded, endpoint, event.test_id, TEST_TYPE)
        if message.state == "waiting":
            message.due_at = stamp(recorded.recorded_at - AHEAD)
        self._add(message)

    def _withdraw(self, recorded: RecordedEvent) -> None:
        """Take back the message about the refusal that stands just before in the log."""
        payment_id = recorded.stream[_PAYMENT_PREFIX:]
        for endpoint in self._of_merchant[self._owners[payment_id][0]]:
            withdrawn = self._by_event.get((endpoint.endpoint_id, recorded.position - 1))
            if withdrawn is not None and withdrawn.payment_id == payment_id:
                withdrawn.state, withdrawn.due_at = "withdrawn", None
                withdrawn.reason, withdrawn.position = TAKEN_OVER, recorded.position
                withdrawn.updated_at = stamp(recorded.recorded_at)

    def _told(self, recorded: RecordedEvent, event: Told) -> None:
        """Fold what became of a message; the next one about the payment may be due by it.

        A message that waits no more stays so whatever comes late: a call that was under way when
        its endpoint was disabled, or a replay that was asked for at the same moment.
        """
        message = self._by_event.get((event.endpoint_id, event.position))
        endpoint = self.endpoints.get(event.endpoint_id)
        if message is None or endpoint is None:
            return
        at = stamp(recorded.recorded_at)
        message.updated_at, message.position = at, recorded.position
        is_waiting = message.state == "waiting"
        match event:
            case events.DeliveryAttempted():
                message.attempts, message.status = event.attempt, event.status
                message.reason, message.latency_ms = event.reason, event.latency_ms
                endpoint.is_slow = int(event.status is None or event.latency_ms > SLOW_MS)
                if event.result == "delivered" and message.state != "withdrawn":
                    message.state, message.due_at = "delivered", None
                elif is_waiting and event.retry_at is not None:
                    message.due_at = stamp(event.retry_at)
            case events.DeliveryParked():
                if is_waiting:
                    message.state, message.due_at = "parked", None
                message.reason = event.reason
            case events.DeliveryReplayed():
                if endpoint.is_enabled and message.state != "withdrawn":
                    message.state, message.due_at = "waiting", at
        _line_up(self._about[event.endpoint_id, event.payment_id], recorded)


def _untold(recorded: RecordedEvent, endpoint: Endpoint, about_id: str, type_: str) -> Message:
    """A message that was never tried; parked where its endpoint is disabled."""
    at = stamp(recorded.recorded_at)
    return Message(
        stream_id=message_id(endpoint.endpoint_id, recorded.position, endpoint.life),
        endpoint_id=endpoint.endpoint_id,
        merchant_id=endpoint.merchant_id,
        payment_id=about_id,
        about=recorded.position,
        type=type_,
        state="waiting" if endpoint.is_enabled else "parked",
        attempts=0,
        due_at=None,
        created_at=at,
        updated_at=at,
        status=None,
        reason=None if endpoint.is_enabled else DISABLED,
        latency_ms=None,
        position=recorded.position,
    )


def owner_told_of(recorded: RecordedEvent) -> tuple[str, Owner] | None:
    """What an event begins that messages are about, and whose it is; None for any other event."""
    match recorded.event:
        case events.PaymentRequested() as event:
            return event.payment_id, (event.merchant_id, event.kind, event.mode)
        case events.EndpointTested() as event:
            return event.test_id, (event.merchant_id, TEST, event.mode)
        case _:
            return None


def _line_up(told: Iterable[Message], recorded: RecordedEvent) -> None:
    """Let the first message that waits be due, and those after it wait for it."""
    is_first = True
    for one in told:
        if one.state != "waiting":
            continue
        if is_first and one.due_at is None:
            one.due_at, one.position = stamp(recorded.recorded_at), recorded.position
        elif not is_first and one.due_at is not None:
            one.due_at, one.position = None, recorded.position
        is_first = False


def why_parked(recorded: RecordedEvent) -> str:
    """Why what waits for an endpoint is parked by an event that lets it wait no more."""
    return DELETED if isinstance(recorded.event, events.EndpointDeleted) else DISABLED


def concerns(recorded: RecordedEvent) -> bool:
    """Whether an event means anything to a message or an endpoint."""
    return type(recorded.event) in CONCERNING


def payment_of(recorded: RecordedEvent) -> str | None:
    """The payment (or test) whose messages an event touches; None for one about endpoints."""
    event = recorded.event
    if isinstance(event, events.EndpointTested):
        return event.test_id
    if isinstance(event, Switched | events.EndpointAdded | events.LogRestored):
        return None
    if isinstance(event, Told):
        return event.payment_id
    return recorded.stream[_PAYMENT_PREFIX:]


def endpoint_of(recorded: RecordedEvent) -> str:
    """The endpoint that an event of its own stream is about."""
    return recorded.stream[_ENDPOINT_PREFIX:]
