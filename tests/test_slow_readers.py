"""A reader of a live stream who takes nothing is cut off by the stream's own limit."""

import asyncio
import socket
from pathlib import Path

from tests.api_world import World, a_payment, a_world, settings_in
from tests.conftest import FakeClock
from tests.test_connections import PATIENCE_SECONDS, is_broken_in_the_end

PAYMENTS = 600
"""More than the buffers of both ends hold: each is told with four kilobytes of metadata."""

FULL = {f"note_{number}": "x" * 200 for number in range(20)}


async def a_full_log(world: World) -> None:
    """Let so much happen that a stream has a lot to tell."""
    for number in range(PAYMENTS):
        answer = await world.pay(a_payment(metadata=FULL), key=f"order-{number}")
        assert answer.status == 202, answer.body
    await world.caught_up()


async def asking(world: World) -> socket.socket:
    """Ask for everything that happened, over a connection that takes little at a time."""
    host, _, port = world.url.removeprefix("http://").partition(":")
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(connection, (host, int(port)))
    head = (
        "GET /v1/events/stream?after=0 HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {world.keys['mer_1']}\r\n\r\n"
    )
    await loop.sock_sendall(connection, head.encode())
    return connection


async def test_a_reader_of_a_stream_who_takes_nothing_is_cut_and_its_place_is_free(
    tmp_path: Path, clock: FakeClock
) -> None:
    # The system's own limit, for answers of any kind, is far away: what cuts is the stream's.
    settings = settings_in(tmp_path, stream_write_seconds_max=0.3, answer_seconds_max=300)
    async with a_world(settings, clock=clock, is_in_memory=True) as world:
        await a_full_log(world)
        greedy = await asking(world)
        with greedy:
            loop = asyncio.get_running_loop()
            assert (await loop.sock_recv(greedy, 15)) == b"HTTP/1.1 200 OK"
            assert world.services.feed.count == 1
            assert await asyncio.to_thread(is_broken_in_the_end, greedy)
        assert world.services.feed.count == 0


async def test_a_reader_of_a_stream_who_is_slow_but_reads_is_told_everything(
    tmp_path: Path, clock: FakeClock
) -> None:
    settings = settings_in(tmp_path, stream_write_seconds_max=5, answer_seconds_max=300)
    async with a_world(settings, clock=clock, is_in_memory=True) as world:
        await a_full_log(world)
        slow = await asking(world)
        with slow:
            loop, told = asyncio.get_running_loop(), b""
            async with asyncio.timeout(PATIENCE_SECONDS * 3):
                while told.count(b"event: payment.requested") < PAYMENTS:
                    piece = await loop.sock_recv(slow, 65_536)
                    assert piece, "it was cut"
                    told += piece
