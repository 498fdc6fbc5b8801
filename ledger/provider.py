"""A provider as the log knows it: which of its breakers are open; a pure decider.

Every process has breakers of its own and tells what they do; the log says it once. An outage that
comes and goes does not fill the log: the next opening of the same breaker is recorded
`OPENINGS_SECONDS_MIN` after the last one at the earliest, if it is open then. A closing is always
recorded, and there is at most one for each opening.

A stream has the outages of one power that began in one month (UTC), and their ends, whenever those
come; so what is open is closed where it was opened, and no stream can be full before its month is
over: see `OPENINGS_SECONDS_MIN`. Streams of older logs, `provider-<name>`, have all powers and no
end; nothing is opened there any more. Whoever wants to know what is open now looks at the months
around: `months_around`.

It decides nothing about calls: a breaker opens and closes whether or not it can be recorded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from ledger import commands, events
from ledger.commands import ProviderCommand
from ledger.events import Event

OPENINGS_SECONDS_MIN: Final = 600
"""From one recorded opening of a breaker to the next, whichever process tells it. A month of a
provider that comes and goes all the time is fewer than 9,000 events, and a stream holds them."""

MONTHS_MAX: Final = 24
"""For how many months an outage that nobody saw the end of is looked for."""


@dataclass(frozen=True, slots=True)
class Provider:
    """The folded state of one of a provider's streams."""

    opened: Mapping[str, datetime] = field(default_factory=dict)
    """When the breaker of each power was opened last, as far as that was recorded."""
    open_powers: frozenset[str] = frozenset()
    """Whose breakers are open now."""


INITIAL: Final = Provider()


def stream_of(provider: str, power: str, month: str | None) -> str:
    """The name of a stream; of the old one that a provider had for everything, without a month."""
    return f"provider-{provider}" if month is None else f"provider-{provider}-{power}-{month}"


def stream_for(command: ProviderCommand) -> str:
    """The name of the stream that a command is about."""
    if isinstance(command, commands.RecordBreakerOpened):
        return stream_of(command.provider, command.power, month_of(command.at))
    return stream_of(command.provider, command.power, command.month)


def month_of(at: datetime) -> str:
    """The month of a time in UTC, as `yyyymm`."""
    return f"{at.astimezone(UTC):%Y%m}"


def months_around(at: datetime) -> list[str]:
    """The months in which what is open at some time may have been opened, the latest first.

    The first one is the next: the clock of another process may be ahead.
    """
    utc = at.astimezone(UTC)
    this = utc.year * 12 + utc.month - 1
    counted = range(this + 1, this - MONTHS_MAX, -1)
    return [f"{number // 12:04d}{number % 12 + 1:02d}" for number in counted]


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
