"""The payments' list: one row each, filters, pages, and where a reference leads."""

from datetime import datetime, timedelta, timezone
from typing import Any

from ledger.payment import Status
from projections.payments import PaymentRow, PaymentsProjection
from tests.builders import NOW, paid
from tests.projecting import Projected, ReadModel

CONTRADICTION = "poll of mtn says failed; poll of mtn says succeeded"


# What happened -> status, reason, code, whether that is final.
STANDING = [
    ("request", "requested", None, None, False),
    ("request start", "submitting", None, None, False),
    ("request start confirm", "pending", None, None, False),
    ("request start doubt", "unknown", "timeout", None, False),
    ("request start doubt pending", "pending", "PENDING", None, False),
    ("request start withdraw", "requested", "connection refused", None, False),
    ("request start withdraw expire", "expired", "nobody could take it", None, True),
    ("request start withdraw expire confirm", "pending", "nobody could take it", None, False),
    ("request start decline", "declined", "not allowed", "NOT_ALLOWED", True),
    ("request start decline start", "submitting", None, None, False),
    ("request start failure", "failed", "NOT_ENOUGH_FUNDS", "NOT_ENOUGH_FUNDS", True),
    ("request start expiry", "expired", "NOT_ENOUGH_FUNDS", None, True),
    ("request start success", "succeeded", None, None, True),
    ("request start success confirm", "succeeded", None, None, True),
    ("request start success failure", "conflict", CONTRADICTION, None, True),
]


def at(seconds: float) -> datetime:
    """A time of the story."""
    return NOW + timedelta(seconds=seconds)


# Of payments 0 to 3, of which 0 and 1 succeeded -> which are found.
FILTERS: list[tuple[dict[str, Any], list[int]]] = [
    ({}, [3, 2, 1, 0]),
    ({"merchant_id": "mer_0"}, [2, 0]),
    ({"status": Status.SUCCEEDED}, [1, 0]),
    ({"status": "requested"}, [3, 2]),
    ({"provider": "orange"}, [3, 1]),
    ({"payer": "person-1"}, [3, 1]),
    ({"created_from": at(8)}, [3, 2]),
    ({"created_to": at(8)}, [1, 0]),
    ({"created_from": at(4), "created_to": at(9)}, [2, 1]),
    ({"created_from": at(8).astimezone(timezone(timedelta(hours=1)))}, [3, 2]),
    ({"merchant_id": "mer_1", "status": "succeeded"}, [1]),
    ({"merchant_id": "nobody"}, []),
    ({"limit": 1}, [3]),
    ({"limit": 0}, [3]),
]


class TestPayments(ReadModel):
    async def test_a_payment_is_one_row_with_everything_a_list_shows(
        self, projected: Projected
    ) -> None:
        await projected.story(*paid(0))
        payments = projected.projections.of(PaymentsProjection)
        row = PaymentRow(
            position=1,
            kind="collection",
            refund_of=None,
            refunded_minor=0,
            mode=None,
            payment_id="pay_0",
            merchant_id="mer_0",
            payer="person-0",
            country="CM",
            operator="mtn-cm",
            currency="XOF",
            amount_minor=1000,
            status=Status.SUCCEEDED,
            reason=None,
            code=None,
            provider="mtn",
            reference="pay_0-1",
            provider_transaction_id="7",
            attempts=1,
            inquiries=0,
            requested_at=at(0),
            updated_at=at(3),
            final_at=at(3),
            updated_position=5,
            moved_at=at(3),
        )
        assert await payments.page() == [row]
        assert await payments.find("pay_0") == row
        assert await payments.find("pay_9") is None

    async def test_where_it_stands_and_why(self, projected: Projected) -> None:
        for number, row in enumerate(STANDING):
            await projected.tell(*[(2 * number, verb) for verb in row[0].split()])
        await projected.project()
        page = await projected.projections.of(PaymentsProjection).page()
        assert [
            (words, row.status, row.reason, row.code, row.final_at is not None)
            for (words, *_), row in zip(STANDING, reversed(page), strict=True)
        ] == STANDING

    async def test_an_overturned_success_gives_the_last_submission_back(
        self, projected: Projected
    ) -> None:
        steps = "request start withdraw start success_first statement_failure_first".split()
        await projected.story(*[(0, verb) for verb in steps[:-1]])
        payments = projected.projections.of(PaymentsProjection)
        before = await payments.find("pay_0")
        await projected.story((0, steps[-1]))
        after = await payments.find("pay_0")
        assert before is not None
        assert after is not None
        assert (before.status, before.reference, before.provider_transaction_id) == (
            "succeeded",
            "pay_0-1",
            "7",
        )
        assert (after.status, after.reference, after.provider_transaction_id, after.final_at) == (
            "submitting",
            "pay_0-2",
            None,
            None,
        )

    async def test_pages_go_from_the_newest_to_the_oldest_and_lose_none(
        self, projected: Projected
    ) -> None:
        await projected.story(*[(number, "request") for number in range(7)])
        payments = projected.projections.of(PaymentsProjection)
        pages, after = [], None
        while page := await payments.page(after=after, limit=3):
            pages.append([row.payment_id for row in page])
            after = page[-1].position
        assert pages == [["pay_6", "pay_5", "pay_4"], ["pay_3", "pay_2", "pay_1"], ["pay_0"]]

    async def test_filters_narrow_the_list(self, projected: Projected) -> None:
        await projected.story(*paid(0, 1), (2, "request"), (3, "request"))
        payments = projected.projections.of(PaymentsProjection)
        found = [
            (filters, [int(row.payment_id[4:]) for row in await payments.page(**filters)])
            for filters, _ in FILTERS
        ]
        assert found == FILTERS

    async def test_every_reference_ever_used_leads_to_its_payment(
        self, projected: Projected
    ) -> None:
        await projected.story(
            (0, "request"),
            (0, "start"),
            (0, "withdraw"),
            (0, "start"),
            (1, "request"),
            (1, "start"),
        )
        payments = projected.projections.of(PaymentsProjection)
        asked = [
            ("mtn", "pay_0-1"),
            ("mtn", "pay_0-2"),
            ("orange", "pay_1-1"),
            ("mtn", "pay_1-1"),
        ]
        assert [await payments.payment_of(*one) for one in asked] == [
            "pay_0",
            "pay_0",
            "pay_1",
            None,
        ]
