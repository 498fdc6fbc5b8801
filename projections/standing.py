"""Where a payment stands and with whom, told from its events one at a time.

`Standing` holds the two words that `ledger.payment.Payment` holds, progress and verdict, and
`step` moves them as `ledger.payment.evolve` does; a property over random histories holds the two
together. Projections fold thousands of events per second, and neither the evidence nor more of the
attempts than their number is needed to know the status, because every change of verdict is an event
of its own.

It decides nothing, and does not know why a payment stands where it stands.
"""

from collections.abc import Callable
from typing import Final, Protocol

from ledger import events
from ledger.payment import Status

FINAL: Final = frozenset(status.value for status in Status if status.is_final)
"""The statuses in which nothing more is asked or sent by itself."""

# An enum's `.value` is looked up by code of Python, and the moves are made for every event.
_REQUESTED: Final = Status.REQUESTED.value
_SUBMITTING: Final = Status.SUBMITTING.value
_PENDING: Final = Status.PENDING.value
_UNKNOWN: Final = Status.UNKNOWN.value
_SUCCEEDED: Final = Status.SUCCEEDED.value
_FAILED: Final = Status.FAILED.value
_EXPIRED: Final = Status.EXPIRED.value
_CONFLICT: Final = Status.CONFLICT.value


class Standing(Protocol):
    """A row that follows a payment's status."""

    progress: str
    """Where the submissions alone have brought it."""
    verdict: str | None
    """What the evidence says; stronger than progress."""
    provider: str
    """Whose verdict it is; without one, that of the last submission, or the asked route."""
    last_provider: str
    """That of the last submission, or the asked route."""
    attempts: int
    """How many submissions were started: the number of the last one."""


def step(row: Standing, event: events.Event) -> str:
    """Move a row's standing by one event of its payment; the status it has then."""
    move = MOVES.get(type(event))
    if move is not None:
        move(row, event)
    return row.verdict or row.progress


def _progress(status: Status) -> Callable[[Standing, events.Event], None]:
    word = status.value

    def move(row: Standing, _event: events.Event) -> None:
        row.progress = word

    return move


def _started(row: Standing, event: events.PaymentSubmissionStarted) -> None:
    row.progress = _SUBMITTING
    row.provider = row.last_provider = event.provider
    row.attempts = event.attempt


def _submitted(row: Standing, event: events.PaymentSubmitted) -> None:
    # An acceptance of an earlier submission, read late, says nothing about the one under way.
    if event.attempt == row.attempts:
        row.progress = _PENDING


def _inquired(row: Standing, event: events.PaymentInquired) -> None:
    is_known = event.result == "pending" or row.progress == _PENDING
    row.progress = _PENDING if is_known else _UNKNOWN


def _succeeded(row: Standing, event: events.PaymentSucceeded) -> None:
    row.verdict, row.provider = _SUCCEEDED, event.provider


def _failed(row: Standing, event: events.PaymentFailed) -> None:
    row.verdict, row.provider = _FAILED, event.provider


def _expired(row: Standing, event: events.PaymentExpired) -> None:
    if event.reference is None:
        row.progress = _EXPIRED
    else:
        row.verdict, row.provider = _EXPIRED, event.provider or row.provider


def _conflicted(row: Standing, _event: events.PaymentConflicted) -> None:
    row.verdict = _CONFLICT


def _reopened(row: Standing, _event: events.PaymentReopened) -> None:
    row.verdict, row.provider = None, row.last_provider


def _rerouted(row: Standing, event: events.PaymentRerouted) -> None:
    row.progress = _REQUESTED
    row.provider = row.last_provider = event.provider


MOVES: Final[dict[type[events.Event], Callable[..., None]]] = {
    events.PaymentSubmissionStarted: _started,
    events.PaymentSubmitted: _submitted,
    events.PaymentSubmissionDeclined: _progress(Status.DECLINED),
    events.PaymentSubmissionWithdrawn: _progress(Status.REQUESTED),
    events.PaymentSubmissionDoubted: _progress(Status.UNKNOWN),
    events.PaymentInquired: _inquired,
    events.PaymentSucceeded: _succeeded,
    events.PaymentFailed: _failed,
    events.PaymentExpired: _expired,
    events.PaymentConflicted: _conflicted,
    events.PaymentReopened: _reopened,
    events.PaymentRerouted: _rerouted,
}
"""What each event does to a standing; one that is not here does nothing to it."""
