"""Watching: whoever must hear of an event at once looks on while the projections are fed.

Every process reads the whole log for its projections anyway. A watcher is shown each batch before
the projections get it, so what they need for it holds nobody up, and no second reading of the log
is paid for. It is told in memory, once, and remembers nothing: it must bear to be told again.

Where other processes have brought the projections further than this one has read (it could not
read for a while), events went by unseen; `missed` is called then, and whoever waits for work looks.
"""

from collections.abc import Callable, Sequence

from ledger.entry import RecordedEvent
from projections.base import Projections


class Watched:
    """Projections as a subscriber, with somebody who looks on."""

    def __init__(
        self,
        projections: Projections,
        *,
        watch: Callable[[Sequence[RecordedEvent]], None],
        missed: Callable[[], None],
    ) -> None:
        self.name = projections.name
        self._projections, self._watch, self._missed = projections, watch, missed
        self._seen = 0

    async def position(self) -> int:
        """The last position the projections have finished."""
        position = await self._projections.position()
        if position > self._seen:
            self._missed()
            self._projections.tell_anything()
            self._seen = position
        return position

    async def handle(self, batch: Sequence[RecordedEvent]) -> None:
        """Show a batch to who watches, then let the projections have it."""
        self._watch(batch)
        if batch:
            self._seen = max(self._seen, batch[-1].position)
        await self._projections.handle(batch)
