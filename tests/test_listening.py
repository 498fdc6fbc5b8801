"""A server that stops ends everybody whom it accepted, also in the very turn in which it stops."""

import asyncio
import gc
import socket
import warnings

from aiohttp import web

from adapters.listening import accept_no_more

TRIES = 25
"""How often it is tried: the turn in which a socket is accepted is the system's to choose."""


async def one_turn() -> None:
    loop = asyncio.get_running_loop()
    come = loop.create_future()
    loop.call_soon(come.set_result, None)
    await come


def is_hung_up(caller: socket.socket) -> bool:
    caller.settimeout(5.0)
    try:
        return caller.recv(1) == b""
    except ConnectionResetError:
        return True


async def test_who_was_accepted_in_the_turn_of_the_stop_is_hung_up() -> None:
    for turns in range(TRIES):
        runner = web.AppRunner(web.Application(), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        with socket.create_connection((host, port)) as caller:
            # Between the accepting of a socket and its becoming a connection lies one turn.
            for _ in range(turns % 4):
                await one_turn()
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                await accept_no_more(runner)
                await runner.cleanup()
                gc.collect()
            caller.settimeout(5.0)
            assert is_hung_up(caller)
