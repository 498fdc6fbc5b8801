"""Routes to raw evidence; a part of `api.routes`."""

from typing import Final

from api import exchanges, schemas_exchanges
from api.authentication import Role
from api.route import ONE, Route
from api.schemas import PositionQuery

LISTING: Final[frozenset[Role]] = frozenset({"merchant", "auditor", "operator", "admin"})
OPENING: Final[frozenset[Role]] = frozenset({"auditor", "operator"})

EXCHANGES: Final[tuple[Route, ...]] = (
    Route(
        method="GET",
        path="/v1/payments/{payment_id}/exchanges",
        name="list_exchanges",
        endpoint=exchanges.list_exchanges,
        summary="List what went to providers about a payment, and how it was answered.",
        roles=LISTING,
        query=schemas_exchanges.ExchangesQuery,
        answers={200: schemas_exchanges.ExchangePage},
        problems=ONE,
    ),
    Route(
        method="GET",
        path="/v1/payments/{payment_id}/exchanges/{exchange}",
        name="open_exchange",
        endpoint=exchanges.open_exchange,
        summary="Show the bytes of one exchange, checked. That they were looked at is recorded.",
        roles=OPENING,
        query=PositionQuery,
        answers={200: schemas_exchanges.OpenedExchangeOut},
        problems=(*ONE, "disk_full", "stream_too_long"),
    ),
)
