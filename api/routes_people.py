"""Routes to people: forgetting them, and telling what is held; a part of `api.routes`."""

from typing import Final

from api import erasures
from api import schemas_people as shapes
from api.authentication import Role
from api.route import Route
from api.schemas import NoBody, PositionQuery

_CARING: Final[frozenset[Role]] = frozenset({"operator", "admin"})

PEOPLE: Final[tuple[Route, ...]] = (
    Route(
        method="POST",
        path="/v1/people/erasures",
        name="create_erasure",
        endpoint=erasures.create_erasure,
        summary="Ask that a person be forgotten; another operator has to agree.",
        roles=_CARING,
        body=shapes.ErasureRequest,
        answers={201: shapes.ErasureOut},
        problems=("invalid_phone", "payments_open"),
    ),
    Route(
        method="GET",
        path="/v1/people/erasures",
        name="list_erasures",
        endpoint=erasures.list_erasures,
        summary="List requests to forget somebody, newest first.",
        roles=_CARING,
        query=shapes.ErasuresQuery,
        answers={200: shapes.ErasurePage},
        problems=("projection_behind",),
    ),
    Route(
        method="GET",
        path="/v1/people/erasures/{erasure_id}",
        name="show_erasure",
        endpoint=erasures.show_erasure,
        summary="Show a request to forget somebody.",
        roles=_CARING,
        query=PositionQuery,
        answers={200: shapes.ErasureOut},
        problems=("unknown_erasure",),
    ),
    Route(
        method="POST",
        path="/v1/people/erasures/{erasure_id}/approval",
        name="approve_erasure",
        endpoint=erasures.approve_erasure,
        summary="Agree as a second operator: the person's keys are destroyed, for ever.",
        roles=_CARING,
        body=NoBody,
        answers={200: shapes.ErasureOut},
        problems=("unknown_erasure", "payments_open"),
    ),
    Route(
        method="POST",
        path="/v1/people/exports",
        name="export_person",
        endpoint=erasures.export_person,
        summary="Tell everything that is held about a person, opened.",
        roles=_CARING,
        body=shapes.PersonRequest,
        answers={200: shapes.ExportOut},
        problems=("invalid_phone",),
    ),
    Route(
        method="POST",
        path="/v1/people/exports/page",
        name="export_person_page",
        endpoint=erasures.export_person_page,
        summary="Tell everything that is held about a person, as a page to read.",
        roles=_CARING,
        body=shapes.PersonRequest,
        answers={200: "text/html"},
        problems=("invalid_phone",),
    ),
)
