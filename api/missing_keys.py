"""Data keys that are gone although nobody was forgotten, counted for whoever verifies.

Every payment came with a key of its payer's, in one transaction. Only an erasure destroys those,
and the log knows of it before the first is gone: so the log's payments are read once more, the key
of each is looked for, and what is not there must be explained (`ledger.people_erased`). A person's
erasures are read after the key was missed, so one that is carried out meanwhile explains it too.

What this deliberately leaves out: keys that go without an erasure (raw webhooks, one-time codes,
numbers in requests to forget somebody), and whether what is there still opens, for which a master
key would be needed.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from api.erased import is_recorded
from ledger.entry import RecordedEvent, decode_entry
from ledger.events import PaymentRequested
from ledger.store import PAGE_MAX, EventStore
from ledger.vault import KEY_ID_CHARACTERS, key_id_of

COUNTED_MAX: Final = 1000
"""At so many the count ends: somebody has emptied the table."""


class MissingKeys(NamedTuple):
    """What is missing."""

    payments: int
    """How many lack theirs; a page more than `COUNTED_MAX` at most."""
    position: int
    """The first such payment's; 0 where there is none."""

    def told(self) -> str:
        """In one sentence."""
        more = " or more" if self.payments >= COUNTED_MAX else ""
        return (
            f"payments whose data key is missing: {self.payments}{more}, the first at position "
            f"{self.position}; no erasure is recorded: restore the keys from a backup"
        )


class TypedStore(EventStore, Protocol):
    """A log that also gives its entries by their type."""

    async def read_typed(self, type_: str, after: int, limit: int) -> list[bytes]:
        """The same as `read`, of one type and not decoded yet."""


async def missing_keys(store: TypedStore, size: int) -> MissingKeys:
    """Look for the keys of all payments up to a position; what is read was verified before.

    The type that stands beside each entry as well: by it alone the others are passed over.
    """
    count = first = position = 0
    while position < size and count < COUNTED_MAX:
        lines = await store.read_typed(PaymentRequested.type, position, PAGE_MAX)
        if not lines:
            break
        found = [decode_entry(line) for line in lines]
        position = found[-1].position
        for one in await _unexplained(store, found):
            if one.position <= size:
                first = first or one.position
                count += 1
    return MissingKeys(count, first)


async def _unexplained(store: EventStore, found: Sequence[RecordedEvent]) -> list[RecordedEvent]:
    asked: list[tuple[str, RecordedEvent]] = []
    for one in found:
        if isinstance(one.event, PaymentRequested):
            key_id = key_id_of(one.event.sealed)
            if len(key_id) == KEY_ID_CHARACTERS:
                asked.append((key_id, one))
    there = await store.data_keys([key_id for key_id, _ in asked])
    return [
        one for key_id, one in asked if key_id not in there and not await is_recorded(store, one)
    ]
