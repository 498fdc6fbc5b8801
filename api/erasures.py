"""People over HTTP: asking that somebody be forgotten, agreeing to it, and telling what is held.

The number comes in the body, never in the address: addresses are logged. It is answered to nobody
but in an export, which may be of any length and is then sent piece by piece. An approval carries
the erasure out before it is answered; whoever is told that it took too long sends it again, and it
is finished.
"""

from aiohttp import web

from adapters.directory import parse_phone
from adapters.refusal_texts import Language
from api import schemas_people as shapes
from api.calls import Call, answer, validated
from api.description import HTML
from api.errors import PROBLEMS, Place, ProblemError
from api.people_export import Telling, erasure_of, left_in, telling
from api.people_page import export_page
from api.people_writing import written_json
from api.problems import language_of
from api.streaming import answer_long
from api.waiting import caught_up
from ledger.errors import InvalidPhoneError
from ledger.people import Erasure
from projections.tables import stamp


async def create_erasure(call: Call) -> web.Response:
    """Ask that a person be forgotten; a repeat finds the request that is open."""
    wanted = validated(shapes.ErasureRequest, await call.json_object())
    people, asker = call.services.people, call.asker
    erasure = await people.request(
        _number(wanted),
        by=asker.key_id,
        reason=wanted.reason,
        context=call.context(asker.actor),
    )
    labels = await _labels(call, erasure)
    shown = erasure_of(erasure, erasure.status(people.clock()), labels=labels)
    position = await people.handler.store.position()
    headers = {"Location": f"/v1/people/erasures/{shown.id}"}
    return answer(shown, status=201, position=position, headers=headers)


async def approve_erasure(call: Call) -> web.Response:
    """Agree to it as a second operator, and destroy the person's keys."""
    people, asker = call.services.people, call.asker
    done = await people.approve(
        call.request.match_info["erasure_id"],
        by=asker.key_id,
        context=call.context(asker.actor),
    )
    return await _shown(call, done.erasure, done.position)


async def show_erasure(call: Call) -> web.Response:
    """Show one request."""
    people = call.services.people
    _, erasure = await people.erasure(call.request.match_info["erasure_id"])
    return await _shown(call, erasure, await people.handler.store.position())


async def list_erasures(call: Call) -> web.Response:
    """List requests, newest first, from the projection."""
    services, query = call.services, call.query
    position = await caught_up(call, services.erasures.name, query.min_position)
    limit = min(query.limit, services.settings.page_entries_max)
    rows = await services.erasures.page(query.after, limit)
    labels = await services.people.keys.labels(
        key_id for row in rows for key_id in (row.requested_by, row.approved_by)
    )
    now, language = stamp(services.clock()), _language(call)
    page = shapes.ErasurePage(
        position=position,
        erasures=[
            shapes.ErasureOut.model_validate(
                {
                    "id": row.erasure_id,
                    "person": row.person,
                    "status": row.status(now),
                    "reason": row.reason,
                    "requested_by": row.requested_by,
                    "requested_by_label": labels.get(row.requested_by),
                    "approved_by": row.approved_by,
                    "approved_by_label": labels.get(row.approved_by or ""),
                    "ends_at": row.ends_at,
                    "keys_destroyed": row.keys_destroyed,
                    "bytes_left": left_in(row.bytes_left, language),
                }
            )
            for row in rows
        ],
        next_after=rows[-1].position if len(rows) == limit else None,
    )
    return answer(page, position=position)


async def export_person(call: Call) -> web.StreamResponse:
    """Tell everything that is held about a person, as JSON."""
    told = await _telling(call)
    return await answer_long(call, written_json(told), position=told.position)


async def export_person_page(call: Call) -> web.StreamResponse:
    """Tell the same as a page to read, in French or English."""
    told = await _telling(call)
    language = _language(call)
    return await answer_long(
        call,
        export_page(told, language),
        position=told.position,
        headers={"Content-Language": language},
        content_type=HTML,
    )


async def _labels(call: Call, erasure: Erasure) -> dict[str, str]:
    return await call.services.people.keys.labels([erasure.requested.by, erasure.approved_by])


async def _shown(call: Call, erasure: Erasure, position: int) -> web.Response:
    language = _language(call)
    labels = await _labels(call, erasure)
    status = erasure.status(call.services.people.clock())
    shown = erasure_of(erasure, status, language, labels=labels)
    told = {"Content-Language": language} if shown.bytes_left else None
    return answer(shown, position=position, headers=told)


def _language(call: Call) -> Language:
    return language_of(call.request.headers.get("Accept-Language"))


async def _telling(call: Call) -> Telling:
    wanted = validated(shapes.PersonRequest, await call.json_object())
    asker, number = call.asker, _number(wanted)
    context = call.context(asker.actor)
    return await telling(call.services.people, number, by=asker.key_id, context=context)


def _number(wanted: shapes.PersonRequest) -> str:
    """Read the number.

    Raises:
        ProblemError: it cannot exist; it is not repeated.
    """
    try:
        return parse_phone(wanted.phone, wanted.country).e164
    except InvalidPhoneError as error:
        place = Place("pointer", f"/{error.field}", error.reason, error.remedy)
        raise ProblemError(PROBLEMS[InvalidPhoneError], place.sentence, [place]) from None
