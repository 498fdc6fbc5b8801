"""The commands about checkout sessions; a part of `ledger.commands`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ledger.identity import Mode, Outcome
from ledger.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateCheckout:
    """Open a page on which `money` may be paid once; repeated with equal content, nothing new."""

    session_id: str
    merchant_id: str
    money: Money
    country: str
    language: Literal["fr", "en"] | None
    sealed: str
    payer: str | None = None
    sealed_payer: str | None = None
    content_digest: str
    expires_at: datetime
    mode: Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class StartCheckoutAttempt:
    """Record that the payer pays now, by the payment of this id; refused if nobody may."""

    session_id: str
    attempt: int
    payment_id: str
    at: datetime
    """The present time: too late is too late, whether or not somebody has recorded it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndCheckoutAttempt:
    """Tell a session that one of its attempts certainly moved no money."""

    session_id: str
    payment_id: str
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteCheckout:
    """Tell a session that one of its payments has succeeded."""

    session_id: str
    payment_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireCheckout:
    """Close a session that nobody paid: its time is over, or the merchant wants it."""

    session_id: str
    by: Literal["time", "merchant"]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelCheckout:
    """Close a session because the payer gave up."""

    session_id: str


CheckoutCommand = (
    CreateCheckout
    | StartCheckoutAttempt
    | EndCheckoutAttempt
    | CompleteCheckout
    | ExpireCheckout
    | CancelCheckout
)
