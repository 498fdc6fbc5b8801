"""Strangers: what one merchant may find out about another, which is nothing but that time passes.

The walk is over the OpenAPI document, so a route that is added tomorrow is walked too: whatever its
address or its query names is made for one merchant, asked for with another's key, and the whole
answer held against that for a thing that never was. Equal means equal: status, headers, body, size,
and the reads that were done for it. Of time no stopwatch is held against the two: the same reads in
the same order is what can be proved. What remains is that a stream of some events takes
microseconds more to fold than none, about an id that holds 128 bits nobody can guess: it derives
from the merchant's own id, 64 random bits that no answer shows to others.

**Positions** are the log's, and there is one log. So every key learns how much happened in all,
as it does from the checkpoint by which the log is proved. It does not learn to whom. That is
deliberate: a position of one's own for each merchant could not be waited for, compared or proved.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from api.openapi import openapi_document
from api.routes import ROUTES
from ledger.evidence import NOTE_PREFIX
from ledger.identity import payment_id_of
from tests.api_world import Answer, World, a_payment, a_world, settings_in
from tests.conftest import FakeClock
from tests.things import NOBODYS, Operation, Things, operations_of, send

DOCUMENT: Any = openapi_document(ROUTES, server_url="http://127.0.0.1:8080")
KEYED: Final = [one for one in operations_of(DOCUMENT) if one.roles]
A, B = "mer_1", "mer_2"
A_PHONE, NO_PHONE, B_PHONE = "+237650000011", "+237650000012", "+237650000013"

NAMING: Final = [one for one in KEYED if {p["name"] for p in one.parameters("path")} - {*NOBODYS}]
"""The operations whose address names something."""

SEARCHING: Final = [
    (operation, one["name"])
    for operation in KEYED
    if "merchant" in operation.roles
    for one in operation.parameters("query")
    if one["name"].endswith("_id") or one["name"] == "phone"
]
"""The operations whose query names something."""

READING: Final = [
    one for one in KEYED if one.method == "GET" and "merchant" in one.roles and not one.is_endless
]
"""The operations by which a merchant looks at something."""

_CONVERSATION: Final = {"X-Correlation-Id": "a-stranger"}
_OF_THE_MOMENT: Final = {"date", "ratelimit", "retry-after"}
"""Headers that may differ between any two requests: of time, and of how many there were."""

_TURN: Final = str.maketrans(
    "abcdefghijklmnopqrstuvwxyz0189234567", "bcdefahijklmnopqrstuvwxyzg1890345672"
)
"""Turns letters and digits into others of which ids of the same form are made."""


OF_THE_WHOLE_LOG: Final = re.compile("receipt$|^show_checkpoint$|^list_log_keys$")
"""What shows the log's checkpoint or its keys, which are the same for everybody."""


class Told(NamedTuple):
    """An answer without what differs between any two requests."""

    status: int
    headers: dict[str, str]
    body: bytes


def told(answer: Answer, *named: str) -> Told:
    """Take out of an answer the request's own name, and what was asked for by name."""
    body = re.sub(rb"urn:cauri:request:[0-9a-f]{16}", b"urn:cauri:request:-", answer.body)
    for one in named:
        body = body.replace(one.encode(), b"<asked for>")
    headers = {
        name.lower(): text
        for name, text in answer.headers.items()
        if name.lower().partition("-")[0] not in _OF_THE_MOMENT
        and name.lower() not in _OF_THE_MOMENT
    }
    return Told(answer.status, headers, body)


def never_was(thing: str) -> str:
    """An id of the same form, by which nothing was ever made."""
    if thing.isdecimal():
        return f"9{thing:0>9}"
    if thing.startswith(NOTE_PREFIX):
        return f"{NOTE_PREFIX}9{thing.removeprefix(NOTE_PREFIX)}"
    kept, turned = thing[:-12], thing[-12:].translate(_TURN)
    assert len(thing) > 12, thing
    return kept + turned


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with a_world(settings_in(tmp_path), clock=clock, is_in_memory=True) as made:
        yield made


