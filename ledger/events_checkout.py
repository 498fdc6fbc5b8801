"""The events of a checkout session: a page on which one amount is paid once; see `ledger.events`.

A session's payments are ordinary payments with streams of their own; what stands here is which of
them belong to it, and what became of the session.
"""

from typing import ClassVar, Literal

from ledger.events_base import Event, UtcTime
from ledger.identity import Mode, Outcome


class CheckoutCreated(Event, frozen=True, kw_only=True):
    """A merchant asked for a page on which somebody may pay an amount, once."""

    type: ClassVar[str] = "checkout.created"

    session_id: str
    merchant_id: str
    amount_minor: int
    currency: str
    country: str
    """How the payer's number is read where it has no country code."""
    language: Literal["fr", "en"] | None = None
    sealed: str
    """JSON {merchant_name, return_url, cancel_url, embed_origin, asks_email}, sealed under the
    session's own key; of a session that names no payer also {description, metadata}."""
    payer: str | None = None
    """The keyed hash of who is expected to pay, if the merchant named anybody."""
    sealed_payer: str | None = None
    """JSON {payer: {phone, email}, description, metadata}, sealed under the key of that person: it
    is forgotten with them."""
    content_digest: str
    expires_at: UtcTime
    mode: Mode
    """Whether a test or a live key asked for it: so are its payments."""


class CheckoutAttemptStarted(Event, frozen=True, kw_only=True):
    """Intent: the payer asked to pay, and the payment of this id is about to be made."""

    type: ClassVar[str] = "checkout.attempt_started"

    attempt: int
    payment_id: str


class CheckoutAttemptEnded(Event, frozen=True, kw_only=True):
    """An attempt certainly moved no money: the payer may try again."""

    type: ClassVar[str] = "checkout.attempt_ended"

    attempt: int
    payment_id: str
    outcome: Outcome


class CheckoutCompleted(Event, frozen=True, kw_only=True):
    """A payment of the session has succeeded: nothing more can be paid on its page."""

    type: ClassVar[str] = "checkout.completed"

    attempt: int
    payment_id: str


class CheckoutPaidAgain(Event, frozen=True, kw_only=True):
    """Another payment of a completed session has succeeded too: the payer has paid twice."""

    type: ClassVar[str] = "checkout.paid_again"

    attempt: int
    payment_id: str


class CheckoutExpired(Event, frozen=True, kw_only=True):
    """Nobody paid in time, or the merchant closed the page."""

    type: ClassVar[str] = "checkout.expired"

    by: Literal["time", "merchant"]


class CheckoutCancelled(Event, frozen=True, kw_only=True):
    """The payer gave up, by the page's own button."""

    type: ClassVar[str] = "checkout.cancelled"
