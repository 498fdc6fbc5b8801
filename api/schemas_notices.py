"""The shapes of a merchant's own events."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.documents import PaymentOut
from api.schemas import Position, PositionQuery, Query, Response


class NoticeOut(Response):
    """One message, as endpoints are sent it."""

    type: str = Field(description="`payment.succeeded`, `payout.failed`, ...")
    timestamp: datetime = Field(description="When it happened.")
    position: Position = Field(description="The event it is about.")
    data: PaymentOut = Field(description="The payment, payout or refund as it stood then.")


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
