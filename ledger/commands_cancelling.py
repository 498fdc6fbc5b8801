"""The command by which a merchant cancels a payment; a part of `ledger.commands`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelPayment:
    """End a payment that its merchant does not want any more, if certainly no provider has it."""

    payment_id: str
    may_be_elsewhere: bool
    """Whether a life of the log that was lost may have sent it: `ledger.restoration`."""
