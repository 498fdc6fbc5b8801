"""TouchPay's sandbox and the adapter over it: the world its tests share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from adapters.base import Charge
from adapters.powers import Transfer
from adapters.providers.touchpay import Settings, TouchpayAdapter
from adapters.sandbox.faults import Faults
from adapters.sandbox.timer import ManualTimer
from adapters.sandbox.touchpay import TouchpaySandbox
from adapters.sandbox.touchpay_rules import TouchpaySandboxSettings
from ledger.money import Money
from tests.callback_receiver import CallbackReceiver
from tests.contracts.provider import Ending
from tests.contracts.rail import LAST_DIGITS, PAYOUT_ID, RailWorld
from tests.processes import free_port
from tests.replay import CALL_SECONDS, PAYMENT_ID, a_charge, opening

NUMBER = "+22505000000"
"""Of MTN's range in Côte d'Ivoire; two digits are missing."""

SENEGALESE = "+2217700000"
"""Of Orange's range in Senegal, likewise."""

CODE = "904817"
"""The one-time code that is good in a `CodeWorld`."""


@dataclass(kw_only=True)
class TouchpayWorld(RailWorld):
    """An agency in Côte d'Ivoire."""

    adapter: TouchpayAdapter
    sandbox: TouchpaySandbox

    def charge(self, ending: Ending) -> Charge:
        path = f"/webhooks/touchpay/{PAYMENT_ID}/{PAYMENT_ID}-1"
        return a_charge(
            money=Money(1500, "XOF"),
            phone=NUMBER + LAST_DIGITS[ending],
            country="CI",
            callback_url=self.receiver.url(path),
        )

    def transfer(self, ending: str, **changes: Any) -> Transfer:
        usual: dict[str, Any] = {
            "payment_id": PAYOUT_ID,
            "money": Money(1500, "XOF"),
            "phone": NUMBER + LAST_DIGITS[ending],
            "country": "CI",
            "description": "Wages",
            "callback_url": None,
        }
        return Transfer(**(usual | changes))


@dataclass(kw_only=True)
class CodeWorld(TouchpayWorld):
    """Payers of Orange in Senegal, who bring a one-time code."""

    def charge(self, ending: Ending) -> Charge:
        phone = SENEGALESE + LAST_DIGITS[ending]
        return replace(super().charge(ending), phone=phone, country="SN", one_time_code=CODE)


@asynccontextmanager
async def a_code_world(folder: Path, **given: Any) -> AsyncIterator[CodeWorld]:
    """Open a world in which every charge brings a code; `given` is as for `a_world`."""
    given = {"fixed_code": CODE} | given
    async with a_world(folder, kind=CodeWorld, **given) as world:
        assert isinstance(world, CodeWorld)
        world.secrets = (*world.secrets, CODE)
        yield world


@asynccontextmanager
async def a_world(
    folder: Path,
    *,
    changes: dict[str, Any] | None = None,
    kind: type[TouchpayWorld] = TouchpayWorld,
    **switches: Any,
) -> AsyncIterator[TouchpayWorld]:
    """Open a world; `switches` are the sandbox's, `changes` the adapter's settings."""
    timer = ManualTimer()
    async with CallbackReceiver() as receiver:
        settings = TouchpaySandboxSettings.model_validate(
            {"books_path": folder / "touchpay.jsonl", "decide_after_seconds": 5.0} | switches
        )
        fixed = settings.model_copy(update={"port": free_port()})

        def remake(faults: Faults) -> TouchpaySandbox:
            return TouchpaySandbox(fixed, clock=timer.clock, faults=faults, timer=timer)

        sandbox = remake(Faults.none())
        await sandbox.start()
        keys = ("username", "password", "login_agent", "agent_password")
        secrets = {name: getattr(settings, name) for name in keys}
        named = {"agency_code": settings.agency_code, "partner_id": settings.partner_id}
        exchanges: list[Any] = []
        adapter = TouchpayAdapter(
            Settings.model_validate(
                {"base_url": sandbox.url, "call_timeout_seconds": CALL_SECONDS}
                | named
                | secrets
                | (changes or {})
            ),
            opening(observe=exchanges),
        )
        world = kind(
            adapter=adapter,
            exchanges=exchanges,
            secrets=tuple(secrets.values()),
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
