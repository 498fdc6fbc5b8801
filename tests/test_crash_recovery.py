"""After `kill -9` at any moment nothing acknowledged is lost, and no money moves twice.

The sandboxes run in a process of their own, in a storm; the servers are killed in the middle of
their work, stopped and woken when everybody else has gone on without them. The moments are
positions of the log, drawn from a seed. Customers pay, are paid and get their money back, by a
refund or by a payout in its place. At the end the sandboxes' own books are the truth, and
`cauri verify` and `cauri rebuild --check` have to agree.
"""

import asyncio
import itertools
import random
import re
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from ledger.payment import Payment, Status
from tests.deployment import NEVER_PAID, Deployment, a_deployment
from tests.processes import Program, Server
from tests.stage import WORDS

pytestmark = pytest.mark.slow

MTN_ENDINGS = ("01", "01", "51", "01", "52", "01", "65", "01")
ORANGE_ENDINGS = ("01", "01", "50", "01")
"""The last digits of the payers' numbers: they choose what becomes of the payments."""

PAYOUTS_EVERY = 4
"""Whoever asks as the n-th pays somebody too; who paid as another n-th wants the money back."""


@asynccontextmanager
async def in_a_storm(database_url: str, *, servers: int, seed: int) -> AsyncIterator[Deployment]:
    """Start the sandboxes in a storm, and servers over them."""
    async with AsyncExitStack() as stack:
        arguments = ("sandbox", "--json", "--faults", "storm", "--seed", str(seed))
        sandbox = await stack.enter_async_context(Program({}, *arguments))
        told = orjson.loads(await sandbox.says(b"CAURI_PROVIDERS"))
        urls = told.pop("urls")
        yield await stack.enter_async_context(
            a_deployment(database_url, servers=servers, books_urls=urls, pointed=told)
        )


async def be_a_customer(deployment: Deployment, number: int, provider: str, ending: str) -> None:
    """Pay; and every fourth one is paid as well, and another one gets some of it back."""
    prefix = "+23767" if provider == "mtn" else "+23769"
    phone = f"{prefix}{number:05d}{ending}"
    payment_id = await deployment.collect(number, provider, phone)
    if number % PAYOUTS_EVERY == 1:
        await deployment.pay_out(number, provider, phone)
    if provider == "orange":
        await deployment.visit(number, payment_id, ending)
    if number % PAYOUTS_EVERY >= 2:
        await deployment.until([payment_id], lambda one: one.status.is_final)
        if (await deployment.state(payment_id)).status is Status.SUCCEEDED:
            await deployment.give_back(number, payment_id, amount=400 + number)


def is_beyond_asking(state: Payment) -> bool:
    """Whether it waits for Orange to let it expire: it was prepared, and never got there."""
    return state.provider == "orange_cm" and state.note == NEVER_PAID


async def words(deployment: Deployment) -> dict[str, list[str]]:
    """By payment: MTN's and Orange's final words about what its payer could see, sorted.

    An order of Orange whose answer was lost stays there without a payer; it is left out.
    """
    found: dict[str, list[str]] = {}
    for one in await page_of(deployment, "mtn"):
        assert one["times_accepted"] == 1
        word = "expired" if one["reason"] == "EXPIRED" else WORDS.get(one["status"], "open")
        found.setdefault(one["external_id"], []).append(word)
    for one in await page_of(deployment, "orange"):
        assert one["times_created"] == 1
        if one["payer_number"] is not None:
            payment_id = one["notif_url"].split("/")[5]
            found.setdefault(payment_id, []).append(WORDS.get(one["status"], "open"))
    return {payment_id: sorted(words) for payment_id, words in found.items()}


async def page_of(deployment: Deployment, provider: str) -> list[dict[str, Any]]:
    """Everything in a sandbox's own books."""
    url = f"{deployment.books_urls[provider]}/_sandbox/books?limit=1000"
    async with deployment.session.get(url) as response:
        page = await response.json()
    assert page["next"] is None
    found: list[dict[str, Any]] = page.get("payments") or page.get("orders") or []
    return found


