"""HUB2 between its two calls: whoever dies there leaves an intent that nobody is asked to pay.

Our adapter, the HUB2 sandbox, the reactors and the ledger are real; the clock of ours and that of
HUB2 are moved together.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from adapters.base import Due
from adapters.dispatch import Dispatcher
from adapters.polling import Poller
from adapters.providers._hub2_records import SETTLED_SECONDS
from adapters.recording import Recorder
from adapters.sandbox.faults import Faults
from adapters.serving import Serving
from ledger import events
from ledger.handling import Handler
from ledger.money import Money
from ledger.payment import Status
from ledger.vault import MasterKeys, Vault
from tests.builders import CONTEXT, NOW, a_request
from tests.conftest import FakeClock
from tests.hub2_merchant import MTN, Hub2World, a_world
from tests.replay import PAYMENT_ID
from tests.test_provider_hub2 import weather_that_hits_the_attempt_alone
from tests.test_submissions import InterruptedStore


@dataclass
class Process:
    """What works on one payment of HUB2's."""

    world: Hub2World
    clock: FakeClock

    def __post_init__(self) -> None:
        self.clock.now = NOW
        self.store = InterruptedStore(clock=self.clock)
        self.handler = Handler(self.store)
        self.vault = Vault(MasterKeys.generate(), self.store)
        recorder = Recorder(self.handler, self.vault)
        serving = Serving.everything_as("test", {"hub2": self.world.adapter})
        self.dispatcher = Dispatcher(
            recorder, serving, clock=self.clock, public_url="https://cauri.example"
        )
        self.poller = Poller(recorder, serving, clock=self.clock)

    async def request(self) -> None:
        """Ask for a payment of somebody who pays."""
        payer = self.vault.person(f"{MTN}01")
        sealed = self.vault.seal(payer, orjson.dumps({"phone": f"{MTN}01"}), context=PAYMENT_ID)
        assert sealed.new_key is not None
        request = replace(
            a_request(PAYMENT_ID, money=Money(1500, "XOF"), provider="hub2", payer=payer),
            sealed=sealed.text,
            country="CI",
            operator="mtn-ci",
        )
        await self.handler.handle(request, context=CONTEXT, keys=[sealed.new_key])

    async def status(self) -> Status:
        """Where the payment stands."""
        return (await self.handler.payment(PAYMENT_ID))[0].status

    async def last(self) -> Any:
        """Its last event."""
        return (await self.handler.payment(PAYMENT_ID))[1][-1].event

    def due(self, kind: Any) -> Due:
        """Make a piece of work."""
        return Due(kind, PAYMENT_ID, "hub2", self.clock(), 1)

    def until(self, at: datetime) -> None:
        """Let time go by here and at HUB2."""
        seconds = (at - self.clock()).total_seconds()
        assert seconds > 0, "what is due lies in the past"
        self.clock.advance(seconds)
        self.world.timer.advance(seconds)


async def test_who_dies_between_hub2s_two_calls_leaves_what_is_withdrawn_and_paid_once(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world:
        process = Process(world, FakeClock())
        await process.request()

        async def die_before_the_next_append() -> None:
            process.store.before = die

        async def die() -> None:
            raise KeyboardInterrupt

        # What the process would say of its second call is the append that it does not live to see.
        process.store.after = die_before_the_next_append
        await world.weather(weather_that_hits_the_attempt_alone())
        with pytest.raises(KeyboardInterrupt):
            await process.dispatcher.perform(process.due("submit"))
        await world.weather(Faults.none())
        assert (await process.status(), len(world.sandbox.intents)) == (Status.SUBMITTING, 1)

        asked = []
        while (await process.status()) is not Status.REQUESTED:
            process.until((await process.last()).inquire_at)
            await process.poller.perform(process.due("inquire"))
            asked.append(await process.status())
        withdrawn = await process.last()
        assert isinstance(withdrawn, events.PaymentSubmissionWithdrawn)
        assert set(asked[:-1]) == {Status.UNKNOWN}
        waited = process.clock() - NOW
        assert timedelta(seconds=SETTLED_SECONDS) <= waited < timedelta(minutes=20)
        assert world.movements("collection") == []

        process.until(withdrawn.retry_at)
        await process.dispatcher.perform(process.due("submit"))
        process.until((await process.last()).inquire_at)
        await process.poller.perform(process.due("inquire"))
        references = [one.reference for one in world.sandbox.intents]
        assert references == [f"{PAYMENT_ID}-1", f"{PAYMENT_ID}-2"]
        assert (await process.status(), world.times_charged()) == (Status.SUCCEEDED, 1)
