"""`cauri restored`: tells the log that it was put back from a backup, before it serves again.

What the lost log did after the backup nobody can tell from this one. From here on, for some days, a
payment is looked for at its providers before it is submitted (`adapters.seeking`), so a repeated
Idempotency-Key moves no money twice. Said again, it replaces what was said before: to end it sooner
or later, to send to a provider that cannot be asked, or to send what waited in the copy and may
have been cancelled since. Said again in the same words, because nobody knows whether it was heard,
it changes nothing and answers the same.
"""

import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from adapters.dates import table_time
from adapters.providers import adapter_class
from api.commands.console import (
    check_providers,
    run_async,
    settings_for,
    write_json,
    write_line,
)
from api.points import time_in
from api.settings import Settings
from api.wiring import opened, utc_now
from ledger.commands_log import RecordRestoration
from ledger.entry import Context, rfc3339
from ledger.errors import CommandRefusedError, InvalidInputError
from ledger.events import LogRestored
from ledger.handling import Handler
from ledger.restoration import STREAM, began_at
from ledger.sentences import Sentence

HELD: Final = Sentence(
    "What waited in the backup is held until its time is over: it may have been cancelled since."
)
SENT: Final = Sentence(
    "What waited in the backup IS SENT, although it may have been cancelled since."
)


class _Said(NamedTuple):
    position: int
    size_before: int
    since: datetime
    until: datetime


def run(
    *,
    since: str | None,
    days: int,
    unasked: Sequence[str],
    sends_waiting: bool,
    database: str | None,
    as_json: bool,
) -> None:
    """Record the restoration; say what is lost, and how each provider is treated now."""
    begun = None if since is None else _time(since)
    check_providers(unasked, "send-unasked")
    settings = settings_for(database)
    asked_for = timedelta(days=days)
    said = run_async(_record(settings, begun, asked_for, tuple(unasked), sends_waiting))
    enabled = [name for name in settings.providers if name not in unasked]
    found = {name: _found_by(name) for name in enabled}
    if as_json:
        write_json(
            {
                "position": said.position,
                "last_kept_position": said.size_before,
                "lost_since": rfc3339(said.since),
                "asked_until": rfc3339(said.until),
                "asked": {name: list(powers) for name, powers in found.items()},
                "unasked": sorted(unasked),
                "sends_waiting": sends_waiting,
            }
        )
        return
    write_line(
        Sentence(
            "the log was restored: it ends at position {last}, and what happened\n"
            "after {since} is lost. Recorded at position {position}.",
            last=said.size_before,
            since=table_time(said.since),
            position=said.position,
        )
    )
    write_line(
        Sentence(
            "Until {until} nothing is submitted before its providers were asked:",
            until=table_time(said.until),
        )
    )
    for name, powers in found.items():
        waits = Sentence("cannot be asked, so it waits")
        asked = Sentence("{name}: {asked}", name=name, asked=", ".join(powers) or waits)
        write_line(asked, indent="  ")
    for name in sorted(unasked):
        write_line(
            Sentence(
                "{name}: SENT WITHOUT ASKING; it may charge twice what was paid in between",
                name=name,
            ),
            indent="  ",
        )
    write_line(SENT if sends_waiting else HELD)


async def _record(
    settings: Settings,
    begun: datetime | None,
    asked_for: timedelta,
    unasked: tuple[str, ...],
    sends_waiting: bool,
) -> _Said:
    async with opened(settings) as (_, store):
        size = await store.position()
        if not size:
            raise CommandRefusedError(
                "RecordRestoration",
                Sentence("this log is empty: put the backup in its place first."),
            )
        if begun is None:
            (last,) = await store.read(size - 1, 1)
            begun = last.event.since if isinstance(last.event, LogRestored) else last.recorded_at
        now, request = utc_now(), secrets.token_hex(8)
        command = RecordRestoration(
            since=begun,
            until=now + asked_for,
            unasked=unasked,
            sends_waiting=sends_waiting,
            at=now,
        )
        context = Context("cli", request, f"request:{request}")
        await Handler(store).handle(command, context=context)
        restored = await store.read_stream(STREAM)
        said = restored[-1]
        assert isinstance(said.event, LogRestored)
        kept = began_at([(one.position, one.event) for one in restored]) - 1
        return _Said(said.position, kept, said.event.since, said.event.until)


def _found_by(name: str) -> tuple[str, ...]:
    """What a provider can be asked about after a loss."""
    adapter = adapter_class(name)
    return tuple(sorted(getattr(adapter, "finds_by_reference", ())))


def _time(text: str) -> datetime:
    moment = None
    with suppress(ValueError):
        moment = time_in(text)
    if moment is None:
        raise InvalidInputError(
            "since",
            Sentence("this is no time with its offset from UTC."),
            Sentence("Send 2025-01-31T12:00:00Z, or 2025-01-31."),
        )
    return moment
