"""Shown payments: what was written of a payment last, used again while its events are the same.

A merchant who waits for the end looks again and again, and mostly nothing has happened in between.
What is written is a function of the events up to the last one (and of what never changes while a
process runs), so it is remembered together with that event, and used where a stream that was read
just now ends with the very same one. The stream itself is read every time; see `ledger.handling`.

What it deliberately does not hold: what was sealed, which a person may have erased since, and what
depends on who asks. That is filled in each time.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, NamedTuple

from api import views
from api.refusal_views import code_of
from ledger.entry import RecordedEvent
from ledger.events import JsonObject
from ledger.identity import Mode
from ledger.payment import Payment

SHOWN_MAX: Final = 2_000
"""How many payments are remembered; one takes some 5 kB."""

EVENTS_MAX: Final = 64
"""A payment with more events is written anew each time."""


class _Shown(NamedTuple):
    last: RecordedEvent
    written: JsonObject


class ShownPayments:
    """Writes payments, and remembers those it wrote lately."""

    def __init__(self, shown_max: int = SHOWN_MAX) -> None:
        self._shown_max = shown_max
        self._shown: OrderedDict[str, _Shown] = OrderedDict()

    def write(self, state: Payment, recorded: Sequence[RecordedEvent], mode: Mode) -> JsonObject:
        """Write a payment but for what was sealed and what depends on who asks, which are None.

        The object is the caller's to fill; what stands in it is shared, and not to be changed.
        """
        last = recorded[-1]
        known = self._shown.get(last.stream)
        if known is not None and known.last.entry == last.entry:
            self._shown.move_to_end(last.stream)
            return known.written.copy()
        written = views.payment_of(
            state,
            recorded,
            mode=mode,
            redirect_url=None,
            description=None,
            metadata=None,
            code=code_of(state),
            refusal=None,
        )
        if len(recorded) <= EVENTS_MAX:
            self._shown[last.stream] = _Shown(last, written)
            self._shown.move_to_end(last.stream)
            if len(self._shown) > self._shown_max:
                self._shown.popitem(last=False)
        return written.copy()
