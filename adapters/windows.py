"""Windows: at most so many of something within so many seconds, whoever asks, counted exactly.

The window moves: what counts is what was admitted in the last seconds before now, so nobody gets
twice the limit around the turn of a minute, and nothing that was refused counts. For every name the
times of what was admitted are kept, at most as many as the limit.

By itself a process keeps its windows alone, in a table of at most `NAMES_MAX` names; names that
have nothing left in their window go first, then the one that was quiet for longest, whose count is
forgotten. `adapters.sharing_redis_windows` has windows that all processes keep together.

Why not the limiter of `adapters.limits`: that one evens out calls that we make ourselves and lets
them wait; these are other people's requests, which are admitted or refused at once.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from ledger.store import Clock

NAMES_MAX: Final = 20_000
"""How many names one process counts for at once."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` within `seconds`."""

    name: str
    count: int
    seconds: int


class Admission(NamedTuple):
    """What became of one request for a place."""

    is_admitted: bool
    left: int
    """How many more fit in now."""
    seconds: float
    """Until the next place becomes free."""
    place: str | float = ""
    """What was taken, to be given back."""


class Windows(Protocol):
    """The windows of one limit, one for each name."""

    async def admit(self, name: str) -> Admission:
        """Take a place, if there is one."""

    async def give_back(self, name: str, place: str | float) -> None:
        """Give a place back that was not needed after all."""


class OwnWindows:
    """Windows of this process alone.

    Args:
        limit: what is kept.
        clock: the present time; should it go back, what it then finds in the future is forgotten.
    """

    def __init__(self, limit: Limit, clock: Clock, *, names_max: int = NAMES_MAX) -> None:
        self._count, self._seconds = limit.count, limit.seconds
        self._clock, self._names_max = clock, names_max
        self._taken: OrderedDict[str, deque[float]] = OrderedDict()

    async def admit(self, name: str) -> Admission:
        """See `Windows`."""
        now = self._clock().timestamp()
        since = now - self._seconds
        taken = self._taken.get(name)
        if taken is None:
            taken = self._taken[name] = deque()
            self._make_room(since)
        else:
            self._taken.move_to_end(name)
            if taken and taken[-1] > now:
                taken.clear()
            while taken and taken[0] <= since:
                taken.popleft()
        left = self._count - len(taken)
        if left <= 0:
            return Admission(False, 0, taken[-left] - since)
        taken.append(now)
        return Admission(True, left - 1, taken[0] - since, now)

    async def give_back(self, name: str, place: str | float) -> None:
        """See `Windows`."""
        taken = self._taken.get(name)
        if taken is not None and place in taken:
            taken.remove(float(place))

    def _make_room(self, since: float) -> None:
        """Let go of names that count nothing any more: two for each that comes, or one that must.

        The first name is the one that was asked about longest ago.
        """
        for _ in range(2):
            name, taken = next(iter(self._taken.items()))
            if taken and taken[-1] > since:
                break
            if len(self._taken) > 1:
                del self._taken[name]
        if len(self._taken) > self._names_max:
            self._taken.popitem(last=False)
