"""The one HTTP client: every call to every provider leaves through a `Transport`.

The one thing it must never get wrong is which of three things happened:

    Answer               the provider answered, whatever it says
    NotSentError         nothing reached it: refused connection, unknown host, failed TLS, no
                         connection in time, breaker open, no turn in time, forbidden address
    AnswerUnknownError   it was sent, and then: silence, a reset, half an answer, too much of one

The trick: "not sent" is said only where it is certain, which is where aiohttp says that it could
not connect. Everything else after the first byte may have moved money, and is unknown.

Each provider has its own `Transport`: its connections, its limits on calls at once and per second
(with a bounded wait for a turn), and a breaker for each thing it is called for (`adapters.ways`).
Repeats are made here only of what was certainly not sent or is safe to repeat, and only within the
time limit of the one call. Redirects are not followed, cookies are not kept, proxies from the
environment are not used. Limits on calls per second are those of this process, or of all that share
(`adapters.sharing`); on calls at once they are of this process: give each its part.

It reads no JSON by itself and knows no provider. Secrets never stand in its errors: their text is
our own, and the exception of the HTTP library, which holds headers and addresses, is dropped.

Why a status of 502, 503 or 504 trips the breaker and a 500 does not: gateways say the former about
a provider that is away; MTN says 500 about a caller's mistake.
"""

import asyncio
import ipaddress
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Protocol

import aiohttp
import structlog
from yarl import URL

from adapters.answer import (
    NO_HEADERS,
    Answer,
    AnswerUnknownError,
    Method,
    NotSentError,
    Request,
    TransportError,
    request_of,
)
from adapters.base import Pace
from adapters.breaker import Breaker
from adapters.limits import Limiter
from adapters.sharing import ALONE, Sharing, Shelf
from adapters.transcript import Exchange, Observer, Scrub
from adapters.transport_exchange import exchange
from adapters.ways import Errand, Ways, present_errand
from adapters.wire import Wire

log = structlog.get_logger()

ATTEMPTS_MAX: Final = 3
PAUSE_SECONDS: Final = 0.1
"""Before the first repeat of a call; doubled for the next, and spread by half of itself."""

ABANDONED: Final = "we stopped waiting"
CLOSED: Final = "the way to the provider was closed"
TOO_LATE: Final = "too much time went by here before the call"

_AWAY: Final = frozenset({502, 503, 504})


class OpenTransport(Protocol):
    """How an adapter gets its transport: `functools.partial(Transport, clock=...)` is one."""

    def __call__(self, pace: Pace, *, name: str, scrub: Scrub) -> "Transport":
        """Make the transport of the provider called `name`."""


def _nothing(transcript: str, *, keeps_persons: bool = False) -> str:
    return ""


@dataclass(slots=True)
class _Wires:
    """What belongs to the running loop, made at the first call."""

    session: aiohttp.ClientSession
    turns: asyncio.Semaphore
    rate: Limiter
    inquiry_rate: Limiter | None


