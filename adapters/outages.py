"""Outages: tells the ledger when the breakers of this process open and close.

A breaker turns in the middle of a call, where nobody may wait for a store; so a turn only marks its
way, and this task tells afterwards how the breaker stands by then. What opened and closed again
meanwhile is nothing to remember. The ledger decides what of it is news (`ledger.provider`).

What the log does not say yet, because it came too soon after the last time or the store was away,
is told again later. A first success is told too: whoever stopped while a breaker was open has left
a log that says so for ever. So before anything is told, the log is asked what it says, in this
month's stream and in those before it.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Final

import structlog

from adapters.ways import Way, Ways
from ledger import commands
from ledger.entry import Context
from ledger.errors import StoreError, StreamTooLongError
from ledger.handling import Handler
from ledger.provider import Provider, months_around, stream_for
from ledger.store import STREAM_EVENTS_MAX, Clock

log = structlog.get_logger()

AGAIN_SECONDS: Final = 15.0
"""When to tell again what the log does not say yet."""

ACTOR: Final = "reactor:outages"


class Outages:
    """Tells what becomes of every breaker of this process; see `run`."""

    def __init__(self, handler: Handler, ways: Ways, *, clock: Clock) -> None:
        self._handler, self._clock = handler, clock
        self._turned: dict[tuple[str, str], Way] = {}
        self._open: set[tuple[str, str]] = set()
        self._news = asyncio.Event()
        ways.listen(self._turn)

    async def run(self) -> None:
        """Tell every turn until cancelled."""
        while True:
            try:
                async with asyncio.timeout(AGAIN_SECONDS if self._turned else None):
                    await self._news.wait()
            except TimeoutError:
                pass
            await self.tell()

    async def tell(self) -> None:
        """Tell how each breaker stands that has turned; what the log does not say yet is kept."""
        self._news.clear()
        turned, self._turned = self._turned, {}
        for key, way in turned.items():
            try:
                is_said = await self._say(way)
            except StreamTooLongError as error:
                log.error("outages.untold", provider=way.provider, reason=str(error))  # noqa: TRY400
                continue
            except StoreError as error:
                log.warning("outages.postponed", provider=way.provider, reason=str(error))
                is_said = False
            if not is_said:
                self._turned.setdefault(key, way)

    def _turn(self, way: Way) -> None:
        breaker, key = way.breaker, (way.provider, way.power)
        is_open = breaker.state != "closed"
        if not is_open and key in self._open:
            self._open.discard(key)
            log.info("breaker.closed", provider=way.provider, power=way.power)
        elif is_open and key not in self._open:
            self._open.add(key)
            log.warning(
                "breaker.opened",
                provider=way.provider,
                power=way.power,
                failures=breaker.failures,
                seconds=breaker.open_for_seconds,
            )
        self._turned[key] = way
        self._news.set()

    async def _say(self, way: Way) -> bool:
        """Tell how a breaker stands now; whether the log says so then."""
        breaker, now = way.breaker, self._clock()
        is_open = breaker.state != "closed"
        open_since = await self._open_since(way, now)
        if not is_open:
            for month in open_since:
                await self._record(
                    commands.RecordBreakerClosed(
                        provider=way.provider, power=way.power, month=month
                    )
                )
            return True
        if open_since:
            return True
        state = await self._record(
            commands.RecordBreakerOpened(
                provider=way.provider,
                power=way.power,
                failures=breaker.failures,
                at=now,
                until=now + timedelta(seconds=breaker.open_for_seconds),
            )
        )
        return way.power in state.open_powers

    async def _open_since(self, way: Way, now: datetime) -> list[str | None]:
        """The months in which the log says that it was opened, and nowhere that it was closed.

        Several only where the clocks of processes differ at the turn of a month. A stream that is
        full says nothing of today: its end could not be told.
        """
        found: list[str | None] = []
        for month in (*months_around(now), None):
            state, recorded = await self._handler.outages(way.provider, way.power, month)
            if way.power in state.open_powers and len(recorded) < STREAM_EVENTS_MAX:
                found.append(month)
        return found

    async def _record(self, command: commands.ProviderCommand) -> Provider:
        cause = f"breaker:{command.provider}:{command.power}"
        context = Context(ACTOR, stream_for(command), cause)
        state: Provider = (await self._handler.handle(command, context=context)).state
        return state
