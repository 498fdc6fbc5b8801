"""A street of shops beside a server whose time is virtual: who is told what, over days.

Messages are leased from the projection and performed as the workers do it, and time goes on to
whatever is due next, so a day of a merchant's trouble takes a moment.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from adapters.base import Due
from adapters.notify.merchants import Merchants
from adapters.recording import Recorder
from adapters.transport_outward import Outward
from api.messages import composer
from ledger import events
from ledger.events import Event
from projections.deliveries import DeliveriesProjection
from projections.queues import Due as DueLeased
from tests.api_world import Answer, World, a_payment, a_world, settings_in
from tests.conftest import FakeClock
from tests.shop import Shop
from tests.test_api_payments import paid

LANES = ("deliver", "deliver_slow")
PATIENCE_SECONDS = 0.4
LEASE_SECONDS = 40.0
ROUNDS_MAX = 5_000


@dataclass
class Street:
    """Shops, and the server that tells them."""

    world: World
    clock: FakeClock
    merchants: Merchants
    outward: Outward
    stack: AsyncExitStack = field(repr=False)
    shops: list[Shop] = field(default_factory=list)

    @property
    def deliveries(self) -> DeliveriesProjection:
        """The queue."""
        return self.world.services.deliveries

    async def open(self, **options: Any) -> Shop:
        """Open a shop, and let its merchant say where it is."""
        shop = await self.stack.enter_async_context(Shop(self.clock, **options))
        answer = await self.post("", {"url": shop.url})
        assert answer.status == 201, answer.body
        shop.id, shop.secret = answer.json["id"], answer.json["secret"]
        shop.public_key = answer.json["public_key"]
        self.shops.append(shop)
        return shop

    async def post(self, path: str, content: Any, who: str = "mer_1") -> Answer:
        """Ask for something about endpoints."""
        return await self.world.ask("POST", f"/v1/webhook-endpoints{path}", who=who, json=content)

    async def pay(self, name: str) -> str:
        """Take a payment which succeeds; its id. Two messages about it are due."""
        answer = await self.world.pay(a_payment(), key=name)
        await paid(self.world, answer.json["id"])
        return str(answer.json["id"])

    async def leased(self, limit: int = 64) -> list[DueLeased]:
        """Lease what is due in both lanes."""
        await self.world.caught_up()
        found: list[DueLeased] = []
        for lane in LANES:
            found += await self.deliveries.lease(
                lane,
                None,
                holder="street",
                limit=limit,
                now=self.clock(),
                seconds=LEASE_SECONDS,
            )
        return found

    async def perform(self, due: DueLeased) -> None:
        """Tell one message, as a worker does: the two rooms do not know each other's `Due`."""
        await self.merchants.perform(cast("Due", due))

    async def deliver(self, until: timedelta = timedelta()) -> None:
        """Let so much time go by, and whatever is due meanwhile be delivered."""
        end = self.clock() + until
        for _ in range(ROUNDS_MAX):
            due = await self.leased()
            if due:
                await asyncio.gather(*[self.perform(one) for one in due])
                continue
            times = [await self.deliveries.next_due_at(lane) for lane in LANES]
            following = min((one for one in times if one is not None), default=None)
            if following is None or following > end:
                self.clock.now = end
                return
            self.clock.now = max(following, self.clock.now)
        raise AssertionError("it never ends")

    async def log(self, *kinds: type[Event]) -> list[Any]:
        """Every event of some kinds, in the order of the log."""
        found: list[Any] = []
        after = 0
        while page := await self.world.services.store.read(after, 1000):
            found += [one.event for one in page if isinstance(one.event, kinds)]
            after = page[-1].position
        return found

    async def attempts(self, shop: Shop) -> list[events.DeliveryAttempted]:
        """Every attempt at telling a shop."""
        found = await self.log(events.DeliveryAttempted)
        return [one for one in found if one.endpoint_id == shop.id]

    async def noticed(self, payment_id: str) -> list[int]:
        """The positions of what is worth a message about a payment."""
        _, recorded = await self.world.services.handler.payment(payment_id)
        wanted = (events.PaymentSubmitted, events.PaymentSucceeded)
        return [one.position for one in recorded if isinstance(one.event, wanted)]


@asynccontextmanager
async def a_street(
    folder: Path,
    clock: FakeClock,
    patience_seconds: float = PATIENCE_SECONDS,
    **changes: Any,
) -> AsyncIterator[Street]:
    """Serve without workers, over a database in a folder; the shops may be on this machine."""
    settings = settings_in(folder, endpoint_loopback=True, **changes)
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(a_world(settings, clock=clock))
        services = world.services
        outward = Outward(seconds_max=patience_seconds, allows_loopback=True)
        stack.push_async_callback(outward.close)
        recorder = Recorder(services.handler, services.vault)
        compose = composer(services.vault, services.store, services.adapters, "test")
        made = Merchants(recorder, outward, compose, clock=clock)
        yield Street(world, clock, made, outward, stack)
