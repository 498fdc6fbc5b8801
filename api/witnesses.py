"""What anybody with a key may ask: who watches the log, how far, and whether that is enough.

While the last word of a witness is a refusal, its cosignatures count for nothing here, although
they stand in the notes: a database put back from an older copy still has those of its checkpoints.

What is said here is this server's own word. An auditor believes the cosignatures in a checkpoint's
note, by a policy that is his own.
"""

from collections.abc import Collection, Sequence
from typing import Final

from aiohttp import web

from api.calls import Call, answer
from api.schemas_witness import Witnesses, WitnessOut, WitnessRefusal
from api.waiting import caught_up
from api.wiring_witnesses import Witnessing
from ledger.checkpoint import Verifier
from ledger.errors import NoteError
from ledger.policy import Judgement, Policy
from projections.commitments import CheckpointRow
from projections.witnesses import WitnessRow

CHECKPOINTS_MAX: Final = 20
"""How many checkpoints back one that meets the policy is looked for."""


LOG_KEY: Final = "the log's key"
"""What is missing where the policy names none of the keys that signed: after a rotation."""


async def show_witnesses(call: Call) -> web.Response:
    """Show every witness of the policy, and whether the policy is met."""
    services = call.services
    position = await caught_up(call, services.witnesses.name, call.query.min_position)
    witnessing = services.witnessing
    if witnessing is None:
        nothing = Witnesses(
            position=position,
            is_set_up=False,
            quorum=None,
            is_met=False,
            missing=[],
            size=None,
            met_size=None,
            witnesses=[],
        )
        return answer(nothing, position=position)
    checkpoints = await services.commitments.page(limit=CHECKPOINTS_MAX)
    keys = tuple(Verifier.from_text(one.key) for one in await services.commitments.keys())
    rows = await services.witnesses.all()
    refusing = {row.witness for row in rows if row.is_refusing}
    without = [
        name for name, one in witnessing.policy.witnesses.items() if one.verifier.name in refusing
    ]
    judged = [(one.size, _judged(witnessing.policy, one, keys, without)) for one in checkpoints]
    size, newest = judged[0] if judged else (None, None)
    shown = Witnesses(
        position=position,
        is_set_up=True,
        quorum=witnessing.policy.quorum,
        is_met=newest is not None and newest.is_met,
        missing=[] if newest is None else _missing(newest),
        size=size,
        met_size=next((at for at, one in judged if one is not None and one.is_met), None),
        witnesses=_witnesses(witnessing, rows, newest, size),
    )
    return answer(shown, position=position)


def _missing(newest: Judgement) -> list[str]:
    """What the policy lacks; no witness's name has a space in it, so the log's key is none."""
    return [*([LOG_KEY] if newest.log is None else []), *newest.missing]


def _judged(
    policy: Policy,
    checkpoint: CheckpointRow,
    keys: tuple[Verifier, ...],
    without: Collection[str],
) -> Judgement | None:
    """What the policy says; None if a signature in a known name is wrong, which spoils the note."""
    try:
        return policy.judge(checkpoint.note, logs=keys, without=without)
    except NoteError:
        return None


def _witnesses(
    witnessing: Witnessing, rows: Sequence[WitnessRow], newest: Judgement | None, size: int | None
) -> list[WitnessOut]:
    by_key = {row.witness: row for row in rows}
    asked = {one.name for one in witnessing.gatherer.witnesses}
    troubles = witnessing.gatherer.troubles
    return [
        _witness(
            name,
            one.verifier,
            by_key.get(one.verifier.name),
            size=size,
            is_asked=name in asked,
            is_current=newest is not None and name in newest.cosigned,
            trouble=troubles.get(name),
        )
        for name, one in witnessing.policy.witnesses.items()
    ]


def _witness(
    name: str,
    key: Verifier,
    row: WitnessRow | None,
    *,
    size: int | None,
    is_asked: bool,
    is_current: bool,
    trouble: str | None,
) -> WitnessOut:
    cosigned = row.cosigned_size if row is not None else None
    is_refusing = row is not None and row.is_refusing
    refused = None
    if row is not None and row.refused_at is not None:
        refused = WitnessRefusal(
            size=row.refused_size or 0,
            status=row.refused_status or 0,
            reason=row.refused_reason or "",
            at=row.refused_at,
        )
    return WitnessOut(
        name=name,
        key=key.text(),
        is_asked=is_asked,
        is_current=is_current,
        cosigned_size=cosigned,
        cosigned_at=row.cosigned_at if row is not None else None,
        lag_entries=None if size is None or is_refusing else max(size - (cosigned or 0), 0),
        refused=refused,
        trouble=trouble,
    )
