"""The way to merchants' endpoints, over real sockets: who is called, who is not, and for how long.

Names are resolved by the tests themselves. A connection to anywhere but this machine fails the
test that tried it (`tests.conftest`), so "is not called" is watched and not only believed.
"""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from adapters.addresses import ForbiddenAddressError
from adapters.transport_outward import ANSWER_BYTES_MAX, Outward, Sent, _Sockets
from tests.raw_server import (
    RawRequest,
    RawServer,
    Script,
    answer,
    answering,
    hang_up,
    reset,
    silence,
)
from tests.test_transport import free_port

FORBIDDEN = "the address is not called: it leads to an address that is not public"


class Names:
    """Resolves names as a test says, one answer after the other; the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.asked: list[str] = []
        self._answers = list(answers)

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


@asynccontextmanager
async def an_outward(**options: Any) -> AsyncIterator[Outward]:
    """Lend a way out that may call this machine, and has little patience."""
    outward = Outward(**{"seconds_max": 0.3, "allows_loopback": True, **options})
    try:
        yield outward
    finally:
        await outward.close()


async def sent_to(script: Script, **options: Any) -> tuple[Sent, RawServer]:
    """Send once to a server that follows a script."""
    async with RawServer(script) as server, an_outward(**options) as outward:
        return await outward.post(server.url, {"webhook-id": "1"}, b"{}"), server


@asynccontextmanager
async def a_counting_server() -> AsyncIterator[tuple[int, list[str]]]:
    """Count connections, say what is no TLS, and hang up; the port and who connected."""
    came: list[str] = []

    def accept(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(writer.get_extra_info("peername")[0])
        writer.write(b"no TLS here\r\n")
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], came


async def test_a_message_is_sent_as_it_is_and_the_answer_is_told() -> None:
    async with RawServer(answering(answer(200, b'{"ok":true}'))) as server, an_outward() as outward:
        sent = await outward.post(f"{server.url}/a?b=c", {"webhook-id": "1"}, b'{"a":1}')
    (request,) = server.requests
    assert sent == Sent(200, "status 200", b'{"ok":true}')
    assert (request.line, request.body) == ("POST /a?b=c HTTP/1.1", b'{"a":1}')
    assert request.headers["webhook-id"] == "1"
    assert request.headers["user-agent"] == "cauri"
    assert "accept-encoding" not in request.headers


async def test_an_answer_without_a_body_is_an_answer() -> None:
    sent, _ = await sent_to(answering(b"HTTP/1.1 204 No Content\r\n\r\n"))
    assert sent == Sent(204, "status 204", b"")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(status: int) -> None:
    async with RawServer(answering(answer(200))) as inside:
        away = answer(status, b"", f"Location: {inside.url}/admin")
        sent, server = await sent_to(answering(away))
        assert sent == Sent(status, f"status {status}: redirects are not followed", b"")
        assert (len(server.requests), inside.requests) == (1, [])


async def test_a_name_is_asked_for_once_and_what_was_judged_is_what_is_connected_to() -> None:
    names = Names(["127.0.0.1"], ["10.0.0.1"])
    async with RawServer(answering(answer(200))) as server, an_outward(resolve=names) as outward:
        url = server.url.replace("127.0.0.1", "localhost")
        assert (await outward.post(url, {}, b"{}")).status == 200
        assert names.asked == ["localhost"]
        assert await outward.post(url, {}, b"{}") == Sent(None, FORBIDDEN)
        assert len(server.requests) == 1


async def test_a_name_that_leads_inside_is_not_called() -> None:
    async with a_counting_server() as (port, came):
        url, names = f"https://shop.example:{port}/", Names(["127.0.0.1"])
        async with an_outward(resolve=names, allows_loopback=False) as outward:
            assert await outward.post(url, {}, b"{}") == Sent(None, FORBIDDEN)
        assert came == []
        async with an_outward(resolve=names) as outward:
            assert await outward.post(url, {}, b"{}") == Sent(None, "TLS could not be agreed")
        assert (came, names.asked) == (["127.0.0.1"], ["shop.example", "shop.example"])


@pytest.mark.parametrize(
    "addresses",
    [
        ["8.8.8.8", "10.0.0.1"],
        ["10.0.0.1", "8.8.8.8"],
        ["127.0.0.1", "169.254.169.254"],
        ["::ffff:10.0.0.1"],
        ["fe80::1%lo"],
        ["2130706433"],
    ],
)
async def test_a_name_with_one_address_inside_is_a_trap(addresses: list[str]) -> None:
    async with an_outward(resolve=Names(addresses)) as outward:
        assert await outward.post("https://shop.example/", {}, b"{}") == Sent(None, FORBIDDEN)


@pytest.mark.parametrize("url", ["https://10.0.0.1/", "https://[fd00::1]/", "https://127.1/"])
async def test_an_address_inside_is_not_called_and_no_name_is_asked_for(url: str) -> None:
    names = Names(["8.8.8.8"])
    async with an_outward(resolve=names) as outward:
        sent = await outward.post(url, {}, b"{}")
    assert (sent.status, names.asked) == (None, [])
    assert sent.reason.startswith("the address is not called: ")


@pytest.mark.parametrize("place", ["10.0.0.1", "2130706433", "127.1", "169.254.169.254", "shop"])
def test_no_socket_is_opened_to_what_is_not_public_whatever_led_there(place: str) -> None:
    address = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (place, 443))
    with pytest.raises(ForbiddenAddressError):
        _Sockets(allows_loopback=True)(address)
    own = (*address[:4], ("127.0.0.1", 443))
    with pytest.raises(ForbiddenAddressError):
        _Sockets(allows_loopback=False)(own)
    _Sockets(allows_loopback=True)(own).close()


async def test_who_does_not_answer_is_given_up_in_time() -> None:
    sent, server = await sent_to(silence)
    assert sent == Sent(None, "no answer within 0.3 seconds")
    assert len(server.requests) == 1


async def test_who_begins_an_answer_and_stops_is_given_up_in_time() -> None:
    async def begin(_request: RawRequest, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nX-A: ")
        await writer.drain()
        await asyncio.Event().wait()

    assert (await sent_to(begin))[0] == Sent(None, "no answer within 0.3 seconds")


async def test_the_status_counts_even_where_the_body_never_comes() -> None:
    async def half(_request: RawRequest, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfirst")
        await writer.drain()
        await asyncio.Event().wait()

    assert (await sent_to(half))[0] == Sent(200, "status 200", b"first")


async def test_the_status_counts_even_where_the_connection_breaks_in_the_body() -> None:
    async def half(request: RawRequest, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 500 Oh\r\nContent-Length: 100\r\n\r\nfirst")
        await writer.drain()
        await hang_up(request, writer)

    assert (await sent_to(half))[0] == Sent(500, "status 500", b"first")


async def test_of_an_endless_answer_only_the_first_bytes_are_read() -> None:
    written = [0]

    async def pour(_request: RawRequest, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x" * 65536)
            await writer.drain()
            written[0] += 65536

    sent, _ = await sent_to(pour)
    assert sent == Sent(200, "status 200", b"x" * ANSWER_BYTES_MAX)
    assert written[0] < 20_000_000


async def test_a_packed_answer_is_not_unpacked() -> None:
    packed = gzip.compress(b"0" * 10_000_000)
    sent, _ = await sent_to(answering(answer(200, packed, "Content-Encoding: gzip")))
    assert sent == Sent(200, "status 200", packed[:ANSWER_BYTES_MAX])


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (reset, "the connection broke: "),
        (hang_up, "the connection broke: ServerDisconnectedError"),
        (answering(b"SSH-2.0-OpenSSH\r\n\r\n"), "the connection broke: "),
        (answering(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 99_999), "the connection broke: "),
    ],
)
async def test_an_answer_that_is_none_is_told_as_such(script: Script, reason: str) -> None:
    sent, _ = await sent_to(script)
    assert (sent.status, sent.answer) == (None, b"")
    assert sent.reason.startswith(reason)


async def test_nobody_listening_and_a_name_nobody_has_are_told_apart() -> None:
    async with an_outward() as outward:
        refused = await outward.post(f"http://127.0.0.1:{free_port()}/", {}, b"{}")
        unknown = await outward.post("https://nobody.invalid/", {}, b"{}")
    assert refused == Sent(None, "could not connect")
    assert unknown == Sent(None, "the host name could not be resolved")


async def test_a_name_server_that_does_not_answer_is_given_up_in_time() -> None:
    async def never(_host: str, _port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        raise AssertionError

    async with an_outward(resolve=never) as outward:
        sent = await outward.post("https://shop.example/", {}, b"{}")
    assert sent == Sent(None, "no answer within 0.3 seconds")


async def test_a_name_without_an_address_could_not_be_resolved() -> None:
    async with an_outward(resolve=Names([])) as outward:
        sent = await outward.post("https://shop.example/", {}, b"{}")
    assert sent == Sent(None, "the host name could not be resolved")


async def test_calls_share_no_connection_and_no_cookie_and_know_no_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    said = answer(200, b"", "Set-Cookie: a=b")
    async with RawServer(answering(said)) as server, an_outward() as outward:
        for _ in range(3):
            assert (await outward.post(server.url, {}, b"{}")).status == 200
        assert len(server._tasks) <= 1
    assert [one.headers.get("cookie") for one in server.requests] == [None] * 3
    assert {one.headers["connection"] for one in server.requests} == {"close"}


async def test_endless_headers_are_given_up_soon() -> None:
    written = [0]

    async def pour(_request: RawRequest, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while not writer.is_closing():
            writer.write(b"".join(b"X-%d: %s\r\n" % (n, b"a" * 1000) for n in range(64)))
            await writer.drain()
            written[0] += 64_000

    sent, _ = await sent_to(pour, seconds_max=5.0)
    assert (sent.status, written[0] < 20_000_000) == (None, True)
    assert sent.reason.startswith("the connection broke: ")
