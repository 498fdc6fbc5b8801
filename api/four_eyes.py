"""Four eyes: what two people have to agree to, and which keys are one person's.

An operator is known by an API key. Keys that took one another's place are one operator's: whoever
rotates a key does not become somebody else. Two keys that were issued apart are two operators': who
gives one person two keys has one pair of eyes, and the labels of the keys are what shows it.
"""

from typing import Final

from api.authentication import Role
from ledger import merchant
from ledger.events import KeyRotated
from ledger.store import EventStore
from projections.keys import KeysProjection

APPROVING: Final[frozenset[Role]] = frozenset({"operator", "admin"})
"""The roles whose keys may ask for what takes two, and agree to it."""

RECONCILING: Final[frozenset[Role]] = APPROVING | {"accountant"}
"""Those whose keys may hand a provider's statement in, and agree to one."""


async def keys_of_same_operator(
    keys: KeysProjection, store: EventStore, key_id: str
) -> frozenset[str]:
    """All keys that are this operator's: those that took one another's place."""
    linked: dict[str, set[str]] = {}
    for row in await keys.keys():
        if row.role not in RECONCILING:
            continue
        stream = merchant.key_stream(row.key_id)
        for recorded in await store.read_stream(stream):
            if isinstance(recorded.event, KeyRotated):
                linked.setdefault(row.key_id, set()).add(recorded.event.successor_id)
                linked.setdefault(recorded.event.successor_id, set()).add(row.key_id)
    same, found = {key_id}, [key_id]
    while found:
        new = linked.get(found.pop(), set()) - same
        same |= new
        found += new
    return frozenset(same)