class Transport:
    """The way to one provider. Opens nothing before the first call; `close` when done."""

    def __init__(
        self,
        pace: Pace,
        *,
        clock: Callable[[], datetime],
        name: str = "provider",
        scrub: Scrub = _nothing,
        observer: Observer | None = None,
        is_loopback_only: bool = False,
        ways: Ways | None = None,
        sharing: Sharing = ALONE,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        spread: Callable[[], float] = random.random,
    ) -> None:
        """Describe the way.

        Args:
            pace: the provider's limits.
            clock: stamps transcripts, and is `now`; durations are the running loop's.
            name: the provider's, for transcripts and logs.
            scrub: takes secrets out of a transcript; by default nothing of it is left.
            observer: is given every exchange; what it raises is logged and goes no further.
            is_loopback_only: refuse every other host: for the sandboxes and for tests.
            ways: where its breakers lie; by default nobody else sees them.
            sharing: what it shares with other processes; by default nothing.
            sleep: how the pause before a repeat is made.
            spread: a number from 0 to 1 that spreads those pauses.
        """
        self._pace, self._clock, self._name = pace, clock, name
        self._scrub, self._observer = scrub, observer
        self._is_loopback_only = is_loopback_only
        self._sleep, self._spread = sleep, spread
        self._ways, self._sharing = ways or Ways(), sharing
        self._wires: _Wires | None = None
        self._is_closed = False

    def shelf(self, *parts: str) -> Shelf | None:
        """Where a token of this provider is shared; None where tokens are not.

        Args:
            parts: what it is for and the credentials it is given for, in any order but always
                the same; none of them is kept.
        """
        return self._sharing.shelf(self._name, *parts)

    def now(self) -> datetime:
        """Read the clock: for an adapter whose provider says until when something holds."""
        return self._clock()

    async def close(self) -> None:
        """Close every connection; calls afterwards are not sent."""
        self._is_closed = True
        wires, self._wires = self._wires, None
        if wires is not None:
            await wires.session.close()

    async def call(
        self,
        method: Method,
        url: str,
        headers: Mapping[str, str] = NO_HEADERS,
        *,
        json: object = None,
        form: Mapping[str, str] | None = None,
        xml: str | None = None,
        is_safe_to_repeat: bool,
        is_inquiry: bool = False,
    ) -> Answer:
        """Make one call, within `pace.call_timeout_seconds` after a bounded wait for a turn.

        Args:
            method: the HTTP method.
            url: where to; https, or loopback.
            headers: sent as they are; `Content-Type` follows from the body.
            json: the body as JSON; None for none.
            form: the body as a form, if there is no `json`.
            xml: the body as XML without its declaration, if there is neither.
            is_safe_to_repeat: whether sending it twice does no more than sending it once.
            is_inquiry: whether it counts towards `pace.inquiries_per_second_max` too.

        Raises:
            NotSentError: nothing reached the provider.
            AnswerUnknownError: something may have.
        """
        request = request_of(method, self._checked(url), headers, json=json, form=form, xml=xml)
        errand = present_errand(is_inquiry=is_inquiry)
        errand.status = None
        breaker = self._ways.of(self._name, errand.power).breaker
        if (pause_seconds := breaker.open_for_seconds) > 0:
            raise NotSentError(
                f"{self._name} kept failing; no {errand.power} for {pause_seconds:.0f} s"
            )
        async with self._turn(is_inquiry=is_inquiry) as session:
            loop = asyncio.get_running_loop()
            deadline = loop.time() + self._pace.call_timeout_seconds
            was_maybe_sent = False
            for attempt in range(1, ATTEMPTS_MAX + 1):
                if errand.until_seconds is not None and loop.time() >= errand.until_seconds:
                    raise AnswerUnknownError(TOO_LATE)
                try:
                    seconds = deadline - loop.time()
                    return await self._attempt(session, request, seconds, breaker, errand)
                except TransportError as error:
                    was_maybe_sent = was_maybe_sent or not isinstance(error, NotSentError)
                    pause_seconds = PAUSE_SECONDS * 2.0 ** (attempt - 1) * (0.5 + self._spread())
                    if (
                        attempt == ATTEMPTS_MAX
                        or (was_maybe_sent and not is_safe_to_repeat)
                        or loop.time() + pause_seconds >= deadline
                        or breaker.state != "closed"
                    ):
                        raise _certain(error, was_maybe_sent=was_maybe_sent) from None
                await self._sleep(pause_seconds)
        raise AssertionError("unreachable: the last attempt raises")

    def _checked(self, url: str) -> URL:
        """Read the address, if we may call it: secrets leave this machine by https alone."""
        try:
            target = URL(url)
        except ValueError:
            raise NotSentError("the address is none") from None
        if not is_loopback(target.host or ""):
            if self._is_loopback_only:
                raise NotSentError("only this machine may be called, and the address is another's")
            if target.scheme != "https":
                raise NotSentError("the address is neither https nor on this machine")
        return target

    @asynccontextmanager
    async def _turn(self, *, is_inquiry: bool) -> AsyncIterator[aiohttp.ClientSession]:
        """Wait, not for ever, until one more call fits into the provider's limits."""
        wires = self._opened()
        limit_seconds = self._pace.queue_seconds_max(is_inquiry=is_inquiry)
        has_turn = False
        try:
            try:
                async with asyncio.timeout(limit_seconds):
                    # Inquiries wait for their narrower limit first, and outside: they must not
                    # stand in the way of submissions meanwhile.
                    if is_inquiry and wires.inquiry_rate is not None:
                        await wires.inquiry_rate.acquire(limit_seconds)
                    has_turn = await wires.turns.acquire()
                    await wires.rate.acquire(limit_seconds)
            except TimeoutError:
                raise NotSentError(f"no turn to call within {limit_seconds:.3g} s") from None
            if self._is_closed:
                raise NotSentError(CLOSED)
            yield wires.session
        finally:
            if has_turn:
                wires.turns.release()

    def _opened(self) -> _Wires:
        if self._is_closed:
            raise NotSentError(CLOSED)
        if self._wires is None:
            pace = self._pace
            session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=pace.concurrency_max),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=pace.call_timeout_seconds),
                headers={"User-Agent": "cauri"},
                trust_env=False,
                raise_for_status=False,
            )
            narrower, limiter = pace.inquiries_per_second_max, self._sharing.limiter
            self._wires = _Wires(
                session,
                turns=asyncio.Semaphore(pace.concurrency_max),
                rate=limiter(f"{self._name} calls", pace.calls_per_second_max),
                inquiry_rate=None
                if narrower is None
                else limiter(f"{self._name} inquiries", narrower),
            )
        return self._wires

    async def _attempt(
        self,
        session: aiohttp.ClientSession,
        request: Request,
        seconds: float,
        breaker: Breaker,
        errand: Errand,
    ) -> Answer:
        permit = breaker.admit()
        if permit is None:
            raise NotSentError(f"{self._name} kept failing; its {errand.power} is being probed")
        started, at = asyncio.get_running_loop().time(), self._clock()
        result: Answer | TransportError | None = None
        wire = Wire()
        try:
            result = await exchange(session, request, seconds, wire)
            errand.status = result.status
        except TransportError as error:
            result = error
            raise
        finally:
            is_success = None if result is None else not _is_failure(result)
            breaker.settle(permit, is_success=is_success)
            took = asyncio.get_running_loop().time() - started
            self._tell(request, result, wire, errand, at=at, seconds=took)
        return result

    def _tell(
        self,
        request: Request,
        result: Answer | TransportError | None,
        wire: Wire,
        errand: Errand,
        *,
        at: datetime,
        seconds: float,
    ) -> None:
        if self._observer is None:
            return
        answer = result if isinstance(result, Answer) else None
        kind: Literal["answered", "not_sent", "unknown"] = "answered" if answer else "unknown"
        if isinstance(result, NotSentError):
            kind = "not_sent"
        exchange = Exchange(
            provider=self._name,
            power=errand.power,
            at=at,
            seconds=seconds,
            result=kind,
            reason=None if answer else str(result or ABANDONED),
            request=request,
            answer=answer,
            wire=wire,
            scrub=self._scrub,
        )
        try:
            self._observer(exchange)
        except Exception:
            # Money may have moved: a mistake in what watches must not hide the answer.
            log.exception("transport.observer_failed", provider=self._name)


def _is_failure(result: Answer | TransportError) -> bool:
    return result.status in _AWAY if isinstance(result, Answer) else True


def _certain(error: TransportError, *, was_maybe_sent: bool) -> TransportError:
    """Return the last error, unless an earlier attempt may have reached the provider."""
    if was_maybe_sent and isinstance(error, NotSentError):
        return AnswerUnknownError(f"an earlier attempt may have arrived; then: {error.reason}")
    return error


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its text alone: nothing is resolved."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
