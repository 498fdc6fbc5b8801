"""Operators' notes over HTTP: a word is proposed, agreed to by another operator, or taken back.

An approval is answered with the payment as it stands after it. A merchant sees that a person has
settled its payment, in its evidence and its history; these addresses are not for its keys.
"""

from aiohttp import web

from api import payments
from api import schemas_notes as shapes
from api.calls import Call, answer, answer_bytes, validated
from api.noting import Notes
from api.problems import language_of
from api.proposing import proposals_of
from api.schemas_proposals import ProposalPage
from api.waiting import caught_up
from projections.tables import stamp


async def propose_note(call: Call) -> web.Response:
    """Propose a word; a repeat finds the proposal that is open."""
    said = validated(shapes.NoteRequest, await call.json_object())
    state, _ = await payments.load(call)
    notes, asker, payment_id = _notes(call), call.asker, state.requested.payment_id
    noted = await notes.propose(
        payment_id, said, by=asker.key_id, context=call.context(asker.actor)
    )
    shown = await notes.shown_one(noted)
    headers = {"Location": f"/v1/payments/{payment_id}/notes"}
    return answer(shown, status=201, position=noted.recorded[-1].position, headers=headers)


async def approve_note(call: Call) -> web.Response:
    """Agree to a note as a second operator: it is evidence, and the payment is answered."""
    state, _ = await payments.load(call)
    asker = call.asker
    noted = await _notes(call).approve(
        state.requested.payment_id,
        call.request.match_info["note_id"],
        by=asker.key_id,
        context=call.context(asker.actor),
    )
    told = (language_of(call.request.headers.get("Accept-Language")), False)
    written = await payments.write(call, noted.payment, noted.recorded, told)
    position = written.last.position
    return answer_bytes(written.body, position=position, headers=written.headers)


async def withdraw_note(call: Call) -> web.Response:
    """Take a proposal back that nobody has agreed to."""
    state, _ = await payments.load(call)
    notes, asker = _notes(call), call.asker
    noted = await notes.withdraw(
        state.requested.payment_id,
        call.request.match_info["note_id"],
        by=asker.key_id,
        context=call.context(asker.actor),
    )
    return answer(await notes.shown_one(noted), position=noted.recorded[-1].position)


async def list_notes(call: Call) -> web.Response:
    """List all notes of a payment; there are never many."""
    state, recorded = await payments.load(call)
    position = recorded[-1].position
    page = shapes.NotePage(
        payment_id=state.requested.payment_id,
        position=position,
        notes=await _notes(call).shown(state, recorded),
    )
    return answer(page, position=position)


async def list_proposals(call: Call) -> web.Response:
    """List what waits for a second person, of all payments and statements, newest first."""
    services, query = call.services, call.query
    position = await caught_up(call, services.proposals.name, query.min_position)
    limit = min(query.limit, services.settings.page_entries_max)
    now = stamp(services.clock())
    rows = await services.proposals.page(now, kind=query.kind, after=query.after, limit=limit)
    page = ProposalPage(
        position=position,
        proposals=await proposals_of(rows, _notes(call)),
        next_after=rows[-1].position if len(rows) == limit else None,
    )
    return answer(page, position=position)


def _notes(call: Call) -> Notes:
    services = call.services
    return Notes(
        handler=services.handler,
        vault=services.vault,
        keys=services.keys,
        clock=services.clock,
    )
