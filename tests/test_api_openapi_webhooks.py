"""The document's `webhooks`: what is really delivered is what they say, and so are the examples."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from adapters.notify.merchants import BODY_BYTES_MAX
from api.openapi_webhooks import EXAMPLE_PAIR
from api.wiring import utc_now
from ledger.notices import NOTICE_TYPES, TEST_TYPE
from tests.raw_server import RawRequest, answer, answering
from tests.shop import Shop, verifies
from tests.stage import WAIT_SECONDS, Stage, a_stage
from tests.test_api_openapi_examples import DOCUMENT, faults_of

TOLD: Any = DOCUMENT["webhooks"]


def body_of(type_: str) -> Any:
    """The body of a type of message, as the document has it."""
    return TOLD[type_]["post"]["requestBody"]["content"]["application/json"]


def heard_faults(request: RawRequest, type_: str) -> list[str]:
    """What the document objects to in a delivered message: its headers and its body."""
    faults = faults_of(json.loads(request.body), body_of(type_)["schema"])
    for one in TOLD[type_]["post"]["parameters"]:
        faults += faults_of(request.headers.get(one["name"]), one["schema"])
    return faults


async def an_endpoint(stage: Stage, shop: Shop) -> str:
    """Let a merchant be told at a shop; the endpoint's id."""
    added = await stage.ask("POST", "/v1/webhook-endpoints", who="mer_1", json={"url": shop.url})
    return str(added.json["id"])


def test_every_type_of_message_is_described_and_no_other() -> None:
    assert list(TOLD) == [*NOTICE_TYPES, TEST_TYPE]
    assert len({one["post"]["operationId"] for one in TOLD.values()}) == len(TOLD)
    assert {tuple(one["post"]["tags"]) for one in TOLD.values()} == {("messages",)}


@pytest.mark.parametrize("type_", [*NOTICE_TYPES, TEST_TYPE])
def test_an_example_is_what_its_schema_says_and_is_signed_as_it_says(type_: str) -> None:
    example = body_of(type_)["example"]
    headers = {one["name"]: one["example"] for one in TOLD[type_]["post"]["parameters"]}
    request = RawRequest("POST / HTTP/1.1", headers, orjson.dumps(example))

    assert heard_faults(request, type_) == []
    assert headers.keys() == {"webhook-id", "webhook-timestamp", "webhook-signature"}
    secret, public_key = EXAMPLE_PAIR.secret, EXAMPLE_PAIR.public_key
    at = datetime.fromisoformat(example["timestamp"])
    assert verifies(request, secret, public_key, at)
    changed = RawRequest("POST / HTTP/1.1", headers, request.body.replace(b"data", b"date"))
    assert not verifies(changed, secret, public_key, at)


async def test_what_is_delivered_is_what_the_document_says(tmp_path: Path) -> None:
    async with a_stage(tmp_path, endpoint_loopback=True) as stage, Shop(utc_now) as shop:
        endpoint_id = await an_endpoint(stage, shop)
        await stage.request(1)
        await stage.request(2, ending="51")
        await stage.ask("POST", f"/v1/webhook-endpoints/{endpoint_id}/test", who="mer_1")
        await shop.server.until(5, WAIT_SECONDS)
        heard = [
            (one.type, request) for one, request in zip(shop.heard, shop.requests, strict=True)
        ]

    assert {type_ for type_, _ in heard} == {
        "payment.pending",
        "payment.succeeded",
        "payment.failed",
        TEST_TYPE,
    }
    assert [fault for type_, request in heard for fault in heard_faults(request, type_)] == []
    # No schema takes another type's message, or one with a field that nobody described.
    first = next(request for type_, request in heard if type_ != TEST_TYPE)
    assert heard_faults(first, "payout.failed") != []
    strange = {**json.loads(first.body), "more": 1}
    assert faults_of(strange, body_of(json.loads(first.body)["type"])["schema"]) != []


async def test_a_message_that_is_cut_is_what_the_document_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.notify.merchants.BODY_BYTES_MAX", 500)
    async with a_stage(tmp_path, endpoint_loopback=True) as stage, Shop(utc_now) as shop:
        await an_endpoint(stage, shop)
        payment_id = await stage.request(1)
        await shop.server.until(1, WAIT_SECONDS)
        heard, request = shop.heard[0], shop.requests[0]

    assert heard.content["data"] == {"id": payment_id, "is_cut": True}
    assert heard_faults(request, heard.type) == []
    assert BODY_BYTES_MAX > 500


async def test_an_endpoint_is_treated_as_the_document_says_of_its_answer(tmp_path: Path) -> None:
    gone = answering(answer(410, b"gone"))
    async with a_stage(tmp_path, endpoint_loopback=True) as stage, Shop(utc_now, gone) as shop:
        endpoint_id = await an_endpoint(stage, shop)
        await stage.request(1)

        async def is_disabled() -> bool:
            shown = await stage.get(f"/v1/webhook-endpoints/{endpoint_id}")
            return shown.json["is_enabled"] is False

        await stage.until(is_disabled)

    answers = TOLD["payment.succeeded"]["post"]["responses"]
    assert answers.keys() == {"2XX", "410", "default"}
    assert "disabled" in answers["410"]["description"]
    assert "14 times within 3 days" in answers["default"]["description"]
