"""Confirming: hands a payer's one-time code to the provider that waits for it; intent, then call.

The intent is durable, and the code destroyed in the log, before the provider is called: a crash
anywhere after it is mended by asking about the reference, and no code is ever handed over twice. So
a code that did not arrive must be handed in again by whoever has it, which costs a payer a minute;
a code that stayed readable would be a key to his money.

It decides nothing: whether the money moved is said by evidence alone.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Literal, cast

import structlog

from adapters.base import Adapter, Due, Final, NotSent, Unknown
from adapters.dispatch import INTENT_MARGIN_SECONDS, submission_seconds_max
from adapters.hearing import record_final
from adapters.moving import code_of, handle_of
from adapters.one_time_codes import without_code
from adapters.powers import CodeRefused, Confirms, Taken
from adapters.recording import Recorder
from adapters.serving import Serving
from adapters.ways import on_errand
from ledger import commands
from ledger.errors import CommandRefusedError, ErasedError
from ledger.payment import Attempt, Payment, Status
from ledger.store import Clock

log = structlog.get_logger()

Result = Literal["taken", "refused", "not_sent", "unknown"]


class Confirmer:
    """Performs `confirm` pieces."""

    def __init__(self, recorder: Recorder, serving: Serving, *, clock: Clock) -> None:
        self._recorder, self._serving, self._clock = recorder, serving, clock

    async def perform(self, due: Due) -> None:
        """Hand over the code of one payment, if one waits for that."""
        state, recorded = await self._recorder.handler.payment(due.stream_id)
        attempt = state.attempt
        if state.status is not Status.PENDING or state.sealed_code is None or attempt is None:
            return
        mode = state.requested.mode
        adapter = self._serving.adapters(mode).get(attempt.provider)
        if adapter is None:
            log.error("confirming.provider_missing", provider=attempt.provider, mode=mode)
            return
        recorder = self._recorder.about(recorded, actor="reactor:confirming")
        try:
            await self._confirm(recorder, adapter, state, attempt)
        except CommandRefusedError as refused:
            log.info("confirming.too_late", payment_id=due.stream_id, reason=str(refused))

    async def _confirm(
        self, recorder: Recorder, adapter: Adapter, state: Payment, attempt: Attempt
    ) -> None:
        payment_id, limit_seconds = state.requested.payment_id, submission_seconds_max(adapter)
        code: str | None = None
        handle: Mapping[str, str] | None = None
        try:
            code = await code_of(self._recorder, state)
            handle = await handle_of(self._recorder, payment_id, attempt)
        except ErasedError:
            code = None
        started = self._clock()
        await recorder.record(
            commands.StartConfirmation(
                payment_id=payment_id,
                reference=attempt.reference,
                number=len(state.confirmations),
                inquire_at=started + timedelta(seconds=limit_seconds + INTENT_MARGIN_SECONDS),
            )
        )
        await recorder.spend_code(state)
        age_seconds = (self._clock() - started).total_seconds()
        if age_seconds >= INTENT_MARGIN_SECONDS:
            log.warning("confirming.intent_too_old", payment_id=payment_id, age_seconds=age_seconds)
            return
        if code is None:
            outcome: Taken | CodeRefused | NotSent | Unknown | Final = NotSent(
                "the code, or what it belongs to, cannot be opened any more"
            )
        elif "confirmation" not in adapter.capabilities:
            outcome = NotSent(f"{adapter.name} takes no codes any more")
        else:
            async with recorder.overhearing(state, attempt.reference, code):
                outcome = await self._call(adapter, attempt.reference, handle, code, limit_seconds)
        if isinstance(outcome, Final):
            await record_final(recorder, adapter, payment_id, attempt.reference, outcome)
            return
        result, reason = _told(outcome)
        delay = adapter.pace.inquiry_delay_seconds(0)
        if result == "unknown":
            delay = adapter.pace.doubt_seconds
        await recorder.record(
            commands.EndConfirmation(
                payment_id=payment_id,
                reference=attempt.reference,
                result=result,
                reason=reason,
                inquire_at=self._clock() + timedelta(seconds=delay),
            )
        )

    @staticmethod
    async def _call(
        adapter: Adapter,
        reference: str,
        handle: Mapping[str, str] | None,
        code: str,
        limit_seconds: float,
    ) -> Taken | CodeRefused | NotSent | Unknown | Final:
        try:
            with on_errand("collection"):
                async with asyncio.timeout(limit_seconds):
                    told = await cast("Confirms", adapter).confirm(reference, handle, code)
            return without_code(told, code)
        except TimeoutError:
            return Unknown(f"no answer within {limit_seconds:g} seconds")
        except Exception as error:
            log.exception("confirming.adapter_raised", provider=adapter.name)
            return Unknown(f"the adapter raised {type(error).__name__}")


def _told(outcome: Taken | CodeRefused | NotSent | Unknown) -> tuple[Result, str]:
    match outcome:
        case Taken():
            return "taken", outcome.detail or "the provider has the code"
        case CodeRefused():
            return "refused", outcome.reason
        case NotSent():
            return "not_sent", outcome.reason
        case Unknown():
            return "unknown", outcome.reason
