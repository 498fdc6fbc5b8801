"""Restorations: that a copy of the log was put in the place of one that was lost; a pure decider.

Between the copy and the loss the lost log has seen payments of which this one knows nothing, and a
repeated Idempotency-Key leads to the very same references. So for a named time after a restoration
no payment is submitted before its providers were asked whether they have it: `adapters.seeking`.

Nor is such a payment cancelled by its merchant (`may_have_been_sent`), and for good: that the time
to ask is over makes nothing certain.

What the copy has as not yet submitted may have been cancelled in the lost part. No provider can say
so, and its merchant was told that no money moves. So it is held (`is_held`) until its own time is
over and it is given up, unless the operator says that it is sent. What is asked for after the
restoration is wanted, by whoever asks.

The last restoration counts: recorded again, it may name another end, or other providers which
are sent to although they cannot be asked. Said again in the same words it is recorded once: whoever
does not know whether he was heard (the command was killed, say) says it again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ledger import events
from ledger.commands_log import RecordRestoration
from ledger.errors import CommandRefusedError
from ledger.events import Event
from ledger.sentences import Sentence

STREAM: Final = "restorations"

ASKED_DAYS: Final = 7
"""For how long providers are asked first, unless the operator says otherwise: whoever repeats a
request after a week does so by hand, and looks first."""

ASKED_DAYS_MAX: Final = 366

REPEATED_MAX: Final = timedelta(hours=1)
"""How much later the end may be of what is said again in the same words: each names its end from
its own time on."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What the last restoration said; None where there was none."""

    last: events.LogRestored | None = None

    def has_heard(self, said: events.LogRestored) -> bool:
        """Whether that is the last one, said again."""
        last = self.last
        if last is None or _words(last) != _words(said):
            return False
        return timedelta(0) <= said.until - last.until < REPEATED_MAX


INITIAL: Final = Restored()


def decide(command: RecordRestoration, state: Restored) -> list[Event]:
    """Decide about a restoration; each one is recorded, for each copy has a gap of its own.

    Raises:
        CommandRefusedError: the copy is of the future, or providers would be asked for years.
    """
    name = "RecordRestoration"
    if command.since > command.at:
        raise CommandRefusedError(name, Sentence("the backup cannot be of a time to come."))
    if not command.at <= command.until <= command.at + timedelta(days=ASKED_DAYS_MAX):
        reason = Sentence("providers are asked first for 0 to {days} days.", days=ASKED_DAYS_MAX)
        raise CommandRefusedError(name, reason)
    said = events.LogRestored(
        since=command.since,
        until=command.until,
        unasked=list(command.unasked),
        sends_waiting=command.sends_waiting,
    )
    return [] if state.has_heard(said) else [said]


def may_have_been_sent(
    restorations: Iterable[tuple[int, Event]], position: int, requested_at: datetime
) -> bool:
    """Whether a life of the log that was lost may have sent a payment before this one.

    Args:
        restorations: the events of the stream, each with its position.
        position: that of the payment's first event.
        requested_at: when that was recorded.
    """
    return any(
        position < restored_at or requested_at < event.until
        for restored_at, event in restorations
        if isinstance(event, events.LogRestored)
    )


def began_at(restorations: Sequence[tuple[int, Event]]) -> int:
    """The position of the first event after the copy's end; 0 where nothing was restored."""
    lives = lives_in(restorations)
    return lives[-1] if lives else 0


def lives_in(restorations: Sequence[tuple[int, Event]]) -> list[int]:
    """Where each life of the log after its first one began: the first event after a copy's end.

    A restoration may be said again, at once or after days: it is the same as long as it names the
    same time, or stands right behind.
    """
    began: list[int] = []
    named, last = set[datetime](), 0
    for position, event in restorations:
        assert isinstance(event, events.LogRestored)
        if not began or (event.since not in named and position != last + 1):
            began.append(position)
            named.clear()
        named.add(event.since)
        last = position
    return began


def is_held(restorations: Sequence[tuple[int, Event]], position: int) -> bool:
    """Whether a payment that was never submitted since is not to be: it may have been cancelled.

    Args:
        restorations: the events of the stream, each with its position.
        position: that of the payment's first event.
    """
    last = restorations[-1][1] if restorations else None
    if not isinstance(last, events.LogRestored) or last.sends_waiting:
        return False
    return position < began_at(restorations)


def _words(said: events.LogRestored) -> tuple[datetime, list[str], bool]:
    return said.since, said.unasked, said.sends_waiting


def evolve(state: Restored, event: Event) -> Restored:
    """Fold one event into what is known of restorations."""
    match event:
        case events.LogRestored():
            return Restored(event)
        case _:
            raise TypeError(f"the stream of restorations has no {event.type}")
