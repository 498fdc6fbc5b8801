"""Health: alive, ready, and the figures for Prometheus.

No key is asked to be told whether we live. The figures sum what all merchants took, so they have a
token of their own (`metrics_token`), which opens nothing else and which no key replaces. Where none
is set up, production answers as if there were nothing here: nobody publishes them by forgetting.
"""

import hmac

import structlog
from aiohttp import web

from api import reports
from api.authentication import CHALLENGE
from api.calls import Call, answer
from api.errors import NOT_FOUND, UNAUTHENTICATED, Place, ProblemError
from api.keys import MEASURES
from api.verification import found
from api.work_left import work_left
from ledger.errors import StoreError
from ledger.sentences import Sentence, explained

log = structlog.get_logger()


async def show_health(call: Call) -> web.Response:
    """Answer that the process is alive, touching nothing."""
    del call
    return answer(reports.Health(status="ok"))


async def show_readiness(call: Call) -> web.Response:
    """Say whether the store can be read and every subscription moves; 503 where not."""
    reasons = []
    position = 0
    try:
        position = await call.services.store.position()
    except StoreError as error:
        reasons.append(f"store: {error.code}")
    subscriptions = [
        reports.SubscriptionOut(name=one.name, state=str(one.state), position=one.position)
        for one in call.services.subscriptions
    ]
    reasons += [
        f"subscription {one.name}: {one.state}"
        for one in subscriptions
        if one.state in {"stalled", "retrying"}
    ]
    reasons += [f"stopped: {name}" for name in call.services.stopped]
    readiness = reports.Readiness(
        status="not_ready" if reasons else "ready",
        position=position,
        subscriptions=subscriptions,
        reasons=reasons,
    )
    return answer(readiness, status=503 if reasons else 200, position=position)


async def show_measures(call: Call) -> web.Response:
    """Write the process's figures for Prometheus, with those of payments where they can be had."""
    _admit(call)
    numbers = verified = left = None
    try:
        services = call.services
        numbers = await services.metrics.numbers(
            now=services.clock(), default_mode=services.default_mode
        )
        verified = await found(services)
        left = await work_left(services)
    except StoreError as error:
        log.warning("measures.numbers_missing", error=error.code)
    return call.request.app[MEASURES].page(numbers, verified, left)


def _admit(call: Call) -> None:
    """Let in who has the token; where there is none, whoever comes, but nobody in production.

    Raises:
        ProblemError: there is nothing here, or the header does not hold the token.
    """
    settings = call.services.settings
    token = settings.metrics_token
    if token is None:
        if settings.is_production:
            raise ProblemError(NOT_FOUND, Sentence("No figures are published here."))
        return
    scheme, _, sent = call.request.headers.get("Authorization", "").partition(" ")
    wanted = token.get_secret_value().encode()
    # The same time for every wrong one, however much of it is right.
    is_right = hmac.compare_digest(sent.strip().encode(errors="replace"), wanted)
    if not is_right or scheme.lower() != "bearer":
        reason = Sentence("The header does not hold the token of the figures.")
        remedy = Sentence("Send what `CAURI_METRICS_TOKEN` says as `Authorization: Bearer ...`.")
        place = Place("header", "Authorization", reason, remedy)
        raise ProblemError(UNAUTHENTICATED, explained(reason, remedy), [place], CHALLENGE)
