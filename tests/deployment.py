"""A deployment of processes for trials of crashes: servers over one database, and its customers.

The servers are killed and started by the test. Everything that was acknowledged is remembered, and
compared at the end with the ledger, with every provider's books, and with what is due.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import aiohttp
import orjson

from adapters.sandbox.payer import pay_as_customer
from api.authentication import new_key
from api.wiring import utc_now
from ledger import commands
from ledger.handling import Handler
from ledger.payment import Payment, Status
from ledger.payment_refunds import GIVEN_BACK
from ledger.sql import Database, SqlEventStore
from ledger.vault_master import MasterKeys
from projections import PROJECTIONS
from projections.base import Projections
from projections.worklist import WorklistProjection
from scripts.storming.books import Moved, booked, told_of
from tests.builders import CONTEXT
from tests.forked import forked
from tests.processes import Server
from tests.stage import CODE

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

NEVER_PAID = "INITIATED"
"""What Orange Cameroon says, until it expires, of a movement that was prepared and not sent."""

WORK_MAX = 1000


@dataclass
class Deployment:
    """A database and servers over it; and a merchant, whose customers pay and are paid."""

    store: SqlEventStore
    handler: Handler
    environment: dict[str, str]
    database_url: str
    key: str
    books_urls: Mapping[str, str]
    session: aiohttp.ClientSession
    servers: list[Server] = field(default_factory=list)
    unanswered: int = 0
    """How many calls brought no answer."""
    receipts: dict[str, bytes] = field(default_factory=dict)
    """What was acknowledged: payment id -> the answer."""
    requests: dict[str, tuple[str, str, dict[str, Any]]] = field(default_factory=dict)
    """Payment id -> the path, the key and the body it was asked for with."""

    async def ask(self, number: int, path: str, key: str, body: dict[str, Any]) -> str:
        """Ask for a movement, as often as it takes to be told that it is taken; its id."""
        status, answer = 0, b""
        while status != 202:
            status, answer = await self.call("POST", path, number, body, key)
            # It is under way at another try of ours, or we ask too often: both say, come back.
            assert status in {0, 202, 409, 429, 503}, answer
            if status == 409:
                assert orjson.loads(answer)["code"] == "idempotency_key_in_flight", answer
        payment_id = str(orjson.loads(answer)["id"])
        self.receipts[payment_id] = answer
        self.requests[payment_id] = (path, key, body)
        return payment_id

    async def collect(self, number: int, provider: str, phone: str) -> str:
        """Take a payment; its id."""
        body = {
            "amount": str(1000 + number),
            "currency": "XAF",
            "payer": {"phone": phone},
            "provider": provider,
        }
        return await self.ask(number, "/v1/payments", f"order-{number}", body)

    async def pay_out(
        self, number: int, provider: str, phone: str, *, currency: str = "XAF", country: str = "CM"
    ) -> str:
        """Pay somebody; the payout's id."""
        body = {
            "amount": str(1000 + number),
            "currency": currency,
            "payee": {"phone": phone, "country": country},
            "provider": provider,
        }
        return await self.ask(number, "/v1/payouts", f"wage-{number}", body)

    async def give_back(self, number: int, payment_id: str, amount: int | None = None) -> str:
        """Give a payment back, in whole or in part, by a payout if need be; the refund's id."""
        body: dict[str, Any] = {"allow_payout": True}
        if amount is not None:
            body["amount"] = str(amount)
        path = f"/v1/payments/{payment_id}/refunds"
        return await self.ask(number, path, f"back-{number}", body)

    async def call(
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

    async def visit(self, number: int, payment_id: str, ending: str) -> None:
        """Be the payer of a payment at Orange: open the page, and pay there."""
        await self.until([payment_id], lambda one: one.status is not Status.REQUESTED)
        page = None
        while page is None:
            await self.until(
                [payment_id], lambda one: one.status is Status.PENDING or one.status.is_final
            )
            status, answer = await self.call("GET", f"/v1/payments/{payment_id}", number)
            if status == 200:
                shown = orjson.loads(answer)
                assert not shown["is_final"], shown
                page = shown["redirect_url"]
        await pay_as_customer(self.session, page, f"+2376900000{ending}", CODE)

    async def until(
        self,
        payment_ids: Iterable[str],
        is_so: Callable[[Payment], bool],
        seconds: float = SETTLE_SECONDS,
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

    async def until_final(self, besides: Callable[[Payment], bool] = lambda _: False) -> None:
        """Wait until every payment that was acknowledged so far is final, and refunds settled.

        Args:
            besides: what a payment may be instead.
        """
        names = list(self.receipts)
        await self.until(names, lambda one: one.status.is_final or besides(one))
        states = {name: await self.state(name) for name in names}
        still_open = {name for name, one in states.items() if not one.status.is_final}

        def is_settled(one: Payment) -> bool:
            return all(
                refund.is_given_back is not None or refund.refund_id in still_open
                for refund in one.refunds
            )

        await self.until(names, is_settled)

    async def state(self, payment_id: str) -> Payment:
        """Where a payment stands, read from the log by this process."""
        return (await self.handler.payment(payment_id))[0]

    async def check_everything(self) -> list[Payment]:
        """Compare the ledger with the acknowledgements, all books, and with itself.

        Returns what is still open: nothing of it has moved money as far as the books know, and it
        is listed with its next check.
        """
        states = {payment_id: await self.state(payment_id) for payment_id in self.receipts}
        ours = Counter(told for state in states.values() if (told := told_of(state)) is not None)
        theirs: Counter[Moved] = Counter()
        for provider, url in self.books_urls.items():
            theirs.update(await booked(self.session, provider, url))
        assert ours == theirs
        for state in states.values():
            for refund in state.refunds:
                status = states[refund.refund_id].status
                assert refund.is_given_back is GIVEN_BACK.get(status), refund
        for number, (payment_id, receipt) in enumerate(self.receipts.items()):
            path, key, body = self.requests[payment_id]
            assert await self.call("POST", path, number, body, key) == (202, receipt)
        for server in self.servers:
            assert await server.stop() == 0
        still_open = {name for name, state in states.items() if not state.status.is_final}
        assert await self._listed() == still_open
        for arguments in (("verify",), ("rebuild", "--check")):
            run = partial(forked, *arguments, "--database", self.database_url)
            proof = await asyncio.to_thread(run, settings=self.environment)
            assert proof.status == 0, proof
        return [states[name] for name in sorted(still_open)]

    async def _listed(self) -> set[str]:
        """What the worklist has with a reason to look at it again, besides webhooks."""
        projections = Projections(self.store.database, PROJECTIONS)
        await projections.start(self.store)
        worklist = projections.of(WorklistProjection)
        rows = await worklist.listing(now=utc_now(), limit=WORK_MAX)
        return {row.stream_id for row in rows if row.kind != "translate"}


@asynccontextmanager
async def a_deployment(
    database_url: str,
    *,
    servers: int,
    books_urls: Mapping[str, str],
    pointed: Mapping[str, str],
) -> AsyncIterator[Deployment]:
    """Make the database and a merchant, and start servers.

    Args:
        database_url: where the log is to be.
        servers: how many.
        books_urls: where the providers' books are read, by provider.
        pointed: the settings that point a server at the providers.
    """
    async with AsyncExitStack() as stack:
        environment = {
            **pointed,
            **{
                f"CAURI_{name.upper()}_{field}": HURRY[field]
                for name in books_urls
                for field in HURRY
            },
            "CAURI_LEASE_MARGIN_SECONDS": "1",
            # One key asks for all customers.
            "CAURI_KEY_REQUESTS_PER_SECOND_MAX": "100000",
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
            store=store,
            handler=handler,
            environment=environment,
            database_url=database_url,
            key=await a_merchant(handler),
            books_urls=books_urls,
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
