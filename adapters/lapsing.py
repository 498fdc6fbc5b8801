"""Lapsing: gives up payments that no provider had in time.

Whoever would submit a payment gives it up instead, where its time is over. Of what this process is
not set up for it gives up nothing else and sends nothing: there may be nobody any more who would
take it, and a merchant who waits is to have his answer by the time it was promised for.

Why a payment that was ever asked about is asked about once more before it is given up: "not found"
was true when it was said, and a gateway may have kept our request in a queue. That question waits
for a process that may ask it.

Why nothing of others is given up while the time after a restoration lasts: a payment may have been
paid in the lost part, and only who has its provider can look for it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol

import structlog

from adapters.base import Due
from adapters.recording import Recorder
from adapters.seeking import last_restoration
from ledger import commands
from ledger.errors import CommandRefusedError
from ledger.identity import Mode
from ledger.payment import Payment, Status
from ledger.store import Clock

log = structlog.get_logger()

UNREACHED: Final = "no provider could be reached in time"
UNSERVED: Final = "no server was set up for its provider and mode in time"
Served = Mapping[str, Sequence[Mode | None]]
"""See `adapters.serving.Serving.modes`."""

LAST_INQUIRY: Final = "its time is over; asked once more before it is given up"


async def give_up(recorder: Recorder, state: Payment, reason: str, *, clock: Clock) -> None:
    """Expire a payment no provider has; where that was ever in doubt, have it asked first."""
    payment_id = state.requested.payment_id
    if state.inquiries:
        asked = await recorder.record(
            commands.RequestInquiry(payment_id=payment_id, reason=LAST_INQUIRY, inquire_at=clock())
        )
        if asked:
            return
    await recorder.record(commands.ExpirePayment(payment_id=payment_id, reason=reason))


class Lapser:
    """Gives up payments that wait for a process that is set up otherwise."""

    def __init__(self, recorder: Recorder, *, clock: Clock) -> None:
        self._recorder, self._clock = recorder, clock

    async def perform(self, due: Due) -> None:
        """Give up one payment, if its time is over and nobody has taken it."""
        state, recorded = await self._recorder.handler.payment(due.stream_id)
        if state.status is not Status.REQUESTED or self._clock() < state.requested.expires_at:
            return
        recorder = self._recorder.about(recorded, actor="reactor:lapsing")
        try:
            await give_up(recorder, state, state.note or UNSERVED, clock=self._clock)
        except CommandRefusedError as refused:
            log.info("lapsing.too_late", payment_id=due.stream_id, reason=str(refused))


class LapsedWork(Protocol):
    """A worklist, of which others' payments can be leased that nobody had in time."""

    async def lease_lapsed(
        self,
        served: Served,
        *,
        holder: str,
        limit: int,
        now: datetime,
        seconds: float,
    ) -> list[Due]:
        """Take some."""

    async def release(self, due: Due, *, holder: str) -> None:
        """See `adapters.base.Worklist`."""

    async def hold(self, due: Due, *, holder: str, until: datetime) -> None:
        """See `adapters.base.Worklist`."""


class Lapsed:
    """The queue of a `Lapser`: what other processes were to take, and its time is over.

    It names no next time: time alone brings such a piece, so it is looked for now and then.
    """

    def __init__(self, queue: LapsedWork, served: Served, recorder: Recorder) -> None:
        """Make one of a worklist; `served` is what this process takes itself."""
        self._queue, self._served, self._store = queue, served, recorder.handler.store

    async def lease(
        self,
        kind: str,
        provider: str | None,
        *,
        holder: str,
        limit: int,
        now: datetime,
        seconds: float,
    ) -> list[Due]:
        """See `adapters.base.Worklist`; of any kind and provider but what is served."""
        del kind, provider
        restored = await last_restoration(self._store)
        if restored is not None and now < restored.event.until:
            return []
        return await self._queue.lease_lapsed(
            self._served, holder=holder, limit=limit, now=now, seconds=seconds
        )

    async def release(self, due: Due, *, holder: str) -> None:
        """See `adapters.base.Worklist`."""
        await self._queue.release(due, holder=holder)

    async def hold(self, due: Due, *, holder: str, until: datetime) -> None:
        """See `adapters.base.Worklist`."""
        await self._queue.hold(due, holder=holder, until=until)

    async def next_due_at(self, kind: str, provider: str | None) -> datetime | None:
        """See `adapters.base.Worklist`."""
        del kind, provider
        return None
