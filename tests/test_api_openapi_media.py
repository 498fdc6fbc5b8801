"""Examples of what is no JSON model: every answer has one, and a server's answers are like them."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from api.openapi_media import media_example
from api.pages.checkout import drawn_code
from ledger.entry import decode_entry
from tests.api_world import World, a_world, settings_in
from tests.conftest import FakeClock
from tests.test_api_openapi_examples import DOCUMENT, OPERATIONS, faults_of
from tests.things import Things


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with a_world(settings_in(tmp_path), clock=clock, is_in_memory=True) as made:
        yield made


def shown(name: str, media: str) -> Any:
    """The example of an operation's answer in a media type."""
    (operation,) = (one for one in OPERATIONS if one.name == name)
    return operation.said["responses"]["200"]["content"][media]["example"]


def told_by(stream: str) -> list[dict[str, str]]:
    """The events of a stream: the name and text of each one's lines."""
    return [
        dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        for block in stream.split("\n\n")
        if block and not block.startswith(":")
    ]


def test_every_answer_in_every_media_type_has_an_example() -> None:
    bare = [
        f"{operation.name} {status} {media}"
        for operation in OPERATIONS
        for status, response in operation.said["responses"].items()
        for media, content in response["content"].items()
        if not content.keys() & {"example", "examples"}
    ]
    media = {
        media
        for operation in OPERATIONS
        for response in operation.said["responses"].values()
        for media in response["content"]
    }
    assert bare == []
    assert {"text/html", "image/svg+xml", "text/event-stream", "application/x-ndjson"} <= media
    assert media_example("application/unheard-of", None) is None  # type: ignore[arg-type]


def test_headers_that_matter_are_parameters() -> None:
    named = {
        one.name: {parameter["name"]: parameter for parameter in one.parameters("header")}
        for one in OPERATIONS
    }

    assert {name for name, headers in named.items() if "Last-Event-ID" in headers} == {
        "stream_notices"
    }
    assert {name for name, headers in named.items() if "Accept" in headers} == {"show_log"}
    assert all("Accept-Language" in headers for headers in named.values())
    languages = named["show_payment"]["Accept-Language"]
    assert {one["value"] for one in languages["examples"].values()} == {"fr", "en"}


async def test_lines_of_the_log_are_asked_for_by_accept_and_are_like_the_example(
    world: World,
) -> None:
    (example,) = shown("show_log", "application/x-ndjson").splitlines()
    header = next(one for one in OPERATIONS if one.name == "show_log").parameters("header")[0]

    asked = {header["name"]: header["example"]}
    answer = await world.get("/v1/events", who="auditor", headers=asked)

    lines = answer.body.splitlines()
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert decode_entry(example.encode()).type == "merchant.added"
    assert orjson.loads(example).keys() == orjson.loads(lines[0]).keys()
    assert [orjson.dumps(orjson.loads(one)) for one in (example.encode(), lines[0])] == [
        example.encode(),
        lines[0],
    ]


async def test_a_stream_goes_on_as_the_example_does(world: World) -> None:
    paid = await world.pay(key="order-0")
    headers = {"Authorization": f"Bearer {world.keys['mer_1']}", "Last-Event-ID": "0"}
    async with world.session.get(f"{world.url}/v1/events/stream", headers=headers) as stream:
        came = b""
        async for chunk in stream.content.iter_any():
            came += chunk
            if b"data: " in came and came.endswith(b"\n\n"):
                break
    example = told_by(shown("stream_notices", "text/event-stream"))
    real = told_by(came.decode())

    notice = {"$ref": "#/components/schemas/NoticeOut"}
    assert [one.keys() for one in example] == [one.keys() for one in real]
    assert example[0] == real[0] == {"retry": "2000"}
    assert faults_of(orjson.loads(example[1]["data"]), notice) == []
    assert faults_of(orjson.loads(real[1]["data"]), notice) == []
    assert orjson.loads(real[1]["data"])["data"]["id"] == paid.json["id"]
    assert example[1]["event"] == orjson.loads(example[1]["data"])["type"]


async def test_pages_pictures_scripts_and_figures_are_like_their_examples(world: World) -> None:
    session = await Things(world, DOCUMENT, "mer_1").named_in("/checkout/{session_id}")
    address = f"/checkout/{session['session_id']}"
    page = (await world.get(f"{address}?lang=fr", who=None)).body.decode()
    picture = (await world.get(f"{address}/qr.svg", who=None)).body
    script = (await world.get("/checkout/static/cauri-checkout.js", who=None)).body.decode()
    docs = (await world.get("/docs?language=fr", who=None)).body.decode()
    document = (await world.get("/openapi.json", who=None)).json
    figures = (await world.get("/metrics", who=None)).body.decode()

    assert page.splitlines()[:2] == shown("show_checkout_page", "text/html").splitlines()[:2]
    example = shown("show_checkout_code", "image/svg+xml")
    url = re.findall(r"<title>(.*?)</title>", example)
    assert [drawn_code(one).decode() for one in url] == [example]
    drawn = re.findall(r"<title>(.*?)</title>", picture.decode())
    assert [drawn_code(one) for one in drawn] == [picture]
    assert "customElements.define(" in shown("show_checkout_file", "text/javascript")
    assert "customElements.define(" in script
    opening, _, closing = shown("show_docs", "text/html").partition("...")
    assert docs.startswith(opening)
    assert docs.endswith(closing)
    begins = shown("show_openapi", "application/json")
    assert begins["openapi"] == document["openapi"]
    assert begins["info"].items() <= document["info"].items()
    for line in shown("show_measures", "text/plain").splitlines()[:2]:
        assert line in figures
