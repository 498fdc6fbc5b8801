"""Checkout sessions over HTTP: created once, seen by their merchant, closed by him."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from api import schemas_checkout as shapes
from ledger import commands_checkout as commands
from ledger.checkout import attempt_payment_id, stream_of
from tests.api_world import CONTEXT, World, a_world, settings_in
from tests.checkout_world import a_session, create, session_of
from tests.conftest import FakeClock


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with a_world(settings_in(tmp_path), clock=clock, is_in_memory=True) as made:
        yield made


async def close(world: World, session_id: str, who: str = "mer_1") -> Any:
    return await world.ask("POST", f"/v1/checkout-sessions/{session_id}/expire", who=who)


async def test_a_session_is_created_and_answered_with_its_page(
    world: World, clock: FakeClock
) -> None:
    answer = await create(world, expires_in_seconds=600)

    receipt = shapes.CheckoutReceipt.model_validate_json(answer.body)
    assert answer.status == 201
    assert receipt.url == f"{world.services.settings.base_url}/checkout/{receipt.id}"
    assert receipt.qr_svg_url == f"{receipt.url}/qr.svg"
    assert (receipt.amount, receipt.currency, receipt.merchant_id) == ("1500", "XAF", "mer_1")
    assert receipt.expires_at == clock.now + timedelta(seconds=600)
    assert answer.headers["Location"] == f"/v1/checkout-sessions/{receipt.id}"
    assert int(answer.headers["Cauri-Position"]) == receipt.position


async def test_a_repeat_gives_the_same_answer_for_ever(world: World, clock: FakeClock) -> None:
    first = await create(world)
    await close(world, first.json["id"])
    clock.advance(10 * 365 * 86_400)

    again = await create(world)

    assert (again.status, again.body) == (201, first.body)
    assert again.headers["Idempotent-Replayed"] == "true"


async def test_the_same_key_with_another_content_is_refused(world: World) -> None:
    await create(world)

    answers = [await create(world, amount="1600"), await create(world, currency="EUR?")]

    assert [(one.status, one.code) for one in answers] == [(422, "idempotency_key_reused")] * 2


async def test_two_merchants_with_one_key_have_two_sessions(world: World) -> None:
    first, second = await create(world), await create(world, who="mer_2")

    assert first.json["id"] != second.json["id"]


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"amount": "12.50"}, "invalid_money", "/amount"),
        ({"amount": 1500}, "invalid_request", "/amount"),
        ({"currency": "KES"}, "operator_not_served", "/currency"),
        ({"currency": "XOF"}, "operator_not_served", "/currency"),
        ({"currency": "EUR"}, "operator_not_served", "/currency"),
        ({"country": "FR"}, "operator_not_served", "/country"),
        ({"country": "KE", "currency": "XAF"}, "operator_not_served", "/country"),
        ({"return_url": "javascript:alert(1)"}, "invalid_request", "/return_url"),
        ({"return_url": 'https://x.example/"><script>'}, "invalid_request", "/return_url"),
        ({"embed_origin": "https://shop.example/page"}, "invalid_request", "/embed_origin"),
        ({"embed_origin": "https://a.example; script-src *"}, "invalid_request", "/embed_origin"),
        ({"embed_origin": "*"}, "invalid_request", "/embed_origin"),
        ({"expires_in_seconds": 10}, "invalid_request", "/expires_in_seconds"),
        ({"language": "de"}, "invalid_request", "/language"),
        ({"merchant_name": ""}, "invalid_request", "/merchant_name"),
        ({"payer": {}}, "invalid_request", "/payer/phone"),
    ],
)
async def test_what_cannot_be_used_is_told_with_its_place(
    world: World, changes: dict[str, Any], code: str, pointer: str
) -> None:
    answer = await create(world, **changes)

    assert (answer.status, answer.code) == (422, code)
    assert [one["pointer"] for one in answer.json["errors"]] == [pointer]


async def test_a_page_on_which_nobody_could_pay_is_refused_with_who_could(world: World) -> None:
    asked = [{"currency": "XOF"}, {"country": "FR", "currency": "XOF"}]
    told = [(await create(world, **one)).json["errors"] for one in asked]

    for [place], reason, start in zip(
        told,
        (
            "Wallets in Cameroon hold XAF, not XOF.",
            "No enabled provider reaches a wallet in FR.",
        ),
        (
            "Send the amount in XAF, or the country of the customers' numbers as `country`: ",
            "Send the country of the customers' numbers as `country`: ",
        ),
        strict=True,
    ):
        assert (place["reason"], place["remedy"].startswith(start)) == (reason, True)
        countries = place["remedy"].removeprefix(start).rstrip(".").split(", ")
        assert "BJ" in countries
        for country in countries:
            answer = await create(world, country, country=country, currency="XOF")
            assert answer.status == 201


async def test_a_repeat_of_a_page_that_is_refused_today_is_answered_as_it_was_first(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr("api.checkouts.check_payable", lambda *_: None)
        first = await create(world, country="FR")

    again, new = await create(world, country="FR"), await create(world, "order-2", country="FR")

    assert (first.status, again.status, again.body) == (201, 201, first.body)
    assert (new.status, new.code) == (422, "operator_not_served")


async def test_a_key_is_needed_to_create(world: World) -> None:
    answer = await world.ask("POST", "/v1/checkout-sessions", who="mer_1", json=a_session())

    assert (answer.status, answer.code) == (400, "idempotency_key_missing")


async def test_a_merchant_sees_what_was_sealed_and_an_accountant_does_not(world: World) -> None:
    session_id = await session_of(world, metadata={"order": "17"}, language="fr")

    own = await world.get(f"/v1/checkout-sessions/{session_id}")
    others = await world.get(f"/v1/checkout-sessions/{session_id}", who="accountant")

    shown = shapes.CheckoutOut.model_validate_json(own.body)
    assert (shown.status, shown.attempts, shown.payment_id) == ("open", [], None)
    assert (shown.description, shown.metadata) == ("Two chickens", {"order": "17"})
    assert (shown.merchant_name, shown.country, shown.language) == ("A shop", "CM", "fr")
    assert shown.return_url == "https://shop.example/thanks?order=17"
    assert (others.json["metadata"], others.json["merchant_name"]) == (None, None)


async def test_what_is_personal_is_sealed_in_the_log(world: World) -> None:
    session_id = await session_of(world, metadata={"who": "Aminatou"})

    (recorded,) = await world.services.store.read_stream(stream_of(session_id))

    assert b"Aminatou" not in recorded.entry
    assert b"chickens" not in recorded.entry
    assert b"shop.example" not in recorded.entry


async def test_another_merchants_session_is_as_one_that_does_not_exist(world: World) -> None:
    session_id = await session_of(world)

    answers = [
        await world.get(f"/v1/checkout-sessions/{session_id}", who="mer_2"),
        await world.get("/v1/checkout-sessions/cs_" + "a" * 32, who="mer_2"),
        await world.get("/v1/checkout-sessions/x", who="mer_2"),
        await close(world, session_id, who="mer_2"),
    ]

    assert {(one.status, one.code, one.json["detail"]) for one in answers} == {
        (
            404,
            "unknown_checkout_session",
            "There is no checkout session with this id. Check it, and whose key you use.",
        )
    }


async def test_sessions_are_listed_newest_first_each_merchant_its_own(world: World) -> None:
    mine = [await session_of(world, f"order-{n}") for n in range(3)]
    other = (await create(world, who="mer_2")).json["id"]
    await close(world, mine[1])
    position = await world.caught_up()

    async def listed(query: str, who: str = "mer_1") -> list[str]:
        answer = await world.get(f"/v1/checkout-sessions?{query}", who=who)
        page = shapes.CheckoutPage.model_validate_json(answer.body)
        return [one.id for one in page.sessions]

    assert await listed(f"min_position={position}") == mine[::-1]
    assert await listed("status=expired") == [mine[1]]
    assert await listed("limit=1") == [mine[2]]
    assert await listed("", who="auditor") == [other, *mine[::-1]]
    assert await listed("merchant_id=mer_2", who="auditor") == [other]
    refused = await world.get("/v1/checkout-sessions?merchant_id=mer_2")
    assert (refused.status, refused.code) == (404, "unknown_merchant")


async def test_a_page_of_the_list_leads_to_the_next(world: World) -> None:
    ids = [await session_of(world, f"order-{n}") for n in range(3)]
    await world.caught_up()

    first = await world.get("/v1/checkout-sessions?limit=2")
    second = await world.get(f"/v1/checkout-sessions?limit=2&after={first.json['next_after']}")

    shown = [one["id"] for page in (first, second) for one in page.json["sessions"]]
    assert (shown, second.json["next_after"]) == (ids[::-1], None)


async def test_a_merchant_closes_a_session_and_may_say_so_twice(world: World) -> None:
    session_id = await session_of(world)

    answers = [await close(world, session_id) for _ in range(2)]

    assert [(one.status, one.json["status"]) for one in answers] == [(200, "expired")] * 2
    assert len(await world.services.store.read_stream(stream_of(session_id))) == 2


async def test_a_session_on_which_somebody_pays_is_not_closed(
    world: World, clock: FakeClock
) -> None:
    session_id = await session_of(world)
    await world.services.handler.handle(
        commands.StartCheckoutAttempt(
            session_id=session_id,
            attempt=1,
            payment_id=attempt_payment_id("mer_1", session_id, 1),
            at=clock.now,
        ),
        context=CONTEXT,
    )

    answer = await close(world, session_id)

    assert (answer.status, answer.code) == (409, "command_refused")
