"""Forgetting a person over HTTP, on both databases: who may, what stands against it, what stays."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.checkout import news_of
from adapters.moving import order_of
from adapters.recording import Recorder
from api.finishing import Finisher
from api.messages import composer
from api.missing_keys import KeyCount
from api.people_finding import pattern_of
from api.rotation import rotate
from api.settings import Settings
from ledger.checkpoint import Signer
from ledger.events import PersonErasureRequested
from ledger.payment import Status
from ledger.people import ERASURE_HOURS_MAX
from ledger.sql import SqlEventStore
from ledger.sql_guards import unguarded
from ledger.vault import Vault
from ledger.vault_master import MasterKeys
from ledger.verify import verify_log
from tests.api_world import CONTEXT, Answer, World, a_payment, a_world, settings_in
from tests.checkout_world import move, pay, session_of
from tests.conftest import FakeClock
from tests.stage import Stage, a_stage
from tests.test_api_refunds import succeed
from tests.test_receipt import run

PHONE = "+237650000001"
WANTED = {"phone": PHONE, "reason": "asked for by the person, case 114"}


@pytest.fixture(params=["sqlite", "postgresql"])
def changes(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """What settings say of the database, and of the keys that are made beside a file alone."""
    if request.param == "sqlite":
        return {}
    url = request.getfixturevalue("postgres_database")
    signer = Signer.generate(Settings().log_name, secrets.token_bytes)
    (tmp_path / "log.key").write_text(f"{signer.private_text()}\n")
    return {
        "database_url": url,
        "master_key": MasterKeys.generate().text(),
        "signing_key_file": tmp_path / "log.key",
    }


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock, changes: dict[str, Any]) -> AsyncIterator[World]:
    async with a_world(settings_in(tmp_path, **changes), clock=clock) as made:
        yield made


async def ask(world: World, who: str = "operator", **changes: Any) -> Answer:
    return await world.ask("POST", "/v1/people/erasures", who=who, json=WANTED | changes)


async def agree(world: World, erasure_id: str, who: str = "admin") -> Answer:
    return await world.ask("POST", f"/v1/people/erasures/{erasure_id}/approval", who=who)


async def a_paid_one(world: World, key: str = "order-1") -> str:
    payment_id = str((await world.pay(a_payment(description="Bread"), key=key)).json["id"])
    await succeed(world, payment_id)
    return payment_id


async def erased(world: World) -> Answer:
    """Have a person forgotten by two operators."""
    asked = await ask(world)
    assert asked.status == 201, asked.body
    return await agree(world, asked.json["id"])


async def test_a_key_that_is_gone_without_an_erasure_is_missing_and_nobody_was_forgotten(
    world: World,
) -> None:
    payment_id = await a_paid_one(world)
    person = world.services.vault.person(PHONE)
    # As somebody does who writes to the database by hand: the log knows nothing of it.
    await world.services.vault.erase(person)
    assert await unguarded(world.services.database) == []
    shown = await world.get(f"/v1/payments/{payment_id}?particulars=true")
    support = await world.get(f"/v1/payments/{payment_id}/support")
    refused = await world.ask(
        "POST",
        f"/v1/payments/{payment_id}/refunds",
        who="mer_1",
        headers={"Idempotency-Key": "r-1"},
        json={"allow_payout": True},
    )
    assert (shown.json["is_erased"], shown.json["description"]) == (False, None)
    assert support.json["is_erased"] is False
    assert (refused.status, refused.code) == (409, "not_refundable")
    assert "The key is missing, and no erasure is recorded." in refused.json["detail"]
    # The next payment comes with a key; an erasure explains what came before it, and only that.
    second = await a_paid_one(world, "order-2")
    assert (await erased(world)).status == 200
    third = await a_paid_one(world, "order-3")
    assert await keys_missing(world) == {}
    await world.services.vault.erase(person)
    assert await keys_missing(world) == {"payments": 1}
    for one, is_erased in ((payment_id, True), (second, True), (third, False)):
        told = (await world.get(f"/v1/payments/{one}")).json
        assert (told["is_erased"], told["refundable"]) == (is_erased, "0" if is_erased else "1500")


async def keys_missing(world: World) -> dict[str, int]:
    """What `cauri verify` says of data keys that are gone although nobody was forgotten."""
    store = world.services.store
    assert isinstance(store, SqlEventStore)
    keys = KeyCount(store, at=world.services.clock())
    await verify_log(store, lacking=keys.see)
    return keys.found().counts


async def test_two_operators_forget_a_person_and_every_view_says_so(world: World) -> None:
    payment_id = await a_paid_one(world)
    before = await world.get(f"/v1/payments/{payment_id}?particulars=true")
    asked = await ask(world)

    done = await agree(world, asked.json["id"])

    assert (before.json["is_erased"], before.json["description"]) == (False, "Bread")
    assert (asked.status, asked.json["status"]) == (201, "requested")
    assert (done.status, done.json["status"]) == (200, "erased")
    assert done.json["keys_destroyed"] >= 1
    after = await world.get(f"/v1/payments/{payment_id}?particulars=true")
    told = {name: after.json[name] for name in ("is_erased", "description", "metadata", "amount")}
    assert told == {"is_erased": True, "description": None, "metadata": None, "amount": "1500"}
    support = await world.get(f"/v1/payments/{payment_id}/support", who="operator")
    assert (support.status, support.json["is_erased"]) == (200, True)
    refused = await world.ask(
        "POST",
        f"/v1/payments/{payment_id}/refunds",
        who="mer_1",
        headers={"Idempotency-Key": "r-1"},
        json={"allow_payout": True},
    )
    assert (refused.status, refused.code) == (409, "not_refundable")
    await world.caught_up()
    [listed] = (await world.get("/v1/people/erasures", who="admin")).json["erasures"]
    shown = await world.get(f"/v1/people/erasures/{asked.json['id']}", who="operator")
    assert listed == shown.json
    assert shown.json == done.json


async def test_what_remains_in_the_servers_files_is_told_in_the_askers_language_and_kept(
    world: World,
) -> None:
    await a_paid_one(world)
    asked = await ask(world)
    path = f"/v1/people/erasures/{asked.json['id']}"

    done = await agree(world, asked.json["id"])
    french = await world.get(path, who="admin", headers={"Accept-Language": "fr"})

    noted = [one.event for one in await world.services.store.read(0) if "scrubbed" in one.type]
    if world.services.database.kind.name == "sqlite":
        assert (done.json["bytes_left"], french.json["bytes_left"]) == (None, None)
        assert [one.bytes_left for one in noted] == [None]  # type: ignore[attr-defined]
        return
    # The tests' server has its default, which is to recycle.
    assert "wal_recycle is on" in done.json["bytes_left"]
    assert "Set wal_recycle = off" in done.json["bytes_left"]
    assert french.headers["Content-Language"] == "fr"
    assert "wal_recycle est activé" in french.json["bytes_left"]
    assert [one.bytes_left for one in noted] == ["recycled"]  # type: ignore[attr-defined]
    await world.caught_up()
    [listed] = (await world.get("/v1/people/erasures", who="admin")).json["erasures"]
    assert listed["bytes_left"] == done.json["bytes_left"]


async def test_everything_still_verifies_and_is_rebuilt_to_the_same(world: World) -> None:
    await a_paid_one(world)
    receipt = (await world.pay(a_payment(description="Bread"), key="order-1")).body
    store, projections = world.services.store, world.services.projections
    entries = await store.read_raw(0)
    await erased(world)
    await world.caught_up()

    assert (await store.read_raw(0))[: len(entries)] == entries
    assert (await verify_log(store)).size == await store.position()
    for name in projections.names:
        checked = await projections.check(name, store)
        assert checked.live == checked.rebuilt
    assert (await world.pay(a_payment(description="Bread"), key="order-1")).body == receipt


async def test_a_receipt_still_convinces_a_stranger(world: World, tmp_path: Path) -> None:
    payment_id = await a_paid_one(world)
    await world.caught_up()
    before = await world.get(f"/v1/payments/{payment_id}/receipt")
    await erased(world)
    await world.caught_up()

    after = await world.get(f"/v1/payments/{payment_id}/receipt")

    assert (before.status, after.status) == (200, 200), after.body
    keys = (await world.get("/v1/log/keys", who="auditor")).json["keys"]
    for name, receipt in (("before", before), ("after", after)):
        (tmp_path / name).write_bytes(receipt.body)
        done = run(tmp_path, "--key", keys[-1]["key"], name)
        assert (done.returncode, done.stderr) == (0, "")
        assert '"payment.succeeded"' in done.stdout


async def test_the_one_who_asked_cannot_agree_under_another_key_of_his_either(
    world: World, clock: FakeClock
) -> None:
    asked = await ask(world)
    key_id = asked.json["requested_by"]
    for number in (1, 2):  # twice: the two successors share nothing but where they come from
        rotated = await rotate(
            world.services.handler,
            key_id,
            overlap_hours=24,
            now=clock.now,
            default_mode="test",
            context=CONTEXT,
        )
        world.keys[f"successor-{number}"] = rotated.key.text
    again = await ask(world, "successor-1")
    await world.caught_up()

    refused = [
        await agree(world, asked.json["id"], who)
        for who in ("operator", "successor-1", "successor-2")
    ]

    assert again.json["id"] == asked.json["id"]
    assert [(one.status, one.code) for one in refused] == [(409, "command_refused")] * 3
    assert all("cannot be the one who agrees" in one.json["detail"] for one in refused)
    french = await world.ask(
        "POST",
        f"/v1/people/erasures/{asked.json['id']}/approval",
        who="operator",
        headers={"Accept-Language": "fr"},
    )
    assert [one.json["detail"].partition(":")[0].strip() for one in (refused[0], french)] == [
        "Agreeing to this erasure was refused",
        "L'accord à cet effacement a été refusé",
    ]


async def test_who_asked_is_named_by_a_label_to_staff_and_not_to_the_person(world: World) -> None:
    key_id = await world.add_key("awa", "operator", label="Awa, support")
    await world.caught_up()
    asked = await ask(world, "awa")
    await world.caught_up()
    [listed] = (await world.get("/v1/people/erasures", who="admin")).json["erasures"]
    keys = (await world.get("/v1/keys", who="admin")).json["keys"]
    told = await world.ask(
        "POST", "/v1/people/exports", who="admin", json={"phone": WANTED["phone"]}
    )

    for one in (asked.json, listed):
        assert (one["requested_by"], one["requested_by_label"]) == (key_id, "Awa, support")
        assert one["approved_by_label"] is None
    assert [one["label"] for one in keys if one["id"] == key_id] == ["Awa, support"]
    assert [one["requested_by_label"] for one in told.json["erasures"]] == [None]
    assert b"Awa" not in told.body


async def test_money_under_way_stands_against_it_and_is_named(world: World) -> None:
    asked = await ask(world)
    payment_id = (await world.pay()).json["id"]

    refused = [await ask(world), await agree(world, asked.json["id"])]

    for one in refused:
        assert (one.status, one.code) == (409, "payments_open")
        assert f"{payment_id} (requested)" in one.json["detail"]
        assert "Erasure" not in one.json["detail"]
    assert (await world.get(f"/v1/payments/{payment_id}")).json["is_erased"] is False
    await succeed(world, payment_id)
    assert (await agree(world, asked.json["id"])).json["status"] == "erased"


async def test_a_request_nobody_agrees_to_ends_by_itself(world: World, clock: FakeClock) -> None:
    payment_id = await a_paid_one(world)
    asked = await ask(world)
    clock.advance(timedelta(hours=ERASURE_HOURS_MAX).total_seconds())

    refused = await agree(world, asked.json["id"])
    again = await ask(world)
    await world.caught_up()
    finisher = Finisher(world.services.people, world.services.erasures)
    await finisher.finish()

    assert (refused.status, refused.code) == (409, "command_refused")
    assert refused.json["detail"] == (
        "Agreeing to this erasure was refused: nobody agreed within 72 hours."
    )
    assert again.json["id"] != asked.json["id"]
    texts = [
        one.event.sealed
        for one in await world.services.store.read(0)
        if isinstance(one.event, PersonErasureRequested)
    ]
    vault = world.services.vault
    assert [await vault.is_erased(one, afresh=True) for one in texts] == [True, False]
    assert (await world.get(f"/v1/payments/{payment_id}")).json["is_erased"] is False
    first = await world.get(f"/v1/people/erasures/{asked.json['id']}", who="admin")
    assert first.json["status"] == "lapsed"


async def test_who_comes_back_has_the_same_name_and_new_keys(world: World) -> None:
    first = await a_paid_one(world)
    await erased(world)

    second = await a_paid_one(world, "order-2")

    shown = [await world.get(f"/v1/payments/{one}?particulars=true") for one in (first, second)]
    assert [one.json["is_erased"] for one in shown] == [True, False]
    assert [one.json["description"] for one in shown] == [None, "Bread"]
    await world.caught_up()
    found = await world.get("/v1/payments", params={"phone": PHONE})
    assert [one["id"] for one in found.json["payments"]] == [second, first]
    again = await erased(world)
    assert (again.json["status"], again.json["id"][-2:]) == ("erased", "_2")


async def test_an_erasure_that_broke_off_is_finished_by_the_next_approval(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment_id = await a_paid_one(world)
    asked = await ask(world)

    async def break_off(*_: object) -> int:
        raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr(world.services.vault, "erase_unless", break_off)
        people = world.services.people
        with pytest.raises(asyncio.CancelledError):
            await people.approve(asked.json["id"], by="another", context=CONTEXT)
    under_way = await world.get(f"/v1/people/erasures/{asked.json['id']}", who="admin")
    done = await agree(world, asked.json["id"], "operator")

    assert under_way.json["status"] == "approved"
    assert done.json["status"] == "erased"
    assert (await world.get(f"/v1/payments/{payment_id}")).json["is_erased"] is True


@pytest.mark.parametrize("who", ["mer_1", "accountant", "auditor"])
async def test_nobody_but_operators_and_admins_is_asked(world: World, who: str) -> None:
    answers = [
        await ask(world, who),
        await agree(world, "era_1", who),
        await world.get("/v1/people/erasures", who=who),
        await world.ask("POST", "/v1/people/exports", who=who, json={"phone": PHONE}),
    ]

    assert {one.status for one in answers} == {403}


async def test_a_reason_holds_no_number_and_no_answer_does(world: World) -> None:
    refused = await ask(world, reason="forget 650 00 00 01 please")
    asked = await ask(world)

    assert (refused.status, refused.code) == (422, "invalid_request")
    for one in (refused, asked):
        assert b"650000001" not in one.body
        assert b"650 00 00 01" not in one.body


def test_a_number_is_found_as_people_and_programs_write_it_and_not_in_a_longer_one() -> None:
    looked_for = pattern_of(PHONE)
    for text in (
        "650000001",
        '"+237650000001"',
        "tel:00237650000001",
        "650 00 00 01",
        "237-650000001",
    ):
        assert looked_for.search(text), text
    for text in ("6500000012", "1650000001", "9999237650000001", "650000002"):
        assert not looked_for.search(text), text


@pytest.fixture
async def stage(tmp_path: Path, changes: dict[str, Any]) -> AsyncIterator[Stage]:
    async with a_stage(tmp_path, **changes) as made:
        await made.add_key("admin", "admin")
        yield made


async def calls_read(stage: Stage) -> None:
    """Wait until every stored call was understood or is an orphan."""

    async def is_so() -> bool:
        types = [one.type for one in await stage.services.store.read(0)]
        read = types.count("webhook.understood") + types.count("webhook.orphaned")
        return read == types.count("webhook.received") > 0

    await stage.until(is_so)


async def opens(stage: Stage) -> dict[str, bool]:
    """By stored call: whether it can still be opened."""
    people = stage.services.people
    streams = {
        one.stream.partition("-")[2]
        for one in await stage.services.store.read(0)
        if one.type == "webhook.received"
    }
    return {one: await people.finding.opened_call(one) is not None for one in streams}


async def test_calls_that_speak_of_the_person_go_too_also_those_nobody_could_match(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment_id = await stage.request(1)
    other = await stage.request(2)
    await stage.until_status([payment_id, other], Status.SUCCEEDED)
    number = "+237650000101"
    state = await stage.state(payment_id)
    path = f"mtn/{payment_id}/{state.attempts[0].reference}"
    theirs = await stage.state(other)
    elsewhere = f"mtn/{other}/{theirs.attempts[0].reference}"
    party = {"payer": {"partyId": "237650000101"}, "status": "SUCCESSFUL"}
    for where in (path, "mtn/nobody/knows", elsewhere):
        await stage.call_back(where, party if where != elsewhere else {"status": "SUCCESSFUL"})
    await stage.call_back("mtn/nobody/knows", {"payer": {"partyId": "237650000202"}})
    await calls_read(stage)
    before = await opens(stage)
    asked = await ask(stage, phone=number)

    done = await agree(stage, asked.json["id"])

    assert done.json["status"] == "erased", done.body
    stage.services.vault._opening.clear()
    after = await opens(stage)
    assert all(before.values())
    gone = sorted(one for one, is_open in after.items() if not is_open)
    of_theirs = await stage.services.people.finding.find(theirs.requested.payer, None)
    assert len(gone) >= 2
    assert set(of_theirs.webhooks) & set(gone) == set()

    # One that comes late is understood, and forgotten like the others.
    is_forgotten = asyncio.Event()
    erase = stage.services.vault.erase

    async def noted(subject: str) -> int:
        destroyed = await erase(subject)
        is_forgotten.set()
        return destroyed

    monkeypatch.setattr(stage.services.vault, "erase", noted)
    await stage.call_back(path, {**party, "reason": "late"})
    await asyncio.wait_for(is_forgotten.wait(), 10)
    opened = await opens(stage)
    assert [one for one in opened if one not in after and opened[one]] == []


async def test_another_process_lets_go_as_soon_as_it_has_read_of_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment_id = await a_paid_one(world)
    services = world.services
    ring = MasterKeys.from_text(services.vault._master.text())
    elsewhere = Vault(ring, services.store)
    people = replace(services.people, vault=elsewhere)
    has_heard = asyncio.Event()
    forget = services.vault.forget

    def noted(subject: str) -> None:
        forget(subject)
        has_heard.set()

    monkeypatch.setattr(services.vault, "forget", noted)
    before = await world.get(f"/v1/payments/{payment_id}")
    asked = await people.request(PHONE, by="one", reason="asked", context=CONTEXT)
    await people.approve(asked.requested.erasure_id, by="other", context=CONTEXT)
    await asyncio.wait_for(has_heard.wait(), 10)

    after = await world.get(f"/v1/payments/{payment_id}")

    assert [one.json["is_erased"] for one in (before, after)] == [False, True]


async def test_a_checkout_page_stands_against_it_while_open_and_is_forgotten_with_who_paid(
    world: World,
) -> None:
    session_id = await session_of(world)
    payment_id = await pay(world, session_id)
    await move(world, payment_id, "start", "failure")
    open_still = await ask(world)
    shown = await world.get(f"/v1/checkout-sessions/{session_id}")
    again = await pay(world, session_id)
    await move(world, again, "start", "success")
    news = news_of(session_id, (await world.services.handler.payment(again))[0])
    assert news is not None
    await world.services.handler.handle(news, context=CONTEXT)

    done = await erased(world)

    assert (open_still.status, open_still.code) == (409, "payments_open")
    assert f"{session_id} (open)" in open_still.json["detail"]
    assert (shown.json["is_erased"], shown.json["description"]) == (False, "Two chickens")
    assert done.json["status"] == "erased", done.body
    after = await world.get(f"/v1/checkout-sessions/{session_id}")
    assert (after.json["is_erased"], after.json["description"]) == (True, None)
    page = await world.get(f"/checkout/{session_id}", who=None)
    assert page.status == 200
    assert b"Two chickens" not in page.body


async def test_what_was_said_of_who_is_named_goes_with_them_whoever_paid(world: World) -> None:
    named = {"phone": PHONE}
    session_id = await session_of(world, payer=named, metadata={"patient": "Ngo Bassa"})
    payment_id = await pay(world, session_id, "+237650000002")
    state, recorded = await world.services.handler.payment(payment_id)
    services = world.services
    recorder = Recorder(services.handler, services.vault)
    compose = composer(services.vault, services.store, services.adapters, "test")

    async def seen() -> list[tuple[Any, Any]]:
        """What the merchant asks for, what he is sent, and what the provider is to show."""
        shown = (await world.get(f"/v1/payments/{payment_id}?particulars=true")).json
        sent = await compose(state, recorded)
        order = await order_of(recorder, state, "")
        assert (shown["is_erased"], order.phone) == (False, "+237650000002")
        asked = [(one["description"], one["metadata"]) for one in (shown, sent)]
        return [*asked, (order.description, None)]

    before = await seen()
    done = await erased(world)
    after = await seen()

    assert done.json["status"] == "erased", done.body
    said = {"patient": "Ngo Bassa"}
    assert before == [("Two chickens", said), ("Two chickens", said), ("Two chickens", None)]
    assert after == [(None, None), (None, None), ("", None)]


async def test_what_a_merchant_is_told_afterwards_says_so(world: World) -> None:
    payment_id = await a_paid_one(world)
    services = world.services
    compose = composer(services.vault, services.store, services.adapters, "test")
    state, recorded = await services.handler.payment(payment_id)
    before = await compose(state, recorded)

    await erased(world)
    after = await compose(state, recorded)

    named = ("is_erased", "description", "amount")
    assert [before[one] for one in named] == [False, "Bread", "1500"]
    assert [after[one] for one in named] == [True, None, "1500"]
