"""Requests under way: a repeat waits for nobody, and what hangs is answered all the same."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from api.errors import ProblemError
from api.time_limit import TimeLimit
from api.underway import Underway
from ledger.money import decimals_of
from tests.api_world import Answer, World, a_payment, a_world, settings_in
from tests.conftest import FakeClock
from tests.held_store import HeldStore
from tests.test_api_strangers import DOCUMENT
from tests.things import Operation, Things, operations_of, send

KEYED: Final = [
    one
    for one in operations_of(DOCUMENT)
    if any(header["name"] == "Idempotency-Key" for header in one.parameters("header"))
]
"""The operations that take an Idempotency-Key."""

NAMED: Final = ("mer_1", False, "create_payment", "order-1")


def place_of(answer: Answer) -> str:
    """The header that a problem complains of."""
    return str(answer.json["errors"][0]["header"])


@pytest.mark.parametrize("operation", KEYED, ids=lambda one: one.name)
async def test_a_repeat_of_what_is_under_way_is_told_to_come_back_for_the_first_answer(
    tmp_path: Path, clock: FakeClock, operation: Operation
) -> None:
    store = HeldStore(clock=clock)
    async with a_world(settings_in(tmp_path), clock=clock, store=store) as world:
        names = await Things(world, DOCUMENT, "mer_1").named_in(operation.path)

        who = "mer_1" if "merchant" in operation.roles else operation.roles[0]

        async def ask() -> Answer:
            return await send(world, operation, names, who=who, key="order-1")

        store.hold()
        first = asyncio.create_task(ask())
        await store.has_waiting(1)
        second, third = await ask(), await ask()
        store.let_go()
        answered, again = await first, await ask()

    assert (second.status, second.code) == (409, "idempotency_key_in_flight") == told(third)
    assert (second.headers["Retry-After"], place_of(second)) == ("1", "Idempotency-Key")
    assert second.json["errors"][0]["remedy"]
    assert answered.status < 300 or answered.code == "code_not_awaited"
    assert again.status == answered.status
    if answered.status < 300:
        assert again.body == answered.body
        assert again.headers["Idempotent-Replayed"] == "true"


def told(answer: Answer) -> tuple[int, str]:
    """What a problem is."""
    return answer.status, answer.code


async def test_another_key_merchant_or_route_is_not_held_up(
    tmp_path: Path, clock: FakeClock
) -> None:
    store = HeldStore(clock=clock)
    async with a_world(settings_in(tmp_path), clock=clock, store=store) as world:
        payout = {"amount": "1500", "currency": "XAF", "payee": {"phone": "+237650000001"}}
        store.hold()
        asked = [
            world.pay(),
            world.pay(key="order-2"),
            world.pay(who="mer_2"),
            world.ask(
                "POST",
                "/v1/payouts",
                who="mer_1",
                json=payout,
                headers={"Idempotency-Key": "order-1"},
            ),
        ]
        tasks = [asyncio.create_task(one) for one in asked]
        await store.has_waiting(len(tasks))
        store.let_go()

        assert [answer.status for answer in await asyncio.gather(*tasks)] == [202] * 4


async def test_whoever_hangs_up_holds_no_key(tmp_path: Path, clock: FakeClock) -> None:
    store = HeldStore(clock=clock)
    async with a_world(settings_in(tmp_path), clock=clock, store=store) as world:
        store.hold()
        first = asyncio.create_task(world.pay())
        await store.has_waiting(1)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await store.has_waiting(0)
        store.let_go()

        assert (await world.pay()).status == 202


def test_a_key_is_under_way_once_and_then_free_again() -> None:
    underway = Underway()

    underway.enter(NAMED)
    with pytest.raises(ProblemError):
        underway.enter(NAMED)
    underway.enter((*NAMED[:3], "order-2"))
    assert len(underway) == 2
    underway.leave(NAMED)
    underway.enter(NAMED)
    assert len(underway) == 2


async def test_only_who_has_had_his_time_is_interrupted() -> None:
    limit, told = TimeLimit(0.3), []
    begun, older = asyncio.Event(), asyncio.Event()

    async def hang(name: str) -> None:
        task = limit.enter()
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            told.append((name, limit.leave(task)))
            older.set()

    async def work() -> None:
        task = limit.enter()
        await begun.wait()
        assert not limit.leave(task)
        await older.wait()
        told.append(("worker", False))

    working, first = asyncio.create_task(work()), asyncio.create_task(hang("first"))
    gone = asyncio.create_task(hang("gone"))
    await begun.wait()
    gone.cancel()
    await asyncio.gather(working, first, gone)

    assert sorted(told) == [("first", True), ("gone", False), ("worker", False)]


async def test_who_comes_later_has_the_whole_time_too() -> None:
    limit, loop = TimeLimit(0.2), asyncio.get_running_loop()

    async def hang() -> float:
        task, began = limit.enter(), loop.time()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            assert limit.leave(task)
        return loop.time() - began

    first = asyncio.create_task(hang())
    halfway = asyncio.Event()
    loop.call_later(0.1, halfway.set)
    await halfway.wait()
    second = asyncio.create_task(hang())

    assert min(await asyncio.gather(first, second)) >= 0.2
    assert await asyncio.create_task(hang()) >= 0.2


async def test_a_request_that_was_refused_leaves_its_key_free(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_world(settings_in(tmp_path), clock=clock, is_in_memory=True) as world:
        refused = await world.pay(a_payment(amount="-1"))
        taken = await world.pay()

    assert (refused.status, taken.status) == (422, 202)


HURRIED: Final[dict[str, Any]] = {"handler_seconds_max": 2, "stream_heartbeat_seconds": 2.5}


@pytest.fixture(autouse=True)
def _tables_are_read() -> None:
    """Read the table of currencies, which takes long the first time, before a clock runs."""
    decimals_of("XAF")


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("POST", "/v1/payments", "Idempotency-Key"),
        ("GET", "/v1/payments/{id}", "Send the same request again."),
        ("POST", "/v1/webhook-endpoints/{endpoint}/disable", "look first"),
    ],
)
async def test_a_store_that_never_answers_is_not_waited_for(
    tmp_path: Path, clock: FakeClock, method: str, path: str, said: str
) -> None:
    store = HeldStore(clock=clock)
    async with a_world(settings_in(tmp_path, **HURRIED), clock=clock, store=store) as world:
        payment_id = (await world.pay(key="order-0")).json["id"]
        url = {"url": "https://shop.example/hooks"}
        added = await world.ask("POST", "/v1/webhook-endpoints", who="mer_1", json=url)
        path = path.format(id=payment_id, endpoint=added.json["id"])
        is_keyed = path == "/v1/payments"
        options: dict[str, Any] = {"json": a_payment()} if is_keyed else {}
        options["headers"] = {"Idempotency-Key": "order-1"} if is_keyed else {}
        store.hold()
        answer = await world.ask(method, path, who="mer_1", **options)
        store.let_go()
        again = await world.ask(method, path, who="mer_1", **options)

    assert told(answer) == (503, "server_too_slow")
    assert answer.headers["Retry-After"] == "5"
    assert said in answer.json["detail"]
    assert again.status in {200, 202}


async def test_what_was_written_before_the_time_was_up_is_the_answer_of_a_repeat(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_world(settings_in(tmp_path, **HURRIED), clock=clock) as world:
        appending = world.services.store.append

        async def lost(*given: Any, **options: Any) -> Sequence[Any]:
            await appending(*given, **options)
            await asyncio.Event().wait()
            raise AssertionError

        with monkeypatch.context() as patched:
            patched.setattr(world.services.store, "append", lost)
            slow = await world.pay()
        again = await world.pay()
        trail = await world.get(again.headers["Location"] + "/events")

    assert told(slow) == (503, "server_too_slow")
    assert (again.status, again.headers["Idempotent-Replayed"]) == (202, "true")
    assert [event["type"] for event in trail.json["events"]] == ["payment.requested"]


async def test_a_key_that_cannot_be_looked_up_is_not_waited_for_either(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_world(settings_in(tmp_path, **HURRIED), clock=clock) as world:

        async def never(_stream: str) -> list[Any]:
            await asyncio.Event().wait()
            raise AssertionError

        monkeypatch.setattr(world.services.store, "read_stream", never)

        assert told(await world.get("/v1/payments")) == (503, "server_too_slow")
        assert told(await world.get("/v1/events/stream")) == (503, "server_too_slow")


async def test_a_customer_who_waited_too_long_is_shown_a_page(
    tmp_path: Path, clock: FakeClock
) -> None:
    store = HeldStore(clock=clock)
    async with a_world(settings_in(tmp_path, **HURRIED), clock=clock, store=store) as world:
        names = await Things(world, DOCUMENT, "mer_1").named_in("/checkout/{session_id}")
        store.hold()
        answer = await world.get("/checkout/{session_id}".format_map(names), who=None)

    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert answer.headers["Content-Type"].startswith("text/html")
    assert b"<h1" in answer.body


async def test_a_live_stream_outlives_the_time_of_other_answers(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_world(settings_in(tmp_path, **HURRIED), clock=clock) as world:
        assert await _heard(world, b": heartbeat") == b": heartbeat"


async def _heard(world: World, wanted: bytes) -> bytes:
    """Read a live stream until a line comes; that line."""
    headers = {"Authorization": f"Bearer {world.keys['mer_1']}"}
    async with (
        asyncio.timeout(20),
        world.session.get(world.url + "/v1/events/stream", headers=headers) as response,
    ):
        async for line in response.content:
            if line.strip() == wanted:
                return wanted
    return b""
