"""Mails: the letters that are to be sent about payments, and what became of them; a queue too.

One row per letter, which is about one event and goes to one recipient (`ledger.mail` says which
events are worth one). Only payments that asked for receipts have rows here. A letter that waits is
due at once, or when the attempt before said; workers lease what is due, as they lease the worklist.

What it does not do: know any address, or whether a letter may go at the moment (a conflict keeps it
back: `adapters.notify.mail` looks when it is due).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Final, cast

from sqlalchemy import Index, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import events
from ledger.entry import RecordedEvent
from ledger.identity import Recipient
from ledger.mail import Worth, mail_id, worth_of
from ledger.payment import stream_of
from ledger.sql_database import Database
from projections.queues import Queue
from projections.rows import Rows
from projections.tables import columns_of, stamp, text

_PAYMENT_PREFIX: Final = len(stream_of(""))
_TELLING: Final = (
    events.PaymentSucceeded,
    events.PaymentRefunded,
    events.PaymentRefundReleased,
    events.PaymentFailed,
    events.PaymentExpired,
    events.PaymentSubmissionDeclined,
    events.PaymentReopened,
)
_SENDING: Final = (events.MailAttempted, events.MailParked)
_TOLD: Final[frozenset[type[events.Event]]] = frozenset((*_TELLING, *_SENDING))


@dataclass(slots=True)
class MailRow:
    """One letter: the table's columns, in its order."""

    stream_id: str
    """`<payment id>.<position of the event>.<recipient>`: the letter's own id."""
    payment_id: str
    about: int
    recipient: str
    kind: str
    subject: str
    """The payment or the refund it speaks of."""
    state: str
    """`waiting`, `sent` or `parked`."""
    attempts: int
    due_at: str | None
    created_at: str
    updated_at: str
    reason: str | None
    position: int
    """The event that brought it where it is."""


_as_tuple: Final = attrgetter(*(field.name for field in fields(MailRow)))


class MailsProjection(Queue):
    """Every letter, and the queue of those that wait."""

    name = "mails"
    version = 1
    reads = frozenset({events.PaymentRequested, *_TOLD})
    whose = "recipient"
    """Nobody's letters wait for anybody's, so nothing is chosen by it."""

    def __init__(self, database: Database, copy: str = "") -> None:
        super().__init__(database, copy)
        self._payments = self.make_table(
            "mail_payments", text("payment_id", key=True), text("receipts")
        )
        self._mails = self.make_table("mails", *columns_of(MailRow, key=["stream_id"]))
        self._payment_rows = Rows(self._payments, fetch_by="payment_id")
        self._rows = Rows(self._mails, fetch_by="payment_id", fixed=["created_at"])
        self.make_queue(self._mails, "mail_leases")

    def indexes(self, name: Callable[[str], str]) -> list[Index]:
        """Of what is due, and of one payment's letters."""
        row = self._mails.c
        waiting = row.due_at.is_not(None)
        return [
            Index(name("due"), row.due_at, sqlite_where=waiting, postgresql_where=waiting),
            Index(name("payment"), row.payment_id),
        ]

    async def apply(self, conn: AsyncConnection, batch: Sequence[RecordedEvent]) -> None:
        """Fold a run of events: who wants receipts, what is worth one, what was sent."""
        wanted: dict[str, list[str]] = {
            one.event.payment_id: list(one.event.receipts)
            for one in batch
            if isinstance(one.event, events.PaymentRequested) and one.event.receipts
        }
        await self._payment_rows.put(conn, [(key, ",".join(who)) for key, who in wanted.items()])
        told = [one for one in batch if type(one.event) in _TOLD]
        touched = {_payment_of(one) for one in told}
        for payment_id, receipts in await self._payment_rows.fetch(
            conn, sorted(touched - wanted.keys())
        ):
            wanted[payment_id] = receipts.split(",")
        keys = sorted(touched & wanted.keys())
        if not keys:
            return
        letters: dict[str, dict[str, MailRow]] = {key: {} for key in keys}
        for values in await self._rows.fetch(conn, keys):
            row = MailRow(*values)
            letters[row.payment_id][row.stream_id] = row
        for recorded in told:
            payment_id = _payment_of(recorded)
            if payment_id not in letters:
                continue
            own = letters[payment_id]
            if isinstance(recorded.event, _SENDING):
                _sent(own, recorded)
                continue
            worth = worth_of(recorded.event, recorded.position, payment_id, _told(own))
            for who in wanted[payment_id] if worth else ():
                row = _letter(payment_id, cast("Recipient", who), cast("Worth", worth), recorded)
                own[row.stream_id] = row
        rows = [row for own in letters.values() for row in own.values()]
        await self._rows.put(conn, [_as_tuple(row) for row in rows])
        for row in rows:
            if row.due_at is not None:
                self.news.tell("mail", row.recipient, row.due_at)

    async def letters(self, payment_id: str) -> list[MailRow]:
        """The letters about one payment, in the order of what they are about."""
        row = self._mails.c
        asked = select(self._mails).where(row.payment_id == payment_id)
        async with self.read() as conn:
            found = await conn.execute(asked.order_by(row.about, row.recipient))
            return [MailRow(*one) for one in found]


def _payment_of(recorded: RecordedEvent) -> str:
    event = recorded.event
    if isinstance(event, _SENDING):
        return event.payment_id
    return recorded.stream[_PAYMENT_PREFIX:]


def _told(own: dict[str, MailRow]) -> dict[str, int]:
    """Of each payment and refund: the event whose letter stands."""
    told: dict[str, int] = {}
    for row in sorted(own.values(), key=lambda one: one.about):
        if row.kind == "correction":
            told.pop(row.subject, None)
        else:
            told[row.subject] = row.about
    return told


def _letter(payment_id: str, who: Recipient, worth: Worth, recorded: RecordedEvent) -> MailRow:
    at = stamp(recorded.recorded_at)
    return MailRow(
        stream_id=mail_id(payment_id, recorded.position, who),
        payment_id=payment_id,
        about=recorded.position,
        recipient=who,
        kind=worth.kind,
        subject=worth.subject,
        state="waiting",
        attempts=0,
        due_at=at,
        created_at=at,
        updated_at=at,
        reason=None,
        position=recorded.position,
    )


def _sent(own: dict[str, MailRow], recorded: RecordedEvent) -> None:
    """Fold what became of a letter."""
    event = recorded.event
    assert isinstance(event, _SENDING)
    row = own.get(mail_id(event.payment_id, event.position, event.recipient))
    if row is None:
        return
    row.updated_at, row.position = stamp(recorded.recorded_at), recorded.position
    row.reason = event.reason
    if isinstance(event, events.MailParked):
        row.state, row.due_at = "parked", None
    else:
        row.attempts = event.attempt
        if event.result == "accepted":
            row.state, row.due_at = "sent", None
        elif event.retry_at is not None:
            row.due_at = stamp(event.retry_at)
