"""The shape of a message to a merchant's endpoint, as it leaves."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.documents import PaymentOut
from api.schemas import Position, Response
from api.schemas_endpoints import MessageType


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
