"""Checkpointing: at a rhythm, and when asked, the log signs what it holds and records that it did.

A checkpoint is made if anything happened since the last one but what follows from checkpoints by
itself (`ledger.commitment.ROUTINE`): a log in which nothing happens stays as it is. Every process
of a deployment runs a maker; all of them wait for the same moment, counted from when the last
checkpoint was recorded, and of those who come at once one is kept.

The trick: the order in which a maker looks. First the stream of checkpoints, so that whoever was
faster is found at the append; then what projections hash to, which is thus never of a position
beyond the head; then the keys; then the head; then the keys again: a key introduced in between
would sign for the wrong sizes, and everything is looked at anew.

The first checkpoint of a log introduces the key that signs it. From then on only that key signs, or
one that was introduced after it: a process that does not have it signs nothing and says so.

Nothing is sent anywhere here: whoever was given as `after_checkpoint` is told the note, once, by
the process that made it.
"""

import asyncio
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Final, NamedTuple

import structlog

from ledger import commands_log
from ledger.checkpoint import Checkpoint, Signer, sign_note
from ledger.commitment import (
    KEYS_STREAM,
    NO_KEYS,
    ROUTINE,
    LogKeys,
    checkpoints_stream,
    day_of,
    evolve_key,
)
from ledger.entry import Context
from ledger.errors import LedgerError, NoteKeyError, reason_of
from ledger.events import LogCheckpointMade
from ledger.handling import Handler
from ledger.introduction import introduce
from ledger.sentences import Sentence
from ledger.store import PAGE_MAX, Clock, EventStore, TreeHead

log = structlog.get_logger()

LOOKS_MAX: Final = 10
"""How often the keys and the head are looked at anew because a key was introduced meanwhile."""

SECONDS_MIN: Final = 0.05
"""The shortest wait between two looks, whatever the clock says."""

ACTOR: Final = "reactor:checkpoints"

Signers = Callable[[str | None], Signer | None]
"""Gives the signer of a public key (of None: the one that shall be the first), if it is here."""

Digests = Callable[[], Awaitable[Mapping[str, commands_log.Digested]]]
"""Gives what projections hash to, each at a position that the log has reached."""

AfterCheckpoint = Callable[[str], Awaitable[None]]
"""Is told the note of a checkpoint that was recorded; must come back at once."""

LastSize = Callable[[], Awaitable[int]]
"""Gives the size of the last checkpoint of any day, as a read model knows it; 0 for none."""


class Made(NamedTuple):
    """A checkpoint that is recorded."""

    size: int
    root: bytes
    note: str
    is_new: bool
    """Whether it was made just now, by this call."""


async def _no_digests() -> Mapping[str, commands_log.Digested]:
    return {}


async def _nobody(_note: str) -> None:
    """The default listener: none."""


def again(note: str) -> Made:
    """A checkpoint that was recorded before, from its note."""
    checkpoint = Checkpoint.from_text(note.partition("\n\n")[0] + "\n")
    return Made(checkpoint.size, checkpoint.root, note, is_new=False)


async def log_keys(store: EventStore) -> LogKeys:
    """Read the log's keys from the log itself."""
    state = NO_KEYS
    for recorded in await store.read_stream(KEYS_STREAM):
        state = evolve_key(state, recorded.event)
    return state


