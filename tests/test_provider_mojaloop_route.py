"""Mojaloop the whole way: a merchant's request, our server, the SDK, and its calls to our door."""

from pathlib import Path
from typing import Any

import pytest

from adapters.sandbox.faults import Faults
from adapters.sandbox.mojaloop import MojaloopSandbox
from adapters.sandbox.mojaloop_rules import MojaloopSandboxSettings
from api.sandboxes import RunningSandbox
from tests.api_world import World, a_payment, captured_logs
from tests.test_api_route import WAIT_SECONDS, a_living_world, bytes_of, settled

SECRET = MojaloopSandboxSettings().backend_secret
STORM = Faults(
    seed=3,
    callback_lost=0.3,
    callback_duplicated=0.2,
    server_error_after=0.15,
    connection_reset_after=0.15,
    html_with_200=0.1,
)


async def asked(world: World, number: int, ending: str) -> str:
    """Ask a payer of Côte d'Ivoire for money; the payment's id."""
    content = a_payment(
        currency="XOF", payer={"phone": f"+22507000{number:03d}{ending}"}, provider="mojaloop"
    )
    answer = await world.pay(content, key=f"order-{number}")
    assert answer.status == 202, answer.json
    return str(answer.json["id"])


def sdk_of(running: list[RunningSandbox]) -> MojaloopSandbox:
    """The sandbox among all that run."""
    (server,) = [one.server for one in running if one.provider == "mojaloop"]
    assert isinstance(server, MojaloopSandbox)
    return server


async def told_by(world: World, payment_id: str, source: str) -> dict[str, Any]:
    """Wait for the first word from a source; the word as the merchant sees it."""
    store = world.services.store
    while True:
        position = await store.position()
        shown: Any = (await world.get(f"/v1/payments/{payment_id}")).json
        words: list[dict[str, Any]] = [one for one in shown["evidence"] if one["source"] == source]
        if words:
            return words[0]
        assert await store.wait_for(position + 1, WAIT_SECONDS), shown


async def test_a_payment_is_money_when_the_scheme_says_so_at_our_door(tmp_path: Path) -> None:
    with captured_logs() as logs:
        async with a_living_world(tmp_path, Faults.none()) as (world, running):
            payment_id = await asked(world, 1, "01")
            status = await settled(world, payment_id, "succeeded", "failed")
            word = await told_by(world, payment_id, "webhook")
            party = f"/webhooks/mojaloop/{SECRET}/parties/BUSINESS/cauri-trial"
            us = await world.get(party, who=None)
            stranger = await world.get(party.replace(SECRET, "another-secret"), who=None)
            (booked,) = sdk_of(running).books.movements.values()
            await world.caught_up()
        left = bytes_of(tmp_path) + logs.getvalue()
    assert (status, booked.ending) == ("succeeded", "succeeded")
    assert (word["word"], word["amount"], word["currency"]) == ("succeeded", "1500", "XOF")
    assert (us.status, us.json["displayName"], stranger.status) == (200, "Cauri", 401)
    assert (SECRET.encode() in left, b"2250700000101" in left) == (False, False)


async def test_a_payers_no_ends_it(tmp_path: Path) -> None:
    async with a_living_world(tmp_path, Faults.none()) as (world, _):
        refused, unknown = await asked(world, 1, "50"), await asked(world, 2, "53")
        words = [
            await settled(world, refused, "succeeded", "failed"),
            await settled(world, unknown, "succeeded", "declined"),
        ]
        shown: Any = (await world.get(f"/v1/payments/{refused}")).json
    assert words == ["failed", "declined"]
    assert {one["code"] for one in shown["evidence"]} == {"REJECTED"}


@pytest.mark.parametrize("count", [12])
async def test_in_a_storm_everybody_pays_once(tmp_path: Path, count: int) -> None:
    async with a_living_world(tmp_path, STORM) as (world, running):
        payments = [await asked(world, number, "01") for number in range(count)]
        words = [await settled(world, one, "succeeded", "failed", "conflict") for one in payments]
        paid = [one.reference for one in sdk_of(running).books.succeeded("collection")]
    assert words == ["succeeded"] * count
    assert sorted((one or "").partition(".")[0] for one in paid) == sorted(payments)
