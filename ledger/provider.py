"""A provider as the log knows it: which of its breakers are open; a pure decider.

Every process has breakers of its own and tells what they do; the log says it once. An outage that
comes and goes does not fill the log: the next opening of the same breaker is recorded
`OPENINGS_SECONDS_MIN` after the last one at the earliest, if it is open then. A closing is always
recorded, and there is at most one for each opening.

It decides nothing about calls: a breaker opens and closes whether or not it can be recorded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from ledger import commands, events
from ledger.commands import ProviderCommand
from ledger.events import Event

OPENINGS_SECONDS_MIN: Final = 300
"""From one recorded opening of a breaker to the next, whichever process tells it."""


@dataclass(frozen=True, slots=True)
class Provider:
    """The folded state of a provider's stream."""

    opened: Mapping[str, datetime] = field(default_factory=dict)
    """When the breaker of each power was opened last, as far as that was recorded."""
    open_powers: frozenset[str] = frozenset()
    """Whose breakers are open now."""


INITIAL: Final = Provider()


def stream_of(provider: str) -> str:
    """The name of a provider's stream."""
    return f"provider-{provider}"


def decide(command: ProviderCommand, state: Provider) -> list[Event]:
    """Decide whether what a breaker did is news; refuses nothing."""
    is_open = command.power in state.open_powers
    if isinstance(command, commands.RecordBreakerClosed):
        closed = events.ProviderBreakerClosed(provider=command.provider, power=command.power)
        return [closed] if is_open else []
    before = state.opened.get(command.power)
    if is_open or (
        before is not None and command.at < before + timedelta(seconds=OPENINGS_SECONDS_MIN)
    ):
        return []
    return [
        events.ProviderBreakerOpened(
            provider=command.provider,
            power=command.power,
            failures=command.failures,
            at=command.at,
            until=command.until,
        )
    ]


def evolve(state: Provider, event: Event) -> Provider:
    """Fold one event into the state."""
    match event:
        case events.ProviderBreakerOpened():
            return Provider(
                {**state.opened, event.power: event.at}, state.open_powers | {event.power}
            )
        case events.ProviderBreakerClosed():
            return Provider(state.opened, state.open_powers - {event.power})
        case _:
            raise TypeError(f"a provider stream has no {event.type}")
