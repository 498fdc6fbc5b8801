"""Ending what no provider has; pure, a part of `ledger.payment`.

It is given up when its time is over, or its merchant cancels it. What is cancelled is `expired` for
ever, with a code that says whose doing it was: to everybody who reads a payment it is one more way
in which no provider ever took it, and no new word.

Cancelling is refused wherever money might move all the same. That nobody has it now is not enough:
a provider that did not know a reference when it was asked may know it later, for a gateway may have
kept our request. So each submission must be known never to have left, or the provider must have
said itself that it did not take it; and there must be no word about it from anybody.

What is cancelled stays so, though somebody speaks of it afterwards: a late call makes us ask once
more, and where its provider does not know it, it is ended again and not sent.

Why nothing is cancelled that a life of the log which was lost may have sent (`ledger.restoration`):
providers are asked first whether they have such a payment, and what none of them has is sent in the
same moment, or is held and given up by itself. And that none of them has it yet is not enough, as
above.
"""

from typing import ClassVar, Final

from ledger import commands, events
from ledger.commands_cancelling import CancelPayment
from ledger.errors import CommandRefusedError, LedgerError
from ledger.events import Event
from ledger.payment_state import Payment, Status
from ledger.sentences import Sentence, explained

CANCELLED: Final = "CANCELLED_BY_MERCHANT"
"""Our own code of a payment that its merchant cancelled."""

REASON: Final = "its merchant cancelled it before any provider took it"


class NotCancellableError(CommandRefusedError):
    """A payment cannot be cancelled: it has its end, or money may move all the same."""

    code: ClassVar[str] = "not_cancellable"

    def __init__(self, reason: Sentence, remedy: Sentence) -> None:
        LedgerError.__init__(self, explained(reason, remedy))
        self.command, self.reason, self.status = "CancelPayment", reason, None
        self.remedy = remedy


def expire(command: commands.ExpirePayment, state: Payment) -> list[Event]:
    """Decide whether a payment is given up because nobody could be reached.

    Raises:
        CommandRefusedError: a provider has it, or may have it.
    """
    if state.status is Status.EXPIRED:
        return []
    if state.status is not Status.REQUESTED:
        raise CommandRefusedError(
            type(command).__name__,
            Sentence("only a payment that no provider has may be given up."),
            status=state.status,
        )
    return [events.PaymentExpired(provider=None, reference=None, reason=command.reason)]


def cancel(command: CancelPayment, state: Payment) -> list[Event]:
    """Decide whether a payment is ended because its merchant does not want it any more.

    Raises:
        NotCancellableError: it has another end, or a provider has it or may have it.
    """
    if is_cancelled(state):
        return []
    if state.status.is_final and state.status is not Status.CONFLICT:
        remedy = _GIVE_BACK if state.refundable_minor else _LOOK
        reason = Sentence("It has its end already: {status}.", status=state.status)
        raise NotCancellableError(reason, remedy)
    if state.status is not Status.REQUESTED:
        raise NotCancellableError(
            Sentence("A provider has it, or may have it."), _AFTERWARDS[state.kind == "collection"]
        )
    if command.may_be_elsewhere:
        raise NotCancellableError(
            Sentence(
                "The log was restored from a backup, and may have sent it before it was lost."
            ),
            _AFTERWARDS[state.kind == "collection"],
        )
    if state.evidence or not all(one.is_absent and not one.is_accepted for one in state.attempts):
        raise NotCancellableError(
            Sentence("It was sent once, and a provider may have it although none knows it."),
            _AFTERWARDS[state.kind == "collection"],
        )
    return [_ENDED]


def is_cancelled(state: Payment) -> bool:
    """Whether its merchant ended it, and nothing has overturned that since."""
    return state.status is Status.EXPIRED and state.verdict is None and state.code == CANCELLED


def ended_again(state: Payment) -> list[Event]:
    """What ends a payment that was cancelled, and that nobody has after all; else nothing."""
    return [_ENDED] if state.code == CANCELLED else []


_ENDED: Final = events.PaymentExpired(reason=REASON, code=CANCELLED)


_GIVE_BACK: Final = Sentence("Give it back by a refund.")
_LOOK: Final = Sentence("Look at it: nothing more happens to it.")
_AFTERWARDS: Final = {
    True: Sentence("Wait for its end, and give it back by a refund if it succeeds."),
    False: Sentence("Wait for its end."),
}
"""Whether a customer pays -> what to do about what cannot be called back."""