@pytest.fixture
def reads(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every call into the store or a projection that a request makes, in order."""
    called: list[str] = []
    services = world.services
    kept = [services.store, *(getattr(services, name) for name in dir(services) if name[0] != "_")]
    for one in kept:
        room = type(one).__module__
        if not room.startswith("projections.") and one is not services.store:
            continue
        for name in dir(one):
            method = getattr(one, name)
            if name[0] != "_" and asyncio.iscoroutinefunction(method):
                monkeypatch.setattr(one, name, _counting(method, f"{room}.{name}", called))
    return called


def _counting(method: Any, name: str, called: list[str]) -> Any:
    async def counted(*arguments: Any, **options: Any) -> Any:
        task = asyncio.current_task()
        # Readers of the log go about their own work meanwhile.
        if task is not None and "RequestHandler" in str(task.get_coro()):
            called.append(name)
        return await method(*arguments, **options)

    return counted


async def ask(
    world: World, operation: Operation, names: dict[str, str], *, who: str, key: str = "any"
) -> Answer:
    """Ask as somebody, always in the same conversation."""
    return await send(world, operation, names, who=who, key=key)


@pytest.mark.parametrize("operation", NAMING, ids=lambda one: one.name)
async def test_anothers_thing_is_answered_exactly_like_one_that_never_was(
    world: World, reads: list[str], operation: Operation
) -> None:
    names = await Things(world, DOCUMENT, A, phone=A_PHONE).named_in(operation.path)
    nothing = {one: never_was(named) for one, named in names.items() if one not in NOBODYS}
    nothing = {**names, **nothing}
    await world.caught_up()
    # The first request of a key is read about; the others are not.
    await world.get("/v1/payments", who=B)

    answers, done = [], []
    for asked in (names, nothing, names):
        reads.clear()
        answers.append(told(await ask(world, operation, asked, who=B), *asked.values()))
        done.append(list(reads))
    own = "merchant" in operation.roles
    if not operation.is_endless:
        known = await ask(world, operation, names, who=A if own else operation.roles[0])
        assert known.status not in {403, 404}, "the thing was not there at all"

    assert answers[0] == answers[1] == answers[2]
    assert answers[0].status in {403, 404}
    assert done[0] == done[1] == done[2]
    assert done[0] or not own, "nothing was looked up"


@pytest.mark.parametrize(
    ("operation", "parameter"), SEARCHING, ids=lambda one: getattr(one, "name", one)
)
async def test_a_search_for_anothers_thing_finds_what_a_search_for_nothing_finds(
    world: World, reads: list[str], operation: Operation, parameter: str
) -> None:
    theirs = await Things(world, DOCUMENT, A, phone=A_PHONE).asked_for_by(parameter)
    nothing = {A: "mer_9", A_PHONE: NO_PHONE}.get(theirs) or never_was(theirs)
    names = await Things(world, DOCUMENT, B, phone=B_PHONE).named_in(operation.path)
    await world.caught_up()
    path = operation.path.format_map(names)
    await world.get(path, who=B)

    answers, done = [], []
    for value in (theirs, nothing, theirs):
        reads.clear()
        answer = await world.get(path, who=B, params={parameter: value}, headers=_CONVERSATION)
        answers.append(told(answer, value))
        done.append(list(reads))

    assert answers[0] == answers[1] == answers[2]
    assert done[0] == done[1] == done[2]


async def test_what_another_does_changes_nothing_but_positions(world: World) -> None:
    mine = Things(world, DOCUMENT, B, phone=B_PHONE)
    reading = [one for one in READING if not OF_THE_WHOLE_LOG.search(one.name)]
    named = {one.name: await mine.named_in(one.path) for one in reading}

    async def seen() -> dict[str, Told]:
        await world.caught_up()
        return {
            one.name: _without_positions(await ask(world, one, named[one.name], who=B))
            for one in reading
        }

    before = await seen()
    position = await world.services.store.position()
    theirs = Things(world, DOCUMENT, A, phone=A_PHONE)
    for operation in NAMING:
        names = await theirs.named_in(operation.path)
        who = A if "merchant" in operation.roles else operation.roles[0]
        if not operation.is_endless:
            await ask(world, operation, names, who=who, key=f"done-{operation.name}")
    await world.add_merchant("mer_3")

    assert await seen() == before
    assert await world.services.store.position() > position + len(NAMING)


def _without_positions(answer: Answer) -> Told:
    """Leave out what is of the whole deployment, and said to be: positions, what the log commits to
    there, and how long a provider usually takes, which nobody is told of how many payments.
    """
    shown = told(answer)
    kept = {"cauri-position", "content-length"}
    headers = {name: text for name, text in shown.headers.items() if name not in kept}
    body = re.sub(rb'^\{"position":\d+,', b"{", shown.body)
    body = re.sub(rb'"(size|root_hex|root_base64|note)":[^,}]+', b"", body)
    body = re.sub(rb'"usually_seconds":(null|\{[^}]*\})', b"", body)
    return Told(shown.status, headers | {"x-correlation-id": "-"}, body)


@pytest.mark.parametrize(
    "operation",
    [
        one
        for one in KEYED
        if any(each["name"] == "Idempotency-Key" for each in one.parameters("header"))
        and "merchant" in one.roles
    ],
    ids=lambda one: one.name,
)
async def test_one_idempotency_key_means_something_else_for_everybody(
    world: World, operation: Operation
) -> None:
    answers = {}
    for who, phone in ((A, A_PHONE), (B, B_PHONE)):
        names = await Things(world, DOCUMENT, who, phone=phone).named_in(operation.path)
        one = await ask(world, operation, names, who=who, key="the same")
        again = await ask(world, operation, names, who=who, key="the same")
        assert told(one).status == told(again).status
        if one.status < 300:
            assert one.body == again.body
        answers[who] = one

    assert answers[A].status == answers[B].status
    if answers[A].status < 300:
        assert answers[A].json["id"] != answers[B].json["id"]
        assert "Idempotent-Replayed" not in answers[B].headers


async def test_an_id_that_can_be_computed_opens_nothing(world: World) -> None:
    made = (await world.pay(key="order-1001", who=A)).json["id"]
    computed = payment_id_of(A, "order-1001")
    await world.caught_up()

    theirs = await world.get(f"/v1/payments/{computed}", who=B, headers=_CONVERSATION)
    nobodys = await world.get(
        f"/v1/payments/{payment_id_of(A, 'order-1002')}", who=B, headers=_CONVERSATION
    )

    assert computed == made
    assert (theirs.status, told(theirs)) == (404, told(nobodys))


async def test_a_merchants_name_is_no_answer_to_anybody_else(
    world: World, clock: FakeClock
) -> None:
    things = Things(world, DOCUMENT, A, phone=A_PHONE)
    for operation in NAMING:
        await things.named_in(operation.path)
    mine = Things(world, DOCUMENT, B, phone=B_PHONE)

    for operation in READING:
        names = await mine.named_in(operation.path)
        await world.caught_up()
        # A receipt may need a checkpoint, and those have a rhythm.
        clock.advance(60)
        answer = await ask(world, operation, names, who=B)
        assert answer.status == 200, operation.name
        assert A.encode() not in answer.body, operation.name


async def test_a_wrong_secret_is_told_like_a_key_that_never_was(world: World) -> None:
    prefix, role, key_id, secret = world.keys[A].split("_", 3)
    wrong = "_".join((prefix, role, key_id, never_was(secret)))
    nobodys = "_".join((prefix, role, never_was(key_id), secret))

    answers = [
        told(await world.get("/v1/payments", who=one, headers=_CONVERSATION))
        for one in (wrong, nobodys)
    ]

    assert answers[0] == answers[1]
    assert answers[0].status == 401


async def test_one_merchants_haste_with_a_payer_slows_no_other_down(world: World) -> None:
    wanted = a_payment(payer={"phone": A_PHONE})
    for number in range(12):
        await world.pay(wanted, key=f"hasty-{number}", who=A)

    assert (await world.pay(wanted, key="mine", who=B)).status == 202


def test_a_name_that_nobody_can_make_fails_the_walk() -> None:
    operation = Operation("GET", "/v1/wonders/{wonder_id}", {"parameters": [], "operationId": "x"})

    with pytest.raises(LookupError, match="wonder_id"):
        asyncio.run(Things(None, DOCUMENT, A).named_in(operation.path))  # type: ignore[arg-type]
