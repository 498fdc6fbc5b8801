"""The store in memory keeps the law of stores."""

import pytest

from ledger.memory import MemoryEventStore
from ledger.store import Clock
from tests.contracts.store import OpenStore, StoreContract


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def open_store(self, clock: Clock) -> OpenStore:
        async def open_store(**options: int) -> MemoryEventStore:
            return MemoryEventStore(clock=clock, **options)

        return open_store
