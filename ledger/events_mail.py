"""The events of receipts by mail; a part of `ledger.events`.

No address stands in them, and no word of a mail server beyond its numbers: servers repeat the
address they refuse.
"""

from typing import ClassVar, Literal

from ledger.events_base import Event, UtcTime
from ledger.identity import Recipient


class MailAttempted(Event, frozen=True, kw_only=True):
    """A letter was handed to the mail server, or could not be; with what became of it."""

    type: ClassVar[str] = "mail.attempted"

    payment_id: str
    position: int
    """The event the letter is about."""
    recipient: Recipient
    kind: Literal["receipt", "refund", "correction"]
    attempt: int
    result: Literal["accepted", "refused", "deferred", "unknown"]
    """`accepted`: the server answers for it from now on. `refused`: for good. `deferred`: certainly
    not taken. `unknown`: the connection broke before the answer, and it may have been taken."""
    reason: str
    latency_ms: int
    retry_at: UtcTime | None = None
    """When it is tried again; None: never by itself."""


class MailParked(Event, frozen=True, kw_only=True):
    """A letter is not tried any more."""

    type: ClassVar[str] = "mail.parked"

    payment_id: str
    position: int
    recipient: Recipient
    reason: str
