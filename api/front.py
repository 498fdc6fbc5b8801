"""The front: finds a request's route and leads it to the door, in a few steps.

The HTTP server below us finds a route by asking every candidate in turn, each in a coroutine of its
own, for any spelling of a path. Nearly every path that is asked for is spelt plainly: letters,
digits, `-` and `_`. For these, and no others, the same search is done here, at once, in the order
in which the server does it, over a table made from its own routes; and what was found goes straight
to the door, which is the one middleware.

What it deliberately does not do: refuse. Whatever it does not find, or is not spelt plainly, or
comes with an expectation, goes the server's own way.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from aiohttp.web_urldispatcher import UrlMappingMatchInfo

_PLAIN: Final = re.compile(r"[A-Za-z0-9_/-]+", re.ASCII)
"""Paths of which every spelling is this one."""

Serve = Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]
"""The one middleware."""

_Candidate = tuple[str | re.Pattern[str], web.AbstractRoute]


class Front:
    """Where the requests of one application come in; `handle` is what the server calls.

    Args:
        app: the application, all of whose routes have been added.
        serve: its one middleware.
    """

    def __init__(self, app: web.Application, serve: Serve) -> None:
        self._app, self._serve = app, serve
        self._candidates: dict[tuple[str, str], list[_Candidate]] = {}
        """Method and fixed beginning of a path -> the routes under it, in their order."""
        for resource in app.router.resources():
            known: Any = resource.get_info()
            fixed = resource.canonical
            if "{" in fixed:
                fixed = fixed.partition("{")[0].rpartition("/")[0]
            for route in resource:
                named = route.method, fixed.rstrip("/") or "/"
                place = self._candidates.setdefault(named, [])
                place.append((known.get("pattern") or known["path"], route))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request."""
        found = None if hdrs.EXPECT in request.headers else self.find(request)
        if found is None:
            return await self._app._handle(request)  # noqa: SLF001 - it is what aiohttp itself calls
        found.add_app(self._app)
        found.freeze()
        request._match_info = found  # noqa: SLF001 - as aiohttp does
        return await self._serve(request, found.handler)

    def find(self, request: web.Request) -> UrlMappingMatchInfo | None:
        """The route of a request, if its path is spelt plainly and there is one."""
        path, method = request.raw_path.partition("?")[0], request.method
        if not _PLAIN.fullmatch(path):
            return None
        # From the whole path to its beginning: whoever says more of it goes before who says less.
        fixed = path
        while True:
            for form, route in self._candidates.get((method, fixed), ()):
                if isinstance(form, str):
                    if form == path:
                        return UrlMappingMatchInfo({}, route)
                elif (match := form.fullmatch(path)) is not None:
                    return UrlMappingMatchInfo(match.groupdict(), route)
            if fixed in {"", "/"}:
                return None
            fixed = fixed.rpartition("/")[0] or "/"
