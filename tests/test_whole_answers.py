"""Whole answers: the same bytes as the server below would send, in one piece."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from api.connections import BoundedRunner, Named
from api.whole_answers import WHOLE_BYTES_MAX, whole
from tests.api_world import settings_in

PATIENCE_SECONDS = 20.0
HEADERS = {"Content-Type": "application/json", "Server": "cauri", "Cauri-Position": "7"}
_DATE = re.compile(rb"\r\nDate: [^\r]+")

Make = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def plain(_request: web.Request) -> web.StreamResponse:
    return web.Response(body=b'{"a":"\xc3\xa9"}', status=202, headers=HEADERS)


async def without_type(_request: web.Request) -> web.StreamResponse:
    return web.Response(body=b"abc", headers={"Server": "cauri"})


async def without_body(_request: web.Request) -> web.StreamResponse:
    return web.Response(status=303, headers=HEADERS | {"Location": "/elsewhere"})


async def of_nothing(_request: web.Request) -> web.StreamResponse:
    return web.Response(body=b"", status=204, headers=HEADERS)


async def unchanged(_request: web.Request) -> web.StreamResponse:
    return web.Response(body=b"abc", status=304, headers=HEADERS)


async def long(_request: web.Request) -> web.StreamResponse:
    return web.Response(body=b"x" * (WHOLE_BYTES_MAX + 1), headers=HEADERS)


async def with_cookie(_request: web.Request) -> web.StreamResponse:
    response = web.Response(body=b"abc", headers=HEADERS)
    response.set_cookie("seen", "yes")
    return response


async def squeezed(_request: web.Request) -> web.StreamResponse:
    response = web.Response(body=b"abc" * 99, headers=HEADERS)
    response.enable_compression(web.ContentCoding.deflate)
    return response


async def last(_request: web.Request) -> web.StreamResponse:
    response = web.Response(body=b"abc", headers=HEADERS)
    response.force_close()
    return response


async def streamed(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers=HEADERS)
    await response.prepare(request)
    await response.write(b"abc")
    return response


MAKERS: dict[str, Make] = {
    one.__name__: one
    for one in (
        plain,
        without_type,
        without_body,
        of_nothing,
        unchanged,
        long,
        with_cookie,
        squeezed,
        last,
        streamed,
    )
}
_END = b"GET /plain HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
"""Asked last where a connection is kept open, so that the end of the answers is its end."""

ASKED = {
    "as ever": b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n" + _END,
    "the head alone": b"HEAD /%s HTTP/1.1\r\nHost: x\r\n\r\n" + _END,
    "to close": b"GET /%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "of old": b"GET /%s HTTP/1.0\r\n\r\n",
    "of old, kept open": b"GET /%s HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + _END,
}


def _app() -> web.Application:
    app = web.Application()
    for name, make in MAKERS.items():
        app.router.add_get(f"/{name}", make)
    return app


@asynccontextmanager
async def _listening(runner: web.AppRunner) -> AsyncIterator[int]:
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def _told(port: int, asked: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(asked)
    async with asyncio.timeout(PATIENCE_SECONDS):
        told = await reader.read()
    writer.close()
    return _DATE.sub(b"\r\nDate: now", told)


async def test_every_answer_is_what_the_server_below_would_have_sent(tmp_path: Path) -> None:
    named = Named(lambda: "0000000000000000", lambda: 0)
    ours = BoundedRunner(_app(), limits=settings_in(tmp_path), named=named)
    async with _listening(ours) as own, _listening(web.AppRunner(_app())) as bare:
        for manner, line in ASKED.items():
            for name in MAKERS:
                asked = line.replace(b"%s", name.encode())
                told, expected = await _told(own, asked), await _told(bare, asked)
                assert sorted(told.split(b"\r\n")) == sorted(expected.split(b"\r\n")), (
                    manner,
                    name,
                )
                assert told[:12] == expected[:12]


@pytest.mark.parametrize("name", [name for name in MAKERS if name != "streamed"])
async def test_only_the_ordinary_ones_are_written_in_one_step(name: str) -> None:
    request = make_mocked_request("GET", f"/{name}")
    written = whole(request, await MAKERS[name](request))
    assert (written is not None) == (name == "plain")


@pytest.mark.parametrize("name", ["X-Said", "Location"])
async def test_no_header_can_end_the_head(name: str) -> None:
    response = web.Response(body=b"{}", headers=HEADERS)
    response.headers[name] = "a\r\nSet-Cookie: b"
    with pytest.raises(ValueError, match="control character"):
        whole(make_mocked_request("GET", "/"), response)
