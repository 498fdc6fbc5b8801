"""The events of endpoints and of what is delivered to them; a part of `ledger.events`."""

from typing import ClassVar, Literal

from ledger.events_base import Event, UtcTime
from ledger.identity import Mode


class EndpointAdded(Event, frozen=True, kw_only=True):
    """A merchant wants to be told what becomes of its payments, at an address of its own."""

    type: ClassVar[str] = "endpoint.added"

    endpoint_id: str
    merchant_id: str
    mode: Mode
    """It is told of tests, or of what is real: as the key was that added it."""
    types: tuple[str, ...] = ()
    """The types of messages it wants; empty: all of them."""
    description: str | None = None
    sealed: str
    """JSON {url, pairs: [[secret, private key]]}, the newest pair first, sealed under the
    endpoint's own key: an address may hold a word that lets its bearer in."""
    is_local: bool = False
    """Whether the address is on this machine: only a process that may call it does."""


class EndpointChanged(Event, frozen=True, kw_only=True):
    """An endpoint has another address, other types or another description from now on."""

    type: ClassVar[str] = "endpoint.changed"

    sealed_url: str | None = None
    """The new address, sealed under the endpoint's own key; None: as it was. It stands apart from
    the secrets, so that to change the one never brings back a former one of the other."""
    is_local: bool = False
    """As in `endpoint.added`, of the new address."""
    types: tuple[str, ...] | None = None
    """As in `endpoint.added`; None: as they were."""
    description: str | None = None
    """None: as it was."""


class EndpointSecretRotated(Event, frozen=True, kw_only=True):
    """An endpoint has a new secret; the former one signs along for a while."""

    type: ClassVar[str] = "endpoint.secret_rotated"

    sealed: str
    """As in `endpoint.added`, with the former pair behind the new one."""
    former_until: UtcTime


class EndpointDisabled(Event, frozen=True, kw_only=True):
    """Nothing is delivered to an endpoint from now on; what waits is parked."""

    type: ClassVar[str] = "endpoint.disabled"

    by: Literal["merchant", "endpoint"]
    """`endpoint`: it answered 410, which says that it is gone."""
    reason: str


class EndpointEnabled(Event, frozen=True, kw_only=True):
    """An endpoint is delivered to again; what was parked waits to be replayed."""

    type: ClassVar[str] = "endpoint.enabled"


class EndpointDeleted(Event, frozen=True, kw_only=True):
    """An endpoint is gone for good: what waits for it is parked, and nothing more is kept."""

    type: ClassVar[str] = "endpoint.deleted"


class EndpointTested(Event, frozen=True, kw_only=True):
    """A merchant wants an endpoint to be told something, to see that it hears: no payment moves.

    It begins a stream of its own, the one of what the endpoint is told of it.
    """

    type: ClassVar[str] = "endpoint.tested"

    endpoint_id: str
    test_id: str
    """What it is told about, where others are told about a payment."""
    merchant_id: str
    mode: Mode


class DeliveryAttempted(Event, frozen=True, kw_only=True):
    """A message was sent to an endpoint, or could not be; with what came back."""

    type: ClassVar[str] = "delivery.attempted"

    endpoint_id: str
    payment_id: str
    """What the message is about: a payment, or a test of the endpoint (`test_...`)."""
    position: int
    """The event the message is about."""
    attempt: int
    result: Literal["delivered", "failed"]
    status: int | None = None
    """Of the answer; None where none came."""
    reason: str
    latency_ms: int
    sealed_answer: str | None = None
    """The answer's first bytes, sealed under the endpoint's key."""
    retry_at: UtcTime | None = None
    """When it is tried again; None: never by itself."""


class DeliveryParked(Event, frozen=True, kw_only=True):
    """A message is not tried any more, until somebody asks for it again."""

    type: ClassVar[str] = "delivery.parked"

    endpoint_id: str
    payment_id: str
    position: int
    reason: str


class DeliveryReplayed(Event, frozen=True, kw_only=True):
    """A message is to be delivered once more, whatever became of it before."""

    type: ClassVar[str] = "delivery.replayed"

    endpoint_id: str
    payment_id: str
    position: int
