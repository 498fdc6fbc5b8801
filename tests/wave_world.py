"""Wave's sandbox, the adapter over it and a payer's browser: the world its tests share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler

from adapters.base import Accepted, Charge
from adapters.powers import Transfer
from adapters.providers.wave import Settings, WaveAdapter
from adapters.sandbox.faults import Faults
from adapters.sandbox.payer import PayerSaw, pay_as_customer
from adapters.sandbox.timer import ManualTimer
from adapters.sandbox.wave import WaveSandbox
from adapters.sandbox.wave_rules import WaveSandboxSettings
from ledger.money import Money
from tests.callback_receiver import CallbackReceiver
from tests.contracts.provider import Ending
from tests.contracts.rail import END_SECONDS, LAST_DIGITS, PAYOUT_ID, RailWorld
from tests.processes import free_port
from tests.replay import CALL_SECONDS, PAYMENT_ID, a_charge, opening

NUMBER = "+2215550000"
"""Of a range that belongs to nobody; two digits are missing."""


@dataclass(kw_only=True)
class WaveWorld(RailWorld):
    """A wallet in Senegal whose webhook is registered at the portal."""

    browser: aiohttp.ClientSession
    adapter: WaveAdapter
    sandbox: WaveSandbox

    def charge(self, ending: Ending) -> Charge:
        return a_charge(
            money=Money(1500, "XOF"),
            phone=NUMBER + LAST_DIGITS[ending],
            country="SN",
            callback_url=self.receiver.url(f"/webhooks/wave/{PAYMENT_ID}/r"),
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

    async def refuse_after_lost_answers(self, status: int, error: dict[str, str]) -> None:
        """Restart: what moves money is done and its answer lost; a repeat of it is refused so."""
        await self.sandbox.stop()
        create, done = self.sandbox._create, set[str]()

        @web.middleware
        async def lose(request: web.Request, handler: Handler) -> web.StreamResponse:
            if not request.path.endswith(("/v1/payout", "/refund")):
                return await handler(request)
            if request.path in done:
                return web.json_response(error, status=status)
            done.add(request.path)
            answer = await handler(request)
            assert request.transport is not None
            request.transport.abort()
            return answer

        def create_losing() -> web.Application:
            application = create()
            application.middlewares.insert(0, lose)
            return application

        self.sandbox._create = create_losing  # type: ignore[method-assign]
        await self.sandbox.start()

    def transfer(self, ending: str, **changes: Any) -> Transfer:
        usual: dict[str, Any] = {
            "payment_id": PAYOUT_ID,
            "money": Money(1500, "XOF"),
            "phone": NUMBER + LAST_DIGITS[ending],
            "country": "SN",
            "description": "Wages of May, and something more than forty characters",
            "callback_url": None,
        }
        return Transfer(**(usual | changes))


@asynccontextmanager
async def a_world(
    folder: Path, *, changes: dict[str, Any] | None = None, **switches: Any
) -> AsyncIterator[WaveWorld]:
    """Open a world; `switches` are the sandbox's, `changes` the adapter's settings."""
    timer = ManualTimer()
    async with CallbackReceiver() as receiver, aiohttp.ClientSession() as browser:
        settings = WaveSandboxSettings.model_validate(
            {
                "books_path": folder / "wave.jsonl",
                "webhook_url": receiver.url("/webhooks/wave/portal"),
            }
            | switches
        )
        fixed = settings.model_copy(update={"port": free_port()})

        def remake(faults: Faults) -> WaveSandbox:
            return WaveSandbox(fixed, clock=timer.clock, faults=faults, timer=timer)

        sandbox = remake(Faults.none())
        await sandbox.start()
        adapter_settings = Settings.model_validate(
            {
                "base_url": sandbox.url,
                "api_key": settings.api_key,
                "webhook_secret": settings.webhook_secret,
                "call_timeout_seconds": CALL_SECONDS,
            }
            | (changes or {})
        )
        exchanges: list[Any] = []
        adapter = WaveAdapter(adapter_settings, opening(observe=exchanges))
        world = WaveWorld(
            adapter=adapter,
            exchanges=exchanges,
            secrets=(settings.api_key, settings.webhook_secret),
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
