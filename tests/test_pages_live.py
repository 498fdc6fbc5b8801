"""Pages that are told live: what a browser is sent, and how many may listen."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from api.keys import STREAMS
from api.pages import live
from tests.api_world import World, a_world, captured_logs, settings_in
from tests.checkout_world import move, pay, session_of
from tests.conftest import FakeClock

SECONDS_MAX = 20


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    settings = settings_in(tmp_path, checkout_streams_max=2)
    async with a_world(settings, clock=clock, is_in_memory=True) as made:
        yield made


def listening(
    world: World, session_id: str
) -> "aiohttp.client._BaseRequestContextManager[aiohttp.ClientResponse]":
    return world.session.get(f"{world.url}/checkout/{session_id}/stream")


async def next_mark(response: aiohttp.ClientResponse) -> str:
    """The next thing a browser is told; heartbeats are passed over."""
    async with asyncio.timeout(SECONDS_MAX):
        async for line in response.content:
            if line.startswith(b"data: "):
                return line.decode().removeprefix("data: ").strip()
    raise AssertionError("the stream has ended")


async def test_a_page_is_told_whenever_it_would_show_something_else_and_no_more(
    world: World,
) -> None:
    session_id = await session_of(world)
    payment_id = await pay(world, session_id)
    async with listening(world, session_id) as response:
        marks = [await next_mark(response)]
        for step in ("start", "confirm", "success"):
            await move(world, payment_id, step)
            if step != "start":
                marks.append(await next_mark(response))
        async with asyncio.timeout(SECONDS_MAX):
            rest = await response.read()

    assert response.headers["Content-Type"] == "text/event-stream"
    assert [one.partition(".")[0] for one in marks] == ["sending", "confirm", "paid"]
    assert rest.replace(b"\n", b"") == b""


async def test_no_more_pages_are_told_live_than_allowed(world: World) -> None:
    session_id = await session_of(world)
    await pay(world, session_id)
    async with listening(world, session_id) as first, listening(world, session_id) as second:
        await next_mark(first)
        await next_mark(second)
        async with listening(world, session_id) as third:
            refused = third.status

    assert (first.status, second.status, refused) == (200, 200, 503)


async def test_a_session_that_is_none_has_no_stream(world: World) -> None:
    async with listening(world, "cs_" + "a" * 32) as response:
        assert response.status == 404


async def test_a_closed_page_makes_room_and_is_no_failure(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(live, "LOOK_SECONDS_MIN", 0.01)
    session_id = await session_of(world)
    await pay(world, session_id)
    with captured_logs() as written:
        async with aiohttp.ClientSession() as browser:
            address = f"{world.url}/checkout/{session_id}/stream"
            async with browser.get(address) as response:
                await next_mark(response)
        async with asyncio.timeout(SECONDS_MAX):
            for _ in range(2):
                # There is room for both of them only once the first has gone.
                while True:
                    async with listening(world, session_id) as again:
                        if again.status == 200:
                            await next_mark(again)
                            break

    assert b"http.failed" not in written.getvalue()


async def test_a_server_that_stops_ends_what_it_tells(tmp_path: Path, clock: FakeClock) -> None:
    from api.app import create_app

    async with a_world(settings_in(tmp_path), clock=clock, is_in_memory=True) as world:
        app = create_app(world.services)
        app.freeze()
        await app.shutdown()

        assert app[STREAMS].stopping.is_set()
