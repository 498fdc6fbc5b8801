"""Finishing: what two operators agreed to is carried out, whoever died in the middle of it.

An approval is durable before the first key is destroyed. If its process is killed between the two,
or before the files were cleared of the keys' bytes, the log says so, and whichever server runs next
takes it up: at its start, whenever the log tells of an approval, and every `AGAIN_SECONDS` while
something is left.

Why an approval is left alone for `SETTLED_SECONDS`: nearly always somebody is carrying it out just
now. Both may do it at once without harm, for destroying twice destroys nothing more; but who comes
second would count fewer keys than there were, and an event would keep that number for ever.

Money comes first here too. If the person has come back and a payment is under way, it waits.

What nobody agreed to in time ends by itself, and then the number it was asked with goes too.

Where the keys are destroyed and their bytes could not be removed from the files (somebody reads
there, a disk is full), that is tried again every `CLEAR_SECONDS`, and noted once it is done. Why so
seldom: the store itself tries again for half an hour, and each try lets all appends wait a moment.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import structlog

from api.people import People
from ledger import people
from ledger.entry import Context, RecordedEvent
from ledger.errors import LedgerError, reason_of
from ledger.events import PersonErasureApproved
from ledger.people import OpenPaymentsError
from projections.erasures import ErasureRow, ErasuresProjection
from projections.tables import read_stamp, stamp

SETTLED_SECONDS: Final = 60.0
"""How old an approval is before somebody else carries it out."""

AGAIN_SECONDS: Final = 30.0
"""How often is looked while something is left."""

LOOK_SECONDS: Final = 600.0
"""How often is looked at all: a request ends without a word in the log."""

CLEAR_SECONDS: Final = 3_600.0
"""How often it is tried to remove what is left of destroyed keys."""

ACTOR: Final = "reactor:erasures"

log = structlog.get_logger()


class Finisher:
    """Carries out approved erasures that broke off. One for each process; all may run at once."""

    def __init__(self, people: People, erasures: ErasuresProjection) -> None:
        self._people, self._erasures = people, erasures
        self._news = asyncio.Event()
        self._let_go: set[str] = set()
        self._cleared_at: datetime | None = None

    def hear(self, batch: Sequence[RecordedEvent]) -> None:
        """Look again once the log tells of an approval."""
        if any(isinstance(one.event, PersonErasureApproved) for one in batch):
            self.look_again()

    def look_again(self) -> None:
        """Look at all of them again, soon."""
        self._news.set()

    async def run(self) -> None:
        """Finish what is left, until cancelled."""
        while True:
            left = await self._look()
            with suppress(TimeoutError):
                async with asyncio.timeout(AGAIN_SECONDS if left else LOOK_SECONDS):
                    await self._news.wait()
            self._news.clear()

    async def _look(self) -> int:
        try:
            return await self.finish()
        except LedgerError as error:
            log.warning("erasures.not_looked_for", reason=reason_of(error))
            return 1

    async def finish(self) -> int:
        """Finish whatever may be finished now; how many are left."""
        await self._people.finding.catch_up()
        await self._let_go_of_lapsed()
        rows = await self._erasures.unfinished()
        left = sum([not await self._finished(one) for one in rows])
        await self._clear()
        return left

    async def _clear(self) -> None:
        """Remove what is left of destroyed keys, where that is worth another try."""
        now = self._people.clock()
        rows = await self._erasures.left_over()
        is_early = self._cleared_at is not None and now < self._cleared_at + timedelta(
            seconds=CLEAR_SECONDS
        )
        if not rows or is_early:
            return
        self._cleared_at = now
        noted = [(one.erasure_id, await self._context(one)) for one in rows]
        left = await self._people.scrub_again(noted)
        log.info("erasures.cleared", erasures=len(rows), bytes_left=left)

    async def _let_go_of_lapsed(self) -> None:
        now = stamp(self._people.clock())
        lapsed = await self._erasures.lapsed(now)
        new = [one for one in lapsed if one.erasure_id not in self._let_go]
        gone = await self._people.let_go([(one.person, read_stamp(one.ends_at)) for one in new])
        self._let_go = {one.erasure_id for one in lapsed}
        if gone:
            log.info("erasures.lapsed", numbers_destroyed=gone)

    async def _finished(self, row: ErasureRow) -> bool:
        approved_at = read_stamp(row.approved_at or row.requested_at)
        if self._people.clock() < approved_at + timedelta(seconds=SETTLED_SECONDS):
            return False
        try:
            erasure = await self._people.finish(row.erasure_id, context=await self._context(row))
        except OpenPaymentsError as error:
            log.warning("erasures.waiting", erasure=row.erasure_id, open=len(error.payments))
            return False
        except LedgerError as error:
            log.warning("erasures.postponed", erasure=row.erasure_id, reason=reason_of(error))
            return False
        log.info("erasures.finished", erasure=row.erasure_id, status=erasure.status(approved_at))
        return not erasure.is_unfinished

    async def _context(self, row: ErasureRow) -> Context:
        store = self._people.handler.store
        last = (await store.read_stream(people.stream_of(row.person)))[-1]
        return Context(ACTOR, last.correlation_id, last.id)
