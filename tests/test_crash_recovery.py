"""After `kill -9` at any moment nothing acknowledged is lost, and nobody is charged twice.

The sandboxes run in a process of their own, in a storm; the servers are killed in the middle of
their work, stopped and woken when everybody else has gone on without them. The moments are
positions of the log, drawn from a seed. At the end the sandboxes' own books are the truth, and
`cauri verify` and `cauri rebuild --check` have to agree.
"""

import asyncio
import itertools
import random
import re
import signal
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from adapters.sandbox.payer import pay_as_customer
from api.authentication import new_key
from api.wiring import utc_now
from ledger import commands
from ledger.handling import Handler
from ledger.payment import Payment, Status
from ledger.sql import Database, SqlEventStore
from ledger.vault_master import MasterKeys
from tests.builders import CONTEXT
from tests.processes import Program, Server, command
from tests.stage import CODE, WORDS

pytestmark = pytest.mark.slow

SETTLE_SECONDS = 60.0
HURRY = {
    "CALL_TIMEOUT_SECONDS": "0.8",
    "INQUIRY_FIRST_SECONDS": "0.3",
    "INQUIRY_FACTOR": "1.3",
    "INQUIRY_SECONDS_MAX": "2",
    "RETRY_FIRST_SECONDS": "0.2",
    "RETRY_SECONDS_MAX": "2",
    "DOUBT_SECONDS": "0.3",
}
"""How the adapters call here: an intent without an outcome is taken up after some eight seconds."""

MTN_ENDINGS = ("01", "01", "51", "01", "52", "01", "65", "01")
ORANGE_ENDINGS = ("01", "01", "50", "01")
"""The last digits of the payers' numbers: they choose what becomes of the payments."""


@dataclass
class Deployment:
    """Sandboxes, a database and servers over it; and a merchant, whose customers pay."""

    sandbox: Program
    store: SqlEventStore
    handler: Handler
    environment: dict[str, str]
    database_url: str
    key: str
    books_urls: dict[str, str]
    session: aiohttp.ClientSession
    servers: list[Server] = field(default_factory=list)
    unanswered: int = 0
    """How many calls brought no answer."""
    receipts: dict[str, bytes] = field(default_factory=dict)
    """What was acknowledged: payment id -> the answer."""
    requests: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    """Payment id -> the key and the body it was asked for with."""

    async def ask(self, number: int, provider: str, ending: str) -> str:
        """Ask for a payment, as often as it takes to be told that it is taken; its id."""
        prefix = "+23767" if provider == "mtn" else "+23769"
        body = {
            "amount": str(1000 + number),
            "currency": "XAF",
            "payer": {"phone": f"{prefix}{number:05d}{ending}"},
            "provider": provider,
        }
        key = f"order-{number}"
        status, answer = 0, b""
        while status != 202:
            status, answer = await self._call("POST", "/v1/payments", number, body, key)
            assert status in {0, 202, 503}, answer
        payment_id = str(orjson.loads(answer)["id"])
        self.receipts[payment_id] = answer
        self.requests[payment_id] = (key, body)
        return payment_id

    async def _call(
        self, method: str, path: str, number: int, body: Any = None, key: str = ""
    ) -> tuple[int, bytes]:
        """Call a server; after one that does not answer, the next time another one."""
        server = self.servers[(number + self.unanswered) % len(self.servers)]
        headers = {"Authorization": f"Bearer {self.key}", "Idempotency-Key": key}
        position = await self.store.position()
        try:
            async with self.session.request(
                method, server.url + path, json=body, headers=headers
            ) as response:
                return response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError):
            self.unanswered += 1
            await self.store.wait_for(position + 1, 0.2)
            return 0, b""

    async def customer(self, number: int, provider: str, ending: str) -> str:
        """Be one customer: ask, and for Orange open the page and pay; the payment's id."""
        payment_id = await self.ask(number, provider, ending)
        if provider == "orange":
            await self.until([payment_id], lambda one: one.status is not Status.REQUESTED)
            page = None
            while page is None:
                await self.until(
                    [payment_id], lambda one: one.status is Status.PENDING or one.status.is_final
                )
                path = f"/v1/payments/{payment_id}"
                status, answer = await self._call("GET", path, number)
                if status == 200:
                    shown = orjson.loads(answer)
                    assert not shown["is_final"], shown
                    page = shown["redirect_url"]
            await pay_as_customer(self.session, page, f"+2376900000{ending}", CODE)
        return payment_id

    async def until(
        self, payment_ids: Iterable[str], is_so: Any, seconds: float = SETTLE_SECONDS
    ) -> None:
        """Wait until something is so of every payment, looking whenever the log has grown."""
        waiting = list(payment_ids)
        try:
            async with asyncio.timeout(seconds):
                while waiting:
                    position = await self.store.position()
                    while waiting and is_so(await self.state(waiting[-1])):
                        waiting.pop()
                    if waiting:
                        await self.store.wait_for(position + 1, seconds)
        except TimeoutError:
            _, recorded = await self.handler.payment(waiting[-1])
            told = [f"{one.recorded_at} {one.actor} {one.event!r}" for one in recorded]
            raise AssertionError("\n".join(("not in time:", *told))) from None

    async def until_final(self) -> None:
        """Wait until every payment that was acknowledged so far is final."""
        await self.until(list(self.receipts), lambda one: one.status.is_final)

    async def state(self, payment_id: str) -> Payment:
        """Where a payment stands, read from the log by this process."""
        return (await self.handler.payment(payment_id))[0]

    async def books(self, provider: str) -> list[dict[str, Any]]:
        """Everything in a sandbox's own books."""
        url = f"{self.books_urls[provider]}/_sandbox/books?limit=1000"
        async with self.session.get(url) as response:
            page = await response.json()
        assert page["next"] is None
        found: list[dict[str, Any]] = page.get("payments") or page.get("orders") or []
        return found

    async def words(self) -> dict[str, list[str]]:
        """By payment: the books' final words about what its payer could see, sorted.

        An order of Orange whose answer was lost stays there without a payer; it is left out.
        """
        found: dict[str, list[str]] = {}
        for one in await self.books("mtn"):
            assert one["times_accepted"] == 1
            word = "expired" if one["reason"] == "EXPIRED" else WORDS.get(one["status"], "open")
            found.setdefault(one["external_id"], []).append(word)
        for one in await self.books("orange"):
            assert one["times_created"] == 1
            if one["payer_number"] is not None:
                payment_id = one["notif_url"].split("/")[5]
                found.setdefault(payment_id, []).append(WORDS.get(one["status"], "open"))
        return {payment_id: sorted(words) for payment_id, words in found.items()}

    async def performed(self, server: Server) -> dict[str, int]:
        """How many pieces of work a server has done since its start, by kind."""
        async with self.session.get(f"{server.url}/metrics") as response:
            text = await response.text()
        found: dict[str, int] = {}
        labels = r'\{kind="(\w+)",provider="\w+",result="performed"\}'
        for kind, count in re.findall(rf"cauri_worker_pieces\w*{labels} ([\d.]+)", text):
            found[kind] = found.get(kind, 0) + int(float(count))
        return found

    async def check_everything(self) -> None:
        """Compare the ledger with the acknowledgements, the books, and with itself."""
        states = {payment_id: await self.state(payment_id) for payment_id in self.receipts}
        words = await self.words()
        assert {one: state.status.value for one, state in states.items()} == {
            one: "/".join(words.get(one, [])) for one in states
        }
        assert set(words) == set(states)
        for number, (payment_id, receipt) in enumerate(self.receipts.items()):
            key, body = self.requests[payment_id]
            assert await self._call("POST", "/v1/payments", number, body, key) == (202, receipt)
        for server in self.servers:
            assert await server.stop() == 0
        proofs = await asyncio.gather(
            *(
                command(self.environment, *arguments, "--database", self.database_url)
                for arguments in (("verify",), ("rebuild", "--check"))
            )
        )
        assert [status for status, _ in proofs] == [0, 0], proofs


