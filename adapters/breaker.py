"""A circuit breaker: after a row of failures a provider is left alone for a while, then probed.

There is one for each thing a provider is called for (`adapters.ways`).

    closed ──failures_max in a row──► open ──open_seconds──► half open ──probes succeed──► closed
                                        ▲                        │
                                        └──── a probe fails ─────┘   (each time twice as long)

The trick: every admitted call carries a `Permit` with the generation it was admitted in, and the
generation changes with every change of state. A call begun before the breaker opened may end
minutes later; its permit is of a former generation, so its result says nothing about now.

It knows no HTTP and no clock: callers say what is a failure, and `now_seconds` is a parameter. It
is for one event loop and holds no lock: nothing here awaits.

Why our own: the published libraries let every waiting call through when half open; a provider that
is getting up again is then knocked down by our own queue.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

State = Literal["closed", "open", "half_open"]

OPENINGS_DOUBLED_MAX: Final = 16
"""How often the pause is doubled at most; keeps the arithmetic finite."""


@dataclass(frozen=True, slots=True)
class Permit:
    """The right to make one call; to be handed back to `settle` exactly once."""

    generation: int
    is_probe: bool


class Breaker:
    """Admits calls to one provider, or not; see the module's picture."""

    def __init__(
        self,
        now_seconds: Callable[[], float],
        *,
        failures_max: int = 8,
        open_seconds: float = 5.0,
        open_seconds_max: float = 60.0,
        probes_max: int = 2,
        on_turn: Callable[[], None] = lambda: None,
    ) -> None:
        """Make a closed breaker.

        Args:
            now_seconds: monotonic seconds.
            failures_max: so many failures in a row open it.
            open_seconds: how long it stays open the first time.
            open_seconds_max: how long at most, after doubling with every failed probe.
            probes_max: how many calls may be under way while half open, and how many must succeed.
            on_turn: is called when it has opened or closed, and when a first call succeeds.
        """
        self._now_seconds = now_seconds
        self._failures_max, self._probes_max = failures_max, probes_max
        self._open_seconds, self._open_seconds_max = open_seconds, open_seconds_max
        self._generation = 0
        self._is_open = False
        self._opened_seconds = 0.0
        self._openings = 0
        self._failures = 0
        self._probes_running = 0
        self._probes_succeeded = 0
        self._on_turn = on_turn
        self.is_proven = False
        """Whether any call has ever succeeded; until then "closed" says nothing of the provider."""
        self.failures = 0
        """How many failures keep it open: those that opened it, and the failed probes since."""

    @property
    def state(self) -> State:
        """Where it stands now; open turns into half open by the passing of time alone."""
        if not self._is_open:
            return "closed"
        return "half_open" if self.open_for_seconds <= 0 else "open"

    @property
    def open_for_seconds(self) -> float:
        """How long it still refuses everything; 0 where it does not."""
        if not self._is_open:
            return 0.0
        pause = self._open_seconds * 2.0 ** min(self._openings - 1, OPENINGS_DOUBLED_MAX)
        return max(
            0.0, self._opened_seconds + min(pause, self._open_seconds_max) - self._now_seconds()
        )

    def admit(self) -> Permit | None:
        """Give a permit for one call, or None: do not call now."""
        match self.state:
            case "closed":
                return Permit(self._generation, is_probe=False)
            case "open":
                return None
            case "half_open":
                if self._probes_running + self._probes_succeeded >= self._probes_max:
                    return None
                self._probes_running += 1
                return Permit(self._generation, is_probe=True)

    def settle(self, permit: Permit, *, is_success: bool | None) -> None:
        """Hand a permit back; None means that the call was abandoned and says nothing."""
        if permit.generation != self._generation:
            return
        if permit.is_probe:
            self._probes_running -= 1
        if is_success is None:
            return
        if is_success and not self.is_proven:
            self.is_proven = True
            self._on_turn()
        if not permit.is_probe:
            self._failures = 0 if is_success else self._failures + 1
            if self._failures >= self._failures_max:
                self._open()
        elif not is_success:
            self._open()
        else:
            self._probes_succeeded += 1
            if self._probes_succeeded >= self._probes_max:
                self._close()

    def _open(self) -> None:
        self.failures += 1 if self._is_open else self._failures
        self._openings += 1
        self._is_open = True
        self._opened_seconds = self._now_seconds()
        self._begin_generation()
        self._on_turn()

    def _close(self) -> None:
        self._openings = self.failures = 0
        self._is_open = False
        self._begin_generation()
        self._on_turn()

    def _begin_generation(self) -> None:
        self._generation += 1
        self._failures = self._probes_running = self._probes_succeeded = 0
