"""Where a payment stands for a person: a pure reading of its own history.

The trick: a status says what the ledger knows, and a person wants to know whether the money may
have moved. So what ended without money is looked at once more. A submission that was once in doubt
and never answered for, or a success that was overruled, makes the advice careful, whatever the
status says; and so does a refusal that takes the payment for a repeat of another one.

It decides nothing: the ledger's own rules never read a situation.
"""

from collections.abc import Sequence
from typing import Final, Literal

from adapters.refusals import Refusal
from api.support_words import Situation
from ledger import events
from ledger.entry import RecordedEvent
from ledger.evidence import Word, movements
from ledger.payment import Payment, Status
from ledger.payment_codes import CONFIRMATIONS_MAX

Money = Literal["not_moved", "may_have_moved", "moved", "given_back"]
"""not_moved: certainly not, and it will not. may_have_moved: it may, or may yet. moved: by the
provider's word, some of it perhaps given back. given_back: it moved, and all of it came back."""

_ENDED: Final = frozenset({Status.FAILED, Status.EXPIRED, Status.DECLINED})
_MOVED: Final = frozenset(
    {Situation.SUCCEEDED, Situation.REFUND_UNDER_WAY, Situation.PARTLY_REFUNDED}
)
_WAITING: Final[dict[Status, Situation]] = {
    Status.SUBMITTING: Situation.SUBMITTING,
    Status.UNKNOWN: Situation.UNKNOWN,
    Status.CONFLICT: Situation.CONFLICT,
}


def situation_of(
    state: Payment,
    recorded: Sequence[RecordedEvent],
    *,
    has_refusal: bool,
    has_page: bool,
    is_left_alone: bool = False,
) -> Situation:
    """Say where a payment stands.

    Args:
        state: the folded state of `recorded`.
        recorded: its events, from the first on.
        has_refusal: whether a refusal says why no money moved.
        has_page: whether the payer has a page to go to.
        is_left_alone: whether the provider keeps failing, and is not called for a while.
    """
    status = state.status
    if status in _ENDED:
        return _ended(state, recorded, has_refusal=has_refusal)
    if status is Status.SUCCEEDED:
        return _succeeded(state)
    if status is Status.REQUESTED:
        return _requested(recorded, is_left_alone=is_left_alone)
    if status is Status.PENDING:
        return _pending(state, recorded, has_page=has_page)
    if status is Status.CONFLICT and _is_twice(state):
        return Situation.TWICE
    return _WAITING[status]


def money_of(situation: Situation, refusal: Refusal | None) -> Money:
    """Say whether the money moved, as far as anybody can know."""
    if situation is Situation.REFUNDED:
        return "given_back"
    if situation in _MOVED:
        return "moved"
    # What is taken for a repeat may be a repeat of one that moved.
    if situation.is_over and refusal is not Refusal.DUPLICATE:
        return "not_moved"
    return "may_have_moved"


def _ended(state: Payment, recorded: Sequence[RecordedEvent], *, has_refusal: bool) -> Situation:
    if any(word.word is Word.SUCCEEDED for word in state.evidence):
        return Situation.OVERTURNED
    if _unanswered(state, recorded):
        return Situation.DOUBTED
    if has_refusal:
        return Situation.REFUSED
    if state.status is Status.EXPIRED:
        return Situation.EXPIRED if state.verdict else Situation.UNSENT
    return Situation.FAILED


def _unanswered(state: Payment, recorded: Sequence[RecordedEvent]) -> bool:
    """Whether a reference was in doubt and no word about it came since.

    That a provider did not know a reference when it was asked is no such word: a gateway may have
    kept it.
    """
    doubted: set[str] = set()
    for one in recorded:
        match one.event:
            case (
                events.PaymentSubmissionStarted(reference=reference)
                | events.PaymentSubmitted(reference=reference)
            ):
                # An acceptance may be read late, after the submission was taken back.
                doubted.add(reference)
            case events.PaymentSubmissionDeclined(reference=reference):
                doubted.discard(reference)
            case events.PaymentSubmissionWithdrawn(reference=reference):
                if not _was_in_doubt(recorded, reference):
                    doubted.discard(reference)
            case _:
                pass
    return bool(doubted - {word.reference for word in state.evidence})


def _was_in_doubt(recorded: Sequence[RecordedEvent], reference: str) -> bool:
    return any(
        isinstance(one.event, events.PaymentSubmissionDoubted | events.PaymentInquired)
        and one.event.reference == reference
        for one in recorded
    )


def _succeeded(state: Payment) -> Situation:
    if any(one.is_given_back is None for one in state.refunds):
        return Situation.REFUND_UNDER_WAY
    if not state.refunded_minor:
        return Situation.SUCCEEDED
    is_whole = state.refunded_minor >= state.requested.amount_minor
    return Situation.REFUNDED if is_whole else Situation.PARTLY_REFUNDED


def _is_twice(state: Payment) -> bool:
    """Whether no word denies that money moved, and they tell of more than one movement."""
    because = state.settled.because
    if any(word.word is not Word.SUCCEEDED for word in because):
        return False
    return len(movements(because)) > 1 or len({word.reference for word in because}) > 1


def _requested(recorded: Sequence[RecordedEvent], *, is_left_alone: bool) -> Situation:
    if is_left_alone:
        return Situation.PROVIDER_AWAY
    match recorded[-1].event:
        case events.PaymentSubmissionWithdrawn():
            return Situation.PROVIDER_AWAY
        case events.PaymentRerouted():
            return Situation.REROUTED
        case _:
            return Situation.REQUESTED


def _pending(state: Payment, recorded: Sequence[RecordedEvent], *, has_page: bool) -> Situation:
    if state.kind != "collection":
        return Situation.UNDER_WAY
    if state.is_confirming or state.sealed_code is not None:
        return Situation.CODE_GIVEN
    if state.awaits_code:
        tries = len(state.confirmations)
        if tries >= CONFIRMATIONS_MAX:
            return Situation.CODES_USED_UP
        return Situation.CODE_AGAIN if tries else Situation.CODE_AWAITED
    ended = [
        one.event for one in recorded if isinstance(one.event, events.PaymentConfirmationEnded)
    ]
    if ended:
        return Situation.CODE_GIVEN
    return Situation.PAGE_OPEN if has_page else Situation.PROMPT_OPEN
