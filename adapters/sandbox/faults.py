"""What goes wrong at a provider, on purpose and reproducibly: the fault model of both sandboxes.

`Faults` says how often each thing goes wrong, `Dice` whether it does for one call, `FaultyLine` is
the aiohttp middleware that spoils answers. Callbacks go wrong in `callbacks`; time is in `timer`.

The trick: a throw is a hash of (seed, kind, key), not the next number of a generator. Two runs
with one seed hurt the same payments in the same way, whatever the order in which requests arrive.
The key holds the ordinal of the call for its reference, so a repeat throws again and may pass.

Why one middleware before all handlers: a handler then is only the provider's protocol, and every
operation suffers the same weather. The alternative, faults inside the handlers, would have to be
written once per operation and would be forgotten in one of them.

It does not decide what a payment becomes; declines and expiries are the provider's own business.
"""

import asyncio
import hashlib
import socket
import struct
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final, Self

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from pydantic import BaseModel, ConfigDict, Field

from adapters.sandbox.spoiling import SPOILINGS, Spoiling, spoilt
from adapters.sandbox.timer import Timer, wait

SILENT_SECONDS_MAX: Final = 120.0
"""How long an answer that never comes keeps its connection before we hang up."""

REFERENCES_COUNTED_MAX: Final = 100_000
"""How many (operation, reference) pairs keep an ordinal; the oldest are forgotten first."""

HTML_PAGE: Final = (
    "<html><head><title>Request Rejected</title></head><body>The requested URL was rejected."
    "<br><br>Your support ID is: 0000000000000000000</body></html>"
)

Probability = Annotated[float, Field(ge=0.0, le=1.0)]
Seconds = Annotated[float, Field(ge=0.0)]


class Outage(BaseModel):
    """A window, counted from the server's start, in which everything answers 503."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    after_seconds: Seconds
    for_seconds: Seconds


class Faults(BaseModel):
    """How often each thing goes wrong: probabilities from 0 to 1, all 0 unless said otherwise.

    `callback_early` means that the callback arrives before the creating call is answered;
    `server_error` that nothing had happened; `server_error_after`, `connection_reset_after` and
    `silent_after_accept` that the payment was accepted and only the answer is lost.
    `html_with_200` is a gateway's page: whether the request went through behind it is thrown too.
    `answer_spoilt_before` and `answer_spoilt_after` are answers that are not what they should be
    (`adapters.sandbox.spoiling`): instead of the deed, or after it; which kind is thrown too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = 0
    callback_lost: Probability = 0.0
    callback_late: Probability = 0.0
    callback_late_seconds: Seconds = 5.0
    callback_duplicated: Probability = 0.0
    callback_reordered: Probability = 0.0
    callback_early: Probability = 0.0
    server_error: Probability = 0.0
    server_error_after: Probability = 0.0
    html_with_200: Probability = 0.0
    connection_reset_before: Probability = 0.0
    connection_reset_after: Probability = 0.0
    slow_answer: Probability = 0.0
    slow_answer_seconds: Seconds = 2.0
    silent_after_accept: Probability = 0.0
    answer_spoilt_before: Probability = 0.0
    answer_spoilt_after: Probability = 0.0
    spoilt_as: Annotated[tuple[Spoiling, ...], Field(min_length=1)] = SPOILINGS
    drip_seconds: Seconds = 0.2
    outages: tuple[Outage, ...] = ()

    @classmethod
    def none(cls) -> Self:
        """Return perfect weather."""
        return cls()

    @classmethod
    def storm(cls, seed: int) -> Self:
        """Return a demanding mix for demonstrations: about every third call is hurt somehow."""
        return cls(
            seed=seed,
            callback_lost=0.25,
            callback_late=0.15,
            callback_late_seconds=3.0,
            callback_duplicated=0.15,
            callback_reordered=0.10,
            callback_early=0.10,
            server_error=0.05,
            server_error_after=0.05,
            html_with_200=0.05,
            connection_reset_before=0.03,
            connection_reset_after=0.03,
            slow_answer=0.05,
            slow_answer_seconds=0.5,
            silent_after_accept=0.04,
        )


class Dice:
    """Throws that depend on the seed, the kind of fault and the key, and on nothing else."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def strikes(self, kind: str, key: str) -> bool:
        """Say whether the fault called `kind` (a field of `Faults`) hits the call called `key`."""
        probability: float = getattr(self._faults, kind)
        return self.throw(kind, key) < probability

    def throw(self, kind: str, key: str) -> float:
        """Return a number in [0, 1), always the same for the same seed, kind and key."""
        text = f"{self._faults.seed}\0{kind}\0{key}".encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=6).digest()) / (1 << 48)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a request is about: the key of its faults, and whether it may move money."""

    operation: str
    reference: str = ""
    moves_money: bool = False


