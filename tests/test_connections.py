"""Connections over real sockets: heads that do not end, silence, and too many at once."""

import asyncio
import json
import resource
import select
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from api.connections import OTHER_FILES_MAX, make_room
from api.settings import Settings
from tests.api_world import World, a_world, settings_in
from tests.conftest import FakeClock
from tests.processes import Server

SOON = 0.1
NEVER = 300.0
PATIENCE_SECONDS = 20.0
ALIVE = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


@dataclass
class Client:
    """One connection to the server, and what it reads from it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def send(self, content: bytes) -> None:
        self.writer.write(content)

    async def answer(self) -> tuple[int, dict[str, str], Any]:
        """The next answer: status, headers by lower-case name, and the body's JSON."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
            line, *rest = head.strip().split("\r\n")
            headers = {
                name.lower(): text for name, _, text in (one.partition(": ") for one in rest)
            }
            body = await self.reader.readexactly(int(headers["content-length"]))
        return int(line.split()[1]), headers, json.loads(body)

    async def rest(self) -> bytes:
        """What still comes before the server closes."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.reader.read()

    async def hears_nothing(self, seconds: float) -> None:
        """See that for some time nothing comes, and the connection stays open."""
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.reader.read(1)

    async def alive(self) -> int:
        """Ask whether the server is alive; the status."""
        self.send(ALIVE)
        return (await self.answer())[0]


@asynccontextmanager
async def clients(server: World | Server) -> AsyncIterator[Any]:
    """A way to open connections; what is open at the end is closed."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    made: list[Client] = []

    async def connect() -> Client:
        made.append(Client(*await asyncio.open_connection(host, int(port))))
        return made[-1]

    try:
        yield connect
    finally:
        for one in made:
            one.writer.close()


def limits(folder: Path, **changes: Any) -> Settings:
    """Settings under which only the limit in question can be what acts."""
    unbounded = {"head_seconds_max": NEVER, "idle_seconds_max": NEVER, "connections_max": 100}
    return settings_in(folder, **unbounded | changes)


@pytest.mark.parametrize(
    "half",
    [
        b"G",
        b"GET /healthz HTTP/1.1\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: a",
        b"POST /v1/payments HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n",
    ],
)
async def test_half_a_head_is_not_waited_for(tmp_path: Path, clock: FakeClock, half: bytes) -> None:
    settings = limits(tmp_path, head_seconds_max=SOON)
    async with (
        a_world(settings, clock=clock, is_in_memory=True) as world,
        clients(world) as connect,
    ):
        client = await connect()
        client.send(half)
        status, headers, told = await client.answer()

        assert (status, told["code"]) == (408, "head_too_slow")
        assert told["detail"] == "The head did not arrive within 0.1 seconds."
        assert headers["connection"] == "close"
        assert headers["content-type"] == "application/problem+json"
        assert await client.rest() == b""


async def test_a_head_that_comes_byte_by_byte_has_no_more_time_than_any_other(
    tmp_path: Path, clock: FakeClock
) -> None:
    settings = limits(tmp_path, head_seconds_max=0.3)
    async with (
        a_world(settings, clock=clock, is_in_memory=True) as world,
        clients(world) as connect,
    ):
        client = await connect()
        client.send(ALIVE.removesuffix(b"\r\n") + b"X-Long: ")
        loop = asyncio.get_running_loop()

        def drip() -> None:
            client.send(b"a")
            if not client.writer.is_closing():
                loop.call_later(0.02, drip)

        drip()
        status, _, told = await client.answer()
        client.writer.close()

        assert (status, told["code"]) == (408, "head_too_slow")


async def test_the_second_request_of_a_connection_has_the_same_limit_as_the_first(
    tmp_path: Path, clock: FakeClock
) -> None:
    settings = limits(tmp_path, head_seconds_max=SOON)
    async with (
        a_world(settings, clock=clock, is_in_memory=True) as world,
        clients(world) as connect,
    ):
        client = await connect()
        first = await client.alive()
        client.send(ALIVE[:20])

        assert (first, (await client.answer())[0]) == (200, 408)


async def test_a_head_in_pieces_that_ends_in_time_is_served_and_leaves_no_clock_behind(
    tmp_path: Path, clock: FakeClock
) -> None:
    settings = limits(tmp_path, head_seconds_max=0.5)
    async with (
        a_world(settings, clock=clock, is_in_memory=True) as world,
        clients(world) as connect,
    ):
        client = await connect()
        client.send(ALIVE[:10])
        await client.hears_nothing(0.1)
        client.send(ALIVE[10:])
        served = (await client.answer())[0]
        # Longer than the head may take: the connection is idle now, and that is allowed.
        await client.hears_nothing(0.6)

        assert (served, await client.alive()) == (200, 200)


