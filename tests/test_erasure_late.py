"""What comes after an erasure, or in the middle of one, makes nothing readable again.

Each test has a moment at which the person is forgotten while something else is under way, and then
looks for data keys: a key that exists after that moment is a trace somebody could read.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from adapters.base import Accepted, Due, Pending
from adapters.powers import Prepared
from adapters.recording import Recorder
from adapters.serving import Serving
from adapters.translate import FORGOTTEN, Translator
from api.people_finding import Finding
from ledger.sql_schema import data_keys
from ledger.webhook import stream_of as webhook_stream
from tests.api_world import World, a_world, settings_in
from tests.conftest import FakeClock
from tests.raw_server import RawRequest, answer
from tests.street import a_street
from tests.test_erasure import PHONE, a_paid_one, agree, ask, erased
from tests.test_submissions import HANDLE, PreparingAdapter, ScriptedAdapter
from tests.test_submissions import World as Submitting


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with a_world(settings_in(tmp_path), clock=clock) as made:
        yield made


async def subjects_in(world: World) -> set[str]:
    """Whose data keys exist."""
    async with world.services.database.read() as connection:
        return set((await connection.execute(select(data_keys.c.subject))).scalars())


async def forgotten_while(submitting: Submitting) -> str:
    """Destroy the payer's keys, as another process may at any moment."""
    payer = submitting.vault.person("+237650000001")
    await submitting.vault.erase(payer)
    return payer


async def test_an_acceptance_that_comes_after_an_erasure_makes_no_key() -> None:
    submitting = Submitting()
    await submitting.request()

    async def forget() -> None:
        await forgotten_while(submitting)

    adapter = ScriptedAdapter(Accepted(handle=HANDLE), Pending(), during=forget)
    await submitting.dispatch(adapter)
    await submitting.poll(adapter)

    state = await submitting.state()
    assert (state.status, state.attempts[0].sealed_handle) == ("pending", None)
    assert submitting.store._keys == {}


async def test_what_was_prepared_for_somebody_who_is_gone_is_not_submitted() -> None:
    submitting = Submitting()
    await submitting.request()

    async def forget() -> None:
        await forgotten_while(submitting)

    adapter = PreparingAdapter(Prepared(handle=HANDLE), during=forget)
    await submitting.dispatch(adapter)

    assert adapter.asked == ["prepare pay_1-1"]
    assert await submitting.types() == ["requested", "expired"]
    assert submitting.store._keys == {}


async def test_a_refund_in_the_middle_of_an_erasure_is_refused_and_makes_no_key(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment_id = await a_paid_one(world)
    vault = world.services.vault
    payer = vault.person(PHONE)
    opening = vault.open

    async def open_then_forget(text: str, *, context: str) -> bytes:
        opened = await opening(text, context=context)
        await vault.erase(payer)
        return opened

    monkeypatch.setattr(vault, "open", open_then_forget)
    refused = await world.ask(
        "POST",
        f"/v1/payments/{payment_id}/refunds",
        who="mer_1",
        headers={"Idempotency-Key": "r-1"},
        json={"allow_payout": True},
    )

    assert (refused.status, refused.code) == (409, "not_refundable")
    assert payer not in await subjects_in(world)


async def test_a_refund_is_refused_where_another_process_has_just_destroyed_the_keys(
    world: World,
) -> None:
    payment_id = await a_paid_one(world)
    shown = await world.get(f"/v1/payments/{payment_id}?particulars=true")
    await world.services.store.destroy_subject(world.services.vault.person(PHONE))

    refused = await world.ask(
        "POST",
        f"/v1/payments/{payment_id}/refunds",
        who="mer_1",
        headers={"Idempotency-Key": "r-1"},
        json={"allow_payout": True},
    )

    assert shown.json["is_erased"] is False  # so the key is remembered here
    assert (refused.status, refused.code) == (409, "not_refundable")


async def test_what_an_endpoint_answers_in_the_middle_of_an_erasure_is_not_kept(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_street(tmp_path, clock, patience_seconds=10) as street:
        vault = street.world.services.vault
        payer = vault.person(PHONE)

        async def forget(_request: RawRequest, writer: asyncio.StreamWriter) -> None:
            await vault.erase(payer)
            writer.write(answer(200, b"thanks to " + PHONE.encode()))

        shop = await street.open(mood=forget)
        await street.pay("order-1")
        await street.deliver()

        told = await street.attempts(shop)
        assert [(one.result, one.sealed_answer) for one in told] == [("delivered", None)] * 2
        assert payer not in await subjects_in(street.world)


@pytest.mark.parametrize(
    ("provider", "is_cut_off", "ends"),
    [
        ("mtn", False, ("webhook.understood", None)),
        ("orange", False, ("webhook.orphaned", None)),
        ("mtn", True, ("webhook.understood", FORGOTTEN)),
    ],
)
async def test_a_call_that_comes_late_is_forgotten_however_it_is_read(
    world: World, provider: str, *, is_cut_off: bool, ends: tuple[str, str | None]
) -> None:
    services = world.services
    payment_id = await a_paid_one(world)
    assert (await erased(world)).json["status"] == "erased"
    state, _ = await services.handler.payment(payment_id)
    path = f"/webhooks/{provider}/{payment_id}/{state.attempts[0].reference}"
    body = {"payer": {"partyId": PHONE[1:]}, "status": "SUCCESSFUL", "notif_token": "x"}
    stored = await world.ask("POST", path, who=None, json=body)
    assert stored.status == 200, stored.body
    (received,) = [one for one in await services.store.read(0) if one.type == "webhook.received"]
    webhook_id = received.stream.partition("-")[2]
    assert webhook_id in await subjects_in(world)
    if is_cut_off:  # as by a death between the destruction of the key and the closing
        await services.vault.erase(webhook_id)
    recorder = Recorder(services.handler, services.vault)
    serving = Serving(services.adapters_of, services.default_mode)
    translator = Translator(recorder, services.adapters, serving=serving, clock=services.clock)

    await translator.perform(Due("translate", webhook_id, provider, services.clock(), 1))

    last = (await services.store.read_stream(webhook_stream(webhook_id)))[-1]
    assert last.type == ends[0]
    assert ends[1] is None or getattr(last.event, "effect", None) == ends[1]
    assert webhook_id not in await subjects_in(world)


async def test_who_pays_while_calls_are_searched_is_not_forgotten_in_the_middle_of_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_paid_one(world)
    asked = await ask(world)
    paid: list[str] = []
    searching = Finding._orphans

    async def pay_meanwhile(finding: Finding, number: str) -> tuple[list[str], int]:
        paid.append((await world.pay(key="order-2")).json["id"])
        return await searching(finding, number)

    monkeypatch.setattr(Finding, "_orphans", pay_meanwhile)
    refused = await agree(world, asked.json["id"])

    assert (refused.status, refused.code) == (409, "payments_open")
    assert paid[0] in refused.json["detail"]
    assert (await world.get(f"/v1/payments/{paid[0]}")).json["is_erased"] is False
