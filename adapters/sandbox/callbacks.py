"""How a sandbox tells the merchant's server what became of a payment, and how that goes wrong.

`CallbackSender` sends over a real socket: once or by a schedule of retries, with few connections
and a short time limit, as providers do. By the same `Dice` as the transport it loses, delays,
doubles and swaps callbacks. It signs and adds nothing: method, URL and body are the caller's.

Why it refuses to leave the machine: a sandbox with a mistyped callback URL would tell a stranger
about payments. `any_host` lifts that, knowingly.
"""

import asyncio
import ipaddress
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Self

import aiohttp
from yarl import URL

from adapters.sandbox.faults import Dice, Faults
from adapters.sandbox.timer import Timer

TIMEOUT_SECONDS: Final = 2.0
CONCURRENCY_MAX: Final = 16
PENDING_MAX: Final = 10_000
ATTEMPTS_REMEMBERED_MAX: Final = 10_000

Mode = Literal["once", "retry_schedule"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryBlock:
    """`attempts` further attempts, each `pause_seconds` after the one before."""

    attempts: int
    pause_seconds: float


RETRY_SCHEDULE: Final = (
    RetryBlock(attempts=20, pause_seconds=1.0),
    RetryBlock(attempts=30, pause_seconds=120.0),
    RetryBlock(attempts=24, pause_seconds=3600.0),
)
"""One of MTN's two callback pages; that page leaves the last block open, here it ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """One message for the merchant: `key` names the payment and is the key of its faults."""

    key: str
    method: Literal["POST", "PUT"]
    url: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt to deliver: the HTTP status that came back, None if nothing did."""

    key: str
    status: int | None


class CallbackSender:
    """Sends callbacks in the background, badly if the faults say so.

    `send` never waits and never raises; beyond `PENDING_MAX` unfinished callbacks, and before
    `start` and after `stop`, a callback is lost. Use it as an async context manager, or
    call `start` and `stop`. Tests wait on `settled` and read `attempts`.
    """

    def __init__(
        self,
        faults: Faults,
        *,
        timer: Timer,
        mode: Mode = "once",
        any_host: bool = False,
        schedule: Sequence[RetryBlock] = RETRY_SCHEDULE,
        is_refusal_final: bool = False,
    ) -> None:
        self.attempts: deque[Attempt] = deque(maxlen=ATTEMPTS_REMEMBERED_MAX)
        self._dice = Dice(faults)
        self._late_seconds = faults.callback_late_seconds
        self._timer = timer
        self._pauses_seconds: tuple[float, ...] = ()
        if mode == "retry_schedule":
            self._pauses_seconds = tuple(
                block.pause_seconds for block in schedule for _ in range(block.attempts)
            )
        self._any_host = any_host
        self._is_refusal_final = is_refusal_final
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._pending = 0
        self._held: Callback | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Open the client."""
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS),
            connector=aiohttp.TCPConnector(limit=CONCURRENCY_MAX),
        )

    async def stop(self) -> None:
        """Drop what is unfinished and close the client."""
        session, self._session = self._session, None
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if session is not None:
            await session.close()

    async def settled(self) -> None:
        """Return when no attempt is under way; what waits for its time on the timer may remain."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def is_early(self, key: str) -> bool:
        """Say whether the callback of `key` must arrive before its creating call is answered."""
        return self._dice.strikes("callback_early", key)

    async def send_now(self, callback: Callback) -> None:
        """Send the early callback: its first attempt has ended when this returns."""
        if self._dice.strikes("callback_lost", callback.key) or not self._take_place():
            return
        await self._attempt(callback, 0)

    def send(self, callback: Callback) -> None:
        """Send in the background: lost, late, twice or after the next one, if the dice say so."""
        if self._dice.strikes("callback_lost", callback.key):
            return
        if self._dice.strikes("callback_duplicated", callback.key):
            self._send_one(callback)
        if self._dice.strikes("callback_late", callback.key):
            self._timer.call_later(self._late_seconds, lambda: self._send_one(callback))
        elif self._held is None and self._dice.strikes("callback_reordered", callback.key):
            self._held = callback
            # Nobody may come after it: then it goes by itself.
            self._timer.call_later(self._late_seconds, lambda: self._let_go(callback))
        else:
            self._send_one(callback)

    def _let_go(self, callback: Callback) -> None:
        if self._held is callback:
            self._held = None
            self._send_one(callback)

    def _send_one(self, callback: Callback) -> None:
        held, self._held = self._held, None
        self._launch((callback,) if held is None else (callback, held))

    def _launch(self, callbacks: tuple[Callback, ...], attempts_made: int = 0) -> None:
        """Deliver one after the other in a task of their own."""
        taken = [callback for callback in callbacks if attempts_made or self._take_place()]

        async def deliver() -> None:
            for callback in taken:
                await self._attempt(callback, attempts_made)

        if self._session is not None and taken:
            task = asyncio.create_task(deliver())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _take_place(self) -> bool:
        if self._session is None or self._pending >= PENDING_MAX:
            return False
        self._pending += 1
        return True

    async def _attempt(self, callback: Callback, attempts_made: int) -> None:
        status = await self._deliver(callback)
        self.attempts.append(Attempt(key=callback.key, status=status))
        is_over = status is not None and 200 <= status < 300
        if status is not None and 400 <= status < 500:
            is_over = self._is_refusal_final
        if is_over or attempts_made >= len(self._pauses_seconds):
            self._pending -= 1
            return
        pause_seconds = self._pauses_seconds[attempts_made]
        self._timer.call_later(pause_seconds, lambda: self._launch((callback,), attempts_made + 1))

    async def _deliver(self, callback: Callback) -> int | None:
        if self._session is None or not (self._any_host or is_on_this_machine(callback.url)):
            return None
        try:
            async with self._session.request(
                callback.method,
                callback.url,
                data=callback.body,
                headers=callback.headers,
                allow_redirects=False,
            ) as response:
                return response.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return None


def is_on_this_machine(url: str) -> bool:
    """Say whether the URL's host is `localhost` or a loopback address; resolves no name."""
    try:
        host = URL(url).host or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
