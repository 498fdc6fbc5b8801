"""Translate: turns stored webhooks into commands, at our own pace.

The door has stored the bytes and answered 200; here they are opened, read by their provider's
adapter and handed to the ledger as commands. Doing it twice does no harm: evidence is a set. Every
call ends as understood or as an orphan; an orphan is kept for reconciliation, never dropped.

Only what its provider's own adapter cannot read or match is an orphan. A call of a provider that is
not enabled here is left for a process that has it: the next word about that payment may never come.

One that speaks of somebody who was forgotten meanwhile is understood, and forgotten with them, also
where the ledger refuses what it says. Its key is destroyed before it is closed: nobody reads a
closed call again, so whoever died in between would leave the number there for good.

A call is proved by what its provider is set up with here, for trying or for real. So it is no
evidence about a payment of the other mode: whoever tries things out could pay for real by it. That
payment is asked about as ever, by who has its mode.

A call may overtake the answer to the submission it is about. As long as that is under way nobody
may be asked about it, so the call waits: a little while here, then until its lease has lapsed.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import structlog

from adapters import kept_call
from adapters.base import Adapter, Due, WebhookUnreadableError
from adapters.recording import Recorder
from adapters.serving import Serving
from ledger import commands, webhook
from ledger.errors import (
    CommandRefusedError,
    ErasedError,
    SealBrokenError,
    UnknownPaymentError,
)
from ledger.events import WebhookReceived
from ledger.forgotten import is_payment_forgotten
from ledger.payment import Status
from ledger.store import Clock

log = structlog.get_logger()

OVERTAKING_SECONDS_MAX: Final = 2.0
"""How long a call that came before the answer to its submission waits for that answer."""


FORGOTTEN: Final = "nothing: it was forgotten with the person it speaks of"


class _TooEarlyError(Exception):
    """The payment is still being submitted; the call is to be read again later."""


@dataclass(slots=True)
class _Read:
    """Which payment a call is about, as far as it was read; empty: none that is known."""

    payment_id: str


class Translator:
    """Performs `translate` pieces."""

    def __init__(
        self,
        recorder: Recorder,
        adapters: Mapping[str, Adapter],
        *,
        serving: Serving,
        clock: Clock,
    ) -> None:
        self._recorder, self._adapters, self._clock = recorder, adapters, clock
        self._serving = serving

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
        adapter = self._adapters.get(state.received.provider)
        if adapter is None:
            log.error("translate.provider_missing", provider=state.received.provider)
            return
        recorder = self._recorder.about(recorded, actor="reactor:translate")
        read = _Read(state.received.payment_id or "")
        try:
            effect = await self._understand(recorder, adapter, webhook_id, state.received, read)
        except _TooEarlyError:
            return
        except (
            WebhookUnreadableError,
            CommandRefusedError,
            ErasedError,
            SealBrokenError,
        ) as error:
            is_forgotten = await self._is_forgotten(read.payment_id)
            if is_forgotten and isinstance(error, ErasedError):
                effect = FORGOTTEN
            else:
                log.warning("webhook.orphaned", webhook_id=webhook_id, reason=str(error))
                if is_forgotten:
                    await recorder.vault.erase(webhook_id)
                await recorder.record(
                    commands.OrphanWebhook(webhook_id=webhook_id, reason=str(error)[:500])
                )
                return
        else:
            if await self._is_forgotten(read.payment_id):
                await recorder.vault.erase(webhook_id)
        await recorder.record(
            commands.CloseWebhook(webhook_id=webhook_id, payment_id=read.payment_id, effect=effect)
        )

    async def _is_forgotten(self, payment_id: str) -> bool:
        """Whether a call came late: the person it speaks of was forgotten, and it must be too.

        The store is asked, and not what this process remembers: nobody looks a second time. And so
        is the log: where a key is only missing, nobody was forgotten, and the call is evidence.
        """
        if not payment_id or not payment_id.isprintable():
            return False
        try:
            state, _ = await self._recorder.handler.payment(payment_id)
        except UnknownPaymentError:
            return False
        return await self._recorder.vault.is_erased(
            state.requested.sealed, afresh=True
        ) and await is_payment_forgotten(self._recorder.handler.store, payment_id)

    async def _understand(
        self,
        recorder: Recorder,
        adapter: Adapter,
        webhook_id: str,
        received: WebhookReceived,
        read: _Read,
    ) -> str:
        call = kept_call.read(await recorder.vault.open(received.sealed, context=webhook_id))
        asked = adapter.translate(call, received.verdict, self._clock())
        effects: list[str] = []
        for command in asked:
            payment_id = read.payment_id = command.payment_id
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
            elif adapter.name not in self._serving.adapters(state.requested.mode):
                raise WebhookUnreadableError(
                    f"it is proved as a test or for real, and payment {payment_id} is the other"
                )
            happened = await recorder.record(command)
            effects += [one.type for one in happened] or [f"{type(command).__name__}: already so"]
        return ", ".join(effects) or "nothing to do"

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
