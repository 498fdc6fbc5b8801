"""Routes to support; a part of `api.routes`.

Not for auditors: they read the events themselves, and whoever only reads leaves no trace.
"""

from typing import Final

from api import schemas_support, support
from api.authentication import Role
from api.route import ONE, Route
from api.schemas import PositionQuery

HELPING: Final[frozenset[Role]] = frozenset({"merchant", "accountant", "operator", "admin"})

SUPPORT: Final[tuple[Route, ...]] = tuple(
    Route(
        method="GET",
        path=f"/v1/{things}/{{payment_id}}/support",
        name=f"show_{thing}_support",
        endpoint=endpoint,
        summary=f"Tell what has become of a {thing}, and what to do now, in plain words.",
        roles=HELPING,
        query=PositionQuery,
        answers={200: schemas_support.SupportOut},
        problems=(*ONE, "disk_full"),
    )
    for thing, things, endpoint in (
        ("payment", "payments", support.show_payment_support),
        ("payout", "payouts", support.show_payout_support),
        ("refund", "refunds", support.show_refund_support),
    )
)
