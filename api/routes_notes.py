"""Routes to operators' notes, and to what waits for a second person; a part of `api.routes`."""

from typing import Final

from api import documents, notes
from api import schemas_notes as shapes
from api import schemas_proposals as proposals
from api.authentication import Role
from api.route import ONE, STAFF, Route
from api.schemas import NoBody, PositionQuery

_SETTLING: Final[frozenset[Role]] = frozenset({"operator", "admin"})

NOTES: Final[tuple[Route, ...]] = (
    Route(
        method="GET",
        path="/v1/proposals",
        name="list_proposals",
        endpoint=notes.list_proposals,
        summary="List the notes and statements that wait for a second person, newest first.",
        roles=STAFF,
        query=proposals.ProposalsQuery,
        answers={200: proposals.ProposalPage},
        problems=("projection_behind",),
    ),
    Route(
        method="POST",
        path="/v1/payments/{payment_id}/notes",
        name="propose_note",
        endpoint=notes.propose_note,
        summary="Propose what became of a payment, payout or refund; another operator has to "
        "agree.",
        roles=_SETTLING,
        body=shapes.NoteRequest,
        answers={201: shapes.NoteOut},
        problems=(*ONE, "note_refused", "invalid_money"),
    ),
    Route(
        method="GET",
        path="/v1/payments/{payment_id}/notes",
        name="list_notes",
        endpoint=notes.list_notes,
        summary="List what operators proposed about a payment, who agreed, and what came of it.",
        roles=STAFF,
        query=PositionQuery,
        answers={200: shapes.NotePage},
        problems=ONE,
    ),
    Route(
        method="POST",
        path="/v1/payments/{payment_id}/notes/{note_id}/approval",
        name="approve_note",
        endpoint=notes.approve_note,
        summary="Agree as a second operator: the note is evidence, and settles the payment.",
        roles=_SETTLING,
        body=NoBody,
        answers={200: documents.PaymentOut},
        problems=(*ONE, "unknown_note", "note_refused"),
    ),
    Route(
        method="POST",
        path="/v1/payments/{payment_id}/notes/{note_id}/withdrawal",
        name="withdraw_note",
        endpoint=notes.withdraw_note,
        summary="Take back a proposal that nobody has agreed to.",
        roles=_SETTLING,
        body=NoBody,
        answers={200: shapes.NoteOut},
        problems=(*ONE, "unknown_note", "note_refused"),
    ),
)
