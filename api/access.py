"""API keys over HTTP: a merchant looks at his own, replaces them, and ends them at once.

A merchant's key sees and changes his keys of its own mode alone: a test key lies in more hands, and
must not end what takes real money. Anybody else's key is answered like one that does not exist.
Admins see and change all of them.

Keys are first made on the command line, by whoever operates the ledger; here they only follow one
another. Neither request takes an Idempotency-Key: the answer to a rotation holds a secret, which is
kept nowhere and cannot be given again (`api.rotation` says what to do instead), and what is revoked
stays revoked.
"""

from datetime import datetime

from aiohttp import web

from api import key_documents
from api.calls import Call, answer, validated
from api.errors import UNKNOWN_KEY, Place, ProblemError
from api.rotation import account_of, rotate
from api.waiting import caught_up
from ledger import commands, merchant
from ledger.errors import UnknownMerchantError
from ledger.sentences import Sentence, explained
from projections.keys import KeyRow


async def list_keys(call: Call) -> web.Response:
    """List keys, newest first, from the projection."""
    services, query, asker = call.services, call.query, call.asker
    merchant_id = query.merchant_id
    if asker.role == "merchant":
        if merchant_id not in {None, asker.merchant_id}:
            raise UnknownMerchantError(merchant_id)
        merchant_id = asker.merchant_id
    position = await caught_up(call, services.keys.name, query.min_position)
    limit = min(query.limit, services.settings.page_entries_max)
    rows = await services.keys.page(
        merchant_id=merchant_id,
        modes=services.modes_seen(asker.mode),
        after=query.after,
        limit=limit,
    )
    page = key_documents.KeyPage(
        position=position,
        keys=[_shown(call, row) for row in rows],
        next_after=rows[-1].position if len(rows) == limit else None,
    )
    return answer(page, position=position)


async def rotate_key(call: Call) -> web.Response:
    """Replace a key; its successor's text is in this answer and nowhere else."""
    services = call.services
    wanted = validated(key_documents.KeyRotation, await call.json_object())
    key_id = await _load(call)
    rotated = await rotate(
        services.handler,
        key_id,
        overlap_hours=wanted.overlap_hours,
        now=services.clock(),
        default_mode=services.default_mode,
        context=call.context(call.asker.actor),
    )
    services.authenticator.forget(key_id)
    made = key_documents.NewKeyOut(
        id=rotated.key.key_id,
        key=rotated.key.text,
        role=rotated.issued.role,
        merchant_id=rotated.issued.merchant_id,
        mode=rotated.issued.mode,
        replaces=key_id,
        replaced_ends_at=rotated.ends_at,
        position=rotated.position,
    )
    return answer(made, status=201, position=rotated.position)


async def revoke_key(call: Call) -> web.Response:
    """Make a key worth nothing, at once; a repeat changes nothing."""
    services = call.services
    wanted = validated(key_documents.KeyRevocation, await call.json_object())
    key_id = await _load(call)
    command = commands.RevokeKey(key_id=key_id, reason=wanted.reason)
    await services.handler.handle(command, context=call.context(call.asker.actor))
    services.authenticator.forget(key_id)
    recorded = await services.store.read_stream(merchant.key_stream(key_id))
    revoked = key_documents.RevokedKeyOut(
        id=key_id, state="revoked", position=recorded[-1].position
    )
    return answer(revoked, position=revoked.position)


async def _load(call: Call) -> str:
    """Find the key that the address names.

    Raises:
        ProblemError: there is none, or not for whom asks.
    """
    services, key_id = call.services, call.request.match_info["key_id"]
    key = None
    if key_id.isascii() and key_id.isalnum():
        key = (await account_of(services.handler, key_id)).key
    if key is not None:
        mode = key.mode or services.default_mode
        if call.asker.may_see(key.merchant_id, mode):
            return key_id
    reason = Sentence("There is no key with this id.")
    remedy = Sentence("Check it, and whose key you use.")
    place = Place("parameter", "key_id", reason, remedy)
    raise ProblemError(UNKNOWN_KEY, explained(reason, remedy), [place])


def _shown(call: Call, row: KeyRow) -> key_documents.KeyOut:
    services = call.services
    is_merchants = row.role == "merchant"
    return key_documents.KeyOut.model_validate(
        {
            "id": row.key_id,
            "role": row.role,
            "label": row.label,
            "merchant_id": row.merchant_id,
            "mode": row.mode or (services.default_mode if is_merchants else None),
            "state": state_of(row, services.clock()),
            "created_at": row.issued_at,
            "last_used_at": services.last_uses.later(row.key_id, row.last_used_at),
            "ends_at": row.ends_at,
            "replaced_by": row.replaced_by,
            "revoked_at": row.revoked_at,
            "revoked_reason": row.revoked_reason,
            "position": row.position,
        }
    )


def state_of(row: KeyRow, now: datetime) -> key_documents.KeyState:
    """Say in one word what a key is worth."""
    if row.is_revoked:
        return "revoked"
    if row.ends_at is None:
        return "active"
    return "ending" if now < row.ends_at else "ended"
