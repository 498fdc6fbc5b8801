"""Checkout: tells a session what became of its payments, and closes it when its time is over.

The session's own stream says which payment is its; the worklist says which of them has an end that
the session does not know. Both are commands that change nothing when repeated, so it makes no
difference whether the payer's page, this process or another one is faster.

It calls no provider, and time alone closes no session on which somebody is paying.
"""

from datetime import datetime, timedelta
from typing import Final

from adapters.base import Due
from adapters.recording import Recorder
from ledger import commands_checkout as commands
from ledger.checkout import Attempt, Checkout
from ledger.commands_checkout import CheckoutCommand
from ledger.errors import UnknownPaymentError
from ledger.identity import Outcome
from ledger.payment import Payment, Status
from ledger.store import Clock

MAKING_SECONDS_MAX: Final = 300.0
"""How long after a session's time a payment may still be on its way into the ledger."""

LOOKING_AGAIN_SECONDS: Final = 3600.0
"""When a session whose time is over is looked at again while a payment has no end; the end itself
makes it due at once."""

WITHOUT_MONEY: Final[dict[Status, Outcome]] = {
    Status.DECLINED: "declined",
    Status.FAILED: "failed",
    Status.EXPIRED: "expired",
}
"""Where a payment certainly moved no money, and what its session is told."""


def news_of(session_id: str, payment: Payment) -> CheckoutCommand | None:
    """What a session is to be told of one of its payments; None while its end is not known."""
    payment_id = payment.requested.payment_id
    if payment.status is Status.SUCCEEDED:
        return commands.CompleteCheckout(session_id=session_id, payment_id=payment_id)
    outcome = WITHOUT_MONEY.get(payment.status)
    if outcome is None:
        return None
    return commands.EndCheckoutAttempt(
        session_id=session_id, payment_id=payment_id, outcome=outcome
    )


class CheckoutKeeper:
    """Performs `conclude` and `close` pieces."""

    def __init__(self, recorder: Recorder, *, clock: Clock) -> None:
        self._recorder, self._clock = recorder, clock

    async def conclude(self, due: Due) -> None:
        """Tell a session what became of its payment."""
        payment, recorded = await self._recorder.handler.payment(due.stream_id)
        session_id = payment.requested.checkout
        news = news_of(session_id, payment) if session_id is not None else None
        if news is not None:
            await self._recorder.about(recorded, actor="reactor:checkout").record(news)

    async def close(self, due: Due) -> datetime | None:
        """Close a session whose time is over; later, where somebody is paying."""
        state, recorded = await self._recorder.handler.checkout(due.stream_id)
        if state.status != "open":
            return None
        session, recorder = state.session, self._recorder.about(recorded, actor="reactor:checkout")
        if state.under_way is not None:
            ending = await self._ending(state, state.under_way)
            if isinstance(ending, datetime):
                return ending
            await recorder.record(ending)
            if isinstance(ending, commands.CompleteCheckout):
                return None
        await recorder.record(
            commands.ExpireCheckout(session_id=session.session_id, by="time", at=self._clock())
        )
        return None

    async def _ending(self, state: Checkout, attempt: Attempt) -> CheckoutCommand | datetime:
        """What ends an attempt; or when to look again, because nothing does yet."""
        session = state.session
        try:
            payment, _ = await self._recorder.handler.payment(attempt.payment_id)
        except UnknownPaymentError:
            settled_at = session.expires_at + timedelta(seconds=MAKING_SECONDS_MAX)
            if self._clock() < settled_at:
                return settled_at
            return commands.EndCheckoutAttempt(
                session_id=session.session_id, payment_id=attempt.payment_id, outcome="not_made"
            )
        news = news_of(session.session_id, payment)
        return news or self._clock() + timedelta(seconds=LOOKING_AGAIN_SECONDS)
