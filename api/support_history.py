"""A payment's history in sentences: what of it means something to a person, oldest first; pure.

What happens again and again is told once, with how often and until when: a payment may be asked
about a thousand times. And where it is still too long, its middle is left out, for how it began and
how it stands is what a person asks.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import Final, NamedTuple

from api.support_words import Moment
from ledger import events
from ledger.entry import RecordedEvent
from ledger.events import Event
from ledger.identity import Kind
from ledger.payment_ending import CANCELLED

HISTORY_MAX: Final = 50
"""The most sentences of one history."""

_BEGINNING: Final = 10
"""How many of them are its first ones, where its middle is left out."""


class Told(NamedTuple):
    """One sentence of a history, before it has words."""

    moment: Moment
    at: datetime
    until: datetime
    """When it happened last, where it happened several times in a row."""
    times: int
    amount_minor: int | None
    """Of a refund; None: what the payment is about."""


class History(NamedTuple):
    """What is told, and how many sentences of the middle are not."""

    told: tuple[Told, ...]
    left_out: int


def history_of(
    recorded: Sequence[RecordedEvent], *, has_page: bool, history_max: int = HISTORY_MAX
) -> History:
    """Tell what happened.

    Args:
        recorded: the events of a payment, payout or refund, from the first on.
        has_page: whether what the provider accepted last brought a page to go to.
        history_max: the most sentences.
    """
    told = tuple(_merged(_moments(recorded, has_page=has_page)))
    left_out = max(0, len(told) - history_max)
    if left_out:
        beginning = min(_BEGINNING, history_max)
        middle = range(beginning, len(told))
        # A word goes last: whoever looks at a quarrel must see all that was said.
        gone = set(sorted(middle, key=lambda at: told[at].moment in _WORDS)[:left_out])
        told = tuple(one for at, one in enumerate(told) if at not in gone)
    return History(told, left_out)


def _moments(recorded: Sequence[RecordedEvent], *, has_page: bool) -> Iterator[Told]:
    request = recorded[0].event
    kind: Kind = request.kind if isinstance(request, events.PaymentRequested) else "collection"
    pages = {_last_accepted(recorded)} if has_page else set[int]()
    words = dict(_words(recorded))
    for one in recorded:
        moment = words.get(one.version) or _moment_of(one.event, kind, is_page=one.version in pages)
        if moment is None:
            continue
        amount_minor: int | None = None
        match one.event:
            case (
                events.PaymentRefundReserved(amount_minor=amount)
                | events.PaymentRefunded(amount_minor=amount)
                | events.PaymentRefundReleased(amount_minor=amount)
                | events.PaymentRefundDoubted(amount_minor=amount)
            ):
                amount_minor = amount
            case _:
                pass
        yield Told(moment, one.recorded_at, one.recorded_at, 1, amount_minor)


def _words(recorded: Sequence[RecordedEvent]) -> Iterator[tuple[int, Moment]]:
    """Tell every word that no change tells: one that contradicts, and one that changed nothing."""
    stands: Moment | None = None
    for one, following in zip_longest(recorded, recorded[1:]):
        if (change := _CHANGES.get(type(one.event))) is not None:
            stands = change
        if not isinstance(one.event, events.PaymentEvidenceRecorded):
            continue
        word = Moment(one.event.evidence.word.value)
        change = None if following is None else _CHANGES.get(type(following.event))
        if change is None:
            yield one.version, word if word is stands else _ALSO[word]
        elif change is not word:
            yield one.version, word


def _last_accepted(recorded: Sequence[RecordedEvent]) -> int:
    accepted = (
        one.version for one in reversed(recorded) if isinstance(one.event, events.PaymentSubmitted)
    )
    return next(accepted, 0)


def _moment_of(event: Event, kind: Kind, *, is_page: bool) -> Moment | None:
    name = _MOMENTS.get(type(event))
    if isinstance(name, Moment) or name is None:
        return name
    return name(event, kind, is_page)


def _started(event: events.PaymentSubmissionStarted, _kind: Kind, _is_page: bool) -> Moment:
    return Moment.SENT if event.attempt == 1 else Moment.SENT_AGAIN


def _submitted(event: events.PaymentSubmitted, kind: Kind, is_page: bool) -> Moment:
    if kind != "collection":
        return Moment.TAKEN
    if event.awaits_code:
        return Moment.CODE_ASKED
    return Moment.PAGE_MADE if is_page else Moment.PROMPTED


def _inquired(event: events.PaymentInquired, _kind: Kind, _is_page: bool) -> Moment:
    if event.awaits_code:
        return Moment.CODE_ASKED
    return _ASKED[event.result]


def _confirmed(event: events.PaymentConfirmationEnded, _kind: Kind, _is_page: bool) -> Moment:
    return _CONFIRMED[event.result]


def _expired(event: events.PaymentExpired, _kind: Kind, _is_page: bool) -> Moment:
    if event.reference is not None:
        return Moment.EXPIRED
    return Moment.CANCELLED if event.code == CANCELLED else Moment.GIVEN_UP


_CHANGES: Final[Mapping[type[Event], Moment]] = {
    events.PaymentSucceeded: Moment.SUCCEEDED,
    events.PaymentFailed: Moment.FAILED,
    events.PaymentExpired: Moment.EXPIRED,
    events.PaymentConflicted: Moment.CONFLICTED,
    events.PaymentReopened: Moment.REOPENED,
}
"""What a word can change, which stands right behind it."""

_ALSO: Final[Mapping[Moment, Moment]] = {
    Moment.SUCCEEDED: Moment.ALSO_SUCCEEDED,
    Moment.FAILED: Moment.ALSO_FAILED,
    Moment.EXPIRED: Moment.ALSO_EXPIRED,
}
"""Word -> how it is told where something else stands."""

_WORDS: Final = frozenset({*_ALSO, *_ALSO.values()})

_ASKED: Final = {
    "pending": Moment.STILL_PENDING,
    "no_answer": Moment.NO_ANSWER,
    "not_found": Moment.NOT_KNOWN,
}
_CONFIRMED: Final = {
    "taken": Moment.CODE_TAKEN,
    "refused": Moment.CODE_REFUSED,
    "not_sent": Moment.CODE_LOST,
    "unknown": Moment.CODE_LOST,
}
_MOMENTS: Final[dict[type[Event], Moment | Callable[..., Moment]]] = {
    events.PaymentRequested: Moment.REQUESTED,
    events.PaymentSubmissionStarted: _started,
    events.PaymentSubmitted: _submitted,
    events.PaymentSubmissionDeclined: Moment.REFUSED_AT_ONCE,
    events.PaymentSubmissionWithdrawn: Moment.NOT_SENT,
    events.PaymentSubmissionDoubted: Moment.DOUBTED,
    events.PaymentInquired: _inquired,
    events.PaymentCodeGiven: Moment.CODE_GIVEN,
    events.PaymentConfirmationEnded: _confirmed,
    events.PaymentRerouted: Moment.REROUTED,
    events.PaymentSucceeded: Moment.SUCCEEDED,
    events.PaymentFailed: Moment.FAILED,
    events.PaymentExpired: _expired,
    events.PaymentConflicted: Moment.CONFLICTED,
    events.PaymentNoteApproved: Moment.SETTLED,
    events.PaymentReopened: Moment.REOPENED,
    events.PaymentRefundReserved: Moment.REFUND_ASKED,
    events.PaymentRefunded: Moment.REFUND_MADE,
    events.PaymentRefundReleased: Moment.REFUND_DROPPED,
    events.PaymentRefundDoubted: Moment.REFUND_DOUBTED,
}
"""What each event is to a person. One that is not here is told by the one that follows it: a word
by the change it makes (and where it makes none, by `_words`), a hint by the question, the handing
over of a code by what came of it."""


def _merged(told: Iterator[Told]) -> Iterator[Told]:
    """Tell once what happened several times in a row."""
    last: Told | None = None
    for one in told:
        if last is None:
            last = one
        elif (one.moment, one.amount_minor) == (last.moment, last.amount_minor):
            last = last._replace(until=one.at, times=last.times + one.times)
        else:
            yield last
            last = one
    if last is not None:
        yield last
