"""Webhooks: judged, stored as they came, answered; what they mean is not the door's business."""

import base64
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from adapters.base import Accepted, Verdict, WebhookCall
from adapters.powers import AnswersCalls, Reply
from adapters.providers.orange import OrangeAdapter
from adapters.recording import Recorder
from ledger import commands
from ledger.entry import RecordedEvent
from ledger.events import WebhookReceived
from tests.api_world import CONTEXT, ORANGE_PHONE, World, a_payment, a_world, settings_in
from tests.conftest import FakeClock

TOKEN = "dd497bda3b250e536186fc0663f32f40"
REFERENCE = "ORDER1"


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    settings = settings_in(tmp_path, webhook_body_bytes_max=2048)
    async with a_world(settings, clock=clock) as made:
        yield made


async def an_orange_payment(world: World) -> str:
    """A payment that Orange has accepted and given a token for; its id."""
    payment_id = str((await world.pay(a_payment(payer={"phone": ORANGE_PHONE}))).json["id"])
    services = world.services
    handler, clock = services.handler, services.clock
    await handler.handle(
        commands.StartSubmission(
            payment_id=payment_id, provider="orange", reference=REFERENCE, inquire_at=clock()
        ),
        context=CONTEXT,
    )
    state, recorded = await handler.payment(payment_id)
    await (
        Recorder(handler, services.vault)
        .about(recorded, actor="test")
        .confirm(
            state,
            REFERENCE,
            Accepted(handle={"pay_token": "p"}, webhook_token=TOKEN),
            clock(),
        )
    )
    return payment_id


async def stored(world: World) -> list[RecordedEvent]:
    return [
        one for one in await world.services.store.read(0) if isinstance(one.event, WebhookReceived)
    ]


def notification(token: str = TOKEN) -> dict[str, str]:
    return {"status": "SUCCESS", "notif_token": token, "txnid": "MP150709.1341.A00073"}


async def test_a_call_with_the_payments_token_is_stored_as_authenticated(world: World) -> None:
    payment_id = await an_orange_payment(world)

    answer = await world.ask(
        "POST", f"/webhooks/orange/{payment_id}/{REFERENCE}", json=notification()
    )

    [recorded] = await stored(world)
    event: Any = recorded.event
    assert (answer.status, answer.json) == (200, {"status": "stored"})
    assert (event.provider, event.payment_id, event.verdict) == (
        "orange",
        payment_id,
        "authenticated",
    )
    assert recorded.actor == "provider:orange"


async def test_a_call_with_a_wrong_token_is_turned_away_and_kept_nowhere(world: World) -> None:
    payment_id = await an_orange_payment(world)
    before = await world.services.store.position()

    answer = await world.ask(
        "POST", f"/webhooks/orange/{payment_id}/{REFERENCE}", json=notification("0" * 32)
    )

    assert (answer.status, answer.code) == (401, "webhook_refused")
    assert await world.services.store.position() == before


async def test_what_is_stored_is_the_call_as_it_came_sealed_and_without_credentials(
    world: World,
) -> None:
    payment_id = (await world.pay()).json["id"]
    body = b'{"externalId": "%b", "status" : "SUCCESSFUL"}' % payment_id.encode()

    await world.ask(
        "PUT",
        f"/webhooks/mtn/{payment_id}/ref-1?x=1",
        data=body,
        headers={"Authorization": "Basic c2VjcmV0", "Cookie": "a=b", "X-Reference-Id": "ref-1"},
    )

    [recorded] = await stored(world)
    event: Any = recorded.event
    webhook_id = recorded.stream.removeprefix("webhook-")
    opened = orjson.loads(await world.services.vault.open(event.sealed, context=webhook_id))
    headers = {name.lower(): value for name, value in opened.pop("headers").items()}
    assert opened == {
        "method": "PUT",
        "path": [payment_id, "ref-1"],
        "body": base64.b64encode(body).decode(),
    }
    assert headers["x-reference-id"] == "ref-1"
    assert not {"authorization", "cookie"} & headers.keys()
    assert (event.verdict, event.payment_id) == ("unsigned", payment_id)
    assert body not in recorded.entry


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_a_repeat_is_answered_alike_and_stored_once(world: World, method: str) -> None:
    payment_id = (await world.pay()).json["id"]
    answers = [
        await world.ask(method, f"/webhooks/mtn/{payment_id}/ref-1", json={"status": "FAILED"})
        for _ in range(3)
    ]

    assert [(answer.status, answer.body) for answer in answers] == [
        (200, b'{"status":"stored"}')
    ] * 3
    assert len(await stored(world)) == 1


async def test_the_same_bytes_about_another_payment_are_another_call(world: World) -> None:
    for payment_id in ("pay_" + "a" * 26, "pay_" + "b" * 26):
        await world.ask("POST", f"/webhooks/mtn/{payment_id}/ref", json={"status": "FAILED"})

    assert len(await stored(world)) == 2


@pytest.mark.parametrize("body", [b"", b"{broken", b"\xff\x00\xfe", b"<html></html>"])
async def test_a_body_nobody_can_read_is_kept_all_the_same(world: World, body: bytes) -> None:
    answer = await world.ask("POST", "/webhooks/mtn/pay_unknown/ref", data=body)

    assert answer.status == 200
    assert len(await stored(world)) == 1


