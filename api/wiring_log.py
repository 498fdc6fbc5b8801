"""What keeps the log and watches it, put together: a part of `api.wiring`."""

import os
import secrets
import socket
from dataclasses import dataclass
from functools import partial
from typing import Final

from api.background import Background
from api.settings import Settings
from api.settings_log import LogSettings
from api.signing_key import signing_keys_for
from ledger.checkpointing import AfterCheckpoint, CheckpointMaker, Digests, log_keys
from ledger.handling import Handler
from ledger.store import Clock
from projections.base import Projections
from projections.commitments import CommitmentsProjection
from projections.digesting import Digester
from projections.duties import Duties
from projections.reproving import Reprover
from projections.verifier import Verifier

DUTY_SECONDS: Final = 120.0
"""How long a duty stays with a process that gives no sign: longer than one projection's digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogCare:
    """What makes checkpoints, hashes the projections for them, and reads all of it again."""

    checkpoints: CheckpointMaker | None
    """None where no signing key is set up."""
    digests: Digester
    verifier: Verifier
    reprover: Reprover
    settings: LogSettings

    def start(self, background: Background) -> None:
        """Let it all run."""
        if self.checkpoints is not None:
            background.start("checkpoints", self.checkpoints.run())
        if self.settings.digest_seconds:
            background.start("digests", self.digests.run())
        if self.settings.verify_entries_per_second:
            background.start("verifier", self.verifier.run())
        if self.settings.verify_projections_seconds and self.settings.digest_seconds:
            background.start("reproving", self.reprover.run())


async def log_care(
    settings: Settings,
    handler: Handler,
    projections: Projections,
    *,
    clock: Clock,
    after_checkpoint: AfterCheckpoint | None = None,
) -> LogCare:
    """Make what keeps the log; nothing runs yet.

    Args:
        settings: what was chosen.
        handler: the way into the log.
        projections: the commitments among them; the others' rows are hashed.
        clock: the present time.
        after_checkpoint: who is told of a checkpoint; comes back at once.

    Raises:
        SettingsError: the signing key cannot be used, or is not the log's.
    """
    duties = await duties_of(projections)
    digests = digester(settings, projections, duties, clock=clock)
    commitments = projections.of(CommitmentsProjection)
    checkpoints = await checkpoint_maker(
        settings,
        handler,
        commitments,
        clock=clock,
        digests=digests.newest,
        after_checkpoint=after_checkpoint,
    )
    verifier = Verifier(
        handler,
        commitments,
        duties,
        clock=clock,
        entries_per_second=settings.verify_entries_per_second,
        round_seconds=settings.verify_round_seconds,
    )
    reprover = Reprover(
        handler,
        projections,
        duties,
        clock=clock,
        every_seconds=settings.verify_projections_seconds,
    )
    return LogCare(
        checkpoints=checkpoints,
        digests=digests,
        verifier=verifier,
        reprover=reprover,
        settings=settings,
    )


async def checkpoint_maker(
    settings: Settings,
    handler: Handler,
    commitments: CommitmentsProjection,
    *,
    clock: Clock,
    digests: Digests,
    after_checkpoint: AfterCheckpoint | None = None,
) -> CheckpointMaker | None:
    """Make what makes checkpoints; None where no signing key is set up.

    Raises:
        SettingsError: the signing key cannot be used, or is not the log's.
    """
    keys = signing_keys_for(settings, current=(await log_keys(handler.store)).current)
    if keys is None:
        return None
    make = partial(
        CheckpointMaker,
        handler,
        clock=clock,
        origin=settings.log_name,
        signers=keys,
        last_size=partial(_last_size, commitments),
        every_seconds=settings.checkpoint_seconds,
        digests=digests,
    )
    return make() if after_checkpoint is None else make(after_checkpoint=after_checkpoint)


async def duties_of(projections: Projections) -> Duties:
    """Make the duties of this process."""
    holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    duties = Duties(projections.database, holder=holder, seconds=DUTY_SECONDS)
    await duties.prepare()
    return duties


def digester(
    settings: Settings, projections: Projections, duties: Duties, *, clock: Clock
) -> Digester:
    """Make what hashes the projections' rows."""
    return Digester(
        projections,
        duties,
        clock=clock,
        every_seconds=settings.digest_seconds,
        checkpoint_seconds=settings.checkpoint_seconds,
    )


async def _last_size(commitments: CommitmentsProjection) -> int:
    last = await commitments.latest()
    return 0 if last is None else last.size
