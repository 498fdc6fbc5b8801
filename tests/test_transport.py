"""The transport against real sockets: what counts as not sent, what as unknown, and its limits."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.answer import (
    AnswerUnknownError,
    AnswerUnreadableError,
    Method,
    NotSentError,
    TransportError,
)
from adapters.base import Pace
from adapters.tokens import Token, TokenCache, call_with_token
from adapters.transcript import Exchange
from adapters.transport import ATTEMPTS_MAX, TOO_LATE, Transport
from adapters.transport_exchange import ANSWER_BYTES_MAX
from adapters.ways import Ways, on_errand
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

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PACE = Pace(
    call_timeout_seconds=5,
    concurrency_max=4,
    calls_per_second_max=10_000,
    inquiry_first_seconds=1,
    inquiry_factor=2,
    inquiry_seconds_max=10,
)
BRIEF = replace(PACE, call_timeout_seconds=0.2)


async def at_once(_seconds: float) -> None:
    """Pause, taking no time."""


@asynccontextmanager
async def a_transport(pace: Pace = PACE, **options: Any) -> AsyncIterator[Transport]:
    """Give a transport that is closed at the end; pauses take no time."""
    transport = Transport(pace, **{"clock": lambda: NOW, "sleep": at_once, **options})
    try:
        yield transport
    finally:
        await transport.close()


def states(ways: Ways) -> dict[str, str]:
    """Where every breaker stands."""
    return {way.power: way.breaker.state for way in ways}


def free_port() -> int:
    """Find a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def raised(transport: Transport, url: str, *, repeat: bool = False) -> TransportError:
    """Call; give the error it must raise."""
    with pytest.raises(TransportError) as caught:
        await transport.call("POST", url, json={"a": 1}, is_safe_to_repeat=repeat)
    return caught.value


async def test_an_answer_of_any_status_is_an_answer() -> None:
    said = answer(500, b'{"code":"X"}', "X-A: b")
    async with RawServer(answering(said)) as server, a_transport() as transport:
        got = await transport.call("POST", server.url, json={"a": 1}, is_safe_to_repeat=False)
    assert (got.status, got.headers["x-a"], got.json_object()) == (500, "b", {"code": "X"})
    assert server.requests[0].body == b'{"a":1}'


async def test_a_post_without_a_body_says_content_length_0_and_no_content_type() -> None:
    async with RawServer(answering(answer(200))) as server, a_transport() as transport:
        await transport.call("POST", server.url, is_safe_to_repeat=True)
    headers = server.requests[0].headers
    assert (headers["content-length"], headers.get("content-type")) == ("0", None)


async def test_a_form_is_sent_as_a_form() -> None:
    async with RawServer(answering(answer(200))) as server, a_transport() as transport:
        await transport.call(
            "POST", server.url, form={"a": "b c", "d": "é&="}, is_safe_to_repeat=True
        )
    sent = server.requests[0]
    assert sent.headers["content-type"] == "application/x-www-form-urlencoded"
    assert sent.body in {b"a=b+c&d=%C3%A9%26%3D", b"a=b+c&d=%C3%A9%26="}


async def test_elements_are_sent_as_xml_with_a_declaration() -> None:
    async with RawServer(answering(answer(200))) as server, a_transport() as transport:
        await transport.call("POST", server.url, xml="<a>é</a>", is_safe_to_repeat=False)
    sent = server.requests[0]
    assert sent.headers["content-type"] == "application/xml"
    assert sent.body == '<?xml version="1.0" encoding="UTF-8"?><a>é</a>'.encode()


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_every_method_may_have_a_body(method: Method) -> None:
    async with RawServer(answering(answer(202))) as server, a_transport() as transport:
        got = await transport.call(method, server.url, json={"a": 1}, is_safe_to_repeat=False)
    sent = [(one.line.split()[0], one.body) for one in server.requests]
    assert (got.status, sent) == (202, [(method, b'{"a":1}')])


async def test_a_form_can_be_sent_under_a_token() -> None:
    async def fetch() -> Token:
        return Token("t", 60.0)

    async with RawServer(answering(answer(200))) as server, a_transport() as transport:
        tokens = TokenCache(fetch)
        await call_with_token(
            transport, tokens, "POST", server.url, form={"a": "b"}, is_safe_to_repeat=True
        )
    (sent,) = server.requests
    assert (sent.headers["authorization"], sent.body) == ("Bearer t", b"a=b")


