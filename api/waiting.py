"""Waiting: an answer may be asked to have seen a position first, within a bound.

A caller who has just written knows the position of what he wrote (`Cauri-Position`) and asks with
`min_position`. A position that the log itself has not reached was never told to anybody, and is
refused at once, for every route (`api.guard`). What is read from the log has then seen it; a list
waits for its projection's checkpoint, never for time to pass.
"""

from typing import Final

from api.calls import Call
from api.errors import INVALID_REQUEST, PROJECTION_BEHIND, Place, ProblemError
from ledger.sentences import Sentence
from ledger.store import EventStore

_REMEDY: Final = Sentence("Send a position that an answer's Cauri-Position header has named.")


async def check_reached(store: EventStore, min_position: int | None) -> None:
    """Refuse a position that the log has not reached.

    Raises:
        ProblemError: it has not.
    """
    if min_position is not None and min_position > await store.position():
        reason = Sentence("The log has not reached this position.")
        place = Place("parameter", "min_position", reason, _REMEDY)
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