@asynccontextmanager
async def a_deployment(database_url: str, *, servers: int, seed: int) -> AsyncIterator[Deployment]:
    """Start the sandboxes in a storm, make the database and a merchant, and start servers."""
    async with AsyncExitStack() as stack:
        arguments = ("sandbox", "--json", "--faults", "storm", "--seed", str(seed))
        sandbox = await stack.enter_async_context(Program({}, *arguments))
        told = orjson.loads(await sandbox.says(b"CAURI_PROVIDERS"))
        urls = told.pop("urls")
        environment = {
            **told,
            **{f"CAURI_{name.upper()}_{field}": HURRY[field] for name in urls for field in HURRY},
            "CAURI_LEASE_MARGIN_SECONDS": "1",
            "CAURI_MASTER_KEY": MasterKeys.generate().text(),
        }
        database = await Database.open(database_url, create=True)
        stack.push_async_callback(database.close)
        store = SqlEventStore(database, clock=utc_now)
        await store.start()
        stack.push_async_callback(store.close)
        handler = Handler(store)
        limits = aiohttp.ClientTimeout(total=5)
        made = Deployment(
            sandbox=sandbox,
            store=store,
            handler=handler,
            environment=environment,
            database_url=database_url,
            key=await a_merchant(handler),
            books_urls=urls,
            session=await stack.enter_async_context(aiohttp.ClientSession(timeout=limits)),
        )
        for _ in range(servers):
            server = Server(environment, database_url)
            made.servers.append(await stack.enter_async_context(server))
        yield made


async def a_merchant(handler: Handler) -> str:
    """Add a merchant of Cameroon; its API key."""
    key = new_key("merchant")
    for wanted in (
        commands.AddMerchant(merchant_id="mer_1", name="A shop", country="CM"),
        commands.IssueKey(
            key_id=key.key_id,
            role="merchant",
            merchant_id="mer_1",
            secret_digest=key.secret_digest,
        ),
    ):
        await handler.handle(wanted, context=CONTEXT)
    return key.text


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
                shop.create_task(deployment.customer(number, provider, ending))
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
    async with a_deployment(url, servers=1, seed=11) as deployment:
        (server,) = deployment.servers
        async with an_open_shop(deployment):
            for _ in range(3):
                await some_events_later(deployment, lot)
                await server.kill()
                await server.start()
            await some_events_later(deployment, lot)
        await deployment.until_final()
        await deployment.check_everything()


async def test_two_servers_share_the_work_and_one_that_is_killed_or_asleep_doubles_nothing(
    postgres_database: str,
) -> None:
    lot = random.Random(12)
    async with a_deployment(postgres_database, servers=2, seed=12) as deployment:
        first, second = deployment.servers
        async with an_open_shop(deployment):
            await some_events_later(deployment, lot)
            await first.kill()
            await some_events_later(deployment, lot)
            await first.start()
            await some_events_later(deployment, lot)
            # The second one falls asleep in the middle of its work; the first one does it all.
            second.send(signal.SIGSTOP)
            await deployment.until(list(deployment.receipts), lambda one: one.status.is_final)
            second.send(signal.SIGCONT)
            await some_events_later(deployment, lot)
        await deployment.until_final()
        done = [await deployment.performed(server) for server in deployment.servers]
        await deployment.check_everything()
        assert [one["submit"] > 0 and one["inquire"] > 0 for one in done] == [True, True], done
