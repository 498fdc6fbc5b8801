"""What we write to Wave: a part of `adapters.providers.wave`. All is pure."""

from typing import Final

from adapters.base import Charge
from adapters.powers import Transfer
from ledger.money import Money, decimals_of

REASON_LENGTH_MAX: Final = 40
"""What a receipt shows of a payout's reason."""


def amount_of(money: Money) -> str:
    """Write an amount as Wave wants it: without decimals where there are none to tell."""
    units, fraction = divmod(money.amount_minor, 10 ** decimals_of(money.currency))
    return money.amount if fraction else str(units)


def build_checkout(
    charge: Charge, reference: str, home: str, *, is_payer_fixed: bool
) -> dict[str, object]:
    """Build the body of a new session."""
    body: dict[str, object] = {
        "amount": amount_of(charge.money),
        "currency": charge.money.currency,
        "success_url": charge.return_url or home,
        "error_url": charge.cancel_url or charge.return_url or home,
        "client_reference": reference,
    }
    if is_payer_fixed:
        body["restrict_payer_mobile"] = charge.phone
    return body


def build_payout(transfer: Transfer, reference: str, amount: str) -> dict[str, object]:
    """Build the body of a payout; the same transfer makes the same bytes, as its key demands."""
    body: dict[str, object] = {
        "currency": transfer.money.currency,
        "receive_amount": amount,
        "mobile": transfer.phone,
        "client_reference": reference,
    }
    reason = " ".join(transfer.description.split())[:REASON_LENGTH_MAX].strip()
    if reason:
        body["payment_reason"] = reason
    return body