@pytest.mark.parametrize(
    "tail", ["", "pay_x", "pay_x/ref/", "//pay_x//ref", "pay_x/ref/and/more", "%00/%2F"]
)
async def test_the_paths_tail_is_read_tolerantly(world: World, tail: str) -> None:
    answer = await world.ask("POST", f"/webhooks/mtn/{tail}", json={"externalId": "x"})

    assert answer.status == 200


async def test_only_what_looks_like_a_payments_id_is_kept_in_clear(world: World) -> None:
    await world.ask("POST", "/webhooks/mtn/237650000001/ref", json={})

    [recorded] = await stored(world)
    event: Any = recorded.event
    assert event.payment_id is None
    assert b"237650000001" not in recorded.entry


@pytest.mark.parametrize(
    ("path", "size", "status", "code"),
    [
        ("/webhooks/mpesa/pay_x/ref", 10, 404, "unknown_provider"),
        ("/webhooks/mtn/" + "a/" * 20, 10, 404, "not_found"),
        ("/webhooks/mtn/" + "a" * 500, 10, 404, "not_found"),
        ("/webhooks/mtn/pay_x/ref", 2049, 413, "body_too_large"),
    ],
)
async def test_what_is_no_callback_of_ours_or_too_much_is_turned_away(
    world: World, path: str, size: int, status: int, code: str
) -> None:
    before = await world.services.store.position()

    answer = await world.ask("POST", path, data=b"x" * size)

    assert (answer.status, answer.code) == (status, code)
    assert await world.services.store.position() == before


async def test_the_largest_body_fits_into_an_entry(tmp_path: Path, clock: FakeClock) -> None:
    settings = settings_in(tmp_path, webhook_body_bytes_max=32_768)
    async with a_world(settings, clock=clock, is_in_memory=True) as world:
        headers = {f"X-Header-{number}": "v" * 500 for number in range(30)}

        answer = await world.ask(
            "POST", "/webhooks/mtn/" + "a" * 400, data=b"\xff" * 32_768, headers=headers
        )

        assert answer.status == 200


async def test_a_call_that_comes_before_we_know_the_token_proves_nothing(world: World) -> None:
    payment_id = (await world.pay(a_payment(payer={"phone": ORANGE_PHONE}))).json["id"]

    answer = await world.ask("POST", f"/webhooks/orange/{payment_id}/X", json=notification())

    kept = [one.event for one in await stored(world)]
    assert answer.status in {200, 401}
    assert "authenticated" not in [getattr(event, "verdict", None) for event in kept]


class AskedAdapter(OrangeAdapter):
    """One that is answered in a form of its own, and knows its provider by a word in the path."""

    def authenticate(
        self, call: WebhookCall, is_token: Callable[[str], bool] | None, now: datetime
    ) -> Verdict:
        return "authenticated" if call.path[:1] == ("word",) else "refused"

    def reply(self, call: WebhookCall, verdict: Verdict) -> Reply:
        return Reply(
            404 if call.path[-1] == "nobody" else 200, {"asked": call.method, "v": verdict}
        )


@pytest.fixture
async def asked_world(world: World) -> World:
    adapters: Any = world.services.adapters
    await adapters["orange"].close()
    adapters["orange"].__class__ = AskedAdapter
    assert isinstance(adapters["orange"], AnswersCalls)
    assert not isinstance(adapters["mtn"], AnswersCalls)
    return world


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_what_its_adapter_says_is_answered_once_the_call_is_stored(
    asked_world: World, method: str
) -> None:
    answers = [
        await asked_world.ask(method, "/webhooks/orange/word/quotes", json={"a": 1})
        for _ in range(2)
    ]

    [recorded] = await stored(asked_world)
    event: Any = recorded.event
    said = {"asked": method, "v": "authenticated"}
    assert [(one.status, one.json) for one in answers] == [(200, said)] * 2
    assert answers[0].headers["Cauri-Position"] == str(recorded.position)
    assert event.verdict == "authenticated"


async def test_a_question_is_answered_and_stored_nowhere(asked_world: World) -> None:
    before = await asked_world.services.store.position()

    answers = [
        await asked_world.get(f"/webhooks/orange/word/parties/{who}", who=None)
        for who in ("us", "nobody")
    ]

    said = {"asked": "GET", "v": "authenticated"}
    assert [(one.status, one.json) for one in answers] == [(200, said), (404, said)]
    assert await asked_world.services.store.position() == before


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/webhooks/orange/other/parties/us", 401, "webhook_refused"),
        ("/webhooks/orange/", 401, "webhook_refused"),
        ("/webhooks/mtn/pay_x/ref", 405, "method_not_allowed"),
        ("/webhooks/mpesa/pay_x/ref", 404, "unknown_provider"),
        ("/webhooks/orange/word/" + "a/" * 20, 404, "not_found"),
    ],
)
async def test_who_may_not_ask_is_told_nothing(
    asked_world: World, path: str, status: int, code: str
) -> None:
    answer = await asked_world.get(path, who=None)

    assert (answer.status, answer.code) == (status, code)
