"""What was asked about a payment before its first submission; a part of `ledger.payment`.

After a restoration a payment may have been submitted by a life of the log that is lost. Its
providers are asked first, and what that brought is kept until the payment may be submitted or was
found: so nobody is asked twice about what it certainly does not have, and a person sees why the
payment waits.
"""

from ledger import commands, events
from ledger.events import Event
from ledger.payment_state import Payment, Status


def record(command: commands.RecordSought, state: Payment) -> list[Event]:
    """Decide about what an asking brought; nothing if it was known, or is nobody's question now."""
    known = state.absent_since(command.restoration)
    if state.status is not Status.REQUESTED:
        return []
    if command.absent <= known and command.reason == state.note:
        return []
    found = sorted(known | command.absent)
    return [
        events.PaymentSought(
            restoration=command.restoration,
            absent=[events.SoughtReference(*one) for one in found],
            reason=command.reason,
            retry_at=command.retry_at,
            times=state.times_sought_since(command.restoration) + 1,
        )
    ]
