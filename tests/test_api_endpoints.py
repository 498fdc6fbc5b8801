"""Endpoints over HTTP: added, shown, listed, switched, and nobody else's business."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.notify.merchants import answer_context
from api import endpoints
from ledger.commands_endpoint import AddEndpoint, RecordDelivery
from ledger.identity import new_endpoint_id
from ledger.notices import NOTICE_TYPES
from tests.api_world import CONTEXT, Answer, World, a_payment, a_world, settings_in
from tests.builders import NOW
from tests.conftest import FakeClock
from tests.test_api_payments import paid

URL = "https://shop.example/hooks"


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    settings = settings_in(tmp_path, endpoints_per_merchant_max=3)
    async with a_world(settings, clock=clock, is_in_memory=True) as made:
        yield made


async def post(world: World, path: str = "", content: Any = None, who: str = "mer_1") -> Answer:
    """Ask for something about endpoints."""
    return await world.ask("POST", f"/v1/webhook-endpoints{path}", who=who, json=content)


async def add(world: World, who: str = "mer_1", **content: Any) -> str:
    """Add an endpoint; its id."""
    answer = await post(world, content={"url": URL, **content}, who=who)
    assert answer.status == 201, answer.body
    return str(answer.json["id"])


async def show(world: World, endpoint_id: str, who: str = "mer_1") -> Any:
    """Show an endpoint."""
    return (await world.get(f"/v1/webhook-endpoints/{endpoint_id}", who=who)).json


async def attempt(
    world: World,
    message: Any,
    *,
    is_delivered: bool,
    number: int = 1,
    sealed_answer: str | None = None,
    retry_at: datetime | None = None,
) -> None:
    """Record that a message was sent."""
    endpoint_id, about = message["id"].split(".")[:2]
    await world.services.handler.handle(
        RecordDelivery(
            endpoint_id=endpoint_id,
            payment_id=message["payment_id"],
            position=int(about),
            attempt=number,
            is_delivered=is_delivered,
            status=200 if is_delivered else 500,
            reason="status 200" if is_delivered else "status 500",
            latency_ms=7,
            sealed_answer=sealed_answer,
            retry_at=retry_at,
        ),
        context=CONTEXT,
    )


async def messages(world: World, endpoint_id: str, query: str = "") -> list[Any]:
    """List messages, as of now."""
    position = await world.services.store.position()
    path = f"/v1/webhook-endpoints/{endpoint_id}/messages?min_position={position}{query}"
    return list((await world.get(path)).json["messages"])


async def test_an_endpoint_is_added_and_its_secrets_are_shown_this_once(
    world: World, clock: FakeClock
) -> None:
    answer = await post(world, content={"url": URL, "types": ["payment.succeeded"]})
    added = answer.json
    assert answer.headers["Location"] == f"/v1/webhook-endpoints/{added['id']}"
    assert (added["secret"][:6], added["public_key"][:5]) == ("whsec_", "whpk_")
    shown = await world.get(f"/v1/webhook-endpoints/{added['id']}")
    assert shown.json == {
        "id": added["id"],
        "mode": "test",
        "url": URL,
        "types": ["payment.succeeded"],
        "description": None,
        "is_enabled": True,
        "is_deleted": False,
        "reason": None,
        "public_key": added["public_key"],
        "former_until": None,
        "messages": {},
        "waiting_since": None,
        "next_attempt_at": None,
        "created_at": "2026-03-01T12:00:00Z",
    }
    assert added["secret"].encode() not in shown.body


async def test_two_endpoints_share_no_secret(world: World) -> None:
    first, second = [await post(world, content={"url": URL}) for _ in range(2)]
    assert first.json["secret"] != second.json["secret"]
    assert first.json["public_key"] != second.json["public_key"]


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/",
        "https://127.0.0.1/",
        "http://127.0.0.1:8080/",
        "https://localhost/",
        "https://me:secret@shop.example/",
        "https://169.254.169.254/",
        "https://2130706433/",
        "nonsense",
    ],
)
async def test_an_address_that_cannot_be_called_is_refused_at_once(world: World, url: str) -> None:
    answer = await post(world, content={"url": url})
    assert (answer.status, answer.code) == (422, "invalid_request")
    (place,) = answer.json["errors"]
    assert place["pointer"] == "/url"
    assert b"secret" not in answer.body


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"url": 1},
        {"url": ""},
        {"url": f"https://shop.example/{'a' * 1000}"},
        {"url": URL, "types": ["payment.lost"]},
        {"url": URL, "types": "payment.succeeded"},
        {"url": URL, "description": "x" * 161},
        {"url": URL, "secret": "whsec_mine"},
    ],
)
async def test_what_is_no_endpoint_is_refused(world: World, content: Any) -> None:
    answer = await post(world, content=content)
    assert (answer.status, answer.code) == (422, "invalid_request")


async def test_every_type_of_message_may_be_chosen_and_none_twice(world: World) -> None:
    endpoint_id = await add(world, types=[*NOTICE_TYPES])
    assert (await show(world, endpoint_id))["types"] == list(NOTICE_TYPES)


async def test_a_merchant_has_only_so_many_endpoints_at_once(world: World) -> None:
    ids = [await add(world) for _ in range(3)]
    refused = await post(world, content={"url": URL})
    assert (refused.status, refused.code) == (409, "too_many_endpoints")
    await add(world, who="mer_2")
    assert (await post(world, f"/{ids[0]}/disable")).status == 200
    await add(world)
    again = await post(world, f"/{ids[0]}/enable")
    assert (again.status, again.code) == (409, "too_many_endpoints")
    assert (await post(world, f"/{ids[1]}/enable")).status == 200


async def test_a_merchant_adds_only_so_many_endpoints_ever(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoints, "ENDPOINTS_EVER_MAX", 2)
    for _ in range(2):
        assert (await post(world, f"/{await add(world)}/disable")).status == 200
    refused = await post(world, content={"url": URL})
    assert (refused.status, refused.code) == (409, "too_many_endpoints")


async def test_endpoints_are_listed_in_the_order_they_were_added(world: World) -> None:
    ids = [await add(world, description=f"shop {number}") for number in range(2)]
    await add(world, who="mer_2")
    position = await world.services.store.position()
    listed = await world.get(f"/v1/webhook-endpoints?min_position={position}")
    assert [one["id"] for one in listed.json["endpoints"]] == ids
    assert listed.json["endpoints"][1] == await show(world, ids[1])
    assert listed.json["position"] == position


async def test_an_endpoint_is_switched_off_and_on_and_says_why(world: World) -> None:
    endpoint_id = await add(world)
    for _ in range(2):
        off = (await post(world, f"/{endpoint_id}/disable")).json
        assert (off["is_enabled"], off["reason"]) == (False, "its merchant disabled it")
    on = (await post(world, f"/{endpoint_id}/enable")).json
    assert (on["is_enabled"], on["reason"]) == (True, None)


async def test_an_endpoint_is_changed_and_what_is_left_out_stays(world: World) -> None:
    added = await post(world, content={"url": URL, "types": ["payment.failed"]})
    endpoint_id = added.json["id"]
    elsewhere = {"url": "https://shop.example/elsewhere"}
    moved = await post(world, f"/{endpoint_id}", elsewhere)
    assert (moved.status, moved.json["url"]) == (200, elsewhere["url"])
    assert (moved.json["types"], moved.json["public_key"]) == (
        ["payment.failed"],
        added.json["public_key"],
    )
    assert elsewhere["url"].encode() not in b"".join(
        [one.entry for one in await world.services.store.read_stream(f"endpoint-{endpoint_id}")]
    )
    position = await world.services.store.position()
    for again in (elsewhere, {}, {"types": ["payment.failed", "payment.failed"]}):
        assert (await post(world, f"/{endpoint_id}", again)).status == 200
    assert await world.services.store.position() == position

    turned = (await post(world, f"/{endpoint_id}", {"types": [], "description": "two"})).json
    assert (turned["types"], turned["description"]) == ([], "two")
    rotated = await post(world, f"/{endpoint_id}/rotate", {})
    shown = await show(world, endpoint_id)
    assert (shown["url"], shown["public_key"]) == (elsewhere["url"], rotated.json["public_key"])


@pytest.mark.parametrize(
    "url",
    ["http://shop.example/", "https://10.0.0.1/", "https://[::1]/", "https://u:p@shop.example"],
)
async def test_a_new_address_is_judged_as_the_first_one_was(world: World, url: str) -> None:
    endpoint_id = await add(world)
    answer = await post(world, f"/{endpoint_id}", {"url": url})
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert answer.json["errors"][0]["pointer"] == "/url"
    assert (await show(world, endpoint_id))["url"] == URL


async def test_a_deleted_endpoint_leaves_room_and_its_history(world: World) -> None:
    first, *_ = [await add(world) for _ in range(3)]
    payment_id = (await world.pay()).json["id"]
    await paid(world, payment_id)
    assert (await post(world, content={"url": URL})).code == "too_many_endpoints"

    gone = await post(world, f"/{first}/delete")
    again = await post(world, f"/{first}/delete")

    assert (gone.status, gone.json["is_deleted"], gone.json["is_enabled"]) == (200, True, False)
    assert (again.status, again.headers["Cauri-Position"]) == (200, gone.headers["Cauri-Position"])
    assert await add(world)
    position = await world.services.store.position()
    listed = await world.get(f"/v1/webhook-endpoints?min_position={position}")
    assert first not in {one["id"] for one in listed.json["endpoints"]}
    assert {one["state"] for one in await messages(world, first)} == {"parked"}
    assert (await show(world, first))["reason"] == "the endpoint was deleted"
    for path, content in (
        ("/enable", None),
        ("/rotate", {}),
        ("/replay", {}),
        ("", {"url": URL}),
        ("", {"types": ["payment.failed"]}),
    ):
        answer = await post(world, f"/{first}{path}", content)
        assert (answer.status, answer.code) == (409, "command_refused")


async def test_a_message_is_shown_with_its_attempts_and_what_the_endpoint_answered(
    world: World,
) -> None:
    endpoint_id = await add(world)
    payment_id = (await world.pay()).json["id"]
    await paid(world, payment_id)
    newest, oldest = await messages(world, endpoint_id)
    context = answer_context(endpoint_id, oldest["about"], 1)
    state, _ = await world.services.handler.payment(payment_id)
    vault, beside = world.services.vault, state.requested.sealed
    sealed = await vault.seal_beside(beside, b"Sorry, caf\xc3", context=context)
    later = NOW + timedelta(seconds=30)
    await attempt(world, oldest, is_delivered=False, sealed_answer=sealed, retry_at=later)
    await attempt(world, oldest, is_delivered=True, number=2)
    position = await world.services.store.position()

    async def shown(message_id: str, who: str = "mer_1") -> Any:
        path = f"/v1/webhook-endpoints/{endpoint_id}/messages/{message_id}"
        return await world.get(f"{path}?min_position={position}", who=who)

    answer = await shown(oldest["id"])
    made = {"is_delivered": False, "status": 500, "reason": "status 500", "latency_ms": 7}
    assert answer.status == 200, answer.body
    assert answer.json["attempts_made"] == [
        {
            "number": 1,
            "at": "2026-03-01T12:00:00Z",
            **made,
            "answer": "Sorry, caf\ufffd",
            "next_attempt_at": "2026-03-01T12:00:30Z",
        },
        {
            "number": 2,
            "at": "2026-03-01T12:00:00Z",
            **made,
            "is_delivered": True,
            "status": 200,
            "reason": "status 200",
            "answer": None,
            "next_attempt_at": None,
        },
    ]
    assert (answer.json["state"], answer.json["attempts"]) == ("delivered", 2)
    assert (await shown(newest["id"])).json["attempts_made"] == []
    operators = (await shown(oldest["id"], "operator")).json
    assert [one["answer"] for one in operators["attempts_made"]] == [None, None]
    assert (await shown(oldest["id"], "auditor")).status == 403
    other = await add(world)
    for unknown in (f"{endpoint_id}.1", f"{other}.{oldest['about']}", "x", "%00"):
        refused = await shown(unknown)
        assert (refused.status, refused.code) == (404, "unknown_message")


async def test_secrets_are_replaced_and_the_former_ones_end_some_time(
    world: World, clock: FakeClock
) -> None:
    first = await post(world, content={"url": URL})
    endpoint_id = first.json["id"]
    until = (clock() + timedelta(hours=24)).strftime("%Y-%m-%dT%H:%M:%SZ")
    second = await post(world, f"/{endpoint_id}/rotate", {})
    assert (second.status, second.json["former_until"]) == (200, until)
    assert second.json["secret"] != first.json["secret"]
    shown = await show(world, endpoint_id)
    assert (shown["public_key"], shown["former_until"]) == (second.json["public_key"], until)
    assert shown["url"] == URL
    third = await post(world, f"/{endpoint_id}/rotate", {"overlap_hours": 0})
    assert third.json["former_until"] == "2026-03-01T12:00:00Z"


async def test_messages_are_listed_newest_first_and_page_by_page(world: World) -> None:
    endpoint_id = await add(world)
    payment_id = (await world.pay()).json["id"]
    await paid(world, payment_id)
    newest, oldest = await messages(world, endpoint_id)
    assert oldest == {
        "id": f"{endpoint_id}.{oldest['about']}",
        "type": "payment.pending",
        "payment_id": payment_id,
        "about": oldest["about"],
        "state": "waiting",
        "attempts": 0,
        "status": None,
        "reason": None,
        "latency_ms": None,
        "next_attempt_at": "2026-03-01T12:00:00Z",
        "created_at": "2026-03-01T12:00:00Z",
        "updated_at": "2026-03-01T12:00:00Z",
    }
    assert (newest["type"], newest["next_attempt_at"]) == ("payment.succeeded", None)
    page = await world.get(f"/v1/webhook-endpoints/{endpoint_id}/messages?limit=1")
    assert (page.json["messages"], page.json["next_after"]) == ([newest], newest["about"])
    rest = await messages(world, endpoint_id, f"&after={newest['about']}")
    assert rest == [oldest]
    assert await messages(world, endpoint_id, "&state=parked") == []
    assert await messages(world, endpoint_id, f"&payment_id={payment_id}") == [newest, oldest]
    assert await messages(world, endpoint_id, "&payment_id=pay_none") == []
    assert (await show(world, endpoint_id))["messages"] == {"waiting": 2}


async def test_one_message_or_all_that_are_parked_are_replayed(world: World) -> None:
    endpoint_id = await add(world)
    for name in ("one", "two"):
        answer = await world.pay(a_payment(), key=name)
        await paid(world, answer.json["id"])
    listed = await messages(world, endpoint_id)
    await attempt(world, listed[3], is_delivered=False)
    await attempt(world, listed[1], is_delivered=False)
    await attempt(world, listed[2], is_delivered=True)
    parked = await messages(world, endpoint_id, "&state=parked")
    assert [one["about"] for one in parked] == [listed[1]["about"], listed[3]["about"]]

    answer = await post(world, f"/{endpoint_id}/replay", {})
    assert (answer.status, answer.json["replayed"], answer.json["waiting"]) == (202, 2, 3)
    assert answer.headers["Cauri-Position"] == str(answer.json["position"])
    assert await messages(world, endpoint_id, "&state=parked") == []
    assert (await post(world, f"/{endpoint_id}/replay", {})).json["replayed"] == 0

    delivered = listed[2]["id"]
    answer = await post(world, f"/{endpoint_id}/replay", {"message_id": delivered})
    assert answer.json["replayed"] == 1
    again = {one["id"]: one for one in await messages(world, endpoint_id)}[delivered]
    assert (again["state"], again["attempts"]) == ("waiting", 1)


async def test_what_waits_for_a_later_try_is_sent_now_and_the_rest_follows_in_order(
    world: World, clock: FakeClock
) -> None:
    endpoint_id = await add(world)
    for name in ("one", "two"):
        await paid(world, (await world.pay(a_payment(), key=name)).json["id"])
    newer, first_newer, older, first = await messages(world, endpoint_id)
    later = NOW + timedelta(hours=14)
    for one in (first, first_newer):
        await attempt(world, one, is_delivered=False, retry_at=later)
    clock.now += timedelta(minutes=5)
    await world.caught_up()
    shown = await show(world, endpoint_id)
    assert (shown["messages"], shown["waiting_since"]) == ({"waiting": 4}, "2026-03-01T12:00:00Z")
    assert shown["next_attempt_at"] == "2026-03-02T02:00:00Z"

    # One that another one must come before brings that along, and nothing else.
    answer = await post(world, f"/{endpoint_id}/replay", {"message_id": older["id"]})
    assert (answer.json["replayed"], answer.json["waiting"]) == (2, 4)
    times = {one["id"]: one["next_attempt_at"] for one in await messages(world, endpoint_id)}
    now = "2026-03-01T12:05:00Z"
    late = "2026-03-02T02:00:00Z"
    assert [times[one["id"]] for one in (first, older, first_newer, newer)] == [
        *(now, None, late, None)
    ]

    # All: what is on its way already is left alone, however often somebody asks.
    answers = [await post(world, f"/{endpoint_id}/replay", {}) for _ in range(2)]
    assert [(one.json["replayed"], one.json["waiting"]) for one in answers] == [(1, 4), (0, 4)]
    times = {one["id"]: one["next_attempt_at"] for one in await messages(world, endpoint_id)}
    assert [times[one["id"]] for one in (first, older, first_newer, newer)] == [
        *(now, None, now, None)
    ]
    assert (await show(world, endpoint_id))["next_attempt_at"] == now


async def test_what_cannot_be_replayed_is_refused(world: World) -> None:
    endpoint_id, other = await add(world), await add(world)
    await paid(world, (await world.pay()).json["id"])
    (message, _) = await messages(world, other)
    for wrong in ("x", message["id"], f"{endpoint_id}.1", f"{endpoint_id}.99999999"):
        answer = await post(world, f"/{endpoint_id}/replay", {"message_id": wrong})
        assert (answer.status, answer.code) == (422, "invalid_request")
        assert answer.json["errors"][0]["pointer"] == "/message_id"
    await post(world, f"/{other}/disable")
    answer = await post(world, f"/{other}/replay", {"message_id": message["id"]})
    assert (answer.status, answer.code) == (409, "command_refused")


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [
        ("GET", "", None),
        ("GET", "/messages", None),
        ("GET", "/messages/we_1.7", None),
        ("POST", "", {}),
        ("POST", "/delete", None),
        ("POST", "/rotate", {}),
        ("POST", "/disable", None),
        ("POST", "/enable", None),
        ("POST", "/replay", {}),
    ],
)
async def test_anothers_endpoint_is_answered_like_one_that_does_not_exist(
    world: World, method: str, path: str, content: Any
) -> None:
    own = await add(world)
    before = await world.services.store.position()
    answers = [
        await world.ask(
            method, f"/v1/webhook-endpoints/{endpoint_id}{path}", who="mer_2", json=content
        )
        for endpoint_id in (own, own[:-1] + ("a" if own[-1] != "a" else "b"), "we_1", "pay_1")
    ]
    assert {(one.status, one.code) for one in answers} == {(404, "unknown_endpoint")}
    assert len({one.json["detail"] for one in answers}) == 1
    assert len({str(one.json["errors"]) for one in answers}) == 1
    assert await world.services.store.position() == before
    assert (await show(world, own))["is_enabled"] is True


async def test_an_endpoint_for_what_is_real_does_not_exist_for_a_test_key(world: World) -> None:
    added = AddEndpoint(
        endpoint_id=new_endpoint_id(bytes(16)),
        merchant_id="mer_1",
        mode="live",
        types=(),
        description=None,
        sealed="sealed",
    )
    await world.services.handler.handle(added, context=CONTEXT)
    own = await add(world)
    position = await world.services.store.position()
    listed = await world.get(f"/v1/webhook-endpoints?min_position={position}")
    assert [one["id"] for one in listed.json["endpoints"]] == [own]
    answer = await world.get(f"/v1/webhook-endpoints/{added.endpoint_id}")
    assert (answer.status, answer.code) == (404, "unknown_endpoint")


@pytest.mark.parametrize("who", ["operator", "admin"])
async def test_who_cares_for_the_ledger_sees_no_address_and_may_switch_and_replay(
    world: World, who: str
) -> None:
    endpoint_id = await add(world)
    shown = await show(world, endpoint_id, who)
    assert (shown["url"], shown["is_enabled"]) == (None, True)
    for path in ("disable", "enable", "replay"):
        answer = await post(world, f"/{endpoint_id}/{path}", {}, who)
        assert answer.status in {200, 202}
    for path in ("/rotate", "/delete", ""):
        assert (await post(world, f"/{endpoint_id}{path}", {}, who)).status == 403
    assert (await post(world, content={"url": URL}, who=who)).status == 403
