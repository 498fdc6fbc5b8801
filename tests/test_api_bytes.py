"""Whatever bytes come: a provider's call is kept or told what is wrong, and nothing answers 500."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.events import WebhookReceived
from tests.api_world import World, a_world, captured_logs, settings_in
from tests.conftest import FakeClock

Send = Callable[[bytes], tuple[int, bytes, dict[str, Any]]]


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with a_world(settings_in(tmp_path), clock=clock) as made:
        yield made


async def exchange(world: World, sent: bytes) -> tuple[int, bytes, dict[str, Any]]:
    """Send these very bytes; status, head and JSON of the answer."""
    host, _, port = world.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(sent)
    await writer.drain()
    answered = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    head, _, body = answered.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), head, json.loads(body)


def request(
    path: bytes, headers: list[tuple[bytes, bytes]], body: bytes, *, method: bytes = b"PUT"
) -> bytes:
    """A request's bytes, with what makes them one."""
    lines = [b"%b %b HTTP/1.1" % (method, path), b"Host: x", b"Connection: close"]
    lines += [b"%b: %b" % header for header in headers]
    lines += [b"Content-Length: %d" % len(body)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


async def opened(world: World) -> list[dict[str, Any]]:
    """Every stored call, opened."""
    kept = []
    for one in await world.services.store.read(0, 1000):
        event = one.event
        if isinstance(event, WebhookReceived):
            context = one.stream.removeprefix("webhook-")
            kept.append(
                orjson.loads(await world.services.vault.open(event.sealed, context=context))
            )
    return kept


async def test_a_header_that_is_no_text_is_kept_byte_for_byte(world: World) -> None:
    headers = [(b"X-A", b"\xff\xfe"), (b"X-B", b"1"), (b"x-b", b"2"), (b"X-B", b"3")]

    status, _, answered = await exchange(world, request(b"/webhooks/mtn/x/1", headers, b"{}"))

    [call] = await opened(world)
    assert (status, answered) == (200, {"status": "stored"})
    assert call["headers_base64"] == {"X-A": base64.b64encode(b"\xff\xfe").decode()}
    assert (call["headers"]["X-B"], call["headers"]["x-b"]) == ("1, 3", "2")


async def test_a_path_that_is_no_text_is_kept_as_paths_write_it(world: World) -> None:
    status, _, _ = await exchange(world, request(b"/webhooks/mtn/%FF%C3%A9/1", [], b"{}"))

    [call] = await opened(world)
    assert (status, call["path"]) == (200, ["%FFé", "1"])


@pytest.mark.parametrize("expectation", [b"100-continue", b"\xff", b"a reply"])
async def test_no_expectation_keeps_a_call_out(world: World, expectation: bytes) -> None:
    sent = request(b"/webhooks/mtn/x/1", [(b"Expect", expectation)], b"{}")
    host, _, port = world.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(sent)

    answered = await asyncio.wait_for(reader.read(), 10)
    writer.close()

    assert answered.startswith(b"HTTP/1.1 100 ") is (expectation == b"100-continue")
    assert b"HTTP/1.1 200 OK" in answered


@pytest.mark.parametrize(
    "value", [b'"' * 8000, b"\xff" * 8000, "\N{FACE WITH COWBOY HAT}".encode() * 2000]
)
async def test_the_largest_body_fits_into_an_entry_whatever_is_in_its_headers(
    tmp_path: Path, clock: FakeClock, value: bytes
) -> None:
    changed = settings_in(tmp_path, webhook_body_bytes_max=32_768)
    async with a_world(changed, clock=clock, is_in_memory=True) as world:
        path = b"/webhooks/mtn/" + b"%00" * 66
        headers = [(b"X-%d" % number, value[number * 400 :][:400]) for number in range(20)]

        status, _, _ = await exchange(world, request(path, headers, b"\xff" * 32_768))

        assert status == 200


@pytest.fixture
def send(tmp_path: Path, clock: FakeClock) -> Iterator[Send]:
    """Sends bytes to one server from a test that is no coroutine."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        given_settings = settings_in(tmp_path)
        world = runner.run(
            stack.enter_async_context(a_world(given_settings, clock=clock, is_in_memory=True))
        )
        key = world.keys["mer_1"].encode()
        yield lambda sent: runner.run(exchange(world, sent.replace(b"<key>", key)))
        runner.run(stack.aclose())


NO_END = st.binary(max_size=30).map(lambda value: value.translate(None, b"\r\n"))
NAMES = st.sampled_from(
    [
        *(b"X-A", b"x-a", b"X-B", b"Authorization", b"Accept-Language", b"Content-Type", b"Cookie"),
        *(b"X-Correlation-Id", b"Accept", b"Idempotency-Key", b"Expect", b"User-Agent", b"Date"),
    ]
)
WITHOUT_ROUTE = NAMES.filter(lambda name: name != b"Expect")
"""Where no route is, aiohttp refuses an expectation by itself."""
HEADERS = st.lists(st.tuples(st.one_of(NAMES, NO_END), NO_END), max_size=5)
PATHS = st.one_of(
    NO_END,
    NO_END.map(lambda value: b"".join(b"%%%02X" % one for one in value)),
    st.text("pay_xz27/%?#;=&.\0é", max_size=20).map(
        lambda text: text.replace("\0", "%00").encode()
    ),
)
MANY = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@MANY
@given(provider=st.sampled_from([b"mtn", b"orange"]), path=PATHS, headers=HEADERS, body=st.binary())
def test_a_providers_call_is_stored_or_told_what_is_wrong(
    send: Send, provider: bytes, path: bytes, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    status, head, answered = send(request(b"/webhooks/%b/%b" % (provider, path), headers, body))

    if status != 200:
        assert 400 <= status < 500, answered
        assert b"application/problem+json" in head
        assert answered["status"] == status


@MANY
@given(token=st.one_of(st.text(), st.integers(), st.none()), path=PATHS)
def test_any_token_is_judged(send: Send, token: object, path: bytes) -> None:
    body = json.dumps({"status": "SUCCESS", "notif_token": token}).encode()

    status, _, answered = send(request(b"/webhooks/orange/" + path, [], body))

    assert status in {200, 400, 401, 404}, answered


@MANY
@given(
    method=st.sampled_from([b"GET", b"POST"]),
    path=st.sampled_from([b"/v1/payments", b"/v1/payments/", b"/v1/accounts", b"/v1/operators"]),
    rest=st.one_of(NO_END, PATHS.map(lambda path: b"?" + path)),
    headers=st.lists(st.tuples(st.one_of(WITHOUT_ROUTE, NO_END), NO_END), max_size=5),
    body=st.binary(max_size=60),
)
def test_no_request_of_any_bytes_is_our_mistake(
    send: Send,
    method: bytes,
    path: bytes,
    rest: bytes,
    headers: list[tuple[bytes, bytes]],
    body: bytes,
) -> None:
    known = [(b"Authorization", b"Bearer <key>"), (b"Content-Type", b"application/json"), *headers]

    status, head, answered = send(request(path + rest, known, body, method=method))

    if status >= 300:
        assert 400 <= status < 500, answered
        assert b"application/problem+json" in head


UNREADABLE = [
    b"\x16\x03\x01 hello\r\n\r\n",
    b"hello\r\n\r\n",
    b"GET /healthz HTTP/9.9\r\n\r\n",
    b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nX-A: a\x01b\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nX-A: " + b"650000001" * 1000 + b"\r\n\r\n",
    b"POST /v1/payments HTTP/1.1\r\nContent-Length: many\r\n\r\n",
]


@pytest.mark.parametrize("sent", UNREADABLE)
async def test_what_is_no_http_is_answered_with_a_problem_and_not_repeated(
    world: World, sent: bytes
) -> None:
    with captured_logs() as logs:
        status, head, problem = await exchange(world, sent)

    assert (status, problem["code"], problem["errors"]) == (400, "bad_request", [])
    assert problem["detail"] == "What was sent is not HTTP/1.1 as this server reads it."
    assert b"application/problem+json" in head
    assert b"Server: cauri" in head
    [line] = [json.loads(line) for line in logs.getvalue().splitlines()]
    assert line["event"] == "http.unread"
    assert problem["instance"].endswith(line["request_id"])
    assert b"650000001" not in logs.getvalue()
    assert (await world.get("/healthz")).status == 200


@pytest.mark.parametrize("method", [b"FROB", b"get", b"GETX"])
async def test_a_method_that_nobody_knows_is_told_which_there_are(
    world: World, method: bytes
) -> None:
    status, head, problem = await exchange(world, request(b"/healthz", [], b"", method=method))

    assert (status, problem["code"]) == (405, "method_not_allowed")
    assert b"Allow: GET, POST, PUT" in head
    assert problem["detail"] == "No address takes this method; see the Allow header."
