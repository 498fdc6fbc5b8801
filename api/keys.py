"""The typed keys under which an application keeps what its endpoints share."""

import asyncio
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from api.front import Front
from api.measures import Measures
from api.wiring_services import Services


@dataclass
class Streams:
    """The answers that do not end by themselves: how many there are, and when they are to end."""

    open: int = 0
    stopping: asyncio.Event = field(default_factory=asyncio.Event)


SERVICES: Final = web.AppKey("services", Services)
STREAMS: Final = web.AppKey("streams", Streams)
FRONT: Final = web.AppKey("front", Front)
MEASURES: Final = web.AppKey("measures", Measures)
