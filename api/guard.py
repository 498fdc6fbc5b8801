"""The guard of a route: what every endpoint needs is done here once, in this order.

Who asks, whether his key has not asked too often, whether the answer can be signed as he asks (not
before: to sign is work, and done for nobody without a key), whether his role may; whether the query
string is what the route's model says, and the log has come as far as it asks; where a body has
nothing to say, that it says nothing; and where an Idempotency-Key is taken, that no other request
with it is under way (`api.underway`).

All of it, and the endpoint behind it, has `handler_seconds_max`: whoever asks is answered, also
where something below hangs. What was under way may be done yet, so a request that changes something
is told to be repeated under its key, and then gets its first answer. Answers without an end have
that time until their endpoint is entered, long ones until their first piece is there, and both have
bounds of their own from there.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from aiohttp import web

from api.authentication import Role
from api.calls import Call, query_of, validated
from api.errors import FORBIDDEN, SERVER_TOO_SLOW, Place, ProblemError
from api.lives import HEADER as LOG_HEADER
from api.pages.notices import notice_of
from api.passage import PASSAGE
from api.requests import idempotency_key, is_apart
from api.route import Route
from api.schemas import NoBody
from api.signed_answers import ACCEPT_HEADER, signing_of
from api.time_limit import TimeLimit
from api.underway import Underway
from api.waiting import check_reached
from api.wiring_services import Services
from ledger.sentences import Sentence, explained


def guard(
    route: Route, services: Services, underway: Underway, limit: TimeLimit
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Make what aiohttp calls for a route: its endpoint behind its guard."""
    roles, query_model, endpoint = route.roles, route.query, route.endpoint
    is_keyed, is_bodiless = route.needs_idempotency_key, route.body is NoBody
    is_body_required = route.is_body_required
    is_waiting, is_endless = "min_position" in query_model.model_fields, route.is_endless
    authenticator, rates = services.authenticator, services.rates
    no_query: Mapping[str, str] = {}
    # A route that can be called without a query string has that query ready.
    is_query_needed = any(one.is_required() for one in query_model.model_fields.values())
    default_query = None if is_query_needed else validated(query_model, no_query, is_query=True)

    async def admitted(request: web.Request) -> Call:
        identity, passage = None, request[PASSAGE]
        if roles is not None:
            identity = await authenticator.identify(request.headers.get("Authorization"))
            passage.actor = identity.actor
            await rates.admit_key(passage, identity.key_id)
            if (wanted := request.headers.get(ACCEPT_HEADER)) is not None:
                passage.sign = await signing_of(services, wanted, request)
            if identity.role not in roles:
                raise _forbidden(roles, identity.role)
            await services.life.check(request.headers.get(LOG_HEADER))
        query: Any
        if default_query is not None and not request.query_string:
            query = default_query
        else:
            query = query_of(request, query_model)
            if is_waiting:
                await check_reached(services.store, query.min_position)
        call = Call(request, services, identity, passage, query, is_body_required)
        if is_bodiless:
            validated(NoBody, await call.json_object())
        return call

    async def guarded(request: web.Request) -> web.StreamResponse:
        task, call, named = limit.enter(), None, None
        try:
            call = await admitted(request)
            call.passage.begin_streaming = partial(limit.leave, task)
            if is_endless:
                call.passage.begin_streaming()
            if is_keyed:
                named = underway.enter(
                    (
                        call.asker.merchant_id or "",
                        is_apart(call),
                        route.name,
                        idempotency_key(call),
                    )
                )
            return await endpoint(call)
        except asyncio.CancelledError:
            if not limit.leave(task):
                raise
            slow = _too_slow(route, limit.seconds)
            if route.is_page and call is not None:
                return notice_of(call, slow)
            raise slow from None
        finally:
            limit.leave(task)
            if named is not None:
                underway.leave(named)

    return guarded


def _forbidden(roles: frozenset[Role], role: Role) -> ProblemError:
    reason = Sentence(
        "This is for keys of: {roles}; yours is of the role {role}.",
        roles=", ".join(sorted(roles)),
        role=role,
    )
    place = Place("header", "Authorization", reason, Sentence("Use a key of such a role."))
    return ProblemError(FORBIDDEN, reason, [place])


def _too_slow(route: Route, seconds: float) -> ProblemError:
    reason = Sentence("The answer was not found within {seconds:g} seconds.", seconds=seconds)
    remedy = Sentence("Send the same request again.")
    if route.needs_idempotency_key:
        remedy = Sentence(
            "It may have been taken all the same: send the same request again, under the same "
            "Idempotency-Key, and it is not done twice."
        )
    elif route.method != "GET":
        remedy = Sentence("It may have been done all the same: look first, then send it again.")
    return ProblemError(SERVER_TOO_SLOW, explained(reason, remedy))
