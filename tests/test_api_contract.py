"""What every route keeps: found by a walk over the OpenAPI document, so none is forgotten."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from api.routes import ROUTES
from tests.api_world import CONTEXT, Answer, World, a_payment, a_world, settings_in
from tests.conftest import FakeClock
from tests.test_api_strangers import DOCUMENT
from tests.things import Operation, Things, operations_of, send

OPERATIONS: Final = list(operations_of(DOCUMENT))
POSTS: Final = [one for one in OPERATIONS if one.method != "GET" and one.roles]
WITHOUT_POSITION: Final = {
    *("show_operators", "show_refusals", "show_balances", "stream_notices"),
    *("serve_checkpoint", "serve_tile", "serve_entries"),
}
"""What is read from no log: the directory, the vocabulary, the providers; what has `after`; and the
files of C2SP tlog-tiles, whose addresses are that standard's and have no query string."""

READING: Final = [
    one
    for one in OPERATIONS
    if one.method == "GET" and one.roles and one.name not in WITHOUT_POSITION
]
POSITION: Final = "Cauri-Position"


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with a_world(settings_in(tmp_path), clock=clock, is_in_memory=True) as made:
        assert made.services.checkpoints is not None
        await made.services.checkpoints.make(context=CONTEXT)
        await made.caught_up()
        # The next one may be made for whoever asks for a receipt.
        clock.advance(60)
        yield made


def who_may(operation: Operation) -> str | None:
    """Somebody who may ask for it; a merchant where one may."""
    if not operation.roles:
        return None
    # What staff ask for is of the first role, and has to be agreed to by somebody else.
    return "mer_1" if "merchant" in operation.roles else operation.roles[-1]


async def asked(
    world: World, operation: Operation, names: dict[str, str], query: str = "", **options: Any
) -> Answer:
    """Ask for an operation with a query string, and another body than its example's."""
    headers = {"Idempotency-Key": "walk-1", **options.pop("headers", {})}
    path = operation.path.format_map(names) + operation.query
    path += query.replace("?", "&") if operation.query else query
    who = options.pop("who", who_may(operation))
    return await world.ask(operation.method, path, who=who, headers=headers, **options)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
async def test_every_answer_good_or_bad_says_at_which_position_it_stands(
    world: World, operation: Operation
) -> None:
    names = await Things(world, DOCUMENT, "mer_1").named_in(operation.path)
    reached = await world.caught_up()

    answers = {
        "no key": await asked(world, operation, names, who=None),
        "not that": await asked(world, operation, names, "?nonsense=1"),
        "not there": await asked(world, operation, dict.fromkeys(names, "nothing")),
        "no JSON": await asked(world, operation, names, data=b"{"),
        "as it should be": await send(world, operation, names, who=who_may(operation), key="w-2"),
    }

    for case, answer in answers.items():
        assert answer.headers.getall(POSITION, []) == [answer.headers.get(POSITION)], case
        assert int(answer.headers[POSITION]) <= await world.services.store.position(), case
    assert int(answers["no key"].headers[POSITION]) >= reached
    if operation.roles:
        assert (answers["no key"].status, answers["not that"].status) == (401, 422)
    if operation.name not in {"answer_provider", "take_checkout_form"}:
        assert answers["as it should be"].status < 400 or operation.name in {
            "cancel_payment",
            "confirm_payment",
            "receive_webhook_post",
            "receive_webhook_put",
        }


async def test_a_position_of_a_problem_is_one_that_lists_have_reached(world: World) -> None:
    await world.pay()
    await world.caught_up()

    problem = await world.get("/v1/payments/nothing")
    position = problem.headers[POSITION]

    assert position == str(await world.services.store.position())
    assert (await world.get(f"/v1/payments?min_position={position}")).status == 200


