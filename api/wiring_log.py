"""The maker of checkpoints, put together: a part of `api.wiring`."""

from functools import partial

from api.settings import Settings
from api.signing_key import signing_keys_for
from ledger.checkpointing import AfterCheckpoint, CheckpointMaker, Digests, log_keys
from ledger.handling import Handler
from ledger.store import Clock
from projections.commitments import CommitmentsProjection


async def checkpoint_maker(
    settings: Settings,
    handler: Handler,
    commitments: CommitmentsProjection,
    *,
    clock: Clock,
    digests: Digests | None = None,
    after_checkpoint: AfterCheckpoint | None = None,
) -> CheckpointMaker | None:
    """Make what makes checkpoints; None where no signing key is set up.

    Args:
        settings: what was chosen.
        handler: the way into the log.
        commitments: knows the checkpoints of the days before.
        clock: the present time.
        digests: what projections hash to, recorded with each checkpoint.
        after_checkpoint: who is told of a checkpoint; comes back at once.

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
    )
    if digests is not None:
        make = partial(make, digests=digests)
    if after_checkpoint is not None:
        make = partial(make, after_checkpoint=after_checkpoint)
    return make()


async def _last_size(commitments: CommitmentsProjection) -> int:
    last = await commitments.latest()
    return 0 if last is None else last.size
