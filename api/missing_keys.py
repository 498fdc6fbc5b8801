"""Data keys that are gone although nobody was forgotten, counted for whoever verifies.

While the log is read every key that came with an entry is looked for (`ledger.verify_keys`). What
is not there must be explained by the log (`ledger.forgotten`), which is read for that after the key
was missed: so an erasure that is carried out meanwhile explains it too.

What this deliberately leaves out: calls of providers that belong to no payment, once anybody was
forgotten: they may have been found in that erasure, and the log does not say which were.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple, Protocol

import msgspec

from ledger import events
from ledger.entry import RecordedEvent
from ledger.forgotten import Explained, is_explained
from ledger.sentences import Sentence
from ledger.store import EventStore
from ledger.vault import key_id_of

COUNTED_MAX: Final = 1000
"""At so many the count ends: somebody has emptied the table."""

NAMES: Final = {
    events.PaymentRequested.type: "payments",
    events.CheckoutCreated.type: "checkout sessions",
    events.WebhookReceived.type: "calls of providers",
    events.ExchangeRecorded.type: "exchanges with providers",
    events.PaymentNoteProposed.type: "operators' notes",
    events.PersonErasureRequested.type: "requests to forget somebody",
    events.EndpointAdded.type: "webhook endpoints",
    events.EndpointChanged.type: "webhook endpoints",
    events.EndpointSecretRotated.type: "webhook endpoints",
}
"""What people call whatever brings a key, by the type of the event that does."""

_SAID: Final = {
    str(one): one
    for one in (
        Sentence("payments"),
        Sentence("checkout sessions"),
        Sentence("calls of providers"),
        Sentence("exchanges with providers"),
        Sentence("operators' notes"),
        Sentence("requests to forget somebody"),
        Sentence("webhook endpoints"),
    )
}
"""The same, for who is told it in another language."""


class MissingKeys(NamedTuple):
    """What is missing."""

    counts: dict[str, int]
    """How many entries lack theirs, by what they are; `COUNTED_MAX` of all at most."""
    position: int
    """The first such entry's; 0 where there is none."""

    @property
    def total(self) -> int:
        """How many lack theirs."""
        return sum(self.counts.values())

    def told(self) -> Sentence:
        """In one sentence."""
        told: Sentence | None = None
        for name, count in self.counts.items():
            many = Sentence("{count} or more", count=count)
            said, counted = _SAID[name], many if self.total >= COUNTED_MAX else count
            told = (
                Sentence("{name} whose data key is missing: {count}", name=said, count=counted)
                if told is None
                else Sentence("{told}, {name}: {count}", told=told, name=said, count=counted)
            )
        return Sentence(
            "{told}, the first at position {position}; no erasure is recorded: restore the keys "
            "from a backup",
            told=told,
            position=self.position,
        )


class TypedStore(EventStore, Protocol):
    """A log that also gives its entries by their type."""

    async def read_typed(self, type_: str, after: int, limit: int) -> list[bytes]:
        """The same as `read`, of one type and not decoded yet."""


class KeyCount:
    """Counts what is told of by `ledger.verify.verify_log`; nothing more than the count is kept.

    Args:
        store: the log.
        at: now.
    """

    def __init__(self, store: TypedStore, *, at: datetime) -> None:
        self._store, self._at = store, at
        self._counts: dict[str, int] = {}
        self._first = self._count = 0
        self._is_anybody_forgotten: bool | None = None

    def found(self) -> MissingKeys:
        """What was missing so far."""
        return MissingKeys(dict(self._counts), self._first)

    async def see(self, positions: Sequence[int]) -> None:
        """Look why some entries' keys are not there."""
        for position in positions:
            if self._count >= COUNTED_MAX:
                return
            (recorded,) = await self._store.read(position - 1, 1)
            if not await self._is_right(recorded):
                name = NAMES[recorded.type]
                self._first = self._first or position
                self._counts[name] = self._counts.get(name, 0) + 1
                self._count += 1

    async def _is_right(self, recorded: RecordedEvent) -> bool:
        gone = await self._gone(recorded)
        if not gone:
            return True
        explained = await is_explained(self._store, recorded, gone, at=self._at)
        if explained is Explained.UNKNOWABLE:
            return await self._was_anybody_forgotten()
        return explained is Explained.YES

    async def _gone(self, recorded: RecordedEvent) -> set[str]:
        """The names of the fields whose key is not there."""
        fields = msgspec.structs.asdict(recorded.event)
        needed = {
            name: key_id_of(text)
            for name, text in fields.items()
            if name in {"sealed", "sealed_payer", "sealed_reason", "sealed_url"} and text
        }
        there = await self._store.data_keys(list(needed.values()))
        return {name for name, key_id in needed.items() if key_id not in there}

    async def _was_anybody_forgotten(self) -> bool:
        if not self._is_anybody_forgotten:
            agreed = await self._store.read_typed(events.PersonErasureApproved.type, 0, 1)
            self._is_anybody_forgotten = bool(agreed)
        return self._is_anybody_forgotten
