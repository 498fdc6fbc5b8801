"""Routes to checkout sessions, for merchants and for their customers; a part of `api.routes`."""

from typing import Final

from api import checkouts
from api import schemas_checkout as shapes
from api.route import READING, SEEING, Route

_ONE: Final = (*READING, "unknown_checkout_session")

CHECKOUT: Final[tuple[Route, ...]] = (
    Route(
        method="POST",
        path="/v1/checkout-sessions",
        name="create_checkout",
        endpoint=checkouts.create_checkout,
        summary="Create a page on which a customer pays. Repeated, it gives the same answer.",
        roles=frozenset({"merchant"}),
        body=shapes.CheckoutRequest,
        needs_idempotency_key=True,
        answers={201: shapes.CheckoutReceipt},
        problems=(
            *READING,
            "malformed_json",
            "unsupported_media_type",
            "body_too_large",
            "body_too_slow",
            "idempotency_key_missing",
            "idempotency_key_reused",
            "invalid_money",
            "operator_not_served",
            "disk_full",
        ),
    ),
    Route(
        method="GET",
        path="/v1/checkout-sessions",
        name="list_checkouts",
        endpoint=checkouts.list_checkouts,
        summary="List checkout sessions, newest first.",
        roles=SEEING,
        query=shapes.CheckoutsQuery,
        answers={200: shapes.CheckoutPage},
        problems=(*READING, "unknown_merchant", "projection_behind"),
    ),
    Route(
        method="GET",
        path="/v1/checkout-sessions/{session_id}",
        name="show_checkout",
        endpoint=checkouts.show_checkout,
        summary="Show a checkout session as its events say.",
        roles=SEEING,
        answers={200: shapes.CheckoutOut},
        problems=_ONE,
    ),
    Route(
        method="POST",
        path="/v1/checkout-sessions/{session_id}/expire",
        name="expire_checkout",
        endpoint=checkouts.expire_checkout,
        summary="Close a checkout session that nobody is paying. Repeated, it changes nothing.",
        roles=frozenset({"merchant"}),
        answers={200: shapes.CheckoutOut},
        problems=(*_ONE, "command_refused", "disk_full"),
    ),
)