class FaultyLine:
    """The line between the caller and the provider; `install` puts it before all else.

    `name_call` tells what a request is about; None means that nothing goes wrong with it (our own
    pages, a payer's page). `error_answer` makes the provider's own shape of a 500 and a 503.
    Outages are counted from the moment this object is made.
    """

    def __init__(
        self,
        faults: Faults,
        *,
        timer: Timer,
        name_call: Callable[[web.Request], Call | None],
        error_answer: Callable[[int], web.Response] = lambda status: web.Response(status=status),
    ) -> None:
        self._faults = faults
        self._dice = Dice(faults)
        self._timer = timer
        self._name_call = name_call
        self._error_answer = error_answer
        self._started_seconds = timer.now_seconds()
        self._ordinals: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._waits: set[asyncio.Task[None]] = set()
        self._is_closing = False

    def install(self, application: web.Application) -> None:
        """Spoil every answer of `application`, and let no silent call hold up its shutdown."""
        application.middlewares.insert(0, self.middleware)
        application.on_shutdown.append(self._hang_up_all)

    @property
    def middleware(self) -> Middleware:
        """The aiohttp middleware; prefer `install`, which also takes care of the shutdown."""

        @web.middleware
        async def spoil(request: web.Request, handler: Handler) -> web.StreamResponse:
            call = self._name_call(request)
            if call is None:
                return await handler(request)
            return await self._answer(request, handler, call)

        return spoil

    async def _answer(
        self, request: web.Request, handler: Handler, call: Call
    ) -> web.StreamResponse:
        if self._is_out():
            return self._error_answer(503)
        key = self._key_of(call)
        if self._dice.strikes("connection_reset_before", key):
            return _reset(request)
        if self._dice.strikes("server_error", key):
            return self._error_answer(500)
        if self._dice.strikes("html_with_200", key):
            if self._dice.throw("html_with_200 went through", key) < 0.5:
                await handler(request)
            return web.Response(text=HTML_PAGE, content_type="text/html")
        if self._dice.strikes("answer_spoilt_before", key):
            return await self._spoilt(request, None, key)
        answer = await handler(request)
        return await self._spoil_after(request, answer, call, key)

    async def _spoil_after(
        self, request: web.Request, answer: web.StreamResponse, call: Call, key: str
    ) -> web.StreamResponse:
        is_accepted = call.moves_money and answer.status < 300
        if self._dice.strikes("connection_reset_after", key):
            return _reset(request)
        if is_accepted and self._dice.strikes("server_error_after", key):
            return self._error_answer(500)
        if is_accepted and self._dice.strikes("silent_after_accept", key):
            await self._wait(SILENT_SECONDS_MAX)
            return _reset(request)
        if self._dice.strikes("slow_answer", key):
            await self._wait(self._faults.slow_answer_seconds)
        if self._dice.strikes("answer_spoilt_after", key):
            return await self._spoilt(request, answer, key)
        return answer

    async def _spoilt(
        self, request: web.Request, answer: web.StreamResponse | None, key: str
    ) -> web.StreamResponse:
        kinds = self._faults.spoilt_as
        kind = kinds[int(self._dice.throw("kind of spoiling", key) * len(kinds))]

        async def drip() -> bool:
            await self._wait(self._faults.drip_seconds)
            return not self._is_closing

        return await spoilt(request, answer, kind, drip=drip)

    def _is_out(self) -> bool:
        elapsed_seconds = self._timer.now_seconds() - self._started_seconds
        return any(
            outage.after_seconds <= elapsed_seconds < outage.after_seconds + outage.for_seconds
            for outage in self._faults.outages
        )

    def _key_of(self, call: Call) -> str:
        pair = (call.operation, call.reference)
        ordinal = self._ordinals.pop(pair, 0) + 1
        self._ordinals[pair] = ordinal
        if len(self._ordinals) > REFERENCES_COUNTED_MAX:
            self._ordinals.popitem(last=False)
        return f"{call.operation}:{call.reference}:{ordinal}"

    async def _wait(self, seconds: float) -> None:
        if self._is_closing:
            return
        task = asyncio.create_task(wait(self._timer, seconds))
        self._waits.add(task)
        task.add_done_callback(self._waits.discard)
        # Hanging up at shutdown cancels the wait, not the request that stands behind it.
        await asyncio.wait({task})

    async def _hang_up_all(self, _application: web.Application) -> None:
        self._is_closing = True
        for task in tuple(self._waits):
            task.cancel()


def _reset(request: web.Request) -> web.Response:
    """Cut the connection with a TCP reset; aiohttp finds it closed and sends nothing."""
    transport = request.transport
    if transport is not None:
        raw = transport.get_extra_info("socket")
        if raw is not None:
            # A linger of zero makes the close a reset instead of an orderly end of stream.
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response(status=502)
