"""Limits and outages: what is too much is told to wait, what fails loses nothing."""

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from ledger import sql_dialects
from ledger.errors import StoreUnavailableError
from ledger.memory import MemoryEventStore
from ledger.sentences import Sentence
from tests.api_world import World, a_world, captured_logs, settings_in
from tests.conftest import FakeClock


async def test_one_request_too_many_is_told_to_come_back_but_the_server_is_alive(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_in(tmp_path, requests_concurrent_max=1)
    async with a_world(settings, clock=clock) as world:
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def wait(*_: object, **__: object) -> int:
            begun.set()
            await go_on.wait()
            return 8

        monkeypatch.setattr(world.services.projections, "position", wait)
        first = asyncio.create_task(world.get("/v1/payments"))
        await begun.wait()

        second = await world.get("/v1/payments")
        alive = await world.get("/healthz", who=None)
        go_on.set()

        assert (second.status, second.code, second.headers["Retry-After"]) == (503, "busy", "1")
        assert alive.status == 200
        assert (await first).status == 200


async def test_a_full_append_queue_is_told_and_a_repeat_succeeds(
    tmp_path: Path, clock: FakeClock
) -> None:
    store = MemoryEventStore(clock=clock, queued_max=1)
    async with a_world(settings_in(tmp_path), clock=clock, store=store) as world:
        answers = await asyncio.gather(*(world.pay(key=f"order-{n}") for n in range(40)))
        refused = [n for n, answer in enumerate(answers) if answer.status != 202]
        repeated = [(await world.pay(key=f"order-{n}")).status for n in range(40)]

        assert {(answers[n].status, answers[n].code) for n in refused} <= {(503, "busy")}
        assert repeated == [202] * 40
        assert await store.position() == 8 + 40


async def test_a_body_that_does_not_arrive_is_not_waited_for(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_world(settings_in(tmp_path, body_seconds_max=0.05), clock=clock) as world:
        host, _, port = world.url.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            b"POST /v1/payments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Authorization: Bearer %b\r\nIdempotency-Key: k\r\nContent-Length: 10\r\n\r\n{"
            % world.keys["mer_1"].encode()
        )
        answered = await reader.readuntil(b"\r\n\r\n")
        writer.close()
        await writer.wait_closed()

        assert answered.startswith(b"HTTP/1.1 408 ")


async def test_a_body_sent_in_pieces_is_bounded_too(tmp_path: Path, clock: FakeClock) -> None:
    async def pieces() -> Any:
        for _ in range(100):
            yield b"x" * 1000

    async with a_world(settings_in(tmp_path, body_bytes_max=4096), clock=clock) as world:
        answer = await world.pay(data=pieces(), headers={"Content-Type": "application/json"})

        assert (answer.status, answer.code) == (413, "body_too_large")


@pytest.mark.parametrize(
    ("reason", "status", "code", "seconds"),
    [
        ("The disk is full.", 507, "disk_full", "60"),
        ("The database is read-only.", 503, "store_unavailable", "5"),
        ("The connection to the database was lost.", 503, "store_unavailable", "5"),
    ],
)
async def test_a_store_that_cannot_write_is_told_with_the_remedy_and_loses_nothing(
    world_in_memory: World,
    monkeypatch: pytest.MonkeyPatch,
    reason: str,
    status: int,
    code: str,
    seconds: str,
) -> None:
    world = world_in_memory
    before = await world.services.store.position()

    async def refuse(*_: object, **__: object) -> None:
        raise StoreUnavailableError(Sentence(reason), Sentence("Look at the server."))

    with monkeypatch.context() as patched:
        patched.setattr(world.services.store, "append", refuse)
        answer = await world.pay()
        webhook = await world.ask("POST", "/webhooks/mtn/p/r", data=b"{}")

    assert (answer.status, answer.code, answer.headers["Retry-After"]) == (status, code, seconds)
    assert answer.json["detail"] == f"{reason} Look at the server."
    assert (webhook.status, webhook.code) == (status, code)
    assert await world.services.store.position() == before
    assert (await world.pay()).status == 202


async def test_a_mistake_of_ours_is_told_without_its_text_and_logged(
    world_in_memory: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr(world_in_memory.services.store, "append", fail)

    answer = await world_in_memory.pay()

    assert (answer.status, answer.code, answer.json["category"]) == (500, "internal", "internal")
    assert b"a secret detail" not in answer.body


async def test_a_database_another_program_holds_is_told_and_the_payment_can_be_repeated(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql_dialects, "LOCK_TIMEOUT_SECONDS", 0.2)
    async with a_world(settings_in(tmp_path), clock=clock) as world:
        await world.caught_up()
        intruder = sqlite3.connect(tmp_path / "cauri.db", isolation_level=None)
        intruder.execute("BEGIN IMMEDIATE")
        locked = await world.pay()
        seen = await world.get("/v1/payments")
        intruder.execute("ROLLBACK")
        intruder.close()

        assert (locked.status, locked.code) == (503, "store_unavailable")
        assert seen.status == 200, "reading goes on"
        assert (await world.pay()).status == 202


@pytest.fixture
async def world_in_memory(tmp_path: Path, clock: FakeClock):  # type: ignore[no-untyped-def]
    async with a_world(settings_in(tmp_path), clock=clock, is_in_memory=True) as made:
        yield made


async def test_a_request_leaves_one_line_that_tells_no_secret(
    tmp_path: Path, clock: FakeClock
) -> None:
    with captured_logs("info") as logs:
        async with a_world(settings_in(tmp_path), clock=clock, is_in_memory=True) as world:
            await world.pay(key="a-secret-order", headers={"X-Correlation-Id": "till-7"})
            key = world.keys["mer_1"]
    lines = [json.loads(line) for line in logs.getvalue().splitlines()]
    [line] = [line for line in lines if line["event"] == "http.request"]

    assert line.pop("milliseconds") > 0
    assert line.pop("request_id")
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "http.request",
        "level": "info",
        "method": "POST",
        "route": "/v1/payments",
        "status": 202,
        "code": None,
        "actor": "merchant:mer_1",
        "correlation_id": "till-7",
    }
    for secret in (key, "a-secret-order", "1500", "237650000001"):
        assert secret.encode() not in logs.getvalue()