async def test_a_body_is_not_held_to_the_time_of_a_head(tmp_path: Path, clock: FakeClock) -> None:
    settings = limits(tmp_path, head_seconds_max=SOON)
    async with (
        a_world(settings, clock=clock, is_in_memory=True) as world,
        clients(world) as connect,
    ):
        client = await connect()
        client.send(b"POST /webhooks/mtn/pay_x/r HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{")
        await client.hears_nothing(SOON * 3)
        client.send(b"}")

        assert (await client.answer())[0] == 200


async def test_a_connection_without_a_request_is_closed_without_a_word(
    tmp_path: Path, clock: FakeClock
) -> None:
    settings = limits(tmp_path, idle_seconds_max=SOON)
    async with (
        a_world(settings, clock=clock, is_in_memory=True) as world,
        clients(world) as connect,
    ):
        silent, once = await connect(), await connect()
        served = await once.alive()

        assert (served, await once.rest(), await silent.rest()) == (200, b"", b"")


async def test_one_connection_too_many_takes_the_place_of_the_oldest_without_a_request(
    tmp_path: Path, clock: FakeClock
) -> None:
    settings = limits(tmp_path, connections_max=3)
    async with (
        a_world(settings, clock=clock, is_in_memory=True) as world,
        clients(world) as connect,
    ):
        held = [await connect() for _ in range(3)]
        for one in held[1:]:
            assert await one.alive() == 200
        held[0].send(ALIVE[:20])
        new = await connect()

        assert await new.alive() == 200
        assert await held[0].rest() == b""
        assert [await one.alive() for one in held[1:]] == [200, 200]


async def test_a_flood_of_silent_connections_hides_the_server_from_nobody(
    tmp_path: Path, clock: FakeClock
) -> None:
    settings = limits(tmp_path, connections_max=5)
    async with (
        a_world(settings, clock=clock, is_in_memory=True) as world,
        clients(world) as connect,
    ):
        for _ in range(50):
            (await connect()).send(ALIVE[:20])
        asked = await connect()

        assert await asked.alive() == 200


async def test_where_every_connection_is_being_served_a_new_one_is_told_to_come_back(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = limits(tmp_path, connections_max=2)
    async with a_world(settings, clock=clock, is_in_memory=True) as world:
        go_on, begun = asyncio.Event(), asyncio.Semaphore(0)

        async def wait(*_: object, **__: object) -> int:
            begun.release()
            await go_on.wait()
            return 8

        monkeypatch.setattr(world.services.projections, "position", wait)
        key = world.keys["mer_1"]
        line = f"GET /v1/payments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n"
        async with clients(world) as connect:
            held = [await connect() for _ in range(2)]
            for one in held:
                one.send(line.encode())
                await begun.acquire()
            status, headers, told = await (await connect()).answer()
            go_on.set()

            assert (status, told["code"], headers["retry-after"]) == (503, "busy", "1")
            assert told["detail"] == "2 connections are being served already."
            assert [(await one.answer())[0] for one in held] == [200, 200]


@pytest.mark.slow
async def test_the_server_that_is_started_by_the_command_has_the_limits(tmp_path: Path) -> None:
    environment = {"CAURI_HEAD_SECONDS_MAX": "0.1", "CAURI_IDLE_SECONDS_MAX": "1"}
    database_url = f"sqlite:///{tmp_path / 'cauri.db'}"
    async with Server(environment, database_url) as server, clients(server) as connect:
        half, silent = await connect(), await connect()
        half.send(ALIVE[:20])

        assert ((await half.rest())[:13], await silent.rest()) == (b"HTTP/1.1 408 ", b"")


def test_room_is_made_for_every_connection_where_the_system_gives_it() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    settings = Settings(connections_max=300)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
        make_room(settings)
        raised = resource.getrlimit(resource.RLIMIT_NOFILE)
        make_room(Settings(connections_max=1))

        assert raised == (300 + OTHER_FILES_MAX, before[1])
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == raised, "never lowered"
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def test_who_takes_nothing_of_its_answers_is_cut_off(
    tmp_path: Path, clock: FakeClock
) -> None:
    settings = settings_in(tmp_path, answer_seconds_max=1)
    async with a_world(settings, clock=clock, is_in_memory=True) as world:
        host, _, port = world.url.removeprefix("http://").partition(":")
        with socket.socket() as greedy:
            greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            greedy.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(greedy, (host, int(port)))
            asked = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 50
            await loop.sock_sendall(greedy, asked)
            assert await asyncio.to_thread(is_broken_in_the_end, greedy)


def is_broken_in_the_end(connection: socket.socket) -> bool:
    """Write now and then until that shows that the other side is gone; nothing is ever read."""
    broken = select.poll()
    broken.register(connection, 0)
    for _ in range(round(PATIENCE_SECONDS / SOON)):
        try:
            connection.send(ALIVE)
        except BlockingIOError:
            pass
        except ConnectionError:
            return True
        if broken.poll(SOON * 1000):
            return True
    return False
