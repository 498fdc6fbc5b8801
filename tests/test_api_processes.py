"""Two servers on one PostgreSQL: one ledger, whoever is asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy import make_url

from api.settings import Settings
from ledger.vault import MasterKeys
from tests.api_world import HURRIED, PROVIDER_TABLES, World, a_payment, a_world
from tests.conftest import FakeClock


@pytest.fixture
async def worlds(
    postgres_database: str, tmp_path: Path, clock: FakeClock
) -> AsyncIterator[tuple[World, World]]:
    key_file = tmp_path / "master.key"
    MasterKeys.generate().write(key_file)
    url = make_url(postgres_database).set(drivername="postgresql")
    settings = Settings(
        database_url=url.render_as_string(hide_password=False),
        master_key_file=key_file,
        providers=("mtn", "orange"),
        provider_tables=PROVIDER_TABLES,
        **HURRIED,
    )
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(a_world(settings, clock=clock))
        second = await stack.enter_async_context(a_world(settings, clock=clock))
        second.keys = first.keys
        yield first, second


async def test_a_payment_made_at_one_server_is_seen_at_the_other_at_once(
    worlds: tuple[World, World],
) -> None:
    first, second = worlds
    made = await first.pay(a_payment(description="Bread"))

    seen = await second.get(made.headers["Location"])
    listed = await second.get(f"/v1/payments?min_position={made.json['position']}")
    again = await second.pay(a_payment(description="Bread"))

    assert (seen.json["status"], seen.json["description"]) == ("requested", "Bread")
    assert [payment["id"] for payment in listed.json["payments"]] == [made.json["id"]]
    assert again.body == made.body


async def test_one_key_at_both_servers_at_once_makes_one_payment(
    worlds: tuple[World, World],
) -> None:
    answers = await asyncio.gather(*(worlds[number % 2].pay() for number in range(20)))

    taken = [answer for answer in answers if answer.status == 202]
    others = [answer for answer in answers if answer.status != 202]
    repeats = [await world.pay() for world in worlds]

    assert {(answer.status, answer.body) for answer in (*taken, *repeats)} == {(202, taken[0].body)}
    assert {answer.code for answer in others} <= {"idempotency_key_in_flight"}
    trail = await worlds[1].get(taken[0].headers["Location"] + "/events")
    assert len(trail.json["events"]) == 1


async def test_both_servers_commit_to_one_log(worlds: tuple[World, World]) -> None:
    await asyncio.gather(*(worlds[number % 2].pay(key=f"order-{number}") for number in range(20)))

    checkpoints = [(await world.get("/v1/log/checkpoint")).json for world in worlds]
    logs = [(await world.get("/v1/events?limit=200", who="auditor")).body for world in worlds]

    assert checkpoints[0] == checkpoints[1]
    assert logs[0] == logs[1]
    assert checkpoints[0]["size"] == 8 + 20
