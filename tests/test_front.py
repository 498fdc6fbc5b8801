"""The front: it finds what the server below would find, and leaves it the rest."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from api.app import create_app
from api.front import Front
from api.keys import FRONT
from api.routes import ROUTES
from api.wiring import services
from tests.api_world import settings_in
from tests.conftest import FakeClock

METHODS = ("GET", "HEAD", "POST", "PUT")
ODD = (
    "*",
    "/v1/payments/%70ay_1",
    "/v1/payments/pay.1",
    "/v1/payments/p\u00e9",
    "http://x/v1/payments",
)
"""Paths that have another spelling, or are none."""
_VARIABLE = re.compile(r"\{([^}:]+)(:[^}]*)?\}")


@pytest.fixture
async def app(tmp_path: Path, clock: FakeClock) -> AsyncIterator[web.Application]:
    async with services(
        settings_in(tmp_path), clock=clock, is_working=False, is_loopback_only=True
    ) as lent:
        yield create_app(lent)


def _paths() -> set[str]:
    """Every route's path with something in its variables, and what is near it."""
    paths = {"/", "/nowhere", "/v1", "/v1/", "/v1/payments?limit=1&x=/healthz", *ODD}
    for route in ROUTES:
        for said in ("pay_6wq3o2mexg5vbn7hd4tq2lkzae", "a-B/events"):
            path = _VARIABLE.sub(said, route.path)
            paths |= {path, f"{path}/", f"{path}/more", path[0] + path[1:].replace("/", "//", 1)}
    return paths


async def test_it_finds_what_the_server_below_finds(app: web.Application) -> None:
    front, found_total = app[FRONT], 0
    for path in sorted(_paths()):
        is_plain = path not in ODD and "." not in path
        for method in METHODS:
            request = make_mocked_request(method, path)
            expected = await app.router.resolve(request)
            found = front.find(request)
            if expected.http_exception is not None or not is_plain:
                assert found is None, (method, path)
                continue
            assert found is not None, (method, path)
            assert found.route is expected.route, (method, path)
            assert dict(found) == dict(expected), (method, path)
            found_total += 1
    assert found_total > len(ROUTES)


async def test_who_says_more_of_a_path_goes_first() -> None:
    async def nobody(_request: web.Request) -> web.StreamResponse:
        raise AssertionError("only found, never called")

    app = web.Application()
    for path in ("/a/{tail:.*}", "/a/{one}/c", "/a/b/{two}", "/a/b/c"):
        app.router.add_get(path, nobody)
    front = Front(app, lambda _request, _handler: nobody(_request))
    told = {}
    for path in ("/a/b/c", "/a/b/d", "/a/x/c", "/a/x", "/a/", "/a"):
        request = make_mocked_request("GET", path)
        found, expected = front.find(request), await app.router.resolve(request)
        resource = found.route.resource if found is not None else None
        assert resource is expected.route.resource
        told[path] = resource.canonical if resource is not None else None
    assert told == {
        "/a/b/c": "/a/b/c",
        "/a/b/d": "/a/b/{two}",
        "/a/x/c": "/a/{tail}",
        "/a/x": "/a/{tail}",
        "/a/": "/a/{tail}",
        "/a": None,
    }
