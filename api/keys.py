"""The typed keys under which an application keeps what its endpoints share."""

from typing import Final

from aiohttp import web

from api.measures import Measures
from api.wiring_services import Services

SERVICES: Final = web.AppKey("services", Services)
MEASURES: Final = web.AppKey("measures", Measures)
