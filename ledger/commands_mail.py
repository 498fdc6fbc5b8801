"""Commands about receipts by mail; a part of `ledger.commands`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ledger.identity import Recipient


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordMail:
    """Say what an attempt to send a letter brought. Ignored if another came first."""

    payment_id: str
    position: int
    recipient: Recipient
    kind: Literal["receipt", "refund", "correction"]
    attempt: int
    result: Literal["accepted", "refused", "deferred", "unknown"]
    reason: str
    latency_ms: int
    retry_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkMail:
    """Try a letter no more, without another attempt."""

    payment_id: str
    position: int
    recipient: Recipient
    reason: str


MailCommand = RecordMail | ParkMail
