"""Rotation: a key is replaced by a new one for the same merchant and role, and ends a while later.

Both are good until then, so a merchant can change over without an outage. The new key is issued
first and the old one bounded afterwards: if the process dies in between, there is a key too many,
whose secret nobody has ever seen, and nobody is locked out.

Whoever did not get the answer rotates again: that makes another new key, and the old one's end does
not move away. What he never saw stands in the list as never used, to be revoked.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from api.authentication import NewKey, new_key
from ledger import commands, merchant
from ledger.entry import Context
from ledger.errors import CommandRefusedError
from ledger.events import KeyIssued
from ledger.handling import Handler
from ledger.identity import Mode

OVERLAP_HOURS_MAX = 720
"""The longest a rotated key lives on: a month."""

OVERLAP_HOURS = 24


class Rotated(NamedTuple):
    """What a rotation made."""

    key: NewKey
    issued: KeyIssued
    ends_at: datetime
    """When the old key ends."""
    position: int
    """Of the last event."""


async def account_of(handler: Handler, key_id: str) -> merchant.Account:
    """Fold a key's stream; an empty account where there is no such key."""
    account = merchant.INITIAL
    for recorded in await handler.store.read_stream(merchant.key_stream(key_id)):
        account = merchant.evolve(account, recorded.event)
    return account


async def rotate(
    handler: Handler,
    key_id: str,
    *,
    overlap_hours: int,
    now: datetime,
    default_mode: Mode,
    context: Context,
) -> Rotated:
    """Issue a key in the place of another one.

    A key of before keys had a mode is replaced by one of the deployment's own.

    Raises:
        CommandRefusedError: there is no such key, or it is worth nothing any more.
    """
    old = await account_of(handler, key_id)
    asked = commands.RotateKey(
        key_id=key_id,
        successor_id="",
        at=now,
        ends_at=now + timedelta(hours=overlap_hours),
    )
    # Asked beforehand, so that no key is issued for a rotation that will be refused.
    merchant.decide(asked, old)
    assert old.key is not None
    mode = old.key.mode or (default_mode if old.key.role == "merchant" else None)
    made = new_key(old.key.role, mode=mode)
    issue = commands.IssueKey(
        key_id=made.key_id,
        role=old.key.role,
        merchant_id=old.key.merchant_id,
        secret_digest=made.secret_digest,
        mode=mode,
        label=old.key.label,
    )
    issued = await handler.handle(issue, context=context)
    try:
        handled = await handler.handle(
            commands.RotateKey(
                key_id=key_id, successor_id=made.key_id, at=now, ends_at=asked.ends_at
            ),
            context=context,
        )
    except CommandRefusedError:
        # It was revoked in between: what was to take its place shall not outlive it unseen.
        revoke = commands.RevokeKey(key_id=made.key_id, reason="unused")
        await handler.handle(revoke, context=context)
        raise
    return Rotated(made, issued.state.key, handled.state.ends_at, handled.events[-1].position)
