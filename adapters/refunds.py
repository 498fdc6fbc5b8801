"""Refunds: opens the stream of a refund that was reserved, and tells the collection its end.

The reservation stands in the collection's stream before anything else happens, so a process may die
anywhere in between: whoever comes next finds the refund in the worklist and opens it, or settles
it. Both are commands that change nothing when repeated.

A refund's id derives from the merchant's key. Where that key stands for the refund of another
payment already, nothing can be opened, and what was reserved is let go.

It calls no provider; an opened refund is submitted and asked about like every other payment.
"""

from collections.abc import Sequence
from typing import Final

import structlog

from adapters.base import Due
from adapters.recording import Recorder
from ledger import commands, events, payment
from ledger.entry import RecordedEvent
from ledger.errors import IdempotencyKeyReusedError
from ledger.money import Money
from ledger.payment import Payment
from ledger.payment_refunds import GIVEN_BACK

log = structlog.get_logger()

KEY_REUSED: Final = "its Idempotency-Key stands for the refund of another payment"


class Refunder:
    """Performs `open` and `settle` pieces."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    async def open(self, due: Due) -> None:
        """Open the stream of a refund that was reserved."""
        store = self._recorder.handler.store
        (reserving,) = await store.read(due.position - 1, 1)
        event = reserving.event
        if not isinstance(event, events.PaymentRefundReserved):
            log.error("refunds.nothing_reserved", refund_id=due.stream_id)
            return
        recorded = await store.read_stream(reserving.stream)
        state = payment.INITIAL
        for one in recorded:
            state = payment.evolve(state, one.event)
        recorder = self._recorder.about(recorded, actor="reactor:refunds")
        try:
            await recorder.record(request_of(state, event))
        except IdempotencyKeyReusedError:
            log.warning("refunds.key_reused", refund_id=event.refund_id)
            await recorder.record(let_go(state.requested.payment_id, event.refund_id))

    async def settle(self, due: Due) -> None:
        """Tell the collection what became of its refund."""
        state, recorded = await self._recorder.handler.payment(due.stream_id)
        if (settling := settling_of(state)) is not None:
            await self._recorder.about(recorded, actor="reactor:refunds").record(settling)


def settling_of(refund: Payment) -> commands.SettleRefund | None:
    """Write what a collection is to be told of its refund; None while that has no end."""
    request = refund.requested
    if refund.status not in GIVEN_BACK or request.refund_of is None:
        return None
    return commands.SettleRefund(
        payment_id=request.refund_of,
        refund_id=request.payment_id,
        is_given_back=GIVEN_BACK[refund.status],
        reason=refund.reason or refund.status.value,
    )


def request_of(
    collection: Payment, reserved: events.PaymentRefundReserved
) -> commands.RequestPayment:
    """Write the request that opens a refund's stream from what was reserved for it."""
    asked = collection.requested
    return commands.RequestPayment(
        payment_id=reserved.refund_id,
        merchant_id=asked.merchant_id,
        money=Money(reserved.amount_minor, asked.currency),
        provider=reserved.provider,
        operator=asked.operator,
        country=asked.country,
        route_reason=reserved.route_reason,
        payer=asked.payer,
        sealed=reserved.sealed,
        content_digest=reserved.content_digest,
        expires_at=reserved.expires_at,
        kind="refund",
        refund_of=asked.payment_id,
        power=reserved.power,
        mode=asked.mode,
    )


def let_go(payment_id: str, refund_id: str) -> commands.SettleRefund:
    """Write what lets a reservation go whose refund is another payment's."""
    return commands.SettleRefund(
        payment_id=payment_id, refund_id=refund_id, is_given_back=False, reason=KEY_REUSED
    )


def reserved_in(
    recorded: Sequence[RecordedEvent], refund_id: str
) -> events.PaymentRefundReserved | None:
    """The event that reserved a refund in its collection's stream; None if there is none."""
    for one in recorded:
        event = one.event
        if isinstance(event, events.PaymentRefundReserved) and event.refund_id == refund_id:
            return event
    return None
