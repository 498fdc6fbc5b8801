"""How a server stops: first it accepts nobody any more, then it ends whom it has accepted.

asyncio closes a listening socket at once. Whoever was accepted in that very turn of the loop is
then attached to a server that is no more: his socket stays open, and nobody ever answers or ends
it. So the listening socket is let go first, and what it accepted becomes connections, which the
server below us knows and ends.
"""

import asyncio
from typing import Final

from aiohttp import web

ACCEPTED_TURNS: Final = 3
"""After so many turns of the loop, every socket that was accepted has become a connection."""


async def accept_no_more(runner: web.BaseRunner) -> None:
    """Stop listening at every site of `runner`; those who were accepted are its connections."""
    loop = asyncio.get_running_loop()
    for site in runner.sites:
        server = getattr(site, "_server", None)
        if isinstance(server, asyncio.Server):
            for listening in server.sockets:
                loop.remove_reader(listening.fileno())
    for _ in range(ACCEPTED_TURNS):
        await asyncio.sleep(0)
    for site in list(runner.sites):
        await site.stop()
