"""A store in which one entry claims another's place, as whoever reads through it would see."""

from ledger.memory import MemoryEventStore
from ledger.store import Clock


class DisorderedStore(MemoryEventStore):
    """The entry at `place` says in its page that it stands at `claimed`."""

    def __init__(self, *, clock: Clock, place: int, claimed: int) -> None:
        super().__init__(clock=clock)
        self._place, self._claimed = place, claimed

    async def misplaced(self, after: int, until: int) -> int | None:
        """Of a page the claimed place; of the one position alone, where it stands."""
        if not after < self._place <= until:
            return None
        return self._claimed if until > after + 1 else self._place
