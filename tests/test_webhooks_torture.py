"""Webhooks under torture: days of trouble at merchants' endpoints, and what they have heard then.

Time is virtual, everything else is real: the server, the database, the sockets, the signatures.
"""

import asyncio
import json
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from adapters.notify.merchants import RETRY_SECONDS, endpoint_subject
from api.wiring import utc_now
from ledger import events
from tests.api_world import captured_logs
from tests.conftest import FakeClock
from tests.forked import forked
from tests.raw_server import RawRequest, RawServer, answer, answering, hang_up, reset, silence
from tests.shop import FINE, Shop, verifies
from tests.street import PATIENCE_SECONDS, Street, a_street
from tests.test_secrecy import files_of, found

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
GONE = answering(answer(410, b"closed"))
BROKEN = answering(answer(500, b"out of order"))


def by_turns(*moods: Any) -> Any:
    """Behave in one way, then in the next, and so on from the beginning."""
    calls = [0]

    async def behave(request: RawRequest, writer: asyncio.StreamWriter) -> None:
        mood = moods[calls[0] % len(moods)]
        calls[0] += 1
        await mood(request, writer)

    return behave


async def check_told(street: Street, shop: Shop, payments: list[str]) -> None:
    """A shop that is fine by now has heard everything, of each payment in order, and verified."""
    for payment_id in payments:
        assert shop.positions_of(payment_id) == await street.noticed(payment_id)
    for request, heard in zip(shop.requests, shop.heard, strict=True):
        assert verifies(request, shop.secret, shop.public_key, heard.at)
    delivered = [one for one in await street.attempts(shop) if one.result == "delivered"]
    told = [(one.payment_id, one.position) for one in delivered]
    assert len(told) == len(set(told)) == 2 * len(payments)
    # No message went out before the one before it was delivered.
    ends = {one: number for number, one in enumerate(told)}
    for payment_id in payments:
        first, second = await street.noticed(payment_id)
        assert ends[payment_id, first] < ends[payment_id, second]


