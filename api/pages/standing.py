"""Where a payer stands: what a session and its payments add up to, as one word for the page.

The rule that matters: a form is shown only where no payment of the session has moved money or may
still do so. Everything else says what is known, and "do not pay again" where nothing is.

Pure: the time is given.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

from adapters.checkout import WITHOUT_MONEY
from ledger.checkout import ATTEMPTS_MAX, Checkout
from ledger.payment import Payment, Status
from ledger.payment_codes import CONFIRMATIONS_MAX

State = Literal[
    "form",
    "retry",
    "sending",
    "confirm",
    "code",
    "codes_used_up",
    "go",
    "asking",
    "paid",
    "conflict",
    "expired",
    "cancelled",
    "tried_out",
]

FINAL: Final[frozenset[State]] = frozenset({"paid", "expired", "cancelled", "tried_out"})
"""What will hardly change while somebody looks."""

PAYABLE: Final[frozenset[State]] = frozenset({"form", "retry"})

PATIENCE: Final = timedelta(minutes=3)
"""How long a payer is told to confirm on the phone; then that we are still asking."""


class Paying(NamedTuple):
    """A payment of the session, and what of it does not stand in its state."""

    payment: Payment
    requested_at: datetime
    redirect_url: str | None = None
    """Where the payer must go."""


class Standing(NamedTuple):
    """What the page shows."""

    state: State
    attempt: int
    """The number of the attempt that the form would start."""
    paying: Paying | None
    """The payment that the state tells of, if it tells of one."""

    @property
    def mark(self) -> str:
        """A text that changes whenever a payer sees something else."""
        seen = f"{self.state}.{self.attempt}"
        if self.paying is None:
            return seen
        payment = self.paying.payment
        return f"{seen}.{len(payment.confirmations)}.{int(self.paying.redirect_url is not None)}"


def standing_of(checkout: Checkout, payments: Sequence[Paying], at: datetime) -> Standing:
    """Say where a payer stands.

    Args:
        checkout: the session.
        payments: those of its attempts that were made, in order.
        at: the present time.
    """
    made = {one.payment.requested.payment_id for one in payments}
    last = checkout.last
    # An attempt whose payment was never made is tried again under the same number.
    is_unmade = last is not None and last.outcome is None and last.payment_id not in made
    attempt = len(checkout.attempts) + (0 if is_unmade else 1)
    telling = _telling(payments)
    if telling is not None and telling.payment.status not in WITHOUT_MONEY:
        return Standing(_under_way(telling, at), attempt, telling)
    if checkout.paid_by is not None:
        # It was paid, and a better word says that it was not.
        return Standing("conflict", attempt, telling)
    if checkout.closed is not None:
        return Standing(checkout.closed, attempt, telling)
    if at >= checkout.session.expires_at:
        return Standing("expired", attempt, telling)
    if attempt > ATTEMPTS_MAX:
        return Standing("tried_out", attempt, telling)
    return Standing("form" if telling is None else "retry", attempt, telling)


def _telling(payments: Sequence[Paying]) -> Paying | None:
    """The payment that matters: one that succeeded, else one without an end, else the last."""
    for wanted in (_is_paid, _is_open):
        found = next((one for one in payments if wanted(one.payment.status)), None)
        if found is not None:
            return found
    return payments[-1] if payments else None


def _is_paid(status: Status) -> bool:
    return status is Status.SUCCEEDED


def _is_open(status: Status) -> bool:
    return status not in WITHOUT_MONEY


def _under_way(paying: Paying, at: datetime) -> State:
    payment, is_old = paying.payment, at - paying.requested_at >= PATIENCE
    match payment.status:
        case Status.SUCCEEDED:
            return "paid"
        case Status.CONFLICT:
            return "conflict"
        case Status.UNKNOWN:
            return "asking"
        case Status.PENDING if payment.awaits_code:
            return "code" if len(payment.confirmations) < CONFIRMATIONS_MAX else "codes_used_up"
        case Status.PENDING if payment.sealed_code is not None or payment.is_confirming:
            return "asking" if is_old else "sending"
        case Status.PENDING if paying.redirect_url is not None:
            return "go"
        case Status.PENDING:
            return "asking" if is_old else "confirm"
        case _:
            return "asking" if is_old else "sending"
