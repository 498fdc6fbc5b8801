"""The application: routes from the table, each behind its guard, all behind one middleware.

`create_app` is given services that run already and starts nothing itself, so a test gives it the
very parts a server gives it.

What a guard does: `api.guard`.
"""

from aiohttp import web

from api.description import DESCRIPTION, Description
from api.front import Front
from api.guard import guard
from api.keys import FRONT, MEASURES, SERVICES, STREAMS, Streams
from api.measures import Measures
from api.middleware import Door
from api.routes import ROUTES
from api.time_limit import TimeLimit
from api.underway import Underway
from api.wiring_services import Services


def create_app(services: Services) -> web.Application:
    """Make the application over services that run."""
    settings = services.settings
    measures = Measures(services)
    door = Door(
        concurrent_max=settings.requests_concurrent_max,
        new_id=services.new_id,
        position=lambda: services.known_position,
        life=lambda: services.life.name,
        measures=measures,
    )
    app = web.Application(
        middlewares=[door.serve],
        client_max_size=max(settings.body_bytes_max, settings.webhook_body_bytes_max),
    )
    app[SERVICES] = services
    app[MEASURES] = measures
    app[STREAMS] = Streams()
    app.on_shutdown.append(_end_streams)
    app[DESCRIPTION] = Description(ROUTES, server_url=settings.base_url)

    async def end_streams(_app: web.Application) -> None:
        services.feed.end()

    app.on_shutdown.append(end_streams)
    underway, limit = Underway(), TimeLimit(settings.handler_seconds_max)
    for route in ROUTES:
        guarded = guard(route, services, underway, limit)
        app.router.add_route(route.method, route.path, guarded, expect_handler=_expected)
    app[FRONT] = Front(app, door.serve)
    return app


async def _end_streams(app: web.Application) -> None:
    """Let every answer that does not end by itself end now: a stop waits for all of them."""
    app[STREAMS].stopping.set()


async def _expected(request: web.Request) -> None:
    """Tell whoever waits for it to go on; other expectations need not be met (RFC 9110, 10.1.1).

    aiohttp's own would turn such a request away outside of the middleware, and a provider's call
    would be lost for a header.
    """
    if request.headers.get("Expect", "").lower() == "100-continue" and request.version >= (1, 1):
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        # It is no part of the answer, and an error is answered only where none has begun.
        request.writer.output_size = 0
