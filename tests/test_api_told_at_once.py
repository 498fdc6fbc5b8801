"""What is wrong with a request: all of it in one answer, and what would be taken instead."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.api_world import World, a_world, settings_in
from tests.conftest import FakeClock


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with a_world(settings_in(tmp_path), clock=clock, is_in_memory=True) as made:
        yield made


GOOD = {"amount": "1500", "currency": "XAF", "payer": {"phone": "650000001"}}
BAD_NUMBER = {"phone": "12"}


@pytest.mark.parametrize(
    ("path", "body", "code", "pointers"),
    [
        ("payments", {**GOOD, "payer": BAD_NUMBER}, "invalid_phone", ["/payer/phone"]),
        (
            "payments",
            {**GOOD, "amount": "12.50", "payer": BAD_NUMBER},
            "invalid_money",
            ["/amount", "/payer/phone"],
        ),
        (
            "payments",
            {"amount": "12.50", "currency": "XAF", "payer": BAD_NUMBER, "foo": 1},
            "invalid_request",
            ["/foo", "/amount", "/payer/phone"],
        ),
        (
            "payments",
            {**GOOD, "currency": "XZF", "operator": "No One"},
            "invalid_request",
            ["/operator", "/currency"],
        ),
        # What has not the form to be read further is told once, and the rest all the same.
        (
            "payments",
            {"amount": 1500, "currency": "XAF", "payer": BAD_NUMBER},
            "invalid_request",
            ["/amount", "/payer/phone"],
        ),
        (
            "payments",
            {**GOOD, "payer": {"phone": "12", "country": "zz"}, "amount": "1.5"},
            "invalid_request",
            ["/payer/country", "/amount"],
        ),
        ("payments", {**GOOD, "payer": "12"}, "invalid_request", ["/payer"]),
        # A payout's number is the payee's.
        (
            "payouts",
            {"amount": "1.5", "currency": "XAF", "payee": BAD_NUMBER},
            "invalid_money",
            ["/amount", "/payee/phone"],
        ),
    ],
)
async def test_a_body_is_objected_to_once(
    world: World, path: str, body: dict[str, Any], code: str, pointers: list[str]
) -> None:
    answer = await world.ask(
        "POST", f"/v1/{path}", who="mer_1", json=body, headers={"Idempotency-Key": "one"}
    )

    assert (answer.status, answer.code) == (422, code)
    assert [one["pointer"] for one in answer.json["errors"]] == pointers
    first = answer.json["errors"][0]
    assert answer.json["detail"] == f"{first['pointer']}: {first['reason']} {first['remedy']}"


@pytest.mark.parametrize(
    ("language", "name", "said"),
    [
        ("en", "effective_from", "neither a time nor a day. Send a time such as"),
        ("fr", "effective_from", "ni un jour. Envoyez une date avec son heure"),
        ("fr", "effective_at", "ou un jour, par exemple 2030-01-31."),
    ],
)
async def test_a_day_is_offered_where_it_is_taken(
    world: World, language: str, name: str, said: str
) -> None:
    answer = await world.get(f"/v1/payments?{name}=2026-11", headers={"Accept-Language": language})

    assert answer.status == 422
    assert said in answer.json["detail"].replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("is_loopback", [False, True])
@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://shop.example/hook", "The address is not https."),
        ("ftp://shop.example/hook", "This is not a web address."),
        ("https://10.0.0.1/hook", "The address is not on the public internet."),
        ("https://me:secret@shop.example/hook", "The address holds a name or a password."),
    ],
)
async def test_an_endpoint_that_cannot_be_told_anything_is_told_why(
    tmp_path: Path, clock: FakeClock, url: str, reason: str, is_loopback: bool
) -> None:
    settings = settings_in(tmp_path, endpoint_loopback=is_loopback)
    async with a_world(settings, clock=clock, is_in_memory=True) as world:
        answer = await world.ask("POST", "/v1/webhook-endpoints", who="mer_1", json={"url": url})

    (place,) = answer.json["errors"]
    assert (answer.status, place["reason"]) == (422, reason)
    assert "http://localhost" in place["remedy"]
    assert ("--sandbox" in place["remedy"]) is not is_loopback


async def test_whoever_opens_the_root_is_led_to_the_documentation(world: World) -> None:
    answer = await world.get("/", who=None)

    assert answer.status == 404
    assert "see /docs" in answer.json["detail"]


async def test_a_page_may_be_shorter_than_was_asked_for_and_the_document_says_so(
    tmp_path: Path, clock: FakeClock
) -> None:
    settings = settings_in(tmp_path, page_entries_max=1)
    async with a_world(settings, clock=clock, is_in_memory=True) as world:
        for number in range(2):
            key = {"Idempotency-Key": f"order-{number}"}
            asked = await world.ask("POST", "/v1/payments", who="mer_1", json=GOOD, headers=key)
        answer = await world.get(f"/v1/payments?limit=500&min_position={asked.json['position']}")
        document = (await world.get("/openapi.json", who=None)).json

    (limit,) = [
        one
        for one in document["paths"]["/v1/payments"]["get"]["parameters"]
        if one["name"] == "limit"
    ]
    assert (len(answer.json["payments"]), answer.json["next_after"] is None) == (1, False)
    assert "the server may give fewer" in limit["description"]
