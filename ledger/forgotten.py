"""Whether the log explains that a data key is gone, whatever was sealed under it.

A key that is not there looks the same in the vault, whoever took it away. Here the log is asked,
for each kind of thing that has a key of its own. It is asked only where a key is gone: whatever can
be opened costs nothing more.

    a payment, payout or refund     its payer was erased (`ledger.people_erased`)
    of a page, what names a person  that person was
    of a page, all else             whoever paid or tried to pay there was
    a provider's call               the payer of a payment that it speaks of was
    the number in a request         the request was agreed to, or lapsed
    anything else                   nothing explains it: nobody ever destroys it

What this cannot tell: of a call that belongs to no payment the log does not say in whose erasure it
was found. Whoever asks about those decides for himself (`Explained.unknowable`).
"""

from datetime import datetime
from enum import Enum
from typing import Final

from ledger import checkout, payment, people
from ledger.entry import RecordedEvent
from ledger.events import (
    CheckoutAttemptStarted,
    CheckoutCreated,
    PaymentRequested,
    PersonErasureRequested,
    WebhookReceived,
    WebhookUnderstood,
)
from ledger.people_erased import Erased
from ledger.store import EventStore

KEY_LOST: Final = "its data key is missing, and no erasure is recorded: restore the data keys"
"""What is said of something that cannot be opened although nobody was forgotten."""


class Explained(Enum):
    """What the log says about a key that is gone."""

    YES = "yes"
    NO = "no"
    UNKNOWABLE = "unknowable"


async def is_payer_forgotten(store: EventStore, requested: RecordedEvent) -> bool:
    """Whether it explains that the key of a payment is gone, or of what lies beside it.

    Args:
        store: the log.
        requested: the payment's first event.
    """
    assert isinstance(requested.event, PaymentRequested)
    return await _is_erased(store, requested.event.payer, requested.position)


async def is_payment_forgotten(store: EventStore, payment_id: str) -> bool:
    """The same by a payment's id; not where there is no such payment."""
    if not payment_id or not payment_id.isprintable():
        return False
    recorded = await store.read_stream(payment.stream_of(payment_id))
    return bool(recorded) and await is_payer_forgotten(store, recorded[0])


async def is_named_forgotten(store: EventStore, created: RecordedEvent) -> bool:
    """Whether it explains that the key is gone under which a page names somebody."""
    assert isinstance(created.event, CheckoutCreated)
    return await _is_erased(store, created.event.payer or "", created.position)


async def is_page_forgotten(store: EventStore, session_id: str) -> bool:
    """Whether it explains that a page's own key is gone."""
    for one in await store.read_stream(checkout.stream_of(session_id)):
        event = one.event
        if isinstance(event, CheckoutAttemptStarted) and await is_payment_forgotten(
            store, event.payment_id
        ):
            return True
    return False


async def is_call_forgotten(store: EventStore, received: RecordedEvent) -> Explained:
    """Whether it explains that the key of a provider's call is gone."""
    spoken_of: set[str] = set()
    for one in await store.read_stream(received.stream):
        if isinstance(one.event, WebhookReceived | WebhookUnderstood) and one.event.payment_id:
            spoken_of.add(one.event.payment_id)
    for payment_id in sorted(spoken_of):
        if await is_payment_forgotten(store, payment_id):
            return Explained.YES
    return Explained.NO if spoken_of else Explained.UNKNOWABLE


async def is_explained(
    store: EventStore, recorded: RecordedEvent, gone: set[str], *, at: datetime
) -> Explained:
    """Whether the log explains that keys are gone which came with an event.

    Args:
        store: the log.
        recorded: the event.
        gone: the names of its fields whose key is not there.
        at: now: a request that lapsed has lost its number.
    """
    match recorded.event:
        case PaymentRequested():
            is_so = await is_payer_forgotten(store, recorded)
        case CheckoutCreated(session_id=session_id):
            is_so = True
            if "sealed" in gone:
                is_so = await is_page_forgotten(store, session_id)
            if is_so and "sealed_payer" in gone:
                is_so = await is_named_forgotten(store, recorded)
        case WebhookReceived():
            return await is_call_forgotten(store, recorded)
        case PersonErasureRequested(person=person, ends_at=ends_at):
            is_so = at >= ends_at or await _is_erased(store, person, recorded.position)
        case _:
            is_so = False
    return Explained.YES if is_so else Explained.NO


async def _is_erased(store: EventStore, person: str, position: int) -> bool:
    erased = Erased()
    for one in await store.read_stream(people.stream_of(person)):
        erased.hear(one.position, one.event)
    return erased.explains(person, position)
