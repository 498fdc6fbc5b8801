"""A merchant's own events over HTTP: live and page by page, none lost, none of anybody else's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from adapters.sandbox.faults import Faults
from ledger import commands
from ledger.errors import StoreUnavailableError
from ledger.sentences import Sentence
from tests.api_world import CONTEXT, World, a_payment, a_world, settings_in
from tests.conftest import FakeClock
from tests.test_api_endpoints import attempt
from tests.test_api_payments import paid
from tests.test_api_route import a_living_world, settled

WAIT_SECONDS = 20.0
MTN_TYPES = ["payment.requested", "payment.pending", "payment.succeeded"]


class Listener:
    """Reads server-sent events as a browser does."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response
        self.comments: list[str] = []

    async def next(self) -> dict[str, str]:
        """The next event: its fields."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                line = (await self.response.content.readline()).decode()
                if not line:
                    raise EOFError
                line = line.rstrip("\n")
                if line.startswith(":"):
                    self.comments.append(line)
                elif line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                elif "data" in fields:
                    return fields
                else:
                    fields = {}

    async def until(self, *types: str) -> list[dict[str, str]]:
        """Read until there was an event of each of these types, in this order."""
        read, wanted = [], list(types)
        while wanted:
            read.append(await self.next())
            if read[-1]["event"] == wanted[0]:
                del wanted[0]
        return read

    async def end(self) -> bytes:
        """Read until the server ends the stream; what came but for heartbeats."""
        heard = b""
        async with asyncio.timeout(WAIT_SECONDS):
            while line := await self.response.content.readline():
                if line.startswith(b":"):
                    self.comments.append(line.decode().strip())
                else:
                    heard += line
        return heard


@asynccontextmanager
async def listening(
    world: World, *, who: str = "mer_1", last: str | None = None, query: str = ""
) -> AsyncIterator[Listener]:
    """Open a stream."""
    headers = {"Authorization": f"Bearer {world.keys[who]}"}
    if last is not None:
        headers["Last-Event-ID"] = last
    url = f"{world.url}/v1/events/stream{query}"
    async with world.session.get(url, headers=headers) as response:
        assert response.status == 200, await response.text()
        assert response.content_type == "text/event-stream"
        yield Listener(response)


async def test_a_payment_is_followed_live_and_each_event_is_what_the_page_says(
    tmp_path: Path,
) -> None:
    async with a_living_world(tmp_path, Faults.none()) as (world, _):
        await world.add_merchant("mer_2")
        async with listening(world) as mine, listening(world, who="mer_2") as others:
            payment_id = (await world.pay(a_payment(metadata={"order": "7"}))).json["id"]
            read = await mine.until(*MTN_TYPES)
            await settled(world, payment_id, "succeeded")
            # Of two merchants each is told its own: theirs is the first the other hears of.
            theirs = (await world.pay(a_payment(), who="mer_2", key="x")).json["id"]
            first = orjson.loads((await others.next())["data"])
        position = await world.caught_up()
        page = (await world.get(f"/v1/notices?min_position={position}")).json
        positions = [int(one["id"]) for one in read]
        async with listening(world, last=read[0]["id"]) as again:
            repeated = [await again.next() for _ in read[1:]]
        async with listening(world, query=f"?after={read[1]['id']}") as later:
            rest = await later.next()
    told = [orjson.loads(one["data"]) for one in read]
    assert [one["type"] for one in told] == MTN_TYPES
    assert [one["data"]["status"] for one in told] == ["requested", "pending", "succeeded"]
    assert {one["data"]["id"] for one in told} == {payment_id}
    assert told[0]["data"]["metadata"] == {"order": "7"}
    assert positions == [one["position"] for one in told]
    assert page["notices"] == told
    assert (first["data"]["id"], first["type"]) == (theirs, "payment.requested")
    assert repeated == read[1:]
    assert rest == read[2]


async def test_what_becomes_of_sessions_and_endpoints_is_told_as_it_stood_then(
    world: World,
) -> None:
    async def post(path: str, content: Any = None) -> Any:
        headers = {"Idempotency-Key": "session-1"}
        answer = await world.ask("POST", path, who="mer_1", json=content, headers=headers)
        assert answer.status < 300, answer.body
        return answer.json

    wanted = {"amount": "1500", "currency": "XAF", "description": "Two chickens"}
    async with listening(world) as mine, listening(world, who="mer_2") as others:
        session = await post("/v1/checkout-sessions", wanted)
        shop = await post("/v1/webhook-endpoints", {"url": "https://shop.example/hooks"})
        path = f"/v1/webhook-endpoints/{shop['id']}"
        await paid(world, (await world.pay()).json["id"])
        await world.caught_up()
        newest = (await world.get(f"{path}/messages?limit=1")).json["messages"][0]
        await attempt(world, newest, is_delivered=False)
        await post(path, {"types": ["payment.failed"]})
        await post(f"{path}/disable")
        await post(f"/v1/checkout-sessions/{session['id']}/expire")
        await post(f"{path}/delete")
        read = await mine.until("endpoint.deleted")
        await world.pay(a_payment(), who="mer_2", key="x")
        assert (await others.next())["event"] == "payment.requested"
    page = (await world.get(f"/v1/notices?min_position={read[-1]['id']}")).json["notices"]
    told = {one["event"]: orjson.loads(one["data"])["data"] for one in read}
    assert [orjson.loads(one["data"]) for one in read] == page
    ends = [told["checkout.created"], told["checkout.expired"]]
    assert [(one["id"], one["status"]) for one in ends] == [
        (session["id"], "open"),
        (session["id"], "expired"),
    ]
    assert ends[0]["description"] == "Two chickens"
    stood = ("types", "is_enabled", "is_deleted", "reason")
    shown = {
        type_: tuple(one[name] for name in stood)
        for type_, one in told.items()
        if type_.startswith("endpoint.")
    }
    off = "its merchant disabled it"
    assert shown == {
        "endpoint.added": ([], True, False, None),
        "endpoint.changed": (["payment.failed"], True, False, None),
        "endpoint.disabled": (["payment.failed"], False, False, off),
        "endpoint.deleted": (["payment.failed"], False, True, "the endpoint was deleted"),
    }
    assert told["delivery.parked"] == {
        "id": newest["id"],
        "endpoint_id": shop["id"],
        "payment_id": newest["payment_id"],
        "about": newest["about"],
        "reason": "status 500",
    }


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    """A server at which nobody submits anything, with impatient streams."""
    settings = settings_in(
        tmp_path, stream_heartbeat_seconds=0.05, streams_per_key_max=2, streams_max=3
    )
    async with a_world(settings, clock=clock) as made:
        yield made


async def test_a_silent_stream_says_that_it_lives_and_ends_with_its_key(world: World) -> None:
    key_id = world.keys["mer_1"].split("_")[2]
    async with listening(world) as mine:
        while not mine.comments:
            line = await mine.response.content.readline()
            mine.comments += [line.decode().strip()] if line.startswith(b":") else []
        revoke = commands.RevokeKey(key_id=key_id, reason="lost")
        await world.services.handler.handle(revoke, context=CONTEXT)
        world.services.authenticator.forget_all()
        # Another key of the merchant's makes news, which this one is not told.
        await world.add_key("another", "merchant", "mer_1")
        await world.pay(a_payment(), who="another", key="unheard")
        heard = await mine.end()
    assert mine.comments[0] == ": heartbeat"
    assert b"unheard" not in heard
    assert b"payment." not in heard


async def test_what_happens_while_nobody_listens_is_told_afterwards(world: World) -> None:
    async with listening(world) as mine:
        await world.pay(a_payment(), key="one")
        last = (await mine.next())["id"]
    for number in range(3):
        await world.pay(a_payment(), key=f"missed-{number}")
    async with listening(world, last=last) as mine:
        missed = [await mine.next() for _ in range(3)]
    assert [one["event"] for one in missed] == ["payment.requested"] * 3
    assert int(last) < int(missed[0]["id"]) < int(missed[1]["id"]) < int(missed[2]["id"])


async def test_streams_are_bounded_by_key_and_in_all(world: World) -> None:
    async with listening(world), listening(world):
        own = await world.get("/v1/events/stream")
        async with listening(world, who="mer_2"):
            everybody = await world.get("/v1/events/stream", who="mer_2")
    async with listening(world):
        pass
    assert [(one.status, one.code) for one in (own, everybody)] == [
        (429, "too_many_streams"),
        (429, "too_many_streams"),
    ]


@pytest.mark.parametrize("last", ["x", "-1", "1.5", "1" * 30])
async def test_what_is_no_position_is_refused_by_name(world: World, last: str) -> None:
    refused = await world.get("/v1/events/stream", headers={"Last-Event-ID": last})
    assert (refused.status, refused.json["errors"][0]["header"]) == (422, "Last-Event-ID")


@pytest.mark.parametrize(
    ("path", "header", "who", "named"),
    [
        ("/v1/events/stream", True, "mer_1", {"header": "Last-Event-ID"}),
        ("/v1/events/stream?after={}", False, "mer_1", {"parameter": "after"}),
        ("/v1/notices?after={}", False, "mer_1", {"parameter": "after"}),
        ("/v1/events?after={}", False, "auditor", {"parameter": "after"}),
    ],
)
async def test_nobody_goes_on_behind_a_position_that_the_log_has_not_reached(
    world: World, path: str, *, header: bool, who: str, named: dict[str, str]
) -> None:
    reached = await world.services.store.position()
    beyond = str(reached + 1)
    refused = await world.get(
        path.format(beyond), who=who, headers={"Last-Event-ID": beyond} if header else {}
    )
    assert (refused.status, refused.code) == (422, "invalid_request")
    (place,) = refused.json["errors"]
    assert place == {**place, **named}
    assert place["reason"] == "The log has not reached this position."
    assert "restored from a backup" in place["remedy"]

    if "stream" in path:
        query = "" if header else f"?after={reached}"
        async with listening(world, last=str(reached) if header else None, query=query):
            return
    assert (await world.get(path.format(reached), who=who)).status == 200


@pytest.mark.parametrize("path", ["/v1/events/stream", "/v1/notices"])
@pytest.mark.parametrize("who", ["auditor", "operator", None])
async def test_only_a_merchant_has_events_of_its_own(
    world: World, path: str, who: str | None
) -> None:
    refused = await world.get(path, who=who)
    assert refused.status == (401 if who is None else 403)


async def test_a_stopping_server_lets_its_streams_go(tmp_path: Path, clock: FakeClock) -> None:
    ended: list[Any] = []
    async with a_world(settings_in(tmp_path), clock=clock) as world:
        url = f"{world.url}/v1/events/stream"
        headers = {"Authorization": f"Bearer {world.keys['mer_1']}"}
        response = await world.session.get(url, headers=headers)
        listener = Listener(response)
        await response.content.readline()
        world.services.feed.end()
        await listener.end()
        ended.append(world.services.feed.count)
        response.close()
    assert ended == [0]


async def test_a_stream_that_breaks_off_hangs_up_so_that_its_reader_comes_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise StoreUnavailableError(Sentence("The disk is full."), Sentence("Free some space."))

    monkeypatch.setattr(type(world.services.notices), "page", fail)
    headers = {"Authorization": f"Bearer {world.keys['mer_1']}"}
    async with world.session.get(f"{world.url}/v1/events/stream", headers=headers) as response:
        assert response.status == 200
        with pytest.raises(aiohttp.ClientPayloadError):
            async with asyncio.timeout(10):
                await response.read()
