"""Support as the log knows it: who asked for help with which payment, and when; a pure decider.

Every request is an event, so that a shop that is asked again and again about its payments can see
it. But a page that is open renews itself every few seconds and asks nothing new by that: it is
recorded again `RENEWED_SECONDS_MIN` after the last time at the earliest. A stream is full at
`REQUESTS_MAX`.

It decides nothing about help: whoever asks is answered, whether or not that is recorded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from ledger import commands, events
from ledger.events import Event

RENEWED_SECONDS_MIN: Final = 60
"""From one recorded request of a page that renews itself to its next one."""

REQUESTS_MAX: Final = 1_000
"""How many requests about one payment are recorded: far below what a stream may hold."""


@dataclass(frozen=True, slots=True)
class Support:
    """The folded state of a payment's requests for help."""

    asked: Mapping[str, datetime] = field(default_factory=dict)
    """Who asked, and when last, as far as that was recorded."""
    requests: int = 0


INITIAL: Final = Support()


def stream_of(payment_id: str) -> str:
    """The name of the stream of requests about a payment, payout or refund."""
    return f"support-{payment_id}"


def decide(command: commands.RequestSupport, state: Support) -> list[Event]:
    """Decide whether a request for help is recorded; refuses nothing."""
    before = state.asked.get(command.asker)
    is_old = before is not None and command.at < before + timedelta(seconds=RENEWED_SECONDS_MIN)
    if state.requests >= REQUESTS_MAX or (command.is_renewing and is_old):
        return []
    return [
        events.SupportRequested(
            payment_id=command.payment_id,
            asker=command.asker,
            status=command.status,
            at=command.at,
        )
    ]


def evolve(state: Support, event: Event) -> Support:
    """Fold one event into the state."""
    match event:
        case events.SupportRequested():
            return Support({**state.asked, event.asker: event.at}, state.requests + 1)
        case _:
            raise TypeError(f"a support stream has no {event.type}")
