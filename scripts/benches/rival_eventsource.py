"""Subject: the same story kept by the library `eventsource-py`, in its SQLite event store.

Its appends come from as many writers at once as ours; it makes one commit of each. Its schema and
settings are its own (WAL, and SQLite's default `synchronous`, which is FULL). In its favour: times
stay plain texts, and nothing is hashed.

For information: no goal is measured against it.
"""

import asyncio
import itertools
import time
from typing import Any
from uuid import UUID, uuid5

from eventsource import DomainEvent, ExpectedVersion, StreamId, register_event
from eventsource.adapters.sqlite import SQLiteEventStore

from scripts.benches.story import LIVES, life_of, payment_ids
from scripts.benches.subject import Answer, quantile, serve

CATEGORY = "Payment"
_NAMES = UUID(int=1)


class _Payment(DomainEvent):
    aggregate_type: str = CATEGORY


@register_event
class PaymentRequested(_Payment):
    """The first event."""

    event_type: str = "payment.requested"
    fields: dict[str, Any]


@register_event
class PaymentSubmissionStarted(_Payment):
    """An intent."""

    event_type: str = "payment.submission_started"
    provider: str
    reference: str
    attempt: int
    inquire_at: str


@register_event
class PaymentSubmitted(_Payment):
    """An acceptance."""

    event_type: str = "payment.submitted"
    provider: str
    reference: str
    attempt: int
    inquire_at: str


@register_event
class PaymentEvidenceRecorded(_Payment):
    """An outside word."""

    event_type: str = "payment.evidence_recorded"
    evidence: dict[str, str]


@register_event
class PaymentSucceeded(_Payment):
    """The verdict."""

    event_type: str = "payment.succeeded"
    provider: str
    reference: str
    provider_transaction_id: str


_CLASSES: dict[str, type[_Payment]] = {
    "payment.submission_started": PaymentSubmissionStarted,
    "payment.submitted": PaymentSubmitted,
    "payment.evidence_recorded": PaymentEvidenceRecorded,
    "payment.succeeded": PaymentSucceeded,
}


async def append(path: str, writers: int, seconds: float) -> Answer:
    """Let many writers append at once, one event each, every one at its stream's version."""
    store = SQLiteEventStore(path)
    await store.current_position()
    ids = payment_ids(1)
    told = (life_of(one, number) for number, one in zip(range(LIVES), ids, strict=False))
    lives = itertools.cycle(list(told))
    waited: list[float] = []
    began = time.perf_counter()
    until = began + seconds

    async def writer() -> None:
        while True:
            aggregate_id = uuid5(_NAMES, next(ids))
            stream = StreamId(aggregate_id=aggregate_id, category=CATEGORY)
            for version, (name, fields) in enumerate(next(lives)):
                event = _event(aggregate_id, version, name, fields)
                asked = time.perf_counter()
                await store.append(stream, [event], ExpectedVersion.exact(version))
                answered = time.perf_counter()
                if answered > until:
                    return
                waited.append(answered - asked)

    await asyncio.gather(*(writer() for _ in range(writers)))
    await store.close()
    return {"rate": len(waited) / seconds, "p99_ms": quantile(waited, 0.99) * 1000}


async def fill(path: str, payments: int) -> Answer:
    """Write the whole lives of some payments, one append each."""
    store = SQLiteEventStore(path)
    for number, payment_id in enumerate(itertools.islice(payment_ids(2), payments)):
        aggregate_id = uuid5(_NAMES, payment_id)
        events = [
            _event(aggregate_id, version, name, fields)
            for version, (name, fields) in enumerate(life_of(payment_id, number))
        ]
        stream = StreamId(aggregate_id=aggregate_id, category=CATEGORY)
        await store.append(stream, events, ExpectedVersion.exact(0))
    await store.close()
    return {}


async def replay(path: str) -> Answer:
    """Read the whole log as domain events."""
    store = SQLiteEventStore(path)
    await store.current_position()
    began = time.perf_counter()
    count = 0
    async for _envelope in store.read_all():
        count += 1
    rate = count / (time.perf_counter() - began)
    await store.close()
    return {"events": count, "rate": rate}


def _event(aggregate_id: UUID, version: int, name: str, fields: dict[str, Any]) -> _Payment:
    place = {"aggregate_id": aggregate_id, "aggregate_version": version + 1}
    if name == PaymentRequested.model_fields["event_type"].default:
        return PaymentRequested(**place, fields=fields)
    return _CLASSES[name](**place, **fields)


if __name__ == "__main__":
    serve({"append": append, "fill": fill, "replay": replay})
