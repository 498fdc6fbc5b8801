"""The Sonatel adapter against the Sonatel sandbox: the contract, and what is Sonatel's own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from adapters.base import Charge
from ledger.money import Money
from tests.contracts.provider import ProviderContract, World
from tests.contracts.rail import PayoutContract
from tests.orange_sonatel_world import a_world


class TestOrangeSonatel(PayoutContract, ProviderContract):
    """The contract."""

    @asynccontextmanager
    async def open_world(self, folder: Path) -> AsyncIterator[World]:
        async with a_world(folder) as world:
            yield world

    def refused_at_once(self, world: World) -> Charge:
        return replace(world.charge("paid"), money=Money(0, "XOF"))
