"""Dispatch: takes a requested payment to its provider; intent, call, outcome.

`payment.submission_started` is durable before the provider is called. A crash anywhere after it is
mended by `adapters.polling`, which asks about the reference: nothing is ever sent blindly again.
A submission takes at most `submission_seconds_max` and says so in its intent, so nobody asks about
a reference whose call may still be under way. The other way round, an intent that has become old
(the process was stopped, the store was slow) is not acted upon: somebody may be asking by now. Who
made it and did not call knows for certain that nothing was sent, and nobody else does: it says so,
and the payment is submitted again. Whoever finds another's old intent only asks.

What a provider gives beforehand and must be asked by is fetched before the intent and durable with
it (`adapters.powers.Prepares`): a reference that may have been sent can always be asked about.

A provider that is not called just now is not submitted to either: the payment waits, without a
word in the log, until it may be probed. Where its plan names another that is called, it is let go
there at once: by the intent and the "not sent" that an open breaker gives, so that the ledger knows
whom it has tried, and it never goes in circles.

A refund waits while its collection does not stand as paid: what was believed when the refund was
reserved may have been overturned since, and nobody gives back what was never taken.

After a restoration a payment is looked for before it is submitted: `adapters.seeking`.

A payment whose time is over is given up instead: `adapters.lapsing`.

It decides nothing: outcomes become commands, and the ledger may refuse them.
"""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from adapters.base import (
    Accepted,
    Adapter,
    Charge,
    Declined,
    Due,
    NotSent,
    Submission,
    Unknown,
)
from adapters.base import (
    Final as FinalWord,
)
from adapters.hearing import record_final
from adapters.lapsing import UNREACHED, give_up
from adapters.moving import Order, is_backed, order_of, prepare, submit
from adapters.powers import Prepared
from adapters.recording import Recorder
from adapters.retries import Retry, retry_at, retry_of
from adapters.seeking import Seeker
from adapters.serving import Serving
from adapters.ways import Errand, Way, Ways, on_errand
from ledger import commands
from ledger.errors import CommandRefusedError, ErasedError
from ledger.forgotten import KEY_LOST, is_payment_forgotten
from ledger.payment import Payment, Status
from ledger.store import Clock

log = structlog.get_logger()

INTENT_MARGIN_SECONDS: Final = 5.0
"""How long after the longest possible submission its reference may be asked about; and the age at
which an intent is too old to be acted upon."""

PROBED_SECONDS: Final = 1.0
"""How long a payment waits at least for a provider that is being probed."""

ERASED: Final = "the payer was erased before the payment was submitted"
SPENT: Final = "its one-time code may have been used, and cannot be sent again"
OVERSLEPT: Final = "it was not sent: too much time went by here before the call"
UNBACKED: Final = "the payment that it gives back does not stand as paid"
UNBACKED_SECONDS: Final = 60.0
"""How soon it is looked again whether the collection of a refund stands."""


def submission_seconds_max(adapter: Adapter) -> float:
    """The longest a submission may take: waiting for a turn, a token, the call, one repeat."""
    return adapter.pace.call_timeout_seconds * 4


