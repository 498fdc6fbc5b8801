"""Notices: what a payer is shown where there is no payment to be shown, or something broke.

A payer's browser is never answered with problem JSON by a page: `as_page` turns every error into a
page of its own, and logs what was not foreseen, as the middleware would.
"""

from collections.abc import Awaitable, Callable
from functools import wraps

import structlog
from aiohttp import web

from api.calls import Call
from api.errors import INTERNAL
from api.pages.rendering import page_response
from api.pages.words import OTHER, WORDS
from api.problems import language_of, told
from ledger.errors import StoreError, UnknownCheckoutError

log = structlog.get_logger()

Endpoint = Callable[[Call], Awaitable[web.StreamResponse]]


class FormRefusedError(Exception):
    """A form did not come from our page as it is now."""


def as_page(endpoint: Endpoint) -> Endpoint:
    """Let an endpoint answer every error with a page."""

    @wraps(endpoint)
    async def answered(call: Call) -> web.StreamResponse:
        try:
            return await endpoint(call)
        except UnknownCheckoutError:
            return notice(call, "unknown", 404)
        except FormRefusedError:
            return notice(call, "forged", 403, has_back=True)
        except Exception as error:
            if told(error).problem is INTERNAL:
                log.exception("http.failed", correlation_id=call.passage.correlation_id)
            return notice_of(call, error)

    return answered


def notice_of(call: Call, error: Exception) -> web.Response:
    """Write the notice of an error."""
    problem = told(error).problem
    is_ours = problem.status >= 500 or isinstance(error, StoreError)
    response = notice(call, "broken" if is_ours else "forged", problem.status, has_back=True)
    if problem.retry_seconds is not None:
        response.headers["Retry-After"] = str(problem.retry_seconds)
    return response


def notice(call: Call, name: str, status: int, *, has_back: bool = False) -> web.Response:
    """Write a notice: its title and text are those of that name."""
    asked = call.query.lang
    accepted = call.request.headers.get("Accept-Language")
    language = language_of(asked if asked in WORDS else accepted)
    words = WORDS[language]
    values = {
        "title": words.say(f"{name}_title"),
        "text": words.say(f"{name}_text"),
        "back_url": f"?lang={language}" if has_back else None,
        "script_url": None,
    }
    switch_url = f"?lang={OTHER[language]}"
    return page_response(
        call.request, "notice.html", words, values, status=status, switch_url=switch_url
    )
