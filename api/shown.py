"""Shown payments: what was written of a payment last, used again while its events are the same.

A merchant who waits for the end looks again and again, and mostly nothing has happened in between.
What is written is a function of the events up to the last one (and of what never changes while a
process runs), so its JSON is remembered together with that event, and used where a stream that was
read just now ends with the very same one. The stream itself is read every time; see
`ledger.handling`.

What it deliberately does not hold: what was sealed, which a person may have erased since, and what
depends on who asks. That is written each time, as the last fields of the object.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, NamedTuple

import orjson

from api import views
from api.refusal_views import code_of
from ledger.entry import RecordedEvent
from ledger.events import JsonObject
from ledger.identity import Mode
from ledger.payment import Payment

SHOWN_MAX: Final = 2_000
"""How many payments are remembered."""

WRITTEN_BYTES_MAX: Final = 8 * 1024
"""A payment that takes more is written anew each time; most take 1 to 2 kB."""


class Filled(NamedTuple):
    """What is written each time."""

    redirect_url: str | None
    description: str | None
    metadata: dict[str, str] | None
    is_erased: bool
    refusal: JsonObject | None


class _Shown(NamedTuple):
    last: RecordedEvent
    opening: bytes
    """The object without its last fields, up to the comma before them."""


class ShownPayments:
    """Writes payments, and remembers those it wrote lately."""

    def __init__(self, shown_max: int = SHOWN_MAX) -> None:
        self._shown_max = shown_max
        self._shown: OrderedDict[str, _Shown] = OrderedDict()

    def write(
        self, state: Payment, recorded: Sequence[RecordedEvent], *, mode: Mode, filled: Filled
    ) -> bytes:
        """Write a payment as its events so far say; the shape is `documents.PaymentOut`."""
        last = recorded[-1]
        known = self._shown.get(last.stream)
        if known is not None and known.last.entry == last.entry:
            self._shown.move_to_end(last.stream)
            opening = known.opening
        else:
            opening = _opening(state, recorded, mode)
            self._remember(last, opening)
        return opening + orjson.dumps(filled._asdict())[1:]

    def _remember(self, last: RecordedEvent, opening: bytes) -> None:
        self._shown.pop(last.stream, None)  # so that the longest not looked at come first
        if len(opening) > WRITTEN_BYTES_MAX:
            return
        self._shown[last.stream] = _Shown(last, opening)
        if len(self._shown) > self._shown_max:
            self._shown.popitem(last=False)


def _opening(state: Payment, recorded: Sequence[RecordedEvent], mode: Mode) -> bytes:
    nothing = Filled(None, None, None, is_erased=False, refusal=None)
    written = views.payment_of(state, recorded, mode=mode, code=code_of(state), **nothing._asdict())
    for name in Filled._fields:
        del written[name]
    return orjson.dumps(written, option=orjson.OPT_UTC_Z)[:-1] + b","
