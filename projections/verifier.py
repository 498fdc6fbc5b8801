"""The verifier: a slow reader of old entries that never ends, in one process of a deployment.

Round after round (`ledger.rereading`) it reads the whole log, a tile at a time and so few entries
a second that nobody notices. How far a round has come, and what the last one came to, stands in its
duty's place: a restart goes on from there, and any process can tell how old the last word is. While
the log is empty there is no round to end; the first one begins within `LOOK_SECONDS` of an entry.

The first thing that is not as it was recorded is told at once and in three ways: the event
`log.mismatch_found`, an error in the logs, and a figure that stays until a later round is clean.
The round ends there: behind a rewritten entry every root is another one, and more of them would
tell nobody more. `cauri verify` says the same to whoever asks.

It deliberately stops nothing: a log that is found wrong is still the best record there is, and to
refuse payments would be a lever for whoever can flip one bit.
"""

import asyncio
from base64 import b64decode, b64encode
from datetime import datetime
from typing import Final, NamedTuple

import structlog

from ledger import rereading
from ledger.commands_log import RecordMismatch
from ledger.entry import Context
from ledger.handling import Handler
from ledger.rereading import Mismatch, Round
from ledger.store import Clock, TreeHead
from projections.commitments import CommitmentsProjection
from projections.duties import KEEP_SECONDS, LOOK_SECONDS, Duties, Place, run_turns
from projections.tables import read_stamp_or_none, stamp

log = structlog.get_logger()

DUTY: Final = "verifier"

CONTEXT: Final = Context("reactor:verifier", "verification", "verification:round")


class Verification(NamedTuple):
    """How far old entries were read again."""

    position: int
    """Of the round under way: up to here all is as it was recorded."""
    size: int
    """How many entries that round will read; 0 before the first one."""
    verified_size: int
    """How many the last full round found as they were recorded."""
    verified_at: datetime | None
    """When it ended."""
    mismatch: Mismatch | None
    """What the last round found wrong."""


def verification_in(place: Place) -> Verification:
    """Read what a place says."""
    going, last = place.get("round") or {}, place.get("last") or {}
    found = place.get("mismatch")
    return Verification(
        position=going.get("read", 0),
        size=going.get("size", 0),
        verified_size=last.get("size", 0),
        verified_at=read_stamp_or_none(last.get("at")),
        mismatch=None if found is None else Mismatch(*found),
    )


class Verifier:
    """Reads old entries again; see the module.

    Args:
        handler: the way into the log.
        commitments: know the last checkpoint.
        duties: where it is written that we do it, and how far we are.
        clock: the present time.
        entries_per_second: the pace.
        round_seconds: how long after a round's end the next one begins.
    """

    def __init__(
        self,
        handler: Handler,
        commitments: CommitmentsProjection,
        duties: Duties,
        *,
        clock: Clock,
        entries_per_second: int,
        round_seconds: float,
    ) -> None:
        self._handler, self._store = handler, handler.store
        self._commitments, self._duties, self._clock = commitments, duties, clock
        self._entries_per_second, self._round_seconds = entries_per_second, round_seconds

    async def run(self) -> None:
        """Read until cancelled; what goes wrong is told, and tried again."""
        await run_turns(DUTY, self.turn)

    async def turn(self) -> float:
        """Read the rest of a round, if one is due and ours to do.

        Returns:
            After how many seconds to look again.
        """
        async with self._duties.turn(DUTY, self._due_in, clock=self._clock) as place:
            if place is not None:
                await self._go_on(place)
        return LOOK_SECONDS

    async def verification(self) -> Verification:
        """How far it has come, whichever process does it."""
        return verification_in(await self._duties.place(DUTY))

    def _due_in(self, place: Place) -> float:
        if place.get("round"):
            return 0.0
        ended_at = read_stamp_or_none(place.get("ended_at"))
        if ended_at is None:
            return 0.0
        return self._round_seconds - (self._clock() - ended_at).total_seconds()

    async def _go_on(self, place: Place) -> None:
        going = await self._round(place)
        if isinstance(going, Round):
            if not going.size:
                return  # nothing was read, so nothing ended: the next look begins once more
            try:
                found = await self._read(place, going)
            except asyncio.CancelledError:
                await self._keep({**place, "round": going.saved()})
                raise
            if found is None and not going.is_over:
                return  # another process goes on with it
            await self._end(place, going if found is None else found)
        else:
            await self._end(place, going)

    async def _read(self, place: Place, going: Round) -> Mismatch | None:
        """Read to the end of a round, or to what is wrong, or until the duty is not ours."""
        loop = asyncio.get_running_loop()
        kept_at = loop.time()
        while not going.is_over:
            began, before = loop.time(), going.tree.size
            found = await rereading.step(self._store, going)
            if found is not None:
                return found
            if loop.time() - kept_at >= KEEP_SECONDS:
                if not await self._keep({**place, "round": going.saved()}):
                    break
                kept_at = loop.time()
            due = (going.tree.size - before) / self._entries_per_second
            await asyncio.sleep(max(0.0, due - (loop.time() - began)))
        return None

    async def _round(self, place: Place) -> Round | Mismatch:
        saved, last = place.get("round"), place.get("last")
        if saved:
            try:
                return Round.taken_up(saved)
            except (KeyError, TypeError, ValueError) as error:
                log.warning("verifier.place_unreadable", reason=type(error).__name__)
        seen = None if last is None else TreeHead(last["size"], b64decode(last["root"]))
        row = await self._commitments.latest()
        try:
            checkpoint = None if row is None else TreeHead(row.size, b64decode(row.root))
        except ValueError:
            return Mismatch(row.size if row else 0, "its root cannot be read", "checkpoint")
        return await rereading.begin(self._store, checkpoint=checkpoint, seen=seen)

    async def _end(self, place: Place, going: Round | Mismatch) -> None:
        at = stamp(self._clock())
        ended: Place = {"last": place.get("last"), "mismatch": None, "ended_at": at, "round": None}
        if isinstance(going, Round):
            root = b64encode(going.tree.root()).decode()
            ended["last"] = {"size": going.size, "root": root, "at": at}
        else:
            ended["mismatch"] = list(going)
        # Written down before it is told, so that whoever hears of it finds it there too. What a
        # crash in between leaves untold the next round tells.
        await self._keep(ended)
        if isinstance(going, Mismatch):
            await tell(self._handler, going)

    async def _keep(self, place: Place) -> bool:
        return await self._duties.keep(DUTY, place, now=self._clock())


async def tell(handler: Handler, found: Mismatch) -> None:
    """Record a mismatch, if that position is not known to be bad, and say it in the logs."""
    log.error("log.mismatch", position=found.position, what=found.what, reason=found.reason)
    command = RecordMismatch(position=found.position, reason=found.reason, what=found.what)
    await handler.handle(command, context=CONTEXT)
