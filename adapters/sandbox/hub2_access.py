"""Who may ask the HUB2 sandbox, how often, and to whom it does not pay.

Keys stand in three headers; an intent's token stands in the body instead, and needs no key. Limits
are counted by the sandbox's own clock and are forgotten when it ends.
"""

import hmac
from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from aiohttp import web

from adapters.sandbox.hub2_requests import Order, refuse
from adapters.sandbox.hub2_rules import (
    BLACKLIST_DAYS,
    BLACKLIST_FAILURES,
    BLACKLIST_WINDOW_SECONDS,
    Hub2SandboxSettings,
    Intent,
    policy_of,
    token_of,
)
from adapters.sandbox.movements import Movement

LIST_SECONDS: Final = 30.0
"""One question to a list within this time, for the whole account."""

ONE_SECONDS: Final = 5.0
"""One question about a thing within this time."""

QUESTIONS_REMEMBERED_MAX: Final = 10_000


class Access:
    """Checks that end a request with 401 or 429."""

    def __init__(self, settings: Hub2SandboxSettings, clock: Callable[[], datetime]) -> None:
        self._settings, self._clock = settings, clock
        self._asked: OrderedDict[str, datetime] = OrderedDict()

    def check_key(self, request: web.Request) -> None:
        """Demand the three headers."""
        settings = self._settings
        known = (settings.api_key, settings.merchant_id, settings.environment)
        told = [request.headers.get(name, "") for name in ("ApiKey", "MerchantId", "Environment")]
        if not _is_same("\0".join(told), "\0".join(known)):
            refuse(401, "Unauthorized", "No valid API key provided.")

    def check_token(self, intent: Intent, body: dict[str, object]) -> None:
        """Demand the token of that intent."""
        if not _is_same(str(body.get("token")), token_of(intent, self._settings)):
            refuse(401, "Unauthorized", "The token is not that of the intent.")

    def limit(self, request: web.Request, seconds: float) -> None:
        """Turn away whoever asks the same again too soon."""
        if not self._settings.limits_calls:
            return
        now, last = self._clock(), self._asked.get(request.path)
        if last is not None and (now - last).total_seconds() < seconds:
            refuse(429, "Too Many Requests", "Too many requests.")
        self._asked[request.path] = now
        self._asked.move_to_end(request.path)
        if len(self._asked) > QUESTIONS_REMEMBERED_MAX:
            self._asked.popitem(last=False)


def failure_by_rule(
    order: Order, payouts: Iterable[Movement], settings: Hub2SandboxSettings, now: datetime
) -> str | None:
    """Say by which of HUB2's own rules a transfer fails; None where it goes to the operator."""
    if settings.blacklists and _is_blacklisted(order.msisdn, payouts, now):
        return "blacklisted_msisdn"
    policy = policy_of(order.country, order.operator) if settings.applies_policies else None
    if policy is None:
        return None
    is_within = policy.least <= order.amount_minor <= policy.most
    return None if is_within and order.amount_minor % policy.multiple == 0 else "invalid_amount"


def _is_blacklisted(msisdn: str, payouts: Iterable[Movement], now: datetime) -> bool:
    """Whether a number's transfers failed too often within an hour of the last days."""
    since = now - timedelta(days=BLACKLIST_DAYS)
    failed = sorted(
        one.ended_at
        for one in payouts
        if (one.phone, one.ending) == (msisdn, "failed")
        and one.reason != "blacklisted_msisdn"
        and one.ended_at is not None
        and one.ended_at > since
    )
    window = timedelta(seconds=BLACKLIST_WINDOW_SECONDS)
    ends = failed[BLACKLIST_FAILURES - 1 :]
    return any(end - begin <= window for begin, end in zip(failed, ends, strict=False))


def _is_same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())
