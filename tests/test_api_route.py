"""The whole route over real sockets: merchant, server, sandboxes, payer; and what nobody may find.

The numbers are used in every form a caller may send, in bodies, queries and headers; afterwards
every byte of the database's files and of the log lines is searched for them.
"""

import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from adapters.sandbox.faults import Faults
from adapters.sandbox.mtn import MtnSandbox
from adapters.sandbox.payer import pay_as_customer
from api.app import create_app
from api.connections import BoundedRunner
from api.keys import SERVICES
from api.sandboxes import RunningSandbox, pointed_at, sandbox_names, sandboxes
from api.wiring import services, utc_now
from tests.api_world import World, a_payment, captured_logs, settings_in

WAIT_SECONDS = 30.0
NO_TABLES: Mapping[str, Mapping[str, str]] = {}
HURRY: Mapping[str, str] = {
    "inquiry_first_seconds": "0.3",
    "inquiry_factor": "1.3",
    "inquiry_seconds_max": "2",
    "retry_first_seconds": "0.2",
    "retry_seconds_max": "2",
    "doubt_seconds": "0.3",
}
"""How the adapters ask and try again in bad weather; in fair weather callbacks come first."""


@asynccontextmanager
async def a_living_world(
    folder: Path, faults: Faults, *, tables: Mapping[str, Mapping[str, str]] = NO_TABLES
) -> AsyncIterator[tuple[World, list[RunningSandbox]]]:
    """A server with its workers, the sandboxes on loopback, callbacks between them.

    `tables` are settings of providers beside those that lead to the sandboxes.
    """
    async with (
        sandboxes(sandbox_names(), clock=utc_now, faults=faults) as running,
        aiohttp.ClientSession() as session,
    ):
        # The port stands in the callback addresses, so it is had before the server is made.
        listening = socket.create_server(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        pace = {} if faults == Faults.none() else HURRY
        told = {name: {**pace, **tables.get(name, {})} for name in sandbox_names()}
        settings = pointed_at(settings_in(folder, provider_tables=told, port=port), running)
        async with (
            services(settings, is_loopback_only=True) as lent,
            served(create_app(lent), listening),
        ):
            world = World(lent, f"http://127.0.0.1:{port}", session)
            await world.add_merchant("mer_1")
            await world.add_key("auditor", "auditor")
            await world.add_key("accountant", "accountant")
            yield world, running


@asynccontextmanager
async def served(app: web.Application, listening: socket.socket) -> AsyncIterator[None]:
    runner = BoundedRunner(app, limits=app[SERVICES].settings)
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        yield
    finally:
        await runner.cleanup()


def bytes_of(folder: Path) -> bytes:
    """Every byte of the database, its write-ahead log and its shared memory."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob("cauri.db*")))


async def settled(world: World, payment_id: str, *statuses: str) -> str:
    """Wait until a payment stands in one of these statuses; which."""
    store = world.services.store
    while True:
        position = await store.position()
        state, _ = await world.services.handler.payment(payment_id)
        if state.status.value in statuses:
            return state.status.value
        assert await store.wait_for(position + 1, WAIT_SECONDS), state


async def redirect_url(world: World, payment_id: str) -> str:
    await settled(world, payment_id, "pending")
    return str((await world.get(f"/v1/payments/{payment_id}")).json["redirect_url"])


async def test_payments_go_all_the_way_and_no_number_stays_behind(tmp_path: Path) -> None:
    numbers = {"mtn": "650000001", "orange": "690000002", "wrong": "650000003", "lost": "690000004"}
    with captured_logs() as logs:
        async with a_living_world(tmp_path, Faults.none()) as (world, _):
            mtn = (
                await world.pay(
                    a_payment(
                        payer={"phone": numbers["mtn"]},
                        description=f"for {numbers['mtn']}",
                        metadata={"customer": f"+237{numbers['mtn']}"},
                    ),
                    headers={"X-Correlation-Id": f"237{numbers['mtn']}"},
                )
            ).json["id"]
            orange = (
                await world.pay(
                    a_payment(payer={"phone": f"+237 {numbers['orange']}"}), key="order-2"
                )
            ).json["id"]
            page = await redirect_url(world, orange)
            await pay_as_customer(world.session, page, numbers["orange"], "123456")
            outcomes = [
                await settled(world, payment_id, "succeeded", "failed")
                for payment_id in (mtn, orange)
            ]
            await world.pay(a_payment(amount=1.0, payer={"phone": numbers["wrong"]}), key="a")
            await world.pay(a_payment(payer={"phone": numbers["wrong"] + "0"}), key="b")
            await world.pay(a_payment(**{numbers["wrong"]: 1}), key=numbers["wrong"] + "-c")
            await world.get(f"/v1/operators?phone={numbers['lost']}")
            await world.get(f"/v1/payments?phone=%2B237{numbers['lost']}")
            await world.get(f"/v1/payments/{numbers['lost']}")
            await world.get(f"/nothing/{numbers['lost']}")
            await world.ask(
                "PUT",
                f"/webhooks/mtn/{numbers['lost']}/x",
                json={"payer": {"partyId": f"237{numbers['lost']}"}},
            )
            await world.caught_up()
            while_running = bytes_of(tmp_path)
        afterwards = bytes_of(tmp_path)

    assert outcomes == ["succeeded", "succeeded"]
    written = logs.getvalue()
    assert b'"http.request"' in written
    assert min(len(while_running), len(afterwards)) > 100_000
    found = [
        (place, number)
        for place, content in (
            ("files while running", while_running),
            ("files afterwards", afterwards),
            ("log lines", written),
        )
        for number in numbers.values()
        if number.encode() in content
    ]
    assert found == []


@pytest.mark.slow
async def test_in_a_storm_the_ledger_ends_with_what_the_sandbox_collected(tmp_path: Path) -> None:
    async with a_living_world(tmp_path, Faults.storm(7)) as (world, running):
        made = [
            (await world.pay(a_payment(payer={"phone": f"6500001{n:02}"}), key=f"o-{n}")).json["id"]
            for n in range(20)
        ]
        ends = ("succeeded", "failed", "expired", "declined")
        outcomes = [await settled(world, payment_id, *ends) for payment_id in made]
        await world.caught_up()
        balance = (await world.get("/v1/accounts", who="accountant")).json
        [mtn] = [one.server for one in running if isinstance(one.server, MtnSandbox)]
        collected = mtn.books.collected("XAF")

    assert outcomes.count("succeeded") * 1500 == collected > 0
    assert balance["is_balanced"]
    assert {line["balance"] for line in balance["accounts"]} == {f"{collected}", f"-{collected}"}