async def test_a_refused_connection_was_not_sent_and_is_tried_again_a_few_times() -> None:
    seen: list[Exchange] = []
    async with a_transport(observer=seen.append) as transport:
        error = await raised(transport, f"http://127.0.0.1:{free_port()}")
    assert isinstance(error, NotSentError)
    assert [one.result for one in seen] == ["not_sent"] * ATTEMPTS_MAX


async def test_what_fails_to_agree_on_tls_was_not_sent() -> None:
    def babble(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"no TLS here\r\n")
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, a_transport() as transport:
        error = await raised(transport, f"https://127.0.0.1:{port}")
    assert (type(error), error.reason) == (NotSentError, "TLS could not be agreed")


async def test_an_unknown_host_was_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    async with a_transport() as transport:
        error = await raised(transport, "https://provider.example")
    assert (type(error), error.reason) == (NotSentError, "the host name could not be resolved")


async def test_a_connection_that_is_not_made_in_time_was_not_sent() -> None:
    # A listener that accepts nobody, with its queue full: the kernel leaves the next one waiting.
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        fillers = [socket.socket() for _ in range(3)]
        for one in fillers:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        async with a_transport(BRIEF) as transport:
            error = await raised(transport, f"http://127.0.0.1:{port}")
        for one in fillers:
            one.close()
    assert isinstance(error, NotSentError)


