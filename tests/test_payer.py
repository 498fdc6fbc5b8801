"""The payer that demonstrations and tests send to a payment page: bounded, and led by the page."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from aiohttp.typedefs import Handler

from adapters.sandbox.payer import PayerSaw, look_as_customer, pay_as_customer


@asynccontextmanager
async def a_page(handler: Handler) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    """Serve every path by one handler; a session, and the server's address."""
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(application) as server, aiohttp.ClientSession() as session:
        yield session, f"http://127.0.0.1:{server.port}"


async def test_a_page_that_redirects_for_ever_is_given_up() -> None:
    async def turn(request: web.Request) -> web.Response:
        return web.Response(status=303, headers={"Location": request.path})

    async with a_page(turn) as (session, url):
        with pytest.raises(ValueError, match="redirects more than 5 times"):
            await look_as_customer(session, url)


async def test_a_page_without_end_is_given_up() -> None:
    async def talk(request: web.Request) -> web.Response:
        return web.Response(body=b"x" * 300_000)

    async with a_page(talk) as (session, url):
        with pytest.raises(ValueError, match="larger than 262144 bytes"):
            await look_as_customer(session, url)


async def test_what_the_form_holds_goes_where_the_form_says() -> None:
    posted: list[tuple[str, dict[str, Any]]] = []

    async def show(request: web.Request) -> web.Response:
        if request.method == "POST":
            posted.append((request.path, dict(await request.post())))
        page = '<h1>Pay</h1><form method="post" action="next"><input name="kept" value="1">'
        return web.Response(text=page, content_type="text/html")

    async with a_page(show) as (session, url):
        saw = await pay_as_customer(session, url + "/a/b", "1", "2")
    sent = {"kept": "1", "number": "1", "code": "2", "action": "confirm"}
    assert (saw, posted) == (PayerSaw(status=200, title="Pay"), [("/a/next", sent)])


async def test_the_merchants_address_is_told_and_not_visited() -> None:
    visited: list[str] = []

    async def send_away(request: web.Request) -> web.Response:
        visited.append(request.path)
        return web.Response(status=303, headers={"Location": "http://localhost:1/shop?a=1"})

    async with a_page(send_away) as (session, url):
        saw = await look_as_customer(session, url + "/page")
    expected = PayerSaw(status=303, sent_to="http://localhost:1/shop?a=1")
    assert (saw, visited) == (expected, ["/page"])
