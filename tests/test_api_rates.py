"""Limits per key and per payer over HTTP: who is counted, what is told, and when one may again."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from ledger.vault import MasterKeys
from tests.api_world import ORANGE_PHONE, Answer, World, a_payment, a_world, settings_in
from tests.conftest import FakeClock

LIMITS = {"key_requests_per_second_max": 4, "payer_payments_per_minute_max": 5}
PAYER_ONLY = {"key_requests_per_second_max": 0, "payer_payments_per_minute_max": 5}
FIELD = re.compile(r'"(\w+)"((?:;[a-z]+=\d+)+)')
"""One item of a structured field's list: a string with whole numbers as parameters (RFC 9651)."""


def fields_of(value: str) -> dict[str, dict[str, int]]:
    """Read a list of such items; fails where anything else stands in it."""
    items = value.split(", ")
    found = [FIELD.fullmatch(item) for item in items]
    return {
        one[1]: {name: int(number) for name, number in re.findall(r";([a-z]+)=(\d+)", one[2])}
        for one in found
        if one is not None
    } | {item: {} for item, one in zip(items, found, strict=True) if one is None}


def told(answer: Answer) -> tuple[dict[str, Any], dict[str, Any]]:
    """What an answer says about limits: the policy, and what is left."""
    headers = answer.headers
    return fields_of(headers["RateLimit-Policy"]), fields_of(headers["RateLimit"])


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    settings = settings_in(tmp_path, **LIMITS)
    async with a_world(settings, clock=clock, is_in_memory=True) as made:
        yield made


