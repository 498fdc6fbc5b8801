"""A cursor of a log that is lost is refused where whoever sends it says which log it is of."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.lives import HEADER, NEVER
from ledger.commands_log import RecordRestoration
from tests.api_world import CONTEXT, Answer, World, a_payment, a_world, settings_in
from tests.conftest import FakeClock

FRENCH = {"Accept-Language": "fr"}


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with a_world(settings_in(tmp_path), clock=clock, is_in_memory=True) as made:
        yield made


async def restored(world: World, day: int) -> int:
    """Say that the log was put back from the backup of a day; its last position before that."""
    services = world.services
    kept = await services.store.position()
    command = RecordRestoration(
        since=datetime(2026, 1, day, tzinfo=UTC), until=services.clock(), at=services.clock()
    )
    await services.handler.handle(command, context=CONTEXT)
    return kept


async def listed(world: World, life: str | None, **headers: str) -> Answer:
    """Ask for notices behind the first one, speaking of a life of the log, or of none."""
    spoken = {} if life is None else {HEADER: life}
    return await world.get("/v1/notices?after=1", headers=spoken | headers)


async def test_a_cursor_of_a_lost_log_is_refused_and_told_where_to_go_on(world: World) -> None:
    await world.pay(key="kept")
    first = (await listed(world, None)).headers[HEADER]
    assert first == NEVER
    assert (await listed(world, first)).status == 200

    kept = await restored(world, 1)
    await world.pay(key="after")
    refused = await listed(world, first)
    second = refused.headers[HEADER]
    assert (refused.status, refused.code) == (412, "log_restored")
    (place,) = refused.json["errors"]
    assert place["header"] == HEADER
    assert place["remedy"] == (
        f"Forget every position behind {kept}, go on from it, and send {HEADER}: {second}."
    )
    assert (await listed(world, None)).status == 200
    assert (await listed(world, second)).headers[HEADER] == second

    again = await restored(world, 2)
    for life, position in ((first, kept), (second, again), ("of-another-log", 0)):
        refused = await listed(world, life)
        assert f"behind {position}," in refused.json["errors"][0]["remedy"]
    french = await listed(world, second, **FRENCH)
    assert f"après la position {again} est perdu" in french.json["detail"]


async def test_a_restoration_that_is_said_again_begins_no_other_life(world: World) -> None:
    await restored(world, 1)
    await world.pay(key="between")
    name = (await listed(world, "")).headers[HEADER]
    world.services.clock.advance(7200)  # type: ignore[attr-defined]
    await restored(world, 1)
    assert (await listed(world, name)).status == 200


async def test_nothing_is_done_for_who_speaks_of_a_lost_log(world: World) -> None:
    await restored(world, 1)
    before = await world.services.store.position()
    refused = await world.ask(
        "POST",
        "/v1/payments",
        who="mer_1",
        json=a_payment(),
        headers={HEADER: NEVER, "Idempotency-Key": "one"},
    )
    assert (refused.status, refused.code) == (412, "log_restored")
    assert await world.services.store.position() == before
    unknown = await world.ask("GET", "/v1/notices", who=None, headers={HEADER: NEVER})
    assert unknown.status == 401


async def test_a_server_knows_its_life_from_the_start(tmp_path: Path, clock: FakeClock) -> None:
    async with a_world(settings_in(tmp_path), clock=clock) as world:
        await restored(world, 1)
        name = (await listed(world, "")).headers[HEADER]
        keys = dict(world.keys)
    clock.advance(timedelta(days=1).total_seconds())
    async with a_world(settings_in(tmp_path), clock=clock) as world:
        world.keys.update(keys)
        assert (await listed(world, None)).headers[HEADER] == name != NEVER
