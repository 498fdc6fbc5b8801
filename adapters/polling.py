"""Polling: asks providers about references whose final word is missing, until there is one.

Every payment must reach its end with no callback at all; this is what takes it there. It also
mends what a crash left behind: a reference whose submission has no outcome is asked about, and is
submitted again only if the provider certainly does not have it.

A provider that answers no question is asked by the same submission again, where that cannot move
money twice. Not so where it may not be made for the first time either: a refund whose payment does
not stand as paid any more, and what was given up or cancelled before somebody spoke of it.

Time is not evidence: however long a reference stays without a word, it is only asked about ever
more slowly, within the provider's limits, and listed with its age. Only what the provider has just
said it does not have, and is not to be submitted again, is given up here: nothing can come between
the answer and the giving up but a request the provider kept back, and news of that make us ask.

Whoever asks leaves an event that says when to ask again, or that nothing is left to ask. A question
that had no turn was not asked: it leaves none, and is not asked ever more slowly for it. An answer
that the ledger has no use for would leave none: the piece would stay due since then, without an end
and without a word, so it is recorded as no answer.
"""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal, assert_never

import structlog

from adapters.base import (
    Accepted,
    Adapter,
    Declined,
    Due,
    Final,
    Inquiry,
    NotFound,
    NotSent,
    Pending,
    Submission,
    Unaskable,
    Unknown,
)
from adapters.dispatch import UNBACKED, submission_seconds_max
from adapters.hearing import record_final
from adapters.moving import handle_of, inquire, is_backed, order_of, submit
from adapters.recording import Recorder
from adapters.retries import retry_at
from adapters.serving import Serving
from adapters.ways import Ways, on_errand
from ledger import commands, events
from ledger.errors import ErasedError, VaultError
from ledger.events import PaymentExpired
from ledger.forgotten import KEY_LOST, is_payment_forgotten
from ledger.payment import Attempt, Payment, Status
from ledger.store import Clock

log = structlog.get_logger()

GIVEN_UP = "it was given up before, and is not sent again to find out"
USELESS = "it answered what changes nothing"

_ASKED = frozenset({Status.SUBMITTING, Status.PENDING, Status.UNKNOWN})


