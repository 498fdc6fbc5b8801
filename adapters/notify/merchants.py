"""Merchants: tells their endpoints what became of their payments, signed, until they have heard it.

A message is delivered when the endpoint answers 2xx. Everything else is tried again, ever more
slowly, for three days, and then parked: it is never lost, and can be replayed. 410 says that the
endpoint is gone, and disables it. Every attempt is an event, with status, time taken and the first
bytes of the answer (sealed: a merchant's server may answer with anything).

At least once, and in order for each payment: the next message about a payment waits until the one
before was delivered or parked (`projections.deliveries`). A merchant who was told twice knows it by
the `webhook-id`.

A test tells one endpoint of itself, and is about no payment; all else is done as for any message.

The trick: nothing is recorded before a call. Whoever dies in the middle of one tells the merchant
again, which costs nothing; a payment would be another matter.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import orjson
import structlog

from adapters.base import Due
from adapters.notify.signing import SigningPair, signed_headers
from adapters.recording import Recorder
from adapters.transport_outward import Outward, Sent
from ledger import commands_endpoint as commands
from ledger import events, payment
from ledger.endpoint import Endpoint, Message
from ledger.entry import RecordedEvent
from ledger.errors import ErasedError, UnknownPaymentError
from ledger.notices import TEST_TYPE, notice_of
from ledger.payment import Payment
from ledger.store import Clock

log = structlog.get_logger()

RETRY_SECONDS: Final = (
    *(5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0, 7200.0, 14400.0),
    *(21600.0, 28800.0, 36000.0, 43200.0, 50400.0, 51445.0),
)
"""The pause after each attempt that failed: growing, and three days together."""

GONE: Final = 410
BODY_BYTES_MAX: Final = 32 * 1024
"""How large a message may be; a larger one is told without its `data`."""

ENDPOINT_KEY_LOST: Final = "the data key of the endpoint's address and secrets is missing"
"""Nobody ever destroys one, so it is tried again: the key may be restored meanwhile."""

Compose = Callable[[Payment, Sequence[RecordedEvent]], Awaitable[dict[str, object]]]
"""Writes a payment, folded up to the last of these events, as its merchant may see it."""


def endpoint_subject(endpoint_id: str) -> str:
    """Whose the keys are that an endpoint's secrets are sealed under."""
    return f"endpoint-{endpoint_id}"


def url_context(endpoint_id: str) -> str:
    """What the address is bound to that an endpoint was given later."""
    return f"{endpoint_subject(endpoint_id)}/url"


def answer_context(endpoint_id: str, position: int, attempt: int) -> str:
    """What a sealed answer is bound to."""
    return f"{endpoint_id}/{position}/{attempt}"


