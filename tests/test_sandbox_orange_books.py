"""The Orange sandbox's own truth: its books, its notifications, its faults, its life and death."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from adapters.sandbox.faults import Faults, Outage
from adapters.sandbox.orange import OrangeSandbox
from adapters.sandbox.orange_books import BookedOrder, read_books
from adapters.sandbox.orange_rules import OrangeSandboxSettings
from adapters.sandbox.payer import PayerSaw, cancel_as_customer, pay_as_customer
from adapters.sandbox.timer import ManualTimer
from tests.callback_receiver import CallbackReceiver
from tests.orange_merchant import (
    CANCEL_URL,
    CODE,
    NOTIF_URL,
    PAYER,
    RETURN_URL,
    USED_ORDER,
    Merchant,
    World,
    a_world,
    refusal,
)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with a_world() as made:
        yield made


def said(receiver: CallbackReceiver) -> list[dict[str, Any]]:
    """Return the bodies of the notifications that came."""
    return [orjson.loads(call.body) for call in receiver.received]


class TestNotification:
    async def test_a_success_is_told_once_unsigned_with_three_fields(self, world: World) -> None:
        async with CallbackReceiver(500) as receiver:
            await world.paid(notif_url=receiver.url("/orange/1"))
            await world.settled()
            order = world.order()
            (call,) = receiver.received
            assert (call.method, call.path, orjson.loads(call.body)) == (
                "POST",
                "/orange/1",
                {"status": "SUCCESS", "notif_token": order.notif_token, "txnid": order.txnid},
            )
            assert {name.lower() for name in call.headers} == {
                "host",
                "accept",
                "accept-encoding",
                "content-type",
                "content-length",
                "user-agent",
            }
            world.timer.advance(100_000)
            await world.sandbox.sender.settled()
            assert len(receiver.received) == 1

    @pytest.mark.parametrize(
        ("switch", "amount"), [("extended", 12_500), ("extended_text_amount", "12500")]
    )
    async def test_some_countries_say_more(self, switch: str, amount: object) -> None:
        async with a_world(notification_fields=switch) as world, CallbackReceiver() as receiver:
            await world.paid(notif_url=receiver.url())
            await world.settled()
            order = world.order()
            assert said(receiver) == [
                {
                    "status": "SUCCESS",
                    "notif_token": order.notif_token,
                    "txnid": order.txnid,
                    "pay_token": order.pay_token,
                    "order_id": "order-1",
                    "amount": amount,
                    "currency": "XAF",
                    "reference": "Boutique Awa",
                }
            ]

    async def test_a_failure_has_a_transaction_and_an_expiry_has_none(self, world: World) -> None:
        async with CallbackReceiver() as receiver:
            await world.paid(number="237650000050", notif_url=receiver.url())
            await world.settled()
            await world.created("order-2", notif_url=receiver.url())
            world.timer.advance(600)
            await world.settled()
            failed, expired = world.order(), world.order("order-2")
            assert said(receiver) == [
                {"status": "FAILED", "notif_token": failed.notif_token, "txnid": failed.txnid},
                {"status": "EXPIRED", "notif_token": expired.notif_token},
            ]

    async def test_an_expiry_may_be_silent(self) -> None:
        async with a_world(expiry_is_notified=False) as world, CallbackReceiver() as receiver:
            await world.created(notif_url=receiver.url())
            world.timer.advance(601)
            await world.sandbox.sender.settled()
            assert (world.order().status, receiver.received) == ("EXPIRED", [])

    async def test_a_cancelled_order_is_told_as_failed(self, world: World) -> None:
        async with CallbackReceiver() as receiver:
            body = await world.created(notif_url=receiver.url())
            await cancel_as_customer(world.merchant.session, body["payment_url"])
            await world.settled()
            expected = {"status": "FAILED", "notif_token": world.order().notif_token}
            assert said(receiver) == [expected]

    async def test_it_does_not_leave_this_machine(self, world: World) -> None:
        await world.paid(notif_url="http://shop.example/notify")
        await world.settled()
        assert [attempt.status for attempt in world.sandbox.sender.attempts] == [None]


class TestFaultsAtOrange:
    async def test_a_500_before_anything_happened_leaves_no_order(self) -> None:
        async with a_world(Faults(server_error=1.0), enter=False) as world:
            answers = [await world.merchant.ask_token(), await world.merchant.create()]
            expected = refusal(500, 1, "Internal error", "Something went wrong.")
            assert (answers, world.sandbox.books.orders) == ([expected] * 2, {})

    async def test_an_outage_is_a_503_in_the_gateways_shape(self) -> None:
        outage = Outage(after_seconds=0, for_seconds=60)
        async with a_world(Faults(outages=(outage,)), enter=False) as world:
            during = await world.merchant.ask_token()
            world.timer.advance(60)
            after = await world.merchant.ask_token()
            description = "The service is temporarily unavailable."
            expected = refusal(503, 5, "Service unavailable", description)
            assert (during, after.status) == (expected, 200)

    async def test_an_order_whose_answer_was_lost_exists_and_cannot_be_made_again(self) -> None:
        async with a_world(Faults(server_error_after=1.0)) as world:
            seen = [(await world.merchant.create()).status, await world.merchant.create()]
            order = world.order()
            assert (seen, order.posts_seen, order.times_created) == ([500, USED_ORDER], 2, 1)

    async def test_a_connection_may_break_after_the_creation(self) -> None:
        async with a_world(Faults(connection_reset_after=1.0), enter=False) as world:
            token = OrangeSandbox(world.sandbox.settings, clock=world.timer.clock)
            async with token, Merchant(token) as elsewhere:
                await elsewhere.ask_token()
                world.merchant.token = elsewhere.token
            with pytest.raises(aiohttp.ClientConnectionError):
                await world.merchant.create()
            assert world.order().status == "INITIATED"

    async def test_an_html_page_may_come_with_200(self) -> None:
        async with a_world(Faults(html_with_200=1.0), enter=False) as world:
            answer = await world.merchant.ask_token()
            assert (answer.status, answer.body.startswith("<html>")) == (200, True)

    async def test_one_seed_hurts_the_same_orders_in_any_sequence(self) -> None:
        hurt = []
        for sequence in (range(12), reversed(range(12))):
            async with a_world(Faults(seed=1, server_error_after=0.5)) as world:
                names = [f"order-{number}" for number in sequence]
                answers = [(name, (await world.merchant.create(name)).status) for name in names]
                hurt.append(sorted(name for name, status in answers if status == 500))
        assert hurt[0] == hurt[1]
        assert 0 < len(hurt[0]) < 12

    async def test_faults_leave_the_payer_and_our_own_page_alone(self) -> None:
        async with a_world(Faults(server_error_after=1.0)) as world:
            await world.merchant.create()
            url = f"{world.sandbox.url}/payment/pay_token/{world.order().pay_token}"
            saw = await pay_as_customer(world.merchant.session, url, PAYER, CODE)
            books = await world.merchant.call("GET", "/_sandbox/books")
            expected = PayerSaw(status=303, sent_to=RETURN_URL)
            assert (saw, books.status, books.body["total"]) == (expected, 200, 1)

    async def test_an_early_notification_arrives_before_the_payers_click_is_answered(self) -> None:
        faults = Faults(callback_early=1.0)
        async with (
            a_world(faults, decide_after_seconds=5) as world,
            CallbackReceiver() as receiver,
        ):
            saw = await world.paid(notif_url=receiver.url())
            assert (saw.sent_to, [body["status"] for body in said(receiver)]) == (
                RETURN_URL,
                ["SUCCESS"],
            )

    async def test_every_notification_may_be_lost_and_the_status_still_tells(self) -> None:
        async with (
            a_world(Faults(callback_lost=1.0)) as world,
            CallbackReceiver() as receiver,
        ):
            await world.paid(notif_url=receiver.url())
            await world.settled()
            assert (receiver.received, (await world.status()).body["status"]) == ([], "SUCCESS")

    async def test_a_notification_may_come_twice(self) -> None:
        async with (
            a_world(Faults(callback_duplicated=1.0)) as world,
            CallbackReceiver() as receiver,
        ):
            await world.paid(notif_url=receiver.url())
            await world.settled()
            first, second = said(receiver)
            assert first == second


class TestBooks:
    async def test_they_say_everything_of_an_order(self, world: World) -> None:
        body = await world.created()
        world.timer.advance(60)
        await pay_as_customer(world.merchant.session, body["payment_url"], PAYER, CODE)
        at = world.timer.clock()
        assert world.order() == BookedOrder(
            order_id="order-1",
            segment="cm",
            amount=12_500,
            currency="XAF",
            reference="Boutique Awa",
            language="fr",
            return_url=RETURN_URL,
            cancel_url=CANCEL_URL,
            notif_url=NOTIF_URL,
            pay_token=body["pay_token"],
            notif_token=body["notif_token"],
            created_at=world.order().created_at,
            status="SUCCESS",
            payer_number="+237650000001",
            confirmed_at=at,
            txnid="MP300101.0001.A00001",
            ended_at=at,
        )

    async def test_they_are_shown_page_by_page(self, world: World) -> None:
        for number in range(3):
            await world.created(f"order-{number}")
        pages = [
            (await world.merchant.call("GET", f"/_sandbox/books?after={after}&limit=2")).body
            for after in (0, 2, 3)
        ]
        shown = [
            ([order["order_id"] for order in page["orders"]], page["total"], page["next"])
            for page in pages
        ]
        assert shown == [
            (["order-0", "order-1"], 3, 2),
            (["order-2"], 3, None),
            ([], 3, None),
        ]

    async def test_a_page_number_is_a_number(self, world: World) -> None:
        answer = await world.merchant.call("GET", "/_sandbox/books?after=x")
        description = "after and limit are whole numbers."
        assert answer == refusal(400, 28, "Invalid query parameter", description)

    def test_a_file_of_something_else_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "books.jsonl"
        path.write_text('{"kind":"user"}\n')
        with pytest.raises(ValueError, match="not a record of these books: 'user'"):
            read_books(path)


class TestRestart:
    async def test_orders_survive_and_so_do_tokens_pages_and_deadlines(
        self, tmp_path: Path
    ) -> None:
        timer = ManualTimer()
        path = tmp_path / "books.jsonl"
        settings = OrangeSandboxSettings(books_path=path, decide_after_seconds=30)
        sandbox = OrangeSandbox(settings, clock=timer.clock, timer=timer)
        async with sandbox, Merchant(sandbox) as merchant:
            world = World(sandbox, merchant, timer)
            await merchant.ask_token()
            paid = await world.created("order-paid")
            await pay_as_customer(merchant.session, paid["payment_url"], PAYER, CODE)
            await pay_as_customer(merchant.session, paid["payment_url"], PAYER, CODE)
            later = await world.created("order-later")
            await pay_as_customer(merchant.session, later["payment_url"], PAYER, "0000")
            await world.created("order-never")
            await merchant.create("order-never")
            before = dict(sandbox.books.orders)
            address = sandbox.url

            await sandbox.stop()
            timer.advance(100)
            await sandbox.start()

            assert (read_books(path).orders, sandbox.books.orders, sandbox.url) == (
                before,
                before,
                address,
            )
            # What fell due while it was down ends now, the rest at its own time.
            timer.advance(0)
            seen = [world.order(name).status for name in before]
            await pay_as_customer(merchant.session, later["payment_url"], PAYER, CODE)
            timer.advance(500)
            seen += [(await world.status(name)).body["status"] for name in before]
            assert seen == [
                *["SUCCESS", "INITIATED", "INITIATED"],
                *["SUCCESS", "SUCCESS", "EXPIRED"],
            ]

    async def test_a_stopped_sandbox_decides_nothing(self, world: World) -> None:
        await world.created()
        books = world.sandbox.books
        await world.sandbox.stop()
        world.timer.advance(10_000)
        assert books.orders["order-1"].status == "INITIATED"

    async def test_a_payer_is_served_by_real_time_too(self) -> None:
        timer = ManualTimer()
        settings = OrangeSandboxSettings(notification_after_seconds=0.001)
        async with (
            OrangeSandbox(settings, clock=timer.clock) as sandbox,
            Merchant(sandbox) as merchant,
            CallbackReceiver() as receiver,
        ):
            await merchant.ask_token()
            world = World(sandbox, merchant, timer)
            await world.paid(notif_url=receiver.url())
            async with asyncio.timeout(10):
                await receiver.until(1)
            assert [body["status"] for body in said(receiver)] == ["SUCCESS"]

    def test_a_sandbox_that_never_started_has_no_books(self) -> None:
        with pytest.raises(RuntimeError, match="never started"):
            _ = OrangeSandbox(clock=ManualTimer().clock).books
