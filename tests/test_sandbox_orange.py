"""The Orange sandbox as a merchant meets it: orders, refusals, status, ends."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from adapters.sandbox.orange_rules import CURRENCY_BY_SEGMENT
from adapters.sandbox.payer import pay_as_customer
from tests.orange_merchant import (
    CODE,
    INVALID_BODY,
    MISSING_BODY,
    NO_TRANSACTION,
    PAYER,
    USED_ORDER,
    Answer,
    World,
    a_world,
    invalid,
    missing,
    refusal,
)

TOO_LARGE = refusal(413, 66, "Body too large", "The body is too large.")


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with a_world() as made:
        yield made


class TestOrder:
    async def test_an_order_is_answered_201_with_exactly_five_fields(self, world: World) -> None:
        answer = await world.merchant.create()
        pay_token, notif_token = answer.body["pay_token"], answer.body["notif_token"]
        assert answer == Answer(
            201,
            {
                "status": 201,
                "message": "OK",
                "pay_token": pay_token,
                "payment_url": f"{world.sandbox.url}/payment/pay_token/{pay_token}",
                "notif_token": notif_token,
            },
        )
        assert (len(bytes.fromhex(pay_token)), len(bytes.fromhex(notif_token))) == (32, 16)

    async def test_the_page_may_have_an_address_of_its_own(self) -> None:
        async with a_world(page_base_url="https://pay.example/") as world:
            body = await world.created()
            expected = f"https://pay.example/payment/pay_token/{body['pay_token']}"
            assert body["payment_url"] == expected

    @pytest.mark.parametrize(("segment", "currency"), CURRENCY_BY_SEGMENT.items())
    async def test_each_country_has_its_currency_and_no_other(
        self, segment: str, currency: str
    ) -> None:
        other = "EUR" if currency != "EUR" else "USD"
        async with a_world(segment=segment) as world:
            answers = [
                await world.merchant.create("order-1", currency=currency),
                await world.merchant.create("order-2", currency=other),
            ]
            assert (answers[0].status, answers[1]) == (
                201,
                invalid("currency is not the currency of this country."),
            )

    async def test_a_country_without_web_payment_is_404(self, world: World) -> None:
        answer = await world.merchant.post("webpayment", b"{}", segment="xx")
        assert answer == refusal(404, 60, "Resource not found", "No such country.")

    @pytest.mark.parametrize(
        ("name", "field"),
        [
            ("merchant_key", "MerchantKey"),
            ("currency", "Currency"),
            ("order_id", "OrderId"),
            ("amount", "Amount"),
            ("return_url", "ReturnUrl"),
            ("cancel_url", "CancelUrl"),
            ("notif_url", "NotifUrl"),
        ],
    )
    @pytest.mark.parametrize("value", [None, ""])
    async def test_a_required_field_may_not_be_absent_or_empty(
        self, world: World, name: str, field: str, value: str | None
    ) -> None:
        changes: dict[str, Any] = {name: value}
        answer = await world.merchant.create(**changes)
        assert (answer, world.sandbox.books.orders) == (missing("WebPaymentInfo", field), {})

    async def test_label_and_language_may_be_absent(self, world: World) -> None:
        await world.created(reference=None, lang=None)
        assert (world.order().reference, world.order().language) == ("", "fr")

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"amount": "12500"}, "amount must be a whole number above zero."),
            ({"amount": 12_500.0}, "amount must be a whole number above zero."),
            ({"amount": 12.5}, "amount must be a whole number above zero."),
            ({"amount": -1}, "amount must be a whole number above zero."),
            ({"amount": True}, "amount must be a whole number above zero."),
            ({"amount": 10**12 + 1}, "amount must be a whole number above zero."),
            ({"order_id": 17}, "order_id must be printable text."),
            ({"reference": ["x"]}, "reference must be printable text."),
            ({"lang": 1}, "lang must be printable text."),
            ({"order_id": "a\u0000b"}, "order_id must be printable text."),
            ({"reference": "Awa\u202e"}, "reference must be printable text."),
            ({"order_id": "x" * 31}, "order_id is longer than 30 characters."),
            ({"reference": "x" * 31}, "reference is longer than 30 characters."),
            (
                {"notif_url": "http://localhost/" + "x" * 104},
                "notif_url is longer than 120 characters.",
            ),
            ({"return_url": "javascript:alert(1)"}, "return_url is no address we can use."),
            ({"cancel_url": "/cancel"}, "cancel_url is no address we can use."),
            (
                {"return_url": "http://localhost/\r\nX-Evil: 1"},
                "return_url must be printable text.",
            ),
            ({"cancel_url": "http://localhost/é"}, "cancel_url is no address we can use."),
            ({"notif_url": "http://localhost:port/"}, "notif_url is no address we can use."),
        ],
    )
    async def test_a_wrong_field_is_named(
        self, world: World, changes: dict[str, Any], expected: str
    ) -> None:
        answer = await world.merchant.create(**changes)
        assert (answer, world.sandbox.books.orders) == (invalid(expected), {})

    async def test_the_limits_of_length_are_switches(self) -> None:
        async with a_world(text_length_max=None, url_length_max=None) as world:
            url = "http://localhost/" + "x" * 500
            await world.created("x" * 60, reference="y" * 60, notif_url=url)
            assert world.order("x" * 60).notif_url == url

    async def test_https_may_be_demanded(self) -> None:
        async with a_world(urls_must_be_https=True) as world:
            secure = dict.fromkeys(
                ("return_url", "cancel_url", "notif_url"), "https://shop.example"
            )
            answers = [
                await world.merchant.create(**secure),
                await world.merchant.create(**(secure | {"notif_url": "http://shop.example"})),
            ]
            assert (answers[0].status, answers[1]) == (
                201,
                invalid("notif_url is no address we can use."),
            )

    async def test_another_merchants_key_is_403(self, world: World) -> None:
        answer = await world.merchant.create(merchant_key="someone-else")
        assert answer == refusal(403, 50, "Access denied", "Unknown merchant_key.")

    @pytest.mark.parametrize("operation", ["webpayment", "transactionstatus"])
    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            (None, MISSING_BODY),
            (b"  ", MISSING_BODY),
            (b"{", INVALID_BODY),
            (b"[]", INVALID_BODY),
            (b'"text"', INVALID_BODY),
            (b"\xff\xfe", INVALID_BODY),
            (b"[" * 5000, INVALID_BODY),
            (b"x" * 70_000, TOO_LARGE),
        ],
    )
    async def test_what_is_no_object_is_refused(
        self, world: World, operation: str, body: bytes | None, expected: Answer
    ) -> None:
        assert await world.merchant.post(operation, body) == expected

    async def test_a_body_that_is_not_encoded_as_it_says_is_refused(self, world: World) -> None:
        body = orjson.dumps(world.merchant.wanted())
        answer = await world.merchant.post("webpayment", body, Content_Encoding="gzip")
        description = "The body is not encoded as its headers say."
        assert answer == refusal(400, 22, "Invalid body", description)

    async def test_json_is_read_whatever_the_content_type_says(self, world: World) -> None:
        body = orjson.dumps(world.merchant.wanted())
        answer = await world.merchant.post(
            "webpayment", body, Content_Type="application/x-www-form-urlencoded"
        )
        assert answer.status == 201

    @pytest.mark.parametrize(
        ("method", "path", "expected"),
        [
            ("GET", "/orange-money-webpay/cm/v1/webpayment", 405),
            ("POST", "/orange-money-webpay/cm/v1/refund", 404),
            ("GET", "/", 404),
        ],
    )
    async def test_other_addresses_are_refused_in_the_gateways_shape(
        self, world: World, method: str, path: str, expected: int
    ) -> None:
        answer = await world.merchant.call(method, path)
        assert (answer.status, sorted(answer.body)) == (
            expected,
            ["code", "description", "message"],
        )


class TestRepeatedOrder:
    @pytest.mark.parametrize("changes", [{}, {"amount": 1}])
    async def test_an_order_id_is_used_once(self, world: World, changes: dict[str, Any]) -> None:
        await world.created()
        answer = await world.merchant.create(**changes)
        order = world.order()
        assert (answer, order.amount, order.posts_seen, order.times_created) == (
            USED_ORDER,
            12_500,
            2,
            1,
        )

    async def test_of_simultaneous_posts_one_is_created(self, world: World) -> None:
        answers = await asyncio.gather(*(world.merchant.create() for _ in range(20)))
        assert sorted(answer.status for answer in answers) == [201] + [403] * 19

    async def test_it_may_be_answered_again_with_the_same_tokens(self) -> None:
        async with a_world(repeated_order="same_pay_token") as world:
            first = await world.merchant.create()
            again = await world.merchant.create()
            other = await world.merchant.create(amount=1)
            order = world.order()
            assert (again, other, order.posts_seen, order.times_created) == (
                first,
                USED_ORDER,
                3,
                2,
            )

    async def test_a_full_sandbox_says_so(self) -> None:
        async with a_world(orders_max=1) as world:
            await world.created("order-1")
            answer = await world.merchant.create("order-2")
            assert (answer.status, answer.body["code"]) == (503, 5)


class TestStatus:
    async def test_a_new_order_is_initiated(self, world: World) -> None:
        await world.created()
        assert await world.status() == Answer(200, {"status": "INITIATED", "order_id": "order-1"})

    async def test_a_paid_order_has_a_transaction(self, world: World) -> None:
        await world.paid()
        assert await world.status() == Answer(
            200,
            {"status": "SUCCESS", "order_id": "order-1", "txnid": "MP300101.0000.A00001"},
        )

    @pytest.mark.parametrize(
        ("switch", "expected"),
        [("absent", {}), ("empty", {"txnid": ""}), ("null", {"txnid": None})],
    )
    async def test_no_transaction_is_said_in_one_of_three_ways(
        self, switch: str, expected: dict[str, Any]
    ) -> None:
        async with a_world(txnid_when_none=switch) as world:
            await world.created()
            answer = await world.status()
            assert answer.body == {"status": "INITIATED", "order_id": "order-1"} | expected

    async def test_its_http_status_may_be_201(self) -> None:
        async with a_world(status_answer=201) as world:
            await world.created()
            assert (await world.status()).status == 201

    @pytest.mark.parametrize(
        ("name", "field"),
        [("order_id", "OrderId"), ("amount", "Amount"), ("pay_token", "PayToken")],
    )
    async def test_all_three_facts_are_needed(self, world: World, name: str, field: str) -> None:
        pay_token = (await world.created())["pay_token"]
        answer = await world.merchant.ask(**({"pay_token": pay_token} | {name: None}))
        assert answer == missing("GetTransactionStatusInfo", field)

    @pytest.mark.parametrize(
        "changes", [{"order_id": "order-2"}, {"amount": 12_501}, {"pay_token": "0" * 64}]
    )
    async def test_one_wrong_fact_finds_nothing(
        self, world: World, changes: dict[str, Any]
    ) -> None:
        pay_token = (await world.created())["pay_token"]
        answer = await world.merchant.ask(**({"pay_token": pay_token} | changes))
        assert answer == NO_TRANSACTION

    async def test_another_country_does_not_know_it(self, world: World) -> None:
        await world.created()
        world.merchant.segment = "sn"
        assert await world.status() == NO_TRANSACTION

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"amount": "12500"}, "amount must be a whole number above zero."),
            ({"order_id": 1}, "order_id must be printable text."),
            ({"pay_token": {"a": 1}}, "pay_token must be printable text."),
        ],
    )
    async def test_a_wrong_kind_is_named(
        self, world: World, changes: dict[str, Any], expected: str
    ) -> None:
        pay_token = (await world.created())["pay_token"]
        answer = await world.merchant.ask(**({"pay_token": pay_token} | changes))
        assert answer == invalid(expected)


class TestWayOfAnOrder:
    """By the last digits of the payer's number: the status at each moment."""

    @pytest.mark.parametrize(
        ("digits", "expected"),
        [
            # after the click, before the decision, after it, after 30 s, after the lifetime
            ("01", ["PENDING", "PENDING", "SUCCESS", "SUCCESS", "SUCCESS"]),
            ("50", ["PENDING", "PENDING", "FAILED", "FAILED", "FAILED"]),
            ("51", ["PENDING", "PENDING", "FAILED", "FAILED", "FAILED"]),
            ("52", ["PENDING", "PENDING", "PENDING", "PENDING", "EXPIRED"]),
            ("53", ["INITIATED", "INITIATED", "INITIATED", "INITIATED", "EXPIRED"]),
            ("54", ["PENDING", "PENDING", "PENDING", "SUCCESS", "SUCCESS"]),
        ],
    )
    async def test_a_number_chooses_its_end(self, digits: str, expected: list[str]) -> None:
        async with a_world(decide_after_seconds=5, slow_seconds=25) as world:
            await world.paid(number=f"2376500000{digits}")
            seen = []
            for seconds in (0.0, 4.9, 0.2, 25.0, 570.0):
                world.timer.advance(seconds)
                seen.append((await world.status()).body["status"])
            assert seen == expected

    async def test_nobody_comes_and_the_order_expires(self, world: World) -> None:
        await world.created()
        seen = []
        for seconds in (599.0, 1.0, 10_000.0):
            world.timer.advance(seconds)
            seen.append((await world.status()).body)
        assert seen == [
            {"status": "INITIATED", "order_id": "order-1"},
            {"status": "EXPIRED", "order_id": "order-1"},
            {"status": "EXPIRED", "order_id": "order-1"},
        ]

    async def test_a_payer_in_time_is_decided_after_the_lifetime_too(self) -> None:
        async with a_world(decide_after_seconds=5) as world:
            body = await world.created()
            world.timer.advance(599)
            await pay_as_customer(world.merchant.session, body["payment_url"], PAYER, CODE)
            world.timer.advance(5)
            assert (await world.status()).body["status"] == "SUCCESS"

    async def test_a_payer_who_never_confirms_has_the_pages_lifetime_and_no_transaction(
        self, world: World
    ) -> None:
        body = await world.created()
        world.timer.advance(300)
        await pay_as_customer(world.merchant.session, body["payment_url"], "237650000052", CODE)
        seen = []
        for seconds in (299.0, 1.0):
            world.timer.advance(seconds)
            seen.append((await world.status()).body)
        assert seen == [
            {"status": "PENDING", "order_id": "order-1"},
            {"status": "EXPIRED", "order_id": "order-1"},
        ]
