"""The Y-Note sandbox and our adapter for it, for the tests of both."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from adapters.base import Charge
from adapters.powers import Transfer
from adapters.providers.ynote import Settings, YnoteAdapter
from adapters.sandbox.faults import Faults
from adapters.sandbox.timer import ManualTimer
from adapters.sandbox.ynote import YnoteSandbox
from adapters.sandbox.ynote_rules import YnoteSandboxSettings
from adapters.sandbox.ynote_trial import adapter_fields
from ledger.money import Money
from tests.callback_receiver import CallbackReceiver
from tests.contracts.rail import LAST_DIGITS, PAYOUT_ID, RailWorld
from tests.processes import free_port
from tests.replay import CALL_SECONDS, PAYMENT_ID, a_charge, opening

MTN, ORANGE = "+2376700000", "+2376900000"
"""The beginnings of numbers of both operators; two digits follow."""

REFERENCE = "pay" + "a" * 26 + "1"
PAYOUT = "po" + "c" * 26 + "1"


@dataclass(kw_only=True)
class YnoteWorld(RailWorld):
    """A merchant in Cameroon."""

    sandbox: YnoteSandbox
    adapter: YnoteAdapter
    beginning: str = MTN

    def charge(self, ending: str) -> Charge:
        return a_charge(
            money=Money(1500, "XAF"),
            phone=self.beginning + LAST_DIGITS[ending],
            callback_url=self.receiver.url(f"/webhooks/ynote/{PAYMENT_ID}/{REFERENCE}"),
        )

    def transfer(self, ending: str) -> Transfer:
        return Transfer(
            payment_id=PAYOUT_ID,
            money=Money(2000, "XAF"),
            phone=ORANGE + LAST_DIGITS[ending],
            country="CM",
            description="Salaire de mars",
            callback_url=self.receiver.url(f"/webhooks/ynote/{PAYOUT_ID}/{PAYOUT}"),
        )

    async def post(self, path: str, body: object) -> tuple[int, Any]:
        """Call the sandbox as a merchant's own code would, with a good token."""
        headers = {"Authorization": f"Bearer {self.sandbox.issue_token()}"}
        async with (
            aiohttp.ClientSession() as browser,
            browser.post(self.sandbox.url + path, json=body, headers=headers) as answer,
        ):
            return answer.status, await answer.json()


@asynccontextmanager
async def a_world(
    folder: Path, *, changes: dict[str, Any] | None = None, beginning: str = MTN, **switches: Any
) -> AsyncIterator[YnoteWorld]:
    """Open a world; `switches` are the sandbox's, `changes` the adapter's settings."""
    timer = ManualTimer()
    settings = YnoteSandboxSettings.model_validate(
        {"decide_after_seconds": 30, "books_path": folder / "ynote.jsonl"} | switches
    )
    fixed = settings.model_copy(update={"port": free_port()})

    def remake(faults: Faults) -> YnoteSandbox:
        return YnoteSandbox(fixed, clock=timer.clock, faults=faults, timer=timer)

    sandbox = remake(Faults.none())
    exchanges: list[Any] = []
    async with CallbackReceiver() as receiver:
        await sandbox.start()
        fields = {**adapter_fields(sandbox), "call_timeout_seconds": str(CALL_SECONDS)} | (
            changes or {}
        )
        adapter = YnoteAdapter(Settings.model_validate(fields), opening(observe=exchanges))
        world = YnoteWorld(
            adapter=adapter,
            exchanges=exchanges,
            secrets=(
                *(settings.client_id, settings.client_secret),
                *(settings.customer_key, settings.customer_secret, settings.channel_msisdn),
            ),
            sandbox=sandbox,
            remake=remake,
            timer=timer,
            receiver=receiver,
            beginning=beginning,
        )
        try:
            yield world
        finally:
            await adapter.close()
            await world.sandbox.stop()
