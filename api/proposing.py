"""What waits for a second person, as the door and the command line show it.

Which proposals are open is found in a projection; what each says is read from its own events, so
nothing is shown that has been approved or taken back since.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress

from api.noting import Notes, note_of
from api.schemas_proposals import ProposalOut
from api.statement_approving import known_of
from ledger.errors import ErasedError
from ledger.operator_notes import state_of, with_word
from projections.proposals import ProposalRow
from projections.tables import read_stamp, read_stamp_or_none


async def proposals_of(rows: Iterable[ProposalRow], notes: Notes) -> list[ProposalOut]:
    """Say what each of these proposals is, but for those that are open no more."""
    found = [*rows]
    labels = await notes.keys.labels([one.proposed_by for one in found])
    shown = [
        await (_note if one.kind == "note" else _statement)(one, notes, labels) for one in found
    ]
    return [one for one in shown if one is not None]


async def _note(row: ProposalRow, notes: Notes, labels: Mapping[str, str]) -> ProposalOut | None:
    payment, _ = await notes.handler.payment(row.subject)
    note = note_of(payment, row.note_id or "")
    state = state_of(note, payment, notes.clock())
    if state not in {"proposed", "overtaken"}:
        return None
    word, reason = note.proposed.evidence, None
    with suppress(ErasedError):
        reason = await notes.reason(payment, note)
    path = f"/v1/payments/{row.subject}/notes/{note.note_id}/approval"
    said = {
        "id": note.note_id,
        "payment_id": row.subject,
        "state": state,
        "provider": word.provider,
        "word": word.word.value,
        "amount": word.amount,
        "currency": word.currency,
        "reason": reason,
        "status": payment.status.value,
        "would_become": with_word(payment, word).status.value,
        "lines_count": None,
        "approval": path,
    }
    return _shown(row, labels, said)


async def _statement(
    row: ProposalRow, notes: Notes, labels: Mapping[str, str]
) -> ProposalOut | None:
    known = await known_of(notes.handler.store, row.subject)
    if known.approved is not None or known.withdrawn is not None:
        return None
    said = {
        "id": row.subject,
        "payment_id": None,
        "state": "proposed",
        "provider": known.opened.provider,
        "word": None,
        "amount": None,
        "currency": known.opened.currency,
        "reason": None,
        "status": None,
        "would_become": None,
        "lines_count": known.opened.lines,
        "approval": f"/v1/statements/{row.subject}/approval",
    }
    return _shown(row, labels, said)


def _shown(row: ProposalRow, labels: Mapping[str, str], said: Mapping[str, object]) -> ProposalOut:
    return ProposalOut.model_validate(
        {
            **said,
            "kind": row.kind,
            "proposed_by": row.proposed_by,
            "proposed_by_label": labels.get(row.proposed_by),
            "proposed_at": read_stamp(row.proposed_at),
            "ends_at": read_stamp_or_none(row.ends_at),
            "position": row.position,
        }
    )
