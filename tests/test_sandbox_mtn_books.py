"""The MTN sandbox's own truth: its books, what faults leave in them, its life and death."""

import asyncio
import contextlib
import itertools
import socket
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import orjson
import pytest

from adapters.sandbox.faults import Faults, Outage
from adapters.sandbox.mtn import MtnSandbox
from adapters.sandbox.mtn_books import read_books
from adapters.sandbox.mtn_rules import MtnSandboxSettings, MtnUser
from adapters.sandbox.timer import ManualTimer
from tests.callback_receiver import CallbackReceiver
from tests.mtn_merchant import (
    BAD_REQUEST,
    COLLECTION_KEY,
    CONFLICT,
    PAYER,
    REFERENCE,
    Answer,
    Merchant,
    World,
    a_world,
)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with a_world() as made:
        yield made


class TestFaultsAtMtn:
    async def test_a_500_before_anything_happened_is_in_the_platforms_shape(self) -> None:
        async with a_world(faults=Faults(server_error=1.0)) as world:
            answer = await world.merchant.create_token()
            assert answer == Answer(
                500,
                {
                    "code": "INTERNAL_PROCESSING_ERROR",
                    "message": "An internal error occurred while processing.",
                },
            )

    async def test_an_outage_is_a_503_in_the_platforms_shape(self) -> None:
        outage = Outage(after_seconds=0, for_seconds=60)
        async with a_world(faults=Faults(outages=(outage,))) as world:
            answer = await world.merchant.create_token()
            assert (answer.status, answer.body["code"]) == (503, "SERVICE_UNAVAILABLE")

    async def test_a_500_after_the_acceptance_leaves_the_payment_in_the_books(self) -> None:
        async with a_world(faults=Faults(server_error_after=1.0)) as world:
            answer = await world.merchant.pay(REFERENCE)
            assert (answer.status, REFERENCE in world.sandbox.books.payments) == (500, True)

    async def test_after_a_lost_answer_the_same_reference_is_a_409(self) -> None:
        faults = Faults(seed=2, server_error_after=0.5)
        async with a_world(faults=faults) as world:
            seen = {}
            for number in range(8):
                reference = str(uuid.UUID(int=number, version=4))
                first = await world.merchant.pay(reference)
                seen[reference] = (first.status, (await world.merchant.pay(reference)).status)
            assert (set(seen.values()), len(world.sandbox.books.payments)) == (
                {(202, 409), (500, 409)},
                8,
            )

    async def test_provisioning_suffers_no_faults(self) -> None:
        async with a_world(faults=Faults(server_error=1.0)) as world:
            assert (await world.merchant.create_user()).status == 201

    async def test_in_a_storm_a_caller_who_repeats_the_same_reference_pays_each_order_once(
        self,
    ) -> None:
        references = [str(uuid.UUID(int=number, version=4)) for number in range(60)]
        storm = Faults.storm(11).model_copy(update={"silent_after_accept": 0.2})
        async with a_world() as calm:
            token, settings = calm.merchant.token, calm.sandbox.settings
            user = MtnUser(user_id=calm.merchant.user_id, api_key="k", callback_host="localhost")
        settings = settings.model_copy(update={"users": (user,)})
        async with MtnSandbox(settings, clock=calm.timer.clock, faults=storm) as sandbox:
            async with Merchant(sandbox) as merchant:
                merchant.token = token
                attempts = await asyncio.gather(
                    *(pay_until_known(merchant, reference) for reference in references)
                )
            booked = sandbox.books.payments
        assert (
            sorted(booked),
            [
                booked[reference].posts_seen <= attempts[place]
                for place, reference in enumerate(references)
            ],
            sum(attempts) > len(references),
        ) == (sorted(references), [True] * 60, True)


async def pay_until_known(merchant: Merchant, reference: str) -> int:
    """Post until a 202 or a 409 says that the payment is there; return the number of posts."""
    for attempt in itertools.count(1):
        with contextlib.suppress(TimeoutError, aiohttp.ClientError):
            async with asyncio.timeout(1):
                if (await merchant.pay(reference)).status in {202, 409}:
                    return attempt
    raise AssertionError


