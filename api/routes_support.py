"""Routes to what a payment's history tells: support, and receipts; a part of `api.routes`.

Support is not for auditors: they read the events themselves, and who only reads leaves no trace.
"""

from typing import Final

from api import receipts, schemas_support, support
from api.authentication import Role
from api.route import ONE, SEEING, WRITING, Route
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

RECEIPTS: Final[tuple[Route, ...]] = tuple(
    Route(
        method="GET",
        path=f"/v1/{things}/{{payment_id}}/receipt",
        name=f"show_{thing}_receipt",
        endpoint=receipts.show_receipt,
        summary=f"Prove a {thing}'s history: entries, proofs and a signed checkpoint, in one file.",
        roles=SEEING,
        query=PositionQuery,
        answers={200: "text/plain"},
        other_media=("text/html",),
        example=receipts.example,
        problems=(*ONE, "checkpoint_pending", *WRITING),
    )
    for thing, things in (("payment", "payments"), ("payout", "payouts"), ("refund", "refunds"))
)