class Merchants:
    """Performs `deliver` pieces."""

    def __init__(
        self, recorder: Recorder, outward: Outward, compose: Compose, *, clock: Clock
    ) -> None:
        self._recorder, self._outward, self._compose = recorder, outward, compose
        self._clock = clock

    async def perform(self, due: Due) -> None:
        """Tell one endpoint one message, if it is still to be told."""
        endpoint_id, position = due.stream_id.split(".")[:2]
        state, _ = await self._recorder.handler.endpoint(endpoint_id)
        (about,) = await self._recorder.handler.store.read(int(position) - 1, 1)
        payment_id = _about_id(about)
        delivery = await self._recorder.handler.delivery(endpoint_id, payment_id)
        message = delivery.messages.get(about.position)
        if not state.is_enabled or (message is not None and not message.is_open):
            return
        told = await self._told(endpoint_id, state, payment_id, about)
        if told is None:
            return
        recorder = self._recorder.about([about], actor="reactor:deliveries")
        sent, seconds = await self._send(due.stream_id, state, about, told)
        await self._record(recorder, endpoint_id, told, about, message, sent, seconds)

    async def _told(
        self, endpoint_id: str, endpoint: Endpoint, payment_id: str, about: RecordedEvent
    ) -> "_Told | None":
        """What is told of an event: of a payment as it stood then; None where it is no news."""
        if isinstance(about.event, events.EndpointTested):
            return _of_a_test(endpoint_id, payment_id, endpoint)
        folded = await self._folded(payment_id, about)
        if folded is None:
            return None
        state, recorded = folded
        type_ = notice_of(state.kind, about.event) or ""
        composed = await self._compose(state, recorded)
        return _Told(type_, payment_id, payment_id, state.requested.sealed, composed)

    async def _folded(
        self, payment_id: str, about: RecordedEvent
    ) -> tuple[Payment, list[RecordedEvent]] | None:
        """Fold a payment up to an event; None where another provider took over with the next."""
        try:
            _, recorded = await self._recorder.handler.payment(payment_id)
        except UnknownPaymentError:
            return None
        if any(
            isinstance(one.event, events.PaymentRerouted) and one.position == about.position + 1
            for one in recorded
        ):
            return None
        until = [one for one in recorded if one.position <= about.position]
        state = payment.INITIAL
        for one in until:
            state = payment.evolve(state, one.event)
        return state, until

    async def _send(
        self,
        message_id: str,
        state: Endpoint,
        about: RecordedEvent,
        told: "_Told",
    ) -> tuple[Sent, float]:
        endpoint_id = message_id.partition(".")[0]
        try:
            url, pairs = await opened(self._recorder, endpoint_id, state, self._clock())
        except ErasedError:
            return Sent(None, ENDPOINT_KEY_LOST), 0.0
        content = message_content(told.type, about, told.data)
        body = orjson.dumps(content, option=orjson.OPT_UTC_Z)
        if len(body) > BODY_BYTES_MAX:
            content["data"] = {"id": told.id, "is_cut": True}
            body = orjson.dumps(content, option=orjson.OPT_UTC_Z)
        headers = signed_headers(message_id, self._clock(), body, pairs)
        headers["Content-Type"] = "application/json"
        started = asyncio.get_running_loop().time()
        sent = await self._outward.post(url, headers, body)
        return sent, asyncio.get_running_loop().time() - started

    async def _record(
        self,
        recorder: Recorder,
        endpoint_id: str,
        told: "_Told",
        about: RecordedEvent,
        message: Message | None,
        sent: Sent,
        seconds: float,
    ) -> None:
        number, tries = (1, 0) if message is None else (message.attempts + 1, message.tries)
        is_delivered = sent.status is not None and 200 <= sent.status < 300
        context = answer_context(endpoint_id, about.position, number)
        vault = self._recorder.vault
        sealed_answer: str | None = None
        if sent.answer:
            # It may repeat anything about the person: it is forgotten with them, or not kept.
            with suppress(ErasedError):
                sealed_answer = await vault.seal_beside(told.sealed, sent.answer, context=context)
        retry_at: datetime | None = None
        if not is_delivered and sent.status != GONE and tries < len(RETRY_SECONDS):
            retry_at = self._clock() + timedelta(seconds=RETRY_SECONDS[tries])
        await recorder.record(
            commands.RecordDelivery(
                endpoint_id=endpoint_id,
                payment_id=told.payment_id,
                position=about.position,
                attempt=number,
                is_delivered=is_delivered,
                status=sent.status,
                reason=sent.reason,
                latency_ms=round(seconds * 1000),
                sealed_answer=sealed_answer,
                retry_at=retry_at,
            )
        )
        if sent.status == GONE:
            await recorder.record(
                commands.DisableEndpoint(
                    endpoint_id=endpoint_id, by="endpoint", reason="it answered 410: it is gone"
                )
            )


@dataclass(frozen=True, slots=True)
class _Told:
    """What an endpoint is told."""

    type: str
    payment_id: str
    """What it is about, as the delivery's stream names it: a payment or a test."""
    id: str
    """Of what `data` shows."""
    sealed: str
    """What an answer is sealed beside, and forgotten with."""
    data: Mapping[str, object]


def _about_id(about: RecordedEvent) -> str:
    """What the delivery of a message is about: a payment or a test."""
    if isinstance(about.event, events.EndpointTested):
        return about.event.test_id
    return about.stream.partition("-")[2]


def _of_a_test(endpoint_id: str, test_id: str, state: Endpoint) -> _Told:
    """What an endpoint is told of itself, by a test."""
    assert state.added is not None
    shown = {
        "id": endpoint_id,
        "mode": state.added.mode,
        "types": list(state.types),
        "description": state.description,
    }
    return _Told(TEST_TYPE, test_id, endpoint_id, state.sealed, shown)


def message_content(
    type_: str, about: RecordedEvent, payment: Mapping[str, object]
) -> dict[str, object]:
    """Write a message: what happened, when, at which position, and the payment as it stood then."""
    return {
        "type": type_,
        "timestamp": about.recorded_at,
        "position": about.position,
        "data": payment,
    }


async def opened(
    recorder: Recorder, endpoint_id: str, state: Endpoint, now: datetime
) -> tuple[str, list[SigningPair]]:
    """Open an endpoint's address and the pairs that sign now: the newest, and a former one for a
    while.

    Raises:
        ErasedError: their data key is missing.
    """
    text = await recorder.vault.open(state.sealed, context=endpoint_subject(endpoint_id))
    kept = orjson.loads(text)
    if state.sealed_url is not None:
        kept["url"] = await recorder.vault.open(state.sealed_url, context=url_context(endpoint_id))
        kept["url"] = kept["url"].decode()
    pairs = [SigningPair(*one) for one in kept["pairs"]]
    is_former_valid = state.rotated is not None and now < state.rotated.former_until
    return kept["url"], pairs[: 2 if is_former_valid else 1]
