"""Exchanges over HTTP and on the command line: who sees what, and that looking leaves a trace."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import msgspec
import pytest

from api.exchanges import Kept, exchanges_of, open_one
from ledger.events import ExchangeOpened, ExchangeRecorded
from ledger.exchange import opened_stream_of
from tests.api_world import CONTEXT, Answer, World, a_payment, a_world, settings_in
from tests.conftest import FakeClock
from tests.forked import forked
from tests.test_api_french import english_in, in_both, texts_of
from tests.things import Things


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with a_world(settings_in(tmp_path), clock=clock) as made:
        yield made


async def an_exchange(world: World) -> tuple[str, str]:
    """A payment, and an exchange about it: the path of the list, and the exchange's name."""
    payment_id = str((await world.pay(a_payment())).json["id"])
    things = Things(world, {"paths": {}}, "mer_1")
    return f"/v1/payments/{payment_id}/exchanges", await things._exchange(payment_id)


async def test_a_merchant_sees_that_a_provider_was_asked_and_never_the_bytes(world: World) -> None:
    path, name = await an_exchange(world)
    listed = await world.get(path)
    shown = listed.json["exchanges"]
    assert (listed.status, len(shown), listed.json["next_after"]) == (200, 3, None)
    assert {one["result"] for one in shown} == {"not_sent"}
    assert (
        shown[0]
        | {
            "exchange": int(name),
            "provider": "mtn",
            "reference": "a-reference",
            "method": "GET",
            "status": None,
            "sent_at": "2026-03-01T12:00:00Z",
            "answer_sha256": None,
        }
        == shown[0]
    )
    assert "sealed" not in listed.body.decode()
    page = (await world.get(f"{path}?limit=2")).json
    rest = (await world.get(f"{path}?limit=2&after={page['next_after']}")).json
    assert page["exchanges"] + rest["exchanges"] == shown
    answers = {
        who: (await world.get(path, who=who)).status
        for who in ("mer_2", "accountant", "auditor", "operator", "admin")
    }
    assert answers == {
        "mer_2": 404,
        "accountant": 403,
        "auditor": 200,
        "operator": 200,
        "admin": 200,
    }
    opened = {
        who: (await world.get(f"{path}/{name}", who=who)).status
        for who in ("mer_1", "mer_2", "accountant", "auditor", "operator", "admin")
    }
    assert opened == {
        "mer_1": 403,
        "mer_2": 403,
        "accountant": 403,
        "auditor": 200,
        "operator": 200,
        "admin": 403,
    }


async def test_whoever_looks_stands_in_the_log_before_anything_is_shown(world: World) -> None:
    path, name = await an_exchange(world)
    shown = await world.get(f"{path}/{name}", who="auditor")
    await world.get(f"{path}/{name}", who="operator")
    payment_id = path.split("/")[3]
    looked = await world.services.store.read_stream(opened_stream_of(payment_id))
    events = [one.event for one in looked if isinstance(one.event, ExchangeOpened)]
    assert [(one.payment_id, one.exchange) for one in events] == [(payment_id, int(name))] * 2
    assert [one.actor for one in looked] == [one.opener for one in events]
    assert len({one.opener for one in events}) == 2
    assert shown.json["position"] == looked[0].position
    assert (shown.json["hashes_agree"], shown.json["is_erased"]) == (True, False)
    request = shown.json["request"]
    assert request["line"] == "GET / HTTP/1.1"
    assert {"name": "User-Agent", "value": "cauri"} in request["headers"]
    assert (base64.b64decode(request["body_base64"]), shown.json["answer"]) == (b"", None)
    assert request["salt_and_bytes_sha256"] == shown.json["summary"]["request_sha256"]


async def opened_by_auditor(world: World, path: str, headers: dict[str, str]) -> Answer:
    """Ask for the bytes of one."""
    return await world.get(path, who="auditor", headers=headers)


async def test_what_is_no_exchange_of_the_payment_is_not_found_in_both_languages(
    world: World,
) -> None:
    path, name = await an_exchange(world)
    for wrong in ("1", f"0{name}", str(int(name) + 1000), "x"):
        english, french = await in_both(partial(opened_by_auditor, world, f"{path}/{wrong}"))
        assert (english.status, english.code) == (404, "unknown_payment")
        assert [one for one in texts_of(french) if english_in(one)] == []
    payment_id = path.split("/")[3]
    assert await world.services.store.read_stream(opened_stream_of(payment_id)) == []


async def test_a_hash_that_does_not_agree_is_said(world: World, clock: FakeClock) -> None:
    path, _ = await an_exchange(world)
    store, vault = world.services.store, world.services.vault
    kept = (await exchanges_of(store, path.split("/")[3]))[0]
    told = kept.parts[0].event
    assert isinstance(told, ExchangeRecorded)
    # Bound to its hash, the sealed text does not open under another one.
    for changes in ({"request_sha256": "0" * 64}, {"sealed": told.sealed[:-4] + "AAAA"}):
        forged = Kept((kept.parts[0]._replace(event=msgspec.structs.replace(told, **changes)),))
        opened = await open_one(store, vault, forged, context=CONTEXT, clock=clock)
        assert (opened.hashes_agree, opened.is_erased, opened.request) == (False, False, None)
    forged = Kept(
        (kept.parts[0]._replace(event=msgspec.structs.replace(told, answer_sha256="0" * 64)),)
    )
    opened = await open_one(store, vault, forged, context=CONTEXT, clock=clock)
    assert opened.hashes_agree is False


async def test_the_command_line_lists_them_and_opens_them_as_curl_would(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_world(settings_in(tmp_path), clock=clock) as world:
        path, name = await an_exchange(world)
        payment_id = path.split("/")[3]
        state, _ = await world.services.handler.payment(payment_id)
        database = ("--database", str(tmp_path / "cauri.db"))

        async def said(*options: str) -> str:
            told = await asyncio.to_thread(
                forked, "payments", "exchanges", payment_id, *options, *database
            )
            assert (told.status, told.err) == (0, "")
            return told.out

        table, listed = await said(), json.loads(await said("--json"))
        before = await world.services.store.position()
        printed = await said("--open")
        traced = await world.services.store.read(before)
        as_json = json.loads(await said("--open", "--json"))
        await world.services.vault.erase(state.requested.payer)
        missing = await asyncio.to_thread(
            forked, "payments", "exchanges", payment_id, "--open", *database
        )
        verified = await asyncio.to_thread(forked, "verify", *database)
    assert name in table
    assert [one["exchange"] for one in listed] == [one["summary"]["exchange"] for one in as_json]
    lines = printed.splitlines()
    assert lines[0].startswith(f"* exchange {name}, 2026-03-01 12:00:00 UTC, mtn, other:")
    assert lines[1] == "> GET / HTTP/1.1"
    assert "> User-Agent: cauri" in lines
    assert sum(one.endswith(" ms; the hashes in the log agree") for one in lines) == 3
    assert [(one.type, one.actor) for one in traced] == [("exchange.opened", "cli")] * 3
    # Nobody was forgotten: the key was taken away behind the log's back.
    assert "> GET" not in missing.out
    assert listed[0]["request_sha256"] in missing.out
    assert (missing.status, "no erasure is recorded" in missing.out) == (1, True)
    assert "was erased" not in missing.out
    assert verified.status == 1
    assert verified.out.startswith("NOT VERIFIED: payments whose data key is missing: 1, ")
