"""Messages to an endpoint: what was tried, and what is tried once more.

A merchant asks for both over HTTP, and an operator on the command line.

A test is a message that its merchant asked for, to see that the endpoint hears.

A message that could not be delivered is tried again, ever more slowly, and parked at last; whoever
has mended an endpoint asks for what it has not taken. That is sent at once, under its own id, in
the order of its payment, with the pauses of a first time.
"""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

from adapters.notify.merchants import answer_context
from adapters.refusal_texts import Language
from api.kept_reasons import kept_reason
from ledger.commands_endpoint import ReplayDelivery, SendTest
from ledger.endpoint import Endpoint, delivery_stream, endpoint_stream
from ledger.entry import Context, RecordedEvent
from ledger.errors import CommandRefusedError, ErasedError
from ledger.events import DeliveryAttempted, DeliveryReplayed
from ledger.handling import Handler
from ledger.identity import is_test_id, new_test_id
from ledger.restoration import STREAM as RESTORATIONS
from ledger.sentences import Sentence
from ledger.store import EventStore
from ledger.vault import Vault
from projections.deliveries import DeliveriesProjection
from projections.deliveries_rows import Message
from projections.message_ids import life_at, message_id

REPLAYED_MAX: Final = 1000
"""How many messages one request replays, the oldest first."""


async def message_id_of(store: EventStore, endpoint_id: str, position: int) -> str:
    """The id of the message that tells an endpoint of an event, as the log alone gives it."""
    (added,) = (await store.read_stream(endpoint_stream(endpoint_id)))[:1]
    life = life_at(await store.read_stream(RESTORATIONS), added.position, position)
    return message_id(endpoint_id, position, life)


def check_enabled(state: Endpoint, command: str = "ReplayDelivery") -> None:
    """Refuse to tell anything to an endpoint that is disabled or deleted.

    Raises:
        CommandRefusedError: it is.
    """
    if state.is_deleted:
        raise CommandRefusedError(command, Sentence("the endpoint was deleted."))
    if not state.is_enabled:
        raise CommandRefusedError(command, Sentence("the endpoint is disabled."))


async def send_test(
    handler: Handler, endpoint_id: str, state: Endpoint, drawn: bytes, *, context: Context
) -> RecordedEvent:
    """Ask for a message about no payment; what was recorded. `drawn`: 16 random bytes.

    Whoever disables the endpoint at the same moment finds the message parked.

    Raises:
        CommandRefusedError: the endpoint is disabled or deleted.
    """
    check_enabled(state, SendTest.__name__)
    assert state.added is not None
    command = SendTest(
        endpoint_id=endpoint_id,
        payment_id=new_test_id(drawn),
        merchant_id=state.added.merchant_id,
        mode=state.added.mode,
    )
    return (await handler.handle(command, context=context)).events[0]


async def replayable(
    deliveries: DeliveriesProjection, endpoint_id: str, message_id: str | None, now: datetime
) -> list[Message]:
    """Look up what an endpoint has not taken, or one message of it; none where there is none.

    What is due is on its way already, and those behind it follow when it is taken. So of what waits
    only those are meant that wait for a later try. One message that may not be sent before another
    one brings that along: it would arrive no sooner without it.
    """
    if message_id is None:
        parked = await deliveries.parked(endpoint_id, limit=REPLAYED_MAX)
        later = await deliveries.waiting_for_later(endpoint_id, now, limit=REPLAYED_MAX)
        return sorted([*parked, *later], key=attrgetter("about"))[:REPLAYED_MAX]
    found = await deliveries.message(message_id)
    if found is None or found.endpoint_id != endpoint_id or found.state == "withdrawn":
        return []
    return [*await deliveries.in_the_way(found, now), found]


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


def newly_waiting(messages: Sequence[Message], replayed: Sequence[RecordedEvent]) -> int:
    """How many of the messages that were asked for did not wait before."""
    asked = {one.event.position for one in replayed if isinstance(one.event, DeliveryReplayed)}
    return sum(one.state != "waiting" and one.about in asked for one in messages)


def message_fields(row: Message, language: Language = "en") -> dict[str, Any]:
    """Write a message; the shape is `schemas_endpoints.MessageOut`."""
    return {
        "id": row.stream_id,
        "type": row.type,
        "payment_id": None if is_test_id(row.payment_id) else row.payment_id,
        "about": row.about,
        "state": row.state,
        "attempts": row.attempts,
        "status": row.status,
        "reason": kept_reason(row.reason, language),
        "latency_ms": row.latency_ms,
        "next_attempt_at": row.next_attempt_at,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


async def attempts_at(
    store: EventStore, row: Message, vault: Vault | None = None, language: Language = "en"
) -> list[dict[str, Any]]:
    """Write every attempt at a message, the first one first, as `DeliveryAttemptOut`.

    Args:
        store: the log.
        row: the message.
        vault: opens what the endpoint answered, where that may be shown.
        language: what came of each is said in it.
    """
    made = []
    for one in await store.read_stream(delivery_stream(row.endpoint_id, row.payment_id)):
        event = one.event
        if not isinstance(event, DeliveryAttempted) or event.position != row.about:
            continue
        made.append(
            {
                "number": event.attempt,
                "at": one.recorded_at,
                "is_delivered": event.result == "delivered",
                "status": event.status,
                "reason": kept_reason(event.reason, language),
                "latency_ms": event.latency_ms,
                "answer": None if vault is None else await answered(vault, event),
                "next_attempt_at": event.retry_at,
            }
        )
    return made


async def answered(vault: Vault, event: DeliveryAttempted) -> str | None:
    """The first bytes of an answer as text; None where there was nothing, or it was erased."""
    if event.sealed_answer is None:
        return None
    context = answer_context(event.endpoint_id, event.position, event.attempt)
    try:
        opened = await vault.open(event.sealed_answer, context=context)
    except ErasedError:
        return None
    # They are cut at a byte, not at a letter, and a server may answer with anything.
    return opened.decode(errors="replace")
