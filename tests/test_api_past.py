"""Both times over HTTP: what was known by then, of what moved when."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api import past
from ledger import commands
from ledger.evidence import Source, Word
from tests.api_world import CONTEXT, World, a_world, settings_in
from tests.builders import a_word
from tests.conftest import FakeClock
from tests.test_api_payments import paid

MARCH, APRIL = "2026-03-31T18:00:00Z", "2026-04-02T00:00:00Z"


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with a_world(settings_in(tmp_path), clock=clock) as made:
        yield made


async def statement(world: World, payment_id: str, word: Word) -> None:
    """The operator's statement comes, and says otherwise."""
    state, _ = await world.services.handler.payment(payment_id)
    assert state.attempt is not None
    evidence = a_word(
        word,
        Source.STATEMENT,
        provider=state.attempt.provider,
        reference=state.attempt.reference,
    )
    await world.services.handler.handle(
        commands.RecordEvidence(payment_id=payment_id, evidence=evidence), context=CONTEXT
    )


async def a_quarter(world: World, clock: FakeClock) -> tuple[str, str, str]:
    """Three payments: paid in March and denied in April; paid in March; paid in April."""
    denied = (await world.pay(key="a")).json["id"]
    await paid(world, denied)
    clock.advance(86_400 * 10)
    kept = (await world.pay(key="b")).json["id"]
    await paid(world, kept)
    clock.now = clock.now.replace(month=4, day=1)
    late = (await world.pay(key="c")).json["id"]
    await paid(world, late)
    clock.now += timedelta(days=4)
    await statement(world, denied, Word.FAILED)
    await world.caught_up()
    return denied, kept, late


async def listed(world: World, query: str) -> list[tuple[str, str]]:
    page = (await world.get(f"/v1/payments?{query}")).json
    return [(one["id"], one["status"]) for one in page["payments"]]


async def test_what_was_known_by_then_of_what_moved_when(world: World, clock: FakeClock) -> None:
    denied, kept, late = await a_quarter(world, clock)
    march = "effective_from=2026-03-01&effective_to=2026-04-01"

    assert await listed(world, f"known_at={MARCH}&{march}") == [
        (kept, "succeeded"),
        (denied, "succeeded"),
    ]
    assert await listed(world, march) == [(kept, "succeeded")]
    assert await listed(world, f"known_at={APRIL}") == [
        (late, "succeeded"),
        (kept, "succeeded"),
        (denied, "succeeded"),
    ]
    assert await listed(world, f"known_at={APRIL}&effective_from=2026-04-01") == [
        (late, "succeeded")
    ]
    assert await listed(world, "status=failed") == [(denied, "failed")]
    assert await listed(world, f"as_of={APRIL}&status=failed") == []
    assert await listed(world, "effective_at=2026-03-01T12:00:00Z") == []
    assert await listed(world, "effective_at=2026-03-11T12:00:00Z") == [(kept, "succeeded")]


async def test_the_answer_names_both_times(world: World, clock: FakeClock) -> None:
    _, kept, _ = await a_quarter(world, clock)
    query = f"known_at={MARCH}&effective_from=2026-03-10&effective_at=2026-03-31T00:00:00Z"
    page = (await world.get(f"/v1/payments?{query}")).json
    books = (await world.get(f"/v1/accounts?{query}", who="accountant")).json
    _, events = await world.services.handler.payment(kept)

    both = {
        "known_at": events[-1].position,
        "effective_from": "2026-03-10T00:00:00Z",
        "effective_to": "2026-03-31T00:00:00.000001Z",
    }
    assert {name: page[name] for name in both} == both
    assert {name: books[name] for name in both} == both
    assert [one["moved_at"] for one in page["payments"]] == ["2026-03-11T12:00:00Z"]


async def test_marchs_books_change_by_what_became_known_in_april(
    world: World, clock: FakeClock
) -> None:
    await a_quarter(world, clock)

    async def wallet(query: str) -> str:
        books = (await world.get(f"/v1/accounts?{query}", who="accountant")).json
        assert books["is_balanced"]
        balances = {str(one["account"]): str(one["balance"]) for one in books["accounts"]}
        return balances.get("552", "0")

    march = "effective_from=2026-03-01&effective_to=2026-04-01"
    assert await wallet(f"known_at={MARCH}&{march}") == "3000"
    assert await wallet(march) == "1500"
    assert await wallet("effective_from=2026-04-01") == "1500"
    assert await wallet("") == "3000"
    assert await wallet(f"known_at={APRIL}") == "4500"


