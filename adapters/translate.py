"""Translate: turns stored webhooks into commands, at our own pace.

The door has stored the bytes and answered 200; here they are opened, read by their provider's
adapter and handed to the ledger as commands. Doing it twice does no harm: evidence is a set. Every
call ends as understood or as an orphan; an orphan is kept for reconciliation, never dropped. One
that speaks of somebody who was forgotten meanwhile is understood, and then forgotten with them.

A call may overtake the answer to the submission it is about. As long as that is under way nobody
may be asked about it, so the call waits: a little while here, then until its lease has lapsed.
"""

import asyncio
from collections.abc import Mapping
from typing import Final

import structlog

from adapters import kept_call
from adapters.base import Adapter, Due, WebhookUnreadableError
from adapters.recording import Recorder
from ledger import commands, webhook
from ledger.errors import (
    CommandRefusedError,
    ErasedError,
    SealBrokenError,
    UnknownPaymentError,
)
from ledger.events import WebhookReceived
from ledger.payment import Status
from ledger.store import Clock

log = structlog.get_logger()

OVERTAKING_SECONDS_MAX: Final = 2.0
"""How long a call that came before the answer to its submission waits for that answer."""


class _TooEarlyError(Exception):
    """The payment is still being submitted; the call is to be read again later."""


class Translator:
    """Performs `translate` pieces."""

    def __init__(
        self, recorder: Recorder, adapters: Mapping[str, Adapter], *, clock: Clock
    ) -> None:
        self._recorder, self._adapters, self._clock = recorder, adapters, clock

    async def perform(self, due: Due) -> None:
        """Translate one stored call, if nobody has yet."""
        webhook_id = due.stream_id
        store = self._recorder.handler.store
        recorded = await store.read_stream(webhook.stream_of(webhook_id))
        state = webhook.INITIAL
        for one in recorded:
            state = webhook.evolve(state, one.event)
        if state.received is None or state.is_closed:
            return
        recorder = self._recorder.about(recorded, actor="reactor:translate")
        try:
            payment_id, effect = await self._understand(recorder, webhook_id, state.received)
        except _TooEarlyError:
            return
        except (
            WebhookUnreadableError,
            CommandRefusedError,
            ErasedError,
            SealBrokenError,
        ) as error:
            log.warning("webhook.orphaned", webhook_id=webhook_id, reason=str(error))
            await recorder.record(
                commands.OrphanWebhook(webhook_id=webhook_id, reason=str(error)[:500])
            )
            return
        await recorder.record(
            commands.CloseWebhook(webhook_id=webhook_id, payment_id=payment_id, effect=effect)
        )
        if await self._is_forgotten(payment_id):
            await recorder.vault.erase(webhook_id)

    async def _is_forgotten(self, payment_id: str) -> bool:
        """Whether a call came late: the person it speaks of was forgotten, and it must be too."""
        if not payment_id:
            return False
        state, _ = await self._recorder.handler.payment(payment_id)
        return await self._recorder.vault.is_erased(state.requested.sealed)

    async def _understand(
        self, recorder: Recorder, webhook_id: str, received: WebhookReceived
    ) -> tuple[str, str]:
        adapter = self._adapters.get(received.provider)
        if adapter is None:
            raise WebhookUnreadableError(f"provider {received.provider} is not enabled")
        call = kept_call.read(await recorder.vault.open(received.sealed, context=webhook_id))
        asked = adapter.translate(call, received.verdict, self._clock())
        effects: list[str] = []
        payment_id = received.payment_id or ""
        for command in asked:
            payment_id = command.payment_id
            if not payment_id.isprintable():
                # A stranger may have put anything there, and not every database takes every text.
                raise WebhookUnreadableError("it is about a payment with no readable name")
            try:
                state, _ = await recorder.handler.payment(payment_id)
            except UnknownPaymentError:
                # Without the name it came under: that is a stranger's text, and the log is open.
                raise WebhookUnreadableError("it is about a payment nobody knows") from None
            if not any(one.provider == adapter.name for one in state.attempts):
                raise WebhookUnreadableError(
                    f"payment {payment_id} was never submitted to {adapter.name}"
                )
            if isinstance(command, commands.RequestInquiry):
                await self._wait_for_submission(payment_id)
            happened = await recorder.record(command)
            effects += [one.type for one in happened] or [f"{type(command).__name__}: already so"]
        return payment_id, ", ".join(effects) or "nothing to do"

    async def _wait_for_submission(self, payment_id: str) -> None:
        """Return once the payment is not being submitted; raises _TooEarlyError."""
        handler = self._recorder.handler
        try:
            async with asyncio.timeout(OVERTAKING_SECONDS_MAX):
                while True:
                    position = await handler.store.position()
                    state, _ = await handler.payment(payment_id)
                    if state.status is not Status.SUBMITTING:
                        return
                    await handler.store.wait_for(position + 1, OVERTAKING_SECONDS_MAX)
        except TimeoutError:
            raise _TooEarlyError from None
