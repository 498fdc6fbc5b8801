"""Commands about merchants' endpoints and deliveries; a part of `ledger.commands`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ledger.identity import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class AddEndpoint:
    """Tell a merchant at an address what becomes of its payments."""

    endpoint_id: str
    merchant_id: str
    mode: Mode
    types: tuple[str, ...]
    description: str | None
    sealed: str
    is_local: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RotateEndpointSecret:
    """Give an endpoint a new secret; the former one signs along until `former_until`."""

    endpoint_id: str
    sealed: str
    former_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeEndpoint:
    """Give an endpoint another address, other types or another description; None: as it was."""

    endpoint_id: str
    sealed_url: str | None = None
    is_local: bool = False
    types: tuple[str, ...] | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteEndpoint:
    """Let an endpoint go for good; nothing is delivered to it any more."""

    endpoint_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisableEndpoint:
    """Deliver nothing more to an endpoint."""

    endpoint_id: str
    by: Literal["merchant", "endpoint"]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnableEndpoint:
    """Deliver to an endpoint again."""

    endpoint_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendTest:
    """Tell an endpoint something, to see that it hears; `payment_id` is the test's own id."""

    endpoint_id: str
    payment_id: str
    merchant_id: str
    mode: Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDelivery:
    """Say what an attempt to deliver a message brought. Ignored if another came first."""

    endpoint_id: str
    payment_id: str
    """What the message is about: a payment, or a test of the endpoint."""
    position: int
    attempt: int
    is_delivered: bool
    status: int | None
    reason: str
    latency_ms: int
    sealed_answer: str | None
    retry_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayDelivery:
    """Deliver a message once more."""

    endpoint_id: str
    payment_id: str
    position: int


EndpointCommand = (
    AddEndpoint
    | ChangeEndpoint
    | RotateEndpointSecret
    | DisableEndpoint
    | EnableEndpoint
    | DeleteEndpoint
)
DeliveryCommand = SendTest | RecordDelivery | ReplayDelivery
