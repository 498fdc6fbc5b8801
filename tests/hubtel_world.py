"""The Hubtel sandbox and our adapter for it, for the tests of both."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from adapters.base import Charge
from adapters.powers import Transfer
from adapters.providers.hubtel import HubtelAdapter, Settings
from adapters.sandbox.faults import Faults
from adapters.sandbox.hubtel import HubtelSandbox
from adapters.sandbox.hubtel_rules import HubtelSandboxSettings
from adapters.sandbox.hubtel_trial import adapter_fields
from adapters.sandbox.timer import ManualTimer
from adapters.transcript import basic
from ledger.money import Money
from tests.callback_receiver import CallbackReceiver
from tests.contracts.rail import LAST_DIGITS, PAYOUT_ID, RailWorld
from tests.processes import free_port
from tests.replay import CALL_SECONDS, PAYMENT_ID, a_charge, opening

MTN, TELECEL, AT = "+2332400000", "+2332000000", "+2332700000"
"""The beginnings of numbers of the three networks; two digits follow."""

REFERENCE = "pay" + "a" * 26 + "1"
PAYOUT = "po" + "c" * 26 + "1"


@dataclass(kw_only=True)
class HubtelWorld(RailWorld):
    """A merchant in Ghana."""

    sandbox: HubtelSandbox
    adapter: HubtelAdapter

    def charge(self, ending: str, beginning: str = MTN) -> Charge:
        return a_charge(
            money=Money(1250, "GHS"),
            phone=beginning + LAST_DIGITS[ending],
            country="GH",
            callback_url=self.receiver.url(f"/webhooks/hubtel/{PAYMENT_ID}/{REFERENCE}"),
        )

    def transfer(self, ending: str, beginning: str = MTN) -> Transfer:
        return Transfer(
            payment_id=PAYOUT_ID,
            money=Money(2000, "GHS"),
            phone=beginning + LAST_DIGITS[ending],
            country="GH",
            description="Wages: May & June (100%)",
            callback_url=self.receiver.url(f"/webhooks/hubtel/{PAYOUT_ID}/{PAYOUT}"),
        )

    async def call(
        self, method: str, path: str, body: object = None, *, key: str | None = None
    ) -> tuple[int, Any]:
        """Call the sandbox as a merchant's own code would; a text where it answers no JSON."""
        told = self.sandbox.settings
        headers = {"Authorization": basic(told.api_id, key or told.api_key)}
        url = self.sandbox.url + path
        async with (
            aiohttp.ClientSession() as browser,
            browser.request(method, url, json=body, headers=headers) as answer,
        ):
            if answer.content_type == "application/json":
                return answer.status, await answer.json()
            return answer.status, await answer.text()


@asynccontextmanager
async def a_world(
    folder: Path, *, changes: dict[str, Any] | None = None, **switches: Any
) -> AsyncIterator[HubtelWorld]:
    """Open a world; `switches` are the sandbox's, `changes` the adapter's settings."""
    timer = ManualTimer()
    settings = HubtelSandboxSettings.model_validate(
        {"decide_after_seconds": 30, "books_path": folder / "hubtel.jsonl"} | switches
    )
    fixed = settings.model_copy(update={"port": free_port()})

    def remake(faults: Faults) -> HubtelSandbox:
        return HubtelSandbox(fixed, clock=timer.clock, faults=faults, timer=timer)

    sandbox = remake(Faults.none())
    exchanges: list[Any] = []
    async with CallbackReceiver() as receiver:
        await sandbox.start()
        fields = {**adapter_fields(sandbox), "call_timeout_seconds": str(CALL_SECONDS)} | (
            changes or {}
        )
        adapter = HubtelAdapter(Settings.model_validate(fields), opening(observe=exchanges))
        world = HubtelWorld(
            adapter=adapter,
            exchanges=exchanges,
            secrets=(settings.api_id, settings.api_key),
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
