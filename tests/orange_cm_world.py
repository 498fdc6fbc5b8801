"""The Orange Cameroon sandbox and our adapter for it, for the tests of both."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from adapters.base import Accepted, Charge, WebhookCall
from adapters.powers import Transfer
from adapters.providers.orange_cm import OrangeCmAdapter, Settings
from adapters.sandbox.faults import Faults
from adapters.sandbox.orange_cm import OrangeCmSandbox, OrangeCmSandboxSettings
from adapters.sandbox.orange_cm_trial import adapter_fields
from adapters.sandbox.timer import ManualTimer
from ledger.money import Money
from tests.callback_receiver import CallbackReceiver
from tests.contracts.provider import Ending, ready
from tests.contracts.rail import END_SECONDS, LAST_DIGITS, PAYOUT_ID, RailWorld
from tests.processes import free_port
from tests.replay import CALL_SECONDS, PAYMENT_ID, a_charge, opening

MONEY = Money(1500, "XAF")


def number(ending: str) -> str:
    """A number of Orange's test range whose movements end so."""
    return f"+2376900000{LAST_DIGITS[ending]}"


@dataclass(kw_only=True)
class OrangeCmWorld(RailWorld):
    """A world; `end` waits for a notification only where there is something to be told."""

    sandbox: OrangeCmSandbox
    adapter: OrangeCmAdapter

    def charge(self, ending: str) -> Charge:
        path = f"/webhooks/orange_cm/{PAYMENT_ID}/{self.adapter.reference_for(PAYMENT_ID, 1)}"
        return a_charge(money=MONEY, phone=number(ending), callback_url=self.receiver.url(path))

    def transfer(self, ending: str) -> Transfer:
        return Transfer(
            payment_id=PAYOUT_ID,
            money=MONEY,
            phone=number(ending),
            country="CM",
            description="Salaire de mars",
            callback_url="http://localhost/webhooks",
        )

    async def end(self, reference: str, accepted: Accepted, ending: Ending) -> None:
        before = len(self.receiver.received)
        self.timer.advance(END_SECONDS)
        await self.sandbox.sender.settled()
        for one in self.receiver.received[before:]:
            path = tuple(one.path.split("/")[3:])
            self.notified.append(
                WebhookCall(method=one.method, path=path, headers=one.headers, body=one.body)
            )

    async def prepared(self, ending: str = "paid") -> tuple[str, Charge]:
        """Fetch the payToken of a payment that will end so; give its reference and its charge."""
        reference = self.adapter.reference_for(PAYMENT_ID, 1)
        charge, forbidden = await ready(self.adapter, self.charge(ending), reference)
        assert forbidden is None
        return reference, charge

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.timer.advance(seconds)


@asynccontextmanager
async def a_world(
    folder: Path, *, changes: dict[str, Any] | None = None, **switches: Any
) -> AsyncIterator[OrangeCmWorld]:
    """Open a world; `switches` are the sandbox's, `changes` the adapter's settings."""
    timer = ManualTimer()
    settings = OrangeCmSandboxSettings.model_validate(
        {"books_path": folder / "orange_cm.jsonl"} | switches
    )
    fixed = settings.model_copy(update={"port": free_port()})

    def remake(faults: Faults) -> OrangeCmSandbox:
        return OrangeCmSandbox(fixed, clock=timer.clock, faults=faults, timer=timer)

    sandbox = remake(Faults.none())
    exchanges: list[Any] = []
    async with CallbackReceiver() as receiver:
        await sandbox.start()
        fields = {**adapter_fields(sandbox), "call_timeout_seconds": str(CALL_SECONDS)} | (
            changes or {}
        )
        adapter = OrangeCmAdapter(Settings.model_validate(fields), opening(observe=exchanges))
        world = OrangeCmWorld(
            adapter=adapter,
            exchanges=exchanges,
            secrets=(
                *(settings.client_id, settings.client_secret),
                *(settings.api_user, settings.api_password, settings.channel_number),
            ),
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


def with_number(charge: Charge, phone: str) -> Charge:
    """The same charge to another number."""
    return replace(charge, phone=phone)
