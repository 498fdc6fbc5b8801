"""The MTN sandbox and our adapter for it, as the tests of the adapter meet them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.base import (
    Accepted,
    Charge,
    Power,
    WebhookCall,
)
from adapters.powers import Transfer
from adapters.providers.mtn import MtnAdapter, Settings
from adapters.sandbox.faults import Faults
from adapters.sandbox.mtn import MtnSandbox
from adapters.sandbox.mtn_products import REFUND, REQUEST_TO_PAY, TRANSFER
from adapters.sandbox.mtn_rules import MtnSandboxSettings
from adapters.sandbox.timer import ManualTimer
from ledger.money import Money, parse_money
from tests.callback_receiver import CallbackReceiver
from tests.contracts.provider import Ending
from tests.contracts.rail import (
    PAYOUT_ID,
    OutgoingWorld,
)
from tests.processes import free_port
from tests.replay import CALL_SECONDS, PAYMENT_ID, a_charge, opening

PAYERS: dict[Ending, str] = {
    "paid": "+46733120000",
    "refused": "+46733123451",
    "expired": "+46733123452",
    "poor": "+46733123463",
    "no account": "+46733123455",
}


PAYEES = {
    "paid": "+46733120000",
    "refused": "+46733123451",
    "expired": "+46733123452",
    "no account": "+46733123457",
    "short": "+46733123455",
    "poor": "+46733123455",
}
RESOURCES: dict[Power, str] = {
    "collection": REQUEST_TO_PAY,
    "payout": TRANSFER,
    "refund": REFUND,
}


@dataclass(frozen=True)
class Movement:
    """What the books say of a movement, in the words of the contract."""

    ending: str | None
    amount_minor: int
    currency: str
    phone: str


@dataclass(kw_only=True)
class MtnWorld(OutgoingWorld):
    """The MTN sandbox at a fixed port, with books in a file."""

    sandbox: MtnSandbox
    adapter: MtnAdapter

    def charge(self, ending: Ending) -> Charge:
        path = f"/webhooks/mtn/{PAYMENT_ID}/{self.adapter.reference_for(PAYMENT_ID, 1)}"
        return a_charge(phone=PAYERS[ending], callback_url=self.receiver.url(path))

    async def end(self, reference: str, accepted: Accepted, ending: Ending) -> None:
        before = len(self.receiver.received)
        self.timer.advance(60)
        for one in (await self.receiver.until(before + 1))[before:]:
            path = tuple(one.path.split("/")[3:])
            self.notified.append(
                WebhookCall(method=one.method, path=path, headers=one.headers, body=one.body)
            )

    async def weather(self, faults: Faults) -> None:
        await self.sandbox.stop()
        self.sandbox = MtnSandbox(
            self.sandbox.settings, clock=self.timer.clock, faults=faults, timer=self.timer
        )
        await self.sandbox.start()

    async def leave(self) -> None:
        await self.sandbox.stop()

    def expire_tokens(self) -> None:
        self.timer.advance(2 * 3600)

    def known(self) -> set[str]:
        warmed = self.adapter.reference_for("pay_" + "b" * 26, 99)
        return set(self.sandbox.books.payments) - {warmed}

    def movements(self, power: Power) -> list[Movement]:
        endings = {"SUCCESSFUL": "succeeded", "FAILED": "failed"}
        return [
            Movement(
                endings.get(one.status),
                parse_money(one.amount or "0", one.currency).amount_minor,
                one.currency,
                one.person_id or "",
            )
            for one in self.sandbox.books.of(RESOURCES[power]).values()
        ]

    def transfer(self, ending: str) -> Transfer:
        return Transfer(
            payment_id=PAYOUT_ID,
            money=Money(1250, "EUR"),
            phone=PAYEES[ending],
            country="CM",
            description="Wages & thanks",
            callback_url=self.receiver.url(f"/webhooks/mtn/{PAYOUT_ID}/r"),
        )

    def times_charged(self) -> int:
        booked = self.sandbox.books.payments.values()
        return sum(one.status == "SUCCESSFUL" for one in booked)


@asynccontextmanager
async def a_world(
    folder: Path, *, changes: dict[str, Any] | None = None, **switches: Any
) -> AsyncIterator[MtnWorld]:
    """Open a world; `switches` are the sandbox's, `changes` the adapter's settings."""
    timer = ManualTimer()
    settings = MtnSandboxSettings.model_validate(
        {"decide_after_seconds": 30, "books_path": folder / "mtn.jsonl"} | switches
    )
    async with CallbackReceiver() as receiver:
        fixed = settings.model_copy(update={"port": free_port()})
        sandbox = MtnSandbox(fixed, clock=timer.clock, timer=timer)
        await sandbox.start()
        user, key = sandbox.provision("localhost")
        paying, paying_key = sandbox.provision("localhost", "disbursement")
        keys = (settings.subscription_keys[0], settings.disbursement_keys[0])
        secrets = (*keys, user, key, paying, paying_key)
        adapter_settings = Settings.model_validate(
            {
                "base_url": sandbox.url,
                "subscription_key": settings.subscription_keys[0],
                "api_user": user,
                "api_key": key,
                "disbursement_subscription_key": settings.disbursement_keys[0],
                "disbursement_api_user": paying,
                "disbursement_api_key": paying_key,
                "target_environment": settings.target_environment,
                "callback_host": "localhost",
                "call_timeout_seconds": CALL_SECONDS,
                "inquiries_per_second_max": 1000,
            }
            | (changes or {})
        )
        exchanges: list[Any] = []
        adapter = MtnAdapter(adapter_settings, opening(observe=exchanges))
        world = MtnWorld(
            adapter=adapter,
            exchanges=exchanges,
            secrets=secrets,
            sandbox=sandbox,
            timer=timer,
            receiver=receiver,
        )
        try:
            yield world
        finally:
            await adapter.close()
            await world.sandbox.stop()
