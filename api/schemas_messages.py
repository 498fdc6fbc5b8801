"""The shape of a message to a merchant's endpoint, as it leaves."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.documents import PaymentOut
from api.schemas import Position, Response
from api.schemas_endpoints import MessageType
from ledger.identity import Mode


class CutOut(Response):
    """What stands in the place of a payment that is too large for a message."""

    id: str = Field(description="Look at it by this.")
    is_cut: Literal[True]


class MessageContent(Response):
    """What an endpoint is told about one event of a payment, payout or refund."""

    type: MessageType
    timestamp: datetime = Field(description="When it happened.")
    position: Position = Field(description="The event it is about.")
    data: PaymentOut | CutOut = Field(
        description="The payment, payout or refund as it stood then; cut to its id where it is "
        "too large for a message."
    )


class TestedEndpoint(Response):
    """The endpoint that a test is sent to."""

    id: str
    mode: Mode = Field(description="Whether it is told of tests or of what is real.")
    types: list[str] = Field(description="What else it is told; empty: everything.")
    description: str | None


class EndpointTestContent(Response):
    """What an endpoint is told when its merchant tests it: nothing has happened."""

    type: Literal["endpoint.test"]
    timestamp: datetime = Field(description="When it was asked for.")
    position: Position
    data: TestedEndpoint = Field(description="The endpoint itself; no payment is meant.")
