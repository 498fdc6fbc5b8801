"""The shapes of merchants' endpoints and of what is delivered to them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from api.schemas import Position, PositionQuery, Request, Response
from ledger.identity import Mode
from ledger.notices import NOTICE_TYPES

MessageType = Literal[NOTICE_TYPES]  # type: ignore[valid-type]
EndpointUrl = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class EndpointRequest(Request):
    """Be told at an address of yours what becomes of your payments."""

    url: EndpointUrl = Field(
        description="Where to: https, and reachable from the public internet.",
        examples=["https://shop.example/cauri"],
    )
    types: list[MessageType] = Field(
        default_factory=list,
        max_length=len(NOTICE_TYPES),
        description="Which messages; by default all of them.",
        examples=[["payment.succeeded", "payment.failed"]],
    )
    description: Annotated[str, StringConstraints(max_length=160)] | None = Field(
        default=None, description="For yourself."
    )


class EndpointChange(Request):
    """Change an endpoint; what is left out stays as it is."""

    url: EndpointUrl | None = Field(
        default=None,
        description="Where to from now on, under the same rules. What waits goes there too.",
        examples=["https://shop.example/cauri/v2"],
    )
    types: list[MessageType] | None = Field(
        default=None,
        max_length=len(NOTICE_TYPES),
        description="Which messages from now on; an empty list: all of them.",
        examples=[["payment.succeeded", "payment.failed"]],
    )
    description: Annotated[str, StringConstraints(max_length=160)] | None = Field(
        default=None, description="For yourself."
    )


class RotationRequest(Request):
    """Replace an endpoint's secrets."""

    overlap_hours: Annotated[int, Field(ge=0, le=168)] = Field(
        default=24, description="How long messages are signed with the former secrets as well."
    )


class ReplayRequest(Request):
    """Deliver messages once more."""

    message_id: Annotated[str, StringConstraints(min_length=1, max_length=80)] | None = Field(
        default=None, description="One message; without it all that were not taken."
    )


class EndpointsQuery(PositionQuery):
    """How to list endpoints."""


class EndpointOut(Response):
    """One endpoint."""

    id: str
    mode: Mode = Field(
        description="Whether it is told of tests or of what is real: as your key is."
    )
    url: str | None = Field(description="Null for other roles than its merchant.")
    types: list[str] = Field(description="Empty: all of them.")
    description: str | None
    is_enabled: bool
    is_deleted: bool = Field(description="Whether it is gone for good; what it was told stays.")
    reason: str | None = Field(description="Why nothing is delivered to it.")
    public_key: str | None = Field(description="What `v1a` signatures are checked with.")
    former_until: datetime | None = Field(description="Until when former secrets sign along.")
    messages: dict[str, int] = Field(description="How many there are, by state.")
    waiting_since: datetime | None = Field(
        description="When the oldest message that waits was made; null: none waits."
    )
    next_attempt_at: datetime | None = Field(description="When one of them is tried next.")
    created_at: datetime


class EndpointSecretOut(Response):
    """An endpoint's secrets, shown this once."""

    id: str
    secret: str = Field(description="`whsec_...`: what `v1` signatures are checked with.")
    public_key: str = Field(description="`whpk_...`: what `v1a` signatures are checked with.")
    former_until: datetime | None
    position: Position


class EndpointList(Response):
    """A merchant's endpoints, in the order they were added."""

    position: Position
    endpoints: list[EndpointOut]


class MessageOut(Response):
    """One message to one endpoint."""

    id: str = Field(description="The `webhook-id` it is sent with.")
    type: str
    payment_id: str | None = Field(description="Null for a test, which is about no payment.")
    about: Position = Field(description="The position of the event it tells of.")
    state: Literal["waiting", "delivered", "parked", "withdrawn"]
    attempts: int
    status: int | None = Field(description="Of the last answer.")
    reason: str | None
    latency_ms: int | None
    next_attempt_at: datetime | None
    created_at: datetime
    updated_at: datetime


class DeliveryAttemptOut(Response):
    """One attempt to deliver a message."""

    number: int
    at: datetime = Field(description="When it had ended.")
    is_delivered: bool = Field(description="Whether your server took it.")
    status: int | None = Field(description="Of the answer; null where none came.")
    reason: str = Field(description="What came back, or why nothing did.")
    latency_ms: int
    answer: str | None = Field(
        description="The first bytes of your server's answer, as text. Null where it said nothing, "
        "and for other roles than its merchant."
    )
    next_attempt_at: datetime | None = Field(description="As it was planned then; null: never.")


class MessageDetail(MessageOut):
    """One message to one endpoint, with every attempt to deliver it."""

    attempts_made: list[DeliveryAttemptOut] = Field(description="The first one first.")


class MessageQuery(PositionQuery):
    """How to look at one message."""


class MessagesQuery(PositionQuery):
    """Which messages."""

    state: Literal["waiting", "delivered", "parked", "withdrawn"] | None = None
    payment_id: Annotated[str, StringConstraints(max_length=64)] | None = None
    after: Position | None = Field(default=None, description="`next_after` of the page before.")
    limit: Annotated[int, Field(ge=1, le=1000)] = 50


class MessagePage(Response):
    """Messages to one endpoint, the newest first."""

    position: Position
    messages: list[MessageOut]
    next_after: Position | None


class SentTest(Response):
    """A message that is sent to an endpoint, to see that it hears."""

    id: str = Field(description="The `webhook-id` it is sent with: look at its attempts by this.")
    type: Literal["endpoint.test"]
    position: Position


class ReplayOut(Response):
    """What is delivered once more."""

    replayed: int = Field(
        description="How many are sent now: one that stands behind another one brings that along."
    )
    waiting: int = Field(
        description="How many wait, these among them; the others follow, each after the one before."
    )
    position: Position