async def performed(deployment: Deployment, server: Server) -> dict[str, int]:
    """How many pieces of work a server has done since its start, by kind."""
    async with deployment.session.get(f"{server.url}/metrics") as response:
        text = await response.text()
    found: dict[str, int] = {}
    labels = r'\{kind="(\w+)",provider="\w+",result="performed"\}'
    for kind, count in re.findall(rf"cauri_worker_pieces\w*{labels} ([\d.]+)", text):
        found[kind] = found.get(kind, 0) + int(float(count))
    return found


async def check_everything(deployment: Deployment) -> None:
    """Compare the ledger with each word of the books, and then as every deployment is."""
    said = await words(deployment)
    states = [await deployment.state(payment_id) for payment_id in deployment.receipts]
    here = {one.requested.payment_id: one for one in states if one.provider in {"mtn", "orange"}}
    assert {name: state.status.value for name, state in here.items()} == {
        name: "/".join(said.get(name, [])) for name in here
    }
    assert set(said) == set(here)
    assert {one.kind for one in states} == {"collection", "payout", "refund"}
    assert {one.power for one in states if one.kind == "refund"} == {"payout", "refund"}
    await deployment.check_everything()


@asynccontextmanager
async def an_open_shop(deployment: Deployment) -> AsyncIterator[None]:
    """Let customers come, one after another without waiting for each other; then see them off."""
    is_closing = asyncio.Event()

    async def let_come() -> None:
        async with asyncio.TaskGroup() as shop:
            for number in itertools.count():
                provider = "orange" if number % 4 == 3 else "mtn"
                endings = ORANGE_ENDINGS if provider == "orange" else MTN_ENDINGS
                ending = endings[number // 4 % len(endings)]
                shop.create_task(be_a_customer(deployment, number, provider, ending))
                # The next one comes when a lot has happened, or a moment later.
                position = await deployment.store.position()
                await deployment.store.wait_for(position + 20, 0.5)
                if is_closing.is_set():
                    return

    coming = asyncio.create_task(let_come())
    try:
        yield
        is_closing.set()
        await coming
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)


async def some_events_later(deployment: Deployment, lot: random.Random) -> None:
    """Wait for a moment nobody can foresee."""
    position = await deployment.store.position()
    assert await deployment.store.wait_for(position + lot.randint(15, 60), 30)


async def test_a_server_that_is_killed_again_and_again_loses_nothing_and_doubles_nothing(
    tmp_path: Path,
) -> None:
    lot = random.Random(11)
    url = f"sqlite:///{tmp_path / 'cauri.db'}"
    async with in_a_storm(url, servers=1, seed=11) as deployment:
        (server,) = deployment.servers
        async with an_open_shop(deployment):
            for _ in range(3):
                await some_events_later(deployment, lot)
                await server.kill()
                await server.start()
            await some_events_later(deployment, lot)
        await deployment.until_final(besides=is_beyond_asking)
        await check_everything(deployment)


async def test_two_servers_share_the_work_and_one_that_is_killed_or_asleep_doubles_nothing(
    postgres_database: str,
) -> None:
    lot = random.Random(12)
    async with in_a_storm(postgres_database, servers=2, seed=12) as deployment:
        first, second = deployment.servers
        async with an_open_shop(deployment):
            await some_events_later(deployment, lot)
            await first.kill()
            await some_events_later(deployment, lot)
            await first.start()
            await some_events_later(deployment, lot)
            # The second one falls asleep in the middle of its work; the first one does it all.
            second.send(signal.SIGSTOP)
            await deployment.until(
                list(deployment.receipts), lambda one: one.status.is_final or is_beyond_asking(one)
            )
            second.send(signal.SIGCONT)
            await some_events_later(deployment, lot)
        await deployment.until_final(besides=is_beyond_asking)
        done = [await performed(deployment, server) for server in deployment.servers]
        await check_everything(deployment)
        assert [one["submit"] > 0 and one["inquire"] > 0 for one in done] == [True, True], done
