"""As of: a point of the past, as a position of the log or as a time.

Only the past is answered: a position the log has not reached, or a time that has not come, would
be answered differently tomorrow, and `as_of` promises that it is not.
"""

from datetime import UTC, datetime

from api.calls import Call
from api.errors import INVALID_REQUEST, Place, ProblemError
from ledger.sentences import Sentence


async def as_of_point(call: Call, text: str) -> int | datetime:
    """Read `as_of`: a position, or an aware time in UTC.

    Raises:
        ProblemError: neither, or not past.
    """
    if text.isascii() and text.isdecimal():
        position = int(text)
        if position > await call.services.store.position():
            raise _refused(Sentence("The log has not reached this position."))
        return position
    try:
        # A plus sign that was not escaped arrives as a space.
        moment = datetime.fromisoformat(text.replace(" ", "+"))
        is_aware = moment.tzinfo is not None
        moment = moment.astimezone(UTC) if is_aware else moment
    except (ValueError, OverflowError):
        # At either end of the calendar an offset leads out of it.
        raise _refused(Sentence("This is neither a position nor a time.")) from None
    if not is_aware:
        raise _refused(Sentence("The time does not say its offset from UTC."))
    if moment > call.services.clock():
        raise _refused(Sentence("This time has not come."))
    return moment


def _refused(reason: Sentence) -> ProblemError:
    remedy = Sentence("Send a position, or a past time such as 2030-01-31T12:00:00Z.")
    place = Place("parameter", "as_of", reason, remedy)
    return ProblemError(INVALID_REQUEST, place.sentence, [place])
