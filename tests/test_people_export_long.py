"""An export of any length: nothing is missing, memory does not hold it, half of it is not taken."""

import secrets
import tracemalloc
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import orjson
import pytest

from api.people_export import Telling, telling
from api.people_writing import written_json
from api.streaming import gathered
from ledger.errors import StoreUnavailableError
from ledger.events import ExchangeRecorded
from ledger.exchange import Half, Written, context_of, digest_of, stream_of, write
from ledger.sentences import Sentence
from ledger.sql_schema import data_keys
from ledger.volumes import Volumes
from tests.api_world import CONTEXT, World, a_world, settings_in
from tests.checkout_world import session_of
from tests.conftest import FakeClock
from tests.test_erasure import PHONE, a_paid_one

EXCHANGES = 1_010
BODY_BYTES = 17_000
"""Random bytes, written as twice as many digits: all together 34 MB."""


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with a_world(settings_in(tmp_path), clock=clock) as made:
        yield made


async def wrote(world: World, payment_id: str, count: int) -> list[str]:
    """Put down exchanges about a payment, as the keeper does; what was sent in each."""
    lent = world.services
    beside = (await lent.handler.payment(payment_id))[0].requested.sealed
    volumes, sent = Volumes(lent.store, events_max=300), list[str]()
    for start in range(0, count, 100):
        events = []
        for number in range(start, min(start + 100, count)):
            asked = Half(f"POST /{number} HTTP/1.1", (), secrets.token_hex(BODY_BYTES).encode())
            exchange = Written(secrets.token_bytes(32), asked, None)
            event = ExchangeRecorded(
                provider="mtn",
                payment_id=payment_id,
                power="inquiry",
                method="POST",
                path=f"/{number}",
                result="unknown",
                sent_at=lent.clock(),
                answered_at=lent.clock() + timedelta(seconds=1),
                milliseconds=1000,
                request_sha256=digest_of(exchange.salt, asked),
                request_bytes=len(asked.wire),
                is_whole=False,
                hides="secrets",
                sealed="",
            )
            text = await lent.vault.seal_beside(beside, write(exchange), context=context_of(event))
            events.append(msgspec.structs.replace(event, sealed=text))
            sent.append(asked.wire.decode())
        await volumes.append(stream_of(payment_id), events, context=CONTEXT)
    return sent


async def read_slowly(world: World) -> Telling:
    """An export that reads two rows and eight entries at a time."""
    people = world.services.people
    slow = replace(people, finding=replace(people.finding, page_max=2))
    told = await telling(slow, PHONE, by="an-operator", context=CONTEXT)
    told.entries_max = 8
    return told


async def test_more_than_memory_should_hold_is_told_whole_and_flat(
    world: World, tmp_path: Path
) -> None:
    payments = [await a_paid_one(world, f"order-{number}") for number in range(5)]
    pages = [
        await session_of(world, f"page-{number}", payer={"phone": PHONE}) for number in range(3)
    ]
    for number in range(5):
        body = {"payer": {"partyId": PHONE[1:]}, "number": number}
        await world.ask("POST", "/webhooks/mtn/nobody/knows", who=None, json=body)
    sent = await wrote(world, payments[2], EXCHANGES)
    written = tmp_path / "told.json"

    told = await read_slowly(world)
    tracemalloc.start()
    with written.open("wb") as file:
        async for piece in gathered(written_json(told)):
            file.write(piece)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    content = orjson.loads(written.read_bytes())
    assert written.stat().st_size > 34_000_000
    assert peak_bytes < written.stat().st_size / 10
    assert [one["id"] for one in content["payments"]] == payments[::-1]
    found = [[one["request"] for one in payment["exchanges"]] for payment in content["payments"]]
    assert found == [[], [], sent, [], []]
    assert sorted(one["id"] for one in content["sessions"]) == sorted(pages)
    numbers = [orjson.loads(one["body"])["number"] for one in content["webhooks"]]
    assert sorted(numbers) == list(range(5))
    assert (content["left_out"], told.exchanges_told) == (0, EXCHANGES)


async def test_a_long_one_over_http_is_streamed_and_one_that_breaks_off_is_cut(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment_id = await a_paid_one(world)
    asked: Any = {"who": "operator", "json": {"phone": PHONE}}
    short = await world.ask("POST", "/v1/people/exports", **asked)
    sent = await wrote(world, payment_id, 6)
    long = await world.ask("POST", "/v1/people/exports", **asked)
    long_page = await world.ask("POST", "/v1/people/exports/page", **asked)

    assert "Content-Length" in short.headers
    for one in (long, long_page):
        assert one.headers["Transfer-Encoding"] == "chunked"
        assert one.headers.keys() >= short.headers.keys() - {"Content-Length"}
        assert int(one.headers["Cauri-Position"]) > int(short.headers["Cauri-Position"])
    [payment] = long.json["payments"]
    assert [one["request"] for one in payment["exchanges"]] == sent
    assert long_page.body.endswith(b"</html>")

    full = StoreUnavailableError(Sentence("The disk is full."), Sentence("Free some space."))
    failing: list[Exception] = []

    async def fail(told: Telling) -> AsyncIterator[Any]:
        if told.position:
            raise failing[-1]
        yield

    monkeypatch.setattr(Telling, "erasures", fail)
    for error, path in [(full, ""), (full, "/page"), (ValueError("our mistake"), "")]:
        failing.append(error)
        with pytest.raises(aiohttp.ClientPayloadError, match="not completed"):
            await world.ask("POST", f"/v1/people/exports{path}", **asked)
    failing.append(full)
    monkeypatch.setattr(Telling, "payments", fail)
    refused = await world.ask("POST", "/v1/people/exports", **asked)
    assert (refused.status, refused.code) == (507, "disk_full")


async def test_what_cannot_be_read_any_more_is_counted_and_hides_nothing_else(
    world: World,
) -> None:
    broken, whole = [await a_paid_one(world, f"order-{number}") for number in range(2)]
    await wrote(world, broken, 2)
    call = b'{"payer":{"partyId":"%s"},"note":"\\xff\xff"}' % PHONE[1:].encode()
    await world.ask("POST", "/webhooks/mtn/nobody/knows", who=None, data=call)
    state, _ = await world.services.handler.payment(broken)
    key_id = state.requested.sealed.partition(".")[0]
    # As where somebody wrote to the table of keys: they are there, and are somebody else's.
    async with world.services.database.write() as connection:
        at = data_keys.c.key_id == key_id
        await connection.execute(data_keys.update().where(at).values(subject="another"))
    world.services.vault.forget(state.requested.payer)

    told = await world.ask("POST", "/v1/people/exports", who="operator", json={"phone": PHONE})
    page = await world.ask(
        "POST",
        "/v1/people/exports/page",
        who="operator",
        json={"phone": PHONE},
        headers={"Accept-Language": "fr"},
    )

    assert told.status == 200, told.body
    shown = {
        one["id"]: (one["is_erased"], one["particulars"] is None) for one in told.json["payments"]
    }
    assert shown == {broken: (False, True), whole: (False, False)}
    assert told.json["left_out"] == 3  # the payment's particulars, and both exchanges
    assert [PHONE[1:] in one["body"] for one in told.json["webhooks"]] == [True]
    assert "conservé, mais ne peut plus être lu" in page.body.decode()
    assert "Conservés, mais ne peuvent plus être lus</th><td>3</td>" in page.body.decode()
