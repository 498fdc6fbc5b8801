"""Refunds, as the collection they give back decides them; pure, a part of `ledger.payment`.

The trick: what may be given back is reserved in the collection's own stream, under its expected
version, before the refund's own stream begins. So however many requests come at once, never more is
reserved than was taken and not given back. The refund then lives like every payment; its final word
comes back here and turns the reservation into a refund, or lets it go.

A refund that came to nothing may still succeed late (a word was overturned): the collection records
what is true, and never refuses a fact. While its words contradict each other it is as it was before
it had an end: not given back, and not free to be given back again.
"""

from collections.abc import Mapping
from typing import Final

from ledger import commands, events
from ledger.errors import CommandRefusedError, IdempotencyKeyReusedError, NotRefundableError
from ledger.events import Event
from ledger.money import Money
from ledger.payment_state import Payment, Status
from ledger.sentences import Sentence

REFUNDS_MAX: Final = 50
"""How many refunds one collection may have, those that came to nothing included."""

GIVEN_BACK: Final[Mapping[Status, bool | None]] = {
    Status.SUCCEEDED: True,
    Status.FAILED: False,
    Status.EXPIRED: False,
    Status.DECLINED: False,
    Status.CONFLICT: None,
}
"""What the final word of a refund means for its collection; a conflict takes back what was said."""


_NOT_PAID: Final = Sentence("Look at it again once it is final; what failed took nothing.")
_IN_CONFLICT: Final = Sentence(
    "Money may have been taken: ask the provider what happened, and give it back once the "
    "conflict is settled."
)


def reserve(command: commands.ReserveRefund, state: Payment) -> list[Event]:
    """Decide whether so much of the collection may be given back.

    Raises:
        IdempotencyKeyReusedError: the refund's id stands for another request.
        NotRefundableError: not a collection that succeeded, or less is left than was asked.
    """
    known = state.refund(command.refund_id)
    if known is not None:
        if known.content_digest != command.content_digest:
            raise IdempotencyKeyReusedError(command.refund_id)
        return []
    if state.kind != "collection":
        raise NotRefundableError(
            Sentence("Only what a customer has paid can be given back."),
            Sentence("Name a payment that a customer made."),
        )
    if state.verdict is not Status.SUCCEEDED:
        raise NotRefundableError(
            Sentence(
                "The payment is {status}: only one that succeeded can be given back.",
                status=state.status,
            ),
            _IN_CONFLICT if state.verdict is Status.CONFLICT else _NOT_PAID,
        )
    if command.money.currency != state.money.currency:
        raise NotRefundableError(
            Sentence("It was paid in {currency}.", currency=state.money.currency),
            Sentence("Give it back in the currency in which it was paid."),
            field="currency",
        )
    if len(state.refunds) >= REFUNDS_MAX:
        raise NotRefundableError(
            Sentence("It has {refunds} refunds already.", refunds=len(state.refunds)),
            Sentence("Pay the customer the rest by a payout."),
        )
    left = Money(state.refundable_minor, state.money.currency)
    if not command.money.amount_minor:
        raise NotRefundableError(
            Sentence("Nothing of it is left to give back."),
            Sentence("Look at the refunds it has."),
        )
    if command.money.amount_minor > left.amount_minor:
        raise NotRefundableError(
            Sentence("At most {left} of it is left to give back.", left=str(left)),
            Sentence("Send no more than that, or no amount to give back all that is left."),
            field="amount",
        )
    return [
        events.PaymentRefundReserved(
            refund_id=command.refund_id,
            amount_minor=command.money.amount_minor,
            provider=command.provider,
            route_reason=command.route_reason,
            power=command.power,
            sealed=command.sealed,
            content_digest=command.content_digest,
            expires_at=command.expires_at,
        )
    ]


def settle(command: commands.SettleRefund, state: Payment) -> list[Event]:
    """Record what became of a refund; a repeat changes nothing."""
    known = state.refund(command.refund_id)
    if known is None:
        raise CommandRefusedError(
            type(command).__name__, Sentence("it has no such refund."), status=state.status
        )
    if known.is_given_back is command.is_given_back:
        return []
    if command.is_given_back is None:
        return [
            events.PaymentRefundDoubted(
                refund_id=known.refund_id, amount_minor=known.amount_minor, reason=command.reason
            )
        ]
    if command.is_given_back:
        return [events.PaymentRefunded(refund_id=known.refund_id, amount_minor=known.amount_minor)]
    return [
        events.PaymentRefundReleased(
            refund_id=known.refund_id, amount_minor=known.amount_minor, reason=command.reason
        )
    ]
