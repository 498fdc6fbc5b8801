"""KKiaPay's sandbox, the adapter over it and a payer's browser: the world its tests share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from adapters.base import Accepted, Charge
from adapters.providers.kkiapay import KkiapayAdapter, Settings
from adapters.sandbox.faults import Faults
from adapters.sandbox.kkiapay import KkiapaySandbox
from adapters.sandbox.kkiapay_rules import KkiapaySandboxSettings
from adapters.sandbox.payer import PayerSaw, pay_as_customer
from adapters.sandbox.timer import ManualTimer
from ledger.money import Money
from tests.callback_receiver import CallbackReceiver
from tests.contracts.provider import Ending
from tests.contracts.rail import END_SECONDS, LAST_DIGITS, RailWorld
from tests.processes import free_port
from tests.replay import CALL_SECONDS, PAYMENT_ID, a_charge, opening

NUMBER = "+22901610000"
"""Of the range of KKiaPay's own examples, with the 01 of 2024; two digits are missing."""


@dataclass(kw_only=True)
class KkiapayWorld(RailWorld):
    """An account in Benin whose webhook is registered at the dashboard."""

    browser: aiohttp.ClientSession
    adapter: KkiapayAdapter
    sandbox: KkiapaySandbox

    def charge(self, ending: Ending) -> Charge:
        return a_charge(
            money=Money(2500, "XOF"),
            phone=NUMBER + LAST_DIGITS[ending],
            country="BJ",
            callback_url=self.receiver.url(f"/webhooks/kkiapay/{PAYMENT_ID}/r"),
        )

    async def visit(self, accepted: Accepted, number: str) -> PayerSaw:
        """Be the payer: open the page and confirm as this number."""
        return await pay_as_customer(self.browser, accepted.handle["redirect_url"], number, "")

    async def end(self, reference: str, accepted: Accepted, ending: Ending) -> None:
        """Be the payer, or let nobody be one; only the former is told to the merchant."""
        if ending == "expired":
            self.timer.advance(END_SECONDS)
            return
        await self.visit(accepted, NUMBER + LAST_DIGITS[ending])
        await self.told()


@asynccontextmanager
async def a_world(
    folder: Path, *, changes: dict[str, Any] | None = None, **switches: Any
) -> AsyncIterator[KkiapayWorld]:
    """Open a world; `switches` are the sandbox's, `changes` the adapter's settings."""
    timer = ManualTimer()
    async with CallbackReceiver() as receiver, aiohttp.ClientSession() as browser:
        settings = KkiapaySandboxSettings.model_validate(
            {
                "books_path": folder / "kkiapay.jsonl",
                "webhook_url": receiver.url("/webhooks/kkiapay/portal"),
            }
            | switches
        )
        fixed = settings.model_copy(update={"port": free_port()})

        def remake(faults: Faults) -> KkiapaySandbox:
            return KkiapaySandbox(fixed, clock=timer.clock, faults=faults, timer=timer)

        sandbox = remake(Faults.none())
        await sandbox.start()
        keys = ("public_key", "private_key", "secret_key", "webhook_secret")
        secrets = {name: getattr(settings, name) for name in keys}
        urls = {"base_url": sandbox.url, "page_url": sandbox.url}
        exchanges: list[Any] = []
        adapter = KkiapayAdapter(
            Settings.model_validate(
                urls | secrets | {"call_timeout_seconds": CALL_SECONDS} | (changes or {})
            ),
            opening(observe=exchanges),
        )
        world = KkiapayWorld(
            adapter=adapter,
            exchanges=exchanges,
            secrets=tuple(secrets.values()),
            sandbox=sandbox,
            remake=remake,
            timer=timer,
            receiver=receiver,
            browser=browser,
        )
        try:
            yield world
        finally:
            await adapter.close()
            await world.sandbox.stop()
