"""Waiting: an answer may be asked to have seen a position first, within a bound.

A caller who has just written knows the position of what he wrote (`Cauri-Position`) and asks with
`min_position`. A position that the log itself has not reached was never told to anybody, and is
refused at once, for every route (`api.guard`); as the place to go on behind it is refused likewise.
What is read from the log has then seen it; a list waits for its projection's checkpoint, never for
time to pass.
"""

from typing import Final, Literal

from api.calls import Call
from api.errors import INVALID_REQUEST, PROJECTION_BEHIND, Place, ProblemError
from ledger.sentences import Sentence
from ledger.store import EventStore

_REMEDY: Final = Sentence("Send a position that an answer's Cauri-Position header has named.")
_CURSOR_REMEDY: Final = Sentence(
    "Send the position of the last event you have. If you have this one, the server was restored "
    "from a backup: ask whoever runs it, and begin at a position before the loss."
)


async def check_reached(store: EventStore, min_position: int | None) -> None:
    """Refuse a position that the log has not reached.

    Raises:
        ProblemError: it has not.
    """
    await _check(store, min_position, "parameter", "min_position", _REMEDY)


async def check_cursor(
    store: EventStore, cursor: int | None, where: Literal["parameter", "header"], name: str
) -> None:
    """Refuse to go on behind a position that the log has not reached: nobody was ever told of it.

    Unless the log went back, that is: a copy was put in its place. Who waits behind the old end
    would not be told of what happens meanwhile, and would never know.

    Raises:
        ProblemError: the log has not reached it.
    """
    await _check(store, cursor, where, name, _CURSOR_REMEDY)


async def _check(
    store: EventStore,
    position: int | None,
    where: Literal["parameter", "header"],
    name: str,
    remedy: Sentence,
) -> None:
    if position is not None and position > await store.position():
        reason = Sentence("The log has not reached this position.")
        place = Place(where, name, reason, remedy)
        raise ProblemError(INVALID_REQUEST, place.sentence, [place])


async def caught_up(call: Call, name: str, min_position: int | None) -> int:
    """Wait for a projection where asked to; the position it stands at.

    Raises:
        ProblemError: the projection did not reach that position in time.
    """
    projections = call.services.projections
    position = await projections.position(name)
    if min_position is None or position >= min_position:
        return position
    seconds = call.services.settings.wait_seconds_max
    await projections.wait_for(min_position, seconds)
    position = await projections.position(name)
    if position < min_position:
        reason = Sentence(
            "The list stands at position {position} after {seconds:g} seconds.",
            position=position,
            seconds=seconds,
        )
        remedy = Sentence("Ask again shortly, or leave it out.")
        place = Place("parameter", "min_position", reason, remedy)
        raise ProblemError(PROJECTION_BEHIND, reason, [place])
    return position
