"""Sonatel's sandbox, the adapter over it and a payer's browser: the world its tests share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp

from adapters.base import Accepted, Charge
from adapters.powers import Transfer
from adapters.providers._orange_sonatel_bulk import Wait
from adapters.providers.orange_sonatel import OrangeSonatelAdapter, Settings
from adapters.sandbox.faults import Faults
from adapters.sandbox.orange_sonatel import OrangeSonatelSandbox
from adapters.sandbox.orange_sonatel_rules import OrangeSonatelSandboxSettings
from adapters.sandbox.payer import PayerSaw, pay_as_customer
from adapters.sandbox.timer import ManualTimer
from ledger.money import Money
from tests.callback_receiver import CallbackReceiver
from tests.contracts.provider import Ending
from tests.contracts.rail import END_SECONDS, LAST_DIGITS, PAYOUT_ID, RailWorld
from tests.processes import free_port
from tests.replay import CALL_SECONDS, PAYMENT_ID, PatientTransport, a_charge, at_once

NUMBER = "+2217700000"
"""Two digits are missing, which say what happens."""


@dataclass(kw_only=True)
class SonatelWorld(RailWorld):
    """A merchant and a retailer in Senegal; the payment says where it is told."""

    browser: aiohttp.ClientSession
    adapter: OrangeSonatelAdapter
    sandbox: OrangeSonatelSandbox

    def charge(self, ending: Ending) -> Charge:
        return a_charge(
            money=Money(1500, "XOF"),
            phone=NUMBER + LAST_DIGITS[ending],
            country="SN",
            callback_url=self.receiver.url(f"/webhooks/orange_sonatel/{PAYMENT_ID}/r"),
        )

    async def visit(self, accepted: Accepted, number: str) -> PayerSaw:
        """Be the payer: follow the link and confirm as this number."""
        return await pay_as_customer(self.browser, accepted.handle["redirect_url"], number, "")

    async def end(self, reference: str, accepted: Accepted, ending: Ending) -> None:
        """Be the payer and wait for the callback, or let nobody be one; let the code end."""
        if ending != "expired":
            await self.visit(accepted, NUMBER + LAST_DIGITS[ending])
            await self.told()
        self.timer.advance(0 if ending == "paid" else END_SECONDS)

    def transfer(self, ending: str, **changes: Any) -> Transfer:
        usual: dict[str, Any] = {
            "payment_id": PAYOUT_ID,
            "money": Money(1500, "XOF"),
            "phone": NUMBER + LAST_DIGITS[ending],
            "country": "SN",
            "description": "Wages of May",
            "callback_url": None,
        }
        return Transfer(**(usual | changes))


CODE = "904817"
"""The one-time code that is always good in a `OneStepWorld`."""


@dataclass(kw_only=True)
class OneStepWorld(SonatelWorld):
    """The same merchant, whose payers bring a one-time code."""

    is_absence_told: bool = False

    def charge(self, ending: Ending) -> Charge:
        return replace(super().charge(ending), one_time_code=CODE)

    async def end(self, reference: str, accepted: Accepted, ending: Ending) -> None:
        """Let the time pass that it takes; nobody has to do anything."""
        await self.told(60 if ending == "paid" else END_SECONDS)


@asynccontextmanager
async def a_one_step_world(folder: Path, **given: Any) -> AsyncIterator[OneStepWorld]:
    """Open a world in which every charge brings a code; `given` is as for `a_world`."""
    given = {"fixed_code": CODE} | given
    async with a_world(folder, kind=OneStepWorld, **given) as world:
        assert isinstance(world, OneStepWorld)
        world.secrets = (*world.secrets, CODE)
        yield world


@asynccontextmanager
async def a_world(
    folder: Path,
    *,
    changes: dict[str, Any] | None = None,
    wait: Wait = at_once,
    kind: type[SonatelWorld] = SonatelWorld,
    **switches: Any,
) -> AsyncIterator[SonatelWorld]:
    """Open a world; `switches` are the sandbox's, `changes` the adapter's settings.

    `wait` is how a payout waits for others that go with it.
    """
    timer = ManualTimer()
    async with CallbackReceiver() as receiver, aiohttp.ClientSession() as browser:
        settings = OrangeSonatelSandboxSettings.model_validate(
            {"books_path": folder / "orange_sonatel.jsonl"} | switches
        )
        fixed = settings.model_copy(update={"port": free_port()})

        def remake(faults: Faults) -> OrangeSonatelSandbox:
            return OrangeSonatelSandbox(fixed, clock=timer.clock, faults=faults, timer=timer)

        sandbox = remake(Faults.none())
        await sandbox.start()
        adapter_settings = Settings.model_validate(
            {
                "base_url": sandbox.url,
                "client_id": settings.client_id,
                "client_secret": settings.client_secret,
                "merchant_code": settings.merchant_code,
                "retailer_msisdn": settings.retailer_msisdn,
                "retailer_pin": settings.retailer_pin,
                "webhook_secret": settings.webhook_secret,
                "api_key": settings.api_key,
                "unpaid_expires_after_seconds": 600.0,
                "call_timeout_seconds": CALL_SECONDS,
            }
            | (changes or {})
        )
        exchanges: list[Any] = []
        opening = partial(
            PatientTransport,
            clock=timer.clock,
            observer=exchanges.append,
            is_loopback_only=True,
            sleep=at_once,
        )
        adapter = OrangeSonatelAdapter(adapter_settings, opening, wait=wait)
        world = kind(
            adapter=adapter,
            exchanges=exchanges,
            secrets=(
                *(settings.client_id, settings.client_secret, settings.webhook_secret),
                settings.api_key,
            ),
            # The retailer's number lets nobody in; it is hidden as everybody's is.
            people={f"+221{settings.retailer_msisdn}"},
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
