"""Retries: what may be tried again, where and how soon, in two tables.

What certainly was not taken may be submitted again: soon where the network or the provider was in
the way, ever more slowly; at the longest pace where the provider turned *us* away, for credentials
do not mend themselves. A refusal is never sent to the same provider again. Another one of the plan
may take it over only where the reason lies with the first provider or with our contract there: a
payer who has no money, is blocked or says no would be charged, or asked, elsewhere all the same.

An adapter says by `is_technical` that another provider might take it; the table can only forbid.
It is not asked about what is in doubt: that is never sent blindly, and nothing here would allow it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from adapters.base import Adapter, Declined, Pace, Power
from adapters.refusals import Refusal


class Retry(Enum):
    """How something that was not taken may be submitted again."""

    NEVER = "never"
    """It would come out the same anywhere, or must not be done at all."""
    ELSEWHERE = "elsewhere"
    """By the next provider of the plan; by this one never."""
    SOON = "soon"
    """By this provider too, after `Pace.retry_delay_seconds`."""
    SLOWLY = "slowly"
    """By this provider too, after `Pace.retry_seconds_max` each time."""


NOT_SENT: Final[Mapping[bool, Retry]] = {False: Retry.SOON, True: Retry.SLOWLY}
"""Of what was not sent, or is not known to the provider: whether we were turned away -> how."""

REFUSED: Final[Mapping[Refusal, Retry]] = {
    Refusal.INSUFFICIENT_FUNDS: Retry.NEVER,
    Refusal.PAYER_NOT_FOUND: Retry.NEVER,
    Refusal.PAYEE_NOT_FOUND: Retry.NEVER,
    Refusal.PAYER_LIMIT_REACHED: Retry.NEVER,
    Refusal.PAYEE_LIMIT_REACHED: Retry.NEVER,
    Refusal.REJECTED_BY_PAYER: Retry.NEVER,
    Refusal.CANCELLED: Retry.NEVER,
    Refusal.TIMED_OUT: Retry.NEVER,
    Refusal.WRONG_PIN: Retry.NEVER,
    # The next provider would be given the same code.
    Refusal.WRONG_CODE: Retry.NEVER,
    Refusal.CODE_EXPIRED: Retry.NEVER,
    Refusal.CODE_REQUIRED: Retry.ELSEWHERE,
    Refusal.ACCOUNT_BLOCKED: Retry.NEVER,
    Refusal.NOT_ALLOWED: Retry.NEVER,
    Refusal.WRONG_OPERATOR: Retry.ELSEWHERE,
    Refusal.AMOUNT_TOO_LOW: Retry.ELSEWHERE,
    Refusal.AMOUNT_TOO_HIGH: Retry.ELSEWHERE,
    Refusal.INVALID_NUMBER: Retry.NEVER,
    Refusal.INVALID_AMOUNT: Retry.ELSEWHERE,
    Refusal.INVALID_CURRENCY: Retry.ELSEWHERE,
    Refusal.INVALID_REQUEST: Retry.ELSEWHERE,
    # What it takes for a repeat may be our own earlier submission.
    Refusal.DUPLICATE: Retry.NEVER,
    Refusal.NOT_REFUNDABLE: Retry.NEVER,
    Refusal.MERCHANT_FUNDS_SHORT: Retry.ELSEWHERE,
    # Wrong credentials and contracts are of one provider; the next one has its own.
    Refusal.MERCHANT_NOT_ALLOWED: Retry.ELSEWHERE,
    Refusal.PROVIDER_UNAVAILABLE: Retry.ELSEWHERE,
    Refusal.PROVIDER_ERROR: Retry.ELSEWHERE,
    Refusal.UNKNOWN: Retry.ELSEWHERE,
}
"""Of what was refused."""

_OF_THE_PAYER: Final = frozenset({Refusal.INSUFFICIENT_FUNDS, Refusal.PAYER_LIMIT_REACHED})
"""Where money goes out, the payer is the merchant, who may have more elsewhere."""


def retry_of(adapter: Adapter, declined: Declined, power: Power) -> Retry:
    """How what an adapter was refused may be submitted again."""
    if not declined.is_technical:
        return Retry.NEVER
    refusals = adapter.refusals
    if power != "collection":
        refusals = getattr(adapter, "outgoing_refusals", refusals)
    refusal = refusals.get(declined.code, Refusal.UNKNOWN)
    if power != "collection" and refusal in _OF_THE_PAYER:
        refusal = Refusal.MERCHANT_FUNDS_SHORT
    return REFUSED[refusal]


def retry_at(
    pace: Pace, number: int, now: datetime, expires_at: datetime, *, was_turned_away: bool = False
) -> datetime:
    """When what was not sent is submitted again, after so many submissions; or given up."""
    if NOT_SENT[was_turned_away] is Retry.SLOWLY:
        at = now + timedelta(seconds=pace.retry_seconds_max)
        # Its time may be over before: whoever waits for the word is told then, and no later.
        return min(at, max(expires_at, now))
    return now + timedelta(seconds=pace.retry_delay_seconds(number - 1))