async def test_pages_of_the_past_are_walked_to_their_end(
    world: World, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = [(await world.pay(key=str(number))).json["id"] for number in range(7)]
    until = await world.caught_up()
    for one in wanted[::3]:
        await paid(world, one)
    monkeypatch.setattr(past, "LOOKED_AT_MAX", 2)
    monkeypatch.setattr(past, "LOOKED_AT_ONCE", 2)

    async def walk(query: str) -> list[str]:
        found: list[str] = []
        after: Any = None
        for _ in range(20):
            more = f"&after={after}" if after else ""
            page = (await world.get(f"/v1/payments?{query}{more}")).json
            found += [one["id"] for one in page["payments"]]
            after = page["next_after"]
            if after is None:
                return found
        raise AssertionError("the pages have no end")

    now = await world.caught_up()
    assert await walk(f"known_at={until}&status=requested") == wanted[::-1]
    assert await walk(f"known_at={now}&status=requested&limit=1") == [
        one for one in wanted[::-1] if one not in wanted[::3]
    ]
    assert await walk(f"known_at={now}&status=succeeded") == wanted[::3][::-1]


async def test_refunds_and_payouts_have_both_times_too_and_one_payment_the_first(
    world: World, clock: FakeClock
) -> None:
    denied, _, _ = await a_quarter(world, clock)
    shown = (await world.get(f"/v1/payments/{denied}?known_at={MARCH}")).json
    assert shown["status"] == "succeeded"
    assert (await world.get(f"/v1/payments/{denied}")).json["status"] == "failed"
    for path in ("/v1/refunds", "/v1/payouts", f"/v1/payments/{denied}/refunds"):
        page = (await world.get(f"{path}?known_at={MARCH}&effective_from=2026-03-01")).json
        assert (page["payments"], page["effective_from"]) == ([], "2026-03-01T00:00:00Z")


async def test_what_was_paid_before_the_months_end_and_became_known_after_it_is_of_that_month(
    world: World, clock: FakeClock
) -> None:
    month_end = datetime(2026, 4, 1, tzinfo=UTC)
    clock.now = month_end - timedelta(minutes=2)
    payment_id = (await world.pay(key="a")).json["id"]
    clock.now = month_end + timedelta(minutes=3)
    await paid(world, payment_id, occurred_at=month_end - timedelta(seconds=30))
    await world.caught_up()
    march, april = (
        "effective_from=2026-03-01&effective_to=2026-04-01",
        "effective_from=2026-04-01&effective_to=2026-05-01",
    )

    assert await listed(world, march) == [(payment_id, "succeeded")]
    assert await listed(world, april) == []
    assert await listed(world, f"{march}&known_at=2026-04-01T00:02:00Z") == []
    (shown,) = (await world.get("/v1/payments")).json["payments"]
    assert shown["moved_at"] == "2026-03-31T23:59:30Z"
    one = (await world.get(f"/v1/payments/{payment_id}")).json
    (word,) = one["evidence"]
    assert one["moved_at"] == word["occurred_at"] == "2026-03-31T23:59:30Z"
    for span, accounts in ((march, ["411", "552"]), (april, [])):
        books = (await world.get(f"/v1/accounts?{span}", who="accountant")).json
        assert [one["account"] for one in books["accounts"]] == accounts


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("known_at=1&as_of=1", "known_at"),
        ("known_at=99999", "known_at"),
        ("known_at=2126-01-01T00:00:00Z", "known_at"),
        ("known_at=yesterday", "known_at"),
        ("effective_to=2026-03-01&effective_at=2026-03-01", "effective_at"),
        ("effective_from=March", "effective_from"),
        ("effective_from=2026-03-02&effective_to=2026-03-02", "effective_from"),
        ("effective_from=2026-03-02&effective_at=2026-03-01", "effective_from"),
        ("created_from=2026-03-02&created_to=2026-03-02", "created_from"),
    ],
)
async def test_two_ends_or_a_time_to_come_are_refused(
    world: World, query: str, parameter: str
) -> None:
    answer = await world.get(f"/v1/payments?{query}")
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert [one["parameter"] for one in answer.json["errors"]] == [parameter]


async def test_metrics_are_those_that_were_known_by_then(
    world: World, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_quarter(world, clock)

    async def counts(query: str) -> tuple[Any, Any]:
        told = (await world.get(f"/v1/metrics?window_seconds=8640000{query}", who="auditor")).json
        everything = [one for one in told["groups"] if one["provider"] is one["currency"] is None]
        return everything[0]["counts"] if everything else {}, told["known_at"]

    assert await counts("") == ({"succeeded": 2, "failed": 1}, None)
    by_march, position = await counts(f"&known_at={MARCH}")
    assert by_march == {"succeeded": 2}
    assert await counts(f"&known_at={position}") == (by_march, position)
    assert await counts("&known_at=1") == ({}, 1)

    monkeypatch.setattr(past, "REPLAYED_MAX", position - 1)
    answer = await world.get(f"/v1/metrics?known_at={position}", who="auditor")
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert "cauri replay" in answer.json["errors"][0]["remedy"]


async def test_whoever_asks_about_the_past_twice_is_answered_the_same(
    world: World, clock: FakeClock
) -> None:
    denied, *_ = await a_quarter(world, clock)
    until = await world.services.store.position()
    asked = [
        f"/v1/{path}known_at={point}"
        for point in (until, MARCH)
        for path in ("accounts?", "payments?", "metrics?", f"payments/{denied}?")
    ]

    async def answers() -> list[tuple[bytes, str]]:
        found = [await world.get(path, who="admin") for path in asked]
        return [(one.body, one.headers["Cauri-Position"]) for one in found]

    before = await answers()
    await paid(world, str((await world.pay(key="d")).json["id"]))
    await world.caught_up()
    assert await answers() == before
    [balance, *_] = before
    assert balance[1] == str(until)
