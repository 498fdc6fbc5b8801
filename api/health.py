"""Health: alive, ready, and the figures for Prometheus. No key is asked; nothing secret is told."""

import structlog
from aiohttp import web

from api import reports
from api.calls import Call, answer
from api.keys import MEASURES
from ledger.errors import StoreError

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
    numbers = None
    try:
        numbers = await call.services.metrics.numbers(now=call.services.clock())
    except StoreError as error:
        log.warning("measures.numbers_missing", error=error.code)
    return call.request.app[MEASURES].page(numbers)
