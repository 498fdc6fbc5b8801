"""The events of support: that somebody asked what has become of a payment; of `ledger.events`."""

from typing import ClassVar

from ledger.events_base import Event, UtcTime


class SupportRequested(Event, frozen=True, kw_only=True):
    """Somebody asked for help with a payment, payout or refund, and was told how it stands."""

    type: ClassVar[str] = "support.requested"

    payment_id: str
    asker: str
    """Who asked, as the log names actors."""
    status: str
    """Where it stood then."""
    at: UtcTime