class CheckpointMaker:
    """Makes checkpoints; see the module.

    Args:
        handler: the way into the log.
        clock: the present time.
        origin: the log's own name.
        signers: where private keys are found.
        last_size: the last checkpoint, where the day has none yet.
        every_seconds: the rhythm.
        digests: what projections hash to, recorded with each checkpoint.
        after_checkpoint: who is told.
    """

    def __init__(
        self,
        handler: Handler,
        *,
        clock: Clock,
        origin: str,
        signers: Signers,
        last_size: LastSize,
        every_seconds: float,
        digests: Digests = _no_digests,
        after_checkpoint: AfterCheckpoint = _nobody,
    ) -> None:
        self._handler, self._store, self._clock = handler, handler.store, clock
        self._origin, self._signers, self._last_size = origin, signers, last_size
        self._every = timedelta(seconds=every_seconds)
        self._digests, self._after_checkpoint = digests, after_checkpoint
        self._quiet = 0  # up to here nothing happened since the last checkpoint but routine

    async def run(self) -> None:
        """Make checkpoints until cancelled; what goes wrong is told, and tried again later."""
        wait = self._every.total_seconds()
        while True:
            await asyncio.sleep(max(wait, SECONDS_MIN))
            wait = self._every.total_seconds()
            try:
                wait = await self._due_in()
                if wait <= 0:
                    made = await self.make(context=Context(ACTOR, "checkpoints", "checkpoint:due"))
                    if made is not None and made.is_new:
                        log.info("checkpoint.made", size=made.size)
                    wait = self._every.total_seconds()
            except LedgerError as error:
                log.warning("checkpoint.postponed", reason=reason_of(error))
                wait = self._every.total_seconds()

    async def make(self, *, context: Context) -> Made | None:
        """Make a checkpoint of what the log holds now.

        Returns:
            It, or the last one if nothing happened since; None for a log that is empty.

        Raises:
            NoteKeyError: the log is signed by a key that is not here.
            StoreError: nothing was recorded.
        """
        day = day_of(self._clock())
        last = await self._last(day)
        after = last.size if last is not None else await self._last_size()
        if not await self._has_news(after):
            return last
        await self._introduce(context)
        digests = await self._digests()
        signer, head = await self._signer_and_head()
        note = self._note(signer, head)
        handled = await self._handler.handle(
            commands_log.RecordCheckpoint(
                day=day,
                after_size=after,
                origin=self._origin,
                size=head.size,
                root=b64encode(head.root).decode(),
                note=note,
                digests=digests,
            ),
            context=context,
        )
        if not handled.events:
            return await self._last(day)
        await self._after_checkpoint(note)
        return Made(head.size, head.root, note, is_new=True)

    async def signed_head(self) -> tuple[TreeHead, str | None]:
        """The head as it stands, signed by the log's key if that is here; nothing is recorded."""
        try:
            signer, head = await self._signer_and_head()
        except NoteKeyError:
            return await self._store.head(), None
        return head, self._note(signer, head)

    async def signer(self) -> Signer | None:
        """What signs the log now; None where its key is not here."""
        with suppress(NoteKeyError):
            return self._signer((await log_keys(self._store)).current)
        return None

    def _note(self, signer: Signer, head: TreeHead) -> str:
        return sign_note(Checkpoint(self._origin, head.size, head.root).text(), signer)

    async def _introduce(self, context: Context) -> None:
        """Introduce the first key of a log that has none."""
        if (await log_keys(self._store)).current is not None:
            return
        signer = self._signer(None)
        command = commands_log.IntroduceLogKey(
            key=signer.verifier.text(),
            note=introduce(self._origin, signer, None, None),
            after=None,
        )
        await self._handler.handle(command, context=context)

    async def _signer_and_head(self) -> tuple[Signer, TreeHead]:
        keys = await log_keys(self._store)
        for _ in range(LOOKS_MAX):
            head = await self._store.head()
            now = await log_keys(self._store)
            if now == keys:
                return self._signer(keys.current), head
            keys = now
        raise NoteKeyError(Sentence("the keys of the log keep changing"))

    def _signer(self, key: str | None) -> Signer:
        signer = self._signers(key)
        if signer is None:
            if key is None:
                raise NoteKeyError(Sentence("no key that signs the log is set up."))
            raise NoteKeyError(Sentence("the key that signs the log is not here: {key}.", key=key))
        return signer

    async def _last(self, day: str) -> Made | None:
        """The last checkpoint of a day."""
        recorded = await self._store.read_stream(checkpoints_stream(day))
        if not recorded:
            return None
        event = recorded[-1].event
        assert isinstance(event, LogCheckpointMade)
        return again(event.note)

    async def _due_in(self) -> float:
        """How many seconds there are until the next checkpoint is due."""
        now = self._clock()
        recorded = await self._store.read_stream(checkpoints_stream(day_of(now)))
        if not recorded:
            return 0.0
        return (recorded[-1].recorded_at + self._every - now).total_seconds()

    async def _has_news(self, size: int) -> bool:
        """Whether anything happened after a position that is worth a checkpoint."""
        after = max(size, self._quiet)
        while page := await self._store.read_raw(after, PAGE_MAX):
            if any(one.type not in ROUTINE for one in page):
                return True
            after = self._quiet = page[-1].position
        return False