class Poller:
    """Performs `inquire` pieces."""

    def __init__(
        self,
        recorder: Recorder,
        serving: Serving,
        *,
        clock: Clock,
        public_url: str = "",
        ways: Ways | None = None,
    ) -> None:
        self._recorder, self._serving, self._clock = recorder, serving, clock
        self._public_url = public_url.rstrip("/")
        self._ways = ways or Ways()

    async def perform(self, due: Due) -> datetime | None:
        """Ask about one payment's last reference, if its word is still missing; or when to."""
        payment_id = due.stream_id
        state, recorded = await self._recorder.handler.payment(payment_id)
        attempt = state.attempt
        if state.status not in _ASKED or attempt is None:
            return None
        mode = state.requested.mode
        adapter = self._serving.adapters(mode).get(attempt.provider)
        if adapter is None:
            log.error("polling.provider_missing", provider=attempt.provider, mode=mode)
            return None
        recorder = self._recorder.about(recorded, actor="reactor:polling")
        async with recorder.overhearing(state, attempt.reference):
            answer = await self._ask(adapter, state, attempt)
        if isinstance(answer, Unknown) and answer.again_seconds is not None:
            return self._clock() + timedelta(seconds=answer.again_seconds)
        if not await self._heed(recorder, adapter, state, attempt, answer):
            await self._wait(recorder, adapter, state, "no_answer", USELESS)
        return None

    async def _heed(
        self,
        recorder: Recorder,
        adapter: Adapter,
        state: Payment,
        attempt: Attempt,
        answer: Inquiry,
    ) -> bool:
        """Hand over what an answer teaches; whether that made anything happen."""
        payment_id, reference = state.requested.payment_id, attempt.reference
        # What it had when it was asked before may only be hidden now.
        may_be_lacking = not attempt.is_accepted and state.status is not Status.PENDING
        match answer:
            case Final():
                return bool(await record_final(recorder, adapter, payment_id, reference, answer))
            case Pending(detail=detail, awaits_code=awaits_code):
                return await self._wait(
                    recorder, adapter, state, "pending", detail, awaits_code=awaits_code
                )
            case Unknown(reason=reason):
                return await self._wait(recorder, adapter, state, "no_answer", reason)
            case NotFound(detail=detail):
                is_noted = await self._wait(recorder, adapter, state, "not_found", detail)
                is_safe = attempt.is_absent or state.power in adapter.idempotent_powers
                if is_safe and may_be_lacking:
                    await self._withdraw(recorder, adapter, state, detail)
                return is_noted
            case Unaskable() if state.power in adapter.idempotent_powers:
                held = await self._held(state)
                if held is not None:
                    return await self._wait(recorder, adapter, state, "no_answer", held)
                return await self._repeat(recorder, adapter, state, attempt)
            case Unaskable(detail=detail) if attempt.is_absent and may_be_lacking:
                # It certainly never left: only news made us ask, and nobody can bear them out.
                return await self._withdraw(recorder, adapter, state, detail)
            case Unaskable(detail=detail):
                return await self._wait(recorder, adapter, state, "no_answer", detail)
            case NotSent(reason=reason) if not attempt.is_accepted:
                return await self._withdraw(recorder, adapter, state, reason)
            case NotSent(reason=reason):
                return await self._wait(recorder, adapter, state, "no_answer", reason)
            case _:
                assert_never(answer)

    async def _why_gone(self, payment_id: str, what: str) -> str:
        """Why what was sealed cannot be opened any more."""
        is_forgotten = await is_payment_forgotten(self._recorder.handler.store, payment_id)
        return f"the payer was erased, and with it {what}" if is_forgotten else KEY_LOST

    async def _ask(self, adapter: Adapter, state: Payment, attempt: Attempt) -> Inquiry:
        limit_seconds = submission_seconds_max(adapter)
        payment_id = state.requested.payment_id
        try:
            handle = await handle_of(self._recorder, payment_id, attempt)
            with on_errand("inquiry") as errand:
                async with asyncio.timeout(limit_seconds):
                    answer = await inquire(adapter, state.power, attempt.reference, handle)
        except ErasedError:
            return Unknown(await self._why_gone(payment_id, "what the provider wants to be asked"))
        except TimeoutError:
            return Unknown(f"no answer within {limit_seconds:g} seconds")
        except VaultError:
            raise
        except Exception as error:
            log.exception("polling.adapter_raised", provider=adapter.name)
            return Unknown(f"the adapter raised {type(error).__name__}")
        if isinstance(answer, Unknown) and errand.was_turned_away:
            self._ways.of(adapter.name, "inquiry").note_turned_away(errand.status)
        return answer

    async def _held(self, state: Payment) -> str | None:
        """Why a submission is not repeated though that would bring the answer; None: it may be."""
        if not await is_backed(self._recorder, state):
            return UNBACKED
        _, recorded = await self._recorder.handler.payment(state.requested.payment_id)
        ends = [one.event for one in recorded if isinstance(one.event, PaymentExpired)]
        return GIVEN_UP if any(one.reference is None for one in ends) else None

    async def _repeat(
        self, recorder: Recorder, adapter: Adapter, state: Payment, attempt: Attempt
    ) -> bool:
        """Ask by the same submission again: it cannot move money twice, and brings the answer.

        Gives whether that made anything happen.

        No intent is needed: the one under this reference is durable, and this is no other.
        """
        payment_id, reference = state.requested.payment_id, attempt.reference
        async with recorder.overhearing(state, reference):
            outcome = await self._submitted_again(recorder, adapter, state, attempt)
        match outcome:
            case Final():
                return bool(await record_final(recorder, adapter, payment_id, reference, outcome))
            case Accepted() if not attempt.is_accepted:
                delay = adapter.pace.inquiry_delay_seconds(state.inquiries + 1)
                inquire_at = self._clock() + timedelta(seconds=delay)
                await recorder.confirm(state, reference, outcome, inquire_at)
                return True
            case Accepted():
                return await self._wait(recorder, adapter, state, "pending", "it has it")
            case Declined(reason=reason) | NotSent(reason=reason) | Unknown(reason=reason):
                # Of a first submission a refusal is the end. Of a repeat it may speak of the
                # repeat alone, so it ends nothing.
                return await self._wait(recorder, adapter, state, "no_answer", reason)
            case _:
                assert_never(outcome)

    async def _submitted_again(
        self, recorder: Recorder, adapter: Adapter, state: Payment, attempt: Attempt
    ) -> Submission:
        payment_id, limit_seconds = state.requested.payment_id, submission_seconds_max(adapter)
        path = f"{adapter.name}/{payment_id}/{attempt.reference}"
        try:
            order = await order_of(recorder, state, f"{self._public_url}/webhooks/{path}")
            handle = await handle_of(recorder, payment_id, attempt) or {}
            with on_errand(state.power, limit_seconds):
                async with asyncio.timeout(limit_seconds):
                    return await submit(adapter, replace(order, handle=handle), attempt.reference)
        except ErasedError:
            payment_id = state.requested.payment_id
            return Unknown(await self._why_gone(payment_id, "what would have to be sent again"))
        except TimeoutError:
            return Unknown(f"no answer within {limit_seconds:g} seconds")
        except VaultError:
            raise
        except Exception as error:
            log.exception("polling.adapter_raised", provider=adapter.name)
            return Unknown(f"the adapter raised {type(error).__name__}")

    async def _wait(
        self,
        recorder: Recorder,
        adapter: Adapter,
        state: Payment,
        result: Literal["pending", "no_answer", "not_found"],
        detail: str,
        *,
        awaits_code: bool = False,
    ) -> bool:
        delay = adapter.pace.inquiry_delay_seconds(state.inquiries + 1)
        last = state.attempts[-1]
        inquired = await recorder.record(
            commands.RecordInquiry(
                payment_id=state.requested.payment_id,
                reference=last.reference,
                attempt=last.number,
                result=result,
                detail=detail,
                inquire_at=self._clock() + timedelta(seconds=delay),
                awaits_code=awaits_code,
            )
        )
        return bool(inquired)

    async def _withdraw(
        self, recorder: Recorder, adapter: Adapter, state: Payment, reason: str
    ) -> bool:
        request, last, now = state.requested, state.attempts[-1], self._clock()
        payment_id = request.payment_id
        reason = reason or "the provider does not know the reference"
        withdrawn = await recorder.record(
            commands.WithdrawSubmission(
                payment_id=payment_id,
                reference=last.reference,
                attempt=last.number,
                reason=reason,
                retry_at=retry_at(adapter.pace, last.number, now, request.expires_at),
                sealed_code=state.sealed_code,
            )
        )
        is_to_be_sent = any(
            isinstance(one.event, events.PaymentSubmissionWithdrawn) for one in withdrawn
        )
        if is_to_be_sent and await self._is_over(state):
            await recorder.record(commands.ExpirePayment(payment_id=payment_id, reason=reason))
        return bool(withdrawn)

    async def _is_over(self, state: Payment) -> bool:
        """Whether it will not be submitted again: too late, or nobody knows any more whom to."""
        request = state.requested
        if self._clock() >= request.expires_at:
            return True
        try:
            await self._recorder.vault.open(request.sealed, context=request.payment_id)
        except ErasedError:
            return True
        return False
