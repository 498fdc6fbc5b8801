"""Finishing: what two operators agreed to is carried out, whoever died in the middle of it.

An approval is durable before the first key is destroyed. If its process is killed between the two,
or before the files were cleared of the keys' bytes, the log says so, and whichever server runs next
takes it up: at its start, whenever the log tells of an approval, and every `AGAIN_SECONDS` while
something is left.

Why an approval is left alone for `SETTLED_SECONDS`: nearly always somebody is carrying it out just
now. Both may do it at once without harm, for destroying twice destroys nothing more; but who comes
second would count fewer keys than there were, and an event would keep that number for ever.

Money comes first here too. If the person has come back and a payment is under way, it waits.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import structlog

from api.people import People
from ledger import people
from ledger.entry import Context, RecordedEvent
from ledger.errors import LedgerError, reason_of
from ledger.events import PersonErasureApproved
from ledger.people import OpenPaymentsError
from projections.erasures import ErasureRow, ErasuresProjection
from projections.tables import read_stamp

SETTLED_SECONDS: Final = 60.0
"""How old an approval is before somebody else carries it out."""

AGAIN_SECONDS: Final = 30.0
"""How often is looked while something is left."""

ACTOR: Final = "reactor:erasures"

log = structlog.get_logger()


class Finisher:
    """Carries out approved erasures that broke off. One for each process; all may run at once."""

    def __init__(self, people: People, erasures: ErasuresProjection) -> None:
        self._people, self._erasures = people, erasures
        self._news = asyncio.Event()

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
            try:
                async with asyncio.timeout(AGAIN_SECONDS if left else None):
                    await self._news.wait()
            except TimeoutError:
                continue
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
        rows = await self._erasures.unfinished()
        return sum([not await self._finished(one) for one in rows])

    async def _finished(self, row: ErasureRow) -> bool:
        approved_at = read_stamp(row.approved_at or row.requested_at)
        if self._people.clock() < approved_at + timedelta(seconds=SETTLED_SECONDS):
            return False
        store = self._people.handler.store
        last = (await store.read_stream(people.stream_of(row.person)))[-1]
        context = Context(ACTOR, last.correlation_id, last.id)
        try:
            erasure = await self._people.finish(row.erasure_id, context=context)
        except OpenPaymentsError as error:
            log.warning("erasures.waiting", erasure=row.erasure_id, open=len(error.payments))
            return False
        except LedgerError as error:
            log.warning("erasures.postponed", erasure=row.erasure_id, reason=reason_of(error))
            return False
        log.info("erasures.finished", erasure=row.erasure_id, status=erasure.status(approved_at))
        return not erasure.is_unfinished
