"""The events of raw evidence: what went over the wire, who looked; a part of `ledger.events`."""

from typing import ClassVar, Literal

from ledger.events_base import Event, UtcTime


class ExchangeRecorded(Event, frozen=True, kw_only=True):
    """One call to a provider and its answer, as the bytes went; or a part of one that is long.

    The digests are over a salt and the bytes (`ledger.exchange`), and the salt is sealed with them:
    a number that stands in the bytes can not be guessed from its digest, also once it was erased.
    """

    type: ClassVar[str] = "exchange.recorded"

    provider: str
    payment_id: str | None = None
    """None where it spoke of no one payment: a token, a balance, a call for several at once."""
    reference: str | None = None
    power: str
    """What it was for: a capability, `inquiry`, or `other`."""
    method: str
    path: str
    """Scrubbed like a transcript, without its query."""
    status: int | None = None
    """The status of the answer, as far as one came."""
    result: Literal["answered", "not_sent", "unknown"]
    reason: str | None = None
    """Why there is no usable answer."""
    sent_at: UtcTime
    answered_at: UtcTime
    milliseconds: int
    request_sha256: str
    request_bytes: int
    answer_sha256: str | None = None
    answer_bytes: int | None = None
    is_whole: bool
    """Whether all that went and came is here: nothing broke off, and nothing was cut."""
    hides: Literal["secrets", "persons"]
    """What was taken out before it was hashed: secrets alone, or persons as well, where there is no
    key of one person that it could be sealed under."""
    part: int = 1
    parts: int = 1
    sealed: str
    """A part of the JSON that `ledger.exchange` writes; under the data key of the payment's own
    particulars, or a key of the provider's."""


class ExchangeOpened(Event, frozen=True, kw_only=True):
    """Somebody looked at the bytes of an exchange about a payment."""

    type: ClassVar[str] = "exchange.opened"

    payment_id: str
    exchange: int
    """The log position of the exchange."""
    opener: str
    """Who looked, as the log names actors."""
    at: UtcTime
