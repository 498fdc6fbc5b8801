"""The ways out: one to each provider for each thing it is called for, with a breaker of its own.

A provider whose payouts are down may collect as well as ever, so what keeps failing is left alone
and everything else goes on. Every breaker of a process lies in its `Ways`: the transport asks there
before a call, dispatch before a submission, and whoever watches sees all of them.

The trick: what a call is for is said once, by the reactor that sets out (`on_errand`), and holds
for everything that is done underneath: the token that is fetched on the way, both calls of a
provider that needs two. It stands in a context variable, which every task has for itself.

Why not a parameter: it would pass through every private function of every provider, and the one
that forgets it would trip another's breaker without anybody noticing.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, Literal

import structlog

from adapters.base import Capability
from adapters.breaker import Breaker

log = structlog.get_logger()

AnyPower = Capability | Literal["inquiry", "other"]
"""What a provider is called for: a capability; to ask what became of something; anything else."""

TURNED_AWAY: Final = frozenset({401, 403})


@dataclass(slots=True)
class Errand:
    """What somebody has set out for, and how its last call was answered."""

    power: AnyPower
    status: int | None = None
    """The status of the last answer; None before one, and where the last call brought none."""
    until_seconds: float | None = None
    """The running loop's time from which on nobody is called any more."""

    @property
    def was_turned_away(self) -> bool:
        """Whether the provider did not let us in: wrong credentials, or a contract that is over.

        A first 401 is answered by a fresh token, and then by another status.
        """
        return self.status in TURNED_AWAY


_errand: ContextVar[Errand | None] = ContextVar("errand", default=None)


@contextmanager
def on_errand(power: AnyPower, seconds_max: float | None = None) -> Iterator[Errand]:
    """Make every call within one of this power; none begins later than `seconds_max` from now.

    A time limit of `asyncio` is not enough for that: whoever wakes from a long sleep goes on with
    what was ready to run before it looks at the time, and by then others may be at the same work.
    """
    errand = Errand(power)
    if seconds_max is not None:
        errand.until_seconds = asyncio.get_running_loop().time() + seconds_max
    before = _errand.set(errand)
    try:
        yield errand
    finally:
        _errand.reset(before)


def present_errand(*, is_inquiry: bool = False) -> Errand:
    """What the present call is for; where nobody has said, an inquiry or anything else."""
    return _errand.get() or Errand("inquiry" if is_inquiry else "other")


class Way:
    """The way to one provider for one power."""

    def __init__(self, provider: str, power: AnyPower, breaker: Breaker) -> None:
        self.provider, self.power, self.breaker = provider, power, breaker
        self.turned_away = 0
        """How often the provider did not let us in since the start."""
        self._is_taken = False

    def note_turned_away(self, status: int | None) -> None:
        """Say loudly that the provider does not let us in: a person must mend that."""
        self.turned_away += 1
        log.error(
            "provider.turned_us_away", provider=self.provider, power=self.power, status=status
        )

    @contextmanager
    def place(self) -> Iterator[bool]:
        """Whether somebody may set out now, who is about to make calls of this way.

        While only probes are let through, one at a time: what it takes may be several calls, and
        whoever has begun shall not be turned back before the last of them.
        """
        if self.breaker.state == "closed":
            yield True
        elif self.breaker.state == "open" or self._is_taken:
            yield False
        else:
            self._is_taken = True
            try:
                yield True
            finally:
                self._is_taken = False


Listener = Callable[[Way], None]
"""Is told of a way whose breaker opened, closed, or let a first call through."""


class Ways:
    """All ways of one process; a way is there from the first time it is asked for."""

    def __init__(
        self,
        now_seconds: Callable[[], float] | None = None,
        *,
        make_breaker: Callable[..., Breaker] = Breaker,
    ) -> None:
        """Make none yet.

        Args:
            now_seconds: monotonic seconds; by default the running loop's.
            make_breaker: given `now_seconds` and `on_turn`; for tests with other limits.
        """
        self._now_seconds = now_seconds or (lambda: asyncio.get_running_loop().time())
        self._make_breaker = make_breaker
        self._ways: dict[tuple[str, AnyPower], Way] = {}
        self._listeners: list[Listener] = []

    def __iter__(self) -> Iterator[Way]:
        return iter(tuple(self._ways.values()))

    def of(self, provider: str, power: AnyPower) -> Way:
        """The way to a provider for a power."""
        way = self._ways.get((provider, power))
        if way is None:
            breaker = self._make_breaker(
                self._now_seconds, on_turn=lambda: self._tell(provider, power)
            )
            way = self._ways[provider, power] = Way(provider, power, breaker)
        return way

    def listen(self, listener: Listener) -> None:
        """Tell somebody of every turn from now on, at once and in the caller's task."""
        self._listeners.append(listener)

    def _tell(self, provider: str, power: AnyPower) -> None:
        for listener in self._listeners:
            listener(self._ways[provider, power])
