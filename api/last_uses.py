"""When each key was last used: noted for every request, written now and then.

A request costs one entry in a dictionary; what has changed is written every
`key_uses_noted_seconds`, in one transaction, and once more at the stop. So the time shown by
another process, or after a crash, is late by so much. Why it is no event: `projections.key_uses`.

At most `NOTED_MAX` keys are noted between two writings; the next one is noted at its next request.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Final, Protocol

import structlog

from ledger.errors import StoreError
from ledger.store import Clock

NOTED_MAX: Final = 10_000
"""How many keys' last uses wait to be written."""

log = structlog.get_logger()


class Uses(Protocol):
    """Where last uses are written; the keys' projection."""

    async def note_uses(self, uses: Mapping[str, datetime]) -> None:
        """Write when keys were used."""


class LastUses:
    """The last uses that this process has seen."""

    def __init__(self, uses: Uses, *, clock: Clock, every_seconds: float) -> None:
        self._uses, self._clock, self._every_seconds = uses, clock, every_seconds
        self._noted: dict[str, datetime] = {}

    def note(self, key_id: str) -> None:
        """A key was used now."""
        if len(self._noted) < NOTED_MAX or key_id in self._noted:
            self._noted[key_id] = self._clock()

    def later(self, key_id: str, written: datetime | None) -> datetime | None:
        """The later of what is written and what is still to be."""
        noted = self._noted.get(key_id)
        return max(filter(None, (noted, written)), default=None)

    async def flush(self) -> None:
        """Write what was noted; where the database cannot serve, it stays for the next time."""
        noted, self._noted = self._noted, {}
        try:
            await self._uses.note_uses(noted)
        except StoreError as error:
            self._noted = noted | self._noted
            log.warning("keys.uses_not_written", error=type(error).__name__)

    async def run(self) -> None:
        """Write for ever; ends by cancellation."""
        while True:
            await asyncio.sleep(self._every_seconds)
            await self.flush()
