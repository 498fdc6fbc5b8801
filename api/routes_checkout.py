"""Routes to checkout sessions, for merchants and for their customers; a part of `api.routes`."""

from typing import Final

from api import checkouts
from api import schemas_checkout as shapes
from api.pages import checkout as page
from api.pages import live
from api.pages.schemas import CheckoutForm, PageQuery
from api.route import SEEING, STREAM, Route
from api.schemas import NoBody, PositionQuery

_ONE: Final = ("unknown_checkout_session",)

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
            "invalid_money",
            "invalid_phone",
            "operator_not_served",
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
        problems=("unknown_merchant", "projection_behind"),
    ),
    Route(
        method="GET",
        path="/v1/checkout-sessions/{session_id}",
        name="show_checkout",
        endpoint=checkouts.show_checkout,
        summary="Show a checkout session as its events say.",
        roles=SEEING,
        query=PositionQuery,
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
        body=NoBody,
        answers={200: shapes.CheckoutOut},
        problems=_ONE,
    ),
    Route(
        method="GET",
        path="/checkout/static/{name}",
        name="show_checkout_file",
        endpoint=page.show_file,
        summary="Give a file that checkout pages, or pages of merchants, use.",
        roles=None,
        query=PageQuery,
        answers={200: "text/javascript"},
        other_media=("text/html",),
        problems=("not_found",),
    ),
    Route(
        method="GET",
        path="/checkout/{session_id}",
        name="show_checkout_page",
        endpoint=page.show_page,
        summary="Show a customer the page of a checkout session.",
        roles=None,
        is_page=True,
        query=PageQuery,
        answers={200: "text/html"},
        problems=("unknown_checkout_session",),
    ),
    Route(
        method="POST",
        path="/checkout/{session_id}",
        name="take_checkout_form",
        endpoint=page.take_form,
        summary="Take what a customer sent by the page's forms; leads back to the page.",
        roles=None,
        is_page=True,
        query=PageQuery,
        form=CheckoutForm,
        answers={303: "text/html"},
        problems=(
            "unknown_checkout_session",
            "forbidden",
            "unsupported_media_type",
            "body_too_large",
            "body_too_slow",
            "invalid_phone",
            "too_many_requests",
            "entry_too_large",
            "disk_full",
        ),
    ),
    Route(
        method="GET",
        path="/checkout/{session_id}/stream",
        name="follow_checkout",
        endpoint=live.follow,
        summary="Tell a checkout page, by server-sent events, when it would show something else.",
        roles=None,
        query=PageQuery,
        answers={200: STREAM},
        example=live.example,
        problems=("unknown_checkout_session",),
    ),
    Route(
        method="GET",
        path="/checkout/{session_id}/qr.svg",
        name="show_checkout_code",
        endpoint=page.show_code,
        summary="Give the address of a checkout page as a QR code.",
        roles=None,
        query=PageQuery,
        answers={200: "image/svg+xml"},
        problems=("unknown_checkout_session",),
    ),
)
