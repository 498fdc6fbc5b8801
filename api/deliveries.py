"""Replaying messages to an endpoint: what a merchant asks for over HTTP, and an operator here.

A message that could not be delivered is parked, and stays so until somebody asks for it. It is
sent again under its own id, in the order of its payment, with the pauses of a first time.
"""

from collections.abc import Sequence
from typing import Final

from ledger.commands_endpoint import ReplayDelivery
from ledger.endpoint import Endpoint
from ledger.entry import Context, RecordedEvent
from ledger.errors import CommandRefusedError
from ledger.handling import Handler
from ledger.sentences import Sentence
from projections.deliveries import DeliveriesProjection
from projections.deliveries_rows import Message

REPLAYED_MAX: Final = 1000
"""How many parked messages one request replays, the oldest first."""


def check_enabled(state: Endpoint) -> None:
    """Refuse to replay anything to an endpoint that is disabled.

    Raises:
        CommandRefusedError: it is.
    """
    if not state.is_enabled:
        raise CommandRefusedError("ReplayDelivery", Sentence("the endpoint is disabled."))


async def replayable(
    deliveries: DeliveriesProjection, endpoint_id: str, message_id: str | None
) -> list[Message]:
    """Look up one message of an endpoint, or those that are parked; none where there is none."""
    if message_id is None:
        return await deliveries.parked(endpoint_id, limit=REPLAYED_MAX)
    found = await deliveries.message(message_id)
    is_there = found is not None and found.endpoint_id == endpoint_id
    return [found] if found is not None and is_there and found.state != "withdrawn" else []


async def replay(
    handler: Handler, messages: Sequence[Message], *, context: Context
) -> list[RecordedEvent]:
    """Ask for messages once more; what was recorded.

    Of many, those are left out that were replayed too often.

    Raises:
        CommandRefusedError: the only one was replayed too often.
    """
    replayed: list[RecordedEvent] = []
    for one in messages:
        command = ReplayDelivery(
            endpoint_id=one.endpoint_id, payment_id=one.payment_id, position=one.about
        )
        try:
            replayed += (await handler.handle(command, context=context)).events
        except CommandRefusedError:
            if len(messages) == 1:
                raise
    return replayed
