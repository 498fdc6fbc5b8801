"""The ids of messages to endpoints, which are never given twice.

`<endpoint>.<position of the event>`: so every rebuild gives the same. But after the log was
restored from a backup positions are given anew, and an endpoint that throws away what it has seen
would throw away news. So from then on ids have a mark of that restoration behind them, which is
made of its entry's own bytes: no two restorations have the same. Endpoints that are added later
need none: their names are new.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

from ledger.entry import RecordedEvent

MARK_LENGTH: Final = 8
"""How many hex digits tell one restoration from another."""


def message_id(endpoint_id: str, position: int, life: str) -> str:
    """The id of the message that tells an endpoint of an event; see `mark_of` for its `life`."""
    named = f"{endpoint_id}.{position}"
    return f"{named}.{life}" if life else named


def mark_of(restored: RecordedEvent) -> str:
    """The mark of a restoration."""
    return hashlib.sha256(restored.entry).hexdigest()[:MARK_LENGTH]


def life_at(restored: Iterable[RecordedEvent], added: int, position: int) -> str:
    """The mark of the last restoration between an endpoint's addition and a position, if any."""
    between = [one for one in restored if added < one.position < position]
    return mark_of(between[-1]) if between else ""
