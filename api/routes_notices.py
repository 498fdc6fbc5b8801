"""Routes to a merchant's own events; a part of `api.routes`."""

from typing import Final

from api import notices
from api import schemas_notices as shapes
from api.authentication import Role
from api.route import STREAM, Route

_OWN: Final[frozenset[Role]] = frozenset({"merchant"})

NOTICES: Final[tuple[Route, ...]] = (
    Route(
        method="GET",
        path="/v1/notices",
        name="list_notices",
        endpoint=notices.list_notices,
        summary="List what happened to your payments, payouts, refunds, checkout sessions and "
        "endpoints, the oldest first.",
        roles=_OWN,
        query=shapes.NoticesQuery,
        answers={200: shapes.NoticePage},
        problems=("projection_behind",),
    ),
    Route(
        method="GET",
        path="/v1/events/stream",
        name="stream_notices",
        endpoint=notices.stream_notices,
        summary="Follow what happens to your payments, payouts, refunds, checkout sessions and "
        "endpoints, live.",
        roles=_OWN,
        query=shapes.StreamQuery,
        headers=(notices.LAST_EVENT_ID,),
        answers={200: STREAM},
        problems=("too_many_streams",),
    ),
)
