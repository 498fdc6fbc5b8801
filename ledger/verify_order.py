"""The order of versions, verified by one scan of all streams in order.

A stream's versions are 1, 2, 3, ... at ever higher positions. Read by stream and version this is a
matter of comparing each place with the one before it, in memory that does not grow with the log.

The trick: what gives the order is an index, and an index can be made to say something else than the
rows. So both are summed up: every place (stream, version, position) adds a number that only it has,
once as the rows say it and once as the index does. The sums are equal if both hold the same places.
The number is made with a random modulus (a fingerprint after Rabin) and a random salt, chosen anew
for each verification: whoever meddled could not know them.

Why not Python's own hash of the stream's name: it has another seed in every process.
"""

import operator
import secrets
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from typing import Any, Final, NamedTuple

from ledger.errors import LedgerError
from ledger.scan import LogScan, ScannedPlace

MODULUS_BITS: Final = 61

_from_bytes = int.from_bytes


class Secret(NamedTuple):
    """What makes a number of a place."""

    modulus: int
    salt: int
    """Without it a name shorter than the modulus would stand for itself."""


class Order(NamedTuple):
    """What the scan of some streams found."""

    is_read: bool
    """Whether they could be read."""
    count_places: int
    total: int
    """Of all places, as `sum_of` makes it."""
    suspect: int | None
    """The least position of a place that does not follow the one before it; None if all do."""


PLACE: Final[Callable[[Sequence[Any]], ScannedPlace]] = operator.itemgetter(0, 1, 2)
"""The place that a row begins with."""

UNREAD: Final = Order(is_read=False, count_places=0, total=0, suspect=None)


def new_secret() -> Secret:
    """What nobody could foresee."""
    modulus = secrets.randbits(MODULUS_BITS) | 1 << (MODULUS_BITS - 1) | 1
    return Secret(modulus, secrets.randbits(MODULUS_BITS))


def sum_of(places: Iterable[ScannedPlace], secret: Secret) -> int:
    """Sum up places, in whatever order."""
    modulus, salt = secret
    return sum(
        [
            hash((salt, _from_bytes(stream.encode(), "little") % modulus, version, position))
            for stream, version, position in places
        ]
    )


def look_at_order(
    scan: LogScan, low: str | None, high: str | None, until: int, secret: Secret
) -> Order:
    """Scan the streams from one to below another, as far as they stand up to a position."""
    try:
        return _look(scan, low, high, until, secret)
    except (LedgerError, TypeError, ValueError, AttributeError):
        # Values of other types than ours fail wherever they come first.
        return UNREAD


def _look(scan: LogScan, low: str | None, high: str | None, until: int, secret: Secret) -> Order:
    last, before, at = "", 0, 0
    count = total = 0
    suspect: int | None = None
    with closing(scan.open()) as scanner:
        for places in scanner.places(low, high, 0, until):
            for stream, version, position in places:
                if version != before + 1 or position <= at or stream != last:
                    follows = stream != last and version == 1
                    if not follows:
                        # Of two that say the same version, the first one is the first bad one.
                        found = min(position, at) if stream == last else position
                        suspect = found if suspect is None else min(suspect, found)
                    last = stream
                before, at = version, position
            count += len(places)
            total += sum_of(places, secret)
    return Order(True, count, total, suspect)


def first_difference(scan: LogScan, after: int, until: int) -> int | None:
    """The first position of a part where the order says something else than the rows do."""
    with closing(scan.open()) as scanner:
        rows = {place for step in scanner.rows(after, until) for place in map(PLACE, step)}
        order = {
            place for step in scanner.places(None, None, after, until) for place in map(PLACE, step)
        }
    return min((position for _, _, position in rows ^ order), default=None)
