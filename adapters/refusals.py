"""Refusals: one vocabulary for why money did not move, whatever a provider calls it.

Every provider has its own codes, often several spellings of one reason. An adapter's class fact
`refusals` maps each code it knows to one `Refusal`; the provider's own code is kept verbatim beside
it, for it is what a person will quote to the provider. A code nobody listed is `UNKNOWN` here and
still told word for word.

It decides nothing about money: whether a refusal is final is the adapter's outcome.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from ledger.payment_ending import CANCELLED


class Refusal(StrEnum):
    """Why money did not move."""

    INSUFFICIENT_FUNDS = "insufficient_funds"
    """The payer's balance is too low."""
    PAYER_NOT_FOUND = "payer_not_found"
    """The payer's number has no account with this operator."""
    PAYEE_NOT_FOUND = "payee_not_found"
    PAYER_LIMIT_REACHED = "payer_limit_reached"
    PAYEE_LIMIT_REACHED = "payee_limit_reached"
    REJECTED_BY_PAYER = "rejected_by_payer"
    CANCELLED = "cancelled"
    """Called off by the payer or the merchant before it was confirmed."""
    TIMED_OUT = "timed_out"
    """The payer did not confirm in time."""
    WRONG_PIN = "wrong_pin"
    """The payer's own PIN, typed on the handset: several wrong ones block the account."""
    WRONG_CODE = "wrong_code"
    """A one-time code that was not accepted, and nobody says more: wrong, too old, or used."""
    CODE_EXPIRED = "code_expired"
    """A one-time code that was right once: its minutes are over, or it was used."""
    CODE_REQUIRED = "code_required"
    """The provider takes the payment only with a one-time code, and none was sent along."""
    ACCOUNT_BLOCKED = "account_blocked"
    """The payer's or payee's account is blocked, suspended or not active."""
    NOT_ALLOWED = "not_allowed"
    """The payer or payee may not take part in this kind of payment."""
    WRONG_OPERATOR = "wrong_operator"
    """The number is of another operator than the one that was asked."""
    AMOUNT_TOO_LOW = "amount_too_low"
    AMOUNT_TOO_HIGH = "amount_too_high"
    INVALID_NUMBER = "invalid_number"
    INVALID_AMOUNT = "invalid_amount"
    INVALID_CURRENCY = "invalid_currency"
    INVALID_REQUEST = "invalid_request"
    DUPLICATE = "duplicate"
    """The provider takes it for a repeat of something else."""
    NOT_REFUNDABLE = "not_refundable"
    """The provider will not give this payment back."""
    MERCHANT_FUNDS_SHORT = "merchant_funds_short"
    """The merchant's own account holds too little to pay out."""
    MERCHANT_NOT_ALLOWED = "merchant_not_allowed"
    """The merchant's contract, credentials or settings do not allow it."""
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    PROVIDER_ERROR = "provider_error"
    """Something failed at the provider, and it says no more."""
    UNKNOWN = "unknown"
    """A code that nobody has listed; the provider's own word stands beside it."""


PAYEE_INACTIVE: Final = "PAYEE_INACTIVE"
"""The provider told beforehand that a number has no account that can be paid."""

PAYEE_OVER_LIMITS: Final = "PAYEE_OVER_LIMITS"
"""The provider told beforehand that a number is not within what it may receive."""

POWER_MISSING: Final = "POWER_MISSING"
"""A provider was chosen for what it cannot do (any more)."""

OWN: Final[Mapping[str, Refusal]] = {
    CANCELLED: Refusal.CANCELLED,
    PAYEE_INACTIVE: Refusal.ACCOUNT_BLOCKED,
    PAYEE_OVER_LIMITS: Refusal.PAYEE_LIMIT_REACHED,
    POWER_MISSING: Refusal.MERCHANT_NOT_ALLOWED,
}
"""Codes of ours, which mean the same whichever provider would have had the payment."""


_OUTGOING: Final[Mapping[Refusal, Refusal]] = {
    Refusal.INSUFFICIENT_FUNDS: Refusal.MERCHANT_FUNDS_SHORT
}
"""What is meant where money goes out: who pays, and has too little, is the merchant."""


def meanings_of(facts: object, *, is_outgoing: bool) -> Mapping[str, Refusal]:
    """What a provider's codes mean about money that comes in, or that goes out (`is_outgoing`).

    Nearly all providers call the payer's empty account and the merchant's by one name: it is never
    whoever is paid that has too little. One whose codes differ in more has `outgoing_refusals`
    beside its `refusals`; `facts` is its adapter, or the class.
    """
    incoming: Mapping[str, Refusal] = getattr(facts, "refusals", {})
    if not is_outgoing:
        return incoming
    outgoing: Mapping[str, Refusal] = getattr(facts, "outgoing_refusals", incoming)
    return {code: _OUTGOING.get(refusal, refusal) for code, refusal in outgoing.items()}