class TestBooks:
    async def test_the_books_outlive_the_process_and_its_unfinished_payments_go_on(
        self, tmp_path: Path
    ) -> None:
        path = tmp_path / "books.jsonl"
        async with a_world(books_path=path, decide_after_seconds=60) as world:
            await world.merchant.pay(REFERENCE)
            world.timer.advance(30)
            await world.sandbox.stop()
            with path.open("ab") as file:
                file.write(b'{"kind":"accep')
            await world.sandbox.start()
            world.timer.advance(29)
            before = await world.outcome(REFERENCE)
            world.timer.advance(1)
            repeated = await world.merchant.pay(REFERENCE)
            assert (before, await world.outcome(REFERENCE), repeated) == (
                ("PENDING", None),
                ("SUCCESSFUL", None),
                CONFLICT,
            )

    async def test_a_reader_of_the_file_sees_the_same_books(self, tmp_path: Path) -> None:
        path = tmp_path / "books.jsonl"
        async with a_world(books_path=path) as world:
            for digits in ["00", "50", "53", "54"]:
                await world.merchant.pay(payer=f"467331234{digits}")
            await world.merchant.pay(REFERENCE)
            await world.merchant.pay(REFERENCE)
            live = world.sandbox.books
            copy = read_books(path)
            assert (copy.payments, copy.users, copy.collected("EUR")) == (
                live.payments,
                live.users,
                live.collected("EUR"),
            )

    async def test_a_file_that_is_no_journal_is_refused_at_the_start(self, tmp_path: Path) -> None:
        path = tmp_path / "books.jsonl"
        path.write_text('{"kind":"other"}\n')
        sandbox = MtnSandbox(MtnSandboxSettings(books_path=path), clock=ManualTimer().clock)
        with pytest.raises(ValueError, match="not a record of these books: 'other'"):
            await sandbox.start()

    async def test_the_books_are_served_in_pages(self, world: World) -> None:
        references = [str(uuid.uuid4()) for _ in range(5)]
        for reference in references:
            await world.merchant.pay(reference)
        read: list[str] = []
        after: int | None = 0
        pages = 0
        while after is not None:
            page = (await world.merchant.call("GET", f"/_sandbox/books?after={after}&limit=2")).body
            read += [payment["reference"] for payment in page["payments"]]
            after, pages = page["next"], pages + 1
        assert (read, page["total"], pages) == (references, 5, 3)

    async def test_a_page_of_the_books_has_every_fact(self, world: World) -> None:
        await world.merchant.pay(REFERENCE, amount="1.50")
        answer = await world.merchant.call("GET", "/_sandbox/books", key=None)
        assert answer.body["payments"] == [
            {
                "reference": REFERENCE,
                "user_id": world.merchant.user_id,
                "amount": "1.5",
                "currency": "EUR",
                "resource": "collection/requesttopay",
                "version": "v1_0",
                "person_type": "MSISDN",
                "person_id": PAYER,
                "original": None,
                "details": {},
                "notes": {},
                "external_id": "order-1",
                "payer_message": "Order 1",
                "payee_note": "Shop",
                "callback_url": None,
                "scenario": None,
                "accepted_at": "2030-01-01T00:00:00+00:00",
                "status": "SUCCESSFUL",
                "reason": None,
                "financial_transaction_id": "1000000001",
                "decided_at": "2030-01-01T00:00:00+00:00",
                "posts_seen": 1,
                "times_accepted": 1,
            }
        ]

    async def test_a_page_that_is_no_number_is_400(self, world: World) -> None:
        assert await world.merchant.call("GET", "/_sandbox/books?after=x") == BAD_REQUEST


class TestServer:
    async def test_in_real_time_a_payment_ends_and_its_callback_comes(self) -> None:
        settings = MtnSandboxSettings(decide_after_seconds=0.01, callback_after_seconds=0.01)
        async with (
            CallbackReceiver() as receiver,
            MtnSandbox(settings, clock=lambda: datetime.now(UTC)) as sandbox,
            Merchant(sandbox) as merchant,
        ):
            await merchant.enter()
            await merchant.pay(REFERENCE, callback_url=receiver.url())
            (came,) = await receiver.until(1)
            status = (await merchant.status(REFERENCE)).body
            assert (orjson.loads(came.body), status["status"]) == (status, "SUCCESSFUL")

    async def test_the_port_is_kept_over_a_restart(self, world: World) -> None:
        before = world.sandbox.url
        await world.sandbox.stop()
        await world.sandbox.start()
        assert world.sandbox.url == before

    async def test_an_address_that_is_taken_is_an_os_error_and_leaves_nothing_open(
        self, tmp_path: Path
    ) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            settings = MtnSandboxSettings(
                port=taken.getsockname()[1], books_path=tmp_path / "books.jsonl"
            )
            with pytest.raises(OSError, match="in use"):
                await MtnSandbox(settings, clock=ManualTimer().clock).start()

    async def test_a_user_can_be_had_without_http(self, world: World) -> None:
        world.merchant.user_id, world.merchant.api_key = world.sandbox.provision("localhost")
        assert (await world.merchant.create_token(key=COLLECTION_KEY)).status == 200

    async def test_a_sandbox_that_never_started_has_no_books(self) -> None:
        with pytest.raises(RuntimeError, match="never started"):
            _ = MtnSandbox(clock=ManualTimer().clock).books