class Dispatcher:
    """Performs `submit` pieces."""

    def __init__(
        self,
        recorder: Recorder,
        serving: Serving,
        *,
        clock: Clock,
        public_url: str,
        ways: Ways | None = None,
    ) -> None:
        self._recorder, self._serving, self._clock = recorder, serving, clock
        self._public_url = public_url.rstrip("/")
        self._ways = ways or Ways()
        self._seeker = Seeker(recorder, serving, clock=clock)

    async def perform(self, due: Due) -> datetime | None:
        """Submit one payment, if it is still to be submitted; or when it may be."""
        payment_id = due.stream_id
        state, recorded = await self._recorder.handler.payment(payment_id)
        if state.status is not Status.REQUESTED:
            return None
        recorder = self._recorder.about(recorded, actor="reactor:dispatch")
        sought = await self._seeker.seek(recorder, state, recorded)
        if not sought.may_be_sent:
            return sought.again_at
        stands = await is_backed(self._recorder, state)
        if not stands and not self._is_over(state):
            soon = self._clock() + timedelta(seconds=UNBACKED_SECONDS)
            return min(soon, state.requested.expires_at)
        way = self._ways.of(state.provider, state.power)
        with way.place() as is_free:
            if not is_free and not self._is_over(state) and not self._may_leave(state):
                return self._again_at(state, way)
            try:
                if not stands:
                    await give_up(recorder, state, UNBACKED, clock=self._clock)
                    return None
                await self._submit_or_give_up(recorder, state)
            except CommandRefusedError as refused:
                log.info("dispatch.too_late", payment_id=payment_id, reason=str(refused))
        return None

    def _is_over(self, state: Payment) -> bool:
        return self._clock() >= state.requested.expires_at

    def _may_leave(self, state: Payment) -> bool:
        """Whether the ledger would let it go to another provider, which is called just now."""
        following = state.untried_after(state.provider)
        if following is None or state.inquiries:
            return False
        if following.provider not in self._serving.adapters(state.requested.mode):
            return False
        return self._ways.of(following.provider, state.power).breaker.state == "closed"

    def _again_at(self, state: Payment, way: Way) -> datetime:
        seconds = max(way.breaker.open_for_seconds, PROBED_SECONDS)
        return min(self._clock() + timedelta(seconds=seconds), state.requested.expires_at)

    async def _submit_or_give_up(self, recorder: Recorder, state: Payment) -> None:
        payment_id = state.requested.payment_id
        if self._is_over(state):
            await give_up(recorder, state, state.note or UNREACHED, clock=self._clock)
            return
        mode = state.requested.mode
        adapter = self._serving.adapters(mode).get(state.provider)
        if adapter is None:
            log.error("dispatch.provider_missing", provider=state.provider, mode=mode)
            return
        reference = reference_of(adapter, state)
        try:
            order = await order_of(recorder, state, self._callback_url(state, adapter, reference))
        except ErasedError:
            reason = SPENT if state.sealed_code else await self._why_gone(payment_id)
            await give_up(recorder, state, reason, clock=self._clock)
            return
        limit_seconds = submission_seconds_max(adapter)
        number = len(state.attempts) + 1
        code = order.one_time_code if isinstance(order, Charge) else None
        with on_errand(state.power) as errand:
            async with recorder.overhearing(state, reference, code):
                prepared = await self._prepare(adapter, order, reference, limit_seconds)
        now = self._clock()
        handle = prepared.handle if isinstance(prepared, Prepared) else {}
        try:
            sealed_handle = await recorder.seal_handle(state, reference, handle)
        except ErasedError:
            reason = await self._why_gone(payment_id)
            await give_up(recorder, state, reason, clock=self._clock)
            return
        await recorder.record(
            commands.StartSubmission(
                payment_id=payment_id,
                provider=adapter.name,
                reference=reference,
                attempt=number,
                inquire_at=now + timedelta(seconds=limit_seconds + INTENT_MARGIN_SECONDS),
                sealed_handle=sealed_handle,
            )
        )
        if state.sealed_code is not None:
            await recorder.spend_code(state)
        if not isinstance(prepared, Prepared):
            await self._record(recorder, adapter, state, order, reference, prepared, errand)
            return
        age_seconds = (self._clock() - now).total_seconds()
        if age_seconds >= INTENT_MARGIN_SECONDS:
            log.warning("dispatch.intent_too_old", payment_id=payment_id, age_seconds=age_seconds)
            # Whoever asks by now may do so by sending the same again, where that charges once: then
            # it is no longer certain that nothing was sent, but asking brings the end.
            is_ours_alone = state.power not in adapter.idempotent_powers
            if is_ours_alone or age_seconds < limit_seconds:
                unsent = NotSent(OVERSLEPT)
                await self._record(recorder, adapter, state, order, reference, unsent, errand)
            return
        order = replace(order, handle=handle)
        with on_errand(state.power, limit_seconds) as errand:
            async with recorder.overhearing(state, reference, code):
                outcome = await self._submit(adapter, order, reference, limit_seconds)
        await self._record(recorder, adapter, state, order, reference, outcome, errand)

    async def _why_gone(self, payment_id: str) -> str:
        """Why what was sealed cannot be opened any more."""
        is_forgotten = await is_payment_forgotten(self._recorder.handler.store, payment_id)
        return ERASED if is_forgotten else KEY_LOST

    def _callback_url(self, state: Payment, adapter: Adapter, reference: str) -> str:
        payment_id = state.requested.payment_id
        return f"{self._public_url}/webhooks/{adapter.name}/{payment_id}/{reference}"

    @staticmethod
    async def _prepare(
        adapter: Adapter, order: Order, reference: str, limit_seconds: float
    ) -> Prepared | Declined | NotSent:
        try:
            async with asyncio.timeout(limit_seconds):
                return await prepare(adapter, order, reference)
        except TimeoutError:
            return NotSent(f"could not be prepared within {limit_seconds:g} seconds")
        except Exception as error:
            log.exception("dispatch.adapter_raised", provider=adapter.name)
            return NotSent(f"the adapter raised {type(error).__name__}")

    @staticmethod
    async def _submit(
        adapter: Adapter, order: Order, reference: str, limit_seconds: float
    ) -> Submission:
        try:
            async with asyncio.timeout(limit_seconds):
                return await submit(adapter, order, reference)
        except TimeoutError:
            return Unknown(f"no answer within {limit_seconds:g} seconds")
        except Exception as error:
            # An adapter that raises is a mistake in it, but the money may have moved all the same.
            log.exception("dispatch.adapter_raised", provider=adapter.name)
            return Unknown(f"the adapter raised {type(error).__name__}")

    async def _record(
        self,
        recorder: Recorder,
        adapter: Adapter,
        state: Payment,
        order: Order,
        reference: str,
        outcome: Submission,
        errand: Errand,
    ) -> None:
        payment_id, now, number = state.requested.payment_id, self._clock(), len(state.attempts) + 1
        code = order.one_time_code if isinstance(order, Charge) else None
        inquire_at = now + timedelta(seconds=adapter.pace.inquiry_delay_seconds(0))
        match outcome:
            case Accepted():
                await recorder.confirm(state, reference, outcome, inquire_at)
            case Declined():
                retry = retry_of(adapter, outcome, state.power)
                may_go_on = retry is not Retry.NEVER and state.untried_after(adapter.name)
                sealed_code, keys = recorder.seal_code(state, code if may_go_on else None)
                await recorder.record(
                    commands.DeclineSubmission(
                        payment_id=payment_id,
                        reference=reference,
                        attempt=number,
                        code=outcome.code,
                        reason=outcome.reason,
                        is_technical=outcome.is_technical,
                        at=None if retry is Retry.NEVER else now,
                        sealed_code=sealed_code,
                    ),
                    keys=keys,
                )
            case NotSent():
                if errand.was_turned_away:
                    self._ways.of(adapter.name, state.power).note_turned_away(errand.status)
                sealed_code, keys = recorder.seal_code(state, code)
                await recorder.record(
                    commands.WithdrawSubmission(
                        payment_id=payment_id,
                        reference=reference,
                        attempt=number,
                        reason=outcome.reason,
                        retry_at=retry_at(
                            adapter.pace,
                            number,
                            now,
                            state.requested.expires_at,
                            was_turned_away=errand.was_turned_away,
                        ),
                        at=now,
                        sealed_code=sealed_code,
                    ),
                    keys=keys,
                )
            case Unknown():
                await recorder.record(
                    commands.DoubtSubmission(
                        payment_id=payment_id,
                        reference=reference,
                        attempt=number,
                        reason=outcome.reason,
                        inquire_at=now + timedelta(seconds=adapter.pace.doubt_seconds),
                    )
                )
            case FinalWord():
                # In one append: who answers at once can perhaps never be asked.
                await record_final(recorder, adapter, payment_id, reference, outcome)


def reference_of(adapter: Adapter, state: Payment) -> str:
    """The reference to submit under: the last one again where a repeat cannot charge twice."""
    last = state.attempt
    if (
        last is not None
        and last.provider == adapter.name
        and state.power in adapter.idempotent_powers
    ):
        return last.reference
    used = {one.reference for one in state.attempts}
    return adapter.reference_for(state.requested.payment_id, len(used) + 1)
