"""As of: the two times of a question about the past.

**Known at**: the log as it stood, by a position or a time. Only the past is answered: a position
the log has not reached, or a time that has not come, would be answered differently tomorrow, and
`known_at` (`as_of` is its other name) promises that it is not.

**Effective**: when the money moved: by the provider's own clock where it tells a time that can be,
else when we learned of it (`projections.effective`).

**Created** is a payment's third time: when it was asked for. An empty span is refused, for an empty
list would be taken for "nothing happened".
"""

from datetime import datetime, timedelta
from typing import Final

from api.calls import Call
from api.errors import INVALID_REQUEST, Place, ProblemError
from api.points import time_in
from ledger.sentences import Sentence
from ledger.store import position_at
from projections.effective import Effective

_TICK: Final = timedelta(microseconds=1)
"""The log's times have no smaller part."""


async def known_at(call: Call) -> int | datetime | None:
    """Read `known_at` or `as_of`: a position, or an aware time in UTC; None: now.

    Raises:
        ProblemError: neither, or not past; or both are given.
    """
    query = call.query
    if query.known_at is None:
        return None if query.as_of is None else await _point(call, query.as_of, "as_of")
    if query.as_of is not None:
        reason = Sentence("`as_of` says when already.")
        raise _refused("known_at", reason, Sentence("Send one of the two."))
    return await _point(call, query.known_at, "known_at")


async def known_position(call: Call) -> int | None:
    """The same, as the last position of the log that was recorded by then."""
    point = await known_at(call)
    return await position_at(call.services.store, point) if isinstance(point, datetime) else point


async def known_moment(call: Call) -> tuple[int, datetime]:
    """Read `known_at`: the position, and the time that is meant.

    Raises:
        ProblemError: see `known_at`.
    """
    store = call.services.store
    point = await _point(call, call.query.known_at, "known_at")
    if isinstance(point, datetime):
        return await position_at(store, point), point
    found = await store.read(max(point - 1, 0), 1)
    return point, found[0].recorded_at if found else call.services.clock()


def effective(call: Call) -> Effective:
    """Read `effective_from`, `effective_to` and `effective_at`.

    Raises:
        ProblemError: two ends are given, or no time lies between the two.
    """
    query = call.query
    found, end = _effective(call), "effective_at" if query.effective_at else "effective_to"
    if found.is_nothing:
        raise _empty("effective_from", end)
    return found


def created(call: Call) -> tuple[datetime | None, datetime | None]:
    """Read `created_from` and `created_to`, which is not included; None: without that end.

    Raises:
        ProblemError: no time lies between the two.
    """
    since, before = call.query.created_from, call.query.created_to
    if since is not None and before is not None and since >= before:
        raise _empty("created_from", "created_to")
    return since, before


def _empty(parameter: str, end: str) -> ProblemError:
    reason = Sentence("No time lies between this one and `{end}`.", end=end)
    return _refused(parameter, reason, Sentence("Send an earlier one."))


def _effective(call: Call) -> Effective:
    query = call.query
    if query.effective_at is None:
        return Effective(query.effective_from, query.effective_to)
    if query.effective_to is not None:
        reason = Sentence("`effective_to` says the end already.")
        raise _refused("effective_at", reason, Sentence("Send one of the two."))
    try:
        return Effective(query.effective_from, query.effective_at + _TICK)
    except OverflowError:
        return Effective(query.effective_from)


async def _point(call: Call, text: str, parameter: str) -> int | datetime:
    remedy = Sentence("Send a position, or a past time such as 2025-01-31T12:00:00Z.")
    if text.isascii() and text.isdecimal():
        position = int(text)
        if position > await call.services.store.position():
            reason = Sentence("The log has not reached this position.")
            raise _refused(parameter, reason, remedy)
        return position
    try:
        # A plus sign that was not escaped arrives as a space.
        moment = time_in(text.replace(" ", "+"))
    except ValueError:
        reason = Sentence("This is neither a position nor a time.")
        raise _refused(parameter, reason, remedy) from None
    if moment is None:
        reason = Sentence("The time does not say its offset from UTC.")
        raise _refused(parameter, reason, remedy)
    if moment > call.services.clock():
        raise _refused(parameter, Sentence("This time has not come."), remedy)
    return moment


def _refused(parameter: str, reason: Sentence, remedy: Sentence) -> ProblemError:
    place = Place("parameter", parameter, reason, remedy)
    return ProblemError(INVALID_REQUEST, place.sentence, [place])