@pytest.mark.parametrize(
    "script",
    [
        silence,
        reset,
        hang_up,
        answering(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{"),
        answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        answering(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"),
        answering(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
        answering(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 20_000 + b"\r\n\r\n"),
        answering(answer(200, b"x" * (ANSWER_BYTES_MAX + 1))),
    ],
    ids=[
        "silence",
        "reset",
        "hang up",
        "truncated",
        "chunks",
        "gzip",
        "no http",
        "header",
        "too much",
    ],
)
async def test_what_goes_wrong_after_sending_is_unknown_and_a_post_is_not_repeated(
    script: Any,
) -> None:
    async def then_close(request: RawRequest, writer: asyncio.StreamWriter) -> None:
        await script(request, writer)
        if not writer.is_closing():
            await writer.drain()
            writer.close()

    async with RawServer(then_close) as server, a_transport(BRIEF) as transport:
        error = await raised(transport, server.url)
    assert isinstance(error, AnswerUnknownError)
    assert len(server.requests) == 1


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("is_new", [True, False])
@pytest.mark.parametrize("script", [reset, hang_up])
async def test_no_method_is_repeated_behind_our_back(
    method: Method, is_new: bool, script: Script
) -> None:
    async def then_break(request: RawRequest, writer: asyncio.StreamWriter) -> None:
        if is_new or len(server.requests) > 1:
            await script(request, writer)
        else:
            writer.write(answer(200))

    async with RawServer(then_break) as server, a_transport() as transport:
        if not is_new:
            await transport.call(method, server.url, is_safe_to_repeat=False)
        with pytest.raises(AnswerUnknownError):
            await transport.call(method, server.url, json={"a": 1}, is_safe_to_repeat=False)
    assert len(server.requests) == (1 if is_new else 2)


async def test_a_put_is_sent_with_its_body() -> None:
    async with RawServer(answering(answer(200, b"{}"))) as server, a_transport() as transport:
        got = await transport.call("PUT", server.url, json={"a": 1}, is_safe_to_repeat=False)
    assert (got.status, server.requests[0].line) == (200, "PUT / HTTP/1.1")
    assert server.requests[0].body == b'{"a":1}'


async def test_what_is_safe_to_repeat_is_repeated_until_it_is_answered() -> None:
    async def twice_reset(request: RawRequest, writer: asyncio.StreamWriter) -> None:
        if len(server.requests) < ATTEMPTS_MAX:
            await reset(request, writer)
        else:
            writer.write(answer(200, b"[]"))

    async with RawServer(twice_reset) as server, a_transport() as transport:
        got = await transport.call("POST", server.url, is_safe_to_repeat=True)
    assert (got.json(), len(server.requests)) == ([], ATTEMPTS_MAX)


async def test_not_sent_after_an_unknown_attempt_is_still_unknown() -> None:
    async def reset_and_leave(request: RawRequest, writer: asyncio.StreamWriter) -> None:
        assert server._server is not None
        server._server.close()
        await reset(request, writer)

    async with RawServer(reset_and_leave) as server, a_transport() as transport:
        error = await raised(transport, server.url, repeat=True)
    assert isinstance(error, AnswerUnknownError)


async def test_redirects_are_answers_and_are_not_followed() -> None:
    said = answer(302, b"", "Location: http://127.0.0.1:1/elsewhere")
    async with RawServer(answering(said)) as server, a_transport() as transport:
        got = await transport.call("GET", server.url, is_safe_to_repeat=True)
    assert (got.status, len(server.requests)) == (302, 1)


@pytest.mark.parametrize("body", [b"<html>Rejected</html>", b"", b"{", b'{"a":NaN}', b"\xff"])
async def test_an_answer_that_is_no_json_is_unreadable_however_good_its_status(
    body: bytes,
) -> None:
    async with RawServer(answering(answer(200, body))) as server, a_transport() as transport:
        got = await transport.call("GET", server.url, is_safe_to_repeat=True)
    with pytest.raises(AnswerUnreadableError):
        got.json()


@pytest.mark.parametrize(
    ("url", "is_loopback_only"),
    [
        ("https://example.com/", True),
        ("https://127.0.0.1.example.com/", True),
        ("https://10.0.0.1/", True),
        ("http://example.com/", False),
        ("ftp://example.com/", False),
        ("https://[broken/", False),
        ("no address", False),
    ],
)
async def test_forbidden_addresses_are_refused_before_anything_is_sent(
    url: str, is_loopback_only: bool
) -> None:
    async with a_transport(is_loopback_only=is_loopback_only) as transport:
        error = await raised(transport, url)
    assert (type(error), error.reason.startswith(("only this", "the address"))) == (
        NotSentError,
        True,
    )


async def test_calls_at_once_are_limited_and_the_wait_for_a_turn_too() -> None:
    async with RawServer(silence) as server, a_transport(BRIEF) as transport:
        calls = [raised(transport, server.url) for _ in range(12)]
        errors = await asyncio.gather(*calls)
    kinds = [isinstance(one, NotSentError) for one in errors]
    assert (kinds.count(False), kinds.count(True), server.running_max) == (4, 8, 4)


async def test_inquiries_are_evened_out_within_their_own_narrower_limit() -> None:
    pace = replace(PACE, inquiries_per_second_max=20)
    async with RawServer(answering(answer(200))) as server, a_transport(pace) as transport:
        loop = asyncio.get_running_loop()
        started = loop.time()
        asked = [
            transport.call("GET", server.url, is_safe_to_repeat=True, is_inquiry=True)
            for _ in range(8)
        ]
        await asyncio.gather(*asked)
        took = loop.time() - started
    # Two fit into the first tenth of a second, the other six need 50 ms each.
    assert took > 0.25


async def test_inquiries_that_wait_for_their_limit_hold_up_no_submission() -> None:
    pace = replace(PACE, inquiries_per_second_max=0.1, concurrency_max=1)
    async with RawServer(answering(answer(200))) as server, a_transport(pace) as transport:
        asked = [
            asyncio.create_task(
                transport.call("GET", server.url, is_safe_to_repeat=True, is_inquiry=True)
            )
            for _ in range(3)
        ]
        await asked[0]
        got = await transport.call("POST", server.url, is_safe_to_repeat=False)
        is_waiting = [not one.done() for one in asked]
        for one in asked:
            one.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
    assert (got.status, is_waiting) == (200, [False, True, True])


async def test_after_a_row_of_failures_the_provider_is_left_alone() -> None:
    ways = Ways()
    async with RawServer(answering(answer(503))) as server, a_transport(ways=ways) as transport:
        for _ in range(8):
            got = await transport.call("POST", server.url, is_safe_to_repeat=False)
            assert got.status == 503
        error = await raised(transport, server.url)
    assert isinstance(error, NotSentError)
    assert (len(server.requests), states(ways)) == (8, {"other": "open"})


async def test_what_a_provider_cannot_do_stops_nothing_else_it_is_called_for() -> None:
    async def reply(request: RawRequest, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(503 if "/transfer" in request.line else 202))

    ways = Ways()
    async with RawServer(reply) as server, a_transport(name="mtn", ways=ways) as transport:
        with on_errand("payout"):
            for _ in range(8):
                await transport.call("POST", f"{server.url}/transfer", is_safe_to_repeat=False)
            error = await raised(transport, f"{server.url}/transfer")
        with on_errand("collection") as collecting:
            got = await transport.call("POST", f"{server.url}/pay", is_safe_to_repeat=False)
        asked = await transport.call("GET", server.url, is_safe_to_repeat=True, is_inquiry=True)
    assert error.reason == "mtn kept failing; no payout for 5 s"
    assert (got.status, asked.status, collecting.status) == (202, 202, 202)
    assert states(ways) == {"payout": "open", "collection": "closed", "inquiry": "closed"}


async def test_who_wakes_too_late_calls_nobody_before_the_time_is_looked_at() -> None:
    async with RawServer(answering(answer(202))) as server, a_transport() as transport:
        with on_errand("payout", 60.0):
            await transport.call("POST", server.url, is_safe_to_repeat=False)
        with on_errand("payout", 0.0):
            error = await raised(transport, server.url)
    assert isinstance(error, AnswerUnknownError)
    assert (error.reason, len(server.requests)) == (TOO_LATE, 1)


async def test_of_twenty_calls_at_once_a_provider_that_gets_up_gets_no_more_than_two() -> None:
    now = [1000.0]
    ways = Ways(lambda: now[0])
    is_up = False

    async def reply(request: RawRequest, writer: asyncio.StreamWriter) -> None:
        if is_up:
            await silence(request, writer)
        writer.write(answer(503))

    pace = replace(PACE, concurrency_max=32)
    async with RawServer(reply) as server, a_transport(pace, ways=ways) as transport:
        with on_errand("payout"):
            for _ in range(8):
                await transport.call("POST", server.url, is_safe_to_repeat=False)
            server.requests.clear()
            is_up = True
            now[0] += 5
            calls = [asyncio.create_task(raised(transport, server.url)) for _ in range(20)]
            await server.until(2)
            refused = await asyncio.gather(*calls[2:])
        for one in calls[:2]:
            one.cancel()
        await asyncio.gather(*calls[:2], return_exceptions=True)
    assert len(server.requests) == 2
    assert {one.reason for one in refused} == {"provider kept failing; its payout is being probed"}


async def test_a_call_that_is_cancelled_gives_everything_back() -> None:
    ways = Ways()
    async with RawServer(silence) as server, a_transport(ways=ways) as transport:
        for _ in range(6):
            task = asyncio.create_task(raised(transport, server.url))
            await server.until(1)
            server.requests.clear()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    assert states(ways) == {"other": "closed"}


async def test_its_clock_is_the_one_it_was_given() -> None:
    async with a_transport() as transport:
        assert transport.now() == NOW


async def test_a_closed_transport_sends_nothing() -> None:
    async with RawServer(answering(answer(200))) as server, a_transport() as transport:
        await transport.call("GET", server.url, is_safe_to_repeat=True)
        await transport.close()
        error = await raised(transport, server.url)
    assert isinstance(error, NotSentError)


async def test_an_observer_is_given_scrubbed_exchanges_and_its_mistakes_hide_no_answer() -> None:
    seen: list[Exchange] = []

    def observe(exchange: Exchange) -> None:
        seen.append(exchange)
        raise ValueError("a mistake")

    def scrub(transcript: str, *, keeps_persons: bool = False) -> str:
        return transcript.replace("secret", "***")

    watched = a_transport(name="x", observer=observe, scrub=scrub)
    async with RawServer(answering(answer(201, b"{}"))) as server, watched as transport:
        got = await transport.call(
            "POST", server.url + "/p?q=secret", {"K": "secret"}, is_safe_to_repeat=False
        )
    assert (got.status, len(seen)) == (201, 1)
    assert (seen[0].provider, seen[0].path, seen[0].status, seen[0].at) == ("x", "/p", 201, NOW)
    assert "secret" not in seen[0].transcript


async def test_errors_and_reprs_name_no_secret() -> None:
    said: list[str] = []
    async with RawServer(reset) as server, a_transport() as transport:
        for url in (server.url, f"http://127.0.0.1:{free_port()}"):
            with pytest.raises(TransportError) as caught:
                await transport.call(
                    "POST", f"{url}/secret", {"K": "secret"}, json="secret", is_safe_to_repeat=False
                )
            error: BaseException | None = caught.value
            said += [str(error), repr(error), repr(caught.value.__cause__)]
        said += [repr(Token("secret", 1))]
    assert [one for one in said if "secret" in one] == []


class Fetcher:
    """Counts how often a token was asked for; gives t1, t2, ... or fails."""

    def __init__(self, *, lifetime_seconds: float = 3600) -> None:
        self.count = 0
        self.is_failing = False
        self.lifetime_seconds = lifetime_seconds
        self.is_asked = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self) -> Token:
        self.count += 1
        number = self.count
        self.is_asked.set()
        await self.gate.wait()
        if self.is_failing:
            raise AnswerUnknownError("no whole answer")
        return Token(f"t{number}", self.lifetime_seconds)


async def test_a_token_is_fetched_once_for_all_who_wait() -> None:
    fetch = Fetcher()
    tokens = TokenCache(fetch)
    got = await asyncio.gather(*(tokens.get() for _ in range(50)))
    assert (set(got), fetch.count) == ({"t1"}, 1)


async def test_a_caller_that_is_cancelled_does_not_cancel_the_fetch_for_the_others() -> None:
    fetch = Fetcher()
    fetch.gate.clear()
    tokens = TokenCache(fetch)
    first, second = (asyncio.create_task(tokens.get()) for _ in range(2))
    await fetch.is_asked.wait()
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    fetch.gate.set()
    assert (await second, fetch.count) == ("t1", 1)


async def test_a_failed_fetch_means_that_what_needed_the_token_was_not_sent() -> None:
    fetch = Fetcher()
    fetch.is_failing = True
    tokens = TokenCache(fetch)
    with pytest.raises(NotSentError):
        await tokens.get()
    fetch.is_failing = False
    assert await tokens.get() == "t2"


async def test_within_the_margin_a_failed_renewal_leaves_the_old_token() -> None:
    fetch = Fetcher(lifetime_seconds=3600)
    now = [0.0]
    tokens = TokenCache(fetch, margin_seconds=600, now_seconds=lambda: now[0])
    got = [await tokens.get()]
    fetch.is_failing = True
    for now[0] in (2999, 3001, 3599):
        got += [await tokens.get()]
    now[0] = 3600
    with pytest.raises(NotSentError):
        await tokens.get()
    assert (got, fetch.count) == (["t1"] * 4, 4)


async def test_a_closed_cache_lets_nobody_wait_for_ever() -> None:
    fetch = Fetcher()
    fetch.gate.clear()
    tokens = TokenCache(fetch)
    waiting = asyncio.create_task(tokens.get())
    await fetch.is_asked.wait()
    await tokens.close()
    with pytest.raises(NotSentError):
        await waiting


async def test_a_401_is_tried_once_more_with_a_fresh_token() -> None:
    async def only_t2(request: RawRequest, writer: asyncio.StreamWriter) -> None:
        is_right = request.headers["authorization"] == "Bearer t2"
        writer.write(answer(202 if is_right else 401))

    tokens = TokenCache(Fetcher())
    async with RawServer(only_t2) as server, a_transport() as transport:
        calls = [
            call_with_token(transport, tokens, "POST", server.url, is_safe_to_repeat=False)
            for _ in range(4)
        ]
        got = await asyncio.gather(*calls)
    assert [one.status for one in got] == [202] * 4
    assert [one.headers["authorization"] for one in server.requests].count("Bearer t2") == 4


async def test_a_second_401_is_the_answer() -> None:
    async with RawServer(answering(answer(401))) as server, a_transport() as transport:
        tokens = TokenCache(Fetcher())
        got = await call_with_token(transport, tokens, "POST", server.url, is_safe_to_repeat=False)
    assert (got.status, len(server.requests)) == (401, 2)
