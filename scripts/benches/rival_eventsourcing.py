"""Subject: the same story kept by the library `eventsourcing`, through its `Application`.

It is used as its documentation shows: an aggregate with event classes, `save` for every change, on
its SQLite recorder (WAL, and SQLite's default `synchronous`, which is FULL). In its favour: one
writer alone, because its appends wait for one another and more threads only make it slower; times
stay plain texts, which its transcoder writes fastest; nothing is hashed.

Replay reads its notification log in pages and maps every record back to its event.
"""

import itertools
import time
from typing import Any

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate

from scripts.benches.story import LIVES, life_of, payment_ids
from scripts.benches.subject import Answer, quantile, serve

PAGE = 1000
PAYMENTS_PER_SAVE = 200


class Payment(Aggregate):
    """A payment: one event class for each thing that happens to it."""

    class Requested(Aggregate.Created):
        """The first event; its fields are the aggregate's."""

        fields: dict[str, Any]

    class SubmissionStarted(Aggregate.Event):
        """An intent."""

        provider: str
        reference: str
        attempt: int
        inquire_at: str

    class Submitted(Aggregate.Event):
        """An acceptance."""

        provider: str
        reference: str
        attempt: int
        inquire_at: str

    class EvidenceRecorded(Aggregate.Event):
        """An outside word."""

        evidence: dict[str, str]

    class Succeeded(Aggregate.Event):
        """The verdict."""

        provider: str
        reference: str
        provider_transaction_id: str

    def __init__(self, fields: dict[str, Any]) -> None:
        self.fields = fields


_CHANGES = {
    "payment.submission_started": Payment.SubmissionStarted,
    "payment.submitted": Payment.Submitted,
    "payment.evidence_recorded": Payment.EvidenceRecorded,
    "payment.succeeded": Payment.Succeeded,
}


def append(path: str, seconds: float) -> Answer:
    """Save one event per commit until the time is over."""
    application = _application(path)
    waited: list[float] = []
    told = (life_of(one, number) for number, one in zip(range(LIVES), payment_ids(1), strict=False))
    lives = list(told)
    began = time.perf_counter()
    until = began + seconds
    for life in itertools.cycle(lives):
        payment: Payment | None = None
        for name, fields in life:
            asked = time.perf_counter()
            if payment is None:
                payment = Payment._create(Payment.Requested, fields=fields)  # noqa: SLF001 - as its documentation does
            else:
                payment.trigger_event(_CHANGES[name], **fields)
            application.save(payment)
            waited.append(time.perf_counter() - asked)
        if time.perf_counter() >= until:
            break
    rate = len(waited) / (time.perf_counter() - began)
    application.close()
    return {"rate": rate, "p99_ms": quantile(waited, 0.99) * 1000}


def fill(path: str, payments: int) -> Answer:
    """Write the whole lives of many payments, hundreds per commit."""
    application = _application(path)
    numbered = enumerate(itertools.islice(payment_ids(2), payments))
    while chunk := list(itertools.islice(numbered, PAYMENTS_PER_SAVE)):
        application.save(*(_lived(payment_id, number) for number, payment_id in chunk))
    application.close()
    return {}


def replay(path: str) -> Answer:
    """Read the whole log as domain events."""
    application = _application(path)
    began = time.perf_counter()
    count = 0
    start: int | None = None
    while page := application.recorder.select_notifications(start, PAGE, inclusive_of_start=False):
        for notification in page:
            application.mapper.to_domain_event(notification)
        count += len(page)
        start = page[-1].id
    rate = count / (time.perf_counter() - began)
    application.close()
    return {"events": count, "rate": rate}


def _application(path: str) -> Any:
    environment = {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": path}
    return Application(env=environment)


def _lived(payment_id: str, number: int) -> Payment:
    (_, requested), *changes = life_of(payment_id, number)
    payment: Payment = Payment._create(Payment.Requested, fields=requested)  # noqa: SLF001 - as above
    for name, fields in changes:
        payment.trigger_event(_CHANGES[name], **fields)
    return payment


if __name__ == "__main__":
    serve({"append": append, "fill": fill, "replay": replay})
