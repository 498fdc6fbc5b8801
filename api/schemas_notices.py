"""The shapes of a merchant's own events."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.documents import PaymentOut
from api.schemas import Position, PositionQuery, Query, Response
from api.schemas_checkout import CheckoutOut
from ledger.identity import Mode


class EndpointNotice(Response):
    """An endpoint as it stood then."""

    id: str
    mode: Mode
    types: list[str] = Field(description="Empty: all of them.")
    description: str | None
    is_enabled: bool
    is_deleted: bool = Field(description="Whether it is gone for good; what it was told stays.")
    reason: str | None = Field(description="Why nothing is delivered to it.")


class ParkedMessage(Response):
    """A message that an endpoint could not be told, and which waits for a replay."""

    id: str = Field(description="Send it as `message_id` to have it replayed.")
    endpoint_id: str
    payment_id: str | None = Field(description="Null for a test, which is about no payment.")
    about: Position = Field(description="The event that the message tells of.")
    reason: str


class NoticeOut(Response):
    """One message as endpoints are sent it; or what happened to a session or an endpoint."""

    type: str = Field(
        description="`payment.succeeded`, `payout.failed`, ...; `checkout.completed`, ...; "
        "`endpoint.disabled`, ...; `delivery.parked`."
    )
    timestamp: datetime = Field(description="When it happened.")
    position: Position = Field(description="The event it is about.")
    data: PaymentOut | CheckoutOut | EndpointNotice | ParkedMessage = Field(
        description="The payment, payout, refund, checkout session or endpoint as it stood then, "
        "or the message."
    )


class NoticePage(Response):
    """Messages after a position, the oldest first."""

    position: Position = Field(description="The log position this list stands at.")
    notices: list[NoticeOut]
    next_after: Position | None = Field(description="Send as `after` for the next page.")


class NoticesQuery(PositionQuery):
    """Which messages."""

    after: Position = Field(default=0, description="Those behind this position.")
    limit: Annotated[int, Field(ge=1, le=1000)] = 50


class StreamQuery(Query):
    """Where a stream begins."""

    after: Position | None = Field(
        default=None,
        description="Behind this position; by default with what comes next. `Last-Event-ID` wins.",
    )
