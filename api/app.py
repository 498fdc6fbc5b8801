"""The application: routes from the table, each behind its guard, all behind one middleware.

`create_app` is given services that run already and starts nothing itself, so a test gives it the
very parts a server gives it.

The guard of a route does, once and in this order, what every endpoint needs: who asks, whether his
key has not asked too often, whether his role may, and whether the query string is what the route's
model says.
"""

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from api.authentication import Role
from api.calls import Call, query_of, validated
from api.description import DESCRIPTION, Description
from api.errors import FORBIDDEN, Place, ProblemError
from api.keys import MEASURES, SERVICES, STREAMS, Streams
from api.measures import Measures
from api.middleware import ACTOR, CORRELATION_ID, REQUEST_ID, Door
from api.routes import ROUTES, Route
from api.wiring_services import Services
from ledger.sentences import Sentence


def create_app(services: Services) -> web.Application:
    """Make the application over services that run."""
    settings = services.settings
    measures = Measures(services)
    door = Door(
        concurrent_max=settings.requests_concurrent_max, new_id=services.new_id, measures=measures
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
    for route in ROUTES:
        guarded = _guard(route, services)
        app.router.add_route(route.method, route.path, guarded, expect_handler=_expected)
    return app


async def _end_streams(app: web.Application) -> None:
    """Let every answer that does not end by itself end now: a stop waits for all of them."""
    app[STREAMS].stopping.set()


def _forbidden(roles: frozenset[Role], role: Role) -> ProblemError:
    reason = Sentence(
        "This is for keys of: {roles}; yours is of the role {role}.",
        roles=", ".join(sorted(roles)),
        role=role,
    )
    place = Place("header", "Authorization", reason, Sentence("Use a key of such a role."))
    return ProblemError(FORBIDDEN, reason, [place])


async def _expected(request: web.Request) -> None:
    """Tell whoever waits for it to go on; other expectations need not be met (RFC 9110, 10.1.1).

    aiohttp's own would turn such a request away outside of the middleware, and a provider's call
    would be lost for a header.
    """
    if request.headers.get("Expect", "").lower() == "100-continue" and request.version >= (1, 1):
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        # It is no part of the answer, and an error is answered only where none has begun.
        request.writer.output_size = 0


def _guard(
    route: Route, services: Services
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    roles, query_model, endpoint = route.roles, route.query, route.endpoint
    authenticator, rates = services.authenticator, services.rates
    no_query: Mapping[str, str] = {}
    # A route that can be called without a query string has that query ready.
    is_query_needed = any(one.is_required() for one in query_model.model_fields.values())
    default_query = None if is_query_needed else validated(query_model, no_query, is_query=True)

    async def guarded(request: web.Request) -> web.StreamResponse:
        identity = None
        if roles is not None:
            identity = await authenticator.identify(request.headers.get("Authorization"))
            request[ACTOR] = identity.actor
            await rates.admit_key(request, identity.key_id)
            if identity.role not in roles:
                raise _forbidden(roles, identity.role)
        if default_query is not None and not request.query_string:
            query = default_query
        else:
            query = query_of(request, query_model)
        call = Call(
            request, services, identity, request[REQUEST_ID], request[CORRELATION_ID], query
        )
        return await endpoint(call)

    return guarded
