"""Refusals over HTTP: the whole vocabulary of why no money moved."""

from aiohttp import web

from api.calls import Call, answer_bytes
from api.problems import language_of
from api.refusal_views import vocabulary


async def show_refusals(call: Call) -> web.Response:
    """Give the whole vocabulary."""
    language = language_of(call.request.headers.get("Accept-Language"))
    return answer_bytes(vocabulary(language), headers={"Content-Language": language})