async def test_what_no_route_and_no_handler_answers_has_a_position_too(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_in(tmp_path, key_requests_per_second_max=2)
    async with a_world(settings, clock=clock, is_in_memory=True) as world:

        async def fail(**_: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(world.services.payments, "page", fail)
        await world.caught_up()
        answers = [
            await world.get("/nothing", who=None),
            await world.ask("DELETE", "/v1/payments"),
            await world.get("/v1/payments"),
            await world.get("/v1/payments"),
            await world.get("/v1/payments"),
        ]
        unread = await _raw(world, b"nonsense\r\n\r\n")
        unknown = await _raw(world, b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n")

    assert [answer.status for answer in answers] == [404, 405, 500, 500, 429]
    assert {answer.headers[POSITION] for answer in answers} == {"8"}
    assert (unread.partition(b" ")[2][:3], unknown.partition(b" ")[2][:3]) == (b"400", b"405")
    assert b"Cauri-Position: 8\r\n" in unread
    assert b"Cauri-Position: 8\r\n" in unknown


async def test_a_head_that_does_not_end_is_answered_with_a_position_too(
    tmp_path: Path, clock: FakeClock
) -> None:
    settings = settings_in(tmp_path, head_seconds_max=0.05)
    async with a_world(settings, clock=clock, is_in_memory=True) as world:
        await world.caught_up()

        answered = await _raw(world, b"GET / HTTP/1.1\r\nHost:")

    assert answered.startswith(b"HTTP/1.1 408 ")
    assert b"Cauri-Position: 8\r\n" in answered


async def _raw(world: World, sent: bytes) -> bytes:
    """The head of the answer to some bytes."""
    host, _, port = world.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(sent)
    async with asyncio.timeout(20):
        answered = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    return answered


def test_every_answer_is_documented_with_its_position() -> None:
    without = [
        (one.name, status)
        for one in OPERATIONS
        for status, response in one.said["responses"].items()
        if not response["headers"].get(POSITION, {}).get("required")
    ]

    assert without == []


@pytest.mark.parametrize("operation", READING, ids=lambda one: one.name)
async def test_every_read_may_be_asked_to_have_seen_a_position(
    world: World, operation: Operation
) -> None:
    names = await Things(world, DOCUMENT, "mer_1").named_in(operation.path)
    reached = await world.services.store.position()

    seen = await asked(world, operation, names, f"?min_position={reached}")
    unknown = await asked(world, operation, names, f"?min_position={reached + 1000}")

    assert (seen.status, int(seen.headers[POSITION]) > 0) == (200, True)
    assert (unknown.status, unknown.code) == (422, "invalid_request")
    assert [place["parameter"] for place in unknown.json["errors"]] == ["min_position"]


@pytest.mark.parametrize("operation", POSTS, ids=lambda one: one.name)
async def test_a_field_that_no_request_has_is_named(world: World, operation: Operation) -> None:
    names = await Things(world, DOCUMENT, "mer_1").named_in(operation.path)

    answer = await asked(world, operation, names, json={"nonsense": 1})
    listed = await asked(world, operation, names, json=[])

    assert (answer.status, answer.code) == (422, "invalid_request")
    assert "/nonsense" in {place["pointer"] for place in answer.json["errors"]}
    assert (listed.status, listed.code) == (400, "malformed_json")


@pytest.mark.parametrize("operation", POSTS, ids=lambda one: one.name)
async def test_an_empty_body_does_where_nothing_need_be_said_and_no_money_moves(
    world: World, operation: Operation
) -> None:
    names = await Things(world, DOCUMENT, "mer_1").named_in(operation.path)

    empty = await asked(world, operation, names)
    written = await asked(world, operation, names, json={})

    if operation.said["requestBody"]["required"]:
        assert empty.status in {400, 415}
    elif operation.name == "cancel_payment":
        # The one that it names was paid.
        assert (empty.code, written.code) == ("not_cancellable", "not_cancellable")
    else:
        assert (empty.status < 300, written.status < 300) == (True, True)


def test_which_operations_take_an_empty_body() -> None:
    optional = {one.name for one in POSTS if not one.said["requestBody"]["required"]}

    assert optional == {
        "expire_checkout",
        "rotate_secret",
        "change_endpoint",
        "delete_endpoint",
        "disable_endpoint",
        "enable_endpoint",
        "cancel_payment",
        "cancel_payout",
        "cancel_refund",
        "test_endpoint",
        "make_checkpoint",
        "replay_messages",
        "rotate_key",
        "revoke_key",
        "approve_erasure",
        "approve_note",
        "approve_statement",
        "withdraw_note",
        "withdraw_statement",
    }


async def test_a_live_stream_tells_about_limits_as_it_is_documented_to(world: World) -> None:
    [operation] = [one for one in OPERATIONS if one.name == "stream_notices"]
    documented = operation.said["responses"]["200"]["headers"]

    answer = await world.get("/v1/events/stream")

    assert {"RateLimit", "RateLimit-Policy", POSITION} <= set(documented)
    assert [name for name in documented if name not in answer.headers] == []


def test_the_body_of_what_moves_money_is_never_left_out() -> None:
    moving = [route for route in ROUTES if route.needs_idempotency_key]

    assert {route.is_body_required for route in moving} == {True}
    [refund] = [route for route in moving if route.name == "create_refund"]
    assert not replace(refund, needs_idempotency_key=False).is_body_required


async def test_a_day_stands_for_its_beginning(world: World) -> None:
    await world.pay(a_payment())
    await world.caught_up()
    today = world.services.clock().date()

    async def count(query: str) -> int:
        return len((await world.get(f"/v1/payments?{query}")).json["payments"])

    assert await count(f"created_from={today}") == 1
    assert await count(f"created_to={today}") == 0
    wrong = await world.get("/v1/payments?created_from=2030-02-30")
    assert wrong.json["errors"][0]["remedy"].endswith("or a day such as 2030-01-31.")


@pytest.mark.parametrize("called", ["FCFA", "F CFA", "cfa"])
async def test_francs_that_two_currencies_are_called_are_told_apart(
    world: World, called: str
) -> None:
    answer = await world.pay(a_payment(currency=called))

    assert (answer.status, answer.code) == (422, "invalid_money")
    [place] = answer.json["errors"]
    assert place["remedy"].startswith("Send XAF for Central Africa")
    assert "XOF for West Africa" in place["remedy"]
