"""Points in the log, as people name them: a position, or a time."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from ledger.errors import InvalidInputError
from ledger.sentences import Sentence
from ledger.store import EventStore, position_at

POSITION_DIGITS_MAX: Final = 19
"""More digits are no position, and thousands of them no number that Python reads."""


async def point_of(store: EventStore, given: str, name: str) -> tuple[int, datetime]:
    """Read POSITION or TIME; the position, and the time of the entry there or the one given.

    Raises:
        InvalidInputError: it is neither, or no position of the log.
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
    return await position_at(store, moment), moment


def moment_of(given: str, name: str) -> datetime:
    """Read a time with its offset from UTC.

    Raises:
        InvalidInputError: it is none; says that a position would do too.
    """
    moment = None
    # At either end of the calendar an offset leads out of it.
    with suppress(ValueError, OverflowError):
        read = datetime.fromisoformat(given)
        moment = read.astimezone(UTC) if read.tzinfo is not None else None
    if moment is None:
        raise InvalidInputError(
            name,
            Sentence("this is neither a position nor a time with its offset from UTC."),
            Sentence("Send 1200, or 2030-01-31T12:00:00Z."),
        )
    return moment
