"""What auditors ask about the log as a whole: its checkpoints, its keys, and proofs.

A proof is worth what the checkpoint is worth that it leads to: so an answer carries the signed note
where its size is a checkpoint's. What somebody may compute from tiles (`api.tlog`) he is given here
ready made; nothing of it has to be believed.
"""

from base64 import b64encode
from typing import NoReturn

from aiohttp import web

from api import schemas_log
from api.calls import Call, answer
from api.errors import INVALID_REQUEST, Place, ProblemError
from api.waiting import caught_up
from ledger.checkpointing import again
from ledger.errors import CommandRefusedError, NoteKeyError
from ledger.merkle import leaf_hash
from ledger.proving import prove_consistency, prove_inclusion, root_of
from ledger.sentences import Sentence
from ledger.store import TreeHead
from projections.commitments import CheckpointRow


async def show_checkpoint(call: Call) -> web.Response:
    """Say what the log holds now, and show the last checkpoint that was recorded."""
    services = call.services
    note: str | None = None
    if services.checkpoints is not None:
        head, note = await services.checkpoints.signed_head()
    else:
        head = await services.store.head()
    published = await services.commitments.published()
    shown = schemas_log.Checkpoint(
        **_size_and_root(head),
        note=note,
        published=None if published is None else _checkpoint(published),
    )
    return answer(shown, position=head.size)


async def list_checkpoints(call: Call) -> web.Response:
    """List the checkpoints, newest first."""
    services, query = call.services, call.query
    position = await caught_up(call, services.commitments.name, query.min_position)
    limit = min(query.limit, services.settings.page_entries_max)
    rows = await services.commitments.page(after=query.after, limit=limit)
    page = schemas_log.CheckpointPage(
        position=position,
        checkpoints=[_checkpoint(row) for row in rows],
        next_after=rows[-1].size if len(rows) == limit else None,
    )
    return answer(page, position=position)


async def make_checkpoint(call: Call) -> web.Response:
    """Make a checkpoint now; the last one if nothing happened since."""
    services = call.services
    maker = services.checkpoints
    if maker is None:
        _refuse(Sentence("no key that signs the log is set up."))
    try:
        made = await maker.make(context=call.context(call.asker.actor))
    except NoteKeyError:
        _refuse(Sentence("the key that signs the log is not here."))
    if made is None:
        last = await services.commitments.latest()
        if last is None:
            _refuse(Sentence("nothing has happened that a checkpoint could hold."))
        made = again(last.note)
    found = await services.commitments.of_size(made.size)
    shown = schemas_log.CheckpointMade(
        **_size_and_root(TreeHead(made.size, made.root)),
        note=found.note if found else made.note,
        is_new=made.is_new,
    )
    status = 201 if made.is_new else 200
    return answer(shown, status=status, position=await services.store.position())


async def list_log_keys(call: Call) -> web.Response:
    """List the keys that sign the log, each with the sizes that are its to sign."""
    services = call.services
    position = await caught_up(call, services.commitments.name, call.query.min_position)
    keys = [
        schemas_log.LogKey(
            key=row.key,
            introduced_at=row.introduced_at,
            position=row.position,
            since=row.since,
            until=row.until,
            note=row.note,
        )
        for row in await services.commitments.keys()
    ]
    return answer(schemas_log.LogKeys(position=position, keys=keys), position=position)


async def show_inclusion(call: Call) -> web.Response:
    """Prove that an entry is in the log of a size."""
    services, query = call.services, call.query
    size = await _size(call, query.size, "size")
    if query.position > size:
        reason = Sentence("The log of {size} entries has no such position.", size=size)
        _invalid("position", reason, Sentence("Send one that is not above the size."))
    hashes = await prove_inclusion(services.store, query.position, size)
    (row,) = await services.store.read_raw(query.position - 1, 1)
    proof = schemas_log.InclusionProof(
        position=query.position,
        size=size,
        leaf_hash=_base64(leaf_hash(row.entry)),
        hashes=[_base64(one) for one in hashes],
        root=_base64(await root_of(services.store, size)),
        note=await _note(call, size),
    )
    return answer(proof, position=await services.store.position())


async def show_consistency(call: Call) -> web.Response:
    """Prove that the log of a size only added to that of an earlier one."""
    services, query = call.services, call.query
    new = await _size(call, query.to, "to")
    if query.from_ > new:
        reason = Sentence("It is above `to`, where the log had {size} entries.", size=new)
        _invalid("from", reason, Sentence("Send a size that is not above `to`."))
    hashes = await prove_consistency(services.store, query.from_, new)
    proof = schemas_log.ConsistencyProof(
        from_size=query.from_,
        to_size=new,
        hashes=[_base64(one) for one in hashes],
        from_root=_base64(await root_of(services.store, query.from_)),
        to_root=_base64(await root_of(services.store, new)),
        from_note=await _note(call, query.from_),
        to_note=await _note(call, new),
    )
    return answer(proof, position=await services.store.position())


async def _size(call: Call, asked: int | None, parameter: str) -> int:
    """The size that is asked for; by default that of the checkpoint that is shown."""
    position = await call.services.store.position()
    if asked is None:
        published = await call.services.commitments.published()
        return position if published is None else published.size
    if asked > position:
        reason = Sentence("The log has not reached this size.")
        _invalid(parameter, reason, Sentence("Send that of a checkpoint, or leave it out."))
    return asked


async def _note(call: Call, size: int) -> str | None:
    found = await call.services.commitments.of_size(size)
    return None if found is None else found.note


def _invalid(parameter: str, reason: Sentence, remedy: Sentence) -> NoReturn:
    place = Place("parameter", parameter, reason, remedy)
    raise ProblemError(INVALID_REQUEST, place.sentence, [place])


def _refuse(reason: Sentence) -> NoReturn:
    raise CommandRefusedError("RecordCheckpoint", reason)


def _checkpoint(row: CheckpointRow) -> schemas_log.CheckpointOut:
    return schemas_log.CheckpointOut(
        size=row.size,
        root_base64=row.root,
        note=row.note,
        cosigned_by=list(row.cosigned_by),
        digests={name: schemas_log.DigestOut(**one._asdict()) for name, one in row.digests.items()},
        made_at=row.made_at,
        position=row.position,
    )


def _size_and_root(head: TreeHead) -> dict[str, object]:
    return {"size": head.size, "root_hex": head.root.hex(), "root_base64": _base64(head.root)}


def _base64(raw: bytes) -> str:
    return b64encode(raw).decode()
