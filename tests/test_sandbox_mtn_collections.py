"""What only Collections have in the MTN sandbox: notes to payers, and calling things off."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from adapters.sandbox.mtn_products import RESOURCES
from tests.callback_receiver import CallbackReceiver
from tests.mtn_merchant import BAD_REQUEST, NOT_FOUND, PAYER, REFERENCE, Answer
from tests.mtn_products import PERSON, ProductMerchant, ProductWorld, a_product_world
from tests.mtn_specification import MtnSpecification, requires_specifications

OTHER = "5c0a9a58-62a5-4e0c-8d29-0d3c7e9a1b22"


@pytest.fixture
async def world() -> AsyncIterator[ProductWorld]:
    async with a_product_world() as made:
        yield made


async def notify(
    world: ProductWorld,
    reference: str = REFERENCE,
    *,
    header: str | None = "Thank you",
    body: bytes = b'{"notificationMessage":"Thank you"}',
) -> Answer:
    """Send a payer a note."""
    return await world.collection.ask(
        "POST",
        f"v1_0/requesttopay/{reference}/deliverynotification",
        body=body,
        notificationMessage=header,
        **{"Content-Type": "application/json"},
    )


class TestNotifications:
    async def test_a_payer_is_told_once_and_the_books_remember_it(self, tmp_path: Path) -> None:
        async with a_product_world(books_path=tmp_path / "books.jsonl") as world:
            await world.collection.create("v1_0/requesttopay", REFERENCE)
            first = await notify(world)
            await world.sandbox.stop()
            await world.sandbox.start()
            again = await notify(world)
            notes = world.sandbox.books.payments[REFERENCE].notes
        assert (first, again) == (Answer(200, None), Answer(429, None))
        assert notes == {"notified": "Thank you"}

    async def test_only_a_payment_of_ones_own_that_succeeded(self, world: ProductWorld) -> None:
        failed = str(uuid.uuid4())
        payer = PERSON | {"partyId": "46733123451"}
        await world.collection.create("v1_0/requesttopay", failed, payer=payer)
        await world.collection.create("v1_0/requesttopay", REFERENCE)
        async with ProductMerchant(world.sandbox, "collection") as stranger:
            mine, world.collection = world.collection, stranger
            foreign = await notify(world)
            world.collection = mine
        unknown, refused = await notify(world, OTHER), await notify(world, failed)
        assert [one.status for one in (foreign, unknown, refused)] == [404, 404, 409]

    async def test_after_its_window_it_is_gone(self) -> None:
        async with a_product_world(notification_window_seconds=60) as world:
            await world.collection.create("v1_0/requesttopay", REFERENCE)
            world.timer.advance(61)
            assert await notify(world) == Answer(410, None)

    @pytest.mark.parametrize(
        "changes",
        [
            {"header": None},
            {"header": "x" * 161},
            {"body": b""},
            {"body": b"[]"},
            {"body": b'{"notificationMessage":7}'},
            {"body": b'{"notificationMessage":""}'},
            {"reference": "7"},
        ],
        ids=str,
    )
    async def test_a_malformed_note_is_400(
        self, world: ProductWorld, changes: dict[str, Any]
    ) -> None:
        await world.collection.create("v1_0/requesttopay", REFERENCE)
        assert await notify(world, **changes) == BAD_REQUEST


class TestPreApprovals:
    async def listed(self, world: ProductWorld, holder: str = f"msisdn/{PAYER}") -> Any:
        """What a payer has approved."""
        return (await world.collection.ask("GET", f"v1_0/preapprovals/{holder}")).body

    @requires_specifications
    async def test_an_approved_one_is_listed_as_specified_and_can_be_cancelled(
        self, world: ProductWorld
    ) -> None:
        await world.collection.create("v2_0/preapproval", REFERENCE)
        specification = MtnSpecification("collection.json", prefix="/collection")
        path = f"/collection/v1_0/preapprovals/MSISDN/{PAYER}"
        shown = await self.listed(world, f"MSISDN/{PAYER}")
        assert specification.answer_problems("GET", path, 200, shown) == []
        number = shown[0]["preApprovalId"]
        answers = [
            await world.collection.ask("DELETE", f"v1_0/preapproval/{one}")
            for one in (number, number, "x")
        ]
        assert [one.status for one in answers] == [200, 404, 400]
        assert await self.listed(world) == []

    async def test_only_what_was_approved_by_this_payer_and_holds_is_listed(
        self, world: ProductWorld
    ) -> None:
        for digits in ("51", "53"):
            payer = PERSON | {"partyId": f"467331234{digits}"}
            await world.collection.create("v2_0/preapproval", payer=payer)
            assert await self.listed(world, f"msisdn/467331234{digits}") == []
        await world.collection.create("v2_0/preapproval", validityTime=60)
        assert len(await self.listed(world)) == 1
        async with ProductMerchant(world.sandbox, "collection") as stranger:
            mine, world.collection = world.collection, stranger
            assert await self.listed(world) == []
            world.collection = mine
        world.timer.advance(60)
        assert await self.listed(world) == []

    @pytest.mark.parametrize(
        ("shape", "expected"), [("integer", 1893456000 + 3600), ("text", "2030-01-01T01:00:00")]
    )
    async def test_when_it_ends_is_told_in_either_shape(
        self, shape: str, expected: int | str
    ) -> None:
        async with a_product_world(expiration_shape=shape) as world:
            await world.collection.create("v2_0/preapproval", REFERENCE)
            told = (await world.collection.ask("GET", f"v2_0/preapproval/{REFERENCE}")).body
        assert told["expirationDateTime"] == expected


class TestInvoices:
    async def cancelled(
        self, world: ProductWorld, reference: str = REFERENCE, *, body: bytes | None = None
    ) -> Answer:
        """Call an invoice off."""
        return await world.collection.ask(
            "DELETE",
            f"v2_0/invoice/{reference}",
            body=b'{"externalId":"order-1"}' if body is None else body,
            **{"X-Reference-Id": str(uuid.uuid4()), "Content-Type": "application/json"},
        )

    async def test_an_open_invoice_is_called_off_and_its_callback_says_so(self) -> None:
        async with (
            CallbackReceiver() as receiver,
            a_product_world(decide_after_seconds=60) as world,
        ):
            await world.collection.create("v2_0/invoice", REFERENCE, callback_url=receiver.url())
            answer = await self.cancelled(world)
            world.timer.advance(120)
            (came,) = await receiver.until(1)
            await world.sandbox.sender.settled()
        told = orjson.loads(came.body)
        assert (answer, len(receiver.received)) == (Answer(202, None), 1)
        assert (told["status"], told["errorReason"]) == ("FAILED", "TRANSACTION_CANCELED")

    @requires_specifications
    async def test_by_the_specification_it_is_a_200_with_the_callers_own_id(self) -> None:
        specification = MtnSpecification("collection.json", prefix="/collection")
        async with a_product_world(invoice_cancel_status=200, decide_after_seconds=60) as world:
            await world.collection.create("v2_0/invoice", REFERENCE)
            answer = await self.cancelled(world)
        path = f"/collection/v2_0/invoice/{REFERENCE}"
        assert answer == Answer(200, {"externalId": "order-1"})
        assert specification.answer_problems("DELETE", path, 200, answer.body) == []

    async def test_a_paid_invoice_stays_paid(self, world: ProductWorld) -> None:
        await world.collection.create("v2_0/invoice", REFERENCE)
        answer = await self.cancelled(world)
        booked = world.sandbox.books.booked[RESOURCES["collection/invoice"].key, REFERENCE]
        assert (answer.status, booked.status) == (202, "SUCCESSFUL")

    async def test_what_cannot_be_called_off_is_not(self, world: ProductWorld) -> None:
        await world.collection.create("v2_0/invoice", REFERENCE)
        answers = [
            await self.cancelled(world, OTHER),
            await self.cancelled(world, "7"),
            await self.cancelled(world, body=b"{}"),
            await world.collection.ask(
                "DELETE", f"v2_0/invoice/{REFERENCE}", body=b'{"externalId":"order-1"}'
            ),
        ]
        assert answers == [NOT_FOUND, BAD_REQUEST, BAD_REQUEST, BAD_REQUEST]
