"""Scrubbing: seeing that the bytes of destroyed keys leave the database too.

To delete a row is not to remove its bytes: SQLite's log of writes and PostgreSQL's dead rows keep
them until they are cleared (`ledger.sql_clearing`), and that cannot be done while somebody else has
an older view of the database. So what is left is said in the log and tried again, ever later, at
most `TRIES_MAX` times; and once more at the next erase and when the store closes.

Whatever goes wrong here, the keys are gone for everybody who asks for them; only somebody who has
the files could still find them. That is why an erase never fails because of it.
"""

import asyncio
from typing import Final

import structlog

from ledger.errors import reason_of
from ledger.leftover import Leftover, leftover_of
from ledger.sql_database import Database

RETRY_SECONDS_FIRST: Final = 1.0
RETRY_SECONDS_MAX: Final = 60.0

TRIES_MAX: Final = 30
"""How often it is tried after one erase; for about half an hour."""

_log = structlog.get_logger(__name__)


class Scrubber:
    """Scrubs a database, now or as soon as can be."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._is_left = False
        """Whether bytes of destroyed keys may still be there."""
        self._is_whole = False
        """Whether what is left is a person's, which is to go from free space too."""
        self._why: Leftover | None = None
        self._tries = 0
        self._retrying: asyncio.Task[None] | None = None

    async def scrub(self, *, is_new: bool) -> None:
        """Remove what is left, now, and if that cannot be, later; never raises.

        Args:
            is_new: whether keys were destroyed just now; if not, only older ones may be left.
        """
        if not (is_new or self._is_left):
            return
        self._is_left, self._tries = True, 0
        await self._try()
        self._see_to_it()

    async def scrub_wholly(self) -> Leftover | None:
        """Remove what is left from free space too; None, or what remains and why. Never raises."""
        self._is_left, self._is_whole, self._tries = True, True, 0
        await self._try()
        self._see_to_it()
        return self._why

    def _see_to_it(self) -> None:
        if self._is_left and (self._retrying is None or self._retrying.done()):
            self._retrying = asyncio.create_task(self._retry(), name="key scrubbing")

    async def close(self) -> None:
        """Try once more if anything is left; nobody is waited for."""
        if self._retrying is not None:
            self._retrying.cancel()
            await asyncio.gather(self._retrying, return_exceptions=True)
        if self._is_left:
            await self._try(is_last=True)
            self._is_left = False

    async def _retry(self) -> None:
        while self._is_left and self._tries < TRIES_MAX:
            seconds = RETRY_SECONDS_FIRST * 2.0 ** (self._tries - 1)
            await asyncio.sleep(min(seconds, RETRY_SECONDS_MAX))
            if self._is_left:
                await self._try(is_last=self._tries + 1 == TRIES_MAX)

    async def _try(self, *, is_last: bool = False) -> None:
        self._tries += 1
        try:
            self._why = await self._database.scrub(is_whole=self._is_whole)
        except Exception as error:  # noqa: BLE001 - whatever it is, the keys are gone; see above
            self._why = leftover_of(error)
            if is_last:
                _log.error("keys.scrub_given_up", tries=self._tries, reason=reason_of(error))
            else:
                _log.warning("keys.scrub_failed", tries=self._tries, reason=reason_of(error))
            return
        self._is_left = self._is_whole = False
        if self._tries > 1:
            _log.info("keys.scrubbed", tries=self._tries)
