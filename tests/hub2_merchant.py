"""A merchant at HUB2 for tests: the sandbox at a fixed port, our adapter, and a browser's worth."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from adapters.base import Charge
from adapters.powers import Transfer
from adapters.providers.hub2 import Hub2Adapter, Settings
from adapters.sandbox.faults import Faults
from adapters.sandbox.hub2 import Hub2Sandbox
from adapters.sandbox.hub2_rules import Hub2SandboxSettings
from adapters.sandbox.timer import ManualTimer
from ledger.money import Money
from tests.callback_receiver import CallbackReceiver
from tests.contracts.provider import Ending
from tests.contracts.rail import LAST_DIGITS, PAYOUT_ID, RailWorld
from tests.processes import free_port
from tests.replay import CALL_SECONDS, a_charge, opening

MTN, ORANGE, MOOV = "+22505000000", "+22507000000", "+22501000000"
"""The beginnings of numbers of Ivorian operators; two digits follow."""


@dataclass(kw_only=True)
class Hub2World(RailWorld):
    """The HUB2 sandbox and our adapter for it."""

    sandbox: Hub2Sandbox
    adapter: Hub2Adapter

    def charge(self, ending: Ending, beginning: str = MTN) -> Charge:
        return a_charge(
            money=Money(1500, "XOF"),
            phone=beginning + LAST_DIGITS[ending],
            country="CI",
            callback_url=self.receiver.url("/webhooks/hub2/x/y"),
        )

    def transfer(self, ending: str) -> Transfer:
        return Transfer(
            payment_id=PAYOUT_ID,
            money=Money(2000, "XOF"),
            phone=MTN + LAST_DIGITS[ending],
            country="CI",
            description="Salaire d'août n° 3",
            callback_url=None,
        )


@asynccontextmanager
async def a_world(
    folder: Path, *, changes: dict[str, Any] | None = None, **switches: Any
) -> AsyncIterator[Hub2World]:
    """Open a world; `switches` are the sandbox's, `changes` the adapter's settings."""
    timer = ManualTimer()
    usual = {"decide_after_seconds": 30, "books_path": folder / "hub2.jsonl"}
    async with CallbackReceiver() as receiver:
        settings = Hub2SandboxSettings.model_validate(
            usual | {"webhook_url": receiver.url("/webhooks/hub2/portal")} | switches
        )
        fixed = settings.model_copy(update={"port": free_port()})

        def remake(faults: Faults) -> Hub2Sandbox:
            return Hub2Sandbox(fixed, clock=timer.clock, faults=faults, timer=timer)

        sandbox = remake(Faults.none())
        await sandbox.start()
        adapter_settings = Settings.model_validate(
            {
                "base_url": sandbox.url,
                "merchant_id": settings.merchant_id,
                "api_key": settings.api_key,
                "webhook_secret": settings.webhook_secret,
                "call_timeout_seconds": CALL_SECONDS,
                "calls_per_second_max": 1000,
                "list_seconds": 0,
            }
            | (changes or {})
        )
        exchanges: list[Any] = []
        adapter = Hub2Adapter(adapter_settings, opening(observe=exchanges))
        world = Hub2World(
            adapter=adapter,
            exchanges=exchanges,
            secrets=(settings.merchant_id, settings.api_key, settings.webhook_secret),
            sandbox=sandbox,
            remake=remake,
            timer=timer,
            receiver=receiver,
        )
        try:
            yield world
        finally:
            await adapter.close()
            await world.sandbox.stop()


async def post(
    world: Hub2World, path: str, body: object, *, with_key: bool = True
) -> tuple[int, Any]:
    """Call the sandbox as a merchant's own code would."""
    told = world.sandbox.settings
    headers = {"Environment": str(told.environment)}
    if with_key:
        headers |= {"ApiKey": told.api_key, "MerchantId": told.merchant_id}
    async with (
        aiohttp.ClientSession() as browser,
        browser.post(world.sandbox.url + path, json=body, headers=headers) as answer,
    ):
        return answer.status, await answer.json()