@pytest.fixture
async def shop(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    settings = settings_in(tmp_path, **PAYER_ONLY)
    async with a_world(settings, clock=clock, is_in_memory=True) as made:
        yield made


async def test_every_answer_to_a_key_tells_its_limit_and_what_is_left(world: World) -> None:
    answers = [
        await world.get("/v1/payments"),
        await world.get("/v1/payments/pay_none"),
        await world.get("/v1/events"),
        await world.pay(),
    ]

    assert [answer.status for answer in answers] == [200, 404, 403, 202]
    policies, left = zip(*(told(answer) for answer in answers), strict=True)
    key, payer = {"q": 4, "w": 1}, {"q": 5, "w": 60}
    assert policies == ({"key": key}, {"key": key}, {"key": key}, {"key": key, "payer": payer})
    assert [one["key"]["r"] for one in left] == [3, 2, 1, 0]
    assert left[-1]["payer"] == {"r": 4, "t": 60}


async def test_who_sends_no_key_or_a_wrong_one_is_told_no_limit(world: World) -> None:
    for who in (None, "ck_merchant_0000000000000000_x"):
        answer = await world.get("/v1/payments", who=who)
        assert answer.status == 401
        assert "RateLimit" not in answer.headers


async def test_a_key_that_asks_too_often_is_told_when_to_come_back(
    world: World, clock: FakeClock
) -> None:
    for _ in range(4):
        await world.get("/v1/payments")
        clock.advance(0.1)
    refused = await world.get("/v1/payments")
    others = [await world.get("/v1/payments", who=who) for who in ("mer_2", "auditor")]
    clock.advance(0.6)
    again = [await world.get("/v1/payments") for _ in range(2)]

    assert (refused.status, refused.code, refused.headers["Retry-After"]) == (
        429,
        "too_many_requests",
        "1",
    )
    assert told(refused)[1] == {"key": {"r": 0, "t": 1}}
    assert [place["header"] for place in refused.json["errors"]] == ["Authorization"]
    assert [answer.status for answer in others] == [200, 200]
    # The first has left the window, the second has not: it moves.
    assert [answer.status for answer in again] == [200, 429]


async def test_a_payer_is_asked_for_five_payments_a_minute_and_no_more(
    shop: World, clock: FakeClock
) -> None:
    answers = [await shop.pay(key=f"order-{number}") for number in range(6)]
    other = await shop.pay(a_payment(payer={"phone": ORANGE_PHONE}), key="order-6")
    clock.advance(59)
    early = await shop.pay(key="order-5")
    clock.advance(1)
    late = await shop.pay(key="order-5")

    assert [answer.status for answer in answers] == [202] * 5 + [429]
    refused = answers[-1]
    assert (refused.code, refused.headers["Retry-After"]) == ("too_many_requests", "60")
    assert [place["pointer"] for place in refused.json["errors"]] == ["/payer/phone"]
    assert (other.status, early.status, early.headers["Retry-After"]) == (202, 429, "1")
    assert (late.status, "Idempotent-Replayed" in late.headers) == (202, False)


async def test_a_number_is_one_however_it_is_written(shop: World) -> None:
    written = ("+237650000001", "650000001", "237650000001", "+237 650 00 00 01", "650-000-001")
    for number, phone in enumerate(written):
        answer = await shop.pay(a_payment(payer={"phone": phone}), key=f"order-{number}")
        assert answer.status == 202, phone

    assert (await shop.pay(key="order-9")).status == 429


async def test_a_repeat_is_answered_as_it_was_and_takes_no_place(shop: World) -> None:
    first = await shop.pay(key="order-0")
    repeats = [await shop.pay(key="order-0") for _ in range(10)]
    for number in range(1, 5):
        assert (await shop.pay(key=f"order-{number}")).status == 202
    refused = await shop.pay(key="order-5")
    again = await shop.pay(key="order-0")
    other = await shop.pay(a_payment(amount="9"), key="order-0")

    assert {answer.body for answer in (*repeats, again)} == {first.body}
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (refused.status, other.code) == (429, "idempotency_key_reused")


async def test_a_request_that_was_refused_otherwise_takes_no_place(shop: World) -> None:
    await shop.pay(key="order-0")
    for _ in range(6):
        assert (await shop.pay(a_payment(amount="9"), key="order-0")).status == 422
        assert (await shop.pay(a_payment(amount="1.5"), key="order-1")).status == 422

    assert [(await shop.pay(key=f"order-{n}")).status for n in range(1, 6)] == [202] * 4 + [429]


async def test_a_merchant_learns_nothing_of_a_payer_that_another_one_asks(shop: World) -> None:
    for number in range(5):
        await shop.pay(key=f"order-{number}", who="mer_1")

    answer = await shop.pay(key="order-1", who="mer_2")

    assert (answer.status, told(answer)[1]["payer"]["r"]) == (202, 4)


async def test_payouts_are_not_counted_for_a_payer(shop: World) -> None:
    body = {"amount": "700", "currency": "XAF", "payee": {"phone": "+237650000001"}}
    for number in range(7):
        answer = await shop.ask(
            "POST",
            "/v1/payouts",
            who="mer_1",
            json=body,
            headers={"Idempotency-Key": f"payout-{number}"},
        )
        assert (answer.status, told_nothing(answer)) == (202, True)


def told_nothing(answer: Answer) -> bool:
    """Whether an answer says nothing of limits: here keys have none."""
    return "RateLimit" not in answer.headers and "RateLimit-Policy" not in answer.headers


async def test_two_servers_with_a_redis_count_together(
    redis_database: str, tmp_path: Path, clock: FakeClock
) -> None:
    key_file = tmp_path / "master.key"
    MasterKeys.generate().write(key_file)
    shared = {"redis_url": redis_database, "master_key_file": key_file, **PAYER_ONLY}
    async with AsyncExitStack() as stack:
        worlds = []
        for _ in range(2):
            settings = settings_in(tmp_path, **shared)
            worlds.append(await stack.enter_async_context(a_world(settings, clock=clock)))
        worlds[1].keys = worlds[0].keys
        answers = await asyncio.gather(
            *(worlds[number % 2].pay(key=f"order-{number}") for number in range(8))
        )
        repeats = [await world.pay(key="order-0") for world in worlds]

    assert sorted(answer.status for answer in answers) == [202] * 5 + [429] * 3
    made = [answer for answer in answers if answer.status == 202]
    assert {told(answer)[1]["payer"]["r"] for answer in made} == {0, 1, 2, 3, 4}
    assert [answer.status for answer in repeats] in ([202, 202], [429, 429])
