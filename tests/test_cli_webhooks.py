"""`cauri webhooks`: what merchants are told, from a terminal beside the server."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.conftest import FakeClock
from tests.forked import Said, forked
from tests.raw_server import answer, answering
from tests.shop import verifies
from tests.street import a_street


async def said(folder: Path, *arguments: str) -> Said:
    """Run a command over the database in a folder."""
    database = str(folder / "cauri.db")
    return await asyncio.to_thread(forked, "webhooks", *arguments, "--database", database)


async def listed(folder: Path, *arguments: str) -> list[Any]:
    """What a list says to programs."""
    told = await said(folder, "list", *arguments, "--json")
    assert (told.status, told.err) == (0, "")
    return list(json.loads(told.out))


async def test_endpoints_and_messages_are_listed_and_no_address_is_shown(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_street(tmp_path, clock) as street:
        assert (await said(tmp_path, "list")).out == "there are none\n"
        fine = await street.open()
        broken = await street.open(mood=answering(answer(410)))
        await street.pay("order-1")
        await street.deliver()
        counts = {"waiting": 0, "withdrawn": 0, "waiting since": None, "next attempt": None}
        added = {"merchant": "mer_1", "mode": "test", "added": "2026-03-01T12:00:00.000000Z"}
        assert await listed(tmp_path) == [
            {"endpoint": fine.id, "state": "enabled", "delivered": 2, "parked": 0} | counts | added,
            {"endpoint": broken.id, "state": "disabled", "delivered": 0, "parked": 2}
            | counts
            | added,
        ]
        assert await listed(tmp_path, "--merchant", "mer_2") == []
        assert len(await listed(tmp_path, "--limit", "1")) == 1
        rows = await listed(tmp_path, fine.id, "--state", "delivered")
        assert [(one["type"], one["attempts"], one["last answer"]) for one in rows] == [
            ("payment.succeeded", 1, "status 200"),
            ("payment.pending", 1, "status 200"),
        ]
        assert await listed(tmp_path, fine.id, "--state", "parked") == []
        table = await said(tmp_path, "list", broken.id)
        assert (table.status, "payment.pending" in table.out) == (0, True)
        assert fine.url not in (await said(tmp_path, "list")).out


async def test_what_cannot_be_listed_or_replayed_is_refused_in_a_sentence(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_street(tmp_path, clock) as street:
        shop = await street.open(mood=answering(answer(410)))
        payment_id = await street.pay("order-1")
        await street.deliver()
        first, _ = await street.noticed(payment_id)
        for verb in ("replay", "test"):
            off = await said(tmp_path, verb, shop.id)
            assert (off.status, off.err) == (1, "error: the endpoint is disabled.\n")
        await street.post(f"/{shop.id}/enable", None)
        unknown = await said(tmp_path, "replay", shop.id, "--message", f"{shop.id}.1")
        assert (unknown.status, unknown.out) == (2, "")
        assert "no such message" in unknown.err
        tested = await said(tmp_path, "test", shop.id, "--json")
        message = json.loads(tested.out)["message_id"]
        (sent,) = [one for one in await listed(tmp_path, shop.id) if one["message"] == message]
        assert (sent["type"], sent["payment"]) == ("endpoint.test", None)
        for verb in ("list", "replay", "test"):
            nobody = await said(tmp_path, verb, "we_none")
            assert (nobody.status, "there is no endpoint" in nobody.err) == (1, True)
        told = await said(tmp_path, "replay", shop.id, "--json")
        assert json.loads(told.out) == {"endpoint_id": shop.id, "replayed": 2}
        rows = await listed(tmp_path, shop.id)
        assert {one["state"] for one in rows} == {"waiting"}
        assert rows[-1]["message"] == f"{shop.id}.{first}"


async def test_a_message_is_shown_with_its_attempts_and_nothing_of_what_was_answered(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_street(tmp_path, clock) as street:
        shop = await street.open(mood=answering(answer(500, b"a word of theirs")))
        payment_id = await street.pay("order-1")
        await street.deliver(timedelta(seconds=10))
        first, _ = await street.noticed(payment_id)
        told = await said(tmp_path, "show", f"{shop.id}.{first}", "--json")
        shown = json.loads(told.out)
        assert (shown["state"], shown["payment_id"]) == ("waiting", payment_id)
        assert [(one["number"], one["status"], one["at"]) for one in shown["attempts_made"]] == [
            (1, 500, "2026-03-01T12:00:00Z"),
            (2, 500, "2026-03-01T12:00:05Z"),
        ]
        table = (await said(tmp_path, "show", f"{shop.id}.{first}")).out
        assert "2026-03-01 12:00:05 UTC" in table
        assert "a word of theirs" not in told.out + table
        unknown = await said(tmp_path, "show", f"{shop.id}.1")
        assert (unknown.status, "no such message" in unknown.err) == (2, True)


async def test_what_waits_goes_to_the_new_address_and_nothing_to_a_deleted_endpoint(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_street(tmp_path, clock) as street:
        moved = await street.open(mood=answering(answer(500)))
        leaving = await street.open(mood=answering(answer(500)))
        elsewhere = await street.open()
        await street.post(f"/{elsewhere.id}/delete", None)
        payment_id = await street.pay("order-1")
        await street.deliver()
        before = [len(one.heard) for one in (moved, leaving)]
        due = await street.leased()
        answer_moved = await street.post(f"/{moved.id}", {"url": elsewhere.url})
        assert answer_moved.status == 200
        await street.post(f"/{leaving.id}/delete", None)
        for one in due:
            await street.perform(one)
        await street.deliver(timedelta(days=4))
        assert [len(one.heard) for one in (moved, leaving)] == before
        assert elsewhere.positions_of(payment_id) == await street.noticed(payment_id)
        for request, heard in zip(elsewhere.requests, elsewhere.heard, strict=True):
            assert verifies(request, moved.secret, moved.public_key, heard.at)
        rows = await listed(tmp_path, leaving.id)
        assert {one["state"] for one in rows} == {"parked"}
