"""Points in the log, as people name them: a position, or a time, or the beginning of a day.

Read alike on the command line and over HTTP. A day begins at 00:00 UTC wherever its reader sits:
an offset has to be written out.
"""

import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from ledger.errors import InvalidInputError
from ledger.sentences import Sentence
from ledger.store import EventStore, position_at

POSITION_DIGITS_MAX: Final = 19
"""More digits are no position, and thousands of them no number that Python reads."""

_SHOWN_UTC: Final = " UTC"
"""How tables and reports end a time (`adapters.dates`): whoever copies one is understood."""

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def begun(given: str) -> str:
    """Take a day for its beginning in UTC; whatever else stays as it is."""
    return f"{given}T00:00:00Z" if _DAY.fullmatch(given) else given


def time_in(given: str) -> datetime | None:
    """Read a time, or a day, in UTC; None: the time does not say its offset.

    Raises:
        ValueError: it is none.
    """
    try:
        moment = datetime.fromisoformat(begun(given).replace(_SHOWN_UTC, "+00:00"))
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except OverflowError as error:
        # At either end of the calendar an offset leads out of it.
        raise ValueError from error


async def point_of(
    store: EventStore, given: str, name: str, *, now: datetime
) -> tuple[int, datetime]:
    """Read POSITION or TIME; the position, and the time of the entry there or the one given.

    Raises:
        InvalidInputError: it is neither, no position of the log, or a time that has not come: what
            was known then would be another thing tomorrow.
    """
    if given.isascii() and given.isdecimal():
        position = int(given) if len(given) <= POSITION_DIGITS_MAX else 0
        end = await store.position()
        if not 0 < position <= end:
            raise InvalidInputError(
                name,
                Sentence("the log has the positions 1 to {end}.", end=end),
                Sentence("Send one of them, or a time."),
            )
        return position, (await store.read(position - 1, 1))[0].recorded_at
    moment = moment_of(given, name)
    if moment > now:
        raise InvalidInputError(
            name,
            Sentence("this time has not come."),
            Sentence("Send a past one such as 2025-01-31T12:00:00Z."),
        )
    return await position_at(store, moment), moment


def moment_of(given: str, name: str) -> datetime:
    """Read a time with its offset from UTC, or a day.

    Raises:
        InvalidInputError: it is none; says that a position would do too.
    """
    moment = None
    with suppress(ValueError):
        moment = time_in(given)
    if moment is None:
        raise InvalidInputError(
            name,
            Sentence("this is neither a position nor a time with its offset from UTC."),
            Sentence("Send 1200, or 2025-01-31T12:00:00Z, or 2025-01-31."),
        )
    return moment