async def test_every_endpoint_hears_everything_in_order_whatever_happened_to_it(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with RawServer(FINE) as inside, a_street(tmp_path, clock) as street:
        away = answering(answer(302, b"", f"Location: {inside.url}/admin"))
        fine = await street.open()
        moods = {
            "down": by_turns(reset, hang_up),
            "slow": silence,
            "flapping": by_turns(BROKEN, FINE, reset),
            "redirecting": away,
            "busy": by_turns(answering(answer(503)), answering(answer(429)), FINE),
        }
        shops = {name: await street.open(mood=mood) for name, mood in moods.items()}
        gone = await street.open(mood=GONE)
        payments = []
        for number in range(5):
            payments.append(await street.pay(f"order-{number}"))
            await street.deliver(HOUR)
            if number == 1:
                shops["slow"].mood = FINE
        for name in ("down", "redirecting"):
            assert {one.result for one in await street.attempts(shops[name])} == {"failed"}
            shops[name].mood = FINE
        await street.deliver(DAY)

        for shop in (fine, *shops.values()):
            await check_told(street, shop, payments)
        assert len(fine.heard) == 2 * len(payments)
        assert inside.requests == []

        # Every call is an event; where the machine was slow, a call was given up unheard.
        for shop in street.shops:
            recorded = Counter(one.position for one in await street.attempts(shop))
            assert Counter(one.position for one in shop.heard) <= recorded
        slow = [one for one in await street.attempts(shops["slow"]) if one.result == "failed"]
        assert {(one.status, one.reason) for one in slow} == {
            (None, f"no answer within {PATIENCE_SECONDS:g} seconds")
        }
        assert min(one.latency_ms for one in slow) >= PATIENCE_SECONDS * 1000
        redirected = [one for one in await street.attempts(shops["redirecting"]) if one.status]
        assert redirected[0].reason == "status 302: redirects are not followed"
        assert {one.status for one in await street.attempts(shops["busy"])} >= {503, 429, 200}

        # The one that is gone was asked once for each payment that waited, and is disabled.
        assert {one.status for one in await street.attempts(gone)} == {410}
        assert len(gone.heard) == 1
        shown = await street.world.get(f"/v1/webhook-endpoints/{gone.id}")
        assert (shown.json["is_enabled"], shown.json["reason"]) == (
            False,
            "it answered 410: it is gone",
        )
        assert shown.json["messages"] == {"parked": 2 * len(payments)}
        assert (await street.deliveries.messages(endpoint_id=gone.id, state="waiting")) == []


async def test_after_three_days_a_message_is_parked_and_replayed_over_http_and_from_a_terminal(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_street(tmp_path, clock) as street:
        shop = await street.open(mood=BROKEN)
        began = clock()
        payment_id = await street.pay("order-1")
        first, second = await street.noticed(payment_id)
        await street.deliver(3 * DAY - timedelta(seconds=1))
        assert {one.position for one in shop.heard} == {first}
        await street.deliver(timedelta(seconds=2))

        attempts = await street.attempts(shop)
        own = [one for one in shop.heard if one.position == first]
        pauses = [(later.at - one.at).total_seconds() for one, later in pairwise(own)]
        assert pauses == list(RETRY_SECONDS)
        assert own[-1].at - began == 3 * DAY
        assert [one.attempt for one in attempts if one.position == first] == list(range(1, 16))
        assert {one.id for one in own} == {f"{shop.id}.{first}"}
        parked = await street.log(events.DeliveryParked)
        assert [(one.position, one.reason) for one in parked] == [(first, "status 500")]
        # The next one has its own three days, and is parked as well.
        await street.deliver(4 * DAY)
        assert await street.deliveries.counts(shop.id) == {"parked": 2}
        listed = await street.world.get(f"/v1/webhook-endpoints/{shop.id}/messages?state=parked")
        assert [(one["about"], one["attempts"]) for one in listed.json["messages"]] == [
            (second, 15),
            (first, 15),
        ]

        # Replayed while it is still broken, it is tried as long again; and then it is heard.
        before = len(shop.heard)
        answered = await street.post(f"/{shop.id}/replay", {})
        assert (answered.status, answered.json["replayed"]) == (202, 2)
        await street.deliver(HOUR)
        again = shop.heard[before:]
        assert [(later.at - one.at).total_seconds() for one, later in pairwise(again)] == list(
            RETRY_SECONDS[: len(again) - 1]
        )
        assert {one.position for one in again} == {first}
        shop.mood = FINE
        await street.deliver(HOUR)
        assert await street.deliveries.counts(shop.id) == {"delivered": 2}
        assert shop.heard[-1].id == f"{shop.id}.{second}"

        # One more time, from a terminal, though it was delivered.
        await street.world.caught_up()
        told = len(shop.heard)
        database = str(tmp_path / "cauri.db")
        message = f"{shop.id}.{first}"
        said = await terminal(
            "webhooks", "replay", shop.id, "--message", message, "--database", database
        )
        assert said == "messages sent now: 1\n"
        # The terminal has the machine's clock, which is ahead of the story or behind it.
        clock.now = max(clock(), utc_now())
        await street.deliver()
        assert [one.id for one in shop.heard[told:]] == [message]
        rows = json.loads(
            await terminal("webhooks", "list", shop.id, "--database", database, "--json")
        )
        assert [(one["message"], one["state"]) for one in rows] == [
            (f"{shop.id}.{second}", "delivered"),
            (message, "delivered"),
        ]


async def terminal(*arguments: str) -> str:
    """Run a command beside the server; what it says."""
    said = await asyncio.to_thread(forked, *arguments)
    assert (said.status, said.err) == (0, "")
    return said.out


async def test_a_secret_is_rotated_in_the_middle_and_both_verify_meanwhile(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_street(tmp_path, clock) as street:
        shop = await street.open()
        former = (shop.secret, shop.public_key)
        await street.pay("before")
        await street.deliver(HOUR)
        answered = await street.post(f"/{shop.id}/rotate", {"overlap_hours": 24})
        new = (answered.json["secret"], answered.json["public_key"])
        assert answered.json["former_until"] == (clock() + DAY).isoformat().replace("+00:00", "Z")
        await street.pay("meanwhile")
        await street.deliver(23 * HOUR)
        await street.pay("meanwhile, an hour before the end")
        await street.deliver(HOUR)
        await street.pay("after")
        await street.deliver(HOUR)

        verified = [
            (verifies(request, *former, heard.at), verifies(request, *new, heard.at))
            for request, heard in zip(shop.requests, shop.heard, strict=True)
        ]
        assert verified == [(True, False)] * 2 + [(True, True)] * 4 + [(False, True)] * 2


async def test_rotating_without_an_overlap_ends_the_former_secret_at_once(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_street(tmp_path, clock) as street:
        shop = await street.open()
        answered = await street.post(f"/{shop.id}/rotate", {"overlap_hours": 0})
        await street.pay("after")
        await street.deliver()
        new = (answered.json["secret"], answered.json["public_key"])
        assert [
            (verifies(one, shop.secret, shop.public_key, clock()), verifies(one, *new, clock()))
            for one in shop.requests
        ] == [(False, True)] * 2


async def test_who_dies_between_the_call_and_its_record_tells_twice_and_records_once(
    tmp_path: Path, clock: FakeClock
) -> None:
    came = asyncio.Event()

    async def hear_and_wait(request: RawRequest, writer: asyncio.StreamWriter) -> None:
        came.set()
        await silence(request, writer)

    async with a_street(tmp_path, clock) as street:
        shop = await street.open(mood=hear_and_wait)
        payment_id = await street.pay("order-1")
        (due,) = await street.leased()
        dying = asyncio.create_task(street.perform(due))
        await came.wait()
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
        assert await street.attempts(shop) == []
        assert await street.leased() == []
        shop.mood = FINE
        await street.deliver(HOUR)
        assert [one.position for one in shop.heard] == [
            due.position,
            *await street.noticed(payment_id),
        ]
        assert len({one.id for one in shop.heard[:2]}) == 1
        assert [one.attempt for one in await street.attempts(shop)] == [1, 1]


async def test_two_that_tell_the_same_at_once_record_it_once(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_street(tmp_path, clock) as street:
        shop = await street.open(mood=by_turns(BROKEN, BROKEN, FINE))
        await street.pay("order-1")
        (due,) = await street.leased()
        await asyncio.gather(*[street.perform(due) for _ in range(2)])
        assert len(shop.heard) == 2
        (attempt,) = await street.attempts(shop)
        assert (attempt.attempt, attempt.result) == (1, "failed")


async def test_an_endpoint_that_is_enabled_again_hears_what_comes_and_the_rest_on_demand(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_street(tmp_path, clock) as street:
        shop = await street.open(mood=BROKEN)
        first = await street.pay("order-1")
        await street.deliver()
        assert (await street.post(f"/{shop.id}/disable", None)).json["is_enabled"] is False
        second = await street.pay("order-2")
        await street.deliver(DAY)
        refused = await street.post(f"/{shop.id}/replay", {})
        assert (refused.status, refused.code) == (409, "command_refused")
        assert len(shop.heard) == 1
        shop.mood = FINE
        assert (await street.post(f"/{shop.id}/enable", None)).json["is_enabled"] is True
        third = await street.pay("order-3")
        await street.deliver(HOUR)
        assert [one.payment_id for one in shop.heard[1:]] == [third, third]
        answered = await street.post(f"/{shop.id}/replay", {})
        assert answered.json["replayed"] == 4
        await street.deliver(HOUR)
        for payment_id in (first, second, third):
            assert shop.positions_of(payment_id) == await street.noticed(payment_id)
        assert await street.deliveries.counts(shop.id) == {"delivered": 6}


async def test_what_is_told_is_what_the_merchant_may_read_as_of_that_event(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_street(tmp_path, clock) as street:
        shop = await street.open()
        payment_id = await street.pay("order-1")
        await street.deliver()
        for heard in shop.heard:
            # What people read is in the language that the payment was asked in: French, unsaid.
            read = await street.world.get(
                f"/v1/payments/{payment_id}?as_of={heard.position}",
                headers={"Accept-Language": "fr"},
            )
            differing = {
                name
                for name in {*read.json, *heard.content["data"]}
                if read.json.get(name) != heard.content["data"].get(name)
            }
            assert differing <= {"position"}
        assert [one.content["data"]["status"] for one in shop.heard] == ["pending", "succeeded"]
        assert set(shop.heard[0].content) == {"type", "timestamp", "position", "data"}


async def test_no_secret_no_address_and_no_answer_stays_in_clear(
    tmp_path: Path, clock: FakeClock
) -> None:
    indiscreet = "the payer 650000001 owes us, says token-0123456789"
    with captured_logs() as logs:
        async with a_street(tmp_path, clock) as street:
            shop = await street.open(
                mood=by_turns(answering(answer(500, indiscreet.encode())), silence, FINE)
            )
            rotated = await street.post(f"/{shop.id}/rotate", {})
            token = "letmein-0123456789"
            await street.post("", {"url": f"http://127.0.0.1:9/{token}"})
            await street.post("", {"url": f"https://me:{token}@shop.example/"})
            await street.pay("order-1")
            await street.deliver(HOUR)
            (first, *_) = await street.attempts(shop)
            context = f"{shop.id}/{first.position}/1"
            assert first.sealed_answer is not None
            opened = await street.world.services.vault.open(first.sealed_answer, context=context)
            assert opened == indiscreet.encode()
            sealed = (await street.world.services.handler.endpoint(shop.id))[0].sealed
            kept = json.loads(
                await street.world.services.vault.open(sealed, context=endpoint_subject(shop.id))
            )
            hidden = {
                "the answer": indiscreet,
                "the answer's number": "650000001",
                "a word in an address": token,
                "the address": shop.url,
                "the secret": shop.secret,
                "the new secret": rotated.json["secret"],
                **{f"private key {n}": pair[1] for n, pair in enumerate(kept["pairs"])},
            }
            places = {f"{name}, while running": held for name, held in files_of(tmp_path).items()}
        places |= files_of(tmp_path) | {"log lines": logs.getvalue()}
    assert len(places["cauri.db-wal, while running"]) > 10_000
    assert found(hidden, places) == []


async def test_an_endpoint_whose_keys_are_missing_is_not_called_and_tried_again(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_street(tmp_path, clock) as street:
        shop = await street.open()
        await street.world.services.vault.erase(endpoint_subject(shop.id))
        await street.pay("order-1")
        await street.deliver()
        assert shop.heard == []
        (attempt,) = await street.attempts(shop)
        assert attempt.reason == "the data key of the endpoint's address and secrets is missing"
        assert attempt.retry_at is not None
        shown = await street.world.get(f"/v1/webhook-endpoints/{shop.id}")
        assert (shown.json["url"], shown.json["public_key"]) == (None, None)


async def test_a_message_that_is_too_large_is_told_without_the_payment(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.notify.merchants.BODY_BYTES_MAX", 500)
    async with a_street(tmp_path, clock) as street:
        shop = await street.open()
        payment_id = await street.pay("order-1")
        await street.deliver()
        assert [one.content["data"] for one in shop.heard] == [
            {"id": payment_id, "is_cut": True}
        ] * 2


async def test_days_of_trouble_leave_a_projection_that_a_rebuild_confirms(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_street(tmp_path, clock) as street:
        shops = [await street.open(mood=mood) for mood in (FINE, BROKEN, by_turns(reset, FINE))]
        for number in range(4):
            await street.pay(f"order-{number}")
            await street.deliver(6 * HOUR)
        await street.post(f"/{shops[1].id}/disable", None)
        await street.world.caught_up()
        services = street.world.services
        checked = await services.projections.check("deliveries", services.store)
        assert checked.live == checked.rebuilt
        counted: Counter[str] = Counter()
        for shop in shops:
            counted.update(await street.deliveries.counts(shop.id))
        assert counted == {"delivered": 16, "parked": 8}


async def test_a_merchant_who_has_mended_a_server_is_told_at_once_and_in_order(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with a_street(tmp_path, clock) as street:
        shop = await street.open(mood=BROKEN)
        payments = [await street.pay(f"order-{number}") for number in range(3)]
        await street.deliver(DAY)
        assert {one.result for one in await street.attempts(shop)} == {"failed"}
        shop.mood = FINE
        mended_at = clock.now
        answers = await asyncio.gather(*[street.post(f"/{shop.id}/replay", {}) for _ in range(2)])
        await street.deliver()
        assert clock.now == mended_at
        assert max(one.json["replayed"] for one in answers) == 3
        assert {one.json["waiting"] for one in answers} == {6}
        await check_told(street, shop, payments)
        again = await street.post(f"/{shop.id}/replay", {})
        assert (again.json["replayed"], again.json["waiting"]) == (0, 0)
