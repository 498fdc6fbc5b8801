"""Every request of the MTN adapter, as it left the socket, against MTN's official OpenAPI file."""

import asyncio
from typing import Any

import orjson
import pytest

from adapters.base import Accepted, NotFound
from adapters.providers.mtn import MtnAdapter, Settings
from ledger.money import Money
from tests.mtn_specification import MtnSpecification, requires_specifications
from tests.raw_server import RawRequest, RawServer, answer
from tests.replay import PAYMENT_ID, a_charge, fixture, opening

pytestmark = requires_specifications

BODIES = {
    ("POST", "/collection/token/"): (200, "token.json"),
    ("POST", "/collection/v1_0/requesttopay"): (202, "empty"),
    ("GET", "/collection/v1_0/requesttopay/{}"): (404, "resource_not_found.json"),
}


async def mtn(request: RawRequest, writer: asyncio.StreamWriter) -> None:
    """Answer like MTN, once each."""
    method, path, _ = request.line.split(" ")
    for (known_method, known), (status, name) in BODIES.items():
        if method == known_method and path.startswith(known.partition("{")[0]):
            said = answer(status, fixture("mtn", name))
    writer.write(said)


async def sent(**charge: Any) -> list[RawRequest]:
    """Submit and inquire; give the requests as they came."""
    async with RawServer(mtn) as server:
        settings = Settings.model_validate(
            {
                "base_url": server.url,
                "subscription_key": "0" * 32,
                "api_user": "00000000-0000-4000-8000-000000000001",
                "api_key": "1" * 32,
                "callback_host": "localhost",
            }
        )
        adapter = MtnAdapter(settings, opening())
        reference = adapter.reference_for(PAYMENT_ID, 1)
        got = [
            await adapter.submit(a_charge(**charge), reference),
            await adapter.inquire(reference, None),
        ]
        await adapter.close()
    assert [type(one) for one in got] == [Accepted, NotFound]
    return server.requests


@pytest.mark.parametrize(
    "charge",
    [
        {},
        {"money": Money(1500, "XAF"), "phone": "+237650000001", "description": ""},
        {"callback_url": None, "description": "'&'" * 200},
    ],
    ids=["usual", "no description", "no callback, hostile description"],
)
async def test_every_request_is_as_the_specification_says(charge: dict[str, Any]) -> None:
    specification = MtnSpecification("collection.json", prefix="/collection")
    problems = []
    for request in await sent(**charge):
        method, path, _ = request.line.split(" ")
        body = orjson.loads(request.body) if request.body else None
        problems += specification.request_problems(method, path, request.headers, body)
        wanted = None if body is None else "application/json"
        if request.headers.get("content-type") != wanted:
            problems.append(f"{path}: content type {request.headers.get('content-type')}")
    assert problems == []


async def test_all_operations_of_the_adapter_are_in_the_specification() -> None:
    specification = MtnSpecification("collection.json", prefix="/collection")
    assert set(BODIES) <= specification.operations


async def test_what_the_specification_does_not_say_but_the_gateway_demands() -> None:
    token, pay, status = await sent()
    assert (token.headers["content-length"], token.body) == ("0", b"")
    assert "x-target-environment" not in token.headers
    assert pay.headers["x-callback-url"].startswith("http://localhost")
    assert "x-callback-url" not in status.headers
