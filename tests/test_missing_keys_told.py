"""Where only a key is missing, nobody is called forgotten, and nothing of theirs is destroyed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from adapters.base import Due
from adapters.recording import Recorder
from adapters.serving import Serving
from adapters.translate import Translator
from api.messages import composer
from ledger.events import WebhookReceived
from ledger.forgotten import KEY_LOST
from ledger.sql_schema import data_keys
from tests.api_world import World, a_world, settings_in
from tests.checkout_world import pay, session_of
from tests.conftest import FakeClock
from tests.test_api_refunds import succeed
from tests.test_erasure import PHONE
from tests.test_submissions import ScriptedAdapter
from tests.test_submissions import a_world as submitting


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with a_world(settings_in(tmp_path), clock=clock) as made:
        yield made


async def lose_keys(world: World) -> None:
    """Take every data key away behind the log's back."""
    services = world.services
    async with services.database.read() as connection:
        subjects = list((await connection.execute(select(data_keys.c.subject))).scalars())
    await services.vault.erase_all(subjects)


async def translate(world: World, webhook_id: str) -> str:
    """Read a stored call; what its stream ends with."""
    services = world.services
    recorder = Recorder(services.handler, services.vault)
    serving = Serving(services.adapters_of, services.default_mode)
    translator = Translator(recorder, services.adapters, serving=serving, clock=services.clock)
    await translator.perform(Due("translate", webhook_id, "mtn", services.clock(), 1))
    return (await services.store.read_stream(f"webhook-{webhook_id}"))[-1].type


async def test_a_session_a_message_and_an_export_say_that_it_cannot_be_read_and_not_forgotten(
    world: World,
) -> None:
    services = world.services
    session_id = await session_of(world, payer={"phone": PHONE}, metadata={"who": "Aminata"})
    payment_id = await pay(world, session_id, PHONE)
    await succeed(world, payment_id)
    state, recorded = await services.handler.payment(payment_id)
    path = f"/webhooks/mtn/{payment_id}/{state.attempts[0].reference}"
    stored = await world.ask("PUT", path, who=None, json={"status": "SUCCESSFUL"})
    assert stored.status == 200, stored.body
    compose = composer(services.vault, services.store, services.adapters, "test")
    wanted = {"phone": PHONE}

    async def seen() -> list[tuple[bool, bool]]:
        """Of the session, the message and each part of the export: erased, and told."""
        session = (await world.get(f"/v1/checkout-sessions/{session_id}")).json
        sent = await compose(state, recorded)
        told = await world.ask("POST", "/v1/people/exports", who="operator", json=wanted)
        assert told.status == 200, told.body
        parts = [*told.json["payments"], *told.json["sessions"]]
        (call,) = told.json["webhooks"]
        left_out.append(told.json["left_out"])
        return [
            (session["is_erased"], session["description"] is not None),
            (bool(sent["is_erased"]), sent["description"] is not None),
            *((one["is_erased"], one["particulars"] is not None) for one in parts),
            (call["is_erased"], call["body"] is not None),
        ]

    left_out: list[int] = []
    before = await seen()
    await lose_keys(world)
    after = await seen()
    page = await world.get(f"/checkout/{session_id}", who=None)

    assert before == [(False, True)] * 5
    assert after == [(False, False)] * 5
    # The payment, of the session both what it names and all else, and the call.
    assert left_out == [0, 4]
    assert (page.status, b"Aminata" in page.body) == (200, False)


async def test_a_call_about_who_was_not_forgotten_is_never_destroyed(world: World) -> None:
    services = world.services
    payment_id = str((await world.pay()).json["id"])
    await succeed(world, payment_id)
    state, _ = await services.handler.payment(payment_id)
    await services.vault.erase(state.requested.payer)
    path = f"/webhooks/mtn/{payment_id}/{state.attempts[0].reference}"
    await world.ask("PUT", path, who=None, json={"status": "SUCCESSFUL"})
    (received,) = [one for one in await services.store.read(0) if one.type == "webhook.received"]
    webhook_id = received.stream.partition("-")[2]
    assert isinstance(received.event, WebhookReceived)

    assert await translate(world, webhook_id) == "webhook.understood"
    assert await services.vault.open(received.event.sealed, context=webhook_id)


async def test_a_payment_whose_key_is_missing_is_given_up_and_says_why() -> None:
    world = await submitting()
    await world.vault.erase((await world.state()).requested.payer)
    await world.dispatch(ScriptedAdapter())
    assert ((await world.types())[-1], (await world.state()).note) == ("expired", KEY_LOST)
